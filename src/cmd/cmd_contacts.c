/* SPDX-License-Identifier: ISC */
/* landline contacts: the contact book, and the certificates that its peers are known by. The first word says
 * what to do; the words are a table, which completion reads too. */
#include "cmd/cmd_contacts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/similar.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "net/addr.h"

struct word {
    const char *name;
    size_t args_min, args_max;
    const char *usage; /* N_(), what comes behind it */
    int (*run)(struct contacts *c, struct err *err);
    const char *completes[2]; /* what the first argument is, and all that follow: see complete() */
};

/* ---- changes ------------------------------------------------------------------------------------- */

typedef int change_fn(struct book *b, void *arg, struct err *err);

int contacts_show(struct contacts *c, const char *name, struct err *err)
{
    struct book *book = NULL;
    const struct book_entry *entry;
    int code = trust_load(&c->trust, err);

    if (code == 0)
        code = book_load(&book, err);
    if (code == 0 && (entry = book_find(book, name))) /* else somebody has removed it since */
        contacts_print(c, book, entry);
    book_free(book);
    return code;
}

static int change_and_show(struct contacts *c, change_fn *change, const char *name, struct err *err)
{
    int code = book_change(change, c, err);

    return code < 0 ? code : contacts_show(c, name, err);
}

static int add(struct book *b, void *arg, struct err *err)
{
    const struct contacts *c = arg;
    char text[ADDR_TEXT_BYTES];
    struct addr addr;
    int code = 0;

    for (size_t i = 1; i < c->n_args && code == 0; i++) {
        code = addr_parse(&addr, c->args[i], ADDR_CALL, err);
        if (code == 0)
            code = book_add(b, c->args[0], addr_format(&addr, text), err);
    }
    return code;
}

static int run_add(struct contacts *c, struct err *err)
{
    return change_and_show(c, add, c->args[0], err);
}

static int remove_contact(struct book *b, void *arg, struct err *err)
{
    const struct contacts *c = arg;
    int code = 0;

    if (c->n_args == 1)
        return book_remove(b, c->args[0], err);
    for (size_t i = 1; i < c->n_args && code == 0; i++)
        code = book_remove_address(b, c->args[0], c->args[i], err);
    return code;
}

static int run_remove(struct contacts *c, struct err *err)
{
    struct str text = STR_INIT;
    int code;

    if (c->n_args > 1)
        return change_and_show(c, remove_contact, c->args[0], err);
    code = book_change(remove_contact, c, err);
    if (code == 0) {
        str_appendf(&text, _("removed %s"), c->args[0]);
        contacts_print_done(c, "removed", c->args[0], NULL, text.data);
        str_done(&text);
    }
    return code;
}

static int mute(struct book *b, void *arg, struct err *err)
{
    const struct contacts *c = arg;

    return book_set_flag(b, c->args[0], BOOK_MUTE, true, err);
}

static int run_mute(struct contacts *c, struct err *err)
{
    return change_and_show(c, mute, c->args[0], err);
}

static int unmute(struct book *b, void *arg, struct err *err)
{
    const struct contacts *c = arg;

    return book_set_flag(b, c->args[0], BOOK_MUTE, false, err);
}

static int run_unmute(struct contacts *c, struct err *err)
{
    return change_and_show(c, unmute, c->args[0], err);
}

static int set_history(struct book *b, void *arg, struct err *err)
{
    const struct contacts *c = arg;

    return book_set_flag(b, c->args[0], BOOK_NO_HISTORY, strcmp(c->args[1], "off") == 0, err);
}

static int run_history(struct contacts *c, struct err *err)
{
    if (strcmp(c->args[1], "on") != 0 && strcmp(c->args[1], "off") != 0)
        return err_set(err, ERR_MISUSE, -EINVAL, _("history is \"on\" or \"off\", not \"%s\""), c->args[1]);
    return change_and_show(c, set_history, c->args[0], err);
}

/* ---- showing ------------------------------------------------------------------------------------- */

static int no_contact(const struct book *book, const char *name, struct err *err)
{
    const char *near = book_nearest(book, name);

    if (near)
        return err_set(
            err, ERR_NAME, -ENOENT, _("there is no contact \"%s\"; did you mean \"%s\"?"), name, near);
    return err_set(err, ERR_NAME, -ENOENT, _("there is no contact \"%s\""), name);
}

static int run_list(struct contacts *c, struct err *err)
{
    const struct book_entry *entry = NULL;
    struct book *book = NULL;
    int code = book_load(&book, err);

    if (code == 0)
        code = trust_load(&c->trust, err);
    if (code == 0 && c->n_args == 1 && !(entry = book_find(book, c->args[0])))
        code = no_contact(book, c->args[0], err);
    if (code == 0)
        contacts_print(c, book, entry);
    book_free(book);
    return code;
}

/* ---- the words ----------------------------------------------------------------------------------- */

static const struct word words[] = {
    {"list", 0, 1, N_("[NAME]"), run_list, {"contact", "none"}},
    {"add", 2, OPTION_ANY_ARGS, N_("NAME ADDRESS..."), run_add, {"contact", "address"}},
    {"remove", 1, OPTION_ANY_ARGS, N_("NAME [ADDRESS...]"), run_remove, {"contact", "none"}},
    {"rename", 2, 2, N_("OLD NEW"), contacts_rename, {"contact", "none"}},
    {"mute", 1, 1, N_("NAME"), run_mute, {"contact", "none"}},
    {"unmute", 1, 1, N_("NAME"), run_unmute, {"contact", "none"}},
    {"history", 2, 2, N_("NAME on|off"), run_history, {"contact", "choice\ton,off"}},
    {"trust", 0, 2, N_("[NAME|ADDRESS [PIN]]"), contacts_trust, {"address", "none"}},
    {"forget", 1, 1, N_("NAME|ADDRESS"), contacts_forget, {"address", "none"}},
    {"import", 0, 1, N_("[FILE]"), contacts_import, {"file", "none"}},
    {"export", 0, 1, N_("[FILE]"), contacts_export, {"file", "none"}},
    {"edit", 0, 0, "", contacts_edit, {"none", "none"}},
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

/* What other programs call these. */
static const char *const near_words[][2] = {
    {"ls", "list"},
    {"show", "list"},
    {"new", "add"},
    {"set", "add"},
    {"rm", "remove"},
    {"del", "remove"},
    {"delete", "remove"},
    {"mv", "rename"},
    {"pin", "trust"},
    {"untrust", "forget"},
    {"load", "import"},
    {"save", "export"},
};

static const struct word *find_word(const char *name)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

static const char *nearest_word(const char *name)
{
    const char *near = NULL;
    size_t best = SIMILAR_NOT;

    for (size_t i = 0; i < sizeof(near_words) / sizeof(near_words[0]); i++)
        if (strcmp(near_words[i][0], name) == 0)
            return near_words[i][1];
    for (size_t i = 0; i < N_WORDS; i++) {
        size_t slips = similar_slips(name, strlen(name), words[i].name, strlen(words[i].name));

        if (slips < best) {
            best = slips;
            near = words[i].name;
        }
    }
    return near;
}

static int no_such_word(const char *name, struct err *err)
{
    const char *near = nearest_word(name);
    struct book *book = NULL;
    struct str all = STR_INIT;

    if (near)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("landline contacts has no \"%s\"; did you mean \"landline contacts %s\"?"), name, near);
    if (book_load(&book, NULL) == 0 && book_find(book, name)) {
        err_set(err, ERR_MISUSE, -EINVAL,
            _("what about %s? \"landline contacts list %s\" shows it, and --help tells what else there is"),
            name, name);
    } else {
        for (size_t i = 0; i < N_WORDS; i++)
            str_appendf(&all, i ? ", %s" : "%s", words[i].name);
        err_set(err, ERR_MISUSE, -EINVAL, _("landline contacts has no \"%s\"; it has %s"), name, all.data);
    }
    book_free(book);
    str_done(&all);
    return -EINVAL;
}

static int run_word(struct contacts *c, const struct options *o, struct err *err)
{
    const char *name = o->n_args > 0 ? o->args[0] : "list";
    const struct word *word = find_word(name);

    if (!word)
        return no_such_word(name, err);
    c->n_args = o->n_args > 0 ? o->n_args - 1 : 0;
    c->args = o->args + (o->n_args > 0);
    if (c->n_args < word->args_min || c->n_args > word->args_max)
        return err_set(err, ERR_MISUSE, -EINVAL, _("it is written as: landline contacts %s%s%s"), name,
            *word->usage ? " " : "", *word->usage ? _(word->usage) : "");
    return word->run(c, err);
}

static int run(int argc, char **argv)
{
    struct contacts c = {0};
    struct options o;
    struct err err = {0};
    int status;

    if (!cmd_begin(&o, cmd_contacts.verb, &c, argc, argv, &status))
        return status;
    status = run_word(&c, &o, &err) < 0 ? cmd_fail(&err) : 0;
    trust_free(c.trust);
    options_done(&o);
    return status;
}

/* "contact", "address", "file", "none", or "choice" and a tab and the choices. */
static void complete(struct str *out, int n, char **before)
{
    const struct word *word = n > 0 ? find_word(before[0]) : NULL;

    if (n == 0) {
        str_append_str(out, "choice\t");
        for (size_t i = 0; i < N_WORDS; i++)
            str_appendf(out, i ? ",%s" : "%s", words[i].name);
    } else if (word && (size_t)n <= word->args_max) {
        str_append_str(out, word->completes[n > 1]);
    } else {
        str_append_str(out, "none");
    }
}

static const struct option_row rows[] = {
    OPTION_FLAG(0, "json", struct contacts, json, N_("print facts as JSON, an object a line")),
    OPTION_END,
};

static const char *const synopsis[] = {
    N_("[list [NAME]]"),
    N_("add NAME ADDRESS..."),
    N_("remove NAME [ADDRESS...]"),
    N_("rename OLD NEW"),
    N_("mute|unmute NAME"),
    N_("history NAME on|off"),
    N_("trust [NAME|ADDRESS [PIN]]"),
    N_("forget NAME|ADDRESS"),
    N_("import|export [FILE]"),
    "edit",
    NULL,
};

static const struct option_example examples[] = {
    {"landline contacts add 张三 udp://127.0.0.1:8081", N_("from now on: landline chat 张三")},
    {"landline contacts mute 张三", N_("no bell when 张三 writes")},
    {"landline contacts trust tls://li.example:5463", N_("the certificate that it is known by")},
    {"landline contacts export | ssh other landline contacts import", N_("take them along")},
    {NULL, NULL},
};

const struct command cmd_contacts = {
    .verb =
        &(const struct option_verb){
            .name = "contacts",
            .synopsis = synopsis,
            .summary = N_("the contact book: who has which address"),
            .description = N_("A contact's name stands for its addresses wherever landline takes an ADDRESS. "
                              "They are in a text file, ~/.config/landline/contacts, that may be edited by "
                              "hand as well.\n\nA certificate that no authority vouches for is trusted the "
                              "first time it is seen and has to stay the same from then on; \"trust\" shows "
                              "or sets it, \"forget\" lets the next one be a first sight again."),
            .rows = rows,
            .examples = examples,
            .args_max = OPTION_ANY_ARGS,
            .args_complete = OPTION_COMPLETE_ARGUMENT,
        },
    .run = run,
    .complete = complete,
};

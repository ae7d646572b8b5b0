/* SPDX-License-Identifier: ISC */
/* landline history: what was said, from the journal that chat keeps. It only reads (but for --delete), while
 * any number of chats write. What it prints is oldest first, and read in pages: no history is too long for
 * it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/moment.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_history.h"
#include "net/addr.h"
#include "store/sqlite.h"
#include "talk/book.h"

#define PAGE_MESSAGES 500
#define LIMIT_DEFAULT 50

struct history_values {
    const char *since, *until, *search;
    int64_t limit;
    bool list, json, no_color, forget, yes;
    int export; /* -1: none */
};

enum { EXPORT_TEXT, EXPORT_JSONL };
static const char *const export_names[] = {"text", "jsonl", NULL};

static const char *const synopsis[] = {N_("[WHO] [--search TEXT] [--since TIME] [--until TIME]"), "--list",
    N_("[WHO] --export text|jsonl"), N_("[WHO] [--since TIME] [--until TIME] --delete"), NULL};

static const struct option_row rows[] = {
    OPTION_GROUP(N_("Which messages")),
    OPTION_STRING('s', "search", N_("TEXT"), struct history_values, search, OPTION_COMPLETE_NONE,
        N_("only those with all these words, and these pieces of Chinese")),
    OPTION_STRING(0, "since", N_("TIME"), struct history_values, since, OPTION_COMPLETE_NONE,
        N_("only from TIME on: a day (2026-11-24), a time (\"2026-11-24 18:30\"), or so long ago (2h, 3d)")),
    OPTION_STRING(0, "until", N_("TIME"), struct history_values, until, OPTION_COMPLETE_NONE,
        N_("only before TIME, or to the end of that day")),
    OPTION_NUMBER('n', "limit", "N", struct history_values, limit, 0, INT64_MAX,
        N_("the newest N (default 50; all with --export); 0: all")),
    OPTION_GROUP(N_("What to do with them")),
    OPTION_FLAG(
        'l', "list", struct history_values, list, N_("show the conversations, latest first, not messages")),
    OPTION_FLAG(0, "json", struct history_values, json, N_("print one JSON object a message")),
    OPTION_CHOICE(0, "export", N_("FORMAT"), struct history_values, export, export_names,
        N_("print all of them, for keeping; jsonl is JSON, an object a line")),
    OPTION_FLAG(0, "delete", struct history_values, forget, N_("forget them for good; asks before")),
    OPTION_FLAG('y', "yes", struct history_values, yes, N_("with --delete: do not ask")),
    OPTION_FLAG(0, "no-color", struct history_values, no_color, N_("no colours, also on a terminal")),
    OPTION_END,
};

static const struct option_example examples[] = {
    {"landline history 张三", N_("the newest messages of one conversation")},
    {"landline history --search 吃饭 --since 7d", N_("who spoke of it this week")},
    {"landline history --export jsonl > all.jsonl", N_("everything, for a program")},
    {"landline history 张三 --until 2026-01-01 --delete", N_("forget what is old")},
    {NULL, NULL},
};

static const struct option_verb verb = {
    .name = "history",
    .synopsis = synopsis,
    .summary = N_("show and search what was said"),
    .description =
        N_("Prints messages that chat has kept: of WHO, a contact or an address, or of everybody.\n\n"
           "Words are found by their beginnings, in any case; Chinese, Japanese and Korean as it "
           "stands, from one character on."),
    .rows = rows,
    .examples = examples,
    .args_max = 1,
    .args_complete = OPTION_COMPLETE_CONTACT,
};

struct history {
    struct history_values v;
    struct loop *loop;
    struct store *store; /* NULL: there is none yet */
    struct book *book;
    struct store_query query;
    char *who; /* of the journal */
    struct history_print print;
    struct err err;
    int code;

    /* The last answer. */
    size_t count;
    int64_t first_id, last_id;
    bool prints;
    const char *typed; /* WHO, while the names are gone through */
    char *near;
    size_t near_slips;
};

/* ---- asking the store, one thing after the other ---- */

static void answered(struct history *h, int code, const struct err *err)
{
    h->code = code;
    if (err)
        h->err = *err;
}

static void on_found(
    const struct store_message *messages, size_t count, int code, const struct err *err, void *arg)
{
    struct history *h = arg;

    answered(h, code, err);
    h->count = count;
    if (count > 0) {
        h->first_id = messages[0].id;
        h->last_id = messages[count - 1].id;
    }
    for (size_t i = 0; h->prints && i < count; i++)
        history_print_message(&h->print, &messages[i]);
}

static int find(struct history *h, const struct store_query *q, bool prints)
{
    h->prints = prints;
    store_find(h->store, q, on_found, h);
    loop_run(h->loop);
    return h->code;
}

static void on_listed(
    const struct store_conversation *conversations, size_t count, int code, const struct err *err, void *arg)
{
    struct history *h = arg;

    answered(h, code, err);
    h->count = count;
    for (size_t i = 0; i < count; i++)
        history_print_conversation(&h->print, &conversations[i]);
}

static void on_deleted(int64_t count, int code, const struct err *err, void *arg)
{
    struct history *h = arg;

    answered(h, code, err);
    h->count = (size_t)count;
}

/* ---- who is meant ---- */

static void consider(struct history *h, const char *name)
{
    size_t slips = similar_slips(h->typed, strlen(h->typed), name, strlen(name));

    if (slips >= h->near_slips)
        return;
    h->near_slips = slips;
    free(h->near);
    h->near = xstrdup(name);
}

static void on_names(
    const struct store_conversation *conversations, size_t count, int code, const struct err *err, void *arg)
{
    struct history *h = arg;

    answered(h, code, err);
    for (size_t i = 0; i < count; i++)
        consider(h, conversations[i].who);
}

static int nobody(struct history *h, const char *typed)
{
    h->typed = typed;
    h->near_slips = SIMILAR_NOT;
    for (size_t i = 0; i < book_count(h->book); i++)
        consider(h, book_at(h->book, i)->name);
    if (h->store) {
        store_list(h->store, on_names, h);
        loop_run(h->loop);
        if (h->code < 0)
            return h->code;
    }
    if (h->near)
        return err_set(&h->err, ERR_NAME, -ENOENT, _("nobody called \"%s\" is known; did you mean \"%s\"?"),
            typed, h->near);
    return err_set(&h->err, ERR_NAME, -ENOENT,
        _("nobody called \"%s\" is known; \"landline history --list\" shows who is"), typed);
}

/* Whether the journal has a conversation of that name. 1, 0, or a failure. */
static int has(struct history *h, const char *who)
{
    int code = h->store ? find(h, &(struct store_query){.who = who, .limit = 1}, false) : 0;

    return code < 0 ? code : h->store && h->count > 0;
}

static bool is_address_of(const struct book_entry *e, const char *address)
{
    char text[ADDR_TEXT_BYTES];
    struct addr a;

    for (size_t i = 0; i < e->n_addresses; i++)
        if (addr_parse(&a, e->addresses[i], ADDR_CALL, NULL) == 0 &&
            strcmp(addr_format(&a, text), address) == 0)
            return true;
    return false;
}

/* The journal calls people by the contact's name or else by the address, so each of what WHO may be is looked
 * for: the contact, what is written there as it stands, the address in full, whose address it is. */
static int find_who(struct history *h, const char *typed)
{
    const struct book_entry *e = book_find(h->book, typed);
    bool is_address = strchr(typed, ':') != NULL;
    const char *candidates[4];
    char text[ADDR_TEXT_BYTES];
    size_t n = 0;
    struct addr a;
    int code = 0;

    if (e)
        candidates[n++] = e->name;
    candidates[n++] = typed;
    if (is_address && addr_parse(&a, typed, ADDR_CALL, NULL) == 0) {
        candidates[n++] = addr_format(&a, text);
        for (size_t i = 0; n == 2 && i < book_count(h->book); i++)
            if (is_address_of(book_at(h->book, i), text))
                candidates[n++] = book_at(h->book, i)->name;
    }
    for (size_t i = 0; i < n && code == 0; i++) {
        code = has(h, candidates[i]);
        if (code > 0)
            h->who = xstrdup(candidates[i]);
    }
    if (code != 0)
        return code < 0 ? code : 0;
    if (!e && !is_address)
        return nobody(h, typed);
    h->who = xstrdup(candidates[0]); /* known, but nothing has been said yet */
    return 0;
}

/* ---- what is to be done ---- */

static int parse_time(struct history *h, const char *option, const char *text, bool is_end, int64_t *ret_ns)
{
    int code = text ? moment_parse(text, is_end, clock_wall_ns(), ret_ns) : 0;

    if (code == -ERANGE)
        return err_set(&h->err, ERR_MISUSE, code, _("--%s: \"%s\" is out of all bounds"), option, text);
    if (code < 0)
        return err_set(&h->err, ERR_MISUSE, code,
            _("--%s: \"%s\" is no time; write 2026-11-24, \"2026-11-24 18:30\", 2026-11-24T18:30:00+08:00, "
              "or 2h, 3d for so long ago"),
            option, text);
    return 0;
}

static bool is_typed(const struct options *o, const char *name)
{
    return options_source(o, name) == OPTION_COMMAND_LINE;
}

/* Options that say two different things. What the settings say gives way, and never forgets anything. */
static int check(struct history *h, const struct options *o)
{
    struct history_values *v = &h->v;
    bool has_limit = is_typed(o, "limit"), has_export = is_typed(o, "export");
    bool has_json = is_typed(o, "json"), lists = is_typed(o, "list"), forgets = is_typed(o, "delete");
    const struct {
        bool given;
        const char *one, *other;
    } pairs[] = {
        {lists && o->n_args > 0, "--list", "WHO"},
        {lists && is_typed(o, "search"), "--list", "--search"},
        {lists && is_typed(o, "since"), "--list", "--since"},
        {lists && is_typed(o, "until"), "--list", "--until"},
        {lists && has_limit, "--list", "--limit"},
        {lists && has_export, "--list", "--export"},
        {lists && forgets, "--list", "--delete"},
        {forgets && is_typed(o, "search"), "--delete", "--search"},
        {forgets && has_limit, "--delete", "--limit"},
        {forgets && has_json, "--delete", "--json"},
        {forgets && has_export, "--delete", "--export"},
        {has_json && has_export, "--json", "--export"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        if (pairs[i].given)
            return err_set(&h->err, ERR_MISUSE, -EINVAL, _("%s and %s exclude each other"), pairs[i].one,
                pairs[i].other);
    if (is_typed(o, "yes") && !forgets)
        return err_set(&h->err, ERR_MISUSE, -EINVAL, _("--yes goes with --delete"));
    v->forget = forgets;
    v->yes = is_typed(o, "yes");
    v->json = v->json && !has_export;
    v->export = has_json ? -1 : v->export;
    v->list = v->list && (lists || !forgets);
    if (v->export >= 0 && !has_limit)
        v->limit = 0;
    return 0;
}

/* Walks back over the newest `limit` messages, and says from which one on they are. */
static int find_start(struct history *h)
{
    struct store_query q = h->query;
    int64_t left = h->v.limit;
    int code = 0;

    q.before_id = 0;
    while (code == 0 && left > 0) {
        q.limit = left < PAGE_MESSAGES ? (size_t)left : PAGE_MESSAGES;
        code = find(h, &q, false);
        if (code < 0 || h->count == 0)
            break;
        /* What comes in meanwhile is not shown: there would be more than were asked for. */
        if (!h->query.before_id)
            h->query.before_id = h->last_id + 1;
        left -= (int64_t)h->count;
        q.before_id = h->first_id;
        h->query.after_id = h->first_id - 1;
    }
    return code;
}

static int show_messages(struct history *h)
{
    size_t total = 0;
    int code = 0;

    if (h->store && h->v.limit > 0)
        code = find_start(h);
    h->query.oldest = true;
    h->query.limit = PAGE_MESSAGES;
    /* Where the reader has gone (| head) nothing more is read. */
    while (h->store && code == 0 && !ferror(stdout)) {
        code = find(h, &h->query, true);
        if (code < 0 || h->count == 0)
            break;
        total += h->count;
        h->query.after_id = h->last_id;
    }
    if (code == 0 && total == 0 && term_is(STDERR_FILENO))
        fprintf(stderr, "%s\n", _("(no message found)"));
    return code;
}

static bool is_yes(void)
{
    char line[16];

    fprintf(stderr, _("Forget these messages for good? [y/N] "));
    fflush(stderr);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int forget(struct history *h)
{
    struct str told = STR_INIT;

    if (!h->v.yes && !term_is(STDIN_FILENO))
        return err_set(&h->err, ERR_MISUSE, -EINVAL,
            _("--delete asks before it forgets, and nobody is there to answer: add --yes"));
    if (!h->v.yes && !is_yes())
        return 0;
    h->count = 0;
    if (h->store) {
        store_delete(h->store, &h->query, on_deleted, h);
        loop_run(h->loop);
        if (h->code < 0)
            return h->code;
    }
    str_appendf(
        &told, ngettext("%zu message is forgotten", "%zu messages are forgotten", h->count), h->count);
    printf("%s\n", told.data);
    str_done(&told);
    return 0;
}

static int open_store(struct history *h)
{
    struct str path = STR_INIT;
    int code = file_data_path(&path, "history.db");

    if (code < 0)
        code = err_set(&h->err, ERR_OTHER, code, _("the history has no place; set HOME or XDG_DATA_HOME"));
    else if (access(path.data, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        code = 0; /* reading does not make one */
    else
        code = store_sqlite_open(h->loop, path.data, &h->store, &h->err);
    str_done(&path);
    return code;
}

static int carry_out(struct history *h, const struct options *o)
{
    struct history_values *v = &h->v;
    bool is_tty = term_is(STDOUT_FILENO);
    int code = check(h, o);

    if (code == 0)
        code = parse_time(h, "since", v->since, false, &h->query.since_ns);
    if (code == 0)
        code = parse_time(h, "until", v->until, true, &h->query.until_ns);
    if (code == 0)
        code = book_load(&h->book, &h->err);
    if (code == 0)
        code = open_store(h);
    if (code == 0 && o->n_args > 0)
        code = find_who(h, o->args[0]);
    if (code < 0)
        return code;
    h->query.who = h->who;
    h->query.search = v->search;
    h->print = (struct history_print){
        .form = v->json || v->export == EXPORT_JSONL ? HISTORY_JSON
                : v->export == EXPORT_TEXT           ? HISTORY_TEXT
                : is_tty                             ? HISTORY_SCREEN
                                                     : HISTORY_LINES,
        .of_one = h->who != NULL,
        .colors = term_colors(v->export < 0 && term_wants_color(STDOUT_FILENO, v->no_color)),
    };
    if (v->forget)
        return forget(h);
    if (!v->list)
        return show_messages(h);
    if (h->store) {
        store_list(h->store, on_listed, h);
        loop_run(h->loop);
        code = h->code;
    }
    return code;
}

static int run(int argc, char **argv)
{
    struct history h = {.v = {.limit = LIMIT_DEFAULT, .export = -1}};
    struct options o;
    int status;

    if (!cmd_begin(&o, &verb, &h.v, argc, argv, &status))
        return status;
    h.loop = loop_new();
    status = carry_out(&h, &o) < 0 ? cmd_fail(&h.err) : 0;
    store_free(h.store);
    loop_free(h.loop);
    book_free(h.book);
    free(h.who);
    free(h.near);
    options_done(&o);
    return status;
}

const struct command cmd_history = {.verb = &verb, .run = run};

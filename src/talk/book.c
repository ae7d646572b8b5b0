/* SPDX-License-Identifier: ISC */
/* The one truth is the lines as they were read; a change edits a line, and the index is made anew. So nothing
 * that is not understood, or not meant, is ever rewritten.
 *
 * utf8proc is otherwise seen by show/ alone. Here it compares names: "é" is one character or two, by the
 * keyboard that typed it, and both must find the same contact. */
#include "talk/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utf8proc.h>

#include "base/err.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/textfile.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "net/addr.h"

#define CHANGE_TRIES 5 /* an editor's doing; programs of ours wait for each other */

static const char *const flag_words[] = {[BOOK_MUTE] = "+mute", [BOOK_NO_HISTORY] = "+no-history"};

#define N_FLAGS (sizeof(flag_words) / sizeof(flag_words[0]))

/* What a line says; all spans are in it. */
struct parsed {
    struct textspan name; /* len 0: a comment or nothing */
    struct textspan addresses[BOOK_ADDRESSES_MAX];
    size_t n_addresses;
    bool flags[N_FLAGS];
    size_t values; /* where what is behind the "=" begins */
    size_t end;    /* behind the last word */
};

struct contact {
    struct book_entry entry;
    char *name, *key; /* key: the name in NFC */
    char *addresses[BOOK_ADDRESSES_MAX];
    size_t last_line; /* where it is written for the last time */
    UT_hash_handle hh;
};

struct book {
    struct textfile file;
    struct contact **contacts; /* in the order of the file */
    size_t n_contacts;
    struct contact *by_key;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* NFC, freed by the caller; NULL for what is not UTF-8. */
static char *key_of(const char *name)
{
    utf8proc_uint8_t *key = NULL;
    utf8proc_ssize_t len = utf8proc_map(
        (const utf8proc_uint8_t *)name, 0, &key, UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE);

    return len < 0 ? NULL : (char *)key;
}

static bool is_name(const char *text, size_t len)
{
    return len > 0 && len <= BOOK_NAME_MAX_BYTES && text[0] != '#' && text[0] != '-' && !is_blank(text[0]) &&
           !is_blank(text[len - 1]) && !memchr(text, '=', len) && !memchr(text, ':', len) &&
           utf8_is_plain(text, len);
}

bool book_may_be_name(const char *text)
{
    return is_name(text, strlen(text));
}

static bool is_address(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && text[0] != '#' && text[0] != '+' && !strpbrk(text, " \t") && utf8_is_plain(text, len);
}

/* The place in flag_words, or N_FLAGS. */
static size_t find_flag(const char *text, size_t len)
{
    size_t i = 0;

    while (i < N_FLAGS && (strlen(flag_words[i]) != len || memcmp(flag_words[i], text, len) != 0))
        i++;
    return i;
}

static int no_flag(const struct book *b, size_t i, const char *text, size_t len, struct err *err)
{
    struct str known = STR_INIT;
    int code;

    for (size_t j = 0; j < N_FLAGS; j++)
        str_appendf(&known, j ? ", %s" : "%s", flag_words[j]);
    code = textfile_complain(&b->file, i, -EINVAL, err, _("\"%.*s\" is no flag of a contact; there are %s"),
        (int)len, text, known.data);
    str_done(&known);
    return code;
}

static int parse_values(const struct book *b, size_t i, struct parsed *p, struct err *err)
{
    size_t at = p->values, flag;

    for (;;) {
        struct textspan word = textfile_word(&b->file, i, &at);
        const char *text = b->file.lines[i].data + word.start;

        if (word.len == 0)
            break;
        if (!utf8_is_plain(text, word.len))
            return textfile_complain(
                &b->file, i, -EINVAL, err, _("an address with characters that can't be shown"));
        p->end = word.start + word.len;
        if (text[0] == '+') {
            flag = find_flag(text, word.len);
            if (flag == N_FLAGS)
                return no_flag(b, i, text, word.len, err);
            p->flags[flag] = true;
            continue;
        }
        if (p->n_addresses == BOOK_ADDRESSES_MAX)
            return textfile_complain(
                &b->file, i, -E2BIG, err, _("more than %d addresses for one name"), BOOK_ADDRESSES_MAX);
        p->addresses[p->n_addresses++] = word;
    }
    if (p->n_addresses == 0)
        return textfile_complain(&b->file, i, -EINVAL, err, _("no address behind the \"=\""));
    return 0;
}

static size_t line_bytes(const struct str *line)
{
    size_t len = line->len;

    while (len > 0 && (line->data[len - 1] == '\n' || line->data[len - 1] == '\r'))
        len--;
    return len;
}

static int parse_line(const struct book *b, size_t i, struct parsed *p, struct err *err)
{
    const struct str *line = &b->file.lines[i];
    struct textspan content = textfile_content(&b->file, i);
    const char *text = line->data + content.start, *equals;
    size_t len;

    *p = (struct parsed){0};
    if (line_bytes(line) > BOOK_LINE_MAX_BYTES)
        return textfile_complain(&b->file, i, -E2BIG, err, _("a line of %zu bytes; at most %d are allowed"),
            line_bytes(line), BOOK_LINE_MAX_BYTES);
    if (content.len == 0 || text[0] == '#')
        return 0;
    equals = memchr(text, '=', content.len);
    if (!equals)
        return textfile_complain(&b->file, i, -EINVAL, err, _("a contact is written as NAME = ADDRESS"));
    len = (size_t)(equals - text);
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    if (!is_name(text, len))
        return textfile_complain(&b->file, i, -EINVAL, err,
            _("no name can be like this; it has no \":\" and at most %d bytes of UTF-8"),
            BOOK_NAME_MAX_BYTES);
    p->name = (struct textspan){content.start, len};
    p->values = (size_t)(equals - line->data) + 1;
    return parse_values(b, i, p, err);
}

static void clear_index(struct book *b)
{
    HASH_CLEAR(hh, b->by_key);
    for (size_t i = 0; i < b->n_contacts; i++) {
        struct contact *c = b->contacts[i];

        for (size_t j = 0; j < c->entry.n_addresses; j++)
            free(c->addresses[j]);
        free(c->name);
        free(c->key);
        free(c);
    }
    free(b->contacts);
    b->contacts = NULL;
    b->n_contacts = 0;
}

static struct contact *find_key(const struct book *b, const char *key)
{
    struct contact *c;

    HASH_FIND_STR(b->by_key, key, c);
    return c;
}

static struct contact *find(const struct book *b, const char *name)
{
    char *key = key_of(name);
    struct contact *c = key ? find_key(b, key) : NULL;

    free(key);
    return c;
}

/* The contact of this name, made if it is new. */
static struct contact *get_contact(struct book *b, const char *text, size_t len)
{
    char *name = xmemdup0(text, len), *key = key_of(name);
    struct contact *c = key ? find_key(b, key) : NULL;

    if (!c) {
        c = xcalloc(1, sizeof(*c));
        c->name = name;
        c->key = key ? key : xstrdup(name);
        c->entry.name = c->name;
        c->entry.addresses = (const char *const *)c->addresses;
        HASH_ADD_KEYPTR(hh, b->by_key, c->key, strlen(c->key), c);
        b->contacts = xreallocarray(b->contacts, b->n_contacts + 1, sizeof(*b->contacts));
        b->contacts[b->n_contacts++] = c;
    } else {
        free(name);
        free(key);
    }
    return c;
}

static int index_line(struct book *b, size_t i, struct err *err)
{
    const char *line = b->file.lines[i].data;
    struct contact *c;
    struct parsed p;
    int code = parse_line(b, i, &p, err);

    if (code < 0 || p.name.len == 0)
        return code;
    c = get_contact(b, line + p.name.start, p.name.len);
    c->last_line = i;
    c->entry.mute |= p.flags[BOOK_MUTE];
    c->entry.no_history |= p.flags[BOOK_NO_HISTORY];
    for (size_t j = 0; j < p.n_addresses; j++) {
        if (c->entry.n_addresses == BOOK_ADDRESSES_MAX)
            return textfile_complain(
                &b->file, i, -E2BIG, err, _("more than %d addresses for one name"), BOOK_ADDRESSES_MAX);
        c->addresses[c->entry.n_addresses++] = xmemdup0(line + p.addresses[j].start, p.addresses[j].len);
    }
    return 0;
}

static int index_lines(struct book *b, struct err *err)
{
    int code = 0;

    clear_index(b);
    for (size_t i = 0; i < b->file.n_lines && code == 0; i++)
        code = index_line(b, i, err);
    return code;
}

int book_parse(const char *text, size_t len, const char *file, struct book **ret_book, struct err *err)
{
    struct book *b = xcalloc(1, sizeof(*b));
    int code;

    textfile_init(&b->file, file, text, len);
    code = index_lines(b, err);
    if (code < 0)
        book_free(b);
    else
        *ret_book = b;
    return code;
}

int book_load(struct book **ret_book, struct err *err)
{
    struct str path = STR_INIT, text = STR_INIT;
    int code = file_config_path(&path, "contacts");

    if (code == 0)
        code = file_read(path.data, BOOK_FILE_MAX_BYTES, &text, err);
    if (code == 0 || code == -ENOENT || code == -ENOTDIR)
        code = book_parse(text.data, text.len, path.data, ret_book, err);
    str_done(&path);
    str_done(&text);
    return code;
}

void book_free(struct book *b)
{
    if (!b)
        return;
    clear_index(b);
    textfile_done(&b->file);
    free(b);
}

const struct book_entry *book_find(const struct book *b, const char *name)
{
    const struct contact *c = find(b, name);

    return c ? &c->entry : NULL;
}

const char *book_nearest(const struct book *b, const char *name)
{
    const char *near = NULL;
    size_t best = SIMILAR_NOT;

    for (size_t i = 0; i < b->n_contacts; i++) {
        const char *own = b->contacts[i]->name;
        size_t slips = similar_slips(name, strlen(name), own, strlen(own));

        if (slips < best) {
            best = slips;
            near = own;
        }
    }
    return near;
}

size_t book_count(const struct book *b)
{
    return b->n_contacts;
}

const struct book_entry *book_at(const struct book *b, size_t i)
{
    return &b->contacts[i]->entry;
}

static int check_line(const struct book *b, size_t i, struct err *err)
{
    struct parsed p;
    struct addr addr;
    struct err why;
    int code = parse_line(b, i, &p, err);

    for (size_t j = 0; j < p.n_addresses && code == 0; j++) {
        char *text = xmemdup0(b->file.lines[i].data + p.addresses[j].start, p.addresses[j].len);

        if (addr_parse(&addr, text, ADDR_CALL, &why) < 0)
            code = textfile_complain(&b->file, i, -EINVAL, err, "%s", why.text);
        free(text);
    }
    return code;
}

int book_check(const struct book *b, struct err *err)
{
    int code = 0;

    for (size_t i = 0; i < b->file.n_lines && code == 0; i++)
        code = check_line(b, i, err);
    return code;
}

static int bad_name(const char *name, struct err *err)
{
    return err_set(err, ERR_MISUSE, -EINVAL,
        _("\"%s\" can't be a name; it has no \":\" or \"=\", no \"-\" or \"#\" in front, and at most %d "
          "bytes"),
        name, BOOK_NAME_MAX_BYTES);
}

static int no_contact(const struct book *b, const char *name, struct err *err)
{
    const char *near = book_nearest(b, name);

    if (near)
        return err_set(
            err, ERR_NAME, -ENOENT, _("there is no contact \"%s\"; did you mean \"%s\"?"), name, near);
    return err_set(err, ERR_NAME, -ENOENT, _("there is no contact \"%s\""), name);
}

static int too_long(const char *name, struct err *err)
{
    return err_set(err, ERR_OTHER, -E2BIG, _("the line for %s would be longer than %d bytes"), name,
        BOOK_LINE_MAX_BYTES);
}

/* A line of a book that was read or changed before is known to be good. */
static struct parsed parse_good(const struct book *b, size_t i)
{
    struct parsed p;

    parse_line(b, i, &p, NULL);
    return p;
}

/* What is written must be readable again. */
static bool has_room(const struct book *b, size_t i, size_t more)
{
    return line_bytes(&b->file.lines[i]) + more <= BOOK_LINE_MAX_BYTES;
}

/* Puts a word, and a blank before it, into line i. */
static void insert_word(struct book *b, size_t i, size_t at, const char *word)
{
    struct str text = STR_INIT;

    str_appendf(&text, " %s", word);
    textfile_splice(&b->file, i, (struct textspan){at, 0}, text.data);
    str_done(&text);
}

/* Takes a word, and the blanks before it, out of line i. */
static void cut_word(struct book *b, size_t i, struct textspan word)
{
    const char *line = b->file.lines[i].data;

    while (word.start > 0 && is_blank(line[word.start - 1])) {
        word.start--;
        word.len++;
    }
    textfile_splice(&b->file, i, word, "");
}

/* Two texts of one address: "ann.example" is "tcp://ann.example:5463". */
static bool is_same_address(const char *a, const char *b)
{
    char text_a[ADDR_TEXT_BYTES], text_b[ADDR_TEXT_BYTES];
    struct addr parsed;

    if (strcmp(a, b) == 0)
        return true;
    if (addr_parse(&parsed, a, ADDR_CALL, NULL) < 0)
        return false;
    addr_format(&parsed, text_a);
    if (addr_parse(&parsed, b, ADDR_CALL, NULL) < 0)
        return false;
    return strcmp(text_a, addr_format(&parsed, text_b)) == 0;
}

int book_add(struct book *b, const char *name, const char *address, struct err *err)
{
    struct str line = STR_INIT;
    struct contact *c;
    struct parsed p;

    if (!book_may_be_name(name))
        return bad_name(name, err);
    if (!is_address(address))
        return err_set(err, ERR_MISUSE, -EINVAL, _("\"%s\" can't be an address"), address);
    c = find(b, name);
    if (!c) {
        if (strlen(name) + strlen(" = ") + strlen(address) > BOOK_LINE_MAX_BYTES)
            return too_long(name, err);
        str_appendf(&line, "%s = %s", name, address);
        textfile_append(&b->file, line.data);
        str_done(&line);
        return index_lines(b, err);
    }
    for (size_t i = 0; i < c->entry.n_addresses; i++)
        if (is_same_address(c->addresses[i], address))
            return err_set(
                err, ERR_OTHER, -EEXIST, _("%s has the address %s already"), c->name, c->addresses[i]);
    if (c->entry.n_addresses == BOOK_ADDRESSES_MAX)
        return err_set(err, ERR_OTHER, -E2BIG, _("%s has %d addresses already, the most there may be"),
            c->name, BOOK_ADDRESSES_MAX);
    if (!has_room(b, c->last_line, strlen(address) + 1))
        return too_long(name, err);
    p = parse_good(b, c->last_line);
    insert_word(
        b, c->last_line, p.addresses[p.n_addresses - 1].start + p.addresses[p.n_addresses - 1].len, address);
    return index_lines(b, err);
}

/* Whether line i is one of this contact. */
static bool is_of(const struct book *b, size_t i, const char *key)
{
    struct parsed p = parse_good(b, i);
    char *name, *own;
    bool same;

    if (p.name.len == 0)
        return false;
    name = xmemdup0(b->file.lines[i].data + p.name.start, p.name.len);
    own = key_of(name);
    same = own && strcmp(own, key) == 0;
    free(name);
    free(own);
    return same;
}

int book_remove(struct book *b, const char *name, struct err *err)
{
    const struct contact *c = find(b, name);

    if (!c)
        return no_contact(b, name, err);
    for (size_t i = b->file.n_lines; i-- > 0;)
        if (is_of(b, i, c->key))
            textfile_remove(&b->file, i);
    return index_lines(b, err);
}

/* The address in line i. */
static bool find_address(const struct book *b, size_t i, const char *address, struct textspan *ret)
{
    struct parsed p = parse_good(b, i);
    bool found = false;

    for (size_t j = 0; j < p.n_addresses && !found; j++) {
        char *text = xmemdup0(b->file.lines[i].data + p.addresses[j].start, p.addresses[j].len);

        found = is_same_address(text, address);
        if (found)
            *ret = p.addresses[j];
        free(text);
    }
    return found;
}

int book_remove_address(struct book *b, const char *name, const char *address, struct err *err)
{
    const struct contact *c = find(b, name);
    struct textspan word;
    struct book_entry before;
    size_t i = 0;
    int code;

    if (!c)
        return no_contact(b, name, err);
    while (i < b->file.n_lines && !(is_of(b, i, c->key) && find_address(b, i, address, &word)))
        i++;
    if (i == b->file.n_lines)
        return err_set(err, ERR_NAME, -ENOENT, _("%s has no address %s"), c->name, address);
    if (c->entry.n_addresses == 1)
        return err_set(err, ERR_OTHER, -EPERM,
            _("%s is the only address of %s; remove the contact as a whole, or add another one first"),
            c->addresses[0], c->name);
    before = c->entry;
    if (parse_good(b, i).n_addresses > 1) {
        cut_word(b, i, word);
        return index_lines(b, err);
    }
    /* The line goes, its flags stay. */
    textfile_remove(&b->file, i);
    code = index_lines(b, err);
    if (code == 0 && before.mute)
        code = book_set_flag(b, name, BOOK_MUTE, true, err);
    if (code == 0 && before.no_history)
        code = book_set_flag(b, name, BOOK_NO_HISTORY, true, err);
    return code;
}

int book_rename(struct book *b, const char *from, const char *to, struct err *err)
{
    const struct contact *c = find(b, from), *other;

    if (!book_may_be_name(to))
        return bad_name(to, err);
    if (!c)
        return no_contact(b, from, err);
    other = find(b, to);
    if (other && other != c)
        return err_set(err, ERR_OTHER, -EEXIST, _("there is a contact \"%s\" already"), other->name);
    for (size_t i = 0; i < b->file.n_lines; i++)
        if (is_of(b, i, c->key) && !has_room(b, i, strlen(to)))
            return too_long(to, err);
    for (size_t i = 0; i < b->file.n_lines; i++)
        if (is_of(b, i, c->key))
            textfile_splice(&b->file, i, parse_good(b, i).name, to);
    return index_lines(b, err);
}

/* Takes a flag out of line i, as often as it is there. */
static void cut_flag(struct book *b, size_t i, enum book_flag flag)
{
    size_t at = parse_good(b, i).values;

    for (;;) {
        struct textspan word = textfile_word(&b->file, i, &at);

        if (word.len == 0)
            return;
        if (find_flag(b->file.lines[i].data + word.start, word.len) != flag)
            continue;
        cut_word(b, i, word);
        at = parse_good(b, i).values;
    }
}

int book_set_flag(struct book *b, const char *name, enum book_flag flag, bool on, struct err *err)
{
    const struct contact *c = find(b, name);

    if (!c)
        return no_contact(b, name, err);
    if (on == (flag == BOOK_MUTE ? c->entry.mute : c->entry.no_history))
        return 0;
    if (on && !has_room(b, c->last_line, strlen(flag_words[flag]) + 1))
        return too_long(c->name, err);
    if (on)
        insert_word(b, c->last_line, parse_good(b, c->last_line).end, flag_words[flag]);
    for (size_t i = 0; i < b->file.n_lines && !on; i++)
        if (is_of(b, i, c->key))
            cut_flag(b, i, flag);
    return index_lines(b, err);
}

void book_print(const struct book *b, struct str *out)
{
    textfile_print(&b->file, out);
}

static int check_place(const char *path, struct err *err)
{
    if (*path)
        return 0;
    return err_set(err, ERR_OTHER, -ENOENT, _("the contacts have no place; set HOME or XDG_CONFIG_HOME"));
}

int book_save(struct book *b, struct err *err)
{
    int lock, code = check_place(b->file.path, err);

    if (code < 0)
        return code;
    lock = lock_take(b->file.path, err);
    if (lock < 0)
        return lock;
    code = textfile_save(&b->file, BOOK_FILE_MAX_BYTES, err);
    lock_release(b->file.path, lock);
    return code;
}

/* Under the lock. */
static int change_once(int (*change)(struct book *b, void *arg, struct err *err), void *arg, struct err *err)
{
    struct book *b = NULL;
    int code = book_load(&b, err);

    if (code == 0)
        code = change(b, arg, err);
    if (code >= 0)
        code = textfile_save(&b->file, BOOK_FILE_MAX_BYTES, err);
    book_free(b);
    return code;
}

int book_change(int (*change)(struct book *b, void *arg, struct err *err), void *arg, struct err *err)
{
    struct str path = STR_INIT;
    int lock, code;

    file_config_path(&path, "contacts");
    code = check_place(path.data, err);
    if (code < 0)
        goto out;
    lock = code = lock_take(path.data, err);
    if (lock < 0)
        goto out;
    for (int i = 0; i < CHANGE_TRIES; i++) {
        code = change_once(change, arg, err);
        if (code != -EBUSY)
            break;
    }
    lock_release(path.data, lock);
out:
    str_done(&path);
    return code;
}

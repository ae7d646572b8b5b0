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
#include "base/similar.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

struct span {
    size_t start, len;
};

/* What a line says; all spans are in it. */
struct parsed {
    struct span name; /* len 0: a comment or nothing */
    struct span addresses[BOOK_ADDRESSES_MAX];
    size_t n_addresses;
};

struct contact {
    struct book_entry entry;
    char *name, *key; /* key: the name in NFC */
    char *addresses[BOOK_ADDRESSES_MAX];
    size_t last_line; /* where it is written for the last time */
    UT_hash_handle hh;
};

struct book {
    char *file;
    struct str read;   /* the file as it was */
    struct str *lines; /* each with its line end, as far as it had one */
    size_t n_lines;
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

/* The rule for names and addresses alike: what can be shown as it is. */
static bool is_plain(const char *text, size_t len)
{
    struct str shown = STR_INIT;
    bool same;

    utf8_escape(&shown, text, len, 0);
    same = shown.len == len && memcmp(shown.data, text, len) == 0;
    str_done(&shown);
    return same;
}

static bool is_name(const char *text, size_t len)
{
    return len > 0 && len <= BOOK_NAME_MAX_BYTES && text[0] != '#' && text[0] != '-' && !is_blank(text[0]) &&
           !is_blank(text[len - 1]) && !memchr(text, '=', len) && !memchr(text, ':', len) &&
           is_plain(text, len);
}

bool book_may_be_name(const char *text)
{
    return is_name(text, strlen(text));
}

static bool is_address(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && text[0] != '#' && !strpbrk(text, " \t") && is_plain(text, len);
}

static int parse_addresses(
    const struct str *line, size_t at, struct parsed *p, const char *file, size_t number, struct err *err)
{
    for (;;) {
        size_t start;

        while (at < line->len && is_blank(line->data[at]))
            at++;
        if (at == line->len || line->data[at] == '#')
            break;
        start = at;
        while (at < line->len && !is_blank(line->data[at]))
            at++;
        if (p->n_addresses == BOOK_ADDRESSES_MAX)
            return err_set(err, ERR_INPUT, -E2BIG, _("%s:%zu: more than %d addresses for one name"), file,
                number, BOOK_ADDRESSES_MAX);
        if (!is_plain(line->data + start, at - start))
            return err_set(err, ERR_INPUT, -EINVAL,
                _("%s:%zu: an address with characters that can't be shown"), file, number);
        p->addresses[p->n_addresses++] = (struct span){start, at - start};
    }
    if (p->n_addresses == 0)
        return err_set(err, ERR_INPUT, -EINVAL, _("%s:%zu: no address behind the \"=\""), file, number);
    return 0;
}

static int parse_line(
    const struct str *line, struct parsed *p, const char *file, size_t number, struct err *err)
{
    size_t start = 0, end, len = line->len;
    const char *equals;

    *p = (struct parsed){0};
    while (len > 0 && (line->data[len - 1] == '\n' || line->data[len - 1] == '\r'))
        len--;
    if (len > BOOK_LINE_MAX_BYTES)
        return err_set(err, ERR_INPUT, -E2BIG, _("%s:%zu: a line of %zu bytes; at most %d are allowed"), file,
            number, len, BOOK_LINE_MAX_BYTES);
    if (number == 1 && line->len >= 3 && memcmp(line->data, "\xef\xbb\xbf", 3) == 0)
        start = 3; /* Windows editors put a byte order mark there */
    while (start < line->len && is_blank(line->data[start]))
        start++;
    if (start == line->len || line->data[start] == '#')
        return 0;
    equals = memchr(line->data + start, '=', line->len - start);
    if (!equals)
        return err_set(
            err, ERR_INPUT, -EINVAL, _("%s:%zu: a contact is written as NAME = ADDRESS"), file, number);
    end = (size_t)(equals - line->data);
    while (end > start && is_blank(line->data[end - 1]))
        end--;
    if (!is_name(line->data + start, end - start))
        return err_set(err, ERR_INPUT, -EINVAL,
            _("%s:%zu: no name can be like this; it has no \":\" and at most %d bytes of UTF-8"), file,
            number, BOOK_NAME_MAX_BYTES);
    p->name = (struct span){start, end - start};
    return parse_addresses(line, (size_t)(equals - line->data) + 1, p, file, number, err);
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

static int index_lines(struct book *b, struct err *err)
{
    clear_index(b);
    for (size_t i = 0; i < b->n_lines; i++) {
        struct contact *c;
        struct parsed p;
        int code = parse_line(&b->lines[i], &p, b->file, i + 1, err);

        if (code < 0)
            return code;
        if (p.name.len == 0)
            continue;
        c = get_contact(b, b->lines[i].data + p.name.start, p.name.len);
        c->last_line = i;
        for (size_t j = 0; j < p.n_addresses; j++) {
            if (c->entry.n_addresses == BOOK_ADDRESSES_MAX)
                return err_set(err, ERR_INPUT, -E2BIG, _("%s:%zu: more than %d addresses for one name"),
                    b->file, i + 1, BOOK_ADDRESSES_MAX);
            c->addresses[c->entry.n_addresses++] =
                xmemdup0(b->lines[i].data + p.addresses[j].start, p.addresses[j].len);
        }
    }
    return 0;
}

static struct str *insert_line(struct book *b)
{
    b->lines = xreallocarray(b->lines, b->n_lines + 1, sizeof(*b->lines));
    str_init(&b->lines[b->n_lines]);
    return &b->lines[b->n_lines++];
}

int book_parse(const char *text, size_t len, const char *file, struct book **ret_book, struct err *err)
{
    struct book *b = xcalloc(1, sizeof(*b));
    int code;

    b->file = xstrdup(file);
    str_init(&b->read);
    str_append(&b->read, text, len);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end ? (size_t)(end - text) + 1 - at : len - at;

        str_append(insert_line(b), text + at, line_len);
        at += line_len;
    }
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
    for (size_t i = 0; i < b->n_lines; i++)
        str_done(&b->lines[i]);
    free(b->lines);
    str_done(&b->read);
    free(b->file);
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

/* Puts text in the place of a part of the line. */
static void splice(struct str *line, struct span where, const char *text)
{
    struct str whole = STR_INIT;

    str_append(&whole, line->data, where.start);
    str_append_str(&whole, text);
    str_append(&whole, line->data + where.start + where.len, line->len - where.start - where.len);
    str_done(line);
    *line = whole;
}

/* A line of a book that was read or changed before is known to be good. */
static struct parsed parse_good(const struct book *b, size_t i)
{
    struct parsed p;

    parse_line(&b->lines[i], &p, b->file, i + 1, NULL);
    return p;
}

static void append_address(struct book *b, const struct contact *c, const char *address)
{
    struct parsed p = parse_good(b, c->last_line);
    struct span last = p.addresses[p.n_addresses - 1];
    struct str text = STR_INIT;

    str_appendf(&text, " %s", address);
    splice(&b->lines[c->last_line], (struct span){last.start + last.len, 0}, text.data);
    str_done(&text);
}

static void append_contact(struct book *b, const char *name, const char *address)
{
    const char *end = "\n";

    if (b->n_lines > 0) {
        struct str *last = &b->lines[b->n_lines - 1];

        if (last->len >= 2 && memcmp(last->data + last->len - 2, "\r\n", 2) == 0)
            end = "\r\n";
        else if (last->data[last->len - 1] != '\n')
            str_append_char(last, '\n');
    }
    str_appendf(insert_line(b), "%s = %s%s", name, address, end);
}

int book_add(struct book *b, const char *name, const char *address, struct err *err)
{
    struct contact *c;

    if (!book_may_be_name(name))
        return bad_name(name, err);
    if (!is_address(address))
        return err_set(err, ERR_MISUSE, -EINVAL, _("\"%s\" can't be an address"), address);
    c = find(b, name);
    for (size_t i = 0; c && i < c->entry.n_addresses; i++)
        if (strcmp(c->addresses[i], address) == 0)
            return err_set(err, ERR_OTHER, -EEXIST, _("%s has the address %s already"), c->name, address);
    if (c && c->entry.n_addresses == BOOK_ADDRESSES_MAX)
        return err_set(err, ERR_OTHER, -E2BIG, _("%s has %d addresses already, the most there may be"),
            c->name, BOOK_ADDRESSES_MAX);
    /* What is written must be readable again. */
    if (strlen(name) + strlen(address) + (c ? b->lines[c->last_line].len : 0) + 8 > BOOK_LINE_MAX_BYTES)
        return err_set(err, ERR_OTHER, -E2BIG, _("the line for %s would be longer than %d bytes"), name,
            BOOK_LINE_MAX_BYTES);
    if (c)
        append_address(b, c, address);
    else
        append_contact(b, name, address);
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
    name = xmemdup0(b->lines[i].data + p.name.start, p.name.len);
    own = key_of(name);
    same = own && strcmp(own, key) == 0;
    free(name);
    free(own);
    return same;
}

int book_remove(struct book *b, const char *name, struct err *err)
{
    const struct contact *c = find(b, name);
    size_t kept = 0;

    if (!c)
        return no_contact(b, name, err);
    for (size_t i = 0; i < b->n_lines; i++) {
        if (is_of(b, i, c->key))
            str_done(&b->lines[i]);
        else
            b->lines[kept++] = b->lines[i];
    }
    b->n_lines = kept;
    return index_lines(b, err);
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
    for (size_t i = 0; i < b->n_lines; i++)
        if (b->lines[i].len + strlen(to) > BOOK_LINE_MAX_BYTES && is_of(b, i, c->key))
            return err_set(err, ERR_OTHER, -E2BIG, _("the line for %s would be longer than %d bytes"), to,
                BOOK_LINE_MAX_BYTES);
    for (size_t i = 0; i < b->n_lines; i++)
        if (is_of(b, i, c->key))
            splice(&b->lines[i], parse_good(b, i).name, to);
    return index_lines(b, err);
}

void book_print(const struct book *b, struct str *out)
{
    for (size_t i = 0; i < b->n_lines; i++)
        str_append(out, b->lines[i].data, b->lines[i].len);
}

int book_save(struct book *b, struct err *err)
{
    struct str now = STR_INIT, text = STR_INIT;
    int code;

    if (!*b->file)
        return err_set(err, ERR_OTHER, -ENOENT, _("the contacts have no place; set HOME or XDG_CONFIG_HOME"));
    code = file_read(b->file, BOOK_FILE_MAX_BYTES, &now, err);
    if (code < 0 && code != -ENOENT && code != -ENOTDIR)
        goto out;
    if (now.len != b->read.len || memcmp(now.data, b->read.data, now.len) != 0) {
        code = err_set(
            err, ERR_OTHER, -EBUSY, _("%s was changed by someone else meanwhile; try again"), b->file);
        goto out;
    }
    book_print(b, &text);
    if (text.len > BOOK_FILE_MAX_BYTES) {
        code = err_set(
            err, ERR_OTHER, -E2BIG, _("%s would be longer than %d bytes"), b->file, BOOK_FILE_MAX_BYTES);
        goto out;
    }
    code = file_replace(b->file, text.data, text.len, err);
    if (code == 0) {
        str_reset(&b->read);
        str_append(&b->read, text.data, text.len);
    }
out:
    str_done(&now);
    str_done(&text);
    return code;
}

/* SPDX-License-Identifier: ISC */
#include "talk/trust.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/str.h"
#include "base/textfile.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

#define AUTHORITY "authority"
#define PINNED "pinned"
#define DATE_BYTES sizeof("2026-11-24")

struct known {
    struct trust_peer peer;
    char *address;
    char what[TLS_PIN_TEXT_BYTES], since[DATE_BYTES];
    size_t line;
    struct textspan said; /* in the line: all but the address and the comment */
    UT_hash_handle hh;
};

struct trust {
    struct textfile file;
    struct known **known; /* in the order of the file */
    size_t n_known;
    struct known *by_address;
};

/* One peer, one text: what the names of hosts do not tell apart is made the same, and the path of a WebSocket
 * has no part in who is there. */
static void normalize(struct addr *a)
{
    char *zone = strchr(a->host, '%');
    struct in6_addr in6;
    size_t len;

    a->path[0] = '\0';
    for (char *c = a->host; *c && c != zone; c++)
        *c = (char)tolower((unsigned char)*c);
    len = strlen(a->host);
    /* The root's dot; but "0." without it would be no host name (net/addr.c). */
    if (len > 1 && a->host[len - 1] == '.' && memchr(a->host, '.', len - 1))
        a->host[len - 1] = '\0';
    if (!zone && inet_pton(AF_INET6, a->host, &in6) == 1)
        inet_ntop(AF_INET6, &in6, a->host, sizeof(a->host));
}

static struct known *find(const struct trust *t, const struct addr *addr)
{
    struct addr same = *addr;
    char text[ADDR_TEXT_BYTES];
    struct known *k;

    normalize(&same);
    addr_format(&same, text);
    HASH_FIND_STR(t->by_address, text, k);
    return k;
}

/* ---- reading ------------------------------------------------------------------------------------- */

static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";

    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    return true;
}

/* Two words and what may follow them, each a text of its own; NULL where there is none. */
struct words {
    char *address, *what, *since, *pinned, *more;
};

static void free_words(struct words *w)
{
    free(w->address);
    free(w->what);
    free(w->since);
    free(w->pinned);
    free(w->more);
}

static int parse_words(const struct trust *t, size_t i, struct words *w, struct known *k, struct err *err)
{
    char **const into[] = {&w->address, &w->what, &w->since, &w->pinned, &w->more};
    size_t at = textfile_content(&t->file, i).start;

    for (size_t n = 0; n < sizeof(into) / sizeof(into[0]); n++) {
        struct textspan word = textfile_word(&t->file, i, &at);
        const char *text = t->file.lines[i].data + word.start;

        if (word.len == 0)
            break;
        if (!utf8_is_plain(text, word.len))
            return textfile_complain(
                &t->file, i, -EINVAL, err, _("there are characters that can't be shown"));
        *into[n] = xmemdup0(text, word.len);
        if (n == 1)
            k->said.start = word.start;
        k->said.len = word.start + word.len - k->said.start;
    }
    /* The date may be left out. */
    if (w->since && !w->pinned && strcmp(w->since, PINNED) == 0) {
        w->pinned = w->since;
        w->since = NULL;
    }
    return 0;
}

static int check_words(
    const struct trust *t, size_t i, const struct words *w, struct known *k, struct err *err)
{
    const struct textfile *file = &t->file;
    const char *odd = NULL;
    struct addr addr;
    struct err why;

    if (addr_parse(&addr, w->address, ADDR_CALL, &why) < 0)
        return textfile_complain(file, i, -EINVAL, err, "%s", why.text);
    if (!addr_is_secure(addr.scheme))
        return textfile_complain(file, i, -EINVAL, err, _("%s is not called over TLS or DTLS"), w->address);
    if (!w->what)
        return textfile_complain(file, i, -EINVAL, err,
            _("a known peer is written as ADDRESS sha256:HEX, or ADDRESS %s"), AUTHORITY);
    if (strcmp(w->what, AUTHORITY) == 0)
        snprintf(k->what, sizeof(k->what), "%s", AUTHORITY);
    else if (tls_normalize_pin(w->what, k->what, &why) < 0)
        return textfile_complain(file, i, -EINVAL, err, "%s", why.text);
    if (w->since && !is_date(w->since))
        odd = w->since;
    else if (w->pinned && strcmp(w->pinned, PINNED) != 0)
        odd = w->pinned;
    else
        odd = w->more;
    if (odd)
        return textfile_complain(file, i, -EINVAL, err,
            _("\"%s\" is not understood; behind the certificate come a date such as 2026-11-24 and \"%s\", "
              "or nothing"),
            odd, PINNED);
    normalize(&addr);
    k->address = xmalloc(ADDR_TEXT_BYTES);
    addr_format(&addr, k->address);
    snprintf(k->since, sizeof(k->since), "%s", w->since ? w->since : "");
    k->peer = (struct trust_peer){k->address, k->what, k->since, w->pinned != NULL};
    k->line = i;
    return 0;
}

static void free_known(struct known *k)
{
    free(k->address);
    free(k);
}

static int index_line(struct trust *t, size_t i, struct err *err)
{
    struct textspan content = textfile_content(&t->file, i);
    struct words w = {0};
    struct known *k, *other;
    int code;

    if (content.len > TRUST_LINE_MAX_BYTES)
        return textfile_complain(&t->file, i, -E2BIG, err, _("a line of %zu bytes; at most %d are allowed"),
            content.len, TRUST_LINE_MAX_BYTES);
    if (content.len == 0 || t->file.lines[i].data[content.start] == '#')
        return 0;
    k = xcalloc(1, sizeof(*k));
    code = parse_words(t, i, &w, k, err);
    if (code == 0)
        code = check_words(t, i, &w, k, err);
    free_words(&w);
    if (code < 0)
        goto out;
    HASH_FIND_STR(t->by_address, k->address, other);
    if (other) {
        code = textfile_complain(
            &t->file, i, -EEXIST, err, _("%s is in line %zu already"), k->address, other->line + 1);
        goto out;
    }
    HASH_ADD_KEYPTR(hh, t->by_address, k->address, strlen(k->address), k);
    t->known = xreallocarray(t->known, t->n_known + 1, sizeof(*t->known));
    t->known[t->n_known++] = k;
    return 0;
out:
    free_known(k);
    return code;
}

static void clear_index(struct trust *t)
{
    HASH_CLEAR(hh, t->by_address);
    for (size_t i = 0; i < t->n_known; i++)
        free_known(t->known[i]);
    free(t->known);
    t->known = NULL;
    t->n_known = 0;
}

static int index_lines(struct trust *t, struct err *err)
{
    int code = 0;

    clear_index(t);
    for (size_t i = 0; i < t->file.n_lines && code == 0; i++)
        code = index_line(t, i, err);
    return code;
}

int trust_parse(const char *text, size_t len, const char *file, struct trust **ret, struct err *err)
{
    struct trust *t = xcalloc(1, sizeof(*t));
    int code;

    textfile_init(&t->file, file, text, len);
    code = index_lines(t, err);
    if (code < 0)
        trust_free(t);
    else
        *ret = t;
    return code;
}

static int read_text(const char *path, struct str *out, struct err *err)
{
    int code = *path ? file_read(path, TRUST_FILE_MAX_BYTES, out, err) : 0;

    return code == -ENOENT || code == -ENOTDIR ? 0 : code;
}

int trust_load(struct trust **ret, struct err *err)
{
    struct str path = STR_INIT, text = STR_INIT;
    int code;

    file_data_path(&path, "known_peers"); /* without a home it stays "" */
    code = read_text(path.data, &text, err);
    if (code == 0)
        code = trust_parse(text.data, text.len, path.data, ret, err);
    str_done(&path);
    str_done(&text);
    return code;
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    clear_index(t);
    textfile_done(&t->file);
    free(t);
}

/* Takes in what others have written. On failure what was known stays. */
static int refresh(struct trust *t, struct err *err)
{
    struct str text = STR_INIT;
    struct trust *now = NULL, old;
    int code = read_text(t->file.path, &text, err);

    if (code == 0 && (text.len != t->file.read.len || memcmp(text.data, t->file.read.data, text.len) != 0))
        code = trust_parse(text.data, text.len, t->file.path, &now, err);
    if (now) {
        old = *t;
        *t = *now;
        *now = old;
        trust_free(now);
    }
    str_done(&text);
    return code;
}

const struct trust_peer *trust_find(const struct trust *t, const struct addr *addr)
{
    const struct known *k = find(t, addr);

    return k ? &k->peer : NULL;
}

size_t trust_count(const struct trust *t)
{
    return t->n_known;
}

const struct trust_peer *trust_at(const struct trust *t, size_t i)
{
    return &t->known[i]->peer;
}

/* ---- changing ------------------------------------------------------------------------------------ */

/* The lock and what the file holds now; *ret_lock for end_change, which comes in any case. */
static int begin_change(struct trust *t, int *ret_lock, struct err *err)
{
    int lock;

    if (!*t->file.path)
        return err_set(
            err, ERR_OTHER, -ENOENT, _("the known peers have no place; set HOME or XDG_DATA_HOME"));
    lock = lock_take(t->file.path, err);
    if (lock < 0)
        return lock;
    *ret_lock = lock;
    return refresh(t, err);
}

/* Writes the changed lines if all went well so far. */
static int end_change(struct trust *t, int lock, int code, bool changed, struct err *err)
{
    if (code == 0 && changed)
        code = textfile_save(&t->file, TRUST_FILE_MAX_BYTES, err);
    if (code < 0 && changed) { /* what is not in the file is not known */
        struct str text = STR_INIT;
        char *path = xstrdup(t->file.path);

        str_append(&text, t->file.read.data, t->file.read.len);
        textfile_done(&t->file);
        textfile_init(&t->file, path, text.data, text.len);
        free(path);
        str_done(&text);
    }
    if (changed)
        index_lines(t, NULL);
    if (lock >= 0)
        lock_release(t->file.path, lock);
    return code;
}

static void write_down(struct trust *t, const struct addr *addr, const char *what, bool pinned)
{
    struct known *k = find(t, addr);
    struct str said = STR_INIT, line = STR_INIT;
    char date[DATE_BYTES], text[ADDR_TEXT_BYTES];
    struct addr same = *addr;
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    if (strftime(date, sizeof(date), "%Y-%m-%d", &tm) == 0) /* past the year 9999 */
        date[0] = '\0';
    str_appendf(&said, "%s%s%s%s", what, *date ? " " : "", date, pinned ? " " PINNED : "");
    if (k) {
        textfile_splice(&t->file, k->line, k->said, said.data);
    } else {
        normalize(&same);
        str_appendf(&line, "%s %s", addr_format(&same, text), said.data);
        textfile_append(&t->file, line.data);
    }
    str_done(&said);
    str_done(&line);
}

int trust_forget(struct trust *t, const struct addr *addr, struct err *err)
{
    char text[ADDR_TEXT_BYTES];
    struct known *k = NULL;
    int lock = -1, code = begin_change(t, &lock, err);

    if (code == 0) {
        k = find(t, addr);
        if (k)
            textfile_remove(&t->file, k->line);
        else
            code = err_set(err, ERR_NAME, -ENOENT, _("nothing is known of %s"), addr_format(addr, text));
    }
    return end_change(t, lock, code, k != NULL, err);
}

int trust_pin(struct trust *t, const struct addr *addr, const char *pin, struct err *err)
{
    char text[ADDR_TEXT_BYTES], what[TLS_PIN_TEXT_BYTES];
    int lock = -1, code;

    if (!addr_is_secure(addr->scheme))
        return err_set(err, ERR_MISUSE, -EINVAL, _("%s is not called over TLS or DTLS, so it has no pin"),
            addr_format(addr, text));
    code = tls_normalize_pin(pin, what, err);
    if (code < 0)
        return code;
    code = begin_change(t, &lock, err);
    if (code == 0)
        write_down(t, addr, what, true);
    return end_change(t, lock, code, code == 0, err);
}

/* ---- judging ------------------------------------------------------------------------------------- */

enum finding {
    AS_BEFORE,
    NEW, /* to be written down as a first sight, or as verified */
    CHANGED,
};

static enum finding look(const struct known *k, const struct tls_facts *facts)
{
    bool was_verified = k && strcmp(k->what, AUTHORITY) == 0;

    if (!k)
        return NEW;
    if (was_verified)
        return facts->verified ? AS_BEFORE : CHANGED;
    if (strcmp(k->what, facts->pin) == 0)
        return AS_BEFORE;
    /* Who was trusted at first sight may have got a better certificate since. */
    return facts->verified && !k->peer.pinned ? NEW : CHANGED;
}

static void explain_changed(const struct known *k, const struct tls_facts *facts, struct err *err)
{
    bool was_verified = strcmp(k->what, AUTHORITY) == 0;
    const char *was = was_verified ? _("one that an authority vouches for") : k->what;
    struct str known = STR_INIT, shown = STR_INIT;

    if (*k->since)
        str_appendf(&known, k->peer.pinned ? _("%s (pinned on %s)") : _("%s (since %s)"), was, k->since);
    else
        str_append_str(&known, was);
    if (was_verified)
        str_appendf(&shown, _("%s, which does not verify: %s"), facts->pin, facts->verify_problem);
    else
        str_append_str(&shown, facts->pin);
    err_set(err, ERR_UNTRUSTED, -EKEYREJECTED,
        _("%s is not who it was: its certificate HAS CHANGED. Known: %s. Shown now: %s. Somebody may be "
          "listening in, so nothing was sent. If its owner tells you that it is a new one: landline contacts "
          "forget %s"),
        k->address, known.data, shown.data, k->address);
    str_done(&known);
    str_done(&shown);
}

static enum trust_verdict unproven(const struct addr *addr, const char *why, struct err *err)
{
    char text[ADDR_TEXT_BYTES];

    err_set(err, ERR_UNTRUSTED, -EKEYREJECTED, _("%s is not trusted: %s"), addr_format(addr, text), why);
    return TRUST_UNPROVEN;
}

/* What is not known yet, as far as one could see, is looked at again under the lock: another landline may
 * have called the same peer at the same moment, and the first one's sight is what counts. */
static int note(struct trust *t, const struct addr *addr, const struct tls_facts *facts,
    enum finding *ret_finding, struct err *err)
{
    int lock = -1, code = begin_change(t, &lock, err);
    bool changed = false;

    if (code == 0) {
        *ret_finding = look(find(t, addr), facts);
        changed = *ret_finding == NEW;
        if (changed)
            write_down(t, addr, facts->verified ? AUTHORITY : facts->pin, false);
    }
    return end_change(t, lock, code, changed, err);
}

enum trust_verdict trust_judge(
    struct trust *t, const struct addr *addr, const struct tls_facts *facts, struct err *err)
{
    enum finding finding;
    struct err why;

    if (facts->psk && facts->verified)
        return TRUST_KNOWN;
    if (!*facts->pin)
        return unproven(addr, _("it showed no certificate"), err);
    if (refresh(t, &why) < 0)
        return unproven(addr, why.text, err);
    finding = look(find(t, addr), facts);
    if (finding == NEW && note(t, addr, facts, &finding, &why) < 0)
        /* An authority's word is good without a note of it. */
        return facts->verified ? TRUST_KNOWN : unproven(addr, why.text, err);
    if (finding == CHANGED) {
        explain_changed(find(t, addr), facts, err);
        return TRUST_CHANGED;
    }
    return finding == NEW && !facts->verified ? TRUST_FIRST : TRUST_KNOWN;
}

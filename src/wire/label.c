/* SPDX-License-Identifier: ISC */
/* Each kind is recognised by what its first bytes cannot be by chance. A segment may end anywhere, so
 * whatever of the text is missing is left out. */
#include "wire/label.h"

#include <string.h>

#include "base/str.h"

/* ---- TLS
 * -------------------------------------------------------------------------------------------------------- */

enum { TLS_HANDSHAKE = 22, TLS_CLIENT_HELLO = 1, TLS_EXTENSION_SNI = 0, TLS_EXTENSION_ALPN = 16 };

#define TLS_NAME_MAX_BYTES 128 /* of the name and of all the protocols: together they fit a label */

/* Collects what is worth telling, with one bound. */
static void append_bounded(struct str *text, size_t limit, const void *data, size_t len)
{
    if (len > limit)
        len = limit;
    str_append(text, data, len);
}

/* RFC 6066, section 3: a list of names, each with a type (0: of a host). */
static void take_sni(struct cursor in, struct str *text)
{
    const uint8_t *name;
    uint16_t len;
    uint8_t type;

    if (get_skip(&in, 2) && get_u8(&in, &type) && type == 0 && get_be16(&in, &len) &&
        get_bytes(&in, len, &name))
        append_bounded(text, TLS_NAME_MAX_BYTES, name, len);
}

/* RFC 7301, section 3.1: a list of protocol names. */
static void take_alpn(struct cursor in, struct str *text)
{
    size_t start = text->len;
    const uint8_t *name;
    uint8_t len;

    if (!get_skip(&in, 2))
        return;
    while (get_u8(&in, &len) && get_bytes(&in, len, &name) &&
           text->len - start + len + 4 <= TLS_NAME_MAX_BYTES) {
        str_append_str(text, text->len == start ? (start ? " (" : "(") : ", ");
        str_append(text, name, len);
    }
    if (text->len > start)
        str_append_char(text, ')');
}

static bool find_extension(struct cursor in, uint16_t wanted, struct cursor *ret)
{
    uint16_t type, len;

    while (get_be16(&in, &type) && get_be16(&in, &len) && get_part(&in, len, ret))
        if (type == wanted)
            return true;
    return false;
}

/* RFC 8446, section 4.1.2, and 5.1 for the record around it:
 *
 *      0       1               3               5       6               9               11              43
 *     +-------+---------------+---------------+-------+---------------+---------------+-- - - --------+
 *     | 22    | 3, 0 to 4     | length        | 1     | length        | version       | random, 32    |
 *     +-------+---------------+---------------+-------+---------------+---------------+-- - - --------+
 *
 * then, each behind its length (of 1, 2, 1 and 2 bytes), session, ciphers, compressions, extensions. */
static bool label_tls(struct cursor in, struct str *text)
{
    struct cursor extension;
    const uint8_t *head;
    uint16_t len16;
    uint8_t len8;

    if (!get_bytes(&in, 11, &head) || head[0] != TLS_HANDSHAKE || head[1] != 3 || head[2] > 4 ||
        head[5] != TLS_CLIENT_HELLO || head[6] != 0 || head[9] != 3)
        return false;
    if (!get_skip(&in, 32) || !get_u8(&in, &len8) || !get_skip(&in, len8) || !get_be16(&in, &len16) ||
        !get_skip(&in, len16) || !get_u8(&in, &len8) || !get_skip(&in, len8) || !get_be16(&in, &len16))
        return true;
    cursor_limit(&in, len16);
    if (find_extension(in, TLS_EXTENSION_SNI, &extension))
        take_sni(extension, text);
    if (find_extension(in, TLS_EXTENSION_ALPN, &extension))
        take_alpn(extension, text);
    return true;
}

/* ---- lines: HTTP, IRC, SSH
 * --------------------------------------------------------------------------------------- */

/* Takes a line without its ending; *ret_whole: it had one. False when nothing is left. */
static bool take_line(struct cursor *in, struct cursor *ret, bool *ret_whole)
{
    const uint8_t *newline;
    size_t len = cursor_left(in);

    if (len == 0)
        return false;
    newline = memchr(in->at, '\n', len);
    *ret_whole = newline != NULL;
    if (newline)
        len = (size_t)(newline - in->at);
    *ret = cursor_of(in->at, len);
    in->at += len + *ret_whole;
    if (len > 0 && ret->at[len - 1] == '\r')
        ret->end--;
    return true;
}

/* Does it begin with word and a space? Then it moves behind them. */
static bool skip_word(struct cursor *in, const char *word)
{
    size_t len = strlen(word);

    if (cursor_left(in) <= len || memcmp(in->at, word, len) != 0 || in->at[len] != ' ')
        return false;
    in->at += len + 1;
    return true;
}

static bool begins_with(const struct cursor *in, const char *word)
{
    size_t len = strlen(word);

    return cursor_left(in) >= len && memcmp(in->at, word, len) == 0;
}

/* RFC 9112, section 3: method, target, version. Of a line that goes on in the next segment the version is
 * missing; then the target must look like one. */
static bool label_http(struct cursor in, struct str *text)
{
    static const char *const methods[] = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
    struct cursor line, rest;
    const uint8_t *space;
    bool is_whole;

    if (!take_line(&in, &line, &is_whole))
        return false;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct cursor target = line;

        if (!skip_word(&target, methods[i]))
            continue;
        space = memchr(target.at, ' ', cursor_left(&target));
        if (space) {
            rest = (struct cursor){space, target.end};
            if (!begins_with(&rest, " HTTP/1.") && !begins_with(&rest, " HTTP/2."))
                return false;
            target.end = space;
        } else if (is_whole || (!begins_with(&target, "/") && !begins_with(&target, "http"))) {
            return false;
        }
        str_appendf(text, "%s ", methods[i]);
        append_bounded(text, LABEL_TEXT_MAX_BYTES - 8, target.at, cursor_left(&target));
        return true;
    }
    return false;
}

static unsigned count_words(struct cursor in)
{
    unsigned words = 0;
    uint8_t c, before = ' ';

    while (get_u8(&in, &c)) {
        words += c != ' ' && before == ' ';
        before = c;
    }
    return words;
}

/* Only as a client opens: CAP with a subcommand, NICK with one word, USER with its four (FTP and POP3 have a
 * USER of one). PASS alone says nothing, so the line behind it must. Sets *ret_word to the command; NULL if
 * it is none. */
static bool is_irc_opening(const struct cursor *line, const char **ret_word)
{
    struct cursor in = *line;

    *ret_word = NULL;
    if (skip_word(&in, "CAP")) {
        *ret_word = "CAP";
        return begins_with(&in, "LS") || begins_with(&in, "REQ") || begins_with(&in, "END") ||
               begins_with(&in, "LIST");
    }
    if (skip_word(&in, "NICK")) {
        *ret_word = "NICK";
        return count_words(in) == 1;
    }
    if (skip_word(&in, "USER")) {
        *ret_word = "USER";
        return count_words(in) >= 4;
    }
    if (skip_word(&in, "PASS"))
        *ret_word = "PASS";
    return false;
}

static bool label_irc(struct cursor in, struct str *text)
{
    const char *word, *first = NULL;
    struct cursor line;
    bool is_whole;

    while (take_line(&in, &line, &is_whole) && is_whole) {
        bool is_opening = is_irc_opening(&line, &word);

        if (!word || (!is_opening && strcmp(word, "PASS") != 0))
            return false;
        if (!first)
            first = word;
        if (is_opening) {
            str_append_str(text, first);
            return true;
        }
    }
    return false;
}

/* RFC 4253, section 4.2: a client waits for this line, and a server says it at once. */
static bool label_ssh(struct cursor in, struct str *text)
{
    struct cursor line;
    bool is_whole;

    if (!begins_with(&in, "SSH-2.0-") && !begins_with(&in, "SSH-1."))
        return false;
    take_line(&in, &line, &is_whole);
    append_bounded(text, LABEL_TEXT_MAX_BYTES, line.at, cursor_left(&line));
    return true;
}

/* ---- DNS
 * ---------------------------------------------------------------------------------------------------------
 */

#define DNS_NAME_MAX_BYTES 255 /* RFC 1035, section 3.1, on the wire, so its text is shorter */

static void append_dns_type(struct str *text, uint16_t type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } types[] = {{1, "A"}, {2, "NS"}, {5, "CNAME"}, {6, "SOA"}, {12, "PTR"}, {15, "MX"}, {16, "TXT"},
        {28, "AAAA"}, {33, "SRV"}, {43, "DS"}, {48, "DNSKEY"}, {64, "SVCB"}, {65, "HTTPS"}, {252, "AXFR"},
        {255, "ANY"}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == type) {
            str_append_str(text, types[i].name);
            return;
        }
    str_appendf(text, "TYPE%u", type);
}

/* Labels of 1 to 63 bytes, each behind its length, the last one empty. A question has no pointers into
 * itself. */
static bool take_dns_name(struct cursor *in, struct cursor *ret)
{
    const uint8_t *start = in->at, *label;
    uint8_t len;

    while (get_u8(in, &len) && len > 0)
        if (len > 63 || !get_bytes(in, len, &label))
            return false;
    *ret = cursor_of(start, (size_t)(in->at - start));
    return in->at > start && in->at[-1] == 0 && cursor_left(ret) <= DNS_NAME_MAX_BYTES;
}

static void append_dns_name(struct str *text, struct cursor name)
{
    const uint8_t *label;
    bool is_first = true;
    uint8_t len;

    while (get_u8(&name, &len) && len > 0 && get_bytes(&name, len, &label)) {
        if (!is_first)
            str_append_char(text, '.');
        str_append(text, label, len);
        is_first = false;
    }
    if (is_first)
        str_append_char(text, '.');
}

/* A question (RFC 1035, section 4.1): one, with no answer and no authority yet; beside it, at most a few
 * records such as EDNS. Over TCP its length stands before it.
 *
 *      0               2               4               6               8               10              12
 *     +---------------+---------------+---------------+---------------+---------------+---------------+
 *     | identifier    | flags         | questions     | answers       | authorities   | additional    |
 *     +---------------+---------------+---------------+---------------+---------------+---------------+
 */
static bool label_dns(struct cursor in, bool is_stream, struct str *text)
{
    uint16_t length, type, class;
    struct cursor name;
    const uint8_t *head;

    if (is_stream && (!get_be16(&in, &length) || length != cursor_left(&in)))
        return false;
    if (!get_bytes(&in, 12, &head) || (load_be16(head + 2) & 0xf80f) != 0 || load_be16(head + 4) != 1 ||
        load_be16(head + 6) != 0 || load_be16(head + 8) != 0 || load_be16(head + 10) > 2)
        return false;
    /* Multicast DNS (RFC 6762) uses the class's first bit to ask for an answer to itself. */
    if (!take_dns_name(&in, &name) || !get_be16(&in, &type) || !get_be16(&in, &class) ||
        (class & 0x7fff) != 1)
        return false;
    append_dns_type(text, type);
    str_append_char(text, ' ');
    append_dns_name(text, name);
    return true;
}

enum label label_of(struct cursor payload, bool is_stream, struct str *text)
{
    /* What is a line of text begins with a command in capitals: most payloads are looked at no further. */
    bool may_be_text = is_stream && cursor_left(&payload) > 0 && *payload.at >= 'A' && *payload.at <= 'Z';

    if (is_stream && label_tls(payload, text))
        return LABEL_TLS;
    if (may_be_text && label_http(payload, text))
        return LABEL_HTTP;
    if (may_be_text && label_irc(payload, text))
        return LABEL_IRC;
    if (may_be_text && label_ssh(payload, text))
        return LABEL_SSH;
    if (label_dns(payload, is_stream, text))
        return LABEL_DNS;
    return LABEL_NONE;
}

const char *label_name(enum label label)
{
    static const char *const names[] = {NULL, "TLS", "HTTP", "DNS", "IRC", "SSH"};

    return names[label];
}

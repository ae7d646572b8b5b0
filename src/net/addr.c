/* SPDX-License-Identifier: ISC */
/* An address is the first thing a person types, so most of this file is about what they may have meant. The
 * rule: what can be read in one way only is taken; where there are two readings, or none, the error says what
 * to write, with their own text in it. */
#include "net/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/i18n.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/utf8.h"

/* Text shown in an error is cut here: the address is what matters, not all of a pasted page. */
#define ADDR_SHOWN_BYTES 120

enum trait {
    STREAM = 1,
    DATAGRAM = 2,
    SECURE = 4,
    LOCAL = 8,
    PATH = 16,
};

static const struct {
    const char *name;
    unsigned traits;
} schemes[ADDR_SCHEMES] = {
    [ADDR_TCP] = {"tcp", STREAM},
    [ADDR_UDP] = {"udp", DATAGRAM},
    [ADDR_TLS] = {"tls", STREAM | SECURE},
    [ADDR_DTLS] = {"dtls", DATAGRAM | SECURE},
    [ADDR_UNIX] = {"unix", STREAM | LOCAL},
    [ADDR_UNIXGRAM] = {"unixgram", DATAGRAM | LOCAL},
    [ADDR_IRC] = {"irc", STREAM},
    [ADDR_IRCS] = {"ircs", STREAM | SECURE},
    [ADDR_WS] = {"ws", STREAM | PATH},
    [ADDR_WSS] = {"wss", STREAM | SECURE | PATH},
};

/* What other programs call these. */
static const struct {
    const char *name;
    enum addr_scheme scheme;
} near_schemes[] = {
    {"http", ADDR_TCP},
    {"https", ADDR_TLS},
    {"ssl", ADDR_TLS},
    {"telnet", ADDR_TCP},
    {"tcp4", ADDR_TCP},
    {"tcp6", ADDR_TCP},
    {"udp4", ADDR_UDP},
    {"udp6", ADDR_UDP},
    {"file", ADDR_UNIX},
    {"local", ADDR_UNIX},
};

const char *addr_scheme_name(enum addr_scheme scheme)
{
    return schemes[scheme].name;
}

bool addr_is_stream(enum addr_scheme scheme)
{
    return schemes[scheme].traits & STREAM;
}

bool addr_is_datagram(enum addr_scheme scheme)
{
    return schemes[scheme].traits & DATAGRAM;
}

bool addr_is_secure(enum addr_scheme scheme)
{
    return schemes[scheme].traits & SECURE;
}

bool addr_is_local(enum addr_scheme scheme)
{
    return schemes[scheme].traits & LOCAL;
}

const char *addr_format(const struct addr *a, char text[ADDR_TEXT_BYTES])
{
    const char *name = schemes[a->scheme].name;

    if (addr_is_local(a->scheme))
        snprintf(text, ADDR_TEXT_BYTES, a->path[0] == '/' ? "%s://%s" : "%s:%s", name, a->path);
    else
        snprintf(text, ADDR_TEXT_BYTES, strchr(a->host, ':') ? "%s://[%s]:%u%s" : "%s://%s:%u%s", name,
            a->host, a->port, a->path);
    return text;
}

/* One address being read. shown is the text as it may be printed. */
struct reading {
    enum addr_use use;
    struct err *err;
    struct str shown;
};

/* "TEXT: what is wrong". */
__attribute__((format(printf, 2, 3))) static int refuse(const struct reading *r, const char *fmt, ...)
{
    struct str text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&text, fmt, args);
    va_end(args);
    err_set(r->err, ERR_MISUSE, -EINVAL, "%s: %s", r->shown.data, text.data);
    str_done(&text);
    return -EINVAL;
}

static void show(struct str *out, const char *text)
{
    size_t len = strlen(text);
    size_t kept = utf8_truncate(text, len, ADDR_SHOWN_BYTES);

    utf8_escape(out, text, kept, 0);
    if (kept < len)
        str_append_str(out, "...");
}

/* Nothing that a terminal would obey, or that would lie about what is read. */
static bool is_plain(const char *text)
{
    return utf8_is_plain(text, strlen(text));
}

static bool is_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_ipv6(const char *text, size_t len)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr in6;
    const char *zone = memchr(text, '%', len);

    if (zone && zone + 1 == text + len)
        return false;
    if (zone)
        len = (size_t)(zone - text);
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(AF_INET6, copy, &in6) == 1;
}

static bool find_scheme(const char *name, size_t len, enum addr_scheme *ret)
{
    for (int i = 0; i < ADDR_SCHEMES; i++)
        if (strlen(schemes[i].name) == len && strncasecmp(schemes[i].name, name, len) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

static bool nearest_scheme(const char *name, size_t len, enum addr_scheme *ret)
{
    size_t best = SIMILAR_NOT, slips;
    char lower[16];

    if (len > sizeof(lower))
        return false;
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    for (size_t i = 0; i < sizeof(near_schemes) / sizeof(near_schemes[0]); i++)
        if (strlen(near_schemes[i].name) == len && memcmp(near_schemes[i].name, lower, len) == 0) {
            *ret = near_schemes[i].scheme;
            return true;
        }
    for (int i = 0; i < ADDR_SCHEMES; i++) {
        slips = similar_slips(lower, len, schemes[i].name, strlen(schemes[i].name));
        if (slips < best) {
            best = slips;
            *ret = i;
        }
    }
    return best != SIMILAR_NOT;
}

static int refuse_scheme(const struct reading *r, const char *name, size_t len, const char *rest)
{
    enum addr_scheme near;
    struct str text = STR_INIT;

    if (nearest_scheme(name, len, &near)) {
        show(&text, rest);
        refuse(r, _("unknown scheme; did you mean %s://%s?"), schemes[near].name, text.data);
    } else {
        for (int i = 0; i < ADDR_SCHEMES; i++)
            str_appendf(&text, i ? ", %s" : "%s", schemes[i].name);
        refuse(r, _("unknown scheme; it is one of %s"), text.data);
    }
    str_done(&text);
    return -EINVAL;
}

static int read_port(const struct reading *r, const char *text, uint16_t *ret)
{
    uint32_t port = 0;

    if (!*text)
        return refuse(r, _("no port after the colon; a port is a number from 1 to 65535"));
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            return refuse(r, _("the port is no number; write host:port with a port from 1 to 65535"));
        port = port * 10 + (uint32_t)(*c - '0');
        if (port > UINT16_MAX)
            return refuse(r, _("the port is too large; it is a number from 1 to 65535"));
    }
    if (port == 0 && r->use == ADDR_CALL)
        return refuse(r, _("nobody can be called at port 0; a port is a number from 1 to 65535"));
    *ret = (uint16_t)port;
    return 0;
}

/* No brackets, two colons or more: somebody's IPv6. */
static int refuse_colons(const struct reading *r, const char *text)
{
    const char *last = strrchr(text, ':');
    struct str hint = STR_INIT;

    if (!is_plain(text) || strchr(text, ' '))
        return refuse(r, _("spaces and control characters can't be in a host name"));
    if (is_ipv6(text, (size_t)(last - text)) && is_digits(last + 1) && strlen(last + 1) <= 5)
        str_appendf(&hint, "[%.*s]:%s", (int)(last - text), text, last + 1);
    else if (is_ipv6(text, strlen(text)))
        str_appendf(&hint, "[%s]:%d", text, ADDR_DEFAULT_PORT);
    if (hint.len)
        refuse(r, _("put IPv6 in brackets: %s"), hint.data);
    else
        refuse(
            r, _("too many colons; write host:port, and IPv6 in brackets as in [::1]:%d"), ADDR_DEFAULT_PORT);
    str_done(&hint);
    return -EINVAL;
}

static int check_host(const struct reading *r, struct addr *a, const char *port)
{
    const char *odd;

    if (strcmp(a->host, "*") == 0)
        return r->use == ADDR_LISTEN
                   ? 0
                   : refuse(r, _("* is for listening; to call this machine write localhost"));
    if (strstr(a->host, "："))
        return refuse(r, _("that colon is a wide one; write : instead of ："));
    if (!is_plain(a->host) || strpbrk(a->host, " \t"))
        return refuse(r, _("spaces and control characters can't be in a host name"));
    odd = strpbrk(a->host, "@?#%\\\"'<>^`{|}*,;!$&()=+[]");
    if (odd)
        return refuse(r, _("\"%c\" can't be in a host name; write host:port"), *odd);
    /* inet_aton would call 0.0.35.40 for 9000. */
    if (is_digits(a->host))
        return port ? refuse(r, _("the host is a mere number; write a name or an address such as 127.0.0.1"))
                    : refuse(r, _("no host; for port %s of this machine write :%s"), a->host, a->host);
    return 0;
}

static int read_brackets(const struct reading *r, const char *text, struct addr *a, const char **ret_rest)
{
    const char *end = strchr(text, ']');
    struct in_addr in4;
    size_t len;

    if (!end)
        return refuse(r, _("no ] after the ["));
    len = (size_t)(end - text - 1);
    if (len >= sizeof(a->host))
        return refuse(r, _("no IPv6 address between the brackets"));
    memcpy(a->host, text + 1, len);
    a->host[len] = '\0';
    if (inet_pton(AF_INET, a->host, &in4) == 1)
        return refuse(r, _("brackets are for IPv6; write %s without them"), a->host);
    if (!is_ipv6(a->host, len) || !is_plain(a->host) || strpbrk(a->host, " /"))
        return refuse(r, _("no IPv6 address between the brackets"));
    if (end[1] && end[1] != ':')
        return refuse(r, _("after the ] comes :port or nothing"));
    *ret_rest = end + 1;
    return 0;
}

/* host[:port], text is all of it. */
static int read_host_port(const struct reading *r, const char *text, struct addr *a)
{
    const char *colon = "";
    size_t len;
    int rc;

    a->port = ADDR_DEFAULT_PORT;
    if (text[0] == '[') {
        rc = read_brackets(r, text, a, &colon);
        if (rc < 0)
            return rc;
        return *colon ? read_port(r, colon + 1, &a->port) : 0;
    }
    colon = strchr(text, ':');
    if (colon && strchr(colon + 1, ':'))
        return refuse_colons(r, text);
    len = colon ? (size_t)(colon - text) : strlen(text);
    if (len >= sizeof(a->host))
        return refuse(r, _("the host name is too long; it has %d bytes at most"), ADDR_HOST_BYTES - 1);
    memcpy(a->host, text, len);
    a->host[len] = '\0';
    rc = check_host(r, a, colon);
    if (rc == 0 && colon)
        rc = read_port(r, colon + 1, &a->port);
    if (rc == 0 && len == 0 && !colon)
        return refuse(r, _("no host and no port; write host:port"));
    if (rc == 0 && len == 0 && r->use == ADDR_CALL)
        snprintf(a->host, sizeof(a->host), "localhost");
    return rc;
}

static int read_unix(const struct reading *r, const char *text, struct addr *a)
{
    size_t len = strlen(text);
    size_t max = sizeof((struct sockaddr_un){0}.sun_path) - (text[0] == '@' ? 0 : 1);

    if (len == 0 || strcmp(text, "@") == 0)
        return refuse(r, _("no path; write %s:///run/name.sock, %s:name.sock or %s:@name"),
            schemes[a->scheme].name, schemes[a->scheme].name, schemes[a->scheme].name);
    if (len > max)
        return refuse(r,
            _("a unix socket's path has %zu bytes at most, this one has %zu; a relative one is shorter"), max,
            len);
    if (!is_plain(text))
        return refuse(r, _("control characters can't be in a path here"));
    snprintf(a->path, sizeof(a->path), "%s", text);
    return 0;
}

/* Cuts "/path" off text, which is host[:port][/path]. */
static int read_path(const struct reading *r, struct str *text, struct addr *a)
{
    size_t at = strcspn(text->data, "/?#");
    const char *path = text->data + at;

    if (schemes[a->scheme].traits & PATH) {
        if (strlen(path) + 1 >= sizeof(a->path))
            return refuse(r, _("the path is too long; it has %d bytes at most"), ADDR_PATH_BYTES - 2);
        if (strchr(path, '#'))
            return refuse(r, _("a WebSocket address has no # (RFC 6455 3); write %%23 for the character"));
        if (!is_plain(path) || strchr(path, ' '))
            return refuse(r, _("spaces and control characters can't be in a path; write %%20 for a space"));
        snprintf(a->path, sizeof(a->path), path[0] == '/' ? "%s" : "/%s", path);
    } else if (*path && strcmp(path, "/") != 0) {
        struct str shown = STR_INIT;

        show(&shown, path);
        refuse(r, _("%s has no path; leave \"%s\" out"), schemes[a->scheme].name, shown.data);
        str_done(&shown);
        return -EINVAL;
    }
    text->data[at] = '\0';
    text->len = at;
    return 0;
}

/* "udp:127.0.0.1:9000", "udp:/127.0.0.1": the scheme is known, its slashes are not there. But "irc:6667" may
 * be a machine called irc. */
static int refuse_slashes(const struct reading *r, enum addr_scheme scheme, const char *rest)
{
    const char *name = schemes[scheme].name;
    struct str shown = STR_INIT;
    bool is_port = is_digits(rest);

    show(&shown, rest + strspn(rest, "/"));
    if (is_port)
        refuse(
            r, _("write %s://:%s, or tcp://%s:%s if %s is a host"), name, shown.data, name, shown.data, name);
    else
        refuse(r, _("two slashes after the scheme: %s://%s"), name, shown.data);
    str_done(&shown);
    return -EINVAL;
}

static int read_address(const struct reading *r, const char *text, struct addr *a)
{
    const char *colon = strchr(text, ':'), *rest = text;
    struct str host = STR_INIT;
    int rc;

    if (!*text)
        return refuse(r, _("an empty address; write host:port"));
    if (colon && strncmp(colon, "://", 3) == 0 && text[0] != '[') {
        rest = colon + 3;
        if (!find_scheme(text, (size_t)(colon - text), &a->scheme))
            return refuse_scheme(r, text, (size_t)(colon - text), rest);
    } else if (colon && find_scheme(text, (size_t)(colon - text), &a->scheme)) {
        rest = colon + 1;
        if (!addr_is_local(a->scheme))
            return refuse_slashes(r, a->scheme, rest);
    } else if (text[0] == '/' || text[0] == '@' || strncmp(text, "./", 2) == 0 ||
               strncmp(text, "../", 3) == 0) {
        return refuse(r, _("for a unix socket write unix:%s%s"), text[0] == '/' ? "//" : "", r->shown.data);
    }
    if (addr_is_local(a->scheme))
        return read_unix(r, rest, a);
    str_append_str(&host, rest);
    rc = read_path(r, &host, a);
    if (rc == 0)
        rc = read_host_port(r, host.data, a);
    str_done(&host);
    return rc;
}

int addr_parse(struct addr *ret, const char *text, enum addr_use use, struct err *err)
{
    struct reading r = {.use = use, .err = err, .shown = STR_INIT};
    struct addr a = {.scheme = ADDR_TCP};
    int rc;

    if (*text)
        show(&r.shown, text);
    else
        str_append_str(&r.shown, "\"\"");
    rc = read_address(&r, text, &a);
    if (rc == 0)
        *ret = a;
    str_done(&r.shown);
    return rc;
}

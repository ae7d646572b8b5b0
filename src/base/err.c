/* SPDX-License-Identifier: ISC */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"

/* vsnprintf cuts at a byte; step back so that no half of a character is left at the end. */
static void cut_at_character(char *text, size_t len)
{
    size_t start = len;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    start--;
    unsigned char lead = (unsigned char)text[start];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (len - start < want)
        text[start] = '\0';
}

int err_vset(struct err *err, enum err_kind kind, int code, const char *fmt, va_list args)
{
    int len;

    assert(kind != ERR_NONE && code <= 0);
    if (err) {
        err->kind = kind;
        err->code = code;
        len = vsnprintf(err->text, sizeof(err->text), fmt, args);
        if (len >= (int)sizeof(err->text))
            cut_at_character(err->text, sizeof(err->text) - 1);
    }
    return code ? code : -EIO;
}

int err_set(struct err *err, enum err_kind kind, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    code = err_vset(err, kind, code, fmt, args);
    va_end(args);
    return code;
}

enum err_kind err_kind_of(int code)
{
    switch (-code) {
    case 0:
        return ERR_NONE;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case ECONNREFUSED:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOENT: /* a unix socket that is not there */
    case EPROTOTYPE:
    case ENOPROTOOPT:
    case EPROTO:
        return ERR_CONNECT;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return ERR_HUNG_UP;
    default:
        return ERR_OTHER;
    }
}

const char *err_word(int code)
{
    switch (-code) {
    case EACCES:
    case EPERM:
        return _("not permitted");
    case ECONNREFUSED:
        return _("connection refused");
    case ENETUNREACH:
        return _("network unreachable");
    case EHOSTUNREACH:
    case EHOSTDOWN:
        return _("host unreachable");
    case ENETDOWN:
        return _("network is down");
    case EADDRINUSE:
        return _("address already in use");
    case EADDRNOTAVAIL:
        return _("no such local address");
    case EAFNOSUPPORT:
        return _("address family not supported here");
    case ENOENT:
        return _("no such file");
    case EISDIR:
        return _("it is a folder, not a file");
    case ETIMEDOUT:
        return _("timed out");
    case ECONNRESET:
        return _("connection reset");
    case ECONNABORTED:
        return _("connection aborted");
    case EPIPE:
        return _("the other side has closed");
    case EMSGSIZE:
        return _("message too long");
    case EMFILE:
        return _("too many open files");
    case ENFILE:
        return _("too many open files in the system");
    case ENOBUFS:
    case ENOMEM:
        return _("out of kernel memory");
    default:
        return strerror(-code);
    }
}

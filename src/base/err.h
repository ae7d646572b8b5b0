/* SPDX-License-Identifier: ISC */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* An error as a person reads it: one line that names the address, what happened and what to try,
 * already translated. The kinds are the exit statuses of landline(1), the same for every verb, so
 * main returns err.kind as it is. */
enum err_kind {
    ERR_NONE = 0,
    ERR_OTHER = 1,
    ERR_MISUSE = 2,     /* the command line is off */
    ERR_NAME = 3,       /* a host name did not resolve */
    ERR_CONNECT = 4,    /* refused, unreachable, port closed */
    ERR_TIMEOUT = 5,    /* a time limit ran out */
    ERR_HUNG_UP = 6,    /* the peer closed or reset before an answer */
    ERR_UNTRUSTED = 7,  /* TLS: the peer is not who it should be */
    ERR_PERMISSION = 8, /* needs a capability, or the kernel forbids it */
    ERR_INPUT = 9,      /* a bad input file */
};

#define ERR_TEXT_BYTES 1024 /* two addresses and two fingerprints */

struct err {
    enum err_kind kind;
    int code;                  /* negative errno, or 0 where there is none */
    char text[ERR_TEXT_BYTES]; /* never empty once set; no newline at its end */
};

/* Fills err (which may be NULL) and returns a negative code for the caller to hand on: code itself, or
 * -EIO where code is 0. A text too long for the struct is cut at a whole UTF-8 character. */
int err_set(struct err *err, enum err_kind kind, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int err_vset(struct err *err, enum err_kind kind, int code, const char *fmt, va_list args)
    __attribute__((format(printf, 4, 0)));

/* The kind that a negative errno has when it comes from connecting, sending or receiving. */
enum err_kind err_kind_of(int code);

/* What a negative errno says, translated, in lower case and without a full stop ("connection refused"). */
const char *err_word(int code);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stddef.h>

/* The one string type: bytes with a length, grown as needed.
 *
 * Invariants: data is never NULL once initialised; data[len] == '\0'; bytes inside may be anything,
 * NUL included; cap is 0 while data points at the shared empty string, so STR_INIT costs no
 * allocation and may be copied. */
struct str {
    char *data;
    size_t len;
    size_t cap;
};

extern char str_empty[];
#define STR_INIT                                                                                             \
    {                                                                                                        \
        .data = str_empty                                                                                    \
    }

void str_init(struct str *s);
void str_done(struct str *s);  /* frees; s is empty and usable afterwards */
void str_reset(struct str *s); /* empties, keeps the memory */
void str_reserve(struct str *s, size_t more);
void str_append(struct str *s, const void *data, size_t len);
void str_append_str(struct str *s, const char *text);
void str_append_char(struct str *s, char c);
void str_appendf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vappendf(struct str *s, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* Takes the first len bytes away from the front. */
void str_consume(struct str *s, size_t len);
/* Hands the text to the caller, who frees it; s is empty afterwards. */
char *str_steal(struct str *s);

#endif

/* SPDX-License-Identifier: ISC */
#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define STR_MIN_BYTES 64

char str_empty[1] = "";

void str_init(struct str *s)
{
    *s = (struct str)STR_INIT;
}

void str_done(struct str *s)
{
    if (s->cap)
        free(s->data);
    str_init(s);
}

void str_reset(struct str *s)
{
    s->len = 0;
    if (s->cap)
        s->data[0] = '\0';
}

void str_reserve(struct str *s, size_t more)
{
    size_t want = s->len + more + 1;
    size_t cap = s->cap ? s->cap : STR_MIN_BYTES;

    assert(want > more);
    if (want <= s->cap)
        return;
    while (cap < want)
        cap *= 2;
    s->data = s->cap ? xrealloc(s->data, cap) : xmalloc(cap);
    s->cap = cap;
    s->data[s->len] = '\0';
}

void str_append(struct str *s, const void *data, size_t len)
{
    if (len == 0)
        return;
    str_reserve(s, len);
    memcpy(s->data + s->len, data, len);
    s->len += len;
    s->data[s->len] = '\0';
}

void str_append_str(struct str *s, const char *text)
{
    str_append(s, text, strlen(text));
}

void str_append_char(struct str *s, char c)
{
    str_append(s, &c, 1);
}

void str_vappendf(struct str *s, const char *fmt, va_list args)
{
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    assert(len >= 0);
    str_reserve(s, (size_t)len);
    vsnprintf(s->data + s->len, (size_t)len + 1, fmt, args);
    s->len += (size_t)len;
}

void str_appendf(struct str *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    str_vappendf(s, fmt, args);
    va_end(args);
}

void str_consume(struct str *s, size_t len)
{
    assert(len <= s->len);
    if (len == 0)
        return;
    memmove(s->data, s->data + len, s->len - len);
    s->len -= len;
    s->data[s->len] = '\0';
}

char *str_steal(struct str *s)
{
    char *text = s->cap ? s->data : xstrdup("");

    str_init(s);
    return text;
}

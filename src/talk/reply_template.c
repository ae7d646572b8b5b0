/* SPDX-License-Identifier: ISC */
#include "talk/reply_template.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/xmalloc.h"

struct piece {
    char kind;        /* 'a', 'm', 'n', 't', or 0 for plain text */
    const char *text; /* in the template's copy */
    size_t len;
};

struct reply_template {
    char *text;
    struct piece *pieces;
    size_t count;
    bool has_time, has_peer;
};

static void add(struct reply_template *t, char kind, const char *text, size_t len)
{
    t->pieces = xreallocarray(t->pieces, t->count + 1, sizeof(*t->pieces));
    t->pieces[t->count++] = (struct piece){.kind = kind, .text = text, .len = len};
}

int reply_template_new(const char *text, struct reply_template **ret, struct err *err)
{
    struct reply_template *t = xcalloc(1, sizeof(*t));
    int code = 0;

    t->text = xstrdup(text);
    for (const char *at = t->text; *at;) {
        size_t plain = strcspn(at, "%");

        if (plain) {
            add(t, 0, at, plain);
            at += plain;
            continue;
        }
        switch (at[1]) {
        case '%':
            add(t, 0, at, 1);
            break;
        case 'a':
        case 'm':
        case 'n':
        case 't':
            add(t, at[1], NULL, 0);
            t->has_time |= at[1] == 't';
            t->has_peer |= at[1] == 'a';
            break;
        default:
            code = err_set(err, ERR_MISUSE, -EINVAL,
                _("--reply '%s': after %% comes a (address), m (message), n (number), t (time) or another "
                  "%%"),
                text);
            goto out;
        }
        at += 2;
    }
    *ret = t;
    t = NULL;
out:
    reply_template_free(t);
    return code;
}

void reply_template_free(struct reply_template *t)
{
    if (!t)
        return;
    free(t->pieces);
    free(t->text);
    free(t);
}

bool reply_template_has_time(const struct reply_template *t)
{
    return t->has_time;
}

bool reply_template_has_peer(const struct reply_template *t)
{
    return t->has_peer;
}

int reply_template_fill(
    const struct reply_template *t, const struct reply_values *values, size_t max, struct str *out)
{
    size_t sum = 0, peer_len = 0, time_len = 0, number_len;
    char number[24];

    number_len = (size_t)snprintf(number, sizeof(number), "%" PRIu64, values->number);
    if (t->has_peer)
        peer_len = strlen(values->peer);
    if (t->has_time)
        time_len = strlen(values->time);
    /* First how long it will be: a template of many %m makes much of a message. */
    for (int write = 0; write < 2; write++) {
        for (size_t i = 0; i < t->count; i++) {
            const struct piece *piece = &t->pieces[i];
            const void *text = piece->text;
            size_t len = piece->len;

            switch (piece->kind) {
            case 'a':
                text = values->peer;
                len = peer_len;
                break;
            case 'm':
                text = values->message;
                len = values->message_len;
                break;
            case 'n':
                text = number;
                len = number_len;
                break;
            case 't':
                text = values->time;
                len = time_len;
                break;
            default:
                break;
            }
            if (write)
                str_append(out, text, len);
            else if (len > max - sum)
                return -EMSGSIZE;
            else
                sum += len;
        }
        if (!write)
            str_reserve(out, sum);
    }
    return 0;
}

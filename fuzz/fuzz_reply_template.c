/* SPDX-License-Identifier: ISC */
/* A template, a NUL, and the message that is put in: never longer than allowed, and the message comes out
 * as often as the template says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "talk/reply_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reply_template *t;
    struct str out = STR_INIT;
    struct err err = {0};
    char *text = xmemdup0(data, size);
    size_t len = strlen(text);
    const char *message = len < size ? text + len + 1 : "";
    struct reply_values values = {
        .peer = "127.0.0.1:9000",
        .message = message,
        .message_len = len < size ? size - len - 1 : 0,
        .number = size,
        .time = "12:00:00",
    };

    if (reply_template_new(text, &t, &err) < 0) {
        check(err.kind == ERR_MISUSE && err.text[0]);
    } else {
        str_append_str(&out, "before");
        if (reply_template_fill(t, &values, 300, &out) < 0)
            check(out.len == strlen("before"));
        else
            check(out.len <= strlen("before") + 300);
        check(memcmp(out.data, "before", 6) == 0);
        reply_template_free(t);
    }
    str_done(&out);
    free(text);
    return 0;
}

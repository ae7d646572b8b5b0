/* SPDX-License-Identifier: ISC */
/* Whatever the bytes are, what becomes of them is text of HTML and XML: UTF-8 with nothing in it that begins
 * a tag, ends an attribute, or that XML 1.0 does not have. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/utf8.h"
#include "show/markup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str out = STR_INIT;

    markup_add(&out, data, size);
    for (size_t at = 0; at < out.len;) {
        uint32_t code = 0;
        int bytes = utf8_decode(out.data + at, out.len - at, &code);

        if (bytes < 1 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '<' || code == '>' ||
            code == '"' || code == '\'' || code == 0xfffe || code == 0xffff)
            abort();
        at += (size_t)bytes;
    }
    str_done(&out);
    return 0;
}

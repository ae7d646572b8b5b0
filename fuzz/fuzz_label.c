/* SPDX-License-Identifier: ISC */
/* What a conversation opens with: whatever it is, the label has a name if it is one, no text if it is none,
 * and a text no longer than it may be. */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "wire/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int is_stream = 0; is_stream < 2; is_stream++) {
        struct str text = STR_INIT;
        enum label label = label_of(cursor_of(data, size), is_stream, &text);

        check((label_name(label) == NULL) == (label == LABEL_NONE));
        check(label != LABEL_NONE || text.len == 0);
        check(text.len <= LABEL_TEXT_MAX_BYTES);
        check(is_stream || label == LABEL_NONE || label == LABEL_DNS);
        str_done(&text);
    }
    return 0;
}

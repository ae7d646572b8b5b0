/* SPDX-License-Identifier: ISC */
/* The first byte chooses the encoding, the second how chunks cut the rest. What a peer sends becomes valid
 * UTF-8, the same however it was cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"GBK", "GB18030", "BIG5", "SHIFT_JIS", "EUC-KR", "ISO-8859-1", "UTF-8"};

static void check(int holds)
{
    if (!holds)
        abort();
}

static void decode(const char *name, const uint8_t *data, size_t size, size_t piece, struct str *out)
{
    struct encoding *e;
    struct err err;

    check(encoding_new(name, &e, &err) == 0);
    while (size) {
        size_t len = piece < size ? piece : size;

        encoding_decode(e, out, data, len);
        data += len;
        size -= len;
    }
    encoding_decode_end(e, out);
    encoding_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str whole = STR_INIT, pieces = STR_INIT, back = STR_INIT;
    struct encoding *e;
    struct err err;
    const char *name;

    if (size < 2)
        return 0;
    name = names[data[0] % (sizeof(names) / sizeof(names[0]))];
    decode(name, data + 2, size - 2, size, &whole);
    decode(name, data + 2, size - 2, 1 + data[1] % 7, &pieces);
    check(utf8_is_valid(whole.data, whole.len));
    check(whole.len == pieces.len && memcmp(whole.data, pieces.data, whole.len) == 0);

    check(encoding_new(name, &e, &err) == 0);
    encoding_encode(e, &back, data + 2, size - 2);
    encoding_free(e);
    str_done(&whole);
    str_done(&pieces);
    str_done(&back);
    return 0;
}

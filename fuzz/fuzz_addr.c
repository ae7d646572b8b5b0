/* SPDX-License-Identifier: ISC */
/* The first byte chooses calling or listening. What is read must come back when it is written and read again,
 * and what is refused must be refused in one line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xmalloc.h"
#include "net/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char formed[ADDR_TEXT_BYTES], again[ADDR_TEXT_BYTES];
    struct addr a = {0}, b = {0};
    struct err err = {0};
    enum addr_use use;
    char *text;

    if (size < 1)
        return 0;
    use = data[0] & 1 ? ADDR_LISTEN : ADDR_CALL;
    text = xmemdup0(data + 1, size - 1);
    if (addr_parse(&a, text, use, &err) < 0) {
        check(err.kind == ERR_MISUSE && err.text[0]);
        check(!utf8_is_valid(text, strlen(text)) || utf8_is_valid(err.text, strlen(err.text)));
    } else {
        addr_format(&a, formed);
        check(addr_parse(&b, formed, use, &err) == 0);
        check(a.scheme == b.scheme && a.port == b.port && strcmp(a.path, b.path) == 0);
        check(strcmp(a.host, b.host) == 0);
        check(strcmp(addr_format(&b, again), formed) == 0);
        check(use == ADDR_LISTEN || addr_is_local(a.scheme) || (a.host[0] && a.port));
    }
    free(text);
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* Selectors and orders of any bytes. The first byte says which order the text behind it is given to: either
 * it is read, or one line says what is wrong. A selector that is read is printed as one that means the same,
 * and no packet, whatever its lengths, meets a fate that could not be carried out. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "lab/fates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_error(const struct err *err)
{
    check(err->kind == ERR_MISUSE && err->text[0] && utf8_is_plain(err->text, strlen(err->text)));
}

static void check_selector(const char *text)
{
    struct str once = STR_INIT, twice = STR_INIT;
    struct selector s, again;
    struct err err = {0};

    if (selector_parse(text, &s, &err) < 0) {
        check_error(&err);
        return;
    }
    selector_print(&once, &s);
    check(selector_parse(once.data, &again, NULL) == 0);
    selector_print(&twice, &again);
    check(strcmp(once.data, twice.data) == 0);
    str_done(&once);
    str_done(&twice);
}

static void check_fate(struct fates *f, const struct packet *packet, uint32_t bytes, int64_t now_ns)
{
    struct selectee s = {.from = bytes & 1 ? LAB_CLIENT : LAB_SERVER, .packet = packet};
    struct fate fate;

    fates_decide(f, &s, bytes, now_ns, &fate);
    check(fate.delay_ns >= 0 && fate.copies <= FATES_COPIES_MAX && fate.kept_bytes <= bytes);
    check(fate.corrupt_bit >= -1 && fate.corrupt_bit < (int32_t)(8 * bytes));
    check((fate.reason == FATES_PASSED) == !fate.text);
    check(!fate.is_dropped || fate.text);
    check(!fate.text || utf8_is_plain(fate.text, strlen(fate.text)));
}

static void check_order(enum fates_order order, const char *text)
{
    static const uint32_t lengths[] = {0, 1, 20, 1500, 65535};
    struct packet packet = {
        .kind = PACKET_TCP, .ip = {.version = 4, .header_bytes = 20}, .tcp.flags = TCP_ACK};
    struct fates *f = fates_new(1);
    struct err err = {0};

    if (fates_add(f, order, text, &err) < 0) {
        check_error(&err);
        check(fates_are_none(f));
    } else {
        for (uint32_t i = 0; i < 25; i++) {
            packet.payload_bytes = packet.payload_captured = lengths[i / 5];
            check_fate(f, &packet, lengths[i % 5], (int64_t)i * 1000000000);
        }
    }
    fates_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0)
        return 0;
    text = xmemdup0(data + 1, size - 1);
    check_selector(text);
    check_order((enum fates_order)(data[0] % FATES_ORDERS), text);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* Filters on packets of each link type, on those that an expression says nothing about, and expressions that
 * are none. */
#include "see/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/link.h"

/* 127.0.0.1:1 to 127.0.0.1:80, a SYN. */
static const uint8_t syn[] = {0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1, 0, 1, 0,
    80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0};

struct frame {
    uint8_t data[128];
    struct pcapfile_packet packet;
};

static struct pcapfile_packet *frame_of(struct frame *frame, uint16_t linktype)
{
    static const uint8_t ethernet[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0};
    static const uint8_t sll[] = {0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0};
    static const uint8_t sll2[] = {8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0};
    static const uint8_t null[] = {2, 0, 0, 0};
    static const struct {
        uint16_t linktype;
        const uint8_t *data;
        uint8_t len;
    } heads[] = {
        {LINKTYPE_ETHERNET, ethernet, sizeof(ethernet)}, {LINKTYPE_LINUX_SLL, sll, sizeof(sll)},
        {LINKTYPE_LINUX_SLL2, sll2, sizeof(sll2)}, {LINKTYPE_NULL, null, sizeof(null)},
        {LINKTYPE_RAW, NULL, 0}, {LINKTYPE_RAW_BSD, NULL, 0}, {LINKTYPE_RAW_OPENBSD, NULL, 0},
        {LINKTYPE_IPV4, NULL, 0}, {105, NULL, 0}, /* 802.11 */
    };
    size_t len = 0;

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        if (heads[i].linktype == linktype && heads[i].data) {
            len = heads[i].len;
            memcpy(frame->data, heads[i].data, len);
        }
    memcpy(frame->data + len, syn, sizeof(syn));
    frame->packet = (struct pcapfile_packet){
        .data = frame->data,
        .captured_bytes = (uint32_t)(len + sizeof(syn)),
        .wire_bytes = (uint32_t)(len + sizeof(syn)),
        .linktype = linktype,
        .number = 7,
    };
    return &frame->packet;
}

static int match(const char *expression, uint16_t linktype, struct err *err)
{
    struct filter *f = NULL;
    struct frame frame;
    int result;

    assert_int_equal(filter_new(expression, &f, err), 0);
    result = filter_matches(f, frame_of(&frame, linktype), err);
    filter_free(f);
    return result;
}

static void test_each_link_type(void **state)
{
    static const uint16_t linktypes[] = {LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2,
        LINKTYPE_NULL, LINKTYPE_RAW, LINKTYPE_RAW_BSD, LINKTYPE_RAW_OPENBSD, LINKTYPE_IPV4};
    struct err err;

    for (size_t i = 0; i < sizeof(linktypes) / sizeof(linktypes[0]); i++) {
        assert_int_equal(match("tcp port 80 and host 127.0.0.1", linktypes[i], &err), 1);
        assert_int_equal(match("tcp[tcpflags] & tcp-syn != 0", linktypes[i], &err), 1);
        assert_int_equal(match("udp or port 81", linktypes[i], &err), 0);
        assert_int_equal(match("", linktypes[i], &err), 1);
    }
}

static void test_a_cut_packet_does_not_match(void **state)
{
    struct filter *f = NULL;
    struct frame frame;
    struct pcapfile_packet *packet = frame_of(&frame, LINKTYPE_ETHERNET);
    struct err err;

    assert_int_equal(filter_new("tcp port 80", &f, &err), 0);
    assert_int_equal(filter_matches(f, packet, &err), 1);
    packet->captured_bytes = 14 + 20 + 2;
    assert_int_equal(filter_matches(f, packet, &err), 0);
    filter_free(f);
}

static void test_what_a_link_type_does_not_have(void **state)
{
    struct err err;

    assert_int_equal(match("ether src 07:08:09:0a:0b:0c", LINKTYPE_ETHERNET, &err), 1);
    assert_int_equal(match("ifindex 7", LINKTYPE_LINUX_SLL2, &err), 1);
    assert_true(match("ether src 07:08:09:0a:0b:0c", LINKTYPE_RAW, &err) < 0);
    assert_int_equal(err.kind, ERR_MISUSE);
    assert_non_null(strstr(err.text, "cannot be applied to packets of link type raw IP"));
    assert_non_null(strstr(err.text, "number 7"));
    /* Not decoded, so nothing that matches. */
    assert_int_equal(match("tcp", 105, &err), 0);
}

static void test_no_filter_at_all(void **state)
{
    static const char *const wrong[] = {
        "tcp prot 80", "host 1.2.3.4.5", "(", "port http or", "tcp port 99999"};
    struct filter *f = NULL;
    struct err err;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_true(filter_new(wrong[i], &f, &err) < 0);
        assert_null(f);
        assert_int_equal(err.kind, ERR_MISUSE);
        assert_non_null(strstr(err.text, wrong[i]));
        assert_null(strchr(err.text, '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_link_type),
        cmocka_unit_test(test_a_cut_packet_does_not_match),
        cmocka_unit_test(test_what_a_link_type_does_not_have),
        cmocka_unit_test(test_no_filter_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* What is joined and what is not, and a kernel that takes only some, or refuses what is joined. */
#include "net/dgram_queue.h"

#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct endpoint peer(uint16_t port)
{
    struct endpoint e;

    assert_int_equal(endpoint_from_numeric(&e, "127.0.0.1", port), 0);
    return e;
}

static void add(struct dgram_queue *q, uint16_t port, uint8_t fill, size_t len)
{
    struct endpoint to = peer(port);
    uint8_t *data = malloc(len + 1);

    memset(data, fill, len);
    dgram_queue_add(q, &to, data, len, true);
    free(data);
}

static void expect_batch(const struct dgram_queue *q, int count, const size_t *lens)
{
    struct dgram_sending sending;

    assert_int_equal(dgram_queue_batch(q, &sending), count);
    for (int i = 0; i < count; i++) {
        if (sending.iov[i].iov_len != lens[i])
            fail_msg("entry %d has %zu bytes, not %zu", i, sending.iov[i].iov_len, lens[i]);
    }
}

#define expect(q, ...)                                                                                       \
    expect_batch(q, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), (size_t[]){__VA_ARGS__})

static void equal_ones_for_one_peer_join(void **state)
{
    struct dgram_queue q;

    dgram_queue_init(&q);
    add(&q, 1, 'a', 100);
    add(&q, 1, 'b', 100);
    add(&q, 1, 'c', 40); /* the shorter one ends it */
    add(&q, 1, 'd', 40);
    add(&q, 1, 'e', 40);
    add(&q, 2, 'f', 40); /* another peer */
    add(&q, 2, 'g', 41); /* a longer one */
    add(&q, 2, 'h', 0);  /* nothing stands alone */
    add(&q, 2, 'i', 41);
    add(&q, 2, 'j', 1453); /* too large for the way */
    add(&q, 2, 'k', 1453);
    expect(&q, 240, 80, 40, 41, 0, 41, 1453, 1453);
    assert_int_equal(dgram_queue_runs(&q), 8);
    dgram_queue_sent(&q, 8);
    assert_true(dgram_queue_is_empty(&q));
    assert_int_equal(dgram_queue_bytes(&q), 0);
    dgram_queue_done(&q);
}

static void the_kernels_limits_hold(void **state)
{
    struct dgram_queue q;

    dgram_queue_init(&q);
    for (int i = 0; i < 65; i++)
        add(&q, 1, 'a', 10);
    for (int i = 0; i < 46; i++)
        add(&q, 2, 'b', 1452);
    expect(&q, 640, 10, 45 * 1452, 1452);
    dgram_queue_done(&q);
}

static void bursts_are_joined_from_the_start(void **state)
{
    static uint8_t data[DGRAM_JOINED_BYTES_MAX * 2];
    struct endpoint to = peer(1);
    struct dgram_queue q;

    dgram_queue_init(&q);
    dgram_queue_add_burst(&q, &to, data, 250, 100);
    dgram_queue_add_burst(&q, &to, data, 100, 100);
    dgram_queue_add_burst(&q, NULL, data, 130, 1);
    expect(&q, 250, 100, 64, 64, 2);
    dgram_queue_sent(&q, 5);
    dgram_queue_add_burst(&q, &to, data, 46 * 1452, 1452);
    dgram_queue_add_burst(&q, &to, data, 3000, 1453); /* too large for the way */
    expect(&q, 45 * 1452, 1452, 1453, 1453, 94);
    dgram_queue_sent(&q, 5);
    assert_true(dgram_queue_is_empty(&q));
    dgram_queue_done(&q);
}

static void the_address_asked_keeps_them_apart(void **state)
{
    struct endpoint one = peer(1), two = peer(1);
    struct dgram_queue q;
    struct dgram_sending sending;

    assert_int_equal(endpoint_from_numeric(&one, "127.0.0.1", 1), 0);
    two.asked.s6_addr[15] = 2;
    dgram_queue_init(&q);
    dgram_queue_add(&q, &one, "a", 1, true);
    dgram_queue_add(&q, &two, "b", 1, true);
    dgram_queue_add(&q, &two, "c", 1, true);
    assert_int_equal(dgram_queue_batch(&q, &sending), 2);
    assert_int_equal(sending.msgs[0].msg_hdr.msg_controllen, 0);
    assert_int_equal(sending.msgs[1].msg_hdr.msg_controllen,
        CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)));
    dgram_queue_done(&q);
}

static void refused_joined_goes_one_by_one(void **state)
{
    struct dgram_queue q;
    struct dgram_sending sending;

    dgram_queue_init(&q);
    for (int i = 0; i < 3; i++)
        add(&q, 1, (uint8_t)('a' + i), 500);
    add(&q, 1, 'd', 7);
    add(&q, 2, 'e', 9);
    assert_true(dgram_queue_split(&q));
    assert_false(dgram_queue_split(&q));
    expect(&q, 500, 500, 500, 7, 9);
    dgram_queue_sent(&q, 2);
    expect(&q, 500, 7, 9);
    assert_int_equal(dgram_queue_batch(&q, &sending), 3);
    assert_int_equal(*(uint8_t *)sending.iov[0].iov_base, 'c');
    assert_int_equal(sending.msgs[0].msg_hdr.msg_controllen, 0);
    dgram_queue_sent(&q, 2);
    assert_false(dgram_queue_split(&q)); /* a single one */
    dgram_queue_sent(&q, 1);

    /* From now on only smaller ones join. */
    add(&q, 1, 'a', 500);
    add(&q, 1, 'b', 500);
    add(&q, 1, 'c', 499);
    add(&q, 1, 'd', 499);
    expect(&q, 500, 500, 998);
    dgram_queue_done(&q);
}

static void a_kernel_that_takes_one_at_a_time(void **state)
{
    struct dgram_queue q;
    struct dgram_sending sending;
    struct endpoint to = peer(1);
    int in = 0, out = 0;

    dgram_queue_init(&q);
    for (int round = 0; round < 3000; round++) {
        for (int i = 0; i < 1 + round % 3; i++, in++)
            dgram_queue_add(&q, &to, &in, sizeof(in), false);
        for (int i = 0; i < 2 && !dgram_queue_is_empty(&q); i++, out++) {
            assert_true(dgram_queue_batch(&q, &sending) > 0);
            assert_memory_equal(sending.iov[0].iov_base, &out, sizeof(out));
            dgram_queue_sent(&q, 1);
        }
        assert_int_equal(dgram_queue_runs(&q), in - out);
    }
    dgram_queue_done(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_ones_for_one_peer_join),
        cmocka_unit_test(the_kernels_limits_hold),
        cmocka_unit_test(bursts_are_joined_from_the_start),
        cmocka_unit_test(the_address_asked_keeps_them_apart),
        cmocka_unit_test(refused_joined_goes_one_by_one),
        cmocka_unit_test(a_kernel_that_takes_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

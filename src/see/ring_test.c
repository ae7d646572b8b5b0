/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "see/ring.h"
#include "wire/pcapfile.h"

/* The byte at a place of a packet, by its number: what is read back can be checked without a copy. */
static uint8_t byte_of(uint64_t number, size_t at)
{
    return (uint8_t)(number * 31 + at * 7 + (at >> 8));
}

static void add(struct ring *r, uint64_t number, uint32_t bytes)
{
    uint8_t *data = malloc(bytes ? bytes : 1);

    for (size_t i = 0; i < bytes; i++)
        data[i] = byte_of(number, i);
    ring_add(r, &(struct ring_packet){.data = data,
                    .captured_bytes = bytes,
                    .wire_bytes = bytes + 1,
                    .number = number,
                    .time_ns = (int64_t)number * 1000,
                    .linktype = (uint16_t)number});
    /* What was given is gone: the ring has its own. */
    memset(data, 0xee, bytes);
    free(data);
}

static void check(const struct ring_packet *p, uint64_t number, uint32_t bytes)
{
    assert_int_equal(p->number, number);
    assert_int_equal(p->captured_bytes, bytes);
    assert_int_equal(p->wire_bytes, bytes + 1);
    assert_int_equal(p->time_ns, number * 1000);
    assert_int_equal(p->linktype, (uint16_t)number);
    for (size_t i = 0; i < bytes; i++)
        if (p->data[i] != byte_of(number, i))
            fail_msg("packet %d differs at byte %d", (int)number, (int)i);
}

static void what_goes_in_comes_out_in_order(void **state)
{
    struct ring *r = ring_new(RING_BYTES_MIN);
    struct ring_packet p;

    assert_int_equal(ring_count(r), 0);
    assert_false(ring_find(r, 1, &p));
    for (uint32_t i = 1; i <= 3000; i++)
        add(r, i * 2, i % 200);
    assert_int_equal(ring_count(r), 3000);
    assert_int_equal(ring_gone(r), 0);
    for (uint32_t i = 1; i <= 3000; i++) {
        ring_at(r, i - 1, &p);
        check(&p, i * 2, i % 200);
        assert_true(ring_find(r, i * 2, &p));
        check(&p, i * 2, i % 200);
        /* Numbers between them were somebody else's. */
        assert_false(ring_find(r, i * 2 + 1, &p));
    }
    ring_free(r);
}

static void the_oldest_go_first(void **state)
{
    struct ring *r = ring_new(RING_BYTES_MIN);
    struct ring_packet p;

    for (uint64_t i = 0; i < 5000; i++)
        add(r, i, 1000);
    assert_in_range(ring_count(r), 900, 1100);
    assert_int_equal(ring_gone(r) + ring_count(r), 5000);
    assert_false(ring_find(r, ring_gone(r) - 1, &p));
    for (size_t i = 0; i < ring_count(r); i++) {
        ring_at(r, i, &p);
        check(&p, ring_gone(r) + i, 1000);
    }
    ring_free(r);
}

/* Many small ones cost what is known of them, too. */
static void empty_packets_are_bounded(void **state)
{
    struct ring *r = ring_new(RING_BYTES_MIN);

    for (uint64_t i = 0; i < 100000; i++)
        add(r, i, 0);
    assert_in_range(ring_count(r), 10000, RING_BYTES_MIN / 32);
    assert_in_range(ring_bytes(r), RING_BYTES_MIN - 100, RING_BYTES_MIN);
    ring_free(r);
}

static void the_longest_packet_fits_into_the_smallest_ring(void **state)
{
    struct ring *r = ring_new(0);
    struct ring_packet p;

    for (uint64_t i = 0; i < 20; i++) {
        add(r, i, PCAPFILE_PACKET_MAX_BYTES);
        ring_at(r, ring_count(r) - 1, &p);
        check(&p, i, PCAPFILE_PACKET_MAX_BYTES);
        assert_in_range(ring_bytes(r), 1, RING_BYTES_MIN);
    }
    assert_true(ring_count(r) >= 2);
    ring_free(r);
}

/* Lengths by chance, from nothing to the longest, many times round: what is there is always whole, in order
 * and within the bounds. */
static void stress(void **state)
{
    enum { PACKETS = 60000 };
    struct ring *r = ring_new(RING_BYTES_MIN);
    uint32_t *bytes = xcalloc(PACKETS, sizeof(*bytes)), seed = 12345;
    struct ring_packet p;

    for (uint64_t i = 0; i < PACKETS; i++) {
        size_t count, at;

        seed = seed * 1664525 + 1013904223;
        bytes[i] = seed >> 8;
        bytes[i] = seed % 500 == 0 ? bytes[i] % (PCAPFILE_PACKET_MAX_BYTES + 1)
                   : seed % 5 == 0 ? bytes[i] % 3
                                   : bytes[i] % 1500;
        add(r, i, bytes[i]);
        count = ring_count(r);
        assert_true(count >= 1);
        assert_int_equal(ring_gone(r) + count, i + 1);
        assert_in_range(ring_bytes(r), 1, RING_BYTES_MIN);
        /* The ends, and one somewhere: all of them each time would take minutes. */
        at = seed / 3 % count;
        ring_at(r, 0, &p);
        check(&p, ring_gone(r), bytes[ring_gone(r)]);
        ring_at(r, count - 1, &p);
        check(&p, i, bytes[i]);
        ring_at(r, at, &p);
        check(&p, ring_gone(r) + at, bytes[ring_gone(r) + at]);
    }
    for (size_t i = 0; i < ring_count(r); i++) {
        ring_at(r, i, &p);
        check(&p, ring_gone(r) + i, bytes[ring_gone(r) + i]);
    }
    free(bytes);
    ring_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out_in_order),
        cmocka_unit_test(the_oldest_go_first),
        cmocka_unit_test(empty_packets_are_bounded),
        cmocka_unit_test(the_longest_packet_fits_into_the_smallest_ring),
        cmocka_unit_test(stress),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

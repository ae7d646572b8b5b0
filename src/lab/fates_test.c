/* SPDX-License-Identifier: ISC */
/* Orders and their errors; each fate by itself, and together; the virtual clock of a link; chance: the same
 * seed, the same fates, whatever else is on the wire, and as often as was ordered. Seeds are fixed, so that
 * what is counted is the same in every run. */
#include "lab/fates.h"

#include "lab/selectee_for_test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

/* ---- packets without a conversation, of which only side and size tell ---- */

static struct packet plain(uint32_t payload)
{
    return (struct packet){.kind = PACKET_UDP,
        .layer = PACKET_TRANSPORT,
        .ip = {.version = 4, .protocol = IP_PROTOCOL_UDP, .header_bytes = 20},
        .payload_bytes = payload,
        .payload_captured = payload};
}

static struct fate decide(struct fates *f, enum lab_side from, uint32_t bytes, int64_t now_ns)
{
    struct packet packet = plain(bytes - 28);
    struct selectee s = {.from = from, .packet = &packet};
    struct fate fate;

    fates_decide(f, &s, bytes, now_ns, &fate);
    return fate;
}

static struct fates *ordered(uint64_t seed, enum fates_order order, const char *text)
{
    struct fates *f = fates_new(seed);
    struct err err = {0};

    if (fates_add(f, order, text, &err) < 0)
        fail_msg("%s", err.text);
    return f;
}

static void order(struct fates *f, enum fates_order kind, const char *text)
{
    assert_int_equal(fates_add(f, kind, text, NULL), 0);
}

/* ---- a conversation's packets ---- */

struct wire {
    struct talk *t;
    struct fates *f;
    struct packet packet;
};

static struct wire wire_new(uint64_t seed)
{
    const struct follow_options options = {.close = true};

    return (struct wire){.t = talk_new(&options, true), .f = fates_new(seed)};
}

static void wire_done(struct wire *w)
{
    talk_free(w->t);
    fates_free(w->f);
}

static struct fate say(struct wire *w, const char *line)
{
    struct selectee s;
    struct fate fate;

    selectee_say(w->t, line, &w->packet, &s);
    fates_decide(w->f, &s, 40 + w->packet.payload_bytes, w->t->followed.time_ns, &fate);
    return fate;
}

/* ---- texts ---- */

static void none(void **state)
{
    struct fates *f = fates_new(1);
    struct fate fate = decide(f, LAB_CLIENT, 100, 0);

    assert_true(fates_are_none(f));
    assert_false(fate.is_dropped || fate.has_reset || fate.is_reordered || fate.is_late);
    assert_int_equal(fate.reason, FATES_PASSED);
    assert_null(fate.text);
    assert_true(fate.delay_ns == 0);
    assert_int_equal(fate.corrupt_bit, -1);
    assert_int_equal(fate.kept_bytes, 100);
    order(f, FATES_DROP, "5%");
    assert_false(fates_are_none(f));
    fates_free(f);
    fates_free(NULL);
}

static void texts(void **state)
{
    static const struct {
        enum fates_order order;
        const char *text;
    } rows[] = {
        {FATES_DROP, "syn+ack#1"},
        {FATES_DROP, "5%"},
        {FATES_DROP, "20% data from server"},
        {FATES_DROP, "from server"},
        {FATES_DROP, "any"},
        {FATES_DELAY, "40ms"},
        {FATES_DELAY, "200ms data#3"},
        {FATES_DELAY, "300ms 1%"},
        {FATES_DELAY, "1% 300ms data"},
        {FATES_DELAY, "1h"},
        {FATES_JITTER, ".5ms from client"},
        {FATES_DUPLICATE, "fin#1"},
        {FATES_DUPLICATE, "2%"},
        {FATES_DUPLICATE, "16 any"},
        {FATES_REORDER, "5%"},
        {FATES_REORDER, "3ms data#2"},
        {FATES_CORRUPT, "0.01%"},
        {FATES_TRUNCATE, "0 data#1"},
        {FATES_RATE, "1mbit"},
        {FATES_RATE, "64kbit from server"},
        {FATES_QUEUE, "64K"},
        {FATES_QUEUE, "0"},
        {FATES_MTU, "1280"},
        {FATES_MTU_SILENT, "576 from server"},
        {FATES_DOWN, "2s-5s"},
        {FATES_DOWN, "1s-"},
        {FATES_DOWN, "0-500ms from client"},
        {FATES_VANISH, "server after data#3"},
        {FATES_VANISH, "Client at 2s"},
        {FATES_RESET, "client after data#2"},
        {FATES_RESET, "server after syn+ack"},
    };
    struct fates *f = fates_new(1);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err = {0};

        if (fates_add(f, rows[i].order, rows[i].text, &err) < 0)
            fail_msg("%s", err.text);
    }
    fates_free(f);
}

static void errors(void **state)
{
    static const struct {
        enum fates_order order;
        const char *text, *why;
    } rows[] = {
        {FATES_DROP, "",
            "drop \"\": it does not say which packets (right would be: syn+ack#1, 5%, 20% data from server)"},
        {FATES_DROP, "5", "\"5\" is neither a percentage, such as 5%, nor a kind of packet"},
        {FATES_DROP, "5% 6%", "there are two percentages"},
        {FATES_DROP, "101%", "\"101%\" is more than 100%"},
        {FATES_DROP, "5x%", "\"5x%\" is no percentage"},
        {FATES_DROP, "5% sny", "drop \"5% sny\": \"sny\" is no kind of packet; did you mean syn?"},
        {FATES_DROP, "\x1b[2J", "drop \"\\x1b[2J\": "},
        {FATES_DELAY, "", "delay \"\": its value is missing (right would be: 40ms, 200ms data#3, 300ms 1%)"},
        {FATES_DELAY, "data#1", "its value is missing"},
        {FATES_DELAY, "40 ms", "\"ms\" is no kind of packet"},
        {FATES_DELAY, "40x", "\"40x\" is no time; such as 40ms, 1.5s"},
        {FATES_DELAY, "61m", "\"61m\" is too long; an hour is the most"},
        {FATES_DELAY, "1ms 2ms", "\"2ms\" is one value too many"},
        {FATES_DUPLICATE, "17 data", "\"17\" is not within 1 to 16"},
        {FATES_DUPLICATE, "1.5 data", "\"1.5\" is no whole number"},
        {FATES_REORDER, "", "it does not say which packets"},
        {FATES_TRUNCATE, "data#1", "its value is missing"},
        {FATES_TRUNCATE, "20x data", "\"20x\" is no number of bytes"},
        {FATES_QUEUE, "2G", "\"2G\" is more than 1 GiB"},
        {FATES_RATE, "1mb", "\"1mb\" is no rate; such as 64kbit"},
        {FATES_RATE, "10", "\"10\" is not within 1kbit to 1000gbit"},
        {FATES_RATE, "1mbit data", "it is of all packets, or of all \"from client\" or \"from server\""},
        {FATES_RATE, "5%", "it is not left to chance"},
        {FATES_MTU, "67", "\"67\" is not within 68 to 65535"},
        {FATES_MTU, "1280 #2", "it is of all packets"},
        {FATES_DOWN, "2s", "it takes two times after the first packet"},
        {FATES_DOWN, "-2s", "it takes two times"},
        {FATES_DOWN, "5s-2s", "the second time is not later than the first"},
        {FATES_DOWN, "xs-2s", "is no time"},
        {FATES_VANISH, "", "it does not say which host"},
        {FATES_VANISH, "sever at 2s", "\"sever\" is neither client nor server; did you mean server?"},
        {FATES_VANISH, "server", "it does not say when: \"after\" a packet or \"at\" a time"},
        {FATES_VANISH, "server at", "is no time"},
        {FATES_VANISH, "server at 2s 3s", "\"3s\" is not understood here"},
        {FATES_VANISH, "server after", "no packets are named"},
        {FATES_RESET, "client at 2s", "it does not say \"after\" which packet"},
    };
    struct fates *f = fates_new(1);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err = {0};

        assert_true(fates_add(f, rows[i].order, rows[i].text, &err) < 0);
        assert_int_equal(err.kind, ERR_MISUSE);
        if (!strstr(err.text, rows[i].why))
            fail_msg("%s \"%s\" says: %s", fates_order_name(rows[i].order), rows[i].text, err.text);
    }
    assert_true(fates_are_none(f));
    fates_free(f);
}

static void limits(void **state)
{
    struct fates *f = fates_new(1);
    char text[FATES_TEXT_MAX + 2];
    struct err err;

    memset(text, ' ', sizeof(text));
    text[0] = '1';
    text[1] = '%';
    text[FATES_TEXT_MAX + 1] = '\0';
    assert_true(fates_add(f, FATES_DROP, text, &err) < 0);
    assert_non_null(strstr(err.text, "it is longer than 256 bytes"));
    for (unsigned i = 0; i < FATES_ORDERS_MAX; i++)
        order(f, FATES_DROP, "data#1000");
    assert_true(fates_add(f, FATES_DROP, "data", &err) < 0);
    assert_string_equal(err.text, "drop: there are more than 256 orders");
    assert_false(decide(f, LAB_CLIENT, 100, 0).is_dropped);
    fates_free(f);
}

/* ---- exact ones ---- */

static void drops(void **state)
{
    struct wire w = wire_new(1);
    struct fate fate;

    order(w.f, FATES_DROP, "  SYN+ack#1 ");
    order(w.f, FATES_DROP, "ack of handshake");
    assert_false(say(&w, "0.000 a S").is_dropped);
    fate = say(&w, "0.010 b SA");
    assert_true(fate.is_dropped);
    assert_int_equal(fate.reason, FATES_BY_ORDER);
    assert_string_equal(fate.text, "drop SYN+ack#1");
    assert_false(say(&w, "1.010 b SA seq=0 ack=1").is_dropped);
    fate = say(&w, "1.020 a A");
    assert_true(fate.is_dropped);
    assert_string_equal(fate.text, "drop ack of handshake");
    assert_false(say(&w, "1.030 a PA len=5").is_dropped);
    wire_done(&w);
}

/* What one order has dropped still counts for the others. */
static void numbers_count_all(void **state)
{
    struct wire w = wire_new(1);

    order(w.f, FATES_DROP, "data#1");
    order(w.f, FATES_DROP, "data#2 from client");
    assert_true(say(&w, "0.000 a PA len=5").is_dropped);
    assert_true(say(&w, "0.200 a PA len=5 seq=1").is_dropped);
    assert_false(say(&w, "0.600 a PA len=5 seq=1").is_dropped);
    wire_done(&w);
}

static void delays_add_up(void **state)
{
    struct wire w = wire_new(1);
    struct fate fate;

    order(w.f, FATES_DELAY, "40ms");
    order(w.f, FATES_DELAY, "200ms data#2");
    order(w.f, FATES_DELAY, "1ms from server");
    fate = say(&w, "0.000 a PA len=5");
    assert_true(fate.delay_ns == 40 * MS);
    assert_int_equal(fate.reason, FATES_PASSED);
    assert_false(fate.is_late);
    fate = say(&w, "0.001 a PA len=5");
    assert_true(fate.delay_ns == 240 * MS);
    assert_true(fate.is_late);
    assert_string_equal(fate.text, "delay 200ms data#2");
    assert_true(say(&w, "0.002 b A").delay_ns == 41 * MS);
    wire_done(&w);
}

static void copies(void **state)
{
    struct fates *f = ordered(1, FATES_DUPLICATE, "#1");

    order(f, FATES_DUPLICATE, "3 #1-2");
    order(f, FATES_DUPLICATE, "16 #2");
    assert_int_equal(decide(f, LAB_CLIENT, 100, 0).copies, 4);
    assert_int_equal(decide(f, LAB_CLIENT, 100, 0).copies, FATES_COPIES_MAX);
    assert_int_equal(decide(f, LAB_CLIENT, 100, 0).copies, 0);
    fates_free(f);
}

static void reorders(void **state)
{
    struct fates *f = ordered(1, FATES_REORDER, "#2");
    struct fate fate;

    order(f, FATES_REORDER, "7ms #3");
    assert_false(decide(f, LAB_CLIENT, 100, 0).is_reordered);
    fate = decide(f, LAB_CLIENT, 100, 0);
    assert_true(fate.is_reordered && fate.delay_ns == FATES_REORDER_DEFAULT_NS);
    assert_string_equal(fate.text, "reorder #2");
    assert_true(decide(f, LAB_CLIENT, 100, 0).delay_ns == 7 * MS);
    fates_free(f);
}

static void corrupts(void **state)
{
    struct fates *f = ordered(3, FATES_CORRUPT, "any");
    uint64_t seen = 0;

    for (int i = 0; i < 200; i++) {
        int32_t bit = decide(f, LAB_CLIENT, 36, 0).corrupt_bit;

        /* 8 bytes of payload behind 28 of headers */
        assert_in_range(bit, 28 * 8, 36 * 8 - 1);
        seen |= UINT64_C(1) << (bit - 28 * 8);
        bit = decide(f, LAB_CLIENT, 28, 0).corrupt_bit;
        assert_in_range(bit, 20 * 8, 28 * 8 - 1);
        assert_in_range(decide(f, LAB_CLIENT, 29, 0).corrupt_bit, 28 * 8, 29 * 8 - 1);
    }
    assert_true(__builtin_popcountll(seen) > 48); /* of 64; 61 are expected */
    fates_free(f);
}

/* What a header says is no measure of what there is. */
static void hostile_lengths(void **state)
{
    struct fates *f = ordered(3, FATES_CORRUPT, "any");
    struct packet packet = plain(60000);
    struct selectee s = {.from = LAB_CLIENT, .packet = &packet};
    struct fate fate;

    order(f, FATES_TRUNCATE, "10 any");
    packet.ip.header_bytes = 400;
    for (uint32_t bytes = 0; bytes < 100; bytes++) {
        packet.payload_captured = 60000;
        fates_decide(f, &s, bytes, 0, &fate);
        assert_in_range(fate.corrupt_bit + 1, bytes ? 1 : 0, 8 * bytes);
        assert_true(fate.kept_bytes <= bytes);
        packet.payload_captured = 0;
        fates_decide(f, &s, bytes, 0, &fate);
        assert_in_range(fate.corrupt_bit + 1, bytes ? 1 : 0, 8 * bytes);
    }
    fates_free(f);
}

static void truncates(void **state)
{
    struct fates *f = ordered(1, FATES_TRUNCATE, "20 #1-2");

    assert_int_equal(decide(f, LAB_CLIENT, 128, 0).kept_bytes, 48);
    assert_int_equal(decide(f, LAB_CLIENT, 40, 0).kept_bytes, 40); /* it has only 12 */
    assert_int_equal(decide(f, LAB_CLIENT, 128, 0).kept_bytes, 128);
    fates_free(f);
}

/* The graver one is the reason. */
static void reasons(void **state)
{
    struct fates *f = ordered(1, FATES_CORRUPT, "100%");

    order(f, FATES_DELAY, "1ms #1");
    order(f, FATES_DUPLICATE, "#1");
    order(f, FATES_DROP, "#3");
    assert_string_equal(decide(f, LAB_CLIENT, 100, 0).text, "duplicate #1");
    assert_string_equal(decide(f, LAB_CLIENT, 100, 0).text, "corrupt 100%");
    assert_int_equal(decide(f, LAB_CLIENT, 100, 0).reason, FATES_BY_ORDER);
    assert_int_equal(decide(f, LAB_CLIENT, 100, 0).reason, FATES_BY_CHANCE);
    fates_free(f);
}

/* ---- the link ---- */

static void a_rate_is_exact(void **state)
{
    struct fates *f = ordered(1, FATES_RATE, "8kbit from client");
    int64_t now = 5 * S;

    /* 1000 bytes take a second */
    assert_true(decide(f, LAB_CLIENT, 1000, now).delay_ns == S);
    assert_true(decide(f, LAB_CLIENT, 500, now).delay_ns == 3 * S / 2);
    assert_true(decide(f, LAB_CLIENT, 100, now + S).delay_ns == 6 * S / 10);
    assert_true(decide(f, LAB_SERVER, 1000, now).delay_ns == 0);
    /* it is idle again */
    assert_true(decide(f, LAB_CLIENT, 1000, now + 9 * S).delay_ns == S);
    fates_free(f);
}

/* A third of a nanosecond a packet is not lost: 8 bits at 3 Gbit/s. */
static void a_rate_has_no_drift(void **state)
{
    struct fates *f = ordered(1, FATES_RATE, "3gbit");
    struct packet packet = plain(0);
    struct selectee s = {.from = LAB_CLIENT, .packet = &packet};
    struct fate fate;

    for (int i = 0; i < 3000; i++)
        fates_decide(f, &s, 1, 0, &fate);
    assert_true(fate.delay_ns == 8000);
    fates_free(f);
}

static void a_queue_is_limited(void **state)
{
    struct fates *f = ordered(1, FATES_RATE, "8kbit");
    struct fate fate;

    order(f, FATES_QUEUE, "1500 from client");
    /* The link is free: it goes at once, however small the queue. */
    assert_false(decide(f, LAB_CLIENT, 2000, 0).is_dropped);
    fate = decide(f, LAB_CLIENT, 100, 0); /* 2000 wait */
    assert_true(fate.is_dropped);
    assert_int_equal(fate.reason, FATES_BY_QUEUE);
    assert_string_equal(fate.text, "queue 1500 from client");
    assert_false(decide(f, LAB_CLIENT, 500, S).is_dropped); /* 1000 wait */
    assert_true(decide(f, LAB_CLIENT, 1, S).is_dropped);    /* 1500 */
    assert_false(decide(f, LAB_CLIENT, 1, S + MS).is_dropped);
    /* The other way has the queue of a rate. */
    for (uint32_t bytes = 0; bytes < FATES_QUEUE_DEFAULT_BYTES; bytes += 1024)
        assert_false(decide(f, LAB_SERVER, 1024, 0).is_dropped);
    fate = decide(f, LAB_SERVER, 1024, 0);
    assert_true(fate.is_dropped);
    assert_string_equal(fate.text, "rate 8kbit");
    fates_free(f);
}

/* The later order counts, and the greatest values there may be are still numbers. */
static void extreme_links(void **state)
{
    struct fates *f = ordered(1, FATES_RATE, "1mbit");
    int64_t before = 0;

    order(f, FATES_RATE, "1kbit");
    order(f, FATES_QUEUE, "1G");
    for (int i = 0; i < 16385; i++) {
        struct fate fate = decide(f, LAB_CLIENT, 65535, 0);

        if (i < 16384) {
            assert_true(!fate.is_dropped && fate.delay_ns == before + INT64_C(65535) * 8 * MS);
            before = fate.delay_ns;
        }
    }
    assert_false(decide(f, LAB_CLIENT, 1, INT64_MAX / 4).is_dropped);
    fates_free(f);
}

static void a_dropped_packet_took_its_time(void **state)
{
    struct fates *f = ordered(1, FATES_RATE, "8kbit");

    order(f, FATES_DROP, "#1");
    assert_true(decide(f, LAB_CLIENT, 1000, 0).is_dropped);
    assert_true(decide(f, LAB_CLIENT, 1000, 0).delay_ns == 2 * S);
    fates_free(f);
}

static void mtu(void **state)
{
    struct fates *f = ordered(1, FATES_MTU, "1280 from server");
    struct packet later = {.kind = PACKET_FRAGMENT, .ip = {.version = 4, .protocol = IP_PROTOCOL_UDP}};
    struct packet error = {.kind = PACKET_ICMP, .icmp.is_error = true};
    struct selectee s = {.from = LAB_SERVER, .packet = &later};
    struct fate fate;

    assert_false(decide(f, LAB_SERVER, 1280, 0).is_dropped);
    assert_false(decide(f, LAB_CLIENT, 1500, 0).is_dropped);
    fate = decide(f, LAB_SERVER, 1281, 0);
    assert_true(fate.is_dropped);
    assert_int_equal(fate.too_big_mtu, 1280);
    assert_int_equal(fate.reason, FATES_BY_MTU);
    assert_string_equal(fate.text, "mtu 1280 from server");
    fates_decide(f, &s, 1500, 0, &fate);
    assert_true(fate.is_dropped && fate.too_big_mtu == 0);
    s.packet = &error;
    fates_decide(f, &s, 1500, 0, &fate);
    assert_true(fate.is_dropped && fate.too_big_mtu == 0);
    order(f, FATES_MTU_SILENT, "600");
    fate = decide(f, LAB_SERVER, 1281, 0);
    assert_true(fate.is_dropped && fate.too_big_mtu == 0);
    assert_string_equal(fate.text, "mtu-silent 600");
    fates_free(f);
}

static void link_down(void **state)
{
    struct fates *f = ordered(1, FATES_DOWN, "2s-5s");
    struct fate fate;

    order(f, FATES_DOWN, "6s- from server");
    assert_false(decide(f, LAB_CLIENT, 100, 2 * S - 1).is_dropped);
    fate = decide(f, LAB_CLIENT, 100, 2 * S);
    assert_true(fate.is_dropped);
    assert_int_equal(fate.reason, FATES_BY_LINK_DOWN);
    assert_string_equal(fate.text, "down 2s-5s");
    assert_true(decide(f, LAB_SERVER, 100, 5 * S - 1).is_dropped);
    assert_false(decide(f, LAB_SERVER, 100, 5 * S).is_dropped);
    assert_true(decide(f, LAB_SERVER, 100, 1000 * S).is_dropped);
    assert_false(decide(f, LAB_CLIENT, 100, 1000 * S).is_dropped);
    fates_free(f);
}

static void vanishing(void **state)
{
    struct wire w = wire_new(1);
    const char *text = NULL;
    struct fate fate;

    order(w.f, FATES_VANISH, "server after data#1");
    order(w.f, FATES_DELAY, "10ms from server");
    order(w.f, FATES_DROP, "#4 from server");
    assert_false(say(&w, "0.000 a S").is_dropped);
    assert_false(say(&w, "0.010 b SA").is_dropped);
    assert_false(fates_has_vanished(w.f, LAB_SERVER, 0, NULL));
    assert_false(say(&w, "0.030 a PA len=5").is_dropped); /* it comes */
    assert_true(fates_has_vanished(w.f, LAB_SERVER, 0, &text));
    assert_string_equal(text, "vanish server after data#1");
    assert_false(fates_has_vanished(w.f, LAB_CLIENT, INT64_MAX, NULL));
    fate = say(&w, "0.040 b A");
    assert_true(fate.is_dropped);
    assert_int_equal(fate.reason, FATES_BY_VANISHED);
    fate = say(&w, "0.300 a PA len=5 seq=1");
    assert_true(fate.is_dropped);
    assert_string_equal(fate.text, "vanish server after data#1");
    wire_done(&w);
}

static void vanishing_by_time(void **state)
{
    struct fates *f = ordered(1, FATES_VANISH, "client at 2s");

    assert_false(decide(f, LAB_SERVER, 100, 2 * S - 1).is_dropped);
    assert_true(decide(f, LAB_SERVER, 100, 2 * S).is_dropped);
    assert_true(decide(f, LAB_CLIENT, 100, 3 * S).is_dropped);
    fates_free(f);
}

static void resets(void **state)
{
    struct wire w = wire_new(1);
    struct fate fate;

    order(w.f, FATES_RESET, "client after data");
    order(w.f, FATES_DROP, "data#1");
    assert_false(say(&w, "0.000 a S").has_reset);
    fate = say(&w, "0.010 a PA len=1");
    assert_true(fate.has_reset && fate.is_dropped);
    assert_int_equal(fate.reset_to, LAB_CLIENT);
    assert_string_equal(fate.text, "drop data#1");
    assert_false(say(&w, "0.020 a PA len=1").has_reset);
    wire_done(&w);
    /* Of UDP there is none. */
    w = wire_new(1);
    order(w.f, FATES_RESET, "client after data");
    assert_false(say(&w, "0.000 a U len=1").has_reset);
    wire_done(&w);
}

/* ---- chance ---- */

#define BULK 400

/* The fates of BULK segments of a bulk transfer in a text, a letter each. begin: packets of another
 * conversation come before and among them. */
static void bulk(uint64_t seed, const char *orders[], unsigned count, bool among_others, char ret[BULK + 1])
{
    struct wire w = wire_new(seed);

    for (unsigned i = 0; i < count; i++)
        order(w.f, FATES_DROP, orders[i]);
    for (unsigned i = 0; i < BULK; i++) {
        char line[64];

        snprintf(line, sizeof(line), "%u.%03u a PA len=100 seq=%u ack=%u", i / 1000, i % 1000, 1 + 100 * i,
            among_others ? 1 + i : 1);
        ret[i] = say(&w, line).is_dropped ? 'x' : '.';
        if (among_others && i % 3 == 0) {
            snprintf(line, sizeof(line), "%u.%03u b.1 PA len=100", i / 1000, i % 1000);
            say(&w, line);
        }
    }
    ret[BULK] = '\0';
    wire_done(&w);
}

static unsigned count_of(const char *text, char c)
{
    unsigned count = 0;

    for (; *text; text++)
        count += *text == c;
    return count;
}

static void same_seed_same_fates(void **state)
{
    const char *orders[] = {"20%"};
    char one[BULK + 1], again[BULK + 1], others[BULK + 1], another[BULK + 1];

    bulk(7, orders, 1, false, one);
    bulk(7, orders, 1, false, again);
    assert_string_equal(one, again);
    /* Whatever else is on the wire, and however far the other side's numbers are. */
    bulk(7, orders, 1, true, others);
    assert_string_equal(one, others);
    bulk(8, orders, 1, false, another);
    assert_string_not_equal(one, another);
    assert_in_range(count_of(one, 'x'), 50, 110);
    assert_in_range(count_of(another, 'x'), 50, 110);
}

/* Two orders are two throws of the dice. */
static void orders_are_independent(void **state)
{
    const char *orders[] = {"50%", "50%"};
    char text[BULK + 1];

    bulk(7, orders, 2, false, text);
    assert_in_range(count_of(text, 'x'), 260, 340); /* three quarters */
}

/* A segment that is sent again has another chance, so none is lost for ever. */
static void sent_again(void **state)
{
    struct wire w = wire_new(7);
    unsigned longest = 0, dropped = 0;

    order(w.f, FATES_DROP, "50%");
    for (unsigned i = 0; i < 200; i++) {
        char line[64];

        snprintf(line, sizeof(line), "%u.000 a PA len=100 seq=1 ack=1", i);
        if (say(&w, line).is_dropped)
            dropped++;
        else
            dropped = 0;
        longest = dropped > longest ? dropped : longest;
    }
    assert_in_range(longest, 2, 20);
    wire_done(&w);
}

static void as_often_as_ordered(void **state)
{
    static const struct {
        const char *text;
        unsigned least, most;
    } rows[] = {
        {"0%", 0, 0},
        {"0.1%", 50, 150},
        {"1%", 900, 1100},
        {"5%", 4750, 5250},
        {"50%", 49400, 50600},
        {"100%", 100000, 100000},
        {"50% from server", 0, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fates *f = ordered(1234, FATES_DROP, rows[i].text);
        unsigned dropped = 0;

        for (unsigned p = 0; p < 100000; p++)
            dropped += decide(f, LAB_CLIENT, 28 + p % 1000, p).is_dropped;
        assert_in_range(dropped, rows[i].least, rows[i].most);
        fates_free(f);
    }
}

/* More packets than are remembered: the count of the older ones begins again, and nothing else happens. */
static void much_is_forgotten(void **state)
{
    struct fates *f = ordered(1, FATES_DROP, "50%");
    struct packet packet = plain(0);
    struct selectee s = {.from = LAB_CLIENT, .packet = &packet};
    struct fate fate;
    unsigned dropped = 0;

    for (uint32_t i = 0; i < 4 * FATES_REMEMBERED; i++) {
        packet.payload_bytes = i;
        fates_decide(f, &s, 100, 0, &fate);
        dropped += fate.is_dropped;
    }
    assert_in_range(dropped, 130000, 132200);
    fates_free(f);
}

struct sample {
    double mean_ms, deviation_ms, least_ms, most_ms;
};

/* 20000 packets, far from each other so that order does not matter, delayed by 100 ms. */
static struct sample sample(enum fates_distribution distribution)
{
    struct fates *f = ordered(99, FATES_JITTER, "10ms");
    struct sample s = {.least_ms = 1e9, .most_ms = -1e9};
    double sum = 0, squares = 0;
    const int count = 20000;

    order(f, FATES_DELAY, "100ms");
    fates_set_distribution(f, distribution);
    for (int i = 0; i < count; i++) {
        double ms = (double)decide(f, LAB_CLIENT, 100, i * 10 * S).delay_ns / 1e6 - 100;

        sum += ms;
        squares += ms * ms;
        s.least_ms = ms < s.least_ms ? ms : s.least_ms;
        s.most_ms = ms > s.most_ms ? ms : s.most_ms;
    }
    fates_free(f);
    s.mean_ms = sum / count;
    s.deviation_ms = squares / count - s.mean_ms * s.mean_ms; /* squared */
    return s;
}

static void assert_between(double value, double least, double most)
{
    if (value < least || value > most)
        fail_msg("%f is not within %f to %f", value, least, most);
}

static void distributions(void **state)
{
    struct sample s = sample(FATES_UNIFORM);

    assert_between(s.mean_ms, -.2, .2);
    assert_between(s.deviation_ms, 32.3, 34.3); /* 100 / 3 */
    assert_between(s.least_ms, -10, -9.98);
    assert_between(s.most_ms, 9.98, 10);
    s = sample(FATES_NORMAL);
    assert_between(s.mean_ms, -.3, .3);
    assert_between(s.deviation_ms, 96, 104);
    assert_between(s.least_ms, -40, -30);
    assert_between(s.most_ms, 30, 40);
    s = sample(FATES_PARETO);
    assert_between(s.mean_ms, 9.5, 10.5);
    assert_between(s.least_ms, 0, .01);
    assert_between(s.most_ms, 100, 500);
}

/* Packets of a burst arrive as they were sent, and none before it was. */
static void jitter_keeps_the_order(void **state)
{
    static const enum fates_distribution all[] = {FATES_UNIFORM, FATES_NORMAL, FATES_PARETO};

    for (size_t d = 0; d < COUNT(all); d++) {
        struct fates *f = ordered(5, FATES_JITTER, "10ms");
        int64_t before = 0, late = 0;

        fates_set_distribution(f, all[d]);
        order(f, FATES_DELAY, "2ms");
        for (int64_t now = 0; now < 1000 * MS; now += MS) {
            int64_t delay = decide(f, LAB_CLIENT, 100, now).delay_ns;

            assert_true(delay >= 0 && now + delay >= before);
            late += delay > 2 * MS;
            before = now + delay;
        }
        assert_true(late > 100);
        fates_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),
        cmocka_unit_test(texts),
        cmocka_unit_test(errors),
        cmocka_unit_test(limits),
        cmocka_unit_test(drops),
        cmocka_unit_test(numbers_count_all),
        cmocka_unit_test(delays_add_up),
        cmocka_unit_test(copies),
        cmocka_unit_test(reorders),
        cmocka_unit_test(corrupts),
        cmocka_unit_test(hostile_lengths),
        cmocka_unit_test(truncates),
        cmocka_unit_test(reasons),
        cmocka_unit_test(a_rate_is_exact),
        cmocka_unit_test(a_rate_has_no_drift),
        cmocka_unit_test(a_queue_is_limited),
        cmocka_unit_test(extreme_links),
        cmocka_unit_test(a_dropped_packet_took_its_time),
        cmocka_unit_test(mtu),
        cmocka_unit_test(link_down),
        cmocka_unit_test(vanishing),
        cmocka_unit_test(vanishing_by_time),
        cmocka_unit_test(resets),
        cmocka_unit_test(same_seed_same_fates),
        cmocka_unit_test(orders_are_independent),
        cmocka_unit_test(sent_again),
        cmocka_unit_test(as_often_as_ordered),
        cmocka_unit_test(much_is_forgotten),
        cmocka_unit_test(distributions),
        cmocka_unit_test(jitter_keeps_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

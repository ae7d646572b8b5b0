/* SPDX-License-Identifier: ISC */
/* A ladder as an SVG document: what a reader sees of it, and that strangers' text stays text. */
#include "show/ladder_svg.h"

#include "see/talk_for_test.h"
#include "show/rung_svg.h"

static const struct follow_options close_look = {.close = true, .findings = true, .labels = true};

static struct str drawn(struct talk *t, bool absolute)
{
    const struct ladder_svg_options o = {.absolute = absolute};
    struct str out = STR_INIT;

    ladder_svg(&out, t->ladder, &o);
    talk_free(t);
    return out;
}

static unsigned times(const struct str *in, const char *part)
{
    unsigned count = 0;

    for (const char *at = in->data; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}

static void check_has(const struct str *in, const char *part)
{
    if (!times(in, part))
        fail_msg("no \"%s\" in %s", part, in->data);
}

static void a_rung_a_packet(void **state)
{
    struct str svg = drawn(TALK(&close_look, true, TALK_OPEN, "1 a FA", "1.01 b FA", "1.02 a A"), false);

    assert_int_equal(strncmp(svg.data, "<svg xmlns=", 11), 0);
    /* Six packets, and pauses that have no tip. */
    assert_int_equal(times(&svg, "<g class=\"rung\"") - times(&svg, "class=\"v\""), 6);
    assert_int_equal(times(&svg, "<title>"), 6);
    check_has(&svg, ">ESTABLISHED</text>");
    check_has(&svg, ">TIME_WAIT</text>");
    check_has(&svg, "10.0.0.1:40000");
    str_done(&svg);
}

static void numbers_as_they_are(void **state)
{
    struct str relative = drawn(TALK(&close_look, true, TALK_OPEN), false);
    struct str absolute = drawn(TALK(&close_look, true, TALK_OPEN), true);

    check_has(&relative, "seq=0");
    check_has(&absolute, "seq=4294967040");
    assert_int_equal(times(&absolute, "seq=0<"), 0);
    str_done(&relative);
    str_done(&absolute);
}

static void what_is_wrong_is_said(void **state)
{
    struct str svg = drawn(
        TALK(&close_look, true, TALK_OPEN, "0.1 a PA len=100", "0.4 a PA len=100 seq=1", "0.42 b A"), false);

    check_has(&svg, "<path class=\"a w\"");
    check_has(&svg, "retransmission");
    str_done(&svg);
}

static const char *id_of(struct str *out, const struct ladder *l, const struct rung *rung)
{
    rung_svg_id(out, l, rung);
    return out->data;
}

/* In two halves, whose ids differ; the words of a stranger's note stay text. */
static void under_way(void **state)
{
    static const struct ladder_options options = {.every = true};
    struct talk *t = talk_new(&close_look, true);
    const struct ladder_extra leaves = {.fate = FATE_DELIVERED, .part = RUNG_LEAVES};
    const struct ladder_extra arrives = {
        .fate = FATE_CORRUPTED, .part = RUNG_ARRIVES, .flight_ns = 40000000, .note = "corrupt <b>\x1b"};
    const struct ladder_svg_options o = {0};
    static const uint8_t no_options[1];
    const struct packet packet = {.tcp = {.options = no_options, .header_bytes = 20}};
    struct ladder *l = ladder_new(&options);
    struct str svg = STR_INIT, left = STR_INIT, arrived = STR_INIT;

    assert_true(talk_say(t, "0 a S"));
    t->followed.packet = &packet; /* the one that talk_say made is gone */
    ladder_add(l, &t->followed, &leaves);
    ladder_add(l, &t->followed, &arrives);
    follow_finish(t->f);
    ladder_end(l, &t->ended[0]);
    ladder_svg(&svg, l, &o);
    check_has(&svg, "is under way");
    check_has(&svg, "40.0 ms under way");
    check_has(&svg, "damaged on the way");
    check_has(&svg, "corrupt &lt;b&gt;\\x1b");
    assert_string_equal(id_of(&left, l, ladder_rung(l, 0)), "c1-1");
    assert_string_equal(id_of(&arrived, l, ladder_rung(l, 1)), "c1-1-arrives");
    assert_true(rung_svg_find(l, 1) == ladder_rung(l, 0));
    assert_int_equal(times(&svg, "class=\"a c "), 2);
    str_done(&svg);
    str_done(&left);
    str_done(&arrived);
    ladder_free(l);
    talk_free(t);
}

static void runs_are_thick_and_errors_dashed(void **state)
{
    struct str run = drawn(TALK(&close_look, false, TALK_OPEN, "0.1 a A len=1000", "0.11 a A len=1000",
                               "0.12 a A len=1000", "0.13 a A len=1000", "0.14 a A len=1000", "0.15 b A"),
        false);
    struct str error = drawn(TALK(&close_look, false, "0 a S", "0.1 b ICMP 3 3"), false);

    check_has(&run, "class=\"a r n\"");
    check_has(&run, "5 segments");
    check_has(&error, "class=\"a c e\"");
    check_has(&error, "port unreachable");
    str_done(&run);
    str_done(&error);
}

static void strangers_write_no_tags(void **state)
{
    struct str svg = drawn(
        TALK(&close_look, true, TALK_OPEN, "0.1 a PA text=GET /</title><script>\"&\x1b HTTP/1.1\r\n\r\n"),
        false);

    assert_int_equal(times(&svg, "<script"), 0);
    check_has(&svg, "&lt;/title&gt;&lt;script&gt;&quot;&amp;");
    assert_null(strchr(svg.data, '\x1b'));
    str_done(&svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rung_a_packet),
        cmocka_unit_test(numbers_as_they_are),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(under_way),
        cmocka_unit_test(runs_are_thick_and_errors_dashed),
        cmocka_unit_test(strangers_write_no_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* The table by itself: RFC 9293's diagram, arrow by arrow; that nothing leads anywhere else. */
#include "see/tcpstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void arrows_of_the_diagram(void **state)
{
    static const struct {
        enum flow_state from;
        enum tcpstate_event event;
        enum flow_state to;
    } arrows[] = {
        {FLOW_CLOSED, TCPSTATE_SENDS_SYN, FLOW_SYN_SENT},
        {FLOW_LISTEN, TCPSTATE_GETS_SYN, FLOW_SYN_RECEIVED},
        {FLOW_LISTEN, TCPSTATE_SENDS_SYN, FLOW_SYN_SENT},
        {FLOW_SYN_SENT, TCPSTATE_GETS_SYN, FLOW_SYN_RECEIVED},
        {FLOW_SYN_SENT, TCPSTATE_GETS_SYN_ACK, FLOW_ESTABLISHED},
        {FLOW_SYN_RECEIVED, TCPSTATE_GETS_ACK_OF_SYN, FLOW_ESTABLISHED},
        {FLOW_SYN_RECEIVED, TCPSTATE_SENDS_FIN, FLOW_FIN_WAIT_1},
        {FLOW_ESTABLISHED, TCPSTATE_SENDS_FIN, FLOW_FIN_WAIT_1},
        {FLOW_ESTABLISHED, TCPSTATE_GETS_FIN, FLOW_CLOSE_WAIT},
        {FLOW_FIN_WAIT_1, TCPSTATE_GETS_ACK_OF_FIN, FLOW_FIN_WAIT_2},
        {FLOW_FIN_WAIT_1, TCPSTATE_GETS_FIN, FLOW_CLOSING},
        {FLOW_FIN_WAIT_2, TCPSTATE_GETS_FIN, FLOW_TIME_WAIT},
        {FLOW_CLOSE_WAIT, TCPSTATE_SENDS_FIN, FLOW_LAST_ACK},
        {FLOW_CLOSING, TCPSTATE_GETS_ACK_OF_FIN, FLOW_TIME_WAIT},
        {FLOW_LAST_ACK, TCPSTATE_GETS_ACK_OF_FIN, FLOW_CLOSED},
    };

    for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++) {
        assert_int_equal(tcpstate_after(arrows[i].from, arrows[i].event), arrows[i].to);
        assert_false(tcpstate_is_inferred(arrows[i].from, arrows[i].event));
    }
}

static void reset_ends_everything_but_a_listener(void **state)
{
    for (int from = FLOW_UNKNOWN; from < FLOW_STATES; from++) {
        assert_int_equal(tcpstate_after((enum flow_state)from, TCPSTATE_SENDS_RST), FLOW_CLOSED);
        assert_int_equal(tcpstate_after((enum flow_state)from, TCPSTATE_GETS_RST),
            from == FLOW_LISTEN ? FLOW_LISTEN : FLOW_CLOSED);
    }
}

/* Whatever happens to a connection that is closing, it is never open again. */
static void nothing_opens_what_closes(void **state)
{
    for (int from = FLOW_FIN_WAIT_1; from < FLOW_STATES; from++)
        for (int event = 0; event < TCPSTATE_EVENTS; event++) {
            enum flow_state to = tcpstate_after((enum flow_state)from, (enum tcpstate_event)event);

            assert_true(to >= FLOW_FIN_WAIT_1 || to == FLOW_CLOSED);
            assert_false(tcpstate_is_inferred((enum flow_state)from, (enum tcpstate_event)event));
        }
}

static void names(void **state)
{
    assert_string_equal(flow_state_name(FLOW_UNKNOWN), "?");
    assert_string_equal(flow_state_name(FLOW_ESTABLISHED), "ESTABLISHED");
    assert_string_equal(flow_state_name(FLOW_TIME_WAIT), "TIME_WAIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrows_of_the_diagram),
        cmocka_unit_test(reset_ends_everything_but_a_listener),
        cmocka_unit_test(nothing_opens_what_closes),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

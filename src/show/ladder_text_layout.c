/* SPDX-License-Identifier: ISC */
/* Where everything of a ladder stands is worked out anew for each call, from the ladder and the columns there
 * are: it is cheap, and a screen that is made wider just draws again. */
#include "show/ladder_text_inside.h"

#include "base/str.h"
#include "see/tcpstate.h"
#include "show/text.h"

#define COLUMNS_FOR_NUMBERS 100
#define COLUMNS_FOR_FULL_STATES 80
#define COLUMNS_FOR_BOTH_TIMES 72
#define TIME_COLUMNS_MIN 8 /* "0.000021" */
#define TIME_COLUMNS_MAX 10
#define STATE_COLUMNS 12 /* SYN_RECEIVED */
#define BRIEF_STATE_COLUMNS 9
/* With room for such a lane, and for notes beside it, both are made. */
#define LANE_COLUMNS_ENOUGH 60
#define LANE_COLUMNS_MAX 76
#define NOTES_COLUMNS_MIN 28

bool ladder_text_is_udp(const struct ladder *l)
{
    const struct conversation *c = ladder_conversation(l);

    return c && c->protocol == IP_PROTOCOL_UDP;
}

static int digits_of(uint64_t number)
{
    int digits = 1;

    while (number /= 10)
        digits++;
    return digits;
}

static const struct rung *last_rung(const struct ladder *l)
{
    return ladder_count(l) ? ladder_rung(l, ladder_count(l) - 1) : NULL;
}

static int time_columns(const struct ladder *l)
{
    const struct rung *last = last_rung(l);
    int64_t ns = last ? traffic_between_ns(last->end_ns, ladder_start_ns(l)) : 0;
    int columns = digits_of(ns > 0 ? (uint64_t)ns / 1000000000 : 0) + 7;

    return columns > TIME_COLUMNS_MAX ? TIME_COLUMNS_MAX : columns;
}

struct ladder_layout ladder_text_layout(const struct ladder *l, int columns)
{
    struct ladder_layout y = {.columns = traffic_columns(columns)};
    int room;

    y.has_delta = y.columns >= COLUMNS_FOR_BOTH_TIMES;
    y.time = y.has_delta ? time_columns(l) : TIME_COLUMNS_MIN;
    y.has_states = !ladder_text_is_udp(l);
    y.is_brief = y.columns < COLUMNS_FOR_FULL_STATES;
    y.state = !y.has_states ? 0 : 1 + (y.is_brief ? BRIEF_STATE_COLUMNS : STATE_COLUMNS);
    if (y.columns >= COLUMNS_FOR_NUMBERS) {
        y.number = last_rung(l) ? digits_of(last_rung(l)->last_number) : 1;
        y.line_a += y.number + 1;
    }
    y.line_a += y.time + 1 + (y.has_delta ? LADDER_DELTA_COLUMNS + 1 : 0) + y.state;
    room = y.columns - y.line_a - 2 - y.state;
    y.lane = room < LANE_COLUMNS_MAX ? room : LANE_COLUMNS_MAX;
    if (room >= LANE_COLUMNS_ENOUGH + 2 + NOTES_COLUMNS_MIN) {
        y.lane = room * 11 / 20;
        y.lane = y.lane < LANE_COLUMNS_ENOUGH ? LANE_COLUMNS_ENOUGH
                 : y.lane > LANE_COLUMNS_MAX  ? LANE_COLUMNS_MAX
                                              : y.lane;
        y.notes = room - y.lane - 2;
    }
    y.line_b = y.line_a + 1 + y.lane;
    y.notes_at = y.line_b + 1 + y.state + 1;
    return y;
}

void ladder_text_put_right(struct painted *out, enum style style, const struct str *text, int at, int columns)
{
    painted_pad(out, at + columns - text_columns(text->data, text->len));
    painted_add(out, style, text->data, text->len);
}

/* ---- states ---- */

/* As tools abbreviate them (ss, netstat), where there is no room for RFC 9293's names. */
static const char *state_text(enum flow_state state, bool is_brief)
{
    static const char *const brief[FLOW_STATES] = {
        [FLOW_SYN_RECEIVED] = "SYN_RCVD",
        [FLOW_ESTABLISHED] = "ESTAB",
        [FLOW_FIN_WAIT_1] = "FINWAIT1",
        [FLOW_FIN_WAIT_2] = "FINWAIT2",
        [FLOW_CLOSE_WAIT] = "CLOSEWAIT",
    };

    return is_brief && brief[state] ? brief[state] : flow_state_name(state);
}

enum style ladder_text_side_style(unsigned side)
{
    return side == FLOW_A ? STYLE_ME : STYLE_THEM;
}

void ladder_text_put_state(struct painted *out, const struct ladder_layout *y, unsigned side,
    enum flow_state state, bool is_inferred)
{
    struct str text = STR_INIT;
    int columns;

    str_appendf(
        &text, "%s%s", is_inferred && state != FLOW_UNKNOWN ? "~" : "", state_text(state, y->is_brief));
    columns = (int)text.len;
    if (side == FLOW_A)
        painted_pad(out, y->line_a - columns - (columns < y->state));
    else if (columns < y->state)
        painted_pad(out, y->line_b + 2);
    painted_add(out, is_inferred ? STYLE_DIM : ladder_text_side_style(side), text.data, text.len);
    str_done(&text);
}

bool ladder_text_is_never_heard(const struct conversation *c)
{
    return c && (c->opened == OPENED_UNANSWERED || c->opened == OPENED_UNREACHABLE);
}

/* SPDX-License-Identifier: ISC */
/* How a connection ends. */
#include "base/i18n.h"
#include "lab/lessons.h"

static const struct act hang_up[] = {{ACT_CONNECT, 0}, {ACT_SEND, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};

/* Longer than the 40 ms within which the ACK of the FIN is held back in hope of company. */
static const struct act close_late[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 5},
    {ACT_RECEIVE_END, 0}, {ACT_WAIT, 100}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act close_at_once[] = {
    {ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 5}, {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};

const struct lesson lesson_close = {
    .name = "close",
    .title = N_("four segments to close"),
    .before =
        N_("The client hangs up first. The server hears of it, takes a tenth of a second, and hangs up too."),
    .why = N_("Each direction is closed for itself: FIN says \"I have no more to send\", and the other "
              "side's ACK says "
              "\"I have heard it\". The server's kernel acknowledges at once, but only its application can "
              "decide to "
              "close: so its FIN comes later, in a segment of its own. Two FINs and two ACKs are four."),
    .question =
        N_("Between the second and the third segment the client is in FIN_WAIT2. May the server still send "
           "data?"),
    .answer =
        N_("Yes: only the client's direction is closed. That is a half-closed connection; try: landline lab "
           "half-close."),
    .acts = {[LAB_CLIENT] = hang_up, [LAB_SERVER] = close_late},
};

const struct lesson lesson_close3 = {
    .name = "close3",
    .title = N_("three segments to close"),
    .before = N_("The client hangs up, and the server does so as soon as it hears of it."),
    .why = N_("An ACK is not sent at once: the kernel waits up to 40 ms in hope of something to send it "
              "with. The server "
              "closed within that time, so its FIN took the ACK along: two of the four segments became one. "
              "The client "
              "went from FIN_WAIT1 to TIME_WAIT and never was in FIN_WAIT2."),
    .question = N_("Who decides whether it is three or four?"),
    .answer = N_("The side that closes second: its application, by how soon it calls close() after recv() "
                 "has returned "
                 "0."),
    .acts = {[LAB_CLIENT] = hang_up, [LAB_SERVER] = close_at_once},
};

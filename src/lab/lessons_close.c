/* SPDX-License-Identifier: ISC */
/* How a connection ends. */
#include "base/i18n.h"
#include "lab/lessons.h"

#define NS_PER_MS INT64_C(1000000)

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
        N_("The client hangs up first. The server hears of it, takes a tenth of a second, and hangs up too. "
           "Watch what follows the client's FIN."),
    .why = N_("A connection is two pipes, one each way, and each is closed for itself. FIN says \"I have no "
              "more to send\", and the ACK for it says \"I have heard so\". Two FINs and two ACKs are "
              "four.\n\n"
              "Why not three, as when it was opened? There the server's kernel had its SYN ready at once, "
              "and sent it along with its ACK. Here the kernel may acknowledge the FIN by itself, but only "
              "the program can say that it has no more to send: it may still be working on the answer. So "
              "ACK and FIN are sent at two different moments. Until then the client is in FIN_WAIT_2, and "
              "the server in CLOSE_WAIT. (RFC 9293, section 3.6)"),
    .question =
        N_("A server has thousands of connections in CLOSE_WAIT, and they never go away. Whose fault is it?"),
    .answer = N_(
        "Its own program's: the other side has closed, the kernel has acknowledged it, and the program does "
        "not call close(). There is no timer for CLOSE_WAIT, as the kernel cannot know what the program "
        "still wants to say."),
    .acts = {[LAB_CLIENT] = hang_up, [LAB_SERVER] = close_late},
};

const struct lesson lesson_close3 = {
    .name = "close3",
    .title = N_("three segments to close"),
    .before = N_("The client hangs up, and the server does so as soon as it hears of it."),
    .why = N_("An ACK by itself is not urgent: the kernel holds it back for up to 40 ms, in the hope that "
              "there will be something to send along with it. The server called close() within that time, so "
              "its FIN took the ACK along: two of the four segments became one. The client went from "
              "FIN_WAIT_1 to TIME_WAIT at once, and never was in FIN_WAIT_2 (RFC 9293 allows it: section "
              "3.10.7.4, a FIN that acknowledges ours).\n\n"
              "So in real captures three are at least as common as four. Nothing is skipped: both FINs and "
              "both ACKs are there, two of them in one segment."),
    .question = N_("Who decides whether it is three or four?"),
    .answer = N_("The side that closes second: its program, by how soon it calls close() after recv() "
                 "has returned 0."),
    .acts = {[LAB_CLIENT] = hang_up, [LAB_SERVER] = close_at_once},
};

/* ---- both at once ---- */

static const struct act close_with_the_server[] = {
    {ACT_CONNECT, 0}, {ACT_WAIT, 300}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act close_with_the_client[] = {
    {ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};
/* The server knows of the connection 300 ms after the client, and closes at once. With this for all packets
 * the kernels know how long it takes, and do not send the FINs again meanwhile. */
static const struct lesson_order long_way[] = {{FATES_DELAY, "300ms"}, {0, NULL}};

const struct lesson lesson_simultaneous_close = {
    .name = "simultaneous-close",
    .title = N_("both hang up at once"),
    .before = N_("Every packet takes 0.3 s here. Client and server hang up at the same moment, so that "
                 "their FINs pass each other on their way."),
    .why =
        N_("Each side has sent its FIN and waits in FIN_WAIT_1 for the ACK; what comes is the other's FIN "
           "instead. It has to be acknowledged, and the ACK for the own FIN is still missing: that is "
           "CLOSING. When it comes too, it is over, and both sides wait in TIME_WAIT, as each has sent an "
           "ACK of which it cannot know whether it has arrived. Usually only the side that closed first has "
           "to. CLOSING is the rarest of all states: you will hardly ever meet it outside of this lab. (RFC "
           "9293, section 3.6, figure 13)"),
    .question =
        N_("Compare FIN_WAIT_1 -> FIN_WAIT_2 with FIN_WAIT_1 -> CLOSING. What came, in the one case and "
           "in the other?"),
    .answer = N_("The ACK for the own FIN; and the other's FIN without that ACK. If both come in one "
                 "segment, it is TIME_WAIT at once (close3)."),
    .acts = {[LAB_CLIENT] = close_with_the_server, [LAB_SERVER] = close_with_the_client},
    .orders = long_way,
};

/* ---- half of it ---- */

static const struct act ask_and_listen[] = {
    {ACT_CONNECT, 0}, {ACT_SEND, 5}, {ACT_SHUTDOWN, 0}, {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act answer_after_the_end[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE_END, 0},
    {ACT_WAIT, 100}, {ACT_SEND, 500}, {ACT_WAIT, 100}, {ACT_SEND, 700}, {ACT_CLOSE, 0}, {ACT_END, 0}};

const struct lesson lesson_half_close = {
    .name = "half-close",
    .title = N_("one direction is closed, the other still speaks"),
    .before =
        N_("The client says five bytes and calls shutdown(SHUT_WR): that was my question. The server reads "
           "until the end, thinks, and answers in two parts."),
    .why = N_("shutdown(SHUT_WR) sends FIN, as close() does, but keeps the socket for reading. The client is "
              "in FIN_WAIT_2 all the time while the answer comes in, and goes on acknowledging it; the "
              "server is in CLOSE_WAIT, in which sending is allowed. For its program the FIN is recv() "
              "returning 0: the question is complete. So a stream has its end without a length having been "
              "sent before; sort and wc at the other end need just that.\n\n"
              "With close() in place of shutdown() nobody would be there to read the answer, and the kernel "
              "would answer the server's data with RST."),
    .question = N_("How long may a connection be half-closed?"),
    .answer = N_("For ever, if the client's program still has the socket. After close(), when nobody can "
                 "read any more, Linux keeps FIN_WAIT_2 for tcp_fin_timeout only: 60 s."),
    .acts = {[LAB_CLIENT] = ask_and_listen, [LAB_SERVER] = answer_after_the_end},
};

/* ---- something is lost ---- */

static const struct lesson_order drop_fin[] = {{FATES_DROP, "fin#1"}, {0, NULL}};

const struct lesson lesson_lost_fin = {
    .name = "lost-fin",
    .title = N_("the FIN is lost"),
    .before = N_("The client hangs up, and the wire drops its FIN. Its program has ended already: who will "
                 "send the FIN again?"),
    .why = N_("A FIN takes a number of its own, as if it were one more byte of data: so it is waited for, "
              "acknowledged, and sent again, like data. It is the kernel that does so, in FIN_WAIT_1, long "
              "after close() has returned and the program is gone. The server stays in ESTABLISHED as if "
              "nothing had been, until the second FIN comes.\n\n"
              "It did not take a second this time: a connection that has measured its round trips waits as "
              "long as they take, and at least 0.2 s (RFC 6298 says 1 s; Linux has known better networks)."),
    .question = N_("close() returned 0. Has the other side got all the data?"),
    .answer = N_("Nobody knows: it means that the kernel will try. To be sure, the other side has to say so: "
                 "shutdown(SHUT_WR), and then recv() until it returns 0, or an answer of the protocol's."),
    .acts = {[LAB_CLIENT] = hang_up, [LAB_SERVER] = close_at_once},
    .orders = drop_fin,
    .settle_ns = 20000 * NS_PER_MS,
    .timer = N_("Timer: the FIN is sent again after about 0.2 s, then after twice as long each time; a "
                "kernel without the program gives up after tcp_orphan_retries (8 times)."),
};

/* ---- who waits after the end ---- */

static const struct act hear_the_end[] = {
    {ACT_CONNECT, 0}, {ACT_RECEIVE_END, 0}, {ACT_WAIT, 100}, {ACT_CLOSE, 0}, {ACT_WAIT, 2500}, {ACT_END, 0}};
static const struct act hear_the_end_full[] = {
    {ACT_CONNECT, 0}, {ACT_RECEIVE_END, 0}, {ACT_WAIT, 100}, {ACT_CLOSE, 0}, {ACT_WAIT, 64000}, {ACT_END, 0}};
static const struct act close_first[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_CLOSE, 0},
    {ACT_CLOSE_LISTENER, 0}, {ACT_WAIT, 1000}, {ACT_LISTEN, 8}, {ACT_END, 0}};
static const struct act close_first_full[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_CLOSE, 0},
    {ACT_CLOSE_LISTENER, 0}, {ACT_WAIT, 1000}, {ACT_MAY_FAIL, 0}, {ACT_LISTEN, 8}, {ACT_WAIT, 61500},
    {ACT_LISTEN, 8}, {ACT_WAIT, 100000}, {ACT_END, 0}};
static const struct lesson_order drop_last_ack[] = {{FATES_DROP, "ack#1 of close from server"}, {0, NULL}};

const struct lesson lesson_time_wait = {
    .name = "time-wait",
    .title = N_("why TIME_WAIT waits"),
    .before =
        N_("This time the server hangs up first, so it is the server that comes to TIME_WAIT. The wire drops "
           "the very last ACK. Afterwards the server's program is started anew, on the same port."),
    .why = N_(
        "The last ACK was lost, so the client, in LAST_ACK, sent its FIN again. Had the server forgotten "
        "the connection by then, its kernel would have answered RST: an error, after all had gone well. "
        "It is in TIME_WAIT, remembers, and acknowledges once more. That is the first reason. The second: "
        "segments of this connection may still be somewhere in the net; as long as these four numbers "
        "(two addresses, two ports) are not used again, none of them can be taken for part of a next "
        "connection. RFC 9293, section 3.4.2 and 3.6.1, waits twice the longest life of a segment "
        "(2 MSL); for Linux that is 60 s, and no setting changes it.\n\n"
        "The price: bind() failed with EADDRINUSE, since something on this port is not over yet. With "
        "SO_REUSEADDR, set before bind() on the old listener and on the new one, a listener may be there "
        "beside it: every server should set it, and it is safe, as the old four numbers are still guarded."),
    .question = N_("Who has to wait in TIME_WAIT, and how would you rid a busy server of 30,000 of them?"),
    .answer =
        N_("Whoever closes first. Let the clients close first, or keep connections open and use them "
           "again; they cost the server some hundred bytes each and do no harm. They hurt a caller that "
           "runs out of ports; there, tcp_tw_reuse lets new calls take ports over, guarded by "
           "timestamps."),
    .acts = {[LAB_CLIENT] = hear_the_end, [LAB_SERVER] = close_first},
    .full_acts = {[LAB_CLIENT] = hear_the_end_full, [LAB_SERVER] = close_first_full},
    .orders = drop_last_ack,
    .settle_ns = 20000 * NS_PER_MS,
    .timer = N_("Timer: TIME_WAIT ends after 60 s; --full waits for it."),
};

/* SPDX-License-Identifier: ISC */
/* What happens to a connection in between. */
#include "base/i18n.h"
#include "lab/lessons.h"

/* ---- the other side is gone ---- */

static const struct act talk_to_nobody[] = {{ACT_CONNECT, 0}, {ACT_SET_TIMEOUT, 1500}, {ACT_RECEIVE, 5},
    {ACT_SEND, 5}, {ACT_WAIT, 200}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_END, 0}};
static const struct act talk_to_nobody_full[] = {{ACT_CONNECT, 0}, {ACT_RECEIVE, 5}, {ACT_SEND, 5},
    {ACT_WAIT, 200}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_END, 0}};
static const struct act greet_and_listen[] = {
    {ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_RECEIVE_END, 0}, {ACT_END, 0}};
/* The last that comes from the server; what is on its way to it when it vanishes would die. */
static const struct lesson_order vanish_after_its_ack[] = {
    {FATES_VANISH, "server after ack#1 from server"}, {0, NULL}};

const struct lesson lesson_half_open = {
    .name = "half-open",
    .title = N_("the server is gone, and the client does not know"),
    .before = N_("They talk once. Then the server's cable is pulled: no FIN, no RST, nothing. The client "
                 "sends five more bytes. TCP_USER_TIMEOUT is 1.5 s."),
    .why =
        N_("A connection is not a wire, only a memory of it on both sides; if one side is gone the other "
           "one still remembers. Both states say ESTABLISHED, and send() succeeds: the bytes are in the "
           "kernel's buffer. Only that no ACK comes is a sign, and the kernel sends again, each time after "
           "twice the wait. It would go on so for a quarter of an hour (tcp_retries2); the program has "
           "limited it with TCP_USER_TIMEOUT (RFC 5482), and recv() fails with ETIMEDOUT.\n\n"
           "A side that only listens does not even notice that: who sends nothing waits for no ACK, and "
           "would wait for ever. Try: landline lab keepalive."),
    .question = N_("The server is switched on again, and then a segment of the old connection comes. What "
                   "does it answer?"),
    .answer = N_("RST: its kernel knows nothing of such a connection. So the client learns at last that it "
                 "was half-open, with ECONNRESET (RFC 9293, section 3.5.1)."),
    .acts = {[LAB_CLIENT] = talk_to_nobody, [LAB_SERVER] = greet_and_listen},
    .full_acts = {[LAB_CLIENT] = talk_to_nobody_full},
    .orders = vanish_after_its_ack,
    .settle_ns = 1,
    .timer = N_("Timer: without TCP_USER_TIMEOUT the kernel tries 15 times (tcp_retries2), about 15 minutes; "
                "--full waits for it."),
};

static const struct act listen_for_ever[] = {{ACT_CONNECT, 0}, {ACT_SET_KEEPALIVE, 1}, {ACT_RECEIVE, 5},
    {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_END, 0}};

const struct lesson lesson_keepalive = {
    .name = "keepalive",
    .title = N_("keepalive finds out that nobody is there"),
    .before = N_("The server's cable is pulled, and the client only listens. SO_KEEPALIVE is set: after one "
                 "second of silence a probe each second, three at most."),
    .why =
        N_("A probe is a segment with a number that was acknowledged long ago, and without data. It cannot "
           "say anything new, so a kernel that is there has to answer with an ACK of what it really "
           "expects. Here none comes, and after the third the connection is given up: recv() fails with "
           "ETIMEDOUT. Without probes the client would wait for ever: no segment is under way, so no timer "
           "runs. (RFC 9293, section 3.8.4)"),
    .question = N_("Keepalive is on, and nothing else was set. After how long does it notice?"),
    .answer =
        N_("The first probe goes out after two hours (tcp_keepalive_time = 7200 s), then nine in intervals "
           "of 75 s: two hours and eleven minutes. Programs either set TCP_KEEPIDLE, TCP_KEEPINTVL and "
           "TCP_KEEPCNT, or have a ping in their own protocol, which also finds a program that hangs."),
    .acts = {[LAB_CLIENT] = listen_for_ever, [LAB_SERVER] = greet_and_listen},
    .orders = vanish_after_its_ack,
    .settle_ns = 1,
};

/* ---- the other side does not read ---- */

#define TOO_MUCH 12000
static const struct act send_much[] = {
    {ACT_CONNECT, 0}, {ACT_SEND, TOO_MUCH}, {ACT_PEEK_EMPTY, 15000}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act read_late[] = {{ACT_SET_BUFFER, 3000}, {ACT_LISTEN, 8}, {ACT_ACCEPT, 0},
    {ACT_WAIT, 1500}, {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};

const struct lesson lesson_zero_window = {
    .name = "zero-window",
    .title = N_("the receiver does not read: the window closes"),
    .before = N_("The client sends 12,000 bytes. The server's buffer holds some 3,000, and its "
                 "program does not read for 1.5 s. Watch win= in what comes from the server."),
    .why =
        N_("Each ACK says how many bytes more there is room for: the window. As the program does not "
           "read, it shrinks, and at last it is 0: stop. That is flow control: the receiver protects its "
           "own buffer (congestion control is another thing; it protects the network).\n\n"
           "When the program reads, the kernel sends an ACK with a new window. That one could be lost, and "
           "an ACK is never sent again: then the server would wait for data, and the client for a window, "
           "for ever. So the client asks now and then, with a window probe: a segment with "
           "a number from before, as keepalive sends it (and so it is labelled), which is answered with an "
           "ACK that names the window of now. That is the persist timer; it never gives up while answers "
           "come (RFC 9293, section 3.8.6.1)."),
    .question =
        N_("send() of 12,000 bytes returned at once, though the window was closed. Where are the bytes?"),
    .answer =
        N_("Part of them in the receiver's buffer, the rest in the sender's. If that is full, too, send() "
           "waits, or says EAGAIN: so a slow reader slows the writer's program down, over the network. That "
           "is called back pressure."),
    .acts = {[LAB_CLIENT] = send_much, [LAB_SERVER] = read_late},
    .timer = N_("Timer: the window is probed after about 0.2 s, then after twice as long each time, up to "
                "2 minutes."),
};

/* ---- small segments ---- */

/* The first exchanges are there to leave the phase in which Linux acknowledges at once (quickack). */
static const struct act write_twice[] = {{ACT_CONNECT, 0}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_SEND, 5},
    {ACT_RECEIVE, 5}, {ACT_WAIT, 150}, {ACT_SEND, 5}, {ACT_SEND, 3}, {ACT_RECEIVE, 5}, {ACT_WAIT, 150},
    {ACT_SET_NODELAY, 1}, {ACT_SEND, 5}, {ACT_SEND, 3}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act answer_in_full[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 5}, {ACT_SEND, 5},
    {ACT_RECEIVE, 5}, {ACT_SEND, 5}, {ACT_RECEIVE, 8}, {ACT_SEND, 5}, {ACT_RECEIVE, 8}, {ACT_SEND, 5},
    {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};

const struct lesson lesson_nagle = {
    .name = "nagle",
    .title = N_("Nagle's algorithm meets the delayed ACK: 40 ms"),
    .before = N_("After two exchanges the client writes a request in two calls: 5 bytes, then 3. The server "
                 "answers when it has all 8. Then the same again with TCP_NODELAY. Compare when the 3 bytes "
                 "leave."),
    .why =
        N_("Nagle's algorithm (RFC 896; RFC 9293, section 3.7.4): while something is unacknowledged, do "
           "not send a small segment; wait for the ACK, or until a full segment is there. So the 3 bytes "
           "wait for the ACK of the 5. At the other end the delayed ACK waits for up to 40 ms for an "
           "answer to travel with; but the server answers only when it has the 3 bytes. Each waits for the "
           "other, until the server's timer runs out: 40 ms, for nothing. Each rule is good by "
           "itself; it is write, write, read that makes them meet.\n\n"
           "With TCP_NODELAY the 3 bytes leave at once."),
    .question = N_("There is a better way than TCP_NODELAY. Which?"),
    .answer = N_("Write the request in one call: one buffer, or writev(), or MSG_MORE. Then it is one "
                 "segment, and Nagle's algorithm has nothing to hold back."),
    .acts = {[LAB_CLIENT] = write_twice, [LAB_SERVER] = answer_in_full},
    .timer = N_("Timer: an ACK is held back for 40 ms at least, 200 ms at most."),
};

/* ---- long segments ---- */

static const struct act send_short_then_long[] = {{ACT_CONNECT, 0}, {ACT_SEND, 100}, {ACT_RECEIVE, 5},
    {ACT_SEND, 3000}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act take_short_then_long[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 100},
    {ACT_SEND, 5}, {ACT_RECEIVE, 3000}, {ACT_SEND, 5}, {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct lesson_order narrow[] = {{FATES_MTU_SILENT, "1300"}, {0, NULL}};
static const struct session_setting probing[] = {{LAB_CLIENT, "ipv4/tcp_mtu_probing", "1"},
    {LAB_CLIENT, "ipv4/tcp_retries1", "2"}, {LAB_CLIENT, NULL, NULL}};

const struct lesson lesson_mtu_black_hole = {
    .name = "mtu-black-hole",
    .title = N_("short messages pass, long ones vanish"),
    .before = N_("Both hosts believe that the cable takes packets of 1500 bytes. Somewhere on the way it is "
                 "1300, and what is longer is dropped without a word. The client sends 100 bytes, and then "
                 "3000."),
    .why = N_("The handshake passes, the login passes, and the first long page hangs: the mark of a black "
              "hole. The two hosts had agreed on 1460 bytes a segment (MSS), each by the MTU of its own "
              "interface; nobody knows what is in between. A router that cannot pass a packet on should "
              "answer with ICMP \"fragmentation needed\" and its MTU, and the sender would make shorter ones "
              "(path MTU discovery, RFC 1191). Where a firewall drops all ICMP that never arrives, and the "
              "same long segment is sent again and again.\n\n"
              "This client was saved by tcp_mtu_probing = 1: after some retransmissions Linux suspects a "
              "black hole and goes on with shorter segments (RFC 4821). By default that is 0, and it would "
              "have hung."),
    .question = N_("Why does the problem show up with tunnels and DSL above all?"),
    .answer = N_("They add headers of their own, so less than 1500 is left for the packet (PPPoE 1492, "
                 "WireGuard 1420). That is why such routers rewrite the MSS in the SYNs (MSS clamping): a "
                 "patch for the lost ICMP."),
    .acts = {[LAB_CLIENT] = send_short_then_long, [LAB_SERVER] = take_short_then_long},
    .orders = narrow,
    .settings = probing,
    .timer =
        N_("Timer: timeouts after 0.2, 0.4, 0.8 s; at the third one (tcp_retries1, here 2 in place of 3) "
           "the kernel tries shorter segments."),
};

/* SPDX-License-Identifier: ISC */
/* How a connection begins, or does not. */
#include "base/i18n.h"
#include "lab/lessons.h"

static const struct act greet[] = {
    {ACT_CONNECT, 0}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act serve[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 5}, {ACT_SEND, 5},
    {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act wait_for_call[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_END, 0}};

const struct lesson lesson_handshake = {
    .name = "handshake",
    .title = N_("the three-way handshake"),
    .before =
        N_("The client calls the server, says five bytes, hears five, and hangs up. Watch the first three "
           "segments, and the state of each kernel beside them."),
    .why = N_("Each side counts its bytes from a number of its own choice, and both numbers have to be told, "
              "and heard. That makes four things to say: my number, yours has arrived, my number, yours has "
              "arrived. The server says two of them at once (SYN+ACK), so there are three segments.\n\n"
              "Two would not do. After SYN and SYN+ACK the server does not know whether its number has "
              "arrived; and worse, it cannot tell a SYN of now from one that was under way for a long time "
              "and belongs to a connection that nobody wants any more. The third segment says: yes, I mean "
              "it. Until it comes the server is in SYN_RECEIVED, and accept() does not return. See what the "
              "third one saves us from: landline lab old-duplicate-syn. (RFC 9293, section 3.5)"),
    .question = N_("connect() returned before the third segment had come to the server. Why may it?"),
    .answer = N_("For the client the connection is open as soon as the SYN+ACK is there: it knows both "
                 "numbers, and that its own has arrived. The third segment tells the server so; should it "
                 "get lost, the client's first data says the same. Try: landline lab lost-ack."),
    .acts = {[LAB_CLIENT] = greet, [LAB_SERVER] = serve},
};

/* ---- both call at once ---- */

static const struct act call_each_other[] = {
    {ACT_BIND, ACTOR_PORT}, {ACT_CONNECT, 0}, {ACT_WAIT, 300}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act be_called_too[] = {
    {ACT_BIND, ACTOR_PORT}, {ACT_CONNECT, 0}, {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};
/* Long enough for both to have called before either hears of it, and short enough for no timer to run out. */
static const struct lesson_order far_apart[] = {
    {FATES_DELAY, "300ms syn"}, {FATES_DELAY, "300ms syn+ack"}, {0, NULL}};

const struct lesson lesson_simultaneous_open = {
    .name = "simultaneous-open",
    .title = N_("both call at once: no server at all"),
    .before = N_("Neither side listens. Each is bound to port 7000 and calls port 7000 of the other. A SYN "
                 "and a SYN+ACK take 0.3 s here, so the two calls pass each other on their way."),
    .why = N_("A kernel that waits in SYN_SENT for a SYN+ACK, and gets a SYN, concludes that the other side "
              "calls, too. It goes to SYN_RECEIVED and acknowledges it, with its own SYN once more: a "
              "SYN+ACK. When the other's SYN+ACK comes, both numbers are known on both sides: ESTABLISHED. "
              "Four segments, and what comes out is one connection, not two, since a connection is its four "
              "numbers: two addresses and two ports. Nobody was the server: TCP knows no such thing, only "
              "who calls and who listens. (RFC 9293, section 3.5, figure 7)\n\n"
              "Two that are each behind a NAT use it to reach each other: each one's SYN opens the way for "
              "the other's (TCP hole punching)."),
    .question = N_("Why does this hardly ever happen by itself?"),
    .answer =
        N_("A program that calls is given a port by chance, and the other one would have to call exactly "
           "that port. Both must have chosen their ports (bind) and agreed on them before."),
    .acts = {[LAB_CLIENT] = call_each_other, [LAB_SERVER] = be_called_too},
    .orders = far_apart,
    .at_once = true,
};

/* ---- one of the three is lost ---- */

static const struct lesson_order drop_syn[] = {{FATES_DROP, "syn#1"}, {0, NULL}};

const struct lesson lesson_lost_syn = {
    .name = "lost-syn",
    .title = N_("the first segment is lost"),
    .before = N_("The wire drops the client's first SYN. The server never hears of it."),
    .why = N_("There was nothing to see for the server, so only the client can do something: it has a timer. "
              "Nothing is known yet about how long an answer takes here, so that timer stands at one second "
              "(RFC 6298, section 2). When it runs out the same SYN goes out again, with the same number. "
              "For the program connect() simply took a second longer."),
    .question = N_("A page opens after one second more than usual, every now and then. What may it be?"),
    .answer =
        N_("A SYN (or SYN+ACK) was lost, or the server's queue of calls was full and its kernel passed over "
           "the SYN. One second, sometimes three, is the mark of it: while data is resent after 0.2 s."),
    .acts = {[LAB_CLIENT] = greet, [LAB_SERVER] = serve},
    .orders = drop_syn,
    .timer = N_("Timer: a SYN is sent again after 1 s, and then, by tcp_syn_linear_timeouts, four times more "
                "after 1 s each before the wait doubles; older kernels double at once: 1, 2, 4 s."),
};

static const struct lesson_order drop_syn_ack[] = {{FATES_DROP, "syn+ack#1"}, {0, NULL}};

const struct lesson lesson_lost_syn_ack = {
    .name = "lost-syn-ack",
    .title = N_("the second segment is lost"),
    .before = N_("The SYN arrives, but the wire drops the server's SYN+ACK."),
    .why =
        N_("Now both have a reason to try again. The client has no answer, and cannot know which way it was "
           "lost: to it this is the same as a lost SYN, so the SYN goes out again. The server waits in "
           "SYN_RECEIVED and has a timer of its own for the SYN+ACK. Both run for about a second; a SYN that "
           "comes to SYN_RECEIVED is answered with the same SYN+ACK once more, so you may see two of them: "
           "one as the answer, one from the timer. To get something twice is harmless: the numbers are the "
           "same, so the second one says nothing new."),
    .question = N_("Does the server's program notice any of this?"),
    .answer = N_("No. accept() returns when the handshake is complete; what is in SYN_RECEIVED is the "
                 "kernel's affair alone. It gives up after tcp_synack_retries, and nobody is told."),
    .acts = {[LAB_CLIENT] = greet, [LAB_SERVER] = serve},
    .orders = drop_syn_ack,
    .timer = N_("Timers: SYN and SYN+ACK are each sent again after 1 s."),
};

static const struct act greet_late[] = {
    {ACT_CONNECT, 0}, {ACT_WAIT, 400}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act say_nothing[] = {{ACT_CONNECT, 0}, {ACT_WAIT, 80000}, {ACT_SEND, 5},
    {ACT_MAY_FAIL, 0}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct lesson_order drop_third[] = {{FATES_DROP, "ack#1 of handshake"}, {0, NULL}};
static const struct lesson_order drop_every_third[] = {{FATES_DROP, "ack of handshake"}, {0, NULL}};

const struct lesson lesson_lost_ack = {
    .name = "lost-ack",
    .title = N_("the third segment is lost"),
    .before = N_("The wire drops the client's ACK of the SYN+ACK. The client waits 0.4 s, then it sends five "
                 "bytes. Watch the two states: they do not agree."),
    .why =
        N_("The client is in ESTABLISHED: it has all that it needs. The server is in SYN_RECEIVED: for all "
           "that it knows its SYN+ACK may have been lost. Nothing bad comes of it. Each segment of an open "
           "connection carries an acknowledgment, so the client's first data says all that the lost ACK "
           "would have said, and the server goes from SYN_RECEIVED to ESTABLISHED with it. That is why an "
           "ACK is never resent by itself: what has no data takes no number, and nobody waits for it.\n\n"
           "Had the client nothing to say, the server's timer would send the SYN+ACK again, and the client "
           "would acknowledge it again. If all of these are lost, the server forgets the call, after about a "
           "minute, while the client still believes in it; what it then sends is answered with RST."),
    .question = N_("A protocol in which the server speaks first (SMTP, SSH): what happens there?"),
    .answer = N_("The server cannot speak before ESTABLISHED, and the client waits for it to speak. So both "
                 "wait until the server's timer sends the SYN+ACK again: one second is lost."),
    .acts = {[LAB_CLIENT] = greet_late, [LAB_SERVER] = serve},
    .full_acts = {[LAB_CLIENT] = say_nothing},
    .orders = drop_third,
    .full_orders = drop_every_third,
    .timer = N_("Timer: the SYN+ACK is sent again after 1, 2, 4, ... s (tcp_synack_retries: 5 times), and "
                "the call is forgotten after about 65 s; --full loses every such ACK and waits for that."),
};

/* ---- nobody there ---- */

static const struct act nobody[] = {{ACT_WAIT, 300}, {ACT_END, 0}};
static const struct act call[] = {{ACT_CONNECT, 0}, {ACT_END, 0}};
static const struct act call_briefly[] = {{ACT_CONNECT, 2500}, {ACT_END, 0}};

const struct lesson lesson_refused = {
    .name = "refused",
    .title = N_("nobody listens: connection refused"),
    .before = N_("The server's host is there, but no program listens to port 7000."),
    .why = N_(
        "The segment came to a kernel that has no socket for it, and that kernel says so at once: RST, with "
        "the ACK of the SYN, so that the client can see that it is meant (RFC 9293, section 3.5.2). "
        "connect() fails with ECONNREFUSED within one round trip. It is good news, in a way: the host is up, "
        "the way there and back works, and only the program is missing, or listens to another port or "
        "another address (127.0.0.1 is a frequent one)."),
    .question = N_("What is the difference between \"connection refused\" and \"connection timed out\"?"),
    .answer = N_("Refused: somebody answered, with RST. Timed out: nobody did; packets are dropped on the "
                 "way, or the host is down. Try: landline lab filtered."),
    .acts = {[LAB_CLIENT] = call, [LAB_SERVER] = nobody},
    .at_once = true,
};

static const struct lesson_order drop_syns[] = {{FATES_DROP, "syn"}, {0, NULL}};

const struct lesson lesson_filtered = {
    .name = "filtered",
    .title = N_("a firewall drops the call in silence"),
    .before = N_("The server listens, but every SYN is dropped on its way, as many firewalls do it. The "
                 "client's program gives up after 2.5 s."),
    .why =
        N_("Silence may mean anything: lost, slow, filtered, switched off. So the kernel can only try again, "
           "and it is patient: for about two minutes. Few programs are, and this one had set a limit of its "
           "own. A firewall that answers with RST or ICMP (\"reject\") costs the caller nothing; one that "
           "drops tells a scanner as little as possible, and makes everybody else wait."),
    .question =
        N_("How does a port scanner call the three cases: SYN+ACK comes back, RST comes back, nothing "
           "comes back?"),
    .answer = N_("Open, closed, filtered."),
    .acts = {[LAB_CLIENT] = call_briefly, [LAB_SERVER] = wait_for_call},
    .full_acts = {[LAB_CLIENT] = call},
    .orders = drop_syns,
    .settle_ns = 1,
    .timer = N_("Timer: without a limit of the program's the kernel tries for more than a minute "
                "(tcp_syn_retries: 6 times); --full waits for it."),
};

/* ---- why two would not do ---- */

static const struct act old_syn[] = {{ACT_RAW_OLD_SYN, 0}, {ACT_WAIT, 300}, {ACT_END, 0}};

const struct lesson lesson_old_duplicate_syn = {
    .name = "old-duplicate-syn",
    .title = N_("an old SYN turns up: what a two-way handshake would break"),
    .before = N_("Long ago the client called, and hung up again. A copy of its SYN was held up somewhere in "
                 "the net, and only now it comes to the server. Nobody at the client wants to call."),
    .why = N_(
        "The server cannot see that the SYN is old. It answers SYN+ACK and waits in SYN_RECEIVED. But the "
        "client's kernel has no socket that waits for this answer, and says so: RST. The server forgets the "
        "call (CLOSED), its listener waits on; accept() has not returned, its program knows nothing.\n\n"
        "With a handshake of two segments the server would have taken the connection for open with its "
        "SYN+ACK. accept() would have returned, the server would have sent its greeting, and waited for "
        "words that nobody will ever say; each stray SYN would cost a connection, and data of the old one "
        "might be taken for data of a new one. That is the principal reason for the third segment, in the "
        "words of RFC 9293, section 3.5 (its figure 8 is what you see)."),
    .question = N_("How does the client's RST keep the server from rejecting a call that is meant?"),
    .answer = N_("It carries the number which the SYN+ACK acknowledged, and so belongs to that one call "
                 "alone. A RST whose number does not fit is passed over (RFC 9293, section 3.5.3)."),
    .acts = {[LAB_CLIENT] = old_syn, [LAB_SERVER] = wait_for_call},
};

/* ---- the queue of those who are half open ---- */

#define FLOOD 3
static const struct act flood[] = {{ACT_RAW_SYNS, FLOOD}, {ACT_WAIT, 20}, {ACT_CONNECT, 400}, {ACT_END, 0}};
static const struct act flood_and_greet[] = {{ACT_RAW_SYNS, FLOOD}, {ACT_WAIT, 20}, {ACT_CONNECT, 0},
    {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act short_queue[] = {{ACT_LISTEN, 1}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 5}, {ACT_SEND, 5},
    {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct session_setting no_cookies[] = {
    {LAB_SERVER, "ipv4/tcp_syncookies", "0"}, {LAB_SERVER, NULL, NULL}};
static const struct session_setting cookies[] = {
    {LAB_SERVER, "ipv4/tcp_syncookies", "1"}, {LAB_SERVER, NULL, NULL}};

const struct lesson lesson_syn_flood = {
    .name = "syn-flood",
    .title = N_("a SYN flood, without SYN cookies"),
    .before = N_("The server's queue is as short as can be: room for two. Three SYNs come, in the names of "
                 "hosts that do not exist; then an honest client calls. SYN cookies are off (tcp_syncookies "
                 "= 0). It all stays "
                 "in the lab."),
    .why = N_("For each SYN the server remembers who calls, which options were offered, and which number it "
              "chose, and waits in SYN_RECEIVED for a third segment. Here it never comes: nobody answers the "
              "SYN+ACKs. When the queue is full further SYNs are passed over in silence, and the honest one "
              "among them. A SYN costs the attacker 40 bytes, and holds a place for a minute; and as the "
              "sender's address is forged, there is nobody to block (RFC 4987)."),
    .question = N_("How could a server answer SYNs without remembering anything?"),
    .answer =
        N_("It puts what it would have to remember into its own first number, signed with a secret. The "
           "third segment brings that number back. That is a SYN cookie. Try: landline lab syn-cookies."),
    .acts = {[LAB_CLIENT] = flood, [LAB_SERVER] = short_queue},
    .settings = no_cookies,
    .is_crowd = true,
    .settle_ns = 1,
    .timer = N_("Timer: each half-open call holds its place until its SYN+ACK was sent again 5 times "
                "(tcp_synack_retries), about a minute."),
};

const struct lesson lesson_syn_cookies = {
    .name = "syn-cookies",
    .title = N_("the same SYN flood, with SYN cookies"),
    .before =
        N_("The same three SYNs for a queue of two, and the same honest client. This time SYN cookies are on "
           "(tcp_syncookies = 1, as it is everywhere by default)."),
    .why = N_("When the queue is full the server answers all the same, and remembers nothing. Look at its "
              "state when the honest SYN has come: LISTEN, not SYN_RECEIVED; there is no place that could "
              "have a state. Its first number is a hash of addresses, ports, time and a secret, with the "
              "client's segment size packed in. The third segment acknowledges that number plus one; the "
              "server computes the hash again, sees that it fits, and makes the connection out of nothing: "
              "from LISTEN to ESTABLISHED in one step. Who forged an address never sees the number, and "
              "cannot send the third segment."),
    .question = N_("Then why does a server not always use cookies?"),
    .answer =
        N_("What was not remembered is lost: options (window scale, SACK) have no room in 32 bits; Linux "
           "hides some of them in the timestamp, if the client sends one. And a lost SYN+ACK is not sent "
           "again, and a lost third segment is fatal if the server has to speak first: nobody "
           "remembers that they are owed."),
    .acts = {[LAB_CLIENT] = flood_and_greet, [LAB_SERVER] = short_queue},
    .settings = cookies,
    .is_crowd = true,
    .settle_ns = 1,
};

/* SPDX-License-Identifier: ISC */
#include "see/finding.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "see/conversation.h"

static const struct {
    const char *name;
    enum finding_severity severity;
    const char *title, *meaning, *advice;
} words[FINDING_KINDS] = {
    [FINDING_SYN_UNANSWERED] = {"syn-unanswered", SEVERITY_ERROR, N_("no answer to SYN"),
        N_("The request for a connection was sent and nothing came back: a firewall drops it, the host is "
           "down, "
           "its queue is full, or the answer takes another way."),
        N_("Look whether the host is up and the address right, then at the firewalls on the way; if the SYN "
           "arrives there, at the listener's queue (ss -ltn).")},
    [FINDING_REFUSED] = {"refused", SEVERITY_ERROR, N_("connection refused"),
        N_("The host is there and answered the SYN with RST: nobody listens on that port, or a firewall "
           "rejects "
           "it."),
        N_("Look whether the server runs, on this port and this address (ss -ltnp): one that listens on "
           "127.0.0.1 only refuses everyone else.")},
    [FINDING_UNREACHABLE] = {"unreachable", SEVERITY_ERROR, N_("unreachable"),
        N_("A router or the host itself answered with an ICMP error: there is no way to it, or no one at the "
           "port."),
        N_("See what the error says and which host sent it; for a port, start the server, else look at the "
           "routes.")},
    [FINDING_SYN_ACK_UNACKNOWLEDGED] = {"syn-ack-unacknowledged", SEVERITY_WARNING,
        N_("SYN+ACK without an answer"),
        N_("The server agreed and never heard the last step of the handshake: its answer, or the ACK of it, "
           "was "
           "lost, or the SYN came from an address that did not send it."),
        N_("Capture at the client, too: does the SYN+ACK get there? With many of them, think of a SYN "
           "flood.")},
    [FINDING_RESET] = {"reset", SEVERITY_WARNING, N_("reset"),
        N_("One side gave the connection up with RST, and what was still under way is lost: the program "
           "crashed "
           "or closed with unread data, or something between the two cut it."),
        N_("Look at the program of the side that sent it. If neither sent it, its TTL shows that somebody in "
           "between did.")},
    [FINDING_HALF_OPEN] = {"half-open", SEVERITY_WARNING, N_("half-open"),
        N_("One side has a connection that the other knows nothing of: the other host was started again, or "
           "a "
           "firewall or NAT between them has forgotten it."),
        N_("Let the programs say something now and then (keep-alive, with an interval below the timeout of "
           "the "
           "NAT), and open again after an error.")},
    [FINDING_NEVER_CLOSED] = {"never-closed", SEVERITY_WARNING, N_("the application does not close"),
        N_("One side said that it is done; the other has acknowledged that (CLOSE_WAIT) and keeps its half "
           "of the "
           "connection open. Each such one is a descriptor that is never given back."),
        N_("In the program of the side in CLOSE_WAIT: close the socket when a read returns 0.")},
    [FINDING_CLOSE_UNHEARD] = {"close-unheard", SEVERITY_WARNING, N_("no answer to FIN"),
        N_("A FIN was never acknowledged: the other host is gone, or the way to it has broken."),
        N_("Nothing needs to be done for this connection: the sender gives up by itself. Look whether the "
           "other "
           "host is still there.")},
    [FINDING_DATA_AFTER_CLOSE] = {"data-after-close", SEVERITY_WARNING, N_("data after close"),
        N_("One side had closed, the other went on sending and was answered with RST: what it sent then is "
           "lost, "
           "though its writes succeeded."),
        N_("The one that closes should only shut down its sending half (shutdown) and read to the end; the "
           "protocol should say who closes first.")},
    [FINDING_LOSS] = {"loss", SEVERITY_WARNING, N_("segments lost"),
        N_("More than one segment in a hundred had to be sent again. Above that TCP gets much slower."),
        N_("Look for a link that is full, a bad cable or radio, or counters of dropped packets (ip -s link, "
           "ethtool -S) along the way.")},
    [FINDING_RTO_BACKOFF] = {"rto-backoff", SEVERITY_WARNING, N_("repeated timeouts"),
        N_("The same segment was sent again and again, with ever longer waits: for that time nothing got "
           "through."),
        N_("It is an interruption, not a slow line: look at what happened on the way at that time.")},
    [FINDING_SPURIOUS_RETRANSMISSION] = {"spurious-retransmission", SEVERITY_NOTE,
        N_("needless retransmission"),
        N_("Something was sent again that had arrived: its acknowledgment was lost or late, or packets "
           "overtook "
           "each other."),
        N_("A few do no harm. Many point to a way on which packets overtake each other, or to delays that "
           "jump.")},
    [FINDING_ZERO_WINDOW_STALL] = {"zero-window-stall", SEVERITY_WARNING, N_("slow reader"),
        N_("The receiver's buffer was full, so the sender had to stand still: the program there does not "
           "read as "
           "fast as data comes. It is not the network."),
        N_("Look at what the receiving program does instead of reading; a larger buffer only puts it off.")},
    [FINDING_SMALL_WINDOW] = {"small-window", SEVERITY_WARNING, N_("window too small"),
        N_("The sender filled the window again and again and had to wait for room. Without window scaling "
           "there "
           "are at most 65,535 bytes under way in one round trip."),
        N_("Turn window scaling on (net.ipv4.tcp_window_scaling), do not set SO_RCVBUF to a small value, and "
           "look for a middlebox that removes the option.")},
    [FINDING_BLACK_HOLE] = {"black-hole", SEVERITY_ERROR, N_("large segments vanish"),
        N_("Large segments are sent again and again and never arrive, while small ones pass: a link on the "
           "way "
           "takes only smaller packets, and the ICMP error that would say so is lost."),
        N_("Let ICMP 'fragmentation needed' and 'packet too big' pass the firewalls, or lower the MTU or the "
           "MSS "
           "(TCPMSS --clamp-mss-to-pmtu).")},
    [FINDING_NAGLE_DELAYED_ACK] = {"nagle-delayed-ack", SEVERITY_WARNING,
        N_("small writes wait for delayed ACKs"),
        N_("One side holds a small segment back until the one before is acknowledged (Nagle), and the other "
           "delays that very ACK: each time both wait some 40 ms or more."),
        N_("Write a message in one call, or set TCP_NODELAY in the program that sends.")},
    [FINDING_KEEP_ALIVE_DEATH] = {"keep-alive-death", SEVERITY_WARNING, N_("no answer to keep-alives"),
        N_("One side asked again and again whether the other is still there, and got no answer: the other "
           "host "
           "is gone, or a firewall has forgotten the connection."),
        N_("The connection is dead. If it is a firewall, send keep-alives more often than its timeout.")},
    [FINDING_PORT_REUSE] = {"port-reuse", SEVERITY_NOTE, N_("ports used again in TIME_WAIT"),
        N_("A new connection took the same ports while the last one was still in TIME_WAIT. With a higher "
           "sequence number that is allowed; else it is answered with an ACK of the old one."),
        N_("Nothing, if it works. A client that opens so many connections should keep some of them open.")},
    [FINDING_SYN_FLOOD] = {"syn-flood", SEVERITY_ERROR, N_("many SYNs without an end of the handshake"),
        N_("Most of the connections never came about: somebody floods the server with SYNs, scans ports, or "
           "the "
           "server's queue is full."),
        N_("See whether the addresses are few or many, and at the server's counters (nstat -az "
           "TcpExtListen*); "
           "SYN cookies (net.ipv4.tcp_syncookies) help against a flood.")},
    [FINDING_ASYMMETRIC] = {"asymmetric", SEVERITY_NOTE, N_("only one direction captured"),
        N_("What one side sends is acknowledged but not in the capture: the way back does not pass here."),
        N_("Capture at one of the two hosts, or on both ways. Until then round trips and losses cannot be "
           "told.")},
    [FINDING_TAKEN_TWICE] = {"taken-twice", SEVERITY_NOTE, N_("captured twice"),
        N_("The same packets are there twice, as happens on a mirrored port or on two interfaces at once. "
           "They "
           "look like retransmissions and are none."),
        N_("Capture on one interface only, or remove the copies first (editcap -d).")},
    [FINDING_UDP_UNANSWERED] = {"udp-unanswered", SEVERITY_WARNING, N_("datagrams without an answer"),
        N_("Datagrams were sent and none came back, no error either. With UDP that may be all right; where "
           "an "
           "answer is expected they, or it, were lost or filtered."),
        N_("Look whether the server got them; a firewall that drops says nothing.")},
    [FINDING_FRAGMENTS_LOST] = {"fragments-lost", SEVERITY_WARNING, N_("fragments lost"),
        N_("A datagram was cut into fragments, and not all of them came: with one fragment the whole of it "
           "is lost. Many "
           "firewalls drop fragments, since all but the first have no ports."),
        N_("Send smaller datagrams (for DNS, an EDNS buffer of 1232 bytes), or let fragments pass the "
           "firewalls.")},
};

static const char *const severities[] = {
    [SEVERITY_NOTE] = "note", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};

const char *finding_name(enum finding_kind kind)
{
    return words[kind].name;
}

enum finding_kind finding_by_name(const char *name)
{
    unsigned kind = 0;

    while (kind < FINDING_KINDS && strcmp(words[kind].name, name) != 0)
        kind++;
    return (enum finding_kind)kind;
}

enum finding_severity finding_severity(enum finding_kind kind)
{
    return words[kind].severity;
}

const char *finding_severity_name(enum finding_severity severity)
{
    return severities[severity];
}

const char *finding_title(enum finding_kind kind)
{
    return words[kind].title;
}

const char *finding_meaning(enum finding_kind kind)
{
    return words[kind].meaning;
}

const char *finding_advice(enum finding_kind kind)
{
    return words[kind].advice;
}

/* The figure behind the title, where there is one. */
static void append_value(struct str *out, const struct finding *finding)
{
    struct str duration = STR_INIT;

    switch (finding->kind) {
    case FINDING_LOSS:
        /* TRANSLATORS: a percentage: 2.5 % */
        str_appendf(out, _(", %" PRId64 ".%" PRId64 " %% of its packets"), finding->value / 100,
            finding->value % 100 / 10);
        break;
    case FINDING_BLACK_HOLE:
    case FINDING_SMALL_WINDOW:
        str_appendf(out, _(", %" PRId64 " bytes"), finding->value);
        break;
    case FINDING_RTO_BACKOFF:
    case FINDING_ZERO_WINDOW_STALL:
    case FINDING_NAGLE_DELAYED_ACK:
    case FINDING_NEVER_CLOSED:
        clock_append_duration(&duration, finding->value);
        str_appendf(out, _(", for %s"), duration.data);
        str_done(&duration);
        break;
    default:
        break;
    }
}

void finding_describe(struct str *out, const struct finding *finding, const struct conversation *c)
{
    struct str who = STR_INIT;

    str_append_str(out, _(finding_title((enum finding_kind)finding->kind)));
    if (finding->count > 1)
        str_appendf(
            out, ngettext(" (%" PRIu32 " time)", " (%" PRIu32 " times)", finding->count), finding->count);
    append_value(out, finding);
    if (c && finding->has_side) {
        conversation_append_endpoint(&who, c, finding->side);
        /* TRANSLATORS: %s is who did it, ip:port */
        str_appendf(out, _(", by %s"), who.data);
        str_done(&who);
    }
}

/* SPDX-License-Identifier: ISC */
#include "cmd/lab_step.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "show/term.h"

#define CTRL_C 3

struct lab_step {
    const struct term_colors *colors;
    bool passes_all; /* no more questions */
};

struct lab_step *lab_step_new(bool color)
{
    struct lab_step *s = xcalloc(1, sizeof(*s));

    s->colors = term_colors(color);
    return s;
}

void lab_step_free(struct lab_step *s)
{
    free(s);
}

/* "SYN+ACK seq=0 ack=1", "data, 5 bytes, seq=1": enough to know which one it is. */
static void describe(struct str *out, const struct wire_event *event)
{
    static const unsigned flags[] = {TCP_SYN, TCP_FIN, TCP_RST, TCP_ACK};
    const struct packet *p = event->packet;
    const char *plus = "";

    if (p->kind == PACKET_UDP)
        str_append_str(out, "UDP");
    else if (p->kind == PACKET_ICMP)
        str_append_str(out, icmp_text(p->icmp.version, p->icmp.type, p->icmp.code)
                                ? _(icmp_text(p->icmp.version, p->icmp.type, p->icmp.code))
                                : "ICMP");
    else if (p->kind != PACKET_TCP)
        str_append_str(out, "IP");
    for (size_t i = 0; p->kind == PACKET_TCP && i < sizeof(flags) / sizeof(flags[0]); i++)
        if (p->tcp.flags & flags[i]) {
            str_appendf(out, "%s%s", plus, tcp_flag_name(flags[i]));
            plus = "+";
        }
    if (p->kind == PACKET_TCP && event->followed) {
        str_appendf(out, " seq=%u", event->followed->seq_relative);
        if (event->followed->has_ack)
            str_appendf(out, " ack=%u", event->followed->ack_relative);
    }
    if (event->followed && event->followed->payload)
        str_appendf(out, " len=%u", event->followed->payload);
    if (event->followed && event->followed->verdicts & VERDICT_RETRANSMISSION)
        str_appendf(out, _(", sent again"));
}

/* One key, not waiting for Enter; Ctrl-C is a key, too. 0: there is no terminal any more. */
static int read_key(void)
{
    struct termios before, raw;
    char key = 0;
    ssize_t got;

    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return 0;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    do
        got = read(STDIN_FILENO, &key, 1);
    while (got < 0 && errno == EINTR);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return got == 1 ? key : 0;
}

static void ask(const struct lab_step *s, const struct wire_event *event)
{
    struct str what = STR_INIT;

    describe(&what, event);
    fprintf(stderr, _("%s%s: %s%s  Enter: pass, d: drop, 2: double, l: later, a: all, q: quit "),
        s->colors->bold, lab_side_name((enum lab_side)event->from), what.data, s->colors->off);
    str_done(&what);
}

/* True: that key means something. */
static bool obey(struct lab_step *s, int key, struct fate *fate)
{
    switch (key) {
    case '\n':
    case '\r':
    case ' ':
        return true;
    case 'a':
        s->passes_all = true;
        return true;
    case 'd':
        fate->is_dropped = true;
        break;
    case '2':
        fate->copies++;
        break;
    case 'l':
        fate->delay_ns += LAB_STEP_LATER_NS;
        fate->is_late = true;
        break;
    default:
        return false;
    }
    fate->reason = FATES_BY_HAND;
    fate->text = NULL;
    return true;
}

bool lab_step_decide(struct lab_step *s, const struct wire_event *event, struct fate *fate)
{
    int key;

    if (s->passes_all || fate->is_dropped)
        return false;
    ask(s, event);
    do {
        key = read_key();
        if (key == 'q' || key == CTRL_C || key == 0) {
            s->passes_all = true;
            fputs("\r\033[K", stderr);
            return true;
        }
    } while (!obey(s, key, fate));
    fputs("\r\033[K", stderr);
    return false;
}

/* SPDX-License-Identifier: ISC */
#include "see/verdict.h"

#include <stddef.h>

#include "base/i18n.h"

static const struct {
    const char *name, *text;
} words[VERDICTS] = {
    {"new-data", N_("new data")},
    {"retransmission", N_("retransmission")},
    {"spurious", N_("needless: it had been acknowledged")},
    {"fast", N_("after duplicate ACKs")},
    {"out-of-order", N_("out of order")},
    {"gap", N_("bytes before it are missing")},
    {"duplicate-ack", N_("duplicate ACK")},
    {"ack-unseen", N_("acknowledges what was not captured")},
    {"keep-alive", N_("keep-alive")},
    {"keep-alive-ack", N_("answer to a keep-alive")},
    {"zero-window", N_("window closed")},
    {"zero-window-probe", N_("window probe")},
    {"window-update", N_("window update")},
    {"window-full", N_("window full")},
    {"rst-outside", N_("RST outside of the window: ignored")},
    {"rto", N_("after a timeout")},
    {"sack", N_("SACK")},
    {"dsack", N_("DSACK: it came twice")},
    {"original-acked", N_("the first sending had arrived")},
    {"zero-window-probe-ack", N_("answer to a window probe")},
    {"urgent", N_("urgent")},
    {"congestion", N_("congestion (ECN)")},
    {"port-reuse", N_("ports used again")},
    {"taken-twice", N_("captured twice")},
    {"after-close", N_("after the other side has closed")},
    {"ack-of-fin", N_("acknowledges the FIN")},
    {"opened", N_("the connection is open")},
    {"reply", N_("reply")},
};

const char *verdict_name(unsigned bit)
{
    for (unsigned i = 0; i < VERDICTS; i++)
        if (bit == 1U << i)
            return words[i].name;
    return NULL;
}

const char *verdict_text(unsigned bit)
{
    for (unsigned i = 0; i < VERDICTS; i++)
        if (bit == 1U << i)
            return words[i].text;
    return NULL;
}

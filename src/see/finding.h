/* SPDX-License-Identifier: ISC */
#ifndef SEE_FINDING_H
#define SEE_FINDING_H

#include <stdbool.h>
#include <stdint.h>

struct str;
struct conversation;

/* What is worth saying about a conversation, or about the capture as a whole. Each has a name that stays, a
 * section in landline-findings(7), and packets that show it. */
enum finding_kind {
    FINDING_SYN_UNANSWERED,
    FINDING_REFUSED,
    FINDING_UNREACHABLE,
    FINDING_SYN_ACK_UNACKNOWLEDGED,
    FINDING_RESET,
    FINDING_HALF_OPEN,     /* one side has a connection of which the other knows nothing */
    FINDING_NEVER_CLOSED,  /* CLOSE_WAIT: the application does not close */
    FINDING_CLOSE_UNHEARD, /* FIN_WAIT_1 or LAST_ACK: the FIN is never acknowledged */
    FINDING_DATA_AFTER_CLOSE,
    FINDING_LOSS,        /* value: of 10,000 segments with data so many were sent again */
    FINDING_RTO_BACKOFF, /* value: the longest wait of one segment, in ns */
    FINDING_SPURIOUS_RETRANSMISSION,
    FINDING_ZERO_WINDOW_STALL, /* value: how long in all, in ns */
    FINDING_SMALL_WINDOW,      /* value: the window, in bytes */
    FINDING_BLACK_HOLE,        /* segments of full size vanish: path MTU. value: bytes of one */
    FINDING_NAGLE_DELAYED_ACK, /* value: the time lost, in ns */
    FINDING_KEEP_ALIVE_DEATH,
    FINDING_PORT_REUSE,
    FINDING_SYN_FLOOD,  /* of the capture */
    FINDING_ASYMMETRIC, /* only one direction was captured */
    FINDING_TAKEN_TWICE,
    FINDING_UDP_UNANSWERED,
    FINDING_FRAGMENTS_LOST, /* of a conversation, and of the capture */
    FINDING_KINDS,
};

enum finding_severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

#define FINDING_EVIDENCE_MAX 8

struct finding {
    uint8_t kind;     /* enum finding_kind */
    uint8_t severity; /* enum finding_severity */
    bool has_side;
    uint8_t side;                            /* FLOW_A or FLOW_B: whose doing, or whose trouble, it is */
    uint8_t evidence_count;                  /* of evidence that are filled */
    uint32_t count;                          /* how often it happened; may be more than there is evidence */
    int64_t value;                           /* as said at its kind; else 0 */
    uint64_t evidence[FINDING_EVIDENCE_MAX]; /* numbers of packets, growing: the first ones */
};

/* "syn-unanswered": for programs, man pages and --only. */
const char *finding_name(enum finding_kind kind);
/* The other way round; FINDING_KINDS for what is none. */
enum finding_kind finding_by_name(const char *name);
enum finding_severity finding_severity(enum finding_kind kind);
/* "note", "warning", "error": for programs. */
const char *finding_severity_name(enum finding_severity severity);
/* For people, N_: a few words, what it means, what to do. */
const char *finding_title(enum finding_kind kind);
const char *finding_meaning(enum finding_kind kind);
const char *finding_advice(enum finding_kind kind);
/* Appends one sentence with what was found in figures, translated. c may be NULL for one of the capture. */
void finding_describe(struct str *out, const struct finding *finding, const struct conversation *c);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef SEE_DETAIL_H
#define SEE_DETAIL_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "see/flow_table.h"
#include "see/follow.h"

/* What is remembered of a conversation beyond its flow, for follow.c and those that share its work: detail.c
 * looks closely at segments, notes.c keeps findings. */

struct round_trips {
    uint32_t count;
    int64_t min_ns, sum_ns;
    bool is_timed; /* the segment that ends at timed_end was sent at timed_ns, and waits for its ACK */
    uint32_t timed_end;
    int64_t timed_ns;
};

/* How often what a flow counts in 16 bits came when the counter stood at its greatest behind it: so once for
 * having got there, and then for each that was not counted. */
struct beyond {
    uint32_t syns, syn_acks, fins, rsts, zero_windows;
};

struct detail_side {
    uint32_t fast, timeouts, spurious, keep_alives;
    int64_t last_ns; /* when it sent last; 0: not seen */
    unsigned last_verdicts;
    struct round_trips trips; /* of what it sent */
    /* Its SYN: */
    unsigned syn_options; /* enum tcp_option_bits */
    uint16_t syn_flags;
    uint16_t mss;
    bool has_syn_data;
    uint16_t ip_id; /* of its last packet, IPv4 */
    /* Its last retransmission: */
    uint32_t resent_seq, resent_end, resent_timestamp;
    uint32_t resent_times;   /* the same one, with nothing new in between */
    int64_t resent_since_ns; /* when it had spoken before all that */
    bool awaits_echo;        /* no ACK of it was seen, and resent_timestamp is filled */
    bool is_zero;            /* its window is closed, since */
    int64_t zero_since_ns;
    int64_t zero_ns;     /* how long it was in all */
    int64_t late_ack_ns; /* how late the last ACK of what it sent was, if nothing has followed; else 0 */
    int64_t late_ack_at_ns;
    uint64_t late_ack_number;
    struct beyond beyond;
};

struct detail {
    uint32_t flow_number; /* the key */
    struct detail_side side[FLOW_SIDES];
    uint64_t first_number, last_number; /* of packets; 0: not known */
    uint32_t icmp_errors, unseen, gaps;
    bool is_close;       /* from the first packet on */
    bool is_unreachable; /* an ICMP error said so before anything came back */
    bool was_time_wait;  /* the one that had the ports before */
    bool has_fast_open;  /* the data of a SYN was acknowledged */
    struct finding *findings;
    unsigned finding_count;
    UT_hash_handle hh;
};

/* ---- detail.c ---- */

/* Is one of the flow's counters at its greatest that a segment of side counts in? */
bool detail_counts_on(const struct flow_side *side, unsigned flags, unsigned verdicts);
/* Counts it, in a detail that is there from then on. */
void detail_count_on(
    struct detail *d, unsigned from, const struct flow_side *side, unsigned flags, unsigned verdicts);
/* Looks closely at a segment that the flow has taken: more verdicts, and the round trip. */
void detail_take(struct detail *d, const struct flow_step *step, struct followed *ret);
/* What it knows beyond the flow. */
void detail_sum_up(const struct detail *d, const struct flow *flow, struct conversation *ret);

/* ---- notes.c: what is worth saying, noted as it happens ---- */

/* Of the capture as a whole. */
struct capture_notes {
    int64_t time_ns;                               /* the latest */
    uint64_t opened, unanswered, one_sided, ended; /* TCP conversations that ended */
    struct finding flood, asymmetric, twice, fragments;
    struct finding found[4]; /* what notes_of_capture returns */
};

/* Is there something to note? Then there has to be a detail. If not, what a next packet could make worth
 * noting is kept in the flow. */
bool notes_are_wanted(const struct flow_step *step, const struct followed *followed);
/* Of a new detail: what the flow has kept. */
void notes_begin(struct detail *d, const struct flow_step *step, const struct followed *followed);
void notes_take(struct detail *d, const struct flow_step *step, const struct followed *followed);
void notes_take_error(struct detail *d, const struct followed *followed);
/* Fragments of a datagram of from never came; number is the first one's that did. */
void notes_take_lost(struct detail *d, unsigned from, uint64_t number);
void notes_take_lost_of_capture(struct capture_notes *capture, uint64_t number);
/* What the end shows, into d->findings: what was noted and has come to nothing is dropped, the rest sorted. d
 * is an empty one if there was none. */
void notes_end(struct detail *d, const struct flow *flow, struct capture_notes *capture);
const struct finding *notes_of_capture(struct capture_notes *capture, unsigned *ret_count);

#endif

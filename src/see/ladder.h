/* SPDX-License-Identifier: ISC */
#ifndef SEE_LADDER_H
#define SEE_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/conversation.h"
#include "see/follow.h"

/* The ladder of one conversation, as a model: what show/ draws as text, SVG, page and JSON. It is made of
 * rungs, from the top down; nothing in it points into packets.
 *
 *     l = ladder_new(&options);
 *     ladder_add(l, &followed, NULL);      each packet of the conversation, in order
 *     ladder_end(l, &conversation);        the summary: for the head, and what it found
 *     for (i = 0; i < ladder_count(l); i++)
 *         ladder_rung(l, i)
 */

#define LADDER_RUNGS_DEFAULT 10000
#define LADDER_RUNGS_MIN 64
/* Two packets further apart than this have a rung between them that says so. */
#define LADDER_IDLE_NS INT64_C(1000000000)
/* Plain data of one side and its ACKs are folded from so many segments on. */
#define LADDER_RUN_SEGMENTS 4

enum rung_kind {
    RUNG_PACKET,
    RUNG_RUN,    /* plain data of one side, folded, with the ACKs of the other among it */
    RUNG_IDLE,   /* nothing for a while: from time_ns to end_ns */
    RUNG_ICMP,   /* an error about a packet of from */
    RUNG_CUT,    /* packets that were left out since there were too many: segments tells how many */
    RUNG_CHANGE, /* no packet: a timer or a program has put a side into another state */
};

/* Known only where both ends are seen, as in the lab. */
enum rung_fate {
    FATE_UNKNOWN,
    FATE_DELIVERED,
    FATE_DROPPED,
    FATE_DELAYED,
    FATE_DUPLICATED,
    FATE_REORDERED,
    FATE_CORRUPTED,
    FATE_TRUNCATED,
    FATE_FORGED, /* nobody sent it: the wire did, in the name of from */
};
#define RUNG_FATES (FATE_FORGED + 1)

/* A packet whose flight takes time may be two rungs, so that those which cross it stand between them. */
enum rung_part {
    RUNG_WHOLE,
    RUNG_LEAVES,  /* it has left, and is under way */
    RUNG_ARRIVES, /* it is there, flight_ns after it left; what was said of it then is not said again */
};

/* A longer one is cut, of more different ones further ones are left out. */
#define LADDER_NOTE_MAX_BYTES 128
#define LADDER_NOTES_MAX 1024

struct rung {
    uint8_t kind; /* enum rung_kind */
    uint8_t from; /* FLOW_A or FLOW_B: who sent it */
    uint8_t fate; /* enum rung_fate */
    uint8_t part; /* enum rung_part */
    bool has_ack, has_scale;
    bool has_states; /* state is the kernels' own, and was not followed */
    uint16_t flags;  /* enum tcp_flags; of a run: all that occurred */
    uint8_t icmp_version, icmp_type, icmp_code;
    uint64_t number;         /* of the packet; of a run, the first */
    uint64_t last_number;    /* of a run; else number */
    int64_t time_ns, end_ns; /* of a run, its first and last packet; else the same */
    int64_t delta_ns;        /* since the packet before it in the conversation */
    int64_t rtt_ns;          /* 0: no sample */
    int64_t flight_ns;       /* how long it was under way; 0: not known, or not yet */
    const char *note;        /* why it met its fate, as it may be shown (utf8_escape); NULL: none */
    uint32_t seq, ack;       /* of a run: the seq of its first, the last ack of the other side */
    uint32_t seq_relative, ack_relative;
    uint32_t sequence_bytes;
    uint64_t payload;    /* of a run, the sum of all */
    uint32_t segments;   /* with payload, in a run; else 1 */
    uint32_t acks;       /* of the other side, folded into the run */
    uint32_t window;     /* scaled, of the last */
    uint32_t in_flight;  /* the largest in a run */
    uint32_t mss;        /* in a SYN, 0 if none */
    int8_t window_shift; /* in a SYN, -1 if none */
    uint8_t sack_count;
    uint32_t sack_relative[4][2];
    unsigned verdicts;         /* enum verdict */
    uint8_t state[FLOW_SIDES]; /* enum flow_state after it */
    bool is_inferred[FLOW_SIDES];
    bool is_changed[FLOW_SIDES]; /* state is another one than before it (or the first that is told) */
    uint64_t findings;           /* bit N: it is evidence of enum finding_kind N. Filled by ladder_end */
};

struct ladder_options {
    bool every;       /* a rung for each packet: nothing is folded */
    size_t max_rungs; /* 0: the default. Of more the first and the last are kept */
    int64_t idle_ns;  /* 0: the default */
};

/* What others than the packets know; members that are not set count for nothing. */
struct ladder_extra {
    uint8_t fate; /* enum rung_fate */
    uint8_t part; /* enum rung_part. With RUNG_ARRIVES followed is that of the time when it left, of which
                     flow and, but for ICMP, packet are not looked at */
    int64_t flight_ns; /* with RUNG_ARRIVES the rung's time is so much later than followed->time_ns */
    const char *note;  /* such as "drop syn+ack#1"; is copied. NULL: none */
    bool has_states;   /* these are the kernel's own, in place of those that were followed */
    uint8_t state[FLOW_SIDES];
};

struct ladder;

struct ladder *ladder_new(const struct ladder_options *options);
void ladder_free(struct ladder *l);
/* extra may be NULL. */
void ladder_add(struct ladder *l, const struct followed *followed, const struct ladder_extra *extra);
/* A change of state that no packet has brought about; the kernels' own states, enum flow_state. */
void ladder_add_change(struct ladder *l, int64_t time_ns, const uint8_t state[FLOW_SIDES]);
/* c is copied, with its findings and label. May be called again after more packets. */
void ladder_end(struct ladder *l, const struct conversation *c);
size_t ladder_count(const struct ladder *l);
/* How many of these no further packet will change: what may still be folded is not among them. */
size_t ladder_settled(const struct ladder *l);
/* What comes next is not folded into what is there: all of it is settled. */
void ladder_settle(struct ladder *l);
const struct rung *ladder_rung(const struct ladder *l, size_t index);
/* NULL before ladder_end. */
const struct conversation *ladder_conversation(const struct ladder *l);
/* When the first packet was: the ladder's time 0. */
int64_t ladder_start_ns(const struct ladder *l);

/* "packet", "run", "idle", "icmp", "cut", "change": for programs. */
const char *rung_kind_name(enum rung_kind kind);
/* "delivered", "dropped", ...; NULL for FATE_UNKNOWN. For programs. */
const char *rung_fate_name(enum rung_fate fate);
/* The same for people, N_; NULL also for FATE_DELIVERED. */
const char *rung_fate_text(enum rung_fate fate);

#endif

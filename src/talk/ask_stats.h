/* SPDX-License-Identifier: ISC */
#ifndef TALK_ASK_STATS_H
#define TALK_ASK_STATS_H

#include <stdint.h>

/* Round trips, any number of them in a fixed space: the least and the most exactly, what lies between in
 * classes 1/128 wide, so that a median or a p99 is off by 0.4 % at most. */
#define ASK_STATS_CLASS_BITS 7
#define ASK_STATS_OCTAVES 40 /* up to 2^46 ns, some 20 hours; longer counts as that */
#define ASK_STATS_CLASSES ((ASK_STATS_OCTAVES + 1) << ASK_STATS_CLASS_BITS)

struct ask_stats {
    uint64_t sent;     /* messages; a retry is none */
    uint64_t answered; /* messages whose reply came whole */
    uint64_t lost;     /* sent, and certain to have no reply any more */
    uint64_t unsent;   /* messages that nobody could be called for */
    uint64_t retried;  /* datagrams sent again */
    int64_t min_ns, max_ns;
    uint64_t total_ns;
    uint64_t classes[ASK_STATS_CLASSES];
};

/* Counts an answer. */
void ask_stats_add(struct ask_stats *s, int64_t round_trip_ns);
/* The least round trip that so many in a thousand do not pass: 500 is the median, 990 is p99. 0 if none was
 * answered. */
int64_t ask_stats_quantile(const struct ask_stats *s, unsigned permille);

#endif

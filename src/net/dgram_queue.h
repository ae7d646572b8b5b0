/* SPDX-License-Identifier: ISC */
#ifndef NET_DGRAM_QUEUE_H
#define NET_DGRAM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/endpoint.h"

/* Datagrams that wait to be sent, for dgram_socket.c. The bytes stand one behind the other in one piece of
 * memory that is used again and again, so a datagram costs no allocation, and equal ones for one peer can be
 * handed to the kernel as one (UDP_SEGMENT). */
struct dgram_run {
    struct endpoint to; /* len 0: the socket's own peer */
    uint64_t position;  /* of its bytes, counted from the queue's first byte ever */
    uint32_t len;
    uint32_t since_ms; /* dgram_stall.c's: when its peer stopped taking datagrams */
    uint16_t segment;  /* bytes of each datagram in it but the last, which may be shorter */
    uint16_t count;
    bool closed; /* nothing may join it any more */
    bool split;  /* the kernel refused it joined */
};

struct dgram_queue {
    struct dgram_run *runs;
    uint32_t run_first, run_end, run_cap;
    uint8_t *data;
    size_t head, tail, cap;
    uint64_t base;        /* position of data[0] */
    size_t segment_limit; /* larger datagrams are not joined: the path's MTU cannot be segmented above */
};

#define DGRAM_BATCH 64                 /* datagrams for one system call */
#define DGRAM_SEGMENTS_MAX 64          /* UDP_MAX_SEGMENTS of Linux before 6.9, 128 since */
#define DGRAM_SEGMENT_BYTES_LIMIT 1452 /* Ethernet's MTU less the headers of IPv6 and UDP */
#define DGRAM_JOINED_BYTES_MAX 65507   /* of the smaller of IPv4 and IPv6 */
#define DGRAM_KEPT_BYTES (1024 * 1024) /* an empty queue gives back more than that */

/* What sendmmsg needs beside the queue, made by dgram_queue_batch; may live on the stack. */
struct dgram_sending {
    struct mmsghdr msgs[DGRAM_BATCH];
    struct iovec iov[DGRAM_BATCH];
    uint8_t control[DGRAM_BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))]
        __attribute__((aligned(8)));
};

void dgram_queue_init(struct dgram_queue *q);
void dgram_queue_done(struct dgram_queue *q);

static inline bool dgram_queue_is_empty(const struct dgram_queue *q)
{
    return q->run_first == q->run_end;
}

static inline uint32_t dgram_queue_runs(const struct dgram_queue *q)
{
    return q->run_end - q->run_first;
}

/* Memory in use, with what each datagram costs beside its bytes. */
static inline size_t dgram_queue_bytes(const struct dgram_queue *q)
{
    return q->tail - q->head + dgram_queue_runs(q) * sizeof(struct dgram_run);
}

/* Appends a copy. to NULL: the socket's own peer. join: as a part of the last run, if it fits there. */
void dgram_queue_add(
    struct dgram_queue *q, const struct endpoint *to, const void *data, size_t len, bool join);
/* Appends copies of datagrams that are joined already: segment bytes each, the last may have fewer. */
void dgram_queue_add_burst(
    struct dgram_queue *q, const struct endpoint *to, const void *data, size_t len, size_t segment);
/* Describes the front of the queue for sendmmsg; returns how many entries. Valid until the queue changes. */
int dgram_queue_batch(const struct dgram_queue *q, struct dgram_sending *ret);
/* The first entries of that batch are gone. */
void dgram_queue_sent(struct dgram_queue *q, int entries);
/* The first run; not of an empty queue. */
static inline struct dgram_run *dgram_queue_first(const struct dgram_queue *q)
{
    return &q->runs[q->run_first];
}
static inline const uint8_t *dgram_run_data(const struct dgram_queue *q, const struct dgram_run *run)
{
    return q->data + (run->position - q->base);
}
/* The kernel will not segment the first run: from now on it goes one by one, and none is made as large.
 * False if it is not a joined one. */
bool dgram_queue_split(struct dgram_queue *q);

#endif

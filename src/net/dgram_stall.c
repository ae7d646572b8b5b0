/* SPDX-License-Identifier: ISC */
/* Second chances for unix datagrams, in the order in which they were sent to each peer. */
#include "net/dgram_stall.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/xmalloc.h"
#include "net/dgram_queue.h"

#define TRY_AGAIN_MS 5

struct dgram_stall {
    struct loop *loop;
    int fd;
    void (*lost)(const struct endpoint *to, int code, void *arg);
    void *arg;
    struct timer *timer;
    struct dgram_queue queue;
};

static bool holds(const struct dgram_queue *q, const struct endpoint *to)
{
    for (uint32_t i = q->run_first; i < q->run_end; i++)
        if (endpoint_is_equal(&q->runs[i].to, to))
            return true;
    return false;
}

static void set_aside(
    struct dgram_queue *q, const struct endpoint *to, const void *data, size_t len, uint32_t since)
{
    dgram_queue_add(q, to, data, len, false);
    q->runs[q->run_end - 1].since_ms = since;
}

static void try_again(void *arg)
{
    struct dgram_stall *stall = arg;
    struct dgram_queue old = stall->queue;
    uint32_t now = (uint32_t)loop_now_ms(stall->loop);

    dgram_queue_init(&stall->queue);
    for (; !dgram_queue_is_empty(&old); dgram_queue_sent(&old, 1)) {
        const struct dgram_run *run = dgram_queue_first(&old);
        const uint8_t *data = dgram_run_data(&old, run);
        bool waits = holds(&stall->queue, &run->to);
        int code = 0;

        if (!waits &&
            sendto(stall->fd, data, run->len, MSG_DONTWAIT | MSG_NOSIGNAL, &run->to.sa, run->to.len) < 0)
            code = -errno;
        if (code == -EAGAIN) {
            waits = now - run->since_ms < DGRAM_STALL_MS;
            code = -ENOBUFS;
        }
        if (waits)
            set_aside(&stall->queue, &run->to, data, run->len, run->since_ms);
        else if (code < 0)
            stall->lost(&run->to, code, stall->arg);
    }
    dgram_queue_done(&old);
    if (!dgram_queue_is_empty(&stall->queue))
        timer_start(stall->timer, TRY_AGAIN_MS);
}

struct dgram_stall *dgram_stall_new(
    struct loop *loop, int fd, void (*lost)(const struct endpoint *to, int code, void *arg), void *arg)
{
    struct dgram_stall *stall = xcalloc(1, sizeof(*stall));

    *stall = (struct dgram_stall){.loop = loop, .fd = fd, .lost = lost, .arg = arg};
    stall->timer = timer_new(loop, try_again, stall);
    dgram_queue_init(&stall->queue);
    return stall;
}

void dgram_stall_free(struct dgram_stall *stall)
{
    if (!stall)
        return;
    timer_free(stall->timer);
    dgram_queue_done(&stall->queue);
    free(stall);
}

bool dgram_stall_is_empty(const struct dgram_stall *stall)
{
    return dgram_queue_is_empty(&stall->queue);
}

bool dgram_stall_holds(const struct dgram_stall *stall, const struct endpoint *to)
{
    return holds(&stall->queue, to);
}

void dgram_stall_add(struct dgram_stall *stall, const struct endpoint *to, const void *data, size_t len)
{
    if (dgram_queue_bytes(&stall->queue) + len + sizeof(struct dgram_run) > DGRAM_STALL_BYTES) {
        stall->lost(to, -ENOBUFS, stall->arg);
        return;
    }
    set_aside(&stall->queue, to, data, len, (uint32_t)loop_now_ms(stall->loop));
    if (!timer_is_running(stall->timer))
        timer_start(stall->timer, TRY_AGAIN_MS);
}

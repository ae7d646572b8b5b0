/* SPDX-License-Identifier: ISC */
/* Datagram sockets as their users see them: each call goes to the backend. */
#include "net/dgram.h"

#include "net/dgram_ops.h"

int dgram_send(struct dgram *d, const struct endpoint *to, const void *data, size_t len)
{
    return d->ops->send(d, to, data, len);
}

int dgram_send_burst(struct dgram *d, const struct endpoint *to, const void *data, size_t len, size_t segment)
{
    const uint8_t *at = data;
    int count = 0;

    if (d->ops->send_burst)
        return d->ops->send_burst(d, to, data, len, segment);
    for (size_t left = len; left > 0; count++) {
        size_t part = left < segment ? left : segment;
        int code = d->ops->send(d, to, at, part);

        if (code < 0)
            return count ? count : code;
        at += part;
        left -= part;
    }
    return count;
}

void dgram_flush(struct dgram *d)
{
    d->ops->flush(d);
}

int dgram_fd(const struct dgram *d)
{
    return d->ops->fd(d);
}

void dgram_local(const struct dgram *d, struct endpoint *ret)
{
    d->ops->local(d, ret);
}

uint64_t dgram_lost(const struct dgram *d)
{
    return d->ops->lost(d);
}

void dgram_free(struct dgram *d)
{
    if (d)
        d->ops->close(d);
}

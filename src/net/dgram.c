/* SPDX-License-Identifier: ISC */
/* Datagram sockets as their users see them: each call goes to the backend. */
#include "net/dgram.h"

#include "net/dgram_ops.h"

int dgram_send(struct dgram *d, const struct endpoint *to, const void *data, size_t len)
{
    return d->ops->send(d, to, data, len);
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

/* SPDX-License-Identifier: ISC */
/* The least that libuv needs to hold a connection: its handle, and one read buffer for all.
 * idle_uv PORT */
#include "common.h"

#include <stdlib.h>
#include <uv.h>

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char shared[65536];

    *buf = uv_buf_init(shared, sizeof(shared));
}

static void closed(uv_handle_t *handle)
{
    free(handle);
}

static void came(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    if (got < 0)
        uv_close((uv_handle_t *)stream, closed);
}

static void called(uv_stream_t *listener, int status)
{
    uv_tcp_t *peer = malloc(sizeof(*peer));

    uv_tcp_init(listener->loop, peer);
    if (status < 0 || uv_accept(listener, (uv_stream_t *)peer) < 0) {
        uv_close((uv_handle_t *)peer, closed);
        return;
    }
    uv_tcp_nodelay(peer, 1);
    uv_read_start((uv_stream_t *)peer, give_buffer, came);
}

int main(int argc, char **argv)
{
    struct sockaddr_in sin = loopback(1, argc > 1 ? atoi(argv[1]) : 0);
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;

    raise_nofile();
    uv_tcp_init(loop, &listener);
    if (uv_tcp_bind(&listener, (struct sockaddr *)&sin, 0) < 0 ||
        uv_listen((uv_stream_t *)&listener, 4096, called) < 0)
        die("listen");
    say_ready();
    return uv_run(loop, UV_RUN_DEFAULT);
}

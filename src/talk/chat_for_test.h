/* SPDX-License-Identifier: ISC */
#ifndef TALK_CHAT_FOR_TEST_H
#define TALK_CHAT_FOR_TEST_H

/* A chat on a loop, everything that it tells written down as text, and plain sockets to be its peers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/mem.h"
#include "talk/book.h"
#include "talk/chat.h"

#define TEST_PATIENCE_MS 20000

struct chat_fixture {
    struct loop *loop;
    struct store *store;
    struct book *book;
    struct chat *chat;
    struct chat_options options;
    struct addr listen[4];
    struct str told; /* a line an event */
    const char *awaited;
    size_t seen; /* of told: what was awaited stands behind it */
    struct timer *patience;
    bool is_late;
    /* NULL: nothing more. */
    void (*on_message)(struct chat_fixture *f, struct chat_peer *p);
    void (*on_peer)(struct chat_fixture *f, struct chat_peer *p);
};

static inline void __attribute__((format(printf, 2, 3)))
fixture_told(struct chat_fixture *f, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    str_vappendf(&f->told, fmt, args);
    va_end(args);
    str_append_char(&f->told, '\n');
    if (f->awaited && strstr(f->told.data + f->seen, f->awaited))
        loop_stop(f->loop);
}

static inline void fixture_listening(const struct addr *addr, const char *pin, void *arg)
{
    struct chat_fixture *f = arg;
    char text[ADDR_TEXT_BYTES];

    fixture_told(f, "listening %s%s", addr_format(addr, text), pin ? " with a certificate" : "");
}

static inline void fixture_peer(struct chat_peer *p, void *arg)
{
    struct chat_fixture *f = arg;

    fixture_told(f, "peer %s%s", chat_peer_name(p), chat_peer_is_caller(p) ? " (caller)" : "");
    if (f->on_peer)
        f->on_peer(f, p);
}

static inline void fixture_line(
    struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err, void *arg)
{
    static const char *const lines[] = {"idle", "calling", "up", "waiting"};
    static const char *const whys[] = {
        "", ", called", ", answered", ", hung up", ", we hung up", ", broken", ", not reached"};

    fixture_told(arg, "line %s %s%s%s%s", chat_peer_name(p), lines[line], whys[why], err ? ": " : "",
        err ? err->text : "");
}

static inline void fixture_message(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct chat_fixture *f = arg;

    fixture_told(f, "%s %s \"%.*s\"%s", m->direction == STORE_IN ? "from" : "to", chat_peer_name(p),
        (int)m->len, m->text, m->is_part ? " (part)" : "");
    if (f->on_message)
        f->on_message(f, p);
}

static inline void fixture_changed(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    fixture_told(arg, "%s is %s%s%s", m->text, store_state_name(m->state), *m->note ? ": " : "", m->note);
}

static inline void fixture_gone(struct chat_peer *p, void *arg)
{
    fixture_told(arg, "gone %s", chat_peer_name(p));
}

static inline void fixture_trouble(struct chat_peer *p, const struct err *err, void *arg)
{
    fixture_told(arg, "trouble %s: %s", p ? chat_peer_name(p) : "-", err->text);
}

static const struct chat_events fixture_events = {
    .listening = fixture_listening,
    .peer = fixture_peer,
    .line = fixture_line,
    .message = fixture_message,
    .changed = fixture_changed,
    .gone = fixture_gone,
    .trouble = fixture_trouble,
};

static inline void fixture_patience(void *arg)
{
    struct chat_fixture *f = arg;

    f->is_late = true;
    loop_stop(f->loop);
}

/* Runs until a line that was told since the last await has this in it. */
static inline void await(struct chat_fixture *f, const char *text)
{
    char *found = strstr(f->told.data + f->seen, text);

    f->awaited = text;
    f->is_late = false;
    timer_start(f->patience, TEST_PATIENCE_MS);
    while (!(found = strstr(f->told.data + f->seen, text)) && !f->is_late)
        loop_run(f->loop);
    timer_stop(f->patience);
    f->awaited = NULL;
    if (!found) {
        print_error("never told: \"%s\"; told was:\n%s", text, f->told.data);
        fail();
    }
    f->seen = (size_t)(found - f->told.data) + strlen(text);
}

static inline void fixture_begin(struct chat_fixture *f, const char *contacts)
{
    struct err err;

    str_init(&f->told);
    if (!f->loop)
        f->loop = loop_new();
    f->patience = timer_new(f->loop, fixture_patience, f);
    if (!f->store)
        f->store = store_mem_new(f->loop);
    f->options.store = f->store;
    f->options.quiet_ms = CHAT_QUIET_MS;
    if (f->options.max_message == 0)
        f->options.max_message = CHAT_MAX_MESSAGE_BYTES;
    f->options.ending = LINE_LF;
    f->options.listen = f->listen;
    if (contacts) {
        assert_int_equal(book_parse(contacts, strlen(contacts), "contacts", &f->book, &err), 0);
        f->options.book = f->book;
    }
    if (chat_new(f->loop, &f->options, &fixture_events, f, &f->chat, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void fixture_end(struct chat_fixture *f)
{
    chat_free(f->chat);
    store_free(f->store);
    timer_free(f->patience);
    loop_free(f->loop);
    book_free(f->book);
    str_done(&f->told);
}

static inline void listen_at(struct chat_fixture *f, const char *address)
{
    struct err err;

    if (addr_parse(&f->listen[f->options.n_listen++], address, ADDR_LISTEN, &err) < 0)
        fail_msg("%s", err.text);
}

static inline struct chat_peer *open_peer(struct chat_fixture *f, const char *who)
{
    struct chat_peer *p = NULL;
    struct err err;

    if (chat_open(f->chat, who, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static inline void say(struct chat_peer *p, const char *text)
{
    struct err err;

    if (chat_say(p, text, strlen(text), &err) < 0)
        fail_msg("%s", err.text);
}

/* ---- peers: plain, blocking sockets on 127.0.0.1 ---- */

static inline struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Bound to a port, 0: any. *ret_port is which. */
static inline int bound(int type, int port, int *ret_port)
{
    struct sockaddr_in at = loopback(port);
    struct timeval patience = {.tv_sec = TEST_PATIENCE_MS / 1000};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    if (ret_port)
        *ret_port = ntohs(at.sin_port);
    return fd;
}

/* A port where nobody is. */
static inline int closed_port(int type)
{
    int port, fd = bound(type, 0, &port);

    close(fd);
    return port;
}

/* Exactly this comes next. */
static inline void expect_bytes(int fd, const char *text)
{
    char got[4096];
    size_t len = 0, want = strlen(text);

    while (len < want) {
        ssize_t n = recv(fd, got + len, want - len, 0);

        if (n <= 0)
            break;
        len += (size_t)n;
    }
    got[len] = '\0';
    assert_string_equal(got, text);
}

static inline void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

#endif

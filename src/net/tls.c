/* SPDX-License-Identifier: ISC */
/* TLS as a stream laid over another stream.
 *
 * OpenSSL reads and writes through a BIO of our own: it reads straight out of the bytes that the lower
 * stream has just handed over, and writes straight into the lower stream's queue, so nothing is copied
 * beside OpenSSL's own work. The BIO never blocks in writing (how much is encrypted at a time depends on
 * the lower queue's water marks), so SSL_write either takes a whole record or the line is dead; and reading
 * ahead is off, so all that is not yet decrypted is in our hands when the owner pauses. */
#include "net/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/loop_uv.h"
#include "net/stream_ops.h"
#include "net/tls_private.h"

#define TLS_RECORD_BYTES 16384 /* RFC 8446 5.1 */
#define TLS_PLAIN_BYTES (2 * TLS_RECORD_BYTES)
#define TLS_GATHER_SLICES 64
/* Of ciphertext in the lower queue: some records ahead of the kernel, no more. */
#define TLS_LOWER_LOW_BYTES (32 * 1024)
#define TLS_LOWER_HIGH_BYTES (128 * 1024)
/* For our last words (an alert, close_notify) to leave after the owner has closed. */
#define TLS_LINGER_MS 1000

struct tls {
    struct stream base;
    struct stream *lower;
    struct tls_session session;
    const uint8_t *in; /* what OpenSSL may read: a part of the lower stream's event, or of kept */
    size_t in_len;
    struct buf kept;        /* ciphertext that came and could not be used, the owner having paused */
    struct turn_end later;  /* pump without new data: at the start, and after a pause */
    struct timer *deadline; /* of the handshake; NULL once it is done */
    bool unread : 1;        /* the owner paused while there was more */
    bool said_bye : 1;      /* our close_notify is in the lower queue */
    bool heard_bye : 1;     /* the peer's has come */
    bool lower_ended : 1;
    bool cut_off : 1;
};

static struct tls *tls_of(const struct stream *s)
{
    return (struct tls *)s;
}

static int bio_read(BIO *bio, char *data, int len)
{
    struct tls *t = BIO_get_data(bio);
    size_t n = t->in_len < (size_t)len ? t->in_len : (size_t)len;

    BIO_clear_retry_flags(bio);
    if (n == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(data, t->in, n);
    t->in += n;
    t->in_len -= n;
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct tls *t = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    return stream_write(t->lower, data, (size_t)len) < 0 ? -1 : len;
}

static long bio_ctrl(BIO *bio, int cmd, long number, void *arg)
{
    return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO *new_bio(struct tls_context *ctx, struct tls *t)
{
    BIO *bio;

    if (!ctx->bio_method) {
        /* No index from BIO_get_new_index: there are only 127 in a process, and nobody looks for ours. */
        ctx->bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "landline stream");
        BIO_meth_set_read(ctx->bio_method, bio_read);
        BIO_meth_set_write(ctx->bio_method, bio_write);
        BIO_meth_set_ctrl(ctx->bio_method, bio_ctrl);
    }
    bio = BIO_new(ctx->bio_method);
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    return bio;
}

/* The alert that goes with it is in the lower queue already, and leaves (see close_tls). */
static void fail(struct tls *t)
{
    struct err err;
    int code = tls_session_explain(&t->session, t->base.opening, &err);

    stream_fail(&t->base, code, &err);
}

static void follow_reading(struct tls *t)
{
    bool wanted = t->base.opening || !t->base.paused;

    if (wanted && t->unread)
        loop_at_turn_end(t->base.loop, &t->later);
    else if (wanted && t->lower->paused)
        stream_resume(t->lower);
    else if (!wanted && !t->lower->paused)
        stream_pause(t->lower);
}

static void set_reading(struct stream *s)
{
    follow_reading(tls_of(s));
}

/* In TLS 1.3 a client has the last word of the handshake, and sends its first message right behind it. If
 * it has left Nagle's algorithm on, that message waits for our ACK, which the kernel would hold back for
 * 40 ms (measured, with Python's ssl) as there is nothing of ours to carry it. */
static void acknowledge_now(struct tls *t)
{
#ifdef TCP_QUICKACK
    int on = 1, fd = stream_fd(t->lower);

    if (fd >= 0 && t->session.ctx->role == TLS_SERVER)
        setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on)); /* no TCP: no such wait */
#endif
}

/* True: the handshake is done and reading may go on. */
static bool shake_hands(struct tls *t)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(t->session.ssl);
    if (rc == 1) {
        timer_free(t->deadline);
        t->deadline = NULL;
        acknowledge_now(t);
        stream_deliver_open(&t->base);
        return !t->base.closing;
    }
    rc = SSL_get_error(t->session.ssl, rc);
    if (rc != SSL_ERROR_WANT_READ && rc != SSL_ERROR_WANT_WRITE)
        fail(t);
    return false;
}

/* Decrypts what there is and hands it over, many records in one event. */
static void read_records(struct tls *t)
{
    uint8_t plain[TLS_PLAIN_BYTES];

    while (!t->base.paused) {
        size_t have = 0, n;
        int rc = 1, why;

        ERR_clear_error();
        while (have < sizeof(plain) &&
               (rc = SSL_read_ex(t->session.ssl, plain + have, sizeof(plain) - have, &n)) == 1)
            have += n;
        why = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(t->session.ssl, rc);
        if (have) {
            stream_deliver(&t->base, plain, have);
            if (t->base.closing || t->base.failed)
                return;
        }
        if (why == SSL_ERROR_ZERO_RETURN) {
            t->heard_bye = true;
            t->in_len = 0; /* RFC 8446 6.1: "Any data received after a closure alert ... MUST be ignored" */
            stream_deliver_end(&t->base);
            return;
        }
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
            return;
        if (why != SSL_ERROR_NONE) {
            fail(t);
            return;
        }
    }
    t->unread = true;
}

static void pump(struct tls *t)
{
    t->unread = false;
    if (t->base.failed || t->heard_bye) {
        t->in_len = 0;
        return;
    }
    if (t->base.opening && !shake_hands(t))
        return;
    read_records(t);
}

/* The lower stream has said its last byte, and all of it has been read. */
static void take_end(struct tls *t)
{
    struct err err;
    bool in_record;

    if (t->base.failed || t->heard_bye)
        return;
    if (t->base.opening) {
        err_set(&err, ERR_HUNG_UP, -ECONNRESET,
            t->session.ctx->role == TLS_CLIENT ? _("hung up during the TLS handshake; does it speak TLS?")
                                               : _("hung up during the TLS handshake"));
        stream_fail(&t->base, err.code, &err);
        return;
    }
    /* A record's header has been read and its body not, or only a part of the header. */
    in_record = strcmp(SSL_rstate_string(t->session.ssl), "RB") == 0 || SSL_has_pending(t->session.ssl);
    if (in_record) {
        err_set(&err, ERR_HUNG_UP, -ECONNRESET, _("cut off in the middle of a TLS record"));
        stream_fail(&t->base, err.code, &err);
        return;
    }
    t->cut_off = true;
    stream_deliver_end(&t->base);
}

/* After each pump: what is left, the pauses, the end. */
static void settle(struct tls *t)
{
    if (t->base.closing)
        return;
    if (t->lower_ended && !t->unread)
        take_end(t);
    if (!t->base.closing && !t->base.failed)
        follow_reading(t);
}

static void run_later(struct turn_end *later)
{
    struct tls *t = list_entry(later, struct tls, later);
    size_t before = t->kept.len;

    t->in = before ? buf_head(&t->kept) : NULL;
    t->in_len = before;
    pump(t);
    if (t->base.closing)
        return;
    if (before) {
        buf_consume(&t->kept, before - t->in_len);
        buf_trim(&t->kept);
    }
    t->in_len = 0;
    settle(t);
}

static void lower_data(struct stream *s, const uint8_t *data, size_t len, void *arg)
{
    struct tls *t = arg;

    if (t->base.opening && t->session.first_len < TLS_FIRST_BYTES) {
        tls_session_note_first(&t->session, data, len);
        /* OpenSSL would wait for five bytes, and somebody who types "hi" for an answer. */
        if (!tls_session_is_tls(&t->session)) {
            struct err err;
            int code = tls_session_explain_plain(&t->session, &err);

            stream_fail(&t->base, code, &err);
            return;
        }
    }
    if (t->unread) { /* behind what is kept; run_later is on its way or the owner has paused */
        buf_append(&t->kept, data, len);
        return;
    }
    t->in = data;
    t->in_len = len;
    pump(t);
    if (t->base.closing)
        return;
    if (t->in_len)
        buf_append(&t->kept, t->in, t->in_len);
    t->in_len = 0;
    settle(t);
}

static void lower_ended(struct stream *s, void *arg)
{
    struct tls *t = arg;

    t->lower_ended = true;
    if (!t->unread)
        take_end(t);
}

static void lower_drained(struct stream *s, void *arg)
{
    struct tls *t = arg;

    if (t->base.blocked) {
        t->base.blocked = false;
        stream_flush(&t->base);
    }
}

static void lower_failed(struct stream *s, int code, const struct err *err, void *arg)
{
    struct tls *t = arg;
    struct err told;

    if (t->base.opening) {
        err_set(&told, err->kind, code, _("%s during the TLS handshake"), err->text);
        err = &told;
    }
    stream_fail(&t->base, code, err);
}

static const struct stream_events lower_events = {
    .data = lower_data,
    .ended = lower_ended,
    .drained = lower_drained,
    .failed = lower_failed,
};

static void on_deadline(void *arg)
{
    struct tls *t = arg;
    struct err err;

    err_set(&err, ERR_TIMEOUT, -ETIMEDOUT,
        t->session.first_len ? _("the TLS handshake was not done within %d s")
                             : _("no answer to the TLS handshake within %d s; does the peer speak TLS?"),
        TLS_HANDSHAKE_MS / 1000);
    stream_fail(&t->base, -ETIMEDOUT, &err);
}

/* Encrypts one record's worth from the front of the queue: many small messages share a record. */
static int write_record(struct tls *t)
{
    struct iovec iov[TLS_GATHER_SLICES];
    uint8_t gathered[TLS_RECORD_BYTES];
    int count = stream_queue_iov(&t->base, iov, TLS_GATHER_SLICES);
    const uint8_t *data = iov[0].iov_base;
    size_t len = iov[0].iov_len, written;

    if (len > TLS_RECORD_BYTES) {
        len = TLS_RECORD_BYTES;
    } else if (len < TLS_RECORD_BYTES && count > 1) {
        len = 0;
        for (int i = 0; i < count && len < sizeof(gathered); i++) {
            size_t part = iov[i].iov_len < sizeof(gathered) - len ? iov[i].iov_len : sizeof(gathered) - len;

            memcpy(gathered + len, iov[i].iov_base, part);
            len += part;
        }
        data = gathered;
    }
    ERR_clear_error();
    if (SSL_write_ex(t->session.ssl, data, len, &written) != 1) {
        ERR_clear_error();
        return -EPIPE; /* only the lower stream can have failed: its BIO never blocks */
    }
    stream_queue_consume(&t->base, written);
    return 0;
}

static int flush(struct stream *s)
{
    struct tls *t = tls_of(s);
    int code = 0;

    while (code == 0 && s->queued && !stream_is_full(t->lower))
        code = write_record(t);
    s->blocked = code == 0 && s->queued;
    return code;
}

static void say_bye(struct tls *t)
{
    t->said_bye = true;
    ERR_clear_error();
    SSL_shutdown(t->session.ssl);
    ERR_clear_error();
}

static int half_close(struct stream *s)
{
    struct tls *t = tls_of(s);

    say_bye(t);
    stream_shutdown(t->lower);
    return 0;
}

static void close_tls(struct stream *s, bool with_reset)
{
    struct tls *t = tls_of(s);

    /* Only what was said whole is ended with close_notify. */
    if (!with_reset && !s->opening && !s->failed && !t->said_bye && s->queued == 0)
        say_bye(t);
    if (with_reset)
        stream_abort(t->lower);
    else if (stream_queued(t->lower) && (t->said_bye || s->failed))
        stream_finish(t->lower, TLS_LINGER_MS);
    else
        stream_close(t->lower);
    t->lower = NULL;
    turn_end_cancel(&t->later);
    timer_free(t->deadline);
    tls_session_done(&t->session);
    buf_done(&t->kept);
    stream_done(s);
    loop_free_later(s->loop, t);
}

static const struct stream *tls_lower(const struct stream *s)
{
    return tls_of(s)->lower;
}

static int tls_fd(const struct stream *s)
{
    return stream_fd(tls_of(s)->lower);
}

static void tls_peer(const struct stream *s, struct endpoint *ret)
{
    stream_peer(tls_of(s)->lower, ret);
}

static void tls_local(const struct stream *s, struct endpoint *ret)
{
    stream_local(tls_of(s)->lower, ret);
}

static const struct stream_ops tls_ops = {
    .flush = flush,
    .set_reading = set_reading,
    .shutdown = half_close,
    .close = close_tls,
    .lower = tls_lower,
    .fd = tls_fd,
    .peer = tls_peer,
    .local = tls_local,
};

struct stream *tls_wrap(struct stream *lower, struct tls_context *ctx, const char *name)
{
    struct tls *t = xcalloc(1, sizeof(*t));

    stream_init(&t->base, stream_loop(lower), &tls_ops);
    t->base.opening = true;
    t->lower = lower;
    tls_session_init(&t->session, ctx, name, new_bio(ctx, t));
    turn_end_init(&t->later, run_later);
    t->deadline = timer_new(t->base.loop, on_deadline, t);
    timer_start(t->deadline, TLS_HANDSHAKE_MS);
    stream_set_limits(lower, TLS_LOWER_LOW_BYTES, TLS_LOWER_HIGH_BYTES, STREAM_LIMIT_BYTES);
    stream_attach(lower, &lower_events, t);
    loop_at_turn_end(t->base.loop, &t->later);
    return &t->base;
}

int tls_facts(const struct stream *s, struct tls_facts *ret)
{
    const struct tls *t = tls_of(s);

    if (s->ops != &tls_ops)
        return -EINVAL;
    if (s->opening || s->failed)
        return -ENOTCONN;
    tls_session_facts(&t->session, ret);
    ret->cut_off = t->cut_off;
    return 0;
}

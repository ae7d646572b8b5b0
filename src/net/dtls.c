/* SPDX-License-Identifier: ISC */
/* DTLS as a datagram socket laid over another one, by the same kind of BIO as in tls.c: OpenSSL reads the
 * datagram that has just come and sends through the lower socket, which gathers what leaves in a turn.
 *
 * A server keeps nothing of a caller until it has sent back a cookie that only its own address can have
 * received (RFC 6347 4.2.1): one SSL object listens for all of them, and becomes the association of the
 * one whose cookie holds. */
#include "net/dtls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <uthash.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "net/dgram_ops.h"
#include "net/loop_uv.h"
#include "net/tls_private.h"

#undef HASH_KEYCMP
#define HASH_KEYCMP(a, b, len)                                                                               \
    (!endpoint_is_equal((const struct endpoint *)(a), (const struct endpoint *)(b)))
#undef uthash_malloc
#define uthash_malloc(size) xmalloc(size)

/* Of UDP payload: fits IPv6's least MTU of 1280 (40 + 8 bytes of headers) with room for a tunnel. */
#define DTLS_MTU_BYTES 1200
#define DTLS_HEADER_BYTES 13
#define COOKIE_BYTES 32
#define COOKIE_SECRET_MS 60000 /* a secret makes cookies so long, and is believed for as long again */
#define REFUSED_TOLD_MS 1000   /* at most one error event in this time for callers beyond the limit */

struct dtls_peer {
    struct tls_session tls;
    struct dtls *dtls;
    struct endpoint at;
    UT_hash_handle hh;
    const uint8_t *in; /* the datagram that OpenSSL may read */
    size_t in_len;
    struct timer *resend; /* while shaking hands */
    uint64_t give_up_ms;
    struct deadline idle;
    struct buf waiting; /* a client's messages before it is open: uint32_t length and bytes each */
    int send_code;      /* what the lower socket said to the last datagram */
    bool open, dead;
};

struct dtls {
    struct dgram base;
    struct dgram *lower;
    struct tls_context *ctx;
    bool server, closed;
    struct dtls_peer *client; /* NULL once its association has ended */
    struct turn_end begin;
    /* The rest is a server's. */
    struct dtls_peer *peers; /* uthash */
    uint64_t hash_key;
    unsigned peers_max;
    struct deadlines *idle;
    struct dtls_peer *listener; /* reads hellos of callers who have proved nothing yet */
    BIO_ADDR *unused;           /* DTLSv1_listen wants one */
    uint8_t secrets[2][COOKIE_BYTES];
    uint64_t secret_ms, refused_ms;
};

static struct dtls *dtls_of(const struct dgram *d)
{
    return (struct dtls *)d;
}

/* ---- the BIO ------------------------------------------------------------------------------------- */

static int bio_read(BIO *bio, char *data, int len)
{
    struct dtls_peer *p = BIO_get_data(bio);
    size_t n = p->in_len < (size_t)len ? p->in_len : (size_t)len;

    BIO_clear_retry_flags(bio);
    if (!p->in) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(data, p->in, n);
    p->in = NULL; /* one read, one datagram: what does not fit is lost, as with recv(2) */
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int len)
{
    struct dtls_peer *p = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    p->send_code = dgram_send(p->dtls->lower, p->dtls->server ? &p->at : NULL, data, (size_t)len);
    return len; /* what is not sent is lost; handshakes resend */
}

static long bio_ctrl(BIO *bio, int cmd, long number, void *arg)
{
    switch (cmd) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: /* reading never blocks, so there is nothing to time */
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return DTLS_MTU_BYTES;
    default:
        return 0;
    }
}

static BIO *new_bio(struct tls_context *ctx, struct dtls_peer *p)
{
    BIO *bio;

    if (!ctx->bio_method) {
        ctx->bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "landline datagrams");
        BIO_meth_set_read(ctx->bio_method, bio_read);
        BIO_meth_set_write(ctx->bio_method, bio_write);
        BIO_meth_set_ctrl(ctx->bio_method, bio_ctrl);
    }
    bio = BIO_new(ctx->bio_method);
    BIO_set_data(bio, p);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- associations -------------------------------------------------------------------------------- */

static struct dtls_peer *find_peer(const struct dtls *d, const struct endpoint *at)
{
    struct dtls_peer *p;

    HASH_FIND_BYHASHVALUE(hh, d->peers, at, sizeof(*at), (unsigned)endpoint_hash(at, d->hash_key), p);
    return p;
}

static struct dtls_peer *peer_new(struct dtls *d, const char *name)
{
    struct dtls_peer *p = xcalloc(1, sizeof(*p));

    p->dtls = d;
    deadline_init(&p->idle);
    tls_session_init(&p->tls, d->ctx, name, new_bio(d->ctx, p));
    SSL_set_mtu(p->tls.ssl, DTLS_MTU_BYTES);
    return p;
}

/* Its memory stays until the turn's end: events further up the stack may still look at it. */
static void peer_free(struct dtls_peer *p)
{
    if (!p || p->dead)
        return;
    p->dead = true;
    if (p == p->dtls->client)
        p->dtls->client = NULL;
    else if (p == p->dtls->listener)
        p->dtls->listener = NULL;
    else
        HASH_DELETE(hh, p->dtls->peers, p);
    deadline_disarm(&p->idle);
    timer_free(p->resend);
    tls_session_done(&p->tls);
    buf_done(&p->waiting);
    loop_free_later(p->dtls->base.loop, p);
}

/* An association that was open is over. The owner may free the socket in the event. */
static void peer_end(struct dtls_peer *p)
{
    struct dtls *d = p->dtls;
    struct endpoint at = p->at;

    peer_free(p);
    if (!d->closed && d->base.events->peer_gone)
        d->base.events->peer_gone(&d->base, &at, d->base.arg);
}

static void peer_fail(struct dtls_peer *p, int code, const struct err *err)
{
    struct dtls *d = p->dtls;

    d->base.events->error(&d->base, &p->at, code, err, d->base.arg);
    if (p->dead)
        return;
    if (p->open)
        peer_end(p);
    else
        peer_free(p);
}

static void peer_explain(struct dtls_peer *p)
{
    struct err err;
    int code = tls_session_explain(&p->tls, !p->open, &err);

    peer_fail(p, code, &err);
}

static void say_bye(struct dtls_peer *p)
{
    if (!p->open)
        return;
    ERR_clear_error();
    SSL_shutdown(p->tls.ssl);
    ERR_clear_error();
}

static void on_idle(struct deadline *deadline, void *arg)
{
    struct dtls_peer *p = list_entry(deadline, struct dtls_peer, idle);

    say_bye(p);
    peer_end(p);
}

static void note_traffic(struct dtls_peer *p)
{
    if (p->dtls->server && !p->dead)
        deadlines_arm(p->dtls->idle, &p->idle);
}

static int write_message(struct dtls_peer *p, const void *data, size_t len)
{
    size_t written;

    p->send_code = 0;
    ERR_clear_error();
    if (SSL_write_ex(p->tls.ssl, data, len, &written) != 1) {
        ERR_clear_error();
        return -EPIPE;
    }
    note_traffic(p);
    return p->send_code;
}

static void send_waiting(struct dtls_peer *p)
{
    while (p->waiting.len) {
        uint32_t len;

        memcpy(&len, buf_head(&p->waiting), sizeof(len));
        write_message(p, buf_head(&p->waiting) + sizeof(len), len);
        buf_consume(&p->waiting, sizeof(len) + len);
    }
    buf_done(&p->waiting);
}

/* ---- handshakes ---------------------------------------------------------------------------------- */

/* RFC 6347 4.2.4: OpenSSL knows when its last flight is due again. */
static void arm_resend(struct dtls_peer *p)
{
    uint64_t now = loop_now_ms(p->dtls->base.loop), delay = p->give_up_ms > now ? p->give_up_ms - now : 0;
    struct timeval left;

    if (DTLSv1_get_timeout(p->tls.ssl, &left) == 1) {
        uint64_t due = (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1;

        if (due < delay)
            delay = due;
    }
    timer_start(p->resend, delay);
}

static void shake_hands(struct dtls_peer *p)
{
    struct dtls *d = p->dtls;
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(p->tls.ssl);
    if (rc != 1) {
        rc = SSL_get_error(p->tls.ssl, rc);
        if (rc == SSL_ERROR_WANT_READ || rc == SSL_ERROR_WANT_WRITE)
            arm_resend(p);
        else
            peer_explain(p);
        return;
    }
    p->open = true;
    timer_free(p->resend);
    p->resend = NULL;
    send_waiting(p);
    note_traffic(p);
    if (!d->server && d->base.events->opened)
        d->base.events->opened(&d->base, d->base.arg);
}

const char *dtls_waits_for(const struct dgram *base)
{
    const struct dtls_peer *p = dtls_of(base)->client;

    if (!p || p->open)
        return NULL;
    /* RFC 6347 4.1.2.7 has records that do not verify thrown away in silence, so this is all that is seen. */
    if (p->tls.ctx->psks && SSL_get_state(p->tls.ssl) == TLS_ST_CW_FINISHED)
        return _("silence after the key exchange: a wrong pre-shared key looks like this");
    return p->tls.first_len ? _("the DTLS handshake was begun and not finished")
                            : _("no answer to the DTLS handshake; does the peer speak DTLS?");
}

static void on_resend(void *arg)
{
    struct dtls_peer *p = arg;
    struct err err;

    if (loop_now_ms(p->dtls->base.loop) >= p->give_up_ms) {
        const char *waits_for = p->dtls->server ? NULL : dtls_waits_for(&p->dtls->base);

        err_set(&err, ERR_TIMEOUT, -ETIMEDOUT, _("the DTLS handshake was not done within %d s%s%s"),
            DTLS_HANDSHAKE_MS / 1000, waits_for ? ": " : "", waits_for ? waits_for : "");
        peer_fail(p, -ETIMEDOUT, &err);
        return;
    }
    ERR_clear_error();
    if (DTLSv1_handle_timeout(p->tls.ssl) < 0)
        peer_explain(p);
    else
        arm_resend(p);
}

static void begin_handshake(struct dtls_peer *p)
{
    p->resend = timer_new(p->dtls->base.loop, on_resend, p);
    p->give_up_ms = loop_now_ms(p->dtls->base.loop) + DTLS_HANDSHAKE_MS;
    shake_hands(p);
}

/* ---- a server's cookies -------------------------------------------------------------------------- */

static void rotate_secrets(struct dtls *d)
{
    uint64_t now = loop_now_ms(d->base.loop);

    if (now - d->secret_ms < COOKIE_SECRET_MS)
        return;
    memcpy(d->secrets[1], d->secrets[0], COOKIE_BYTES);
    RAND_bytes(d->secrets[0], COOKIE_BYTES);
    /* After a long silence the one before is too old as well. */
    if (now - d->secret_ms >= 2 * COOKIE_SECRET_MS)
        RAND_bytes(d->secrets[1], COOKIE_BYTES);
    d->secret_ms = now;
}

static void make_cookie(
    const struct dtls_peer *p, const uint8_t secret[COOKIE_BYTES], uint8_t ret[COOKIE_BYTES])
{
    uint8_t who[sizeof(struct in6_addr) + sizeof(in_port_t)] = {0};
    const struct endpoint *at = &p->at;
    unsigned len = COOKIE_BYTES;

    if (at->sa.sa_family == AF_INET6) {
        memcpy(who, &at->in6.sin6_addr, sizeof(at->in6.sin6_addr));
        memcpy(who + sizeof(struct in6_addr), &at->in6.sin6_port, sizeof(in_port_t));
    } else {
        memcpy(who, &at->in4.sin_addr, sizeof(at->in4.sin_addr));
        memcpy(who + sizeof(struct in6_addr), &at->in4.sin_port, sizeof(in_port_t));
    }
    HMAC(EVP_sha256(), secret, COOKIE_BYTES, who, sizeof(who), ret, &len);
}

static int generate_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    struct tls_session *t = SSL_get_app_data(ssl);
    struct dtls_peer *p = list_entry(t, struct dtls_peer, tls);

    rotate_secrets(p->dtls);
    make_cookie(p, p->dtls->secrets[0], cookie);
    *len = COOKIE_BYTES;
    return 1;
}

static int verify_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    struct tls_session *t = SSL_get_app_data(ssl);
    struct dtls_peer *p = list_entry(t, struct dtls_peer, tls);
    uint8_t good[COOKIE_BYTES];

    rotate_secrets(p->dtls);
    for (int i = 0; len == COOKIE_BYTES && i < 2; i++) {
        make_cookie(p, p->dtls->secrets[i], good);
        if (CRYPTO_memcmp(cookie, good, COOKIE_BYTES) == 0)
            return 1;
    }
    return 0;
}

/* ---- what comes in ------------------------------------------------------------------------------- */

/* RFC 6347 4.1 and 4.2.2: a plaintext (epoch 0) handshake record that begins with a ClientHello. */
static bool is_hello(const uint8_t *data, size_t len)
{
    return len > DTLS_HEADER_BYTES && data[0] == SSL3_RT_HANDSHAKE && data[1] == 0xfe && data[3] == 0 &&
           data[4] == 0 && data[DTLS_HEADER_BYTES] == SSL3_MT_CLIENT_HELLO;
}

static void tell_refused(struct dtls *d, const struct endpoint *at)
{
    uint64_t now = loop_now_ms(d->base.loop);
    struct err err;

    if (d->refused_ms && now - d->refused_ms < REFUSED_TOLD_MS)
        return;
    d->refused_ms = now;
    err_set(&err, ERR_OTHER, -ENOBUFS, _("no room for another DTLS peer: there are %u"), d->peers_max);
    d->base.events->error(&d->base, at, -ENOBUFS, &err, d->base.arg);
}

static void take_hello(struct dtls *d, const struct endpoint *at, const uint8_t *data, size_t len)
{
    struct dtls_peer *p = d->listener, *old = find_peer(d, at);
    int rc;

    if (!old && HASH_COUNT(d->peers) >= d->peers_max) {
        tell_refused(d, at);
        return;
    }
    if (!p)
        p = d->listener = peer_new(d, NULL);
    p->at = *at;
    p->in = data;
    p->in_len = len;
    ERR_clear_error();
    rc = DTLSv1_listen(p->tls.ssl, d->unused);
    ERR_clear_error();
    p->in = NULL;
    if (rc != 1)
        return; /* no cookie yet: it was sent one; or no good hello: not worth a word */
    if (old) {  /* RFC 6347 4.2.8: the caller has proved its address, and begins anew */
        peer_end(old);
        if (d->closed)
            return;
    }
    d->listener = NULL;
    HASH_ADD_KEYPTR_BYHASHVALUE(
        hh, d->peers, &p->at, sizeof(p->at), (unsigned)endpoint_hash(at, d->hash_key), p);
    begin_handshake(p);
}

/* Messages, one event each, until the datagram is used up. */
static void read_messages(struct dtls_peer *p)
{
    struct dtls *d = p->dtls;
    uint8_t plain[DTLS_MESSAGE_MAX_BYTES];
    size_t len;
    int rc;

    for (;;) {
        struct dgram_message m = {.peer = &p->at, .data = plain};

        ERR_clear_error();
        if ((rc = SSL_read_ex(p->tls.ssl, plain, sizeof(plain), &len)) != 1)
            break;
        m.len = len;
        note_traffic(p);
        d->base.events->message(&d->base, &m, d->base.arg);
        if (p->dead)
            return;
    }
    rc = SSL_get_error(p->tls.ssl, rc);
    if (rc == SSL_ERROR_ZERO_RETURN)
        peer_end(p);
    else if (rc != SSL_ERROR_WANT_READ && rc != SSL_ERROR_WANT_WRITE)
        peer_explain(p);
}

static bool looks_like_dtls(const uint8_t *data, size_t len)
{
    return len >= DTLS_HEADER_BYTES && data[0] >= 20 && data[0] <= 25 && data[1] == 0xfe;
}

static void feed(struct dtls_peer *p, const uint8_t *data, size_t len)
{
    if (!p->open && !p->tls.first_len)
        tls_session_note_first(&p->tls, data, len);
    if (!p->open && !p->dtls->server && !looks_like_dtls(data, len)) {
        struct err err;

        tls_session_explain_plain(&p->tls, &err);
        peer_fail(p, err.code, &err);
        return;
    }
    p->in = data;
    p->in_len = len;
    if (!p->open)
        shake_hands(p);
    if (!p->dead && p->open)
        read_messages(p);
    p->in = NULL;
}

static void lower_message(struct dgram *lower, const struct dgram_message *m, void *arg)
{
    struct dtls *d = arg;
    struct dtls_peer *p;

    if (d->closed)
        return;
    if (!d->server) {
        if (d->client)
            feed(d->client, m->data, m->len);
        return;
    }
    p = find_peer(d, m->peer);
    if (is_hello(m->data, m->len) && (!p || p->open))
        take_hello(d, m->peer, m->data, m->len);
    else if (p)
        feed(p, m->data, m->len);
}

static void lower_error(
    struct dgram *lower, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
    struct dtls *d = arg;

    if (!d->closed)
        d->base.events->error(&d->base, peer, code, err, d->base.arg);
}

const struct dgram_events *dtls_lower_events(void)
{
    static const struct dgram_events events = {.message = lower_message, .error = lower_error};

    return &events;
}

/* ---- as a datagram socket ------------------------------------------------------------------------ */

static int dtls_send(struct dgram *base, const struct endpoint *to, const void *data, size_t len)
{
    struct dtls *d = dtls_of(base);
    struct dtls_peer *p = !d->server ? d->client : to ? find_peer(d, to) : NULL;
    uint32_t prefix = (uint32_t)len;

    if (len > DTLS_MESSAGE_MAX_BYTES)
        return -EMSGSIZE;
    if (len == 0)
        return -EINVAL;
    if (!p || (d->server && !p->open))
        return -ENOTCONN;
    if (p->open)
        return write_message(p, data, len);
    if (p->waiting.len + sizeof(prefix) + len > DTLS_WAITING_BYTES)
        return -ENOBUFS;
    buf_append(&p->waiting, &prefix, sizeof(prefix));
    buf_append(&p->waiting, data, len);
    return 0;
}

static void dtls_flush(struct dgram *base)
{
    dgram_flush(dtls_of(base)->lower);
}

static int dtls_fd(const struct dgram *base)
{
    return dgram_fd(dtls_of(base)->lower);
}

static void dtls_local(const struct dgram *base, struct endpoint *ret)
{
    dgram_local(dtls_of(base)->lower, ret);
}

static uint64_t dtls_lost(const struct dgram *base)
{
    return dgram_lost(dtls_of(base)->lower);
}

static void dtls_close(struct dgram *base)
{
    struct dtls *d = dtls_of(base);
    struct dtls_peer *p, *next;

    d->closed = true;
    turn_end_cancel(&d->begin);
    if (d->client)
        say_bye(d->client);
    peer_free(d->client);
    peer_free(d->listener);
    HASH_ITER (hh, d->peers, p, next) {
        say_bye(p);
        peer_free(p);
    }
    deadlines_free(d->idle);
    BIO_ADDR_free(d->unused);
    dgram_free(d->lower); /* sends what is queued, the goodbyes with it */
    tls_context_free(d->ctx);
    OPENSSL_cleanse(d->secrets, sizeof(d->secrets));
    loop_free_later(base->loop, d);
}

static const struct dgram_ops dtls_ops = {
    .send = dtls_send,
    .flush = dtls_flush,
    .fd = dtls_fd,
    .local = dtls_local,
    .lost = dtls_lost,
    .close = dtls_close,
};

static void begin_client(struct turn_end *t)
{
    struct dtls *d = list_entry(t, struct dtls, begin);

    begin_handshake(d->client);
}

static struct dtls *wrap(
    struct dgram *lower, struct tls_context *ctx, const struct dgram_events *events, void *arg)
{
    struct dtls *d = xcalloc(1, sizeof(*d));

    d->base.ops = &dtls_ops;
    d->base.loop = lower->loop;
    d->base.events = events;
    d->base.arg = arg;
    d->lower = lower;
    d->ctx = tls_context_ref(ctx);
    lower->arg = d;
    turn_end_init(&d->begin, begin_client);
    return d;
}

struct dgram *dtls_wrap_client(struct dgram *lower, struct tls_context *ctx, const char *name,
    const struct dgram_events *events, void *arg)
{
    struct dtls *d = wrap(lower, ctx, events, arg);

    d->client = peer_new(d, name);
    /* Not before this has returned: it may fail at once. */
    loop_at_turn_end(d->base.loop, &d->begin);
    return &d->base;
}

struct dgram *dtls_wrap_server(
    struct dgram *lower, struct tls_context *ctx, const struct dgram_events *events, void *arg)
{
    struct dtls *d = wrap(lower, ctx, events, arg);

    d->server = true;
    d->unused = BIO_ADDR_new();
    RAND_bytes((uint8_t *)&d->hash_key, sizeof(d->hash_key));
    RAND_bytes(d->secrets[0], sizeof(d->secrets));
    d->secret_ms = loop_now_ms(d->base.loop);
    SSL_CTX_set_cookie_generate_cb(ctx->ssl, generate_cookie);
    SSL_CTX_set_cookie_verify_cb(ctx->ssl, verify_cookie);
    dtls_set_limits(&d->base, DTLS_PEERS_MAX, DTLS_IDLE_MS);
    return &d->base;
}

void dtls_set_limits(struct dgram *base, unsigned peers_max, uint64_t idle_ms)
{
    struct dtls *d = dtls_of(base);

    d->peers_max = peers_max;
    deadlines_free(d->idle);
    d->idle = deadlines_new(base->loop, idle_ms, on_idle, d);
}

unsigned dtls_peers(const struct dgram *base)
{
    return HASH_COUNT(dtls_of(base)->peers);
}

int dtls_facts(const struct dgram *base, const struct endpoint *peer, struct tls_facts *ret)
{
    const struct dtls *d = dtls_of(base);
    const struct dtls_peer *p;

    if (base->ops != &dtls_ops)
        return -EINVAL;
    p = !d->server ? d->client : peer ? find_peer(d, peer) : NULL;
    if (!p || !p->open)
        return -ENOTCONN;
    tls_session_facts(&p->tls, ret);
    return 0;
}

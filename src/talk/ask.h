/* SPDX-License-Identifier: ISC */
#ifndef TALK_ASK_H
#define TALK_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/tcp_facts.h"
#include "net/tls.h"
#include "talk/ask_stats.h"
#include "talk/reply.h"

/* Asks: sends messages to one address and tells what comes back, or why nothing does. Driven by the loop,
 * prints nothing.
 *
 * Two ways to use it. With a message in the options it is sent, count times. With lines set, ask_feed takes
 * lines as they come, each a message with a reply of its own, window of them under way at once.
 *
 * On a stream all of it goes over one connection, made again only if the peer has hung up between two
 * messages (or ends each reply by hanging up). A datagram that was lost or sent twice makes the next one
 * leave from a new socket: an answer that is late then can't be taken for the answer to another. */
struct ask;

#define ASK_MESSAGE_BYTES ((size_t)64 * 1024 * 1024) /* of one message; a datagram's limit is far below */
#define ASK_LINE_BYTES ((size_t)1024 * 1024)         /* of one line that is fed */
#define ASK_WINDOW_MAX 65536
#define ASK_RETRIES_MAX 10
#define ASK_RETRY_MS 1000 /* RFC 8085 3.1.1: where no round trip is known, 1 s, and doubled each time */
#define ASK_QUIET_MS 100
#define ASK_TIMEOUT_MS 5000

enum ask_ending { ASK_LF, ASK_CRLF, ASK_BARE }; /* what ends a message on a stream */

/* What is under way: the word for what a time-out ran out on. */
enum ask_phase { ASK_LOOKUP, ASK_CONNECT, ASK_HANDSHAKE, ASK_REPLY, ASK_PAUSE, ASK_DONE };

struct ask_options {
    const struct addr *addresses; /* tried in order until one can be talked to */
    size_t n_addresses;
    struct tls_context *tls, *dtls; /* a client's, where an address has that scheme */
    const char *server_name;        /* NULL: the address's host */
    const uint8_t *message;
    size_t message_len;
    enum ask_ending ending; /* put behind the message, or each line fed, on a stream */
    bool lines;             /* no message: ask_feed */
    uint32_t window;        /* lines under way at once, at least 1 */
    uint64_t count;         /* how often message is asked; 0: until ask_stop */
    uint64_t interval_ms;   /* from one asking to the next, unless the reply takes longer */
    uint64_t timeout_ms; /* from the call to the reply's end; later messages, from their sending; 0: none */
    int retries;         /* of a datagram, within timeout_ms */
    struct reply_rule rule; /* where a reply ends */
    bool half_close;        /* send FIN after the message, read on */
};

/* One message and its reply. Times in ns, 0 where there was no such thing. */
struct ask_exchange {
    uint64_t number; /* from 1 */
    uint64_t lookup_ns, connect_ns, handshake_ns;
    bool called;           /* it needed a call, which the three above are about */
    int64_t round_trip_ns; /* from the sending to the last byte of the reply; a datagram's: from its last
                              sending */
    int64_t first_byte_ns; /* from the sending to the first one */
    size_t reply_bytes;
    int retries;
    bool is_cut_off;         /* TLS: the peer's hang-up ended it, and was not announced as TLS has it */
    bool is_truncated;       /* a datagram longer than what can be read: its end is missing */
    const struct addr *addr; /* which of the addresses */
    struct endpoint peer;
};

/* What is known of the connection; see ask_facts. */
struct ask_facts {
    const struct addr *addr;
    struct endpoint local, peer;
    bool has_tcp, has_tls;
    struct tcp_facts tcp;
    struct tls_facts tls;
};

/* ask_free may be called in finished; not in the others. */
struct ask_events {
    /* Bytes of the reply to message number, in order. number 0: nobody asked for them. */
    void (*data)(uint64_t number, const uint8_t *data, size_t len, void *arg);
    /* A reply is whole. */
    void (*answered)(const struct ask_exchange *x, void *arg);
    /* Message number has no reply, or half of one; err as for finished. Asking may go on. */
    void (*lost)(uint64_t number, size_t reply_bytes, const struct err *err, void *arg);
    /* Message number is sent again, for the retry-th time, after waiting so long. */
    void (*retry)(uint64_t number, int retry, uint64_t waited_ms, void *arg);
    /* An address could not be talked to, and another is tried. */
    void (*next)(const struct err *err, void *arg);
    /* There is room for lines: call ask_feed, now or later. */
    void (*room)(void *arg);
    /* The end; ask_facts still works. err NULL: all that was asked was answered. Else it names the
     * address, what happened and what to try; it is the last loss if messages were lost. After ask_stop err
     * is NULL unless a message had been lost. */
    void (*finished)(const struct err *err, void *arg);
};

/* Looks the options over, then calls. 0, or -EINVAL with err (ERR_MISUSE). What options points at must
 * outlive the ask. Never calls back before it has returned. */
int ask_start(struct loop *loop, const struct ask_options *options, const struct ask_events *events,
    void *arg, struct ask **ret, struct err *err);
/* Takes whole lines from data, as many as the window has room for; returns the bytes taken. last: data ends
 * the input, and what is behind its last newline is a line too. Lines longer than ASK_LINE_BYTES are the
 * caller's to refuse. May be called in the room event. */
size_t ask_feed(struct ask *a, const uint8_t *data, size_t len, bool last);
/* No more lines will come. */
void ask_feed_end(struct ask *a);
/* Ends: nothing but finished is called any more. */
void ask_stop(struct ask *a);
void ask_free(struct ask *a); /* accepts NULL */

const struct ask_stats *ask_stats(const struct ask *a);
enum ask_phase ask_phase(const struct ask *a);
/* Of a call that came to nothing, its ends. False where there is no connection, nor was one at the end. */
bool ask_facts(const struct ask *a, struct ask_facts *ret);

#endif

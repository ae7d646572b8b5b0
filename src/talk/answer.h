/* SPDX-License-Identifier: ISC */
#ifndef TALK_ANSWER_H
#define TALK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "net/addr.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "wire/line.h"

/* Answers whoever calls, at any number of addresses. Prints nothing: what happens is told by events.
 *
 * A message is a datagram, or on a stream a line, or bytes that stay quiet for quiet_ms. Each is answered in
 * the manner it came: bare, with LF or with CRLF. With ANSWER_EXEC on a stream there are no messages: the
 * child has the conversation. */
struct answer;

enum answer_how {
    ANSWER_REPLY,   /* text: a template, see talk/reply_template.h */
    ANSWER_ECHO,    /* the message itself */
    ANSWER_DISCARD, /* nothing */
    ANSWER_EXEC,    /* text: a shell command, run for each datagram and for each call */
    ANSWER_FILTER,  /* text: a shell command, one for all: a line in, a line out */
};

#define ANSWER_MAX_MESSAGE_BYTES (64 * 1024)        /* --max-message, unless told otherwise */
#define ANSWER_MAX_MESSAGE_LIMIT (16 * 1024 * 1024) /* and the most it may be told */
#define ANSWER_QUIET_MS 100
#define ANSWER_MAX_CHILDREN 64
#define ANSWER_RATE_LIMIT 1000 /* datagrams a second from one source host */

/* Limits without an option. */
#define ANSWER_REPLY_BYTES (1024 * 1024)       /* a longer reply is not sent */
#define ANSWER_UNPROVEN_BYTES 512              /* see answer_refusal: ANSWER_AMPLIFIES */
#define ANSWER_UNPROVEN_TIMES 3                /* likewise */
#define ANSWER_WAITING_DATAGRAMS 1024          /* that wait for a child; more are lost */
#define ANSWER_WAITING_BYTES (4 * 1024 * 1024) /* likewise, and what waits for the filter */
#define ANSWER_FILTER_IN_FLIGHT 4096           /* messages that the filter has not answered yet */
#define ANSWER_CHILD_MS (30 * 1000)            /* a datagram's child that runs longer is stopped */
#define ANSWER_GRACE_MS 2000                   /* between SIGTERM and SIGKILL for a child */
#define ANSWER_DRAIN_MS 5000                   /* to finish what was begun when told to stop */
#define ANSWER_LONG_LINGER_MS (10 * 1000)      /* likewise, if there are many */
#define ANSWER_LINGER_MS 1000                  /* a hung-up peer's last bytes are waited for */
#define ANSWER_BACKOFF_MIN_MS 100              /* before the filter is started again; doubles */
#define ANSWER_BACKOFF_MAX_MS (10 * 1000)      /* up to here */
#define ANSWER_TOLD_MS 1000                    /* one kind of refusal is told at most this often */

struct answer_options {
    enum answer_how how;
    const char *text;
    bool once; /* stop after one message (a stream with ANSWER_EXEC: one call) */
    size_t max_message;
    uint64_t quiet_ms;
    uint64_t idle_ms; /* a stream peer who says nothing so long is hung up on; 0: never */
    size_t max_peers; /* stream peers at once; 0: as many as there are descriptors */
    size_t max_children;
    unsigned rate_limit; /* datagrams a second from one source host; 0: any number */
    const struct cidr *allow, *deny;
    size_t allow_count, deny_count;
    struct tls_options tls;
};

/* Who speaks, where. Valid during the event. */
struct answer_who {
    enum addr_scheme scheme;
    const struct endpoint *peer;  /* AF_UNSPEC: a unix peer without a name */
    const struct endpoint *local; /* where we listen */
    pid_t pid;                    /* of a unix stream peer, else 0 */
    uint64_t call;                /* which call it is, from 1; 0: a datagram */
    const struct stream *stream;  /* the call itself, for looking at; NULL: a datagram */
};

/* "127.0.0.1:9000", "/run/x.sock", "pid 123", or "-" where nothing is known. Returns text. */
const char *answer_who_text(const struct answer_who *who, char text[ENDPOINT_TEXT_BYTES]);
/* Without the port. */
const char *answer_who_host(const struct answer_who *who, char text[ENDPOINT_TEXT_BYTES]);

struct answer_message {
    const uint8_t *data; /* without its ending */
    size_t len;
    enum line_ending ending; /* a datagram has one, too, if its last byte is a newline */
    uint64_t number;         /* from 1, over all peers */
};

enum answer_end {
    ANSWER_THEY_HUNG_UP, /* FIN */
    ANSWER_BROKEN,       /* err says how: reset, timed out, TLS broken */
    ANSWER_IDLE,         /* we: idle_ms passed */
    ANSWER_COMMAND_DONE, /* we: the child has ended */
    ANSWER_STOPPED,      /* we: told to stop */
};

/* What was not done, and why. */
enum answer_refusal {
    ANSWER_TOO_MANY_PEERS, /* hung up on: max_peers are here */
    ANSWER_NO_DESCRIPTORS, /* hung up on: no descriptor left */
    ANSWER_DENIED,         /* hung up on, or the datagram ignored: allow and deny */
    ANSWER_HANDSHAKE,      /* hung up on: TLS failed, err says how */
    ANSWER_TOO_FAST,       /* datagrams ignored: rate_limit */
    ANSWER_TOO_LONG,       /* message ignored: max_message, or cut by the kernel */
    ANSWER_REPLY_TOO_LONG, /* reply not sent: ANSWER_REPLY_BYTES, or what a datagram can hold */
    ANSWER_AMPLIFIES,     /* reply not sent: UDP, from outside, and longer than both ANSWER_UNPROVEN_BYTES and
                             ANSWER_UNPROVEN_TIMES what it answers: the sender's address may be a lie */
    ANSWER_BUSY,          /* message ignored: too many wait for a child or the filter already */
    ANSWER_SEVERAL_LINES, /* message ignored: one of several lines can't be given to the filter */
    ANSWER_LOST,          /* message given to a filter that died before it answered */
    ANSWER_UNSENT,        /* reply not sent: the kernel does not take it, err says why */
    ANSWER_NAMELESS,      /* reply not sent: a unix sender without a name can't be answered */
    ANSWER_REFUSALS,
};

struct answer_counts {
    uint64_t calls, messages, replies;
    uint64_t refused[ANSWER_REFUSALS];
    uint64_t lost_by_kernel; /* datagrams thrown away because this program was late */
    size_t peers;            /* stream peers now */
};

/* Any may be NULL: nothing is prepared for it then. None may free the answer; answer_stop is allowed. */
struct answer_events {
    /* One address more. addr has the port that the kernel chose; pin: of a certificate made for this
     * run, which a caller cannot know otherwise, else NULL. */
    void (*listening)(const struct addr *addr, const char *pin, void *arg);
    void (*called)(const struct answer_who *who, void *arg);
    void (*message)(const struct answer_who *who, const struct answer_message *message, void *arg);
    void (*hung_up)(const struct answer_who *who, enum answer_end why, const struct err *err, void *arg);
    /* count: how many since it was last told, at most every ANSWER_TOLD_MS; who: the last one, or NULL. */
    void (*refused)(enum answer_refusal why, uint64_t count, const struct answer_who *who,
        const struct err *err, void *arg);
    /* A child has ended, with waitpid's status. who is NULL for the filter. */
    void (*child_ended)(const struct answer_who *who, pid_t pid, int status, void *arg);
    /* A thing that a person should know; answering goes on. */
    void (*trouble)(const struct err *err, void *arg);
};

/* Listens at every address. options, its texts and events must outlive the answer. 0, or a negative errno
 * with err (which names what is wrong), and nothing is left open then. */
int answer_new(struct loop *loop, const struct answer_options *options, const struct addr *addrs,
    size_t addr_count, const struct answer_events *events, void *arg, struct answer **ret, struct err *err);
/* Takes no more calls and messages, finishes what was begun, for ANSWER_DRAIN_MS at most, hangs up. loop_run
 * returns when that is done. */
void answer_stop(struct answer *a);
void answer_counts(const struct answer *a, struct answer_counts *ret);
/* Ends everything now, children too. Accepts NULL. */
void answer_free(struct answer *a);

#endif

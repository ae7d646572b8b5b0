/* SPDX-License-Identifier: ISC */
/* landline answer: answer whoever calls. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_answer.h"
#include "cmd/trace_callers.h"
#include "net/addr.h"

#define MS_MAX (24 * INT64_C(3600000))
#define PEERS_MAX 1000000
#define CHILDREN_MAX 10000
#define RATE_MAX 1000000000

static const struct option_row rows[] = {
    OPTION_GROUP(N_("How to answer, one of")),
    OPTION_STRING('r', "reply", N_("TEXT"), struct answer_values, reply, OPTION_COMPLETE_NONE,
        N_("with TEXT; %a in it is the peer's address, %m its message, %n the number, %t the time")),
    OPTION_FLAG(0, "echo", struct answer_values, echo, N_("with the message itself")),
    OPTION_STRING(0, "exec", N_("COMMAND"), struct answer_values, exec, OPTION_COMPLETE_COMMAND,
        N_("with what sh -c COMMAND says: one for each datagram, or for each call")),
    OPTION_STRING(0, "filter", N_("COMMAND"), struct answer_values, filter, OPTION_COMPLETE_COMMAND,
        N_("with what one COMMAND, kept running, makes of it: a line in, a line out")),
    OPTION_FLAG(0, "discard", struct answer_values, discard, N_("not at all: take and print messages")),
    OPTION_GROUP(N_("Who, how much, how long")),
    OPTION_FLAG('1', "once", struct answer_values, once, N_("answer one message, then end")),
    OPTION_LIST(0, "allow", N_("CIDR"), struct answer_values, allow, OPTION_COMPLETE_NONE,
        N_("answer only these addresses, such as 10.0.0.0/8; may be given several times")),
    OPTION_LIST(0, "deny", N_("CIDR"), struct answer_values, deny, OPTION_COMPLETE_NONE,
        N_("never answer these, even if they are allowed")),
    OPTION_NUMBER(0, "max-peers", N_("N"), struct answer_values, max_peers, 0, PEERS_MAX,
        N_("hang up on callers while N are connected (default 0: no limit)")),
    OPTION_MS(0, "idle-timeout", N_("TIME"), struct answer_values, idle_ms, 0, MS_MAX,
        N_("hang up on a caller who says nothing for so long (default 0: never)")),
    OPTION_SIZE(0, "max-message", N_("BYTES"), struct answer_values, max_message, 1, ANSWER_MAX_MESSAGE_LIMIT,
        N_("ignore a longer message, and say so (default 64k)")),
    OPTION_MS(0, "quiet-time", N_("TIME"), struct answer_values, quiet_ms, 1, MS_MAX,
        N_("bytes without a newline are a message when it has been quiet so long (default 100ms)")),
    OPTION_NUMBER(0, "rate-limit", N_("N"), struct answer_values, rate_limit, 0, RATE_MAX,
        N_("datagrams a second from one address, more are ignored (default 1000; 0: no limit)")),
    OPTION_NUMBER(0, "max-children", N_("N"), struct answer_values, max_children, 1, CHILDREN_MAX,
        N_("with --exec: commands at once, others wait (default 64)")),
    OPTION_GROUP(N_("Output")),
    OPTION_FLAG('q', "quiet", struct answer_values, quiet, N_("print no calls and messages")),
    OPTION_COUNT('v', "verbose", struct answer_values, verbose, N_("say who hangs up, and how commands end")),
    OPTION_FLAG(0, "trace", struct answer_values, trace,
        N_("draw the packets of each call when it has ended, of 16 at most")),
    OPTION_FLAG('j', "json", struct answer_values, json, N_("print what happens as JSON, an object a line")),
    OPTION_FLAG('x', "hex", struct answer_values, hex, N_("print messages as a hex dump")),
    OPTION_STRING('e', "encoding", N_("NAME"), struct answer_values, encoding, OPTION_COMPLETE_NONE,
        N_("what the peers speak instead of UTF-8, such as GBK")),
    OPTION_FLAG(0, "no-color", struct answer_values, no_color, N_("no colours on a terminal either")),
    OPTION_GROUP(N_("TLS and DTLS")),
    OPTION_STRING(0, "cert", N_("FILE"), struct answer_values, cert, OPTION_COMPLETE_FILE,
        N_("the certificate to show (PEM); without it one is made for this run")),
    OPTION_STRING(0, "key", N_("FILE"), struct answer_values, key, OPTION_COMPLETE_FILE,
        N_("its private key (default: in the same file)")),
    OPTION_STRING(0, "ca", N_("FILE"), struct answer_values, ca, OPTION_COMPLETE_FILE,
        N_("answer only peers with a certificate from this authority (PEM)")),
    OPTION_STRING(0, "alpn", N_("LIST"), struct answer_values, alpn, OPTION_COMPLETE_NONE,
        N_("protocols to accept, such as h2,http/1.1")),
    OPTION_STRING(0, "psk-file", N_("FILE"), struct answer_values, psk_file, OPTION_COMPLETE_FILE,
        N_("DTLS with shared keys: IDENTITY:HEXKEY lines")),
    OPTION_END,
};

static const char *const synopsis[] = {
    N_("ADDRESS... (--reply TEXT | --echo | --exec COMMAND | --filter COMMAND | --discard)"), NULL};

static const struct option_example examples[] = {
    {"landline answer :9000 --reply 'got %m'", N_("answer TCP calls on this machine")},
    {"landline answer udp://:9000 :9000 --echo", N_("send everything back, over UDP and TCP")},
    {"landline answer '*:9000' --allow 192.168.0.0/16 --exec 'date; cat'",
        N_("to the local network: a command for each call")},
    {"landline answer udp://:9000 --filter 'sed -u s/a/b/'", N_("one command for all messages")},
    {"landline answer tls://:9000 --once --reply bye", N_("one message over TLS, then end")},
    {0},
};

static const struct option_verb verb = {
    .name = "answer",
    .synopsis = synopsis,
    .summary = N_("answer whoever calls"),
    .description =
        N_("Listens at each ADDRESS and answers every message. :9000 is reached from this machine only, "
           "*:9000 from everywhere. A line is a message, and so are bytes that stay quiet for a moment, "
           "and a datagram; each is answered in the manner it came."),
    .rows = rows,
    .examples = examples,
    .args_min = 1,
    .args_max = OPTION_ANY_ARGS,
    .args_complete = OPTION_COMPLETE_ADDRESS,
};

/* What excludes each other. */
static const char *const exclusive[][6] = {
    {"reply", "echo", "exec", "filter", "discard"},
    {"hex", "encoding"},
    {"quiet", "hex"},
    {"quiet", "json"},
};

struct answer_run {
    struct answer_values values;
    struct answer_options options;
    struct answer_events events, printed; /* printed: what --trace stands before */
    struct trace_callers *trace;          /* NULL: without it */
    struct addr *ports;                   /* for --trace: the addresses as they were opened */
    size_t port_count;
    struct answer_print print;
    struct encoding *encoding;
    struct str reply; /* in the peers' encoding */
    struct cidr *allow, *deny;
    struct addr *addrs;
    struct loop *loop;
    struct answer *answer;
    int signals;
    int stdout_code; /* why nothing can be printed any more */
};

static int misuse(struct err *err, const char *text)
{
    return err_set(err, ERR_MISUSE, -EINVAL, "%s", text);
}

static int set_how(struct answer_run *run, struct err *err)
{
    const struct answer_values *v = &run->values;
    int given = !!v->reply + !!v->exec + !!v->filter + v->echo + v->discard;

    if (given == 0)
        return misuse(err,
            _("how to answer? Give --reply TEXT, --echo, --exec COMMAND, --filter COMMAND or --discard"));
    if (given > 1)
        return misuse(
            err, _("--reply, --echo, --exec, --filter and --discard exclude each other; leave one"));
    run->options.how = v->reply    ? ANSWER_REPLY
                       : v->echo   ? ANSWER_ECHO
                       : v->exec   ? ANSWER_EXEC
                       : v->filter ? ANSWER_FILTER
                                   : ANSWER_DISCARD;
    run->options.text = v->exec ? v->exec : v->filter;
    if (v->encoding && encoding_new(v->encoding, &run->encoding, err) < 0)
        return -EINVAL;
    if (v->reply && run->encoding)
        encoding_encode(run->encoding, &run->reply, v->reply, strlen(v->reply));
    else if (v->reply)
        str_append_str(&run->reply, v->reply);
    if (v->reply)
        run->options.text = run->reply.data;
    return 0;
}

static int read_blocks(const struct option_list *list, struct cidr **ret, struct err *err)
{
    struct cidr *blocks = xreallocarray(NULL, list->count + 1, sizeof(*blocks));

    *ret = blocks;
    for (size_t i = 0; i < list->count; i++) {
        int code = cidr_parse(&blocks[i], list->items[i], err);

        if (code < 0)
            return code;
    }
    return 0;
}

static int set_options(struct answer_run *run, struct err *err)
{
    const struct answer_values *v = &run->values;
    struct answer_options *o = &run->options;
    int code = set_how(run, err);

    if (code == 0 && v->hex && v->encoding)
        code = misuse(err, _("--hex shows bytes, --encoding makes text of them; leave one out"));
    if (code == 0 && v->quiet && (v->hex || v->json))
        code = misuse(err, _("--quiet prints no messages; leave it or --hex and --json out"));
    if (code == 0)
        code = read_blocks(&v->allow, &run->allow, err);
    if (code == 0)
        code = read_blocks(&v->deny, &run->deny, err);
    o->allow = run->allow;
    o->allow_count = v->allow.count;
    o->deny = run->deny;
    o->deny_count = v->deny.count;
    o->once = v->once;
    o->max_message = v->max_message;
    o->quiet_ms = (uint64_t)v->quiet_ms;
    o->idle_ms = (uint64_t)v->idle_ms;
    o->max_peers = (size_t)v->max_peers;
    o->max_children = (size_t)v->max_children;
    o->rate_limit = (unsigned)v->rate_limit;
    o->tls = (struct tls_options){
        .cert_file = v->cert,
        .key_file = v->key,
        .ca_file = v->ca,
        .verify_peer = v->ca != NULL,
        .alpn = v->alpn,
        .psk_file = v->psk_file,
    };
    return code;
}

static int read_addresses(struct answer_run *run, const struct options *o, struct err *err)
{
    const struct answer_values *v = &run->values;
    bool secure = false, has_packets = false;

    run->addrs = xreallocarray(NULL, o->n_args, sizeof(*run->addrs));
    for (size_t i = 0; i < o->n_args; i++) {
        int code = addr_parse(&run->addrs[i], o->args[i], ADDR_LISTEN, err);

        if (code < 0)
            return code;
        secure |= addr_is_secure(run->addrs[i].scheme);
        has_packets |= !addr_is_local(run->addrs[i].scheme);
    }
    if (v->trace && !has_packets)
        return misuse(err, _("--trace shows packets, and a unix socket has none; leave it out"));
    if (!secure && (v->cert || v->key || v->ca || v->alpn || v->psk_file))
        return misuse(err, _("the options for TLS need an address that begins with tls:// or dtls://"));
    return 0;
}

/* ---- --trace: before what prints ---- */

static struct answer_run *run_of(void *print)
{
    return list_entry(print, struct answer_run, print);
}

static void on_listening(const struct addr *addr, const char *pin, void *arg)
{
    struct answer_run *run = run_of(arg);

    run->ports = xreallocarray(run->ports, run->port_count + 1, sizeof(*run->ports));
    run->ports[run->port_count++] = *addr;
    run->printed.listening(addr, pin, arg);
}

static void on_message(const struct answer_who *who, const struct answer_message *message, void *arg)
{
    struct answer_run *run = run_of(arg);

    if (!who->stream && run->trace)
        trace_callers_heard(run->trace, who->local, who->peer);
    if (run->printed.message)
        run->printed.message(who, message, arg);
}

static void on_hung_up(const struct answer_who *who, enum answer_end why, const struct err *err, void *arg)
{
    struct answer_run *run = run_of(arg);

    if (run->printed.hung_up)
        run->printed.hung_up(who, why, err, arg);
    if (run->trace)
        trace_callers_ended(run->trace, who->stream, who->local, who->peer);
}

/* Some are hung up on before they count as callers. */
static void on_refused(
    enum answer_refusal why, uint64_t count, const struct answer_who *who, const struct err *err, void *arg)
{
    struct answer_run *run = run_of(arg);

    if (run->printed.refused)
        run->printed.refused(why, count, who, err, arg);
    if (run->trace && who && who->stream &&
        (why == ANSWER_DENIED || why == ANSWER_TOO_MANY_PEERS || why == ANSWER_HANDSHAKE))
        trace_callers_ended(run->trace, who->stream, who->local, who->peer);
}

static void set_trace_events(struct answer_run *run)
{
    run->printed = run->events;
    run->events.listening = on_listening;
    run->events.message = on_message;
    run->events.hung_up = on_hung_up;
    run->events.refused = on_refused;
}

/* As many peers as the system lets us have. Programs that we start inherit it, as they would in any shell
 * where ulimit -n was raised. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Nobody reads what we say (| head), or the disk is full: there is no use in going on. */
static void on_broken_stdout(int code, void *arg)
{
    struct answer_run *run = arg;

    run->stdout_code = code;
    if (run->answer)
        answer_stop(run->answer);
}

static void on_signal(int signum, void *arg)
{
    struct answer_run *run = arg;

    if (run->signals++)
        loop_stop(run->loop);
    else
        answer_stop(run->answer);
}

/* nohup(1) says so. Without it a terminal that has gone ends us, and commands must not be left. */
static bool is_ignored(int signum)
{
    struct sigaction now;

    return sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int run_answer(int argc, char **argv)
{
    struct answer_run run = {
        .values =
            {
                .max_message = ANSWER_MAX_MESSAGE_BYTES,
                .quiet_ms = ANSWER_QUIET_MS,
                .max_children = ANSWER_MAX_CHILDREN,
                .rate_limit = ANSWER_RATE_LIMIT,
            },
        .reply = STR_INIT,
    };
    struct answer_counts counts;
    struct options o;
    struct err err;
    int status;

    if (!cmd_begin(&o, &verb, &run.values, argc, argv, &status))
        return status;
    for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++)
        options_prefer_typed(&o, exclusive[i]);
    if (set_options(&run, &err) < 0 || read_addresses(&run, &o, &err) < 0) {
        status = cmd_fail(&err);
        goto out;
    }
    raise_descriptors();
    run.loop = loop_new();
    answer_print_init(&run.print, &run.values, run.encoding, run.loop, on_broken_stdout, &run);
    answer_print_events(&run.values, &run.events);
    if (run.values.trace)
        set_trace_events(&run);
    if (answer_new(run.loop, &run.options, run.addrs, o.n_args, &run.events, &run.print, &run.answer, &err) <
            0 ||
        (run.values.trace && trace_callers_new(run.loop, run.ports, run.port_count, &run.trace, &err) < 0)) {
        status = cmd_fail(&err);
        goto out;
    }
    loop_on_signal(run.loop, SIGINT, on_signal, &run);
    loop_on_signal(run.loop, SIGTERM, on_signal, &run);
    if (!is_ignored(SIGHUP))
        loop_on_signal(run.loop, SIGHUP, on_signal, &run);
    loop_run(run.loop);
    trace_callers_finish(run.trace);
    answer_counts(run.answer, &counts);
    if (run.signals || run.values.verbose || run.values.json)
        answer_print_counts(&run.print, &counts);
    status = 0;
    if (run.stdout_code == -EPIPE)
        status = ERR_OTHER;
    else if (run.stdout_code < 0) {
        err_set(&err, ERR_OTHER, run.stdout_code, _("standard output: %s; what was printed is not complete"),
            err_word(run.stdout_code));
        status = cmd_fail(&err);
    }
out:
    answer_free(run.answer);
    answer_print_done(&run.print);
    loop_free(run.loop);
    trace_callers_free(run.trace);
    encoding_free(run.encoding);
    str_done(&run.reply);
    free(run.allow);
    free(run.deny);
    free(run.addrs);
    free(run.ports);
    options_done(&o);
    return status;
}

const struct command cmd_answer = {.verb = &verb, .run = run_answer};

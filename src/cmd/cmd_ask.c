/* SPDX-License-Identifier: ISC */
/* landline ask: say one thing, print what comes back. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_ask.h"
#include "cmd/trace_wire.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "talk/book.h"

#define MS_MAX (24 * INT64_C(3600000))

static const struct option_row rows[] = {
    OPTION_GROUP(N_("Message")),
    OPTION_FLAG('l', "lines", struct ask_values, lines,
        N_("each line of standard input is a message with a reply of its own")),
    OPTION_NUMBER('w', "window", N_("N"), struct ask_values, window, 1, ASK_WINDOW_MAX,
        N_("with --lines: how many may be on their way at once (default 1)")),
    OPTION_FLAG(0, "crlf", struct ask_values, crlf, N_("end a message on a stream with CR LF, not LF")),
    OPTION_FLAG('n', "bare", struct ask_values, bare, N_("put nothing behind a message")),
    OPTION_FLAG(0, "half-close", struct ask_values, half_close,
        N_("say that nothing more will come (FIN) after the message, and read on until hang-up")),
    OPTION_STRING('e', "encoding", N_("NAME"), struct ask_values, encoding, OPTION_COMPLETE_NONE,
        N_("what the peer speaks instead of UTF-8, such as GBK")),
    OPTION_GROUP(N_("Reply")),
    OPTION_STRING('u', "until", N_("END"), struct ask_values, until, OPTION_COMPLETE_NONE,
        N_("where a reply on a stream ends: newline, close, quiet:MS or bytes:N")),
    OPTION_MS(0, "quiet-time", N_("TIME"), struct ask_values, quiet_ms, 1, MS_MAX,
        N_("a reply with no other end is over when it has been quiet so long (default 100ms)")),
    OPTION_MS('t', "timeout", N_("TIME"), struct ask_values, timeout_ms, 0, MS_MAX,
        N_("for name lookup, connect, handshake and reply together (default 5s); 0 waits for ever")),
    OPTION_NUMBER('r', "retries", N_("N"), struct ask_values, retries, 0, ASK_RETRIES_MAX,
        N_("send a datagram again after 1s, 2s, 4s, ... without a reply, N times at most")),
    OPTION_GROUP(N_("Repeating")),
    OPTION_NUMBER('c', "count", N_("N"), struct ask_values, count, 0, INT64_MAX,
        N_("ask N times, 0 for until Ctrl-C, and sum up as ping does")),
    OPTION_MS('i', "interval", N_("TIME"), struct ask_values, interval_ms, 0, MS_MAX,
        N_("with --count: from one message to the next (default 1s)")),
    OPTION_GROUP(N_("Output")),
    OPTION_FLAG('v', "verbose", struct ask_values, verbose,
        N_("say who answered, over what, and what took how long")),
    OPTION_FLAG(0, "trace", struct ask_values, trace,
        N_("say afterwards what the kernel and TLS know of the connection")),
    OPTION_FLAG('j', "json", struct ask_values, json, N_("print what happens as JSON, an object a line")),
    OPTION_FLAG('x', "hex", struct ask_values, hex, N_("print replies as a hex dump")),
    OPTION_FLAG(0, "no-color", struct ask_values, no_color, N_("no colours on a terminal either")),
    OPTION_GROUP(N_("TLS and DTLS")),
    OPTION_STRING(0, "ca", N_("FILE"), struct ask_values, ca, OPTION_COMPLETE_FILE,
        N_("trust the certificates in FILE (PEM) instead of the system's")),
    OPTION_STRING(0, "cert", N_("FILE"), struct ask_values, cert, OPTION_COMPLETE_FILE,
        N_("show this certificate to the peer (PEM)")),
    OPTION_STRING(0, "key", N_("FILE"), struct ask_values, key, OPTION_COMPLETE_FILE,
        N_("its private key (default: in the same file)")),
    OPTION_STRING(0, "server-name", N_("NAME"), struct ask_values, server_name, OPTION_COMPLETE_NONE,
        N_("the name to ask for and to find in the certificate (default: the host of ADDRESS)")),
    OPTION_STRING(0, "alpn", N_("LIST"), struct ask_values, alpn, OPTION_COMPLETE_NONE,
        N_("protocols to offer, such as h2,http/1.1")),
    OPTION_STRING(0, "pin", N_("sha256:HEX"), struct ask_values, pin, OPTION_COMPLETE_NONE,
        N_("trust exactly the certificate with this fingerprint")),
    OPTION_FLAG(0, "insecure", struct ask_values, insecure, N_("trust any certificate (it will be said)")),
    OPTION_STRING(0, "psk-file", N_("FILE"), struct ask_values, psk_file, OPTION_COMPLETE_FILE,
        N_("DTLS with a shared key: the first IDENTITY:HEXKEY line of FILE")),
    OPTION_END,
};

static const char *const synopsis[] = {N_("ADDRESS [MESSAGE]"), NULL};

static const struct option_example examples[] = {
    {"landline ask localhost:9000 hello", N_("say hello over TCP, print the reply")},
    {"landline ask udp://localhost:9000 --retries 3 hello", N_("over UDP, sent again if nothing comes")},
    {"landline ask --lines --window 64 :9000 < questions.txt", N_("a reply for each line, 64 under way")},
    {"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | landline ask example.net:80 --until close",
        N_("standard input is sent as it is")},
    {"landline ask --count 0 -v udp://localhost:9000 ping", N_("once a second until Ctrl-C, then a summary")},
    {0},
};

static const struct option_verb verb = {
    .name = "ask",
    .synopsis = synopsis,
    .summary = N_("say one thing, print what comes back"),
    .description =
        N_("Sends MESSAGE to ADDRESS and prints the reply. Without a MESSAGE all of standard input is it; "
           "at a terminal one line is asked for."),
    .rows = rows,
    .examples = examples,
    .args_min = 1,
    .args_max = 2,
    .args_complete = OPTION_COMPLETE_ADDRESS,
};

struct ask_run {
    struct ask_values values;
    struct ask_options asked;
    struct addr *addresses;
    const char *address_text;
    struct encoding *encoding;
    struct str message;
    struct loop *loop;
    struct ask *ask;
    struct ask_feeder *feeder;
    struct ask_print print;
    struct trace_wire *wire; /* NULL: what goes over it is not captured */
    struct err wireless;     /* why not, if it was wanted */
    struct turn_end flush_later;
    bool is_interrupted;
    struct err broken; /* standard input or output failed */
    bool is_unheard;   /* nobody reads stdout any more */
    int status;
};

/* ---- events ---- */

static void flush(struct turn_end *t)
{
    struct ask_run *run = list_entry(t, struct ask_run, flush_later);

    int code = ask_print_flush(&run->print);

    if (code == 0)
        return;
    /* Who reads no further, as head does, needs no words. */
    err_set(&run->broken, ERR_OTHER, code, _("standard output: %s; what was printed is not complete"),
        err_word(code));
    run->is_unheard = code == -EPIPE;
    ask_stop(run->ask);
}

static void on_data(uint64_t number, const uint8_t *data, size_t len, void *arg)
{
    struct ask_run *run = arg;

    ask_print_data(&run->print, number, data, len);
    loop_at_turn_end(run->loop, &run->flush_later);
}

static void on_answered(const struct ask_exchange *x, void *arg)
{
    struct ask_run *run = arg;

    ask_print_answered(&run->print, x);
    loop_at_turn_end(run->loop, &run->flush_later);
}

static void on_lost(uint64_t number, size_t reply_bytes, const struct err *err, void *arg)
{
    struct ask_run *run = arg;

    ask_print_lost(&run->print, number, err);
    loop_at_turn_end(run->loop, &run->flush_later);
}

static void on_retry(uint64_t number, int retry, uint64_t waited_ms, void *arg)
{
    struct ask_run *run = arg;

    ask_print_retry(&run->print, number, retry, waited_ms);
}

static void on_next(const struct err *err, void *arg)
{
    struct ask_run *run = arg;

    ask_print_next(&run->print, err);
}

static void on_room(void *arg)
{
    struct ask_run *run = arg;

    ask_feeder_room(run->feeder);
}

static void on_finished(const struct err *err, void *arg)
{
    struct ask_run *run = arg;
    const struct ask_stats *stats = ask_stats(run->ask);
    struct ask_facts facts;
    struct err none;

    loop_stop(run->loop);
    if (run->is_unheard) {
        run->status = ERR_OTHER;
        return;
    }
    if (run->broken.kind)
        err = &run->broken;
    if (!err && stats->answered == 0) {
        err_set(&none, ERR_OTHER, 0,
            run->is_interrupted ? _("interrupted before there was an answer")
                                : _("standard input had no line, so nothing was asked"));
        err = &none;
    }
    if (err)
        run->status = ask_print_error(&run->print, err);
    if (run->values.trace && ask_facts(run->ask, &facts)) {
        ask_print_trace(&run->print, &facts);
        if (run->wire)
            trace_wire_set_ends(run->wire, &facts.local, &facts.peer);
        else if (run->wireless.kind == ERR_PERMISSION)
            ask_print_note(&run->print, _("no packets are shown: %s"), run->wireless.text);
    }
    ask_print_summary(&run->print, stats, run->address_text);
}

static const struct ask_events ask_events = {
    .data = on_data,
    .answered = on_answered,
    .lost = on_lost,
    .retry = on_retry,
    .next = on_next,
    .room = on_room,
    .finished = on_finished,
};

static void on_broken(const struct err *err, void *arg)
{
    struct ask_run *run = arg;

    run->broken = *err;
    ask_stop(run->ask);
}

static void on_signal(int signum, void *arg)
{
    struct ask_run *run = arg;

    run->is_interrupted = true;
    /* Behind the ^C that the terminal shows. */
    if (signum == SIGINT && isatty(STDERR_FILENO))
        fputc('\n', stderr);
    ask_stop(run->ask);
}

/* ---- options ---- */

static int misuse(struct err *err, const char *text)
{
    return err_set(err, ERR_MISUSE, -EINVAL, "%s", text);
}

/* With --retries and no --timeout there is time for each of them: 1 + 2 + 4 + ... s. */
static uint64_t timeout_ms(const struct options *o, const struct ask_values *v)
{
    if (v->retries && options_source(o, "timeout") == OPTION_DEFAULT)
        return (uint64_t)ASK_RETRY_MS * ((UINT64_C(2) << v->retries) - 1);
    return (uint64_t)v->timeout_ms;
}

/* Settings for all asking are in a file; only what is typed for this one can contradict it. */
static bool typed(const struct options *o, const char *name)
{
    return options_source(o, name) == OPTION_COMMAND_LINE;
}

/* What excludes each other. */
static const char *const exclusive[][3] = {{"crlf", "bare"}, {"json", "hex"}, {"hex", "encoding"}};

static int set_options(struct ask_run *run, const struct options *o, struct err *err)
{
    const struct ask_values *v = &run->values;
    struct ask_options *asked = &run->asked;
    int code;

    if (v->crlf && v->bare)
        return misuse(err, _("--crlf and --bare contradict each other; leave one out"));
    if (v->lines && o->n_args > 1)
        return misuse(err, _("--lines takes the messages from standard input; leave MESSAGE out"));
    if (v->lines && typed(o, "count"))
        return misuse(err, _("--lines asks each line once; leave --count out"));
    if (!v->lines && typed(o, "window"))
        return misuse(err, _("--window is for --lines"));
    if (v->hex && v->json)
        return misuse(err, _("--json and --hex are two ways to print; leave one out"));
    if (v->hex && v->encoding)
        return misuse(err, _("--hex shows bytes, --encoding makes text of them; leave one out"));
    asked->rule.quiet_ms = (uint64_t)v->quiet_ms;
    if (v->until) {
        code = reply_rule_parse(&asked->rule, v->until, err);
        if (code < 0)
            return code;
    }
    if (v->encoding) {
        code = encoding_new(v->encoding, &run->encoding, err);
        if (code < 0)
            return code;
    }
    asked->lines = v->lines;
    asked->window = (uint32_t)v->window;
    asked->count = (uint64_t)v->count;
    asked->interval_ms = (uint64_t)v->interval_ms;
    asked->retries = (int)v->retries;
    asked->timeout_ms = timeout_ms(o, v);
    asked->half_close = v->half_close;
    asked->server_name = v->server_name;
    asked->ending = v->crlf ? ASK_CRLF : v->bare ? ASK_BARE : ASK_LF;
    return 0;
}

/* The addresses of a contact, or the one that text is. */
static int set_address(struct ask_run *run, const char *text, struct err *err)
{
    const struct book_entry *entry = NULL;
    const char *const *texts = &text;
    struct book *book = NULL;
    size_t n = 1;
    int code = 0;

    run->address_text = text;
    if (book_may_be_name(text)) {
        code = book_load(&book, err);
        if (code < 0)
            return code;
        entry = book_find(book, text);
    }
    if (entry) {
        texts = entry->addresses;
        n = entry->n_addresses;
    }
    run->addresses = xcalloc(n, sizeof(*run->addresses));
    for (size_t i = 0; i < n && code == 0; i++)
        code = addr_parse(&run->addresses[i], texts[i], ADDR_CALL, err);
    run->asked.addresses = run->addresses;
    run->asked.n_addresses = n;
    book_free(book);
    return code;
}

static void tell_warning(const struct tls_context *ctx)
{
    const char *warning = ctx ? tls_context_warning(ctx) : "";

    if (*warning)
        fprintf(stderr, "landline: %s\n", warning);
}

static int set_tls(struct ask_run *run, const struct options *o, struct err *err)
{
    const struct ask_values *v = &run->values;
    struct tls_options tls = {
        .ca_file = v->ca,
        .cert_file = v->cert,
        .key_file = v->key,
        .alpn = v->alpn,
        .pin = v->pin,
        .psk_file = v->psk_file,
        .insecure = v->insecure,
    };
    static const char *const names[] = {
        "ca", "cert", "key", "server-name", "alpn", "pin", "psk-file", "insecure"};
    bool wants_stream = false, wants_datagram = false;
    int code = 0;

    for (size_t i = 0; i < run->asked.n_addresses; i++) {
        wants_stream |= run->asked.addresses[i].scheme == ADDR_TLS;
        wants_datagram |= run->asked.addresses[i].scheme == ADDR_DTLS;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (typed(o, names[i]) && !wants_stream && !wants_datagram)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("--%s is for addresses that begin with tls:// or dtls://"), names[i]);
    if (typed(o, "psk-file") && !wants_datagram)
        return misuse(err, _("--psk-file is for addresses that begin with dtls://"));
    if (wants_stream)
        code = tls_context_new(&tls, TLS_CLIENT, TLS_STREAM, &run->asked.tls, err);
    if (code == 0 && wants_datagram)
        code = tls_context_new(&tls, TLS_CLIENT, TLS_DATAGRAM, &run->asked.dtls, err);
    tell_warning(run->asked.tls);
    tell_warning(run->asked.dtls);
    if (code == 0 && v->insecure && (wants_stream || wants_datagram))
        fprintf(stderr,
            _("landline: --insecure: whoever answers is not verified; anybody in between can read along\n"));
    return code;
}

static void set_text(struct ask_run *run, const char *text, size_t len)
{
    if (run->encoding)
        encoding_encode(run->encoding, &run->message, text, len);
    else
        str_append(&run->message, text, len);
}

static int set_message(struct ask_run *run, const struct options *o, struct err *err)
{
    struct str text = STR_INIT;
    int code = 0;

    if (run->values.lines)
        return 0;
    if (o->n_args > 1) {
        set_text(run, o->args[1], strlen(o->args[1]));
    } else if (isatty(STDIN_FILENO)) {
        code = ask_read_typed(&text, err);
        set_text(run, text.data, text.len);
    } else {
        code = ask_read_all(STDIN_FILENO, &text, err);
        set_text(run, text.data, text.len);
        run->asked.ending = ASK_BARE;
    }
    str_done(&text);
    run->asked.message = (const uint8_t *)run->message.data;
    run->asked.message_len = run->message.len;
    return code;
}

static int start(struct ask_run *run, struct err *err)
{
    int code;

    run->loop = loop_new();
    turn_end_init(&run->flush_later, flush);
    ask_print_init(&run->print, &run->values, run->encoding);
    /* A trace is worth having without it. */
    if (run->values.trace && !run->values.json &&
        trace_wire_new(run->loop, run->addresses, run->asked.n_addresses, &run->wire, &run->wireless) < 0 &&
        run->wireless.kind != ERR_PERMISSION)
        cmd_fail(&run->wireless);
    code = ask_start(run->loop, &run->asked, &ask_events, run, &run->ask, err);
    if (code < 0)
        return code;
    if (run->values.lines) {
        run->feeder = ask_feeder_new(run->loop, run->encoding);
        code = ask_feeder_start(run->feeder, run->ask, on_broken, run);
        if (code < 0)
            return err_set(err, ERR_INPUT, code, _("standard input: %s"), err_word(code));
    }
    /* One question can be interrupted as any program can. Where there is a summary it comes first. */
    if (run->print.many) {
        loop_on_signal(run->loop, SIGINT, on_signal, run);
        loop_on_signal(run->loop, SIGTERM, on_signal, run);
    }
    return 0;
}

static int run_ask(int argc, char **argv)
{
    struct ask_run run = {
        .values =
            {
                .window = 1,
                .quiet_ms = ASK_QUIET_MS,
                .timeout_ms = ASK_TIMEOUT_MS,
                .interval_ms = 1000,
                .count = 1,
            },
        .message = STR_INIT,
    };
    struct options o;
    struct err err;
    int status;

    if (!cmd_begin(&o, &verb, &run.values, argc, argv, &status))
        return status;
    for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++)
        options_prefer_typed(&o, exclusive[i]);
    if (set_address(&run, o.args[0], &err) < 0 || set_options(&run, &o, &err) < 0 ||
        set_tls(&run, &o, &err) < 0 || set_message(&run, &o, &err) < 0 || start(&run, &err) < 0) {
        run.status = cmd_fail(&err);
        goto out;
    }
    loop_run(run.loop);
out:
    ask_feeder_free(run.feeder);
    ask_free(run.ask);
    ask_print_done(&run.print);
    trace_wire_stop(run.wire);
    if (run.loop && resolve_is_stuck(run.loop))
        _exit(run.status);
    loop_free(run.loop);
    if (run.wire) {
        trace_wire_settle(run.wire);
        trace_wire_draw(run.wire);
    }
    trace_wire_free(run.wire);
    tls_context_free(run.asked.tls);
    tls_context_free(run.asked.dtls);
    encoding_free(run.encoding);
    str_done(&run.message);
    free(run.addresses);
    options_done(&o);
    return run.status;
}

const struct command cmd_ask = {.verb = &verb, .run = run_ask};

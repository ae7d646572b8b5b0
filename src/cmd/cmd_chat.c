/* SPDX-License-Identifier: ISC */
/* landline chat: talk, full duplex, several conversations at once. Options and wiring; what is seen is a
 * face's (cmd_chat.h). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_chat.h"
#include "cmd/trace_callers.h"
#include "net/addr.h"
#include "net/resolve.h"
#include "net/tls_identity.h"
#include "show/term.h"
#include "store/mem.h"
#include "store/sqlite.h"

#define MS_MAX (24 * INT64_C(3600000))
#define TIMEOUT_MS 10000
#define TRACE_PORTS_MAX 64                  /* more make a filter that the kernel does not take */
#define ROOM_MESSAGES (CHAT_OUTBOX_MAX / 2) /* of the outbox, for what is typed ahead */

static const struct option_row rows[] = {
    OPTION_GROUP(N_("Conversations")),
    OPTION_LIST('L', "listen", N_("ADDRESS"), struct chat_values, listen, OPTION_COMPLETE_ADDRESS,
        N_("take calls at ADDRESS as well; may be given several times")),
    OPTION_STRING(0, "name", N_("NAME"), struct chat_values, name, OPTION_COMPLETE_NONE,
        N_("what you are called; sent to no one over plain sockets: a bare message has no place for it")),
    OPTION_FLAG(0, "no-history", struct chat_values, no_history,
        N_("write nothing to the disk: no history, and an outbox that ends with the program")),
    OPTION_GROUP(N_("Messages")),
    OPTION_FLAG(0, "crlf", struct chat_values, crlf, N_("end a message on a stream with CR LF, not LF")),
    OPTION_FLAG('n', "bare", struct chat_values, bare, N_("put nothing behind a message")),
    OPTION_STRING('e', "encoding", N_("NAME"), struct chat_values, encoding, OPTION_COMPLETE_NONE,
        N_("what the peers speak instead of UTF-8, such as GBK")),
    OPTION_MS(0, "quiet-time", N_("TIME"), struct chat_values, quiet_ms, 1, MS_MAX,
        N_("bytes without a newline are a message when it has been quiet so long (default 100ms)")),
    OPTION_SIZE(0, "max-message", N_("BYTES"), struct chat_values, max_message, 1, CHAT_MAX_MESSAGE_LIMIT,
        N_("a longer one comes in parts (default 64k)")),
    OPTION_MS('t', "timeout", N_("TIME"), struct chat_values, timeout_ms, 0, MS_MAX,
        N_("how long the end of input waits for what was said to arrive (default 10s); 0: for ever")),
    OPTION_GROUP(N_("Face")),
    OPTION_FLAG('l', "lines", struct chat_values, lines,
        N_("line by line, also on a terminal; else that has a screen with all conversations")),
    OPTION_FLAG('j', "json", struct chat_values, json, N_("for programs: an object a line, in and out")),
    OPTION_COUNT('v', "verbose", struct chat_values, verbose, N_("tell every state of every message")),
    OPTION_FLAG(0, "trace", struct chat_values, trace,
        N_("draw the packets of each call when it has ended, of 16 at most; not on the screen")),
    OPTION_FLAG(0, "no-color", struct chat_values, no_color, N_("no colours on a terminal either")),
    OPTION_FLAG(0, "mouse", struct chat_values, mouse, N_("let the screen take clicks and the wheel")),
    OPTION_GROUP(N_("TLS and DTLS")),
    OPTION_STRING(0, "ca", N_("FILE"), struct chat_values, ca, OPTION_COMPLETE_FILE,
        N_("trust the certificates in FILE (PEM) instead of the system's")),
    OPTION_STRING(0, "cert", N_("FILE"), struct chat_values, cert, OPTION_COMPLETE_FILE,
        N_("the certificate to show (PEM); without it those who call see one that is made once and kept")),
    OPTION_STRING(0, "key", N_("FILE"), struct chat_values, key, OPTION_COMPLETE_FILE,
        N_("its private key (default: in the same file)")),
    OPTION_FLAG(0, "insecure", struct chat_values, insecure, N_("trust any certificate (it will be said)")),
    OPTION_STRING(0, "psk-file", N_("FILE"), struct chat_values, psk_file, OPTION_COMPLETE_FILE,
        N_("DTLS with shared keys: IDENTITY:HEXKEY lines, the first is used for calling")),
    OPTION_END,
};

static const char *const synopsis[] = {N_("[WHO]"), NULL};

static const struct option_example examples[] = {
    {"landline chat", N_("choose a contact, talk, choose another")},
    {"landline chat udp://127.0.0.1:8081", N_("talk to whoever is there")},
    {"landline chat --listen udp://:5463 --listen :5463", N_("wait for calls over UDP and TCP")},
    {"echo done | landline chat Ann", N_("from a script: status 0 when it has arrived")},
    {"landline chat --json --listen :9000", N_("for a bot; see examples/chat_bot.py")},
    {0},
};

static const struct option_verb verb = {
    .name = "chat",
    .synopsis = synopsis,
    .summary = N_("talk to one or many, all at once"),
    .description =
        N_("Talks to WHO, a contact or an ADDRESS, and to everybody who calls. Nobody waits for the other: "
           "messages come while you type. What can't be delivered waits in the outbox, also when landline is "
           "not running. Without WHO and --listen you choose among your contacts."),
    .rows = rows,
    .examples = examples,
    .args_min = 0,
    .args_max = 1,
    .args_complete = OPTION_COMPLETE_ADDRESS,
};

/* What excludes each other. */
static const char *const exclusive[][3] = {{"crlf", "bare"}, {"lines", "json"}};

struct chat_setup {
    struct chat_values values;
    struct chat_options options;
    struct chat_run run;
    struct addr *listen;
    struct trace_callers *trace; /* NULL: without --trace */
    struct str identity;         /* the path of the certificate that is made once and kept */
};

static int misuse(struct err *err, const char *text)
{
    return err_set(err, ERR_MISUSE, -EINVAL, "%s", text);
}

/* ---- what faces call ---- */

static void on_stopped(void *arg)
{
    struct chat_run *run = arg;

    loop_stop(run->loop);
}

void chat_run_end(struct chat_run *run, const struct err *err)
{
    if (err && !run->why.kind)
        run->why = *err;
    if (run->is_ending) {
        loop_stop(run->loop);
        return;
    }
    run->is_ending = true;
    if (run->face->stopping)
        run->face->stopping(run->shown);
    chat_stop(run->chat, on_stopped, run);
}

void chat_run_broken(struct chat_run *run, int code)
{
    struct err err;

    err_set(
        &err, ERR_OTHER, code, _("standard output: %s; what was printed is not complete"), err_word(code));
    run->is_unheard = code == -EPIPE;
    chat_run_end(run, &err);
}

int chat_run_reload(struct chat_run *run, struct err *err)
{
    struct book *now, *before = run->book;
    int code = book_load(&now, err);

    if (code < 0)
        return code;
    run->book = now;
    chat_set_book(run->chat, now);
    book_free(before);
    return 0;
}

const char *chat_run_reason(const struct chat_peer *p, const char *text)
{
    size_t len = strlen(chat_peer_name(p));

    if (chat_peer_is_contact(p) || strncmp(text, chat_peer_name(p), len) != 0 ||
        strncmp(text + len, ": ", 2) != 0)
        return text;
    return text + len + 2;
}

size_t chat_run_lost(const struct chat_run *run, const struct chat_peer *p)
{
    return run->keeps_outbox ? chat_peer_unkept(p) : chat_peer_waiting(p);
}

bool chat_run_has_room(const struct chat_peer *p)
{
    return chat_peer_waiting(p) < ROOM_MESSAGES || chat_peer_line(p) == CHAT_LINE_WAITING;
}

void chat_run_head(struct str *out, const struct chat_peer *p, const struct endpoint *from)
{
    const struct endpoint *e = from && from->sa.sa_family != AF_UNSPEC ? from : chat_peer_endpoint(p);
    char text[ENDPOINT_TEXT_BYTES];
    bool is_known = strcmp(endpoint_format(e, text), "-") != 0;

    if (!chat_peer_is_contact(p))
        str_append_str(out, is_known ? text : chat_peer_name(p));
    else if (is_known)
        str_appendf(out, "%s[%s]", chat_peer_name(p), text);
    else
        str_append_str(out, chat_peer_name(p));
}

/* A conversation that is there, by what it is shown as. */
static struct chat_peer *find_shown(const struct chat_run *run, const char *who)
{
    struct str head = STR_INIT;
    struct chat_peer *found = NULL;

    /* The latest of several: an address may have been another's before. */
    for (struct chat_peer *p = NULL; (p = chat_next(run->chat, p));) {
        char text[ENDPOINT_TEXT_BYTES];

        str_reset(&head);
        chat_run_head(&head, p, NULL);
        if (strcmp(head.data, who) == 0 || strcmp(chat_peer_name(p), who) == 0 ||
            strcmp(chat_peer_who(p), who) == 0 ||
            (strcmp(who, "-") != 0 && strcmp(endpoint_format(chat_peer_endpoint(p), text), who) == 0))
            found = p;
    }
    str_done(&head);
    return found;
}

int chat_run_open(struct chat_run *run, const char *who, struct chat_peer **ret, struct err *err)
{
    struct chat_peer *p = find_shown(run, who);
    int code;

    if (p) {
        *ret = p;
        return 0;
    }
    code = chat_open(run->chat, who, ret, err);
    if (code == -ENOENT && chat_run_reload(run, NULL) == 0)
        code = chat_open(run->chat, who, ret, err);
    return code;
}

/* ---- what a chat needs ---- */

static void tell(struct chat_run *run, const struct err *err)
{
    if (run->face->events->trouble)
        run->face->events->trouble(NULL, err, run->shown);
}

static int set_options(struct chat_setup *s, struct err *err)
{
    const struct chat_values *v = &s->values;
    struct chat_options *o = &s->options;

    if (v->crlf && v->bare)
        return misuse(err, _("--crlf and --bare contradict each other; leave one out"));
    if (v->lines && v->json)
        return misuse(err, _("--lines and --json are two faces; leave one out"));
    if (v->key && !v->cert)
        return misuse(err, _("--key belongs to a --cert; give that, too"));
    s->listen = xcalloc(v->listen.count + 1, sizeof(*s->listen));
    for (size_t i = 0; i < v->listen.count; i++) {
        int code = addr_parse(&s->listen[i], v->listen.items[i], ADDR_LISTEN, err);

        if (code < 0)
            return code;
    }
    o->listen = s->listen;
    o->n_listen = v->listen.count;
    o->no_history = v->no_history;
    o->ending = v->crlf ? LINE_CRLF : v->bare ? LINE_BARE : LINE_LF;
    o->ending_is_fixed = v->crlf || v->bare;
    o->quiet_ms = (uint64_t)v->quiet_ms;
    o->max_message = v->max_message;
    o->encoding = v->encoding;
    o->insecure = v->insecure;
    o->tls_listen = (struct tls_options){.cert_file = v->cert, .key_file = v->key, .psk_file = v->psk_file};
    o->tls_call = (struct tls_options){
        .ca_file = v->ca, .cert_file = v->cert, .key_file = v->key, .psk_file = v->psk_file};
    return 0;
}

static int check_trace(const struct chat_setup *s, struct err *err)
{
    if (!s->values.trace)
        return 0;
    if (s->run.face == &chat_face_screen)
        return misuse(err, _("--trace draws on standard error, where the screen is; add --lines"));
    for (size_t i = 0; i < s->options.n_listen; i++)
        if (!addr_is_local(s->listen[i].scheme) && s->listen[i].port == 0)
            return misuse(err, _("--trace must know the port before: give --listen one that is not 0"));
    return 0;
}

static const struct chat_face *choose_face(const struct chat_values *v)
{
    const char *term = getenv("TERM");

    if (v->json)
        return &chat_face_json;
    if (v->lines || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || !*term ||
        strcmp(term, "dumb") == 0)
        return &chat_face_lines;
    return &chat_face_screen;
}

/* A chat without its journal is better than none. */
static void open_store(struct chat_run *run)
{
    struct str path = STR_INIT;
    struct err err, more;
    int code;

    if (run->values->no_history) {
        run->store = store_mem_new(run->loop);
        return;
    }
    code = file_data_path(&path, "history.db");
    if (code < 0)
        err_set(&err, ERR_INPUT, code, _("neither HOME nor XDG_DATA_HOME says where the history is kept"));
    else
        code = store_sqlite_open(run->loop, path.data, &run->store, &err);
    if (code < 0) {
        err_set(&more, err.kind, code, _("%s; this chat is not kept, and its outbox ends with it"), err.text);
        tell(run, &more);
        run->store = store_mem_new(run->loop);
    }
    run->keeps_outbox = code == 0;
    str_done(&path);
}

/* Nobody is trusted at first sight then: there is no place to remember it. */
static void open_trust(struct chat_run *run)
{
    struct err err;

    if (trust_load(&run->trust, &err) < 0)
        tell(run, &err);
}

/* Who calls us over TLS is to find the same certificate each time. */
static void open_identity(struct chat_setup *s)
{
    struct err err, more;
    bool listens_securely = false;

    for (size_t i = 0; i < s->options.n_listen; i++)
        listens_securely |= addr_is_secure(s->listen[i].scheme);
    if (!listens_securely || s->values.cert)
        return;
    if (tls_identity_path(&s->identity, &err) == 0) {
        s->options.tls_listen.cert_file = s->identity.data;
        return;
    }
    err_set(
        &more, err.kind, err.code, _("%s; who calls sees a certificate that is made for this run"), err.text);
    tell(&s->run, &more);
}

/* ---- --trace ---- */

static void on_call_ends(
    const struct stream *s, const struct endpoint *local, const struct endpoint *peer, void *arg)
{
    trace_callers_ended(arg, s, local, peer);
}

struct ports {
    struct addr addrs[TRACE_PORTS_MAX];
    size_t count;
};

static void add_port(struct ports *ports, const struct addr *addr)
{
    if (addr_is_local(addr->scheme) || ports->count == TRACE_PORTS_MAX)
        return;
    for (size_t i = 0; i < ports->count; i++)
        if (ports->addrs[i].port == addr->port)
            return;
    ports->addrs[ports->count++] = *addr;
}

static void add_entry(struct ports *ports, const struct book_entry *entry)
{
    struct addr addr;
    struct err none;

    for (size_t i = 0; i < entry->n_addresses; i++)
        if (addr_parse(&addr, entry->addresses[i], ADDR_CALL, &none) == 0)
            add_port(ports, &addr);
}

/* Before anything is opened: it gives up privileges, and what is opened is the user's. Whom a chat will call
 * is not known yet, but who can be: WHO, who calls, and the contacts. */
static int open_trace(struct chat_setup *s, struct err *err)
{
    const struct chat_run *run = &s->run;
    struct ports ports = {.count = 0};
    const struct book_entry *entry = NULL;
    struct addr addr;
    struct err none;
    int code;

    if (run->who && book_may_be_name(run->who))
        entry = book_find(run->book, run->who);
    if (entry)
        add_entry(&ports, entry);
    else if (run->who && addr_parse(&addr, run->who, ADDR_CALL, &none) == 0)
        add_port(&ports, &addr);
    for (size_t i = 0; i < s->options.n_listen; i++)
        add_port(&ports, &s->listen[i]);
    for (size_t i = 0; i < book_count(run->book); i++)
        add_entry(&ports, book_at(run->book, i));
    if (ports.count == 0)
        return misuse(
            err, _("--trace shows packets, and nobody is known who would send any: give WHO or --listen"));
    code = trace_callers_new(run->loop, ports.addrs, ports.count, &s->trace, err);
    s->options.call_ends = code < 0 ? NULL : on_call_ends;
    s->options.call_ends_arg = s->trace;
    return code;
}

/* Conversations of datagrams end with the program. */
static void trace_datagrams(const struct chat_setup *s)
{
    const struct endpoint unknown = {0};

    for (struct chat_peer *p = NULL; s->trace && s->run.chat && (p = chat_next(s->run.chat, p));)
        if (addr_is_datagram(chat_peer_addr(p)->scheme))
            trace_callers_heard(s->trace, &unknown, chat_peer_endpoint(p));
}

static int open_all(struct chat_setup *s, struct err *err)
{
    struct chat_run *run = &s->run;
    int code = book_load(&run->book, err);

    if (code < 0)
        return code;
    run->loop = loop_new();
    if (s->values.trace && (code = open_trace(s, err)) < 0)
        return code;
    run->shown = run->face->new (run);
    open_store(run);
    open_trust(run);
    open_identity(s);
    s->options.book = run->book;
    s->options.trust = run->trust;
    s->options.store = run->store;
    if (s->values.insecure) {
        struct err said;

        err_set(&said, ERR_UNTRUSTED, -EACCES,
            _("--insecure: whoever answers over TLS is not verified; anybody in between can read along"));
        tell(run, &said);
    }
    code = chat_new(run->loop, &s->options, run->face->events, run->shown, &run->chat, err);
    return code < 0 ? code : run->face->start(run->shown, err);
}

static void on_signal(int signum, void *arg)
{
    chat_run_end(arg, NULL);
}

/* nohup(1) says so. */
static bool is_ignored(int signum)
{
    struct sigaction now;

    return sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int run_chat(int argc, char **argv)
{
    struct chat_setup s = {
        .values =
            {
                .quiet_ms = CHAT_QUIET_MS,
                .max_message = CHAT_MAX_MESSAGE_BYTES,
                .timeout_ms = TIMEOUT_MS,
            },
        .identity = STR_INIT,
    };
    struct chat_run *run = &s.run;
    struct options o;
    struct err err;
    int status;

    if (!cmd_begin(&o, &verb, &s.values, argc, argv, &status))
        return status;
    for (size_t i = 0; i < sizeof(exclusive) / sizeof(exclusive[0]); i++)
        options_prefer_typed(&o, exclusive[i]);
    run->values = &s.values;
    run->who = o.n_args ? o.args[0] : NULL;
    run->face = choose_face(&s.values);
    if (set_options(&s, &err) < 0 || check_trace(&s, &err) < 0 || open_all(&s, &err) < 0) {
        run->why = err;
        goto out;
    }
    loop_on_signal(run->loop, SIGINT, on_signal, run);
    loop_on_signal(run->loop, SIGTERM, on_signal, run);
    if (!is_ignored(SIGHUP))
        loop_on_signal(run->loop, SIGHUP, on_signal, run);
    loop_run(run->loop);
out:
    if (run->shown && run->face->leave)
        run->face->leave(run->shown);
    status = run->why.kind == ERR_NONE ? 0 : run->is_unheard ? (int)run->why.kind : cmd_fail(&run->why);
    trace_datagrams(&s);
    chat_free(run->chat);
    trace_callers_finish(s.trace);
    store_free(run->store);
    if (run->shown)
        run->face->free(run->shown);
    trust_free(run->trust);
    book_free(run->book);
    if (run->loop && resolve_is_stuck(run->loop))
        _exit(status);
    loop_free(run->loop);
    trace_callers_free(s.trace);
    free(s.listen);
    str_done(&s.identity);
    options_done(&o);
    return status;
}

const struct command cmd_chat = {.verb = &verb, .run = run_chat};

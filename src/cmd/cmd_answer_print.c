/* SPDX-License-Identifier: ISC */
/* What landline answer prints: calls and messages to stdout, a line each whatever they hold; where it
 * listens, what it refuses and what goes wrong to stderr. With --json all of it is an object a line on
 * stdout. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "cmd/cmd_answer.h"
#include "net/process.h"

static void flush(struct turn_end *t)
{
    struct answer_print *p = list_entry(t, struct answer_print, flush_later);
    int code = out_flush(p->out);

    if (code < 0)
        p->broken(code, p->arg);
}

void answer_print_init(struct answer_print *p, const struct answer_values *values, struct encoding *encoding,
    struct loop *loop, void (*broken)(int code, void *arg), void *arg)
{
    *p = (struct answer_print){
        .values = values,
        .encoding = encoding,
        .colors = term_colors(term_wants_color(STDOUT_FILENO, values->no_color)),
        .loop = loop,
        .out = out_new(STDOUT_FILENO),
        .broken = broken,
        .arg = arg,
        .text = STR_INIT,
    };
    turn_end_init(&p->flush_later, flush);
}

void answer_print_done(struct answer_print *p)
{
    if (!p->loop)
        return;
    turn_end_cancel(&p->flush_later);
    out_flush(p->out);
    out_free(p->out);
    str_done(&p->text);
}

void answer_print_flush_later(struct answer_print *p)
{
    loop_at_turn_end(p->loop, &p->flush_later);
}

/* What was escaped is marked on a terminal: a peer may well say a backslash and an x itself. */
static void escape(struct answer_print *p, const void *data, size_t len)
{
    utf8_escape_marked(&p->text, data, len, 0, p->colors->escape_on, p->colors->escape_off);
}

/* A peer's bytes as UTF-8 that may be printed, in p->text. */
static void make_text(struct answer_print *p, const uint8_t *data, size_t len)
{
    str_reset(&p->text);
    if (p->encoding) {
        struct str decoded = STR_INIT;

        encoding_decode(p->encoding, &decoded, data, len);
        encoding_decode_end(p->encoding, &decoded);
        escape(p, decoded.data, decoded.len);
        str_done(&decoded);
    } else {
        escape(p, data, len);
    }
}

static void on_listening(const struct addr *addr, const char *pin, void *arg)
{
    char text[ADDR_TEXT_BYTES];

    fprintf(stderr, _("listening on %s\n"), addr_format(addr, text));
    if (pin)
        fprintf(
            stderr, _("its certificate was made for this run; a caller can trust it with --pin %s\n"), pin);
}

static void on_called(const struct answer_who *who, void *arg)
{
    struct answer_print *p = arg;
    struct str *out = out_text(p->out);
    char text[ENDPOINT_TEXT_BYTES];

    str_appendf(out, _("Call from %s"), answer_who_host(who, text));
    str_append_char(out, '\n');
    answer_print_flush_later(p);
}

static void on_message(const struct answer_who *who, const struct answer_message *message, void *arg)
{
    struct answer_print *p = arg;
    struct str *out = out_text(p->out);
    char text[ENDPOINT_TEXT_BYTES];

    answer_who_text(who, text);
    if (p->values->hex) {
        str_appendf(out,
            ngettext("Message from [%s]: %zu byte", "Message from [%s]: %zu bytes", message->len), text,
            message->len);
        str_append_char(out, '\n');
        hex_dump(out, message->data, message->len, 0);
    } else {
        make_text(p, message->data, message->len);
        str_appendf(out, _("Message from [%s]: %s"), text, p->text.data);
        str_append_char(out, '\n');
    }
    answer_print_flush_later(p);
}

static const char *end_text(enum answer_end why, const struct err *err)
{
    switch (why) {
    case ANSWER_THEY_HUNG_UP:
        return _("hung up");
    case ANSWER_BROKEN:
        return err ? err->text : _("the connection broke");
    case ANSWER_IDLE:
        return _("said nothing for too long (--idle-timeout), hung up on");
    case ANSWER_COMMAND_DONE:
        return err ? err->text : _("the command is done, hung up on");
    case ANSWER_STOPPED:
    default:
        return _("stopping, hung up on");
    }
}

static void on_hung_up(const struct answer_who *who, enum answer_end why, const struct err *err, void *arg)
{
    char text[ENDPOINT_TEXT_BYTES];

    fprintf(stderr, "%s: %s\n", answer_who_text(who, text), end_text(why, err));
}

/* What a refusal says, without who and why in detail. */
static const char *refusal_text(enum answer_refusal why)
{
    switch (why) {
    case ANSWER_TOO_MANY_PEERS:
        return _("hung up on, too many are connected (--max-peers)");
    case ANSWER_NO_DESCRIPTORS:
        return _("hung up on a caller, no descriptors are left; see ulimit -n");
    case ANSWER_DENIED:
        return _("not allowed to call (--allow, --deny)");
    case ANSWER_HANDSHAKE:
        return _("the TLS handshake failed");
    case ANSWER_TOO_FAST:
        return _("more datagrams a second than --rate-limit lets in, ignored");
    case ANSWER_TOO_LONG:
        return _("a message longer than --max-message, ignored");
    case ANSWER_REPLY_TOO_LONG:
        return _("the reply is too long, not sent");
    case ANSWER_AMPLIFIES:
        return _("the reply is much longer than the datagram, not sent: the sender's address may be false");
    case ANSWER_BUSY:
        return _("too many messages wait for a command, ignored");
    case ANSWER_SEVERAL_LINES:
        return _("a datagram of several lines can't go through --filter, ignored");
    case ANSWER_LOST:
        return _("the --filter command ended before it answered");
    case ANSWER_UNSENT:
        return _("the reply could not be sent");
    case ANSWER_NAMELESS:
        return _("the sender's socket has no name, it can't be answered");
    case ANSWER_REFUSALS:
    default:
        return "";
    }
}

static void on_refused(
    enum answer_refusal why, uint64_t count, const struct answer_who *who, const struct err *err, void *arg)
{
    char text[ENDPOINT_TEXT_BYTES];

    if (who)
        fprintf(stderr, "%s: ", answer_who_text(who, text));
    if (why == ANSWER_HANDSHAKE && err) /* TLS tells in a whole sentence what went wrong */
        fputs(err->text, stderr);
    else if (err)
        fprintf(stderr, "%s: %s", refusal_text(why), err->text);
    else
        fputs(refusal_text(why), stderr);
    if (count > 1)
        fprintf(stderr, _(" (%" PRIu64 " times)"), count);
    fputc('\n', stderr);
}

static void on_child_ended(const struct answer_who *who, pid_t pid, int status, void *arg)
{
    char text[ENDPOINT_TEXT_BYTES], word[128];

    process_status_text(status, word, sizeof(word));
    if (who)
        fprintf(stderr, _("%s: its command (process %d): %s\n"), answer_who_text(who, text), (int)pid, word);
    else
        fprintf(stderr, _("the --filter command (process %d): %s\n"), (int)pid, word);
}

static void on_trouble(const struct err *err, void *arg)
{
    fprintf(stderr, "landline: %s\n", err->text);
}

void answer_print_events(const struct answer_values *values, struct answer_events *ret)
{
    if (values->json) {
        answer_json_events(ret);
        return;
    }
    *ret = (struct answer_events){
        .listening = on_listening,
        .refused = on_refused,
        .trouble = on_trouble,
    };
    if (!values->quiet) {
        ret->called = on_called;
        ret->message = on_message;
    }
    if (values->verbose) {
        ret->hung_up = on_hung_up;
        ret->child_ended = on_child_ended;
    }
}

void answer_print_counts(struct answer_print *p, const struct answer_counts *counts)
{
    if (p->values->json) {
        answer_json_counts(p, counts);
        return;
    }
    fprintf(stderr, ngettext("%" PRIu64 " call, ", "%" PRIu64 " calls, ", counts->calls), counts->calls);
    fprintf(stderr, ngettext("%" PRIu64 " message, ", "%" PRIu64 " messages, ", counts->messages),
        counts->messages);
    fprintf(
        stderr, ngettext("%" PRIu64 " reply\n", "%" PRIu64 " replies\n", counts->replies), counts->replies);
    for (int why = 0; why < ANSWER_REFUSALS; why++)
        if (counts->refused[why])
            fprintf(stderr, "%" PRIu64 ": %s\n", counts->refused[why], refusal_text(why));
    if (counts->lost_by_kernel)
        fprintf(stderr, _("%" PRIu64 ": datagrams that the kernel threw away\n"), counts->lost_by_kernel);
}

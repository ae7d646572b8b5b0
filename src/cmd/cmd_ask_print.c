/* SPDX-License-Identifier: ISC */
/* What asking shows. Replies go to stdout and nothing else does (but --json's objects), so that a pipe gets
 * the peer's bytes and no more; all that is told about them goes to stderr.
 *
 * A terminal is never handed what the peer said as it is: controls and bytes that are no text are escaped. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/cmd_ask.h"

#define HEX_LINE_BYTES 16

/* Do stdout and stderr end in one file, as after 2>&1? What is told about a reply must not continue its last
 * line there. */
static bool is_joined(void)
{
    struct stat out, err;

    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 && out.st_dev == err.st_dev &&
           out.st_ino == err.st_ino;
}

void ask_print_init(struct ask_print *p, const struct ask_values *values, struct encoding *encoding)
{
    *p = (struct ask_print){
        .values = values,
        .out = out_new(STDOUT_FILENO),
        .many = values->lines || values->count != 1,
        .terminal = term_is(STDOUT_FILENO),
        .joined = is_joined(),
        .encoding = encoding,
        .colors = term_colors(term_wants_color(STDOUT_FILENO, values->no_color)),
        .reply = STR_INIT,
        .started_ns = clock_now_ns(),
    };
}

void ask_print_done(struct ask_print *p)
{
    if (!p->out)
        return;
    out_flush(p->out);
    out_free(p->out);
    str_done(&p->reply);
}

int ask_print_flush(struct ask_print *p)
{
    return out_flush(p->out);
}

/* Before anything goes to stderr. */
static void end_stdout(struct ask_print *p)
{
    out_flush(p->out);
    if (p->open_line && p->joined) {
        fputc('\n', stderr);
        p->open_line = false;
    }
}

void ask_print_note(struct ask_print *p, const char *fmt, ...)
{
    struct str raw = STR_INIT, text = STR_INIT;
    va_list args;

    va_start(args, fmt);
    str_vappendf(&raw, fmt, args);
    va_end(args);
    /* It may have what a peer said, or what was typed, in it. */
    utf8_escape(&text, raw.data, raw.len, UTF8_KEEP_LINES);
    end_stdout(p);
    fprintf(stderr, "%s\n", text.data);
    str_done(&raw);
    str_done(&text);
}

static void put(struct ask_print *p, const void *data, size_t len)
{
    if (len == 0)
        return;
    out_write(p->out, data, len);
    p->open_line = ((const char *)data)[len - 1] != '\n';
}

/* How many bytes at the end may be the beginning of something that escaping must see whole: a character, or
 * the CR of a CRLF. */
static size_t cut_end(const char *data, size_t len)
{
    if (len && data[len - 1] == '\r')
        return 1;
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char byte = (unsigned char)data[len - back];

        if ((byte & 0xc0) == 0x80)
            continue;
        return byte >= 0xc0 && utf8_decode(data + len - back, back, NULL) == -EAGAIN ? back : 0;
    }
    return 0;
}

static void put_escaped(struct ask_print *p, bool last)
{
    size_t kept = last ? 0 : cut_end(p->reply.data, p->reply.len);
    struct str text = STR_INIT;

    utf8_escape_marked(&text, p->reply.data, p->reply.len - kept, UTF8_KEEP_LINES, p->colors->escape_on,
        p->colors->escape_off);
    put(p, text.data, text.len);
    str_consume(&p->reply, p->reply.len - kept);
    str_done(&text);
}

static void put_hex(struct ask_print *p, bool last)
{
    size_t whole = last ? p->reply.len : p->reply.len - p->reply.len % HEX_LINE_BYTES;
    struct str text = STR_INIT;

    hex_dump(&text, p->reply.data, whole, p->shown);
    put(p, text.data, text.len);
    p->shown += whole;
    str_consume(&p->reply, whole);
    str_done(&text);
}

void ask_print_data(struct ask_print *p, uint64_t number, const uint8_t *data, size_t len)
{
    struct str text = STR_INIT;

    if (number == 0 && !p->unasked && p->values->verbose) {
        p->unasked = true;
        ask_print_note(p, _("(bytes came that answer no message)"));
    }
    if (p->values->json) {
        size_t room = ASK_PRINT_JSON_BYTES - p->reply.len;

        if (number == 0) {
            ask_json_unasked(p, data, len);
            return;
        }
        str_append(&p->reply, data, len < room ? len : room);
        p->dropped += len < room ? 0 : len - room;
    } else if (p->values->hex) {
        str_append(&p->reply, data, len);
        put_hex(p, false);
    } else {
        if (p->encoding) {
            encoding_decode(p->encoding, &text, data, len);
            data = (const uint8_t *)text.data;
            len = text.len;
        }
        if (p->terminal) {
            str_append(&p->reply, data, len);
            put_escaped(p, false);
        } else {
            put(p, data, len);
        }
    }
    str_done(&text);
}

/* The end of what a message got for a reply. */
static void end_reply(struct ask_print *p)
{
    struct str text = STR_INIT;

    if (p->values->hex) {
        put_hex(p, true);
        p->shown = 0;
        return;
    }
    if (p->encoding)
        encoding_decode_end(p->encoding, &text);
    if (p->terminal) {
        str_append(&p->reply, text.data, text.len);
        put_escaped(p, true);
    } else {
        put(p, text.data, text.len);
    }
    if (p->open_line && (p->terminal || p->many))
        put(p, "\n", 1);
    str_done(&text);
}

static void append_part(struct str *text, const char *name, int64_t ns)
{
    str_append_str(text, name);
    str_append_char(text, ' ');
    clock_append_duration(text, ns);
    str_append_str(text, _(", "));
}

static void tell_exchange(struct ask_print *p, const struct ask_exchange *x)
{
    char peer[ENDPOINT_TEXT_BYTES];
    struct str text = STR_INIT;

    if (p->many)
        str_appendf(&text, "%" PRIu64 ": ", x->number);
    str_appendf(&text, _("%s answered over %s: "), endpoint_format(&x->peer, peer),
        addr_scheme_name(x->addr->scheme));
    if (x->called && x->lookup_ns)
        append_part(&text, _("name lookup"), (int64_t)x->lookup_ns);
    if (x->called && x->connect_ns)
        append_part(&text, _("connect"), (int64_t)x->connect_ns);
    if (x->called && x->handshake_ns)
        append_part(&text, _("TLS handshake"), (int64_t)x->handshake_ns);
    append_part(&text, _("reply"), x->round_trip_ns);
    str_appendf(&text, ngettext("%zu byte", "%zu bytes", x->reply_bytes), x->reply_bytes);
    if (x->retries)
        str_appendf(
            &text, ngettext(" (sent again %d time)", " (sent again %d times)", x->retries), x->retries);
    ask_print_note(p, "%s", text.data);
    str_done(&text);
}

void ask_print_answered(struct ask_print *p, const struct ask_exchange *x)
{
    if (p->values->json) {
        ask_json_answered(p, x);
        return;
    }
    end_reply(p);
    if (x->is_truncated)
        ask_print_note(
            p, _("landline: the answer was a datagram longer than can be read; its end is missing"));
    if (x->is_cut_off)
        ask_print_note(p,
            _("landline: the peer hung up without TLS's goodbye; whether the reply is whole can't be told"));
    if (p->values->verbose)
        tell_exchange(p, x);
}

void ask_print_lost(struct ask_print *p, uint64_t number, const struct err *err)
{
    if (p->values->json) {
        ask_json_lost(p, number, err);
        snprintf(p->told, sizeof(p->told), "%s", err->text);
    } else {
        end_reply(p);
    }
    if (!p->many)
        return;
    ask_print_note(p, "landline: %" PRIu64 ": %s", number, err->text);
    snprintf(p->told, sizeof(p->told), "%s", err->text);
}

void ask_print_retry(struct ask_print *p, uint64_t number, int retry, uint64_t waited_ms)
{
    struct str text = STR_INIT;

    if (p->values->json)
        ask_json_retry(p, number, retry, waited_ms);
    if (!p->values->verbose)
        return;
    if (p->many)
        str_appendf(&text, "%" PRIu64 ": ", number);
    str_append_str(&text, _("nothing came within "));
    clock_append_span(&text, (int64_t)waited_ms * 1000000);
    str_appendf(&text, _("; sent again (%d)"), retry);
    ask_print_note(p, "%s", text.data);
    str_done(&text);
}

void ask_print_next(struct ask_print *p, const struct err *err)
{
    if (p->values->json)
        ask_json_next(p, err);
    ask_print_note(p, _("landline: %s; trying the next address"), err->text);
}

static void append_counts(struct str *text, const struct ask_print *p, const struct ask_stats *stats)
{
    str_appendf(text, _("%" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64 " lost"), stats->sent,
        stats->answered, stats->lost);
    if (stats->sent > stats->answered + stats->lost)
        str_appendf(text, _(", %" PRIu64 " still open"), stats->sent - stats->answered - stats->lost);
    if (stats->unsent)
        str_appendf(text, _(", %" PRIu64 " not connected"), stats->unsent);
    if (stats->retried)
        str_appendf(text, _(", %" PRIu64 " sent again"), stats->retried);
    str_append_str(text, _(", in "));
    clock_append_duration(text, clock_now_ns() - p->started_ns);
}

void ask_print_summary(struct ask_print *p, const struct ask_stats *stats, const char *address)
{
    struct str text = STR_INIT;
    const struct {
        const char *name;
        int64_t ns;
    } trips[] = {
        {N_("min"), stats->min_ns},
        {N_("median"), ask_stats_quantile(stats, 500)},
        {N_("p99"), ask_stats_quantile(stats, 990)},
        {N_("max"), stats->max_ns},
    };

    if (!p->many || stats->sent + stats->unsent == 0)
        return;
    if (p->values->json) {
        ask_json_summary(p, stats);
        return;
    }
    if (p->values->lines && !p->values->verbose)
        return;
    str_appendf(&text, "--- %s ---\n", address);
    append_counts(&text, p, stats);
    if (stats->answered) {
        str_append_str(&text, _("\nround trip: "));
        for (size_t i = 0; i < sizeof(trips) / sizeof(trips[0]); i++) {
            str_appendf(&text, "%s%s ", i ? _(", ") : "", _(trips[i].name));
            clock_append_duration(&text, trips[i].ns);
        }
    }
    ask_print_note(p, "%s", text.data);
    str_done(&text);
}

void ask_print_trace(struct ask_print *p, const struct ask_facts *facts)
{
    struct str text = STR_INIT;

    if (p->values->json) {
        ask_json_trace(p, facts);
        return;
    }
    end_stdout(p);
    ask_trace_append(&text, facts);
    fputs(text.data, stderr);
    str_done(&text);
}

int ask_print_error(struct ask_print *p, const struct err *err)
{
    bool is_told = strcmp(p->told, err->text) == 0;

    if (p->values->json && !is_told)
        ask_json_error(p, err);
    end_stdout(p);
    if (is_told && p->many)
        return (int)err->kind;
    return cmd_fail(err);
}

/* SPDX-License-Identifier: ISC */
/* What `landline history` prints: messages and conversations, for eyes, pipes, files and programs. */
#include "cmd/cmd_history.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "show/json.h"
#include "show/text.h"

#define MARK_COLUMNS 2
#define DAY_BYTES 10 /* 2026-11-24 */

/* As chat's screen has them. */
static const char *const marks[STORE_STATES] = {
    [STORE_RECEIVED] = "",
    [STORE_WAITING] = "…",
    [STORE_SENT] = "→",
    [STORE_ACKED] = "✓",
    [STORE_ANSWERED] = "✓✓",
    [STORE_FAILED] = "✗",
    [STORE_CANCELLED] = "–",
};

/* What has not got there; of the rest nothing needs to be said in words. */
static const char *const state_words[STORE_STATES] = {
    [STORE_WAITING] = N_("waiting"),
    [STORE_FAILED] = N_("failed"),
    [STORE_CANCELLED] = N_("taken back"),
};

static const char *mark_color(enum store_state state, const struct term_colors *c)
{
    switch (state) {
    case STORE_ACKED:
    case STORE_ANSWERED:
        return c->green;
    case STORE_WAITING:
        return c->yellow;
    case STORE_FAILED:
        return c->red;
    default:
        return c->dim;
    }
}

/* Lines after the first one are indented, so that none of them looks like a message. */
static void append_text(struct history_print *p, struct str *out, const struct store_message *m, int indent)
{
    unsigned flags = p->form == HISTORY_LINES ? 0 : UTF8_KEEP_LINES;
    struct str shown = STR_INIT;
    const char *line, *end;

    utf8_escape_marked(&shown, m->text, m->len, flags, p->colors->escape_on, p->colors->escape_off);
    for (line = shown.data; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        str_append(out, line, (size_t)(end - line) + 1);
        str_appendf(out, "%*s", indent, "");
    }
    str_append_str(out, line);
    str_done(&shown);
}

static void append_name(struct str *out, const char *name)
{
    utf8_escape(out, name, strlen(name), 0);
}

/* "张三", "me" or "me → 张三" */
static void append_who(struct history_print *p, struct str *out, const struct store_message *m)
{
    if (m->direction == STORE_OUT) {
        str_append_str(out, _("me"));
        if (p->of_one && p->form == HISTORY_SCREEN)
            return;
        str_append_str(out, " → ");
    }
    append_name(out, m->who);
}

/* " [failed: connection refused]" */
static void append_state(struct history_print *p, struct str *out, const struct store_message *m)
{
    const char *word = state_words[m->state];

    if (!word)
        return;
    str_appendf(out, " %s[%s", p->colors->dim, _(word));
    if (*m->note) {
        str_append_str(out, ": ");
        append_name(out, m->note);
    }
    str_appendf(out, "]%s", p->colors->off);
}

static void print_screen(struct history_print *p, const struct store_message *m, struct str *out)
{
    const struct term_colors *c = p->colors;
    struct str time = STR_INIT;
    int indent;

    clock_append_iso(&time, m->at_ns);
    if (strncmp(p->day, time.data, DAY_BYTES) != 0) {
        snprintf(p->day, sizeof(p->day), "%.*s", DAY_BYTES, time.data);
        str_appendf(out, "%s%s%s\n", c->bold, p->day, c->off);
    }
    str_appendf(out, "%s%.8s%s ", c->dim, time.data + DAY_BYTES + 1, c->off);
    str_append_str(out, mark_color(m->state, c));
    text_pad(out, marks[m->state], strlen(marks[m->state]), MARK_COLUMNS);
    str_appendf(out, "%s %s", c->off, m->direction == STORE_OUT ? c->green : c->cyan);
    str_reset(&time);
    append_who(p, &time, m);
    indent = 8 + 1 + MARK_COLUMNS + 1 + text_columns(time.data, time.len) + 2;
    str_appendf(out, "%s%s: ", time.data, c->off);
    append_text(p, out, m, indent < 40 ? indent : 12);
    append_state(p, out, m);
    str_append_char(out, '\n');
    str_done(&time);
}

static void print_line(struct history_print *p, const struct store_message *m, struct str *out)
{
    struct str time = STR_INIT;

    clock_append_iso(&time, m->at_ns);
    str_appendf(out, "%.*s %.8s ", DAY_BYTES, time.data, time.data + DAY_BYTES + 1);
    append_who(p, out, m);
    str_append_str(out, ": ");
    append_text(p, out, m, 4);
    append_state(p, out, m);
    str_append_char(out, '\n');
    str_done(&time);
}

static void add_time(struct json *j, const char *key, int64_t at_ns)
{
    struct str time = STR_INIT;

    clock_append_iso(&time, at_ns);
    json_add_text(j, key, time.data);
    str_done(&time);
}

static void print_json(const struct store_message *m, struct str *out)
{
    struct json *j = json_begin("message");

    add_time(j, "time", m->at_ns);
    json_add_int(j, "at_ns", m->at_ns);
    json_add_int(j, "journal", m->id);
    json_add_text(j, "peer", m->who);
    json_add_text(j, "address", *m->address ? m->address : NULL);
    json_add_text(j, "direction", m->direction == STORE_OUT ? "out" : "in");
    json_add_text(j, "state", store_state_name(m->state));
    json_add_bool(j, "outbox", m->in_outbox);
    if (*m->note)
        json_add_text(j, "note", m->note);
    json_add_text(j, "ending", store_ending_name(m->ending));
    json_add_int(j, "bytes", (int64_t)m->len);
    json_add_bytes(j, "text", m->text, m->len);
    json_end(j, out);
}

void history_append_message(struct history_print *p, const struct store_message *m, struct str *out)
{
    if (p->form == HISTORY_JSON)
        print_json(m, out);
    else if (p->form == HISTORY_SCREEN)
        print_screen(p, m, out);
    else
        print_line(p, m, out);
}

void history_print_message(struct history_print *p, const struct store_message *m)
{
    struct str out = STR_INIT;

    history_append_message(p, m, &out);
    fwrite(out.data, 1, out.len, stdout);
    str_done(&out);
}

void history_print_conversation(struct history_print *p, const struct store_conversation *c)
{
    struct str out = STR_INIT, time = STR_INIT;
    struct json *j;

    if (p->form == HISTORY_JSON) {
        j = json_begin("conversation");
        json_add_text(j, "peer", c->who);
        json_add_int(j, "messages", (int64_t)c->messages);
        json_add_int(j, "unread", (int64_t)c->unread);
        json_add_int(j, "journal", c->last_id);
        add_time(j, "time", c->last_at_ns);
        json_end(j, &out);
    } else {
        clock_append_iso(&time, c->last_at_ns);
        str_appendf(&out, "%s%.*s %.5s%s  %s", p->colors->dim, DAY_BYTES, time.data,
            time.data + DAY_BYTES + 1, p->colors->off, p->colors->cyan);
        append_name(&out, c->who);
        str_appendf(&out, "%s  ", p->colors->off);
        str_appendf(&out, ngettext("%lu message", "%lu messages", (unsigned long)c->messages),
            (unsigned long)c->messages);
        if (c->unread > 0) {
            str_appendf(&out, ", %s", p->colors->bold);
            str_appendf(&out, _("%lu unread"), (unsigned long)c->unread);
            str_append_str(&out, p->colors->off);
        }
        str_append_char(&out, '\n');
    }
    fwrite(out.data, 1, out.len, stdout);
    str_done(&time);
    str_done(&out);
}

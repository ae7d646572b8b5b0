/* SPDX-License-Identifier: ISC */
/* The face of landline chat for programs: what happens, an object a line, and what is wanted, likewise. Keys
 * and commands are told in landline-chat(1), and stay. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "cmd/chat_drain.h"
#include "cmd/chat_input.h"
#include "cmd/cmd_chat.h"
#include "show/json.h"
#include "show/out.h"

/* Messages of which the program's own id is known, until they are final; then the oldest is forgotten. */
#define SAID_MAX 100000

/* What a program calls a message of its own: a text or a number. */
struct id {
    char *text; /* NULL: none, or a number */
    int64_t number;
    bool is_there;
};

struct said {
    uint64_t number;
    struct id id;
    UT_hash_handle hh;
};

struct face {
    struct chat_run *run;
    struct chat_input *input;
    struct chat_drain *drain;
    struct out *out;
    struct turn_end flush;
    struct said *said; /* by number */
    struct id id;      /* of the command that is being done */
    int64_t line;      /* of standard input */
    bool is_held;      /* it waits until it can be taken */
};

static const char *const line_names[] = {
    [CHAT_LINE_IDLE] = "idle",
    [CHAT_LINE_CALLING] = "calling",
    [CHAT_LINE_UP] = "up",
    [CHAT_LINE_WAITING] = "waiting",
};

/* ---- out ---- */

static void on_flush(struct turn_end *t)
{
    struct face *f = list_entry(t, struct face, flush);
    int code = out_flush(f->out);

    if (code < 0)
        chat_run_broken(f->run, code);
}

static struct json *begin(const char *event, const struct chat_peer *p)
{
    struct json *j = json_begin(event);
    struct str time = STR_INIT;
    char text[ADDR_TEXT_BYTES];

    clock_append_iso(&time, clock_wall_ns());
    json_add_text(j, "time", time.data);
    str_done(&time);
    if (!p)
        return j;
    json_add_text(j, "peer", chat_peer_name(p));
    json_add_text(j, "address", addr_format(chat_peer_addr(p), text));
    return j;
}

static void end(struct face *f, struct json *j)
{
    json_end(j, out_text(f->out));
    loop_at_turn_end(f->run->loop, &f->flush);
}

static void add_endpoint(struct json *j, const struct endpoint *e)
{
    char text[ENDPOINT_TEXT_BYTES];

    if (e->sa.sa_family != AF_UNSPEC)
        json_add_text(j, "from", endpoint_format(e, text));
}

static void add_id(struct json *j, const struct id *id)
{
    if (id->text)
        json_add_text(j, "id", id->text);
    else if (id->is_there)
        json_add_int(j, "id", id->number);
}

static void on_listening(const struct addr *addr, const char *pin, void *arg)
{
    struct json *j = begin("listening", NULL);
    char text[ADDR_TEXT_BYTES];

    json_add_text(j, "address", addr_format(addr, text));
    if (pin)
        json_add_text(j, "pin", pin);
    end(arg, j);
}

static void on_peer(struct chat_peer *p, void *arg)
{
    struct json *j = begin("peer", p);

    json_add_bool(j, "contact", chat_peer_is_contact(p));
    json_add_bool(j, "caller", chat_peer_is_caller(p));
    end(arg, j);
}

static const char *hang_up_reason(enum chat_why why)
{
    return why == CHAT_WHY_HUNG_UP ? "peer" : why == CHAT_WHY_WE_HUNG_UP ? "us" : "broken";
}

static void on_line_changed(
    struct chat_peer *p, enum chat_line line, enum chat_why why, const struct err *err, void *arg)
{
    struct face *f = arg;
    bool is_end = why == CHAT_WHY_HUNG_UP || why == CHAT_WHY_WE_HUNG_UP || why == CHAT_WHY_BROKEN;
    struct json *j = begin(is_end ? "hang_up" : "call", p);

    chat_drain_line(f->drain, p, line, err);
    if (is_end)
        json_add_text(j, "reason", hang_up_reason(why));
    else
        json_add_text(j, "direction", why == CHAT_WHY_CALLED || chat_peer_is_caller(p) ? "in" : "out");
    json_add_text(j, "line", line_names[line]);
    if (line == CHAT_LINE_UP)
        add_endpoint(j, chat_peer_endpoint(p));
    if (line == CHAT_LINE_WAITING)
        json_add_int(j, "redial_ms", (int64_t)chat_peer_redial_ms(p));
    if (err)
        json_add_text(j, "error", err->text);
    end(f, j);
    if (f->is_held)
        chat_input_resume(f->input);
}

static struct said *find_said(struct face *f, uint64_t number)
{
    struct said *s;

    HASH_FIND(hh, f->said, &number, sizeof(number), s);
    return s;
}

static void forget_said(struct face *f, struct said *s)
{
    HASH_DEL(f->said, s);
    free(s->id.text);
    free(s);
}

static void remember_said(struct face *f, uint64_t number)
{
    struct said *s;

    if (!f->id.is_there)
        return;
    if (HASH_COUNT(f->said) >= SAID_MAX)
        forget_said(f, f->said);
    s = xcalloc(1, sizeof(*s));
    s->number = number;
    s->id = f->id;
    if (s->id.text)
        s->id.text = xstrdup(s->id.text);
    HASH_ADD(hh, f->said, number, sizeof(s->number), s);
}

static void on_message(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct face *f = arg;
    struct json *j = begin("message", p);
    bool is_out = m->direction == STORE_OUT;

    chat_drain_message(f->drain, p, m);
    json_add_text(j, "direction", is_out ? "out" : "in");
    json_add_int(j, "number", (int64_t)m->number);
    if (is_out) {
        add_id(j, &f->id);
        json_add_text(j, "state", store_state_name(m->state));
        if (m->is_old)
            json_add_bool(j, "old", true);
        remember_said(f, m->number);
    } else {
        chat_mark_read(p);
        add_endpoint(j, &m->peer);
        json_add_text(j, "ending", store_ending_name((enum store_ending)m->ending));
        if (m->is_part)
            json_add_bool(j, "part", true);
    }
    json_add_int(j, "bytes", (int64_t)m->len);
    json_add_bytes(j, "text", m->text, m->len);
    end(f, j);
}

static void on_changed(struct chat_peer *p, const struct chat_message *m, void *arg)
{
    struct face *f = arg;
    struct said *s = find_said(f, m->number);
    struct json *j = begin("state", p);

    chat_drain_changed(f->drain, p, m);
    json_add_int(j, "number", (int64_t)m->number);
    if (s)
        add_id(j, &s->id);
    json_add_text(j, "state", store_state_name(m->state));
    if (*m->note)
        json_add_text(j, "note", m->note);
    if (m->id)
        json_add_int(j, "journal", m->id);
    end(f, j);
    if (s && (m->state == STORE_ANSWERED || m->state == STORE_FAILED || m->state == STORE_CANCELLED))
        forget_said(f, s);
    if (f->is_held)
        chat_input_resume(f->input);
}

static void on_first_sight(struct chat_peer *p, const struct tls_facts *facts, void *arg)
{
    struct json *j = begin("first_sight", p);

    json_add_text(j, "pin", facts->pin);
    json_add_text(j, "subject", facts->subject);
    json_add_text(j, "problem", facts->verify_problem);
    end(arg, j);
}

static void on_gone(struct chat_peer *p, void *arg)
{
    struct face *f = arg;

    end(f, begin("gone", p));
    chat_drain_gone(f->drain, p);
}

static void on_trouble(struct chat_peer *p, const struct err *err, void *arg)
{
    struct json *j = begin("trouble", p);

    json_add_text(j, "error", err->text);
    end(arg, j);
}

static const struct chat_events json_events = {
    .listening = on_listening,
    .peer = on_peer,
    .line = on_line_changed,
    .message = on_message,
    .changed = on_changed,
    .first_sight = on_first_sight,
    .gone = on_gone,
    .trouble = on_trouble,
};

/* ---- in ---- */

static void tell_error(struct face *f, const char *text)
{
    struct json *j = begin("error", NULL);

    json_add_int(j, "line", f->line);
    add_id(j, &f->id);
    json_add_text(j, "error", text);
    end(f, j);
}

/* Whom a command is about; key's value, or WHO of the command line. NULL: it was told why not. */
static struct chat_peer *whom(struct face *f, const struct json_object *command, const char *key)
{
    const char *who = NULL;
    struct chat_peer *p;
    struct err err;
    size_t len;
    int code = json_read_text(command, key, &who, &len, &err);

    if (code == -ENOENT && f->run->who)
        who = f->run->who;
    else if (code == -ENOENT)
        err_set(&err, ERR_INPUT, -EINVAL, _("\"%s\" is missing: a contact, or an address"), key);
    else if (code == 0 && strlen(who) != len)
        code = err_set(&err, ERR_INPUT, -EINVAL, _("\"%s\" is no contact and no address"), key);
    if (who && code != -EINVAL && chat_run_open(f->run, who, &p, &err) == 0)
        return p;
    tell_error(f, err.text);
    return NULL;
}

/* These return false if they can't be done now. */

static bool run_say(struct face *f, const struct json_object *command)
{
    struct chat_peer *p = NULL;
    struct str text = STR_INIT;
    struct err err;
    bool is_done = true;

    if (json_read_bytes(command, "say", &text, &err) < 0)
        tell_error(f, err.text);
    else
        p = whom(f, command, "to");
    if (p && !chat_run_has_room(p))
        is_done = false;
    else if (p && chat_say(p, text.data, text.len, &err) < 0)
        tell_error(f, err.text);
    str_done(&text);
    return is_done;
}

static bool run_open(struct face *f, const struct json_object *command)
{
    whom(f, command, "open");
    return true;
}

static bool run_call(struct face *f, const struct json_object *command)
{
    struct chat_peer *p = whom(f, command, "call");

    if (p)
        chat_call(p);
    return true;
}

static bool run_hang_up(struct face *f, const struct json_object *command)
{
    struct chat_peer *p = whom(f, command, "hang_up");

    if (p)
        chat_hang_up(p);
    return true;
}

/* One, by its number; or all that wait for somebody. */
static bool run_cancel(struct face *f, const struct json_object *command)
{
    int64_t number;
    size_t n = 0;

    if (json_read_int(command, "cancel", &number, NULL) == 0) {
        for (struct chat_peer *p = NULL; number > 0 && n == 0 && (p = chat_next(f->run->chat, p));)
            n = chat_cancel(p, (uint64_t)number);
    } else {
        struct chat_peer *p = whom(f, command, "cancel");

        if (!p)
            return true;
        n = chat_cancel(p, 0);
    }
    if (n == 0)
        tell_error(f, _("nothing of that waits"));
    return true;
}

static bool run_quit(struct face *f, const struct json_object *command)
{
    bool yes;
    struct err err;

    if (json_read_bool(command, "quit", &yes, &err) < 0)
        tell_error(f, err.text);
    else if (yes)
        chat_drain_begin(f->drain);
    return true;
}

/* The first key of each is what tells it apart. */
static const struct command_row {
    const char *keys[5];
    bool (*run)(struct face *f, const struct json_object *command);
} rows[] = {
    {{"say", "to", "id"}, run_say},
    {{"say_base64", "to", "id", "say"}, run_say},
    {{"open", "id"}, run_open},
    {{"call", "id"}, run_call},
    {{"hang_up", "id"}, run_hang_up},
    {{"cancel", "id"}, run_cancel},
    {{"quit", "id"}, run_quit},
};

static bool has(const struct json_object *command, const char *key)
{
    const char *text;
    size_t len;

    return json_read_text(command, key, &text, &len, NULL) != -ENOENT;
}

static bool run_command(struct face *f, const struct json_object *command)
{
    char said[ERR_TEXT_BYTES];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *unknown;

        if (!has(command, rows[i].keys[0]))
            continue;
        unknown = json_read_unknown(command, rows[i].keys);
        if (!unknown)
            return rows[i].run(f, command);
        snprintf(said, sizeof(said), _("\"%s\" takes no \"%s\""), rows[i].keys[0], unknown);
        tell_error(f, said);
        return true;
    }
    tell_error(f, _("no command in it: \"say\", \"open\", \"call\", \"hang_up\", \"cancel\" or \"quit\""));
    return true;
}

/* False: it is neither a text nor a number. */
static bool read_id(struct face *f, const struct json_object *command)
{
    const char *text;
    size_t len;
    int code = json_read_text(command, "id", &text, &len, NULL);

    if (code == -ENOENT)
        return true;
    f->id.is_there = true;
    if (code == 0)
        f->id.text = xstrdup(text);
    else if (json_read_int(command, "id", &f->id.number, NULL) < 0)
        return f->id.is_there = false;
    return true;
}

static bool on_line(const char *text, size_t len, void *arg)
{
    struct face *f = arg;
    struct json_object *command;
    struct err err;

    if (!f->is_held)
        f->line++;
    f->is_held = false;
    if (chat_drain_has_begun(f->drain) || strspn(text, " \t") == len)
        return true;
    if (json_read(text, len, &command, &err) < 0) {
        tell_error(f, err.text);
        return true;
    }
    if (read_id(f, command))
        f->is_held = !run_command(f, command);
    else
        tell_error(f, _("\"id\" must be a text or a whole number"));
    free(f->id.text);
    f->id = (struct id){0};
    json_read_free(command);
    return !f->is_held;
}

static void on_too_long(void *arg)
{
    struct face *f = arg;

    f->line++;
    tell_error(f, _("the line is too long; it was left out"));
}

static void on_input_ended(const struct err *err, void *arg)
{
    struct face *f = arg;

    if (err)
        chat_run_end(f->run, err);
    else
        chat_drain_begin(f->drain);
}

/* ---- beginning and end ---- */

static void *json_face_new(struct chat_run *run)
{
    struct face *f = xcalloc(1, sizeof(*f));

    f->run = run;
    f->out = out_new(STDOUT_FILENO);
    f->drain = chat_drain_new(run);
    turn_end_init(&f->flush, on_flush);
    return f;
}

static int json_face_start(void *face, struct err *err)
{
    static const struct chat_input_events events = {
        .line = on_line, .too_long = on_too_long, .ended = on_input_ended};
    struct face *f = face;
    struct chat_peer *p;
    int code = 0;

    if (f->run->who)
        code = chat_run_open(f->run, f->run->who, &p, err);
    if (code == 0)
        code = chat_input_new(f->run->loop, JSON_READ_BYTES, &events, f, &f->input, err);
    return code;
}

static void json_face_stopping(void *face)
{
    struct face *f = face;

    chat_input_stop(f->input);
}

static void json_face_leave(void *face)
{
    struct face *f = face;
    size_t waiting = 0;
    struct json *j = begin("ended", NULL);

    for (struct chat_peer *p = NULL; f->run->chat && (p = chat_next(f->run->chat, p));)
        waiting += chat_peer_waiting(p);
    json_add_int(j, "status", (int64_t)f->run->why.kind);
    json_add_int(j, "waiting", (int64_t)waiting);
    if (f->run->why.kind)
        json_add_text(j, "error", f->run->why.text);
    json_end(j, out_text(f->out));
    turn_end_cancel(&f->flush);
    out_flush(f->out);
    chat_drain_free(f->drain);
    f->drain = NULL;
}

static void json_face_free(void *face)
{
    struct face *f = face;

    while (f->said)
        forget_said(f, f->said);
    chat_input_free(f->input);
    out_free(f->out);
    free(f);
}

const struct chat_face chat_face_json = {
    .new = json_face_new,
    .events = &json_events,
    .start = json_face_start,
    .stopping = json_face_stopping,
    .leave = json_face_leave,
    .free = json_face_free,
};

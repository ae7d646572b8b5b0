/* SPDX-License-Identifier: ISC */
/* landline answer --json: everything that happens, an object a line. The keys are told in landline-answer(1).
 */
#include <sys/wait.h>

#include "base/clock.h"
#include "cmd/cmd_answer.h"
#include "show/json.h"
#include "show/out.h"

static const char *const refusal_names[ANSWER_REFUSALS] = {
    [ANSWER_TOO_MANY_PEERS] = "too_many_peers",
    [ANSWER_NO_DESCRIPTORS] = "no_descriptors",
    [ANSWER_DENIED] = "denied",
    [ANSWER_HANDSHAKE] = "handshake",
    [ANSWER_TOO_FAST] = "too_fast",
    [ANSWER_TOO_LONG] = "too_long",
    [ANSWER_REPLY_TOO_LONG] = "reply_too_long",
    [ANSWER_AMPLIFIES] = "amplifies",
    [ANSWER_BUSY] = "busy",
    [ANSWER_SEVERAL_LINES] = "several_lines",
    [ANSWER_LOST] = "lost",
    [ANSWER_UNSENT] = "unsent",
    [ANSWER_NAMELESS] = "nameless",
};

static const char *const end_names[] = {
    [ANSWER_THEY_HUNG_UP] = "peer",
    [ANSWER_BROKEN] = "broken",
    [ANSWER_IDLE] = "idle",
    [ANSWER_COMMAND_DONE] = "command",
    [ANSWER_STOPPED] = "stopped",
};

static const char *const ending_names[] = {[LINE_BARE] = "none", [LINE_LF] = "lf", [LINE_CRLF] = "crlf"};

static struct json *begin(const char *event, const struct answer_who *who)
{
    struct json *j = json_begin(event);
    char text[ENDPOINT_TEXT_BYTES];
    struct str time = STR_INIT;

    clock_append_iso(&time, clock_wall_ns());
    json_add_text(j, "time", time.data);
    str_done(&time);
    if (!who)
        return j;
    json_add_text(j, "scheme", addr_scheme_name(who->scheme));
    json_add_text(j, "peer", answer_who_text(who, text));
    json_add_text(j, "local", endpoint_format(who->local, text));
    if (who->call)
        json_add_int(j, "call", (int64_t)who->call);
    return j;
}

static void end(struct json *j, void *arg)
{
    struct answer_print *p = arg;

    json_end(j, out_text(p->out));
    answer_print_flush_later(p);
}

static void on_listening(const struct addr *addr, const char *pin, void *arg)
{
    struct json *j = begin("listening", NULL);
    char text[ADDR_TEXT_BYTES];

    json_add_text(j, "address", addr_format(addr, text));
    if (pin)
        json_add_text(j, "pin", pin);
    end(j, arg);
}

static void on_called(const struct answer_who *who, void *arg)
{
    end(begin("call", who), arg);
}

static void on_message(const struct answer_who *who, const struct answer_message *message, void *arg)
{
    struct answer_print *p = arg;
    struct json *j = begin("message", who);

    json_add_int(j, "number", (int64_t)message->number);
    json_add_int(j, "bytes", (int64_t)message->len);
    json_add_text(j, "ending", ending_names[message->ending]);
    if (p->encoding) {
        str_reset(&p->text);
        encoding_decode(p->encoding, &p->text, message->data, message->len);
        encoding_decode_end(p->encoding, &p->text);
        json_add_bytes(j, "text", p->text.data, p->text.len);
    } else {
        json_add_bytes(j, "text", message->data, message->len);
    }
    end(j, arg);
}

static void on_hung_up(const struct answer_who *who, enum answer_end why, const struct err *err, void *arg)
{
    struct json *j = begin("hang_up", who);

    json_add_text(j, "reason", end_names[why]);
    if (err)
        json_add_text(j, "error", err->text);
    end(j, arg);
}

static void on_refused(
    enum answer_refusal why, uint64_t count, const struct answer_who *who, const struct err *err, void *arg)
{
    struct json *j = begin("refused", who);

    json_add_text(j, "reason", refusal_names[why]);
    json_add_int(j, "count", (int64_t)count);
    if (err)
        json_add_text(j, "error", err->text);
    end(j, arg);
}

static void on_child_ended(const struct answer_who *who, pid_t pid, int status, void *arg)
{
    struct json *j = begin("child", who);

    json_add_int(j, "pid", pid);
    if (WIFSIGNALED(status))
        json_add_int(j, "signal", WTERMSIG(status));
    else
        json_add_int(j, "status", WEXITSTATUS(status));
    end(j, arg);
}

static void on_trouble(const struct err *err, void *arg)
{
    struct json *j = begin("trouble", NULL);

    json_add_text(j, "error", err->text);
    end(j, arg);
}

void answer_json_events(struct answer_events *ret)
{
    *ret = (struct answer_events){
        .listening = on_listening,
        .called = on_called,
        .message = on_message,
        .hung_up = on_hung_up,
        .refused = on_refused,
        .child_ended = on_child_ended,
        .trouble = on_trouble,
    };
}

void answer_json_counts(struct answer_print *p, const struct answer_counts *counts)
{
    struct json *j = begin("counts", NULL);

    json_add_int(j, "calls", (int64_t)counts->calls);
    json_add_int(j, "messages", (int64_t)counts->messages);
    json_add_int(j, "replies", (int64_t)counts->replies);
    json_add_int(j, "lost_by_kernel", (int64_t)counts->lost_by_kernel);
    json_open(j, "refused");
    for (int why = 0; why < ANSWER_REFUSALS; why++)
        json_add_int(j, refusal_names[why], (int64_t)counts->refused[why]);
    json_close(j);
    end(j, p);
}

/* SPDX-License-Identifier: ISC */
/* A stream carries bytes, and only the two programs on it know where a reply ends. Without being told, the
 * best guess that costs no waiting is the line: most small protocols answer a line with a line. Whatever
 * looks different (a message of several lines, such as an HTTP request; a reply with more behind its first
 * newline; bytes with no newline, as tutorial servers send) ends when it has been quiet for a moment. */
#include "talk/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/utf8.h"

#define QUIET_MAX_MS INT64_C(3600000)

static int refuse(const char *text, const char *what, struct err *err)
{
    struct str shown = STR_INIT;

    utf8_escape(&shown, text, strlen(text), 0);
    err_set(err, ERR_MISUSE, -EINVAL, "--until %s: %s", shown.data, what);
    str_done(&shown);
    return -EINVAL;
}

int reply_rule_parse(struct reply_rule *rule, const char *text, struct err *err)
{
    int64_t number;

    if (strcmp(text, "newline") == 0) {
        rule->end = REPLY_NEWLINE;
    } else if (strcmp(text, "close") == 0) {
        rule->end = REPLY_CLOSE;
    } else if (strcmp(text, "quiet") == 0) {
        rule->end = REPLY_QUIET;
    } else if (strncmp(text, "quiet:", 6) == 0) {
        if (parse_number(text + 6, 1, QUIET_MAX_MS, &number) < 0)
            return refuse(text, _("write the quiet time in milliseconds, as in quiet:200"), err);
        rule->end = REPLY_QUIET;
        rule->quiet_ms = (uint64_t)number;
    } else if (strncmp(text, "bytes:", 6) == 0) {
        if (parse_number(text + 6, 1, INT64_MAX, &number) < 0)
            return refuse(text, _("write how many bytes, as in bytes:100"), err);
        rule->end = REPLY_BYTES;
        rule->bytes = (uint64_t)number;
    } else {
        return refuse(text, _("it is newline, close, quiet:MS or bytes:N"), err);
    }
    return 0;
}

void reply_rule_append(struct str *out, const struct reply_rule *rule)
{
    switch (rule->end) {
    case REPLY_AUTO:
    case REPLY_QUIET:
        str_appendf(out, _("%" PRIu64 " ms of quiet"), rule->quiet_ms);
        break;
    case REPLY_NEWLINE:
        str_append_str(out, _("a newline"));
        break;
    case REPLY_CLOSE:
        str_append_str(out, _("the peer's hang-up"));
        break;
    case REPLY_BYTES:
        str_appendf(out, ngettext("%" PRIu64 " byte", "%" PRIu64 " bytes", rule->bytes), rule->bytes);
        break;
    }
}

void reply_begin(struct reply *r, const struct reply_rule *rule, bool one_line, bool each_line)
{
    *r = (struct reply){.rule = rule, .one_line = one_line, .each_line = each_line};
}

static size_t take_line(const uint8_t *data, size_t len, bool *ret_done)
{
    const uint8_t *newline = memchr(data, '\n', len);

    *ret_done = newline;
    return newline ? (size_t)(newline - data) + 1 : len;
}

static size_t take_auto(struct reply *r, const uint8_t *data, size_t len, bool *ret_done)
{
    const uint8_t *newline;

    if (r->each_line)
        return take_line(data, len, ret_done);
    newline = memchr(data, '\n', len);
    if (r->newline || (newline && newline != data + len - 1))
        r->inner_newline = true;
    *ret_done = r->one_line && !r->inner_newline && newline;
    return len;
}

size_t reply_take(struct reply *r, const uint8_t *data, size_t len, bool *ret_done)
{
    size_t taken = len;

    *ret_done = false;
    switch (r->rule->end) {
    case REPLY_AUTO:
        taken = take_auto(r, data, len, ret_done);
        break;
    case REPLY_NEWLINE:
        taken = take_line(data, len, ret_done);
        break;
    case REPLY_BYTES:
        if (len >= r->rule->bytes - r->bytes) {
            taken = (size_t)(r->rule->bytes - r->bytes);
            *ret_done = true;
        }
        break;
    case REPLY_CLOSE:
    case REPLY_QUIET:
        break;
    }
    r->bytes += taken;
    r->newline = taken > 0 && data[taken - 1] == '\n';
    return taken;
}

bool reply_waits_for_quiet(const struct reply *r)
{
    return r->bytes > 0 && (r->rule->end == REPLY_AUTO || r->rule->end == REPLY_QUIET);
}

bool reply_ends_at_close(const struct reply *r)
{
    return r->bytes > 0 && r->rule->end != REPLY_NEWLINE && r->rule->end != REPLY_BYTES;
}

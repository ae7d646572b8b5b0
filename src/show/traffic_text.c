/* SPDX-License-Identifier: ISC */
#include "show/traffic_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/str.h"
#include "base/utf8.h"
#include "show/text.h"

#define SECOND_NS UINT64_C(1000000000)
#define DAYS_MAX 9999

int traffic_columns(int columns)
{
    return columns < TRAFFIC_COLUMNS_MIN   ? TRAFFIC_COLUMNS_MIN
           : columns > TRAFFIC_COLUMNS_MAX ? TRAFFIC_COLUMNS_MAX
                                           : columns;
}

/* ---- signs ---- */

const struct traffic_signs *traffic_signs(bool ascii)
{
    static const struct traffic_signs fine = {.line = "─",
        .again = "╌",
        .run = "═",
        .right = "▶",
        .left = "◀",
        .lost = "✗",
        .life = "│",
        .quiet = "┆",
        .towards = "→",
        .cut = "…",
        .severity = {"·", "!", "✗"}};
    static const struct traffic_signs plain = {.line = "-",
        .again = "-",
        .run = "=",
        .right = ">",
        .left = "<",
        .lost = "X",
        .life = "|",
        .quiet = ":",
        .towards = ">",
        .cut = "~",
        .severity = {"-", "!", "X"}};

    return ascii ? &plain : &fine;
}

enum style traffic_severity_style(enum finding_severity severity)
{
    static const enum style styles[] = {
        [SEVERITY_NOTE] = STYLE_DIM, [SEVERITY_WARNING] = STYLE_WARNING, [SEVERITY_ERROR] = STYLE_ERROR};

    return styles[severity];
}

const char *traffic_role(const struct conversation *c, unsigned side)
{
    if (c->opened == OPENED_SIMULTANEOUS)
        return NULL;
    if (c->opened == OPENED_DATAGRAM)
        return side == c->opener ? N_("spoke first") : NULL;
    if (c->opened == OPENED_MID_CAPTURE && !c->side[c->opener].has_syn)
        return side == c->opener ? N_("heard first") : NULL;
    return side == c->opener ? N_("client") : N_("server");
}

const char *traffic_letter(unsigned side)
{
    return side == FLOW_A ? "A" : "B";
}

/* ---- figures ---- */

int64_t traffic_between_ns(int64_t later, int64_t earlier)
{
    int64_t ns;

    if (__builtin_sub_overflow(later, earlier, &ns))
        return later > earlier ? INT64_MAX : INT64_MIN;
    return ns;
}

const char *traffic_count(char text[TRAFFIC_COUNT_BYTES], uint64_t count)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

/* Three digits: 1.23, 12.3, 123. It never rounds up to a fourth. */
static void append_three(struct str *out, uint64_t value, uint64_t unit)
{
    uint64_t whole = value / unit;

    /* value below 1000 units, and a unit at most a tenth of what 64 bits hold below a hundred of it */
    if (whole < 10)
        str_appendf(out, "%" PRIu64 ".%02" PRIu64, whole, value % unit / (unit / 100));
    else if (whole < 100)
        str_appendf(out, "%" PRIu64 ".%" PRIu64, whole, value % unit / (unit / 10));
    else
        str_appendf(out, "%" PRIu64, whole);
}

void traffic_append_amount(struct str *out, uint64_t count)
{
    static const char units[] = "kMGTPE";
    char text[TRAFFIC_COUNT_BYTES];
    uint64_t unit = 1000;
    size_t i = 0;

    if (count < 100000) {
        str_append_str(out, traffic_count(text, count));
        return;
    }
    for (; count / unit >= 1000 && units[i + 1]; i++)
        unit *= 1000;
    append_three(out, count, unit);
    str_append_char(out, units[i]);
}

void traffic_append_span(struct str *out, int64_t ns)
{
    uint64_t value = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, seconds = value / SECOND_NS;

    if (value < 1000) {
        str_appendf(out, "%" PRIu64 "ns", value);
    } else if (value < 1000000) {
        append_three(out, value, 1000);
        str_append_str(out, "us");
    } else if (value < SECOND_NS) {
        append_three(out, value, 1000000);
        str_append_str(out, "ms");
    } else if (seconds < 60) {
        append_three(out, value, SECOND_NS);
        str_append_char(out, 's');
    } else if (seconds < 3600) {
        str_appendf(out, "%um%02us", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    } else if (seconds < 86400) {
        str_appendf(out, "%uh%02um", (unsigned)(seconds / 3600), (unsigned)(seconds / 60 % 60));
    } else if (seconds < 86400 * 100) {
        str_appendf(out, "%ud%uh", (unsigned)(seconds / 86400), (unsigned)(seconds / 3600 % 24));
    } else {
        seconds /= 86400;
        str_appendf(
            out, "%s%ud", seconds > DAYS_MAX ? ">" : "", (unsigned)(seconds > DAYS_MAX ? DAYS_MAX : seconds));
    }
}

/* ---- text ---- */

void traffic_append_cut(struct str *out, const char *text, int columns, bool ascii)
{
    size_t len = strlen(text), fits;
    int taken;

    if (columns <= 0)
        return;
    fits = text_fit(text, len, columns, &taken);
    if (fits < len)
        fits = text_fit(text, len, columns - 1, &taken);
    str_append(out, text, fits);
    if (fits < len)
        str_append_str(out, traffic_signs(ascii)->cut);
}

void traffic_append_label(struct str *out, const struct conversation *c, bool ascii)
{
    const char *name = label_name((enum label)c->label);
    struct str escaped = STR_INIT;

    if (!name)
        return;
    str_append_str(out, name);
    if (!*c->label_text)
        return;
    str_append_char(out, ' ');
    utf8_escape(&escaped, c->label_text, strlen(c->label_text), 0);
    for (size_t i = 0; i < escaped.len; i++) {
        if (ascii && (unsigned char)escaped.data[i] >= 0x80)
            str_appendf(out, "\\x%02x", (unsigned char)escaped.data[i]);
        else
            str_append_char(out, escaped.data[i]);
    }
    str_done(&escaped);
}

void traffic_wrap(struct painted *out, enum style style, const char *text, int indent, int columns)
{
    size_t len = strlen(text), at = 0, next;

    while (at < len) {
        size_t row;

        painted_pad(out, indent);
        row = text_row(text, len, at, columns - painted_column(out), &next);
        painted_add(out, style, text + at, row);
        at = next;
        if (at < len)
            painted_end_line(out);
    }
    painted_end_line(out);
}

/* " (packets 3, 4, 9 and others)" */
static void append_evidence(struct str *out, const struct finding *finding)
{
    if (!finding->evidence_count)
        return;
    str_append_str(out, finding->evidence_count > 1 ? _(" (packets ") : _(" (packet "));
    for (unsigned i = 0; i < finding->evidence_count; i++)
        str_appendf(out, "%s%" PRIu64, i ? ", " : "", finding->evidence[i]);
    if (finding->count > finding->evidence_count)
        str_append_str(out, _(" and others"));
    /* TRANSLATORS: ends " (packets 3, 4" */
    str_append_str(out, _(")"));
}

void traffic_finding(
    struct painted *out, const struct finding *finding, const struct conversation *c, int columns, bool ascii)
{
    enum finding_severity severity = (enum finding_severity)finding->severity;
    enum finding_kind kind = (enum finding_kind)finding->kind;
    enum style style = traffic_severity_style(severity);
    struct str said = STR_INIT;

    painted_addf(out, style, "%s ", traffic_signs(ascii)->severity[severity]);
    finding_describe(&said, finding, c);
    append_evidence(&said, finding);
    traffic_wrap(out, style == STYLE_DIM ? STYLE_BOLD : style, said.data, 2, columns);
    painted_pad(out, 4);
    traffic_wrap(out, STYLE_NORMAL, _(finding_meaning(kind)), 4, columns);
    painted_pad(out, 4);
    painted_add_text(out, STYLE_GOOD, _("What to do: "));
    traffic_wrap(out, STYLE_NORMAL, _(finding_advice(kind)), 4, columns);
    str_done(&said);
}

/* SPDX-License-Identifier: ISC */
/* The texts of orders: values in front, told by the digit that they begin with, and then a selector. Which of
 * these an order takes is a table. */
#include "lab/fates_order.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"

#define WORD_BYTES 64
#define WORD_SHOWN_BYTES 32

enum value { VALUE_NONE, VALUE_DURATION, VALUE_COPIES, VALUE_BYTES, VALUE_QUEUE, VALUE_RATE, VALUE_MTU };
/* What may stand behind it. */
enum which { WHICH_PACKETS, WHICH_DIRECTION, WHICH_HOST };

static const struct row {
    const char *name;
    uint8_t value;    /* enum value */
    bool is_optional; /* the value, which then is: */
    uint8_t which;    /* enum which */
    uint64_t fallback;
    const char *right; /* what would be */
} rows[FATES_ORDERS] = {
    [FATES_DROP] = {"drop", VALUE_NONE, false, WHICH_PACKETS, 0, "syn+ack#1, 5%, 20% data from server"},
    [FATES_DELAY] = {"delay", VALUE_DURATION, false, WHICH_PACKETS, 0, "40ms, 200ms data#3, 300ms 1%"},
    [FATES_JITTER] = {"jitter", VALUE_DURATION, false, WHICH_PACKETS, 0, "10ms, 10ms from client"},
    [FATES_DUPLICATE] = {"duplicate", VALUE_COPIES, true, WHICH_PACKETS, 1, "fin#1, 2%, 3 data#1"},
    [FATES_REORDER] = {"reorder", VALUE_DURATION, true, WHICH_PACKETS, FATES_REORDER_DEFAULT_NS,
        "data#2, 3ms data#2, 5%"},
    [FATES_CORRUPT] = {"corrupt", VALUE_NONE, false, WHICH_PACKETS, 0, "data#1, 1%"},
    [FATES_TRUNCATE] = {"truncate", VALUE_BYTES, false, WHICH_PACKETS, 0, "20 data#1, 20 1%"},
    [FATES_RATE] = {"rate", VALUE_RATE, false, WHICH_DIRECTION, 0, "1mbit, 64kbit from server"},
    [FATES_QUEUE] = {"queue", VALUE_QUEUE, false, WHICH_DIRECTION, 0, "64K, 16K from client"},
    [FATES_MTU] = {"mtu", VALUE_MTU, false, WHICH_DIRECTION, 0, "1280, 576 from server"},
    [FATES_MTU_SILENT] = {"mtu-silent", VALUE_MTU, false, WHICH_DIRECTION, 0, "1280, 576 from server"},
    [FATES_DOWN] = {"down", VALUE_NONE, false, WHICH_DIRECTION, 0, "2s-5s, 1s-, 0s-1s from client"},
    [FATES_VANISH] = {"vanish", VALUE_NONE, false, WHICH_HOST, 0, "server after data#3, client at 2s"},
    [FATES_RESET] = {"reset", VALUE_NONE, false, WHICH_HOST, 0, "client after data#2"},
};

struct reader {
    const struct row *row;
    struct order *order;
    const char *at;
    char word[WORD_BYTES];
    bool has_value;
    struct str why;
};

const char *fates_order_name(enum fates_order order)
{
    return rows[order].name;
}

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next word, as much of it as there is room for, and where it ends: who wants it goes there. */
static const char *peek(struct reader *r)
{
    size_t len;

    r->at += strspn(r->at, " \t");
    len = strcspn(r->at, " \t");
    memcpy(r->word, r->at, len < WORD_BYTES ? len : WORD_BYTES - 1);
    r->word[len < WORD_BYTES ? len : WORD_BYTES - 1] = '\0';
    return r->at + len;
}

static void show(struct str *out, const char *text, size_t max)
{
    size_t len = strlen(text), kept = utf8_truncate(text, len, max);

    utf8_escape(out, text, kept, 0);
    if (kept < len)
        str_append_str(out, "…");
}

static int fail(struct reader *r, const char *what)
{
    str_append_str(&r->why, what);
    return -EINVAL;
}

static int fail_word(struct reader *r, const char *what)
{
    str_append_char(&r->why, '"');
    show(&r->why, r->word, WORD_SHOWN_BYTES);
    str_append_str(&r->why, "\" ");
    str_append_str(&r->why, what);
    return -EINVAL;
}

/* ---- values ---- */

static int read_duration(struct reader *r, const char *word, int64_t *ret_ns)
{
    int64_t ns;
    int code = parse_duration(word, &ns);

    if (code == 0 && ns > FATES_DELAY_MAX_NS)
        code = -ERANGE;
    if (code == -ERANGE)
        return fail_word(r, _("is too long; an hour is the most"));
    if (code < 0)
        return fail_word(r, _("is no time; such as 40ms, 1.5s"));
    *ret_ns = ns;
    return 0;
}

static int read_number(struct reader *r, int64_t min, int64_t max, uint64_t *ret)
{
    int64_t number;
    int code = parse_number(r->word, min, max, &number);

    if (code == -ERANGE) {
        fail_word(r, "");
        str_appendf(&r->why, _("is not within %" PRId64 " to %" PRId64), min, max);
        return -EINVAL;
    }
    if (code < 0)
        return fail_word(r, _("is no whole number"));
    *ret = (uint64_t)number;
    return 0;
}

static int read_bytes(struct reader *r, uint64_t max, uint64_t *ret)
{
    uint64_t bytes;
    int code = parse_size(r->word, &bytes);

    if (code == 0 && bytes <= max) {
        *ret = bytes;
        return 0;
    }
    return fail_word(
        r, code == -EINVAL ? _("is no number of bytes; such as 1500, 64K") : _("is more than 1 GiB"));
}

static int read_rate(struct reader *r, uint64_t *ret)
{
    uint64_t rate;
    int code = parse_rate(r->word, &rate);

    if (code == -EINVAL)
        return fail_word(r, _("is no rate; such as 64kbit, 1mbit, 1.5gbit"));
    if (code < 0 || rate < FATES_RATE_MIN_BITS || rate > FATES_RATE_MAX_BITS)
        return fail_word(r, _("is not within 1kbit to 1000gbit"));
    *ret = rate;
    return 0;
}

static int read_value(struct reader *r)
{
    int64_t ns = 0;
    int code;

    switch ((enum value)r->row->value) {
    case VALUE_NONE:
        break;
    case VALUE_DURATION:
        code = read_duration(r, r->word, &ns);
        r->order->value = (uint64_t)ns;
        return code;
    case VALUE_COPIES:
        return read_number(r, 1, FATES_COPIES_MAX, &r->order->value);
    case VALUE_BYTES:
    case VALUE_QUEUE:
        return read_bytes(r, FATES_QUEUE_MAX_BYTES, &r->order->value);
    case VALUE_RATE:
        return read_rate(r, &r->order->value);
    case VALUE_MTU:
        return read_number(r, FATES_MTU_MIN, UINT16_MAX, &r->order->value);
    }
    return fail_word(r, _("is not understood here"));
}

static int read_chance(struct reader *r)
{
    int code = parse_percent(r->word, &r->order->chance_ppb);

    if (r->row->which != WHICH_PACKETS)
        return fail(r, _("it is not left to chance"));
    if (r->order->has_chance)
        return fail(r, _("there are two percentages"));
    if (code < 0)
        return fail_word(
            r, code == -ERANGE ? _("is more than 100%") : _("is no percentage; such as 5%, 0.1%"));
    r->order->has_chance = true;
    return 0;
}

/* What begins with a digit, in front. */
static int read_values(struct reader *r)
{
    int code = 0;

    for (;;) {
        const char *end = peek(r);
        size_t len = strlen(r->word);

        if (!is_digit(r->word[0]) && r->word[0] != '.')
            break;
        if (r->word[len - 1] == '%') {
            code = read_chance(r);
        } else if (r->row->value == VALUE_NONE && r->row->which == WHICH_PACKETS) {
            code =
                fail_word(r, _("is neither a percentage, such as 5%, nor a kind of packet, such as data#5"));
        } else if (r->has_value) {
            code = fail_word(r, _("is one value too many"));
        } else {
            code = read_value(r);
            r->has_value = true;
        }
        if (code < 0)
            return code;
        r->at = end;
    }
    if (r->row->value != VALUE_NONE && !r->has_value && !r->row->is_optional)
        return fail(r, _("its value is missing"));
    if (!r->has_value)
        r->order->value = r->row->fallback;
    return 0;
}

/* ---- what is behind ---- */

static int read_selector(struct reader *r)
{
    return selector_read(r->at, &r->order->selector, &r->why);
}

/* [SELECTOR] */
static int read_packets(struct reader *r)
{
    peek(r);
    if (*r->at)
        return read_selector(r);
    if (!r->has_value && !r->order->has_chance)
        return fail(r, _("it does not say which packets"));
    return selector_read("any", &r->order->selector, &r->why);
}

/* ["from" SIDE] */
static int read_direction(struct reader *r)
{
    struct order *o = r->order;

    peek(r);
    if (!*r->at)
        return 0;
    if (read_selector(r) < 0)
        return -EINVAL;
    if (!selector_is_general(&o->selector))
        return fail(r, _("it is of all packets, or of all \"from client\" or \"from server\""));
    o->has_side = o->selector.has_side;
    o->side = o->selector.from;
    return 0;
}

/* TIME "-" [TIME] */
static int read_down(struct reader *r)
{
    struct order *o = r->order;
    const char *end = peek(r);
    char *dash = strchr(r->word, '-');
    int64_t from_ns;

    if (!dash || dash == r->word)
        return fail(r, _("it takes two times after the first packet"));
    o->until_ns = INT64_MAX;
    *dash = '\0';
    if (dash[1] && read_duration(r, dash + 1, &o->until_ns) < 0)
        return -EINVAL;
    if (read_duration(r, r->word, &from_ns) < 0)
        return -EINVAL;
    if (o->until_ns <= from_ns)
        return fail(r, _("the second time is not later than the first"));
    o->value = (uint64_t)from_ns;
    r->at = end;
    return read_direction(r);
}

/* ("client" | "server"), which may be mistyped. */
static int read_host(struct reader *r)
{
    static const char *const names[LAB_SIDES] = {"client", "server"};
    const char *end = peek(r), *best = NULL;
    size_t best_slips = SIMILAR_NOT, slips;

    for (size_t i = 0; i < LAB_SIDES; i++) {
        if (strcasecmp(r->word, names[i]) == 0) {
            r->order->side = (uint8_t)i;
            r->at = end;
            return 0;
        }
        slips = similar_slips(r->word, strlen(r->word), names[i], strlen(names[i]));
        if (slips < best_slips) {
            best_slips = slips;
            best = names[i];
        }
    }
    if (!r->word[0])
        return fail(r, _("it does not say which host"));
    fail_word(r, _("is neither client nor server"));
    if (best)
        str_appendf(&r->why, _("; did you mean %s?"), best);
    return -EINVAL;
}

/* HOST ("after" SELECTOR | "at" TIME) */
static int read_event(struct reader *r)
{
    struct order *o = r->order;
    bool may_be_time = o->kind == FATES_VANISH;
    const char *end;
    int64_t at_ns;

    if (read_host(r) < 0)
        return -EINVAL;
    end = peek(r);
    if (strcasecmp(r->word, "after") == 0) {
        r->at = end;
        o->has_selector = true;
        if (read_selector(r) < 0)
            return -EINVAL;
        if (!o->selector.first)
            o->selector.first = o->selector.last = 1;
        return 0;
    }
    if (!may_be_time || strcasecmp(r->word, "at") != 0)
        return fail(r, may_be_time ? _("it does not say when: \"after\" a packet or \"at\" a time")
                                   : _("it does not say \"after\" which packet"));
    r->at = end;
    end = peek(r);
    if (read_duration(r, r->word, &at_ns) < 0)
        return -EINVAL;
    o->value = (uint64_t)at_ns;
    r->at = end;
    peek(r);
    return *r->at ? fail_word(r, _("is not understood here")) : 0;
}

static int read_order(struct reader *r)
{
    int code;

    if (r->order->kind == FATES_DOWN)
        return read_down(r);
    if (r->row->which == WHICH_HOST)
        return read_event(r);
    code = read_values(r);
    if (code < 0)
        return code;
    return r->row->which == WHICH_PACKETS ? read_packets(r) : read_direction(r);
}

/* "drop syn+ack#1": with single blanks. A text that could be read has printable characters of ASCII alone. */
static char *text_of(const struct row *row, const char *text)
{
    struct str out = STR_INIT;

    str_append_str(&out, row->name);
    for (const char *at = text; *at; at++)
        if (!is_blank(*at)) {
            if (at == text || is_blank(at[-1]))
                str_append_char(&out, ' ');
            str_append_char(&out, *at);
        }
    return str_steal(&out);
}

int order_read(enum fates_order kind, const char *text, struct order *ret, struct err *err)
{
    struct order order = {.kind = (uint8_t)kind};
    struct reader r = {.row = &rows[kind], .order = &order, .at = text, .why = STR_INIT};
    struct str quoted = STR_INIT;
    int code;

    if (strnlen(text, FATES_TEXT_MAX + 1) > FATES_TEXT_MAX) {
        str_appendf(&r.why, _("it is longer than %d bytes"), FATES_TEXT_MAX);
        code = -ERANGE;
    } else {
        code = read_order(&r);
    }
    if (code == 0) {
        order.text = text_of(r.row, text);
        *ret = order;
    } else {
        show(&quoted, text, WORD_BYTES);
        err_set(err, ERR_MISUSE, code, _("%s \"%s\": %s (right would be: %s)"), r.row->name, quoted.data,
            r.why.data, r.row->right);
    }
    str_done(&quoted);
    str_done(&r.why);
    return code;
}

void order_done(struct order *o)
{
    free(o->text);
}

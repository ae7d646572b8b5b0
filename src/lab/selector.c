/* SPDX-License-Identifier: ISC */
/* A recursive descent of one level: a kind, then parts that each begin with a word or a sign of their own. */
#include "lab/selector.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/utf8.h"

enum kind { KIND_ANY, KIND_TCP, KIND_UDP, KIND_ICMP, KIND_DATA, KIND_RETRANSMISSION, KIND_FLAGS };
enum of { OF_ALL, OF_HANDSHAKE, OF_CLOSE };
enum part { PART_KIND = 1, PART_NUMBER = 2, PART_OF = 4, PART_FROM = 8 };

#define KINDS KIND_FLAGS

static const char *const kind_names[KINDS] = {"any", "tcp", "udp", "icmp", "data", "retransmission"};
static const char *const of_names[] = {NULL, "handshake", "close"};
static const char *const side_names[LAB_SIDES] = {"client", "server"};
static const char *const part_names[] = {"of", "from"};

static const struct {
    const char *name;
    uint16_t flag;
} flags[] = {{"syn", TCP_SYN}, {"fin", TCP_FIN}, {"rst", TCP_RST}, {"ack", TCP_ACK}};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORD_SHOWN_BYTES 32

enum token { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_HASH, TOKEN_PLUS, TOKEN_MINUS, TOKEN_OTHER };

struct parser {
    const char *at; /* behind the token */
    enum token token;
    const char *start;
    size_t len;
    unsigned parts; /* enum part: those that were read */
    struct selector s;
    struct str *why;
    struct str shown; /* the token, for eyes */
};

/* ---- tokens ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum token token_of(char c)
{
    static const char signs[] = "#+-";
    const char *sign = c ? strchr(signs, c) : NULL;

    if (!c)
        return TOKEN_END;
    if (sign)
        return TOKEN_HASH + (enum token)(sign - signs);
    return is_letter(c) ? TOKEN_WORD : is_digit(c) ? TOKEN_NUMBER : TOKEN_OTHER;
}

static void next(struct parser *p)
{
    p->at += strspn(p->at, " \t");
    p->start = p->at;
    p->token = token_of(*p->at);
    if (p->token == TOKEN_WORD)
        while (is_letter(*p->at))
            p->at++;
    else if (p->token == TOKEN_NUMBER)
        while (is_digit(*p->at))
            p->at++;
    else if (p->token == TOKEN_OTHER) /* whatever it is, up to where something else might begin */
        while (token_of(*p->at) == TOKEN_OTHER && *p->at != ' ' && *p->at != '\t')
            p->at++;
    else if (p->token != TOKEN_END)
        p->at++;
    p->len = (size_t)(p->at - p->start);
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->token == TOKEN_WORD && strlen(word) == p->len && strncasecmp(p->start, word, p->len) == 0;
}

/* Which of names the token is; count if none. */
static size_t word_among(const struct parser *p, const char *const *names, size_t count)
{
    size_t i = 0;

    while (i < count && !(names[i] && is_word(p, names[i])))
        i++;
    return i;
}

/* ---- what is wrong ---- */

/* The token for eyes. */
static const char *shown(struct parser *p)
{
    size_t len = utf8_truncate(p->start, p->len, WORD_SHOWN_BYTES);

    str_reset(&p->shown);
    utf8_escape(&p->shown, p->start, len, 0);
    if (len < p->len)
        str_append_str(&p->shown, "…");
    return p->shown.data;
}

static void offer(const struct parser *p, const char *name, const char **best, size_t *best_slips)
{
    char typed[WORD_SHOWN_BYTES];
    size_t slips;

    if (p->token != TOKEN_WORD || p->len >= sizeof(typed) || !name)
        return;
    for (size_t i = 0; i < p->len; i++)
        typed[i] = (char)(p->start[i] | 0x20);
    slips = similar_slips(typed, p->len, name, strlen(name));
    if (slips < *best_slips) {
        *best_slips = slips;
        *best = name;
    }
}

static int fail(struct parser *p, const char *what)
{
    str_append_str(p->why, what);
    return -EINVAL;
}

/* Behind what has been said of the token, which is not one of names: what might have been meant, or else
 * rest, which lists them. */
static int fail_near(struct parser *p, const char *const *names, size_t count, const char *rest)
{
    const char *best = NULL;
    size_t slips = SIMILAR_NOT;

    for (size_t i = 0; i < count; i++)
        offer(p, names[i], &best, &slips);
    if (best)
        str_appendf(p->why, _("; did you mean %s?"), best);
    else
        str_appendf(p->why, "; %s", rest);
    return -EINVAL;
}

static int fail_kind(struct parser *p)
{
    /* The more likely ones first. */
    static const char *const names[] = {"syn", "ack", "fin", "rst", "data", "any", "tcp", "udp", "icmp",
        "retransmission", "syn+ack", "of", "from"};

    str_appendf(p->why, _("\"%s\" is no kind of packet"), shown(p));
    return fail_near(p, names, COUNT(names),
        _("there are any, tcp, udp, icmp, data, retransmission, syn, ack, fin, rst, and such as syn+ack"));
}

/* ---- the grammar ---- */

static size_t flag_at(const struct parser *p)
{
    size_t i = 0;

    while (i < FLAGS && !is_word(p, flags[i].name))
        i++;
    return i;
}

static int read_flags(struct parser *p)
{
    static const char *const names[] = {"syn", "fin", "rst", "ack"};

    for (;;) {
        size_t i = flag_at(p);

        if (i == FLAGS) {
            if (p->token == TOKEN_END)
                str_append_str(p->why, _("behind + a flag is missing"));
            else
                str_appendf(p->why, _("\"%s\" is no flag"), shown(p));
            return fail_near(p, names, COUNT(names), _("there are syn, ack, fin, rst"));
        }
        if (p->s.flags_set & flags[i].flag) {
            str_appendf(p->why, _("%s is there twice"), flags[i].name);
            return -EINVAL;
        }
        p->s.flags_set |= flags[i].flag;
        next(p);
        if (p->token != TOKEN_PLUS)
            break;
        next(p);
    }
    if (p->s.flags_set == TCP_SYN)
        p->s.flags_clear = TCP_ACK;
    else if (p->s.flags_set == TCP_ACK)
        p->s.flags_clear = TCP_SYN | TCP_FIN | TCP_RST;
    return 0;
}

static int read_kind(struct parser *p)
{
    size_t kind = word_among(p, kind_names, KINDS);

    if (kind < KINDS) {
        p->s.kind = (uint8_t)kind;
        next(p);
    } else if (flag_at(p) < FLAGS) {
        p->s.kind = KIND_FLAGS;
        if (read_flags(p) < 0)
            return -EINVAL;
    } else {
        return fail_kind(p);
    }
    p->parts |= PART_KIND;
    if (p->token == TOKEN_PLUS)
        return fail(p, _("only flags are joined by +, such as syn+ack"));
    if (p->token == TOKEN_MINUS)
        return fail(
            p, _("flags are joined by +, such as syn+ack, and - stands between numbers, such as data#2-4"));
    return 0;
}

static int read_number(struct parser *p, uint32_t *ret)
{
    uint64_t number = 0;

    if (p->token != TOKEN_NUMBER)
        return fail(p, _("behind # comes a number, such as data#3, data#2-4, data#2-"));
    for (size_t i = 0; i < p->len && number <= SELECTOR_NUMBER_MAX; i++)
        number = number * 10 + (uint64_t)(p->start[i] - '0');
    if (number == 0)
        return fail(p, _("packets are counted from 1, so there is no #0"));
    if (number > SELECTOR_NUMBER_MAX) {
        str_appendf(p->why, _("numbers go up to %d"), SELECTOR_NUMBER_MAX);
        return -ERANGE;
    }
    *ret = (uint32_t)number;
    next(p);
    return 0;
}

static int read_numbers(struct parser *p)
{
    int code;

    next(p);
    code = read_number(p, &p->s.first);
    if (code < 0)
        return code;
    p->s.last = p->s.first;
    if (p->token != TOKEN_MINUS)
        return 0;
    next(p);
    if (p->token != TOKEN_NUMBER) {
        p->s.last = UINT32_MAX;
        return 0;
    }
    code = read_number(p, &p->s.last);
    if (code == 0 && p->s.last < p->s.first) {
        str_appendf(p->why, _("#%" PRIu32 "-%" PRIu32 " goes backwards; the smaller number comes first"),
            p->s.first, p->s.last);
        return -EINVAL;
    }
    return code;
}

static int read_of(struct parser *p)
{
    size_t of;

    next(p);
    of = word_among(p, of_names, COUNT(of_names));
    if (of == COUNT(of_names)) {
        str_appendf(p->why, _("of what? \"%s\" is neither handshake nor close"), shown(p));
        return fail_near(p, of_names, COUNT(of_names), _("there are \"of handshake\" and \"of close\""));
    }
    p->s.of = (uint8_t)of;
    next(p);
    return 0;
}

static int read_from(struct parser *p)
{
    size_t side;

    next(p);
    side = word_among(p, side_names, COUNT(side_names));
    if (side == COUNT(side_names)) {
        str_appendf(p->why, _("from whom? \"%s\" is neither client nor server"), shown(p));
        return fail_near(
            p, side_names, COUNT(side_names), _("there are \"from client\" and \"from server\""));
    }
    p->s.has_side = true;
    p->s.from = (uint8_t)side;
    next(p);
    return 0;
}

static enum part part_at(const struct parser *p)
{
    if (p->token == TOKEN_HASH)
        return PART_NUMBER;
    return is_word(p, "of") ? PART_OF : is_word(p, "from") ? PART_FROM : 0;
}

static int read_parts(struct parser *p)
{
    enum part part;
    int code = 0;

    while (p->token != TOKEN_END && code == 0) {
        part = part_at(p);
        if (!part) {
            str_appendf(p->why, _("\"%s\" is not understood here"), shown(p));
            return fail_near(p, part_names, COUNT(part_names),
                _("behind the kind of packet come a number (#2), \"of handshake\", \"of close\", \"from "
                  "client\", "
                  "\"from server\""));
        }
        if (p->parts & part)
            return fail(p, part == PART_NUMBER ? _("there are two numbers; a range is #2-4")
                           : part == PART_OF   ? _("\"of\" is there twice")
                                             : _("\"from\" is there twice; without it both sides are meant"));
        p->parts |= part;
        code = part == PART_NUMBER ? read_numbers(p) : part == PART_OF ? read_of(p) : read_from(p);
    }
    return code;
}

int selector_read(const char *text, struct selector *ret, struct str *ret_why)
{
    struct parser p = {.at = text, .why = ret_why, .shown = STR_INIT, .s = {.last = UINT32_MAX}};
    int code = 0;

    if (strnlen(text, SELECTOR_TEXT_MAX + 1) > SELECTOR_TEXT_MAX) {
        str_appendf(ret_why, _("it is longer than %d bytes"), SELECTOR_TEXT_MAX);
        return -ERANGE;
    }
    next(&p);
    if (p.token == TOKEN_END)
        code = fail(&p, _("no packets are named; such as syn+ack#1, data#3, \"fin from server\""));
    else if (!part_at(&p))
        code = read_kind(&p);
    if (code == 0)
        code = read_parts(&p);
    if (code == 0)
        *ret = p.s;
    str_done(&p.shown);
    return code;
}

int selector_parse(const char *text, struct selector *ret, struct err *err)
{
    struct str why = STR_INIT, shown = STR_INIT;
    int code = selector_read(text, ret, &why);

    if (code < 0) {
        utf8_escape(&shown, text, utf8_truncate(text, strlen(text), SELECTOR_TEXT_MAX), 0);
        err_set(err, ERR_MISUSE, code, _("packets \"%s\": %s"), shown.data, why.data);
    }
    str_done(&shown);
    str_done(&why);
    return code;
}

/* ---- packets ---- */

static bool is_of_handshake(const struct selectee *p)
{
    const struct followed *f = p->followed;
    unsigned other;

    if (p->packet->tcp.flags & TCP_RST)
        return false;
    if (p->packet->tcp.flags & TCP_SYN)
        return true;
    if (!f || f->kind != FOLLOWED_TCP)
        return false;
    /* Also where it is sent again, since the other has sent its SYN+ACK again. */
    other = !f->from;
    return f->verdicts & VERDICT_OPENED || (f->has_ack && f->state_before[other] == FLOW_SYN_RECEIVED &&
                                               f->state[other] != FLOW_SYN_RECEIVED);
}

static bool is_of_close(const struct selectee *p)
{
    const struct followed *f = p->followed;
    const struct flow_side *other;

    if (p->packet->tcp.flags & TCP_RST)
        return false;
    if (p->packet->tcp.flags & TCP_FIN)
        return true;
    if (!f || f->kind != FOLLOWED_TCP || !f->has_ack)
        return false;
    other = &f->flow->side[!f->from];
    return other->flags & FLOW_SENT_FIN && f->ack == other->next;
}

/* A later fragment has the protocol, and is payload of it. */
static bool is_of_protocol(const struct packet *p, uint8_t kind, uint8_t protocol)
{
    return p->kind == kind || (p->kind == PACKET_FRAGMENT && p->ip.protocol == protocol);
}

static bool is_of_kind(const struct selector *s, const struct selectee *p)
{
    const struct packet *packet = p->packet;
    bool is_tcp = is_of_protocol(packet, PACKET_TCP, IP_PROTOCOL_TCP);
    bool is_udp = is_of_protocol(packet, PACKET_UDP, IP_PROTOCOL_UDP);

    switch ((enum kind)s->kind) {
    case KIND_ANY:
        return true;
    case KIND_TCP:
        return is_tcp;
    case KIND_UDP:
        return is_udp;
    case KIND_ICMP:
        return packet->kind == PACKET_ICMP;
    case KIND_DATA:
        return (is_tcp || is_udp) && packet->payload_bytes > 0;
    case KIND_RETRANSMISSION:
        return p->followed && p->followed->verdicts & VERDICT_RETRANSMISSION;
    case KIND_FLAGS:
        return packet->kind == PACKET_TCP && (packet->tcp.flags & s->flags_set) == s->flags_set &&
               !(packet->tcp.flags & s->flags_clear) &&
               (s->flags_set != TCP_ACK || packet->payload_bytes == 0 || s->of == OF_HANDSHAKE);
    }
    return false;
}

bool selector_matches(const struct selector *s, const struct selectee *packet)
{
    if (s->has_side && s->from != packet->from)
        return false;
    if (!is_of_kind(s, packet))
        return false;
    if (s->of == OF_ALL)
        return true;
    return packet->packet->kind == PACKET_TCP &&
           (s->of == OF_HANDSHAKE ? is_of_handshake(packet) : is_of_close(packet));
}

bool selector_has_number(const struct selector *s, uint32_t number)
{
    return number >= s->first && number <= s->last;
}

bool selector_is_general(const struct selector *s)
{
    return s->kind == KIND_ANY && s->of == OF_ALL && s->first == 0;
}

/* ---- as it would be typed ---- */

static void print_flags(struct str *out, uint16_t set)
{
    bool is_first = true;

    for (size_t i = 0; i < FLAGS; i++)
        if (set & flags[i].flag) {
            str_appendf(out, "%s%s", is_first ? "" : "+", flags[i].name);
            is_first = false;
        }
}

void selector_print(struct str *out, const struct selector *s)
{
    if (s->kind == KIND_FLAGS)
        print_flags(out, s->flags_set);
    else
        str_append_str(out, kind_names[s->kind]);
    if (s->first) {
        str_appendf(out, "#%" PRIu32, s->first);
        if (s->last == UINT32_MAX)
            str_append_char(out, '-');
        else if (s->last != s->first)
            str_appendf(out, "-%" PRIu32, s->last);
    }
    if (s->of != OF_ALL)
        str_appendf(out, " of %s", of_names[s->of]);
    if (s->has_side)
        str_appendf(out, " from %s", side_names[s->from]);
}

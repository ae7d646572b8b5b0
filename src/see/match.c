/* SPDX-License-Identifier: ISC */
/* A recursive descent parser that leaves a program for a stack of truths: each term pushes one, and, or and
 * not work on what is there. */
#include "see/match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/parse.h"
#include "base/similar.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "see/conversation.h"
#include "wire/ip.h"

enum op { OP_WORD, OP_FIGURE, OP_PORT, OP_HOST, OP_AND, OP_OR, OP_NOT };

enum compare { EQUAL, UNEQUAL, LESS, LESS_OR_EQUAL, MORE, MORE_OR_EQUAL };

enum unit { UNIT_NUMBER, UNIT_SIZE, UNIT_TIME };

/* What a word stands for: any of these sets will do. */
struct word_sets {
    uint32_t opened, closed, labels; /* bit N: enum value N */
    uint64_t findings;
    uint8_t severities, protocol, ip_version; /* bits of enum finding_severity; 0: none */
};

struct step {
    enum op op;
    union {
        struct word_sets word;
        struct {
            int64_t (*of)(const struct conversation *c);
            enum compare compare;
            int64_t value;
        } figure;
        uint16_t port;
        struct {
            uint8_t version, bits, address[16];
        } host;
    };
};

/* Each term, with what joins it. */
#define STEPS_MAX (3 * MATCH_TERMS_MAX)

struct match {
    unsigned count;
    struct step steps[STEPS_MAX];
};

/* ---- figures ---- */

static int64_t packets_of(const struct conversation *c)
{
    return (int64_t)conversation_packets(c);
}

static int64_t bytes_of(const struct conversation *c)
{
    return (int64_t)conversation_payload(c);
}

static int64_t duration_of(const struct conversation *c)
{
    return c->last_ns - c->first_ns;
}

static int64_t retransmissions_of(const struct conversation *c)
{
    return conversation_retransmissions(c);
}

static int64_t out_of_order_of(const struct conversation *c)
{
    return conversation_out_of_order(c);
}

static int64_t duplicate_acks_of(const struct conversation *c)
{
    return conversation_duplicate_acks(c);
}

static int64_t zero_windows_of(const struct conversation *c)
{
    return conversation_zero_windows(c);
}

static int64_t findings_of(const struct conversation *c)
{
    return c->finding_count;
}

static int64_t id_of(const struct conversation *c)
{
    return c->id;
}

static int64_t syn_of(const struct conversation *c)
{
    return c->syn;
}

static int64_t fin_of(const struct conversation *c)
{
    return c->fin;
}

static int64_t rst_of(const struct conversation *c)
{
    return c->rst;
}

static int64_t icmp_of(const struct conversation *c)
{
    return c->icmp_errors;
}

static const struct {
    const char *name;
    enum unit unit;
    int64_t (*of)(const struct conversation *c);
} figures[] = {
    {"bytes", UNIT_SIZE, bytes_of},
    {"duplicate-acks", UNIT_NUMBER, duplicate_acks_of},
    {"duration", UNIT_TIME, duration_of},
    {"fin", UNIT_NUMBER, fin_of},
    {"findings", UNIT_NUMBER, findings_of},
    {"icmp", UNIT_NUMBER, icmp_of},
    {"id", UNIT_NUMBER, id_of},
    {"out-of-order", UNIT_NUMBER, out_of_order_of},
    {"packets", UNIT_NUMBER, packets_of},
    {"retransmissions", UNIT_NUMBER, retransmissions_of},
    {"rst", UNIT_NUMBER, rst_of},
    {"rtt", UNIT_TIME, conversation_rtt_ns},
    {"syn", UNIT_NUMBER, syn_of},
    {"zero-windows", UNIT_NUMBER, zero_windows_of},
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

/* ---- words ---- */

/* What people say for several things at once, or in other words. */
static const struct {
    const char *name, *also;
} synonyms[] = {
    {"unanswered", "syn-unanswered"},
    {"unanswered", "udp-unanswered"},
    {"closed-by-three", "three-segment"},
    {"closed-by-four", "four-segment"},
};

static bool sets_are_empty(const struct word_sets *w)
{
    return !w->opened && !w->closed && !w->labels && !w->findings && !w->severities && !w->protocol &&
           !w->ip_version;
}

static bool is_label(unsigned label, const char *name)
{
    const char *of = label_name((enum label)label);

    return of && strcasecmp(of, name) == 0;
}

static void add_word(struct word_sets *w, const char *name)
{
    enum finding_kind finding = finding_by_name(name);

    for (unsigned i = 0; i <= OPENED_MID_CAPTURE; i++)
        if (strcmp(conversation_opened_name((enum conversation_opened)i), name) == 0)
            w->opened |= UINT32_C(1) << i;
    for (unsigned i = 0; i <= CLOSED_UNREACHABLE; i++)
        if (strcmp(conversation_closed_name((enum conversation_closed)i), name) == 0)
            w->closed |= UINT32_C(1) << i;
    for (unsigned i = LABEL_NONE + 1; i <= LABEL_SSH; i++)
        if (is_label(i, name))
            w->labels |= UINT32_C(1) << i;
    for (unsigned i = 0; i <= SEVERITY_ERROR; i++)
        if (strcmp(finding_severity_name((enum finding_severity)i), name) == 0)
            w->severities |= (uint8_t)(1 << i);
    if (finding < FINDING_KINDS)
        w->findings |= UINT64_C(1) << finding;
    if (strcmp(name, "tcp") == 0)
        w->protocol = IP_PROTOCOL_TCP;
    if (strcmp(name, "udp") == 0)
        w->protocol = IP_PROTOCOL_UDP;
    if (strcmp(name, "ipv4") == 0 || strcmp(name, "ip") == 0)
        w->ip_version = 4;
    if (strcmp(name, "ipv6") == 0 || strcmp(name, "ip6") == 0)
        w->ip_version = 6;
}

static struct word_sets word_of(const char *name)
{
    struct word_sets w = {0};

    add_word(&w, name);
    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
        if (strcmp(synonyms[i].name, name) == 0)
            add_word(&w, synonyms[i].also);
    return w;
}

static bool word_is(const struct word_sets *w, const struct conversation *c)
{
    if ((w->opened >> c->opened & 1) || (w->closed >> c->closed & 1))
        return true;
    if (c->label && (w->labels >> c->label & 1))
        return true;
    if (w->protocol == c->protocol || w->ip_version == c->ip_version)
        return true;
    for (unsigned i = 0; i < c->finding_count; i++)
        if ((w->findings >> c->findings[i].kind & 1) || (w->severities >> c->findings[i].severity & 1))
            return true;
    return false;
}

/* ---- the parser ---- */

struct parser {
    const char *at;   /* behind the token at hand */
    const char *word; /* the token at hand, word_len bytes; 0 at the end */
    size_t word_len;
    struct match *m;
    unsigned terms, depth;
    struct err *err;
};

static const char *const operators[] = {[EQUAL] = "=",
    [UNEQUAL] = "!=",
    [LESS] = "<",
    [LESS_OR_EQUAL] = "<=",
    [MORE] = ">",
    [MORE_OR_EQUAL] = ">="};

static void advance(struct parser *p)
{
    p->word = p->at + strspn(p->at, " \t\r\n");
    if (*p->word && strchr("()", *p->word))
        p->word_len = 1;
    else if (*p->word && strchr("=!<>", *p->word))
        p->word_len = 1 + (p->word[1] == '=');
    else
        p->word_len = strcspn(p->word, " \t\r\n()=!<>");
    p->at = p->word + p->word_len;
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->word_len == strlen(word) && strncasecmp(p->word, word, p->word_len) == 0;
}

static struct step *add_step(struct parser *p, enum op op)
{
    struct step *s = &p->m->steps[p->m->count++];

    s->op = op;
    return s;
}

#define WORD_BYTES 64

/* The token, in lower case; false if it is longer than any word of ours. */
static bool copy_word(const struct parser *p, char ret[WORD_BYTES])
{
    if (p->word_len >= WORD_BYTES)
        return false;
    for (size_t i = 0; i < p->word_len; i++)
        ret[i] = (char)(p->word[i] >= 'A' && p->word[i] <= 'Z' ? p->word[i] | 0x20 : p->word[i]);
    ret[p->word_len] = '\0';
    return true;
}

static void offer(const char *name, const char *typed, const char **best, size_t *best_slips)
{
    size_t slips = name ? similar_slips(typed, strlen(typed), name, strlen(name)) : SIMILAR_NOT;

    if (slips < *best_slips) {
        *best_slips = slips;
        *best = name;
    }
}

/* The token for eyes, as much of it as an error has room for. */
static void append_typed(struct str *out, const struct parser *p)
{
    size_t len = utf8_truncate(p->word, p->word_len, WORD_BYTES);

    utf8_escape(out, p->word, len, 0);
    if (len < p->word_len)
        str_append_str(out, "…");
}

static int fail_word(struct parser *p)
{
    const char *best = NULL;
    size_t slips = SIMILAR_NOT;
    struct str shown = STR_INIT;
    char typed[WORD_BYTES];

    if (copy_word(p, typed)) {
        static const char *const more[] = {
            "tcp", "udp", "ipv4", "ipv6", "port", "host", "tls", "http", "dns"};

        for (unsigned i = 0; i < sizeof(more) / sizeof(more[0]); i++)
            offer(more[i], typed, &best, &slips);
        for (unsigned i = 0; i < FIGURES; i++)
            offer(figures[i].name, typed, &best, &slips);
        for (unsigned i = 0; i <= OPENED_MID_CAPTURE; i++)
            offer(conversation_opened_name((enum conversation_opened)i), typed, &best, &slips);
        for (unsigned i = 0; i <= CLOSED_UNREACHABLE; i++)
            offer(conversation_closed_name((enum conversation_closed)i), typed, &best, &slips);
        for (unsigned i = 0; i < FINDING_KINDS; i++)
            offer(finding_name((enum finding_kind)i), typed, &best, &slips);
    }
    append_typed(&shown, p);
    if (best)
        err_set(p->err, ERR_MISUSE, -EINVAL,
            _("\"%s\" is nothing to choose conversations by; did you mean %s?"), shown.data, best);
    else
        err_set(p->err, ERR_MISUSE, -EINVAL,
            _("\"%s\" is nothing to choose conversations by: tcp, refused, port 80, bytes > 1M, ... (see man "
              "landline-watch)"),
            shown.data);
    str_done(&shown);
    return -EINVAL;
}

static int fail_value(struct parser *p, const char *what)
{
    struct str shown = STR_INIT;

    append_typed(&shown, p);
    if (p->word_len)
        err_set(p->err, ERR_MISUSE, -EINVAL, _("\"%s\" is not what can stand behind %s"), shown.data, what);
    else
        err_set(p->err, ERR_MISUSE, -EINVAL, _("something is missing behind %s"), what);
    str_done(&shown);
    return -EINVAL;
}

static int parse_value(enum unit unit, const char *text, int64_t *ret)
{
    uint64_t size;
    int code;

    if (unit == UNIT_TIME)
        return parse_duration(text, ret);
    if (unit == UNIT_NUMBER)
        return parse_number(text, 0, INT64_MAX, ret);
    code = parse_size(text, &size);
    if (code == 0)
        *ret = size > INT64_MAX ? INT64_MAX : (int64_t)size;
    return code;
}

static int parse_figure(struct parser *p, unsigned which)
{
    struct step *s = add_step(p, OP_FIGURE);
    char text[WORD_BYTES];

    s->figure.of = figures[which].of;
    s->figure.compare = UNEQUAL;
    s->figure.value = 0;
    advance(p);
    for (unsigned i = EQUAL; i <= MORE_OR_EQUAL; i++)
        if (is_word(p, operators[i]) || (i == EQUAL && is_word(p, "=="))) {
            advance(p);
            s->figure.compare = (enum compare)i;
            if (!copy_word(p, text) || parse_value(figures[which].unit, text, &s->figure.value) < 0)
                return fail_value(p, operators[i]);
            advance(p);
            return 0;
        }
    return 0;
}

static int parse_port(struct parser *p)
{
    struct step *s = add_step(p, OP_PORT);
    char text[WORD_BYTES];
    int64_t port;

    advance(p);
    if (!copy_word(p, text) || parse_number(text, 0, UINT16_MAX, &port) < 0)
        return fail_value(p, "port");
    s->port = (uint16_t)port;
    advance(p);
    return 0;
}

static int parse_host(struct parser *p)
{
    struct step *s = add_step(p, OP_HOST);
    char text[WORD_BYTES], *slash;
    int64_t bits;

    advance(p);
    if (!p->word_len || !copy_word(p, text))
        return fail_value(p, "host");
    slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (inet_pton(AF_INET, text, s->host.address) == 1)
        s->host.version = 4;
    else if (inet_pton(AF_INET6, text, s->host.address) == 1)
        s->host.version = 6;
    else
        return fail_value(p, "host");
    bits = s->host.version == 4 ? 32 : 128;
    if (slash && parse_number(slash + 1, 0, bits, &bits) < 0)
        return fail_value(p, "host");
    s->host.bits = (uint8_t)bits;
    advance(p);
    return 0;
}

static int parse_or(struct parser *p);

static int parse_word(struct parser *p)
{
    struct word_sets sets;
    char text[WORD_BYTES];

    if (!copy_word(p, text))
        return fail_word(p);
    for (unsigned i = 0; i < FIGURES; i++)
        if (strcmp(figures[i].name, text) == 0)
            return parse_figure(p, i);
    if (strcmp(text, "port") == 0)
        return parse_port(p);
    if (strcmp(text, "host") == 0)
        return parse_host(p);
    sets = word_of(text);
    if (sets_are_empty(&sets))
        return fail_word(p);
    add_step(p, OP_WORD)->word = sets;
    advance(p);
    return 0;
}

static int parse_term(struct parser *p)
{
    int code;

    if (++p->terms > MATCH_TERMS_MAX || p->depth >= MATCH_DEPTH_MAX)
        return err_set(p->err, ERR_MISUSE, -EINVAL, _("that is too long a description of conversations"));
    if (!p->word_len)
        return err_set(p->err, ERR_MISUSE, -EINVAL, _("something is missing at the end"));
    p->depth++;
    if (is_word(p, "not") || is_word(p, "!")) {
        advance(p);
        code = parse_term(p);
        if (code == 0)
            add_step(p, OP_NOT);
    } else if (is_word(p, "(")) {
        advance(p);
        code = parse_or(p);
        if (code == 0 && !is_word(p, ")"))
            code = err_set(p->err, ERR_MISUSE, -EINVAL, _("a ) is missing"));
        if (code == 0)
            advance(p);
    } else
        code = parse_word(p);
    p->depth--;
    return code;
}

static int parse_and(struct parser *p)
{
    int code = parse_term(p);

    while (code == 0 && p->word_len && !is_word(p, "or") && !is_word(p, "|") && !is_word(p, ")")) {
        if (is_word(p, "and") || is_word(p, "&"))
            advance(p);
        code = parse_term(p);
        if (code == 0)
            add_step(p, OP_AND);
    }
    return code;
}

static int parse_or(struct parser *p)
{
    int code = parse_and(p);

    while (code == 0 && (is_word(p, "or") || is_word(p, "|"))) {
        advance(p);
        code = parse_and(p);
        if (code == 0)
            add_step(p, OP_OR);
    }
    return code;
}

int match_parse(const char *text, struct match **ret, struct err *err)
{
    struct match *m = xcalloc(1, sizeof(*m));
    struct parser p = {.at = text, .m = m, .err = err};
    int code;

    advance(&p);
    code = parse_or(&p);
    if (code == 0 && p.word_len)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("a ( is missing"));
    if (code == 0)
        *ret = m;
    else
        match_free(m);
    return code;
}

void match_free(struct match *m)
{
    free(m);
}

/* ---- at work ---- */

static bool compares(int64_t a, enum compare how, int64_t b)
{
    switch (how) {
    case EQUAL:
        return a == b;
    case UNEQUAL:
        return a != b;
    case LESS:
        return a < b;
    case LESS_OR_EQUAL:
        return a <= b;
    case MORE:
        return a > b;
    default:
        return a >= b;
    }
}

static bool is_in_network(const struct step *s, const uint8_t *address)
{
    unsigned bytes = s->host.bits / 8, rest = s->host.bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    return memcmp(s->host.address, address, bytes) == 0 &&
           (!rest || ((s->host.address[bytes] ^ address[bytes]) & mask) == 0);
}

static bool term_is(const struct step *s, const struct conversation *c)
{
    switch (s->op) {
    case OP_WORD:
        return word_is(&s->word, c);
    case OP_FIGURE:
        return compares(s->figure.of(c), s->figure.compare, s->figure.value);
    case OP_PORT:
        return c->side[FLOW_A].port == s->port || c->side[FLOW_B].port == s->port;
    default:
        return c->ip_version == s->host.version &&
               (is_in_network(s, c->side[FLOW_A].address) || is_in_network(s, c->side[FLOW_B].address));
    }
}

bool match_is(const struct match *m, const struct conversation *c)
{
    bool stack[STEPS_MAX] = {false};
    unsigned top = 0;

    for (unsigned i = 0; i < m->count; i++) {
        const struct step *s = &m->steps[i];

        if (s->op == OP_NOT)
            stack[top - 1] = !stack[top - 1];
        else if (s->op == OP_AND || s->op == OP_OR) {
            bool right = stack[--top];

            stack[top - 1] = s->op == OP_AND ? stack[top - 1] && right : stack[top - 1] || right;
        } else
            stack[top++] = term_is(s, c);
    }
    return stack[0];
}

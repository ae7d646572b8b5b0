/* SPDX-License-Identifier: ISC */
#include "lab/expect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/xmalloc.h"
#include "see/conversation.h"
#include "see/match.h"

enum expect_kind { EXPECT_EXIT, EXPECT_CLOSED_BY, EXPECT_NONE, EXPECT_ALL };

struct expect {
    enum expect_kind kind;
    char *text;
    enum lab_side side;
    int status;
    struct match *match;
    /* Of the run: */
    bool has_ended, was_stopped;
    int got_status;
    uint64_t taken, against; /* conversations */
    uint32_t first_against;  /* the number of the first of those */
};

/* ---- words ---- */

#define WORDS_MAX 4

struct words {
    char *copy, *word[WORDS_MAX + 1];
    size_t count; /* WORDS_MAX + 1: there are more */
};

static struct words split(const char *text)
{
    struct words w = {.copy = xstrdup(text)};
    char *rest = NULL, *word = strtok_r(w.copy, " \t", &rest);

    for (; word && w.count <= WORDS_MAX; word = strtok_r(NULL, " \t", &rest))
        w.word[w.count++] = word;
    return w;
}

static bool is_side(const char *word, enum lab_side *ret)
{
    for (int side = 0; side < LAB_SIDES; side++)
        if (strcasecmp(word, lab_side_name((enum lab_side)side)) == 0) {
            *ret = (enum lab_side)side;
            return true;
        }
    return false;
}

static int parse_exit(struct expect *e, const struct words *w, struct err *err)
{
    int64_t status;

    e->kind = EXPECT_EXIT;
    e->side = LAB_CLIENT;
    if ((w->count != 2 && w->count != 4) || parse_number(w->word[1], 0, EXPECT_STATUS_MAX, &status) < 0 ||
        (w->count == 4 && (strcasecmp(w->word[2], "of") != 0 || !is_side(w->word[3], &e->side))))
        return err_set(
            err, ERR_MISUSE, -EINVAL, _("--expect '%s': it is exit N, or exit N of server"), e->text);
    e->status = (int)status;
    return 0;
}

static int parse_closed_by(struct expect *e, const struct words *w, struct err *err)
{
    e->kind = EXPECT_CLOSED_BY;
    if (w->count != 3 || !is_side(w->word[2], &e->side))
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("--expect '%s': it is closed by client, or closed by server"), e->text);
    return 0;
}

static int parse_match(struct expect *e, const struct words *w, struct err *err)
{
    bool is_none = w->count > 1 && strcasecmp(w->word[0], "no") == 0;
    struct err why;

    e->kind = is_none ? EXPECT_NONE : EXPECT_ALL;
    if (match_parse(is_none ? strcasestr(e->text, "no") + strlen("no") : e->text, &e->match, &why) == 0)
        return 0;
    return err_set(err, ERR_MISUSE, -EINVAL, "--expect '%s': %s", e->text, why.text);
}

int expect_parse(const char *text, struct expect **ret, struct err *err)
{
    struct expect *e = xcalloc(1, sizeof(*e));
    struct words w = split(text);
    int code;

    e->text = xstrdup(text);
    if (w.count && strcasecmp(w.word[0], "exit") == 0)
        code = parse_exit(e, &w, err);
    else if (w.count > 1 && strcasecmp(w.word[0], "closed") == 0 && strcasecmp(w.word[1], "by") == 0)
        code = parse_closed_by(e, &w, err);
    else
        code = parse_match(e, &w, err);
    free(w.copy);
    if (code < 0)
        expect_free(e);
    else
        *ret = e;
    return code;
}

void expect_free(struct expect *e)
{
    if (!e)
        return;
    match_free(e->match);
    free(e->text);
    free(e);
}

/* ---- a run ---- */

void expect_begin(struct expect *e)
{
    e->has_ended = e->was_stopped = false;
    e->taken = e->against = 0;
}

static bool is_against(const struct expect *e, const struct conversation *c)
{
    switch (e->kind) {
    case EXPECT_CLOSED_BY:
        return !c->has_closer || c->closed_by != e->side;
    case EXPECT_NONE:
        return match_is(e->match, c);
    case EXPECT_ALL:
        return !match_is(e->match, c);
    default:
        return false;
    }
}

void expect_take_conversation(struct expect *e, const struct conversation *c)
{
    e->taken++;
    if (is_against(e, c) && e->against++ == 0)
        e->first_against = c->id;
}

void expect_take_exit(struct expect *e, enum lab_side side, int status, bool was_stopped)
{
    if (side != e->side)
        return;
    e->has_ended = true;
    e->was_stopped = was_stopped;
    e->got_status = status;
}

static bool exit_is_met(const struct expect *e, struct str *why)
{
    if (e->has_ended && !e->was_stopped && e->got_status == e->status)
        return true;
    if (!e->has_ended)
        str_appendf(why, _("%s never ran"), lab_side_name(e->side));
    else if (e->was_stopped)
        str_appendf(why, _("%s did not end by itself"), lab_side_name(e->side));
    else
        str_appendf(why, _("%s ended with status %d"), lab_side_name(e->side), e->got_status);
    return false;
}

bool expect_is_met(const struct expect *e, struct str *why)
{
    if (e->kind == EXPECT_EXIT)
        return exit_is_met(e, why);
    if (!e->against && (e->taken || e->kind == EXPECT_NONE))
        return true;
    if (!e->taken)
        str_append_str(why, _("there was no conversation"));
    else if (e->kind == EXPECT_NONE)
        str_appendf(why, _("%" PRIu64 " of %" PRIu64 " conversations are so, first number %" PRIu32),
            e->against, e->taken, e->first_against);
    else
        str_appendf(why, _("%" PRIu64 " of %" PRIu64 " conversations are not so, first number %" PRIu32),
            e->against, e->taken, e->first_against);
    return false;
}

const char *expect_text(const struct expect *e)
{
    return e->text;
}

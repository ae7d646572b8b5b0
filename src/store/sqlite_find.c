/* SPDX-License-Identifier: ISC */
/* The calls that only read. None gathers more than it was asked for, and none sorts: an answer is read from
 * an index in its order, and reading stops when there is enough. */
#include <sqlite3.h>

#include "base/str.h"
#include "store/grams.h"
#include "store/sqlite_private.h"

/* The first id whose message, and so each one behind it, has at_ns + behind_ns >= ns. */
static int first_at(struct journal *j, int64_t ns, int64_t *ret)
{
    int64_t low = 0, high = 0;
    int code = sql_number(j, SQL_MIN_ID, &low, "");

    if (code >= 0)
        code = sql_number(j, SQL_MAX_ID, &high, "");
    if (code < 0)
        return code;
    high++;
    while (low < high) {
        int64_t middle = low + (high - low) / 2, id, at_ns;
        struct sqlite3_stmt *s = sql_bind(j, SQL_HIGH_FROM, "i", middle);

        code = sql_step(j, s);
        if (code <= 0)
            return code; /* 0: it was the newest and is gone meanwhile */
        id = sqlite3_column_int64(s, 0);
        at_ns = sqlite3_column_int64(s, 1);
        sqlite3_reset(s);
        if (at_ns >= ns)
            high = middle;
        else
            low = id + 1;
    }
    *ret = low;
    return 0;
}

/* A message from `first_at(since)` on may still be too old, if it is from when the clock had been set back:
 * so the statements compare times, too, and this only says where to look. In the other direction the clock
 * was never further back than the largest behind_ns. */
int journal_bounds(struct journal *j, const struct store_query *q, int64_t *ret_low, int64_t *ret_high)
{
    int64_t low = q->after_id ? q->after_id + 1 : 0, high = q->before_id ? q->before_id : INT64_MAX, id;
    int64_t setback = 0;
    int code = 0;

    if (q->since_ns) {
        id = low;
        code = first_at(j, q->since_ns, &id);
        low = id > low ? id : low;
    }
    if (code == 0 && q->until_ns) {
        code = sql_number(j, SQL_SETBACK, &setback, "");
        id = high;
        if (code >= 0 && q->until_ns < INT64_MAX - setback)
            code = first_at(j, q->until_ns + setback, &id);
        high = id < high ? id : high;
    }
    if (code < 0)
        return code;
    *ret_low = low;
    *ret_high = high;
    return 0;
}

struct store_message journal_row(struct sqlite3_stmt *s)
{
    const void *text = sqlite3_column_blob(s, 9);
    struct store_message m = {
        .id = sqlite3_column_int64(s, 0),
        .at_ns = sqlite3_column_int64(s, 1),
        .who = (const char *)sqlite3_column_text(s, 2),
        .address = (const char *)sqlite3_column_text(s, 3),
        .direction = sqlite3_column_int(s, 4) == STORE_OUT ? STORE_OUT : STORE_IN,
        .in_outbox = sqlite3_column_int(s, 7) != 0,
        .is_passing = sqlite3_column_int(s, 8) != 0,
        .text = text ? text : "",
        .len = (size_t)sqlite3_column_bytes(s, 9),
        .note = (const char *)sqlite3_column_text(s, 10),
    };
    int ending = sqlite3_column_int(s, 5), state = sqlite3_column_int(s, 6);

    /* It is a file, and others may have written it. */
    m.ending = ending == STORE_LF || ending == STORE_CRLF ? (enum store_ending)ending : STORE_BARE;
    m.state = state > STORE_RECEIVED && state < STORE_STATES ? (enum store_state)state : STORE_RECEIVED;
    m.who = m.who ? m.who : "";
    m.address = m.address ? m.address : "";
    m.note = m.note ? m.note : "";
    return m;
}

/* Puts the conversation, by each name that the index has for it, in front of what is searched for. */
static int append_conversation(struct journal *j, struct str *match, int64_t conversation)
{
    struct sqlite3_stmt *s = sql_bind(j, SQL_MERGED, "i", conversation);
    const char *before = "(";
    int code;

    while ((code = sql_step(j, s)) > 0) {
        str_appendf(match, "%s\"", before);
        journal_token(match, sqlite3_column_int64(s, 0));
        str_append_char(match, '"');
        before = " OR ";
    }
    str_append_str(match, ") AND ");
    return code;
}

static int gather(
    struct journal *j, struct store_call *call, struct sqlite3_stmt *s, const struct grams_query *check)
{
    bool more = true;
    int code = 0;

    while (more && (code = sql_step(j, s)) > 0) {
        struct store_message m = journal_row(s);

        if (!check || grams_query_holds(check, m.text, m.len))
            more = store_call_add(call, &m);
    }
    if (code > 0)
        sqlite3_reset(s);
    if (!call->query.oldest)
        store_call_reverse(call);
    return code < 0 ? code : 0;
}

int journal_find(struct journal *j, struct store_call *call)
{
    const struct store_query *q = &call->query;
    int64_t since_ns = q->since_ns ? q->since_ns : INT64_MIN,
            until_ns = q->until_ns ? q->until_ns : INT64_MAX;
    int64_t low, high, conversation = 0;
    struct grams_query *search = NULL;
    struct str match = STR_INIT;
    struct sqlite3_stmt *s;
    int code = 1;

    if (q->who)
        code = sql_number(j, SQL_CONVERSATION, &conversation, "t", q->who);
    if (code <= 0)
        goto out;
    if (q->search) {
        search = grams_query_new(q->search);
        if (!search) {
            code = 0;
            goto out;
        }
    }
    code = journal_bounds(j, q, &low, &high);
    if (code < 0)
        goto out;
    if (search) {
        if (conversation)
            code = append_conversation(j, &match, conversation);
        grams_query_append_match(search, &match);
        s = sql_bind(j, q->oldest ? SQL_SEARCH_OLDEST : SQL_SEARCH_NEWEST, "iiiiti", low, high, since_ns,
            until_ns, match.data, conversation);
    } else if (conversation) {
        s = sql_bind(j, q->oldest ? SQL_FIND_OLDEST_OF : SQL_FIND_NEWEST_OF, "iiiii", low, high, since_ns,
            until_ns, conversation);
    } else {
        s = sql_bind(j, q->oldest ? SQL_FIND_OLDEST : SQL_FIND_NEWEST, "iiii", low, high, since_ns, until_ns);
    }
    if (code == 0)
        code = gather(j, call, s, search && grams_query_is_loose(search) ? search : NULL);
out:
    str_done(&match);
    grams_query_free(search);
    return code;
}

int journal_list(struct journal *j, struct store_call *call)
{
    struct sqlite3_stmt *s = sql_bind(j, SQL_LIST, "i", (int64_t)STORE_FOUND_MAX);
    int code;

    while ((code = sql_step(j, s)) > 0) {
        struct store_conversation c = {
            .who = (const char *)sqlite3_column_text(s, 0),
            .last_id = sqlite3_column_int64(s, 1),
            .last_at_ns = sqlite3_column_int64(s, 2),
            .messages = (uint64_t)sqlite3_column_int64(s, 3),
            .unread = (uint64_t)sqlite3_column_int64(s, 4),
        };

        if (c.who)
            store_call_add_conversation(call, &c);
    }
    return code;
}

/* SPDX-License-Identifier: ISC */
/* Forgetting, for good. A long history takes a while, and others must not be kept waiting until they give up:
 * so this steps aside every now and then, with what it has done by then. */
#include <sqlite3.h>

#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/sqlite_private.h"

#define HOLD_NS (50 * INT64_C(1000000)) /* then others may write, too */
#define PAUSE_NS                                                                                             \
    (20 * INT64_C(1000000)) /* they look again after up to 100 ms, for 5 s: one of these meets them */
#define MERGE_PAGES 200     /* of the index in one go: some ms */

struct turn {
    int64_t since_ns;
};

/* What was done so far is kept from here on, whatever comes, that of the calls before in the batch too. */
static int step_aside(struct journal *j, struct turn *turn)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    int code;

    if (clock_now_ns() - turn->since_ns < HOLD_NS)
        return 0;
    code = sql_do(j, SQL_COMMIT, "");
    if (code < 0)
        return code;
    j->is_writing = false;
    j->n_kept = j->n_batch - 1;
    j->high_ns = 0;
    nanosleep(&pause, NULL);
    code = sql_do(j, SQL_BEGIN, "");
    j->is_writing = code == 0;
    turn->since_ns = clock_now_ns();
    return code;
}

/* One message at a time, found anew from where the last one was: the text is needed, because an index without
 * texts is told what to forget. */
static int delete_next(
    struct journal *j, const struct store_query *q, int64_t conversation, int64_t *low, int64_t high)
{
    struct sqlite3_stmt *s = sql_bind(j, SQL_NEXT_TO_DELETE, "iiiii", *low, high,
        q->since_ns ? q->since_ns : INT64_MIN, q->until_ns ? q->until_ns : INT64_MAX, conversation);
    int64_t id, indexed_as, of, direction;
    struct str grams = STR_INIT;
    int code = sql_step(j, s);

    if (code <= 0)
        return code;
    id = sqlite3_column_int64(s, 0);
    indexed_as = sqlite3_column_int64(s, 2);
    of = sqlite3_column_int64(s, 3);
    direction = sqlite3_column_int64(s, 4);
    if (indexed_as)
        journal_grams(&grams, indexed_as, sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1));
    sqlite3_reset(s);
    code = indexed_as ? sql_do(j, SQL_DROP_GRAMS, "it", id, grams.data) : 0;
    if (code == 0)
        code = sql_do(j, SQL_DROP_MESSAGE, "i", id);
    if (code == 0)
        code = sql_do(j, SQL_UNCOUNT_MESSAGE, "iii", of, id, direction);
    str_done(&grams);
    *low = id + 1;
    return code < 0 ? code : 1;
}

/* The index has only noted what is gone; merged into one piece, it forgets. In parts, as FTS5 has it: the
 * first with a negative number, more until nothing changes. */
static int merge_index(struct journal *j, struct turn *turn)
{
    int64_t pages = -MERGE_PAGES;
    int before, code;

    do {
        code = step_aside(j, turn);
        before = sqlite3_total_changes(j->db);
        if (code == 0)
            code = sql_do(j, SQL_MERGE_INDEX, "i", pages);
        pages = MERGE_PAGES;
    } while (code == 0 && sqlite3_total_changes(j->db) - before >= 2);
    return code;
}

int journal_delete(struct journal *j, struct store_call *call)
{
    const struct store_query *q = &call->query;
    struct turn turn = {clock_now_ns()};
    int64_t conversation = 0, low, high;
    int code = 1;

    if (q->who)
        code = sql_number(j, SQL_CONVERSATION, &conversation, "t", q->who);
    if (code <= 0)
        return code;
    code = journal_bounds(j, q, &low, &high);
    while (code == 0 && (code = delete_next(j, q, conversation, &low, high)) > 0) {
        call->id++;
        code = step_aside(j, &turn);
    }
    if (code < 0 || call->id == 0)
        return code;
    j->has_deleted = true;
    code = conversation ? sql_do(j, SQL_REFRESH, "i", conversation) : sql_do(j, SQL_REFRESH_ALL, "");
    if (code == 0)
        code = sql_do(j, SQL_DROP_EMPTY, "");
    if (code == 0)
        code = merge_index(j, &turn);
    return code;
}

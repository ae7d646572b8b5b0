/* SPDX-License-Identifier: ISC */
#ifndef STORE_SQLITE_PRIVATE_H
#define STORE_SQLITE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store_ops.h"

/* The inside of the SQLite backend, for sqlite*.c alone. After start-up everything here is touched on the
 * worker's thread only. */

struct sqlite3;
struct sqlite3_stmt;
struct str;

/* Each is prepared when it is first needed, and kept. */
enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_CONVERSATION,
    SQL_ADD_CONVERSATION,
    SQL_NEWEST_HIGH,
    SQL_ADD_MESSAGE,
    SQL_ADD_GRAMS,
    SQL_COUNT_MESSAGE,
    SQL_SET_STATE,
    SQL_DROP_PASSING,
    SQL_READ_MARK,
    SQL_FIRST_UNREAD,
    SQL_SET_READ,
    SQL_COUNT_UNREAD,
    SQL_RENAME,
    SQL_MOVE_MESSAGES,
    SQL_MOVE_MERGED,
    SQL_MERGE,
    SQL_REFRESH,
    SQL_REFRESH_ALL,
    SQL_DROP_EMPTY,
    SQL_NEXT_TO_DELETE,
    SQL_DROP_GRAMS,
    SQL_DROP_MESSAGE,
    SQL_UNCOUNT_MESSAGE,
    SQL_MERGE_INDEX,
    SQL_MIN_ID,
    SQL_MAX_ID,
    SQL_HIGH_FROM,
    SQL_SETBACK,
    SQL_MERGED,
    SQL_FIND_NEWEST,
    SQL_FIND_OLDEST,
    SQL_FIND_NEWEST_OF,
    SQL_FIND_OLDEST_OF,
    SQL_SEARCH_NEWEST,
    SQL_SEARCH_OLDEST,
    SQL_LIST,
    SQL_NEW_OWNER,
    SQL_DROP_OWNER,
    SQL_OWNERS,
    SQL_DISOWN,
    SQL_ORPHANS,
    SQL_OWN,
    SQL_STATEMENTS,
};

struct journal {
    struct store base;
    struct worker *worker;
    char *path;
    struct sqlite3 *db;
    struct sqlite3_stmt *statements[SQL_STATEMENTS];

    int owners_fd;
    int64_t owner; /* 0: none yet */

    /* The batch that runs. */
    struct store_call **batch;
    size_t n_batch, batch_cap;
    size_t n_kept;   /* the first so many of it are on the disk already */
    bool is_writing; /* in a transaction */
    bool is_doomed;  /* it failed with err: nothing of it is kept */
    bool has_deleted;
    int64_t high_ns; /* of the newest message, 0: not looked up yet */
    struct err err;  /* the last failure */
};

/* sqlite_sql.c. A failure is a negative errno, with j->err. */

/* Values by the letters of types: i int64_t, t const char * or NULL, b const void * and size_t. */
struct sqlite3_stmt *sql_bind(struct journal *j, enum sql which, const char *types, ...);
/* 1: a row; 0: no more, and the statement is reset, as it is after a failure. */
int sql_step(struct journal *j, struct sqlite3_stmt *s);
/* Runs to the end. */
int sql_do(struct journal *j, enum sql which, const char *types, ...);
/* The number in the first row; 0 and ret_number untouched where there is none. */
int sql_number(struct journal *j, enum sql which, int64_t *ret_number, const char *types, ...);
/* Undoes the transaction, if SQLite has not done so itself. */
void sql_rollback(struct journal *j);
void sql_done(struct journal *j);
/* What SQLite's last failure means for a person. */
int sql_fail(struct journal *j);

/* sqlite_schema.c */

/* Brings a database to the version of n_steps, each of which is SQL that leads from the version of its place
 * to the next; for tests with steps of their own. */
int schema_migrate(struct journal *j, const char *const *steps, size_t n_steps);
int schema_open(struct journal *j);

/* sqlite_owner.c */

/* Makes sure that j has an owner's number, and holds its lock. Not in a transaction. */
int owner_take(struct journal *j);
/* Whether the program of that number still runs. */
int owner_is_alive(struct journal *j, int64_t owner);

/* sqlite_write.c, sqlite_delete.c, sqlite_find.c: the calls. 0 or a failure; call->code is for what is no
 * failure of the database. */
int journal_append(struct journal *j, struct store_call *call);
int journal_set_state(struct journal *j, struct store_call *call);
int journal_mark_read(struct journal *j, struct store_call *call);
int journal_rename(struct journal *j, struct store_call *call);
int journal_delete(struct journal *j, struct store_call *call);
int journal_adopt(struct journal *j, struct store_call *call);
int journal_find(struct journal *j, struct store_call *call);
int journal_list(struct journal *j, struct store_call *call);

/* What of the ids the bounds of a query leave: low <= id < high. */
int journal_bounds(struct journal *j, const struct store_query *q, int64_t *ret_low, int64_t *ret_high);
/* The message in the present row of a statement that selects MESSAGE_COLUMNS; its texts are SQLite's. */
struct store_message journal_row(struct sqlite3_stmt *s);

/* The token that stands for a conversation in the index: characters for private use, which no text's token
 * has (store/grams.h). */
void journal_token(struct str *out, int64_t conversation);
/* Appends all tokens of a message. */
void journal_grams(struct str *out, int64_t indexed_as, const void *text, size_t len);

#endif

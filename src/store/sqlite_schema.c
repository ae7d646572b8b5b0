/* SPDX-License-Identifier: ISC */
/* The database's layout, and how an older one becomes today's: a table of steps, the number of those that
 * have been taken in user_version. A step is never changed once it has been released; a new one is added. */
#include <sqlite3.h>

#include <errno.h>
#include <stdio.h>

#include "base/i18n.h"
#include "store/sqlite_private.h"

#define APPLICATION_ID INT64_C(0x4c414e44) /* "LAND" in the file's header, for file(1) and for us */

/* conversation: merged ones stay as a row without a name, because the index knows their messages by it.
 *   messages, unread, last_*: of those that are kept; counted along, so that a list costs nothing.
 * message: behind_ns is how far its time is behind the latest of all before it: at_ns + behind_ns never
 * falls, so a moment is found by halving the ids, whatever the clock has done. It is 0, and takes no room,
 * but for messages from when the clock had been set back. owner is the program whose outbox it is in, 0 that
 * of one that has ended. indexed_as is the conversation by which the index knows it; NULL where it is not
 * indexed. search: tokens of store/grams.h. It keeps no copy of the texts (content=''), no places in them
 * (detail=none), and each beginning of a word as a token of its own (prefix): so a search reads one list a
 * token and stops when it has enough. */
static const char *const steps[] = {
    "CREATE TABLE conversation("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  who TEXT UNIQUE,"
    "  merged_into INTEGER REFERENCES conversation(id) ON DELETE CASCADE,"
    "  read_id INTEGER NOT NULL DEFAULT 0,"
    "  messages INTEGER NOT NULL DEFAULT 0,"
    "  unread INTEGER NOT NULL DEFAULT 0,"
    "  last_id INTEGER NOT NULL DEFAULT 0,"
    "  last_at_ns INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX conversation_merged ON conversation(merged_into) WHERE merged_into IS NOT NULL;"
    "CREATE INDEX conversation_last ON conversation(last_id);"
    "CREATE TABLE message("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  conversation INTEGER NOT NULL REFERENCES conversation(id),"
    "  at_ns INTEGER NOT NULL,"
    "  behind_ns INTEGER NOT NULL,"
    "  direction INTEGER NOT NULL,"
    "  ending INTEGER NOT NULL,"
    "  state INTEGER NOT NULL,"
    "  owner INTEGER,"
    "  passing INTEGER NOT NULL,"
    "  indexed_as INTEGER,"
    "  address TEXT NOT NULL,"
    "  note TEXT NOT NULL,"
    "  text BLOB NOT NULL);"
    "CREATE INDEX message_conversation ON message(conversation, passing);"
    "CREATE INDEX message_owner ON message(owner) WHERE owner IS NOT NULL;"
    "CREATE INDEX message_behind ON message(behind_ns) WHERE behind_ns > 0;"
    "CREATE TABLE owner(number INTEGER PRIMARY KEY AUTOINCREMENT);"
    "CREATE VIRTUAL TABLE search USING fts5(grams, content='', columnsize=0, detail=none,"
    "  prefix='1 2 3 4 5 6 7 8 9 10 11 12 13 14 15', tokenize='ascii');",
};

static int exec(struct journal *j, const char *text)
{
    return sqlite3_exec(j->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_fail(j);
}

static int pragma(struct journal *j, const char *text, int64_t *ret)
{
    struct sqlite3_stmt *s = NULL;
    int code = 0;

    if (sqlite3_prepare_v2(j->db, text, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        code = sql_fail(j);
    else
        *ret = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return code;
}

static int check_owner(struct journal *j, int64_t version)
{
    int64_t id = 0, tables = 0;
    int code = pragma(j, "PRAGMA application_id", &id);

    if (code == 0)
        code = pragma(j, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code == 0 && (id != APPLICATION_ID) && (version > 0 || id != 0 || tables > 0))
        code = err_set(&j->err, ERR_INPUT, -EPROTONOSUPPORT,
            _("%s is a database of another program; move it away and a new one is begun"), j->path);
    return code;
}

int schema_migrate(struct journal *j, const char *const *from, size_t n)
{
    int64_t version = 0;
    char text[64];
    int code = exec(j, "BEGIN IMMEDIATE");

    if (code == 0)
        code = pragma(j, "PRAGMA user_version", &version);
    if (code == 0)
        code = check_owner(j, version);
    if (code == 0 && version > (int64_t)n)
        code = err_set(&j->err, ERR_INPUT, -EPROTONOSUPPORT,
            _("%s was written by a newer landline (version %d of it, this one knows %d); use that one"),
            j->path, (int)version, (int)n);
    for (; code == 0 && version < (int64_t)n; version++)
        code = exec(j, from[version]);
    if (code == 0) {
        snprintf(text, sizeof(text), "PRAGMA user_version = %d; PRAGMA application_id = %d", (int)n,
            (int)APPLICATION_ID);
        code = exec(j, text);
    }
    if (code == 0)
        code = exec(j, "COMMIT");
    if (code < 0)
        sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

/* synchronous=NORMAL: with a WAL nothing that was committed is lost when a program is killed; when the power
 * fails the last moments may be, and the database is whole all the same. One fsync for each message would
 * make a chat wait for the disk. secure_delete: what is deleted is overwritten, not only let go. */
int schema_open(struct journal *j)
{
    int64_t version = 0;
    int code = exec(j, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
                       "PRAGMA secure_delete = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                       "PRAGMA journal_size_limit = 16777216");

    /* The usual case needs no lock. */
    if (code == 0)
        code = pragma(j, "PRAGMA user_version", &version);
    if (code == 0)
        code = check_owner(j, version);
    if (code == 0 && version != sizeof(steps) / sizeof(*steps))
        code = schema_migrate(j, steps, sizeof(steps) / sizeof(*steps));
    return code;
}

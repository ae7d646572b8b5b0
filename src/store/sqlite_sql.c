/* SPDX-License-Identifier: ISC */
/* The statements in one place, how values get in and out, and what failures mean. */
#include <sqlite3.h>

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/i18n.h"
#include "store/sqlite_private.h"

#define MESSAGE_COLUMNS                                                                                      \
    "m.id, m.at_ns, c.who, m.address, m.direction, m.ending, m.state, m.owner IS NOT NULL, m.passing, "      \
    "m.text, m.note"
#define FROM_MESSAGES " FROM message m CROSS JOIN conversation c ON c.id = m.conversation"
/* ?1 <= id < ?2 narrows, ?3 <= at < ?4 decides: see journal_bounds. */
#define BOUNDS "m.passing = 0 AND m.id >= ?1 AND m.id < ?2 AND m.at_ns >= ?3 AND m.at_ns < ?4"
#define SEARCH                                                                                               \
    "SELECT " MESSAGE_COLUMNS " FROM search s CROSS JOIN message m ON m.id = s.rowid"                        \
    " CROSS JOIN conversation c ON c.id = m.conversation"                                                    \
    " WHERE s.search MATCH ?5 AND s.rowid >= ?1 AND s.rowid < ?2 AND m.at_ns >= ?3 AND m.at_ns < ?4"         \
    " AND (?6 = 0 OR m.conversation = ?6)"
#define KEPT_OF_IT "FROM message m WHERE m.conversation = conversation.id AND m.passing = 0"
#define REFRESH                                                                                              \
    "UPDATE conversation SET messages = (SELECT count(*) " KEPT_OF_IT "),"                                   \
    " unread = (SELECT count(*) " KEPT_OF_IT " AND m.id > read_id AND m.direction = 0),"                     \
    " last_id = (SELECT coalesce(max(id), 0) " KEPT_OF_IT "),"                                               \
    " last_at_ns = coalesce((SELECT at_ns " KEPT_OF_IT " ORDER BY m.id DESC LIMIT 1), 0)"

/* clang-format off */
static const char *const texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    [SQL_CONVERSATION] = "SELECT id FROM conversation WHERE who = ?1",
    [SQL_ADD_CONVERSATION] = "INSERT INTO conversation(who) VALUES(?1) RETURNING id",
    [SQL_NEWEST_HIGH] = "SELECT at_ns + behind_ns FROM message ORDER BY id DESC LIMIT 1",
    [SQL_ADD_MESSAGE] =
        "INSERT INTO message(conversation, at_ns, behind_ns, direction, ending, state, owner, passing,"
        " indexed_as, address, note, text)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), ?8, nullif(?9, 0), ?10, ?11, ?12)",
    [SQL_ADD_GRAMS] = "INSERT INTO search(rowid, grams) VALUES(?1, ?2)",
    [SQL_COUNT_MESSAGE] =
        "UPDATE conversation SET messages = messages + 1, last_id = ?2, last_at_ns = ?3,"
        " unread = unread + (?4 = 0 AND ?2 > read_id) WHERE id = ?1",
    [SQL_SET_STATE] =
        "UPDATE message SET state = ?2, owner = CASE WHEN ?3 THEN coalesce(owner, ?4) END,"
        " address = coalesce(?5, address), note = coalesce(?6, note) WHERE id = ?1 RETURNING id",
    [SQL_DROP_PASSING] = "DELETE FROM message WHERE id = ?1 AND passing = 1 RETURNING id",
    [SQL_READ_MARK] = "SELECT read_id FROM conversation WHERE id = ?1",
    [SQL_FIRST_UNREAD] =
        "SELECT id FROM message WHERE conversation = ?1 AND passing = 0 AND id > ?2 AND direction = 0"
        " ORDER BY id LIMIT 1",
    [SQL_SET_READ] = "UPDATE conversation SET read_id = ?2 WHERE id = ?1",
    [SQL_COUNT_UNREAD] =
        "UPDATE conversation SET unread = (SELECT count(*) " KEPT_OF_IT " AND m.id > read_id"
        " AND m.direction = 0) WHERE id = ?1",
    [SQL_RENAME] = "UPDATE conversation SET who = ?2 WHERE id = ?1",
    [SQL_MOVE_MESSAGES] = "UPDATE message SET conversation = ?2 WHERE conversation = ?1",
    [SQL_MOVE_MERGED] = "UPDATE conversation SET merged_into = ?2 WHERE merged_into = ?1",
    [SQL_MERGE] =
        "UPDATE conversation SET who = NULL, merged_into = ?2, messages = 0, unread = 0 WHERE id = ?1",
    [SQL_REFRESH] = REFRESH " WHERE id = ?1",
    [SQL_REFRESH_ALL] = REFRESH " WHERE who IS NOT NULL",
    [SQL_DROP_EMPTY] =
        "DELETE FROM conversation WHERE messages = 0 AND who IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.conversation = conversation.id)",
    [SQL_NEXT_TO_DELETE] =
        "SELECT m.id, m.text, m.indexed_as, m.conversation, m.direction FROM message m WHERE " BOUNDS " AND m.owner IS NULL"
        " AND (?5 = 0 OR m.conversation = ?5) ORDER BY m.id LIMIT 1",
    [SQL_DROP_GRAMS] = "INSERT INTO search(search, rowid, grams) VALUES('delete', ?1, ?2)",
    [SQL_DROP_MESSAGE] = "DELETE FROM message WHERE id = ?1",
    [SQL_UNCOUNT_MESSAGE] =
        "UPDATE conversation SET messages = messages - 1, unread = unread - (?3 = 0 AND ?2 > read_id)"
        " WHERE id = ?1",
    [SQL_MERGE_INDEX] = "INSERT INTO search(search, rank) VALUES('merge', ?1)",

    [SQL_MIN_ID] = "SELECT min(id) FROM message",
    [SQL_MAX_ID] = "SELECT max(id) FROM message",
    [SQL_HIGH_FROM] = "SELECT id, at_ns + behind_ns FROM message WHERE id >= ?1 ORDER BY id LIMIT 1",
    [SQL_SETBACK] = "SELECT max(behind_ns) FROM message WHERE behind_ns > 0",
    [SQL_MERGED] = "SELECT id FROM conversation WHERE id = ?1 OR merged_into = ?1",
    [SQL_FIND_NEWEST] =
        "SELECT " MESSAGE_COLUMNS FROM_MESSAGES " WHERE " BOUNDS " ORDER BY m.id DESC",
    [SQL_FIND_OLDEST] =
        "SELECT " MESSAGE_COLUMNS FROM_MESSAGES " WHERE " BOUNDS " ORDER BY m.id",
    [SQL_FIND_NEWEST_OF] =
        "SELECT " MESSAGE_COLUMNS FROM_MESSAGES " WHERE m.conversation = ?5 AND " BOUNDS
        " ORDER BY m.id DESC",
    [SQL_FIND_OLDEST_OF] =
        "SELECT " MESSAGE_COLUMNS FROM_MESSAGES " WHERE m.conversation = ?5 AND " BOUNDS " ORDER BY m.id",
    [SQL_SEARCH_NEWEST] = SEARCH " ORDER BY s.rowid DESC",
    [SQL_SEARCH_OLDEST] = SEARCH " ORDER BY s.rowid",
    [SQL_LIST] =
        "SELECT who, last_id, last_at_ns, messages, unread FROM conversation WHERE messages > 0"
        " ORDER BY last_id DESC LIMIT ?1",

    [SQL_NEW_OWNER] = "INSERT INTO owner DEFAULT VALUES RETURNING number",
    [SQL_DROP_OWNER] = "DELETE FROM owner",
    [SQL_OWNERS] =
        "SELECT owner FROM message WHERE owner > ?1 AND owner <> ?2 ORDER BY owner LIMIT 1",
    [SQL_DISOWN] = "UPDATE message SET owner = 0 WHERE owner = ?1",
    [SQL_ORPHANS] =
        "SELECT " MESSAGE_COLUMNS FROM_MESSAGES " WHERE m.owner = 0 ORDER BY m.id",
    [SQL_OWN] = "UPDATE message SET owner = ?2 WHERE id = ?1",
};
/* clang-format on */

int sql_fail(struct journal *j)
{
    int result = sqlite3_extended_errcode(j->db), system = sqlite3_system_errno(j->db);
    const char *path = j->path;

    if (result == SQLITE_IOERR_SHORT_READ || (result & 0xff) == SQLITE_FORMAT)
        result = SQLITE_CORRUPT;
    switch (result & 0xff) {
    case SQLITE_FULL:
        return err_set(&j->err, ERR_OTHER, -ENOSPC,
            _("%s: no room is left for it; make some, and what is said from then on is kept"), path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(&j->err, ERR_INPUT, -EBADMSG,
            _("%s is damaged (%s); move it away and a new one is begun, \"sqlite3 FILE .recover\" may save "
              "what "
              "was in it"),
            path, sqlite3_errmsg(j->db));
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(&j->err, ERR_PERMISSION, -EACCES,
            _("%s can't be written to; it and its folder must be yours to write"), path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(&j->err, ERR_OTHER, -EBUSY,
            _("%s: another program keeps it locked; try again when that one has ended"), path);
    case SQLITE_CANTOPEN:
        if (system == EACCES || system == EPERM || system == EROFS)
            return err_set(&j->err, ERR_PERMISSION, -system,
                _("%s: %s; it and its folder must be yours to write"), path, err_word(-system));
        return err_set(&j->err, ERR_INPUT, system ? -system : -EIO, "%s: %s", path,
            system ? err_word(-system) : sqlite3_errmsg(j->db));
    case SQLITE_IOERR:
        return err_set(&j->err, ERR_OTHER, system ? -system : -EIO, _("%s: reading or writing it failed: %s"),
            path, system ? err_word(-system) : sqlite3_errmsg(j->db));
    default:
        return err_set(&j->err, ERR_OTHER, -EIO, "%s: %s", path, sqlite3_errmsg(j->db));
    }
}

static struct sqlite3_stmt *bind(struct journal *j, enum sql which, const char *types, va_list args)
{
    struct sqlite3_stmt **s = &j->statements[which];
    int place = 0;

    if (!*s && sqlite3_prepare_v3(j->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK)
        return NULL;
    for (const char *type = types; *type; type++) {
        const char *text;
        const void *data;

        place++;
        switch (*type) {
        case 'i':
            sqlite3_bind_int64(*s, place, va_arg(args, int64_t));
            break;
        case 't':
            text = va_arg(args, const char *);
            sqlite3_bind_text(*s, place, text, -1, SQLITE_STATIC);
            break;
        default:
            assert(*type == 'b');
            data = va_arg(args, const void *);
            /* An empty blob has a place all the same: NULL would be SQL's. */
            sqlite3_bind_blob64(*s, place, data ? data : "", va_arg(args, size_t), SQLITE_STATIC);
        }
    }
    return *s;
}

struct sqlite3_stmt *sql_bind(struct journal *j, enum sql which, const char *types, ...)
{
    struct sqlite3_stmt *s;
    va_list args;

    va_start(args, types);
    s = bind(j, which, types, args);
    va_end(args);
    return s;
}

int sql_step(struct journal *j, struct sqlite3_stmt *s)
{
    int code;

    if (!s) /* it could not even be prepared */
        return sql_fail(j);
    switch (sqlite3_step(s)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        sqlite3_reset(s);
        return 0;
    default:
        code = sql_fail(j);
        sqlite3_reset(s);
        return code;
    }
}

int sql_do(struct journal *j, enum sql which, const char *types, ...)
{
    struct sqlite3_stmt *s;
    va_list args;
    int code;

    va_start(args, types);
    s = bind(j, which, types, args);
    va_end(args);
    do
        code = sql_step(j, s);
    while (code > 0);
    return code;
}

int sql_number(struct journal *j, enum sql which, int64_t *ret_number, const char *types, ...)
{
    struct sqlite3_stmt *s;
    int64_t number = 0;
    va_list args;
    int code, more;

    va_start(args, types);
    s = bind(j, which, types, args);
    va_end(args);
    code = sql_step(j, s);
    if (code <= 0)
        return code;
    number = sqlite3_column_int64(s, 0);
    /* A statement that changes something has done all of it only at its end. */
    do
        more = sql_step(j, s);
    while (more > 0);
    if (more < 0)
        return more;
    *ret_number = number;
    return 1;
}

void sql_rollback(struct journal *j)
{
    struct err before = j->err;

    if (!sqlite3_get_autocommit(j->db))
        sql_do(j, SQL_ROLLBACK, "");
    j->err = before;
}

void sql_done(struct journal *j)
{
    for (size_t i = 0; i < SQL_STATEMENTS; i++) {
        sqlite3_finalize(j->statements[i]);
        j->statements[i] = NULL;
    }
}

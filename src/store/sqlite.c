/* SPDX-License-Identifier: ISC */
/* The journal in an SQLite file: opening, and batches. The calls themselves are in sqlite_write.c,
 * sqlite_delete.c and sqlite_find.c, the statements in sqlite_sql.c.
 *
 * What the worker runs together is one transaction, begun by the first call that changes something. It holds
 * or fails as a whole: when one call meets a failing disk the others of its batch are told so too.
 * Savepoints, one a call, would let the others live, but make FTS5 write its index out for each. (A long
 * deletion steps aside in between: sqlite_delete.c.) */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/xmalloc.h"
#include "store/sqlite_private.h"

#define BUSY_MS 5000 /* how long another program's transaction is waited for */

static int (*const verbs[])(struct journal *j, struct store_call *call) = {
    [STORE_APPEND] = journal_append,
    [STORE_SET_STATE] = journal_set_state,
    [STORE_MARK_READ] = journal_mark_read,
    [STORE_RENAME] = journal_rename,
    [STORE_DELETE] = journal_delete,
    [STORE_FIND] = journal_find,
    [STORE_LIST] = journal_list,
    [STORE_ADOPT] = journal_adopt,
};

static void begin_batch(void *arg)
{
    struct journal *j = arg;

    j->n_batch = j->n_kept = 0;
    j->is_writing = j->is_doomed = j->has_deleted = false;
    j->high_ns = 0;
}

static int begin_writing(struct journal *j)
{
    int code;

    if (j->is_writing)
        return 0;
    code = owner_take(j);
    if (code == 0)
        code = sql_do(j, SQL_BEGIN, "");
    j->is_writing = code == 0;
    return code;
}

static void run_call(struct worker_job *job)
{
    struct store_call *call = list_entry(job, struct store_call, job);
    struct journal *j = (struct journal *)call->store;
    bool writes = call->verb != STORE_FIND && call->verb != STORE_LIST;
    int code = 0;

    if (j->n_batch == j->batch_cap) {
        j->batch_cap = j->batch_cap ? j->batch_cap * 2 : 64;
        j->batch = xreallocarray(j->batch, j->batch_cap, sizeof(*j->batch));
    }
    j->batch[j->n_batch++] = call;
    if (call->code < 0 || j->is_doomed)
        return;
    if (writes)
        code = begin_writing(j);
    if (code == 0)
        code = verbs[call->verb](j, call);
    if (code == 0)
        return;
    call->code = code;
    call->err = j->err;
    j->is_doomed = writes || j->is_writing;
}

static void end_batch(void *arg)
{
    struct journal *j = arg;

    if (j->is_writing && !j->is_doomed && sql_do(j, SQL_COMMIT, "") < 0)
        j->is_doomed = true;
    if (j->is_doomed) {
        sql_rollback(j);
        for (size_t i = j->n_kept; i < j->n_batch; i++) {
            if (j->batch[i]->code < 0)
                continue;
            j->batch[i]->code = j->err.code;
            j->batch[i]->err = j->err;
        }
    } else if (j->has_deleted) {
        /* The log still has the pages as they were. Where somebody reads it this does nothing, and the log
         * goes when they have ended. */
        sqlite3_wal_checkpoint_v2(j->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    j->is_writing = false;
}

static void tell_call(struct worker_job *job)
{
    store_call_tell(list_entry(job, struct store_call, job));
}

static void submit(struct store *s, struct store_call *call)
{
    struct journal *j = (struct journal *)s;

    call->job.run = run_call;
    call->job.done = tell_call;
    worker_give(j->worker, &call->job);
}

static void close_journal(struct store *s)
{
    struct journal *j = (struct journal *)s;

    worker_free(j->worker);
    if (j->db) {
        sql_done(j);
        sqlite3_close(j->db);
    }
    if (j->owners_fd >= 0)
        close(j->owners_fd);
    free(j->batch);
    free(j->path);
    free(j);
}

/* SQLite makes its files as open as the umask lets them be; its log takes the mode of the database. */
static int make_file(struct journal *j)
{
    int code = file_make_folders(j->path), fd;

    if (code == 0) {
        fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
        if (fd < 0)
            code = -errno;
        else
            close(fd);
    }
    if (code == -EACCES || code == -EPERM || code == -EROFS)
        return err_set(&j->err, ERR_PERMISSION, code, _("%s: %s; it and its folder must be yours to write"),
            j->path, err_word(code));
    if (code < 0)
        return err_set(&j->err, ERR_INPUT, code, "%s: %s", j->path, err_word(code));
    return 0;
}

int store_sqlite_open(struct loop *loop, const char *path, struct store **ret, struct err *err)
{
    static const struct store_ops ops = {submit, close_journal};
    static const struct worker_hooks hooks = {begin_batch, end_batch};
    struct journal *j = xcalloc(1, sizeof(*j));
    int code;

    j->base.ops = &ops;
    j->path = xstrdup(path);
    j->owners_fd = -1;
    code = make_file(j);
    if (code < 0)
        goto out;
    /* NOMUTEX: one thread at a time has it, this one until the worker is there. */
    if (sqlite3_open_v2(path, &j->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        code = sql_fail(j);
        goto out;
    }
    sqlite3_extended_result_codes(j->db, 1);
    sqlite3_busy_timeout(j->db, BUSY_MS);
    code = schema_open(j);
    if (code < 0)
        goto out;
    code = worker_new(loop, &hooks, j, &j->worker);
    if (code < 0)
        err_set(&j->err, ERR_OTHER, code, _("%s: no thread for it: %s"), path, err_word(code));
out:
    if (code < 0) {
        if (err)
            *err = j->err;
        close_journal(&j->base);
        return code;
    }
    *ret = &j->base;
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* Whose outbox is whose. Each program that writes gets a number from the database, never the same twice, and
 * holds a lock on that byte of FILE-owners as long as it runs. The kernel lets go of it however the program
 * ends, so a number that is not locked is that of one that has. (Open file description locks: they go with
 * the descriptor, and not, as POSIX's would, with the next one that is closed.) */
#include <errno.h>
#include <fcntl.h>

#include "base/i18n.h"
#include "base/str.h"
#include "store/sqlite_private.h"

static int fail(struct journal *j, int code)
{
    return err_set(&j->err, code == -EACCES || code == -EPERM || code == -EROFS ? ERR_PERMISSION : ERR_OTHER,
        code, "%s-owners: %s", j->path, err_word(code));
}

static int open_file(struct journal *j)
{
    struct str path = STR_INIT;

    str_appendf(&path, "%s-owners", j->path);
    j->owners_fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    str_done(&path);
    return j->owners_fd < 0 ? fail(j, -errno) : 0;
}

/* A transaction of its own: were it undone together with others' work, the number would be given again. */
static int next_number(struct journal *j, int64_t *ret)
{
    int code = sql_do(j, SQL_BEGIN, "");

    if (code == 0)
        code = sql_number(j, SQL_NEW_OWNER, ret, "");
    if (code >= 0)
        code = sql_do(j, SQL_DROP_OWNER, ""); /* AUTOINCREMENT remembers it */
    /* None can be there, unless the file is an older copy: then they are nobody's. */
    if (code == 0)
        code = sql_do(j, SQL_DISOWN, "i", *ret);
    if (code == 0)
        code = sql_do(j, SQL_COMMIT, "");
    if (code < 0)
        sql_rollback(j);
    return code;
}

int owner_take(struct journal *j)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int64_t number = 0;
    int code = 0;

    if (j->owner)
        return 0;
    if (j->owners_fd < 0)
        code = open_file(j);
    while (code == 0 && !j->owner) {
        code = next_number(j, &number);
        if (code < 0)
            break;
        lock.l_start = number;
        if (fcntl(j->owners_fd, F_OFD_SETLK, &lock) == 0)
            j->owner = number;
        else if (errno != EAGAIN && errno != EACCES) /* otherwise: held by one that has another copy open */
            code = fail(j, -errno);
    }
    return code;
}

int owner_is_alive(struct journal *j, int64_t owner)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = owner, .l_len = 1};

    if (fcntl(j->owners_fd, F_OFD_GETLK, &lock) < 0)
        return fail(j, -errno);
    return lock.l_type != F_UNLCK;
}

/* SPDX-License-Identifier: ISC */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/i18n.h"

#define LOCK_POLL_MS 5

static int fail(const char *path, int code, struct err *err)
{
    if (code == -EBUSY)
        return err_set(err, ERR_OTHER, code,
            _("%s was not changed: another program keeps it locked (%s.lock)"), path, path);
    return err_set(err, code == -EACCES || code == -EPERM ? ERR_PERMISSION : ERR_OTHER, code, "%s.lock: %s",
        path, err_word(code));
}

/* Whoever held the lock before has removed the file: a lock on what has no name any more excludes nobody. */
static bool is_named(int fd, const char *name)
{
    struct stat held, there;

    return fstat(fd, &held) == 0 && stat(name, &there) == 0 && held.st_dev == there.st_dev &&
           held.st_ino == there.st_ino;
}

/* The descriptor, -EAGAIN where another one has it, or why not. */
static int try_lock(const char *name)
{
    int code, fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -errno;
    code = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    if (code == 0 && !is_named(fd, name))
        code = -EAGAIN;
    if (code == 0)
        return fd;
    close(fd);
    return code;
}

int lock_take(const char *path, struct err *err)
{
    int64_t until_ns = clock_now_ns() + LOCK_WAIT_MS * INT64_C(1000000);
    struct timespec pause = {0, LOCK_POLL_MS * 1000000L};
    char name[PATH_MAX];
    int fd;

    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
        return fail(path, -ENAMETOOLONG, err);
    fd = file_make_folders(path);
    if (fd == 0)
        fd = try_lock(name);
    while (fd == -EAGAIN || fd == -EINTR) {
        if (clock_now_ns() > until_ns)
            return fail(path, -EBUSY, err);
        nanosleep(&pause, NULL);
        fd = try_lock(name);
    }
    return fd < 0 ? fail(path, fd, err) : fd;
}

void lock_release(const char *path, int fd)
{
    char name[PATH_MAX];

    /* Before it is let go of, else the next one's would be removed. */
    if (snprintf(name, sizeof(name), "%s.lock", path) < (int)sizeof(name))
        unlink(name);
    close(fd);
}

/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/str.h"

#define READ_BYTES 4096

/* The XDG specification: "If an implementation encounters a relative path in any of these variables it
 * should consider the path invalid and ignore it." */
static int user_path(struct str *out, const char *variable, const char *below_home, const char *name)
{
    const char *folder = getenv(variable), *home = getenv("HOME");

    if (folder && *folder == '/')
        str_appendf(out, "%s/landline/%s", folder, name);
    else if (home && *home == '/')
        str_appendf(out, "%s/%s/landline/%s", home, below_home, name);
    else
        return -ENOENT;
    return 0;
}

int file_config_path(struct str *out, const char *name)
{
    return user_path(out, "XDG_CONFIG_HOME", ".config", name);
}

int file_data_path(struct str *out, const char *name)
{
    return user_path(out, "XDG_DATA_HOME", ".local/share", name);
}

char *file_typed_path(const char *typed)
{
    const char *home = getenv("HOME");
    struct str path = STR_INIT;

    if (strncmp(typed, "~/", 2) == 0 && home) {
        str_append_str(&path, home);
        typed++;
    }
    str_append_str(&path, typed);
    return str_steal(&path);
}

static int fail(struct err *err, const char *path, int code)
{
    enum err_kind kind = code == -EACCES || code == -EPERM ? ERR_PERMISSION : ERR_INPUT;

    return err_set(err, kind, code, "%s: %s", path, err_word(code));
}

int file_read(const char *path, size_t max, struct str *out, struct err *err)
{
    size_t before = out->len;
    struct stat st;
    int code = 0;
    /* NONBLOCK: a pipe that nobody writes to must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return fail(err, path, -errno);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        code = fail(err, path, -EISDIR);
        goto out;
    }
    for (;;) {
        ssize_t got;

        str_reserve(out, READ_BYTES);
        got = read(fd, out->data + out->len, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            code = fail(err, path, -errno);
            goto out;
        }
        if (got == 0)
            break;
        out->len += (size_t)got;
        if (out->len - before > max) {
            code = err_set(err, ERR_INPUT, -EFBIG,
                _("%s: longer than %zu bytes, which is the most for such a file"), path, max);
            goto out;
        }
    }
out:
    if (code < 0)
        out->len = before;
    if (out->cap)
        out->data[out->len] = '\0';
    close(fd);
    return code;
}

/* Each for its owner alone, as the XDG specification wants it. */
int file_make_folders(const char *path)
{
    char folder[PATH_MAX];
    int code = 0;

    if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
        return -ENAMETOOLONG;
    for (char *slash = strchr(folder + 1, '/'); slash && code == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) < 0 && errno != EEXIST)
            code = -errno;
        *slash = '/';
    }
    return code;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        data += put;
        len -= (size_t)put;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* A rename is on the disk when its folder is; where a folder can't be synced the file is still whole. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    char *slash;
    int fd;

    if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
        return;
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

int file_replace(const char *path, const void *data, size_t len, struct err *err)
{
    char target[PATH_MAX], fresh[PATH_MAX];
    bool made = false;
    struct stat st;
    int code, fd = -1;

    code = file_make_folders(path);
    if (code == 0 && !realpath(path, target)) {
        if (errno != ENOENT)
            code = -errno;
        else if (snprintf(target, sizeof(target), "%s", path) >= (int)sizeof(target))
            code = -ENAMETOOLONG;
    }
    if (code < 0)
        goto out;
    if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", target) >= (int)sizeof(fresh)) {
        code = -ENAMETOOLONG;
        goto out;
    }
    fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0) {
        code = -errno;
        goto out;
    }
    made = true;
    if (stat(target, &st) == 0 && fchmod(fd, st.st_mode & 07777) < 0)
        code = -errno;
    if (code == 0)
        code = write_all(fd, data, len);
    if (close(fd) < 0 && code == 0)
        code = -errno;
    if (code == 0 && rename(fresh, target) < 0)
        code = -errno;
    if (code == 0) {
        made = false;
        sync_folder(target);
    }
out:
    if (made)
        unlink(fresh);
    if (code < 0)
        err_set(err, code == -EACCES || code == -EPERM ? ERR_PERMISSION : ERR_OTHER, code,
            _("%s was not saved: %s"), path, err_word(code));
    return code;
}

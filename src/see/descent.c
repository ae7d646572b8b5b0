/* SPDX-License-Identifier: ISC */
/* Not every kernel lists the children of a process (CONFIG_PROC_CHILDREN), and to read all of /proc takes
 * milliseconds. But numbers are given to processes in turn, and /proc/loadavg has the last one: only those
 * that are new since the last look have to be looked at. Who descends from us does so for ever: when a parent
 * ends its children belong to the next one above that collects orphans, us, if we have asked for them
 * (PR_SET_CHILD_SUBREAPER). */
#include "see/descent.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define STATUS_BYTES 4096 /* of /proc/PID/status; what is wanted stands near its beginning */
#define INODES_MAX (1U << 20)
#define RANGE_MAX                                                                                            \
    4096 /* numbers that are tried one by one; if there are more, all that exist are looked at */

struct descent {
    pid_t *ours;
    size_t ours_count, ours_room;
    pid_t last, before_last; /* the greatest number given, as of the last look and the one before */
    uint32_t *inodes;        /* sorted */
    size_t inode_count, inode_room;
};

struct descent *descent_new(void)
{
    return xcalloc(1, sizeof(struct descent));
}

void descent_free(struct descent *d)
{
    if (!d)
        return;
    free(d->ours);
    free(d->inodes);
    free(d);
}

/* ---- processes ---- */

static bool read_text(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return false;
    got = read(fd, ret, size - 1);
    close(fd);
    ret[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* A line's number. The name stands in the first line, with newlines escaped, so no other begins within it. */
static pid_t number_of(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    return at ? (pid_t)strtol(at + strlen(line), NULL, 10) : 0;
}

static bool is_ours(const struct descent *d, pid_t pid)
{
    for (size_t i = d->ours_count; i > 0; i--)
        if (d->ours[i - 1] == pid)
            return true;
    return false;
}

/* Takes it if its parent is one of ours. Threads have numbers too, and are passed over. */
static bool take(struct descent *d, pid_t pid)
{
    char path[64], text[STATUS_BYTES];
    pid_t parent;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (is_ours(d, pid) || !read_text(path, text, sizeof(text)) || number_of(text, "\nTgid:") != pid)
        return false;
    parent = number_of(text, "\nPPid:");
    if (parent != getpid() && !is_ours(d, parent))
        return false;
    if (d->ours_count == d->ours_room) {
        d->ours_room = d->ours_room * 2 + 16;
        d->ours = xreallocarray(d->ours, d->ours_room, sizeof(*d->ours));
    }
    d->ours[d->ours_count++] = pid;
    return true;
}

/* Children mostly have greater numbers than their parents and come after them; where numbers have begun anew
 * it takes some rounds more. */
static void take_all(struct descent *d)
{
    bool has_more = true;
    struct dirent *entry;
    DIR *dir;

    while (has_more && (dir = opendir("/proc")) != NULL) {
        has_more = false;
        while ((entry = readdir(dir)) != NULL)
            if (isdigit((unsigned char)entry->d_name[0]) && take(d, (pid_t)strtol(entry->d_name, NULL, 10)))
                has_more = true;
        closedir(dir);
    }
}

/* 0: not known. */
static pid_t last_number(void)
{
    char text[256];
    const char *at;

    if (!read_text("/proc/loadavg", text, sizeof(text)))
        return 0;
    at = strrchr(text, ' ');
    return at ? (pid_t)strtol(at, NULL, 10) : 0;
}

/* One may have its number already and not be there yet: each is tried in two looks. */
static void take_new(struct descent *d)
{
    const pid_t last = last_number();

    if (!last || !d->before_last || last < d->last || last - d->before_last > RANGE_MAX)
        take_all(d);
    else
        for (pid_t pid = d->before_last + 1; pid <= last; pid++)
            take(d, pid);
    d->before_last = d->last;
    d->last = last;
}

/* ---- sockets ---- */

static void add_inode(struct descent *d, uint32_t inode)
{
    if (d->inode_count == d->inode_room) {
        d->inode_room = d->inode_room * 2 + 64;
        d->inodes = xreallocarray(d->inodes, d->inode_room, sizeof(*d->inodes));
    }
    d->inodes[d->inode_count++] = inode;
}

/* 0, or a negative errno. */
static int read_inodes(struct descent *d, pid_t pid)
{
    char path[64], target[64];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    if (!dir)
        return -errno;
    while ((entry = readdir(dir)) != NULL && d->inode_count < INODES_MAX) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        if (len <= 0)
            continue;
        target[len] = '\0';
        if (strncmp(target, "socket:[", strlen("socket:[")) == 0)
            add_inode(d, (uint32_t)strtoul(target + strlen("socket:["), NULL, 10));
    }
    closedir(dir);
    return d->inode_count < INODES_MAX ? 0 : -ENOBUFS;
}

static int compare_inodes(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

bool descent_look(struct descent *d)
{
    bool is_complete = true;
    size_t left = 0;

    take_new(d);
    d->inode_count = 0;
    for (size_t i = 0; i < d->ours_count; i++) {
        int code = read_inodes(d, d->ours[i]);

        if (code == -ENOENT || code == -ESRCH)
            continue; /* it has ended */
        if (code < 0)
            is_complete = false;
        d->ours[left++] = d->ours[i];
    }
    d->ours_count = left;
    if (d->inode_count)
        qsort(d->inodes, d->inode_count, sizeof(*d->inodes), compare_inodes);
    return is_complete;
}

bool descent_holds(const struct descent *d, uint32_t inode)
{
    return d->inode_count && inode &&
           bsearch(&inode, d->inodes, d->inode_count, sizeof(inode), compare_inodes) != NULL;
}

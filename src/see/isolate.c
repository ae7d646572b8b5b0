/* SPDX-License-Identifier: ISC */
/* namespaces(7). Of the user namespace only what it takes to be able to capture is wanted: users and groups
 * keep their numbers, as far as an unprivileged process may map them, which is its own (user_namespaces(7)).
 */
#include "see/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/str.h"

/* ---- refused ---- */

/* -1: there is no such file. */
static long read_number(const char *path)
{
    FILE *file = fopen(path, "re");
    long number;
    int got;

    if (!file)
        return -1;
    got = fscanf(file, "%ld", &number);
    fclose(file);
    return got == 1 ? number : -1;
}

static int explain(int code, struct err *err)
{
    const char *remedy = NULL;

    if (read_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        remedy = "sudo sysctl kernel.unprivileged_userns_clone=1";
    else if (code == -ENOSPC || read_number("/proc/sys/user/max_user_namespaces") == 0)
        remedy = "sudo sysctl user.max_user_namespaces=15000";
    else if (code != -EUSERS && read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") > 0)
        remedy = "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0";
    if (remedy)
        return err_set(err, ERR_PERMISSION, code,
            _("the kernel does not let users make a network of their own (%s); allow it with: %s ; or run "
              "this "
              "with sudo"),
            err_word(code), remedy);
    if (code == -EPERM || code == -EACCES)
        return err_set(err, ERR_PERMISSION, code,
            _("a network of one's own is forbidden here (%s), as in a container: docker run --security-opt "
              "seccomp=unconfined, or --cap-add SYS_ADMIN, allows it"),
            err_word(code));
    return err_set(err, ERR_OTHER, code, _("a network of its own could not be made: %s"), err_word(code));
}

/* ---- entered ---- */

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), code = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        code = -errno;
    close(fd);
    return code;
}

static int map_ids(uid_t uid, gid_t gid)
{
    struct str text = STR_INIT;
    int code = write_file("/proc/self/setgroups", "deny");

    str_appendf(&text, "%lu %lu 1", (unsigned long)uid, (unsigned long)uid);
    if (code == 0 || code == -ENOENT) /* a kernel before 3.19 has no such file */
        code = write_file("/proc/self/uid_map", text.data);
    str_reset(&text);
    str_appendf(&text, "%lu %lu 1", (unsigned long)gid, (unsigned long)gid);
    if (code == 0)
        code = write_file("/proc/self/gid_map", text.data);
    str_done(&text);
    return code;
}

static int bring_loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code = 0;

    if (fd < 0)
        return -errno;
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        code = -errno;
    request.ifr_flags |= IFF_UP;
    if (code == 0 && ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        code = -errno;
    close(fd);
    return code;
}

int isolate_enter(struct err *err)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    int code = 0;

    /* Root stays what it is, and so does who called by sudo. */
    if (unshare(CLONE_NEWNET) < 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
            code = -errno;
        else
            code = map_ids(uid, gid);
    }
    if (code == 0)
        code = bring_loopback_up();
    return code < 0 ? explain(code, err) : 0;
}

/* SPDX-License-Identifier: ISC */
/* By plain system calls: what libcap adds is the reading and writing of capability texts, which nobody needs
 * here. */
#include "see/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/str.h"

#define PATH_MAX_BYTES 4096

static int fail(const char *what, struct err *err)
{
    return err_set(
        err, ERR_OTHER, -errno, _("privileges could not be given up (%s): %s"), what, err_word(-errno));
}

/* sudo sets both, and only root's environment is asked, so nobody becomes anybody by setting them. */
static bool sudo_user(uid_t *ret_uid, gid_t *ret_gid)
{
    const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
    int64_t uid, gid;

    if (getuid() != 0 || !uid_text || !gid_text || parse_number(uid_text, 1, UINT32_MAX - 1, &uid) < 0 ||
        parse_number(gid_text, 0, UINT32_MAX - 1, &gid) < 0)
        return false;
    *ret_uid = (uid_t)uid;
    *ret_gid = (gid_t)gid;
    return true;
}

int privileges_become_user(struct err *err)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    bool is_sudo = sudo_user(&uid, &gid);
    const struct passwd *user;

    if (is_sudo) {
        /* Root's groups are not the user's. */
        user = getpwuid(uid);
        if ((user ? initgroups(user->pw_name, gid) : setgroups(1, &gid)) < 0)
            return fail("setgroups", err);
    }
    if (setresgid(gid, gid, gid) < 0)
        return fail("setresgid", err);
    if (setresuid(uid, uid, uid) < 0)
        return fail("setresuid", err);
    if (uid != 0 && setuid(0) == 0) {
        errno = EPERM;
        return fail("setuid", err);
    }
    return 0;
}

int privileges_keep(void)
{
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int privileges_raise(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &head, caps) < 0)
        return -errno;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        caps[i].effective = caps[i].permitted;
    return syscall(SYS_capset, &head, caps) < 0 ? -errno : 0;
}

/* What a later execve might bring back. Refused to those who have nothing to drop; a kernel before 4.3 has no
 * ambient set. */
static void drop_future(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)!prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    (void)!prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int privileges_drop_to_looking(struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

    drop_future();
    if (syscall(SYS_capget, &head, caps) < 0)
        return fail("capget", err);
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        caps[i].permitted &= i == CAP_TO_INDEX(CAP_SYS_PTRACE) ? CAP_TO_MASK(CAP_SYS_PTRACE) : 0;
        caps[i].effective = caps[i].permitted;
        caps[i].inheritable = 0;
    }
    return syscall(SYS_capset, &head, caps) < 0 ? fail("capset", err) : 0;
}

int privileges_drop(struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    drop_future();
    if (syscall(SYS_capset, &head, none) < 0)
        return fail("capset", err);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail("no_new_privs", err);
    return 0;
}

/* As a shell takes it. */
static void append_quoted(struct str *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,";

    if (text[strspn(text, plain)] == '\0') {
        str_append_str(out, text);
        return;
    }
    str_append_char(out, '\'');
    for (; *text; text++)
        if (*text == '\'')
            str_append_str(out, "'\\''");
        else
            str_append_char(out, *text);
    str_append_char(out, '\'');
}

int privileges_missing(const char *interface, struct err *err)
{
    char path[PATH_MAX_BYTES];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    struct str quoted = STR_INIT;
    int code;

    if (geteuid() == 0)
        return err_set(err, ERR_PERMISSION, -EPERM,
            _("%s: capturing is not permitted, not even to root here: CAP_NET_RAW is missing, as in a "
              "container (docker run --cap-add NET_RAW)"),
            interface);
    path[len > 0 ? len : 0] = '\0';
    append_quoted(&quoted, len > 0 ? path : "landline");
    code = err_set(err, ERR_PERMISSION, -EPERM,
        _("%s: capturing is not permitted; allow it once and for all with: sudo setcap cap_net_raw+ep %s ; "
          "or now: sudo landline watch %s ; without any right: landline lab -- SERVER -- CLIENT"),
        interface, quoted.data, interface);
    str_done(&quoted);
    return code;
}

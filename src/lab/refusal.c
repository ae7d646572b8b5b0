/* SPDX-License-Identifier: ISC */
#include "lab/refusal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"

/* The first line of a file of the kernel; false: it is not there. */
static bool read_line(const char *root, const char *path, char *ret, size_t room)
{
    char whole[512];
    FILE *file;
    bool is_there;

    snprintf(whole, sizeof(whole), "%s%s", root, path);
    file = fopen(whole, "re");
    if (!file)
        return false;
    is_there = fgets(ret, (int)room, file);
    fclose(file);
    if (is_there)
        ret[strcspn(ret, "\n")] = '\0';
    return is_there;
}

static bool says(const char *root, const char *path, const char *value)
{
    char line[128];

    return read_line(root, path, line, sizeof(line)) && strcmp(line, value) == 0;
}

/* Docker, podman and the like leave one of these. */
static bool is_container(const char *root)
{
    static const char *const marks[] = {"/.dockerenv", "/run/.containerenv"};
    char path[512];

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", root, marks[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static int explain_user(int code, const char *root, struct err *err)
{
    if (says(root, "/proc/sys/kernel/unprivileged_userns_clone", "0"))
        return err_set(err, ERR_PERMISSION, code,
            _("the lab needs user namespaces, which this system allows to root only; sudo sysctl "
              "kernel.unprivileged_userns_clone=1 allows them"));
    if (says(root, "/proc/sys/user/max_user_namespaces", "0"))
        return err_set(err, ERR_PERMISSION, code,
            _("the lab needs user namespaces, of which this system allows none; sudo sysctl "
              "user.max_user_namespaces=10000 allows them"));
    if (code == -ENOSPC || code == -EUSERS)
        return err_set(err, ERR_PERMISSION, code,
            _("the lab needs a user namespace, and there are as many as user.max_user_namespaces allows"));
    if (code == -EINVAL || code == -ENOSYS)
        return err_set(
            err, ERR_PERMISSION, code, _("the lab needs user namespaces, which this kernel does not have"));
    if (code == -EPERM && is_container(root))
        return err_set(err, ERR_PERMISSION, code,
            _("the lab needs user namespaces, which this container's seccomp profile forbids; start it with "
              "--security-opt seccomp=unconfined"));
    return err_set(err, code == -EPERM || code == -EACCES ? ERR_PERMISSION : ERR_OTHER, code,
        _("the lab needs a user namespace: %s; a chroot, a container or a security module may forbid it"),
        err_word(code));
}

static int explain_map(int code, const char *root, struct err *err)
{
    if (says(root, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
        return err_set(err, ERR_PERMISSION, code,
            _("AppArmor lets no unprivileged program be root in a user namespace of its own; sudo sysctl "
              "kernel.apparmor_restrict_unprivileged_userns=0 lifts that"));
    return err_set(err, code == -EPERM || code == -EACCES ? ERR_PERMISSION : ERR_OTHER, code,
        _("the lab could not become root in its user namespace: %s; a security module may forbid it"),
        err_word(code));
}

static int explain_tun(int code, const char *root, struct err *err)
{
    if (code == -ENOENT || code == -ENODEV)
        return err_set(err, ERR_PERMISSION, code,
            _("there is no /dev/net/tun here; --backend veth does without, or sudo modprobe tun"));
    if (code == -EACCES || code == -EPERM)
        return err_set(err, ERR_PERMISSION, code,
            _("/dev/net/tun may not be opened; --backend veth does without, or sudo chmod 666 /dev/net/tun"));
    return err_set(err, ERR_OTHER, code, "/dev/net/tun: %s", err_word(code));
}

static int explain_veth(int code, const char *root, struct err *err)
{
    if (code == -EOPNOTSUPP || code == -ENOENT || code == -EAFNOSUPPORT)
        return err_set(err, ERR_PERMISSION, code,
            _("this kernel has no veth or no packet sockets for the lab's cable; sudo modprobe veth "
              "af_packet"));
    return err_set(err, code == -EPERM || code == -EACCES ? ERR_PERMISSION : ERR_OTHER, code,
        _("the lab's cable could not be made of veth: %s"), err_word(code));
}

int refusal_explain(enum refusal_step step, int code, const char *root, struct err *err)
{
    switch (step) {
    case REFUSAL_UNSHARE_USER:
        return explain_user(code, root, err);
    case REFUSAL_UID_MAP:
        return explain_map(code, root, err);
    case REFUSAL_TUN:
        return explain_tun(code, root, err);
    case REFUSAL_VETH:
        return explain_veth(code, root, err);
    case REFUSAL_UNSHARE_NET:
        break;
    }
    if (says(root, "/proc/sys/user/max_net_namespaces", "0"))
        return err_set(err, ERR_PERMISSION, code,
            _("the lab needs network namespaces, of which this system allows none; sudo sysctl "
              "user.max_net_namespaces=10000 allows them"));
    return err_set(err, code == -EPERM || code == -ENOSPC ? ERR_PERMISSION : ERR_OTHER, code,
        _("the lab needs network namespaces: %s"), err_word(code));
}

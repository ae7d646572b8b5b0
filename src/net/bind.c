/* SPDX-License-Identifier: ISC */
#include "net/bind.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"

static bool has_path(const struct endpoint *e)
{
    return e->sa.sa_family == AF_UNIX && e->un.sun_path[0] != '\0';
}

/* A file that a unix socket left behind refuses connections; a live one does not. Only then is it removed,
 * and only if it is a socket at all. */
static bool remove_dead_socket(const struct endpoint *at, int type)
{
    struct stat st;
    int fd, code;

    if (!has_path(at) || lstat(at->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    code = connect(fd, &at->sa, at->len) < 0 ? errno : 0;
    close(fd);
    return code == ECONNREFUSED && unlink(at->un.sun_path) == 0;
}

int bind_failed(const struct endpoint *at, int code, struct err *err)
{
    char text[ENDPOINT_TEXT_BYTES];
    enum err_kind kind = code == -EACCES || code == -EPERM ? ERR_PERMISSION : ERR_OTHER;

    endpoint_format(at, text);
    switch (-code) {
    case EADDRINUSE:
        return err_set(err, ERR_OTHER, code,
            _("%s: cannot listen: another program already listens there; stop it, or choose another %s"),
            text, at->sa.sa_family == AF_UNIX ? _("path") : _("port"));
    case EACCES:
    case EPERM:
        if (endpoint_port(at) && endpoint_port(at) < 1024)
            return err_set(err, kind, code,
                _("%s: cannot listen: ports below 1024 need root or CAP_NET_BIND_SERVICE (or sysctl "
                  "net.ipv4.ip_unprivileged_port_start); choose a port from 1024 on"),
                text);
        return err_set(err, kind, code, _("%s: cannot listen: not permitted"), text);
    case EADDRNOTAVAIL:
        return err_set(err, ERR_OTHER, code,
            _("%s: cannot listen: this machine has no such address; *:%u listens on all it has"), text,
            endpoint_port(at));
    case ENOENT:
        return err_set(err, ERR_OTHER, code, _("%s: cannot listen: the folder does not exist"), text);
    default:
        return err_set(err, kind, code, _("%s: cannot listen: %s"), text, err_word(code));
    }
}

int bind_socket(const struct endpoint *at, int type, struct endpoint *ret_local, struct err *err)
{
    struct endpoint local = {.len = sizeof(local.un)};
    int fd = -1, on = 1, code;

    fd = socket(at->sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return bind_failed(at, -errno, err);
    if (at->sa.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    /* For TCP it only means not to wait for TIME_WAIT; on UDP it would let two programs share the port. */
    if (type == SOCK_STREAM && at->sa.sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    code = bind(fd, &at->sa, at->len) < 0 ? -errno : 0;
    if (code == -EADDRINUSE && remove_dead_socket(at, type))
        code = bind(fd, &at->sa, at->len) < 0 ? -errno : 0;
    if (code == 0 && getsockname(fd, &local.sa, &local.len) < 0)
        code = -errno;
    if (code < 0) {
        close(fd);
        return bind_failed(at, code, err);
    }
    *ret_local = local;
    return fd;
}

bool bind_is_possible(const struct endpoint *at)
{
    struct endpoint probe = *at;
    int fd = socket(at->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool possible;

    if (fd < 0)
        return false;
    if (at->sa.sa_family == AF_INET6)
        probe.in6.sin6_port = 0;
    else
        probe.in4.sin_port = 0;
    possible = bind(fd, &probe.sa, probe.len) == 0;
    close(fd);
    return possible;
}

void bind_unlink(const struct endpoint *local)
{
    if (has_path(local))
        unlink(local->un.sun_path);
}

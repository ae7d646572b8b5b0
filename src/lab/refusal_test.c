/* SPDX-License-Identifier: ISC */
/* What is said where the kernel refuses, from the files of systems that are made up here. */
#include "lab/refusal.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char root[64];

static int make_root(void **state)
{
    snprintf(root, sizeof(root), "/tmp/refusal-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    return remove(path);
}

static int remove_root(void **state)
{
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s%s", root, name);
    assert_int_equal(file_make_folders(path), 0);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect(enum refusal_step step, int code, enum err_kind kind, const char *words)
{
    struct err err = {0};

    assert_int_equal(refusal_explain(step, code, root, &err), code);
    assert_int_equal(err.kind, kind);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" has no \"%s\"", err.text, words);
}

static void user_namespaces(void **state)
{
    expect(REFUSAL_UNSHARE_USER, -EPERM, ERR_PERMISSION, "security module");
    expect(REFUSAL_UNSHARE_USER, -ENOMEM, ERR_OTHER, "user namespace");
    expect(REFUSAL_UNSHARE_USER, -ENOSPC, ERR_PERMISSION, "as many as");
    put("/.dockerenv", "");
    expect(REFUSAL_UNSHARE_USER, -EPERM, ERR_PERMISSION, "--security-opt seccomp=unconfined");
    put("/proc/sys/user/max_user_namespaces", "0\n");
    expect(REFUSAL_UNSHARE_USER, -ENOSPC, ERR_PERMISSION, "sudo sysctl user.max_user_namespaces=");
    put("/proc/sys/kernel/unprivileged_userns_clone", "0\n");
    expect(REFUSAL_UNSHARE_USER, -EPERM, ERR_PERMISSION, "sudo sysctl kernel.unprivileged_userns_clone=1");
}

static void apparmor(void **state)
{
    put("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "0\n");
    expect(REFUSAL_UID_MAP, -EPERM, ERR_PERMISSION, "a security module");
    put("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
    expect(REFUSAL_UID_MAP, -EPERM, ERR_PERMISSION, "kernel.apparmor_restrict_unprivileged_userns=0");
}

static void networks_and_cables(void **state)
{
    expect(REFUSAL_UNSHARE_NET, -ENOSPC, ERR_PERMISSION, "network namespaces");
    put("/proc/sys/user/max_net_namespaces", "0\n");
    expect(REFUSAL_UNSHARE_NET, -ENOSPC, ERR_PERMISSION, "sudo sysctl user.max_net_namespaces=");
    expect(REFUSAL_TUN, -ENOENT, ERR_PERMISSION, "--backend veth");
    expect(REFUSAL_TUN, -EACCES, ERR_PERMISSION, "--backend veth");
    expect(REFUSAL_TUN, -EBUSY, ERR_OTHER, "/dev/net/tun");
    expect(REFUSAL_VETH, -EOPNOTSUPP, ERR_PERMISSION, "sudo modprobe veth");
    expect(REFUSAL_VETH, -EPERM, ERR_PERMISSION, "veth");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(user_namespaces, make_root, remove_root),
        cmocka_unit_test_setup_teardown(apparmor, make_root, remove_root),
        cmocka_unit_test_setup_teardown(networks_and_cables, make_root, remove_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

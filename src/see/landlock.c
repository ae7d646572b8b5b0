/* SPDX-License-Identifier: ISC */
/* By its three system calls; libc has no names for them. */
#include "see/landlock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As <linux/landlock.h> has them by now: the header of the machine that builds may be older than the kernel
 * of the one that runs. */
struct ruleset {
    uint64_t access_fs, access_net /* ABI 4 */, scoped /* ABI 6 */;
};

#define ASK_FOR_ABI 1U
/* What a ruleset of an ABI can forbid: all that it knows. */
#define FS_ALL_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)     /* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* ABI 3 */
#define NET_ALL UINT64_C(3)              /* ABI 4: bind and connect TCP */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define SCOPE_ABSTRACT_SOCKETS                                                                               \
    UINT64_C(1) /* ABI 6. Signals are seccomp's: Ctrl-Z must stop the whole job                              \
                 */

static int ask(long call, const void *ruleset, size_t bytes, unsigned flags)
{
    return (int)syscall(call, ruleset, bytes, flags);
}

int landlock_enter(void)
{
    int abi = ask(SYS_landlock_create_ruleset, NULL, 0, ASK_FOR_ABI), fd;
    struct ruleset all = {.access_fs = FS_ALL_1};
    size_t bytes = offsetof(struct ruleset, access_net);
    bool holds;

    if (abi < 1)
        return 0;
    all.access_fs |= abi >= 2 ? FS_REFER : 0;
    all.access_fs |= abi >= 3 ? FS_TRUNCATE : 0;
    all.access_fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    if (abi >= 4) {
        all.access_net = NET_ALL;
        bytes = offsetof(struct ruleset, scoped);
    }
    if (abi >= 6) {
        all.scoped = SCOPE_ABSTRACT_SOCKETS;
        bytes = sizeof(all);
    }
    fd = ask(SYS_landlock_create_ruleset, &all, bytes, 0);
    if (fd < 0)
        return 0;
    holds = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return holds ? abi : 0;
}

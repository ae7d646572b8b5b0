/* SPDX-License-Identifier: ISC */
#ifndef LAB_REFUSAL_H
#define LAB_REFUSAL_H

#include "base/err.h"

/* Which step of setting the hosts up was refused. */
enum refusal_step {
    REFUSAL_UNSHARE_USER, /* unshare(CLONE_NEWUSER | CLONE_NEWNS) */
    REFUSAL_UID_MAP,      /* writing /proc/self/setgroups, uid_map, gid_map */
    REFUSAL_UNSHARE_NET,
    REFUSAL_TUN,  /* opening /dev/net/tun, or TUNSETIFF */
    REFUSAL_VETH, /* RTM_NEWLINK of a veth pair, or AF_PACKET */
};

/* Fills err with one line: what the kernel forbids, by which rule as far as its files tell, and what would
 * lift it, exactly as it is to be typed. ERR_PERMISSION where it is forbidden (EPERM, EACCES, ENOSPC by
 * max_user_namespaces=0, ENOENT for tun, EUSERS), else ERR_OTHER. root: the folder under which proc and sys
 * are looked at; "" is the system's own, tests have others. Returns the negative code. */
int refusal_explain(enum refusal_step step, int code, const char *root, struct err *err);

#endif

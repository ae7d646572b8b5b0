/* SPDX-License-Identifier: ISC */
#ifndef SEE_SANDBOX_H
#define SEE_SANDBOX_H

#include <stdbool.h>

/* Captures come from strangers. Before their first byte is looked at, the process gives up what reading does
 * not need: it cannot open a file, run a program, make a socket, look into another process or signal it, and
 * there is no way back. What it has open stays. Should a decoder ever be taken over, all that is left to the
 * intruder is what has been opened for him: the capture, and where its pictures go.
 *
 * Two things of the kernel's, each of which holds without the other (docs/decisions/0012): a seccomp filter
 * of system calls, and Landlock without a single rule. Where the kernel, or the container, has neither, that
 * is no failure: then it is as it was before there were such things.
 *
 * So all that is opened late elsewhere must be so before: the catalogues of messages (i18n_load), the time
 * zone, terminfo, a pager. Files that are chosen only later are opened by a process that was forked before
 * (opener.h). */

struct sandbox_options {
    int opener_fd;  /* whose messages may be sent and received; -1: none */
    bool terminal;  /* a screen: settings of the terminal, and stopping the whole job as it does */
    bool capturing; /* a capture: the socket's counters, and the filter that ends it */
};

struct sandbox {
    bool is_built; /* false: this program was built not to (below) */
    bool has_seccomp;
    int landlock_abi; /* 0: not there */
};

/* A sanitizer reads /proc, runs a symbolizer and clones at its end to look for leaks: it and this exclude
 * each other. Such a build enters nothing, and says so. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_IS_BUILT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_IS_BUILT false
#endif
#endif
#ifndef SANDBOX_IS_BUILT
#define SANDBOX_IS_BUILT true
#endif

/* Enters. *ret says what holds now. A file that is opened afterwards is refused (EPERM or EACCES); a program
 * run, a socket made, a process traced ends this one (SIGSYS). */
void sandbox_enter(const struct sandbox_options *options, struct sandbox *ret);

#endif

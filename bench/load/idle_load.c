/* SPDX-License-Identifier: ISC */
/* Memory of a server per idle TCP peer: its resident bytes with all of them connected less those of
 * the start, divided. Before it is counted each peer may have one line answered (--talk), so that
 * what a server sets up on a first message counts too.
 *
 * idle_load --port PORT --pid SERVER [--connections 15000] [--talk] */
#include "common.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOURCES 8
#define ALL_ACCEPTED_MS 5000

static long descriptors_of(pid_t pid)
{
    char path[64];
    DIR *folder;
    long n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    folder = opendir(path);
    if (folder == NULL)
        die(path);
    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

int main(int argc, char **argv)
{
    long connections = option_number(argc, argv, "connections", 15000);
    pid_t pid = (pid_t)option_number(argc, argv, "pid", 0);
    int port = (int)option_number(argc, argv, "port", 0);
    int *fds = calloc((size_t)connections, sizeof(*fds));
    uint64_t before;
    uint64_t after;
    long open_before;
    uint64_t deadline;

    if (fds == NULL)
        die("memory");
    raise_nofile();
    open_before = descriptors_of(pid);
    before = rss_bytes_of(pid);
    for (long i = 0; i < connections; i++)
        fds[i] = connect_tcp(2 + (int)(i % SOURCES), port);
    for (deadline = now_ns() + ALL_ACCEPTED_MS * 1000000u; descriptors_of(pid) - open_before < connections;) {
        if (now_ns() > deadline) {
            fprintf(
                stderr, "only %ld of %ld were accepted\n", descriptors_of(pid) - open_before, connections);
            return 1;
        }
        usleep(20000);
    }
    for (long i = 0; option_given(argc, argv, "talk") && i < connections; i++) {
        struct pollfd pfd = {.fd = fds[i], .events = POLLIN};
        char buf[64];

        if (send(fds[i], "hello\n", 6, MSG_NOSIGNAL) != 6 || poll(&pfd, 1, 2000) != 1 ||
            recv(fds[i], buf, sizeof(buf), 0) <= 0)
            die("a line and its reply");
    }
    after = rss_bytes_of(pid);
    printf("{\"bytes_per_peer\": %.0f, \"start_kib\": %llu, \"end_kib\": %llu}\n",
        ((double)after - (double)before) / (double)connections, (unsigned long long)before / 1024,
        (unsigned long long)after / 1024);
    return 0;
}

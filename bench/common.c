/* SPDX-License-Identifier: ISC */
/* What the bare loops and the load generators share: sockets on the loopback, options, and what /proc
 * tells of the process that is measured. */
#include "common.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define UDP_BUFFER_BYTES (4 * 1024 * 1024)
#define BACKLOG 4096

uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

_Noreturn void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

struct sockaddr_in loopback(int host, int port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + (uint32_t)host);
    return sin;
}

void set_nonblocking(int fd)
{
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        die("fcntl");
}

void set_nodelay(int fd)
{
    int one = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
        die("TCP_NODELAY");
}

int listen_tcp(int port)
{
    struct sockaddr_in sin = loopback(1, port);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, BACKLOG) < 0)
        die("listen");
    return fd;
}

int bind_udp(int port)
{
    struct sockaddr_in sin = loopback(1, port);
    int size = UDP_BUFFER_BYTES;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0)
        die("bind");
    return fd;
}

int connect_tcp(int source, int port)
{
    struct sockaddr_in from = loopback(source, 0);
    struct sockaddr_in to = loopback(1, port);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket");
    /* The port is chosen at connect, where only the 4-tuple has to be new. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
        die("bind");
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        die("connect");
    set_nodelay(fd);
    set_nonblocking(fd);
    return fd;
}

void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

void raise_nofile(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

uint64_t cpu_ns_of(pid_t pid)
{
    char path[320];
    struct dirent *entry;
    DIR *tasks;
    uint64_t total = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (tasks == NULL)
        die(path);
    while ((entry = readdir(tasks)) != NULL) {
        unsigned long long ns = 0;
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
        file = fopen(path, "re");
        if (file == NULL)
            continue; /* the thread ended meanwhile */
        if (fscanf(file, "%llu", &ns) == 1)
            total += ns;
        fclose(file);
    }
    closedir(tasks);
    return total;
}

uint64_t rss_bytes_of(pid_t pid)
{
    char path[64];
    char line[256];
    unsigned long long kib = 0;
    FILE *file;

    /* VmRSS of status is counted in batches per thread; the roll-up walks the pages and is exact. */
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        die(path);
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Rss: %llu kB", &kib) == 1)
            break;
    fclose(file);
    return kib * 1024;
}

static char **option_find(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0)
            return argv + i;
    return NULL;
}

long option_number(int argc, char **argv, const char *name, long fallback)
{
    char **found = option_find(argc, argv, name);

    return found != NULL && found[1] != NULL ? strtol(found[1], NULL, 10) : fallback;
}

int option_given(int argc, char **argv, const char *name)
{
    return option_find(argc, argv, name) != NULL;
}

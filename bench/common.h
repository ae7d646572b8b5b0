/* SPDX-License-Identifier: ISC */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the bare loops and the load generators share. They are measuring tools that run for seconds on
 * the loopback: a call that cannot fail there ends the program with its name when it does. */

#define LINE_BYTES 64 /* every message: 63 bytes and a newline */

uint64_t now_ns(void);

/* Says what failed and errno's word for it, and exits 1. */
_Noreturn void die(const char *what);

/* 127.0.0.host:port */
struct sockaddr_in loopback(int host, int port);

/* A nonblocking listener on 127.0.0.1 with the largest backlog that the system grants. */
int listen_tcp(int port);

/* A UDP socket on 127.0.0.1:port (0: any) with a receive buffer of 4 MB, blocking. */
int bind_udp(int port);

/* Connects, blocking, from 127.0.0.source; the returned socket is nonblocking with TCP_NODELAY. */
int connect_tcp(int source, int port);

void set_nonblocking(int fd);
void set_nodelay(int fd);

/* Tells the driver that the program is listening. */
void say_ready(void);

/* As many descriptors as the hard limit allows. */
void raise_nofile(void);

/* The CPU time that all threads of a process have had so far, in ns, and its resident bytes. */
uint64_t cpu_ns_of(pid_t pid);
uint64_t rss_bytes_of(pid_t pid);

/* Option --name VALUE out of argv as a number; fallback where it is not given. */
long option_number(int argc, char **argv, const char *name, long fallback);
int option_given(int argc, char **argv, const char *name);

#endif

#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""TCP echo of 64-byte lines over 50 connections, 1 and 16 in flight on each, beside redis-server's PING,
a bare epoll loop, socat and ncat."""
import lib


def main():
    peers = {
        "landline answer --echo": lib.answer("tcp://127.0.0.1:{port}"),
        "epoll_echo": [lib.program("epoll_echo"), "{port}"],
    }
    if lib.installed("redis-server"):
        peers["redis-server PING"] = ["redis-server", *lib.REDIS]
    if lib.installed("socat"):
        peers["socat fork"] = ["socat", "TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=1024", "PIPE"]
    if lib.installed("ncat"):
        peers["ncat --exec cat"] = ["ncat", "-l", "-k", "-m", "200", "--exec", "/bin/cat", "127.0.0.1", "{port}"]
    targets = lib.Targets()
    servers = {name: lib.Server(argv) for name, argv in peers.items()}
    try:
        for depth, wanted in ((1, 1.0), (16, 1.4)):
            results = lib.rounds({
                name: lambda s=server, n=name: lib.measure(
                    s, [lib.program("tcp_load"), "--port", str(s.port), "--depth", str(depth), "--seconds",
                        str(lib.SECONDS), *(["--ping"] if "PING" in n else [])],
                    tries=1 if n in lib.FORKING else lib.TRIES)
                for name, server in servers.items()})
            lib.table(f"TCP echo, 50 connections, depth {depth}: exchanges/s", results, "per_second")
            if "redis-server PING" in peers:
                targets.at_least(f"landline / redis at depth {depth}", lib.ratio(
                    results, "landline answer --echo", "redis-server PING", "per_second"), wanted)
    finally:
        for server in servers.values():
            server.stop()
    targets.end()


main()

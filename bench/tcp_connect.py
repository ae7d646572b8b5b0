#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""New TCP connections a second, each with one line and its answer, beside redis-server, a bare epoll
loop, socat and ncat."""
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
        results = lib.rounds({
            name: lambda s=server, n=name: lib.measure(
                s, [lib.program("connect_load"), "--port", str(s.port), "--seconds", str(lib.SECONDS),
                    *(["--ping"] if "PING" in n else [])],
                tries=1 if n in lib.FORKING else lib.TRIES)
            for name, server in servers.items()})
    finally:
        for server in servers.values():
            server.stop()
    lib.table("connect, one line answered, close: connections/s", results, "per_second")
    if "redis-server PING" in peers:
        targets.at_least("landline / redis", lib.ratio(
            results, "landline answer --echo", "redis-server PING", "per_second"), 1.0)
    targets.end()


main()

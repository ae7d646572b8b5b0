#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Memory of a server per idle TCP peer, 15,000 of them, beside a bare libuv loop and redis-server; before
and after each peer has had one line answered."""
import lib


def once(argv, talk):
    with lib.Server(argv) as server:
        result, waited = lib.measure_once(
            server, [lib.program("idle_load"), "--port", str(server.port), "--pid", str(server.pid),
                     "--connections", "15000", *(["--talk"] if talk else [])])
        return result


def main():
    peers = {
        "landline answer --echo": lib.answer("tcp://127.0.0.1:{port}"),
        "idle_uv": [lib.program("idle_uv"), "{port}"],
    }
    if lib.installed("redis-server"):
        peers["redis-server"] = ["redis-server", *lib.REDIS]
    targets = lib.Targets()
    results = lib.rounds({name: lambda a=argv: once(a, False) for name, argv in peers.items()}, 3)
    lib.table("15,000 idle TCP peers: bytes each", results, "bytes_per_peer")
    targets.at_most("landline, bytes a peer", lib.median(results, "landline answer --echo", "bytes_per_peer"), 1024)
    del peers["idle_uv"]  # it never answers
    results = lib.rounds({name: lambda a=argv: once(a, True) for name, argv in peers.items()}, 3)
    lib.table("15,000 idle TCP peers that have said one line: bytes each", results, "bytes_per_peer")
    targets.at_most("landline, bytes a peer that has talked",
                    lib.median(results, "landline answer --echo", "bytes_per_peer"), 1024)
    targets.end()


main()

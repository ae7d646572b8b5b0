#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Fan-out of 64-byte messages from one publisher, 32 in flight, to 100 and 1000 TCP peers: the server's
CPU time per delivery. landline's net layer (fanout_net) beside a bare epoll loop that joins what it
writes in a turn, and ncat --broker."""
import lib

TARGET_US = {100: 0.18, 1000: 0.23}


def main():
    targets = lib.Targets()
    peers = {
        "landline net layer": [lib.program("fanout_net"), "{port}"],
        "epoll_fanout": [lib.program("epoll_fanout"), "{port}"],
    }
    ncat = lib.installed("ncat")
    for members in (100, 1000):
        if ncat and members <= 500:  # it uses select, which ends at descriptor 1024
            peers["ncat --broker"] = ["ncat", "-l", "--broker", "-m", "900", "127.0.0.1", "{port}"]
        else:
            peers.pop("ncat --broker", None)
        servers = {name: lib.Server(argv) for name, argv in peers.items()}
        try:
            results = lib.rounds({
                name: lambda s=server: lib.measure(
                    s, [lib.program("fanout_load"), "--port", str(s.port), "--pid", str(s.pid),
                        "--members", str(members), "--window", "32", "--seconds", str(lib.SECONDS)])
                for name, server in servers.items()})
        finally:
            for server in servers.values():
                server.stop()
        lib.table(f"fan-out to {members}, 32 in flight: server CPU us per delivery", results, "cpu_us")
        lib.table("deliveries/s", results, "per_second")
        targets.at_most(f"landline at {members}, us", lib.median(results, "landline net layer", "cpu_us"),
                        TARGET_US[members])
        targets.at_most(f"landline / epoll_fanout at {members}",
                        lib.ratio(results, "landline net layer", "epoll_fanout", "cpu_us"), 1.15)
    targets.end()


main()

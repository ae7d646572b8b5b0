#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""UDP echo of bursts: 64 datagrams of 64 bytes that leave joined (UDP_SEGMENT), 8 bursts outstanding,
beside a bare loop that takes and gives them joined."""
import socket

import lib

SERVERS = {
    "landline answer --echo": lib.answer("udp://127.0.0.1:{port}", options=["--rate-limit", "0"]),
    "gro_echo": [lib.program("gro_echo"), "{port}"],
    "mmsg_echo": [lib.program("mmsg_echo"), "{port}"],
}


def main():
    servers = {name: lib.Server(argv, socket.SOCK_DGRAM) for name, argv in SERVERS.items()}
    try:
        results = lib.rounds({
            name: lambda s=server: lib.measure(
                s, [lib.program("udp_load"), "--port", str(s.port), "--burst", "64", "--window", "8",
                    "--seconds", str(lib.SECONDS)])
            for name, server in servers.items()})
    finally:
        for server in servers.values():
            server.stop()
    lib.table("UDP echo, bursts of 64 joined datagrams: exchanges/s", results, "per_second")
    targets = lib.Targets()
    targets.at_least("landline / gro_echo",
                     lib.ratio(results, "landline answer --echo", "gro_echo", "per_second"), 0.8)
    targets.end()


main()

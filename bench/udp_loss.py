#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""UDP echo at 300,000 datagrams a second, offered whatever comes back: how many are lost.

A first argument is another rate."""
import socket
import sys

import lib

SERVERS = {
    "landline answer --echo": lib.answer("udp://127.0.0.1:{port}", options=["--rate-limit", "0"]),
    "mmsg_echo": [lib.program("mmsg_echo"), "{port}"],
    "recvfrom_echo": [lib.program("recvfrom_echo"), "{port}"],
}


def main():
    rate = int(sys.argv[1]) if len(sys.argv) > 1 else 300000
    servers = {name: lib.Server(argv, socket.SOCK_DGRAM) for name, argv in SERVERS.items()}
    try:
        results = lib.rounds({
            name: lambda s=server: lib.measure(
                s, [lib.program("udp_load"), "--port", str(s.port), "--rate", str(rate), "--seconds", str(lib.SECONDS)])
            for name, server in servers.items()})
    finally:
        for server in servers.values():
            server.stop()
    lib.table(f"UDP echo, {rate:,}/s wanted: datagrams/s truly offered", results, "offered_per_second")
    lib.table("lost, percent", results, "lost_percent")
    targets = lib.Targets()
    targets.at_most("lost by landline, percent",
                    lib.median(results, "landline answer --echo", "lost_percent"), 0.1)
    targets.end()


main()

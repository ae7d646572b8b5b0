#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""UDP echo of 64-byte datagrams, 64 outstanding, beside bare loops."""
import socket

import lib

SERVERS = {
    "landline answer --echo": lib.answer("udp://127.0.0.1:{port}", options=["--rate-limit", "0"]),
    "mmsg_echo": [lib.program("mmsg_echo"), "{port}"],
    "recvfrom_echo": [lib.program("recvfrom_echo"), "{port}"],
}


def main():
    servers = {name: lib.Server(argv, socket.SOCK_DGRAM) for name, argv in SERVERS.items()}
    try:
        results = lib.rounds({
            name: lambda s=server: lib.measure(
                s, [lib.program("udp_load"), "--port", str(s.port), "--window", "64", "--seconds", str(lib.SECONDS)])
            for name, server in servers.items()})
    finally:
        for server in servers.values():
            server.stop()
    lib.table("UDP echo, 64 bytes, window 64: exchanges/s", results, "per_second")
    targets = lib.Targets()
    targets.at_least("landline / mmsg_echo",
                     lib.ratio(results, "landline answer --echo", "mmsg_echo", "per_second"), 0.95)
    targets.end()


main()

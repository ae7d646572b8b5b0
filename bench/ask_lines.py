#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""landline ask --lines with a window against landline answer --echo over TCP: exchanges a second. Beside it
the bare load generator with the same window on one connection, against the same server."""
import tempfile

import lib

LINES = 400000
WINDOW = 256


def main():
    targets = lib.Targets()
    with lib.Server(lib.answer("tcp://127.0.0.1:{port}")) as server, tempfile.TemporaryFile() as asked:
        for i in range(LINES):
            asked.write(b"%063d\n" % i)
        asked.flush()

        def ask():
            with tempfile.TemporaryFile() as answered:
                result = lib.measure(server, [
                    lib.LANDLINE, "ask", "--lines", "--window", str(WINDOW), f"tcp://127.0.0.1:{server.port}"],
                    stdin=asked, stdout=answered, rewind=(asked, answered))
                asked.seek(0)
                answered.seek(0)
                if asked.read() != answered.read():
                    raise SystemExit("the answers are not what was asked")
            result["per_second"] = LINES / result["elapsed"]
            return result

        def bare():
            return lib.measure(server, [
                lib.program("tcp_load"), "--port", str(server.port), "--connections", "1", "--depth", str(WINDOW),
                "--seconds", str(lib.SECONDS)])

        results = lib.rounds({"landline ask --lines": ask, "tcp_load": bare})
    lib.table(f"{LINES:,} lines of 64 bytes, window {WINDOW}: exchanges/s", results, "per_second")
    targets.at_least("landline ask --lines, exchanges/s",
                     lib.median(results, "landline ask --lines", "per_second"), 200000)
    targets.end()


main()

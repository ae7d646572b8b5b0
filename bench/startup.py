#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How long `landline --version` takes from being started to having ended, beside /bin/true (the price of
starting any program) and `openssl version` (that of its largest library). One after the other in each round;
the libraries it is linked with are said, for each one costs."""
import os
import re
import statistics
import subprocess
import sys
import time

import lib

TIMES = 200
TARGET_MS = 10


def once(argv):
    begin = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status = os.waitpid(pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(argv)}: status {status}")
    return (time.perf_counter() - begin) * 1000


def main():
    programs = {"landline --version": [lib.LANDLINE, "--version"], "true": ["/bin/true"]}
    openssl = lib.installed("openssl")
    if openssl:
        programs["openssl version"] = [openssl, "version"]
    times = {name: [] for name in programs}
    for _ in range(TIMES):
        for name, argv in programs.items():
            times[name].append(once(argv))
    print(f"start to end, ms; median of {TIMES} (lowest, 99th percentile)")
    for name, values in times.items():
        values.sort()
        print(f"  {name:24} {statistics.median(values):8.2f}   ({values[0]:.2f}, {values[TIMES * 99 // 100]:.2f})")
    linked = subprocess.run(["ldd", lib.LANDLINE], capture_output=True, text=True, check=True).stdout
    print("  linked with: " + " ".join(sorted(re.findall(r"^\s+(lib[^. ]+)", linked, re.MULTILINE))))
    targets = lib.Targets()
    targets.at_most("landline --version, ms", statistics.median(times["landline --version"]), TARGET_MS)
    targets.end()


main()

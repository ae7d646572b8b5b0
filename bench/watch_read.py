#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""landline watch FILE, that is reading a capture, following both sides of every connection in it and printing the overview,
beside tcpdump, which only copies the packets, and tshark's list of conversations. Two files, the same each time (capture_make.c): 5,000,000 packets
in short connections, LIVE of them at once, and 1 GiB of eight long ones. All on one core, from the page cache, in
turns; what counts is CPU time, which other programs disturb less than the clock.

BENCH_CONNECTIONS=N  short connections (500000), ten packets each
BENCH_LIVE=N         how many are under way at once (10000)
BENCH_TSHARK=0       leaves tshark out, which takes a minute and 3 GB
BENCH_ROUNDS=N       rounds (5)
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import lib

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "500000"))
LIVE = int(os.environ.get("BENCH_LIVE", "10000"))
LONG_BYTES, LONG_FLOWS = 1 << 30, 8
LABELS_FULL = 100000  # at once, of which not all can have a label any more (LABELS_MAX in see/labels.h)
# How much of tcpdump's time, and of tshark's; bytes of memory a live conversation.
TARGET_SHORT, TARGET_LONG, TARGET_TSHARK, TARGET_BYTES = 0.9, 0.3, 1 / 50, 200


def peak_of(pid):
    """The most memory that it has had so far, in bytes. ru_maxrss begins at what its parent had, and a Python has much."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def once(argv):
    """{cpu (s), wall (s), peak (bytes)} of a program on one core. It is asked for its memory from the other one, every few
    milliseconds: what it takes at its very end may be missed."""
    begin = time.perf_counter()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             preexec_fn=lambda: os.sched_setaffinity(0, {lib.LOAD_CPU % os.cpu_count()}))
    peak, pid = 0, 0
    while not pid:
        peak = max(peak, peak_of(child.pid))
        time.sleep(.005)
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
    child.returncode = status
    if status != 0:
        sys.exit(f"{' '.join(argv)}: status {status}")
    return {"cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - begin, "peak": peak}


def watch(path):
    return [lib.LANDLINE, "watch", str(path)]


def make(path, *argv):
    with open(path, "wb") as file:
        subprocess.run([lib.program("capture_make"), *map(str, argv)], stdout=file, check=True)
    with open(path, "rb") as file:  # all of it into the page cache
        while file.read(1 << 20):
            pass


def compare(path, tcpdump):
    contestants = {"landline": lambda: once(watch(path))}
    if tcpdump:
        contestants["tcpdump -w /dev/null"] = lambda: once([tcpdump, "-r", str(path), "-n", "-w", "/dev/null"])
    results = lib.rounds(contestants)
    for name, values in results.items():
        numbers = [v["cpu"] for v in values]
        print(f"  {name:24} {statistics.median(numbers):6.2f} s of CPU ({min(numbers):.2f} to {max(numbers):.2f}), "
              f"{lib.median(results, name, 'wall'):.2f} s by the clock, "
              f"{lib.median(results, name, 'peak') / 1e6:.1f} MB")
    return results


def main():
    targets = lib.Targets()
    tcpdump = lib.installed("tcpdump")
    tshark = lib.installed("tshark") if os.environ.get("BENCH_TSHARK") != "0" else None
    with tempfile.TemporaryDirectory(prefix="landline-bench-") as name:
        folder = pathlib.Path(name)
        short, long = folder / "short.pcap", folder / "long.pcap"
        make(short, "short", CONNECTIONS, LIVE)
        print(f"{CONNECTIONS * 10} packets in {CONNECTIONS} connections, {LIVE} at once")
        results = compare(short, tcpdump)
        if tcpdump:
            targets.at_most("of tcpdump's time", lib.ratio(results, "landline", "tcpdump -w /dev/null", "cpu"),
                            TARGET_SHORT)
        own = lib.median(results, "landline", "cpu")
        if tshark:
            told = once([tshark, "-q", "-z", "conv,tcp", "-r", str(short)])
            print(f"  {'tshark -z conv,tcp':24} {told['cpu']:6.2f} s of CPU, {told['wall']:.2f} s by the clock, "
                  f"{told['peak'] / 1e6:.0f} MB")
            targets.at_most("of tshark's time", own / told["cpu"], TARGET_TSHARK)

        # The constant is what it takes with few at once; what more it takes for many is theirs.
        many = min(CONNECTIONS, 10 * LIVE)
        few = lib.median(results, "landline", "peak")
        make(short, "short", CONNECTIONS, many)
        peak = once(watch(short))["peak"]
        if many > LIVE:
            targets.at_most("bytes a live conversation", (peak - few) / (many - LIVE), TARGET_BYTES)
        # The same where each has a label. Labels are bounded, so that from where all are taken only flows grow.
        few, many = min(CONNECTIONS, LABELS_FULL), min(CONNECTIONS, 4 * LABELS_FULL)
        peaks = []
        for live in (few, many):
            make(short, "labelled", many, live)
            peaks.append(once(watch(short))["peak"])
        print(f"{many} connections with labels, {few} at once: {peaks[0] / 1e6:.1f} MB; {many} at once: {peaks[1] / 1e6:.1f} MB")
        if many > few:
            targets.at_most("bytes a live conversation with a label", (peaks[1] - peaks[0]) / (many - few), TARGET_BYTES)
        short.unlink()

        make(long, "long", LONG_BYTES, LONG_FLOWS)
        print(f"{LONG_BYTES >> 20} MiB of {LONG_FLOWS} connections")
        results = compare(long, tcpdump)
        if tcpdump:
            targets.at_most("of tcpdump's time", lib.ratio(results, "landline", "tcpdump -w /dev/null", "cpu"),
                            TARGET_LONG)
    targets.end()


main()

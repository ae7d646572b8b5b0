#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""landline watch INTERFACE, that is following every conversation and printing its row, and the same with --write FILE,
beside tcpdump and dumpcap, which only write the packets: how many of those that are sent does each take, and at what cost?
On the loopback interface of a namespace that the bench makes (as root, or as anybody where users may make namespaces). The
capture on CPU 0, the sender on CPU 1, one capture at a time, at rates that step up. What was lost is what was sent
and is not among what was captured, whatever the program says about it. All have the same buffer for packets that wait.

BENCH_RATES=N,N,...  packets a second; 0: as many as can be sent (50000,100000,200000,400000,0)
BENCH_BYTES=N        of payload in each (64)
BENCH_BUFFER=N       MiB of the buffer (16)
BENCH_ROUNDS=N       rounds (3 unless told); of each the median, and of what was lost the least
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import lib

RATES = [int(rate) for rate in os.environ.get("BENCH_RATES", "50000,100000,200000,400000,0").split(",")]
BYTES = int(os.environ.get("BENCH_BYTES", "64"))
BUFFER = int(os.environ.get("BENCH_BUFFER", "16"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))


def enter_namespace():
    """Becomes this script once more, in a network of its own."""
    if os.environ.get("BENCH_INSIDE"):
        return
    os.environ["BENCH_INSIDE"] = "1"
    flags = "-n" if os.geteuid() == 0 else "-Urn"
    os.execvp("unshare", ["unshare", flags, "sh", "-c", 'ip link set lo up && exec "$@"', "sh",
                          sys.executable, *sys.argv])


class Capture:
    """argv; what it says when it has begun; and where at its end it says how many packets it took."""

    def __init__(self, argv, begun, counted):
        self.argv, self.begun, self.counted = list(map(str, argv)), begun, re.compile(counted)


def contestants(folder):
    """{name: Capture}"""
    own = [lib.LANDLINE, "watch", "lo", "--lines", "--buffer", f"{BUFFER}M"]
    begun, counted = b"capturing on", r"\(TCP [\d,]+, UDP ([\d,]+)"
    found = {"landline": Capture(own, begun, counted),
             "landline --write": Capture([*own, "--write", folder / "own.pcapng"], begun, counted)}
    if (tcpdump := lib.installed("tcpdump")):
        # In a namespace of users there is nobody else that it could become.
        found["tcpdump -w"] = Capture(
            [tcpdump, "-Z", "root", "-n", "-i", "lo", "-B", BUFFER << 10, "-w", folder / "tcpdump.pcap"],
            b"listening on", r"(\d+) packets? captured")
    if (dumpcap := lib.installed("dumpcap")):
        found["dumpcap -w"] = Capture([dumpcap, "-q", "-i", "lo", "-B", BUFFER, "-w", folder / "dumpcap.pcapng"],
                                      b"File:", r"Packets captured: (\d+)")
    return found


def once(capture, folder, rate):
    """{sent, taken, lost, cpu (s)}"""
    said_at, printed_at = folder / "said", folder / "printed"
    with open(said_at, "wb") as said, open(printed_at, "wb") as printed:
        child = subprocess.Popen(capture.argv, stdin=subprocess.DEVNULL, stdout=printed, stderr=said,
                                 preexec_fn=lambda: os.sched_setaffinity(0, {lib.SERVER_CPU}))
    try:
        end = time.monotonic() + 20
        while capture.begun not in said_at.read_bytes():
            if child.poll() is not None or time.monotonic() > end:
                sys.exit(f"{' '.join(capture.argv)}: {said_at.read_text()}")
            time.sleep(.01)
        load = subprocess.run([lib.program("pace_load"), "--rate", str(rate), "--seconds", str(lib.SECONDS),
                               "--bytes", str(BYTES)], stdout=subprocess.PIPE, check=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, {lib.LOAD_CPU % os.cpu_count()}))
        time.sleep(1)  # tcpdump and dumpcap throw away what still waits when they are ended
        child.send_signal(signal.SIGINT)
        used = os.wait4(child.pid, 0)[2]
        child.returncode = 0
    finally:
        if child.returncode is None:
            child.kill()
            child.wait()
    told = said_at.read_text(errors="replace") + printed_at.read_text(errors="replace")
    count = capture.counted.search(told)
    if not count:
        sys.exit(f"{' '.join(capture.argv)}: does not say how much it took:\n{told[-2000:]}")
    sent, taken = json.loads(load.stdout)["sent"], int(count[1].replace(",", ""))
    return {"sent": sent, "taken": taken, "lost": sent - taken, "cpu": used.ru_utime + used.ru_stime}


def main():
    enter_namespace()
    targets = lib.Targets()
    with tempfile.TemporaryDirectory(prefix="landline-bench-") as name:
        folder = pathlib.Path(name)
        captures = contestants(folder)
        for rate in RATES:
            results = lib.rounds({name: lambda c=capture: once(c, folder, rate) for name, capture in captures.items()},
                                 ROUNDS)
            print(f"{rate or 'as many as can be sent'}{' packets a second' if rate else ''}, {BYTES} bytes each, for {lib.SECONDS} s")
            for name, values in results.items():
                print(f"  {name:18} sent {lib.median(results, name, 'sent'):10,.0f}   "
                      f"taken {lib.median(results, name, 'taken'):10,.0f}   lost {min(v['lost'] for v in values):9,}"
                      f" to {max(v['lost'] for v in values):9,}   CPU {lib.median(results, name, 'cpu'):6.2f} s")
            # Where tcpdump never lost one; another program that takes the CPU may make anybody lose some once.
            if "tcpdump -w" in results and max(v["lost"] for v in results["tcpdump -w"]) == 0:
                for name in ("landline", "landline --write"):
                    targets.at_most(f"{name}: lost where tcpdump lost none", min(v["lost"] for v in results[name]), 0)
    targets.end()


main()

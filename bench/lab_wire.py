#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The wire of landline lab beside a bare veth pair between two namespaces, which is what it stands for: throughput of one TCP
connection, the round trip of a small datagram, and how exactly a delay is kept. The programs at the ends are the same, in turns.

BENCH_ROUNDS=N    rounds (3)
BENCH_MB=N        mebibytes a round (500)
BENCH_PINGS=N     round trips a round (2000)
"""
import os
import statistics
import subprocess
import sys
import textwrap

import lib

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
MEBIBYTES = int(os.environ.get("BENCH_MB", "500"))
PINGS = int(os.environ.get("BENCH_PINGS", "2000"))
DELAY_MS = 10
TARGET_GBIT_S, TARGET_DELAY_US = 2, 100

SERVER = textwrap.dedent("""
    import socket
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(('', 9000))
    s = socket.create_server(('', 9000))
    while True:
        data, peer = u.recvfrom(100)
        if data == b'now':
            break
        u.sendto(data, peer)
    c, _ = s.accept()
    n = 0
    while data := c.recv(1 << 20):
        n += len(data)
    c.sendall(b'%d' % n)
    c.close()
""")
CLIENT = textwrap.dedent("""
    import socket, sys, time
    host, mebibytes, pings = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.connect((host, 9000))
    took = []
    for i in range(pings):
        begin = time.perf_counter_ns()
        u.send(b'x' * 64)
        u.recv(100)
        took.append(time.perf_counter_ns() - begin)
    u.send(b'now')
    block = bytes(1 << 20)
    c = socket.create_connection((host, 9000))
    begin = time.perf_counter()
    for i in range(mebibytes):
        c.sendall(block)
    c.shutdown(socket.SHUT_WR)
    n = int(c.recv(100))
    seconds = time.perf_counter() - begin
    took.sort()
    print(n * 8 / seconds / 1e9, took[len(took) // 2] / 1000, took[len(took) * 99 // 100] / 1000, flush=True)
""")

# Two namespaces within one of ours, and a pair of veth between them. $1 is the server's program, the rest the client's.
BARE = textwrap.dedent("""
    set -eu
    unshare -n sleep 1000 & other=$!
    trap 'kill $other' EXIT
    while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do :; done
    ip link add wire0 type veth peer name wire1 netns $other
    ip addr add 10.9.0.1/24 dev wire0
    ip link set wire0 up
    nsenter -t $other -n ip addr add 10.9.0.2/24 dev wire1
    nsenter -t $other -n ip link set wire1 up
    nsenter -t $other -n python3 -c "$1" & server=$!
    while ! nsenter -t $other -n ss -Htln | grep -q :9000; do :; done
    shift
    "$@"
    wait $server
""")


def client(host, mebibytes, pings):
    return ["python3", "-c", CLIENT, host, str(mebibytes), str(pings)]


def figures(argv):
    """(Gbit/s, median round trip and its 99th percentile, in us)"""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    words = done.stdout.replace("client: ", "").split()
    if done.returncode or len(words) < 3:
        sys.exit(f"{argv[:6]}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return [float(word) for word in words[:3]]


def lab(options, mebibytes, pings):
    return [lib.LANDLINE, "lab", "--quiet", *options, "--", "python3", "-c", SERVER, "--",
            *client("server", mebibytes, pings)]


def main():
    targets = lib.Targets()
    kinds = {
        "bare veth": ["unshare", "-Urn", "sh", "-c", BARE, "sh", SERVER, *client("10.9.0.2", MEBIBYTES, PINGS)],
        "lab, veth": lab(["--backend", "veth"], MEBIBYTES, PINGS),
        "lab, veth, --fast": lab(["--backend", "veth", "--fast"], MEBIBYTES, PINGS),
    }
    if os.access("/dev/net/tun", os.R_OK | os.W_OK):
        kinds["lab, tun"] = lab(["--backend", "tun"], MEBIBYTES, PINGS)
        kinds["lab, tun, --fast"] = lab(["--backend", "tun", "--fast"], MEBIBYTES, PINGS)
    found = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, argv in kinds.items():
            found[name].append(figures(argv))
    print(f"one TCP connection, {MEBIBYTES} MiB; {PINGS} datagrams of 64 bytes and back; medians of {ROUNDS} rounds")
    print(f"{'':20} {'Gbit/s':>8} {'of veth':>8} {'round trip us':>14} {'p99 us':>8}")
    bare = statistics.median(row[0] for row in found["bare veth"])
    best = 0
    for name, rows in found.items():
        speed, trip, late = (statistics.median(column) for column in zip(*rows))
        best = max(best, speed if name != "bare veth" else 0)
        print(f"{name:20} {speed:8.2f} {speed / bare:8.2f} {trip:14.1f} {late:8.1f}")

    trip = statistics.median(figures(lab(["--delay", f"{DELAY_MS}ms"], 1, 200))[1] for _ in range(ROUNDS))
    over = (trip - 2 * DELAY_MS * 1000) / 2
    print(f"--delay {DELAY_MS}ms: a way takes {over:.1f} us more than that, in the median")
    targets.at_least("Gbit/s with no fates", best, TARGET_GBIT_S)
    targets.at_most("us more than the delay that was asked for", over, TARGET_DELAY_US)
    targets.end()


main()

# SPDX-License-Identifier: ISC
"""What the benches share: servers on CPU 0, load on CPU 1, rounds that alternate, medians, ratios.

A wall clock says little on a machine that others use too. So each round looks at how long the server
and the load stood in line for their CPU (/proc/PID/schedstat); a round in which that was more than a
twentieth of the time is done again, and if there is no quiet one after some tries, that is said.

BENCH_BUILD=FOLDER   where the programs are (build-bench)
BENCH_ROUNDS=N       rounds (5)
BENCH_SECONDS=N      length of one measurement (2)
BENCH_NICE=N         the niceness of servers and load; negative needs root
BENCH_FIFO=N         or their real-time priority (SCHED_FIFO), for a machine that is never quiet; needs root
"""
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BENCH_BUILD", os.path.join(os.path.dirname(HERE), "build-bench"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))
NICE = int(os.environ.get("BENCH_NICE", "0"))
FIFO = int(os.environ.get("BENCH_FIFO", "0"))
SERVER_CPU, LOAD_CPU = 0, 1
WAITED_LIMIT = 0.05
TRIES = 6

# Peers that have a process for each connection.
FORKING = ("socat fork", "ncat --exec cat")

LANDLINE = os.path.join(BUILD, "landline")


# Ended from outside, a script still ends its servers.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def program(name):
    return os.path.join(BUILD, "bench", name)


def installed(name):
    """The path of a peer, or None, which is said."""
    path = shutil.which(name)
    if path is None:
        print(f"  ({name} is not installed and is left out)")
    return path


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _settle(cpu):
    os.sched_setaffinity(0, {cpu % os.cpu_count()})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if FIFO:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO))
    elif NICE:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        try:  # where sessions are scheduled as groups, it is the group's niceness that counts
            with open("/proc/self/autogroup", "w", encoding="ascii") as file:
                file.write(str(NICE))
        except OSError:
            pass


def _schedstat(pid):
    """(ns on a CPU, ns in line for one), all threads together."""
    ran = waited = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                fields = file.read().split()
        except OSError:
            continue
        ran += int(fields[0])
        waited += int(fields[1])
    return ran, waited


class Server:
    """A server on its CPU, until the end of the with block. argv may name {port}."""

    def __init__(self, argv, kind=socket.SOCK_STREAM):
        self.port = free_port(kind)
        self.argv = [a.replace("{port}", str(self.port)) for a in argv]
        self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, start_new_session=True,
                                      preexec_fn=lambda: _settle(SERVER_CPU))
        try:
            self._wait(kind)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.child.pid

    def _wait(self, kind):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            if self._answers(kind):
                return
            time.sleep(0.02)
        sys.exit(f"{' '.join(self.argv)}: is not listening")

    def _answers(self, kind):
        table = "/proc/net/udp" if kind == socket.SOCK_DGRAM else "/proc/net/tcp"
        state = "07" if kind == socket.SOCK_DGRAM else "0A"
        for name in (table, table + "6"):
            with open(name, encoding="ascii") as file:
                for line in file.readlines()[1:]:
                    fields = line.split()
                    if fields[1].endswith(f":{self.port:04X}") and fields[3] == state:
                        return True
        return False

    def stop(self):
        # Its own session: the children that socat and ncat fork end with it.
        try:
            os.killpg(self.child.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        try:
            self.child.wait(3)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def measure_once(server, argv, stdin=None, stdout=subprocess.PIPE, rewind=()):
    """Runs a load against a server. Returns (what its last line of JSON says, share waited); beside
    what the load says there are server_cpu and load_cpu (shares of the time) and elapsed (s). The files in
    rewind are read or written from their start."""
    for file in rewind:
        file.seek(0)
    before = _schedstat(server.pid)
    start = time.monotonic()
    child = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, start_new_session=True,
                             preexec_fn=lambda: _settle(LOAD_CPU))
    out, said = b"", b""
    if stdout == subprocess.PIPE:
        out = child.stdout.read()  # a line of JSON
    said = child.stderr.read()
    # The load stays a zombie until it is waited for, and a zombie still has its schedstat.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    elapsed = time.monotonic() - start
    load = _schedstat(child.pid)
    after = _schedstat(server.pid)
    child.communicate()
    if child.returncode != 0:
        sys.exit(f"{' '.join(argv)}: status {child.returncode}: {said.decode(errors='replace').strip()}")
    result = json.loads(out.splitlines()[-1]) if out.strip() else {}
    result["elapsed"] = elapsed
    result["server_cpu"] = (after[0] - before[0]) / 1e9 / elapsed
    result["load_cpu"] = load[0] / 1e9 / elapsed
    waited = max(after[1] - before[1], load[1]) / 1e9 / elapsed
    return result, waited


def measure(server, argv, tries=TRIES, **how):
    """measure_once, again until the machine was quiet; else the quietest of the tries. A server that starts
    processes is never quiet: its children stand in line behind each other."""
    best = None
    for _ in range(tries):
        result, waited = measure_once(server, argv, **how)
        result["waited"] = waited
        if best is None or waited < best["waited"]:
            best = result
        if waited <= WAITED_LIMIT:
            break
    return best


def rounds(contestants, count=None):
    """contestants: {name: function that measures once and returns a dict}. They take turns, A B C A B C.
    Returns {name: [dict, ...]}."""
    results = {name: [] for name in contestants}
    for _ in range(count or ROUNDS):
        for name, run in contestants.items():
            results[name].append(run())
    return results


def median(results, name, key):
    return statistics.median(r[key] for r in results[name])


def ratio(results, a, b, key):
    """The median of the ratios of neighbours: what drifts hits both of a round."""
    return statistics.median(x[key] / y[key] if y[key] else float("inf")
                             for x, y in zip(results[a], results[b]))


def _number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def table(title, results, key):
    """Prints the median of key for each, with the range, and how busy the two CPUs were."""
    count = len(next(iter(results.values())))
    print(f"{title}; median of {count} (lowest to highest)")
    for name, values in results.items():
        numbers = [v[key] for v in values]
        server = median(results, name, "server_cpu")
        print(f"  {name:24} {_number(statistics.median(numbers)):>12}"
              f"   ({_number(min(numbers))} to {_number(max(numbers))})   CPU server "
              + ("in children" if name in FORKING else f"{server:.2f}")
              + f", load {median(results, name, 'load_cpu'):.2f}")
        unquiet = sum(1 for v in values if v.get("waited", 0) > WAITED_LIMIT and name not in FORKING)
        if unquiet:
            print(f"  {'':24} {unquiet} of {len(values)} were disturbed by other programs")


class Targets:
    """Collects what was reached; end() is the script's exit status."""

    def __init__(self):
        self.missed = 0

    def at_least(self, what, value, target):
        self._say(what, value, ">=", target, value >= target)

    def at_most(self, what, value, target):
        self._say(what, value, "<=", target, value <= target)

    def _say(self, what, value, sign, target, met):
        if not met:
            self.missed += 1
        print(f"  {what}: {_number(value)}, wanted {sign} {_number(target)}: {'met' if met else 'MISSED'}")

    def end(self):
        sys.exit(1 if self.missed else 0)


def answer(*addresses, options=()):
    """argv of an echoing landline; its limit for datagrams per source is off, as the peers have none."""
    return [LANDLINE, "answer", "--echo", "--quiet", *options, *addresses]


REDIS = ["--save", "", "--appendonly", "no", "--protected-mode", "no", "--bind", "127.0.0.1",
         "--maxclients", "18000", "--tcp-backlog", "4096", "--loglevel", "warning", "--port", "{port}"]

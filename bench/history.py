#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Searching a history of a million messages: through the store, as chat asks, and by the whole program, beside
what one would do without an index: LIKE in the same database, and grep over the exported text. Each round asks
all three in turn. Also how fast it is written, how large it is, and how much memory an export of all takes.

BENCH_MESSAGES=N     another length (1000000)
BENCH_ROUNDS=N       rounds (5)
"""
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import lib

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
TARGET_MS = 50
EXPORT_TARGET_MIB = 64

# What it is, and WHO|SEARCH|SINCE|UNTIL of history_load.
MIDDLE = f"{MESSAGES // 2}|{MESSAGES // 2 + MESSAGES // 100}"
QUESTIONS = {
    "the newest, of all": "|||",
    "the newest, of one": "c40|||",
    "an hour in the middle": f"||{MESSAGES // 2}|{MESSAGES // 2 + 3600}",
    "a frequent word": "|okay||",
    "a frequent Chinese word": "|好的||",
    "one Chinese character": "|好||",
    "one letter": "|o||",
    "a rare word": "|xylophone||",
    "a rare Chinese word": "|鸵鸟||",
    "an absent word": "|zeppelin||",
    "an absent Chinese word": "|企鹅||",
    "an absent long word": "|temperatures||",
    "frequent, of one who says it": "c40|okay||",
    "frequent, of one who does not": "c99|okay||",
    "frequent, in the middle": f"|okay|{MIDDLE}",
    "frequent, of one, in the middle": f"c40|okay|{MIDDLE}",
    "rare, of one, before the end": f"c00|xylophone|0|{MESSAGES - MESSAGES // 100}",
    "two frequent words": "|okay ka||",
    "two that never meet": "|okay 好的||",
}
# Asked of the others, too: the word, how often it is there.
BESIDE = {"a frequent word": "okay", "a rare word": "xylophone", "an absent word": "zeppelin",
          "a rare Chinese word": "鸵鸟", "an absent Chinese word": "企鹅"}


def run(argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **more)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(argv)}: status {done.returncode}: {done.stderr}")
    return done.stdout


def milliseconds(function):
    begin = time.perf_counter()
    function()
    return (time.perf_counter() - begin) * 1000


def export(folder, env):
    """Writes all as text. Returns (seconds, peak memory in MiB)."""
    begin = time.perf_counter()
    with open(folder / "all.txt", "wb") as file:
        child = subprocess.Popen([lib.LANDLINE, "history", "--export", "text"], env=env, stdout=file)
        _, status, used = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"landline history --export text: status {status}")
    return time.perf_counter() - begin, used.ru_maxrss / 1024


def beside(database, folder, env):
    """{question: {contestant: ms}}, medians of rounds in which each takes its turn."""
    db = sqlite3.connect(database)
    # grep as fast as it goes: bytes, no classes.
    grep_env = {**os.environ, "LC_ALL": "C"}
    result = {}
    for name, word in BESIDE.items():
        ways = {
            "landline history": lambda w=word: run([lib.LANDLINE, "history", "-s", w], env=env),
            "LIKE": lambda w=word: db.execute("SELECT id, text FROM message WHERE text LIKE ? ORDER BY id DESC"
                                              " LIMIT 50", (f"%{w}%",)).fetchall(),
            "grep | tail": lambda w=word: run(["sh", "-c", f"grep -F {w} all.txt | tail -50"], cwd=folder,
                                              env=grep_env),
        }
        times = {way: [] for way in ways}
        for _ in range(lib.ROUNDS):
            for way, function in ways.items():
                times[way].append(milliseconds(function))
        result[name] = {way: statistics.median(values) for way, values in times.items()}
    db.close()
    return result


def main():
    targets = lib.Targets()
    load = lib.program("history_load")
    with tempfile.TemporaryDirectory(prefix="landline-bench-") as name:
        folder = pathlib.Path(name)
        database = folder / "landline" / "history.db"
        env = {**os.environ, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name}
        filled = json.loads(run([load, "fill", str(database), str(MESSAGES)]))
        size = database.stat().st_size
        print(f"{MESSAGES} messages written in {filled['seconds']:.0f} s, "
              f"{MESSAGES / filled['seconds']:.0f} a second; {size / MESSAGES:.0f} bytes each")

        out = run([load, "ask", str(database), str(max(3, lib.ROUNDS)), *QUESTIONS.values()])
        print("through the store, at most 50 messages: ms, median (the first time; found)")
        slowest = 0
        for question, line in zip(QUESTIONS, out.splitlines()):
            told = json.loads(line)
            print(f"  {question:34} {told['median_ms']:9.2f}   ({told['first_ms']:.2f}; {told['found']})")
            slowest = max(slowest, told["median_ms"])
        targets.at_most("the slowest of them, ms", slowest, TARGET_MS)

        seconds, peak = export(folder, env)
        text = (folder / "all.txt").stat().st_size
        print(f"export of all: {seconds:.1f} s, {text / 1e6:.0f} MB, {peak:.0f} MiB of memory")
        targets.at_most("memory of an export, MiB", peak, EXPORT_TARGET_MIB)

        print("the whole program beside others: ms (times landline's)")
        for question, times in beside(database, folder, env).items():
            own = times["landline history"]
            print(f"  {question:24} " + "   ".join(f"{way} {ms:.1f} ({ms / own:.1f})" for way, ms in times.items()))
    targets.end()


main()

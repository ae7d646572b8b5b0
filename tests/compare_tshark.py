#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compares how landline and tshark count the conversations of capture files: compare_tshark.py [--close] FILE-OR-FOLDER...

Of each file every TCP and UDP conversation is compared by its ends and by its packets, SYN, SYN+ACK, FIN and RST; and of the
whole file the sums of retransmissions, segments out of order, duplicate ACKs and zero windows are shown, which do not decide.
Prints a line for each file that differs, with what differs, and a table at the end. Exit status 1 if the reader broke: a
signal, a hang, or a sanitizer's finding. LANDLINE_BUILD names the build (default: build)."""
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get('LANDLINE_BUILD', 'build'))
DEADLINE_S = 300
NOTED = ['retransmissions', 'out_of_order', 'duplicate_acks', 'zero_windows']
ANALYSIS = ['tcp.analysis.retransmission', 'tcp.analysis.out_of_order', 'tcp.analysis.duplicate_ack',
            'tcp.analysis.zero_window']
FIELDS = ['frame.protocols', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'tcp.stream', 'tcp.srcport', 'tcp.dstport', 'tcp.flags',
          'udp.stream', 'udp.srcport', 'udp.dstport', *ANALYSIS]


def ended(a, b):
    return ' '.join(sorted([a, b]))


def end(address, port):
    return f'[{address}]:{port}' if ':' in address else f'{address}:{port}'


class Counts:
    """Conversations as a multiset of (protocol, ends, packets, SYN, SYN+ACK, FIN, RST)."""

    def __init__(self):
        self.conversations = collections.Counter()
        self.noted = collections.Counter()
        self.error = ''

    def sums(self):
        total = collections.Counter()
        for (protocol, _, *counts), times in self.conversations.items():
            total[protocol] += times
            for name, count in zip(['packets', 'syn', 'syn_ack', 'fin', 'rst'], counts):
                total[f'{protocol} {name}'] += count * times
        return total


def landline(path, close):
    done = subprocess.run([str(BUILD / 'tests/flow_lines'), *(['--close'] if close else []), str(path)], capture_output=True,
                          timeout=DEADLINE_S)
    counts = Counts()
    counts.error = done.stderr.decode(errors='replace').strip()
    counts.broken = done.returncode not in (0, 9)
    for line in done.stdout.decode().splitlines():
        row = line.split('\t')
        if line.startswith('#'):
            continue
        counts.conversations[(row[1], ended(row[11], row[20]), *map(int, row[4:9]))] += 1
        if row[1] == 'tcp':
            for at in (16, 25):
                for name, value in zip(NOTED, row[at:at + 4]):
                    counts.noted[name] += int(value)
    return counts


class Layers:
    """The TCP and UDP layers of a frame, as tshark's fields tell of them: each with the IP layer it was in."""

    def __init__(self, row):
        self.values = {field: value.split(',') if value else [] for field, value in zip(FIELDS, row)}
        self.taken = collections.Counter()

    def take(self, field):
        values, at = self.values[field], self.taken[field]
        self.taken[field] += 1
        return values[at] if at < len(values) else None

    def __iter__(self):
        ends, quotes = ('', ''), False
        for protocol in (self.values['frame.protocols'] or [''])[0].split(':'):
            if protocol in ('ip', 'ipv6'):
                pair = self.take(protocol + '.src'), self.take(protocol + '.dst')
                ends = pair if all(pair) else ends
            elif protocol in ('icmp', 'icmpv6'):
                quotes = True
            elif protocol in ('tcp', 'udp'):
                stream = self.take(protocol + '.stream')
                ports = self.take(protocol + '.srcport'), self.take(protocol + '.dstport')
                flags = self.take('tcp.flags') if protocol == 'tcp' else '0'
                # What an ICMP error quotes was counted when it was sent.
                if stream is not None and not quotes:
                    yield protocol, stream, ends, ports, int(flags or '0', 16)


def tshark(path):
    argv = ['tshark', '-n', '-r', str(path), '-T', 'fields', '-E', 'occurrence=a']
    for field in FIELDS:
        argv += ['-e', field]
    done = subprocess.run(argv, capture_output=True, timeout=DEADLINE_S)
    counts = Counts()
    counts.error = ' '.join(line for line in done.stderr.decode(errors='replace').splitlines() if 'Running as user' not in line)
    streams = {}
    for line in done.stdout.decode(errors='replace').splitlines():
        layers = Layers(line.split('\t'))
        is_tcp = False
        for protocol, stream, ends, ports, flags in layers:
            is_tcp = is_tcp or protocol == 'tcp'
            name = ended(*(end(address, port) for address, port in zip(ends, ports)))
            row = streams.setdefault((protocol, stream), [name, 0, 0, 0, 0, 0])
            syn = flags & 0x12
            for at, is_one in enumerate([True, syn == 0x02, syn == 0x12, flags & 1, flags & 4], 1):
                row[at] += bool(is_one) if protocol == 'tcp' or at == 1 else 0
        if is_tcp:
            for name, field in zip(NOTED, ANALYSIS):
                counts.noted[name] += bool(layers.values[field])
    for (protocol, _), row in streams.items():
        counts.conversations[(protocol, *row)] += 1
    return counts


def compare(argument):
    path, close = argument
    try:
        ours = landline(path, close)
        theirs = tshark(path)
    except subprocess.TimeoutExpired as late:
        return path, None, None, f'{late.cmd[0]} took longer than {DEADLINE_S} s'
    return path, ours, theirs, None


def told(conversations, limit=4):
    rows = [' '.join(map(str, row)) + (f' x{times}' if times > 1 else '') for row, times in sorted(conversations.items())]
    return '; '.join(rows[:limit]) + (f'; and {len(rows) - limit} more' if len(rows) > limit else '')


def main(arguments):
    close = '--close' in arguments
    paths = []
    for argument in arguments:
        path = pathlib.Path(argument)
        if path.is_dir():
            paths += sorted(each for each in path.rglob('*') if each.is_file())
        elif argument != '--close':
            paths.append(path)
    tally = collections.Counter()
    noted = {'landline': collections.Counter(), 'tshark': collections.Counter(), 'files': collections.Counter()}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, ours, theirs, late in pool.map(compare, [(path, close) for path in paths]):
            if late or ours.broken:
                tally['broken'] += 1
                print(f'BROKEN {path}: {late or ours.error or "a signal"}')
                continue
            tally['of which refused or cut short'] += ours.error != ''
            noted['landline'] += ours.noted
            noted['tshark'] += theirs.noted
            for name in NOTED:
                noted['files'][name] += ours.noted[name] == theirs.noted[name]
            if ours.conversations == theirs.conversations:
                tally['agree'] += 1
                continue
            differ = [f'{name} {ours.sums()[name]} not {theirs.sums()[name]}' for name in sorted(ours.sums() | theirs.sums())
                      if ours.sums()[name] != theirs.sums()[name]]
            tally['differ' if differ else 'differ in whose they are only'] += 1
            print(f'DIFFER {path}: {", ".join(differ) or "only in whose they are"}'
                  f'\n    landline: {told(ours.conversations - theirs.conversations)}'
                  f'\n    tshark:   {told(theirs.conversations - ours.conversations)}'
                  + (f'\n    landline says: {ours.error}' if ours.error else '')
                  + (f'\n    tshark says: {theirs.error}' if theirs.error else ''))
    print(f'{len(paths)} files: ' + ', '.join(f'{count} {name}' for name, count in tally.items()))
    for name in NOTED:
        print(f'{name}: landline {noted["landline"][name]}, tshark {noted["tshark"][name]}; the same in '
              f'{noted["files"][name]} files')
    return 1 if tally['broken'] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

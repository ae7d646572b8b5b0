# SPDX-License-Identifier: ISC
"""Conversations as see/ follows them: whom they are found to be between, the states that each way to open and close leaves both
ends in, and, beside tshark, packets, bytes, SYN, SYN+ACK, FIN, RST, retransmissions, segments out of order and zero windows
of each. The captures are made by chance with losses, overtaking, wraps and ports used again (tests/conversations.py). Driven
by tests/flow_lines.c."""
import itertools
import shutil
import struct
import subprocess
import unittest

import captures
import conversations
import harness
from captures import ACK, PSH, RST, SYN

FIELDS = ['tcp.stream', 'tcp.flags', 'tcp.len', 'ip.src', 'ipv6.src', 'tcp.srcport', 'tcp.analysis.retransmission',
          'tcp.analysis.out_of_order', 'tcp.analysis.zero_window']
COUNTED = ['packets', 'payload', 'syn', 'syn_ack', 'fin', 'rst', 'retransmissions', 'out_of_order', 'zero_windows']
OF_A_SIDE = ['has_syn', 'packets', 'payload', 'retransmissions', 'out_of_order', 'duplicate_acks', 'zero_windows']


def endpoint(address, port):
    return f'[{address}]:{port}' if ':' in address else f'{address}:{port}'


class Flow:
    def __init__(self, line):
        row = line.split('\t')
        self.number, self.protocol, self.opened, self.closed = int(row[0]), *row[1:4]
        self.whole = dict(zip(['packets', 'syn', 'syn_ack', 'fin', 'rst', 'icmp_errors'], map(int, row[4:10])))
        self.findings = [] if row[10] == '-' else row[10].split(',')
        self.a, self.b = row[11], row[20]
        self.sides = [dict(zip(OF_A_SIDE, map(int, row[at + 2:at + 9])), state=row[at + 1]) for at in (11, 20)]

    def states(self):
        return tuple(side['state'] for side in self.sides)

    def sums(self):
        return {name: self.whole[name] if name in self.whole else self.sides[0][name] + self.sides[1][name] for name in COUNTED}


class Case(harness.Case):
    def flows(self, packets):
        self.path = self.tmp / 'made.pcap'
        self.path.write_bytes(captures.pcap(packets, nano=True))
        done = subprocess.run([str(harness.build_dir() / 'tests/flow_lines'), str(self.path)], capture_output=True, text=True,
                              timeout=harness.DEADLINE_S)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        *lines, self.capture = done.stdout.splitlines()
        return sorted(map(Flow, lines), key=lambda flow: flow.number)


class States(Case):
    def test_as_they_were_made(self):
        packets, made = conversations.made(1, 500)
        flows = self.flows(packets)
        self.assertEqual(len(flows), len(made))
        for flow, connection in zip(flows, made):
            self.assertEqual(flow.a, endpoint(connection.a.address, connection.a.port))
            self.assertEqual(flow.b, endpoint(connection.b.address, connection.b.port))
            self.assertEqual(flow.states(), connection.states, flow.a)

    def test_from_the_middle_on(self):
        """Without the first packets of a file states are inferred, but nothing else is marked so."""
        packets, made = conversations.made(2, 300)
        flows = self.flows(packets[len(packets) // 3:])
        inferred = [flow for flow in flows if any(state.endswith('~') for state in flow.states())]
        self.assertTrue(0 < len(inferred) < len(flows))
        for flow in flows:
            if flow.whole['syn'] and flow.sides[0]['has_syn'] and flow.sides[1]['has_syn']:
                self.assertFalse(any(state.endswith('~') for state in flow.states()), flow.a)

    def test_a_single_byte_that_was_overtaken(self):
        """It fills a gap within the round trip, so it was not sent again. tshark 4.0 has neither verdict for it."""
        out = []
        one = conversations.Connection(out, None, conversations.Side('10.0.0.1', 1000, 5), conversations.Side('10.0.0.2', 80, 9), 0)
        one.segment(one.a, SYN)
        one.wait()
        one.segment(one.b, SYN | ACK)
        one.wait()
        one.segment(one.a, ACK)
        one.segment(one.a, ACK | PSH, b'3', seq=8)
        one.wait(100_000)
        one.segment(one.a, ACK | PSH, b'1', seq=6)
        one.segment(one.a, ACK | PSH, b'2', seq=7)
        flow, = self.flows([(time_ns, frame, len(frame)) for time_ns, frame in out])
        self.assertEqual((flow.sides[0]['out_of_order'], flow.sides[0]['retransmissions']), (2, 0))


    def test_asked_again_with_the_same_number_after_a_refusal(self):
        """A SYN that was refused and is sent again with the same number, then accepted: side b stayed CLOSED, and the one
        connection was both refused and reset. The RST has ended the first (RFC 9293, section 3.10.7.3), so these are two."""
        out = []
        a, b = conversations.Side('10.0.0.1', 1000, 500), conversations.Side('10.0.0.2', 80, 0)
        one = conversations.Connection(out, None, a, b, 0)
        one.segment(a, SYN)
        one.segment(b, RST | ACK)
        one.wait(500_000_000)
        one.segment(a, SYN, seq=500)
        b.next = 9000
        one.segment(b, SYN | ACK)
        one.wait()
        one.segment(a, ACK)
        first, second = self.flows([(time_ns, frame, len(frame)) for time_ns, frame in out])
        self.assertEqual((first.opened, first.closed, second.opened, second.closed), ('refused', 'refused', 'three-way', 'open'))
        self.assertEqual(second.states(), ('ESTABLISHED', 'ESTABLISHED'))


class Fragments(Case):
    def pieces(self, number, size=4000, version=4):
        datagram = captures.udp(40000, 53, bytes([number]) * size)
        out = []
        for at in range(0, len(datagram), 1480):
            piece = datagram[at:at + 1480]
            more = at + 1480 < len(datagram)
            if version == 4:
                out.append(captures.ipv4('10.0.0.1', '10.0.0.2', captures.UDP, piece, ident=number,
                                         fragment=at // 8 | (0x2000 if more else 0)))
            else:
                out.append(captures.ipv6('2001:db8::1', '2001:db8::2', 44,
                                         struct.pack('>BBHI', captures.UDP, 0, at | more, number) + piece))
        return [captures.ethernet(piece) for piece in out]

    def test_in_any_order_a_datagram_counts_once(self):
        for version in (4, 6):
            for order in itertools.permutations(range(3)):
                with self.subTest(version=version, order=order):
                    pieces = self.pieces(1, version=version)
                    flow, = self.flows(captures.timed([pieces[at] for at in order]))
                    self.assertEqual((flow.whole['packets'], flow.sides[0]['payload']), (1, 4000))
                    self.assertEqual(self.capture, '# capture\t-')

    def test_what_is_lost_is_said(self):
        whole, broken = self.pieces(1), self.pieces(2)
        flow, = self.flows(captures.timed(whole + broken[:2]))
        self.assertEqual((flow.whole['packets'], flow.sides[0]['payload']), (1, 4000))
        self.assertIn('fragments-lost', flow.findings)
        self.assertEqual(self.capture, '# capture\tfragments-lost')

    def test_copies_are_not_lost(self):
        """A mirror port gives each fragment twice: the last copy looks like the first of one more datagram."""
        flow, = self.flows(captures.timed([piece for piece in self.pieces(1) for _ in range(2)]))
        self.assertEqual(flow.whole['packets'], 1)
        self.assertEqual(self.capture, '# capture\t-')

    def test_fragments_wait_a_minute_of_the_capture(self):
        """RFC 8200, section 4.5. tshark waits for ever."""
        frames = self.pieces(1)
        packets = captures.timed(frames[:2]) + captures.timed(frames[2:], step_ns=0)
        packets[2] = (packets[2][0] + 61 * 10**9, *packets[2][1:])
        self.assertEqual(self.flows(packets), [])
        self.assertEqual(self.capture, '# capture\tfragments-lost')

    def test_overlapping_ones_of_ipv6_are_refused(self):
        """RFC 8200, section 4.5: reassembly must be abandoned. tshark takes them."""
        first, second, third = self.pieces(1, version=6)
        other = captures.ethernet(captures.ipv6('2001:db8::1', '2001:db8::2', 44,
                                                struct.pack('>BBHI', captures.UDP, 0, 1472 | 1, 1) + bytes(16)))
        self.assertEqual(self.flows(captures.timed([first, other, second, third])), [])


@unittest.skipUnless(shutil.which('tshark'), 'tshark is not installed')
class BesideTshark(Case):
    def tshark(self):
        argv = ['tshark', '-n', '-r', str(self.path), '-T', 'fields']
        for field in FIELDS:
            argv += ['-e', field]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        streams = {}
        for line in done.stdout.splitlines():
            told = dict(zip(FIELDS, line.split('\t')))
            flags = int(told['tcp.flags'], 16)
            sender = endpoint(told['ip.src'] or told['ipv6.src'], told['tcp.srcport'])
            sums = streams.setdefault(int(told['tcp.stream']), {'a': sender, **dict.fromkeys(COUNTED, 0)})
            sums['packets'] += 1
            sums['payload'] += int(told['tcp.len'])
            sums['syn'] += flags & 0x12 == 0x02
            sums['syn_ack'] += flags & 0x12 == 0x12
            sums['fin'] += flags & 1
            sums['rst'] += flags >> 2 & 1
            sums['retransmissions'] += told['tcp.analysis.retransmission'] != ''
            sums['out_of_order'] += told['tcp.analysis.out_of_order'] != ''
            sums['zero_windows'] += told['tcp.analysis.zero_window'] != ''
        return [streams[number] for number in sorted(streams)]

    def test_every_count_of_every_conversation(self):
        for seed in (3, 4, 5):
            with self.subTest(seed=seed):
                packets, _ = conversations.made(seed, 500)
                flows = self.flows(packets)
                streams = self.tshark()
                self.assertEqual(len(flows), len(streams))
                for flow, stream in zip(flows, streams):
                    self.assertEqual({'a': flow.a, **flow.sums()}, stream)


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""Capture files as landline's decoders see them, held against tshark: every packet's time, lengths, addresses, ports,
sequence and acknowledgment numbers, flags, window, payload and options. Covers each file format and each link layer,
tunnels, IPv4 options and IPv6 extension headers, snap lengths, files cut at any byte, and what editcap, mergecap and
randpkt make. The decoders are driven by tests/packet_lines.c."""
import gzip
import random
import shutil
import struct
import subprocess
import unittest

import captures
import harness

FIELDS = ['frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len', '_ws.col.Source', '_ws.col.Destination',
          'ip.src', 'ipv6.src', 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags',
          'tcp.window_size_value', 'tcp.len', 'tcp.options.mss_val', 'tcp.options.wscale.shift', 'udp.srcport', 'udp.dstport',
          'udp.length', 'icmp.type', 'icmpv6.type']

PACKETS = 300


def nanoseconds(text):
    seconds, _, fraction = text.partition('.')
    return int(seconds) * 10**9 + int(fraction.ljust(9, '0')[:9])


class Line:
    """One packet as one of the two programs tells it; what it does not tell is None."""

    def __init__(self, time_ns, captured, wire, addresses, transport=None, ports=None, tcp=None, payload=None):
        self.told = (time_ns, captured, wire, addresses, transport, ports, tcp, payload)

    def __eq__(self, other):
        return self.told == other.told

    def __repr__(self):
        return repr(self.told)


def of_landline(row):
    (_, time_ns, captured, wire, kind, _, src, dst, sport, dport, seq, ack, flags, window, payload, mss, shift) = row
    if kind == 'tcp':
        return Line(int(time_ns), int(captured), int(wire), (src, dst), 'tcp', (sport, dport),
                    (seq, ack, int(flags, 16), window, mss, shift), payload)
    if kind == 'udp':
        return Line(int(time_ns), int(captured), int(wire), (src, dst), 'udp', (sport, dport), None, payload)
    return Line(int(time_ns), int(captured), int(wire), None if src == '-' else (src, dst))


def of_tshark(row):
    told = dict(zip(FIELDS, row))
    told['time'] = nanoseconds(told['frame.time_epoch']) if told['frame.time_epoch'] else 0
    lengths = told['time'], int(told['frame.cap_len']), int(told['frame.len'])
    if not told['ip.src'] and not told['ipv6.src']:
        return Line(*lengths, None)
    addresses = told['_ws.col.Source'], told['_ws.col.Destination']
    # An ICMP error quotes a packet, whose fields tshark gives as well.
    if told['tcp.srcport'] and not told['icmp.type'] and not told['icmpv6.type']:
        return Line(*lengths, addresses, 'tcp', (told['tcp.srcport'], told['tcp.dstport']),
                    (told['tcp.seq_raw'], told['tcp.ack_raw'], int(told['tcp.flags'], 16), told['tcp.window_size_value'],
                     told['tcp.options.mss_val'] or '-', told['tcp.options.wscale.shift'] or '-'), told['tcp.len'])
    if told['udp.srcport'] and not told['icmp.type'] and not told['icmpv6.type']:
        return Line(*lengths, addresses, 'udp', (told['udp.srcport'], told['udp.dstport']), None,
                    str(int(told['udp.length']) - 8))
    return Line(*lengths, addresses)


class Captures(harness.Case):
    def landline(self, path):
        """(the lines, the exit status, what is wrong)"""
        done = subprocess.run([str(harness.build_dir() / 'tests/packet_lines'), str(path)], capture_output=True, text=True,
                              timeout=harness.DEADLINE_S)
        return [line.split('\t') for line in done.stdout.splitlines()], done.returncode, done.stderr

    def file(self, name, data):
        path = self.tmp / name
        path.write_bytes(data)
        return path


class Formats(Captures):
    """What each format holds is known, so no other program is needed."""

    frames = captures.random_frames(1, 60)
    packets = captures.timed(frames)

    def told(self, data, name='capture'):
        rows, code, err = self.landline(self.file(name, data))
        self.assertEqual((code, err), (0, ''))
        return [tuple(map(int, row[1:4])) for row in rows]

    def wanted(self, packets, unit_ns=1):
        return [(time_ns // unit_ns * unit_ns, len(data), wire) for time_ns, data, wire in packets]

    def test_pcap(self):
        for order in '<>':
            with self.subTest(order=order):
                self.assertEqual(self.told(captures.pcap(self.packets, order=order)), self.wanted(self.packets, 1000))
                self.assertEqual(self.told(captures.pcap(self.packets, order=order, nano=True)), self.wanted(self.packets))
                self.assertEqual(self.told(captures.pcap(self.packets, order=order, modified=True)),
                                 self.wanted(self.packets, 1000))

    def test_pcapng(self):
        for order in '<>':
            with self.subTest(order=order):
                self.assertEqual(self.told(captures.pcapng(self.packets, order=order)), self.wanted(self.packets))

    def test_sections_and_interfaces(self):
        """Sections of both orders; interfaces of different links, clocks and offsets; every kind of packet block; blocks that
        are passed over."""
        data, want = b'', []
        for order in '<>':
            data += captures.section(order)
            data += captures.interface(captures.ETHERNET, order, name='eth0')
            data += captures.interface(captures.RAW, order, resolution=6, offset_s=1000)
            data += captures.interface(captures.RAW, order, resolution=0x80 | 10)
            data += captures.block(order, 4, struct.pack(order + 'HH', 0, 0))
            for packet in self.packets:
                time_ns, frame, wire = packet
                data += captures.enhanced(packet, 0, order, comment='你好')
                want.append(time_ns)
                data += captures.enhanced((0, frame[14:], wire), 1, order, ticks=time_ns // 1000)
                want.append(time_ns // 1000 * 1000 + 1000 * 10**9)
                data += captures.enhanced((0, frame[14:], wire), 2, order, ticks=5 << 10 | 512)
                want.append(5_500_000_000)
                data += captures.obsolete(packet, 0, order) + captures.simple(packet, order)
                want += [time_ns, 0]
            data += captures.block(order, 5, struct.pack(order + 'III', 0, 0, 0)) + captures.block(order, 0xbad, b'what')
        self.assertEqual([time_ns for time_ns, _, _ in self.told(data)], want)

    def test_packed(self):
        for data in (captures.pcap(self.packets), captures.pcapng(self.packets)):
            want = self.told(data)
            self.assertEqual(self.told(gzip.compress(data), 'capture.gz'), want)
            half = len(data) // 2
            self.assertEqual(self.told(gzip.compress(data[:half]) + gzip.compress(data[half:]), 'two.gz'), want)

    def test_cut_anywhere(self):
        """Whatever is whole is given, then one line and exit status 9."""
        for make in (captures.pcap, captures.pcapng):
            few = self.packets[:3]
            data = make(few)
            ends = [len(make(few[:count])) for count in range(len(few) + 1)]
            for length in range(0, len(data), 7):
                with self.subTest(make=make.__name__, length=length):
                    rows, code, err = self.landline(self.file('cut', data[:length]))
                    self.assertEqual(len(rows), sum(length >= end for end in ends[1:]))
                    # Between two blocks nothing is missing, as far as anybody can tell.
                    whole = length in ends or length == len(captures.section()) and make is captures.pcapng
                    self.assertEqual(code, 0 if whole else 9)
                    self.assertEqual(err.count('\n'), 0 if whole else 1)

    def test_damaged_anywhere(self):
        """One byte wrong: never a crash, never more packets than the file has room for."""
        chance = random.Random(7)
        data = captures.pcapng(self.packets[:10]) + captures.pcapng(self.packets[:10], order='>')
        for _ in range(60):
            damaged = bytearray(data)
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            rows, code, err = self.landline(self.file('damaged', damaged))
            self.assertIn(code, (0, 9))
            self.assertLessEqual(len(rows), 20)
            self.assertFalse(harness.SANITIZER.search(err), err)


@unittest.skipUnless(shutil.which('tshark'), 'tshark is not installed')
class BesideTshark(Captures):
    def tshark(self, path):
        argv = ['tshark', '-n', '-r', str(path), '-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE', '-T', 'fields',
                '-E', 'occurrence=l']
        for field in FIELDS:
            argv += ['-e', field]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        return [line.split('\t') for line in done.stdout.splitlines()], done

    def compare(self, path):
        ours, code, err = self.landline(path)
        theirs, done = self.tshark(path)
        self.assertEqual((code, err), (0, ''))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(ours), len(theirs), path)
        for our_row, their_row in zip(ours, theirs):
            if of_landline(our_row) != of_tshark(their_row):
                self.fail(f'{path}, packet {our_row[0]}:\n  {of_landline(our_row)}\n  tshark: {of_tshark(their_row)}')
        return ours

    def test_every_link_layer(self):
        for linktype in captures.LINKS:
            with self.subTest(linktype=linktype):
                packets = captures.timed(captures.random_frames(linktype, PACKETS, linktype))
                rows = self.compare(self.file(f'link-{linktype}.pcap', captures.pcap(packets, linktype, nano=True)))
                self.assertGreater(sum(row[4] == 'tcp' for row in rows), PACKETS // 2)

    def test_every_format(self):
        packets = captures.timed(captures.random_frames(2, PACKETS))
        raw = captures.timed(captures.random_frames(3, PACKETS, captures.RAW))
        files = {
            'big': captures.pcap(packets, order='>'), 'modified': captures.pcap(packets, modified=True),
            'ng': captures.pcapng(packets), 'ng-big': captures.pcapng(packets, order='>'),
            'ng-two': captures.section() + captures.interface(captures.ETHERNET) + captures.interface(captures.RAW) + b''.join(
                captures.enhanced(one) + captures.enhanced(other, 1) for one, other in zip(packets, raw)),
            'ng-old': captures.section() + captures.interface(captures.ETHERNET) + b''.join(map(captures.obsolete, packets)),
        }
        for name, data in files.items():
            with self.subTest(name=name):
                self.compare(self.file(name, data))

    def test_vlans(self):
        frames = [captures.ethernet(captures.ip('10.0.0.1', '10.0.0.2', captures.TCP, captures.tcp(1, 2, 3, 4, captures.ACK)),
                                    *vlans) for vlans in ((), (1,), (1, 2), (7, 8, 9))]
        rows = self.compare(self.file('vlans', captures.pcap(captures.timed(frames))))
        self.assertEqual([row[4] for row in rows], ['tcp'] * 4)

    def test_vxlan(self):
        inside = captures.ethernet(captures.ip('10.0.0.1', '10.0.0.2', captures.TCP,
                                               captures.tcp(1, 2, 3, 4, captures.ACK, b'hello')))
        frame = captures.ethernet(captures.ip('192.0.2.1', '192.0.2.2', captures.UDP,
                                              captures.udp(40000, 4789, struct.pack('>II', 0x08000000, 42 << 8) + inside)))
        self.assertEqual(self.compare(self.file('vxlan', captures.pcap(captures.timed([frame]))))[0][4:6], ['tcp', 'VXLAN'])

    def test_snap_length(self):
        """Behind the headers it changes nothing; within them we say that they were cut."""
        frames = captures.random_frames(4, PACKETS)
        self.compare(self.file('snap', captures.pcap(captures.timed(frames, snaplen=200))))
        rows, code, _ = self.landline(self.file('short', captures.pcap(captures.timed(frames, snaplen=45))))
        self.assertEqual(code, 0)
        self.assertIn('cut', {row[4] for row in rows})

    def test_lengths_for_the_network_card(self):
        """TSO: a total length of 0 means what the frame has."""
        segment = captures.tcp(1, 2, 3, 4, captures.ACK, bytes(3000))
        four = captures.ethernet(captures.ipv4('10.0.0.1', '10.0.0.2', captures.TCP, segment, total=0))
        six = captures.ethernet(captures.ipv6('2001:db8::1', '2001:db8::2', captures.TCP, segment, length=0))
        self.assertEqual(self.compare(self.file('tso', captures.pcap(captures.timed([four]))))[0][14], '3000')
        # Segments of more than 64 KiB are captured so from IPv6, too; tshark 4.0 sees no TCP in it.
        rows, code, _ = self.landline(self.file('tso6', captures.pcap(captures.timed([six]))))
        self.assertEqual((code, rows[0][4], rows[0][14]), (0, 'tcp', '3000'))

    def test_fragments(self):
        """A first fragment tells the ports and, of a datagram, the length of the whole; the others tell none."""
        whole = captures.udp(40000, 40001, bytes(2000))
        frames = [captures.ethernet(captures.ipv4('10.0.0.1', '10.0.0.2', captures.UDP, whole[:1480], ident=7, fragment=0x2000)),
                  captures.ethernet(captures.ipv4('10.0.0.1', '10.0.0.2', captures.UDP, whole[1480:], ident=7, fragment=185))]
        rows = self.compare(self.file('fragments', captures.pcap(captures.timed(frames))))
        self.assertEqual([(row[4], row[8], row[14]) for row in rows], [('udp', '40000', '2000'), ('fragment', '-', '-')])

    def test_what_editcap_makes(self):
        if not shutil.which('editcap') or not shutil.which('mergecap'):
            self.skipTest('editcap and mergecap are not installed')
        one = self.file('one', captures.pcap(captures.timed(captures.random_frames(5, PACKETS))))
        two = self.file('two', captures.pcap(captures.timed(captures.random_frames(6, PACKETS, captures.RAW)), captures.RAW))
        for kind in ('pcap', 'nsecpcap', 'modpcap', 'pcapng'):
            with self.subTest(kind=kind):
                made = self.tmp / f'{kind}.cap'
                done = subprocess.run(['editcap', '-F', kind, str(one), str(made)], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.compare(made)
        merged = self.tmp / 'merged.pcapng'
        subprocess.run(['mergecap', '-w', str(merged), str(one), str(two)], check=True, capture_output=True)
        self.assertEqual(len(self.compare(merged)), 2 * PACKETS)

    def test_packets_by_chance(self):
        """Headers of random bytes: that both read the same of them is too much to ask, but all of them are read."""
        if not shutil.which('randpkt'):
            self.skipTest('randpkt is not installed')
        for kind in ('tcp', 'udp', 'ip', 'icmp', 'dns', 'arp', 'sctp', 'llc'):
            with self.subTest(kind=kind):
                made = self.tmp / f'{kind}.pcap'
                subprocess.run(['randpkt', '-c', '200', '-t', kind, str(made)], check=True, capture_output=True)
                rows, code, err = self.landline(made)
                self.assertEqual((code, err, len(rows)), (0, '', 200))


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""landline answer when there is too much of something: long messages, many peers, slow ones, rude ones, floods, no
descriptors left; and how it stops."""
import json
import pathlib
import re
import signal
import socket
import struct
import time

import answering
import harness
from answering import SOCKET_S, receive, receive_all, rss_kib


class Limits(answering.Case):
    def test_max_message(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--echo', '--max-message', '1000',
                              listening=2)
        peer = self.call(port)
        peer.sendall(b'x' * 100000 + b'\n' + b'y' * 1000 + b'\r\n')
        self.assertEqual(receive(peer, 1002), b'y' * 1000 + b'\r\n')
        program.expect('longer than --max-message', stream='err')
        peer.sendall(b'z' * 1001)
        time.sleep(0.3)
        peer.sendall(b'bare')
        self.assertEqual(peer.recv(2000), b'bare')
        datagrams = self.datagrams(port)
        datagrams.send(b'x' * 1001)
        datagrams.send(b'y' * 1000)
        self.assertEqual(datagrams.recv(2000), b'y' * 1000)
        self.stop(program)
        self.assertIn('3: a message longer than', program.err)

    def test_bursts_count_and_are_limited_like_single_datagrams(self):
        for options, burst, size, answered, said in (
                (('--rate-limit', '0'), 50, 100, 50, ''),
                (('--rate-limit', '0', '--max-message', '99'), 50, 100, 0, 'a message longer than'),
                (('--rate-limit', '60'), 50, 100, None, 'than --rate-limit lets in'),
                (('--deny', '127.0.0.1'), 50, 100, 0, 'not allowed to call')):
            with self.subTest(options=options):
                port = harness.free_port()
                program = self.answer(f'udp://127.0.0.1:{port}', '--echo', '-q', *options)
                peer = self.datagrams(port)
                try:
                    peer.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT: leaves joined
                except OSError as e:
                    self.skipTest(f'UDP_SEGMENT: {e}')
                came = 0
                for number in range(4):  # the first comes apart and is the reason to take the others joined
                    data = b''.join(b'%d %d' % (number, i) + b'.' * (size - len(b'%d %d' % (number, i)))
                                    for i in range(burst))
                    peer.send(data)
                    for i in range(burst if answered else 0):
                        self.assertEqual(peer.recv(2048), data[i * size:(i + 1) * size])
                        came += 1
                for _ in range(60 if answered is None else 0):
                    peer.recv(2048)
                program.expect(said, stream='err')
                self.stop(program)
                messages, replies = re.search(r'(\d+) messages, (\d+) replies', program.err).groups()
                self.assertEqual(messages, replies)
                if answered is None:
                    self.assertLess(int(messages), 120)
                else:
                    self.assertEqual(int(messages), came)

    def test_rate_limit(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--echo', '--rate-limit', '10', '-q')
        one, two = self.datagrams(port), self.datagrams(port)
        for i in range(100):
            (one, two)[i % 2].send(b'%d' % i)
        self.assertEqual([int((one, two)[i % 2].recv(10)) for i in range(10)], list(range(10)))
        program.expect('--rate-limit', stream='err')
        self.stop(program)
        self.assertRegex(program.err, r'0 calls, 1[0-5] messages, 1[0-5] replies')

    def test_default_rate_limit_and_none(self):
        for options, least, most in (((), 1000, 1999), (('--rate-limit', '0'), 2000, 2000)):
            port = harness.free_port()
            program = self.answer(f'udp://127.0.0.1:{port}', '--discard', '--json', *options)
            peer = self.datagrams(port)
            for _ in range(2000):
                peer.send(b'x')
            peer.send(b'')
            harness.wait_udp(port)

            def all_counted():
                return program.out.count('"message"') >= least
            harness.wait_until(all_counted, 'the messages', program)
            self.stop(program)
            counts = json.loads(program.out.splitlines()[-1])
            lost = counts['lost_by_kernel']
            self.assertLessEqual(counts['messages'], most + 1)
            self.assertGreaterEqual(counts['messages'] + lost, least)

    def test_allow_and_deny(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--echo', '--allow', '127.0.0.0/30',
                              '--allow', '10.0.0.0/8', '--deny', '127.0.0.2', '-q', listening=2)

        def from_address(address):
            with socket.socket() as peer:
                peer.settimeout(SOCKET_S)
                peer.bind((address, 0))
                peer.connect(('127.0.0.1', port))
                try:
                    peer.sendall(b'x\n')
                    return peer.recv(10) == b'x\n'
                except ConnectionError:
                    return False
        self.assertEqual([from_address(f'127.0.0.{n}') for n in (1, 2, 3, 4)], [True, False, True, False])
        program.expect('127.0.0.2:.*--allow, --deny', stream='err')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(('127.0.0.2', 0))
            peer.sendto(b'no', ('127.0.0.1', port))
        peer = self.datagrams(port)
        peer.send(b'yes')
        self.assertEqual(peer.recv(10), b'yes')
        self.stop(program)
        self.assertIn('3: not allowed', program.err)

    def test_max_peers(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--echo', '--max-peers', '2')
        peers = [self.call(port) for _ in range(2)]
        for peer in peers:
            peer.sendall(b'x\n')
            self.assertEqual(peer.recv(10), b'x\n')
        third = self.call(port)
        self.assertEqual(third.recv(10), b'')
        program.expect('--max-peers', stream='err')
        peers[0].close()

        def is_answered():
            peer = self.call(port)
            try:
                peer.sendall(b'y\n')
                return peer.recv(10) == b'y\n'
            except ConnectionError:
                return False
        harness.wait_until(is_answered, 'a place to be free', program)

    def test_idle_timeout(self):
        port = harness.free_port()
        # Ten times as long as the busy one is silent: a machine with other work must not stretch that to it.
        program = self.answer(f'127.0.0.1:{port}', '--echo', '--idle-timeout', '2s', '-v')
        silent, busy = self.call(port), self.call(port)
        silent.settimeout(0.2)
        talked = 0
        while True:
            busy.sendall(b'x\n')
            self.assertEqual(busy.recv(10), b'x\n')
            talked += 1
            try:
                self.assertEqual(silent.recv(10), b'')
                break
            except TimeoutError:
                self.assertLess(talked, 100)
        self.assertGreater(talked, 5)
        busy.sendall(b'x\n')
        self.assertEqual(busy.recv(10), b'x\n')
        program.expect('--idle-timeout', stream='err')

    def test_never_an_amplifier(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(('192.0.2.1', 9))
            except OSError:
                self.skipTest('there is no address but loopback')
            host = probe.getsockname()[0]
        port = harness.free_port()
        program = self.answer(f'udp://*:{port}', '--exec', 'head -c $(cat) /dev/zero', listening=1)
        peer = self.datagrams(port, host)
        peer.send(b'512')
        self.assertEqual(len(peer.recv(2000)), 512)
        peer.send(b'513')
        program.expect('much longer than the datagram', stream='err')
        peer.send(b'600'.ljust(200, b' '))
        self.assertEqual(len(peer.recv(2000)), 600)
        peer = self.datagrams(port)
        peer.send(b'2000')  # loopback can't be false
        self.assertEqual(len(peer.recv(3000)), 2000)


class ManyAndRude(answering.Case):
    def test_thousand_peers_at_once(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--reply', '%m!', '-q')
        peers = [self.call(port) for _ in range(1000)]
        for i, peer in enumerate(peers):
            peer.sendall(b'%d\n' % i)
        for i, peer in enumerate(peers):
            self.assertEqual(peer.recv(100), b'%d!\n' % i)
        self.stop(program)
        self.assertIn('1000 calls, 1000 messages, 1000 replies', program.err)

    def test_slow_peer_delays_nobody_and_costs_little(self):
        for how in (('--echo',), ('--reply', '%m%m%m'), ('--filter', 'cat')):
            port = harness.free_port()
            program = self.answer(f'127.0.0.1:{port}', *how, '-q')
            before = rss_kib(program.pid)
            slow = self.call(port)
            slow.setblocking(False)
            line = b'x' * 1000 + b'\n'
            sent, stuck = 0, 0
            while stuck < 20:  # sends and never reads, until nobody takes any more
                try:
                    sent += slow.send(line * 64)
                    stuck = 0
                except BlockingIOError:
                    stuck += 1
                    time.sleep(0.01)
                self.assertLess(sent, 200 * 1024 * 1024, how)
            quick = self.call(port)
            began = time.monotonic()
            quick.sendall(b'y\n')
            self.assertIn(b'y', quick.recv(100))
            self.assertLess(time.monotonic() - began, 2)
            self.assertLess(rss_kib(program.pid) - before, 20 * 1024, how)
            # It wakes up: all that it is owed comes, in order.
            slow.setblocking(True)
            slow.settimeout(SOCKET_S)
            self.assertEqual(slow.recv(1), b'x')
            slow.close()
            self.stop(program)

    def test_out_of_descriptors(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--echo', '-q', wrap=('sh', '-c', 'ulimit -n 40; exec "$@"', 'sh'))
        peers = [self.call(port) for _ in range(100)]
        program.expect('no descriptors', stream='err')
        answered = []
        for peer in peers:
            try:
                peer.sendall(b'x\n')
                if peer.recv(10) == b'x\n':
                    answered.append(peer)
            except ConnectionError:
                pass
        self.assertGreater(len(answered), 15)
        self.assertLess(len(answered), 40)
        for peer in answered:
            peer.close()

        def is_answered():
            peer = self.call(port)
            try:
                peer.sendall(b'y\n')
                return peer.recv(10) == b'y\n'
            except ConnectionError:
                return False
        harness.wait_until(is_answered, 'a descriptor to be free', program)
        self.stop(program)

    def test_resets(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--echo', '-v')
        for sent in (b'', b'half a mess', b'whole\n', b'x' * 300000):
            peer = self.call(port)
            peer.sendall(sent)
            if sent == b'half a mess':
                program.expect('Call from')  # one that has hung up before it was accepted has no name
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            peer.close()
            if sent == b'half a mess':
                program.expect(r'127.0.0.1:\d+: connection reset', stream='err')
        peer = self.call(port)
        peer.sendall(b'fine\n')
        self.assertEqual(peer.recv(100), b'fine\n')

    def test_half_open(self):
        """It has said all, and hears the replies and the end."""
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', '--reply', '<%m>')
        peer = self.call(port)
        peer.sendall(b'one\ntwo')
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), b'<one>\n<two>')

    def test_keepalive_is_on(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--echo')
        peer = self.call(port)
        program.expect('Call from')
        tables = pathlib.Path('/proc/net/tcp').read_text().splitlines()
        mine = f'{port:04X}', f'{peer.getsockname()[1]:04X}'
        for line in tables[1:]:
            fields = line.split()
            if (fields[1].split(':')[1], fields[2].split(':')[1]) == mine:
                self.assertEqual(fields[5].split(':')[0], '02')  # the keepalive timer is pending
                return
        self.fail('the connection is not in /proc/net/tcp')

    def test_drain(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--echo', '-v', '--quiet-time', '10s',
                              listening=2)
        peer, datagrams = self.call(port), self.datagrams(port)
        peer.sendall(b'one\nand a half')
        self.assertEqual(peer.recv(100), b'one\n')
        datagrams.send(b'two')
        self.assertEqual(datagrams.recv(100), b'two')
        program.signal(signal.SIGINT)
        self.assertEqual(receive_all(peer), b'and a half')
        peer.close()
        self.assertEqual(program.wait(), 0)
        self.assertIn('1 call, 3 messages, 3 replies\n', program.err)
        self.assertIn('stopping', program.err)

    def test_second_signal_ends_at_once(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', "trap '' TERM; echo up; while :; do sleep 1; done")
        self.assertEqual(self.call(port).recv(3), b'up\n')
        began = time.monotonic()
        program.signal(signal.SIGTERM)
        harness.wait_until(lambda: not harness.tcp_listening(port), 'it to stop listening', program)
        program.signal(signal.SIGTERM)
        self.assertEqual(program.wait(), 0)
        self.assertLess(time.monotonic() - began, 6)

    def test_flood_of_datagrams(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', f'127.0.0.1:{port}', '--echo', '-q', listening=2)
        before = rss_kib(program.pid)
        flood, peer = self.datagrams(port), self.call(port)
        flood.setblocking(False)
        for i in range(50000):
            try:
                flood.send(b'x' * 1000)
            except OSError:
                pass
            if i % 10000 == 0:
                peer.sendall(b'y\n')
                self.assertEqual(peer.recv(10), b'y\n')
        self.assertLess(rss_kib(program.pid) - before, 20 * 1024)
        self.stop(program)
        self.assertRegex(program.err, r'\d+: more datagrams a second than --rate-limit')


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""landline answer --exec and --filter: the conversation passed on whole, children bounded, none left behind."""
import os
import signal
import socket
import struct
import threading
import time

import answering
import harness
from answering import SOCKET_S, descendants, is_alive, receive, receive_all, rss_kib


class Exec(answering.Case):
    def test_environment(self):
        port, path = harness.free_port(), str(self.tmp / 's')
        command = ('echo "$LANDLINE_PEER $LANDLINE_PEER_HOST $LANDLINE_PEER_PORT $LANDLINE_LOCAL '
                   '$LANDLINE_SCHEME $LANDLINE_NUMBER"')
        self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', f'unix://{path}', '--exec', command, listening=3)
        for scheme, peer in (('tcp', self.call(port)), ('udp', self.datagrams(port))):
            if scheme == 'udp':
                peer.send(b'x')
            source = peer.getsockname()[1]
            self.assertEqual(peer.recv(1024).decode(),
                             f'127.0.0.1:{source} 127.0.0.1 {source} 127.0.0.1:{port} {scheme} 1\n')
        peer = self.call_unix(path)
        self.assertEqual(peer.recv(1024).decode(), f'pid {os.getpid()} pid {os.getpid()} 0 {path} unix 2\n')

    def test_half_close_both_ways(self):
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', '--exec', 'cat; echo end')
        peer = self.call(port)
        peer.sendall(b'begin\n')
        self.assertEqual(peer.recv(1024), b'begin\n')
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), b'end\n')

    def test_the_command_closes_its_stdout_first(self):
        port = harness.free_port()
        got = self.tmp / 'got'
        self.answer(f'127.0.0.1:{port}', '--exec', f'echo hi; exec >&-; cat > {got}.part; mv {got}.part {got}')
        peer = self.call(port)
        self.assertEqual(receive_all(peer), b'hi\n')
        peer.sendall(b'still heard')
        peer.shutdown(socket.SHUT_WR)
        harness.wait_until(got.exists, 'the command to hear it')
        self.assertEqual(got.read_text(), 'still heard')

    def test_much_both_ways(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', 'cat')
        peer = self.call(port)
        peer.settimeout(6 * SOCKET_S)  # sendall's is for all of it
        text = os.urandom(20 * 1024 * 1024)
        sender = threading.Thread(target=lambda: (peer.sendall(text), peer.shutdown(socket.SHUT_WR)))
        sender.start()
        time.sleep(0.5)  # nothing is read: all of it must not pile up in the middle
        self.assertLess(rss_kib(program.pid), 100 * 1024)
        got = receive_all(peer)
        sender.join()
        self.assertTrue(got == text)

    def test_children_are_bounded(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', 'echo up; exec cat', '--max-children', '3')
        peers = [self.call(port) for _ in range(6)]
        for peer in peers[:3]:
            self.assertEqual(peer.recv(1024), b'up\n')
        self.assertEqual(len(descendants(program.pid)), 3)
        self.assert_silent(peers[3], 0.2)
        for peer in peers[:3]:
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(peer), b'')
        for peer in peers[3:]:
            self.assertEqual(peer.recv(1024), b'up\n')
            peer.sendall(b'x\n')
            self.assertEqual(peer.recv(1024), b'x\n')
        self.assertEqual(len(descendants(program.pid)), 3)

    def test_datagrams_wait_their_turn(self):
        port = harness.free_port()
        self.answer(f'udp://127.0.0.1:{port}', '--exec', 'cat', '--max-children', '2')
        peer = self.datagrams(port)
        for i in range(50):
            peer.send(b'%d' % i)
        self.assertEqual(sorted(int(peer.recv(1024)) for _ in range(50)), list(range(50)))

    def test_nothing_said_is_no_reply(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--exec', 'cat >/dev/null', '-v')
        peer = self.datagrams(port)
        peer.send(b'x')
        program.expect('exit status 0', stream='err')
        self.assert_silent(peer)

    def test_reply_too_long_for_a_datagram(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--exec', 'head -c 70000 /dev/zero')
        self.datagrams(port).send(b'x')
        program.expect('too long', stream='err')

    def test_peer_hangs_up_and_nobody_is_left(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', 'yes & yes')
        peer = self.call(port)
        receive(peer, 100000)
        children = descendants(program.pid)
        self.assertGreaterEqual(len(children), 2)
        peer.close()  # with bytes unread: RST
        harness.wait_until(lambda: not any(map(is_alive, children)), 'the children to end', program)
        peer = self.call(port)
        self.assertEqual(peer.recv(2), b'y\n')

    def test_stubborn_command_is_killed(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', "trap '' TERM HUP; echo up; while :; do sleep 1; done")
        peer = self.call(port)
        self.assertEqual(peer.recv(3), b'up\n')
        children = descendants(program.pid)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        peer.close()
        harness.wait_until(lambda: not any(map(is_alive, children)), 'the children to end', program)

    def test_nobody_is_left_at_the_end(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--exec', 'echo up; exec sleep 1000',
                              listening=2)
        peer = self.call(port)
        self.assertEqual(peer.recv(3), b'up\n')
        self.datagrams(port).send(b'x')
        harness.wait_until(lambda: len(descendants(program.pid)) == 2, 'two children', program)
        children = descendants(program.pid)
        program.signal(signal.SIGTERM)
        program.signal(signal.SIGTERM)
        program.wait()
        self.assertFalse(any(map(is_alive, children)))

    def test_nobody_is_left_when_the_terminal_goes(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', 'echo up; cat')
        peer = self.call(port)
        self.assertEqual(peer.recv(3), b'up\n')
        children = descendants(program.pid)
        self.stop(program, signal.SIGHUP)
        self.assertFalse(any(map(is_alive, children)))

    def test_drain_gives_commands_their_time(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--exec',
                              'echo up; cat; sleep 0.5; echo bye', listening=2)
        peer, datagrams = self.call(port), self.datagrams(port)
        self.assertEqual(peer.recv(3), b'up\n')
        datagrams.send(b'x\n')
        program.expect('x')
        program.signal(signal.SIGTERM)
        self.assertEqual(receive_all(peer), b'bye\n')
        self.assertEqual(datagrams.recv(100), b'up\nx\nbye\n')
        peer.close()
        self.assertEqual(program.wait(), 0)

    def test_drain_ends(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--exec', "trap '' TERM; echo up; while :; do sleep 1; done")
        peer = self.call(port)
        self.assertEqual(peer.recv(3), b'up\n')
        children = descendants(program.pid)
        self.stop(program)
        self.assertFalse(any(map(is_alive, children)))

    def test_a_command_that_cannot_be(self):
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', '--exec', 'exec /no/such/program')
        self.assertEqual(receive_all(self.call(port)), b'')


    def test_no_descriptors_for_a_command(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--exec', 'cat', '-q', wrap=('sh', '-c',
                              'ulimit -n 20; exec "$@"', 'sh'))
        peer = self.datagrams(port)
        for _ in range(200):
            peer.send(b'x')
        program.expect("can't start 'cat': too many open files", stream='err')

        def is_answered():
            peer.send(b'y')
            return b'y' in peer.recv(10)
        harness.wait_until(is_answered, 'an answer', program)
        self.assertLess(program.err.count("can't start"), 10)


class Filter(answering.Case):
    SHELL = 'while read -r x; do [ "$x" = die ] && exit 1; echo "<$x>"; done'

    def test_many_in_flight_in_order(self):
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--filter', 'sed -u "s/.*/<&>/"', '-q',
                    '--rate-limit', '0', listening=2)
        peers = [self.call(port) for _ in range(5)]
        for i, peer in enumerate(peers):
            peer.sendall(b''.join(b'%d.%d\r\n' % (i, n) for n in range(3000)))
        for i, peer in enumerate(peers):
            want = b''.join(b'<%d.%d>\r\n' % (i, n) for n in range(3000))
            self.assertTrue(receive(peer, len(want)) == want)
        datagrams = self.datagrams(port)
        datagrams.send(b'bare')
        self.assertEqual(datagrams.recv(100), b'<bare>')

    def test_restarted(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--filter', self.SHELL, '-v')
        peer = self.call(port)
        peer.sendall(b'one\n')
        self.assertEqual(peer.recv(100), b'<one>\n')
        peer.sendall(b'die\n')
        program.expect('exit status 1', stream='err')
        program.expect('ended before it answered', stream='err')
        peer.sendall(b'two\n')
        self.assertEqual(peer.recv(100), b'<two>\n')
        self.stop(program)
        self.assertIn('3 messages, 2 replies', program.err)

    def test_backs_off(self):
        runs = self.tmp / 'runs'
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--filter', f'echo >> {runs}; exit 1')
        time.sleep(1)
        # 0, 0.1, 0.3, 0.7 s
        self.assertLessEqual(len(runs.read_text()), 5)
        self.stop(program)

    def test_several_lines(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--filter', self.SHELL)
        peer = self.datagrams(port)
        peer.send(b'a\nb')
        program.expect('several lines', stream='err')
        peer.send(b'c\n')
        self.assertEqual(peer.recv(100), b'<c>\n')

    def test_peer_is_gone_before_the_reply(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--filter', 'while read -r x; do sleep 0.2; echo "<$x>"; done')
        one = self.call(port)
        one.sendall(b'one\n')
        program.expect('one')
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        one.close()
        two = self.call(port)
        two.sendall(b'two\n')
        two.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(two), b'<two>\n')

    def test_drain_waits_for_replies(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--filter', 'while read -r x; do sleep 0.3; echo "<$x>"; done')
        peer = self.call(port)
        peer.sendall(b'one\ntwo\n')
        program.expect('two')
        program.signal(signal.SIGINT)
        self.assertEqual(receive_all(peer), b'<one>\n<two>\n')
        peer.close()
        self.assertEqual(program.wait(), 0)
        self.assertIn('2 messages, 2 replies', program.err)


if __name__ == '__main__':
    harness.main()

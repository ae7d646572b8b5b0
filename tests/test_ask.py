# SPDX-License-Identifier: ISC
"""landline ask against real peers.

Covers: each exit status by a real cause; where a reply ends (newline, hang-up, quiet time, --until); what is
sent (newline, --crlf, --bare, standard input, --half-close, --encoding); --lines and --window; datagrams,
their retries and their refusals; --count and its summary; what a terminal gets to see; Happy Eyeballs; a
contact with several addresses; the programs of a tutorial, nc, ncat and socat as peers."""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import certs
import harness


class Peer:
    """A server in this process. Its talk(connection) is called for each call (TCP, unix), or talk(socket, data,
    address) for each datagram, and can do whatever a peer does wrong. self.got: all that came in."""

    def __init__(self, talk, kind='tcp', path=None, host='127.0.0.1'):
        self.talk, self.kind, self.got, self.calls, self.closed = talk, kind, b'', 0, False
        family = socket.AF_UNIX if kind.startswith('unix') else \
            socket.AF_INET6 if ':' in host else socket.AF_INET
        datagrams = kind in ('udp', 'unixgram')
        self.socket = socket.socket(family, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
        if path:
            self.socket.bind(str(path))
        else:
            self.port = harness.free_port()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind((host, self.port))
        if not datagrams:
            self.socket.listen(64)
        self.thread = threading.Thread(target=self.take_datagrams if datagrams else self.take_calls, daemon=True)
        self.thread.start()

    def take_calls(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            threading.Thread(target=self.take_call, args=(conn,), daemon=True).start()

    def take_call(self, conn):
        try:
            self.talk(conn)
        except OSError:
            pass
        conn.close()

    def take_datagrams(self):
        while True:
            try:
                data, address = self.socket.recvfrom(65536)
            except OSError:
                return
            if self.closed:
                return
            self.calls += 1
            self.got += data
            self.talk(self.socket, data, address)

    def close(self):
        self.closed = True
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)


def echo_datagram(sock, data, address):
    sock.sendto(data, address)


def wait_for_hang_up(conn):
    while conn.recv(65536):
        pass


class AskCase(harness.Case):
    def peer(self, talk, kind='tcp', **more):
        peer = Peer(talk, kind, **more)
        self.addCleanup(peer.close)
        return peer

    def ask(self, *args, **more):
        return self.run_program(harness.landline(), 'ask', *args, **more)

    def check(self, done, code, out=None, err=''):
        """err: a part of what it said, on one line that begins with landline's name."""
        self.assertEqual(done.code, code, done.story())
        if out is not None:
            self.assertEqual(done.out, out, done.story())
        if err:
            self.assertIn(err, done.err, done.story())
            self.assertRegex(done.err, r'\Alandline: .*\n\Z')
        return done

    def fails(self, code, err, *args, out='', **more):
        return self.check(self.ask(*args, **more), code, out, err)

    def in_namespace(self, script, *args, **more):
        """Runs a shell script in namespaces of its own: no network but what it makes, and mounts."""
        if not shutil.which('unshare') or subprocess.run(
                ['unshare', '-Urnm', 'ip', 'link'], capture_output=True).returncode != 0:
            self.skipTest('no user namespaces, or no ip(8), here')
        return self.run_program('unshare', '-Urnm', 'sh', '-ec', script, 'sh', *args, **more)


class Statuses(AskCase):
    def test_0_answered(self):
        peer = self.peer(echo)
        self.check(self.ask(f':{peer.port}', '你好'), 0, '你好\n')

    def test_1_a_datagram_too_long(self):
        peer = self.peer(echo_datagram, 'udp')
        self.fails(1, 'a datagram carries 65507 at most', f'udp://127.0.0.1:{peer.port}', input=b'x' * 65508)
        self.assertEqual(peer.calls, 0)
        done = self.ask(f'udp://127.0.0.1:{peer.port}', input=b'x' * 65507)
        self.check(done, 0, 'x' * 65507)

    def test_2_misuse(self):
        for args, says in (
                ([], 'ADDRESS'),
                (['9000', 'x'], 'for port 9000 of this machine write :9000'),
                (['::1:9000', 'x'], 'put IPv6 in brackets: [::1]:9000'),
                (['upd://localhost:9000', 'x'], 'did you mean udp://localhost:9000?'),
                (['localhost:70000', 'x'], 'too large'),
                ([':9000', 'a', 'b'], ''),
                (['--until', 'never', ':9000', 'x'], 'newline, close, quiet:MS or bytes:N'),
                (['--until', 'bytes:0', ':9000', 'x'], 'bytes:100'),
                (['--until', 'close', 'udp://:9000', 'x'], 'a datagram is a whole reply'),
                (['--until', 'close', '--lines', ':9000'], 'with --lines'),
                (['--half-close', 'udp://:9000', 'x'], '--half-close is for streams'),
                (['--retries', '1', ':9000', 'x'], '--retries is for datagrams'),
                (['--retries', '1', '--window', '2', '--lines', 'udp://:9000'], '--window 1'),
                (['--lines', ':9000', 'x'], 'leave MESSAGE out'),
                (['--window', '2', ':9000', 'x'], '--window is for --lines'),
                (['--crlf', '--bare', ':9000', 'x'], 'contradict'),
                (['--ca', '/dev/null', ':9000', 'x'], 'tls://'),
                (['--encoding', 'nosuch', ':9000', 'x'], 'nosuch'),
                (['ws://localhost:9000/', 'x'], 'tcp://')):
            with self.subTest(args=args):
                self.fails(2, says, *args)

    def test_3_name_unknown(self):
        self.fails(3, 'nosuch.invalid', '--timeout', '60s', 'nosuch.invalid:9000', 'x')
        self.fails(3, 'nosuch.invalid', '--timeout', '60s', 'udp://nosuch.invalid:9000', 'x')

    def test_4_closed_port(self):
        port = harness.free_port()
        self.fails(4, 'connection refused', f'127.0.0.1:{port}', 'x')
        self.fails(4, 'connection refused', f'[::1]:{port}', 'x')
        begun = time.monotonic()
        self.fails(4, '127.0.0.1 says that the port is closed (ICMP)', f'udp://127.0.0.1:{port}', 'x')
        self.assertLess(time.monotonic() - begun, 4, 'told by a time-out, not by ICMP')

    def test_4_no_such_unix_socket(self):
        self.fails(4, 'no such socket', f'unix://{self.tmp}/none', 'x')
        self.fails(4, 'no such', f'unixgram://{self.tmp}/none', 'x')
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(self.tmp / 'left'))
        self.fails(4, 'refused', f'unix://{self.tmp}/left', 'x')

    def test_4_unreachable_network(self):
        for scheme in ('tcp', 'udp'):
            done = self.in_namespace('exec "$1" ask "$2" x', harness.landline(), f'{scheme}://192.0.2.1:9000')
            self.check(done, 4, '', 'network unreachable')

    def test_5_no_answer(self):
        peer = self.peer(wait_for_hang_up)
        self.fails(5, 'no reply came within 200ms', '-t', '200ms', f':{peer.port}', 'x')
        self.fails(5, 'the message was empty', '-t', '200ms', f':{peer.port}', input='')
        peer = self.peer(lambda *unused: None, 'udp')
        self.fails(5, 'no reply within 200ms', '-t', '200ms', f'udp://127.0.0.1:{peer.port}', 'x')

    def test_5_no_connection(self):
        # A listener whose queue of callers is full ignores further calls, as a firewall that drops them.
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            listener.listen(0)
            callers = [socket.socket() for _ in range(4)]
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex(listener.getsockname())
                self.addCleanup(caller.close)
            harness.wait_until(lambda: any(select.select([], [caller], [], 0)[1] for caller in callers),
                               'the queue to fill')
            self.fails(5, 'no connection within 300ms', '-t', '300ms',
                       f'127.0.0.1:{listener.getsockname()[1]}', 'x')

    def test_5_the_name_server_is_silent(self):
        server = self.tmp / 'server.py'
        server.write_text('import socket, time\n'
                          's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
                          's.bind(("127.0.0.1", 53))\n'
                          'print("up", flush=True)\n'
                          'time.sleep(60)\n')
        (self.tmp / 'resolv.conf').write_text('nameserver 127.0.0.1\n')
        (self.tmp / 'nsswitch.conf').write_text('hosts: files dns\n')
        begun = time.monotonic()
        done = self.in_namespace(
            'ip link set lo up\n'
            'for file in resolv.conf nsswitch.conf; do mount --bind "$2/$file" "$(readlink -f /etc/$file)"; done\n'
            'mkfifo "$2/up"\n'
            'python3 "$2/server.py" > "$2/up" & server=$!\n'
            'read up < "$2/up"\n'
            'for scheme in tcp udp; do\n'
            '    status=0; "$1" ask -t 500ms $scheme://silent.example:9000 x || status=$?\n'
            '    echo $status\n'
            'done\n'
            'kill $server', harness.landline(), self.tmp)
        self.assertEqual(done.out, '5\n5\n', done.story())
        self.assertEqual(done.err.count('the name lookup took longer than 500ms'), 2, done.story())
        self.assertLess(time.monotonic() - begun, 15)

    def test_5_half_an_answer(self):
        def half(conn):
            conn.sendall(b'half')
            wait_for_hang_up(conn)
        peer = self.peer(half)
        self.fails(5, '4 bytes of the reply came within 300ms', '-t', '300ms', '--until', 'newline',
                   f':{peer.port}', 'x', out='half')
        self.fails(5, '(100 bytes)', '-t', '300ms', '--until', 'bytes:100', f':{peer.port}', 'x', out='half')

    def test_6_hung_up_before_an_answer(self):
        peer = self.peer(lambda conn: conn.recv(100))
        self.fails(6, 'hung up without an answer', f':{peer.port}', 'x')
        self.fails(6, 'hung up without an answer', '--until', 'close', f':{peer.port}', 'x')

    def test_6_reset_before_an_answer(self):
        def talk(conn):
            conn.recv(100)
            reset(conn)
        peer = self.peer(talk)
        self.fails(6, 'connection reset', f':{peer.port}', 'x')

    def test_6_reset_in_the_middle(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall(b'half')
            reset(conn)
        peer = self.peer(talk)
        self.fails(6, 'in the middle of the reply: connection reset after 4 bytes', f':{peer.port}', 'x',
                   out='half')

    def test_6_hung_up_before_the_end(self):
        peer = self.peer(lambda conn: conn.sendall(b'half'))
        self.fails(6, 'hung up after 4 bytes of the reply, which should end at a newline', '--until', 'newline',
                   f':{peer.port}', input='', out='half')

    def test_8_not_permitted(self):
        # The kernel forbids broadcasts to who did not ask for them.
        self.fails(8, 'not permitted', 'udp://127.255.255.255:9000', 'x')

    def test_8_not_permitted_unix(self):
        self.peer(echo, 'unix', path=self.tmp / 'closed')
        os.chmod(self.tmp / 'closed', 0)
        # Root opens any socket, by this capability.
        unable = ['setpriv', '--bounding-set', '-dac_override'] if os.geteuid() == 0 else []
        done = self.run_program(*unable, harness.landline(), 'ask', f'unix://{self.tmp}/closed', 'x')
        self.check(done, 8, '', 'not permitted')

    def test_9_too_much_input(self):
        peer = self.peer(echo)
        done = self.spawn(harness.landline(), 'ask', f':{peer.port}')
        for _ in range(65):
            done.send(b'x' * 1024 * 1024)
        done.wait()
        self.check(done, 9, '', 'longer than 64 MiB')
        self.fails(9, 'a line is longer than 1024 KiB', '--lines', f':{peer.port}', input=b'x' * 1100000)


class Ends(AskCase):
    def test_a_line_ends_at_its_newline(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall(b'yes\n')
            wait_for_hang_up(conn)
        peer = self.peer(talk)
        begun = time.monotonic()
        self.check(self.ask('--quiet-time', '15s', f':{peer.port}', 'x'), 0, 'yes\n')
        self.assertLess(time.monotonic() - begun, 10, 'it waited for quiet')

    def test_bare_text_ends_when_quiet(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall('再见'.encode())
            wait_for_hang_up(conn)
        peer = self.peer(talk)
        self.check(self.ask(f':{peer.port}', 'x'), 0, '再见')

    def test_several_lines_end_when_quiet_or_at_hang_up(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall(b'one\ntwo\n')
            wait_for_hang_up(conn)
        peer = self.peer(talk)
        self.check(self.ask(f':{peer.port}', 'x'), 0, 'one\ntwo\n')
        peer = self.peer(lambda conn: conn.recv(100) and conn.sendall(b'one\ntwo\n'))
        self.check(self.ask('--quiet-time', '15s', f':{peer.port}', 'x', timeout=10), 0, 'one\ntwo\n')

    def test_a_request_of_several_lines_is_answered_in_pieces(self):
        def talk(conn):
            conn.recv(100)
            for piece in (b'HTTP/1.0 200 OK\r\n', b'\r\n', b'body\n'):
                conn.sendall(piece)
                time.sleep(0.02)  # the peer's own slowness, within the quiet time
        peer = self.peer(talk)
        done = self.ask('--quiet-time', '5s', f':{peer.port}', input='GET / HTTP/1.0\r\n\r\n')
        self.check(done, 0)
        self.assertEqual(done.out_bytes, b'HTTP/1.0 200 OK\r\n\r\nbody\n')

    def test_until(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall(b'one\ntwo\nthree')
            wait_for_hang_up(conn)
        peer = self.peer(talk)
        for until, out in (('newline', 'one\n'), ('bytes:5', 'one\nt'), ('bytes:13', 'one\ntwo\nthree'),
                           ('quiet:50', 'one\ntwo\nthree'), ('quiet', 'one\ntwo\nthree')):
            with self.subTest(until=until):
                self.check(self.ask('--until', until, f':{peer.port}', 'x'), 0, out)

    def test_until_close_waits_through_quiet(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall(b'one\n')
            time.sleep(0.3)
            conn.sendall(b'two\n')
        peer = self.peer(talk)
        self.check(self.ask('--until', 'close', f':{peer.port}', 'x'), 0, 'one\ntwo\n')

    def test_until_quiet_joins_datagrams(self):
        def talk(sock, data, address):
            for piece in (b'a', b'b', b'c'):
                sock.sendto(piece, address)
        peer = self.peer(talk, 'udp')
        self.check(self.ask(f'udp://127.0.0.1:{peer.port}', 'x'), 0, 'a')
        self.check(self.ask('--until', 'quiet:500', f'udp://127.0.0.1:{peer.port}', 'x'), 0, 'abc')

    def test_an_empty_datagram_is_an_answer(self):
        peer = self.peer(lambda sock, data, address: sock.sendto(b'', address), 'udp')
        self.check(self.ask(f'udp://127.0.0.1:{peer.port}', 'x'), 0, '')

    def test_a_greeting_without_a_message(self):
        peer = self.peer(lambda conn: conn.sendall(b'220 hello\r\n'))
        self.check(self.ask(f':{peer.port}', input=''), 0, '220 hello\r\n'.replace('\r\n', '\r\n'))


class Sends(AskCase):
    def sent(self, *args, input=None):
        """What a peer got by the time of the hang-up."""
        got = []

        def talk(conn):
            conn.sendall(b'ok\n')
            data = b''
            while piece := conn.recv(65536):
                data += piece
            got.append(data)
        peer = self.peer(talk)
        self.check(self.ask(f':{peer.port}', *args, input=input), 0, 'ok\n')
        harness.wait_until(lambda: got, 'the hang-up')
        return got[0]

    def test_a_message_and_a_newline(self):
        self.assertEqual(self.sent('你好'), '你好\n'.encode())
        self.assertEqual(self.sent(''), b'\n')
        self.assertEqual(self.sent('--crlf', 'x'), b'x\r\n')
        self.assertEqual(self.sent('--bare', 'x'), b'x')
        self.assertEqual(self.sent('-n', 'x'), b'x')

    def test_standard_input_as_it_is(self):
        self.assertEqual(self.sent(input=b'\x00\xff\r\nx'), b'\x00\xff\r\nx')
        self.assertEqual(self.sent('--crlf', input=b'a\n'), b'a\n')

    def test_a_datagram_has_nothing_behind_it(self):
        peer = self.peer(echo_datagram, 'udp')
        self.check(self.ask(f'udp://127.0.0.1:{peer.port}', 'x'), 0, 'x')
        self.check(self.ask(f'udp://127.0.0.1:{peer.port}', input='x\n'), 0, 'x\n')
        self.assertEqual((peer.got, peer.calls), (b'xx\n', 2))

    def test_half_close(self):
        def talk(conn):
            data = b''
            while piece := conn.recv(65536):
                data += piece
            time.sleep(0.2)  # longer than the quiet time: only the hang-up ends it
            conn.sendall(data[::-1])
        peer = self.peer(talk)
        self.check(self.ask('--half-close', f':{peer.port}', input=b'abc'), 0, 'cba')

    def test_megabytes_both_ways(self):
        peer = self.peer(echo)
        data = os.urandom(8 * 1024 * 1024)
        (self.tmp / 'in').write_bytes(data)
        done = self.run_program('sh', '-c', '"$1" ask --half-close -t 60s ":$2" < in > out', 'sh',
                                harness.landline(), peer.port, cwd=self.tmp, timeout=60)
        self.check(done, 0)
        self.assertTrue((self.tmp / 'out').read_bytes() == data)

    def test_encoding(self):
        got = []

        def talk(conn):
            got.append(conn.recv(100))
            for byte in '收到'.encode('gbk'):  # characters cut in two
                conn.sendall(bytes([byte]))
                time.sleep(0.01)
        peer = self.peer(talk)
        self.check(self.ask('--encoding', 'GBK', '--quiet-time', '5s', f':{peer.port}', '你好'), 0, '收到')
        self.assertEqual(got, ['你好\n'.encode('gbk')])

    def test_unix_sockets(self):
        self.peer(echo, 'unix', path=self.tmp / 's')
        self.check(self.ask(f'unix://{self.tmp}/s', 'hello'), 0, 'hello\n')
        self.check(self.ask('unix:s', 'hello', cwd=self.tmp), 0, 'hello\n')
        self.peer(echo_datagram, 'unixgram', path=self.tmp / 'g')
        self.check(self.ask(f'unixgram://{self.tmp}/g', 'hello'), 0, 'hello')


class Lines(AskCase):
    def test_a_reply_for_each_line(self):
        def upper(conn):
            with conn.makefile('rwb') as lines:
                for line in lines:
                    lines.write(line.upper())
                    lines.flush()
        peer = self.peer(upper)
        self.check(self.ask('--lines', f':{peer.port}', input='a\nb\nc'), 0, 'A\nB\nC\n')
        self.assertEqual(peer.calls, 1)

    def test_windows(self):
        peer = self.peer(echo)
        text = ''.join(f'{i} ' + 'x' * (i % 700) + '\n' for i in range(20000))
        for window in ('2', '100', '65536'):
            with self.subTest(window=window):
                done = self.ask('--lines', '--window', window, f':{peer.port}', input=text)
                self.assertEqual(done.code, 0, done.err)
                self.assertTrue(done.out == text)

    def test_no_more_than_the_window_is_on_its_way(self):
        def talk(conn):
            time.sleep(0.2)  # whoever sends more has sent it by then
            while data := conn.recv(65536):
                most.append(data.count(b'\n'))
                conn.sendall(b'ok\n' * data.count(b'\n'))
        most = []
        peer = self.peer(talk)
        self.check(self.ask('--lines', '--window', '3', f':{peer.port}', input='x\n' * 30), 0, 'ok\n' * 30)
        self.assertEqual(max(most), 3)

    def test_bare_replies_become_lines(self):
        def talk(conn):
            while conn.recv(1024):
                conn.sendall('再见'.encode())
        peer = self.peer(talk)
        self.check(self.ask('--lines', f':{peer.port}', input='a\nb\n'), 0, '再见\n再见\n')

    def test_endings(self):
        def hear(conn):
            while data := conn.recv(1024):
                got.append(data)
                conn.sendall(b'ok\n')
        for args, wanted in (([], [b'a\n', b'b\r\n', b'c\n']), (['--crlf'], [b'a\r\n', b'b\r\n', b'c\r\n']),
                             (['--bare'], [b'a', b'b\r', b'c'])):
            got = []
            peer = self.peer(hear)
            self.check(self.ask('--lines', *args, f':{peer.port}', input='a\nb\r\nc'), 0, 'ok\n' * 3)
            self.assertEqual(got, wanted)

    def test_datagrams(self):
        peer = self.peer(echo_datagram, 'udp')
        for window in ('1', '8'):
            self.check(self.ask('--lines', '--window', window, f'udp://:{peer.port}', input='a\nb\nc\n'), 0,
                       'a\nb\nc\n')

    def test_a_lost_datagram_is_told_and_the_rest_goes_on(self):
        def talk(sock, data, address):
            if data != b'b':
                sock.sendto(data, address)
        peer = self.peer(talk, 'udp')
        self.fails(5, '2: udp://localhost', '--lines', '-t', '1s', f'udp://:{peer.port}', input='a\nb\nc\n',
                   out='a\nc\n')

    def test_hung_up_with_lines_left(self):
        peer = self.peer(lambda conn: conn.sendall(conn.recv(100)))
        done = self.ask('--lines', f':{peer.port}', input='a\nb\n')
        self.check(done, 6, 'a\n')

    def test_no_lines(self):
        peer = self.peer(echo)
        self.fails(1, 'nothing was asked', '--lines', f':{peer.port}', input='')

    def test_as_they_come(self):
        peer = self.peer(echo)
        done = self.spawn(harness.landline(), 'ask', '--lines', f':{peer.port}')
        for word in ('one', 'two'):
            done.send(word + '\n')
            done.expect(word)
        done.close_stdin()
        self.assertEqual(done.wait(), 0)


class Datagrams(AskCase):
    def test_retries(self):
        def talk(sock, data, address):
            if peer.calls == 2:
                sock.sendto(b'second', address)
        peer = self.peer(talk, 'udp')
        done = self.ask('-v', '--retries', '1', f'udp://127.0.0.1:{peer.port}', 'x')
        self.check(done, 0, 'second')
        self.assertIn('nothing came within 1s; sent again', done.err)
        self.assertEqual(peer.got, b'xx')

    def test_retries_end(self):
        peer = self.peer(lambda *unused: None, 'udp')
        self.fails(5, 'no reply within 1500ms, though the message was sent 2 times', '-r', '3', '-t', '1.5s',
                   f'udp://127.0.0.1:{peer.port}', 'x')
        self.assertEqual(peer.calls, 2)

    def test_only_the_one_asked_can_answer(self):
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(other.close)

        def talk(sock, data, address):
            other.sendto(b'liar', address)
            sock.sendto(b'truth', address)
        peer = self.peer(talk, 'udp')
        self.check(self.ask(f'udp://127.0.0.1:{peer.port}', 'x'), 0, 'truth')

    def test_the_next_address_when_one_is_refused(self):
        (self.tmp / 'hosts').write_text('::1 two\n127.0.0.1 two\n')
        server = self.tmp / 'server.py'
        server.write_text('import socket\n'
                          's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n'
                          's.bind(("127.0.0.1", 9000))\n'
                          'print("up", flush=True)\n'
                          'while True:\n'
                          '    s.sendto(*s.recvfrom(1000))\n')
        for args, text, out in ((['x'], '', 'x'), (['--lines'], 'a\nb\n', 'a\nb\n'),
                                (['--lines', '--window', '9'], 'a\nb\n', 'a\nb\n')):
            done = self.in_namespace(
                'ip link set lo up\n'
                'mount --bind "$2" /etc/hosts\n'
                'rm -f "$3.up"; mkfifo "$3.up"\n'
                'python3 "$3" > "$3.up" & server=$!\n'
                'read up < "$3.up"\n'
                'program=$1; shift 3\n'
                'status=0; "$program" ask -v udp://two:9000 "$@" || status=$?\n'
                'kill $server; exit $status', harness.landline(), self.tmp / 'hosts', server, *args, input=text)
            self.assertEqual((done.code, done.out), (0, out), done.story())
            self.assertIn('127.0.0.1:9000 answered over udp', done.err)


class Counting(AskCase):
    def test_summary(self):
        peer = self.peer(echo)
        done = self.ask('--count', '3', '--interval', '10ms', f':{peer.port}', 'x')
        self.check(done, 0, 'x\nx\nx\n')
        self.assertRegex(done.err, r'\A--- :\d+ ---\n3 sent, 3 answered, 0 lost, in .*\n'
                                   r'round trip: min .*, median .*, p99 .*, max .*\n\Z')
        self.assertEqual(peer.calls, 1)

    def test_a_peer_that_hangs_up_each_time_is_called_again(self):
        peer = self.peer(lambda conn: conn.sendall(conn.recv(100)))
        self.check(self.ask('-c', '3', '-i', '700ms', f':{peer.port}', 'x'), 0, 'x\nx\nx\n')
        self.assertEqual(peer.calls, 3)
        self.check(self.ask('-c', '3', '-i', '0', '--until', 'close', f':{peer.port}', 'x'), 0, 'x\nx\nx\n')
        self.assertEqual(peer.calls, 6)

    def test_losses(self):
        def talk(sock, data, address):
            if peer.calls != 2:
                sock.sendto(data, address)
        peer = self.peer(talk, 'udp')
        done = self.ask('-c', '3', '-i', '10ms', '-t', '1s', f'udp://127.0.0.1:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (5, 'x\nx\n'), done.story())
        self.assertIn('3 sent, 2 answered, 1 lost', done.err)
        self.assertEqual(done.err.count('no reply within'), 1)

    def test_a_late_answer_is_not_the_next_ones(self):
        first = []

        def talk(sock, data, address):
            if first:
                sock.sendto(b'late', first[0])
                sock.sendto(b'own', address)
            first.append(address)
        peer = self.peer(talk, 'udp')
        done = self.ask('-c', '2', '-i', '0', '-t', '1s', f'udp://127.0.0.1:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (5, 'own\n'), done.story())

    def test_refusals_are_told_one_by_one(self):
        port = harness.free_port()
        done = self.ask('-c', '2', '-i', '0', f'127.0.0.1:{port}', 'x')
        self.assertEqual((done.code, done.out), (4, ''), done.story())
        self.assertIn('0 sent, 0 answered, 0 lost, 2 not connected', done.err)
        self.assertEqual(done.err.count('refused'), 2)

    def test_interrupted(self):
        peer = self.peer(echo)
        done = self.spawn(harness.landline(), 'ask', '-c', '0', '-i', '10ms', f':{peer.port}', 'x')
        done.expect('x\nx\n')
        done.signal(signal.SIGINT)
        self.assertEqual(done.wait(), 0, done.story())
        self.assertRegex(done.err, r'\d+ sent, \d+ answered, 0 lost')

    def test_interrupted_without_an_answer(self):
        peer = self.peer(wait_for_hang_up)
        done = self.spawn(harness.landline(), 'ask', '-c', '0', f':{peer.port}', 'x')
        harness.wait_until(lambda: peer.calls, 'the call', done)
        done.signal(signal.SIGINT)
        self.assertEqual(done.wait(), 1, done.story())
        self.assertIn('interrupted before there was an answer', done.err)

    def test_one_question_ends_by_the_signal(self):
        peer = self.peer(wait_for_hang_up)
        done = self.spawn(harness.landline(), 'ask', f':{peer.port}', 'x')
        harness.wait_until(lambda: peer.calls, 'the call', done)
        done.signal(signal.SIGINT)
        self.assertEqual(done.wait(), -signal.SIGINT)


class Shown(AskCase):
    def test_verbose(self):
        peer = self.peer(echo)
        done = self.ask('-v', f'127.0.0.1:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (0, 'x\n'))
        self.assertRegex(done.err, rf'\A127\.0\.0\.1:{peer.port} answered over tcp: connect .*, reply .*, 2 bytes\n\Z')

    def test_hex(self):
        peer = self.peer(echo)
        done = self.ask('-x', f':{peer.port}', '你好, 0123456789')
        self.check(done, 0)
        self.assertEqual(done.out.splitlines()[0][:58],
                         '00000000  e4 bd a0 e5 a5 bd 2c 20  30 31 32 33 34 35 36 37')
        self.assertTrue(done.out.splitlines()[1].startswith('00000010  38 39 0a '), done.out)

    def test_json(self):
        peer = self.peer(lambda conn: conn.sendall(conn.recv(9) and b'\xff\x1b'))
        done = self.ask('--json', '--trace', f'127.0.0.1:{peer.port}', 'x')
        self.check(done, 0)
        self.assertNotIn('\x1b', done.out)
        reply, trace = map(json.loads, done.out.splitlines())
        self.assertEqual((reply['event'], reply['number'], reply['bytes'], reply['text_base64'], reply['peer']),
                         ('reply', 1, 2, '/xs=', f'127.0.0.1:{peer.port}'))
        self.assertGreater(reply['round_trip_ns'], 0)
        self.assertEqual((trace['event'], trace['tcp']['bytes_sent'], trace['tcp']['retransmits']), ('trace', 2, 0))

    def test_json_of_what_went_wrong(self):
        done = self.ask('--json', f'127.0.0.1:{harness.free_port()}', 'x')
        self.check(done, 4, err='refused')
        event = json.loads(done.out)
        self.assertEqual((event['event'], event['status']), ('error', 4))
        self.assertIn('refused', event['error'])
        mute = self.peer(lambda *unused: None, 'udp')
        done = self.ask('--json', '-c', '2', '-i', '0', '-t', '100ms', f'udp://127.0.0.1:{mute.port}', 'x')
        self.check(done, 5)
        events = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual([event['event'] for event in events], ['lost', 'lost', 'summary'])
        self.assertEqual((events[2]['sent'], events[2]['lost']), (2, 2))

    def test_a_full_disk(self):
        if not os.path.exists('/dev/full'):
            self.skipTest('no /dev/full here')
        peer = self.peer(echo)
        done = self.run_program('sh', '-c', '"$1" ask ":$2" x > /dev/full', 'sh', harness.landline(), peer.port)
        self.check(done, 1, err='standard output: ')

    def test_trace(self):
        peer = self.peer(echo)
        done = self.ask('--trace', f'127.0.0.1:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (0, 'x\n'))
        for words in (rf'to +127\.0\.0\.1:{peer.port}', r'state +ESTABLISHED', r'round trip +\d', r'sent +2 bytes',
                      r'received +2 bytes', r'sent again +nothing', r'segment size +\d+', r'congestion +\w+'):
            self.assertRegex(done.err, words)

    def test_trace_tells_time_wait(self):
        def talk(conn):
            wait_for_hang_up(conn)
            conn.sendall(b'bye')
        peer = self.peer(talk)
        done = self.ask('--trace', '--half-close', f'127.0.0.1:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (0, 'bye'))
        self.assertRegex(done.err, r'state +TIME-WAIT \(by sock_diag\)')
        self.assertRegex(done.err, r'received +3 bytes')

    def test_a_pipe_gets_the_bytes(self):
        hostile = b'\x1b[31m\xff\x00\r\n'
        peer = self.peer(lambda conn: conn.sendall(hostile))
        self.assertEqual(self.ask(f':{peer.port}', input='').out_bytes, hostile)

    def on_terminal(self, talk, *args, **more):
        peer = self.peer(talk)
        done = self.spawn(harness.landline(), 'ask', f':{peer.port}', *args, tty=True, **more)
        self.assertEqual(done.wait(), 0)
        return done.out

    def test_a_terminal_is_never_steered(self):
        def talk(conn):
            conn.recv(100)
            conn.sendall('好\x1b[31mred\x1b]0;title\x07 \u202eesrever\u202c \x9b31m \xff'.encode('utf-8')
                         .replace(b'\xc3\xbf', b'\xff') + '半'.encode()[:2])
        # With colours the only sequences are our own, around each run of what was escaped.
        for args, env in (([], {'TERM': 'xterm'}), (['--no-color'], {'TERM': 'xterm'}), ([], {'NO_COLOR': '1'})):
            out = self.on_terminal(talk, 'x', *args, env=env)
            self.assertEqual('\x1b' in out, not args and 'TERM' in env)
            out = out.replace('\x1b[7m\\', '\\').replace('\x1b[27m', '')
            for byte in '\x1b\x07\x9b\u202e':
                self.assertNotIn(byte, out)
            self.assertIn('好\\x1b[31mred\\x1b]0;title\\x07 \\u{202E}esrever', out)
            self.assertTrue(out.endswith('\\xff\\xe5\\x8d\r\n'), repr(out))

    def test_a_character_in_two_pieces(self):
        def talk(conn):
            conn.recv(100)
            for byte in '再见\n'.encode():
                conn.sendall(bytes([byte]))
                time.sleep(0.01)
        self.assertEqual(self.on_terminal(talk, '--quiet-time', '5s', 'x'), '再见\r\n')

    def test_a_final_newline(self):
        self.assertEqual(self.on_terminal(lambda conn: conn.recv(9) and conn.sendall(b'bare'), 'x'), 'bare\r\n')

    def test_the_prompt(self):
        peer = self.peer(echo)
        done = self.spawn(harness.landline(), 'ask', f':{peer.port}', tty=True)
        done.expect('>>: ')
        done.send('你好\n')
        done.expect('你好\r\n你好\r\n')
        self.assertEqual(done.wait(), 0)

    def test_the_end_of_input_at_the_prompt(self):
        peer = self.peer(echo)
        done = self.spawn(harness.landline(), 'ask', f':{peer.port}', tty=True)
        done.expect('>>: ')
        done.close_stdin()
        self.assertEqual(done.wait(), 1)
        self.assertEqual(peer.calls, 0)

    def test_the_prompt_line_after_line(self):
        peer = self.peer(echo)
        done = self.spawn(harness.landline(), 'ask', '--lines', f':{peer.port}', tty=True)
        for word in ('one', 'two'):
            done.expect('>>: ')
            done.send(word + '\n')
            done.expect(f'{word}\r\n{word}\r\n')
        done.expect('>>: ')
        done.close_stdin()
        self.assertEqual(done.wait(), 0)

    def test_a_reader_that_has_gone(self):
        peer = self.peer(echo)
        done = self.run_program('sh', '-c', f'"$1" ask -c 0 -i 0 :{peer.port} x 2>/dev/null | head -n 1', 'sh',
                                harness.landline())
        self.assertEqual(done.out, 'x\n')


class Calling(AskCase):
    def contacts(self, text):
        folder = self.home / 'config' / 'landline'
        folder.mkdir(parents=True)
        (folder / 'contacts').write_text(text)

    def test_a_contact(self):
        peer = self.peer(echo)
        gone = harness.free_port()
        self.contacts(f'王小明 = tcp://127.0.0.1:{gone} tcp://127.0.0.1:{peer.port}\n')
        done = self.ask('王小明', 'hello')
        self.assertEqual((done.code, done.out), (0, 'hello\n'), done.story())
        self.assertIn('trying the next address', done.err)

    def test_a_contact_whose_datagrams_nobody_answers(self):
        mute = self.peer(lambda *unused: None, 'udp')
        peer = self.peer(echo)
        self.contacts(f'Ann = udp://127.0.0.1:{mute.port} tcp://127.0.0.1:{peer.port}\n')
        done = self.ask('-t', '1s', 'Ann', 'hello')
        self.assertEqual((done.code, done.out), (0, 'hello\n'), done.story())
        self.assertEqual((mute.got, peer.calls), (b'hello', 1))

    def test_a_dead_ipv6_does_not_hold_up(self):
        # What goes to fd00::2 comes back on the loopback, where nobody takes it or says so.
        hosts = self.tmp / 'hosts'
        hosts.write_text('fd00::2 two\n127.0.0.1 two\n')
        server = self.tmp / 'server.py'
        server.write_text('import socket\ns = socket.create_server(("127.0.0.1", 9000))\nprint("up", flush=True)\n'
                          'c, _ = s.accept()\nc.sendall(c.recv(100))\n')
        done = self.in_namespace(
            'ip link set lo up\n'
            'ip addr add fd00::1/128 dev lo\n'
            'ip -6 route add fd00::/64 dev lo\n'
            'mount --bind "$2" /etc/hosts\n'
            'mkfifo "$3.up"\n'
            'python3 "$3" > "$3.up" &\n'
            'read up < "$3.up"\n'
            'exec "$1" ask -v -t 2500ms two:9000 hello', harness.landline(), hosts, server)
        self.assertEqual((done.code, done.out), (0, 'hello\n'), done.story())
        self.assertIn('127.0.0.1:9000 answered over tcp', done.err)


class CertsCase(AskCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='landline-test-certs-')
        cls.addClassCleanup(cls.folder.cleanup)
        cls.certs = certs.make(pathlib.Path(cls.folder.name) / 'certs')


class Secure(CertsCase):
    """Over TLS, to Python's own."""

    def server(self, pair, talk=None, alpn=None, ca=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert, pair.key)
        if alpn:
            context.set_alpn_protocols(alpn)
        if ca:
            context.load_verify_locations(ca)
            context.verify_mode = ssl.CERT_REQUIRED

        def secure(conn):
            with context.wrap_socket(conn, server_side=True) as tls:
                (talk or echo)(tls)
        return self.peer(secure)

    def test_0_answered(self):
        made = self.certs
        peer = self.server(made.good)
        for host in ('localhost', '127.0.0.1'):
            self.check(self.ask('--ca', made.ca.cert, f'tls://{host}:{peer.port}', '你好'), 0, '你好\n')
        done = self.ask('-v', '--ca', made.ca.cert, f'tls://127.0.0.1:{peer.port}', 'x')
        self.assertRegex(done.err, r'answered over tls: connect .*, TLS handshake .*, reply')

    def test_7_not_trusted(self):
        made = self.certs
        for pair, says in ((made.stranger, '--ca'), (made.self_signed, '--pin'), (made.expired, 'expired'),
                           (made.early, 'valid'), (made.wrong_name, 'other.example')):
            peer = self.server(pair)
            self.fails(7, says, '--ca', made.ca.cert, f'tls://localhost:{peer.port}', 'x')
        peer = self.server(made.good)
        self.fails(7, '', f'tls://localhost:{peer.port}', 'x')
        self.fails(7, '', '--ca', made.ca.cert, '--server-name', 'other.example', f'tls://localhost:{peer.port}', 'x')

    def test_pin(self):
        made = self.certs
        peer = self.server(made.self_signed)
        self.check(self.ask('--pin', made.self_signed.pin, f'tls://localhost:{peer.port}', 'x'), 0, 'x\n')
        self.fails(7, made.self_signed.pin, '--pin', made.good.pin, f'tls://localhost:{peer.port}', 'x')

    def test_insecure_is_said(self):
        peer = self.server(self.certs.expired)
        done = self.ask('--insecure', f'tls://localhost:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (0, 'x\n'))
        self.assertIn('not verified', done.err)

    def test_server_name_and_alpn(self):
        made = self.certs
        peer = self.server(made.wrong_name, alpn=['echo'])
        done = self.ask('--ca', made.ca.cert, '--server-name', 'other.example', '--alpn', 'other,echo', '--trace',
                        f'tls://127.0.0.1:{peer.port}', 'x')
        self.assertEqual((done.code, done.out), (0, 'x\n'), done.story())
        for words in (r'TLS +TLSv1\.3, TLS_', r'ALPN +echo', r'trusted +yes', r'for +.*other\.example',
                      'fingerprint +' + made.wrong_name.pin, r'state +ESTABLISHED'):
            self.assertRegex(done.err, words)

    def test_client_certificate(self):
        made = self.certs
        peer = self.server(made.good, ca=made.ca.cert)
        self.check(self.ask('--ca', made.ca.cert, '--cert', made.client.cert, '--key', made.client.key,
                            f'tls://localhost:{peer.port}', 'x'), 0, 'x\n')
        self.assertNotEqual(self.ask('--ca', made.ca.cert, f'tls://localhost:{peer.port}', 'x').code, 0)

    def test_5_no_handshake(self):
        peer = self.peer(wait_for_hang_up)
        self.fails(5, 'the TLS handshake was not done within 200ms', '-t', '200ms', f'tls://:{peer.port}', 'x')

    def test_6_no_tls_there(self):
        peer = self.peer(lambda conn: conn.recv(1000))
        self.fails(6, 'during the TLS handshake', f'tls://:{peer.port}', 'x')

    def test_9_bad_files(self):
        (self.tmp / 'bad').write_text('no certificate\n')
        self.fails(9, 'bad', '--ca', self.tmp / 'bad', 'tls://:9000', 'x')
        self.fails(9, 'none', '--cert', self.tmp / 'none', 'tls://:9000', 'x')


class SecureDatagrams(CertsCase):
    """Over DTLS, to openssl's server."""

    def server(self, *args):
        if not shutil.which('openssl'):
            self.skipTest('no openssl here')
        self.port = harness.free_port()
        server = self.spawn('openssl', 's_server', '-dtls', '-quiet', '-accept', self.port, *args)
        harness.wait_udp(self.port, server)
        return server

    def answered(self, server, *args):
        done = self.spawn(harness.landline(), 'ask', *args, f'dtls://127.0.0.1:{self.port}', '你好')
        server.expect('你好')
        server.send('嗯')
        self.assertEqual((done.wait(), done.out), (0, '嗯'), done.story())
        return done

    def test_0_answered(self):
        made = self.certs
        server = self.server('-cert', made.good.cert, '-key', made.good.key)
        done = self.answered(server, '--ca', made.ca.cert, '--trace', '-v')
        for words in ('answered over dtls: TLS handshake', r'TLS +DTLSv1\.2', r'trusted +yes'):
            self.assertRegex(done.err, words)

    def test_7_not_trusted(self):
        made = self.certs
        for pair, says in ((made.stranger, '--ca'), (made.expired, 'expired')):
            self.server('-cert', pair.cert, '-key', pair.key)
            self.fails(7, says, '--ca', made.ca.cert, f'dtls://127.0.0.1:{self.port}', 'x')

    def test_shared_key(self):
        server = self.server('-nocert', '-psk', certs.PSK_KEY, '-psk_identity', certs.PSK_IDENTITY)
        done = self.answered(server, '--psk-file', self.certs.psk, '--trace')
        self.assertIn('by the key that both know', done.err)

    def test_5_a_wrong_key(self):
        self.server('-nocert', '-psk', certs.PSK_KEY, '-psk_identity', certs.PSK_IDENTITY)
        self.fails(5, 'a wrong pre-shared key looks like this', '-t', '1s', '--psk-file', self.certs.wrong_psk,
                   f'dtls://127.0.0.1:{self.port}', 'x')

    def test_5_no_handshake(self):
        peer = self.peer(lambda *unused: None, 'udp')
        self.fails(5, 'does the peer speak DTLS', '-t', '300ms', f'dtls://127.0.0.1:{peer.port}', 'x')

    def test_4_closed_port(self):
        self.fails(4, 'the port is closed (ICMP)', f'dtls://127.0.0.1:{harness.free_port()}', 'x')

    def test_1_what_does_not_fit(self):
        made = self.certs
        self.server('-cert', made.good.cert, '-key', made.good.key)
        where = ('--ca', made.ca.cert, f'dtls://127.0.0.1:{self.port}')
        self.fails(1, 'DTLS carries 16384 at most', *where, input=b'x' * 16385)
        self.fails(1, 'cannot carry an empty message', *where, '')


class Peers(AskCase):
    """Programs that people have."""

    def needs(self, program):
        if not shutil.which(program):
            self.skipTest(f'no {program} here')

    def test_the_tutorials_servers(self):
        port = harness.free_port()
        server = self.spawn(*harness.tutorial('tcp_server', '127.0.0.1', port))
        harness.wait_tcp(port, server)
        self.check(self.ask(f':{port}', '你好'), 0, '再见')
        self.assertEqual(server.wait(), 0)
        self.assertIn('你好\n', server.out)
        server = self.spawn(*harness.tutorial('udp_server', '127.0.0.1', port))
        harness.wait_udp(port, server)
        self.check(self.ask(f'udp://:{port}', '你好'), 0, '再见')
        server.expect('的一条消息:你好\n')

    def test_nc(self):
        self.needs('nc')
        port = harness.free_port()
        server = self.spawn('nc', '-l', '127.0.0.1', port)
        harness.wait_tcp(port, server)
        done = self.spawn(harness.landline(), 'ask', f':{port}', '你好')
        server.expect('你好\n')
        server.send('嗯\n')
        self.assertEqual((done.wait(), done.out), (0, '嗯\n'))
        server.close_stdin()
        server.wait()

    def test_nc_that_hangs_up_first(self):
        self.needs('nc')
        port = harness.free_port()
        (self.tmp / 'page').write_text('one\ntwo\n')
        server = self.spawn('sh', '-c', 'exec nc -N -l 127.0.0.1 "$1" < "$2"', 'sh', port, self.tmp / 'page')
        harness.wait_tcp(port, server)
        self.check(self.ask('--until', 'close', f':{port}', 'x'), 0, 'one\ntwo\n')

    def test_nc_over_udp(self):
        self.needs('nc')
        port = harness.free_port()
        server = self.spawn('nc', '-u', '-l', '127.0.0.1', port)
        harness.wait_udp(port, server)
        done = self.spawn(harness.landline(), 'ask', f'udp://:{port}', '你好')
        server.expect('你好')
        server.send('嗯\n')
        self.assertEqual((done.wait(), done.out), (0, '嗯\n'))

    def test_ncat(self):
        self.needs('ncat')
        for udp in ([], ['-u']):
            port = harness.free_port()
            server = self.spawn('ncat', '-l', '127.0.0.1', port, '-e', '/bin/cat', *udp)
            (harness.wait_udp if udp else harness.wait_tcp)(port, server)
            scheme = 'udp' if udp else 'tcp'
            self.check(self.ask(f'{scheme}://127.0.0.1:{port}', '你好'), 0, '你好' + ('' if udp else '\n'))

    def test_socat(self):
        self.needs('socat')
        port = harness.free_port()
        server = self.spawn('socat', f'TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork', 'EXEC:sort')
        harness.wait_tcp(port, server)
        # sort answers at the end of its input: that is what --half-close is for.
        self.check(self.ask('--half-close', f':{port}', input='b\na\n'), 0, 'a\nb\n')
        self.fails(5, 'no reply came', '-t', '300ms', f':{port}', input='b\na\n')


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""landline answer, from outside: each way to answer over each scheme, to tutorial programs, nc, ncat, socat and
openssl; what it prints; what it refuses to start with."""
import json
import os
import shutil
import socket
import subprocess
import time

import answering
import harness
from answering import SOCKET_S, receive, receive_all


class Manners(answering.Case):
    """Each peer is answered in the manner it speaks."""

    def test_stream(self):
        port = harness.free_port()
        program = self.answer(f':{port}', '--reply', '%n:%m', listening=2)
        peer = self.call(port)
        peer.sendall('你好'.encode())
        self.assertEqual(peer.recv(1024).decode(), '1:你好')
        peer.sendall(b'line\n')
        self.assertEqual(peer.recv(1024), b'2:line\n')
        peer.sendall(b'telnet\r\n')
        self.assertEqual(peer.recv(1024), b'3:telnet\r\n')
        peer.sendall(b'\n')
        self.assertEqual(peer.recv(1024), b'4:\n')
        peer = self.call(port, '::1')
        peer.sendall(b'a\nb\r\nc')
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), b'5:a\n6:b\r\n7:c')
        self.stop(program)
        self.assertIn('2 calls, 7 messages, 7 replies', program.err)

    def test_datagram(self):
        port = harness.free_port()
        self.answer(f'udp://:{port}', '--reply', '%n:%m', listening=2)
        peer = self.datagrams(port)
        for number, (sent, reply) in enumerate(
                [('你好', '1:你好'), ('a\n', '2:a\n'), ('a\r\n', '3:a\r\n'), ('', '4:'), ('a\nb', '5:a\nb')], 1):
            peer.send(sent.encode())
            self.assertEqual(peer.recv(1024).decode(), reply)
        peer = self.datagrams(port, '::1')
        peer.send(b'six')
        self.assertEqual(peer.recv(1024), b'6:six')

    def test_template(self):
        port = harness.free_port()
        self.answer(f'udp://127.0.0.1:{port}', '--reply', '%a|%t|%%|%m')
        peer = self.datagrams(port)
        peer.send(b'%n')
        address, when, percent, message = peer.recv(1024).decode().split('|')
        self.assertEqual((address, percent, message), (f'127.0.0.1:{peer.getsockname()[1]}', '%', '%n'))
        self.assertRegex(when, r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$')

    def test_echo_is_byte_for_byte(self):
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--echo', '--rate-limit', '0', listening=2)
        every_byte = bytes(range(256))
        peer = self.datagrams(port)
        for data in (every_byte, b'\r\n', b'', b'x' * 60000):
            peer.send(data)
            self.assertEqual(peer.recv(65536), data)
        peer = self.call(port)
        text = b'one\n' + every_byte + b'\ntwo\r\n\n' + b'y' * 60000 + b'\r\nbare'
        for at in range(0, len(text), 999):
            peer.sendall(text[at:at + 999])
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), text)

    def test_bursts(self):
        """Datagrams that leave the sender joined come joined from the second burst on, and nobody sees it."""
        def burst(*options, longest=100):
            port = harness.free_port()
            program = self.answer(f'udp://127.0.0.1:{port}', '--echo', *options)
            peer = self.datagrams(port)
            try:
                peer.setsockopt(socket.IPPROTO_UDP, 103, 100)  # UDP_SEGMENT
            except OSError:
                self.skipTest('this kernel has no UDP_SEGMENT')
            for letter in b'abcd':
                data = bytes(letter + i // 100 % 8 for i in range(6350))  # 63 of 100 bytes and one of 50
                peer.send(data)
                for at in range(0, len(data), 100):
                    if len(data[at:at + 100]) <= longest:
                        self.assertEqual(peer.recv(65536), data[at:at + 100])
            self.stop(program)
            return program

        for options in (('--quiet', '--rate-limit', '0'), ('--quiet', '--rate-limit', '1000'), ('--rate-limit', '0')):
            program = burst(*options)
            self.assertIn('256 messages, 256 replies', program.err)
        self.assertEqual(program.out.count(']: '), 256)
        program = burst('--quiet', '--rate-limit', '0', '--max-message', '99', longest=99)
        self.assertIn('4 messages, 4 replies', program.err)

    def test_quiet_time(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--echo', '--quiet-time', '2s')
        peer = self.call(port)
        began = time.monotonic()
        peer.sendall(b'in two ')
        time.sleep(0.3)  # longer than the default
        peer.sendall(b'parts')
        self.assertEqual(peer.recv(1024), b'in two parts')
        self.assertGreater(time.monotonic() - began, 2.2)
        program.expect(r'\]: in two parts\n')

    def test_unix(self):
        path = str(self.tmp / 's')
        program = self.answer(f'unix://{path}', 'unix://@landline-test-' + str(os.getpid()), '--reply', 'to %a',
                              listening=2)
        for name in (path, f'\0landline-test-{os.getpid()}'):
            peer = self.call_unix(name)
            peer.sendall(b'hi\n')
            self.assertEqual(peer.recv(1024).decode(), f'to pid {os.getpid()}\n')
        self.stop(program)
        self.assertFalse(os.path.exists(path))

    def test_unixgram(self):
        path, mine = str(self.tmp / 's'), str(self.tmp / 'mine')
        program = self.answer(f'unixgram://{path}', '--reply', 'to %a')
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(peer.close)
        peer.settimeout(SOCKET_S)
        peer.bind(mine)
        peer.sendto(b'hi', path)
        self.assertEqual(peer.recv(1024).decode(), f'to {mine}')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
            nameless.sendto(b'hello', path)
        program.expect(r'\[-\]: hello')
        program.expect(r'has no name', stream='err')
        self.stop(program)
        self.assertFalse(os.path.exists(path))

    def test_discard(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--discard', listening=2)
        peer, datagrams = self.call(port), self.datagrams(port)
        peer.sendall(b'line\n')
        program.expect('line')
        datagrams.send(b'datagram')
        program.expect('datagram')
        self.assert_silent(peer)
        self.assert_silent(datagrams)
        self.stop(program)
        self.assertIn('1 call, 2 messages, 0 replies', program.err)


class Once(answering.Case):
    def once(self, address, how=('--reply', 'bye')):
        program = self.answer(address, '--once', *how)
        return program, program.err.split('listening on ')[1].splitlines()[0]

    def ended(self, program):
        self.assertEqual(program.wait(), 0, program.story())

    def test_tcp(self):
        program, address = self.once('127.0.0.1:0')
        peer = self.call(int(address.rsplit(':', 1)[1]))
        peer.sendall(b'one\ntwo\n')
        self.assertEqual(receive_all(peer), b'bye\n')
        peer.close()
        self.ended(program)

    def test_a_long_reply_arrives_whole(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--once', '--echo', '--max-message', '16M', '-q',
                              '--quiet-time', '1m')
        # A sender that pauses for a moment on a busy machine has not ended its message.
        peer = self.call(port)
        text = os.urandom(8 * 1024 * 1024).replace(b'\n', b'') + b'\n'
        peer.sendall(text)
        time.sleep(0.2)  # it is being answered; the answer waits for us
        self.assertTrue(receive_all(peer) == text)
        peer.close()
        self.ended(program)

    def test_udp(self):
        program, address = self.once('udp://127.0.0.1:0')
        peer = self.datagrams(int(address.rsplit(':', 1)[1]))
        peer.send(b'one')
        self.assertEqual(peer.recv(1024), b'bye')
        self.ended(program)

    def test_unix(self):
        path = str(self.tmp / 's')
        program, _ = self.once(f'unix://{path}')
        peer = self.call_unix(path)
        peer.sendall(b'one')
        self.assertEqual(receive_all(peer), b'bye')
        peer.close()
        self.ended(program)

    def test_unixgram(self):
        path = str(self.tmp / 's')
        program, _ = self.once(f'unixgram://{path}')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
            peer.bind(str(self.tmp / 'mine'))
            peer.settimeout(SOCKET_S)
            peer.sendto(b'one', path)
            self.assertEqual(peer.recv(1024), b'bye')
        self.ended(program)

    def test_exec(self):
        program, address = self.once('127.0.0.1:0', ('--exec', 'tr a-z A-Z'))
        peer = self.call(int(address.rsplit(':', 1)[1]))
        peer.sendall(b'one\ntwo\n')
        peer.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(peer), b'ONE\nTWO\n')
        peer.close()
        self.ended(program)

    def test_exec_datagram(self):
        program, address = self.once('udp://127.0.0.1:0', ('--exec', 'tr a-z A-Z'))
        peer = self.datagrams(int(address.rsplit(':', 1)[1]))
        peer.send(b'one')
        self.assertEqual(peer.recv(1024), b'ONE')
        self.ended(program)

    def test_filter(self):
        for scheme in ('tcp', 'udp'):
            program, address = self.once(f'{scheme}://127.0.0.1:0', ('--filter', 'sed -u s/one/two/'))
            port = int(address.rsplit(':', 1)[1])
            peer = self.call(port) if scheme == 'tcp' else self.datagrams(port)
            peer.send(b'one')
            self.assertEqual(peer.recv(1024), b'two')
            peer.close()
            self.ended(program)

    def test_too_long_is_not_the_one(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--once', '--echo', '--max-message', '5')
        peer = self.call(port)
        peer.sendall(b'123456\n12345\n')
        self.assertEqual(receive_all(peer), b'12345\n')
        peer.close()
        self.ended(program)


class Output(answering.Case):
    def test_words(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--discard', '-v', listening=2)
        self.assertEqual(program.err, f'listening on tcp://127.0.0.1:{port}\nlistening on udp://127.0.0.1:{port}\n')
        peer = self.call(port)
        source = peer.getsockname()[1]
        peer.sendall('你好,世界'.encode())
        program.expect('世界\n')
        peer.close()
        program.expect(f'127.0.0.1:{source}: hung up\n', stream='err')
        self.assertEqual(program.out, f'Call from 127.0.0.1\nMessage from [127.0.0.1:{source}]: 你好,世界\n')

    def test_a_message_is_one_safe_line(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--discard')
        peer = self.datagrams(port)
        peer.send(b'a\nb\x1b[31m\xff\xe2\x80\xae')
        program.expect(r'\]: a\\x0ab\\x1b\[31m\\xff\\u\{202E\}\n')

    def test_quiet(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', '--echo', '--quiet')
        peer = self.call(port)
        peer.sendall(b'x\n')
        self.assertEqual(peer.recv(10), b'x\n')
        self.stop(program)
        self.assertEqual(program.out, '')
        self.assertIn('1 call, 1 message, 1 reply\n', program.err)

    def test_hex(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', '--discard', '--hex')
        self.datagrams(port).send('你好'.encode())
        program.expect(r'\]: 6 bytes\n00000000  e4 bd a0 e5 a5 bd .*\|你.*好.*\|\n')

    def test_encoding(self):
        port = harness.free_port()
        program = self.answer(f'udp://127.0.0.1:{port}', f'127.0.0.1:{port}', '--reply', '收到:%m', '--encoding',
                              'GBK', listening=2)
        peer = self.datagrams(port)
        peer.send('你好'.encode('gbk'))
        self.assertEqual(peer.recv(1024).decode('gbk'), '收到:你好')
        program.expect(r'\]: 你好\n')
        peer = self.call(port)
        peer.sendall('再见\n'.encode('gbk'))
        self.assertEqual(peer.recv(1024).decode('gbk'), '收到:再见\n')
        program.expect(r'\]: 再见\n')

    def test_json(self):
        port = harness.free_port()
        program = self.answer(f'127.0.0.1:{port}', f'udp://127.0.0.1:{port}', '--reply', 'ok', '--json',
                              '--max-message', '10', listening=2)
        peer = self.call(port)
        name = f'127.0.0.1:{peer.getsockname()[1]}'
        peer.sendall('你好\r\n'.encode() + b'x' * 11 + b'\n')
        program.expect('too_long')
        self.assertEqual(peer.recv(10), b'ok\r\n')
        datagrams = self.datagrams(port)
        datagrams.send(b'\xff')
        self.assertEqual(datagrams.recv(10), b'ok')
        peer.close()
        program.expect('hang_up')
        self.stop(program)
        events = [json.loads(line) for line in program.out.splitlines()]
        self.assertEqual([event['event'] for event in events],
                         ['listening', 'listening', 'call', 'message', 'refused', 'message', 'hang_up', 'counts'])
        for event in events:
            self.assertRegex(event.pop('time'), r'^\d{4}-\d\d-\d\dT')
        who = {'scheme': 'tcp', 'peer': name, 'local': f'127.0.0.1:{port}', 'call': 1}
        self.assertEqual(events[0], {'event': 'listening', 'address': f'tcp://127.0.0.1:{port}'})
        self.assertEqual(events[2], {'event': 'call', **who})
        self.assertEqual(events[3], {'event': 'message', **who, 'number': 1, 'bytes': 6, 'ending': 'crlf',
                                     'text': '你好'})
        self.assertEqual(events[4], {'event': 'refused', **who, 'reason': 'too_long', 'count': 1})
        self.assertEqual(events[5]['text_base64'], '/w==')
        self.assertEqual(events[6], {'event': 'hang_up', **who, 'reason': 'peer'})
        counts = events[7]
        self.assertEqual((counts['calls'], counts['messages'], counts['replies'], counts['refused']['too_long']),
                         (1, 2, 2, 1))
        self.assertEqual(program.err, '')

    def test_reader_of_stdout_goes_away(self):
        port = harness.free_port()
        read, write = os.pipe()
        program = subprocess.Popen([harness.landline(), 'answer', f'127.0.0.1:{port}', '--discard'], stdout=write,
                                   stderr=subprocess.PIPE, env=harness.clean_env(self.home))
        self.addCleanup(program.stderr.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        os.close(write)
        harness.wait_tcp(port)
        os.close(read)
        self.call(port)
        self.assertEqual(program.wait(SOCKET_S), 1)


class Misuse(answering.Case):
    def fails(self, code, words, *args):
        done = self.run_program(harness.landline(), 'answer', *args)
        self.assertEqual(done.code, code, done.story())
        self.assertEqual(done.out, '')
        self.assertRegex(done.err, words)
        self.assertEqual(done.err.count('\n'), 1)

    def test_how(self):
        self.fails(2, '--reply TEXT, --echo, --exec COMMAND, --filter COMMAND or --discard', ':0')
        self.fails(2, 'exclude each other', ':0', '--echo', '--reply', 'x')
        self.fails(2, 'exclude each other', ':0', '--exec', 'x', '--filter', 'x')
        self.fails(2, '50%', ':0', '--reply', '50%')
        self.fails(2, 'ADDRESS|argument', '--echo')

    def test_addresses(self):
        self.fails(2, 'ws', 'ws://:0', '--echo')
        self.fails(3, 'no-such-host.invalid', 'no-such-host.invalid:9000', '--echo')
        self.fails(1, '192.0.2.1', '192.0.2.1:0', '--echo')
        self.fails(2, '10.0.0.1/8', ':0', '--echo', '--allow', '10.0.0.1/8')
        self.fails(2, 'tls://', ':0', '--echo', '--cert', 'x')
        self.fails(9, 'no-such-file', 'tls://:0', '--echo', '--cert', 'no-such-file')
        self.fails(2, 'no-such-encoding', ':0', '--echo', '--encoding', 'no-such-encoding')

    def test_port_in_use(self):
        with socket.socket() as other:
            other.bind(('127.0.0.1', 0))
            other.listen()
            port = other.getsockname()[1]
            self.fails(1, f'127.0.0.1:{port}.*already listens', f'127.0.0.1:{port}', '--echo')

    def test_live_unix_socket_is_left_alone(self):
        path = str(self.tmp / 's')
        self.answer(f'unix://{path}', '--echo')
        self.fails(1, 'already listens', f'unix://{path}', '--echo')
        self.call_unix(path)


class Peers(answering.Case):
    """Programs written by others."""

    def run_tool(self, *argv, input=b'', code=0):
        if not shutil.which(argv[0]):
            self.skipTest(f'{argv[0]} is not installed')
        done = self.run_program(*argv, input=input)
        self.assertEqual(done.code, code, done.story())
        return done.out

    def setUp(self):
        super().setUp()
        self.port = harness.free_port()
        self.program = self.answer(f'127.0.0.1:{self.port}', f'udp://127.0.0.1:{self.port}',
                                   f'unix://{self.tmp}/s', '--reply', '收到 %m', listening=3)

    def test_nc(self):
        self.assertEqual(self.run_tool('nc', '-N', '127.0.0.1', self.port, input='你好'), '收到 你好')
        self.assertEqual(self.run_tool('nc', '-N', '127.0.0.1', self.port, input='a\nb\n'), '收到 a\n收到 b\n')
        self.assertEqual(self.run_tool('nc', '-N', '-C', '127.0.0.1', self.port, input='a\n'), '收到 a\r\n')
        self.assertEqual(self.run_tool('nc', '-U', '-N', self.tmp / 's', input='a\n'), '收到 a\n')

    def test_nc_udp(self):
        self.assertEqual(self.run_tool('nc', '-u', '-w1', '127.0.0.1', self.port, input='你好'), '收到 你好')

    def test_ncat(self):
        self.assertEqual(self.run_tool('ncat', '127.0.0.1', self.port, input='你好\n'), '收到 你好\n')

    def test_socat(self):
        self.assertEqual(self.run_tool('socat', '-t5', '-', f'TCP:127.0.0.1:{self.port}', input='你好'), '收到 你好')
        self.assertEqual(self.run_tool('socat', '-t1', '-', f'UDP:127.0.0.1:{self.port}', input='你好'), '收到 你好')
        self.assertEqual(self.run_tool('socat', '-t5', '-', f'UNIX:{self.tmp}/s', input='a\n'), '收到 a\n')


class Tutorial(answering.Case):
    """The clients that tutorials write: bare UTF-8, one recv(1024)."""

    def test_tcp_in_the_tutorials_manner(self):
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', '--reply', '你好,客户端')
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            client.settimeout(SOCKET_S)
            client.connect(('127.0.0.1', port))
            for text in ('你好', '再见'):
                client.send(text.encode('utf-8'))
                self.assertEqual(client.recv(1024).decode('utf-8'), '你好,客户端')

    def test_udp_in_the_tutorials_manner(self):
        port = harness.free_port()
        self.answer(f'udp://127.0.0.1:{port}', '--reply', '你好,客户端')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(SOCKET_S)
            client.sendto('你好'.encode('utf-8'), ('127.0.0.1', port))
            data, address = client.recvfrom(1024)
            self.assertEqual((data.decode('utf-8'), address), ('你好,客户端', ('127.0.0.1', port)))


class Tls(answering.Case):
    def test_openssl(self):
        if not shutil.which('openssl'):
            self.skipTest('openssl is not installed')
        port = harness.free_port()
        program = self.answer(f'tls://127.0.0.1:{port}', '--reply', 'got %m', '-v')
        program.expect(r'--pin sha256:[0-9a-f]{64}\n', stream='err')
        client = self.spawn('openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-quiet')
        client.send('hello\n')
        client.expect('got hello\n')
        client.stop()
        program.expect('hung up|connection reset|closed', stream='err')

    def test_python_pins_nothing_and_half_closes(self):
        import ssl
        port = harness.free_port()
        self.answer(f'tls://127.0.0.1:{port}', '--echo')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(self.call(port)) as peer:
            text = b''.join(b'%d\n' % i for i in range(20000))
            peer.sendall(text)
            self.assertTrue(receive(peer, len(text)) == text)

    def test_dtls(self):
        if not shutil.which('openssl'):
            self.skipTest('openssl is not installed')
        port = harness.free_port()
        program = self.answer(f'dtls://127.0.0.1:{port}', '--reply', 'got %m')
        program.expect(r'--pin sha256:[0-9a-f]{64}\n', stream='err')
        clients = [self.spawn('openssl', 's_client', '-dtls', '-connect', f'127.0.0.1:{port}', '-quiet')
                   for _ in range(2)]
        for i, client in enumerate(clients):
            client.send(f'hello {i}\n')
            client.expect(f'got hello {i}\n')
        self.stop(program)
        self.assertIn('2 messages, 2 replies', program.err)

    def test_not_tls(self):
        """Why there was no handshake is said in one line, and once."""
        for first, why in [
                (b'plain text\n', 'the caller does not speak TLS: it began with "plain text"'),
                (b'\x16\x03\x01\x00\x04\x01\x00\x00\x00', r'the TLS handshake failed: [a-z ]+'),
                (b'', 'hung up during the TLS handshake')]:
            with self.subTest(first=first):
                port = harness.free_port()
                program = self.answer(f'tls://127.0.0.1:{port}', '--echo')
                peer = self.call(port)
                name = f'127.0.0.1:{peer.getsockname()[1]}'
                peer.sendall(first)
                if not first:
                    peer.close()
                program.expect(rf'(?m)^{name}: {why}$', stream='err')
                self.stop(program)
                self.assertEqual(program.out, '')
                self.assertEqual(program.err.count(f'{name}: '), 1)
                self.assertRegex(program.err, r'(?m)^1: the TLS handshake failed$')


if __name__ == '__main__':
    harness.main()

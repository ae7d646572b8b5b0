# SPDX-License-Identifier: ISC
"""landline ask and answer over TLS and DTLS, each against programs that are not ours.

Covers: openssl s_server and s_client (TLS 1.3, 1.2; DTLS 1.2 with cookies), ncat --ssl both ways, Python's
ssl; certificates that are expired, of another name, of an unknown authority; pins right and wrong;
--insecure; client certificates; ALPN; pre-shared keys right and wrong; DTLS flights that get lost; time-outs
and peers that speak something else. tests/test_ask.py has more of ask over TLS, to Python's."""
import json
import pathlib
import shutil
import socket
import ssl
import tempfile
import threading
import time
import unittest

import answering
import certs
import harness

KEY = certs.PSK_KEY


class Case(answering.Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='landline-test-certs-')
        cls.addClassCleanup(folder.cleanup)
        cls.made = certs.make(pathlib.Path(folder.name) / 'certs')

    def ask(self, *args, **more):
        return self.run_program(harness.landline(), 'ask', *args, **more)

    def check(self, done, code, *words):
        """The status, and each of words in what was said on stderr."""
        self.assertEqual(done.code, code, done.story())
        for each in words:
            self.assertIn(each, done.err, done.story())

    def own(self, pair):
        return '--cert', pair.cert, '--key', pair.key

    def openssl(self, *args):
        """Started, with its stdin open: s_client and s_server end with it."""
        return self.spawn('openssl', *map(str, args))

    def s_server(self, *args, pair=None):
        """The port of an openssl s_server that says what it is sent, and sends what its stdin is given."""
        port = harness.free_port()
        pair = pair or self.made.good
        program = self.openssl('s_server', '-accept', port, '-cert', pair.cert, '-key', pair.key, '-quiet', *args)
        if '-dtls' in args:
            harness.wait_udp(port, program)
        else:
            harness.wait_tcp(port, program)
        return port, program

    def converse(self, port_and_program, *args, scheme):
        """Asks an s_server, which answers once it has seen the question."""
        port, program = port_and_program
        asking = self.spawn(harness.landline(), 'ask', *args, f'{scheme}://localhost:{port}', 'the question')
        program.expect('the question')
        program.send('the answer\n')
        self.assertEqual(asking.wait(), 0, asking.story())
        self.assertEqual(asking.out, 'the answer\n')
        return asking

    def refuse_bad_certificates(self, scheme, *args):
        made = self.made
        for pair, words in ((made.expired, ('it expired on 2020-01-02',)),
                            (made.early, ('valid only from 2120-01-01',)),
                            (made.wrong_name, ('it is for other.example, not for localhost', '--server-name')),
                            (made.stranger, ('does not know its issuer', '--ca FILE')),
                            (made.self_signed, ('self-signed', '--ca FILE'))):
            port, program = self.s_server(*args, pair=pair)
            done = self.ask('--ca', made.ca.cert, f'{scheme}://localhost:{port}', 'secret')
            self.check(done, 7, f'{scheme}://localhost:{port}', pair.pin, '--insecure', *words)
            self.assertNotIn('secret', program.out)
        # And by the system's store.
        port, _ = self.s_server(*args)
        self.check(self.ask(f'{scheme}://localhost:{port}', 'secret'), 7, 'this system does not know its issuer')


class AskTls(Case):
    """landline ask tls:// to openssl s_server and ncat."""

    def test_answered(self):
        for version in ('-tls1_3', '-tls1_2'):
            asking = self.converse(self.s_server(version), '-v', '--ca', self.made.ca.cert, scheme='tls')
            self.assertIn('TLS handshake', asking.err)

    def test_bad_certificates(self):
        self.refuse_bad_certificates('tls')

    def test_server_name(self):
        self.converse(self.s_server(pair=self.made.wrong_name), '--ca', self.made.ca.cert,
                      '--server-name', 'other.example', scheme='tls')

    def test_pins(self):
        made = self.made
        self.converse(self.s_server(pair=made.expired), '--pin', made.expired.pin, scheme='tls')
        port, _ = self.s_server()
        self.check(self.ask('--pin', made.expired.pin, f'tls://localhost:{port}', 'x'), 7,
                   'is not the pinned', made.expired.pin, made.good.pin)

    def test_insecure_warns(self):
        done = self.converse(self.s_server(pair=self.made.expired), '--insecure', scheme='tls')
        self.assertRegex(done.err, r'(?i)warning|not verified|insecure')

    def test_client_certificates(self):
        made = self.made
        for version in ('-tls1_3', '-tls1_2'):
            demanding = version, '-Verify', 1, '-verify_return_error', '-CAfile', made.ca.cert
            self.converse(self.s_server(*demanding), '--ca', made.ca.cert, *self.own(made.client), scheme='tls')
            port, _ = self.s_server(*demanding)
            done = self.ask('--ca', made.ca.cert, f'tls://localhost:{port}', 'x')
            self.assertNotEqual(done.code, 0, done.story())
            self.assertIn('--cert', done.err, done.story())

    def test_a_version_too_old(self):
        port, _ = self.s_server('-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0')
        self.check(self.ask('--ca', self.made.ca.cert, f'tls://localhost:{port}', 'x'), 4, 'version')

    def test_the_bytes_of_a_large_answer(self):
        port, program = self.s_server()
        text = 'x' * 99 + '\n'
        asking = self.spawn(harness.landline(), 'ask', '--ca', self.made.ca.cert, '--until', 'bytes:1000000',
                            f'tls://localhost:{port}', 'all of it')
        program.expect('all of it')
        program.send(text * 10000)
        self.assertEqual(asking.wait(), 0, asking.story())
        self.assertEqual(asking.out_bytes, text.encode() * 10000)

    def test_no_tls_there(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            def speak():
                conn, _ = listener.accept()
                with conn:
                    conn.sendall(b'220 mail.example ready\r\n')
                    conn.recv(4096)
            threading.Thread(target=speak, daemon=True).start()
            done = self.ask(f'tls://127.0.0.1:{listener.getsockname()[1]}', 'x')
        self.check(done, 4, 'does not speak TLS here', '220 mail.example ready')

    @unittest.skipUnless(shutil.which('ncat'), 'ncat is not installed')
    def test_ncat(self):
        port = harness.free_port()
        program = self.spawn('ncat', '--ssl', '--ssl-cert', self.made.good.cert, '--ssl-key', self.made.good.key,
                             '-l', '127.0.0.1', port)
        harness.wait_tcp(port, program)
        self.converse((port, program), '--ca', self.made.ca.cert, scheme='tls')


class Relay:
    """Carries datagrams between one client and a server; lose(from_client, nth) says which are lost."""

    def __init__(self, server_port, lose):
        self.lose = lose
        self.count = {True: 0, False: 0}
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(('127.0.0.1', 0))
        self.port = self.front.getsockname()[1]
        self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.back.connect(('127.0.0.1', server_port))
        self.client = None
        for from_client in (True, False):
            threading.Thread(target=self._carry, args=(from_client,), daemon=True).start()

    def _carry(self, from_client):
        while True:
            try:
                if from_client:
                    data, self.client = self.front.recvfrom(65536)
                else:
                    data = self.back.recv(65536)
                nth = self.count[from_client]
                self.count[from_client] += 1
                if self.lose(from_client, nth):
                    continue
                if from_client:
                    self.back.send(data)
                else:
                    self.front.sendto(data, self.client)
            except OSError:
                return


class AskDtls(Case):
    """landline ask dtls:// to openssl s_server."""

    def test_answered(self):
        for args in ((), ('-listen',)):  # without and with the cookie exchange
            done = self.converse(self.s_server('-dtls', *args), '-v', '--ca', self.made.ca.cert, scheme='dtls')
            self.assertIn('dtls', done.err)

    def test_bad_certificates(self):
        self.refuse_bad_certificates('dtls', '-dtls')

    def test_pins(self):
        made = self.made
        self.converse(self.s_server('-dtls', pair=made.expired), '--pin', made.expired.pin, scheme='dtls')
        port, _ = self.s_server('-dtls')
        self.check(self.ask('--pin', made.expired.pin, f'dtls://localhost:{port}', 'x'), 7, made.good.pin)

    def test_insecure_warns(self):
        done = self.converse(self.s_server('-dtls', pair=self.made.expired), '--insecure', scheme='dtls')
        self.assertRegex(done.err, r'(?i)warning|not verified|insecure')

    def test_pre_shared_key(self):
        server = '-dtls', '-nocert', '-psk_identity', certs.PSK_IDENTITY, '-psk', KEY
        self.converse(self.s_server(*server), '--psk-file', self.made.psk, scheme='dtls')

    def test_a_wrong_key_is_silence(self):
        port, _ = self.s_server('-dtls', '-nocert', '-psk_identity', certs.PSK_IDENTITY, '-psk', KEY)
        self.check(self.ask('-t', '700ms', '--psk-file', self.made.wrong_psk, f'dtls://localhost:{port}', 'x'), 5,
                   'a wrong pre-shared key looks like this')

    def test_client_certificates(self):
        made = self.made
        demanding = '-dtls', '-Verify', 1, '-verify_return_error', '-CAfile', made.ca.cert
        self.converse(self.s_server(*demanding), '--ca', made.ca.cert, *self.own(made.client), scheme='dtls')
        port, _ = self.s_server(*demanding)
        done = self.ask('--ca', made.ca.cert, f'dtls://localhost:{port}', 'x')
        self.assertNotIn(done.code, (0, 5), done.story())
        self.assertIn('--cert', done.err, done.story())

    def test_a_flight_that_is_lost_is_sent_again(self):
        for lost in ((True, 0), (False, 0), (True, 2)):
            port, program = self.s_server('-dtls', '-listen')
            relay = Relay(port, lambda *which, lost=lost: which == lost)
            self.converse((relay.port, program), '--ca', self.made.ca.cert, scheme='dtls')
            self.assertGreater(relay.count[lost[0]], 1)

    def test_silence(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(('127.0.0.1', 0))
            port = mute.getsockname()[1]
            self.check(self.ask('-t', '300ms', f'dtls://127.0.0.1:{port}', 'x'), 5,
                       'no answer to the DTLS handshake')

    def test_a_closed_port(self):
        port = harness.free_port()
        self.check(self.ask(f'dtls://127.0.0.1:{port}', 'x'), 4, 'closed')

    def test_plain_udp_there(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.bind(('127.0.0.1', 0))

            def answer():
                _, who = plain.recvfrom(2048)
                plain.sendto('收到'.encode(), who)
            threading.Thread(target=answer, daemon=True).start()
            done = self.ask(f'dtls://127.0.0.1:{plain.getsockname()[1]}', 'x')
            self.check(done, 4, 'does not speak DTLS', '收到')

    def test_a_message_too_long(self):
        port, _ = self.s_server('-dtls')
        done = self.ask('--ca', self.made.ca.cert, f'dtls://localhost:{port}', 'x' * 16385)
        self.check(done, 1, '16384')


class AnswerTls(Case):
    """landline answer tls:// to openssl s_client, ncat and Python."""

    def client(self, port, *args):
        return self.openssl('s_client', '-connect', f'127.0.0.1:{port}', '-quiet', '-verify_return_error',
                            '-CAfile', self.made.ca.cert, *args)

    def serve(self, *args, how=('--reply', 'got %m')):
        port = harness.free_port()
        return port, self.answer(f'tls://127.0.0.1:{port}', *how, '-v', *args)

    def test_s_client(self):
        port, program = self.serve(*self.own(self.made.good))
        for version in ('-tls1_3', '-tls1_2'):
            client = self.client(port, version)
            client.send('hello\n')
            client.expect('got hello\n')
            program.expect('hello')
            client.stop()

    @unittest.skipUnless(shutil.which('ncat'), 'ncat is not installed')
    def test_ncat(self):
        port, _ = self.serve(*self.own(self.made.good))
        client = self.spawn('ncat', '--ssl-verify', '--ssl-trustfile', self.made.ca.cert, 'localhost', port)
        client.send('hello\n')
        client.expect('got hello\n')

    def test_a_caller_that_refuses_the_certificate(self):
        port, program = self.serve(*self.own(self.made.expired))
        self.assertIn('expired on 2020-01-02', program.err)  # a warning of its own
        client = self.client(port)
        self.assertNotEqual(client.wait(), 0)
        program.expect('it has expired', stream='err')
        client = self.openssl('s_client', '-connect', f'127.0.0.1:{port}', '-quiet')
        client.send('hello\n')
        client.expect('got hello\n')  # who does not verify is served all the same

    def test_client_certificates(self):
        made = self.made
        port, program = self.serve(*self.own(made.good), '--ca', made.ca.cert)
        client = self.client(port, '-cert', made.client.cert, '-key', made.client.key)
        client.send('hello\n')
        client.expect('got hello\n')
        client = self.client(port)
        client.send('secret\n')
        self.assertNotEqual(client.wait(), 0)
        program.expect('showed no certificate', stream='err')
        client = self.client(port, '-cert', made.good.cert, '-key', made.good.key)
        client.send('secret\n')
        self.assertNotEqual(client.wait(), 0)
        self.assertNotIn('secret', program.out)

    def test_alpn(self):
        port, _ = self.serve(*self.own(self.made.good), '--alpn', 'irc,chat')
        context = ssl.create_default_context(cafile=self.made.ca.cert)
        context.set_alpn_protocols(['chat'])
        with socket.create_connection(('127.0.0.1', port), answering.SOCKET_S) as raw:
            with context.wrap_socket(raw, server_hostname='localhost') as tls:
                self.assertEqual(tls.selected_alpn_protocol(), 'chat')
        context.set_alpn_protocols(['other'])
        with socket.create_connection(('127.0.0.1', port), answering.SOCKET_S) as raw:
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(raw, server_hostname='localhost')

    def test_one_that_says_and_goes(self):
        """Sends, and closes without reading: nothing of it may be lost to a reset."""
        port, program = self.serve(*self.own(self.made.good), how=('--discard',))
        context = ssl.create_default_context(cafile=self.made.ca.cert)
        for i in range(20):
            with socket.create_connection(('127.0.0.1', port), answering.SOCKET_S) as raw:
                with context.wrap_socket(raw, server_hostname='localhost') as tls:
                    tls.sendall(f'message {i}\n'.encode())
            program.expect(f'message {i}\n')

    def test_a_first_message_is_not_held_back(self):
        """A client with Nagle's algorithm on (Python's default) sends its Finished and then a message, which
        waited for an ACK that was delayed by 40 ms. The quickest of several, so that a busy machine passes."""
        port, _ = self.serve(*self.own(self.made.good))
        context = ssl.create_default_context(cafile=self.made.ca.cert)
        quickest = 1
        for _ in range(15):
            with socket.create_connection(('127.0.0.1', port), answering.SOCKET_S) as raw:
                with context.wrap_socket(raw, server_hostname='localhost') as tls:
                    begun = time.monotonic()
                    tls.sendall(b'hello\n')
                    tls.recv(100)
                    quickest = min(quickest, time.monotonic() - begun)
        self.assertLess(quickest, 0.02)

    def test_hang_up_has_close_notify(self):
        port, _ = self.serve(*self.own(self.made.good), '--once')
        context = ssl.create_default_context(cafile=self.made.ca.cert)
        with socket.create_connection(('127.0.0.1', port), answering.SOCKET_S) as raw:
            with context.wrap_socket(raw, server_hostname='localhost', suppress_ragged_eofs=False) as tls:
                tls.sendall(b'hello\n')
                self.assertEqual(answering.receive_all(tls), b'got hello\n')

    def test_bad_files(self):
        good = self.made.good
        for args, word in ((('--cert', '/nonexistent'), '/nonexistent'),
                           (('--cert', good.cert, '--key', self.made.client.key), 'does not belong'),
                           (('--cert', good.cert, '--key', self.made.encrypted_key), 'encrypted')):
            done = self.run_program(harness.landline(), 'answer', 'tls://:0', '--echo', *args)
            self.check(done, 9, word)


class AnswerDtls(Case):
    """landline answer dtls:// to openssl s_client."""

    def client(self, port, *args):
        return self.openssl('s_client', '-dtls', '-connect', f'127.0.0.1:{port}', '-quiet', *args)

    def serve(self, *args):
        port = harness.free_port()
        return port, self.answer(f'dtls://127.0.0.1:{port}', '--reply', 'got %m', '-v', *args)

    def test_s_client(self):
        port, program = self.serve(*self.own(self.made.good))
        clients = [self.client(port, '-verify_return_error', '-CAfile', self.made.ca.cert) for _ in range(3)]
        for i, client in enumerate(clients):
            client.send(f'I am {i}\n')
        for i, client in enumerate(clients):
            client.expect(f'got I am {i}')
            program.expect('I am ')

    def test_pre_shared_keys(self):
        port, program = self.serve('--psk-file', self.made.psk)
        client = self.client(port, '-psk_identity', certs.PSK_IDENTITY, '-psk', KEY)
        client.send('hello\n')
        client.expect('got hello')
        client = self.client(port, '-psk_identity', 'nobody', '-psk', KEY)
        self.assertNotEqual(client.wait(), 0)
        program.expect('not known here', stream='err')
        port, program = self.serve('--psk-file', self.made.psk)
        client = self.client(port)  # no key at all
        self.assertNotEqual(client.wait(), 0)
        program.expect('does not use a pre-shared key', stream='err')

    def test_a_refused_certificate(self):
        port, program = self.serve(*self.own(self.made.good))
        client = self.client(port, '-verify_return_error', '-CAfile', self.made.stranger_ca.cert)
        self.assertNotEqual(client.wait(), 0)
        program.expect('refused this server', stream='err')


class Together(Case):
    """ask and answer."""

    def test_a_pin_is_all_it_takes(self):
        """The server makes itself a certificate and says its pin; that is given to the client."""
        for scheme in ('tls', 'dtls'):
            port = harness.free_port()
            program = self.answer(f'{scheme}://127.0.0.1:{port}', '--echo')
            pin = program.expect(r'sha256:[0-9a-f]{64}', stream='err').group()
            done = self.ask('--pin', pin, f'{scheme}://127.0.0.1:{port}', '你好')
            self.assertEqual((done.code, done.out.strip()), (0, '你好'), done.story())
            self.check(self.ask(f'{scheme}://127.0.0.1:{port}', 'x'), 7, 'self-signed', pin)
            # Another run makes another one.
            program.stop()
            harness.wait_until(lambda: not harness.tcp_listening(port) and not harness.udp_bound(port), 'its end')
            self.answer(f'{scheme}://127.0.0.1:{port}', '--echo')
            self.check(self.ask('--pin', pin, f'{scheme}://127.0.0.1:{port}', 'x'), 7, pin)

    def test_keys(self):
        port = harness.free_port()
        program = self.answer(f'dtls://127.0.0.1:{port}', '--echo', '--psk-file', self.made.psk)
        done = self.ask('--trace', '--psk-file', self.made.psk, f'dtls://127.0.0.1:{port}', 'x')
        self.assertEqual((done.code, done.out), (0, 'x'), done.story())
        self.assertIn('DTLSv1.2', done.err)
        self.check(self.ask('-t', '700ms', '--psk-file', self.made.wrong_psk, f'dtls://127.0.0.1:{port}', 'x'), 5,
                   'a wrong pre-shared key looks like this')
        stranger = self.tmp / 'stranger'
        stranger.write_text('eve:00112233\n')
        self.check(self.ask('--psk-file', stranger, f'dtls://127.0.0.1:{port}', 'x'), 7,
                   'knows no pre-shared key of eve')
        program.expect('eve|not known here', stream='err')

    def test_lines(self):
        made = self.made
        for scheme in ('tls', 'dtls'):
            port = harness.free_port()
            self.answer(f'{scheme}://127.0.0.1:{port}', '--echo', '--rate-limit', '0', *self.own(made.good))
            lines = ''.join(f'line {i}\n' for i in range(500))
            done = self.ask('--lines', '--window', '8', '--ca', made.ca.cert, f'{scheme}://127.0.0.1:{port}',
                            input=lines)
            self.assertEqual(done.code, 0, done.story())
            self.assertEqual(done.out, lines)

    def test_json(self):
        port = harness.free_port()
        self.answer(f'dtls://127.0.0.1:{port}', '--echo', *self.own(self.made.good))
        done = self.ask('--json', '--ca', self.made.ca.cert, f'dtls://127.0.0.1:{port}', 'x')
        self.assertEqual(done.code, 0, done.story())
        for line in done.out.splitlines():
            json.loads(line)

    def test_no_way_between_tls_and_plain(self):
        port = harness.free_port()
        self.answer(f'127.0.0.1:{port}', '--echo')
        self.check(self.ask(f'tls://127.0.0.1:{port}', 'x'), 4, 'does not speak TLS')
        port = harness.free_port()
        self.answer(f'udp://127.0.0.1:{port}', '--echo')
        self.check(self.ask(f'dtls://127.0.0.1:{port}', 'x'), 4, 'does not speak DTLS')
        port = harness.free_port()
        program = self.answer(f'tls://127.0.0.1:{port}', '--echo')
        self.assertNotEqual(self.ask(f'127.0.0.1:{port}', 'x').code, 0)
        program.expect('does not speak TLS', stream='err')


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""The line face of landline chat: choosing among contacts, prompts, commands, pipes and their exit status,
what cannot be delivered, and bytes that a terminal would obey. In English, where the language does not matter."""
import re
import signal
import socket

import harness
from chatting import CHINESE, CHOOSE, HOST, REPLY, SAY, Case, receive
from harness import free_port, landline

ENGLISH = {}


class Choosing(Case):
    def setUp(self):
        super().setUp()
        self.peer = self.datagrams()
        self.contacts(Ann=f'udp://{HOST}:{self.peer.getsockname()[1]}', Bob=f'udp://{HOST}:9')

    def test_by_name_by_number_by_address(self):
        for typed in ('Ann', '1', f'udp://{HOST}:{self.peer.getsockname()[1]}', '  Ann  '):
            with self.subTest(typed):
                chat = self.chat(env=ENGLISH)
                chat.expect('1 Ann  2 Bob\nWhom to talk to: ')
                chat.send(typed + '\n')
                chat.expect('Message, Enter sends it: ')
                chat.send(f'to {typed}\n')
                self.assertEqual(self.peer.recv(100), f'to {typed}'.encode())
                chat.send('quit\nquit\n')
                self.assertEqual(chat.wait(), 0, chat.story())

    def test_an_unknown_name_is_said_and_asked_again(self):
        chat = self.chat(env=ENGLISH)
        chat.expect('Whom to talk to: ')
        chat.send('Amn\n')
        chat.expect('did you mean "Ann"', stream='err')
        chat.expect('Whom to talk to: ')
        chat.send('99\n')
        chat.expect('99', stream='err')
        chat.expect('Whom to talk to: ')

    def test_empty_input_asks_again(self):
        chat = self.chat()
        chat.expect(CHOOSE)
        chat.send('\n')
        chat.expect(CHOOSE)
        chat.send('Ann\n')
        chat.expect(SAY)
        chat.send('   \n')
        chat.expect(SAY)
        chat.send('x\n')
        self.assertEqual(self.peer.recv(100), b'x')

    def test_end_of_input_ends_it(self):
        chat = self.chat()
        chat.expect(CHOOSE)
        chat.close_stdin()
        self.assertEqual(chat.wait(), 0)
        self.assertTrue(chat.out.endswith(CHOOSE + '\n'))

    def test_somebody_added_meanwhile_is_found(self):
        chat = self.chat(env=ENGLISH)
        chat.expect('Whom to talk to: ')
        self.contacts(Carl=f'udp://{HOST}:{self.peer.getsockname()[1]}')
        chat.send('Carl\nhi\n')
        self.assertEqual(self.peer.recv(100), b'hi')

    def test_without_contacts_it_says_how_to_have_some(self):
        self.contacts()
        chat = self.chat(env=ENGLISH)
        chat.expect('landline contacts add', stream='err')
        chat.expect('Whom to talk to: ')


class Commands(Case):
    def setUp(self):
        super().setUp()
        self.peer = self.datagrams()
        self.port = self.peer.getsockname()[1]
        self.contacts(Ann=f'udp://{HOST}:{self.port}', Bob=f'tcp://{HOST}:{free_port()}')

    def test_help_names_them_all(self):
        chat = self.chat('Ann', env=ENGLISH)
        chat.send('/help\n')
        for name in ('to', 'contacts', 'call', 'hangup', 'retry', 'cancel', 'search', 'help', 'quit'):
            chat.expect(f'/{name}')

    def test_two_slashes_are_one_that_is_said(self):
        chat = self.chat('Ann')
        chat.send('//etc/passwd\n')
        self.assertEqual(self.peer.recv(100), b'/etc/passwd')

    def test_an_unknown_command_is_not_said(self):
        chat = self.chat('Ann', env=ENGLISH)
        chat.send('/cal\n/etc/passwd is a file\nnext\n')
        self.assertEqual(self.peer.recv(100), b'next')
        chat.expect('/cal: .*did you mean /call', stream='err')
        chat.expect('/etc/passwd: ', stream='err')

    def test_cancel_takes_back_what_waits(self):
        chat = self.chat('Bob', env=ENGLISH)
        chat.send('never mind\n')
        chat.expect('waits in the outbox', stream='err')
        chat.send('nor this\nnor that\n/cancel\n')
        chat.expect('1 message taken back', stream='err')
        chat.send('/cancel all\n')
        chat.expect('2 messages taken back', stream='err')
        chat.send('/quit\n')
        self.assertEqual(chat.wait(), 0, chat.story())

    def test_to_changes_who_is_talked_to(self):
        other = self.datagrams()
        chat = self.chat('Ann', env=ENGLISH)
        chat.send(f'one\n/to udp://{HOST}:{other.getsockname()[1]}\ntwo\n/to Ann\nthree\n')
        self.assertEqual([self.peer.recv(100), self.peer.recv(100), other.recv(100)], [b'one', b'three', b'two'])

    def test_search(self):
        chat = self.chat('Ann', env=ENGLISH)
        chat.send('see you at the station\n')
        self.assertEqual(self.peer.recv(100), b'see you at the station')
        chat.send('/search station\n')
        chat.expect(r'-> Ann: see you at the station\n')
        chat.send('/search airport\n')
        chat.expect('nothing found', stream='err')

    def test_call_and_hangup(self):
        listener = self.listener()
        chat = self.chat(f'{HOST}:{listener.getsockname()[1]}', '-v', env=ENGLISH)
        chat.send('/call\n')
        conn = self.take_call(listener)
        chat.expect('connected', stream='err')
        chat.send('/hangup\n')
        self.assertEqual(conn.recv(100), b'')
        chat.send('again\n')
        self.assertEqual(receive(self.take_call(listener), 6), b'again\n')


class Pipes(Case):
    """echo ... | landline chat WHO"""

    def test_status_0_when_it_has_arrived(self):
        for kind in ('udp', 'tcp'):
            with self.subTest(kind):
                peer = self.datagrams() if kind == 'udp' else self.listener()
                done = self.run_program(landline(), 'chat', f'{kind}://{HOST}:{peer.getsockname()[1]}',
                                        input='done\n')
                self.assertEqual((done.code, done.err), (0, ''), done.story())
                got = peer.recv(100) if kind == 'udp' else receive(self.take_call(peer), 5)
                self.assertEqual(got, b'done' if kind == 'udp' else b'done\n')

    def test_status_4_where_nobody_is_and_it_waits_in_the_outbox(self):
        for kind in ('udp', 'tcp'):
            with self.subTest(kind):
                done = self.run_program(landline(), 'chat', f'{kind}://{HOST}:{free_port()}', input='a\nb\n')
                self.assertEqual(done.code, 4, done.story())
                self.assertRegex(done.err, r'^landline: \S+: 2 messages were not delivered and wait in the outbox: .+\n$')

    def test_without_history_they_are_lost(self):
        done = self.run_program(landline(), 'chat', '--no-history', f'{HOST}:{free_port()}', input='a\n')
        self.assertEqual(done.code, 4)
        self.assertIn('1 message was not delivered and is lost', done.err)
        self.assertEqual(list(self.home.glob('data/**/history.db*')), [])

    def test_status_5_when_the_time_is_up(self):
        # Full: whoever calls now gets no answer, as behind a wall that drops packets.
        full = socket.socket()
        self.addCleanup(full.close)
        full.bind((HOST, 0))
        full.listen(0)
        callers = [socket.socket() for _ in range(3)]
        for s in callers:
            self.addCleanup(s.close)
            s.setblocking(False)
            s.connect_ex(full.getsockname())
        done = self.run_program(landline(), 'chat', '--timeout', '300ms', f'{HOST}:{full.getsockname()[1]}',
                                input='a\n')
        self.assertEqual(done.code, 5, done.story())
        self.assertIn('waits in the outbox', done.err)

    def test_status_3_for_an_unknown_name(self):
        self.contacts(Ann='udp://127.0.0.1:9')
        done = self.run_program(landline(), 'chat', 'Amn', input='x\n')
        self.assertEqual(done.code, 3, done.story())
        self.assertIn('did you mean "Ann"', done.err)
        self.assertEqual(done.err.count('\n'), 1)

    def test_status_2_for_misuse(self):
        for args in (['--lines', '--json'], ['--crlf', '--bare'], ['tcp://'], ['a', 'b'], ['--listen', 'x://y']):
            with self.subTest(args):
                self.assertEqual(self.run_program(landline(), 'chat', *args, input='').code, 2)

    def test_an_address_that_is_taken(self):
        taken = self.listener()
        address = f'{HOST}:{taken.getsockname()[1]}'
        done = self.run_program(landline(), 'chat', '--listen', address, input='')
        answer = self.run_program(landline(), 'answer', address, '--echo')
        self.assertEqual((done.code, done.err), (answer.code, answer.err))

    def test_each_line_of_a_pipe_answers_one_message(self):
        """As the tutorial's server reads its input: a line waits until there is a message to answer."""
        port = free_port()
        chat = self.chat('--listen', f'udp://{HOST}:{port}', listening=1)
        chat.send('first\nsecond\n')
        chat.close_stdin()
        peer = self.datagrams()
        for text, answer in ((b'one', b'first'), (b'two', b'second')):
            peer.sendto(text, (HOST, port))
            self.assertEqual(peer.recv(100), answer)
        self.assertEqual(chat.wait(), 0, chat.story())

    def test_quit_in_a_pipe_waits_for_what_was_said(self):
        listener = self.listener()
        done = self.run_program(landline(), 'chat', f'{HOST}:{listener.getsockname()[1]}', input='last words\nquit\nno\n')
        self.assertEqual((done.code, done.err), (0, ''))
        self.assertEqual(receive(self.take_call(listener), 100), b'last words\n')

    def test_many_lines(self):
        """More than the outbox holds, through a peer that takes its time: all of them, in order."""
        listener = self.listener()
        chat = self.chat(f'{HOST}:{listener.getsockname()[1]}')
        text = ''.join(f'line {i}\n' for i in range(30000)).encode()
        conn = self.take_call_while(chat, text, listener)
        self.assertEqual(receive(conn, len(text)), text)
        self.assertEqual(chat.wait(), 0, chat.story())
        self.assertEqual(chat.err, '')

    def take_call_while(self, chat, text, listener):
        import threading
        writer = threading.Thread(target=lambda: (chat.send(text), chat.close_stdin()), daemon=True)
        writer.start()
        self.addCleanup(writer.join, harness.DEADLINE_S)
        return self.take_call(listener)

    def test_a_line_of_a_mebibyte(self):
        listener = self.listener()
        chat = self.chat(f'{HOST}:{listener.getsockname()[1]}', env=ENGLISH)
        text = b'x' * (1 << 20)
        conn = self.take_call_while(chat, b'y' + text + b'\n' + text + b'\nend\n', listener)
        self.assertEqual(receive(conn, len(text) + 5), text + b'\nend\n')
        self.assertEqual(chat.wait(), 0)
        self.assertIn('a line longer than 1024 KiB was left out', chat.err)

    def test_nobody_reads_the_output(self):
        port = free_port()
        chat = self.spawn('bash', '-c', f'{landline()} chat --listen udp://{HOST}:{port} | head -n 1; '
                                        'echo "${PIPESTATUS[0]}"')
        harness.wait_udp(port, chat)
        peer = self.datagrams()

        def is_over():
            peer.sendto(b'x', (HOST, port))
            return chat.popen.poll() is not None
        harness.wait_until(is_over, 'the end of it')
        self.assertEqual(chat.wait(), 0)
        self.assertEqual(chat.out.splitlines()[1:], ['1'], chat.story())
        self.assertNotIn('Broken pipe', chat.err)


class Ending(Case):
    def test_signals_end_it_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                port = free_port()
                chat = self.chat('--listen', f'{HOST}:{port}', listening=1)
                peer = self.call(port)
                peer.sendall(b'x\n')
                chat.expect(REPLY)
                chat.signal(number)
                self.assertEqual(chat.wait(), 0, chat.story())
                self.assertEqual(peer.recv(100), b'')  # FIN, no reset

    def test_what_waits_is_said_when_a_person_leaves(self):
        self.contacts(Ann=f'{HOST}:{free_port()}')
        chat = self.chat('--lines', 'Ann', env=ENGLISH, tty=True)
        chat.expect('Message, Enter sends it: ')
        chat.send('hello\r')
        chat.expect('waits in the outbox')
        chat.send('quit\r')
        chat.expect('Ann: 1 message waits in the outbox')
        self.assertEqual(chat.wait(), 0)


class Hostile(Case):
    def print_of(self, *datagrams):
        port = free_port()
        chat = self.chat('--listen', f'udp://{HOST}:{port}', listening=1)
        peer = self.datagrams()
        for data in (*datagrams, b'end'):
            peer.sendto(data, (HOST, port))
        chat.expect('消息:end\n')
        return [line.split('消息:', 1)[1] for line in chat.out.split('\n') if line.startswith('来自')][:-1]

    def test_nothing_that_a_terminal_obeys_gets_there(self):
        self.assertEqual(self.print_of(b'\x1b]0;owned\x07', '\u202eevil'.encode(), b'\xff\xfe', b'a\rb\nc\x00d',
                                       '好\u2028坏'.encode(), b''),
                         [r'\x1b]0;owned\x07', r'\u{202E}evil', r'\xff\xfe', r'a\x0db\x0ac\x00d',
                          r'好\u{2028}坏', ''])

    def test_a_mebibyte_without_a_newline_comes_in_parts(self):
        port = free_port()
        chat = self.chat('--listen', f'{HOST}:{port}', listening=1)
        peer = self.call(port)
        peer.sendall(b'x' * (1 << 20) + b'\nend\n')
        chat.expect('消息:end\n')
        parts = [len(text) for text in re.findall('消息:(x+)\n', chat.out)]
        self.assertEqual((sum(parts), max(parts)), (1 << 20, 65536))

    def test_a_flood_does_not_keep_others_out(self):
        port = free_port()
        chat = self.chat('--listen', f'udp://{HOST}:{port}', listening=1)
        flood, peer = self.datagrams(), self.datagrams()
        for i in range(10000):
            flood.sendto(b'noise', (HOST, port))
        # A datagram may be lost, and in such a flood some are.
        harness.wait_until(lambda: peer.sendto(b'signal', (HOST, port)) and '消息:signal\n' in chat.out, 'it', chat)


if __name__ == '__main__':
    harness.main()

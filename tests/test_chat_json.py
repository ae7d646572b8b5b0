# SPDX-License-Identifier: ISC
"""landline chat --json: events out and commands in, an object a line; ids that come back; errors that end
nothing; and the bot of examples/, driven by peers of several kinds."""
import base64
import json
import os
import re
import signal
import socket
import sys

import harness
from chatting import HOST, Case, events, receive
from harness import free_port, landline


class Json(Case):
    def start(self, *args, listening=0):
        return self.chat('--json', *args, listening=listening, env={})

    def tell(self, program, **command):
        program.send(json.dumps(command) + '\n')

    def wait_event(self, program, event, **fields):
        """The first event of this kind with these fields, once it is there."""
        def found():
            return [e for e in events(program)
                    if e['event'] == event and all(e.get(k) == v for k, v in fields.items())]
        harness.wait_until(found, f'{event} {fields}', program)
        return found()[0]

    def port_of(self, program):
        return int(self.wait_event(program, 'listening')['address'].rsplit(':', 1)[1])


class Events(Json):
    def test_a_datagram_and_its_answer(self):
        chat = self.start('--listen', f'udp://{HOST}:0', listening=1)
        port = self.port_of(chat)
        peer = self.datagrams()
        at = f'{HOST}:{peer.getsockname()[1]}'
        peer.sendto('你好'.encode(), (HOST, port))
        message = self.wait_event(chat, 'message')
        self.assertEqual({k: message[k] for k in message if k not in ('time', 'number')},
                         {'event': 'message', 'peer': f'udp://{at}', 'address': f'udp://{at}', 'direction': 'in',
                          'from': at, 'ending': 'none', 'bytes': 6, 'text': '你好'})
        self.tell(chat, say='再见', to=message['peer'], id='my-7')
        self.assertEqual(peer.recv(100), '再见'.encode())
        out = self.wait_event(chat, 'message', direction='out')
        self.assertEqual((out['text'], out['id'], out['state'], out['peer']), ('再见', 'my-7', 'waiting', f'udp://{at}'))
        sent = self.wait_event(chat, 'state', state='sent')
        self.assertEqual((sent['id'], sent['number']), ('my-7', out['number']))
        self.assertGreater(sent['journal'], 0)
        peer.sendto(b'thanks', (HOST, port))
        self.assertEqual(self.wait_event(chat, 'state', state='answered')['id'], 'my-7')

    def test_a_call_from_its_beginning_to_its_end(self):
        chat = self.start('--listen', f'{HOST}:0', listening=1)
        peer = self.call(self.port_of(chat))
        at = f'{HOST}:{peer.getsockname()[1]}'
        call = self.wait_event(chat, 'call', line='up')
        self.assertEqual((call['direction'], call['peer'], call['from']), ('in', f'tcp://{at}', at))
        self.assertEqual([e['caller'] for e in events(chat) if e['event'] == 'peer'], [True])
        peer.sendall(b'one\ntwo\r\n')
        self.assertEqual(self.wait_event(chat, 'message', text='one')['ending'], 'lf')
        self.assertEqual(self.wait_event(chat, 'message', text='two')['ending'], 'crlf')
        self.tell(chat, say='back', to=f'tcp://{at}', id=5)
        self.assertEqual(receive(peer, 6), b'back\r\n')
        self.assertEqual(self.wait_event(chat, 'state', state='acked')['id'], 5)
        peer.close()
        self.assertEqual(self.wait_event(chat, 'hang_up')['reason'], 'peer')

    def test_calling_and_hanging_up(self):
        listener = self.listener()
        self.contacts(李四=f'{HOST}:{listener.getsockname()[1]}')
        chat = self.start()
        self.tell(chat, call='李四')
        conn = self.take_call(listener)
        self.assertEqual(self.wait_event(chat, 'call', line='up')['direction'], 'out')
        self.assertTrue(self.wait_event(chat, 'peer')['contact'])
        self.tell(chat, hang_up='李四')
        self.assertEqual(conn.recv(10), b'')
        self.assertEqual(self.wait_event(chat, 'hang_up')['reason'], 'us')

    def test_what_waits_and_is_taken_back(self):
        chat = self.start(f'{HOST}:{free_port()}')
        self.tell(chat, say='a', id=1)
        self.tell(chat, say='b', id=2)
        self.assertIn('refused', self.wait_event(chat, 'call', line='waiting')['error'])
        note = next(e['error'] for e in events(chat) if e.get('line') == 'waiting')
        self.wait_event(chat, 'state', state='waiting', id=1, note=note)
        self.tell(chat, cancel=self.wait_event(chat, 'message', id=2)['number'])
        self.wait_event(chat, 'state', state='cancelled', id=2)
        self.tell(chat, cancel=f'{self.wait_event(chat, "message", id=1)["peer"]}')
        self.wait_event(chat, 'state', state='cancelled', id=1)
        self.tell(chat, quit=True)
        self.assertEqual(chat.wait(), 0, chat.story())
        self.assertEqual({k: v for k, v in events(chat)[-1].items() if k != 'time'},
                         {'event': 'ended', 'status': 0, 'waiting': 0})

    def test_bytes_that_are_no_text(self):
        chat = self.start('--listen', f'udp://{HOST}:0', listening=1)
        peer = self.datagrams()
        peer.sendto(b'\xff\x00\x1b[m', (HOST, self.port_of(chat)))
        message = self.wait_event(chat, 'message')
        self.assertEqual(base64.b64decode(message['text_base64']), b'\xff\x00\x1b[m')

    def test_first_sight(self):
        listening = self.start('--listen', f'tls://{HOST}:0', listening=1)
        port, pin = self.port_of(listening), self.wait_event(listening, 'listening')['pin']
        chat = self.start(f'tls://{HOST}:{port}')
        self.tell(chat, say='hello')
        self.assertEqual(self.wait_event(chat, 'first_sight')['pin'], pin)
        self.wait_event(listening, 'message', text='hello')


class Commands(Json):
    def test_errors_end_nothing(self):
        peer = self.datagrams()
        chat = self.start()
        wrong = ['{', '[]', '7', '{}', '{"shout": "x"}', '{"say": 7, "to": "x://"}', '{"say": "x"}',
                 '{"say": "x", "to": 1}', '{"say": "x", "to": "nobody", "id": "q"}', '{"cancel": 99}', '"\udcff"',
                 '{"say": "x", "to": "x", "to": "y"}']
        for line in wrong:
            chat.send(line.encode('utf-8', 'surrogateescape') + b'\n')
        self.tell(chat, say='fine', to=f'udp://{HOST}:{peer.getsockname()[1]}')
        self.assertEqual(peer.recv(100), b'fine')
        errors = [e for e in events(chat) if e['event'] == 'error']
        self.assertEqual([e['line'] for e in errors], list(range(1, len(wrong) + 1)), chat.story())
        self.assertEqual(errors[8]['id'], 'q')
        chat.close_stdin()
        self.assertEqual(chat.wait(), 0)

    def test_everything_of_json_comes_back_as_an_id(self):
        peer = self.datagrams()
        chat = self.start(f'udp://{HOST}:{peer.getsockname()[1]}')
        for i, ident in enumerate(['é', 0, -1, 2**53, 'x' * 200]):
            self.tell(chat, say=str(i), id=ident)
            self.assertEqual(peer.recv(100), str(i).encode())
            self.assertEqual(self.wait_event(chat, 'message', text=str(i))['id'], ident)

    def test_escapes_and_newlines_in_what_is_said(self):
        peer = self.datagrams()
        chat = self.start(f'udp://{HOST}:{peer.getsockname()[1]}')
        chat.send(b'{"say": "a\\nb\\u4f60\\ud83d\\ude00\\u0000c"}\n')
        self.assertEqual(peer.recv(100), 'a\nb你😀\0c'.encode())

    def test_end_of_input_waits_for_what_was_said(self):
        listener = self.listener()
        done = self.run_program(landline(), 'chat', '--json', f'{HOST}:{listener.getsockname()[1]}',
                                input='{"say":"done"}\n')
        self.assertEqual((done.code, done.err), (0, ''))
        self.assertEqual(receive(self.take_call(listener), 10), b'done\n')

    def test_what_does_not_arrive_is_the_status(self):
        done = self.run_program(landline(), 'chat', '--json', f'{HOST}:{free_port()}', input='{"say":"x"}\n')
        self.assertEqual(done.code, 4)
        end = events(done)[-1]
        self.assertEqual((end['event'], end['status'], end['waiting']), ('ended', 4, 1))
        self.assertIn(end['error'], done.err)


class Bot(Json):
    def test_the_bot_of_the_examples(self):
        port = free_port()
        bot = self.spawn(sys.executable, harness.REPO / 'examples' / 'chat_bot.py', f'{HOST}:{port}',
                         f'udp://{HOST}:{port}', env={'LANDLINE': landline()})
        harness.wait_tcp(port, bot)
        harness.wait_udp(port, bot)
        caller, datagrams = self.call(port), self.datagrams()
        caller.sendall('你好\n'.encode())
        self.assertEqual(receive(caller, 7), '你好\n'.encode())
        caller.sendall(b'time')
        self.assertRegex(receive(caller, 8), rb'^\d\d:\d\d:\d\d$')
        datagrams.sendto(b'echo', (HOST, port))
        self.assertEqual(datagrams.recv(100), b'echo')
        asked = self.run_program(landline(), 'ask', f'udp://{HOST}:{port}', 'from ask')
        self.assertEqual((asked.code, asked.out), (0, 'from ask'))

    def test_it_is_about_ten_lines(self):
        text = (harness.REPO / 'examples' / 'chat_bot.py').read_text()
        code = re.sub(r'""".*?"""', '', text, flags=re.DOTALL)
        self.assertLessEqual(len([line for line in code.splitlines() if line.strip() and line[0] != '#']), 10)


if __name__ == '__main__':
    harness.main()

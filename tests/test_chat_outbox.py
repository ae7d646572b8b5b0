# SPDX-License-Identifier: ISC
"""The outbox when landline is killed with SIGKILL, at every step of a message's way and at any moment.

What is promised (landline-chat(1)): a message that the journal has is never lost and keeps its place; over a
stream it comes twice at most if it was not known to have arrived; a datagram is not sent again once the journal
has that it was sent. RUNS=100 kills so
often at random; without it a few times."""
import json
import os
import random
import socket
import threading

import chatting
import harness

RUNS = int(os.environ.get('RUNS', '6'))
MESSAGES = 40


class Receiver:
    """Takes calls one after the other and keeps every line, in the order of their coming."""

    def __init__(self, port=0):
        self.lines = []
        self.server = socket.create_server(('127.0.0.1', port))
        self.port = self.server.getsockname()[1]
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                call, _ = self.server.accept()
            except OSError:
                return
            # In turn: a call that was cut off has all its bytes here before the next one is taken.
            with call, call.makefile('r', encoding='utf-8', errors='replace') as text:
                try:
                    for line in text:
                        with self.lock:
                            self.lines.append(line.rstrip('\n'))
                except OSError:
                    pass

    def got(self):
        with self.lock:
            return list(self.lines)

    def close(self):
        self.server.close()


class Json:
    """A chat with the JSON face; events are read as they come."""

    def __init__(self, case, *args):
        self.program = case.spawn(harness.landline(), 'chat', '--json', *args)
        self.at = 0

    def say(self, to, text, id):
        self.program.send(json.dumps({'say': text, 'to': to, 'id': id}) + '\n')

    def events(self):
        """What has been told since the last call."""
        text = self.program.out
        end = text.rfind('\n') + 1
        lines, self.at = text[self.at:end].splitlines(), end
        return [json.loads(line) for line in lines]

    def wait_for(self, what, true):
        seen = []
        harness.wait_until(lambda: seen.extend(self.events()) or any(map(true, seen)), what, self.program)
        return seen


def is_state(state, number=None):
    return lambda e: e['event'] == 'state' and e['state'] == state and number in (None, e.get('id'))


class Outbox(chatting.Case):
    def finish(self, to, receiver, journaled, certain=()):
        """Another run sends what is left; then all that the journal had has come, in order."""
        chat = Json(self)
        chat.say(to, 'end', 'end')
        chat.wait_for('the end', is_state('acked', 'end'))
        harness.wait_until(lambda: 'end' in receiver.got(), 'the end at the other side')
        lines = [line for line in receiver.got() if line != 'end']
        first = list(dict.fromkeys(lines))
        self.assertEqual(first, sorted(first, key=int), 'out of order')
        self.assertEqual(set(journaled) - set(first), set(), 'lost')
        for line in first:
            self.assertLessEqual(lines.count(line), 1 if line in certain else 2, f'{line} came too often')
        chat.program.send('{"quit": true}\n')
        self.assertEqual(chat.program.wait(), 0)

    def one_run(self, kill_when):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        to = f'tcp://127.0.0.1:{receiver.port}'
        chat = Json(self)
        for i in range(MESSAGES):
            chat.say(to, str(i), i)
        seen = kill_when(chat)
        chat.program.signal(9)
        chat.program.wait()
        seen += chat.events()
        journaled = {str(e['id']) for e in seen if e['event'] == 'state' and e.get('journal')}
        self.finish(to, receiver, journaled)
        receiver.close()

    def test_killed_when_the_journal_has_it(self):
        self.one_run(lambda chat: chat.wait_for('a message in the journal', is_state('waiting', 20)))

    def test_killed_when_it_was_acknowledged(self):
        self.one_run(lambda chat: chat.wait_for('an acknowledgement', is_state('acked')))

    def test_killed_when_all_were_acknowledged(self):
        self.one_run(lambda chat: chat.wait_for('the last acknowledgement', is_state('acked', MESSAGES - 1)))

    def test_killed_at_any_moment(self):
        for run in range(RUNS):
            with self.subTest(run=run):
                # A number of bytes told, not a time: the same moments on a slow machine.
                told = random.randrange(1, 2 * MESSAGES * 200)

                def kill_when(chat):
                    harness.wait_until(lambda: len(chat.program.out) >= told or '"number":40' in chat.program.out
                                       and chat.program.out.count('"acked"') >= MESSAGES, f'{told} bytes')
                    return []
                self.one_run(kill_when)

    def test_nobody_is_there_then_killed_then_somebody_is(self):
        port = harness.free_port()
        to = f'tcp://127.0.0.1:{port}'
        chat = Json(self)
        for i in range(MESSAGES):
            chat.say(to, str(i), i)
        chat.wait_for('the last in the journal',
                      lambda e: e['event'] == 'state' and e.get('id') == MESSAGES - 1 and e.get('journal'))
        chat.program.signal(9)
        chat.program.wait()
        receiver = Receiver(port)
        self.addCleanup(receiver.close)
        everything = {str(i) for i in range(MESSAGES)}
        self.finish(to, receiver, everything, certain=everything)

    def test_a_receiver_that_is_killed_gets_the_rest_when_it_is_back(self):
        port = harness.free_port()
        server = self.spawn('ncat', '-l', '127.0.0.1', str(port))
        harness.wait_tcp(port, server)
        to = f'tcp://127.0.0.1:{port}'
        chat = Json(self)
        chat.say(to, '0', 0)
        chat.wait_for('the first', is_state('acked', 0))
        server.signal(9)
        server.wait()
        chat.wait_for('the hang-up', lambda e: e['event'] == 'hang_up')
        for i in range(1, 10):
            chat.say(to, str(i), i)
        chat.wait_for('waiting', lambda e: e['event'] == 'state' and e['state'] == 'waiting' and e.get('note'))
        receiver = Receiver(port)
        self.addCleanup(receiver.close)
        chat.wait_for('the last', is_state('acked', 9))
        harness.wait_until(lambda: len(receiver.got()) == 9, 'nine lines')
        self.assertEqual(receiver.got(), [str(i) for i in range(1, 10)])

    def test_two_at_once_keep_their_own_and_the_second_takes_over(self):
        port = harness.free_port()
        to = f'tcp://127.0.0.1:{port}'
        first = Json(self)
        first.say(to, '1', 'mine')
        first.wait_for('it waits', lambda e: e['event'] == 'state' and e.get('note'))
        second = Json(self)
        second.say(to, '2', 'other')
        second.wait_for('it waits', lambda e: e['event'] == 'state' and e.get('note'))
        self.assertNotIn('"old":true', second.program.out)
        first.program.signal(9)
        first.program.wait()
        second.program.send('{"quit": true}\n')
        second.program.wait()
        receiver = Receiver(port)
        self.addCleanup(receiver.close)
        third = Json(self)
        harness.wait_until(lambda: len(receiver.got()) == 2, 'both', third.program)
        self.assertEqual(receiver.got(), ['1', '2'])

    def noted(self, to):
        """The states of what the journal has for this peer."""
        out = self.run_program(harness.landline(), 'history', to, '--json').out
        return [json.loads(line)['state'] for line in out.splitlines()]

    def test_a_datagram_that_is_noted_as_sent_is_not_sent_again(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(('127.0.0.1', 0))
            peer.settimeout(harness.DEADLINE_S)
            to = f'udp://127.0.0.1:{peer.getsockname()[1]}'
            for run in range(4):
                chat = Json(self)
                chat.say(to, f'{run}', run)
                chat.wait_for('sent', is_state('sent', run))
                harness.wait_until(lambda: self.noted(to) == ['sent'] * (run + 1), 'the note', chat.program)
                chat.program.signal(9)
                chat.program.wait()
                self.assertEqual(peer.recv(100), f'{run}'.encode())
            last = Json(self)
            last.say(to, 'end', 'end')
            last.wait_for('the end', is_state('sent', 'end'))
            self.assertEqual(peer.recv(100), b'end')


if __name__ == '__main__':
    harness.main()

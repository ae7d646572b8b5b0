# SPDX-License-Identifier: ISC
"""Conversations on the chat's full screen, against real sockets: unread counts, calls, what waits, scrolling into
the history, searching, exporting; and every way to leave it, on purpose or not."""
import json
import os
import signal
import socket

import chatscreen
import chatting
import harness
import terminal


class Conversations(chatscreen.Case):
    def test_unread_counts_and_the_title(self):
        a, b = self.datagrams(), self.datagrams()
        self.contacts(**{f'n{i}': f'udp://127.0.0.1:{s.getsockname()[1]}' for i, s in enumerate((a, b))})
        t = self.screen('n0')
        sender = self.introduce(t, a)
        t.keys('M-2')
        t.wait_for('^ n1 ')
        for i in range(3):
            a.sendto(b'message %d' % i, sender)
        t.wait_for(r'^1 ● n0 +3 │')
        t.wait_until(lambda: t.title == '(3) landline', 'the title')
        t.keys('M-a')
        t.wait_for(r'── new ─+\n.*message 0\n.*message 1\n.*message 2$')
        t.wait_for(r'^1 ● n0 +│')
        t.wait_until(lambda: t.title == 'landline', 'the title')

    def test_muted_ones_are_counted_in_the_list_alone(self):
        a, b = self.datagrams(), self.datagrams()
        self.contacts(**{f'n{i}': f'udp://127.0.0.1:{s.getsockname()[1]}' for i, s in enumerate((a, b))})
        t = self.screen('n0')
        sender = self.introduce(t, a)
        t.type('/mute\n')
        t.wait_for('no bell and no title for n0 any more')
        self.assertIn('+mute', (self.home / 'config/landline/contacts').read_text())
        t.keys('M-2')
        t.wait_for('^ n1 ')
        a.sendto(b'message', sender)
        t.wait_for(r'^1 ● n0 +1 │')
        self.assertEqual(t.title, 'landline')

    def test_choosing_by_name_and_by_arrows(self):
        peers = [self.datagrams() for _ in range(3)]
        self.contacts(**{name: f'udp://127.0.0.1:{s.getsockname()[1]}'
                         for name, s in zip(('张三', 'Ann', 'Bob'), peers)})
        t = self.screen()
        t.type('bo\n')
        t.type('to Bob\n')
        self.assertEqual(peers[2].recv(100), b'to Bob')
        t.type('quit\n')
        t.wait_for(r'^\? ')
        t.keys('Up', 'Enter')
        t.type('to Ann\n')
        self.assertEqual(peers[1].recv(100), b'to Ann')
        t.type('/open 张三\n')
        t.type('你好\n')
        self.assertEqual(peers[0].recv(100).decode(), '你好')
        t.type('quit\n')
        t.wait_for(r'^\? ')
        t.type('nobody\n')
        t.wait_for('nobody')
        t.wait_for(r'^\? nobody$')

    def test_calls_are_told(self):
        port = harness.free_port()
        t = self.screen('--listen', f'tcp://127.0.0.1:{port}', env=chatting.CHINESE)
        with self.call(port) as caller:
            caller.sendall('你好'.encode())
            t.wait_for(r'^1 ● 127.0.0.1:\d+ +1 │')
            t.keys('Enter')
            t.wait_for('── 接到来自127.0.0.1的电话$')
            t.wait_for('127.0.0.1:\\d+    你好$')
            t.type('吃了\n')
            self.assertEqual(caller.recv(100).decode(), '吃了')
            t.wait_for('我 ✓  吃了')
        t.wait_for('── 对方挂断了$')
        t.wait_for(r'^1 ○ ')

    def test_a_refused_call_waits_and_is_made_again(self):
        port = harness.free_port()
        self.contacts(Ann=f'tcp://127.0.0.1:{port}')
        t = self.screen('Ann')
        t.type('are you there?\n')
        t.wait_for('me …  are you there\\?')
        t.wait_for('refused')
        t.wait_for('1 message waits')
        with socket.create_server(('127.0.0.1', port)) as listener:
            listener.settimeout(harness.DEADLINE_S)
            t.type('/retry\n')
            conn, _ = listener.accept()
            with conn:
                conn.settimeout(harness.DEADLINE_S)
                self.assertEqual(chatting.receive(conn, 15), b'are you there?\n')
                t.wait_for('me ✓  are you there\\?')
                t.wait_for('connected')
                t.type('/hangup\n')
                t.wait_for('── you have hung up')

    def test_what_waited_is_there_again_and_is_sent(self):
        port = harness.free_port()
        self.contacts(Ann=f'tcp://127.0.0.1:{port}')
        t = self.screen('Ann')
        t.type('one\ntwo\n')
        t.wait_for('2 messages wait')
        os.kill(t.pid, signal.SIGKILL)
        t.wait()
        t = self.screen('Ann')
        t.wait_for('me …  one')
        t.wait_for('me …  two')
        t.type('/cancel\n')
        t.wait_for('me –  two')
        with socket.create_server(('127.0.0.1', port)) as listener:
            listener.settimeout(harness.DEADLINE_S)
            t.type('/retry\n')
            with listener.accept()[0] as conn:
                conn.settimeout(harness.DEADLINE_S)
                self.assertEqual(chatting.receive(conn, 4), b'one\n')
                t.wait_for('me ✓  one')
                t.wait_gone('waits')

    def test_nothing_is_kept_where_nothing_shall_be(self):
        port = harness.free_port()
        t = self.screen(f'tcp://127.0.0.1:{port}', '--no-history')
        t.type('one\n')
        t.wait_for('1 message waits')
        t.type('/export x\n')
        t.wait_for('nothing of this conversation is kept')
        t.keys('C-d')
        t.wait_for('to give it up, end landline again')
        t.keys('C-d')
        self.assertEqual(t.wait(), 0)

    def test_taking_back_what_waits(self):
        port = harness.free_port()
        self.contacts(Ann=f'tcp://127.0.0.1:{port}')
        t = self.screen('Ann')
        t.type('one\ntwo\nthree\n')
        t.wait_for('3 messages wait')
        t.type('/cancel\n')
        t.wait_for('me –  three')
        t.wait_for('2 messages wait')
        t.type('/cancel all\n')
        t.wait_for('2 messages were taken back')
        t.wait_gone('messages wait')

    def test_making_a_contact(self):
        peer = self.datagrams()
        t = self.screen(f'udp://127.0.0.1:{peer.getsockname()[1]}')
        self.introduce(t, peer)
        t.type('/add 王五\n')
        t.wait_for(r'^1 ● 王五')
        t.wait_for(f'王五 = udp://127.0.0.1:{peer.getsockname()[1]}')
        self.assertIn('王五', (self.home / 'config/landline/contacts').read_text())

    def test_hostile_bytes_are_escaped(self):
        t, peer = self.talking_to()
        sender = self.introduce(t, peer)
        peer.sendto(b'\033]0;evil\007\033[2J\xe2\x80\xae\xff\x9b1m|', sender)
        t.wait_for(r'\\x1b]0;evil\\x07\\x1b\[2J\\u\{202E\}')
        self.assertEqual(t.title, 'landline')
        self.assertEqual(t.line(23), '> type a message, Enter sends it')


class History(chatscreen.Case):
    def grown(self, t, peer, count):
        sender = self.introduce(t, peer)
        for i in range(1, count + 1):
            peer.sendto(b'message %d of many' % i, sender)
            if i % 50 == 0 or i == count:
                t.wait_for(f'message {i} of many$')
        return sender

    def test_scrolling_and_new_ones_below(self):
        t, peer = self.talking_to()
        sender = self.grown(t, peer, 100)
        t.keys('PPage')
        t.wait_gone('message 100 of many')
        t.wait_for('more below')
        peer.sendto(b'another', sender)
        t.wait_for('1 new below')
        t.keys('NPage', 'NPage')
        t.wait_for('another$')
        t.wait_gone('below')

    def test_an_earlier_run_is_read_from_the_journal(self):
        t, peer = self.talking_to()
        self.grown(t, peer, 300)
        t.type('/quit\n')
        self.assertEqual(t.wait(), 0)
        t = self.screen('李四')
        t.wait_for('message 300 of many$')
        for _ in range(40):
            t.keys('PPage')
        t.wait_for('me ✓✓ hello')
        t.wait_for('message 1 of many')
        t.keys('Escape')
        t.wait_for('message 300 of many$')

    def test_searching(self):
        t, peer = self.talking_to()
        sender = self.introduce(t, peer)
        peer.sendto('我们去吃饭'.encode(), sender)
        t.wait_for('吃饭')
        for i in range(1, 301):
            peer.sendto(b'message %d of many' % i, sender)
            if i % 50 == 0:
                t.wait_for(f'message {i} of many$')
        t.type('/quit\n')
        t.wait()
        t = self.screen('李四')
        t.wait_for('message 300 of many$')
        # In memory.
        t.keys('C-r')
        t.type('MESSAGE 29\n')
        t.wait_for('message 299 of many$')
        t.keys('n')
        t.wait_for('message 298 of many$')
        # In the journal.
        t.keys('Escape')
        t.wait_gone('Esc: back')
        t.type('/search 吃饭\n')
        t.wait_for('我们去吃饭$')
        t.wait_for('message 5 of many$')
        t.keys('n')
        t.wait_for('not found further up')
        # The way down leads back to the newest.
        for _ in range(30):
            t.keys('NPage')
        t.wait_for('message 300 of many$')
        t.type('no')
        t.wait_line(23, '> no')

    def test_exporting(self):
        t, peer = self.talking_to()
        sender = self.introduce(t, peer)
        peer.sendto('你好\n\033'.encode(), sender)
        t.wait_for('你好')
        path = self.tmp / 'talk.txt'
        t.type(f'/export {path}\n')
        t.wait_for('2 messages written')
        self.assertRegex(path.read_text(), r'^\S+ \S+ me → 李四: hello\n\S+ \S+ 李四: 你好\n +\\x1b\n$')
        t.type(f'/export {path}\n')
        t.wait_for('is there already')
        t.type(f'/export! {path}\n')
        t.wait_for('2 messages written')
        t.type(f'/export {path}.jsonl\n')
        t.wait_until((self.tmp / 'talk.txt.jsonl').exists, 'the file')
        t.wait_for('jsonl')
        lines = [json.loads(line) for line in (self.tmp / 'talk.txt.jsonl').read_text().splitlines()]
        self.assertEqual([line['text'] for line in lines], ['hello', '你好\n\033'])
        self.assertEqual([line['direction'] for line in lines], ['out', 'in'])


class Leaving(chatscreen.Case):
    def test_quit_goes_back_and_then_ends(self):
        t, _ = self.talking_to()
        t.type('quit\n')
        t.wait_for(r'^\? ')
        t.type('quit\n')
        self.assertEqual(t.wait(), 0)
        self.assertFalse(t.flag('alternate_on'))

    def test_ctrl_d(self):
        t, _ = self.talking_to()
        t.type('x')
        t.keys('C-d')
        t.wait_line(23, '> x')
        t.keys('C-u', 'C-d')
        self.assertEqual(t.wait(), 0)

    def test_ctrl_c_twice(self):
        t, _ = self.talking_to()
        t.type('x')
        t.keys('C-c')
        t.wait_line(23, '> type a message, Enter sends it')
        t.keys('C-c')
        t.wait_for('Ctrl-C again ends landline')
        t.type('y')
        t.keys('C-c', 'C-c')
        t.wait_for('Ctrl-C again ends landline')
        t.keys('C-c')
        self.assertEqual(t.wait(), 0)

    def test_sigterm(self):
        t, _ = self.talking_to()
        os.kill(t.pid, signal.SIGTERM)
        self.assertEqual(t.wait(), 0)
        self.assertFalse(t.flag('alternate_on'))

    def test_a_fatal_signal_gives_the_terminal_back(self):
        t, _ = self.talking_to()
        os.kill(t.pid, signal.SIGQUIT)
        self.assertEqual(t.wait(), -signal.SIGQUIT)
        self.assertFalse(t.flag('alternate_on'))

    def test_an_error_at_the_start_is_read_after_the_screen_is_gone(self):
        t = self.screen('nosuchname', ready=None)
        self.assertNotEqual(t.wait(), 0)
        self.assertIn('nosuchname', t.screen())
        self.assertFalse(t.flag('alternate_on'))

    def test_an_unknown_terminal(self):
        # ncurses leaks what it had begun.
        done = self.spawn(harness.landline(), 'chat', tty=True,
                          env={'TERM': 'nosuchterminal', 'ASAN_OPTIONS': 'detect_leaks=0', **chatscreen.ENGLISH})
        self.assertEqual(done.wait(), 1)
        self.assertIn('--lines', done.out)

    def test_a_lost_terminal_ends_it_and_loses_nothing(self):
        t, peer = self.talking_to()
        self.introduce(t, peer)
        pid = t.pid
        t._tmux('kill-server')
        harness.wait_until(lambda: not os.path.exists(f'/proc/{pid}'), 'the program to end')
        t = self.screen('李四')
        t.wait_for('me →  hello')

    def test_ctrl_z_and_back(self):
        peer = self.datagrams()
        self.contacts(Ann=f'udp://127.0.0.1:{peer.getsockname()[1]}')
        t = terminal.Terminal(self, 'bash', '--norc', '--noprofile', '-i', env={**chatscreen.ENGLISH, 'PS1': 'ready$ '})
        t.wait_for(r'^ready\$')
        t.type(f'{harness.landline()} chat Ann\n')
        t.wait_for('F1 help')
        sender = self.introduce(t, peer)
        t.type('a draft')
        t.keys('C-z')
        t.wait_for('Stopped')
        t.type('echo in the shell\n')
        t.wait_for('^in the shell')
        peer.sendto(b'came meanwhile', sender)
        t.type('fg\n')
        t.wait_for('came meanwhile$')
        t.wait_line(23, '> a draft')
        t.keys('C-u')
        t.type('still here\n')
        self.assertEqual(peer.recv(100), b'still here')


if __name__ == '__main__':
    harness.main()

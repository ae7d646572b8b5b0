# SPDX-License-Identifier: ISC
"""The line face of landline chat at a terminal: what comes never tears the line being typed, nor takes it to
another; pastes are asked about; names and commands complete; Ctrl-C, Ctrl-D, Ctrl-Z; the terminal is given
back as it was."""
import os
import shutil
import signal
import unittest

import harness
import terminal
from answering import descendants
from chatting import CHINESE, HOST, Case
from harness import free_port, landline


@unittest.skipUnless(shutil.which('tmux'), 'no tmux here')
class Typing(Case):
    def screen(self, *args, env=CHINESE, columns=60, rows=12):
        return terminal.Terminal(self, 'sh', '-c', '"$@"; echo status $?', 'sh', landline(), 'chat', '--lines', *args,
                                 env=env, columns=columns, rows=rows)

    def listening(self, **more):
        port = free_port()
        t = self.screen('--listen', f'udp://{HOST}:{port}', **more)
        t.wait_for('正在监听')
        return t, port

    def test_what_comes_stands_above_the_line_being_typed(self):
        t, port = self.listening()
        peer, other = self.datagrams(), self.datagrams()
        peer.sendto('在吗'.encode(), (HOST, port))
        t.wait_for('回复消息:$')
        t.type('我在打')
        t.wait_for('回复消息: 我在打$')
        other.sendto('插一句'.encode(), (HOST, port))
        t.wait_for(rf'插一句\n回复消息\[{HOST}:{peer.getsockname()[1]}\]: 我在打$')
        t.type('字\n')
        self.assertEqual(peer.recv(100), '我在打字'.encode())
        t.wait_for(rf'现在回复 {HOST}:{other.getsockname()[1]}\n')

    def test_a_line_for_one_is_not_taken_to_another(self):
        """The first has been answered; while more is typed to them, somebody else speaks."""
        t, port = self.listening()
        first, second = self.datagrams(), self.datagrams()
        first.sendto(b'one', (HOST, port))
        t.wait_for('回复消息:$')
        t.type('a\n')
        self.assertEqual(first.recv(100), b'a')
        t.type('b')
        t.wait_for('回复消息: b$')
        second.sendto(b'two', (HOST, port))
        t.wait_for('消息:two')
        t.type('c\n')
        self.assertEqual(first.recv(100), b'bc')
        t.wait_for(rf'现在回复 {HOST}:{second.getsockname()[1]}\n')
        t.type('d\n')
        self.assertEqual(second.recv(100), b'd')

    def test_a_paste_of_several_lines_is_asked_about(self):
        peer = self.datagrams()
        t = self.screen(f'udp://{HOST}:{peer.getsockname()[1]}')
        t.wait_for('请输入消息')
        t.paste('一\n二\n三\n')
        t.wait_for('发送 3 行吗')
        t.keys('n')
        t.wait_for('请输入消息,回车发送:$')
        t.paste('四\n五')
        t.wait_for('发送 2 行吗')
        t.keys('y')
        self.assertEqual([peer.recv(100).decode(), peer.recv(100).decode()], ['四', '五'])

    def test_names_and_commands_complete(self):
        peer = self.datagrams()
        self.contacts(Annabel=f'udp://{HOST}:{peer.getsockname()[1]}', Bob=f'udp://{HOST}:9')
        t = self.screen(env={})
        t.wait_for('Whom to talk to:$')
        t.type('Ann')
        t.keys('Tab')
        t.wait_for('Whom to talk to: Annabel')
        t.keys('Enter')
        t.wait_for('Message, Enter sends it:$')
        t.type('/ret')
        t.keys('Tab')
        t.wait_for('/retry$')
        t.keys('C-u')
        t.type('hello')
        t.keys('Enter')
        self.assertEqual(peer.recv(100), b'hello')

    def test_interrupt_empties_the_line_and_then_ends(self):
        t, port = self.listening()
        t.type('something')
        t.wait_for('something')
        t.keys('C-c')
        t.wait_gone('something')
        t.keys('C-c')
        t.wait_for('^status 0')

    def test_end_of_input(self):
        t, port = self.listening()
        t.keys('C-d')
        t.wait_for('^status 0')

    def test_an_ending_by_signal_gives_the_terminal_back(self):
        t = terminal.Terminal(self, 'sh', '-c', f'{landline()} chat --lines --listen udp://{HOST}:0; stty -a; echo over',
                              env=CHINESE)
        t.wait_for('正在监听')
        t.type('half a line')
        t.wait_for('half a line')
        os.kill(descendants(t.pid)[0], signal.SIGTERM)
        t.wait_for('^over')
        self.assertRegex(t.screen(), r'[ \n]icanon')
        self.assertRegex(t.screen(), r'[ \n]echo ')

    def test_stopped_and_continued(self):
        peer = self.datagrams()
        t = terminal.Terminal(self, 'bash', '--norc', '-im', env={**CHINESE, 'PS1': 'shell> '})
        t.wait_for('shell>')
        t.type(f'{landline()} chat --lines udp://{HOST}:{peer.getsockname()[1]}\n')
        t.wait_for('请输入消息')
        t.type('kept')
        t.wait_for('kept')
        t.keys('C-z')
        t.wait_for('Stopped|已停止')
        t.type('fg\n')
        t.wait_for('请输入消息,回车发送: kept$')
        t.type(' text\n')
        self.assertEqual(peer.recv(100), b'kept text')


if __name__ == '__main__':
    harness.main()

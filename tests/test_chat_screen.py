# SPDX-License-Identifier: ISC
"""landline chat on a whole screen, driven through tmux as a person would: the layout at several sizes, typing by
columns, pastes, and what is written to the terminal, byte by byte."""
import re
import select
import time

import chatscreen
import chatting
import harness


class Layout(chatscreen.Case):
    def test_80x24(self):
        t, peer = self.talking_to()
        sender = self.introduce(t, peer)
        peer.sendto('你好，吃饭了吗？'.encode(), sender)
        t.wait_for(r'│ \d\d:\d\d:\d\d 李四    你好，吃饭了吗？$')
        t.wait_for(r'│ \d\d:\d\d:\d\d   me ✓✓ hello$')
        t.wait_for(r'│ ── \d{4}-\d\d-\d\d \w+ ─+$')
        self.assertRegex(t.line(0), '^1 ● 李四 +│$')
        self.assertRegex(t.line(22), r'^ 李四  udp://127\.0\.0\.1:\d+  datagrams +F1 help$')
        self.assertEqual(t.line(23), '> type a message, Enter sends it')
        t.wait_cursor(2, 23)

    def test_160x50_and_chinese(self):
        t, peer = self.talking_to(columns=160, rows=50, env=chatting.CHINESE)
        self.assertEqual(t.line(49), '> 请输入消息,回车发送')
        t.type('你好\n')
        sender = peer.recvfrom(100)[1]
        peer.sendto(b'1\n2', sender)
        t.wait_for(r'│ \d\d:\d\d:\d\d   我 ✓✓ 你好$')
        t.wait_for(r'│ \d\d:\d\d:\d\d 李四    1$')
        t.wait_for(r'│ +2$')
        self.assertEqual(len(t.line(48)) + len(re.findall('[\u4e00-\u9fff]', t.line(48))), 159)

    def test_20x5(self):
        t, peer = self.talking_to(columns=20, rows=5, ready='^> ')
        self.introduce_small(t, peer)
        t.keys('M-Up', 'F1')
        t.wait_for('Typing')
        t.keys('Escape')
        t.wait_gone('Typing')
        t.keys('F2')
        t.wait_for('^1 ● 李四$')
        t.keys('F2')
        t.wait_for('^   九十$')
        t.resize(1, 1)
        t.type('x')
        t.resize(80, 24)
        t.wait_line(23, '> x')

    def introduce_small(self, t, peer):
        t.type('hello\n')
        sender = peer.recvfrom(100)[1]
        peer.sendto('一二三四五六七八九十'.encode(), sender)
        t.wait_for(r'^   一二三四五六七八$')
        t.wait_for(r'^   九十$')

    def test_resizing(self):
        t, peer = self.talking_to()
        sender = self.introduce(t, peer)
        peer.sendto(b'word ' * 20, sender)
        t.wait_for('word word')
        t.resize(40, 12)
        t.wait_for(r'^\d\d:\d\d 李四    word')
        t.wait_gone('│')
        t.resize(100, 30)
        t.wait_for(r'^1 ● 李四 +│')
        t.wait_for(r'│ \d\d:\d\d:\d\d 李四    word')

    def test_the_list_can_be_hidden(self):
        t, _ = self.talking_to()
        t.wait_for('│')
        t.keys('F2')
        t.wait_gone('│')
        t.keys('F2')
        t.wait_for('│')

    def test_an_empty_book_says_how_to_begin(self):
        t = self.screen()
        t.wait_for('landline contacts add NAME')
        self.assertEqual(t.line(23), '? choose whom to talk to: arrows or a name, Enter')

    def test_no_color_is_plain(self):
        t, peer = self.talking_to(env={**chatscreen.ENGLISH, 'NO_COLOR': '1'})
        self.introduce(t, peer)
        self.assertNotRegex(t.screen(colors=True), '\033\\[[0-9;]*(3[0-8]|38;5)')


class Typing(chatscreen.Case):
    def test_columns_and_the_cursor(self):
        t, peer = self.talking_to()
        column = 2
        for text, columns in (('你好', 4), ('e\u0301', 1), ('👍', 2), ('a', 1), ('한', 2), ('，', 2)):
            t.type(text)
            column += columns
            t.wait_cursor(column, 23)
        t.keys('Home')
        t.wait_cursor(2, 23)
        t.keys('Right', 'Right', 'Right')
        t.wait_cursor(7, 23)
        t.keys('BSpace')
        t.wait_cursor(6, 23)
        t.wait_line(23, '> 你好👍a한，')
        t.keys('Enter')
        self.assertEqual(peer.recv(100).decode(), '你好👍a한，')
        t.wait_cursor(2, 23)

    def test_several_lines(self):
        t, peer = self.talking_to()
        t.type('one')
        t.keys('M-Enter')
        t.type('two')
        t.keys('C-j')
        t.type('three')
        t.wait_for(r'^> one\n  two\n  three$')
        t.wait_cursor(7, 23)
        t.keys('Enter')
        self.assertEqual(peer.recv(100), b'one\ntwo\nthree')
        t.wait_line(23, '> type a message, Enter sends it')

    def test_history_of_what_was_said(self):
        t, peer = self.talking_to()
        self.introduce(t, peer)
        t.type('second\n')
        t.keys('Up', 'Up')
        t.wait_line(23, '> hello')

    def test_what_comes_does_not_disturb_what_is_typed(self):
        t, peer = self.talking_to()
        sender = self.introduce(t, peer)
        t.type('half of a sent')
        t.wait_line(23, '> half of a sent')
        for i in range(100):
            peer.sendto(b'message %d' % i, sender)
            if i % 10 == 0:
                self.assertEqual(t.line(23), '> half of a sent')
                t.wait_cursor(16, 23)  # on its way while something is drawn
        t.wait_for('message 99$')
        t.type('ence')
        t.wait_line(23, '> half of a sentence')

    def test_a_draft_stays_with_its_conversation(self):
        a, b = self.datagrams(), self.datagrams()
        self.contacts(**{f'n{i}': f'udp://127.0.0.1:{s.getsockname()[1]}' for i, s in enumerate((a, b))})
        t = self.screen('n0')
        t.type('for a')
        t.keys('M-Down')
        t.wait_for('^ n1 ')
        t.wait_line(23, '> type a message, Enter sends it')
        t.type('for b')
        t.keys('M-1')
        t.wait_line(23, '> for a')
        t.keys('Enter')
        self.assertEqual(a.recv(100), b'for a')
        t.keys('M-2', 'Enter')
        self.assertEqual(b.recv(100), b'for b')

    def test_a_slash_is_said_with_two(self):
        t, peer = self.talking_to()
        t.type('//etc\n')
        self.assertEqual(peer.recv(100), b'/etc')

    def test_completion(self):
        t, _ = self.talking_to('Annabel')
        t.type('/se')
        t.keys('Tab')
        t.wait_line(23, '> /search')
        t.keys('C-u')
        t.type('/ca')
        t.keys('Tab')
        t.wait_for('^call  cancel$')
        t.keys('C-u')
        t.type('/open A')
        t.keys('Tab')
        t.wait_line(23, '> /open Annabel')

    def test_an_unknown_command(self):
        t, peer = self.talking_to()
        t.type('/serch x\n')
        t.wait_for('there is no /serch; did you mean /search')
        t.type('a')
        t.wait_gone('did you mean')
        peer.setblocking(False)
        self.assertRaises(BlockingIOError, peer.recv, 100)


class Mouse(chatscreen.Case):
    def test_clicks_and_the_wheel(self):
        a, b = self.datagrams(), self.datagrams()
        self.contacts(**{f'n{i}': f'udp://127.0.0.1:{s.getsockname()[1]}' for i, s in enumerate((a, b))})
        t = self.screen('n0', '--mouse')
        sender = self.introduce(t, a)
        t.wait_until(lambda: t.flag('mouse_sgr_flag'), 'the mouse to be asked for')
        for i in range(50):
            a.sendto(b'message %d' % i, sender)
        t.wait_for('message 49$')
        t.send(b'\033[<64;40;5M')
        t.wait_for('message 46 +more below')
        t.send(b'\033[<65;40;5M')
        t.wait_for('message 49$')
        t.send(b'\033[<0;5;2M\033[<0;5;2m')
        t.wait_for('^ n1 ')
        t.send(b'\033[<0;70;2M\033[<0;70;2m')
        t.type('/mouse\n')
        t.wait_until(lambda: not t.flag('mouse_sgr_flag'), 'the mouse to be left alone')


class Pasting(chatscreen.Case):
    TEXT = '\n'.join(f'line {i}' for i in range(1, 501))

    def pasted(self):
        t, peer = self.talking_to()
        t.paste(self.TEXT)
        t.wait_for('Say these 500 lines as 500 messages')
        return t, peer

    def test_yes(self):
        listener = self.listener()
        t = self.screen(f'tcp://127.0.0.1:{listener.getsockname()[1]}')
        t.paste(self.TEXT)
        t.wait_for('Say these 500 lines as 500 messages')
        t.type('y')
        text = self.TEXT + '\n'
        self.assertEqual(chatting.receive(self.take_call(listener), len(text)).decode(), text)
        t.wait_for('me ✓  line 500$')
        t.wait_gone('Say these')

    def test_as_one_message(self):
        t, peer = self.pasted()
        t.type('o')
        self.assertEqual(peer.recv(10000).decode(), self.TEXT)

    def test_edit(self):
        t, peer = self.pasted()
        t.type('e')
        t.wait_for(r'^> line 495\n(  line \d+\n){4}  line 500$')
        t.wait_cursor(10, 23)

    def test_no(self):
        t, peer = self.pasted()
        t.type('x')
        t.wait_for('Say these')
        t.keys('Escape')
        t.wait_gone('Say these')
        t.type('other\n')
        self.assertEqual(peer.recv(100), b'other')

    def test_a_few_lines_go_into_the_box(self):
        t, peer = self.talking_to()
        t.paste('one\ntwo')
        t.wait_for('^> one\n  two$')
        t.keys('Enter')
        self.assertEqual(peer.recv(100), b'one\ntwo')

    def test_what_a_paste_may_not_hold(self):
        t, peer = self.talking_to()
        t.paste('a\033[31mb\u202ec')
        t.wait_for('^> a.*b.*c')
        t.keys('Enter')
        self.assertNotRegex(peer.recv(100).decode(), '[\033\u202e]')


class Terminal(chatscreen.Case):
    """What is written to the terminal, byte by byte."""

    def pty(self, *args, **env):
        program = self.spawn(harness.landline(), 'chat', *args, tty=True,
                             env={'TERM': 'xterm-256color', **chatscreen.ENGLISH, **env})
        program.expect('F1 help')
        return program

    def test_what_is_switched_on_is_switched_off(self):
        program = self.pty('--mouse')
        program.send(b'\x04')
        self.assertEqual(program.wait(), 0)
        for mode in ('2004', '1004', '1000', '1006', '1049'):
            self.assertLess(program.out.rindex(f'\033[?{mode}h'), program.out.rindex(f'\033[?{mode}l'), mode)
        self.assertLess(program.out.index('\033[22;0t'), program.out.index('\033[23;0t'))
        self.assertIn('\033]2;landline\033\\', program.out)

    def test_the_bell_rings_for_what_is_not_looked_at(self):
        peer = self.datagrams()
        port = harness.free_port()
        program = self.pty('--listen', f'udp://127.0.0.1:{port}')
        peer.sendto(b'message', ('127.0.0.1', port))
        program.expect('\a')
        program.expect(r'\]2;\(1\) landline')
        program.send(b'\r')
        program.expect(r'\]2;landline')
        # Without the focus it is not looked at, though it is shown.
        program.send(b'\033[OQ')
        program.expect('Q')
        peer.sendto(b'another', ('127.0.0.1', port))
        program.expect(r'\]2;\(1\) landline')
        program.send(b'\033[I')
        program.expect(r'\]2;landline')

    def test_idle_it_sleeps(self):
        program = self.pty()

        def wakeups():
            text = open(f'/proc/{program.landline_pid}/status').read()
            return int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', text, re.MULTILINE)[1])
        program.landline_pid = self.child_of(program.pid)
        settled = [wakeups(), time.monotonic()]

        def is_settled():
            now = wakeups()
            if now != settled[0]:
                settled[:] = [now, time.monotonic()]
            return time.monotonic() - settled[1] > 2
        harness.wait_until(is_settled, 'two seconds without a wake-up', program)

    def child_of(self, pid):
        """setsid(1) has become the program, or has it as a child."""
        children = open(f'/proc/{pid}/task/{pid}/children').read().split()
        return int(children[0]) if children else pid

    def test_typing_is_echoed_at_once_in_a_flood(self):
        port = harness.free_port()
        program = self.pty('--listen', f'tcp://127.0.0.1:{port}')
        with self.call(port) as caller:
            caller.sendall(b'first\n')
            program.expect(r'\]2;\(1\) landline')
            program.send(b'\r')
            program.expect('connected')
            caller.setblocking(False)
            delays, sent, start = [], 0, time.monotonic()
            for letter in 'QWZXQWZXQWZXQWZX':
                # 10,000 messages a second, a tenth of a second of them between two keys.
                until = time.monotonic() + 0.1
                while time.monotonic() < until:
                    due = int((time.monotonic() - start) * 10000)
                    if select.select([], [caller], [], 0.005)[1] and sent < due:
                        caller.send(b'm %d\n' * (due - sent) % tuple(range(sent, due)))
                        sent = due
                typed = time.monotonic()
                program.send(letter)
                program.expect(letter)
                delays.append(time.monotonic() - typed)
        # On an idle machine all are below 50 ms; a busy one may be late for some.
        self.assertLess(sorted(delays)[len(delays) // 2], 0.05, delays)


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""The terminal that tests look at (terminal.py), with programs that need no landline."""
import sys
import unittest.mock

import harness
import terminal


class Terminal(harness.Case):
    def test_what_is_typed_and_shown(self):
        t = terminal.Terminal(self, 'cat', columns=20, rows=4)
        t.type('你好 world\n')
        t.wait_for('^你好 world\n你好 world$')
        t.wait_cursor(0, 2)
        t.type('-l 二')
        t.wait_cursor(5, 2)
        self.assertEqual(t.line(2), '-l 二')
        t.keys('BSpace', 'Enter', 'C-d')
        self.assertEqual(t.wait(), 0)
        self.assertIn('你好 world', t.scrollback())

    def test_the_status_and_the_signal(self):
        self.assertEqual(terminal.Terminal(self, 'sh', '-c', 'exit 3').wait(), 3)
        t = terminal.Terminal(self, 'cat')
        t.type('x\n')
        t.wait_for('x\nx')
        t.keys('C-c')
        self.assertEqual(t.wait(), -2)
        self.assertTrue(t.screen().startswith('x\nx\n'))

    def test_sizes_and_environment(self):
        t = terminal.Terminal(self, 'sh', '-c', 'echo $TERM $WHAT; trap "stty size" WINCH; stty size; '
                              'while :; do sleep 0.01; done', columns=31, rows=7, env={'WHAT': '你'})
        t.wait_for('^tmux-256color 你\n7 31$')
        t.resize(50, 9)
        t.wait_for('^9 50$')

    def test_a_paste_is_bracketed_on_request(self):
        program = ('import sys, tty; tty.setraw(0); print("\\33[?2004hready", end="", flush=True)\n'
                   'got = ""\n'
                   'while not got.endswith("!"): got += sys.stdin.read(1)\n'
                   'print(ascii(got))')
        t = terminal.Terminal(self, sys.executable, '-c', program)
        t.wait_for('ready')
        t.paste('一\n二')
        t.send(b'\x1b[<0;2;3M')
        t.type('!')
        t.wait_for(r"'\\x1b\[200~\\u4e00\\r\\u4e8c\\x1b\[201~\\x1b\[<0;2;3M!'")

    def test_waiting_has_an_end_and_says_what_is_there(self):
        t = terminal.Terminal(self, 'sh', '-c', 'echo something else; sleep 1000')
        t.wait_for('something')
        with unittest.mock.patch('harness.DEADLINE_S', 0.1):
            with self.assertRaisesRegex(AssertionError, 'waiting for \'never\'(.|\n)*something else'):
                t.wait_for('never')

    def test_titles_colours_and_flags(self):
        t = terminal.Terminal(self, 'sh', '-c', r'printf "\033]2;标题\007\033[1mbold\033[m\033[?1006h"; sleep 1000')
        t.wait_until(lambda: t.title == '标题', 'the title')
        t.wait_until(lambda: '\033[1mbold' in t.screen(colors=True), 'bold')
        self.assertTrue(t.flag('mouse_sgr_flag'))
        self.assertFalse(t.flag('alternate_on'))


if __name__ == '__main__':
    harness.main()

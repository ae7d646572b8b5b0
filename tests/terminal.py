# SPDX-License-Identifier: ISC
"""A program on a terminal that can be looked at: it runs inside tmux, which draws what it is sent, as people's
terminals do, and tells what stands where. One tmux server a terminal, which the test ends with the rest.

    import harness
    import terminal

    class Chat(harness.Case):
        def test_it_draws(self):
            t = terminal.Terminal(self, harness.landline(), 'chat', columns=40, rows=8)
            t.wait_for('who')                 # a regular expression, on the screen as it is now
            t.type('你好')                     # as an input method commits it
            t.keys('Home', 'M-f', 'Enter')    # tmux's names: C-a, M-x, Up, PPage, BSpace, F1, ...
            t.paste('one\\ntwo')               # a bracketed paste, where the program asked for it
            t.resize(30, 5)
            t.wait_cursor(4, 2)               # column and row, from 0
            self.assertEqual(t.wait(), 0)     # the exit status

Each wait_ method looks again until it is so, and fails with the screen after harness.DEADLINE_S."""
import re
import signal
import subprocess
import time

import harness

POLL_S = 0.02

# tmux 3.3a closes the terminal of a program that has ended although something it wrote may still be on its way
# there. An answer to a question (DSR, ECMA-48 8.3.35) comes after all that was written before it.
SETTLED = """"$@"; status=$?; stty raw -echo; printf '\\033[5n'; head -c 4 >/dev/null; stty sane; exit $status"""


def settled(*argv):
    """argv of a program whose last words are on the screen once it has ended; what has its pid is a shell that
    leads its process group."""
    return ['sh', '-c', SETTLED, 'sh', *argv]


class Terminal:
    def __init__(self, case, *argv, columns=80, rows=24, env=None, cwd=None):
        # Not in case.tmp: a path of a socket has its limit, and $TMPDIR may be long.
        self._socket = str(case.tmp / f'tmux-{len(case.programs)}')
        # -D: in the foreground, so that it is a child like any other, and stays without a session.
        self.server = case.spawn('tmux', '-S', self._socket, '-u', '-f', '/dev/null', '-D',
                                 env={'TMUX': None, 'SHELL': '/bin/sh', **(env or {})}, cwd=cwd)
        harness.wait_unix(self._socket, self.server)
        # No status line; what a program leaves on its screen stays, and nothing is added to it.
        for name, value in (('status', 'off'), ('remain-on-exit', 'on'), ('remain-on-exit-format', ''),
                            ('default-terminal', 'tmux-256color'), ('set-titles', 'off')):
            self._tmux('set', '-g', name, value)
        self._tmux('set', '-s', 'escape-time', '0')
        # Else it would start where this test runs, whatever the server's folder is.
        self._tmux('new-session', '-d', '-x', columns, '-y', rows, *(['-c', cwd] if cwd else []), '--', *argv)
        case.addCleanup(self._check, case)

    def _tmux(self, *args):
        done = subprocess.run(['tmux', '-S', self._socket, '-u', *map(str, args)], capture_output=True,
                              timeout=harness.DEADLINE_S, encoding='utf-8', errors='backslashreplace')
        if done.returncode:
            raise AssertionError(f'tmux {args}: {done.stderr}\n{self.server.story()}')
        return done.stdout

    def _ask(self, form):
        return self._tmux('display', '-p', form).removesuffix('\n')

    def _check(self, case):
        if self.server.popen.poll() is None:
            said = self.scrollback()
            case.assertIsNone(harness.SANITIZER.search(said), said)

    # ---- what goes in

    def type(self, text):
        """Text as a keyboard or an input method gives it; a newline in it is the Enter key."""
        for number, line in enumerate(text.split('\n')):
            if number:
                self.keys('Enter')
            if line:
                self._tmux('send-keys', '-l', '--', line)

    def keys(self, *names):
        self._tmux('send-keys', '--', *names)

    def send(self, data):
        """Bytes, ASCII alone, as they are: a key or a mouse report that tmux has no name for."""
        self._tmux('send-keys', '-H', *(f'{byte:02x}' for byte in data))

    def paste(self, text):
        self._tmux('set-buffer', '-b', 'pasted', '--', text)
        self._tmux('paste-buffer', '-p', '-d', '-b', 'pasted')

    def resize(self, columns, rows):
        self._tmux('resize-window', '-x', columns, '-y', rows)

    # ---- what is seen

    def screen(self, colors=False):
        """The lines, blanks at their ends left out; with SGR sequences if colours are of interest."""
        return self._tmux('capture-pane', '-p', *(['-e'] if colors else []))

    def scrollback(self):
        """The screen and all that has left it at its top."""
        return self._tmux('capture-pane', '-p', '-S', '-')

    def line(self, row):
        """A line by its number from 0, or from the last: -1."""
        return self.screen().split('\n')[:-1][row]

    @property
    def cursor(self):
        return tuple(map(int, self._ask('#{cursor_x} #{cursor_y}').split()))

    @property
    def pid(self):
        return int(self._ask('#{pane_pid}'))

    @property
    def title(self):
        return self._ask('#{pane_title}')

    def flag(self, name):
        """What the program asked of its terminal, by tmux's names: bracketed paste is not among them, but
        mouse_sgr_flag, cursor_flag (visible), alternate_on, keypad_cursor_flag are."""
        return self._ask('#{' + name + '}') == '1'

    def _wait(self, true, what):
        deadline = time.monotonic() + harness.DEADLINE_S
        while not true():
            if time.monotonic() > deadline:
                raise AssertionError(f'{harness.DEADLINE_S} s passed waiting for {what}; cursor {self.cursor}, '
                                     f'dead {self._ask("#{pane_dead}")}, screen:\n{self.screen()}')
            time.sleep(POLL_S)

    def wait_for(self, pattern):
        """Until the screen has this, a regular expression (^ and $ are a line's); returns the match."""
        found = []

        def look():
            found[:] = [re.search(pattern, self.screen(), re.MULTILINE)]
            return found[0]
        self._wait(look, repr(pattern))
        return found[0]

    def wait_gone(self, pattern):
        self._wait(lambda: not re.search(pattern, self.screen(), re.MULTILINE), f'{pattern!r} to go')

    def wait_line(self, row, text):
        """Until a line is exactly this text."""
        self._wait(lambda: self.line(row) == text, f'line {row} to be {text!r}')

    def wait_cursor(self, column, row):
        self._wait(lambda: self.cursor == (column, row), f'the cursor at {column}, {row}')

    def wait_until(self, true, what):
        self._wait(true, what)

    def wait(self):
        """Until the program ends; its exit status, or minus the signal. The screen can still be read."""
        self._wait(lambda: self.flag('pane_dead'), 'the program to end')

        # Its terminal is closed before it can be asked how it ended; and now and then tmux 3.3a misses that
        # there is somebody to ask, until it is told so again.
        def ended():
            found = [self._ask(f'#{{pane_dead_{what}}}') for what in ('status', 'signal')]
            if not any(found):
                self.server.signal(signal.SIGCHLD)
            return found
        self._wait(lambda: any(ended()), 'its exit status')
        status, number = ended()
        return -int(number) if number else int(status)

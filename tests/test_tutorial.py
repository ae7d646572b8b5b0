# SPDX-License-Identifier: ISC
"""docs/tutorial.md and its Chinese twin say what really happens: every ```console block is typed into a
terminal and must come out as printed, every ```typed block is typed into the program that runs there, a
```screen block must be all that its terminal shows, and every ```c block must stand in the example it is
taken from.

A console block belongs to the terminal named above it ("Terminal 2", "终端 2"; 1 if none is). "$ " starts
a command; what follows a prompt is typed; a "$" alone at the end means that the command has ended by
itself; a block with no command goes on in that terminal. A heading ends everything. Blocks start in the
order in which they stand, each when the one before is through or its program waits for peers. What differs
from run to run is matched loosely: ephemeral ports, durations, days and times; an ellipsis … at the end of a
line stands for anything. A text of landline that is not translated yet comes out in English: then it must be
as the English page has it. The end of a heading is kill -9 for all that still runs; contacts, history and
outbox are there for the next one, as they are for who reads on."""
import os
import re
import signal
import subprocess
import sys
import time
import typing
import unittest

import harness
import terminal

DOCS = {'en': harness.REPO / 'docs' / 'tutorial.md', 'zh': harness.REPO / 'docs' / 'tutorial.zh_CN.md'}
PROMPT = re.compile(r"""(>>
                      | 请选择聊天对象 | 请输入消息,回车发送 | 回复消息(\[[0-9.:]+\])?
                      | Whom[ ]to[ ]talk[ ]to | Message,[ ]Enter[ ]sends[ ]it | Reply([ ]\[[0-9.:]+\])?
                      ):[ ]?""", re.VERBOSE)
PORTS = (8080, 8081, 8082, 8083, 8084, 5463)

# The tutorial's ports are fixed, so it runs in a network of its own where that is allowed.
INSIDE = 'TUTORIAL_TEST_INSIDE'


class Block(typing.NamedTuple):
    heading: str
    terminal: int
    kind: str  # what stands behind the ```
    lines: list


def blocks(path, *kinds):
    """The blocks of these kinds, in their order."""
    heading, terminal, inside, lines = '', 1, None, []
    count = 0
    for line in path.read_text().splitlines():
        if inside is not None:
            if line == '```':
                if inside in kinds:
                    yield Block(heading, terminal, inside, lines)
                inside, terminal = None, 1
            else:
                lines.append(line)
        elif line.startswith('```'):
            inside, lines = line[3:], []
        elif line.startswith('#'):
            count += 1
            heading = f'{count}: {line.lstrip("# ")}'  # some headings stand more than once
        elif match := re.match(r'\**(?:Terminal|终端) (\d)', line):
            terminal = int(match[1])


# What differs from run to run: how it is found in the page, what may come instead.
LOOSE = re.compile(r"""(?P<rest>…$)
                     | (?P<clock>\b\d\d:\d\d:\d\d\b)
                     | (?P<day>\b\d{4}-\d\d-\d\d\b([ ](\w+day|星期.))?)
                     | (?P<duration>\d+(\.\d+)?[ ]?(ns|us|ms|s)\b)
                     | (?P<port>(?<=127\.0\.0\.1:)(3[2-9]|[456]\d)\d{3}\b)""", re.VERBOSE)
INSTEAD = {'rest': '.*', 'clock': r'\d\d:\d\d:\d\d', 'day': r'\d{4}-\d\d-\d\d([ ](\w+day|星期.))?',
           'duration': r'\d+(\.\d+)? ?(ns|us|ms|s)', 'port': r'\d{5}'}


def loosely(line):
    """A regular expression for this line of output."""
    pattern, end = '', 0
    for match in LOOSE.finditer(line):
        pattern += re.escape(line[end:match.start()]) + INSTEAD[match.lastgroup]
        end = match.end()
    return pattern + re.escape(line[end:])


def screen(text):
    """The lines a terminal shows; the last one may be unfinished."""
    lines = ['']
    text = re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', text).replace('\r\n', '\n')
    for piece in re.findall(r'\n|\r|[^\r\n]+', text):
        if piece == '\n':
            lines.append('')
        elif piece == '\r':
            lines[-1] = ''  # what is written over it is always longer here
        else:
            lines[-1] += piece
    return lines


class Plain:
    """A program that only adds to what its terminal shows."""

    is_whole = False

    def __init__(self, case, command, env):
        self.program = case.spawn('sh', '-c', command, cwd=case.tmp, env=env, tty=True)
        self.send, self.wait, self.stop = self.program.send, self.program.wait, self.program.stop
        self.story = self.program.story

    def is_over(self):
        if self.program.popen.poll() is None:
            return False
        self.program.finish_reading()
        return True

    def seen(self):
        return screen(self.program.out)


class Drawn:
    """One that moves the cursor: what it shows is what a terminal makes of it."""

    ROWS = 16  # of the screens in the tutorial

    def __init__(self, case, command, env):
        self.is_whole = '--lines' not in command
        columns, rows = (80, self.ROWS) if self.is_whole else (200, 40)
        self.terminal = terminal.Terminal(case, *terminal.settled('sh', '-c', command), columns=columns, rows=rows,
                                          env=env, cwd=case.tmp)
        self.send, self.wait, self.story = self.terminal.type, self.terminal.wait, lambda: '\n'.join(self.seen())

    def is_over(self):
        return self.terminal.flag('pane_dead')

    def seen(self):
        """Blanks at the ends of lines, and empty lines at the end, cannot be told from what was never drawn."""
        return self.terminal.scrollback().rstrip('\n').split('\n')

    def stop(self):
        if not self.is_over():
            os.killpg(self.terminal.pid, signal.SIGKILL)
        self.terminal.wait()


class Step(typing.NamedTuple):
    kind: str
    said: typing.Any  # a line; of a screen, its lines
    english: typing.Any  # the same on the English page


class Terminal:
    def __init__(self, case, env):
        self.case, self.env = case, env
        self.items = []  # the steps of the blocks, in order, not yet done
        self.program = None
        self.expected = []  # (line, the same in English) that the running command was seen to show
        self.status = None
        self.before = set()  # who listened when that command started
        self.begins = False  # the newest block starts with a command that is still to come

    def take(self, block, english):
        if block.kind == 'screen':
            self.items.append(Step('screen', block.lines, english.lines))
        else:
            self.items += [Step(block.kind, line, same) for line, same in zip(block.lines, english.lines)]
        self.begins = block.lines[0].startswith('$ ')

    def serves(self):
        """Whether its program waits for peers: the next block is where they come from."""
        return not self.begins and self.program is not None and bool(listeners() - self.before)

    def matches(self, lines):
        shown = self.program.seen()
        return len(shown) >= len(lines) and all(
            any(re.fullmatch(loosely(want), got) for want in wanted) for wanted, got in zip(lines, shown))

    def end(self):
        """The command was seen to end by itself: nothing more may have come than the page has."""
        self.status = self.program.wait()
        shown = self.program.seen()
        if shown[-1] == '':
            shown.pop()
        ok = len(shown) == len(self.expected) and self.matches(self.expected)
        self.case.assertTrue(ok, 'the tutorial says\n  ' + '\n  '.join(e[0] for e in self.expected)
                             + '\nbut there came\n  ' + '\n  '.join(shown))
        self.program, self.expected = None, []

    def command(self, line):
        if self.program is not None:
            if not self.program.is_over():
                return False
            self.end()
        self.items.pop(0)
        if line == '$ echo $?':
            self.case.assertEqual(self.items.pop(0).said, str(self.status))
        elif line != '$':
            self.before, self.begins = listeners(), False
            runs = Drawn if line.startswith('$ build/landline chat') else Plain
            self.program = runs(self.case, 'exec ' + line[2:] if '|' not in line else line[2:], self.env)
        return True

    def shows(self, lines):
        self.case.assertEqual(len(lines), Drawn.ROWS, lines)
        shown = self.program.terminal.screen().split('\n')[:-1]
        return all(re.fullmatch(loosely(want), got) for want, got in zip(lines, shown))

    def line(self, step):
        prompt = '' if step.said == 'quit' else (match := PROMPT.match(step.said)) and match[0]
        if prompt is None:
            over = self.program.is_over()  # before the look: then there is nothing to wait for
            if not self.matches(self.expected + [(step.said, step.english)]):
                if over:
                    self.case.fail(f'it ended without {step.said!r}\n{self.program.story()}')
                return False
            self.expected.append((step.said, step.english))
            return True
        # An empty prompt is where the program waits; a later block goes on typing there.
        shown = self.program.seen()
        if (len(shown) != len(self.expected) + 1 or not self.matches(self.expected)
                or not re.fullmatch(loosely(prompt.rstrip()), shown[-1].rstrip())):
            return False
        if typed := step.said[len(prompt):]:
            self.program.send(typed + '\n')
            self.expected.append((step.said, step.english))
        return True

    def advance(self):
        """Does what can be done now; whether it did anything."""
        if not self.items:
            return False
        step = self.items[0]
        if step.kind == 'console' and (step.said.startswith('$ ') or step.said == '$'):
            return self.command(step.said)
        if self.program is None:
            self.case.fail(f'{step.said!r} stands where no command runs')
        if step.kind == 'typed':
            done = self.program.seen() != ['']  # it has drawn, so it reads
            if done:
                self.program.send(step.said + '\n')
        else:
            done = self.shows(step.said) if step.kind == 'screen' else self.line(step)
        if done:
            self.items.pop(0)
        return done


def listeners():
    return {p for p in PORTS if harness.tcp_listening(p)} | {-p for p in PORTS if harness.udp_bound(p)}


class Tutorial(harness.Case):
    def play(self, language, env):
        (self.tmp / 'build').symlink_to(harness.build_dir())
        for name in 'tests', 'examples':
            (self.tmp / name).symlink_to(harness.REPO / name)
        sections = {}
        played = 'console', 'typed', 'screen'
        for block, english in zip(blocks(DOCS[language], *played), blocks(DOCS['en'], *played)):
            self.assertEqual((block.kind, len(block.lines)), (english.kind, len(english.lines)),
                             f'{block.heading}: another block than in English')
            sections.setdefault(block.heading, []).append((block, english))
        self.assertGreater(len(sections), 5)
        for heading, steps in sections.items():
            with self.subTest(heading):
                self.section(steps, env)

    def section(self, steps, env):
        terminals = {}
        try:
            self.act(terminals, list(steps), env)
            for t in terminals.values():
                if t.program is not None and not t.program.is_whole:
                    shown = t.program.seen()
                    self.assertTrue(t.matches(t.expected), shown)
                    self.assertLessEqual(len(shown), len(t.expected) + 1, shown)
        finally:
            for t in terminals.values():
                if t.program is not None:
                    t.program.stop()

    def act(self, terminals, waiting, env):
        newest = None
        moved = time.monotonic()
        while waiting or any(t.items for t in terminals.values()):
            if waiting and (newest is None or not newest.items or newest.serves()):
                block, english = waiting.pop(0)
                newest = terminals.setdefault(block.terminal, Terminal(self, env))
                newest.take(block, english)
            if any([t.advance() for t in terminals.values()]):
                moved = time.monotonic()
            elif time.monotonic() > moved + harness.DEADLINE_S:
                self.fail('\n'.join(
                    f'terminal {n} never came to {t.items[0]} after {t.expected}\n'
                    f'{t.program.story() if t.program else "nothing runs"}'
                    for n, t in terminals.items() if t.items))
            else:  # tmux is asked by a program of its own each time
                drawn = any(isinstance(t.program, Drawn) for t in terminals.values())
                time.sleep(0.05 if drawn else harness.POLL_S)

    def test_english(self):
        self.play('en', {})

    def test_chinese(self):
        self.play('zh', {'LANGUAGE': 'zh_CN'})

    def test_the_code_shown_is_the_code(self):
        for language, path in DOCS.items():
            excerpts = list(blocks(path, 'c'))
            self.assertGreater(len(excerpts), 5)
            for *_, lines in excerpts:
                name = re.match(r'/\* examples/(\w+\.c)', lines[0])
                self.assertTrue(name, f'{path.name}: the first line of a c block names its file: {lines[0]}')
                source = [line.strip() for line in (harness.REPO / 'examples' / name[1]).read_text().splitlines()]
                at = 0
                for line in lines[1:]:
                    code = re.sub(r'\s*/\*.*?\*/', '', line).strip()  # comments are in the page's language
                    if code in ('', '...'):
                        continue
                    plain = [re.sub(r'\s*/\*.*', '', s) for s in source]
                    self.assertIn(code, plain[at:], f'{path.name}: not in {name[1]} from line {at + 1} on')
                    at = plain.index(code, at) + 1

    def test_both_languages_show_the_same_commands(self):
        def commands(path):
            return [[line for line in b.lines if line.startswith('$ ')] for b in blocks(path, 'console')]
        self.assertEqual(commands(DOCS['en']), commands(DOCS['zh']))
        self.assertEqual(list(l for b in blocks(DOCS['en'], 'text', 'typed') for l in b.lines),
                         list(l for b in blocks(DOCS['zh'], 'text', 'typed') for l in b.lines))


class Close(harness.Case):
    """What the handshake step says of the kernel's states, asked of the kernel."""

    @staticmethod
    def states(port):
        """Both ends of the connection to that port: (the caller's, the server's), as ss names them."""
        names = {'01': 'ESTAB', '04': 'FIN-WAIT-1', '05': 'FIN-WAIT-2', '06': 'TIME-WAIT', '08': 'CLOSE-WAIT',
                 '09': 'LAST-ACK'}
        caller = server = None
        for line in open('/proc/net/tcp').read().splitlines()[1:]:
            _, local, remote, state, *_ = line.split()
            if int(remote.split(':')[1], 16) == port:
                caller = names.get(state, state)
            elif int(local.split(':')[1], 16) == port and state != '0A':
                server = names.get(state, state)
        return caller, server

    def wait_states(self, port, *want):
        harness.wait_until(lambda: self.states(port) == want, f'{want} ({self.states(port)})')

    def start(self):
        port = harness.free_port()
        server = self.spawn(harness.example('tcp_chat_server'), '127.0.0.1', port)
        harness.wait_tcp(port, server)
        return server, port

    def call(self, port):
        return self.spawn(harness.example('tcp_chat_client'), '127.0.0.1', port)

    def stop_for_a_while(self, program):
        program.signal(19)
        harness.wait_until(
            lambda: open(f'/proc/{program.pid}/stat').read().rsplit(')', 1)[1].split()[0] == 'T', 'the stop')

    def test_the_kernel_shakes_hands_for_a_stopped_program(self):
        server, port = self.start()
        self.stop_for_a_while(server)
        client = self.call(port)
        self.wait_states(port, 'ESTAB', 'ESTAB')
        client.send('quit\n')
        self.wait_states(port, 'FIN-WAIT-2', 'CLOSE-WAIT')
        server.signal(18)
        self.wait_states(port, 'TIME-WAIT', None)

    def test_time_wait_is_with_the_one_who_hung_up_first(self):
        server, port = self.start()
        client = self.call(port)
        server.expect('电话\n')
        server.send('quit\n')
        client.expect('对方挂断了')
        self.assertEqual(client.wait(), 0)
        self.wait_states(port, None, 'TIME-WAIT')


def inside():
    """Starts again in a network namespace of its own; returns if that is not possible here."""
    if INSIDE in os.environ:
        return
    start = ['unshare', '-Urn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
    try:
        if subprocess.run([*start, 'true'], capture_output=True, timeout=20).returncode == 0:
            os.environ[INSIDE] = '1'
            os.execvp(start[0], [*start, sys.executable, *sys.argv])
    except (OSError, subprocess.SubprocessError):
        pass


if __name__ == '__main__':
    inside()
    if INSIDE not in os.environ and listeners():
        Tutorial = unittest.skip(f'ports of the tutorial are in use here: {sorted(listeners())}')(Tutorial)
    harness.main()

# SPDX-License-Identifier: ISC
"""docs/tutorial.md and its Chinese twin say what really happens: every ```console block is typed into a
terminal and must come out as printed, every ```c block must stand in the example it is taken from.

A console block belongs to the terminal named above it ("Terminal 2", "终端 2"; 1 if none is). "$ " starts
a command; what follows a prompt is typed; a "$" alone at the end means that the command has ended by
itself; a block with no command goes on in that terminal. A heading ends everything. Blocks start in the
order in which they stand, each when the one before is through or its program waits for peers. What differs from run to run is matched
loosely: ephemeral ports, durations; an ellipsis … stands for anything. A text of landline that is not
translated yet comes out in English: then it must be as the English page has it."""
import os
import re
import subprocess
import sys
import time
import unittest

import harness

DOCS = {'en': harness.REPO / 'docs' / 'tutorial.md', 'zh': harness.REPO / 'docs' / 'tutorial.zh_CN.md'}
PROMPTS = ('>>: ', '回复消息: ', '请选择聊天对象: ', '请输入消息,回车发送: ')
PORTS = (8080, 8081, 8082, 8083, 8084, 5463)

# The tutorial's ports are fixed, so it runs in a network of its own where that is allowed.
INSIDE = 'TUTORIAL_TEST_INSIDE'


def blocks(path, language):
    """(heading, terminal, lines) of each block in that language."""
    heading, terminal, inside, lines = '', 1, None, []
    count = 0
    for line in path.read_text().splitlines():
        if inside is not None:
            if line == '```':
                if inside == language:
                    yield heading, terminal, lines
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
LOOSE = re.compile(r"""(?P<rest>…)
                     | (?P<duration>\d+(\.\d+)?[ ]?(ns|us|ms|s)\b)
                     | (?P<port>(?<=127\.0\.0\.1:)(3[2-9]|[456]\d)\d{3}\b)""", re.VERBOSE)
INSTEAD = {'rest': '.*', 'duration': r'\d+(\.\d+)? ?(ns|us|ms|s)', 'port': r'\d{5}'}


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


class Terminal:
    def __init__(self, case, env):
        self.case, self.env = case, env
        self.items = []  # (line, the same in English) of the blocks, in order, not yet done
        self.program = None
        self.expected = []  # lines that the running command was seen to show
        self.status = None
        self.before = set()  # who listened when that command started
        self.begins = False  # the newest block starts with a command that is still to come

    def serves(self):
        """Whether its program waits for peers: the next block is where they come from."""
        return not self.begins and self.program is not None and bool(listeners() - self.before)

    def seen(self):
        return screen(self.program.out)

    def matches(self, lines):
        shown = self.seen()
        return len(shown) >= len(lines) and all(
            any(re.fullmatch(loosely(want), got) for want in wanted) for wanted, got in zip(lines, shown))

    def advance(self):
        """Does what can be done now; whether it did anything."""
        if not self.items:
            return False
        item = self.items[0][0]
        if item.startswith('$ ') or item == '$':
            if self.program is not None:
                if self.program.popen.poll() is None:
                    return False
                self.status = self.program.wait()
                shown = self.seen()
                if shown[-1] == '':
                    shown.pop()
                ok = len(shown) == len(self.expected) and self.matches(self.expected)
                self.case.assertTrue(ok, 'the tutorial says\n  ' + '\n  '.join(e[0] for e in self.expected)
                                     + '\nbut there came\n  ' + '\n  '.join(shown))
                self.program, self.expected = None, []
            self.items.pop(0)
            if item == '$ echo $?':
                self.case.assertEqual(self.items.pop(0)[0], str(self.status))
            elif item != '$':
                self.before, self.begins = listeners(), False
                self.program = self.case.spawn('sh', '-c', 'exec ' + item[2:] if '|' not in item else item[2:],
                                               cwd=self.case.tmp, env=self.env, tty=True)
            return True
        if self.program is None:
            self.case.fail(f'{item!r} stands where no command runs')
        prompt = '' if item == 'quit' else next((p for p in PROMPTS if item.startswith(p.rstrip())), None)
        typed = item[len(prompt):] if prompt is not None else ''
        if prompt is None:
            if not self.matches(self.expected + [self.items[0]]):
                return False
            self.expected.append(self.items[0])
        else:  # an empty prompt is where the program waits; a later block goes on typing there
            shown = self.seen()
            if len(shown) != len(self.expected) + 1 or shown[-1] != prompt or not self.matches(self.expected):
                return False
            if typed:
                self.program.send('\x03' if typed == '^C' else typed + '\n')
                self.expected.append(self.items[0])
        self.items.pop(0)
        return True


def listeners():
    return {p for p in PORTS if harness.tcp_listening(p)} | {-p for p in PORTS if harness.udp_bound(p)}


class Tutorial(harness.Case):
    def play(self, language, env):
        (self.tmp / 'build').symlink_to(harness.build_dir())
        for name in 'tests', 'examples':
            (self.tmp / name).symlink_to(harness.REPO / name)
        sections = {}
        for (heading, number, lines), (_, _, english) in zip(blocks(DOCS[language], 'console'),
                                                             blocks(DOCS['en'], 'console')):
            self.assertEqual(len(lines), len(english), f'{heading}: another number of lines than in English')
            sections.setdefault(heading, []).append((number, list(zip(lines, english))))
        self.assertGreater(len(sections), 5)
        for heading, steps in sections.items():
            with self.subTest(heading):
                self.section(steps, env)

    def section(self, steps, env):
        terminals = {}
        try:
            self.act(terminals, list(steps), env)
            for terminal in terminals.values():
                if terminal.program is not None:
                    shown = terminal.seen()
                    self.assertTrue(terminal.matches(terminal.expected), shown)
                    self.assertLessEqual(len(shown), len(terminal.expected) + 1, shown)
        finally:
            for terminal in terminals.values():
                if terminal.program is not None:
                    terminal.program.stop()

    def act(self, terminals, waiting, env):
        newest = None
        moved = time.monotonic()
        while waiting or any(t.items for t in terminals.values()):
            if waiting and (newest is None or not newest.items or newest.serves()):
                number, lines = waiting.pop(0)
                newest = terminals.setdefault(number, Terminal(self, env))
                newest.items += lines
                newest.begins = lines[0][0].startswith('$ ')
            if any([t.advance() for t in terminals.values()]):
                moved = time.monotonic()
            elif time.monotonic() > moved + harness.DEADLINE_S:
                self.fail('\n'.join(
                    f'terminal {n} never came to {t.items[0]!r} after {t.expected}\n'
                    f'{t.program.story() if t.program else "nothing runs"}'
                    for n, t in terminals.items() if t.items))
            else:
                time.sleep(harness.POLL_S)

    def test_english(self):
        self.play('en', {})

    def test_chinese(self):
        self.play('zh', {'LANGUAGE': 'zh_CN'})

    def test_the_code_shown_is_the_code(self):
        for language, path in DOCS.items():
            excerpts = list(blocks(path, 'c'))
            self.assertGreater(len(excerpts), 5)
            for _, _, lines in excerpts:
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
            return [[line for line in lines if line.startswith('$ ')] for _, _, lines in blocks(path, 'console')]
        self.assertEqual(commands(DOCS['en']), commands(DOCS['zh']))
        self.assertEqual(list(l for _, _, b in blocks(DOCS['en'], 'text') for l in b),
                         list(l for _, _, b in blocks(DOCS['zh'], 'text') for l in b))


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

# SPDX-License-Identifier: ISC
"""The sandbox that captures are read in: every way of reading enters it before the first byte of the capture has come, what
is opened before stays out of it, and nothing of what is shown is lost by it (languages, the time zone, the pager, what the
screen saves). That it holds from within is see/sandbox_test.c's to show."""
import gzip
import os
import pathlib
import signal
import subprocess
import unittest

import captures
import conversations
import harness
import terminal
import test_watch_live

SAYS = 'read in a sandbox: seccomp'
ZONES = pathlib.Path('/usr/share/zoneinfo')


def status_of(pid):
    """The fields of /proc/PID/status."""
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    return dict(line.split(':\t', 1) for line in lines if ':\t' in line)


def is_confined(pid):
    status = status_of(pid)
    return (status['Seccomp'], status['NoNewPrivs']) == ('2', '1')


def sandbox_here():
    """Whether this build, on this kernel, has one: by its own word."""
    done = subprocess.run([harness.landline(), 'watch', '-v', '-', '--no-pager'], input=captures.pcap([]),
                          capture_output=True, env={**os.environ, 'LC_ALL': 'C.UTF-8', 'LANGUAGE': 'en'})
    return SAYS in done.stderr.decode()


@unittest.skipUnless(sandbox_here(), 'no seccomp here, or built with a sanitizer')
class Sandbox(harness.Case):
    def setUp(self):
        super().setUp()
        self.capture = captures.pcap(conversations.made(7, 6)[0], nano=True)
        self.file = self.tmp / 'some.pcap'
        self.file.write_bytes(self.capture)

    def held(self, *args, data=None, **more):
        """A program that has been given a pipe to read, and not one byte; it is confined. Then its output with all of it."""
        pipe = self.tmp / 'pipe'
        if not pipe.exists():
            os.mkfifo(pipe)
        program = self.spawn(harness.landline(), 'watch', pipe, *args, **more)
        # Waits until it has been opened for reading.
        with open(pipe, 'wb') as writer:
            harness.wait_until(lambda: is_confined(program.pid), 'the sandbox', program)
            writer.write(data or self.capture)
        program.wait()
        return program

    def test_each_way_enters_before_the_first_byte(self):
        written = self.tmp / 'one.pcapng'
        for args, looks in (([], rb'7 conversations'), (['--follow', '2', '--every'], rb'\xe2\x96\xb6'),
                            (['--json', '--every'], rb'"type":"capture"'),
                            (['--svg', '--follow', '2'], rb'</svg>'), (['--pcap-of', '2'], rb'^\x0a\x0d\x0d\x0a'),
                            (['--pcap-of', '2', '--write', str(written)], rb'^$'), (['--filter', 'tcp'], rb'7 conversations')):
            with self.subTest(args=args):
                program = self.held(*args, '--no-pager')
                self.assertEqual(program.code, 0, program.story())
                self.assertRegex(program.out_bytes, looks)
        self.assertEqual(written.read_bytes()[:4], b'\x0a\x0d\x0d\x0a')

    def test_a_page_enters_though_it_reads_twice(self):
        """A pipe is kept, unlooked at, before that; so a file, and what it says of itself."""
        file = self.tmp / 'page.pcap'
        file.write_bytes(self.capture)
        program = self.run_program(harness.landline(), 'watch', str(file), '--html', '-v')
        self.assertEqual(program.code, 0, program.story())
        self.assertIn('read in a sandbox', program.err)
        self.assertIn('</html>', program.out)

    def test_standard_input_and_gzip(self):
        program = self.spawn(harness.landline(), 'watch', '-', '--no-pager')
        harness.wait_until(lambda: is_confined(program.pid), 'the sandbox', program)
        program.send(self.capture)
        program.close_stdin()
        self.assertEqual(program.wait(), 0, program.story())
        self.assertIn('7 conversations', program.out)
        program = self.held('--no-pager', data=gzip.compress(self.capture))
        self.assertIn('7 conversations', program.out)
        # What is wrong with it is told from within, too.
        program = self.held('--no-pager', data=self.capture[:-3])
        self.assertEqual(program.code, 9, program.story())
        self.assertIn('pipe: ', program.err)

    def test_verbose_says_what_holds(self):
        done = self.run_program(harness.landline(), 'watch', '-v', self.file, '--json')
        self.assertRegex(done.err, r'^landline: read in a sandbox: seccomp(, and Landlock \d+|; there is no Landlock here)\n$')
        done = self.run_program(harness.landline(), 'watch', self.file, '--json')
        self.assertEqual(done.err, '')

    def test_languages_are_loaded_before(self):
        """A catalogue is opened at its first text, the next one in the list at the first that it does not have."""
        for languages in ('zh_CN', 'fr:zh_CN'):
            program = self.held('--follow', '1', '--no-pager', env={'LANGUAGE': languages})
            self.assertIn('三次握手', program.out)
            self.assertEqual(program.code, 0, program.story())

    def test_nothing_is_opened_afterwards(self):
        """Neither by us nor by a library that thinks it may: no call is refused."""
        if subprocess.run(['strace', '-o', '/dev/null', 'true'], capture_output=True).returncode:
            self.skipTest('strace may not trace here')
        for args in ([], ['--follow', '1'], ['--json', '--every'], ['--html'], ['--pcap-of', '1']):
            for language in ('en', 'zh_CN'):
                trace = self.tmp / 'trace'
                self.run_program('strace', '-o', trace, harness.landline(), 'watch', self.file, '--no-pager', *args,
                                 env={'LANGUAGE': language, 'TZ': None})
                inside = trace.read_text().split('SECCOMP_SET_MODE_FILTER')[-1]
                self.assertIn('read(', inside)
                self.assertNotRegex(inside, r'EPERM|EACCES|open', (args, language))

    @unittest.skipUnless(pathlib.Path('/usr/bin/less').exists(), 'there is no less')
    def test_the_pager_is_outside(self):
        pids = self.tmp / 'pids'
        program = self.spawn(harness.landline(), 'watch', self.file, tty=True,
                             env={'TERM': 'xterm', 'PAGER': f'echo $$ $PPID >{pids}; read line </dev/tty; cat'})
        harness.wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2, 'the pager', program)
        pager, reader = pids.read_text().split()
        self.assertEqual(status_of(pager)['Seccomp'], '0')
        harness.wait_until(lambda: is_confined(reader), 'the sandbox', program)
        program.send('\r')
        self.assertEqual(program.wait(), 0, program.story())
        self.assertIn('7 conversations', program.out)


@unittest.skipUnless(sandbox_here(), 'no seccomp here, or built with a sanitizer')
class Screen(harness.Case):
    def setUp(self):
        super().setUp()
        self.file = self.tmp / 'some.pcap'
        self.file.write_bytes(captures.pcap(conversations.made(7, 6)[0], nano=True))

    def open(self, *args, **more):
        return terminal.Terminal(self, harness.landline(), 'watch', '--screen', self.file, *args, cwd=self.tmp, **more)

    def test_it_is_confined_and_its_opener_is_not(self):
        t = self.open('-v', env={'LANGUAGE': 'en'})
        t.wait_for(SAYS)
        self.assertTrue(is_confined(t.pid))
        children = pathlib.Path(f'/proc/{t.pid}/task/{t.pid}/children').read_text().split()
        self.assertEqual([status_of(pid)['Seccomp'] for pid in children], ['0'])
        t.keys('Enter')
        t.wait_for(r'^#1 +TCP')
        t.keys('Escape')
        t.wait_for('7 conversations')
        t.keys('q')
        self.assertEqual(t.wait(), 0)
        self.assertFalse(pathlib.Path(f'/proc/{children[0]}').exists())

    def test_it_saves_where_it_is_told_but_no_other_names(self):
        for name in ('elsewhere.txt', 'packets.pcapng'):
            folder = self.home / 'some' / 'folder'
            folder.mkdir(parents=True, exist_ok=True)
            t = self.open(env={'LANGUAGE': 'zh_CN'})
            t.wait_for('7 个会话')
            t.keys('s', 'C-u')
            t.type(f'~/some/folder/{name}')
            t.keys('Enter')
            t.wait_for('写入')
            t.keys('q')
            self.assertEqual(t.wait(), 0)
            self.assertGreater((folder / name).stat().st_size, 100)

    @unittest.skipUnless((ZONES / 'Asia/Shanghai').exists(), 'there are no time zones')
    def test_times_are_those_of_the_zone(self):
        t = self.open('--follow', '1', env={'LANGUAGE': 'en', 'TZ': 'Asia/Shanghai'}, columns=120, rows=40)
        t.wait_for(r'packet +1 +06:13:20')
        t.keys('Escape')
        t.wait_for('7 conversations')
        t.keys('q')
        self.assertEqual(t.wait(), 0)


@unittest.skipUnless(sandbox_here() and test_watch_live.may_unshare(), 'no seccomp here, or no namespace')
class Live(harness.Case):
    def test_a_capture_is_confined(self):
        """And ends with all that was captured, its file, and its counters: test_watch_live.py."""
        program = self.spawn(*test_watch_live.IN_NAMESPACE, harness.landline(), 'watch', '-v', 'lo', '--json',
                             '--write', self.tmp / 'kept.pcapng')
        program.expect(SAYS, stream='err')
        program.expect('capturing on lo', stream='err')
        self.assertTrue(is_confined(program.pid))
        program.signal(signal.SIGINT)
        self.assertEqual(program.wait(), 0, program.story())
        self.assertIn('"type":"capture"', program.out)


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""What every whole-program test needs, and no more: a child that is always reaped, waits that watch
for the thing itself (output, a listener) instead of sleeping, ports nobody else uses, and TAP for Meson.

    import harness

    class Ask(harness.Case):
        def test_echo(self):
            port = harness.free_port()
            server = self.spawn(harness.landline(), 'answer', f':{port}', '--echo')
            harness.wait_tcp(port, server)
            done = self.run_program(harness.landline(), 'ask', f':{port}', '你好')
            self.assertEqual((done.code, done.out), (0, '你好\\n'))

    if __name__ == '__main__':
        harness.main()

Run one by hand:  LANDLINE=build/landline python3 tests/test_ask.py [Ask.test_echo ...]
"""
import codecs
import errno
import fcntl
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

REPO = pathlib.Path(__file__).resolve().parent.parent
TUTORIAL = REPO / 'tests' / 'tutorial'

# Long enough for a sanitizer build on a busy machine: a test that passes never waits this long.
DEADLINE_S = 20
POLL_S = 0.003

SANITIZER = re.compile(r'ERROR: \w+Sanitizer|runtime error: |SUMMARY: \w+Sanitizer')


# ---- where things are ------------------------------------------------------------------------------

def build_dir():
    """The build folder: LANDLINE_BUILD, else <repo>/build."""
    return pathlib.Path(os.environ.get('LANDLINE_BUILD', REPO / 'build')).resolve()


def landline():
    """The program under test: LANDLINE, else <build>/landline."""
    return str(pathlib.Path(os.environ.get('LANDLINE', build_dir() / 'landline')).resolve())


def example(name):
    """A program of examples/, as built."""
    return str(build_dir() / 'examples' / name)


def helper(name):
    """A program of tests/, as built."""
    return str(build_dir() / 'tests' / name)


def tutorial(name, *args):
    """The argv of a Python program written in a tutorial's manner: tutorial('udp_server', host, port)."""
    return [sys.executable, '-u', str(TUTORIAL / (name + '.py')), *map(str, args)]


def clean_env(home, **more):
    """The environment of a child: the same on every machine. A value of None removes a variable."""
    unwanted = re.compile(r'LANG$|LANGUAGE$|LC_|NO_COLOR$|XDG_|LANDLINE_|LANDLINE$|COLUMNS$|LINES$')
    env = {k: v for k, v in os.environ.items() if not unwanted.match(k)}
    env.update(LC_ALL='C.UTF-8', HOME=str(home), XDG_CONFIG_HOME=f'{home}/config',
               XDG_DATA_HOME=f'{home}/data', XDG_STATE_HOME=f'{home}/state',
               XDG_CACHE_HOME=f'{home}/cache', XDG_RUNTIME_DIR=f'{home}/run')
    for name, value in more.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = str(value)
    return env


# ---- ports and listeners ---------------------------------------------------------------------------

_port_locks = []


def _families():
    return [(socket.AF_INET, '0.0.0.0')] + (
        [(socket.AF_INET6, '::')] if os.path.exists('/proc/net/if_inet6') else [])


def _take_port(port):
    """Takes the port for us if nobody has it: returns what holds it. Raises OSError."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f'\0landline-test-port-{port}')
        for family, host in _families():
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(family, kind) as probe:
                    if family == socket.AF_INET6:
                        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    probe.bind((host, port))
    except OSError:
        lock.close()
        raise
    return lock


def free_port(count=1):
    """A port free for TCP and UDP over IPv4 and IPv6, and ours alone until this process ends; or the first
    of so many in a row.

    It lies below the range the kernel takes ephemeral ports from, so nobody's connect() takes it, and an
    abstract unix socket of that name keeps tests that run at the same time from choosing it as well."""
    for _ in range(1000):
        first = random.randrange(10000, 32000)
        locks = []
        try:
            for port in range(first, first + count):
                locks.append(_take_port(port))
        except OSError:
            for lock in locks:
                lock.close()
            continue
        _port_locks.extend(locks)
        return first
    raise AssertionError('no free port found')


def _inet_bound(kind, port, state, pid):
    for table in (kind, kind + '6'):
        try:
            lines = pathlib.Path(f'/proc/{pid}/net/{table}').read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if int(fields[1].rsplit(':', 1)[1], 16) == port and fields[3] == state:
                return True
    return False


def tcp_listening(port, pid='self'):
    """Whether somebody listens, read from /proc: a connect() would be a call the server under test sees.
    pid: a process whose network namespace is meant."""
    return _inet_bound('tcp', port, '0A', pid)


def udp_bound(port, pid='self'):
    """Whether somebody receives datagrams at this port from anyone."""
    return _inet_bound('udp', port, '07', pid)


def unix_listening(path, pid='self'):
    """A listening stream socket or a bound datagram socket at this path."""
    for line in pathlib.Path(f'/proc/{pid}/net/unix').read_text(errors='surrogateescape').splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) == 8 and fields[7] == str(path):
            if fields[4] == '0002' or int(fields[3], 16) & 0x10000:
                return True
    return False


def wait_until(true, what, program=None, timeout=DEADLINE_S):
    """Waits until true() is; says what was awaited when it never came, or when program ended before."""
    deadline = time.monotonic() + timeout
    while not true():
        if program is not None and program.popen.poll() is not None and not true():
            program.finish_reading()
            raise AssertionError(f'{program} ended while waiting for {what}\n{program.story()}')
        if time.monotonic() > deadline:
            story = program.story() if program is not None else ''
            raise AssertionError(f'{timeout} s passed waiting for {what}\n{story}')
        time.sleep(POLL_S)


def wait_tcp(port, program=None, timeout=DEADLINE_S):
    wait_until(lambda: tcp_listening(port), f'a TCP listener on port {port}', program, timeout)


def wait_udp(port, program=None, timeout=DEADLINE_S):
    wait_until(lambda: udp_bound(port), f'a UDP socket on port {port}', program, timeout)


def wait_unix(path, program=None, timeout=DEADLINE_S):
    wait_until(lambda: unix_listening(path), f'a unix socket at {path}', program, timeout)


# ---- a child ---------------------------------------------------------------------------------------

_running = set()


class _Output:
    """What came out of one descriptor so far, read by a thread of its own so that no pipe ever fills."""

    def __init__(self, fd):
        self.fd = fd
        self._raw = []   # in pieces, joined when asked for: adding to one long text costs its square
        self._text = []
        self.seen = 0  # how far expect() has read
        self.ended = False
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @property
    def raw(self):
        with self.lock:
            self._raw[:] = [b''.join(self._raw)]
            return self._raw[0]

    @property
    def text(self):
        with self.lock:
            self._text[:] = [''.join(self._text)]
            return self._text[0]

    def _read(self):
        # Holds back half a character until the rest comes.
        decoder = codecs.getincrementaldecoder('utf-8')(errors='backslashreplace')
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError as e:
                if e.errno != errno.EIO:  # a terminal whose other side is closed
                    raise
                data = b''
            with self.news:
                self._raw.append(data)
                self._text.append(decoder.decode(data, final=not data))
                self.ended = not data
                self.news.notify_all()
            if not data:
                return


class Program:
    """A running child. Text is UTF-8; out/err hold all of it, out_bytes/err_bytes the same raw.

    tty=True gives it a terminal for stdin, stdout and stderr (all of it is then in out)."""

    def __init__(self, *argv, env=None, cwd=None, tty=False, size=(24, 80), stdin=subprocess.PIPE):
        self.argv = [str(a) for a in argv]
        self.code = None
        self._master = -1
        self._outputs = {}
        if tty:
            self._master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', size[0], size[1], 0, 0))
            # setsid -c makes it the controlling terminal, so that Ctrl-C (\x03) arrives as a signal.
            self.popen = subprocess.Popen(['setsid', '-c', *self.argv], env=env, cwd=cwd, stdin=slave,
                                          stdout=slave, stderr=slave)
            os.close(slave)
            self._outputs['out'] = self._outputs['err'] = _Output(self._master)
        else:
            self.popen = subprocess.Popen(self.argv, env=env, cwd=cwd, stdin=stdin, bufsize=0,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self._outputs['out'] = _Output(self.popen.stdout.fileno())
            self._outputs['err'] = _Output(self.popen.stderr.fileno())
        _running.add(self)

    def __str__(self):
        return f'{os.path.basename(self.argv[0])} {" ".join(self.argv[1:])} (pid {self.popen.pid})'

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    out = property(lambda self: self._outputs['out'].text)
    err = property(lambda self: self._outputs['err'].text)
    out_bytes = property(lambda self: self._outputs['out'].raw)
    err_bytes = property(lambda self: self._outputs['err'].raw)
    pid = property(lambda self: self.popen.pid)

    def story(self):
        """What it said, for a failing test's diagnostics."""
        out, err = (text if len(text) < 8000 else f'{text[:4000]} [...] {text[-4000:]}'
                    for text in (self.out, self.err))
        return f'{self}: status {self.popen.poll()}\nstdout: {out!r}\nstderr: {err!r}'

    def send(self, text):
        """Writes to its stdin: text as UTF-8, or bytes. A program that is gone is the test's to notice."""
        data = text.encode() if isinstance(text, str) else text
        fd = self._master if self._master >= 0 else self.popen.stdin.fileno()
        try:
            while data:
                data = data[os.write(fd, data):]
        except BrokenPipeError:
            pass

    def close_stdin(self):
        """End of input. On a terminal that is what Ctrl-D says at the start of a line."""
        if self._master >= 0:
            os.write(self._master, b'\x04')
        elif self.popen.stdin:
            self.popen.stdin.close()

    def expect(self, pattern, timeout=DEADLINE_S, stream='out'):
        """Waits for a regular expression in what came out since the last expect() on that stream."""
        output = self._outputs[stream]
        deadline = time.monotonic() + timeout
        with output.news:
            while True:
                match = re.compile(pattern).search(output.text, output.seen)
                if match:
                    output.seen = match.end()
                    return match
                left = deadline - time.monotonic()
                if output.ended or left <= 0:
                    break
                output.news.wait(left)
        why = 'its output ended' if output.ended else f'{timeout} s passed'
        raise AssertionError(f'{why}, and std{stream} never had {pattern!r} '
                             f'after position {output.seen}\n{self.story()}')

    def signal(self, number):
        if self.popen.poll() is None:
            os.kill(self.popen.pid, number)

    def finish_reading(self, timeout=5):
        # A grandchild may still hold the pipe: then what came so far has to do.
        for output in self._outputs.values():
            output.thread.join(timeout)

    def wait(self, timeout=DEADLINE_S):
        """Waits for it to end by itself; returns the exit status (negative: the signal)."""
        try:
            self.code = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            story = self.story()
            self.stop()
            raise AssertionError(f'did not end within {timeout} s\n{story}') from None
        self.finish_reading()
        return self.code

    def stop(self):
        """Ends it whatever it does, and reaps it. Safe to call twice."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.code = self.popen.wait()
        _running.discard(self)
        if self.popen.stdin:
            self.popen.stdin.close()
        self.finish_reading()
        if any(output.thread.is_alive() for output in self._outputs.values()):
            return  # the descriptor is in use: closing it would let its number be given to another
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe:
                pipe.close()
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


class Case(unittest.TestCase):
    """A test with a folder of its own (self.tmp) whose children end with it. Sanitizer reports fail it."""

    longMessage = True

    def setUp(self):
        self.programs = []
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix='landline-test-'))
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.home = self.tmp / 'home'
        (self.home / 'run').mkdir(mode=0o700, parents=True)

    def _end(self, program):
        program.stop()
        self.assertIsNone(SANITIZER.search(program.err), program.story())

    def spawn(self, *argv, env=None, **more):
        """Starts a child; env: a dict of variables on top of the clean environment. See Program."""
        program = Program(*argv, env=clean_env(self.home, **(env or {})), **more)
        self.programs.append(program)
        self.addCleanup(self._end, program)
        return program

    def run_program(self, *argv, input=None, timeout=DEADLINE_S, **more):
        """Runs a child to its end, input on its stdin; the result has code, out, err."""
        program = self.spawn(*argv, **more)
        if input is not None:
            program.send(input)
        program.close_stdin()
        program.wait(timeout)
        return program


# ---- TAP -------------------------------------------------------------------------------------------

def _comment(text):
    print('\n'.join('# ' + line for line in text.splitlines()))


def _class_name(test):
    return f'{type(test).__module__}.{type(test).__qualname__}'


class _Tap(unittest.TestResult):
    """One line a test. Tests that setUpClass kept from running are told of too, so the plan holds."""

    def __init__(self, tests):
        super().__init__()
        self.tests = tests
        self.reported = set()
        self.class_trouble = {}
        self.class_skip = {}
        self.bad = 0
        self.startTest(None)
        print(f'1..{len(tests)}', flush=True)

    def startTest(self, test):
        self.trouble = []
        self.skip = None

    def stopTest(self, test):
        self._report(test, self.trouble, self.skip)

    def _report(self, test, trouble, skip):
        self.reported.add(test.id())
        self.bad += bool(trouble)
        name = re.sub(r'^__main__\.', '', test.id()).replace('#', '')
        print(f'{"not ok" if trouble else "ok"} {len(self.reported)} - {name}'
              + (f' # SKIP {skip}' if skip is not None and not trouble else ''))
        for text in trouble:
            _comment(text)
        if trouble:
            for program in getattr(test, 'programs', []):
                _comment(program.story())
        sys.stdout.flush()

    def _failed(self, test, err):
        text = self._exc_info_to_string(err, test)
        if isinstance(test, unittest.TestCase):
            self.trouble.append(text)
        else:  # setUpClass or tearDownClass: "setUpClass (module.Class)"
            self.class_trouble[re.sub(r'^.*\((.*)\)$', r'\1', test.id())] = text

    addError = addFailure = _failed

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.trouble.append(f'{subtest}\n{self._exc_info_to_string(err, test)}')

    def addUnexpectedSuccess(self, test):
        self.trouble.append('marked as an expected failure, and passes')

    def addSkip(self, test, reason):
        reason = reason.replace('\n', ' ')
        if not isinstance(test, unittest.TestCase):
            self.class_skip[re.sub(r'^.*\((.*)\)$', r'\1', test.id())] = reason
        elif test in self.tests:
            self.skip = reason
        else:  # a subtest: the rest of its test still counts
            _comment(f'skipped in part: {test}: {reason}')

    def finish(self):
        for test in self.tests:
            cls = _class_name(test)
            if test.id() not in self.reported:
                skip = self.class_skip.get(cls)
                self._report(test, [] if skip else [self.class_trouble.pop(cls, 'never ran')], skip)
        for cls, text in self.class_trouble.items():
            self.bad += 1
            _comment(f'{cls}\n{text}')


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


def _terminated(number, frame):
    for program in list(_running):
        program.popen.kill()
    os._exit(128 + number)


def main():
    """Runs the tests of the module that calls it, or those named on the command line; TAP on stdout."""
    signal.signal(signal.SIGTERM, _terminated)  # what Meson sends to a test that takes too long
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding='utf-8', errors='backslashreplace')
    names = [a for a in sys.argv[1:] if not a.startswith('-')]
    module = sys.modules['__main__']
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = _Tap(list(_flat(suite)))
    suite.run(result)
    result.finish()
    sys.exit(1 if result.bad or not result.tests else 0)

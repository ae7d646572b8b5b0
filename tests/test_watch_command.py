# SPDX-License-Identifier: ISC
"""landline watch -- COMMAND, in namespaces that the test makes: its conversations and no others, however short; those
of what it starts, and of what that leaves behind; its exit status, signals, streams and files; without the right to
capture a network of its own; and what it says where it cannot be told whose a conversation is."""
import json
import os
import pathlib
import signal
import subprocess
import unittest

import harness

# Who is in there may capture, and is told of calls. Without the second half only processes can be looked at.
IN_NAMESPACE = ['unshare', '-Urn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
POLLING = [*IN_NAMESPACE, 'setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-all']

# An ordinary user, who is not root even in there.
NO_RIGHT = ['unshare', '-U', '--map-user=1000', '--map-group=1000']

# Calls itself so many times, with nothing in between, and ends with a status.
CALLER = '''
import socket, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
for number in range(int(sys.argv[2])):
    with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as a:
        b = server.accept()[0]
        a.sendall(b'x' * 100)
        b.recv(200)
        b.close()
sys.exit(int(sys.argv[3]))
'''
# Datagrams to a port that nobody has, and a call that is refused; each socket used once and closed.
SHORT = '''
import socket
for number in range(5):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b'hello', ('127.0.0.1', 9100 + number))
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.connect_ex(('::1', 9200 + number))
'''
# Holds each connection until it has surely been looked at: as long as the looks take on this machine.
SLOW = '''
import socket, time
server = socket.create_server(('127.0.0.1', 9000))
time.sleep(0.5)
for number in range(3):
    with socket.create_connection(('127.0.0.1', 9000)) as a:
        b = server.accept()[0]
        time.sleep(0.5)
        b.close()
'''
# Others that talk all the while that what follows runs.
NOISE = '''
import socket, subprocess, sys, threading
over = threading.Event()
server = socket.create_server(('127.0.0.1', 8000))
count = 0
def talk():
    global count
    while not over.is_set():
        with socket.create_connection(('127.0.0.1', 8000)) as a:
            b = server.accept()[0]
            a.sendall(b'noise')
            b.recv(9)
            b.close()
        count += 1
        over.wait(0.001)
thread = threading.Thread(target=talk)
thread.start()
code = subprocess.call(sys.argv[1:])
over.set()
thread.join()
assert count > 0
sys.exit(code)
'''


# Runs a program beside a server that takes no more calls: their SYNs are not answered.
FULL = '''
import socket, subprocess, sys
server = socket.create_server(('127.0.0.1', 9000), backlog=0)
taken = socket.create_connection(('127.0.0.1', 9000))
sys.exit(subprocess.call(sys.argv[1:]))
'''


def may_unshare():
    return subprocess.run([*IN_NAMESPACE, 'true'], capture_output=True).returncode == 0


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class WatchCommand(harness.Case):
    def watch(self, *args, around=(), space=IN_NAMESPACE, **more):
        return self.run_program(*space, *around, harness.landline(), 'watch', *args, **more)

    def told(self, done):
        """Its JSON: conversations and the capture."""
        lines = [json.loads(line) for line in done.out.splitlines() if line.startswith('{')]
        self.assertTrue(lines and lines[-1]['type'] == 'capture', done.story())
        return [one for one in lines if one['type'] == 'conversation'], lines[-1]

    def test_every_short_one_and_no_other(self):
        done = self.watch('--json', '--', 'python3', '-c', CALLER, '9000', '200', '0', around=['python3', '-c', NOISE])
        self.assertEqual((done.code, done.err), (0, ''), done.story())
        conversations, capture = self.told(done)
        self.assertEqual([(one['b'], one['payload_a']) for one in conversations], [('127.0.0.1:9000', 100)] * 200)
        self.assertEqual((capture['dropped'], capture['other']), (0, 0))

    def test_unanswered_and_refused_ones(self):
        done = self.watch('--json', '--', 'python3', '-c', SHORT, around=['python3', '-c', NOISE])
        self.assertEqual((done.code, done.err), (0, ''), done.story())
        conversations, unused = self.told(done)
        self.assertEqual(sorted(one['b'] for one in conversations),
                         sorted([f'127.0.0.1:{9100 + n}' for n in range(5)] + [f'[::1]:{9200 + n}' for n in range(5)]))

    def test_of_what_it_starts_and_leaves_behind(self):
        script = self.tmp / 'caller.py'
        script.write_text(CALLER)
        mark = self.tmp / 'done'
        # The one in the middle ends at once, so the last one's parent is gone before it calls.
        done = self.watch('--json', '--', 'sh', '-c', f'(setsid sh -c "python3 {script} 9001 2 0; touch {mark}" &) ;'
                          f'while ! test -e {mark}; do sleep 0.02; done; python3 {script} 9002 1 0')
        self.assertEqual(done.code, 0, done.story())
        conversations, unused = self.told(done)
        self.assertEqual([one['b'] for one in conversations], ['127.0.0.1:9001'] * 2 + ['127.0.0.1:9002'])

    def test_what_goes_on_afterwards_can_still_call(self):
        script = self.tmp / 'caller.py'
        script.write_text(CALLER)
        mark, go = self.tmp / 'done', self.tmp / 'go'
        done = self.watch('--json', '--', 'sh', '-c', f'setsid sh -c "while ! test -e {go}; do sleep 0.02; done;'
                          f'python3 {script} 9001 2 0; echo \\$? > {mark}" >/dev/null 2>&1 &')
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual(self.told(done)[0], [])
        go.touch()
        harness.wait_until(lambda: mark.exists() and mark.read_text(), 'the process that was left behind')
        self.assertEqual(mark.read_text(), '0\n')

    def test_a_ladder_at_once_and_the_status(self):
        done = self.watch('--', 'python3', '-c', CALLER, '9000', '1', '7')
        self.assertEqual((done.code, done.err), (7, ''), done.story())
        for word in ('SYN_SENT', 'three-way', 'payload of A: 100'):
            self.assertIn(word.lower(), done.out.lower())
        done = self.watch('--', 'sh', '-c', 'kill -9 $$')
        self.assertEqual((done.code, '0 conversations' in done.out), (128 + 9, True), done.story())
        # What is of ours to tell is told by our status.
        done = self.watch('--follow', '9', '--', 'python3', '-c', CALLER, '9000', '1', '7')
        self.assertEqual(done.code, 1, done.story())
        self.assertIn('there is no such conversation', done.err)

    def test_its_streams_are_ours(self):
        done = self.watch('--', 'sh', '-c', 'cat; echo told >&2', input='said\n')
        self.assertEqual((done.code, done.err), (0, 'told\n'), done.story())
        self.assertTrue(done.out.startswith('said\n0 conversations'), done.story())

    def test_files_and_pages(self):
        kept, script = self.tmp / 'kept.pcapng', self.tmp / 'caller.py'
        script.write_text(CALLER)
        done = self.watch('--write', kept, '--only', 'port 9001', '--', 'sh', '-c',
                          f'python3 {script} 9001 3 0; python3 {script} 9002 1 0', around=['python3', '-c', NOISE])
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual(len([line for line in done.out.splitlines() if ':9001' in line]), 3)
        self.assertNotIn(':9002', done.out)
        again = self.run_program(harness.landline(), 'watch', kept)
        self.assertIn('4 conversations', again.out)
        self.assertNotIn(':8000', again.out)
        done = self.watch('--html', '--', 'python3', '-c', CALLER, '9000', '1', '0')
        self.assertEqual(done.code, 0, done.story())
        self.assertTrue(done.out.startswith('<!DOCTYPE html>'), done.out[:100])
        self.assertIn('<title>python3', done.out)
        done = self.watch('--svg', '--filter', 'tcp port 9000', '--', 'python3', '-c', CALLER, '9000', '1', '0')
        self.assertEqual((done.code, done.out[:4]), (0, '<svg'), done.story())

    def test_signals_go_to_the_command(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            program = self.spawn(*IN_NAMESPACE, harness.landline(), 'watch', '--', 'sh', '-c',
                                 'trap "exit 5" INT TERM; echo ready; while :; do sleep 0.02; done')
            program.expect('ready')
            program.signal(number)
            self.assertEqual(program.wait(), 5, program.story())
            self.assertIn('0 conversations', program.out)

    def test_ctrl_c_reaches_the_command_once(self):
        program = self.spawn(*IN_NAMESPACE, harness.landline(), 'watch', '--', 'python3', '-c', '''
import signal, time
got = []
signal.signal(signal.SIGINT, lambda *unused: got.append(1))
print('ready', flush=True)
while not got:
    time.sleep(0.01)
time.sleep(0.3)
print('interrupted', len(got))
''', tty=True)
        program.expect('ready')
        program.send('\x03')
        program.expect('interrupted 1\r')
        self.assertEqual(program.wait(), 0, program.story())
        self.assertIn('0 conversations', program.out)

    def test_for_a_time(self):
        done = self.watch('--for', '100ms', '--', 'sleep', '100')
        self.assertEqual((done.code, '0 conversations' in done.out), (128 + signal.SIGTERM, True), done.story())

    def test_by_looking_where_calls_are_not_told(self):
        done = self.watch('--json', '--', 'python3', '-c', SLOW, space=POLLING)
        self.assertEqual((done.code, done.err), (0, ''), done.story())
        self.assertEqual([one['b'] for one in self.told(done)[0]], ['127.0.0.1:9000'] * 3)

    def test_what_cannot_be_told_is_said(self):
        # Between two looks: none of it can be seen, by no machine.
        done = self.watch('--json', '--', 'python3', '-c', SHORT, space=POLLING)
        self.assertEqual(done.code, 0, done.story())
        shown = len(self.told(done)[0])
        self.assertLess(shown, 10, done.story())
        self.assertIn(f'{10 - shown} conversation', done.err)
        self.assertIn('with sudo', done.err)

    def test_in_a_network_of_its_own(self):
        for space, options in ((['unshare', '-Urn'], ['--isolated']), ([], ['--isolated']), (NO_RIGHT, [])):
            done = self.watch('--json', *options, '--', 'python3', '-c', CALLER, '9000', '3', '4', space=space)
            self.assertEqual(done.code, 4, done.story())
            self.assertEqual([one['b'] for one in self.told(done)[0]], ['127.0.0.1:9000'] * 3)
            if options:
                self.assertEqual(done.err, '')
            else:
                self.assertIn('setcap cap_net_raw+ep', done.err)
                self.assertIn('a network of its own', done.err)

    def test_where_no_network_can_be_made(self):
        done = self.watch('--isolated', '--', 'true', space=[
            'unshare', '-Urn', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces;'
            'exec setpriv --bounding-set -all --inh-caps -all "$@"', 'sh'])
        self.assertEqual(done.code, 8, done.story())
        self.assertIn('sudo sysctl user.max_user_namespaces=15000', done.err)

    def test_what_cannot_be_run(self):
        for argv, code, says in ((['/nowhere/to/be/found'], 127, 'no such file'), (['/'], 126, 'not permitted')):
            done = self.watch('--', *argv)
            self.assertEqual((done.code, done.out), (code, ''), done.story())
            self.assertIn(f'{argv[0]} cannot be started: {says}', done.err)

    def test_misuse(self):
        for args, says in ((['--'], 'behind -- stands the command'),
                           (['--isolated'], '--isolated is for a command'),
                           (['lo', 'any', '--', 'true'], 'any: before -- one interface'),
                           (['lo', '--isolated', '--', 'true'], 'exclude each other'),
                           (['--pcap-of', '1', '--', 'true'], '--pcap-of needs a file'),
                           (['--count', '1', '--', 'true'], '--count is not for a command'),
                           (['--write', '-', '--', 'true'], 'standard output has'),
                           (['a', 'b'], 'b: one file or interface')):
            done = self.watch(*args)
            self.assertEqual((done.code, done.out), (2, ''), done.story())
            self.assertIn(says, done.err)
        done = self.watch('eth99', '--', 'true')
        self.assertEqual(done.code, 9, done.story())
        self.assertIn('no interface eth99', done.err)

    def test_ask_draws_its_own_connection(self):
        script = (f'{harness.landline()} answer :9000 --echo >/dev/null 2>&1 & '
                  f'until {harness.landline()} ask :9000 ready 2>/dev/null; do sleep 0.05; done; '
                  f'{harness.landline()} ask --trace :9000 hello; code=$?; kill $!; exit $code')
        done = self.run_program(*IN_NAMESPACE, 'python3', '-c', NOISE, 'sh', '-c', script)
        self.assertEqual((done.code, done.out), (0, 'ready\nhello\n'), done.story())
        for words in ('trace of tcp://localhost:9000', 'SYN_SENT', 'PSH ACK seq=1 ack=1 len=6', 'closed first'):
            self.assertIn(words, done.err)
        self.assertNotIn(':8000', done.err)
        script = script.replace(f'{harness.landline()} ask --trace',
                                f'setpriv --bounding-set -all --inh-caps -all {harness.landline()} ask --trace')
        done = self.run_program(*IN_NAMESPACE, 'sh', '-c', script)
        self.assertEqual((done.code, done.out), (0, 'ready\nhello\n'), done.story())
        self.assertIn('no packets are shown: any: capturing is not permitted', done.err)
        self.assertNotIn('SYN_SENT', done.err)

    def test_ask_draws_a_call_that_came_to_nothing(self):
        done = self.run_program(*IN_NAMESPACE, harness.landline(), 'ask', '--trace', '127.0.0.1:9000', 'hello')
        self.assertEqual(done.code, 4, done.story())
        for words in (r'connection refused', r'from +127\.0\.0\.1:\d+\n +to +127\.0\.0\.1:9000\n', r'SYN_SENT.*SYN seq=0',
                      r'RST'):
            self.assertRegex(done.err, words)
        done = self.run_program(*IN_NAMESPACE, 'python3', '-c', FULL, harness.landline(), 'ask', '--trace', '--timeout',
                                '300ms', '127.0.0.1:9000', 'hello')
        self.assertEqual(done.code, 5, done.story())
        self.assertRegex(done.err, r'SYN_SENT.*SYN seq=0')
        self.assertNotIn('SYN ACK', done.err)

    def test_a_full_disk_is_said(self):
        done = self.watch('--write', '/dev/full', '--', 'python3', '-c', CALLER, '9000', '1', '0')
        self.assertEqual(done.code != 0, True, done.story())
        self.assertIn('/dev/full', done.err)

    def test_nothing_of_it_remains(self):
        done = self.watch('--', 'python3', '-c', CALLER, '9000', '1', '0')
        self.assertEqual(done.code, 0, done.story())

        def mine():
            for path in pathlib.Path('/proc').glob('[0-9]*'):
                try:
                    if os.readlink(path / 'exe') == os.path.realpath(harness.landline()) and \
                            str(self.home).encode() in (path / 'environ').read_bytes():
                        return True
                except OSError:
                    pass
            return False
        harness.wait_until(lambda: not mine(), 'the end of every process of it')


if __name__ == '__main__':
    harness.main()

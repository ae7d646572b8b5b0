# SPDX-License-Identifier: ISC
"""landline lab: programs on two hosts, and the wire between them. Which packets it meets and what becomes of them, the
kernels' own states, what is printed, kept and judged, who may use it, and that nothing is left behind."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest
import xml.dom.minidom

import harness
import terminal

PROBE = ['unshare', '-Urmn', 'true']
ENGLISH = {'LANGUAGE': 'en'}

# Serves one peer after the other: reads to the end, waits, says how much it was, closes.
SERVER = '''
import socket, sys, time
s = socket.create_server(('', 9000))
while True:
    c, _ = s.accept()
    n = 0
    while data := c.recv(65536):
        n += len(data)
    time.sleep(float(sys.argv[1]))
    c.sendall(str(n).encode())
    c.close()
'''
CLIENT = '''
import socket, sys
c = socket.create_connection(('server', 9000))
c.sendall(b'x' * int(sys.argv[1]))
c.shutdown(socket.SHUT_WR)
print(c.recv(100).decode())
c.close()
'''


def python(code, *args):
    return [sys.executable, '-u', '-c', code, *map(str, args)]


def may_unshare():
    return subprocess.run(PROBE, capture_output=True).returncode == 0


class Lab(harness.Case):
    def lab(self, *options, server=None, client=None, **more):
        server = server or python(SERVER, 0.1)
        client = client or python(CLIENT, 5)
        more.setdefault('env', ENGLISH)
        return self.run_program(harness.landline(), 'lab', *options, '--', *server, '--', *client, **more)

    def told(self, *options, **more):
        done = self.lab('--json', *options, **more)
        self.assertEqual(done.code, 0, done.story())
        return [json.loads(line) for line in done.out.splitlines()]

    def packets(self, *options, **more):
        return [one for one in self.told(*options, **more) if one['type'] == 'packet']


def flags(packet):
    return '+'.join(sorted(set(packet['flags']) - {'PSH'}))


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class Runs(Lab):
    def test_the_states_are_the_kernels_own(self):
        """Four segments close it, since the server takes longer than an ACK is held back."""
        for backend in ['veth'] + ['tun'] * os.access('/dev/net/tun', os.W_OK):
            with self.subTest(backend=backend):
                told = self.packets('--backend', backend, client=python('''
import socket, time
c = socket.create_connection(('server', 9000))
time.sleep(0.4)  # on a busy machine its close would be sooner than the look at its state
c.close()
'''), server=python(SERVER, 0.5))
                self.assertEqual([(p['side'], flags(p), p['state_a'], p['state_b']) for p in told][:4], [
                    ('a', 'SYN', 'SYN_SENT', 'SYN_RECV'),
                    ('b', 'ACK+SYN', 'ESTABLISHED', 'SYN_RECV'),
                    ('a', 'ACK', 'ESTABLISHED', 'ESTABLISHED'),
                    ('a', 'ACK+FIN', 'FIN_WAIT1', 'CLOSE_WAIT')])
                self.assertEqual({p['fate'] for p in told}, {'delivered'})
                # What comes then is the server's answer to a peer that has gone.
                self.assertEqual((told[4]['side'], flags(told[4]), told[4]['state_a'], told[4]['state_b']),
                                 ('b', 'ACK', 'FIN_WAIT2', 'CLOSE_WAIT'))

    def test_a_lost_syn_is_sent_again(self):
        told = self.packets('--drop', 'syn#1')
        self.assertEqual([(flags(p), p['fate'], p['reason'], p['state_a'], p['state_b']) for p in told[:2]], [
            ('SYN', 'dropped', 'drop syn#1', 'SYN_SENT', 'LISTEN'),
            ('SYN', 'delivered', None, 'SYN_SENT', 'SYN_RECV')])
        self.assertGreater(told[1]['delta_ns'], 900_000_000)
        self.assertIn('retransmission', told[1]['verdicts'])
        self.assertEqual({p['fate'] for p in told[1:]}, {'delivered'})

    def test_delay_is_there_each_way(self):
        told = self.packets('--delay', '30ms from client', '--delay', '10ms from server')
        for packet in told:
            flight = packet['flight_ns'] / 1e6
            self.assertGreaterEqual(flight, {'a': 30, 'b': 10}[packet['side']])
            self.assertEqual(packet['fate'], 'delayed')

    def test_what_is_printed_and_how_it_ends(self):
        told = self.told(client=python('print("你好"); raise SystemExit(0)'))
        self.assertIn({'type': 'output', 'host': 'client', 'text': '你好'}, told)
        self.assertIn({'type': 'exit', 'host': 'client', 'status': 0, 'stopped': False}, told)
        self.assertEqual([(one['host'], one['stopped']) for one in told if one['type'] == 'exit'],
                         [('client', False), ('server', True)])
        done = self.lab('--quiet', client=python('print("a", flush=True); raise SystemExit(3)'))
        self.assertEqual((done.code, done.out), (3, 'client: a\n'))
        done = self.lab('--quiet', client=python('import os; os.kill(os.getpid(), 9)'))
        self.assertEqual(done.code, 137)
        done = self.lab('--quiet', server=python('raise SystemExit(4)'), client=['true'])
        self.assertEqual(done.code, 4)
        done = self.lab('--quiet', '--for', '300ms', client=['sleep', '100'])
        self.assertEqual(done.code, 5)

    def test_the_drawing(self):
        done = self.lab('--drop', 'syn#1', env={**ENGLISH, 'COLUMNS': '100', 'LANG': 'C.UTF-8'})
        self.assertEqual(done.code, 0, done.story())
        self.assertRegex(done.out, r'SYN_SENT │── SYN seq=0 mss=1460')
        self.assertRegex(done.out, r'lost on the way')
        self.assertRegex(done.out, r'(?m)^client: 5$')
        self.assertRegex(done.out, r'(?m)^-- client has ended with status 0$')
        self.assertRegex(done.out, r'(?m)^-- packets: \d+, dropped: 1$')
        chinese = self.lab(env={'LANGUAGE': 'zh_CN', 'LANG': 'C.UTF-8'})
        self.assertEqual(chinese.code, 0, chinese.story())
        self.assertRegex(chinese.out, '三次握手')

    def test_pictures(self):
        for option in '--svg', '--html':
            with self.subTest(option):
                done = self.lab(option)
                self.assertEqual(done.code, 0, done.story())
                self.assertIn('SYN_SENT', done.out)
                self.assertEqual(done.err, 'client: 5\n')
                if option == '--svg':
                    xml.dom.minidom.parseString(done.out)

    @unittest.skipUnless(shutil.which('tshark'), 'no tshark here')
    def test_the_file_has_fates_and_states_as_comments(self):
        file = self.tmp / 'lab.pcapng'
        done = self.lab('--quiet', '--drop', 'syn#1', '--write', file)
        self.assertEqual(done.code, 0, done.story())
        done = self.run_program('tshark', '-r', file, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'tcp.flags.str',
                                '-e', 'frame.comment')
        rows = [line.split('\t') for line in done.out.splitlines()]
        self.assertEqual(rows[0][::2], ['client', 'dropped (drop syn#1); client SYN_SENT, server LISTEN'])
        self.assertEqual(rows[2][::2], ['server', 'delivered; client ESTABLISHED, server SYN_RECV'])

    def test_udp(self):
        server = python('''
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 9000))
while True:
    data, peer = s.recvfrom(1000)
    s.sendto(data.upper(), peer)
''')
        client = python('''
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
for i in range(5):
    s.sendto(b'hello', ('server', 9000))
    try:
        print(s.recv(100).decode())
        break
    except TimeoutError:
        print('nothing')
''')
        told = self.told('--drop', 'udp#1', '--drop', 'udp#1 from server', server=server, client=client)
        self.assertEqual([one['text'] for one in told if one['type'] == 'output'], ['nothing', 'nothing', 'HELLO'])
        self.assertEqual([(p['side'], p['fate']) for p in told if p['type'] == 'packet'],
                         [('a', 'dropped'), ('a', 'delivered'), ('b', 'dropped'), ('a', 'delivered'), ('b', 'delivered')])

    def test_the_client_reads_what_is_typed(self):
        done = self.lab('--quiet', client=python('print(input().upper())'), input='word\n')
        self.assertEqual(done.out, 'client: WORD\n')

    def test_hosts(self):
        """Names, both protocols, and no way out."""
        client = python('''
import errno, os, socket
print(socket.gethostname(), socket.gethostbyname('server'))
print(socket.getaddrinfo('server6', 1, type=socket.SOCK_STREAM)[0][4][0])
for where in ('192.0.2.1', 'example.com'):
    try:
        socket.create_connection((where, 80), 2)
    except OSError as error:
        print(where, type(error).__name__, errno.errorcode.get(error.errno))
print(len([pid for pid in os.listdir('/proc') if pid.isdigit()]) < 5)
''')
        done = self.lab('--quiet', client=client)
        lines = done.out.splitlines()
        self.assertEqual(lines[:3], ['client: client 10.9.0.2', 'client: fd09::2', 'client: 192.0.2.1 OSError ENETUNREACH'])
        self.assertRegex(lines[3], 'example.com gaierror')

    def test_bulk_is_carried_whole(self):
        """Also with reordering, loss and copies: TCP mends it."""
        for options in ((), ('--loss', '2%', '--reorder', '2%', '--duplicate', '2%', '--corrupt', '1%', '--delay', '1ms')):
            with self.subTest(options=options):
                done = self.lab('--quiet', *options, client=python(CLIENT, 300_000))
                self.assertEqual((done.code, done.out), (0, 'client: 300000\n'), done.story())


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class Seeds(Lab):
    def fates(self, seed):
        return [(p['side'], flags(p), p['seq'], p['payload'], p['fate'])
                for p in self.packets('--loss', '30% data', '--seed', seed, client=python(CLIENT, 5000))]

    def test_the_same_seed_the_same_fates(self):
        dropped = [[row[:4] for row in self.fates(seed) if row[4] == 'dropped'][:2] for seed in (1, 1, 2, 3)]
        self.assertEqual(dropped[0], dropped[1])
        self.assertGreater(len({str(one) for one in dropped}), 1)

    def test_expectations(self):
        done = self.lab('--quiet', '--expect', 'exit 0', '--expect', 'no refused', '--expect', 'closed by client')
        self.assertEqual((done.code, done.err), (0, ''))
        done = self.lab('--quiet', '--expect', 'exit 1', '--expect', 'closed by server')
        self.assertEqual((done.code, done.err), (
            1, "expected 'exit 1', but client ended with status 0\n"
               "expected 'closed by server', but 1 of 1 conversations are not so, first number 1\n"))

    def test_which_seed_breaks_it(self):
        """The command that is named shows the failure again."""
        done = self.lab('--quiet', '--drop', '30% syn', '--seeds', '1..6', '--expect', 'no syn > 1')
        seeds = dict(re.findall(r'^seed (\d+): (passed|failed) after', done.out, re.MULTILINE))
        self.assertEqual(list(seeds), list('123456'))
        failed = [seed for seed in seeds if seeds[seed] == 'failed']
        self.assertTrue(0 < len(failed) < 6, done.out)
        self.assertEqual(done.code, 1)
        self.assertIn(f'{6 - len(failed)} passed, {len(failed)} failed\n', done.out)
        again = re.search(r'^again: landline (lab --seed (\d+) .*)', done.out, re.MULTILINE)
        self.assertEqual(again[2], failed[0])
        # The programs' texts have lines of their own: what was typed is compared, not run by a shell.
        self.assertTrue(again[1].startswith(f"lab --seed {failed[0]} --quiet --drop '30% syn' --expect 'no syn > 1' -- "))
        self.assertEqual(self.lab('--seed', failed[0], '--quiet', '--drop', '30% syn', '--expect', 'no syn > 1').code, 1)

    def test_tap_and_junit(self):
        file = self.tmp / 'lab.xml'
        done = self.lab('--quiet', '--runs', '2', '--tap', '--junit', file, '--expect', 'exit 1')
        self.assertEqual(done.code, 1)
        self.assertEqual(done.out, 'TAP version 13\n1..2\n' + ''.join(
            f'not ok {n} - seed {n}\n# client: 5\n# expected \'exit 1\', but client ended with status 0\n' for n in (1, 2)))
        suite = xml.dom.minidom.parse(str(file)).documentElement
        self.assertEqual((suite.tagName, suite.getAttribute('tests'), suite.getAttribute('failures')), ('testsuite', '2', '2'))
        self.assertEqual(len(suite.getElementsByTagName('failure')), 2)


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class Ends(Lab):
    def test_nothing_is_left_behind(self):
        """Whatever ends it: everything in there is gone, daemons too."""
        daemon = 'setsid sleep 1000 & echo child $!; sleep 1000'
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number):
                mark = f'{os.getpid()}.{int(number)}'
                program = self.spawn(harness.landline(), 'lab', '--quiet', '--', 'sh', '-c', f': {mark}; {daemon}', '--',
                                     'sh', '-c', f': {mark}; {daemon}')
                program.expect('(?s)child.*child')
                self.assertGreaterEqual(len(self.marked(mark)), 2)
                os.kill(program.popen.pid, number)
                if number != signal.SIGKILL:
                    os.kill(program.popen.pid, number)
                self.assertEqual(program.wait(), -9 if number == signal.SIGKILL else 128 + number)
                harness.wait_until(lambda mark=mark: not self.marked(mark), 'everything to be gone')

    def marked(self, mark):
        found = []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', 'rb') as file:
                    if mark.encode() in file.read() and int(pid) != os.getpid():
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def test_who_is_nobody_may_use_it(self):
        if os.geteuid() != 0 or not shutil.which('setpriv'):
            self.skipTest('this is nobody already' if os.geteuid() else 'no setpriv here')
        copy = self.tmp / 'landline'
        shutil.copy(harness.landline(), copy)
        for path in (self.tmp, copy):
            path.chmod(0o755)
        nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/', str(copy), 'lab']
        done = self.run_program(*nobody, '--quiet', '--', 'nc', '-l', '-p', '9000', '--', 'sh', '-c',
                                'echo hi | nc -N server 9000', env=ENGLISH, cwd='/')
        self.assertEqual((done.code, done.out), (0, 'server: hi\n'), done.story())
        if not os.stat('/dev/net/tun').st_mode & 0o002:
            done = self.run_program(*nobody, '--backend', 'tun', '--', 'true', '--', 'true', env=ENGLISH, cwd='/')
            self.assertEqual(done.code, 8)
            self.assertRegex(done.err, '/dev/net/tun may not be opened')

    def test_where_the_kernel_forbids_it(self):
        done = self.run_program('unshare', '-Ur', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', 'sh',
                                harness.landline(), 'lab', 'handshake', env=ENGLISH)
        self.assertEqual(done.code, 8, done.story())
        self.assertRegex(done.err, 'sudo sysctl user.max_user_namespaces=10000')


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class Step(Lab):
    def open(self, **env):
        return terminal.Terminal(self, *terminal.settled(harness.landline(), 'lab', '--step', 'close3'), columns=80, rows=60,
                                 env={**ENGLISH, 'LANG': 'C.UTF-8', **env})

    def test_you_are_the_network(self):
        t = self.open()
        t.wait_for(r'client: SYN seq=0 +Enter: pass')
        t.keys('d')
        t.wait_for(r'client: SYN seq=0, sent again +Enter: pass')  # a second later
        t.keys('Enter')
        t.wait_for(r'server: SYN\+ACK seq=0 ack=1 +Enter: pass')
        t.keys('a')
        t.wait_for('Enter shows the answer')
        self.assertRegex(t.scrollback(), r'by your hand')
        self.assertRegex(t.scrollback(), r'packets: \d+, dropped: 1')
        t.keys('Enter')
        self.assertEqual(t.wait(), 0)

    def test_in_chinese(self):
        t = self.open(LANGUAGE='zh_CN')
        t.wait_for(r'client：SYN seq=0 +回车：放行')
        t.keys('q')
        t.wait()

    def test_without_a_terminal_it_says_so(self):
        done = self.run_program(harness.landline(), 'lab', '--step', 'close3', env=ENGLISH)
        self.assertEqual((done.code, done.err), (2, 'landline: --step needs a terminal\n'))


class File(Lab):
    def run_file(self, text, *options):
        file = self.tmp / 'mine.lab'
        file.write_text(text)
        return self.run_program(harness.landline(), 'lab', *options, 'run', file, env=ENGLISH)

    @unittest.skipUnless(may_unshare(), 'no namespace can be made here')
    def test_a_scenario_of_ones_own(self):
        text = """
# does it try again?
quiet  = yes
drop   = syn#1
expect = retransmissions = 1
server = nc -l -p 9000
client = echo "hi # there" | nc -N server 9000
"""
        done = self.run_file(text)
        self.assertEqual((done.code, done.out, done.err), (0, 'server: hi # there\n', ''), done.story())
        # What is typed counts more.
        done = self.run_file(text, '--drop', 'fin#1', '--expect', 'exit 3')
        self.assertEqual((done.code, done.err), (1, "expected 'exit 3', but client ended with status 0\n"))
        done = self.run_file('scenario = handshake\nquiet = yes\n')
        self.assertEqual(done.code, 0, done.story())

    def test_what_is_wrong_in_it(self):
        for text, said in (
                ('drop\n', 'mine.lab:1: it is NAME = VALUE'),
                ('\nnosuch = 1\n', 'mine.lab:2: '),
                ('server = true\nserver = true\n', 'mine.lab:2: there is a server already'),
                ('client =\n', 'mine.lab:1: client has no command'),
                ('server = true\n', 'there must be a server and a client'),
                ('scenario = nosuch\n', 'mine.lab:1: no scenario of this name'),
                ('scenario = close\nclient = true\n', 'a scenario has programs of its own'),
                ('drop = sin\nserver = true\nclient = true\n', 'no kind of packet')):
            with self.subTest(text=text):
                done = self.run_file(text)
                self.assertIn(done.code, (2, 9))
                self.assertIn(said, done.err)
                self.assertEqual(done.err.count('\n'), 1)
        done = self.run_program(harness.landline(), 'lab', 'run', self.tmp / 'nosuch', env=ENGLISH)
        self.assertEqual(done.code, 9)


class Misuse(Lab):
    def test_one_clear_line(self):
        for options, said in (
                (['nosuch'], 'nosuch: no scenario of this name'),
                (['--', 'true'], 'two programs are needed'),
                (['--', 'true', '--'], 'two programs are needed'),
                (['--drop', 'sin', '--', 'true', '--', 'true'], 'no kind of packet'),
                (['--expect', 'exit', '--', 'true', '--', 'true'], 'exit N'),
                (['--seeds', '3', '--', 'true', '--', 'true'], 'FROM..TO'),
                (['--seeds', '3..1', '--', 'true', '--', 'true'], 'FROM..TO'),
                (['--tap', '--', 'true', '--', 'true'], 'tell of --runs or --seeds'),
                (['--json', '--svg', '--', 'true', '--', 'true'], 'exclude each other'),
                (['--runs', '2', '--json', '--', 'true', '--', 'true'], 'for one run')):
            with self.subTest(options=options):
                done = self.run_program(harness.landline(), 'lab', *options, env=ENGLISH)
                self.assertEqual(done.code, 2)
                self.assertEqual(done.err.count('\n'), 1)
                self.assertIn(said, done.err)

    @unittest.skipUnless(may_unshare(), 'no namespace can be made here')
    def test_a_program_that_is_not_there(self):
        for server, client in ((['/nonexistent'], ['true']), (['true'], ['/nonexistent'])):
            done = self.lab('--quiet', server=server, client=client)
            self.assertEqual((done.code, done.err), (1, 'landline: /nonexistent: there is no such program\n'))


if __name__ == '__main__':
    harness.main()

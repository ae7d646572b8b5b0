# SPDX-License-Identifier: ISC
"""landline watch INTERFACE, in a network namespace of its own: every packet there is the test's. What is counted, what
is kept for other programs, how it ends, and what it says where it may not capture."""
import json
import os
import signal
import subprocess
import unittest

import harness

# Brings the loopback interface up, then becomes what follows; a second program in the namespace is its child.
IN_NAMESPACE = ['unshare', '-Urn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

# Waits for a line on stdin, then makes so many connections to itself, all at once over before it says so.
TALKER = '''
import socket, subprocess, sys, threading
watch = subprocess.Popen(sys.argv[2:], stderr=subprocess.PIPE)
line = watch.stderr.readline()
sys.stderr.write(line.decode())
server = socket.create_server(('127.0.0.1', 9000))
for number in range(int(sys.argv[1])):
    with socket.create_connection(('127.0.0.1', 9000)) as a:
        b = server.accept()[0]
        a.sendall(b'x' * 1000)
        a.shutdown(socket.SHUT_WR)
        while b.recv(4096):
            pass
        b.close()
        a.recv(1)
watch.terminate()
sys.stderr.write(watch.stderr.read().decode())
sys.exit(watch.wait())
'''

# Runs what follows, talks UDP twice on the same ports, and reads a row for each time while the capture goes on.
DATAGRAMS = '''
import json, socket, subprocess, sys
watch = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
sys.stderr.write(watch.stderr.readline().decode())
a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in 'ab')
b.bind(('127.0.0.1', 9000))
a.connect(('127.0.0.1', 9000))
def row():
    line = watch.stdout.readline()
    sys.stdout.buffer.write(line)
    return line
a.send(b'a question')
row()
a.send(b'again')
b.sendto(b'an answer', b.recvfrom(100)[1])
row()
watch.terminate()
sys.stdout.write(watch.stdout.read().decode())
sys.exit(watch.wait())
'''


def may_unshare():
    return subprocess.run([*IN_NAMESPACE, 'true'], capture_output=True).returncode == 0


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class WatchLive(harness.Case):
    def talk(self, connections, *options):
        """Ended the moment that the last connection is closed: what is missing then was lost at the end."""
        return self.run_program(*IN_NAMESPACE, 'python3', '-c', TALKER, str(connections), harness.landline(), 'watch', *options)

    def test_counts_and_nothing_lost_at_the_end(self):
        for interface in ('lo', 'any'):
            done = self.talk(200, interface, '--json')
            self.assertEqual(done.code, 0, done.story())
            told = [json.loads(line) for line in done.out.splitlines()]
            conversations = [one for one in told if one['type'] == 'conversation']
            self.assertEqual(len(conversations), 200)
            for one in conversations:
                self.assertEqual((one['b'], one['opened'], one['payload_a'], one['payload_b'], one['syn'], one['fin']),
                                 ('127.0.0.1:9000', 'three-way', 1000, 0, 1, 2))
                self.assertIn(one['closed'], ('three-segment', 'four-segment'))
            self.assertEqual(told[-1]['dropped'], 0)

    def test_rows_and_the_file_that_is_kept(self):
        kept = self.tmp / 'kept.pcapng'
        done = self.talk(20, 'lo', '--write', kept, '--filter', 'tcp port 9000')
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual(len([line for line in done.out.splitlines() if ':9000' in line]), 20)
        self.assertIn('no packet was lost', done.out)
        count = subprocess.run(['tshark', '-r', kept, '-Y', 'tcp.flags.fin == 1'], capture_output=True, text=True, check=True)
        self.assertEqual(len(count.stdout.splitlines()), 40)
        again = self.run_program(harness.landline(), 'watch', kept)
        self.assertIn('20 conversations', again.out)

    def test_a_silent_udp_conversation_has_its_row(self):
        """Not only at the end, and with what only its end would tell; once more when it has gone on, and then no more."""
        done = self.run_program(*IN_NAMESPACE, 'python3', '-c', DATAGRAMS, harness.landline(), 'watch', 'lo', '--json',
                                '--idle', '1500ms')
        self.assertEqual(done.code, 0, done.story())
        first, second, capture = (json.loads(line) for line in done.out.splitlines())
        self.assertEqual((first['type'], first['id'], first['packets_a'], first['packets_b']), ('conversation', 1, 1, 0))
        self.assertEqual([finding['name'] for finding in first['findings']], ['udp-unanswered'])
        self.assertEqual((second['id'], second['packets_a'], second['packets_b'], second['findings']), (1, 2, 1, []))
        self.assertEqual((capture['type'], capture['conversations']), ('capture', 1))

    def test_a_ring_of_files(self):
        """Each part is a whole file, no larger than was said; the last ones are kept, and the end is in the last."""
        done = self.talk(500, 'lo', '--lines', '--write', self.tmp / 'kept.pcapng', '--write-size', '64K', '--write-files', '3')
        self.assertEqual(done.code, 0, done.story())
        self.assertIn('no packet was lost', done.out)
        parts = sorted(self.tmp.glob('kept*'))
        last = int(parts[-1].stem.split('_')[1])
        self.assertGreater(last, 5)
        self.assertEqual([part.name for part in parts], [f'kept_{number:05}.pcapng' for number in range(last - 2, last + 1)])
        times = []
        for part in parts:
            self.assertLessEqual(part.stat().st_size, 64 << 10)
            read = subprocess.run(['tshark', '-r', part, '-T', 'fields', '-e', 'frame.time_epoch'], capture_output=True,
                                  text=True, check=True)
            times += read.stdout.split()
        self.assertEqual(times, sorted(times, key=float))
        self.assertGreater(min(part.stat().st_size for part in parts[:-1]), 60 << 10)

    def test_all_parts_are_kept(self):
        done = self.talk(300, 'lo', '--lines', '--write', self.tmp / 'kept', '--write-size', '64K')
        self.assertEqual(done.code, 0, done.story())
        parts = sorted(self.tmp.glob('kept*'))
        self.assertEqual(parts[0].name, 'kept_00001')
        fins = subprocess.run(['sh', '-c', 'for part; do tshark -r "$part" -Y tcp.flags.fin==1 || exit 1; done', 'sh', *parts],
                              capture_output=True, text=True, check=True)
        self.assertEqual(len(fins.stdout.splitlines()), 600)

    def test_a_part_that_cannot_be_made(self):
        done = self.talk(1, 'lo', '--lines', '--write', self.tmp / 'nowhere' / 'kept.pcapng', '--write-size', '1M')
        self.assertNotEqual(done.code, 0, done.story())
        self.assertIn('kept_00001.pcapng: no such file', done.err)

    def test_a_filter_keeps_the_rest_out(self):
        done = self.talk(5, 'lo', '--json', '--filter', 'udp')
        self.assertEqual([json.loads(line)['type'] for line in done.out.splitlines()], ['capture'], done.story())

    def test_it_ends_by_itself(self):
        done = self.run_program(*IN_NAMESPACE, harness.landline(), 'watch', 'lo', '--for', '100ms', '--json')
        self.assertEqual((done.code, len(done.out.splitlines())), (0, 1), done.story())

    def test_ctrl_c(self):
        program = self.spawn(*IN_NAMESPACE, harness.landline(), 'watch', '--json')
        program.expect('capturing on any', stream='err')
        program.signal(signal.SIGINT)
        self.assertEqual(program.wait(), 0, program.story())

    def test_what_cannot_be(self):
        for options, code, says in ((['-i', 'eth99'], 9, 'no interface eth99; there are: lo, any'),
                                    (['lo', '--filter', 'tcp prot 1'], 2, 'the filter "tcp prot 1": '),
                                    (['lo', '--write-size', '1M'], 2, '--write-size needs --write FILE'),
                                    (['lo', '--write', 'kept', '--write-files', '2'], 2, '--write-files needs --write-size'),
                                    (['lo', '--pcap-of', '1'], 2, '--pcap-of needs a file')):
            done = self.run_program(*IN_NAMESPACE, harness.landline(), 'watch', *options)
            self.assertEqual(done.code, code, done.story())
            self.assertIn(says, done.err)

    def test_without_the_right(self):
        done = self.run_program(*IN_NAMESPACE, 'setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-all',
                                harness.landline(), 'watch', 'lo')
        self.assertEqual(done.code, 8, done.story())
        self.assertIn('CAP_NET_RAW', done.err)
        # With no user mapped it is nobody, without a capability: the line to be typed names this very program.
        done = self.run_program('unshare', '-Un', harness.landline(), 'watch', 'lo')
        self.assertEqual(done.code, 8, done.story())
        self.assertIn(f'sudo setcap cap_net_raw+ep {os.path.realpath(harness.landline())} ;', done.err)


if __name__ == '__main__':
    harness.main()

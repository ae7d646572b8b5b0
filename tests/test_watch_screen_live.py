# SPDX-License-Identifier: ISC
"""landline watch INTERFACE on a terminal, in a network namespace of its own: the list grows while packets come, the ladder
goes along with its end, what is saved is read again, pause, the end by --count, and --lines as on a pipe."""
import json
import subprocess
import unittest

import harness
import terminal
import test_watch_live

# A program beside landline, in the same namespace: each line that comes down a named pipe is a command.
TALKER = '''
import socket, sys
server = socket.create_server(('127.0.0.1', 9000))
pairs = []
for line in open(sys.argv[1]):
    word, number = line.split()
    for _ in range(int(number)):
        if word == 'open':
            a = socket.create_connection(('127.0.0.1', 9000))
            pairs.append((a, server.accept()[0]))
        elif word == 'say':
            pairs[0][0].sendall(b'x' * 100)
            pairs[0][1].sendall(b'y' * len(pairs[0][1].recv(100)))
            pairs[0][0].recv(100)
        elif word == 'close':
            for end in pairs.pop():
                end.close()
'''
BESIDE = ('python3 -c "$0" "$1" & shift; "$@"; code=$?; kill $!; exit $code')
ENGLISH, CHINESE = {'LANGUAGE': 'en'}, {'LANGUAGE': 'zh_CN'}


@unittest.skipUnless(test_watch_live.may_unshare(), 'no namespace can be made here')
class WatchScreenLive(harness.Case):
    def open(self, *args, columns=80, rows=24, env=ENGLISH, ready='none dropped|无丢包'):
        pipe = self.tmp / 'commands'
        subprocess.run(['mkfifo', pipe], check=True)
        t = terminal.Terminal(self, *test_watch_live.IN_NAMESPACE, 'sh', '-c', BESIDE, TALKER, pipe, harness.landline(), 'watch',
                              'lo', *args, columns=columns, rows=rows, env=env, cwd=self.tmp)
        t.wait_for(ready)
        self.commands = open(pipe, 'w', encoding='ascii', buffering=1)
        self.addCleanup(self.commands.close)
        return t

    def talk(self, word, number=1):
        self.commands.write(f'{word} {number}\n')

    def quit(self, t):
        t.keys('q')
        self.assertEqual(t.wait(), 0)

    def test_the_list_grows(self):
        t = self.open('--filter', 'tcp port 9000')
        t.wait_for('no conversation yet')
        self.talk('open', 2)
        t.wait_for(r'#2 TCP .*:9000 .* open')
        t.wait_for('2 conversations  6 packets  none dropped')
        self.talk('close')
        t.wait_for(r'#2 TCP .*A closed')
        self.talk('say')
        t.wait_for(r'#1 TCP .*:9000 +100 +100 ')
        self.quit(t)

    def test_the_ladder_follows_its_end_until_one_goes_up(self):
        t = self.open('--filter', 'tcp port 9000', '--every', columns=160, rows=50)
        self.talk('open')
        t.wait_for('#1 TCP')
        t.keys('Enter')
        t.wait_for(r'#1  3/\d+  every packet|#1  3/\d+  following')
        self.talk('say', 5)
        t.wait_for(r'#1  (1[0-9]|2[0-9])/\d+  following')
        t.keys('Home')
        t.wait_for(r'#1  1/\d+  live')
        self.talk('say', 5)
        t.wait_for(r'#1  1/[3-9]\d  live')
        t.keys('Escape')
        t.wait_for('1 conversation ')
        self.quit(t)

    def test_a_ring_of_files(self):
        """From within the sandbox, by the process that opens what is saved."""
        t = self.open('--filter', 'tcp port 9000', '--write', 'kept.pcapng', '--write-size', '64K', '--write-files', '2')
        self.talk('open')
        self.talk('say', 600)
        t.wait_for(r'#1 TCP .*:9000 +60,000 +60,000 ')
        self.quit(t)
        parts = sorted(path.name for path in self.tmp.glob('kept*'))
        last = int(parts[-1][5:10])
        self.assertGreater(last, 3)
        self.assertEqual(parts, [f'kept_{number:05}.pcapng' for number in (last - 1, last)])
        for part in parts:
            read = self.run_program(harness.landline(), 'watch', self.tmp / part, '--json')
            self.assertEqual(read.code, 0, read.story())
            self.assertGreater(json.loads(read.out.splitlines()[-1])['packets'], 0)

    def test_what_is_saved_is_read_again(self):
        t = self.open('--filter', 'tcp port 9000')
        self.talk('open', 2)
        self.talk('close', 1)
        t.wait_for('#2 TCP .*A closed')
        t.keys('s', 'Enter')
        t.wait_for('packets written to')
        self.quit(t)
        done = self.run_program(harness.landline(), 'watch', '--json', self.tmp / 'conversation-1.pcapng')
        one = json.loads(done.out.splitlines()[0])
        self.assertEqual((one['b'], one['syn'], one['closed']), ('127.0.0.1:9000', 1, 'open'), done.story())

    def test_paused_it_still_captures(self):
        t = self.open('--filter', 'tcp port 9000', '--write', 'all.pcapng')
        self.talk('open')
        t.wait_for('#1 TCP')
        t.keys('p')
        t.wait_for('paused')
        self.talk('say', 3)
        self.talk('close')
        t.keys('p')
        t.wait_for(r'#1 TCP .*:9000 +300 +300 A closed')
        self.quit(t)
        done = self.run_program(harness.landline(), 'watch', '--json', self.tmp / 'all.pcapng')
        self.assertEqual(json.loads(done.out.splitlines()[0])['payload_a'], 300, done.story())

    def test_count_ends_the_capture_and_not_the_screen(self):
        t = self.open('--filter', 'tcp port 9000', '--count', '3')
        self.talk('open', 2)
        t.wait_for('1 conversation  3 packets .*capture over')
        self.quit(t)

    def test_chinese(self):
        t = self.open('--filter', 'tcp port 9000', env=CHINESE, columns=160, rows=50)
        t.wait_for('还没有会话')
        self.talk('open')
        t.wait_for('1 个会话 .*无丢包  缓存 0%')
        self.quit(t)

    def test_lines(self):
        t = self.open('--lines', '--count', '3', '--filter', 'tcp port 9000', ready='capturing on lo')
        self.talk('open')
        self.assertEqual(t.wait(), 0)
        self.assertIn('no packet was lost', t.screen())


if __name__ == '__main__':
    harness.main()

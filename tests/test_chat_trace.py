# SPDX-License-Identifier: ISC
"""landline chat --trace: the packets of each call, when it has ended, in a network namespace of the test's own."""
import unittest

import harness
from chatting import Case
from test_answer_trace import WITHOUT_RIGHTS
from test_watch_live import IN_NAMESPACE, may_unshare

# An echoing server beside the chat. Says a line, waits for so many texts on the chat's stderr, and ends its input.
BESIDE = '''
import socket, subprocess, sys
text = sys.argv[1].encode()
server = socket.create_server(('127.0.0.1', 9000))
chat = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
if '--json' in sys.argv:
    chat.stdin.write(b'{"say":"hello","to":"127.0.0.1:9000"}\\n')
else:
    chat.stdin.write(b'hello\\n')
chat.stdin.flush()
peer = server.accept()[0]
peer.sendall(peer.recv(100))
peer.shutdown(socket.SHUT_WR)
while peer.recv(100):
    pass
peer.close()
told = b''
while text not in told:
    line = chat.stderr.readline()
    if not line:
        break
    told += line
told += chat.communicate()[1]
sys.stderr.write(told.decode())
sys.exit(chat.returncode)
'''

# Calls the chat, hangs up, and ends it when it has drawn that.
CALLS = '''
import socket, subprocess, sys, time
chat = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
while True:
    try:
        peer = socket.create_connection(('127.0.0.1', 9000))
        break
    except ConnectionRefusedError:
        time.sleep(0.02)
peer.sendall(b'hello\\n')
peer.shutdown(socket.SHUT_WR)
while peer.recv(100):
    pass
peer.close()
told = b''
while b'closed first' not in told:
    line = chat.stderr.readline()
    if not line:
        break
    told += line
chat.terminate()
told += chat.communicate()[1]
sys.stderr.write(told.decode())
sys.exit(chat.returncode)
'''


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class ChatTrace(Case):
    def beside(self, text, *args, before=()):
        return self.run_program(*IN_NAMESPACE, 'python3', '-c', BESIDE, text, *before, harness.landline(), 'chat',
                                '--trace', *args)

    def test_a_call_as_it_ends(self):
        for face in ('--lines', '--json'):
            done = self.beside('closed first', face, '127.0.0.1:9000')
            self.assertEqual(done.code, 0, done.story())
            for words in ('SYN_SENT', 'PSH ACK seq=1 ack=1 len=6', '127.0.0.1:9000 closed first'):
                self.assertEqual(done.err.count(words), 1, done.story())
            self.assertNotIn('SYN_SENT', done.out)

    def test_who_calls(self):
        done = self.run_program(*IN_NAMESPACE, 'python3', '-c', CALLS, harness.landline(), 'chat', '--trace', '--lines',
                                '--listen', '127.0.0.1:9000')
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual((done.err.count('PSH ACK seq=1 ack=1 len=6'), done.err.count('#1  TCP')), (1, 1), done.story())

    def test_a_call_that_came_to_nothing(self):
        done = self.run_program(*IN_NAMESPACE, harness.landline(), 'chat', '--trace', '--lines', '127.0.0.1:9000',
                                input='hello\n')
        self.assertNotEqual(done.code, 0, done.story())
        self.assertRegex(done.err, r'SYN_SENT.*SYN seq=0')
        self.assertIn('RST', done.err)

    def test_without_the_right_to_capture(self):
        done = self.beside('segments sent again: 0', '--lines', '127.0.0.1:9000', before=WITHOUT_RIGHTS)
        self.assertEqual(done.code, 0, done.story())
        self.assertIn('no packets are shown: any: capturing is not permitted', done.err)
        self.assertRegex(done.err, r'127\.0\.0\.1:9000: CLOSE-WAIT, round trip .*bytes sent: 6, received: 6;')

    def test_misuse(self):
        for args, says in ((['--lines'], 'nobody is known'), (['--lines', '--listen', ':0'], 'one that is not 0')):
            done = self.run_program(harness.landline(), 'chat', '--trace', *args)
            self.assertEqual((done.code, done.out), (2, ''), done.story())
            self.assertIn(says, done.err)
        done = self.spawn(harness.landline(), 'chat', '--trace', '--listen', '127.0.0.1:9000', tty=True,
                          env={'TERM': 'xterm'})
        self.assertEqual(done.wait(), 2, done.story())
        self.assertIn('add --lines', done.out + done.err)


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""landline answer --trace: the packets of each call, when it has ended, in a network namespace of the test's own."""
import unittest

import harness
from test_watch_live import IN_NAMESPACE, may_unshare

# Starts the answerer, sends it a datagram until that is answered, calls it so often, one call behind the other, and waits
# for so many texts on its stderr before it stops it.
CALLER = '''
import socket, subprocess, sys, time
calls, text, shown = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
answer = subprocess.Popen(sys.argv[4:], stderr=subprocess.PIPE)
told = b''
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as a:
    a.connect(('127.0.0.1', 9000))
    while True:
        try:
            a.send(b'datagram')
            a.recv(100)
            break
        except ConnectionRefusedError:
            time.sleep(0.02)
for number in range(calls):
    with socket.create_connection(('127.0.0.1', 9000)) as a:
        a.sendall(b'hello\\n')
        a.recv(100)
        a.shutdown(socket.SHUT_WR)
        while a.recv(100):
            pass
while told.count(text.encode()) < shown:
    line = answer.stderr.readline()
    if not line:
        break
    told += line
answer.terminate()
told += answer.stderr.read()
sys.stderr.write(told.decode())
sys.exit(answer.wait())
'''
WITHOUT_RIGHTS = ('setpriv', '--bounding-set', '-all', '--inh-caps', '-all')


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class AnswerTrace(harness.Case):
    def answer(self, calls, text, shown, *args, before=()):
        return self.run_program(*IN_NAMESPACE, 'python3', '-c', CALLER, str(calls), text, str(shown), *before,
                                harness.landline(), 'answer', '--trace', '--echo', '127.0.0.1:9000',
                                'udp://127.0.0.1:9000', *args)

    def test_each_call_as_it_ends(self):
        done = self.answer(3, 'closed first', 3)
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual(done.out.count('hello\n'), 3)
        for words, times in (('SYN_SENT', 3), ('PSH ACK seq=1 ack=1 len=6', 3), ('closed first', 3), ('#1  TCP', 3),
                             ('#1  UDP', 1), ('#2', 0)):
            self.assertEqual(done.err.count(words), times, done.story())
        # A datagram ends nothing: it is drawn when the program ends.
        self.assertLess(done.err.rindex('#1  TCP'), done.err.index('#1  UDP'))

    def test_the_number_is_bounded(self):
        done = self.answer(18, 'closed first', 15)
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual((done.err.count('#1  TCP'), done.err.count('#1  UDP')), (15, 1))
        self.assertEqual(done.err.count('--trace shows 16 conversations, and there are more'), 1)

    def test_json_has_stdout_for_itself(self):
        done = self.answer(1, 'closed first', 1, '--json')
        self.assertEqual(done.code, 0, done.story())
        self.assertNotIn('SYN_SENT', done.out)
        self.assertIn('"hang_up"', done.out)

    def test_without_the_right_to_capture(self):
        done = self.answer(2, 'segments sent again: 0', 2, before=WITHOUT_RIGHTS)
        self.assertEqual(done.code, 0, done.story())
        self.assertIn('no packets are shown: any: capturing is not permitted', done.err)
        self.assertRegex(done.err, r'127\.0\.0\.1:\d+: CLOSE-WAIT, round trip [\d.]+ [mu]s; bytes sent: 6, '
                                   r'received: 6; segments sent again: 0')
        self.assertNotIn('SYN_SENT', done.err)

    def test_what_has_no_packets(self):
        done = self.run_program(harness.landline(), 'answer', '--trace', '--echo', f'unix:{self.tmp}/s')
        self.assertEqual(done.code, 2, done.story())
        self.assertIn('--trace shows packets', done.err)


if __name__ == '__main__':
    harness.main()

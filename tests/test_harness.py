# SPDX-License-Identifier: ISC
"""The harness itself: a test that cannot fail proves nothing, so failing, skipping and hanging are tried."""
import os
import pathlib
import signal
import socket
import sys
import textwrap

import harness


class Children(harness.Case):
    def test_output_is_awaited_and_read_whole(self):
        child = self.spawn(sys.executable, '-c', 'print(input("名字: ") + "!"); print("x" * 300000)')
        child.expect('名字: $')
        child.send('张三\n')
        child.expect('张三!\n')
        self.assertEqual(child.wait(), 0)
        self.assertEqual(len(child.out), len('名字: 张三!\n') + 300001)

    def test_expect_says_what_came_instead(self):
        child = self.spawn(sys.executable, '-c', 'print("something else")')
        with self.assertRaisesRegex(AssertionError, 'its output ended(.|\n)*something else'):
            child.expect('never')

    def test_a_child_that_hangs_is_ended_and_reaped(self):
        child = self.spawn('sleep', '1000')
        with self.assertRaisesRegex(AssertionError, 'did not end within'):
            child.wait(timeout=0.05)
        self.assertFalse(pathlib.Path(f'/proc/{child.pid}').exists())

    def test_a_terminal(self):
        child = self.spawn(sys.executable, '-c', 'import os; print(os.isatty(0), os.get_terminal_size())',
                           tty=True, size=(8, 40))
        child.expect(r'True os.terminal_size\(columns=40, lines=8\)')
        self.assertEqual(child.wait(), 0)

    def test_ctrl_c_and_ctrl_d_on_a_terminal(self):
        child = self.spawn('cat', tty=True)
        child.send('喂\n')
        child.expect('喂\r\n喂\r\n')
        child.close_stdin()
        self.assertEqual(child.wait(), 0)
        child = self.spawn('cat', tty=True)
        child.send('喂\n')
        child.expect('喂\r\n喂\r\n')
        child.send('\x03')
        self.assertEqual(child.wait(), -signal.SIGINT)

    def test_the_environment_is_clean(self):
        os.environ['LANGUAGE'] = 'zh_CN'
        self.addCleanup(os.environ.pop, 'LANGUAGE', None)
        done = self.run_program('env', env={'NO_COLOR': '1'})
        self.assertNotIn('LANGUAGE=', done.out)
        self.assertIn('LC_ALL=C.UTF-8\n', done.out)
        self.assertIn('NO_COLOR=1\n', done.out)
        self.assertIn(f'HOME={self.tmp}', done.out)


class Listeners(harness.Case):
    def test_listeners_are_seen(self):
        port = harness.free_port()
        path = self.tmp / '电话'
        self.assertFalse(harness.tcp_listening(port) or harness.udp_bound(port) or harness.unix_listening(path))
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_UNIX) as unix:
            tcp.bind(('127.0.0.1', port))
            self.assertFalse(harness.tcp_listening(port))
            tcp.listen()
            udp.bind(('127.0.0.1', port))
            unix.bind(str(path))
            unix.listen()
            harness.wait_tcp(port)
            harness.wait_udp(port)
            harness.wait_unix(path)

    def test_waiting_ends_with_the_program(self):
        child = self.spawn(sys.executable, '-c', 'import sys; sys.exit("no such address")')
        with self.assertRaisesRegex(AssertionError, 'no such address'):
            harness.wait_tcp(harness.free_port(), child)

    def test_ports_are_not_given_twice(self):
        ports = [harness.free_port() for _ in range(50)]
        self.assertEqual(len(set(ports)), 50)


class Tap(harness.Case):
    def tap(self, body, *args):
        module = self.tmp / 'test_it.py'
        module.write_text('import sys, harness, unittest\n' + textwrap.dedent(body) + '\nharness.main()\n')
        return self.run_program(sys.executable, module, *args, env={'PYTHONPATH': str(harness.REPO / 'tests')})

    def test_all_outcomes(self):
        done = self.tap('''
            class A(harness.Case):
                def test_1_good(self): pass
                def test_2_bad(self): self.assertEqual(1, 2)
                def test_3_skip(self): self.skipTest('no # here')
                def test_4_error(self): raise OSError
                def test_5_sub(self):
                    for i in 1, 2:
                        with self.subTest(i=i): self.assertEqual(i, 1)
                def test_6_bad_end(self): self.addCleanup(lambda: 1 / 0)
            class B(harness.Case):
                @classmethod
                def setUpClass(cls): raise unittest.SkipTest('not on this machine')
                def test_left_out(self): pass
            class C(harness.Case):
                @classmethod
                def setUpClass(cls): raise OSError('broken')
                def test_kept_from_running(self): pass
            ''')
        lines = [line for line in done.out.splitlines() if not line.startswith('#')]
        self.assertEqual(lines, [
            '1..8', 'ok 1 - A.test_1_good', 'not ok 2 - A.test_2_bad', 'ok 3 - A.test_3_skip # SKIP no # here',
            'not ok 4 - A.test_4_error', 'not ok 5 - A.test_5_sub', 'not ok 6 - A.test_6_bad_end',
            'ok 7 - B.test_left_out # SKIP not on this machine', 'not ok 8 - C.test_kept_from_running'])
        self.assertIn('# AssertionError: 1 != 2', done.out)
        self.assertIn('# OSError: broken', done.out)
        self.assertEqual(done.code, 1)

    def test_success_is_0_and_no_tests_is_not(self):
        body = 'class A(harness.Case):\n    def test_x(self): pass\n    def test_y(self): self.fail()\n'
        self.assertEqual(self.tap(body, 'A.test_x').code, 0)
        self.assertEqual(self.tap(body).code, 1)
        self.assertEqual(self.tap('').code, 1)

    def test_a_sanitizer_report_fails_the_test(self):
        done = self.tap('''
            class A(harness.Case):
                def test_x(self):
                    self.run_program('sh', '-c', 'echo "x.c:1: runtime error: shift" >&2')
            ''')
        self.assertEqual(done.code, 1)

    def test_terminated_leaves_nobody_behind(self):
        module = self.tmp / 'test_it.py'
        module.write_text('import harness\nclass A(harness.Case):\n    def test_x(self):\n'
                          '        child = self.spawn("sleep", "1000")\n'
                          '        print("#", child.pid, flush=True)\n        child.wait(1000)\n'
                          'harness.main()\n')
        runner = self.spawn(sys.executable, module, env={'PYTHONPATH': str(harness.REPO / 'tests')})
        pid = int(runner.expect(r'# (\d+)\n')[1])
        runner.signal(signal.SIGTERM)
        self.assertEqual(runner.wait(), 128 + signal.SIGTERM)

        def gone():
            try:
                return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] == 'Z'
            except OSError:
                return True
        harness.wait_until(gone, f'the end of {pid}')


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""The tour: it ends by itself, needs no terminal, shows what really happened, stops at
Ctrl-C and leaves nobody behind."""
import os
import re
import signal
import time

import harness

CHINESE = {'LC_ALL': None, 'LANG': 'zh_CN.UTF-8'}


def children_of(pid):
    """The processes whose parent is pid."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat', encoding='utf-8', errors='replace') as stat:
                    if int(stat.read().rsplit(')', 1)[1].split()[1]) == pid:
                        found.append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


class Demo(harness.Case):
    def test_it_shows_what_it_promises(self):
        started = time.monotonic()
        done = self.run_program(harness.landline(), 'demo')
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual((done.code, done.err), (0, ''))
        self.assertRegex(done.out, r'ask +You said: Hello, is anybody there\?\n')
        self.assertRegex(done.out, r'ask +127\.0\.0\.1:\d+ answered over tcp: .*connect ')
        self.assertRegex(done.out, r'connection refused.*\n +\(exit status 4\)\n')
        lost = done.out.index('lost: Can you hear me?')
        again = done.out.index('sent again (1)')
        carried = done.out.index('carried there: Can you hear me?')
        self.assertTrue(lost < again < carried)
        self.assertRegex(done.out, r'ask +You said: Can you hear me\?\n')
        self.assertNotIn('\033', done.out)

    def test_it_speaks_chinese(self):
        done = self.run_program(harness.landline(), 'demo', env=CHINESE)
        self.assertEqual((done.code, done.err), (0, ''))
        self.assertRegex(done.out, r'(?m)^  answer +接到来自127\.0\.0\.1的电话$')
        self.assertRegex(done.out, r'(?m)^  answer +来自\[127\.0\.0\.1:\d+\]的一条消息:你好，有人在吗？$')
        self.assertRegex(done.out, r'(?m)^  ask +你说的是：你好，有人在吗？$')
        self.assertRegex(done.out, r'连接被拒绝.*\n +（退出状态 4）\n')
        # Who speaks is told in columns, and 线路 is as wide as "wire" though it has more bytes.
        self.assertRegex(done.out, r'(?m)^  线路     丢失：听得到吗？$')
        self.assertEqual([line for line in done.out.splitlines() if line and not re.search('[一-鿿]', line)], [])

    def test_the_commands_shown_are_ones_a_shell_takes(self):
        done = self.run_program(harness.landline(), 'demo')
        chinese = self.run_program(harness.landline(), 'demo', env=CHINESE)
        shown = re.findall(r'^  \$ landline (.*)$', done.out + chinese.out, re.MULTILINE)
        self.assertEqual(len(shown), 14)
        for command in shown:
            checked = self.run_program('sh', '-nc', f'landline {command}')
            self.assertEqual((checked.code, checked.err), (0, ''), command)

    def test_an_interrupt_ends_it_and_its_children(self):
        tour = self.spawn(harness.landline(), 'demo')
        tour.expect(r'listening on')
        children = children_of(tour.pid)
        tour.signal(signal.SIGINT)
        self.assertEqual(tour.wait(), 1)
        for pid in children:
            self.assertFalse(os.path.exists(f'/proc/{pid}'), f'{pid} was left behind')


if __name__ == '__main__':
    harness.main()

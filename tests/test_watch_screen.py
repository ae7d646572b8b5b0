# SPDX-License-Identifier: ISC
"""landline watch --screen on a capture file, on a terminal: the list, the ladder and the packet under the cursor, searching,
filtering, sorting, saving (what was written is read again), help, sizes down to one cell, Ctrl-Z, the end."""
import os
import re
import signal

import captures
import conversations
import harness
import terminal

ENGLISH, CHINESE = {'LANGUAGE': 'en'}, {'LANGUAGE': 'zh_CN'}


class Watching(harness.Case):
    def setUp(self):
        super().setUp()
        packets, self.connections = conversations.made(7, 40)
        self.file = self.tmp / 'some.pcap'
        self.file.write_bytes(captures.pcap(packets, nano=True))
        self.packets = packets

    def open(self, *args, columns=80, rows=24, env=ENGLISH, ready='43 conversations|43 个会话', file=None):
        t = terminal.Terminal(self, harness.landline(), 'watch', '--screen', file or self.file, *args, columns=columns,
                              rows=rows, env=env, cwd=self.tmp)
        if ready:
            t.wait_for(ready)
            t.wait_gone('reading|读取中')
        return t

    def quit(self, t):
        t.keys('q')
        self.assertEqual(t.wait(), 0)

    def port(self, number):
        return self.connections[number - 1].a.port

    def ladder(self, t, number):
        t.keys('Enter')
        t.wait_for(rf'^#{number} +TCP')
        t.wait_for(rf'some.pcap  #{number}  1/\d+ ')

    def test_from_the_list_to_a_ladder_and_back(self):
        t = self.open(columns=100, rows=30)
        t.wait_for(r'#1 TCP ')
        t.keys('Down', 'Down', 'Down', 'Down')
        t.wait_cursor(0, 5)
        self.ladder(t, 5)
        t.wait_for(rf':{self.port(5)} ')
        t.wait_for(rf'^TCP +{self.port(5)} → 80 SYN')
        t.wait_for(r'^options +MSS 1460, window scale 7 \(x128\)')
        t.keys('End')
        t.wait_for('What to do:')
        t.keys('Home')
        t.wait_for(r'#5  1/\d+ ')
        t.keys('Escape')
        t.wait_for('43 conversations')
        t.wait_cursor(0, 5)
        self.quit(t)

    def test_arrows_show_each_packet(self):
        t = self.open('--follow', '4', '--every', ready=None, columns=160, rows=50)
        t.wait_for(r'#4  1/\d+ .*every packet')
        seen = set()
        for _ in range(4):
            seen.add(t.wait_for(r'│ packet +(\d+) ').group(1))
            before = t.screen()
            t.keys('Down')
            t.wait_until(lambda before=before: t.screen() != before, 'the next packet')
        self.assertEqual(len(seen), 4)
        # Absolute numbers are those of the packet itself.
        t.keys('Home', 'a')
        first = self.connections[3]
        t.wait_for(r'#4  1/\d+ .*absolute')
        raw = t.wait_for(r'│ seq +0 \((\d+)\), next 1').group(1)
        t.wait_for(f'SYN seq={raw} ')
        self.assertEqual(first.a.port, self.port(4))
        # The packet goes and comes.
        t.keys('F2')
        t.wait_gone('│ packet ')
        t.keys('F2')
        t.wait_for('│ packet ')
        t.keys('q')
        t.wait_for('43 conversations')
        self.quit(t)

    def test_search_goes_round(self):
        t = self.open(columns=120, rows=50)
        port = str(self.port(7))
        t.type('/' + port)
        t.wait_for('^/' + port)
        t.keys('Enter')
        t.wait_cursor(0, 7)
        t.keys('g', '/')
        t.type('refused\n')
        t.wait_until(lambda: 'refused' in t.line(t.cursor[1]), 'the cursor to be at it')
        first = t.cursor[1]
        t.keys('n')
        t.wait_until(lambda: t.cursor[1] > first and 'refused' in t.line(t.cursor[1]), 'the next one')
        t.keys('N')
        t.wait_cursor(0, first)
        t.type('/no such thing\n')
        t.wait_for('"no such thing" is not there')
        t.wait_cursor(0, first)
        self.quit(t)

    def test_filter_and_order(self):
        t = self.open(columns=120, rows=50)
        t.keys('F')
        t.type('port %d or port %d\n' % (self.port(3), self.port(9)))
        t.wait_for('2 of 43 conversations')
        self.assertEqual(len(re.findall(r'#\d+ TCP', t.screen())), 2)
        t.keys('F', 'C-u')
        t.type('nonsense\n')
        t.wait_for('"nonsense" is nothing to choose conversations by')
        t.wait_for('2 of 43 conversations')
        t.keys('F', 'C-u', 'Enter')
        t.wait_for(r'some.pcap  43 conversations')
        while not re.search('by bytes', t.screen()):
            before = t.screen()
            t.keys('o')
            t.wait_until(lambda before=before: t.screen() != before, 'another order')
        sums = [sum(int(number.replace(',', '')) for number in found) for found in
                re.findall(r'#\d+ TCP +.*:80 +([\d,]+) +([\d,]+) ', t.screen())]
        self.assertGreater(len(sums), 20)
        self.assertEqual(sums, sorted(sums, reverse=True))
        t.keys('O')
        t.wait_for('by bytes, reversed')
        self.quit(t)

    def test_save_writes_what_is_shown(self):
        t = self.open(columns=100, rows=30)
        t.keys('Down', 'Down', 'Down', 's')
        t.wait_for('^save as: conversation-4.pcapng')
        t.keys('Enter')
        count = int(t.wait_for(r'(\d+) packets written to conversation-4.pcapng').group(1))
        done = self.run_program(harness.landline(), 'watch', self.tmp / 'conversation-4.pcapng', '--json', env=ENGLISH)
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(done.out.count('"type":"conversation"'), 1, done.out)
        ours = re.search(r'"packets_a":(\d+),"packets_b":(\d+)', done.out)
        self.assertEqual(int(ours[1]) + int(ours[2]), count)
        # It asks before it writes over something.
        before = (self.tmp / 'conversation-4.pcapng').stat()
        t.keys('s', 'Enter')
        t.wait_for('is there already; write over it')
        t.keys('n')
        t.wait_gone('is there already')
        self.assertEqual((self.tmp / 'conversation-4.pcapng').stat().st_mtime_ns, before.st_mtime_ns)
        self.ladder(t, 4)
        t.keys('s', 'C-u')
        t.type('four.txt\n')
        t.wait_for('written to four.txt')
        text = (self.tmp / 'four.txt').read_text()
        self.assertIn('SYN seq=0 mss=1460', text)
        self.assertIn(f':{self.port(4)}', text)
        t.keys('s', 'C-u')
        t.type('four.exe\n')
        t.wait_for('the name says what is saved')
        self.assertFalse((self.tmp / 'four.exe').exists())
        t.keys('s', 'C-u')
        t.type('no/such/folder.txt\n')
        t.wait_for('folder.txt: no such file')
        t.keys('q')
        t.wait_for('43 conversations')
        self.quit(t)

    def test_chinese(self):
        t = self.open(env=CHINESE, columns=100, rows=30)
        t.wait_for('F1 帮助')
        t.keys('Down', 'Enter')
        t.wait_for('^数据包 +')
        t.wait_for('^窗口 ')
        t.keys('F1')
        t.wait_for('梯形图')
        t.keys('Escape')
        t.wait_for('^窗口 ')
        t.keys('Escape')
        t.wait_for('43 个会话')
        self.quit(t)

    def test_any_size(self):
        t = self.open(columns=160, rows=50)
        t.keys('Down', 'Enter')
        t.wait_for(r'#2  1/\d+ ')
        for columns, rows in ((20, 5), (1, 1), (2, 3), (300, 100), (80, 24)):
            t.resize(columns, rows)
            t.keys('Down', 'Up', 'PPage', 'Left', 'Right', 'F2', 'F2')
        t.wait_for(r'#2  \d+/\d+ ')
        t.keys('q')
        t.wait_for('43 conversations')
        for columns, rows in ((1, 1), (20, 5)):
            t.resize(columns, rows)
            t.keys('Down', 'Up', '/', 'C-c', 'F1', 'F1')
        t.resize(80, 24)
        t.wait_for('43 conversations')
        self.quit(t)

    def test_a_signal_ends_it_and_the_terminal_is_as_it_was(self):
        t = self.open()
        self.assertTrue(t.flag('alternate_on'))
        os.kill(t.pid, signal.SIGTERM)
        self.assertEqual(t.wait(), 0)
        self.assertFalse(t.flag('alternate_on'))

    def test_a_cut_file_is_shown_as_far_as_it_goes(self):
        whole = self.file.read_bytes()
        cut = self.tmp / 'cut.pcap'
        cut.write_bytes(whole[:len(whole) // 2])
        t = self.open(file=cut, ready='cut.pcap: ')
        t.wait_for('#1 TCP')
        t.keys('q')
        self.assertEqual(t.wait(), 9)

    def test_without_a_terminal_it_says_so(self):
        done = self.run_program(harness.landline(), 'watch', '--screen', self.file, env=ENGLISH)
        self.assertEqual(done.code, 2)
        self.assertIn('--screen needs a terminal', done.err)


if __name__ == '__main__':
    harness.main()

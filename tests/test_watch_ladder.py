# SPDX-License-Identifier: ISC
"""Ladders and the overview as `landline watch FILE` prints them, over connections made by chance: every line fits, in
English and Chinese; every packet has its arrow; the states that both ends are left in are the last ones beside the
lifelines."""
import re
import unicodedata
import unittest

import captures
import conversations
import harness
import terminal

COUNT = 20
ARROW = re.compile(r'[▶◀]')
STATES = {'SYN_SENT', 'SYN_RECEIVED', 'ESTABLISHED', 'FIN_WAIT_1', 'FIN_WAIT_2', 'CLOSE_WAIT', 'CLOSING', 'LAST_ACK',
          'TIME_WAIT', 'CLOSED', 'LISTEN', '?'}


def columns_of(line):
    return sum(2 if unicodedata.east_asian_width(letter) in 'WF' else 1 for letter in line)


class WatchLadder(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.packets, cls.connections = conversations.made(20261124, COUNT)

    def setUp(self):
        super().setUp()
        self.file = self.tmp / 'made.pcap'
        self.file.write_bytes(captures.pcap(self.packets, nano=True))

    def watch(self, *args, columns=80, language='en'):
        program = self.run_program(harness.landline(), 'watch', str(self.file), '--no-pager', '--no-color', *args,
                                   env={'COLUMNS': str(columns), 'LANG': 'C.UTF-8', 'LANGUAGE': language})
        self.assertEqual(program.code, 0, program.story())
        for line in program.out.splitlines():
            self.assertLessEqual(columns_of(line), columns, line)
        return program.out

    def test_overview_fits_and_has_a_line_for_each(self):
        for columns in (60, 80, 160):
            for language in ('en', 'zh_CN'):
                with self.subTest(columns=columns, language=language):
                    out = self.watch(columns=columns, language=language)
                    for number in range(1, len(self.connections) + 1):
                        self.assertEqual(len(re.findall(rf'^.? *#{number} (?:TCP|UDP) ', out, re.M)), 1, out)

    def ladder(self, number, **more):
        """(arrows, the last state of each side) of one conversation's ladder"""
        out = self.watch('--follow', str(number), '--every', **more)
        arrows, last = 0, [None, None]
        for line in out.splitlines():
            parts = re.split('│', line)
            if len(parts) != 3:
                continue
            arrows += bool(ARROW.search(parts[1]))
            for side, text in enumerate((parts[0], parts[2])):
                state = (text.split() or [''])[-1 if side == 0 else 0].lstrip('~')
                if state in STATES:
                    last[side] = state
        return arrows, tuple(last), out

    def test_every_packet_has_its_arrow_and_the_ends_their_states(self):
        for columns in (80, 160):
            drawn = 0
            for number, connection in enumerate(self.connections, 1):
                arrows, last, out = self.ladder(number, columns=columns)
                drawn += arrows
                expected = connection.states
                if expected == ('SYN_SENT', 'SYN_RECEIVED'):
                    # It has never answered: nothing is known of it.
                    expected = 'SYN_SENT', '?'
                self.assertEqual(last, expected, out)
            self.assertEqual(drawn, len(self.packets))

    def test_narrow_and_chinese_ladders_fit(self):
        for number in range(1, len(self.connections) + 1):
            self.watch('--follow', str(number), columns=60)
            self.watch('--follow', str(number), columns=60, language='zh_CN')
            self.watch('--follow', str(number), columns=200, language='zh_CN')

    def test_ascii(self):
        out = self.watch('--follow', '1', '--ascii')
        self.assertTrue(out.isascii(), out)
        self.assertIn('SYN_SENT |-- SYN ', out)

    def test_on_terminals(self):
        """A whole ladder is there as it was meant, columns and all, as a terminal draws it."""
        number = next(number for number, made in enumerate(self.connections, 1) if made.states == ('CLOSED', 'TIME_WAIT'))
        for columns, rows in ((80, 24), (160, 50)):
            for language in ('en', 'zh_CN'):
                with self.subTest(columns=columns, language=language):
                    told = self.watch('--follow', str(number), columns=columns, language=language)
                    argv = terminal.settled(harness.landline(), 'watch', str(self.file), '--follow', str(number),
                                            '--no-pager')
                    t = terminal.Terminal(self, *argv, columns=columns, rows=rows,
                                          env={'LANG': 'C.UTF-8', 'LANGUAGE': language})
                    self.assertEqual(t.wait(), 0)
                    shown = [line.rstrip() for line in t.scrollback().splitlines()]
                    for line in told.splitlines():
                        if '│' in line:
                            self.assertIn(line, shown)


if __name__ == '__main__':
    harness.main()

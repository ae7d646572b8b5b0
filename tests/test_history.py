# SPDX-License-Identifier: ISC
"""landline history with the real program: which messages, in which form, of whom; forgetting; a journal that is
not there, damaged, not ours to read, or being written to."""
import calendar
import json
import os
import sqlite3
import subprocess
import time

import harness

RECEIVED, WAITING, SENT, ACKED, ANSWERED, FAILED, CANCELLED = range(7)
# The clock of the tests is UTC.
NOON = calendar.timegm((2025, 11, 24, 12, 0, 0))
DAY = 86400


class History(harness.Case):
    def setUp(self):
        super().setUp()
        self.path = self.home / 'data' / 'landline' / 'history.db'

    def fill(self, *messages):
        lines = []
        for who, direction, state, at, text, *more in messages:
            address, note = (more + ['', ''])[:2]
            data = text if isinstance(text, bytes) else text.encode()
            lines.append('\t'.join([who, direction, str(state), str(round(at * 1000) * 10**6), address, note, data.hex()]))
        done = self.run_program(harness.helper('journal_fill'), self.path, input='\n'.join(lines) + '\n')
        self.assertEqual((done.code, done.err), (0, ''))

    def contacts(self, text):
        path = self.home / 'config' / 'landline' / 'contacts'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def history(self, *args, code=0, env=None, **more):
        done = self.run_program(harness.landline(), 'history', *args,
                                env={'TZ': 'UTC0', **(env or {})}, **more)
        self.assertEqual(done.code, code, done.err)
        return done

    def talk(self):
        self.contacts('张三 = udp://127.0.0.1:8081\n李四 = tcp://127.0.0.1:8082\n')
        self.fill(('张三', 'in', RECEIVED, NOON - DAY, '昨天', 'udp://127.0.0.1:8081'),
                  ('张三', 'out', ANSWERED, NOON, '我们去吃饭', 'udp://127.0.0.1:8081'),
                  ('李四', 'in', RECEIVED, NOON + 1, 'Hello there', 'tcp://127.0.0.1:8082'),
                  ('张三', 'in', RECEIVED, NOON + 2, '好,吃饭', 'udp://127.0.0.1:8081'),
                  ('李四', 'out', FAILED, NOON + 3, 'are you there?', 'tcp://127.0.0.1:8082', 'connection refused'),
                  ('udp://127.0.0.1:4000', 'in', RECEIVED, NOON + 4, '\x1b[31mred\nblue', 'udp://127.0.0.1:4000'))


class Shown(History):
    def test_lines_of_everybody(self):
        self.talk()
        done = self.history()
        self.assertEqual(done.out, '2025-11-23 12:00:00 张三: 昨天\n'
                                   '2025-11-24 12:00:00 me → 张三: 我们去吃饭\n'
                                   '2025-11-24 12:00:01 李四: Hello there\n'
                                   '2025-11-24 12:00:02 张三: 好,吃饭\n'
                                   '2025-11-24 12:00:03 me → 李四: are you there? [failed: connection refused]\n'
                                   '2025-11-24 12:00:04 udp://127.0.0.1:4000: \\x1b[31mred\\x0ablue\n')
        self.assertEqual(done.err, '')

    def test_the_newest_of_one(self):
        self.talk()
        self.assertEqual(self.history('张三', '-n', '2').out, '2025-11-24 12:00:00 me → 张三: 我们去吃饭\n'
                                                              '2025-11-24 12:00:02 张三: 好,吃饭\n')

    def test_a_search(self):
        self.talk()
        self.assertEqual(self.history('-s', '吃饭').out.count('\n'), 2)
        self.assertEqual(self.history('李四', '-s', '吃饭').out, '')
        self.assertEqual(self.history('-s', 'THERE hel').out, '2025-11-24 12:00:01 李四: Hello there\n')
        self.assertEqual(self.history('-s', '吃饭', '-n', '1').out, '2025-11-24 12:00:02 张三: 好,吃饭\n')

    def test_times(self):
        self.talk()
        self.assertEqual(self.history('--until', '2025-11-23').out, '2025-11-23 12:00:00 张三: 昨天\n')
        self.assertEqual(self.history('--since', '2025-11-24T13:00:02+01:00', '--until', '2025-11-24 12:00:04')
                         .out.count('\n'), 2)
        self.fill(('张三', 'in', RECEIVED, time.time() - 60, 'just now'))
        self.assertRegex(self.history('--since', '1h').out, r'\A\S+ \S+ 张三: just now\n\Z')

    def test_by_default_the_newest_fifty(self):
        self.fill(*[('张三', 'in', RECEIVED, NOON + i, f'm{i}') for i in range(60)])
        self.assertEqual([line.split()[-1] for line in self.history().out.splitlines()],
                         [f'm{i}' for i in range(10, 60)])
        self.assertEqual(self.history('-n', '0').out.count('\n'), 60)
        self.assertEqual(self.history('--export', 'text').out.count('\n'), 60)

    def test_more_than_a_page(self):
        self.fill(*[('张三' if i % 2 else '李四', 'in', RECEIVED, NOON + i, f'm{i}') for i in range(3000)])
        for args, expected in ((('--export', 'text'), range(3000)), (('-n', '1234'), range(1766, 3000)),
                               (('张三', '-n', '700'), range(1601, 3000, 2)), (('-n', '0', '-s', 'm'), range(3000))):
            with self.subTest(args=args):
                self.assertEqual([line.split()[-1] for line in self.history(*args).out.splitlines()],
                                 [f'm{i}' for i in expected])

    def test_a_terminal(self):
        self.talk()
        program = self.spawn(harness.landline(), 'history', '张三', tty=True,
                             env={'TZ': 'UTC0', 'TERM': 'xterm', 'NO_COLOR': '1'})
        self.assertEqual(program.wait(), 0)
        self.assertEqual(program.out.replace('\r\n', '\n'), '2025-11-23\n'
                                                                   '12:00:00    张三: 昨天\n'
                                                                   '2025-11-24\n'
                                                                   '12:00:00 ✓✓ me: 我们去吃饭\n'
                                                                   '12:00:02    张三: 好,吃饭\n')

    def test_a_terminal_in_colours_and_lines(self):
        self.talk()
        program = self.spawn(harness.landline(), 'history', 'udp://127.0.0.1:4000', tty=True,
                             env={'TZ': 'UTC0', 'TERM': 'xterm'})
        self.assertEqual(program.wait(), 0)
        out = program.out
        self.assertNotIn('\x1b[31mred', out)
        self.assertIn('\\x1b', out)
        self.assertRegex(out, r'\n {12,}blue')
        self.assertIn('\x1b[', out)

    def test_the_conversations(self):
        self.talk()
        self.assertEqual(self.history('--list').out, '2025-11-24 12:00  udp://127.0.0.1:4000  1 message, 1 unread\n'
                                                     '2025-11-24 12:00  李四  2 messages, 1 unread\n'
                                                     '2025-11-24 12:00  张三  3 messages, 2 unread\n')
        first = json.loads(self.history('--list', '--json').out.splitlines()[0])
        self.assertEqual(first, {'event': 'conversation', 'peer': 'udp://127.0.0.1:4000', 'messages': 1, 'unread': 1,
                                 'journal': 6, 'time': '2025-11-24T12:00:04.000+00:00'})

    def test_in_chinese(self):
        self.talk()
        out = self.history('李四', env={'LANGUAGE': 'zh_CN', 'LC_ALL': 'C.UTF-8', 'LANG': 'zh_CN.UTF-8'}).out
        self.assertIn('我 → 李四: are you there? [', out)


class Exported(History):
    def test_json_has_everything(self):
        self.fill(('张三', 'out', FAILED, NOON + 0.25, b'a\xff\n', 'tcp://127.0.0.1:9', 'refused'))
        self.assertEqual(json.loads(self.history('--json').out), {
            'event': 'message', 'time': '2025-11-24T12:00:00.250+00:00', 'at_ns': (NOON * 4 + 1) * 250000000,
            'journal': 1, 'peer': '张三', 'address': 'tcp://127.0.0.1:9', 'direction': 'out', 'state': 'failed',
            'outbox': False, 'note': 'refused', 'ending': 'lf', 'bytes': 3, 'text': 'a\\xff\n',
            'text_base64': 'Yf8K'})

    def test_jsonl_is_the_same_of_all(self):
        self.talk()
        self.assertEqual(self.history('--export', 'jsonl').out, self.history('--json', '-n', '0').out)
        self.assertEqual([json.loads(line)['text'] for line in
                          self.history('--export', 'jsonl', '李四').out.splitlines()],
                         ['Hello there', 'are you there?'])

    def test_text_keeps_lines_apart(self):
        self.fill(('张三', 'in', RECEIVED, NOON, 'one\ntwo\x1b'), ('张三', 'out', WAITING, NOON, 'later'))
        self.assertEqual(self.history('--export', 'text').out, '2025-11-24 12:00:00 张三: one\n    two\\x1b\n'
                                                               '2025-11-24 12:00:00 me → 张三: later [waiting]\n')

    def test_a_reader_that_goes_is_not_read_for(self):
        self.fill(*[('张三', 'in', RECEIVED, NOON + i, 'x' * 200) for i in range(5000)])
        done = subprocess.run(['sh', '-c', '"$1" history --export text | head -1', 'sh', harness.landline()],
                              env=harness.clean_env(self.home), capture_output=True, text=True,
                              timeout=harness.DEADLINE_S)
        self.assertEqual((done.stdout.count('\n'), done.stderr), (1, ''))


class Who(History):
    def test_a_contact_in_another_spelling(self):
        self.contacts('Zo\u00eb = udp://127.0.0.1:8081\n')
        self.fill(('Zo\u00eb', 'in', RECEIVED, NOON, 'hi'))
        self.assertEqual(self.history('Zoe\u0308').out, '2025-11-24 12:00:00 Zo\u00eb: hi\n')

    def test_one_who_is_a_contact_no_more(self):
        self.fill(('王五', 'in', RECEIVED, NOON, 'hi'))
        self.assertEqual(self.history('王五').out, '2025-11-24 12:00:00 王五: hi\n')

    def test_an_address_in_short_and_that_of_a_contact(self):
        self.talk()
        self.fill(('tcp://127.0.0.1:7', 'in', RECEIVED, NOON, 'short'))
        self.assertIn('short', self.history('127.0.0.1:7').out)
        self.assertEqual(self.history('udp://127.0.0.1:8081').out, self.history('张三').out)

    def test_nobody(self):
        self.talk()
        self.contacts('张三丰 = udp://127.0.0.1:8083\n')
        self.fill(('worker', 'in', RECEIVED, NOON, 'hi'))
        done = self.history('张山丰', code=3)
        self.assertEqual((done.out, done.err), ('', 'landline: nobody called "张山丰" is known; '
                                                    'did you mean "张三丰"?\n'))
        self.assertIn('did you mean "worker"', self.history('wroker', code=3).err)
        self.assertIn('history --list', self.history('somebody', code=3).err)

    def test_known_but_silent(self):
        self.contacts('赵六 = udp://127.0.0.1:8084\n')
        self.assertEqual(self.history('赵六').out, '')
        self.fill(('张三', 'in', RECEIVED, NOON, 'hi'))
        self.assertEqual(self.history('赵六').out, '')
        self.assertEqual(self.history('udp://127.0.0.1:9').out, '')


class Forgotten(History):
    def test_it_asks(self):
        self.talk()
        done = self.history('张三', '--delete', code=2, input='y\n')
        self.assertIn('--yes', done.err)
        for answer, left in (('n\n', 3), ('\n', 3), ('y\n', 0)):
            program = self.spawn(harness.landline(), 'history', '张三', '--delete', tty=True)
            program.expect('for good')
            program.send(answer)
            self.assertEqual(program.wait(), 0)
            self.assertEqual(self.history('-n', '0').out.count('张三'), left)

    def test_a_part(self):
        self.talk()
        self.assertEqual(self.history('张三', '--until', '2025-11-23', '--delete', '-y').out,
                         '1 message is forgotten\n')
        self.assertEqual(self.history('张三').out.count('\n'), 2)
        self.assertEqual(self.history('--delete', '--yes').out, '5 messages are forgotten\n')
        self.assertEqual(self.history('--list').out, '')
        self.assertEqual(self.history('-s', '吃饭').out, '')

    def test_not_the_outbox(self):
        self.fill(('张三', 'out', WAITING, NOON, 'later'))
        self.assertEqual(self.history('--delete', '--yes').out, '0 messages are forgotten\n')
        self.assertIn('later', self.history().out)


class Misuse(History):
    def test_what_excludes_each_other(self):
        for args in (('--list', '张三'), ('--list', '-s', 'x'), ('--delete', '-n', '1'), ('--json', '--export', 'text'),
                     ('--yes',), ('--delete', '--search', 'x')):
            with self.subTest(args=args):
                done = self.history(*args, code=2)
                self.assertEqual((done.out, done.err.count('\n')), ('', 1))

    def test_no_time(self):
        for args in (('--since', 'yesterday'), ('--until', '2025-02-30'), ('--since', '1960-01-01')):
            with self.subTest(args=args):
                done = self.history(*args, code=2)
                self.assertIn(f'{args[0]}: "{args[1]}"', done.err)


class Journals(History):
    def test_none_yet_and_none_is_made(self):
        self.assertEqual(self.history().out, '')
        self.assertEqual(self.history('--list').out, '')
        self.assertFalse(self.path.exists())

    def test_no_place(self):
        done = self.history(code=1, env={'XDG_DATA_HOME': None, 'HOME': ''})
        self.assertIn('XDG_DATA_HOME', done.err)

    def test_a_damaged_one(self):
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(b'nonsense' * 1000)
        done = self.history(code=9)
        self.assertIn(f'{self.path} is damaged', done.err)
        self.assertEqual(done.err.count('\n'), 1)

    def test_a_newer_one(self):
        self.fill(('张三', 'in', RECEIVED, NOON, 'hi'))
        with sqlite3.connect(self.path) as db:
            db.execute('PRAGMA user_version = 99')
        db.close()
        self.assertIn('newer landline', self.history(code=9).err)

    def test_one_that_may_not_be_read(self):
        self.fill(('张三', 'in', RECEIVED, NOON, 'hi'))
        self.path.chmod(0o400)
        if os.geteuid() == 0:
            self.skipTest('root may read everything; store-sqlite tries it as somebody else')
        self.assertIn('yours to write', self.history(code=8).err)

    def test_one_that_is_written_to(self):
        self.fill(('张三', 'in', RECEIVED, NOON, 'hi'))
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute('BEGIN IMMEDIATE')
        self.assertEqual(self.history().out, '2025-11-24 12:00:00 张三: hi\n')
        db.execute('ROLLBACK')
        db.close()


if __name__ == '__main__':
    harness.main()

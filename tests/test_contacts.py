# SPDX-License-Identifier: ISC
"""landline contacts: what it prints, what it changes in the files, and that nothing is lost when many change
them at once."""
import contextlib
import json
import os
import re
import sqlite3

import harness

PIN_A = 'sha256:' + 'a1' * 32
PIN_B = 'sha256:' + 'b2' * 32
MANY = 20

# A file as a person would write it.
BY_HAND = '''# colleagues

  Ann\t= tls://ann.example   udp://192.0.2.7:9000  # the second at night
王小明=udp://127.0.0.1:9001 +mute
'''


class Contacts(harness.Case):
    def setUp(self):
        super().setUp()
        self.file = self.home / 'config/landline/contacts'
        self.known = self.home / 'data/landline/known_peers'

    def write(self, text, path=None):
        path = path or self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_contacts(self, *words, code=0, **more):
        done = self.run_program(harness.landline(), 'contacts', *words, **more)
        self.assertEqual(done.code, code, done.story())
        return done

    def says(self, *words, code, err, **more):
        done = self.run_contacts(*words, code=code, **more)
        self.assertEqual(done.out, '')
        self.assertEqual(done.err, f'landline: {err}\n')

    def events(self, *words, **more):
        return [json.loads(line) for line in self.run_contacts('--json', *words, **more).out.splitlines()]


class Listing(Contacts):
    def test_columns(self):
        self.write(BY_HAND)
        self.write(f'tls://ann.example:5463 {PIN_A} 2026-01-02\n', self.known)
        # 王小明 takes six columns.
        want = (f'Ann            tls://ann.example     {PIN_A} (since 2026-01-02)\n'
                '               udp://192.0.2.7:9000\n'
                '王小明  +mute  udp://127.0.0.1:9001\n')
        self.assertEqual(self.run_contacts().out, want)
        self.assertEqual(self.run_contacts('list').out, want)
        self.assertEqual(self.run_contacts('list', '王小明').out, '王小明  +mute  udp://127.0.0.1:9001\n')

    def test_what_is_known_of_a_certificate(self):
        self.write('A = tls://a dtls://b tls://c tls://d\n')
        self.write(f'tls://a:5463 authority 2026-01-02\ndtls://b:5463 {PIN_A} 2026-01-02 pinned\n'
                   f'tls://c:5463 {PIN_B}\n', self.known)
        self.assertEqual(self.run_contacts().out,
                         'A  tls://a   an authority vouches for it (since 2026-01-02)\n'
                         f'   dtls://b  {PIN_A} (pinned on 2026-01-02)\n'
                         f'   tls://c   {PIN_B}\n'
                         '   tls://d   no certificate seen yet\n')

    def test_json(self):
        self.write(BY_HAND)
        self.write(f'tls://ann.example:5463 {PIN_A} pinned\n', self.known)
        self.assertEqual(self.events(), [
            {'event': 'contact', 'name': 'Ann', 'mute': False, 'no_history': False, 'addresses': [
                {'address': 'tls://ann.example', 'trusted': PIN_A, 'since': None, 'pinned': True},
                {'address': 'udp://192.0.2.7:9000'}]},
            {'event': 'contact', 'name': '王小明', 'mute': True, 'no_history': False, 'addresses': [
                {'address': 'udp://127.0.0.1:9001'}]}])

    def test_none_yet(self):
        done = self.run_contacts()
        self.assertEqual((done.out, done.err),
                         ('', 'landline: there are no contacts yet; landline contacts add NAME ADDRESS\n'))
        self.assertEqual(self.events(), [])

    def test_who_is_not_there(self):
        self.write(BY_HAND)
        self.says('list', 'Anm', code=3, err='there is no contact "Anm"; did you mean "Ann"?')

    def test_a_spoiled_file(self):
        self.write('# x\nAnn tcp://a:1\n')
        self.says(code=9, err=f'{self.file}:2: a contact is written as NAME = ADDRESS')
        self.says('add', 'Bob', 'tcp://b:1', code=9, err=f'{self.file}:2: a contact is written as NAME = ADDRESS')
        self.write('Ann = tcp://a:1 +loud\n')
        self.says(code=9, err=f'{self.file}:1: "+loud" is no flag of a contact; there are +mute, +no-history')
        self.write('')
        self.write('tls://a:1 who\n', self.known)
        done = self.run_contacts(code=9)
        self.assertIn(f'{self.known}:1: ', done.err)


class Changing(Contacts):
    def test_a_life(self):
        self.assertEqual(self.run_contacts('add', '张三', 'udp://127.0.0.1:8081').out, '张三  udp://127.0.0.1:8081\n')
        self.assertEqual(self.run_contacts('add', '张三', 'ann.example', ':9').out,
                         '张三  udp://127.0.0.1:8081\n      tcp://ann.example:5463\n      tcp://localhost:9\n')
        self.assertEqual(self.run_contacts('remove', '张三', 'localhost:9').out,
                         '张三  udp://127.0.0.1:8081\n      tcp://ann.example:5463\n')
        self.run_contacts('mute', '张三')
        self.run_contacts('mute', '张三')
        self.assertEqual(self.run_contacts('history', '张三', 'off').out.splitlines()[0],
                         '张三  +mute +no-history  udp://127.0.0.1:8081')
        self.assertEqual(self.run_contacts('rename', '张三', '小张').out.splitlines()[0],
                         '小张  +mute +no-history  udp://127.0.0.1:8081')
        self.assertEqual(self.file.read_text(),
                         '小张 = udp://127.0.0.1:8081 tcp://ann.example:5463 +mute +no-history\n')
        self.run_contacts('unmute', '小张')
        self.run_contacts('history', '小张', 'on')
        self.assertEqual(self.file.read_text(), '小张 = udp://127.0.0.1:8081 tcp://ann.example:5463\n')
        self.assertEqual(self.run_contacts('remove', '小张').out, 'removed 小张\n')
        self.assertEqual(self.file.read_text(), '')
        self.assertEqual(os.listdir(self.file.parent), ['contacts'])

    def test_what_is_not_meant_stays(self):
        self.write(BY_HAND)
        self.run_contacts('add', 'Bob', 'tcp://b:1')
        self.run_contacts('mute', 'Ann')
        self.run_contacts('unmute', '王小明')
        self.run_contacts('remove', 'Ann', 'tls://ann.example:5463')
        self.assertEqual(self.file.read_text(), '# colleagues\n\n  Ann\t=   udp://192.0.2.7:9000 +mute'
                         '  # the second at night\n王小明=udp://127.0.0.1:9001\nBob = tcp://b:1\n')

    def test_two_ways_to_write_an_accent_are_one_name(self):
        one, two = 'Ren\u00e9', 'Rene\u0301'
        self.run_contacts('add', one, 'tcp://a:1')
        self.run_contacts('add', two, 'tcp://b:1')
        self.assertEqual(self.file.read_text(), f'{one} = tcp://a:1 tcp://b:1\n')
        self.says('add', two, 'tcp://a:1', code=1, err=f'{one} has the address tcp://a:1 already')
        self.run_contacts('import', input=f'{two} = tcp://c:1\n')
        self.assertEqual(len(self.events('list', two)[0]['addresses']), 3)
        self.run_contacts('remove', two)
        self.assertEqual(self.file.read_text(), '')

    def test_the_conversation_is_renamed_too(self):
        one, two = 'Ren\u00e9', 'Rene\u0301'
        self.write(f'{one} = tcp://a:1\n')
        journal = self.home / 'data/landline/history.db'
        self.run_contacts('rename', one, 'R')
        self.assertFalse(journal.exists(), 'a journal is not made for this')
        self.run_contacts('rename', 'R', one)
        # An empty file becomes a journal when it is opened.
        self.write('', journal)
        self.run_contacts('rename', one, one)
        with contextlib.closing(sqlite3.connect(journal)) as database:
            database.execute('INSERT INTO conversation(who) VALUES (?)', (one,))
            database.commit()
        # Found as it is written in the book, however it is typed.
        self.run_contacts('rename', two, '小雷')
        with contextlib.closing(sqlite3.connect(journal)) as database:
            self.assertEqual(database.execute('SELECT who FROM conversation WHERE who IS NOT NULL').fetchall(),
                             [('小雷',)])

    def test_a_journal_that_is_damaged(self):
        self.write('Ann = tcp://a:1\n')
        journal = self.home / 'data/landline/history.db'
        self.write('what?' * 1000, journal)
        done = self.run_contacts('rename', 'Ann', 'Anna', code=9)
        self.assertIn('landline: Ann is Anna in the contacts now, but what was said is still kept under the old '
                      f'name: {journal}', done.err)
        self.assertEqual(self.file.read_text(), 'Anna = tcp://a:1\n')

    def test_json_after_a_change(self):
        self.assertEqual(self.events('add', 'Ann', 'tls://a:1'), [
            {'event': 'contact', 'name': 'Ann', 'mute': False, 'no_history': False,
             'addresses': [{'address': 'tls://a:1', 'trusted': None}]}])
        self.assertTrue(self.events('mute', 'Ann')[0]['mute'])
        self.assertEqual(self.events('remove', 'Ann'), [{'event': 'removed', 'name': 'Ann'}])

    def test_what_cannot_be(self):
        self.write(BY_HAND)
        self.says('add', 'Ann', 'tcp://x:0', code=2,
                  err='tcp://x:0: nobody can be called at port 0; a port is a number from 1 to 65535')
        self.says('add', 'Bob', 'tcp://x:1', 'tls:/y', code=2, err='tls:/y: two slashes after the scheme: tls://y')
        done = self.run_contacts('add', 'a:b', 'tcp://x:1', code=2)
        self.assertIn('"a:b" can\'t be a name', done.err)
        self.says('remove', 'Anm', code=3, err='there is no contact "Anm"; did you mean "Ann"?')
        self.says('remove', 'Ann', 'tcp://x:1', code=3, err='Ann has no address tcp://x:1')
        self.says('remove', '王小明', 'udp://127.0.0.1:9001', code=1,
                  err='udp://127.0.0.1:9001 is the only address of 王小明; remove the contact as a whole, or add '
                      'another one first')
        self.says('rename', 'Ann', '王小明', code=1, err='there is a contact "王小明" already')
        self.says('history', 'Ann', 'of', code=2, err='history is "on" or "off", not "of"')
        self.assertEqual(self.file.read_text(), BY_HAND)

    def test_a_file_that_may_not_be_written(self):
        # A folder in its place: root may write everything else.
        self.file.mkdir(parents=True)
        done = self.run_contacts('add', 'Ann', 'tcp://a:1', code=9)
        self.assertIn(str(self.file), done.err)
        self.says('add', 'Ann', 'tcp://a:1', code=1, env={'HOME': None, 'XDG_CONFIG_HOME': None},
                  err='the contacts have no place; set HOME or XDG_CONFIG_HOME')

    def test_many_at_once_lose_nothing(self):
        programs = [self.spawn(harness.landline(), 'contacts', 'add', f'n{i}', f'tcp://h{i}:1') for i in range(MANY)]
        programs += [self.spawn(harness.landline(), 'contacts', 'add', 'all', f'tcp://h{i}:1')
                     for i in range(8)]
        for program in programs:
            program.close_stdin()
        for program in programs:
            self.assertEqual(program.wait(), 0, program.story())
        contacts = {event['name']: event for event in self.events()}
        self.assertEqual(set(contacts), {'all', *(f'n{i}' for i in range(MANY))})
        self.assertEqual({a['address'] for a in contacts['all']['addresses']}, {f'tcp://h{i}:1' for i in range(8)})
        self.assertEqual(os.listdir(self.file.parent), ['contacts'])

    def test_a_name_may_be_called(self):
        self.write('Ann = udp://127.0.0.1:1 +mute\n')
        done = self.run_program(harness.landline(), 'ask', 'Ann', 'hello')
        self.assertEqual(done.code, 4, done.story())
        self.assertIn('127.0.0.1:1', done.err)


class Words(Contacts):
    def test_a_word_that_is_not_there(self):
        self.says('ad', code=2, err='landline contacts has no "ad"; did you mean "landline contacts add"?')
        self.says('rm', 'Ann', code=2, err='landline contacts has no "rm"; did you mean "landline contacts remove"?')
        self.says('frobnicate', code=2, err='landline contacts has no "frobnicate"; it has list, add, remove, rename, '
                  'mute, unmute, history, trust, forget, import, export, edit')
        self.write(BY_HAND)
        self.says('王小明', code=2, err='what about 王小明? "landline contacts list 王小明" shows it, and --help tells '
                  'what else there is')

    def test_too_few_and_too_many(self):
        self.says('add', 'Ann', code=2, err='it is written as: landline contacts add NAME ADDRESS...')
        self.says('list', 'a', 'b', code=2, err='it is written as: landline contacts list [NAME]')
        self.says('edit', 'x', code=2, err='it is written as: landline contacts edit')

    def test_chinese(self):
        chinese = {'LC_ALL': None, 'LANG': 'zh_CN.UTF-8'}
        self.write(BY_HAND)
        self.says('list', '王小名', code=3, err='没有联系人“王小名”；是不是“王小明”？', env=chinese)
        self.assertEqual(self.run_contacts('remove', '王小明', env=chinese).out, '已删除 王小明\n')
        self.assertIn('还没见过它的证书', self.run_contacts('list', 'Ann', env=chinese).out)
        self.write(f'tls://a:1 {PIN_A}\n', self.known)
        self.assertIn('已忘掉 tls://a:1 的证书', self.run_contacts('forget', 'tls://a:1', env=chinese).out)

    def test_completion(self):
        def next_is(*words):
            return self.run_program(harness.landline(), '__argument', 'contacts', *words).out.rstrip('\n')
        self.assertEqual(next_is(), 'choice\tlist,add,remove,rename,mute,unmute,history,trust,forget,import,export,edit')
        self.assertEqual(next_is('--json'), next_is())
        self.assertEqual(next_is('add'), 'contact')
        self.assertEqual(next_is('add', 'Ann', 'tcp://a:1'), 'address')
        self.assertEqual(next_is('history', 'Ann'), 'choice\ton,off')
        self.assertEqual(next_is('mute', 'Ann'), 'none')
        self.assertEqual(next_is('import'), 'file')
        self.assertEqual(next_is('frobnicate'), 'none')
        self.assertEqual(self.run_program(harness.landline(), '__argument', 'ask').code, 2)


class Certificates(Contacts):
    def test_pin_and_forget(self):
        self.write('Ann = udp://a:1 tls://Ann.example:5\n')
        self.assertEqual(self.run_contacts('trust', 'Ann').out, 'tls://Ann.example:5  no certificate seen yet\n')
        self.assertRegex(self.run_contacts('trust', 'Ann', PIN_A.upper()).out,
                         rf'^tls://Ann\.example:5  {PIN_A} \(pinned on \d{{4}}-\d\d-\d\d\)\n$')
        self.assertRegex(self.known.read_text(), rf'^tls://ann\.example:5 {PIN_A} \d{{4}}-\d\d-\d\d pinned\n$')
        self.assertEqual(self.known.stat().st_mode & 0o777, 0o600)
        shown = self.events('trust', 'Ann')[0]
        self.assertTrue(re.fullmatch(r'\d{4}-\d\d-\d\d', shown.pop('since')))
        self.assertEqual(shown, {'event': 'trust', 'name': 'Ann', 'address': 'tls://Ann.example:5',
                                 'trusted': PIN_A, 'pinned': True})
        self.assertEqual(self.run_contacts('forget', 'Ann').out,
                         'forgot tls://Ann.example:5: the next certificate it shows will be trusted\n')
        self.assertEqual(self.known.read_text(), '')
        self.says('forget', 'Ann', code=3, err='nothing is known of tls://Ann.example:5')

    def test_an_address_that_is_no_contact(self):
        self.write(f'# mine\ntls://b:1 {PIN_B} 2026-01-02 # Bob\ndtls://c:1 authority\n', self.known)
        self.assertEqual(self.run_contacts('trust').out, f'tls://b:1  {PIN_B} (since 2026-01-02)\n'
                         'dtls://c:1  an authority vouches for it\n')
        self.assertEqual(self.events('forget', 'tls://B:1'), [{'event': 'forgotten', 'address': 'tls://B:1'}])
        self.assertEqual(self.known.read_text(), '# mine\ndtls://c:1 authority\n')

    def test_a_contact_with_several(self):
        self.write('Ann = tls://a:1 dtls://a:2\n')
        self.says('trust', 'Ann', PIN_A, code=2,
                  err='Ann has several addresses with certificates; say which one is to be pinned')
        self.run_contacts('trust', 'dtls://a:2', PIN_A)
        # That one of them is known is enough.
        self.assertEqual(len(self.events('forget', 'Ann')), 1)
        self.run_contacts('trust', 'tls://a:1', PIN_A)
        self.assertEqual(len(self.events('forget', 'Ann')), 1)
        self.says('forget', 'Ann', code=3, err='nothing is known of dtls://a:2')

    def test_what_has_no_certificate(self):
        self.write('Ann = tcp://a:1\n')
        self.says('trust', 'Ann', code=3, err='Ann has no address that is called over TLS or DTLS, so there is no '
                  'certificate to know')
        self.says('trust', 'tcp://a:1', code=2, err='tcp://a:1: only who is called over TLS or DTLS has a certificate; '
                  'write tls://... or dtls://...')
        self.says('forget', 'Anm', code=3, err='there is no contact "Anm"; did you mean "Ann"?')
        self.says('forget', 'li.example', code=3,
                  err='there is no contact "li.example"; an address is written as tls://li.example')
        done = self.run_contacts('trust', 'tls://a:1', 'sha256:12', code=2)
        self.assertIn("'sha256:12' is not a pin", done.err)
        self.assertFalse(self.known.exists())


class WholeFiles(Contacts):
    def test_import_adds_what_is_new(self):
        self.write(BY_HAND)
        extra = self.tmp / 'extra'
        extra.write_text('# theirs\nAnn = tls://ann.example:5463 tcp://new:1 +mute\nBob = tcp://b:1 +no-history\n'
                         '王小明 = udp://127.0.0.1:9001\n')
        self.assertEqual(self.run_contacts('import', extra).out,
                         'contacts added: 1; addresses and flags added to others: 2; unchanged: 1\n')
        after = self.file.read_text()
        self.assertEqual(after, BY_HAND.replace('192.0.2.7:9000', '192.0.2.7:9000 tcp://new:1 +mute') +
                         'Bob = tcp://b:1 +no-history\n')
        self.assertEqual(self.events('import', '-', input=extra.read_text()),
                         [{'event': 'imported', 'contacts': 0, 'addresses': 0, 'unchanged': 3}])
        self.assertEqual(self.file.read_text(), after)

    def test_import_is_all_or_nothing(self):
        self.write(BY_HAND)
        self.says('import', input='Bob = tcp://b:1\n\nCid tcp://c:1\n', code=9,
                  err='standard input:3: a contact is written as NAME = ADDRESS')
        self.says('import', input='Bob = tcp://b:1\nCid = tcp://c:0\n', code=9,
                  err='standard input:2: tcp://c:0: nobody can be called at port 0; a port is a number from 1 to 65535')
        self.says('import', input=''.join(f'Ann = tcp://n{i}:1\n' for i in range(16)), code=1,
                  err='Ann has 16 addresses already, the most there may be')
        missing = self.tmp / 'missing'
        self.says('import', missing, code=9, err=f'{missing}: no such file')
        self.says('import', self.tmp, code=9, err=f'{self.tmp}: it is a folder, not a file')
        done = self.run_contacts('import', input='#' * 1048577, code=9)
        self.assertIn('standard input: longer than 1048576 bytes', done.err)
        self.assertEqual(self.file.read_text(), BY_HAND)

    def test_export_gives_it_back(self):
        self.write(BY_HAND)
        self.assertEqual(self.run_contacts('export').out, BY_HAND)
        copy = self.tmp / 'copy'
        self.assertEqual(self.run_contacts('export', copy).out, '')
        self.assertEqual(copy.read_text(), BY_HAND)
        self.file.unlink()
        self.run_contacts('import', copy)
        self.assertEqual({event['name'] for event in self.events()}, {'Ann', '王小明'})

    def test_edit(self):
        env = {'EDITOR': 'false', 'VISUAL': "printf 'Ann = tcp://a:1\\n' >"}
        # The editor's words go through a shell, and the file comes behind them.
        self.run_contacts('edit', env=env)
        self.assertEqual(self.file.read_text(), 'Ann = tcp://a:1\n')
        env['VISUAL'] = "printf 'Ann = tcp://a:0\\n' >"
        self.says('edit', code=9, env=env,
                  err=f'{self.file}:1: tcp://a:0: nobody can be called at port 0; a port is a number from 1 to 65535')
        self.says('edit', code=1, env={'EDITOR': 'false'},
                  err='the editor "false" failed; VISUAL or EDITOR says which one is used')


if __name__ == '__main__':
    harness.main()

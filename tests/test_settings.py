# SPDX-License-Identifier: ISC
"""The files of a person, with the real program: settings, the sample of them, and contacts as completions ask
for them."""
import re

import harness

SAMPLE = harness.REPO / 'examples' / 'landline.conf'
PAGE = harness.REPO / 'man' / 'landline.conf.5'


def sample_settings():
    """(section, name, line) of each setting in the sample, those that are commented out too."""
    section = None
    for line in SAMPLE.read_text().splitlines():
        if found := re.fullmatch(r'\[(\w+)\]', line):
            section = found[1]
        elif found := re.fullmatch(r'#?([a-z-]+) = .*', line):
            yield section, found[1], line.removeprefix('#')


class Files(harness.Case):
    def write(self, name, text):
        path = self.home / 'config' / 'landline' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def answer(self, *args):
        """Nothing can listen on this address: what is looked at is how far the verb gets."""
        return self.run_program(harness.landline(), 'answer', 'tcp://192.0.2.1:9', '--discard', *args)

    def options(self):
        """{verb: its long options}"""
        verbs = [line.split('\t')[0] for line in self.run_program(harness.landline(), '__verbs').out.splitlines()]
        return {verb: {row.split('\t')[0] for row in
                       self.run_program(harness.landline(), '__options', verb).out.splitlines()} for verb in verbs}


class Settings(Files):
    def test_a_wrong_line_is_named(self):
        self.write('landline.conf', '# mine\n[answer]\nmax-peers = many\n')
        done = self.answer()
        self.assertEqual((done.code, done.out), (9, ''))
        self.assertEqual(done.err, f'landline: {self.home}/config/landline/landline.conf:3: '
                                   'max-peers: "many" is not a number\n')

    def test_help_does_not_read_it(self):
        self.write('landline.conf', 'nonsense\n')
        done = self.run_program(harness.landline(), 'answer', '--help')
        self.assertEqual((done.code, done.err), (0, ''))

    def test_settings_count_and_the_command_line_wins(self):
        done = self.answer('--encoding', 'nosuch')
        self.assertEqual(done.code, 2)
        self.assertIn('nosuch', done.err)
        self.write('landline.conf', '[landline]\nencoding = nosuch\n')
        self.assertEqual(self.answer().err, done.err)
        self.assertNotIn('encoding', self.answer('--encoding', 'GBK').err)

    def test_what_excludes_a_setting_overrules_it_on_the_command_line(self):
        """"echo = yes" in the file made every --reply misuse."""
        self.write('landline.conf', '[answer]\necho = yes\nhex = yes\n[ask]\ncrlf = yes\n')
        with_reply = ['answer', 'tcp://192.0.2.1:9', '--reply', 'x']
        for more in ([], ['--json'], ['--encoding', 'GBK'], ['--quiet']):
            done = self.run_program(harness.landline(), *with_reply, *more)
            self.assertNotIn('exclude', done.err)
            self.assertEqual(done.code, 1, done.err)  # as far as listening, which that address does not allow
        done = self.run_program(harness.landline(), *with_reply, '--echo')
        self.assertEqual(done.code, 2)
        done = self.run_program(harness.landline(), 'ask', 'unix:/nonexistent', '--bare', 'x')
        self.assertEqual(done.code, 4, done.err)

    def test_another_verbs_section_is_left_alone(self):
        plain = self.answer()
        self.write('landline.conf', '[ask]\nencoding = nosuch\nno-such-option = 1\n')
        done = self.answer()
        self.assertEqual((done.code, done.err), (plain.code, plain.err))
        self.write('landline.conf', '[aks]\nencoding = nosuch\n')
        self.assertIn('did you mean [ask]?', self.answer().err)

    def test_a_general_setting_need_not_be_of_every_verb(self):
        self.write('landline.conf', '[landline]\ntimeout = 1s\n')
        self.assertNotEqual(self.answer().code, 9)
        self.write('landline.conf', '[landline]\ntimoeut = 1s\n')
        self.assertEqual(self.answer().code, 9)


class Sample(Files):
    def test_every_setting_is_an_option(self):
        options = self.options()
        known = set().union(*options.values())
        wrong = [(section, name) for section, name, _ in sample_settings()
                 if name not in (known if section == 'landline' else options.get(section, ()))]
        self.assertEqual(wrong, [])
        self.assertGreater(len(list(sample_settings())), 5)

    def test_it_is_read_without_complaint(self):
        sample = re.sub(r'(?m)^#(?=[a-z-]+ = )', '', SAMPLE.read_text())
        # The certificate is somebody's own.
        sample = re.sub(r'(?m)^(cert|key) = .*\n', '', sample)
        port = harness.free_port()
        for run in self.answer, lambda: self.run_program(harness.landline(), 'ask', f':{port}', 'hello'):
            self.write('landline.conf', '')
            plain = run()
            self.write('landline.conf', sample)
            done = run()
            self.assertEqual((done.code, done.err), (plain.code, plain.err))

    def test_its_defaults_are_those_of_help(self):
        compared = 0
        for section, name, line in sample_settings():
            if section == 'landline':
                continue
            text = ' '.join(self.run_program(harness.landline(), section, '--help').out.split())
            told = re.search(rf'--{name} [^-]*?\(default ([^;:),]+)', text)
            if told:
                compared += 1
                self.assertEqual((name, line.split(' = ')[1]), (name, told[1]))
        self.assertGreaterEqual(compared, 4)

    def test_the_example_of_the_page_is_read(self):
        example = re.search(r'^\.Bd -literal.*?\n(.*?)^\.Ed', PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]
        for section in re.findall(r'\[(\w+)\]', example):
            self.assertIn(section, ['landline', *self.options()])
        self.write('landline.conf', example)
        self.assertNotEqual(self.answer().code, 9)


class Contacts(Files):
    def test_contacts_are_listed(self):
        self.assertEqual(self.run_program(harness.landline(), '__contacts').out, '')
        self.write('contacts', '# all\nAnn = tcp://a:1 udp://b:2\n王小明 = udp://c:3 # night\nAnn = d:4\n')
        done = self.run_program(harness.landline(), '__contacts')
        self.assertEqual((done.code, done.out), (0, 'Ann\n王小明\n'))

    def test_a_broken_book_is_no_list(self):
        self.write('contacts', 'Ann\n')
        done = self.run_program(harness.landline(), '__contacts')
        self.assertEqual((done.code, done.out, done.err), (9, '', ''))


if __name__ == '__main__':
    harness.main()

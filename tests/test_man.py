# SPDX-License-Identifier: ISC
"""The man pages tell what the program does: every option of a verb's table is in its page and none is made
up, each page has the exit statuses, and mandoc finds nothing to complain of."""
import re
import shutil
import unicodedata
import unittest

import harness

MAN = harness.REPO / 'man'

# The table of landline(1), which has the last word; a verb's page repeats what that verb can end with.
STATUSES = range(10)


def pages(section='*'):
    return sorted(MAN.glob(f'landline*.{section}'))


def section(text, name):
    found = re.search(rf'^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)', text, re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def flags(mdoc):
    """The options in a piece of mdoc: ({'timeout', ...}, {'t', ...})."""
    long_names, short_names = set(), set()
    for line in mdoc.splitlines():
        # .It Fl t , Fl -timeout Ar time
        words = line.split()
        for here, following in zip(words, words[1:]):
            if here in ('Fl', '.Fl'):
                name = following.rstrip('=')
                if name.startswith('-'):
                    long_names.add(name[1:])
                else:
                    short_names.add(name)
    return long_names, short_names


class Pages(harness.Case):
    def verbs(self):
        out = self.run_program(harness.landline(), '__verbs').out
        return [line.split('\t')[0] for line in out.splitlines()]

    def test_every_verb_has_a_page(self):
        self.assertEqual([verb for verb in self.verbs() if not (MAN / f'landline-{verb}.1').exists()], [],
                         'verbs without man/landline-VERB.1')

    def test_no_page_is_of_a_verb_that_is_gone(self):
        named = {page.stem.removeprefix('landline-') for page in pages('1')} - {'landline'}
        self.assertEqual(named - set(self.verbs()), set())

    def test_landline_1_names_every_verb(self):
        described = section((MAN / 'landline.1').read_text(), 'DESCRIPTION')
        named = re.findall(r'^\.It Cm (\w+)', described.split('.Ss')[0], re.MULTILINE)
        self.assertEqual(named, self.verbs())

    def test_options_agree_with_the_tables(self):
        for verb in self.verbs():
            page = MAN / f'landline-{verb}.1'
            if not page.exists():
                continue
            text = page.read_text()
            long_names, short_names = set(), set()
            for row in self.run_program(harness.landline(), '__options', verb).out.splitlines():
                name, letter, _, kind = row.split('\t')[:4]
                if kind == 'argument':
                    continue
                long_names |= {name} | ({f'no-{name}'} if kind == 'switch' else set())
                short_names |= {letter} - {''}
            with self.subTest(verb=verb):
                listed = [line for line in (section(text, 'OPTIONS') or section(text, 'DESCRIPTION')).splitlines()
                          if line.startswith('.It')]
                documented = flags('\n'.join(listed))
                self.assertEqual(documented[0] - long_names, set(), 'documented, but not in the table')
                # --no-NAME of a switch may go without a word of its own.
                missing = {name for name in long_names - documented[0] if not name.startswith('no-')}
                self.assertEqual(missing, set(), 'in the table, but not documented')
                self.assertEqual(documented[1], short_names)
                anywhere = flags(section(text, 'SYNOPSIS'))
                self.assertEqual(anywhere[0] - long_names, set(), 'in the synopsis, but not in the table')

    def test_sections(self):
        for page in pages('1'):
            with self.subTest(page=page.name):
                text = page.read_text()
                for name in ('NAME', 'SYNOPSIS', 'DESCRIPTION', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO'):
                    self.assertIsNotNone(section(text, name), f'no section {name}')
                self.assertTrue(text.startswith('.\\" SPDX-License-Identifier: ISC\n'))

    def test_exit_statuses_are_those_of_the_program(self):
        for page in pages('1'):
            with self.subTest(page=page.name):
                told = [int(n) for n in re.findall(r'^\.It (?:Cm )?(\d+)', section(page.read_text(), 'EXIT STATUS'),
                                                   re.MULTILINE)]
                self.assertEqual(told, sorted(set(told)))
                self.assertEqual(set(told) - set(STATUSES), set())
                if page.name == 'landline.1':
                    self.assertEqual(told, list(STATUSES))

    def test_references_lead_somewhere(self):
        ours = {page.name for page in pages()}
        for page in pages():
            named = {f'{name}.{number}' for name, number in re.findall(r'^\.Xr (landline\S*) (\d)', page.read_text(),
                                                                       re.MULTILINE)}
            self.assertEqual(named - ours, set(), page.name)

    @unittest.skipUnless(shutil.which('mandoc'), 'no mandoc here')
    def test_mandoc_finds_nothing(self):
        done = self.run_program('mandoc', '-Tlint', '-W', 'warning', *pages())
        self.assertEqual((done.code, done.out + done.err), (0, ''))


class Findings(harness.Case):
    """landline-findings(7), in both languages, has what see/finding.c has."""
    SEVERITIES = {'landline-findings.7': {'note': 'note', 'warning': 'warning', 'error': 'error'},
                  'zh_CN/landline-findings.7': {'note': '提示', 'warning': '警告', 'error': '错误'}}

    PARTS = {'landline-findings.7': ('In the ladder:', 'Told when:', 'What to do:', 'Source:'),
             'zh_CN/landline-findings.7': ('在梯形图中：', '何时报告：', '怎么办：', '依据：')}

    def findings(self):
        """[(name, severity, title), ...]: what has a name in see/finding.c is one of enum finding_kind."""
        source = (harness.REPO / 'src/see/finding.c').read_text()
        found = re.findall(r'\[FINDING_\w+\] =\s*\{\s*"([a-z-]+)",\s*SEVERITY_(\w+),\s*N_\("([^"]+)"\)', source)
        kinds = re.search(r'enum finding_kind \{(.*?)FINDING_KINDS', (harness.REPO / 'src/see/finding.h').read_text(),
                          re.DOTALL)
        self.assertEqual(len(found), len(re.findall(r'^ +FINDING_\w+,', kinds[1], re.MULTILINE)))
        return [(name, severity.lower(), title) for name, severity, title in found]

    def sections(self, page):
        return re.split(r'^\.S[sh] ', (MAN / page).read_text(), flags=re.MULTILINE)

    def test_each_has_its_section_and_severity(self):
        findings = self.findings()
        for page, words in self.SEVERITIES.items():
            found = re.findall(r'^\.Ss ([a-z-]+)[:：].*\n(?:Severity:\n\.|\.No 严重程度： Ns )Em (\S+)',
                               (MAN / page).read_text(), re.MULTILINE)
            with self.subTest(page=page):
                self.assertEqual(found, [(name, words[severity]) for name, severity, _ in findings])

    def test_titles_are_those_of_the_table(self):
        english = [tuple(line.split(': ', 1)) for line in
                   re.findall(r'^\.Ss (.*)', (MAN / 'landline-findings.7').read_text(), re.MULTILINE)]
        self.assertEqual(english, [(name, title) for name, _, title in self.findings()])
        catalogue = dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"', (harness.REPO / 'po/zh_CN.po').read_text(),
                                    re.MULTILINE))
        chinese = [tuple(line.split('：', 1)) for line in
                   re.findall(r'^\.Ss (.*)', (MAN / 'zh_CN/landline-findings.7').read_text(), re.MULTILINE)]
        self.assertEqual(chinese, [(name, catalogue[title]) for name, _, title in self.findings()])

    def test_each_section_has_all_parts(self):
        names = [name for name, _, _ in self.findings()]
        for page, parts in self.PARTS.items():
            for text in self.sections(page):
                name = re.match(r'[a-z-]*', text)[0]
                if name in names:
                    with self.subTest(page=page, finding=name):
                        order = [line[:len(part)] for line in text.splitlines() for part in parts
                                 if line.startswith(part)]
                        self.assertEqual(order, list(parts))

    def test_both_languages_cite_the_same(self):
        def cited(page):
            return [(re.match(r'[a-z-]*', text)[0], re.findall(r'RFC|[\d.]*\d', source))
                    for text in self.sections(page)
                    for source in re.findall(r'^(?:Source:|依据：)((?:.|\n(?!\.))*)', text, re.MULTILINE)]

        english, chinese = (cited(page) for page in self.PARTS)
        self.assertEqual(len(english), len(self.findings()))
        self.assertEqual(english, chinese)

    @unittest.skipUnless(shutil.which('mandoc'), 'no mandoc here')
    def test_mandoc_finds_nothing_in_the_chinese_pages(self):
        done = self.run_program('mandoc', '-Tlint', '-W', 'warning', *sorted((MAN / 'zh_CN').iterdir()))
        self.assertEqual((done.code, done.out + done.err), (0, ''))

    @unittest.skipUnless(shutil.which('mandoc'), 'no mandoc here')
    def test_chinese_fits_80_columns(self):
        # No formatter breaks a line between two Chinese characters everywhere, so the source has to be short.
        for page in sorted((MAN / 'zh_CN').iterdir()):
            done = self.run_program('mandoc', '-Tutf8', '-Owidth=80', page)
            for line in re.sub('.\b', '', done.out).splitlines():
                columns = sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)
                self.assertLessEqual(columns, 80, f'{page.name}: {line}')


class TheCheckItself(unittest.TestCase):
    def test_flags_are_found(self):
        self.assertEqual(flags('.It Fl t , Fl -timeout Ar time\n.Op Fl q\n.It Fl -until= Ns Ar x\n'),
                         ({'timeout', 'until'}, {'t', 'q'}))

    def test_sections_end_where_the_next_begins(self):
        self.assertEqual(section('.Sh A\nx\n.Sh B\ny\n', 'A'), 'x\n')
        self.assertIsNone(section('.Sh A\n', 'B'))


if __name__ == '__main__':
    harness.main()

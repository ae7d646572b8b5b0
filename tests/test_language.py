# SPDX-License-Identifier: ISC
"""Chinese from the build folder, on a machine where no Chinese locale was generated."""
import re
import unicodedata

import harness

CHINESE = '没有“anwser”这个动词；是不是要写“answer”？'
ENGLISH = 'there is no verb "anwser"; did you mean "answer"?'


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)


class Language(harness.Case):
    def said(self, **env):
        done = self.run_program(harness.landline(), 'anwser', env={'LC_ALL': None, **env})
        self.assertEqual((done.code, done.out), (2, ''))
        return done.err.removeprefix('landline: ').rstrip('\n')

    def test_lang_is_enough(self):
        for name in 'zh_CN.UTF-8', 'zh_CN', 'zh_CN.GB18030', 'zh_SG.UTF-8':
            self.assertEqual((name, self.said(LANG=name)), (name, CHINESE))

    def test_language_is_enough(self):
        self.assertEqual(self.said(LANG='C.UTF-8', LANGUAGE='zh_CN'), CHINESE)

    def test_plain_c_is_english(self):
        self.assertEqual(self.said(LANG='C', LANGUAGE='zh_CN'), ENGLISH)
        self.assertEqual(self.said(), ENGLISH)

    def test_numbers_are_read_with_a_point(self):
        done = self.run_program(harness.landline(), 'answer', ':1', '--echo', '--idle-timeout', '1.x5s',
                                env={'LC_ALL': None, 'LANG': 'de_DE.UTF-8'})
        self.assertIn('"1.x5s" is not a duration', done.err)
        done = self.run_program(harness.landline(), 'answer', 'tcp://192.0.2.1:9', '--echo', '--idle-timeout', '1.5s',
                                env={'LC_ALL': None, 'LANG': 'de_DE.UTF-8'})
        self.assertNotIn('duration', done.err)

    def test_help_fits_80_columns(self):
        verbs = [line.split('\t')[0] for line in self.run_program(harness.landline(), '__verbs').out.splitlines()]
        for lang in 'C', 'zh_CN.UTF-8':
            for args in [['--help'], *([verb, '--help'] for verb in verbs)]:
                done = self.run_program(harness.landline(), *args, env={'LC_ALL': None, 'LANG': lang})
                self.assertEqual(done.code, 0)
                # An example is one line to be copied, however long.
                wide = [line for line in done.out.splitlines()
                        if columns(line) > 80 and not re.match(r'  \S.*\blandline ', line)]
                self.assertEqual((args, wide), (args, []))


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""landline itself, around its verbs: what it lists, what it says of a word it does not know, where its pages
are found, and that output which cannot be written is told of."""
import os
import pathlib
import re
import subprocess

import harness


class Cli(harness.Case):
    def landline(self, *args, **more):
        return self.run_program(harness.landline(), *args, **more)

    def verbs(self):
        return [line.split('\t')[0] for line in self.landline('__verbs').out.splitlines()]

    def test_version(self):
        done = self.landline('--version')
        self.assertEqual((done.code, done.err), (0, ''))
        self.assertRegex(done.out, r'^landline \d+\.\d+\.\d+\n$')

    def test_help_lists_every_verb(self):
        done = self.landline('--help')
        self.assertEqual((done.code, done.err), (0, ''))
        self.assertEqual(re.findall(r'^  (\w+) ', done.out, re.MULTILINE), self.verbs())
        self.assertEqual(self.landline('-h').out, done.out)
        self.assertNotIn('__', done.out)

    def test_no_argument_is_misuse_and_lists_the_verbs(self):
        done = self.landline()
        self.assertEqual((done.code, done.out), (2, ''))
        self.assertEqual(done.err, self.landline('--help').out)

    def test_every_verb_has_its_help(self):
        for verb in self.verbs():
            done = self.landline(verb, '--help')
            self.assertEqual((done.code, done.err), (0, ''), verb)
            self.assertIn(f'usage: landline {verb}', done.out)

    def test_a_verb_of_a_slipped_finger(self):
        done = self.landline('hlep')
        self.assertEqual((done.code, done.out), (2, ''))
        self.assertEqual(done.err, 'landline: there is no verb "hlep"; did you mean "help"?\n')

    def test_an_unknown_verb(self):
        done = self.landline('frobnicate')
        self.assertEqual((done.code, done.out), (2, ''))
        self.assertEqual(done.err, 'landline: there is no verb "frobnicate"; "landline --help" lists them\n')

    def test_an_address_in_the_place_of_the_verb(self):
        done = self.landline('localhost:9000')
        self.assertEqual(done.code, 2)
        self.assertEqual(done.err, 'landline: "localhost:9000" is no verb; to call it: landline ask localhost:9000\n')

    def test_an_option_in_the_place_of_the_verb(self):
        done = self.landline('--frobnicate')
        self.assertEqual(done.code, 2)
        self.assertRegex(done.err, r'^landline: a verb comes before --frobnicate; .*\n$')

    def test_what_a_terminal_would_obey_is_not_repeated(self):
        done = self.landline('\x1b[2Jx')
        self.assertEqual(done.code, 2)
        self.assertNotIn('\x1b', done.err)

    def test_a_full_disk_is_told_of(self):
        with open('/dev/full', 'w') as full:
            done = subprocess.run([harness.landline(), '--help'], stdout=full, stderr=subprocess.PIPE,
                                  env=harness.clean_env(self.home), text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'^landline: standard output: .*\n$')

    def test_a_reader_that_left_is_no_news(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([harness.landline(), '--help'], stdout=writer, stderr=subprocess.PIPE,
                              env=harness.clean_env(self.home), text=True)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (1, ''))

    def test_closed_standard_streams_are_borne(self):
        done = subprocess.run(['sh', '-c', 'exec "$0" --version <&- >&- 2>&-', harness.landline()],
                              env=harness.clean_env(self.home))
        self.assertEqual(done.returncode, 0)


class Pages(harness.Case):
    """`landline help`, with a man(1) that prints what it was asked for."""

    def setUp(self):
        super().setUp()
        bin_folder = self.tmp / 'bin'
        bin_folder.mkdir()
        man = bin_folder / 'man'
        man.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        man.chmod(0o755)
        self.path = f'{bin_folder}:{os.environ["PATH"]}'

    def test_the_page_beside_the_program_comes_first(self):
        done = self.run_program(harness.landline(), 'help', env={'PATH': self.path})
        page = pathlib.Path(harness.landline()).parent / 'man/landline.1'
        self.assertEqual((done.code, done.out), (0, f'-l\n{page}\n'))

    def test_a_page_that_is_not_beside_it_is_left_to_man(self):
        alone = self.tmp / 'landline'
        alone.write_bytes(pathlib.Path(harness.landline()).read_bytes())
        alone.chmod(0o755)
        done = self.run_program(alone, 'help', env={'PATH': self.path})
        self.assertEqual(done.code, 0)
        self.assertRegex(done.out, r'^(-l\n/.*/man1/landline\.1|landline)\n$')

    def test_no_man_at_all_is_made_up_for(self):
        done = self.run_program(harness.landline(), 'help', env={'PATH': self.tmp})
        self.assertEqual(done.code, 0)
        self.assertEqual(done.out, self.run_program(harness.landline(), '--help').out)

    def test_an_unknown_verb(self):
        done = self.run_program(harness.landline(), 'help', 'frobnicate', env={'PATH': self.path})
        self.assertEqual((done.code, done.out), (2, ''))
        self.assertIn('there is no verb "frobnicate"', done.err)


if __name__ == '__main__':
    harness.main()

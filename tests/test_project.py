# SPDX-License-Identifier: ISC
"""What is written down in two places says the same in both, and what must be run can be run."""
import os
import re
import stat
import subprocess
import unittest

import harness

REPO = harness.REPO


def read(name):
    return (REPO / name).read_text()


class Project(unittest.TestCase):
    def test_the_version_is_the_same_everywhere(self):
        version = re.search(r"^\s*version: '([^']+)'", read('meson.build'), re.MULTILINE)[1]
        self.assertEqual(re.match(r'landline \(([^)]+)\)', read('debian/changelog'))[1], version)
        self.assertEqual(re.search(r'^## (\S+?),? ', read('CHANGELOG.md'), re.MULTILINE)[1].rstrip(','), version)
        said = subprocess.run([harness.landline(), '--version'], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, f'landline {version}\n')

    def test_debian_builds_with_what_script_deps_installs(self):
        field = re.search(r'^Build-Depends:\n((?: .*\n)+)', read('debian/control'), re.MULTILINE)[1]
        named = {line.split()[0].rstrip(',') for line in field.splitlines()}
        for listed in ('build', 'test'):
            wanted = subprocess.run([str(REPO / 'script/deps'), 'list', listed], capture_output=True, text=True,
                                    check=True).stdout.split()
            if listed == 'build':
                # Part of build-essential, which Debian takes for granted.
                self.assertEqual(set(wanted) - named, {'gcc', 'libc6-dev'})
                named -= set(wanted)
            else:
                self.assertEqual(named - set(wanted), {'debhelper-compat'})

    def test_scripts_can_be_run(self):
        scripts = [path for path in (REPO / 'script').iterdir() if path.is_file()]
        for path in [*scripts, REPO / '.ci/run', REPO / 'debian/rules']:
            with self.subTest(path=path.name):
                self.assertTrue(os.stat(path).st_mode & stat.S_IXUSR)
                self.assertTrue(path.read_text().startswith('#!'))

    def test_every_codec_has_a_fuzzer(self):
        """A codec takes bytes or text from outside apart. Its fuzzer bears its name, or drives it through another
        codec's entrance and is named here."""
        driven_by = {'pcapng': 'pcapfile', **dict.fromkeys(
            ['checksum', 'icmp', 'ip', 'link', 'link_rare', 'link_shim', 'link_wifi', 'tcp', 'tunnel', 'tunnel_udp', 'udp'],
            'packet')}
        codecs = {path.stem for path in (REPO / 'src/wire').glob('*.c') if not path.stem.endswith('_test')}
        codecs |= {'addr', 'book', 'conf', 'encoding', 'options', 'reply_template', 'trust', 'utf8'}
        targets = {path.stem.removeprefix('fuzz_') for path in (REPO / 'fuzz').glob('fuzz_*.c')}
        self.assertEqual({driven_by.get(codec, codec) for codec in codecs} - targets, set())
        self.assertEqual(set(driven_by) - codecs, set())

    def test_every_fuzzer_has_a_corpus(self):
        for path in (REPO / 'fuzz').glob('fuzz_*.c'):
            corpus = REPO / 'fuzz/corpus' / path.stem.removeprefix('fuzz_')
            self.assertTrue(corpus.is_dir() and any(corpus.iterdir()), corpus)


if __name__ == '__main__':
    harness.main()

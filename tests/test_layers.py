# SPDX-License-Identifier: ISC
"""Which file may include what: the table of docs/ARCHITECTURE.md, held.

A layer includes itself, and those layers in its row; a third-party header is seen only where its row in
LIBRARIES says. Beside that: every header compiles alone, every source has its licence line, and no layer
below the user's prints or exits. Each rule is also tried on a small tree that breaks it."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import harness

LAYERS = {
    'base': set(),
    'wire': {'base'},
    'net': {'base'},
    'store': {'base', 'net'},
    'hub': {'base', 'store'},
    'door': {'base', 'wire', 'net', 'hub'},
    'talk': {'base', 'wire', 'net', 'store'},
    'see': {'base', 'wire'},
    'show': {'base', 'see'},
    'lab': {'base', 'wire', 'see'},
    'cmd': {'base', 'wire', 'net', 'store', 'hub', 'door', 'talk', 'see', 'show', 'lab'},
}

# header -> the files that may see it
LIBRARIES = {
    r'uv\.h|uv/.*': r'net/.*',
    r'openssl/.*': r'net/d?tls.*',
    r'jansson\.h': r'show/json(_test)?\.c',
    r'ini\.h': r'(base|cmd|talk)/[a-z_]+\.c',
    r'utf8proc\.h': r'show/.*|talk/book\.c|store/grams\.c',
    r'sqlite3\.h': r'store/sqlite.*\.c',
    r'curses\.h|ncurses.*\.h': r'show/screen.*\.c',
    r'pthread\.h': r'net/worker\.c|.*_test\.c',
    r'pcap(/.*)?\.h': r'see/(filter|source_live)\.c',
    r'libmnl/.*': r'(lab/(diag|netlink)|see/[a-z_]+)\.c',
    r'seccomp\.h': r'see/sandbox\.c',
    r'zlib\.h': r'see/inflate\.c|see/.*_test\.c',
    r'cmocka\.h': r'.*_(test\.c|for_test\.h)',
}
# Seen by one file, whichever it is.
ONCE = ['jansson.h', 'ini.h']

# config.h is made by Meson: the version and where things were installed, of use to these two only.
GENERATED = {'config.h': {'base', 'cmd'}}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', re.DOTALL)
PRINTS = re.compile(r'\b(v?printf|puts|putchar|perror|psignal)\s*\(|\b(stdout|stderr)\b')
EXITS = re.compile(r'\b(_?exit|_Exit|abort|quick_exit)\s*\(')
# No bound, no error, or both; base/str, snprintf and base/parse do their work.
UNSAFE = re.compile(r'\b(strcpy|stpcpy|strcat|v?sprintf|gets|atoi|atol|atoll|atof|strtok|alloca)\s*\(')
# Out of memory; and a process that is forked to be another one, or to open files for this one.
ENDS = {'base/xmalloc.c', 'lab/program.c', 'see/opener.c'}
SPDX = '/* SPDX-License-Identifier: ISC */\n'


def sources(root):
    return sorted(path for path in root.rglob('*.[ch]'))


def wrong_edges(src):
    """Every include under src/ that the tables do not allow, as readable lines."""
    seen_by = {name: [] for name in ONCE}
    for path in sources(src):
        name = path.relative_to(src).as_posix()
        layer = name.split('/')[0]
        if layer not in LAYERS:
            yield f'{name}: {layer} is no layer'
            continue
        for kind, header in INCLUDE.findall(path.read_text()):
            target = header.split('/')[0]
            if header in seen_by and not name.endswith('_test.c'):
                seen_by[header].append(name)
            if kind == '"' and header in GENERATED:
                if layer not in GENERATED[header]:
                    yield f'{name} includes {header}'
            elif kind == '"' and target not in LAYERS:
                yield f'{name} includes "{header}", which names no layer'
            elif kind == '"' and target != layer and target not in LAYERS[layer]:
                yield f'{name} includes {header}: {layer} may not know {target}'
            elif kind == '"' and not (src / header).is_file():
                yield f'{name} includes {header}, which is not there'
            elif kind == '<':
                for library, allowed in LIBRARIES.items():
                    if re.fullmatch(library, header) and not re.fullmatch(allowed, name):
                        yield f'{name} includes <{header}>, which only {allowed} may'
    for header, names in seen_by.items():
        if len(names) > 1:
            yield f'<{header}> is seen by more than one file: {", ".join(names)}'


def wrong_calls(src):
    """Printing outside cmd/ and show/, ending the program outside cmd/ and xmalloc, and what has no bound."""
    for path in sources(src):
        name = path.relative_to(src).as_posix()
        layer = name.split('/')[0]
        if name.endswith('_test.c'):
            continue
        code = COMMENT_OR_TEXT.sub(lambda match: '\n' * match[0].count('\n'), path.read_text())
        for number, line in enumerate(code.splitlines(), 1):
            if layer not in ('cmd', 'show') and name != 'base/xmalloc.c' and PRINTS.search(line):
                yield f'{name}:{number} prints: {line.strip()}'
            if layer != 'cmd' and name not in ENDS and EXITS.search(line):
                yield f'{name}:{number} ends the program: {line.strip()}'
            if UNSAFE.search(line):
                yield f'{name}:{number} has no bound: {line.strip()}'


def unlicensed(roots):
    return [str(path) for root in roots for path in sources(root) if not path.read_text().startswith(SPDX)]


def not_alone(src, include):
    """Headers that do not compile by themselves, with what the compiler says."""
    compiler = os.environ.get('CC', 'cc').split()
    for path in sources(src):
        if path.suffix == '.h':
            done = subprocess.run([*compiler, '-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Werror',
                                   '-fsyntax-only', f'-I{src}', f'-I{include}', '-x', 'c', '-'],
                                  input=f'#include "{path.relative_to(src)}"\nextern int unused;\n',
                                  capture_output=True, text=True)
            if done.returncode:
                yield done.stderr


class Layers(unittest.TestCase):
    src = harness.REPO / 'src'

    def test_includes_point_one_way(self):
        self.assertEqual(list(wrong_edges(self.src)), [])

    def test_the_table_is_that_of_the_documentation(self):
        rows = re.findall(r'^\| `(\w+)` \|.*\| ([^|]+) \|$', (harness.REPO / 'docs/ARCHITECTURE.md').read_text(),
                          re.MULTILINE)
        told = {name: set(may.split(', ')) - {'libc'} for name, may in rows}
        self.assertEqual(set(told), set(LAYERS))
        for name, may in LAYERS.items():
            if name == 'cmd':
                self.assertEqual((told[name], may), ({'all; nothing includes it'}, set(LAYERS) - {'cmd'}))
            else:
                self.assertEqual(told[name], may, name)

    def test_layers_neither_print_nor_exit_nor_overrun(self):
        self.assertEqual(list(wrong_calls(self.src)), [])

    def test_every_source_has_its_licence_line(self):
        roots = [harness.REPO / name for name in ('src', 'fuzz', 'bench', 'examples', 'tests')]
        self.assertEqual(unlicensed(roots), [])

    def test_every_header_compiles_alone(self):
        self.assertEqual(list(not_alone(self.src, harness.build_dir())), [])


class TheCheckItself(harness.Case):
    """Each rule sees what breaks it."""

    def tree(self, files):
        src = pathlib.Path(tempfile.mkdtemp(dir=self.tmp))
        for name, text in files.items():
            (src / name).parent.mkdir(exist_ok=True)
            (src / name).write_text(text)
        return src

    def test_a_good_tree_passes(self):
        src = self.tree({'net/a.h': '#include <stddef.h>\n', 'base/b.h': '', 'wire/c.c': '#include "base/b.h"\n',
                        'net/a.c': '#include "net/a.h"\n#include <uv.h>\n#include "base/b.h"\n'})
        self.assertEqual((list(wrong_edges(src)), list(wrong_calls(src))), ([], []))

    def test_an_edge_against_the_direction(self):
        src = self.tree({'wire/a.c': '  #  include "net/b.h"\n', 'net/b.h': ''})
        self.assertEqual(list(wrong_edges(src)), ['wire/a.c includes net/b.h: wire may not know net'])

    def test_nothing_includes_cmd(self):
        src = self.tree({'talk/a.c': '#include "cmd/b.h"\n', 'cmd/b.h': '#include "talk/c.h"\n', 'talk/c.h': ''})
        self.assertEqual(list(wrong_edges(src)), ['talk/a.c includes cmd/b.h: talk may not know cmd'])

    def test_a_header_without_its_layer(self):
        src = self.tree({'base/a.c': '#include "a.h"\n', 'base/a.h': ''})
        self.assertEqual(list(wrong_edges(src)), ['base/a.c includes "a.h", which names no layer'])

    def test_an_unknown_layer(self):
        src = self.tree({'misc/a.c': ''})
        self.assertEqual(list(wrong_edges(src)), ['misc/a.c: misc is no layer'])

    def test_libraries_stay_where_they_belong(self):
        for name, header in (('talk/a.c', 'uv.h'), ('net/tcp.c', 'openssl/ssl.h'), ('cmd/a.c', 'jansson.h'),
                             ('net/a.c', 'utf8proc.h'), ('base/a.c', 'cmocka.h'), ('net/a.h', 'ini.h')):
            with self.subTest(header=header):
                wrong = list(wrong_edges(self.tree({name: f'#include <{header}>\n'})))
                self.assertEqual(len(wrong), 1, wrong)
                self.assertIn(header, wrong[0])

    def test_a_library_for_one_file_in_two(self):
        src = self.tree({'base/a.c': '#include <ini.h>\n', 'talk/b.c': '#include <ini.h>\n'})
        self.assertEqual(list(wrong_edges(src)), ['<ini.h> is seen by more than one file: base/a.c, talk/b.c'])

    def test_printing_and_exiting(self):
        src = self.tree({'net/a.c': '/* exit(1) */ const char *s = "printf(x)";\nvoid f(void) { printf("x"); }\n',
                        'talk/b.c': 'void f(void) { exit(1); }\n', 'cmd/c.c': 'void f(void) { puts(""); exit(1); }\n'})
        self.assertEqual(list(wrong_calls(src)), ['net/a.c:2 prints: void f(void) { printf(); }',
                                                  'talk/b.c:1 ends the program: void f(void) { exit(1); }'])

    def test_calls_without_a_bound(self):
        src = self.tree({'cmd/a.c': 'void f(void) { strcpy(a, b); snprintf(a, 1, "sprintf("); }\n'})
        self.assertEqual(list(wrong_calls(src)),
                         ['cmd/a.c:1 has no bound: void f(void) { strcpy(a, b); snprintf(a, 1, ); }'])

    def test_a_header_that_needs_another(self):
        src = self.tree({'base/a.h': 'size_t a(void);\n', 'base/b.h': '#include <stddef.h>\nsize_t b(void);\n'})
        wrong = list(not_alone(src, self.tmp))
        self.assertEqual(len(wrong), 1)
        self.assertIn('base/a.h', wrong[0])

    def test_a_source_without_a_licence(self):
        src = self.tree({'base/a.c': 'int a;\n', 'base/b.c': SPDX})
        self.assertEqual(unlicensed([src]), [str(src / 'base/a.c')])


if __name__ == '__main__':
    harness.main()

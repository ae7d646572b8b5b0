# SPDX-License-Identifier: ISC
"""The completions, in the shells they are for: with a program of known tables, with the real one, with one
that is too old to know the question, and with none at all."""
import re
import shlex
import shutil

import harness

FOLDER = harness.REPO / 'completions'

PROGRAM = r'''#!/bin/sh
case $1 in
__verbs) printf 'ask\tsay one thing\nanswer\tanswer: whoever calls\nhelp\tthe manual\n' ;;
__addresses) printf 'tcp://\nudp://\nunix://\nlisi\n' ;;
__contacts) printf 'zhangsan\nlisi\n王 小明\n' ;;
__argument)
    shift
    case "$*" in
    book) printf 'choice\tadd,list,remove\n' ;;
    'book add') printf 'contact\n' ;;
    'book --json add'*) printf 'choice\ton,off\n' ;;
    'book add '*) printf 'address\n' ;;
    'book load') printf 'file\n' ;;
    *) printf 'none\n' ;;
    esac ;;
__options)
    if [ "$2" = book ]; then
        printf '\t\t\targument\targument\t\t\n'
        printf 'json\t\t\tflag\tnone\t\tas JSON\n'
        exit
    fi
    [ "$2" = ask ] || exit 2
    printf '\t\t\targument\taddress\t\t\n'
    printf 'timeout\tt\tTIME\tduration\tnone\t\tgive up after TIME [default: 5s]\n'
    printf 'until\t\tWHAT\tchoice\tchoice\tnewline,close,quiet\twhere a reply ends\n'
    printf 'to\tT\tNAME\tstring\tcontact\t\twhom\n'
    printf 'ca\t\tFILE\tstring\tfile\t\tcertificates\n'
    printf 'color\t\t\tswitch\tnone\t\tcolours\n'
    printf 'verbose\tv\t\tcount\tnone\t\tsay more\n'
    ;;
esac
'''


class Shell:
    """What each shell must do. complete(line) gives the words offered at its end."""

    # A name with a blank in it; bash must be given it as it is typed.
    blank = '王 小明'

    def setUp(self):
        super().setUp()
        if not shutil.which(self.shell):
            self.skipTest(f'no {self.shell} here')
        self.bin = self.tmp / 'bin'
        self.bin.mkdir()
        self.install(PROGRAM)
        (self.tmp / 'cert.pem').touch()

    def install(self, text):
        (self.bin / 'landline').write_text(text)
        (self.bin / 'landline').chmod(0o755)

    def run_shell(self, *argv):
        done = self.run_program(*argv, cwd=self.tmp, env={'PATH': f'{self.bin}:/usr/local/bin:/usr/bin:/bin'})
        self.assertEqual(done.err, '')
        return done.out.splitlines()

    def test_verbs(self):
        self.assertEqual(self.complete('landline '), ['answer', 'ask', 'help'])
        self.assertEqual(self.complete('landline as'), ['ask'])

    def test_options_before_the_verb(self):
        self.assertEqual(self.complete('landline --'), ['--help', '--version'])

    def test_options(self):
        self.assertEqual(self.complete('landline ask --t'), ['--timeout', '--to'])
        self.assertEqual(self.complete('landline ask --no'), ['--no-color'])
        self.assertEqual(self.complete('landline ask -v --verb'), ['--verbose'])

    def test_choices(self):
        self.assertEqual(self.complete('landline ask --until '), ['close', 'newline', 'quiet'])
        self.assertEqual(self.complete('landline ask --until c'), ['close'])

    def test_contacts(self):
        self.assertEqual(self.complete('landline ask --to '), ['lisi', 'zhangsan', self.blank])
        self.assertEqual(self.complete('landline ask --to 王'), [self.blank])
        self.assertEqual(self.complete('landline ask -T z'), ['zhangsan'])

    def test_files(self):
        self.assertEqual(self.complete('landline ask --ca ce'), ['cert.pem'])

    def test_addresses(self):
        self.assertEqual(self.complete('landline ask '), ['lisi', 'tcp://', 'udp://', 'unix://'])
        self.assertEqual(self.complete('landline ask -v u'), ['udp://', 'unix://'])

    def test_a_value_that_cannot_be_known(self):
        self.assertEqual(self.complete('landline ask --timeout '), [])

    def test_help_takes_a_verb(self):
        self.assertEqual(self.complete('landline help an'), ['answer'])

    def test_arguments_that_depend_on_those_before(self):
        self.assertEqual(self.complete('landline book '), ['add', 'list', 'remove'])
        self.assertEqual(self.complete('landline book r'), ['remove'])
        self.assertEqual(self.complete('landline book add 王'), [self.blank])
        self.assertEqual(self.complete('landline book add lisi u'), ['udp://', 'unix://'])
        self.assertEqual(self.complete('landline book load ce'), ['cert.pem'])
        self.assertEqual(self.complete('landline book remove '), [])
        self.assertEqual(self.complete('landline book --json add '), ['off', 'on'])
        self.assertEqual(self.complete('landline book --j'), ['--json'])

    def test_an_unknown_verb(self):
        self.assertEqual(self.complete('landline frobnicate --'), [])

    def test_a_program_that_is_too_old(self):
        self.install('#!/bin/sh\necho "no such verb $1" >&2\nexit 2\n')
        self.assertEqual(self.complete('landline as'), [])
        self.assertEqual(self.complete('landline ask --t'), [])

    def test_no_program(self):
        (self.bin / 'landline').unlink()
        self.assertEqual(self.complete('landline as'), [])
        self.assertEqual(self.complete('landline ask --t'), [])

    def test_the_real_program(self):
        self.install(f'#!/bin/sh\nexec {shlex.quote(harness.landline())} "$@"\n')
        verbs = self.run_program(harness.landline(), '__verbs').out.splitlines()
        self.assertEqual(self.complete('landline '), sorted(line.split('\t')[0] for line in verbs))
        for line in verbs:
            verb = line.split('\t')[0]
            rows = self.run_program(harness.landline(), '__options', verb).out.splitlines()
            names = []
            for row in rows:
                name, _, _, kind = row.split('\t')[:4]
                names += [f'--{name}'] * bool(name) + [f'--no-{name}'] * (kind == 'switch')
            with self.subTest(verb=verb):
                self.assertEqual(self.complete(f'landline {verb} --'), sorted(names))


class Bash(Shell, harness.Case):
    shell = 'bash'
    blank = '王\\ 小明'

    def complete(self, line):
        # The words as readline breaks them: at blanks, and with : and = as words of their own.
        words = re.findall(r'[:=]+|[^\s:=]+', line)
        if line[-1] in ' :=':
            words.append('')
        script = (f'source {shlex.quote(str(FOLDER / "landline.bash"))}; complete -p landline >/dev/null; '
                  f'COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; '
                  f'COMP_WORDS=({" ".join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; '
                  '_landline; ((${#COMPREPLY[@]} == 0)) || printf "%s\\n" "${COMPREPLY[@]}"')
        return sorted(self.run_shell('bash', '--norc', '-c', script))

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.complete('landline ask --until=c'), ['close'])

    def test_behind_a_colon_only_the_rest_is_put_in(self):
        self.assertEqual(self.complete('landline ask udp:'), ['//'])

    def test_at_the_keyboard(self):
        shell = self.spawn('bash', '--norc', '--noprofile', '-i', tty=True, env={
            'PATH': f'{self.bin}:/usr/bin:/bin', 'PS1': 'ready> ', 'TERM': 'dumb', 'HISTFILE': ''})
        shell.expect('ready> ')
        shell.send(f'source {FOLDER / "landline.bash"}\n')
        shell.expect('\n.*ready> ')
        shell.send('landline as\t--unt\tcl\tudp:\t')
        shell.expect('landline ask --until close udp://')


class Fish(Shell, harness.Case):
    shell = 'fish'

    def complete(self, line):
        script = f'source {FOLDER / "landline.fish"}; complete -C {shlex.quote(line)}'
        return sorted({row.split('\t')[0] for row in self.run_shell('fish', '--no-config', '-c', script)})

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.complete('landline ask --until=c'), ['--until=close'])

    def test_descriptions_are_shown(self):
        rows = self.run_shell('fish', '--no-config', '-c',
                              f'source {FOLDER / "landline.fish"}; complete -C "landline ask --tim"')
        self.assertEqual(rows, ['--timeout\tgive up after TIME [default: 5s]'])


class Zsh(Shell, harness.Case):
    shell = 'zsh'

    # zsh tells nobody what it would offer, so what its completion functions hand to compadd is written down.
    SETUP = r"""
fpath=($FOLDER $fpath); autoload -U compinit; compinit -u -D
zstyle ':completion:*' verbose no
compadd() {
    local -a hits
    [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
    builtin compadd -O hits "$@"
    print -rl -- $hits >>$OFFERED
    builtin compadd "$@"
}
probe() { zle complete-word; print done >>$OFFERED; print -r -- $BUFFER >>$OFFERED }
zle -N probe; bindkey '^T' probe; PS1='ready> '
"""

    def probe(self, line):
        """What was offered, and what became of the line."""
        offered = self.tmp / 'offered'
        offered.write_text('')
        (self.tmp / 'setup').write_text(self.SETUP)
        shell = self.spawn('zsh', '-f', '-i', cwd=self.tmp, tty=True, env={
            'PATH': f'{self.bin}:/usr/bin:/bin', 'TERM': 'dumb', 'PS1': '', 'FOLDER': FOLDER, 'OFFERED': offered})
        shell.send('source ./setup\n')
        shell.expect('ready> ')
        shell.send(line + '\x14')
        harness.wait_until(lambda: re.search('^done\n.*\n', offered.read_text(), re.MULTILINE), 'zsh', shell)
        shell.stop()
        words, _, typed = offered.read_text().rpartition('done\n')
        return sorted({word for word in words.splitlines() if word}), typed.rstrip('\n')

    def complete(self, line):
        return self.probe(line)[0]

    def test_the_line(self):
        self.assertEqual(self.probe('landline he')[1], 'landline help ')
        self.assertEqual(self.probe('landline ask --until cl')[1], 'landline ask --until close ')
        self.assertEqual(self.probe('landline ask ud')[1], 'landline ask udp://')

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.probe('landline ask --until=c')[1].rstrip(), 'landline ask --until=close')


if __name__ == '__main__':
    harness.main()

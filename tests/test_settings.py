# SPDX-License-Identifier: ISC
"""The files of a person, with the real program: contacts, as completions ask for them."""
import harness


class Files(harness.Case):
    def write(self, name, text):
        path = self.home / 'config' / 'landline' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

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

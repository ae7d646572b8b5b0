# SPDX-License-Identifier: ISC
"""`landline watch FILE --svg` and `--html`: documents that are well-formed whatever strangers say in their packets, that refer
to nothing outside, in English and Chinese; and in a real browser, where there is one, the page's script sorts out what is
searched for and nothing of it breaks the page's own policy."""
import html.parser
import re
import shutil
import subprocess
import xml.etree.ElementTree

import captures
import conversations
import harness
from captures import ACK, FIN, PSH, SYN

COUNT = 12
SVG = '{http://www.w3.org/2000/svg}'
HOSTILE = b'GET /</title><script>document.title="stolen"</script>\x1b[31m\xef\xbf\xbf\xff&amp;"\' HTTP/1.1\r\n\r\n'
# No end tag follows these.
VOID = {'meta', 'br', 'input'}


def hostile():
    """One connection, closed in four segments, whose request would like to be markup."""
    made = []

    def segment(ms, sender, seq, ack, flags, payload=b''):
        ends = [('10.9.0.1', 40000), ('10.9.0.2', 80)]
        (src, sport), (dst, dport) = ends if sender == 'a' else reversed(ends)
        frame = captures.ethernet(captures.ip(src, dst, captures.TCP,
                                              captures.tcp(sport, dport, seq, ack, flags, payload)))
        made.append((captures.START_NS + ms * 1_000_000, frame, len(frame)))

    behind = 101 + len(HOSTILE)
    segment(0, 'a', 100, 0, SYN)
    segment(20, 'b', 900, 101, SYN | ACK)
    segment(40, 'a', 101, 901, ACK)
    segment(41, 'a', 101, 901, ACK | PSH, HOSTILE)
    segment(61, 'b', 901, behind, ACK)
    segment(70, 'a', behind, 901, ACK | FIN)
    segment(90, 'b', 901, behind + 1, ACK)
    segment(95, 'b', 901, behind + 1, ACK | FIN)
    segment(115, 'a', behind + 1, 902, ACK)
    return made


class Page(html.parser.HTMLParser):
    """Follows the tags: every one is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found, self.ids, self.links, self.text = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == 'id']
        self.links += [value for name, value in attrs if name in ('href', 'src', 'xlink:href', 'action')]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:], self.getpos())
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    def count(self, tag, **attributes):
        return sum(1 for name, has in self.found
                   if name == tag and all(has.get(key.strip('_')) == value for key, value in attributes.items()))


class WatchPage(harness.Case):
    @classmethod
    def setUpClass(cls):
        packets, cls.connections = conversations.made(20261125, COUNT)
        cls.packets = sorted(hostile() + packets, key=lambda packet: packet[0])

    def setUp(self):
        super().setUp()
        self.one, self.many = self.tmp / 'one.pcap', self.tmp / 'many.pcap'
        self.one.write_bytes(captures.pcap(hostile(), nano=True))
        self.many.write_bytes(captures.pcap(self.packets, nano=True))

    def watch(self, *args, code=0, language='en'):
        program = self.run_program(harness.landline(), 'watch', *map(str, args),
                                   env={'LANG': 'C.UTF-8', 'LANGUAGE': language})
        self.assertEqual(program.code, code, program.story())
        return program

    # ---- SVG ----

    def svg(self, *args, **more):
        text = self.watch(*args, '--svg', **more).out
        return text, xml.etree.ElementTree.fromstring(text)

    def test_svg_is_a_document_of_its_own(self):
        for language, word in (('en', 'three-way handshake'), ('zh_CN', '三次握手')):
            with self.subTest(language=language):
                text, root = self.svg(self.one, language=language)
                self.assertEqual(root.tag, SVG + 'svg')
                self.assertEqual(root.get('{http://www.w3.org/XML/1998/namespace}lang'), language.replace('_', '-'))
                self.assertIn(word, root.find(SVG + 'desc').text)
                self.assertEqual(set(re.findall(r'https?://[^"]*', text)), {'http://www.w3.org/2000/svg'})
                self.assertNotIn(SVG + 'script', {element.tag for element in root.iter()})

    def test_svg_shows_each_packet_and_state(self):
        _, root = self.svg(self.one, '--every')
        rungs = [group for group in root.iter(SVG + 'g') if group.get('class') == 'rung']
        self.assertEqual(len([group for group in rungs if group.find(SVG + 'title') is not None]), len(hostile()))
        tags = [element.text for element in root.iter(SVG + 'text') if element.get('class') == 'tt']
        self.assertEqual(tags, ['SYN_SENT', 'SYN_RECEIVED', 'ESTABLISHED', 'ESTABLISHED', 'FIN_WAIT_1', 'CLOSE_WAIT',
                                'FIN_WAIT_2', 'TIME_WAIT', 'LAST_ACK', 'CLOSED'])

    def test_svg_stays_inside_its_own_edges(self):
        _, root = self.svg(self.many, '--follow', '3', '--every')
        height = int(root.get('height'))
        tops = [int(re.fullmatch(r'translate\(0,(\d+)\)', group.get('transform')).group(1))
                for group in root.findall(SVG + 'g')]
        self.assertEqual(tops, sorted(tops))
        self.assertLess(tops[-1] + 30, height)

    def test_svg_of_many_says_what_to_do(self):
        self.assertIn('--follow N', self.watch(self.many, '--svg', code=2).err)

    # ---- the page ----

    def test_page_is_whole(self):
        for language, word in (('en', 'three-way handshake'), ('zh_CN', '三次握手')):
            with self.subTest(language=language):
                text = self.watch(self.many, '--html', language=language).out
                page = Page(text)
                self.assertEqual(page.open, [])
                self.assertEqual(page.count('html', lang=language.replace('_', '-')), 1)
                self.assertIn(word, ''.join(page.text))
                self.assertEqual(len(page.ids), len(set(page.ids)), 'an id is there twice')
                self.assertEqual([link for link in page.links if link[0] != '#' or link[1:] not in page.ids], [])
                rows = page.count('tr') - 1
                self.assertGreaterEqual(rows, len(self.connections))
                self.assertEqual(page.count('section'), rows)

    def test_page_fetches_and_runs_nothing_of_others(self):
        text = self.watch(self.many, '--html').out
        page = Page(text)
        policy = [has['content'] for tag, has in page.found
                  if tag == 'meta' and has.get('http-equiv') == 'Content-Security-Policy']
        self.assertEqual(len(policy), 1)
        self.assertTrue(policy[0].startswith("default-src 'none';"), policy)
        self.assertEqual(page.count('script'), 1)
        self.assertEqual(re.findall(r'https?://', text), [])
        self.assertEqual([name for _, has in page.found for name in has if name.startswith('on')], [])
        self.assertIn('&lt;/title&gt;&lt;script&gt;', text)
        self.assertNotIn('\x1b', text)
        self.assertNotIn('\uffff', text)

    def test_page_of_those_that_are_chosen(self):
        page = Page(self.watch(self.many, '--html', '--follow', '2,4').out)
        self.assertEqual([i for i in page.ids if re.fullmatch(r'c\d+', i)], ['c2', 'c4'])

    def test_page_of_nothing(self):
        empty = self.tmp / 'empty.pcap'
        empty.write_bytes(captures.pcap([], nano=True))
        page = Page(self.watch(empty, '--html').out)
        self.assertEqual((page.open, page.count('tr')), ([], 1))

    # ---- in a browser ----

    def test_of_more_than_a_thousand_the_rows_have_the_ladders(self):
        """The gravest is the last one: it has a row, and the first ones' ladders must not take its place. A pipe, too."""
        frames = []
        for at in range(1050):
            ends = '10.0.0.1', '10.0.0.2', captures.UDP
            frames.append(captures.ethernet(captures.ipv4(*ends, captures.udp(20000 + at, 53, b'question'))))
            frames.append(captures.ethernet(captures.ipv4(ends[1], ends[0], captures.UDP,
                                                          captures.udp(53, 20000 + at, b'answer'))))
        frames.append(captures.ethernet(captures.ipv4('10.0.0.1', '10.0.0.2', captures.TCP,
                                                      captures.tcp(30000, 80, 1, 0, SYN))))
        file = self.tmp / 'crowd.pcap'
        file.write_bytes(captures.pcap(captures.timed(frames)))
        text = self.watch(file, '--html').out
        page = Page(text)
        rows = {link[1:] for link in page.links if re.fullmatch(r'#c\d+', link)}
        self.assertEqual(len(rows), 1000)
        self.assertIn('c1051', rows)
        self.assertLessEqual(rows, set(page.ids))
        piped = self.run_program(harness.landline(), 'watch', '-', '--html', input=file.read_bytes(),
                                 env={'LANG': 'C.UTF-8', 'LANGUAGE': 'en'})
        self.assertEqual(piped.code, 0, piped.story())
        self.assertEqual(set(Page(piped.out).ids), set(page.ids))

    def browse(self, fragment=''):
        """(the page's elements, what the browser had to say on the console)"""
        chromium = shutil.which('chromium') or shutil.which('google-chrome')
        if not chromium:
            self.skipTest('there is no chromium')
        path = self.tmp / 'page.html'
        path.write_text(self.watch(self.many, '--html').out)
        done = subprocess.run(
            [chromium, '--headless=new', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--v=0',
             f'--user-data-dir={self.tmp}/profile', '--dump-dom', path.as_uri() + fragment],
            capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL,
            check=False)
        return Page(done.stdout), [line for line in done.stderr.splitlines() if 'CONSOLE' in line]

    def test_browser_runs_the_page_without_complaint(self):
        page, said = self.browse()
        self.assertEqual(said, [])
        # The script made buttons of the headings, and strangers' script did nothing.
        self.assertEqual(page.count('button'), page.count('th'))
        self.assertIn('many.pcap · landline watch', page.text)
        self.assertNotIn('stolen', page.text)

    def test_browser_filters(self):
        page, said = self.browse('#filter=10.9.0.1:40000')
        self.assertEqual(said, [])
        rows = [has for tag, has in page.found if tag == 'tr' and 'data-id' in has]
        shown = [has['data-id'] for has in rows if 'hidden' not in has]
        self.assertEqual(shown, ['1'])
        self.assertEqual([has['id'] for tag, has in page.found if tag == 'section' and 'hidden' not in has], ['c1'])


if __name__ == '__main__':
    harness.main()

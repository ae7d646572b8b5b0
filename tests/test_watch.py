# SPDX-License-Identifier: ISC
"""landline watch FILE for programs: the JSON of conversations, packets and the capture beside tshark's counts; --only, --follow,
--limit, --pcap-of; pipes and gzip; files that are cut or none; exit statuses."""
import collections
import gzip
import json
import shutil
import subprocess
import unittest

import captures
import conversations
import harness

CONVERSATION_KEYS = {'type', 'id', 'protocol', 'a', 'b', 'packets_a', 'packets_b', 'payload_a', 'payload_b', 'syn', 'syn_ack', 'fin',
                     'rst', 'retransmissions', 'out_of_order', 'duplicate_acks', 'zero_windows', 'opened', 'closed', 'closed_by',
                     'findings', 'state_a', 'state_b'}
PACKET_KEYS = {'type', 'number', 'time', 'side', 'flags', 'seq', 'seq_raw', 'ack', 'ack_raw', 'payload', 'verdicts', 'state_a',
               'state_b'}


class Watch(harness.Case):
    def setUp(self):
        super().setUp()
        self.packets, self.made = conversations.made(44, 40)
        self.file = self.tmp / 'made.pcap'
        self.file.write_bytes(captures.pcap(self.packets, nano=True))

    def watch(self, *args, file=None, code=0, **more):
        program = self.run_program(harness.landline(), 'watch', str(file or self.file), *args, **more)
        self.assertEqual(program.code, code, program.story())
        return program

    def json(self, *args, **more):
        lines = [json.loads(line) for line in self.watch('--json', *args, **more).out.splitlines()]
        return ([line for line in lines if line['type'] == 'conversation'], [line for line in lines if line['type'] == 'packet'],
                [line for line in lines if line['type'] == 'capture'])

    def test_conversations_in_order_and_complete(self):
        found, packets, capture = self.json()
        self.assertEqual([each['id'] for each in found], list(range(1, len(self.made) + 1)))
        self.assertEqual(packets, [])
        for each, made in zip(found, self.made):
            self.assertLessEqual(CONVERSATION_KEYS, set(each))
            self.assertEqual((each['state_a'], each['state_b']), made.states)
        self.assertEqual(len(capture), 1)
        self.assertEqual((capture[0]['schema'], capture[0]['error'], capture[0]['packets'], capture[0]['conversations']),
                         (1, None, len(self.packets), len(self.made)))
        self.assertEqual(sum(each['packets_a'] + each['packets_b'] for each in found), len(self.packets))

    def test_packets_add_up_to_their_conversations(self):
        found, packets, _ = self.json('--every')
        self.assertEqual([each['number'] for each in packets], list(range(1, len(self.packets) + 1)))
        sums = collections.defaultdict(collections.Counter)
        last = {}
        for each in packets:
            self.assertLessEqual(PACKET_KEYS, set(each))
            total = sums[each['conversation']]
            total['packets_' + each['side']] += 1
            total['payload_' + each['side']] += each['payload']
            total['fin'] += 'FIN' in each['flags']
            total['rst'] += 'RST' in each['flags']
            total['syn'] += {'SYN', 'ACK'} & set(each['flags']) == {'SYN'}
            total['syn_ack'] += {'SYN', 'ACK'} <= set(each['flags'])
            total['retransmissions'] += 'retransmission' in each['verdicts']
            last[each['conversation']] = each
        for each in found:
            for key, value in sums[each['id']].items():
                self.assertEqual(each[key], value, (each['id'], key))
            end = last[each['id']]
            self.assertEqual((end['state_a'], end['state_b']), (each['state_a'], each['state_b']))

    @unittest.skipUnless(shutil.which('tshark'), 'no tshark here')
    def test_one_conversation_for_other_tools(self):
        out = self.tmp / 'one.pcapng'
        third = self.json('--follow', '3')[0]
        self.assertEqual(len(third), 1)
        self.watch('--pcap-of', '3', '--write', str(out))
        done = subprocess.run(['tshark', '-n', '-r', str(out), '-T', 'fields', '-e', 'tcp.stream'], capture_output=True, text=True,
                              timeout=harness.DEADLINE_S)
        self.assertEqual(done.stdout.split(), ['0'] * (third[0]['packets_a'] + third[0]['packets_b']))
        self.assertIn('--follow 99: there is no such', self.watch('--follow', '99', code=1).err)
        self.assertIn('no conversation 999', self.watch('--pcap-of', '999', '--write', str(out), code=1).err)

    def test_fragments_of_one_conversation_for_other_tools(self):
        """All of its datagram's, and none of another's that came between them."""
        frames = []
        for number, port in ((1, 53), (2, 54)):
            datagram = captures.udp(40000, port, bytes([number]) * 4000)
            frames.append([captures.ethernet(captures.ipv4('10.0.0.1', '10.0.0.2', captures.UDP, datagram[at:at + 1480], ident=number,
                                                           fragment=at // 8 | (0x2000 if at < 2960 else 0)))
                           for at in (0, 1480, 2960)])
        one, other = frames
        mixed = self.tmp / 'fragments.pcap'
        mixed.write_bytes(captures.pcap(captures.timed([one[0], other[0], one[2], other[1], other[2], one[1]])))
        mine, = [each for each in self.json(file=mixed)[0] if each['b'].endswith(':53')]
        out = self.tmp / 'whole.pcapng'
        self.watch('--pcap-of', str(mine['id']), '--write', str(out), file=mixed)
        written = out.read_bytes()
        self.assertEqual([written.count(frame) for frame in one + other], [1, 1, 1, 0, 0, 0])
        again, = self.json(file=out)[0]
        self.assertEqual((again['b'], again['payload_a']), (mine['b'], 4000))
        self.assertNotIn('fragments-lost', [finding['name'] for finding in again['findings']])

    def test_only(self):
        everything = self.json()[0]
        refused = self.json('--only', 'refused')[0]
        self.assertEqual(refused, [each for each in everything if each['closed'] == 'refused'])
        self.assertTrue(0 < len(refused) < len(everything))
        both = self.json('--only', 'refused or (retransmissions > 0 and not reset)')[0]
        self.assertEqual(both, [each for each in everything if each['closed'] == 'refused' or
                                (each['retransmissions'] > 0 and each['closed'] != 'reset' and
                                 'reset' not in [finding['name'] for finding in each['findings']])])
        self.assertIn('did you mean refused?', self.watch('--only', 'refusd', code=2).err)

    def test_the_overview_says_what_it_leaves_out(self):
        out = self.watch('--limit', '5').out
        self.assertIn(f'the 5 gravest of {len(self.made)}', out)
        self.assertNotIn('gravest', self.watch('--limit', '0').out)

    def test_a_single_conversation_is_drawn_at_once(self):
        one = self.tmp / 'one.pcapng'
        self.watch('--pcap-of', '2', '--write', str(one))
        self.assertIn('A, client', self.watch(file=one).out)

    def test_pipes_and_gzip(self):
        plain = self.watch('--json').out
        packed = self.tmp / 'made.pcap.gz'
        packed.write_bytes(gzip.compress(self.file.read_bytes()))
        self.assertEqual(self.watch('--json', file=packed).out, plain)
        with open(packed, 'rb') as stdin:
            done = subprocess.run([harness.landline(), 'watch', '-', '--json'], stdin=stdin, capture_output=True, text=True,
                                  timeout=harness.DEADLINE_S)
        self.assertEqual((done.returncode, done.stdout), (0, plain))

    def test_a_cut_file_gives_all_before_the_cut(self):
        cut = self.tmp / 'cut.pcap'
        cut.write_bytes(self.file.read_bytes()[:-10])
        program = self.watch('--json', file=cut, code=9)
        capture = json.loads(program.out.splitlines()[-1])
        self.assertEqual(capture['packets'], len(self.packets) - 1)
        self.assertIn('cut', capture['error'])
        self.assertEqual(len(program.err.splitlines()), 1, program.err)

    def test_what_is_no_capture(self):
        text = self.tmp / 'text'
        text.write_text('hello, hello\n')
        program = self.watch(file=text, code=9)
        self.assertIn('neither a pcap nor a pcapng file', program.err)
        self.assertEqual(program.out, '')
        self.assertIn('no such file', self.watch(file=self.tmp / 'missing.pcap', code=9).err)

    def test_a_name_that_is_nothing_gets_the_list_of_interfaces(self):
        """`watch eth9` once said "no such file"."""
        program = self.run_program(harness.landline(), 'watch', 'nosuch0')
        self.assertNotEqual(program.code, 0)
        self.assertRegex(program.err, r'no interface nosuch0; there are: .*\blo\b')

    def test_what_excludes_each_other(self):
        self.assertIn('exclude each other', self.watch('--json', '--html', code=2).err)
        self.assertIn('--follow x', self.watch('--follow', 'x', code=2).err)
        self.assertIn('--pcap-of', self.watch('--write', 'x', code=2).err)

    def test_a_file_does_not_pretend_to_obey_what_is_for_capturing(self):
        """--count and --for were once taken for a file, and did nothing."""
        for option in (['--count', '3'], ['--for', '1s'], ['--snaplen', '96'], ['--buffer', '1M'], ['--promiscuous']):
            self.assertIn(f'{option[0]} is for capturing', self.watch(*option, code=2).err)


if __name__ == '__main__':
    harness.main()

# SPDX-License-Identifier: ISC
"""landline's own verbs over bad links: each end runs on a host of the lab, and the wire loses, delays and is cut. What was
promised to arrive arrives, once and in order over a stream; what cannot be known is said."""
import json
import os
import subprocess
import unittest

import harness

ENGLISH = {'LANGUAGE': 'en'}
MESSAGES = 20


def may_unshare():
    return subprocess.run(['unshare', '-Urmn', 'true'], capture_output=True).returncode == 0


@unittest.skipUnless(may_unshare(), 'no namespace can be made here')
class Links(harness.Case):
    def lab(self, options, server, client, **more):
        """What it says in JSON. Both programs are landline."""
        done = self.run_program(harness.landline(), 'lab', '--json', *options, '--', harness.landline(), *server, '--',
                                harness.landline(), *client, env={**ENGLISH, 'HOME': str(self.tmp)}, timeout=60, **more)
        told = [json.loads(line) for line in done.out.splitlines()]
        self.assertTrue(told, done.story())
        return done, told

    def printed(self, told, host):
        return [one['text'] for one in told if one['type'] == 'output' and one['host'] == host]

    def dropped(self, told):
        return sum(one['type'] == 'packet' and one['fate'] == 'dropped' for one in told)

    def test_a_question_over_udp_is_asked_again(self):
        done, told = self.lab(['--drop', 'udp#1-2'], ['answer', 'udp://*:9000', '--reply', 'here'],
                              ['ask', 'udp://server:9000', 'there?', '--timeout', '10s', '--retries', '3'])
        self.assertEqual((done.code, self.printed(told, 'client'), self.dropped(told)), (0, ['here'], 2), done.story())

    def test_a_question_to_nobody_ends(self):
        done, told = self.lab(['--drop', 'udp from server'], ['answer', 'udp://*:9000', '--reply', 'here'],
                              ['ask', 'udp://server:9000', 'there?', '--timeout', '1s'])
        self.assertEqual(done.code, 5, done.story())

    def test_a_filtered_call_ends(self):
        done, told = self.lab(['--drop', 'syn'], ['answer', 'tcp://*:9000', '--echo'],
                              ['ask', 'tcp://server:9000', 'there?', '--timeout', '1s'])
        self.assertEqual(done.code, 5, done.story())
        self.assertRegex(' '.join(self.printed(told, 'client')), 'no connection within 1s')

    def test_a_reset_in_mid_call_is_said(self):
        done, told = self.lab(['--reset', 'client after data#1'], ['answer', 'tcp://*:9000', '--exec', 'cat; sleep 5'],
                              ['ask', 'tcp://server:9000', 'there?', '--timeout', '10s'])
        self.assertEqual(done.code, 6, done.story())

    def test_tls_over_a_lossy_link(self):
        done, told = self.lab(['--loss', '15%', '--delay', '5ms', '--seed', '3'],
                              ['answer', 'tls://*:9000', '--reply', 'safe'],
                              ['ask', 'tls://server:9000', 'is it?', '--insecure', '--timeout', '30s'])
        self.assertEqual(done.code, 0, done.story())
        self.assertEqual(self.printed(told, 'client')[-1], 'safe')
        self.assertGreater(self.dropped(told), 0)

    def test_a_lossy_chat_loses_nothing(self):
        """Whatever the seed, all of it comes, in order, once. (LAB_CHAT_SEEDS=100: with so many seeds.)"""
        said = [f'message {n}' for n in range(MESSAGES)]
        for seed in range(1, int(os.environ.get('LAB_CHAT_SEEDS', '3')) + 1):
            with self.subTest(seed=seed):
                done, told = self.lab(['--loss', '10%', '--reorder', '5%', '--duplicate', '5%', '--seed', seed],
                                      ['answer', 'tcp://*:9000', '--discard', '--json'],
                                      ['chat', '--lines', 'tcp://server:9000', '--no-history'],
                                      input=''.join(f'{line}\n' for line in said))
                self.assertEqual(done.code, 0, done.story())
                events = [json.loads(line) for line in self.printed(told, 'server')]
                self.assertEqual([event['text'] for event in events if event['event'] == 'message'], said, done.story())


if __name__ == '__main__':
    harness.main()

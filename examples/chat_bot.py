#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A chat bot: `time` gets the time, anything else comes back. Talk to it with `landline chat :9000`, nc, telnet ...

    python3 chat_bot.py [ADDRESS...]      it listens at :9000 and udp://:9000 unless told otherwise
"""
import json, os, subprocess, sys, time

listen = [word for address in sys.argv[1:] or [':9000', 'udp://:9000'] for word in ('--listen', address)]
chat = subprocess.Popen([os.environ.get('LANDLINE', 'landline'), 'chat', '--json', *listen],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding='utf-8', bufsize=1)
for event in map(json.loads, chat.stdout):
    if event['event'] == 'message' and event['direction'] == 'in':
        text = time.strftime('%H:%M:%S') if event['text'] == 'time' else event['text']
        print(json.dumps({'say': text, 'to': event['peer']}), file=chat.stdin)
sys.exit(chat.wait())

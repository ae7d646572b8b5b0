# SPDX-License-Identifier: ISC
"""What the tests of landline chat share: starting it in either language, contacts, and peers to talk to."""
import json
import re
import socket

import harness

HOST = '127.0.0.1'
CHINESE = {'LANGUAGE': 'zh_CN'}

# The tutorial's prompts.
CHOOSE = '请选择聊天对象: '
SAY = '请输入消息,回车发送: '
REPLY = '回复消息: '
FROM = r'来自\[127\.0\.0\.1:(\d+)\]的一条消息:'


class Case(harness.Case):
    def contacts(self, **addresses):
        """Writes the contacts file: contacts(张三='udp://...')."""
        folder = self.home / 'config' / 'landline'
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'contacts').write_text(''.join(f'{name} = {address}\n' for name, address in addresses.items()))

    def chat(self, *args, listening=0, env=CHINESE, **more):
        """Starts landline chat; returns when it listens at so many sockets."""
        program = self.spawn(harness.landline(), 'chat', *args, env=env, **more)
        if listening:
            harness.wait_until(lambda: self.listening_at(program, count=listening), 'listening', program)
        return program

    def listening_at(self, program, count=1):
        """The addresses that it said it listens at, once there are so many."""
        if '--json' in program.argv:
            found = [event['address'] for event in events(program) if event['event'] == 'listening']
        else:
            found = re.findall(r'(?:listening on|正在监听) (\S+)', program.err + program.out)
        return found if len(found) >= count else None

    def datagrams(self, port=0):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(s.close)
        s.bind((HOST, port))
        s.settimeout(harness.DEADLINE_S)
        return s

    def listener(self):
        s = socket.create_server((HOST, 0))
        self.addCleanup(s.close)
        s.settimeout(harness.DEADLINE_S)
        return s

    def take_call(self, listener):
        conn, _ = listener.accept()
        self.addCleanup(conn.close)
        conn.settimeout(harness.DEADLINE_S)
        return conn

    def call(self, port):
        s = socket.create_connection((HOST, port), timeout=harness.DEADLINE_S)
        self.addCleanup(s.close)
        return s

def events(program):
    """The whole lines of --json so far."""
    out = program.out
    return [json.loads(line) for line in out[:out.rfind('\n') + 1].splitlines()]


def receive(peer, count):
    """Exactly count bytes, or as many as came before the end."""
    data = b''
    while len(data) < count:
        part = peer.recv(count - len(data))
        if not part:
            break
        data += part
    return data

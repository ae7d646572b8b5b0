# SPDX-License-Identifier: ISC
"""What the tests of landline answer share: starting it, and calling it."""
import pathlib
import signal
import socket

import harness

# Nothing that passes waits so long.
SOCKET_S = 10


def descendants(pid):
    """The processes started by pid, and by those."""
    found = []
    for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = stat.read_text().rsplit(')', 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found + [below for child in found for below in descendants(child)]


def is_alive(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def rss_kib(pid):
    for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS'):
            return int(line.split()[1])
    return 0


def receive(peer, count):
    """Exactly count bytes, or as many as came before the end."""
    data = b''
    while len(data) < count:
        part = peer.recv(count - len(data))
        if not part:
            break
        data += part
    return data


def receive_all(peer):
    data = b''
    while part := peer.recv(65536):
        data += part
    return data


class Case(harness.Case):
    def answer(self, *args, env=None, wrap=(), listening=1):
        """Starts landline answer; returns when it listens at so many sockets."""
        program = self.spawn(*wrap, harness.landline(), 'answer', *args, env=env)
        if '--json' in args:
            harness.wait_until(lambda: program.out.count('"listening"') >= listening, 'listening', program)
        else:
            harness.wait_until(lambda: program.err.count('listening on ') >= listening, 'listening', program)
        return program

    def call(self, port, host='127.0.0.1'):
        peer = socket.create_connection((host, port), timeout=SOCKET_S)
        self.addCleanup(peer.close)
        return peer

    def call_unix(self, path):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.settimeout(SOCKET_S)
        peer.connect(path)
        self.addCleanup(peer.close)
        return peer

    def datagrams(self, port=None, host='127.0.0.1'):
        """A UDP socket, connected to port."""
        peer = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
        peer.settimeout(SOCKET_S)
        if port is not None:
            peer.connect((host, port))
        self.addCleanup(peer.close)
        return peer

    def stop(self, program, number=signal.SIGTERM):
        program.signal(number)
        self.assertEqual(program.wait(), 0, program.story())

    def assert_silent(self, peer, seconds=0.3):
        """Nothing comes. Only for what must not come at all, so a slow machine can't make it fail."""
        peer.settimeout(seconds)
        with self.assertRaises(TimeoutError):
            peer.recv(1024)
        peer.settimeout(SOCKET_S)

# SPDX-License-Identifier: ISC
"""TCP connections as a capturer between the two ends sees them, by chance but always the same ones for a seed: each way to open
and to close, data both ways, segments lost before and behind the capturer, overtaken, acknowledged twice, a receiver that
stops reading, numbers that wrap."""
import random

import captures
from captures import ACK, FIN, PSH, RST, SYN

RTT_NS = 20_000_000


class Side:
    def __init__(self, address, port, isn):
        self.address, self.port = address, port
        self.next = isn


class Connection:
    """Appends (time_ns, frame) to out. Afterwards states says in which state each end is left."""

    def __init__(self, out, chance, a, b, start_ns):
        self.out, self.chance, self.now = out, chance, start_ns
        self.a, self.b, self.start = a, b, start_ns
        self.states = None

    def wait(self, ns=RTT_NS // 2):
        self.now += ns

    def segment(self, sender, flags, payload=b'', seq=None, window=64240, ack=None):
        other = self.b if sender is self.a else self.a
        options = captures.mss(1460) + captures.window_scale(7) if flags & SYN else b''
        number = sender.next if seq is None else seq
        self.out.append((self.now, captures.ethernet(captures.ip(
            sender.address, other.address, captures.TCP,
            captures.tcp(sender.port, other.port, number, (other.next if ack is None else ack) if flags & ACK else 0, flags,
                         payload, window, options)))))
        if seq is None:
            sender.next = (number + len(payload) + bool(flags & SYN) + bool(flags & FIN)) % 2**32

    def open(self):
        for _ in range(self.chance.choice([0, 0, 0, 1, 2])):
            self.segment(self.a, SYN, seq=self.a.next)
            self.wait(1_000_000_000)
        self.segment(self.a, SYN)
        self.wait()
        self.segment(self.b, SYN | ACK)
        self.wait()
        self.segment(self.a, ACK)

    def say(self, sender, other):
        """A few segments one way, with what may happen to them, and their acknowledgment."""
        before = sender.next
        kind = self.chance.choice(['all', 'all', 'all', 'lost behind', 'lost before', 'overtaken', 'again'])
        # tshark 4.0 does not see that a single byte was overtaken: test_conversations.py has that by itself.
        size = self.chance.choice([300, 1460] if kind == 'overtaken' else [1, 300, 1460])
        for _ in range(2):
            self.segment(sender, ACK, bytes(size))
        first_lost = sender.next
        if kind in ('lost before', 'overtaken'):
            # It is not seen here, yet.
            sender.next = (sender.next + size) % 2**32
        else:
            self.segment(sender, ACK, bytes(size))
        self.segment(sender, ACK, bytes(size))
        self.segment(sender, ACK | PSH, bytes(size))
        if kind == 'overtaken':
            self.wait(100_000)
            self.segment(sender, ACK, bytes(size), seq=first_lost)
        self.wait()
        if kind in ('lost behind', 'lost before'):
            for _ in range(4):
                self.segment(other, ACK, ack=first_lost)
            self.wait(250_000_000)
            self.segment(sender, ACK, bytes(size), seq=first_lost)
            self.wait()
        self.segment(other, ACK)
        self.wait()
        if kind == 'again':
            # The acknowledgment was lost on its way.
            self.wait(250_000_000)
            self.segment(sender, ACK | PSH, bytes(size), seq=(before + 4 * size) % 2**32)
            self.wait()
            self.segment(other, ACK)
            self.wait()

    def stall(self, sender, other):
        self.segment(sender, ACK | PSH, bytes(1000))
        self.wait()
        self.segment(other, ACK, window=0)
        self.wait(300_000_000)
        self.segment(other, ACK)
        self.wait()

    def close(self):
        kind = self.chance.choice(['four', 'three', 'half', 'both', 'reset', 'not'])
        first, second = self.chance.choice([(self.a, self.b), (self.b, self.a)])
        if kind == 'reset':
            self.segment(first, RST | ACK)
            self.states = 'CLOSED', 'CLOSED'
            return
        if kind == 'not':
            self.states = 'ESTABLISHED', 'ESTABLISHED'
            return
        if kind == 'both':
            number = second.next
            self.segment(first, FIN | ACK)
            self.segment(second, FIN | ACK, ack=(first.next - 1) % 2**32)
            self.wait()
            assert second.next == (number + 1) % 2**32
            self.segment(first, ACK)
            self.segment(second, ACK)
            self.states = 'TIME_WAIT', 'TIME_WAIT'
            return
        self.segment(first, FIN | ACK)
        self.wait()
        if kind != 'three':
            self.segment(second, ACK)
            if kind == 'half':
                self.segment(second, ACK | PSH, bytes(700))
                self.wait()
                self.segment(first, ACK)
            self.wait()
        self.segment(second, FIN | ACK)
        self.wait()
        self.segment(first, ACK)
        self.states = ('TIME_WAIT', 'CLOSED') if first is self.a else ('CLOSED', 'TIME_WAIT')

    def refused(self):
        self.segment(self.a, SYN)
        self.wait()
        self.b.next = 0
        self.segment(self.b, RST | ACK)
        self.states = 'CLOSED', 'CLOSED'

    def whole(self):
        kind = self.chance.randrange(12)
        if kind == 0:
            self.refused()
            return
        if kind == 1:
            for wait_s in (1, 2, 4):
                self.segment(self.a, SYN, seq=self.a.next)
                self.wait(wait_s * 10**9)
            self.states = 'SYN_SENT', 'SYN_RECEIVED'
            return
        self.open()
        for _ in range(self.chance.randrange(4)):
            self.say(*self.chance.choice([(self.a, self.b), (self.b, self.a)]))
        if self.chance.random() < .2:
            self.stall(*self.chance.choice([(self.a, self.b), (self.b, self.a)]))
        self.close()


def made(seed, count):
    """(the packets of so many connections and a few more, in the order of their times; the connections in that of their
    first packets)"""
    chance = random.Random(seed)
    out, connections = [], []

    def begin(a, b, start_ns):
        connections.append(Connection(out, chance, a, b, start_ns))
        connections[-1].whole()

    def isn():
        return chance.choice([chance.randrange(2**32), 2**32 - chance.randrange(3000)])

    for number in range(count):
        version = chance.choice([4, 4, 6])
        a = Side(captures.random_address(chance, version), 30000 + number % 30000, isn())
        b = Side(captures.random_address(chance, version), 80, isn())
        start = captures.START_NS + number * 5_000_000
        begin(a, b, start)
        if chance.random() < .1:
            # The same ports once more, when the first are long done.
            begin(Side(a.address, a.port, chance.randrange(2**32)), Side(b.address, b.port, chance.randrange(2**32)),
                  start + 60_000_000_000)
    out.sort(key=lambda packet: packet[0])
    connections.sort(key=lambda connection: connection.start)
    return [(time_ns, frame, len(frame)) for time_ns, frame in out], connections

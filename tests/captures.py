# SPDX-License-Identifier: ISC
"""Capture files made of nothing but struct.pack, for tests: packets of every kind that landline decodes, in files of every
kind that it reads. A packet is (time_ns, bytes captured, length on the wire)."""
import ipaddress
import random
import struct

ETHERNET, NULL, PPP, RAW, LOOP, SLL, SLL2 = 1, 0, 9, 101, 108, 113, 276
TCP, UDP, ICMP, ICMPV6, GRE = 6, 17, 1, 58, 47
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32

START_NS = 1_700_000_000_123_456_000


# ---- packets ---------------------------------------------------------------------------------------

def packed(address):
    return ipaddress.ip_address(address).packed


def ipv4(src, dst, protocol, payload, ttl=64, ident=0, fragment=0x4000, options=b'', total=None):
    head = 20 + len(options)
    return struct.pack('>BBHHHBBH4s4s', 0x40 | head // 4, 0, head + len(payload) if total is None else total, ident, fragment,
                       ttl, protocol, 0, packed(src), packed(dst)) + options + payload


def ipv6(src, dst, following, payload, length=None):
    return struct.pack('>IHBB16s16s', 0x60000000, len(payload) if length is None else length, following, 64, packed(src),
                       packed(dst)) + payload


def ip(src, dst, protocol, payload):
    return ipv6(src, dst, protocol, payload) if ':' in src else ipv4(src, dst, protocol, payload)


def tcp(sport, dport, seq, ack, flags, payload=b'', window=64240, options=b'', urgent=0):
    options += bytes(-len(options) % 4)
    return struct.pack('>HHIIHHHH', sport, dport, seq % 2**32, ack % 2**32, (20 + len(options)) // 4 << 12 | flags, window, 0,
                       urgent) + options + payload


def udp(sport, dport, payload, length=None):
    return struct.pack('>HHHH', sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def icmp_error(quoted, kind=3, code=3, rest=0):
    return struct.pack('>BBHI', kind, code, 0, rest) + quoted


def mss(value):
    return struct.pack('>BBH', 2, 4, value)


def window_scale(shift):
    return struct.pack('>BBBB', 1, 3, 3, shift)


def timestamps(value, echo):
    return struct.pack('>BBBBII', 1, 1, 8, 10, value, echo)


# ---- links -----------------------------------------------------------------------------------------

def ethertype(packet):
    return 0x0800 if packet[0] >> 4 == 4 else 0x86dd


def ethernet(packet, *vlans, kind=None):
    frame = bytes(range(12))
    for number, vlan in enumerate(vlans):
        frame += struct.pack('>HH', 0x88a8 if number == 0 and len(vlans) > 1 else 0x8100, vlan)
    # A short frame is padded, which must not be taken for payload.
    return (frame + struct.pack('>H', kind or ethertype(packet)) + packet).ljust(60, b'\0')


def sll(packet):
    return struct.pack('>HHH8sH', 4, 1, 6, b'\1\2\3\4\5\6', ethertype(packet)) + packet


def sll2(packet):
    return struct.pack('>HHIHBB8s', ethertype(packet), 0, 2, 1, 0, 6, b'\1\2\3\4\5\6') + packet


def null(packet):
    return struct.pack('<I', 2 if packet[0] >> 4 == 4 else 30) + packet


def loop(packet):
    return struct.pack('>I', 2 if packet[0] >> 4 == 4 else 24) + packet


def ppp(packet):
    return struct.pack('>HH', 0xff03, 0x21 if packet[0] >> 4 == 4 else 0x57) + packet


LINKS = {ETHERNET: ethernet, SLL: sll, SLL2: sll2, NULL: null, LOOP: loop, PPP: ppp, RAW: lambda packet: packet}


# ---- files -----------------------------------------------------------------------------------------

def timed(frames, step_ns=1_234_000, snaplen=None):
    return [(START_NS + number * step_ns, frame[:snaplen], len(frame)) for number, frame in enumerate(frames)]


def pcap(packets, linktype=ETHERNET, order='<', nano=False, modified=False):
    magic = 0xa1b2cd34 if modified else 0xa1b23c4d if nano else 0xa1b2c3d4
    out = [struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, 262144, linktype)]
    for time_ns, data, wire in packets:
        fraction = time_ns % 10**9 // (1 if nano else 1000)
        out.append(struct.pack(order + 'IIII', time_ns // 10**9, fraction, len(data), wire))
        out.append(struct.pack(order + 'IHBB', 1, 0x0800, 0, 0) if modified else b'')
        out.append(data)
    return b''.join(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, len(body) + 12) + body + struct.pack(order + 'I', len(body) + 12)


def option(order, code, value):
    return struct.pack(order + 'HH', code, len(value)) + value + bytes(-len(value) % 4)


def section(order='<'):
    return block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1) +
                 option(order, 4, 'landline tests'.encode()) + option(order, 0, b''))


def interface(linktype, order='<', snaplen=0, resolution=9, offset_s=0, name=None):
    options = option(order, 2, name.encode()) if name else b''
    options += option(order, 9, bytes([resolution]))
    if offset_s:
        options += option(order, 14, struct.pack(order + 'q', offset_s))
    return block(order, 1, struct.pack(order + 'HHI', linktype, 0, snaplen) + options + option(order, 0, b''))


def enhanced(packet, number=0, order='<', ticks=None, comment=None):
    time_ns, data, wire = packet
    ticks = time_ns if ticks is None else ticks
    options = option(order, 1, comment.encode()) + option(order, 0, b'') if comment else b''
    return block(order, 6, struct.pack(order + 'IIIII', number, ticks >> 32, ticks & 0xffffffff, len(data), wire) + data +
                 bytes(-len(data) % 4) + options)


def obsolete(packet, number=0, order='<'):
    time_ns, data, wire = packet
    return block(order, 2, struct.pack(order + 'HHIIII', number, 0, time_ns >> 32, time_ns & 0xffffffff, len(data), wire) +
                 data)


def simple(packet, order='<'):
    return block(order, 3, struct.pack(order + 'I', packet[2]) + packet[1])


def pcapng(packets, linktype=ETHERNET, order='<'):
    return section(order) + interface(linktype, order) + b''.join(enhanced(packet, order=order) for packet in packets)


# ---- chance ----------------------------------------------------------------------------------------

def random_address(chance, version):
    if version == 4:
        return f'10.{chance.randrange(4)}.0.{chance.randrange(1, 255)}'
    return f'2001:db8::{chance.randrange(1, 0xffff):x}'


def random_options(chance):
    kinds = [mss(chance.randrange(65536)), window_scale(chance.randrange(15)), timestamps(chance.randrange(2**32), 0),
             b'\1\1\4\2', b'\1', b'\xfe\4ab', b'\1\1\5\12' + chance.randbytes(8)]
    options = b''
    for one in chance.sample(kinds, chance.randrange(len(kinds))):
        if len(options) + len(one) <= 40:
            options += one
    return options


def random_segment(chance):
    return tcp(chance.randrange(1, 65536), chance.randrange(1, 65536), chance.randrange(2**32), chance.randrange(2**32),
               chance.choice([SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK, 0xff, 0x1ff, 0]),
               bytes(chance.choice([0, 0, 1, 100, 1448])), chance.randrange(65536), random_options(chance),
               chance.randrange(65536))


def random_packet(chance):
    """An IP packet that is well-formed, of a kind that landline and tshark both take apart."""
    version = chance.choice([4, 4, 6])
    src, dst = random_address(chance, version), random_address(chance, version)
    kind = chance.randrange(12)
    if kind < 6:
        return ip(src, dst, TCP, random_segment(chance))
    if kind < 8:
        # Ports that no protocol claims, so that tshark leaves the payload alone.
        return ip(src, dst, UDP, udp(chance.randrange(40000, 50000), chance.randrange(40000, 50000),
                                     bytes(chance.choice([0, 1, 500, 1400]))))
    inner = ip(src, dst, TCP, random_segment(chance))
    if kind == 8:
        if version == 4:
            return ipv4(dst, src, ICMP, icmp_error(inner[:chance.choice([28, 40, 60])]))
        return ipv6(dst, src, ICMPV6, icmp_error(inner[:chance.choice([48, 60, 80])], 1, 4))
    if kind == 9:
        return ipv4('192.0.2.1', '192.0.2.2', 4 if version == 4 else 41, inner)
    if kind == 10:
        key = chance.random() < .5
        return ipv4('192.0.2.1', '192.0.2.2', GRE, struct.pack('>HH', 0x2000 if key else 0, ethertype(inner)) +
                    (b'\0\0\0\7' if key else b'') + inner)
    if version == 4:
        return ipv4(src, dst, TCP, random_segment(chance), options=b'\x94\4\0\0' * chance.randrange(1, 4))
    extensions = chance.choice([bytes([TCP, 0, 1, 4, 0, 0, 0, 0]), bytes([TCP, 1, 1, 12]) + bytes(12)])
    return ipv6(src, dst, chance.choice([0, 60]), extensions + random_segment(chance))


def random_frames(seed, count, linktype=ETHERNET):
    chance = random.Random(seed)
    return [LINKS[linktype](random_packet(chance)) for _ in range(count)]

"""Reads pcapng (draft-ietf-opsawg-pcapng) with nothing of Volley's, so that it can judge what Volley writes.

Strict: a block that is torn, misaligned or inconsistent raises ValueError. Little-endian and big-endian sections.
"""

import struct
from dataclasses import dataclass, field

SECTION, INTERFACE, NAMES, STATISTICS, PACKET = 0x0A0D0D0A, 1, 4, 5, 6
MAGIC = 0x1A2B3C4D
OPT_END, OPT_COMMENT = 0, 1
IF_NAME, IF_TSRESOL = 2, 9
EPB_FLAGS, EPB_PACKETID = 2, 5


@dataclass
class Interface:
    name: str
    link_type: int
    snaplen: int
    ticks_per_second: int


@dataclass
class Packet:
    interface: Interface
    time_ns: int
    data: bytes
    original_length: int
    options: dict = field(repr=False)

    @property
    def packet_id(self):
        """None: it belongs to no probe."""
        if EPB_PACKETID not in self.options:
            return None
        (value,) = self._numbers(EPB_PACKETID, 'Q')
        return value

    @property
    def index(self):
        return self.packet_id // 16

    @property
    def answer_number(self):
        """0 for a stimulus, 1.. for its answers."""
        return self.packet_id % 16

    @property
    def direction(self):
        """epb_flags, bits 0-1: 1 inbound, 2 outbound."""
        (flags,) = self._numbers(EPB_FLAGS, 'I')
        return flags & 3

    @property
    def comment(self):
        return self.options.get(OPT_COMMENT, [b''])[0].decode()

    def _numbers(self, code, kind):
        order, values = self.options['order'], self.options[code]
        return struct.unpack(order + kind, values[0])


@dataclass
class Capture:
    comment: str
    application: str
    interfaces: list
    packets: list
    n_statistics: int


def read(path):
    with open(path, 'rb') as file:
        data = file.read()
    capture = Capture('', '', [], [], 0)
    order, at = '<', 0
    while at < len(data):
        if data[at:at + 4] == struct.pack('<I', SECTION):
            order = '<' if data[at + 8:at + 12] == struct.pack('<I', MAGIC) else '>'
        kind, body, at = read_block(data, at, order)
        if kind == SECTION:
            options = read_options(body[16:], order)
            capture.comment = options.get(OPT_COMMENT, [b''])[0].decode()
            capture.application = options.get(4, [b''])[0].decode()
        elif kind == INTERFACE:
            capture.interfaces.append(read_interface(body, order))
        elif kind == PACKET:
            capture.packets.append(read_packet(body, order, capture.interfaces))
        elif kind == STATISTICS:
            capture.n_statistics += 1
        elif kind != NAMES:  # empty ones fill pages of the file
            raise ValueError(f'block of type {kind:#x} before {at}')
    return capture


def read_block(data, at, order):
    """Returns (type, body, where the next one begins)."""
    if at + 12 > len(data):
        raise ValueError(f'torn block at {at}')
    kind, length = struct.unpack_from(order + 'II', data, at)
    if length < 12 or length % 4 or at + length > len(data):
        raise ValueError(f'block at {at} says that it is {length} long')
    if struct.unpack_from(order + 'I', data, at + length - 4)[0] != length:
        raise ValueError(f'block at {at} has two different lengths')
    return kind, data[at + 8:at + length - 4], at + length


def read_options(data, order):
    """{code: [value, ...]}, and 'order' for those who read numbers from them."""
    options, at = {'order': order}, 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(order + 'HH', data, at)
        if code == OPT_END:
            return options
        if at + 4 + length > len(data):
            raise ValueError(f'option {code} is longer than its block')
        options.setdefault(code, []).append(data[at + 4:at + 4 + length])
        at += 4 + (length + 3) // 4 * 4
    return options


def read_interface(body, order):
    link_type, _, snaplen = struct.unpack_from(order + 'HHI', body)
    options = read_options(body[8:], order)
    resolution = options.get(IF_TSRESOL, [b'\x06'])[0][0]
    ticks = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10 ** resolution
    return Interface(options.get(IF_NAME, [b''])[0].decode(), link_type, snaplen, ticks)


def read_packet(body, order, interfaces):
    number, high, low, captured, original = struct.unpack_from(order + 'IIIII', body)
    if number >= len(interfaces) or captured > len(body) - 20:
        raise ValueError('packet block of no interface, or longer than itself')
    interface = interfaces[number]
    padded = (captured + 3) // 4 * 4
    time_ns = ((high << 32) | low) * 10**9 // interface.ticks_per_second
    return Packet(interface, time_ns, body[20:20 + captured], original, read_options(body[20 + padded:], order))

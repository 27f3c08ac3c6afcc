"""Captures of mixed traffic drawn at random, and how Scapy pairs what is in them. Runs in the peer, where Scapy is."""

import random
import struct

import newer
import pairs
from scapy.all import IP, CookedLinux, Ether, IPv6, PacketList, rdpcap

LINKTYPES = {'ether': 1, 'ip': 101, 'cooked': 113}
TRIES = 50  # captures of which Scapy may raise


def framed(link, frame, kind, pkttype):
    """The frame as a capture of that link type has it; None: it does not go with it."""
    if link == 'ether':
        first = {'ip': b'\x08\x00', 'ip6': b'\x86\xdd'}.get(kind)
        return frame if first is None else bytes.fromhex('020000000002020000000001') + first + frame
    if kind == 'ether':
        return None
    if link == 'cooked':
        return struct.pack('>HHH8sH', pkttype, 1, 0, b'', 0x86dd if kind == 'ip6' else 0x0800) + frame
    return frame


def draw_frames(seed, link, n):
    """n frames or more: stimuli with their responses somewhere behind them, some twice, some before them."""
    draw = random.Random(seed)
    places = []
    for i in range(n):
        stimulus, response, kind, _, _, _, received, sent = pairs.draw_pair(seed * 1_000_003 + i)[:8]
        # What is bytes to one of both only: a layer that Volley has not, a record of DNS that is cut short (docs/matching.md).
        if 'STP' in received + sent or ('DNS' in sent and received.endswith('Raw')) or 'NBNS' in sent:
            continue
        two = [framed(link, bytes.fromhex(text), kind, pkttype) for text, pkttype in ((stimulus, 4), (response, 0))]
        if None in two:
            continue
        at = draw.random() * n
        places.append((at, two[0]))
        if draw.random() < 0.2:
            places.append((at + draw.random() * 9, two[0]))
        for _ in range(draw.choice([0, 1, 1, 1, 1, 2])):
            places.append((at + draw.random() * 20 - 3, two[1]))
    places.sort()
    return [frame for _, frame in places]


def write(frames, link, path):
    """A frame each millisecond."""
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, LINKTYPES[link]))
        for i, frame in enumerate(frames):
            file.write(struct.pack('<IIII', 1_700_000_000 + i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame)


def pair(path, multi):
    """Scapy's PacketList.sr(): [(stimulus, answer)] and the remaining ones, as numbers of frames."""
    packets = rdpcap(path)
    numbers = {id(packet): i for i, packet in enumerate(packets, 1)}
    answered, rest = PacketList(list(packets)).sr(multi=multi)
    return {'answered': [[numbers[id(a)], numbers[id(b)]] for a, b in answered],
            'rest': [numbers[id(packet)] for packet in rest], 'n': len(packets)}


def draw(seed, link, n, multi, path):
    """Writes a capture and pairs it."""
    with newer.Scapy():
        for i in range(TRIES):
            write(draw_frames(seed * TRIES + i, link, n), link, path)
            try:
                return pair(path, multi)
            except Exception:  # of answers(): such frames end Scapy's own sr() too
                continue
    raise RuntimeError('Scapy raised in every one')


def hold_against(names, template, path):
    """[[index of the stimulus, frame that answers it]]: Scapy's sndrcv(), all stimuli sent before the first frame."""
    sent = {}
    for i, packet in enumerate(eval(template, dict(names))):
        packet = packet.__class__(bytes(packet))
        sent.setdefault(packet.hashret(), []).append((i, packet))
    found = []
    for number, frame in enumerate(rdpcap(path), 1):
        received = frame.payload if isinstance(frame, (Ether, CookedLinux)) else frame
        waiting = sent.get(received.hashret(), [])
        for place, (i, packet) in enumerate(waiting):
            if received.answers(packet):
                found.append([i, number])
                del waiting[place]
                break
    return found

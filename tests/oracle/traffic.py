"""Captures of mixed traffic drawn at random, and how Scapy pairs what is in them. Runs in the peer, where Scapy is."""

import random

import pairs
from scapy.all import IP, CookedLinux, Ether, IPv6, PacketList, rdpcap, wrpcap

LINKS = {'ether': Ether, 'ip': IP, 'cooked': CookedLinux}


def packets_of(link, stimulus, response, kind):
    """Both as a capture of that link type has them; None: they don't go with it."""
    first = Ether if kind == 'ether' else IPv6 if kind == 'ip6' else IP
    two = [first(bytes.fromhex(text)) for text in (stimulus, response)]
    if link == 'ether':
        if kind != 'ether':
            two = [Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / packet for packet in two]
    elif kind == 'ether' or (link == 'ip' and kind == 'ip6'):
        return None
    elif link == 'cooked':
        two = [CookedLinux(pkttype=4, lladdrtype=1, proto=0x86dd if kind == 'ip6' else 0x800) / two[0],
               CookedLinux(pkttype=0, lladdrtype=1, proto=0x86dd if kind == 'ip6' else 0x800) / two[1]]
    return [bytes(packet) for packet in two]


def draw_frames(seed, link, n):
    """n frames or more: stimuli with their responses somewhere behind them, some twice, some before them."""
    draw = random.Random(seed)
    places = []
    for i in range(n):
        stimulus, response, kind = pairs.draw_pair(seed * 1_000_003 + i)[:3]
        two = packets_of(link, stimulus, response, kind)
        if two is None:
            continue
        at = draw.random() * n
        places.append((at, two[0]))
        if draw.random() < 0.2:
            places.append((at + draw.random() * 9, two[0]))
        for _ in range(draw.choice([0, 1, 1, 1, 1, 2])):
            places.append((at + draw.random() * 20 - 3, two[1]))
    places.sort()
    return [frame for _, frame in places]


def write(seed, link, n, path):
    packets = [LINKS[link](frame) for frame in draw_frames(seed, link, n)]
    for i, packet in enumerate(packets):
        packet.time = 1_700_000_000 + i / 1024
    wrpcap(path, packets)
    return len(packets)


def pair(path, multi):
    """Scapy's PacketList.sr(): [(stimulus, answer)] and the remaining ones, as numbers of frames."""
    packets = rdpcap(path)
    numbers = {id(packet): i for i, packet in enumerate(packets, 1)}
    answered, rest = PacketList(list(packets)).sr(multi=multi)
    return [[numbers[id(a)], numbers[id(b)]] for a, b in answered], [numbers[id(packet)] for packet in rest]


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

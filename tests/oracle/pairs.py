"""Stimuli and responses drawn at random, with Scapy's verdict. Runs in the peer, where Scapy is."""

import random

from scapy.all import (ARP, ICMP, IP, TCP, UDP, Dot1Q, Ether, ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                       ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6, Raw)

ICMP_PAIRS = [(8, 0), (13, 14), (15, 16), (17, 18), (33, 34), (35, 36), (37, 38)]
MACS = {'src': '02:00:00:00:00:01', 'dst': '02:00:00:00:00:02'}
BACK = {'src': '02:00:00:00:00:03', 'dst': '02:00:00:00:00:01'}


class Pair:
    """Fields of a stimulus and of its proper response; `mutate` spoils one."""

    def __init__(self, draw):
        self.draw = draw

    def address(self, six):
        tail = self.draw.randrange(1, 0xfff0)
        return f'2001:2::{tail:x}' if six else f'198.18.{tail >> 8}.{tail & 255}'

    def port(self):
        return self.draw.randrange(1, 65535)

    def payload(self):
        return Raw(self.draw.randbytes(self.draw.randrange(1, 20))) if self.draw.random() < 0.5 else None

    def network(self, six):
        a, b = self.address(six), self.address(six)
        layer = IPv6 if six else IP
        return layer(src=a, dst=b), layer(src=b, dst=a)

    @staticmethod
    def stack(*layers):
        packet = None
        for layer in layers:
            if layer is not None:
                packet = layer if packet is None else packet / layer
        return packet

    # --- what is sent, and what answers it

    def tcp(self, six):
        d = self.draw
        low, high = self.network(six)
        sport, dport, seq = self.port(), self.port(), d.randrange(100, 1 << 31)
        data = self.payload()
        n = len(bytes(data)) if data else 0
        s_flags = d.choice(['S', 'S', 'S', 'A', 'PA', 'FA', 'R', '', 'SA'])
        ack = d.randrange(100, 1 << 31)
        s = self.stack(low, TCP(sport=sport, dport=dport, seq=seq, ack=ack, flags=s_flags), data)
        r_flags = d.choice(['SA', 'SA', 'RA', 'R', 'A', 'FA', 'S', 'PA'])
        r = self.stack(high, TCP(sport=dport, dport=sport, seq=ack + d.choice([0, 0, 1, 2, 3, -2, -3]),
                                 ack=seq + n + d.choice([0, 1, 1, 2, 3, -n - 3, -n - 2]), flags=r_flags), self.payload())
        return s, r

    def udp(self, six):
        low, high = self.network(six)
        sport, dport = self.port(), self.port()
        return (self.stack(low, UDP(sport=sport, dport=dport), self.payload()),
                self.stack(high, UDP(sport=dport, dport=sport), self.payload()))

    def icmp(self, six):
        low, high = self.network(six)
        ident, seq, data = self.port(), self.port(), self.payload()
        if six:
            load = bytes(data) if data else b''
            return low / ICMPv6EchoRequest(id=ident, seq=seq, data=load), high / ICMPv6EchoReply(id=ident, seq=seq, data=load)
        ask, reply = self.draw.choice(ICMP_PAIRS)
        times = {'ts_ori': 0, 'ts_rx': 0, 'ts_tx': 0}
        return (self.stack(low, ICMP(type=ask, id=ident, seq=seq, **times), data),
                self.stack(high, ICMP(type=reply, id=ident, seq=seq, **times), self.draw.choice([data, self.payload()])))

    def other(self, six):
        low, high = self.network(six)
        number = {'nh' if six else 'proto': self.draw.choice([200, 201])}
        for layer in (low, high):
            for name, value in number.items():
                setattr(layer, name, value)
        return self.stack(low, self.payload()), self.stack(high, self.payload())

    def discovery(self, six):
        low, high = self.network(True)
        target = self.address(True)
        if self.draw.random() < 0.3:
            low.dst = 'ff02::1:ff00:1'
            high.src = target
        return low / ICMPv6ND_NS(tgt=target), high / ICMPv6ND_NA(tgt=target, S=1)

    def error(self, six):
        """An ICMP error from somewhere on the way."""
        s, _ = self.draw.choice([self.tcp, self.udp, self.icmp])(six)
        quoted = s.__class__(bytes(s))
        if six:
            upper = self.draw.choice([ICMPv6DestUnreach, ICMPv6TimeExceeded, ICMPv6PacketTooBig])()
            return s, IPv6(src=self.address(True), dst=s.src) / upper / quoted
        kind = self.draw.choice([3, 4, 5, 11, 12])
        whole = bytes(quoted)
        cut = whole[:self.draw.choice([28, len(whole)])]
        return s, IP(src=self.address(False), dst=s.src) / ICMP(type=kind, code=self.draw.randrange(4)) / Raw(cut)

    def arp(self, six):
        asker, asked = self.address(False), self.address(False)
        s = Ether(**MACS) / ARP(hwsrc=MACS['src'], psrc=asker, pdst=asked)
        r = Ether(**BACK) / ARP(op=2, hwsrc=BACK['src'], psrc=asked, hwdst=MACS['src'], pdst=asker)
        if self.draw.random() < 0.3:
            s[ARP].op, r[ARP].op = 3, 4
        return s, r

    # --- one thing wrong

    def mutate(self, packet):
        """Of the innermost layers a field to another value; packets are rebuilt from their fields."""
        layers = [layer for layer in (packet.getlayer(i) for i in range(8)) if layer is not None]
        # Not Raw: its bytes never count. Not Ether: MACs never count, and a type changes the dissection.
        layers = [layer for layer in layers if isinstance(layer, (IP, IPv6, TCP, UDP, ICMP, ARP, ICMPv6EchoReply,
                                                                  ICMPv6ND_NA, Dot1Q))]
        layer = self.draw.choice(layers)
        choices = {IP: ['src', 'dst'], IPv6: ['src', 'dst'], TCP: ['sport', 'dport', 'seq', 'ack', 'flags'],
                   UDP: ['dport'], ICMP: ['id', 'seq', 'type'], ARP: ['psrc', 'op', 'ptype'],
                   ICMPv6EchoReply: ['id', 'seq', 'data'], ICMPv6ND_NA: ['tgt'], Dot1Q: ['vlan', 'prio']}
        names = next(v for k, v in choices.items() if isinstance(layer, k))
        name = self.draw.choice([n for n in names if n in layer.fields or n in layer.default_fields])
        value = layer.getfieldval(name)
        if value is None:
            return
        if name in ('src', 'dst', 'psrc', 'tgt'):
            setattr(layer, name, self.address(':' in value))
        elif name == 'flags':
            layer.flags = self.draw.choice(['S', 'R', 'A', '', 'RA', 'F'])
        elif name == 'data':
            layer.data = value + b'x'
        elif name == 'type':
            layer.type = self.draw.choice([0, 8, 14, 16, 3])
        elif name == 'ptype':
            layer.ptype, layer.plen, layer.hwlen = 0x0801, 4, 6
        else:
            top = {'vlan': 4095, 'prio': 7, 'seq': 1 << 31, 'ack': 1 << 31}.get(name, 65535)
            setattr(layer, name, (value + self.draw.choice([1, 1, 2, 3, 5])) % (top + 1))

    def spoil_quote(self, packet):
        """In the bytes of an IPv4 quote: an address, the protocol, or the first four bytes of what it carries."""
        raw = bytearray(bytes(packet))
        at = 28 + self.draw.choice([9, 12, 15, 16, 19, 20, 21, 22, 23])
        raw[at] ^= 1 << self.draw.randrange(7)
        return packet.__class__(bytes(raw))


KINDS = ['tcp', 'tcp', 'tcp', 'udp', 'icmp', 'icmp', 'other', 'discovery', 'error', 'error', 'arp']


def draw_pair(seed):
    """(stimulus, response, link, Scapy's verdict, kind): bytes in hex."""
    draw = random.Random(seed)
    pair = Pair(draw)
    kind, six = draw.choice(KINDS), draw.random() < 0.4
    s, r = getattr(pair, kind)(six)
    spoil = draw.random() < 0.5
    if spoil and kind == 'error' and isinstance(r, IP) and draw.random() < 0.7:
        r = pair.spoil_quote(r)
    elif spoil:
        pair.mutate(r)
    if kind != 'arp' and draw.random() < 0.4:
        tags = [Dot1Q(vlan=draw.randrange(4096))] if draw.random() < 0.5 else []
        s = pair.stack(Ether(**MACS), *tags, s)
        r = pair.stack(Ether(**BACK), *[Dot1Q(vlan=(t.vlan + draw.choice([0, 0, 1])) % 4096, prio=3) for t in tags], r)
    link = 'ether' if isinstance(s, Ether) else 'ip' if isinstance(s, IP) else 'ip6'
    s, r = bytes(s), bytes(r)
    first = {'ether': Ether, 'ip': IP, 'ip6': IPv6}[link]
    sent, received = first(s), first(r)
    verdict = received.hashret() == sent.hashret() and bool(received.answers(sent))
    return s.hex(), r.hex(), link, verdict, kind, received.summary(), sent.summary()


def draw_pairs(seed, n):
    return [draw_pair(seed * 1_000_003 + i) for i in range(n)]

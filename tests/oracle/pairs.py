"""Stimuli and responses drawn at random, with Scapy's verdict. Runs in the peer, where Scapy is."""

import random

import differences
import newer
import pairs_apps
import pairs_ip6
from scapy.all import (ARP, BOOTP, DNS, GRE, ICMP, IP, LLC, SCTP, SNAP, STP, TCP, UDP, VXLAN, Dot1AD, Dot1Q, Dot3, Ether,
                       ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6PacketTooBig,
                       ICMPv6ParamProblem, ICMPv6TimeExceeded, IPOption_RR, IPv6, PPP, PPPoE, PPPoED, Raw, SCTPChunkAbort,
                       SCTPChunkInit, SCTPChunkInitAck, conf)
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3mq, IGMPv3mr
from scapy.contrib.mpls import MPLS

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

    def message(self, six):
        """ICMPv6: also to groups."""
        low, high = self.network(True)
        asked, answered = self.draw.choice(pairs_ip6.MESSAGES)(self.draw)
        if self.draw.random() < 0.4:
            low.dst = self.draw.choice(pairs_ip6.GROUPS)
        if self.draw.random() < 0.15:
            high.dst = self.draw.choice(pairs_ip6.GROUPS)
        return low / asked, high / answered

    def application(self, six):
        low, high = self.network(six)
        asked, answered, port = self.draw.choice(pairs_apps.APPLICATIONS)(self.draw)
        own = self.draw.choice([port, self.port()])
        if self.draw.random() < 0.15 and not six:
            low.dst = self.draw.choice(['255.255.255.255', '224.0.0.251', '239.1.2.3'])
            low.src = self.draw.choice([low.src, low.src, '0.0.0.0'])
            if self.draw.random() < 0.3:
                high.dst = low.dst
        back = self.draw.choice([port, port, port, self.port()])
        return low / UDP(sport=own, dport=port) / asked, high / UDP(sport=back, dport=own) / answered

    def sctp(self, six):
        low, high = self.network(six)
        sport, dport = self.port(), self.port()
        chunk = self.draw.choice([SCTPChunkInitAck, SCTPChunkAbort])()
        return (low / SCTP(sport=sport, dport=dport) / SCTPChunkInit(),
                high / SCTP(sport=dport, dport=sport, tag=self.port()) / chunk)

    def igmp(self, six):
        low, high = self.network(False)
        low.dst = '224.0.0.1'
        query = self.draw.choice([IGMP(type=0x11, gaddr='224.1.2.3'), IGMPv3(type=0x11) / IGMPv3mq()])
        report = self.draw.choice([IGMP(type=0x16, gaddr='224.1.2.3'), IGMPv3(type=0x22) / IGMPv3mr()])
        return low / query, high / report

    def tunnel(self, six):
        """An exchange inside another."""
        low, high = self.network(self.draw.random() < 0.3)
        s, r = self.draw.choice([self.tcp, self.udp, self.icmp])(six)
        kind = self.draw.choice(['gre', 'ip', 'vxlan', 'mpls', 'pppoe'])
        if kind == 'gre':
            return low / GRE() / s, high / GRE() / r
        if kind == 'ip':
            return low / s, high / r
        if kind == 'vxlan':
            port = self.port()
            return (low / UDP(sport=port, dport=4789) / VXLAN(vni=5) / Ether(**MACS) / s,
                    high / UDP(sport=self.draw.choice([port, self.port()]), dport=self.draw.choice([4789, port])) /
                    VXLAN(vni=5) / Ether(**BACK) / r)
        if kind == 'mpls':
            return Ether(**MACS) / MPLS(label=16) / s, Ether(**BACK) / MPLS(label=17) / r
        return Ether(**MACS) / PPPoE(sessionid=1) / PPP() / s, Ether(**BACK) / PPPoE(sessionid=1) / PPP() / r

    def link(self, six):
        """Frames without IP."""
        data = Raw(self.draw.randbytes(self.draw.randrange(1, 20)))
        return self.draw.choice([
            lambda: (Ether(**MACS, type=0x9000) / data, Ether(**BACK, type=0x9000) / Raw(b'x')),
            lambda: (Dot3(**MACS) / LLC() / data, Dot3(**BACK) / LLC(dsap=7) / Raw(b'y')),
            lambda: (Dot3(**MACS) / LLC() / SNAP() / data, Dot3(**BACK) / LLC() / SNAP() / Raw(b'y')),
            lambda: (Dot3(**MACS) / LLC() / STP(), Dot3(**BACK) / LLC() / STP(bridgeid=7)),
            lambda: (Ether(**MACS) / PPPoED(code=9), Ether(**BACK) / PPPoED(code=7)),
        ])()

    def error(self, six):
        """An ICMP error from somewhere on the way."""
        s, _ = self.draw.choice([self.tcp, self.udp, self.icmp, self.sctp, self.application, self.other])(six)
        if self.draw.random() < 0.15:
            low, _ = self.network(six)
            s = low / self.draw.choice([lambda: GRE() / s, lambda: s])()
        if six and self.draw.random() < 0.3:
            s = pairs_ip6.extend(self.draw, s)
        whole = bytes(s)
        if six:
            upper = self.draw.choice([ICMPv6DestUnreach, ICMPv6TimeExceeded, ICMPv6PacketTooBig, ICMPv6ParamProblem])()
            return s, IPv6(src=self.address(True), dst=s.src) / upper / Raw(whole[:self.draw.choice([48, len(whole), len(whole)])])
        kind = self.draw.choice([3, 4, 5, 11, 12])
        cut = whole[:self.draw.choice([28, 28, len(whole)])]
        return s, IP(src=self.address(False), dst=s.src) / ICMP(type=kind, code=self.draw.randrange(4)) / Raw(cut)

    def arp(self, six):
        asker, asked = self.address(False), self.address(False)
        s = Ether(**MACS) / ARP(hwsrc=MACS['src'], psrc=asker, pdst=asked)
        r = Ether(**BACK) / ARP(op=2, hwsrc=BACK['src'], psrc=asked, hwdst=MACS['src'], pdst=asker)
        if self.draw.random() < 0.3:
            s[ARP].op, r[ARP].op = 3, 4
        return s, r

    # --- one thing wrong

    COMPARED = {IP: ['src', 'dst', 'id', 'frag', 'tos'], IPv6: ['src', 'dst', 'tc'], TCP: ['sport', 'dport', 'seq', 'ack', 'flags'],
                UDP: ['sport', 'dport'], ICMP: ['id', 'seq', 'type', 'code'], ARP: ['psrc', 'op', 'ptype', 'hwtype', 'pdst'],
                SCTP: ['sport', 'dport', 'tag'], ICMPv6EchoReply: ['id', 'seq', 'data'], ICMPv6EchoRequest: ['id', 'seq', 'data'],
                ICMPv6ND_NA: ['tgt'], ICMPv6ND_NS: ['tgt'], Dot1Q: ['vlan', 'prio'], DNS: ['id', 'qr'], BOOTP: ['xid'],
                GRE: ['key_present'], MPLS: ['label'], VXLAN: ['vni']}

    def mutate(self, packet):
        """Of a layer a field to another value; packets are rebuilt from their fields."""
        layers = [layer for layer in (packet.getlayer(i) for i in range(10)) if layer is not None]
        layers = [layer for layer in layers if layer.__class__ in self.COMPARED]
        if not layers:
            return
        layer = self.draw.choice(layers)
        names = [n for n in self.COMPARED[layer.__class__] if n in layer.fields or n in layer.default_fields]
        # Scapy alone reads SCTP, IGMP and tunnels from a later fragment.
        names = [n for n in names if n != 'frag' or isinstance(layer.payload, (TCP, UDP, ICMP))]
        name = self.draw.choice(names)
        value = layer.getfieldval(name)
        if value is None:
            return
        if name in ('src', 'dst', 'psrc', 'tgt', 'pdst'):
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
            top = {'vlan': 4095, 'prio': 7, 'seq': 1 << 31 if isinstance(layer, TCP) else 65535, 'ack': 1 << 31, 'qr': 1,
                   'key_present': 1, 'frag': 99, 'code': 15, 'tos': 255, 'tc': 255}.get(name, 65535)
            setattr(layer, name, (value + self.draw.choice([1, 1, 2, 3, 5])) % (top + 1))

    def spoil_quote(self, packet):
        """In the bytes of an IPv4 quote: an address, the protocol, or the first four bytes of what it carries."""
        raw = bytearray(bytes(packet))
        at = 28 + self.draw.choice([4, 5, 9, 12, 15, 16, 19, 20, 21, 22, 23, 24, 26])
        raw[min(at, len(raw) - 1)] ^= 1 << self.draw.randrange(7)
        return packet.__class__(bytes(raw))

    def damage(self, s, r):
        """Of the bytes: cut short, padded, one bit flipped, or what was sent itself."""
        how = self.draw.choice(['cut', 'pad', 'pad', 'flip', 'own', 'own', 'swap'])
        if how == 'cut':
            return s, r[:self.draw.randrange(14, len(r) + 1)]
        if how == 'pad':
            zeros = bytes(self.draw.randrange(1, 40))
            return self.draw.choice([(s, r + zeros), (s + zeros, r), (s + zeros, r + zeros)])
        if how == 'flip':
            flipped = bytearray(r)
            flipped[self.draw.randrange(len(r))] ^= 1 << self.draw.randrange(8)
            return s, bytes(flipped)
        if how == 'own':
            return s, s + bytes(self.draw.choice([0, 6]))
        return r, s


KINDS = ['tcp', 'tcp', 'tcp', 'udp', 'icmp', 'icmp', 'other', 'message', 'message', 'error', 'error', 'error', 'arp', 'application',
         'application', 'application', 'sctp', 'igmp', 'tunnel', 'tunnel', 'link']
WITHOUT_IP = ('arp', 'link')


def draw_frames(draw, kind):
    """(stimulus, response), each a packet."""
    pair, six = Pair(draw), draw.random() < 0.4
    s, r = getattr(pair, kind)(six)
    if kind in ('tcp', 'udp', 'icmp', 'message', 'application') and isinstance(s, IPv6) and draw.random() < 0.25:
        s = pairs_ip6.extend(draw, s)
        r = pairs_ip6.extend(draw, r) if draw.random() < 0.4 else r
    if isinstance(s, IP) and draw.random() < 0.05:
        r.options = [IPOption_RR(routers=['198.18.0.9'])]
    spoil = draw.random() < 0.45
    if spoil and kind == 'error' and isinstance(r, IP) and draw.random() < 0.7:
        r = pair.spoil_quote(r)
    elif spoil:
        pair.mutate(r)
    if not isinstance(s, (Ether, Dot3)) and draw.random() < 0.4:
        tags = [draw.choice([Dot1Q, Dot1Q, Dot1AD])(vlan=draw.randrange(4096))] if draw.random() < 0.5 else []
        back = [t.__class__(vlan=(t.vlan + draw.choice([0, 0, 1])) % 4096, prio=3) for t in tags]
        s = pair.stack(Ether(**MACS), *tags, s)
        r = pair.stack(Ether(**BACK), *draw.choice([back, back, back, []]), r)
    return s, r


def dissected(first, frame):
    """As Scapy's sockets do it."""
    try:
        return first(frame)
    except Exception:
        return Raw(frame)


def line(packet):
    """Its summary, if it has one."""
    try:
        return packet.summary()
    except Exception:
        return packet.__class__.__name__


def says(received, sent):
    """(answers, the same hashret): Scapy's; None where it raises."""
    try:
        answers = bool(received.answers(sent))
    except Exception:
        answers = None
    try:
        hashed = received.hashret() == sent.hashret()
    except Exception:
        hashed = None
    return answers, hashed


def judge(s, r, first, kind):
    """(stimulus, response, link, answers, same hashret, kind, summaries, reasons): bytes in hex, Scapy's verdicts."""
    sent, received = dissected(first, s), dissected(first, r)
    link = {Ether: 'ether', IP: 'ip', IPv6: 'ip6'}[first]
    return (s.hex(), r.hex(), link, *says(received, sent), kind, line(received), line(sent),
            differences.explain(received, sent))


def judge_texts(names, stimulus, response):
    """The same of two expressions."""
    s, r = eval(stimulus, dict(names)), eval(response, dict(names))
    with newer.Scapy():
        return judge(bytes(s), bytes(r), s.__class__, 'example')


def draw_pair(seed):
    """judge() of a pair."""
    draw = random.Random(seed)
    kind = draw.choice(KINDS)
    s, r = draw_frames(draw, kind)
    if draw.random() < 0.05:
        _, other = draw_frames(draw, draw.choice(KINDS))
        r = other if other.__class__ == s.__class__ else r
    first = Ether if isinstance(s, (Ether, Dot3)) else IP if isinstance(s, IP) else IPv6
    s, r = bytes(s), bytes(r)
    if draw.random() < 0.2:
        s, r = Pair(draw).damage(s, r)
    return judge(s, r, first, kind)


def draw_pairs(seed, n, options):
    """n pairs; options: of Scapy's conf, for the time being."""
    before = {name: getattr(conf, name) for name in options}
    try:
        for name, value in options.items():
            setattr(conf, name, value)
        with newer.Scapy():
            return [draw_pair(seed * 1_000_003 + i) for i in range(n)]
    finally:
        for name, value in before.items():
            setattr(conf, name, value)

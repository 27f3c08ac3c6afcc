"""Where Volley's own rules say otherwise than Scapy: a predicate of the two packets a row of docs/matching.md.

Runs in the peer, on packets as Scapy dissects them.
"""

from scapy.all import (RIP, ARP, BOOTP, DNS, ICMP, IP, LLC, SCTP, TCP, UDP, VXLAN, Dot3, Ether, ICMPv6EchoReply, ICMPv6EchoRequest,
                       ICMPv6HAADRequest, ICMPv6MPAdv, ICMPv6ND_NS, ICMPv6ND_RS, IPerror, IPerror6, IPv6, IPv6ExtHdrDestOpt,
                       IPv6ExtHdrFragment, IPv6ExtHdrRouting, LLMNRQuery, Padding, Raw, in6_ismaddr)
from scapy.contrib.gtp import GTPEchoResponse, GTPHeader
from scapy.layers.inet6 import _ICMPv6, _IPv6ExtHdr
from scapy.packet import NoPayload

READ = (IP, IPv6, _IPv6ExtHdr, _ICMPv6, ICMP, ARP)


def layers(packet, of=object):
    while not isinstance(packet, NoPayload):
        if isinstance(packet, of):
            yield packet
        packet = packet.payload


def networks(packet):
    return list(layers(packet, (IP, IPv6)))


def is_group(network):
    return in6_ismaddr(network.dst) if isinstance(network, IPv6) else \
        int(network.dst.split('.')[0]) & 0xf0 == 0xe0 or network.dst == '255.255.255.255'


def group(r, s):
    """What went to a group or to everybody is answered by anyone."""
    return any(is_group(n) for n in networks(s))


def extension(r, s):
    """Extension headers are stepped over, and the ends of the way are compared."""
    return any(True for p in (r, s) for _ in layers(p, _IPv6ExtHdr))


def modulo(r, s):
    """TCP counts modulo 2^32."""
    pairs = [(a, b) for a in layers(r, TCP) for b in layers(s, TCP)]
    return any(abs(a.seq - b.ack) > 1 << 31 or abs(a.ack - b.seq) > 1 << 31 for a, b in pairs)


def udp_port(r, s):
    """A datagram comes from the port that was asked."""
    pairs = list(zip(layers(r, UDP), layers(s, UDP)))
    return any(a.sport != b.dport and b.dport != 69 for a, b in pairs)


def padding(r, s):
    """Padding is no payload, neither of a stimulus nor of an answer."""
    return any(True for p in (r, s) for _ in layers(p, Padding))


def cut(r, s):
    """A header that is cut short or contradicts itself answers nothing."""
    for layer in layers(r):
        below = layer.underlayer
        if isinstance(layer, Raw) and isinstance(below, READ + (Ether, Dot3, LLC, RIP, SCTP, UDP, GTPHeader)):
            return True
        if isinstance(layer, IP) and (layer.len is None or layer.version != 4 or layer.ihl < 5 or layer.len < 4 * layer.ihl or
                                      layer.len > len(layer) or 'options' in layer.fields and len(bytes(layer)) < 4 * layer.ihl):
            return True
        if isinstance(layer, IPv6) and (layer.version != 6 or layer.plen > len(layer) - 40):
            return True
        if isinstance(layer, UDP) and (layer.len < 8 or layer.len > len(layer)):
            return True
        if isinstance(layer, TCP) and (layer.dataofs is None or layer.dataofs < 5 or 4 * layer.dataofs > len(layer)):
            return True
    return isinstance(r, Raw)


def fragment(r, s):
    """A later fragment holds nothing that could be compared."""
    return any(p.frag for p in layers(r, IP)) or any(p.offset for p in layers(r, IPv6ExtHdrFragment))


def own(r, s):
    """Our own frame that comes back is no answer."""
    return bytes(r).rstrip(b'\0') == bytes(s).rstrip(b'\0') or bytes(r)[14:].rstrip(b'\0') == bytes(s)[14:].rstrip(b'\0')


def quoted_id(r, s):
    """Of a quoted echo, id and sequence number count whatever its code."""
    quoted = [p for p in layers(r, ICMP) if p.__class__ is not ICMP]
    return any(p.code not in (0, 8, 13, 14, 17, 18) for p in quoted)


def quoted_bytes(r, s):
    """Of a quote in an ICMPv6 error, what tells flows apart counts, not every byte; and it must be there."""
    return any(True for _ in layers(r, IPerror6))


def quoted_tunnel(r, s):
    """A tunnel's quote is compared as it was sent, down to the innermost transport."""
    return any(True for _ in layers(r, IPerror)) and (len(networks(s)) > 1 or s.haslayer('GRE') is not False)


def quoted_piece(r, s):
    """A quote must hold what is compared: of ICMP 8 bytes, of a fragment its place."""
    return any(True for p in layers(r, IPerror) if isinstance(p.payload, (Raw, NoPayload)) or p.frag)


def question(r, s):
    """A DNS response repeats the question."""
    pairs = [(a, b) for a in layers(r, DNS) for b in layers(s, DNS)]
    return any(a.qd and b.qd and (a.qd.qname.lower(), a.qd.qtype) != (b.qd.qname.lower(), b.qd.qtype) for a, b in pairs)


def arp_kinds(r, s):
    """ARP's kinds of addresses are the same."""
    return any((a.hwtype, a.ptype, a.hwlen, a.plen) != (b.hwtype, b.ptype, b.hwlen, b.plen)
               for a in layers(r, ARP) for b in layers(s, ARP))


def reply_to_reply(r, s):
    """A request is answered by a reply, not by a request, and a reply by nothing."""
    return any(True for _ in layers(s, ICMPv6EchoReply)) or \
        (any(True for _ in layers(r, _ICMPv6)) and any(a.type == b.type for a in layers(r, _ICMPv6) for b in layers(s, _ICMPv6))) or \
        (any(p.__class__ is LLMNRQuery for p in layers(r)) and any(True for _ in layers(s, LLMNRQuery)))


def solicitation(r, s):
    """A unicast solicitation is answered by whom it was sent to; home agents and routers may have another address."""
    return any(True for _ in layers(s, (ICMPv6ND_NS, ICMPv6ND_RS, ICMPv6HAADRequest)))


def gtp(r, s):
    """GTP: the sequence number counts, and an echo request is one by its type."""
    return any(True for _ in layers(r, (GTPEchoResponse, GTPHeader)))


def prefixes(r, s):
    """A mobile prefix advertisement has the solicitation's identifier."""
    return any(True for _ in layers(r, ICMPv6MPAdv))


def dhcp(r, s):
    """No host's error tells of what everybody was asked by DHCP."""
    return any(True for _ in layers(r, IPerror)) and any(True for _ in layers(s, BOOTP)) and group(r, s)


def vxlan(r, s):
    """A tunnel's end sends from any port: only what is inside tells the flow."""
    return any(True for _ in layers(r, VXLAN)) and any(True for _ in layers(s, VXLAN))


def payload(r, s):
    """Bytes sent over a transport, or none, are answered by whatever comes back, whether it dissects or not."""
    return any(isinstance(p.payload, (Raw, NoPayload, Padding)) for p in layers(s, UDP))


# Each: (its name in docs/matching.md, predicate, whether Volley says yes there where Scapy says no; None: either)
DIFFERENCES = [
    ('group', group, True), ('extension headers', extension, None), ('modulo', modulo, None), ('udp port', udp_port, False),
    ('padding', padding, None), ('cut short', cut, False), ('later fragment', fragment, False), ('own frame', own, False),
    ('quoted id', quoted_id, False), ('quoted bytes', quoted_bytes, None), ('quoted tunnel', quoted_tunnel, None),
    ('quoted piece', quoted_piece, None), ('question', question, False), ('arp kinds', arp_kinds, False),
    ('requests', reply_to_reply, False), ('solicitation', solicitation, None), ('gtp', gtp, None), ('prefixes', prefixes, None),
    ('dhcp', dhcp, False), ('vxlan', vxlan, None), ('any payload', payload, True),
]


def explain(received, sent):
    """{name: True or False or None} of the differences that may be at work."""
    return {name: more for name, predicate, more in DIFFERENCES if predicate(received, sent)}

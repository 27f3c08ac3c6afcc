"""What newer Scapy does and Debian's does not, as far as answers depend on it; used while pairs are judged."""

from unittest import mock

from scapy.config import conf
from scapy.contrib import igmp
from scapy.contrib.igmpv3 import IGMPv3
from scapy.fields import ConditionalField
from scapy.layers import dhcp, inet, inet6, netbios, sctp
from scapy.packet import Packet


def do_dissect(packet, s):
    """A header that is cut short is none; of a quoted one 8 bytes will do."""
    raw = s
    enough = {inet.TCPerror: 3, sctp.SCTPerror: 2}.get(packet.__class__)
    packet.raw_packet_cache_fields = {}
    for i, f in enumerate(packet.fields_desc):
        if enough is not None and i >= enough and not s:
            break
        s, value = f.getfield(packet, s)
        if isinstance(f, ConditionalField) and value is None:
            continue
        if (f.islist or f.holds_packets or f.ismutable) and value is not None:
            packet.raw_packet_cache_fields[f.name] = f.do_copy(value)
        packet.fields[f.name] = value
    packet.raw_packet_cache = raw[:-len(s)] if s else raw
    packet.explicit = 1
    return s


def ipv6_answers(packet, other):
    """Destination options of the stimulus are stepped over on its side alone."""
    options = isinstance(other, inet6.IPv6) and isinstance(other.payload, inet6.IPv6ExtHdrDestOpt)
    to_group = conf.checkIPaddr and options and inet6.in6_ismaddr(other.dst)
    error = packet.nh == 58 and isinstance(packet.payload, inet6._ICMPv6) and packet.payload.type < 128
    if not options or to_group or error:
        return IPV6_ANSWERS(packet, other)
    if conf.checkIPaddr and packet.dst != other.src:
        return False
    return packet.payload.answers(other.payload.payload)


def ipv6_hashret(packet):
    """What follows destination options counts also without a home address."""
    options = packet.payload
    if isinstance(options, inet6.IPv6ExtHdrDestOpt) and not any(isinstance(o, inet6.HAO) for o in options.options):
        packet.nh = options.nh
        try:
            return IPV6_HASHRET(packet)
        finally:
            packet.nh = 60
    return IPV6_HASHRET(packet)


def igmp_answers(packet, other):
    if other.type == 0x11:
        return packet.type in [0x12, 0x16, 0x22]
    return other.type == 0x31 and packet.type == 0x30


IPV6_ANSWERS, IPV6_HASHRET = inet6.IPv6.answers, inet6.IPv6.hashret


class Scapy:
    """The same as a context."""

    def __init__(self):
        self.patches = [
            mock.patch.object(Packet, 'do_dissect', do_dissect),
            mock.patch.object(inet6.IPv6, 'answers', ipv6_answers),
            mock.patch.object(inet6.IPv6, 'hashret', ipv6_hashret),
            mock.patch.object(igmp.IGMP, 'answers', igmp_answers, create=True),
            mock.patch.object(IGMPv3, 'answers', igmp_answers, create=True),
            mock.patch.object(netbios.NBNSHeader, 'hashret', lambda p: b'NBNS' + bytes([p.OPCODE]), create=True),
            mock.patch.object(netbios.NBNSQueryResponse, 'answers',
                              lambda p, o: isinstance(o, netbios.NBNSQueryRequest) and o.QUESTION_NAME == p.RR_NAME,
                              create=True),
        ]

    def __enter__(self):
        self.guesses = list(inet.UDP.payload_guess)
        # Volley reads DHCP by the port that it goes to.
        inet.UDP.payload_guess[:0] = [({'dport': 67}, dhcp.BOOTP), ({'dport': 68}, dhcp.BOOTP)]
        for patch in self.patches:
            patch.start()

    def __exit__(self, *_):
        inet.UDP.payload_guess[:] = self.guesses
        for patch in reversed(self.patches):
            patch.stop()

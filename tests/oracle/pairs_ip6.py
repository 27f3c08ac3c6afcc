"""ICMPv6's messages and their answers, and extension headers."""

from scapy.all import (HAO, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6HAADReply, ICMPv6HAADRequest, ICMPv6MLDone,
                       ICMPv6MLQuery, ICMPv6MLQuery2, ICMPv6MLReport, ICMPv6MLReport2, ICMPv6MPAdv, ICMPv6MPSol, ICMPv6ND_NA,
                       ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptSrcLLAddr, ICMPv6NIQueryIPv6, ICMPv6NIReplyIPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                       IPv6ExtHdrSegmentRouting, RouterAlert)

GROUPS = ['ff02::1', 'ff02::2', 'ff02::1:ff00:1', 'ff02::16']


def echo(draw):
    ident, seq, data = draw.randrange(65536), draw.randrange(65536), draw.randbytes(draw.randrange(12))
    return (ICMPv6EchoRequest(id=ident, seq=seq, data=data),
            draw.choice([ICMPv6EchoReply, ICMPv6EchoReply, ICMPv6EchoRequest])(id=ident, seq=seq, data=data))


def neighbour(draw):
    target = f'2001:2::{draw.randrange(1, 9999):x}'
    s = draw.choice([ICMPv6ND_NS(tgt=target), ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr()])
    return s, draw.choice([ICMPv6ND_NA(tgt=target, S=1), ICMPv6ND_NA(tgt=target), ICMPv6ND_NS(tgt=target)])


def router(draw):
    return ICMPv6ND_RS(), ICMPv6ND_RA(routerlifetime=draw.randrange(1800))


def listeners(draw):
    return (draw.choice([ICMPv6MLQuery(), ICMPv6MLQuery2()]),
            draw.choice([ICMPv6MLReport(), ICMPv6MLReport2(), ICMPv6MLDone()]))


def information(draw):
    nonce = draw.randbytes(8)
    return ICMPv6NIQueryIPv6(nonce=nonce, data='2001:2::1'), ICMPv6NIReplyIPv6(nonce=nonce)


def home_agents(draw):
    ident = draw.randrange(65536)
    return draw.choice([(ICMPv6HAADRequest(id=ident), ICMPv6HAADReply(id=ident)),
                        (ICMPv6MPSol(id=ident), ICMPv6MPAdv(id=draw.choice([ident, 7])))])


MESSAGES = [echo, echo, echo, neighbour, neighbour, router, listeners, information, home_agents]


def extension(draw):
    """One extension header, as a new packet each time."""
    far = [f'2001:2::{draw.randrange(1, 9999):x}' for _ in range(draw.randrange(1, 3))]
    return draw.choice([
        lambda: IPv6ExtHdrHopByHop(options=[RouterAlert()]), lambda: IPv6ExtHdrHopByHop(), lambda: IPv6ExtHdrDestOpt(),
        lambda: IPv6ExtHdrDestOpt(options=[HAO(hoa=far[0])]), lambda: IPv6ExtHdrRouting(addresses=far),
        lambda: IPv6ExtHdrSegmentRouting(addresses=far),
        lambda: IPv6ExtHdrFragment(id=draw.randrange(9999), m=draw.choice([0, 1])),
        lambda: IPv6ExtHdrFragment(offset=draw.randrange(1, 99), m=0)])()


def extend(draw, packet):
    """The IPv6 packet with one or two extension headers."""
    upper = packet.payload
    packet.remove_payload()
    packet.nh = 59
    del packet.nh
    for _ in range(draw.choice([1, 1, 1, 2])):
        packet = packet / extension(draw)
    return packet / upper

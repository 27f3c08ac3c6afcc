"""IPv6's extension headers and their options; neighbour discovery, multicast and mobility messages of ICMPv6."""

from draw import Value, ip6, ip6_text, mac, number, number_only, numbers, packet, string

NEXT = ['TCP', 'UDP', 'ICMPv6', 'Fragment Header', 'No Next Header']


def one_ip6(random):
    return Value(f'"{ip6_text(random)}"')


def several_ip6(random):
    """A list that is one value: Scapy takes it whole."""
    return Value('[' + ','.join(f'"{ip6_text(random)}"' for _ in range(random.randrange(5))) + ']')


def some_ip6(random):
    return Value('[' + ','.join(f'"{ip6_text(random)}"' for _ in range(1 + random.randrange(4))) + ']')


def domains(random):
    """With the last dot: packets that were read have it in Scapy."""
    names = ['example.org.', 'a.b.c.', 'x.', 'www.' + 'long' * 9 + '.example.net.']
    return Value('[' + ','.join(f'"{random.choice(names)}"' for _ in range(random.randrange(1, 4))) + ']')


def quoted_packet(random):
    """Whole 64-bit words or not: the rest is cut."""
    text = ''.join(random.choice(['a', r'\x60', r'\x00', 'xyz']) for _ in range(random.randrange(40)))
    return Value(f'b"{text}"')


def of_parity(odd):
    return lambda random: Value(f'b"{"ab" * random.randrange(9) + "x" * odd}"')


# ---- options of the hop-by-hop and destination headers

OPTIONS = {
    'HBHOptUnknown': {'otype': numbers(8), 'optdata': string, 'optlen': numbers(8)}, 'Pad1': {}, 'PadN': {'optdata': string},
    'RouterAlert': {'value': numbers(16, ['MPLS OAM', 'Reserved']), 'optlen': numbers(8)}, 'Jumbo': {'jumboplen': numbers(32)},
    'HAO': {'hoa': one_ip6},
}
TLVS = {
    'IngressNode': {'ingress_node': one_ip6, 'flags': numbers(8), 'reserved': numbers(8)},
    'EgressNode': {'egress_node': one_ip6, 'flags': numbers(8)},
}
RECORD = {'rtype': numbers(8), 'auxdata_len': numbers(8), 'sources_number': numbers(16), 'dst': one_ip6, 'sources': several_ip6,
          'auxdata': of_parity(1)}


def tlvs(random):
    """Of even lengths: headers that end one byte short of a 64-bit word are padded otherwise by Debian's Scapy."""
    def one():
        kind = random.randrange(4)
        if kind == 0:
            return f'IPv6ExtHdrSegmentRoutingTLVPadN(padding={of_parity(0)(random).volley})'
        if kind == 1:
            return (f'IPv6ExtHdrSegmentRoutingTLVHMAC(D=1,reserved={number(random, 15).volley},hmackeyid={number(random, 32).volley},'
                    f'hmac={of_parity(1)(random).volley})')
        name = random.choice(list(TLVS))
        return packet(random, f'IPv6ExtHdrSegmentRoutingTLV{name}', TLVS[name]).volley
    return Value('[' + ','.join(one() for _ in range(random.randrange(4))) + ']')


def of(table, most=4):
    def draw(random):
        names = [random.choice(list(table)) for _ in range(random.randrange(most + 1))]
        return Value('[' + ','.join(each.volley for each in (packet(random, name, table[name]) for name in names)) + ']')
    return draw


def short_options(random):
    """A header has up to 2048 bytes."""
    value = of(OPTIONS)(random)
    while len(value.volley) > 400 or '"*' in value.volley:
        value = of(OPTIONS)(random)
    return value


# ---- tables

def icmpv6(**more):
    return {'type': number_only(8), 'code': numbers(8), 'cksum': numbers(16), **more}


def info(**more):
    return icmpv6(qtype=numbers(16, ['Node Name', 'IPv4 Address']), unused=numbers(10), flags=number_only(6), nonce=nonce, **more)


def nonce(random):
    return Value(f'b"{"".join(random.choice("xyz01") for _ in range(8))}"')


def about(random):
    """Bytes: Scapy takes no text here."""
    return Value('b"' + random.choice([ip6_text(random), '198.18.0.1', 'example.org', 'host', 'a', 'www.example.org']) + '"')


def option(**more):
    return {'type': numbers(8), 'len': numbers(8), **more}


options = {'nh': numbers(8, NEXT), 'len': numbers(8), 'options': short_options, 'autopad': number_only(1)}
mld = {'mrd': numbers(16), 'reserved': numbers(16), 'mladdr': ip6}
FIELDS = {
    'IPv6ExtHdrHopByHop': options, 'IPv6ExtHdrDestOpt': options,
    'IPv6ExtHdrRouting': {'nh': numbers(8, NEXT), 'len': numbers(8), 'type': numbers(8), 'segleft': numbers(8),
                          'reserved': numbers(32), 'addresses': several_ip6},
    'IPv6ExtHdrSegmentRouting': {'nh': numbers(8, NEXT), 'type': numbers(8), 'segleft': numbers(8), 'lastentry': numbers(8),
                                 'protected': numbers(1), 'hmac': numbers(1), 'unused2': numbers(3), 'tag': numbers(16),
                                 'addresses': some_ip6, 'tlv_objects': tlvs},
    'IPv6ExtHdrFragment': {'nh': numbers(8, NEXT), 'res1': numbers(8), 'offset': numbers(13), 'res2': numbers(2),
                           'm': numbers(1), 'id': numbers(32)},
    'ICMPv6Unknown': icmpv6(msgbody=string), 'ICMPv6ND_RS': icmpv6(res=numbers(32)),
    'ICMPv6ND_RA': icmpv6(chlim=numbers(8), M=numbers(1), O=numbers(1), H=numbers(1), prf=numbers(2, ['Low', 'High']),
                          P=numbers(1), res=numbers(2), routerlifetime=numbers(16), reachabletime=numbers(32),
                          retranstimer=numbers(32)),
    'ICMPv6ND_Redirect': icmpv6(res=numbers(32), tgt=ip6, dst=ip6), 'ICMPv6ND_INDSol': icmpv6(reserved=numbers(32)),
    'ICMPv6ND_INDAdv': icmpv6(reserved=numbers(32)), 'ICMPv6MLQuery': icmpv6(**mld), 'ICMPv6MLReport': icmpv6(**mld),
    'ICMPv6MLDone': icmpv6(**mld),
    'ICMPv6MLQuery2': icmpv6(**mld, Resv=numbers(4), S=numbers(1), QRV=numbers(3), QQIC=numbers(8),
                             sources_number=numbers(16), sources=several_ip6),
    'ICMPv6MLReport2': {'type': number_only(8), 'res': numbers(8), 'cksum': numbers(16), 'reserved': numbers(16),
                        'records_number': numbers(16), 'records': of({'ICMPv6MLDMultAddrRec': RECORD})},
    'ICMPv6MRD_Advertisement': {'advinter': numbers(8), 'queryint': numbers(16), 'robustness': numbers(16)},
    'ICMPv6MRD_Solicitation': {'res': numbers(8)}, 'ICMPv6MRD_Termination': {'res': numbers(8), 'cksum': numbers(16)},
    'ICMPv6HAADRequest': icmpv6(id=numbers(16), R=numbers(1, ['MR']), res=numbers(15)),
    'ICMPv6HAADReply': icmpv6(id=numbers(16), R=numbers(1), res=numbers(15), addresses=several_ip6),
    'ICMPv6MPSol': icmpv6(id=numbers(16), res=numbers(16)),
    'ICMPv6MPAdv': icmpv6(id=numbers(16), flags=numbers(2, ['M', 'O']), res=numbers(14)),
    'ICMPv6RPL': {'code': numbers(8, ['DIO', 'DAO-ACK']), 'cksum': numbers(16)},
    **{f'ICMPv6NIQuery{kind}': info(data=about) for kind in ('NOOP', 'Name', 'IPv6', 'IPv4')},
    **{f'ICMPv6NIReply{kind}': info() for kind in ('NOOP', 'Refuse', 'Unknown')},
    'ICMPv6NDOptSrcLLAddr': option(lladdr=mac), 'ICMPv6NDOptDstLLAddr': option(lladdr=mac),
    'ICMPv6NDOptPrefixInfo': option(prefixlen=numbers(8), L=numbers(1), A=numbers(1), R=numbers(1), res1=numbers(5),
                                    validlifetime=numbers(32), preferredlifetime=numbers(32), res2=numbers(32), prefix=ip6),
    'ICMPv6NDOptRedirectedHdr': option(res=lambda random: Value('b"abcdef"'), pkt=quoted_packet),
    'ICMPv6NDOptMTU': option(res=numbers(16), mtu=numbers(32)),
    'ICMPv6NDOptShortcutLimit': option(shortcutlim=numbers(8), res1=numbers(8), res2=numbers(32)),
    'ICMPv6NDOptAdvInterval': option(res=numbers(16), advint=numbers(32)),
    'ICMPv6NDOptHAInfo': option(res=numbers(16), pref=numbers(16), lifetime=numbers(16)),
    'ICMPv6NDOptSrcAddrList': option(addrlist=several_ip6), 'ICMPv6NDOptTgtAddrList': option(addrlist=several_ip6),
    'ICMPv6NDOptIPAddr': option(optcode=numbers(8, ['New Care-Of Address']), plen=numbers(8), res=numbers(32), addr=ip6),
    'ICMPv6NDOptNewRtrPrefix': option(optcode=numbers(8), plen=numbers(8), res=numbers(32), prefix=ip6),
    'ICMPv6NDOptLLA': option(optcode=numbers(8, ['LLA of the MN']), lla=mac),
    'ICMPv6NDOptMAP': option(dist=numbers(4), pref=numbers(4), R=numbers(1), res=numbers(7), validlifetime=numbers(32), addr=ip6),
    'ICMPv6NDOptRouteInfo': {'type': numbers(8), 'len': lambda random: Value(str(random.randrange(1, 6))), 'plen': numbers(8),
                             'res1': numbers(3), 'prf': numbers(2, ['Low', 'Medium (default)']), 'res2': numbers(3),
                             'rtlifetime': numbers(32), 'prefix': one_ip6},
    'ICMPv6NDOptRDNSS': option(res=numbers(16), lifetime=numbers(32), dns=several_ip6),
    'ICMPv6NDOptEFA': option(res=number_only(48)),
    'ICMPv6NDOptDNSSL': option(res=numbers(16), lifetime=numbers(32), searchlist=domains),
}
INFO = [name for name in FIELDS if name.startswith('ICMPv6NI')]
ALWAYS = {**{name: {'nonce': 'b"01234567"'} for name in INFO},
          'ICMPv6NDOptRouteInfo': {'prefix': '"2001:2::"', 'plen': '64'}, 'ICMPv6NDOptDNSSL': {'searchlist': '["example.org."]'}}
SELDOM = {'segleft', 'lastentry', 'optlen', 'sources_number', 'records_number', 'auxdata_len', 'offset', 'autopad'}

EXTENSIONS = [name for name in FIELDS if name.startswith('IPv6ExtHdr')]
ND = ['ICMPv6ND_RS', 'ICMPv6ND_RA', 'ICMPv6ND_NS', 'ICMPv6ND_NA', 'ICMPv6ND_Redirect', 'ICMPv6ND_INDSol', 'ICMPv6MPAdv']
ND_OPTIONS = [name for name in FIELDS if name.startswith('ICMPv6NDOpt')]
MESSAGES = [name for name in FIELDS if name.startswith('ICMPv6') and name not in ND_OPTIONS]
STACKS = [['IPv6', one, upper] for one in EXTENSIONS for upper in ('TCP', 'UDP', 'ICMPv6EchoRequest', '"')]
STACKS += [['IPv6', one, other, upper] for one in EXTENSIONS for other in EXTENSIONS for upper in ('UDP', 'ICMPv6ND_NS')]
STACKS += [['IPv6', 'IPv6ExtHdrHopByHop', 'ICMPv6MLReport2'], ['IPv6', 'IPv6ExtHdrRouting', 'IPv6ExtHdrFragment', 'SCTP'],
           ['IPv6', 'IPv6ExtHdrDestOpt', 'IPv6', 'TCP'], ['IP', 'IPv6', 'IPv6ExtHdrFragment', 'UDP'],
           ['IP', 'IPv6ExtHdrHopByHop', 'TCP'], ['IPv6', 'IPv6ExtHdrDestOpt', 'IP', 'ICMP']]
# Scapy writes the group of this one's default in capitals.
STACKS += [['IPv6', message] for message in MESSAGES if message != 'ICMPv6MRD_Termination']
STACKS += [['IPv6', 'IPv6ExtHdrHopByHop', 'ICMPv6MRD_Termination']]
STACKS += [['IPv6', ND[k % len(ND)], one] for k, one in enumerate(ND_OPTIONS)]
STACKS += [['IPv6', ND[(k + 3) % len(ND)], one, ND_OPTIONS[k * 7 % len(ND_OPTIONS)]] for k, one in enumerate(ND_OPTIONS)]

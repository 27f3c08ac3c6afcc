"""What carries packets below and between IP: 802.3, VLAN tags, MPLS, PPP, GRE, VXLAN, GTP."""

from draw import Value, list_of, mac, number, number_only, numbers, string

TYPES = ['IPv4', 'IPv6', 'ARP', 'MPLS', 'PPP_SES']
PADI = 'PPPoE Active Discovery Initiation (PADI)'


def of(*texts):
    """One of these numbers, or some of them."""
    def draw(random):
        values = [Value(str(text)) for text in texts]
        return random.choice(values) if random.random() < 0.7 else list_of(random.sample(values, random.randrange(1, 3)))
    return draw


def tags(random):
    """Tags, all with a type, of which Scapy has no default."""
    types = ['"Service-Name"', '"Host-Uniq"', '0x102', '777', '0']
    drawn = [f'PPPoETag(tag_type={random.choice(types)},tag_value={string(random).volley})' for _ in range(random.randrange(4))]
    return Value('[' + ','.join(drawn) + ']')


def addresses(random):
    return Value(f'b"{random.choice(["", "abcd", "abcdefgh", "x"])}"*{random.randrange(1, 5)}')


def gsn_address(random):
    """Its address is there if its length says so, as which Scapy has no default."""
    return random.choice([Value('IE_GSNAddress(length=4,ipv4_address="198.18.0.7")'),
                          Value('IE_GSNAddress(length=16,ipv6_address="2001:2::7")'), Value('IE_GSNAddress()')])


def elements(random):
    """Information elements; their length is computed wrongly by Scapy where it is not given."""
    makers = [lambda: f'IE_Recovery(restart_counter={number(random, 8).volley})', lambda: 'IE_Recovery()',
              lambda: f'IE_TEIDI(TEIDI={number(random, 32).volley})', lambda: gsn_address(random).volley,
              lambda: 'IE_ExtensionHeaderList(length=2)', lambda: 'IE_ExtensionHeaderList(length=3,extension_headers=[1,2,3])',
              lambda: 'IE_NotImplementedTLV(ietype=135,length=3,data="abc")']
    return Value('[' + ','.join(random.choice(makers)() for _ in range(random.randrange(4))) + ']')


def gtp():
    return {'version': number_only(3), 'PT': numbers(1), 'reserved': numbers(1), 'E': numbers(1), 'S': numbers(1),
            'PN': numbers(1), 'gtp_type': numbers(8, ['echo_request', 'g_pdu', 'end_marker']), 'length': numbers(16),
            'teid': numbers(32), 'seq': numbers(16), 'npdu': numbers(8),
            'next_ex': numbers(8, ['No more extension headers', 'UDP Port', 'PDU Session Container'])}


def pppoe(names):
    return {'version': numbers(4), 'type': numbers(4), 'code': numbers(8, names), 'sessionid': numbers(16), 'len': numbers(16)}


def gre_flags():
    return {'chksum_present': numbers(1), 'routing_present': numbers(1), 'key_present': numbers(1),
            'seqnum_present': numbers(1), 'strict_route_source': numbers(1), 'recursion_control': numbers(3)}


VLAN = {'prio': numbers(3), 'dei': numbers(1), 'vlan': numbers(12), 'type': numbers(16, TYPES)}
EXTENSION = {'length': numbers(8), 'next_ex': numbers(8, ['No more extension headers', 'PDCP PDU Number'])}

FIELDS = {
    'Dot3': {'dst': mac, 'src': mac, 'len': numbers(16)},
    'LLC': {'dsap': numbers(8), 'ssap': numbers(8), 'ctrl': numbers(8)},
    'SNAP': {'OUI': numbers(24), 'code': numbers(16, TYPES)},
    'Dot1AD': VLAN,
    'MPLS': {'label': numbers(20), 'cos': numbers(3), 's': numbers(1), 'ttl': numbers(8)},
    'EoMCW': {'zero': numbers(4), 'reserved': numbers(12), 'seq': numbers(16)},
    'PPPoE': pppoe(['Session']),
    'PPPoED': pppoe([PADI]),
    'PPPoED_Tags': {'tag_list': tags},
    'PPP': {'proto': numbers(16, ['Internet Protocol version 4', 'Link Control Protocol'])},
    'HDLC': {'address': numbers(8), 'control': numbers(8)},
    'GRE': {**gre_flags(), 'flags': numbers(5), 'version': numbers(3), 'proto': numbers(16, TYPES), 'chksum': numbers(16),
            'offset': numbers(16), 'key': numbers(32), 'sequence_number': numbers(32)},
    'GRE_PPTP': {**gre_flags(), 'acknum_present': numbers(1), 'flags': numbers(4), 'version': numbers(3),
                 'proto': numbers(16, TYPES), 'payload_len': numbers(16), 'call_id': numbers(16),
                 'sequence_number': numbers(32), 'ack_number': numbers(32)},
    'GRErouting': {'address_family': numbers(16), 'SRE_offset': numbers(8), 'SRE_len': numbers(8), 'routing_info': addresses},
    'VXLAN': {'flags': number_only(8), 'reserved0': numbers(16), 'NextProtocol': numbers(8, ['IPv4', 'Ethernet']),
              'reserved1': numbers(24), 'gpflags': number_only(8), 'gpid': numbers(16), 'vni': numbers(24),
              'reserved2': numbers(8)},
    'GTPHeader': gtp(),
    'GTP_U_Header': gtp(),
    'GTPPDUSessionContainer': {
        'ExtHdrLen': numbers(8), 'type': of(0, 1), 'QMP': numbers(1), 'dlDelayInd': numbers(1), 'ulDelayInd': numbers(1),
        'SNP': numbers(1), 'N3N9DelayInd': numbers(1), 'spareUl1': numbers(1), 'spareDl1': numbers(2), 'PPP': numbers(1),
        'RQI': numbers(1), 'QFI': numbers(6), 'PPI': numbers(3), 'spareDl2': numbers(5), 'dlSendTime': numbers(64),
        'dlQFISeqNum': numbers(24), 'dlSendTimeRpt': numbers(64), 'dlRecvTime': numbers(64), 'ulSendTime': numbers(64),
        'dlDelayRslt': numbers(32), 'ulDelayRslt': numbers(32), 'UlQFISeqNum': numbers(24), 'N3N9DelayRslt': numbers(32)},
    'GTP_UDPPort_ExtensionHeader': {'udp_port': numbers(16), **EXTENSION},
    'GTP_PDCP_PDU_ExtensionHeader': {'pdcp_pdu': numbers(16), **EXTENSION},
    'GTPEchoRequest': {},
    'GTPEchoResponse': {'IE_list': elements},
    'GTPErrorIndication': {'IE_list': elements},
    'GTPSupportedExtensionHeadersNotification': {'IE_list': elements},
}

# Scapy counts padding in the length of Dot3, and has no right length of an element that is there by default.
ALWAYS = {'Dot3': {'src': '"02:00:00:00:00:07"', 'len': '46'},
          'GTPSupportedExtensionHeadersNotification': {'IE_list': '[IE_ExtensionHeaderList(length=2)]'}}
SELDOM = {'payload_len', 'SRE_len', 'ExtHdrLen', 'length', 'gtp_type', 'code', 's'}

INNER = [['IP', 'TCP'], ['IP', 'UDP'], ['IPv6', 'UDP'], ['IP', 'ICMP'], ['IPv6']]
STACKS = [
    ['Dot3', 'LLC'], ['Dot3', 'LLC', 'SNAP', 'IP', 'UDP'], ['Dot3', 'LLC', 'SNAP', 'IPv6', 'TCP'], ['Ether', 'LLC', 'IP'],
    ['Dot3', 'LLC', 'SNAP', 'ARP'], ['Dot3', 'LLC', 'SNAP', 'Dot1Q', 'IP'], ['Ether', 'LLC', 'SNAP', 'IP'],
    ['Ether', 'Dot1Q', 'LLC', 'SNAP', 'IP', 'UDP'], ['SNAP', 'Ether', 'IP'], ['Dot3', 'IP', 'UDP'],
    ['Ether', 'Dot1AD', 'Dot1Q', 'IP', 'UDP'], ['Ether', 'Dot1AD', 'Dot1AD', 'IPv6', 'TCP'],
    ['Ether', 'Dot1Q', 'Dot1AD', 'ARP'], ['Ether', 'Dot1AD', 'IP', 'ICMP'], ['Ether', 'Dot1Q', 'Dot1AD', 'Dot1Q', 'IP'],
    ['Ether', 'Dot1AD', 'MPLS', 'IP', 'UDP'], ['Ether', 'Dot1AD', 'PPPoE', 'PPP', 'IP'],
    ['Ether', 'MPLS', 'IP', 'UDP'], ['Ether', 'MPLS', 'MPLS', 'IPv6', 'TCP'], ['MPLS', 'MPLS', 'MPLS', 'IP'], ['MPLS', 'IP'],
    ['IP', 'UDP', 'MPLS', 'IP', 'UDP'], ['IP', 'MPLS', 'IPv6'], ['IPv6', 'MPLS', 'MPLS', 'IP'], ['IP', 'GRE', 'MPLS', 'IP'],
    ['MPLS', 'Ether', 'IP', 'UDP'], ['Ether', 'MPLS', 'EoMCW', 'Ether', 'IP'],
    ['Ether', 'PPPoE', 'PPP', 'IP', 'TCP'], ['Ether', 'PPPoE', 'PPP', 'IPv6', 'UDP'], ['PPPoE', 'PPP'],
    ['Ether', 'PPPoED', 'PPPoED_Tags'], ['Ether', 'PPPoED'], ['Ether', 'PPPoED', 'PPP'], ['PPPoE', 'HDLC', 'PPP', 'IP'],
    ['IP', 'GRE', 'IP', 'UDP'], ['IP', 'GRE', 'IPv6', 'TCP'], ['IPv6', 'GRE', 'IP', 'ICMP'], ['IP', 'GRE'],
    ['IP', 'GRE', 'Ether', 'IP', 'UDP'], ['IP', 'GRE', 'Ether', 'ARP'], ['IP', 'GRE', 'Dot1Q', 'IP'], ['IP', 'GRE', 'LLC'],
    ['IP', 'GRE', 'ARP'], ['IP', 'GRE', 'GRErouting', 'GRErouting', 'IP'], ['IP', 'GRE', 'GRE', 'IP'],
    ['IP', 'GRE_PPTP', 'PPP', 'IP', 'UDP'], ['IPv6', 'GRE_PPTP', 'HDLC', 'PPP', 'IP'], ['IP', 'GRE_PPTP', 'IP'],
    ['IP', 'UDP', 'VXLAN', 'Ether', 'IP', 'TCP'], ['IPv6', 'UDP', 'VXLAN', 'IP', 'UDP'], ['IP', 'UDP', 'VXLAN', 'IPv6'],
    ['IP', 'UDP', 'VXLAN'], ['IP', 'UDP', 'VXLAN', 'Ether', 'Dot1Q', 'ARP'], ['IP', 'UDP', 'VXLAN', 'Dot3', 'LLC', 'SNAP'],
    *[['IP', 'UDP', 'GTP_U_Header', *inner] for inner in INNER], ['IP', 'UDP', 'GTP_U_Header', 'PPP', 'IP'],
    *[['IP', 'UDP', 'GTP_U_Header', 'GTPPDUSessionContainer', *inner] for inner in INNER],
    ['IPv6', 'UDP', 'GTP_U_Header'], ['IP', 'UDP', 'GTP_U_Header', 'GTPErrorIndication'],
    ['IP', 'UDP', 'GTP_U_Header', 'GTPEchoRequest'], ['IP', 'UDP', 'GTPHeader', 'GTPEchoRequest'],
    ['IP', 'UDP', 'GTPHeader', 'GTPEchoResponse'], ['IP', 'UDP', 'GTP_U_Header', 'GTPEchoResponse'], ['UDP', 'GTPHeader'],
    ['IP', 'UDP', 'GTPHeader', 'GTPSupportedExtensionHeadersNotification'],
    ['IP', 'UDP', 'GTPHeader', 'GTP_UDPPort_ExtensionHeader'], ['IP', 'UDP', 'GTP_U_Header', 'GTP_PDCP_PDU_ExtensionHeader'],
    ['IP', 'IP', 'IP', 'UDP'], ['IP', 'IPv6', 'IPv6', 'TCP'], ['IPv6', 'IP', 'IPv6', 'UDP'],
]

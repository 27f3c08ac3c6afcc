"""Where Volley means to differ from Debian's Scapy 2.5.0, and how; docs/template-language.md tells why.

`same` is an expression for which Scapy builds what Volley builds; None: there is none, and the bytes are written here.
"""

import pytest

ICMP_TIMES = 'ts_ori=0,ts_rx=0,ts_tx=0'
ROUTER_ALERT = 'ttl=1,tos=0xc0,options=[IPOption_Router_Alert()]'

# (template, what Scapy makes of the same text, the Scapy expression that equals Volley's packets)
DIFFERENT = [
    # None is as if nothing were given; Scapy writes 0 where a field is not computed.
    ('IP(ttl=None)/TCP()', 'other bytes', 'IP()/TCP()'),
    ('IP(proto=None)/UDP(dport=None)', 'other bytes', 'IP()/UDP()'),
    # ICMP's times are 0, not a time of day taken when Scapy was started.
    ('ICMP(type=13)', 'other bytes', f'ICMP(type=13,{ICMP_TIMES})'),
    # Flags take alternatives and ranges like all other fields.
    ('IP()/TCP(flags=["S","SA"])', 'error', '[p for f in ("S","SA") for p in IP()/TCP(flags=f)]'),
    ('TCP(flags=(1,3))', 'error', '[TCP(flags=f) for f in (1,2,3)]'),
    ('IP(flags=["DF",0])', 'error', '[IP(flags=f) for f in (2,0)]'),
    # ARP's addresses take lists of networks, as IP's do.
    ('ARP(pdst=["198.18.0.4/31","198.18.0.9"])', 'error', 'ARP(pdst=["198.18.0.4","198.18.0.5","198.18.0.9"])'),
    ('ARP(psrc="2001:2::1",pdst="2001:2::2")', 'other bytes',
     '[Raw(bytes(ARP(ptype=0x86dd,psrc="2001:2::1",pdst="2001:2::2")).replace(b"\\x86\\xdd", b"\\x08\\x00"))]'),
    # Ranges of addresses, as newer Scapy has them.
    ('IP(dst=("198.18.0.3","198.18.0.5"))', 'error', 'IP(dst=Net("198.18.0.3","198.18.0.5"))'),
    ('IPv6(dst=("2001:2::3","2001:2::5"))', 'error', 'IPv6(dst=Net6("2001:2::3","2001:2::5"))'),
    # The field's name in newer Scapy.
    ('Dot1Q(dei=1)', 'error', 'Dot1Q(id=1)'),
    # Explicit lengths of ARP's addresses do not stretch the addresses.
    ('ARP(hwlen=8,pdst="198.18.0.9",hwsrc="02:00:00:00:00:01")', 'other bytes',
     '[Raw(bytes(ARP(pdst="198.18.0.9")).replace(b"\\x08\\x00\\x06\\x04", b"\\x08\\x00\\x08\\x04"))]'),
    ('ARP(hwtype=6,pdst="198.18.0.9")', 'other bytes',
     '[Raw(b"\\x00\\x06" + bytes(ARP(pdst="198.18.0.9"))[2:])]'),
    # A missing option value is no bytes.
    ('TCP(options=[("SAckOK",None)])', 'error', 'TCP(options=[("SAckOK",b"")])'),
    ('TCP(options=[("MD5","0123456789abcdef")])', 'error', 'TCP(options=[("MD5",b"0123456789abcdef")])'),
    # ICMPv6 needs IPv6 directly below for its checksum, as TCP and UDP do.
    ('IPv6()/"ab"/ICMPv6EchoRequest()', 'other bytes', 'IPv6()/"ab"/ICMPv6EchoRequest(cksum=0)'),
    # A checksum over extension headers needs IPv6 under them.
    ('IPv6ExtHdrHopByHop()/UDP()', 'other bytes', 'IPv6ExtHdrHopByHop()/UDP(chksum=0)'),
    # One byte of padding is one byte, and TLVs have their lengths, as newer Scapy has the first.
    ('IPv6ExtHdrSegmentRouting(tlv_objects=[IPv6ExtHdrSegmentRoutingTLVHMAC(hmac="123456")])', 'other bytes',
     '[Raw(bytes(IPv6ExtHdrSegmentRouting(len=4,tlv_objects=[IPv6ExtHdrSegmentRoutingTLVHMAC(hmac="123456")])) + b"\\0")]'),
    ('IPv6ExtHdrSegmentRoutingTLV(type=9,value="abc")', 'other bytes', 'IPv6ExtHdrSegmentRoutingTLV(type=9,len=3,value="abc")'),
    # Unknown options of neighbour discovery count 64-bit words, as newer Scapy has it.
    ('ICMPv6NDOptUnknown(type=9,data="abc")', 'other bytes', '[Raw(b"\\x09\\x01abc\\0\\0\\0")]'),
    # Nonces are 0, not drawn when Scapy is started.
    ('ICMPv6NIQueryName(data="a.b")', 'other bytes', 'ICMPv6NIQueryName(data=b"a.b",nonce=b"\\0" * 8)'),
    # Names of ports are those of TCP and UDP alike.
    ('UDP(dport="ftp_data")', 'error', 'UDP(dport=20)'),
    # NTP's times are 0, not the present, and the part behind their point is a field of its own.
    ('NTP()', 'other bytes', 'NTP(orig=0,sent=0)'),
    ('NTP(ref=(1,2),ref_fraction=0x80000000,delay=3,delay_fraction=0x4000,orig=0,sent=0)', 'error',
     '[NTP(ref=t,delay=3.25,orig=0,sent=0) for t in (1.5,2.5)]'),
    # Mode 7's messages are of mode 7, and mode 6's count stands where RFC 9327 has it, as in newer Scapy.
    ('NTPPrivate(request_code="REQ_MON_GETLIST_1")', 'other bytes', 'NTPPrivate(mode=7,request_code=42)'),
    ('NTPControl(op_code="CTL_OP_READVAR",data="ab")', 'other bytes', '[Raw(bytes.fromhex("160200000000000000000002"))/b"ab\\0\\0"]'),
    ('NTPControl(status=7,association_id=1)', 'other bytes', '[Raw(bytes.fromhex("160000000007000100000000"))]'),
    # SCTP's random parameter is zeros, not new random bytes each time.
    ('SCTPChunkParamRandom()', 'other bytes', 'SCTPChunkParamRandom(random=b"\\0"*32)'),
    # SCTP's ports have the names of TCP's and UDP's.
    ('SCTP(dport="http")', 'error', 'SCTP(dport=80)'),
    # A provider's tag is announced by GRE and SNAP as by Ether.
    ('SNAP()/Dot1AD()/IP()', 'other bytes', 'SNAP(code=0x88a8)/Dot1AD()/IP()'),
    ('GRE()/Dot1AD()/IP()', 'other bytes', 'GRE(proto=0x88a8)/Dot1AD()/IP()'),
    ('Dot1AD(dei=1)', 'error', 'Dot1AD(id=1)'),
    # Padding is in no length.
    ('Dot3(src="02:00:00:00:00:01")/LLC()/Padding("abc")', 'other bytes',
     'Dot3(src="02:00:00:00:00:01",len=3)/LLC()/Padding("abc")'),
    # GTP's elements have the lengths they should have, and no random defaults; another extension header pads nothing.
    ('IE_ExtensionHeaderList()', 'other bytes', 'IE_ExtensionHeaderList(length=2)'),
    ('IE_NotImplementedTLV(ietype=135,data="abc")', 'other bytes', 'IE_NotImplementedTLV(ietype=135,length=3,data="abc")'),
    ('IE_TEIDI()', 'other bytes', 'IE_TEIDI(TEIDI=0)'),
    ('GTPPDUSessionContainer(NextExtHdr=64)/"a"', 'other bytes', '[Raw(bytes(GTPPDUSessionContainer(NextExtHdr=64)) + b"a")]'),
    # DNS as newer Scapy has it: lists of records, classes of 15 bits, None for none; sets in its packets make several packets.
    ('DNS(qd=[DNSQR(qname="a"),DNSQR(qname="b")])', 'other bytes', 'DNS(qd=DNSQR(qname="a")/DNSQR(qname="b"))'),
    ('DNS(an=DNSRR(cacheflush=1))', 'error', 'DNS(an=DNSRR(rclass=0x8001))'),
    ('DNS(qd=DNSQR(unicastresponse=1))', 'error', 'DNS(qd=DNSQR(qclass=0x8001))'),
    ('DNS(an=DNSRRMX())', 'other bytes', 'DNS(an=DNSRRMX(type=15))'),
    ('DNS(an=DNSRR(type="DNAME",rdata="a.b"))', 'other bytes', 'DNS(an=DNSRR(type="DNAME",rdata=b"\\1a\\1b\\0"))'),
    ('DNS(an=DNSRR(type="TXT"))', 'other bytes', 'DNS(an=DNSRR(type=16,rdlen=1)/Raw(b"\\0"))'),
    ('DNS(an=DNSRRTSIG())', 'other bytes', 'DNS(an=DNSRRTSIG(mac_len=0))'),
    ('DNS(an=DNSRRNSEC3(salt="ab",nexthashedownername="cde",typebitmaps=[1]))', 'other bytes',
     'DNS(an=DNSRRNSEC3(saltlength=2,hashlength=3,salt="ab",nexthashedownername="cde",typebitmaps=[1]))'),
    ('DNS(an=DNSRRNSEC(typebitmaps=["A","MX"]))', 'error', 'DNS(an=DNSRRNSEC(typebitmaps=[1,15]))'),
    ('DNS(an=DNSRRHTTPS(svc_priority=1,svc_params=[SvcParam(key="port",value=443),SvcParam(key="alpn",value=["h2"])]))',
     'error', 'DNS(an=DNSRR(type=65,rdata=b"\\0\\1\\0\\0\\3\\0\\2\\1\\xbb\\0\\1\\0\\3\\2h2"))'),
    ('DNS(id=[1,2],qd=DNSQR(qname=["a.org","b.org"],qtype=["A","MX"]))', 'error',
     '[DNS(id=i,qd=DNSQR(qname=n,qtype=t)) for i in (1,2) for t in ("A","MX") for n in ("a.org","b.org")]'),
    ('UDP(dport=[1,2])/DNS(qd=DNSQR(qname=["a","b"]),an=DNSRR(ttl=(1,2)))', 'error',
     '[UDP(dport=d)/DNS(qd=DNSQR(qname=n),an=DNSRR(ttl=t)) for d in (1,2) for t in (1,2) for n in ("a","b")]'),
    # So are LLMNR and NetBIOS's names.
    ('LLMNRQuery(t=1)', 'error', 'LLMNRQuery(tc=1)'),
    ('NBNSQueryRequest(SUFFIX="Domain Controller")', 'error', 'NBNSQueryRequest(SUFFIX="domain controller")'),
    # BOOTP's hardware address may be a MAC.
    ('BOOTP(chaddr="02:00:00:00:00:01")', 'other bytes', 'BOOTP(chaddr=b"\\2\\0\\0\\0\\0\\1")'),
    ('BOOTP(options="DHCP magic")', 'other bytes', 'BOOTP(options=b"c\\x82Sc")'),
    ('DHCP(options="abc")', 'other bytes', 'DHCP(options=[b"abc"])'),
    # The time of a trap of SNMP is 0, not the time of day.
    ('SNMP(PDU=SNMPtrapv1())', 'error', 'SNMP(PDU=SNMPtrapv1(time_stamp=0))'),
    # Strings side by side, and arithmetic, stand where Python has them.
    ('"a"/"b"', 'error', 'Raw("a")/"b"'),
    # IGMP as newer Scapy sends it: Router Alert, one hop, a type of service, to the group that the message is for.
    ('IP()/IGMP()', 'other bytes', f'IP({ROUTER_ALERT},dst="224.0.0.1")/IGMP()'),
    ('IP()/IGMP(gaddr="224.1.1.1")', 'other bytes', f'IP({ROUTER_ALERT},dst="224.1.1.1")/IGMP(gaddr="224.1.1.1")'),
    ('IP()/IGMP(type=[0x12,0x16],gaddr="224.1.1.1")', 'other bytes',
     f'IP({ROUTER_ALERT},dst="224.1.1.1")/IGMP(type=[0x12,0x16],mrcode=0,gaddr="224.1.1.1")'),
    ('Ether(src="02:00:00:00:00:01")/IP()/IGMP(type=0x16,gaddr="224.2.2.0/31")', 'other bytes',
     f'[Ether(src="02:00:00:00:00:01")/IP({ROUTER_ALERT},dst=g)/IGMP(type=0x16,mrcode=0,gaddr=g) for g in '
     '("224.2.2.0","224.2.2.1")]'),
    ('Ether(src="02:00:00:00:00:01")/IP()/IGMP(type=0x17,gaddr="224.1.1.1")', 'other bytes',
     f'Ether(src="02:00:00:00:00:01")/IP({ROUTER_ALERT},dst="224.0.0.2")/IGMP(type=0x17,mrcode=0,gaddr="224.1.1.1")'),
    ('IP()/IGMPv3()/IGMPv3mq()', 'other bytes', f'IP({ROUTER_ALERT},dst="224.0.0.1")/IGMPv3()/IGMPv3mq()'),
    ('IP()/IGMPv3()/IGMPv3mr(records=[IGMPv3gr(maddr="224.1.1.1",srcaddrs=["192.0.2.1"])])', 'other bytes',
     f'IP({ROUTER_ALERT},dst="224.0.0.22")/IGMPv3()/IGMPv3mr(records=[IGMPv3gr(maddr="224.1.1.1",srcaddrs=["192.0.2.1"])])'),
    ('IP()/IGMPv3()/IGMPv3mra()', 'other bytes', f'IP({ROUTER_ALERT},dst="224.0.0.106")/IGMPv3(mrcode=0)/IGMPv3mra()'),
    # Its response times of version 3 are encoded.
    ('IGMPv3(mrcode=[127,128,200,1000,31744])', 'error', 'IGMPv3(mrcode=[0x7f,0x80,0x89,0xaf,0xff])'),
]


@pytest.mark.parametrize('template, scapy_makes, same', DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_difference(peer, template, scapy_makes, same):
    status, out, err = peer.volley('show', template, '--hex')
    assert (status, err) == (0, '')
    wanted = peer.scapy(same)
    assert out.split('\n')[:-1] == wanted
    as_written = peer.scapy(template)
    if scapy_makes == 'error':
        assert isinstance(as_written, str), 'Scapy takes this now'
    else:
        assert isinstance(as_written, list) and as_written != wanted, 'there is no difference any more'


# Scapy lets bits that do not fit wrap; Volley says so. (template, Scapy's bytes end in)
WRAPPED = [('Dot1Q(vlan=5000)', '0388', 'vlan must be 0 to 4095, not 5000'),
           ('IP(version=20)', '', 'version must be 0 to 15, not 20'),
           ('TCP(reserved=8)', '', 'reserved must be 0 to 7, not 8')]


@pytest.mark.parametrize('template, end, message', WRAPPED, ids=[row[0] for row in WRAPPED])
def test_bits_that_do_not_fit(peer, template, end, message):
    assert isinstance(peer.scapy(template), list)
    status, out, err = peer.volley('show', template, '--hex')
    assert (status, out) == (2, '')
    assert message in err


def test_arp_is_broadcast(peer):
    """Newer Scapy's rule; Debian's first resolves the address that is asked for."""
    status, out, _ = peer.volley('show', 'Ether()/ARP(pdst="198.18.0.9")', '--hex')
    assert (status, out[:12]) == (0, 'f' * 12)


COUNTS = [('IP(dst="198.18.0.0/16")/TCP(dport=(1,1024))', 65536 * 1024), ('IPv6(dst="2001:2::/64")', None),
          ('IPv6(dst="2001:2::/66")', 1 << 62), ('IP(ttl=(1,255))/"x"', 255), ('IP(ttl=[1,(5,9,2),7])', 5)]


@pytest.mark.parametrize('template, n', COUNTS, ids=[row[0] for row in COUNTS])
def test_counts(peer, template, n):
    status, out, err = peer.volley('show', template)
    if n is None:
        assert (status, out) == (2, '')
        assert 'more addresses than can be counted' in err
    else:
        assert (status, err) == (0, '')
        assert out.startswith(f'{n} packet')
        if n < 1000:
            assert len(peer.scapy(template)) == n


def test_limit(peer):
    whole = peer.volley('show', 'IP(ttl=(1,9))/UDP()', '--hex')[1].splitlines()
    for n in (0, 1, 8, 9, 10):
        assert peer.volley('show', 'IP(ttl=(1,9))/UDP()', '--hex', '--limit', str(n))[1].splitlines() == whole[:n]

"""Where Volley means to differ from Debian's Scapy 2.5.0, and how; docs/template-language.md tells why.

`same` is an expression for which Scapy builds what Volley builds; None: there is none, and the bytes are written here.
"""

import pytest

ICMP_TIMES = 'ts_ori=0,ts_rx=0,ts_tx=0'

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
    # Names of ports are those of TCP and UDP alike.
    ('UDP(dport="ftp_data")', 'error', 'UDP(dport=20)'),
    # Strings side by side, and arithmetic, stand where Python has them.
    ('"a"/"b"', 'error', 'Raw("a")/"b"'),
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

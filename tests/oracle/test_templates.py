"""Every packet of a template is, byte by byte and in order, the one that Scapy builds."""

import random

import generator
import pytest
from probers import PROBERS

GENERATED = 2_400
GENERATED_LONG = 20_000
SEED = 20_240_601


@pytest.fixture(scope='session')
def n_generated(run_long_tests):
    return GENERATED_LONG if run_long_tests else GENERATED


def difference(peer, template, what):
    """What differs, as text; '' if nothing does."""
    wanted = peer.scapy(template.scapy(), what)
    if isinstance(wanted, str):
        return f'Scapy refuses it: {wanted}'
    status, out, err = peer.volley('show', template.volley(), f'--{what}')
    got = out.split('\n')[:-1]
    if status != 0:
        return f'status {status}: {err}'
    if what == 'summary':
        wanted = [generator.newer_summary(w) for w in wanted]
        got = [g if w is not None else None for w, g in zip(wanted, got)] + got[len(wanted):]
    if wanted == got:
        return ''
    for i, (w, g) in enumerate(zip(wanted, got)):
        if w != g:
            return f'packet {i}\n  scapy  {w}\n  volley {g}'
    return f'scapy has {len(wanted)} packets, volley {len(got)}'


def compare(peer, what, n, seed):
    draw = random.Random(seed)
    packets = 0
    for number in range(n):
        template = generator.draw_template(draw)
        why = difference(peer, template, what)
        if why:
            refused = why.startswith('Scapy refuses')
            small = generator.shrink(template, lambda t: (w := difference(peer, t, what)) != '' and
                                     w.startswith('Scapy refuses') == refused)
            pytest.fail(f'template {number}, seed {seed}: {template.volley()}\nsmallest: {small.volley()}\n'
                        f'in Scapy: {small.scapy()}\n{difference(peer, small, what)}')
        packets += template.n
    return packets


def test_bytes(peer, n_generated, record_property):
    record_property('packets', compare(peer, 'hex', n_generated, SEED))


def test_summaries(peer, n_generated, record_property):
    record_property('packets', compare(peer, 'summary', n_generated // 4, SEED + 1))


# What random templates meet seldom. Addresses and MACs by route, groups, our own addresses.
AUTOMATIC = [
    'Ether()/IP(dst=["198.18.0.9","198.18.0.1","198.19.0.1","127.0.0.1"])/UDP()',
    'Ether()/IP(dst="198.18.0.0/24")/TCP()',
    'IP(dst="198.18.0.2")/TCP()/DNS(length=(0,3),qr=[0,1])',
    r'IPv6(src="2001:2::/126",dst=["2001:2::43a2/128","2001:2::75e9"])/'
    r'IPv6ExtHdrDestOpt(options=[PadN(optdata="\x00")],autopad=0)/UDP(dport=(1,3))/Raw(load=["ab","cd"])',
    'ICMPv6EchoRequest(data="x")/IPv6(dst="2001:2::9")/UDP()/Raw(load=["aaaa","bb"])',
    'Ether()/IP(dst=["224.0.0.0/30","198.18.0.7","239.127.255.254/30","232.0.0.1/31","255.255.255.255"])',
    'Ether()/Dot1Q()/IP(dst="224.0.0.0/30")/UDP()',
    'Ether()/Ether()/IP(dst="224.0.0.1")',
    'Ether(src="02:00:00:00:00:01")/"x"/IP(dst="224.0.0.1")',
    'Ether()/IPv6(dst=["2001:2::9","2001:2:0:1::/126","::1"])/UDP()',
    'Ether()/IPv6(dst=["ff05::ffff:fffe/127","ff02::/125"],src="2001:2::1")',
    'Ether()/IPv6()/ICMPv6ND_NS(tgt="2001:2::9")',
    'ARP(pdst="198.18.0.0/28")',
    'ARP(op=2,pdst="198.19.0.5",hwdst="02:00:00:00:00:02")',
    'IP(dst="198.18.0.9")/IP(dst="127.0.0.1")/IPv6(dst="2001:2::9")',
]


# Strings as Python spells them.
STRINGS = [
    r'IP()/UDP()/"\xff\x41\377\7\0"',
    r'IP()/UDP()/b"\xff\x41\377\7\0"',
    r"""IP()/'a\'b"c\\d\te\q'""",
    'IP()/UDP()/"\u00e9\u20ac"',
    r'IP()/("ab" "cd" + "e"*3)',
]


# Sets in packets in fields, and lengths that grow by a byte with what they count.
NESTED = [
    'IP(ttl=[1,2])/UDP()/DNS(id=[1,2],qd=DNSQR(qtype=["A","MX"]),qdcount=[1,7],rcode=(0,5))',
    'IP(ttl=[1,2])/UDP()/DNS(an=DNSRR(ttl=(1,3),rclass=["IN","CH"]),ns=DNSRRSOA(serial=[5,6]))',
    'SNMP(PDU=SNMPget(id=(126,129)))',
    'IP(ttl=[1,2])/UDP()/SNMP(version=[0,1],PDU=SNMPset(id=[1,300],error=["too_big",2],error_index=(254,257)))',
    *(f'SNMP(community="c"*{n})' for n in (100, 101, 108, 109, 116, 117, 124, 127, 128, 255, 256, 65000)),
    *(f'SNMP(PDU=SNMPset(varbindlist=[SNMPvarbind(value="v"*{n})]))' for n in (108, 109, 120, 121, 122, 128, 240, 250, 256)),
]


@pytest.mark.parametrize('template', AUTOMATIC + STRINGS + NESTED)
def test_spelled_out(peer, template):
    wanted = peer.scapy(template)
    status, out, err = peer.volley('show', template, '--hex')
    assert (status, err) == (0, '')
    assert out.split('\n')[:-1] == wanted


def test_probers(peer):
    different = []
    for template in PROBERS:
        wanted = peer.scapy(f'list(\n{template}\n)')
        status, out, err = peer.volley('show', template, '--hex', '--limit', '300')
        if (status, err, out.split('\n')[:-1]) != (0, '', wanted):
            different.append(template)
    assert different == []

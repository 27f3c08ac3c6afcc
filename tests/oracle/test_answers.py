"""Whether a response answers a stimulus: the verdict is Scapy's, but for the differences named here."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAIRS = 4000
PAIRS_LONG = 60_000
SEED = 11


@pytest.fixture(scope='session')
def tool():
    path = Path(os.environ.get('VOLLEY_ANSWERS_TOOL', ROOT / 'build' / 'tests' / 'oracle' / 'answers_tool'))
    assert path.exists(), f'{path} is not built: tests/run builds it'
    return path


@pytest.fixture(scope='session')
def drawn(peer, run_long_tests):
    """Pairs that Scapy judged with options of its conf: drawn once."""
    kept = {}

    def draw(options):
        key = tuple(options)
        if key not in kept:
            n = (PAIRS_LONG if run_long_tests else PAIRS) // (1 if not options else 4)
            kept[key] = peer.ask(pairs=n, seed=SEED + len(kept), conf=options)['pairs']
        return kept[key]
    return draw


def verdicts(tool, rows, rules=()):
    """[(answers, found by its flow key)] of [(stimulus, response, link)]."""
    lines = ''.join(f'{stimulus} {response} {link}\n' for stimulus, response, link in rows)
    out = subprocess.run([tool, *rules], input=lines, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
    result = [tuple(field == '1' for field in line.split()) for line in out.splitlines()]
    assert len(result) == len(rows)
    return result


# (rules, Scapy's conf). With `hashed`, hashret() counts too.
STRICT = {'check_TCPerror_seqack': True, 'checkIPID': True}
RULES = [
    (['scapy'], {}),
    (['scapy', 'hashed'], {}),
    (['scapy', 'any_address'], {'checkIPaddr': False}),
    (['scapy', 'hashed', 'any_address'], {'checkIPaddr': False}),
    (['scapy', 'lenient'], {'checkIPsrc': False}),
    (['scapy', 'hashed', 'lenient'], {'checkIPsrc': False}),
    (['scapy', 'strict', 'quoted_id'], STRICT),
    (['scapy', 'hashed', 'strict', 'quoted_id'], STRICT),
]


def is_out_of_key(rules, received, sent, kind):
    """What flow_key.h says of responses that are not found although they answer."""
    # Scapy has bytes in place of a header of UDP or SCTP, whose ports are in the key.
    headless = ('UDP' in sent or 'SCTP' in sent or kind in ('sctp', 'udp', 'tunnel', 'application', 'error')) and \
        ('Raw' in received or 'frag:' in received or 'ExtHdr' in received or 'IPerror6' in received or
         'IPerror / Padding' in received)
    return 'hashed' in rules and headless


def is_read_otherwise(received, sent):
    """Messages that Scapy reads although they are cut short, or does not read although they are whole (docs/matching.md)."""
    if 'IPerror / Raw' in received or 'IPerror6 / Raw' in received or received.endswith('(58) / Raw') or 'ICMPv6NI' in received:
        return True
    if 'BOOTP' in sent and 'BOOTP' in received or 'GTP_U_Header / Raw' in received:
        return True
    if any(layer in received for layer in (' / ESP', ' / PPP_')):  # which Volley has not
        return True
    torn = ('DNS' in sent or 'LLMNR' in sent) and 'Raw' in received.split(' / ')
    return torn or 'SNMP' in sent + received or 'NBNS' in sent


@pytest.mark.parametrize('rules, options', RULES, ids=['-'.join(row[0]) for row in RULES])
def test_like_scapy(drawn, tool, record_property, rules, options):
    rows = drawn(options)
    n = len(rows)
    answered, unjudged, keyless, otherwise = 0, 0, 0, 0
    for row, (got, found) in zip(rows, verdicts(tool, [row[:3] for row in rows], rules)):
        stimulus, response, _, answers, hashed, kind, received, sent, _ = row
        pair = f'{kind}\n  stimulus {stimulus}  {sent}\n  response {response}  {received}'
        wanted = answers and (hashed or 'hashed' not in rules)
        if answers is None or hashed is None:
            unjudged += 1  # Scapy raised an exception
            continue
        answered += wanted
        if got != wanted:
            otherwise += 1
            assert is_read_otherwise(received, sent), f'scapy says {wanted}, volley {got}: {pair}'
            continue
        if got and not found:
            keyless += 1
            assert is_out_of_key(rules, received, sent, kind), f'it answers, but is never found by its flow key: {pair}'
    assert 0.3 * n < answered < 0.7 * n
    assert unjudged < 0.01 * n and keyless < 0.02 * n and otherwise < 0.001 * n
    record_property('pairs', n)


# Both are Scapy expressions at layer 3. (name, stimulus, response, Scapy's verdict, Volley's)
A, B = 'src="198.18.0.1",dst="198.18.0.2"', 'src="198.18.0.2",dst="198.18.0.1"'
A6, B6 = 'src="2001:2::1",dst="2001:2::2"', 'src="2001:2::2",dst="2001:2::1"'
DIFFERENT = [
    ('sequence numbers are modulo 2^32',
     f'IP({A})/TCP(seq=0xffffffff,flags="S")', f'IP({B})/TCP(sport=80,dport=20,ack=0,flags="SA")', False, True),
    ('a UDP answer comes from the port that was asked',
     f'IP({A})/UDP(sport=9,dport=7)', f'IP({B})/UDP(sport=8,dport=9)', True, False),
    ('padding is no payload', f'IP({A})/TCP(seq=5,flags="A",ack=1)/Padding("x"*90)',
     f'IP({B})/TCP(sport=80,dport=20,seq=1,ack=60,flags="A")', True, False),
    ('a header cut short answers nothing', f'IP({A})/UDP()', f'IP({B},proto=17)/Raw("\\0\\x35\\0\\x35")', True, False),
    ('a broadcast is answered by anyone', 'IP(src="198.18.0.1",dst="255.255.255.255")/ICMP()',
     f'IP({B})/ICMP(type=0)', False, True),
    ('a group is answered by anyone', 'IP(src="198.18.0.1",dst="224.0.0.1")/ICMP()', f'IP({B})/ICMP(type=0)', False, True),
    ('an IPv6 group is answered by anyone', 'IPv6(src="2001:2::1",dst="ff02::1")/ICMPv6EchoRequest()',
     'IPv6(src="2001:2::2",dst="2001:2::1")/ICMPv6EchoReply()', False, True),
    ('an error may quote 8 bytes of SCTP', f'IP({A})/SCTP(sport=7,dport=9)/SCTPChunkInit()',
     f'IP(src="198.18.9.9",dst="198.18.0.1")/ICMP(type=3,code=2)/Raw(bytes(IP({A})/SCTP(sport=7,dport=9)/SCTPChunkInit())[:28])',
     True, True),
    ('SCTP: any chunk answers', f'IP({A})/SCTP(sport=7,dport=9)/SCTPChunkInit()',
     f'IP({B})/SCTP(sport=9,dport=7,tag=3)/SCTPChunkAbort()', True, True),
    ('SCTP: ports count', f'IP({A})/SCTP(sport=7,dport=9)/SCTPChunkInit()', f'IP({B})/SCTP(sport=8,dport=7)/SCTPChunkAbort()',
     False, False),
    ('NTP: server and client', f'IP({A})/UDP()/NTP()', f'IP({B})/UDP()/NTP(mode=4)', True, True),
    ('ISAKMP: the same cookie', f'IP({A})/UDP()/ISAKMP(init_cookie="12345678")',
     f'IP({B})/UDP()/ISAKMP(init_cookie="12345678",resp_cookie="a")', True, True),
    ('ISAKMP: another cookie', f'IP({A})/UDP()/ISAKMP(init_cookie="12345678")', f'IP({B})/UDP()/ISAKMP(init_cookie="1")',
     False, False),
    ('TFTP: block 0 of a write', f'IP({A})/UDP(sport=69,dport=69)/TFTP()/TFTP_WRQ()',
     f'IP({B})/UDP(sport=69,dport=69)/TFTP()/TFTP_ACK()', True, True),
    ('TFTP: block 2 of a read', f'IP({A})/UDP(sport=69,dport=69)/TFTP()/TFTP_RRQ()',
     f'IP({B})/UDP(sport=69,dport=69)/TFTP()/TFTP_DATA(block=2)', False, False),
    ('extension headers of the stimulus are stepped over', f'IPv6({A6})/IPv6ExtHdrHopByHop()/ICMPv6EchoRequest(id=7)',
     f'IPv6({B6})/ICMPv6EchoReply(id=7)', False, True),
    ('and those of the answer', f'IPv6({A6})/UDP(sport=9,dport=7)', f'IPv6({B6})/IPv6ExtHdrDestOpt()/UDP(sport=7,dport=9)/"x"',
     False, True),
    ('a fragment answers', f'IPv6({A6})/TCP()', f'IPv6({B6})/IPv6ExtHdrFragment()/TCP(sport=80,dport=20,flags="SA",ack=1)', False, True),
    ('a routing header says who answers', f'IPv6({A6})/IPv6ExtHdrRouting(addresses=["2001:2::5","2001:2::6"])/UDP(sport=9,dport=7)',
     'IPv6(src="2001:2::6",dst="2001:2::1")/UDP(sport=7,dport=9)', False, True),
    ('not the first hop', f'IPv6({A6})/IPv6ExtHdrRouting(addresses=["2001:2::5","2001:2::6"])/UDP(sport=9,dport=7)',
     f'IPv6({B6})/UDP(sport=7,dport=9)', False, False),
    ('segments are listed from the last', f'IPv6({A6})/IPv6ExtHdrSegmentRouting(addresses=["2001:2::6","2001:2::2"])/UDP(sport=9,dport=7)',
     'IPv6(src="2001:2::6",dst="2001:2::1")/UDP(sport=7,dport=9)', False, True),
    ('the answer goes to the home address', f'IPv6({A6})/IPv6ExtHdrDestOpt(options=[HAO(hoa="2001:2::9")])/UDP(sport=9,dport=7)',
     'IPv6(src="2001:2::2",dst="2001:2::9")/UDP(sport=7,dport=9)', False, True),
    ('an error quotes the extension headers', f'IPv6({A6})/IPv6ExtHdrHopByHop()/UDP(sport=9,dport=7)',
     f'IPv6(src="2001:2::8",dst="2001:2::1")/ICMPv6TimeExceeded()/IPv6({A6})/IPv6ExtHdrHopByHop()/UDP(sport=9,dport=7)', True, True),
    ('a router advertises itself to all', 'IPv6(src="2001:2::1")/ICMPv6ND_RS()', 'IPv6(src="2001:2::2")/ICMPv6ND_RA()', True, True),
    ('a router answers the solicitor', 'IPv6(src="2001:2::1")/ICMPv6ND_RS()', 'IPv6(src="2001:2::2",dst="2001:2::1")/ICMPv6ND_RA()',
     True, True),
    ('MLD: a report to the group that was asked', 'IPv6(src="2001:2::1",dst="ff02::7")/ICMPv6MLQuery(mladdr="ff02::7")',
     'IPv6(src="2001:2::2",dst="ff02::7")/ICMPv6MLReport(mladdr="ff02::7")', True, True),
    ('MLD: of the other version', 'IPv6(src="2001:2::1",dst="ff02::7")/ICMPv6MLQuery(mladdr="ff02::7")',
     'IPv6(src="2001:2::2",dst="ff02::7")/ICMPv6MLReport2()', False, False),
    ('home agents answer from their own address', f'IPv6({A6})/ICMPv6HAADRequest(id=5)',
     'IPv6(src="2001:2::8",dst="2001:2::1")/ICMPv6HAADReply(id=5)', True, True),
    ('bytes answer anything', f'IP({A},proto=200)/"abc"', f'IP({B},proto=200)/"de"', True, True),
    ('nothing does not answer bytes', f'IP({A},proto=200)/"abc"', f'IP({B},proto=200)', False, False),
]


@pytest.mark.parametrize('stimulus, response, by_scapy, by_volley', [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_difference(peer, tool, stimulus, response, by_scapy, by_volley):
    sent, received = peer.scapy(f'list({stimulus})')[0], peer.scapy(f'list({response})')[0]
    layer = stimulus[:stimulus.index('(')]
    says = peer.scapy(f'[Raw(str(int({layer}(bytes.fromhex("{received}")).hashret() == '
                      f'{layer}(bytes.fromhex("{sent}")).hashret() and '
                      f'bool({layer}(bytes.fromhex("{received}")).answers({layer}(bytes.fromhex("{sent}")))))))]')
    assert bytes.fromhex(says[0]) == (b'1' if by_scapy else b'0')
    assert verdicts(tool, [(sent, received, 'ip6' if layer == 'IPv6' else 'ip')])[0][0] == by_volley

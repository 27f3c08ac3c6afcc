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


def verdicts(tool, rows):
    """[(answers, same flow key)] of [(stimulus, response, link)]."""
    lines = ''.join(f'{stimulus} {response} {link}\n' for stimulus, response, link in rows)
    out = subprocess.run([tool], input=lines, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
    result = [tuple(field == '1' for field in line.split()) for line in out.splitlines()]
    assert len(result) == len(rows)
    return result


def is_meant(kind, wanted, received):
    """Differences that random pairs meet; answers.h has the rules."""
    # Volley finds a unicast solicitation's answer by the address that was asked; Scapy by the target alone.
    if kind == 'discovery' and wanted:
        return True
    # In an ICMPv6 error's quote Scapy compares all bytes of the upper layers, Volley what it compares in an ICMP error's.
    return kind == 'error' and not wanted and 'IPerror6' in received


def test_like_scapy(peer, tool, run_long_tests, record_property):
    n = PAIRS_LONG if run_long_tests else PAIRS
    rows = peer.ask(pairs=n, seed=SEED)['pairs']
    answered, meant = 0, 0
    for (stimulus, response, link, wanted, kind, received, sent), (got, same_key) in \
            zip(rows, verdicts(tool, [row[:3] for row in rows])):
        pair = f'{kind}\n  stimulus {stimulus}  {sent}\n  response {response}  {received}'
        answered += wanted
        assert same_key or not got, f'it answers, but is never found by its flow key: {pair}'
        if got != wanted:
            assert is_meant(kind, wanted, received), f'scapy says {wanted}, volley {got}: {pair}'
            meant += 1
    assert 0.3 * n < answered < 0.7 * n
    assert meant < 0.02 * n
    record_property('pairs', n)
    record_property('meant', meant)


# Both are Scapy expressions at layer 3. (name, stimulus, response, Scapy's verdict, Volley's)
A, B = 'src="198.18.0.1",dst="198.18.0.2"', 'src="198.18.0.2",dst="198.18.0.1"'
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

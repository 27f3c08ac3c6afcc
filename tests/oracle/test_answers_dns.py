"""Whether messages of DNS, DHCP and SNMP answer: the verdict is Scapy's."""

import pytest
from test_answers import tool, verdicts  # noqa: F401

A, B = 'src="198.18.0.1",dst="198.18.0.2"', 'src="198.18.0.2",dst="198.18.0.1"'


def exchange(stimulus, response, port, other=None):
    other = port if other is None else other
    return f'IP({A})/UDP(sport={other},dport={port})/{stimulus}', f'IP({B})/UDP(sport={port},dport={other})/{response}'


# (stimulus, response, verdict)
ROWS = [
    (*exchange('DNS(id=7)', 'DNS(id=7,qr=1,qd=None,an=DNSRR(rdata="198.18.0.9"))', 53), True),
    (*exchange('DNS(id=7)', 'DNS(id=8,qr=1)', 53), False),
    (*exchange('DNS(id=7)', 'DNS(id=7)', 53), False),
    (*exchange('DNS(id=7,qr=1)', 'DNS(id=7,qr=1)', 53), False),
    (*exchange('DNS(id=7)', 'Raw(b"\\0\\7\\x81\\0\\0\\0\\0\\0\\0\\0\\0\\0")', 53), True),
    (*exchange('DNS(id=7)', 'DNS(id=7,qr=1,ar=DNSRROPT(rdata=[EDNS0ClientSubnet()]))', 5353), True),
    (*exchange('BOOTP(xid=5)', 'BOOTP(xid=5,op=2)/DHCP(options=[("message-type",2),"end"])', 67, 68), True),
    (*exchange('BOOTP(xid=5)', 'BOOTP(xid=6,op=2)', 67, 68), False),
    (*exchange('SNMP(PDU=SNMPget(id=300))', 'SNMP(PDU=SNMPresponse(id=300,varbindlist=[SNMPvarbind(value="x"*200)]))', 161), True),
    (*exchange('SNMP(PDU=SNMPset(id=1))', 'SNMP(PDU=SNMPresponse(id=1))', 161), True),
    (*exchange('SNMP(PDU=SNMPnext(id=1))', 'SNMP(PDU=SNMPresponse(id=2))', 161), False),
    (*exchange('SNMP(PDU=SNMPbulk(id=1))', 'SNMP(PDU=SNMPresponse(id=1))', 161), False),
    (*exchange('SNMP(PDU=SNMPget(id=1))', 'SNMP(PDU=SNMPget(id=1))', 161), False),
]


@pytest.mark.parametrize('stimulus, response, wanted', ROWS)
def test_verdict(peer, tool, stimulus, response, wanted):  # noqa: F811
    sent, received = peer.scapy(f'list({stimulus})')[0], peer.scapy(f'list({response})')[0]
    says = peer.scapy(f'[Raw(str(int(bool(IP(bytes.fromhex("{received}")).answers(IP(bytes.fromhex("{sent}"))))))) ]')
    assert bytes.fromhex(says[0]) == (b'1' if wanted else b'0')
    answers, same_key = verdicts(tool, [(sent, received, 'ip')])[0]
    assert answers == wanted and (same_key or not answers)


# (what, stimulus, response): Debian's Scapy has no such rule.
NAMES = [
    ('LLMNR', *exchange('LLMNRQuery(id=3,qd=DNSQR(qname="a"))', 'LLMNRResponse(id=3,an=DNSRR(rrname="a"))', 5355), True),
    ('LLMNR of another id', *exchange('LLMNRQuery(id=3)', 'LLMNRResponse(id=4)', 5355), False),
    ('a name', *exchange('NBNSHeader()/NBNSQueryRequest(QUESTION_NAME="AB")', 'NBNSHeader()/NBNSQueryResponse(RR_NAME="AB")', 137),
     True),
    ('another name', *exchange('NBNSHeader()/NBNSQueryRequest(QUESTION_NAME="AB")', 'NBNSHeader()/NBNSQueryResponse(RR_NAME="AC")',
                               137), False),
]


@pytest.mark.parametrize('stimulus, response, wanted', [row[1:] for row in NAMES], ids=[row[0] for row in NAMES])
def test_names(peer, tool, stimulus, response, wanted):  # noqa: F811
    sent, received = peer.scapy(f'list({stimulus})')[0], peer.scapy(f'list({response})')[0]
    assert verdicts(tool, [(sent, received, 'ip')])[0][0] == wanted

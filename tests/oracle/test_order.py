"""`--order scapy --tag off`: exactly Scapy's packets, in Scapy's order."""

import pcapng
import pytest

TEMPLATES = [
    'IP(src="198.18.0.1",dst=["198.18.1.0/30","198.18.2.9"],ttl=(1,3))/TCP(sport=(7,8),dport=[80,443],flags="S")',
    'IP(src="198.18.0.1",dst="198.18.1.0/29",id=(1,4))/ICMP(seq=[3,1])/"abc"',
    'IPv6(src="2001:2::1",dst="2001:2::10/126",hlim=(1,4))/UDP(dport=(5,9))',
]


@pytest.mark.parametrize('template', TEMPLATES)
def test_scapys_order(peer, volley, tmp_path, template):
    wanted = peer.scapy(f'list({template})')
    volley.run('sr', template, '-i', 'sim:alive=0%', '--order', 'scapy', '--tag', 'off', '--timeout', '0.05', '-w', tmp_path / 'run')
    sent = pcapng.read(tmp_path / 'run.unanswered.pcapng').packets
    assert [packet.data[14:].hex() for packet in sent] == wanted
    assert [packet.index for packet in sent] == list(range(len(wanted)))
    assert [packet.time_ns for packet in sent] == sorted(packet.time_ns for packet in sent)

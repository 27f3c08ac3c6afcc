"""What Scapy builds on IP is read as Scapy reads it: options, fragments, ICMP, IGMP, ICMP's extensions."""

import pytest

IP = 'src="198.18.0.9",dst="198.18.0.1"'
OPTIONS = ['IPOption_RR(routers=["192.0.2.1"])', 'IPOption_LSRR(routers=["192.0.2.1","192.0.2.2"])', 'IPOption_NOP()',
           'IPOption_Timestamp(flg=0)', 'IPOption_Security()', 'IPOption_Router_Alert()', 'IPOption(option=30,value="ab")']
QUOTE = 'IP(src="198.18.0.1",dst="198.18.0.2")/UDP(sport=1000,dport=2000)/"abc"'
FRAMES = [f'IP({IP},options=[{option}])/UDP(dport=9,sport=9)/"x"' for option in OPTIONS] + [
    # Behind the first fragment there is no header.
    f'IP({IP},frag=0,flags=1)/UDP(sport=9,dport=9)/"x"',
    f'IP({IP},frag=[1,8191])/UDP(sport=9,dport=9)/"x"',
    f'IP({IP},frag=7)/ICMP()',
    f'IP({IP})/ICMP(type=[0,1,2,(6,10),(13,255)])/"abcdefghijkl"',
    f'IP({IP})/ICMP(type=[3,4,5,11,12])/{QUOTE}',
    f'IP({IP},ttl=1)/IGMP(type=[0x11,0x12,0x16,0x17],gaddr="224.1.1.1")',
    f'IP({IP},ttl=1)/IGMPv3()/IGMPv3mq(srcaddrs=["192.0.2.1"])',
    f'IP({IP},ttl=1)/IGMPv3()/IGMPv3mr(records=[IGMPv3gr(),IGMPv3gr(srcaddrs=["192.0.2.1"])])',
    f'IP({IP},ttl=1)/IGMPv3()/IGMPv3mra()',
]


def decode(peer, path, frames, what):
    path.write_text(''.join(f'{frame}\n' for frame in frames))
    status, out, err = peer.volley('decode', str(path), '--link', 'ip', what)
    assert (status, err) == (0, '')
    return out.splitlines()


@pytest.mark.parametrize('packets', FRAMES)
def test_read(peer, tmp_path, packets):
    wanted = peer.scapy(f'[IP(bytes(p)) for p in {packets}]', 'summary')
    assert isinstance(wanted, list), wanted
    assert decode(peer, tmp_path / 'frames.hex', peer.scapy(packets), '--summary') == wanted


# As newer Scapy builds and summarises them (Debian's does not know them in ICMP): the extension starts 128 bytes into the quote.
EXTENDED = [
    ('length=0', '20006f180014020f000000070000000003686579000005dc', 'Interface Information'),
    ('length=0', '20003dec000c01010006300000007100', 'MPLS'),
    ('length=0', '2000e47e0007090078797a', '9'),
    ('length=32', '2000adf00008010100063100', 'MPLS'),
]


@pytest.mark.parametrize('length, extension, name', EXTENDED)
def test_extensions(peer, tmp_path, length, extension, name):
    packet = f'IP({IP})/ICMP(type=11,{length})/{QUOTE}/Raw(b"\\0"*97+bytes.fromhex("{extension}"))'
    # The quote's own length does not count what is behind it.
    packet = packet.replace('dst="198.18.0.2"', 'dst="198.18.0.2",len=31')
    line = (f'IP / ICMP 198.18.0.9 > 198.18.0.1 time-exceeded ttl-zero-during-transit ext:{name} / IPerror / UDPerror / Raw')
    assert decode(peer, tmp_path / 'frames.hex', peer.scapy(packet), '--summary') == [line]


def test_what_is_no_extension(peer, tmp_path):
    """Without its length and with a wrong checksum it is more of the quote."""
    packet = f'IP({IP})/ICMP(type=11)/{QUOTE}/Raw(b"\\0"*97+bytes.fromhex("2000adf10008010100063100"))'
    assert 'ext:' not in decode(peer, tmp_path / 'frames.hex', peer.scapy(packet), '--summary')[0]

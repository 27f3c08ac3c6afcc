"""What frames are dissected to is the tree that Scapy's show2() prints."""

import random
import re

import generator
import pytest

GENERATED = 150
SEED = 20_240_607

# Fields that decide what the bytes are: templates that lie about them are read otherwise than they were written.
KEPT = {'version', 'ihl', 'len', 'proto', 'frag', 'plen', 'nh', 'dataofs', 'type', 'options', 'unused'}
PORTS = {'sport': '9', 'dport': '40000'}
STACKS = [['IP', 'TCP'], ['IP', 'UDP'], ['IP', 'ICMP'], ['IPv6', 'TCP'], ['IPv6', 'UDP'], ['IPv6', 'ICMPv6EchoRequest'],
          ['IPv6', 'ICMPv6EchoReply'], ['IPv6', 'ICMPv6PacketTooBig', 'IPv6', 'UDP'], ['IP', 'IP', 'TCP'],
          ['IPv6', 'IP', 'ICMP'], ['IPv6', 'ICMPv6DestUnreach', 'IPv6', 'UDP'], ['IPv6', 'ICMPv6ND_NS'],
          ['IPv6', 'ICMPv6ND_NA']]
LINKS = {'ether': [['Ether'], ['Ether', 'Dot1Q'], ['Ether', 'Dot1Q', 'Dot1Q']], 'network': [[]]}

FIXED = [
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2",flags="DF+MF")/TCP(flags="SAEC",options=[("MSS",1460),("NOP",None),'
           '("WScale",3),("SAckOK",b""),("Timestamp",(1,2)),("SAck",(1,2,3,4))])/"it\'s"'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2")/TCP(options=[(254,b"a\'b"),("EOL",None)])/"it\'s \\"x\\"\\n\\x00"'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2")/TCP(dport="http",sport="ssh",options=[("MD5",b"0123456789abcdef")])'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2")/ICMP(type=3,code=3)/IP(src="198.18.0.2",dst="198.18.0.1")/'
           'UDP(sport=9,dport=123)'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2")/ICMP(type=11)/IP(src="198.18.0.2",dst="198.18.0.1")/TCP(dport=22)'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2")/ICMP(type=5,code=1,gw="198.18.0.3")/IP(src="198.18.0.2",'
           'dst="198.18.0.1")/ICMP(id=7,seq=8)'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2")/ICMP(type=13,ts_ori=45296789,ts_rx=0,ts_tx=1)/"x"'),
    ('ip', 'IP(src="198.18.0.1",dst="198.18.0.2",proto=200)/"x"'),
    ('ip6', 'IPv6(src="2001:2::1",dst="2001:2::2",nh=200)/"x"'),
    ('ether', 'Ether(src="02:00:00:00:00:01",dst="02:00:00:00:00:02")/ARP(hwsrc="02:00:00:00:00:01",psrc="198.18.0.1",'
              'pdst="198.18.0.2")/Padding("\\0"*18)'),
    ('ether', 'Ether(src="02:00:00:00:00:01",dst="02:00:00:00:00:02",type=0x6f0)/"x"'),
]


def known(tree):
    """Scapy's tree, less what differs: a field's newer name, empty options at a frame's end, ICMP's unused bytes."""
    tree = re.sub(r'^( +)id  ( +)= (.*\n +vlan )', r'\1dei \2= \3', tree, flags=re.M)
    tree = re.sub(r"^( +options   = )''$", r'\1[]', tree, flags=re.M)
    return without_unused(tree)


def without_unused(tree):
    return re.sub(r"^ +unused    = (''|0)\n", '', tree, flags=re.M)


def check(peer, path, link, volley, scapy):
    frames = peer.scapy(scapy, 'hex')
    trees = peer.scapy(scapy, 'tree')
    assert isinstance(frames, list) and isinstance(trees, list), trees
    path.write_text(''.join(f'{frame}\n' for frame in frames))
    status, out, err = peer.volley('decode', str(path), '--link', link)
    assert (status, err) == (0, '')
    out = without_unused(out)
    for tree, got in zip(trees, out.split('\n\n')):
        assert got.rstrip('\n') == known(tree).rstrip('\n'), f'{volley}\n{scapy}'
    assert out.count('\n\n') == len(trees)


@pytest.mark.parametrize('link, template', FIXED, ids=range(len(FIXED)))
def test_fixed(peer, tmp_path, link, template):
    check(peer, tmp_path / 'frames', link, template, template)


def plain(value):
    return all(ord(c) < 0x80 for c in value.python) and not re.search(r'\\(x[89a-f]|[23]\d\d)', value.python)


def draw(random, names):
    layers = []
    for name in names:
        layer = generator.draw_layer(random, name, 0.3)
        fields = {f: value for f, value in layer.fields.items() if f not in KEPT and plain(value)}
        if name == '"':
            fields = {'load': generator.Value('"it\'s"')}
        for f, text in (PORTS if name == 'UDP' else {}).items():
            fields[f] = generator.Value(text)
        layers.append(generator.Layer(name, fields))
    return generator.Template(tuple(layers))


@pytest.mark.parametrize('link', LINKS)
def test_random(peer, tmp_path, link):
    state = random.Random(SEED)
    for _ in range(GENERATED):
        names = state.choice(LINKS[link]) + state.choice(STACKS)
        names += [['"'], []][names[-1] in ('ICMPv6ND_NS', 'ICMPv6ND_NA') or state.random() < 0.3]
        template = draw(state, names)
        if 0 < template.n <= 40:
            starts = link if link == 'ether' else 'ip6' if names[0] == 'IPv6' else 'ip'
            check(peer, tmp_path / 'frames', starts, template.volley(), template.scapy())

"""What `volley show` prints, besides bytes and summaries (tests/oracle)."""

import struct

import pytest

PAIR = 'IP(src="198.18.0.1",dst="198.18.0.0/30",ttl=[9,8])/UDP(sport=1,dport=2)/"ab\\x00"'


def show(volley, *arguments, status=0):
    done = volley.run('show', *arguments, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def test_first_packets_are_trees(volley):
    out, err = show(volley, PAIR)
    count, _, trees = out.partition('\n')
    assert (count, err) == ('8 packets of 31 bytes, 1 shape; sr tags IP.id', '')
    assert trees.count('###[ IP ]### \n') == trees.count('\n\n') == 3
    assert "load      = 'ab\\x00'" in trees
    assert show(volley, PAIR, '--limit', '5')[0].count('###[ IP ]###') == 5
    assert show(volley, PAIR, '--limit', '0')[0] == f'{count}\n'


def test_forms_print_nothing_else(volley):
    frames = show(volley, PAIR, '--hex')[0].split('\n')
    assert len(frames) == 9 and all(len(frame) == 62 for frame in frames[:8])
    assert show(volley, PAIR, '--hex', '--limit', '3')[0].split('\n') == [*frames[:3], '']
    dump = show(volley, PAIR, '--hexdump', '--limit', '1')[0]
    assert dump == ('0000  45 00 00 1F 00 01 00 00 09 11 25 A8 C6 12 00 01  E.........%.....\n'
                    '0010  C6 12 00 00 00 01 00 02 00 0B 12 4D 61 62 00     ...........Mab.\n\n')


@pytest.mark.parametrize('form', ['--hex', '--hexdump', '--summary', None])
def test_nothing_is_said_on_stderr(volley, form):
    out, err = show(volley, 'IP(ttl=(5,1))/UDP()', *([form] if form else []))
    assert out == ''
    assert err.startswith('template:1:8: this is an empty set: the template stands for no packet\n')


def test_random_fields_follow_the_seed(volley):
    template = 'IP(src="198.18.0.1",dst="198.18.0.2",id=RandShort())/UDP(dport=(1,9))'
    outs = [show(volley, template, '--hex', *options)[0] for options in ((), ('--seed', '0'), ('--seed', '1'))]
    assert outs[0] == outs[1] != outs[2]


@pytest.mark.parametrize('template, link', [
    ('Ether(src="02:00:00:00:00:01",dst="02:00:00:00:00:02")/IP(src="198.18.0.1",dst="198.18.0.2")', 1),
    ('IP(src="198.18.0.1",dst="198.18.0.2",ttl=(1,9))/UDP()', 228),
    ('IPv6(src="2001:2::1",dst="2001:2::2")/UDP()', 229),
    ('[IP(src="198.18.0.1",dst="198.18.0.2"),IPv6(src="2001:2::1",dst="2001:2::2")]/UDP()', 101),
    ('Raw("abc")', 1)])
def test_captures(volley, tmp_path, template, link):
    path = tmp_path / 'shown.pcap'
    assert show(volley, template, '--pcap', str(path)) == ('', '')
    assert struct.unpack('<IHHIIII', path.read_bytes()[:24])[6] == link
    frames = show(volley, template, '--hex')[0]
    assert volley.run('decode', str(path), '--hex').stdout == frames


def test_captures_of_several_kinds_are_told(volley, tmp_path):
    template = '[Ether(dst="02:00:00:00:00:02",src="02:00:00:00:00:01"),IP(src="198.18.0.1",dst="198.18.0.2")]/"x"'
    out, err = show(volley, template, '--pcap', str(tmp_path / 'both.pcap'))
    assert out == '' and 'start with different layers' in err


def test_captures_that_cannot_be_written(volley, tmp_path):
    out, err = show(volley, PAIR, '--pcap', str(tmp_path / 'none' / 'x.pcap'), status=5)
    assert out == '' and 'could not be written: No such file or directory' in err


PLANS = [
    ('IP(src="198.18.0.1",dst="198.18.0.0/24",ttl=(1,2))/UDP(sport=7,dport=[22,80])/"ab"', """\
1024 packets of 30 bytes, 1 shape; sr tags IP.id
branch 0: 1024 packets, 1 shape
  digit 0: IP.dst, 256 values
  digit 1: IP.ttl, 2 values
  digit 2: UDP.dport, 2 values
  shape 0: IP / UDP / Raw, 30 bytes
    bytes 4500001e0001000000110000c61200010000000000070000000a00006162
    patch 16+4: IP.dst = range 198.18.0.0 step 1; digit 0; sum 0,1
    patch 8+2: IP.ttl = range 1 step 1; digit 1; shift 8; sum 1
    patch 22+2: UDP.dport = list 22, 80; digit 2; sum 0
    sum 0 at 26: Internet over 12-20, 20-30, 0x1b; 0 is ffff
    sum 1 at 10: Internet over 0-20
"""),
    ('IPv6(src="2001:2::1",dst="2001:2::/126")/ICMPv6EchoRequest(data=["a","bc"])', """\
8 packets of at most 50 bytes, 2 shapes; sr tags ICMPv6EchoRequest.id, ICMPv6EchoRequest.seq
branch 0: 8 packets, 2 shapes
  digit 0: IPv6.dst, 4 values
  digit 1: ICMPv6EchoRequest.data, 2 values, 2 groups, stride 1
  shape 0: IPv6 / ICMPv6EchoRequest, 49 bytes
    bytes 6000000000093a402001000200000000000000000000000100000000000000000000000000000000800000000000000000
    patch 24+16: IPv6.dst = wide 2001:2::, 2001:2::1, 2001:2::2, 2001:2::3; digit 0; sum 0
    patch 48+1: ICMPv6EchoRequest.data = string 'a'; digit 1; sum 0
    sum 0 at 42: Internet over 8-24, 24-40, 40-49, 0x43
  shape 1: IPv6 / ICMPv6EchoRequest, 50 bytes
    bytes 60000000000a3a40200100020000000000000000000000010000000000000000000000000000000080000000000000000000
    patch 24+16: IPv6.dst = wide 2001:2::, 2001:2::1, 2001:2::2, 2001:2::3; digit 0; sum 0
    patch 48+2: ICMPv6EchoRequest.data = string 'bc'; digit 1; sum 0
    sum 0 at 42: Internet over 8-24, 24-40, 40-50, 0x44
"""),
]


@pytest.mark.parametrize('template, plan', PLANS, ids=['patches', 'shapes'])
def test_plans(volley, template, plan):
    assert show(volley, template, '--plan') == (plan, '')

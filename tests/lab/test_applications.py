"""Servers, tunnels and Linux itself, asked in the words of many layers: what they answer is paired with what was sent.

What the pairs say is read by tshark, and where an error quotes its stimulus, by comparing bytes.
"""

import ipaddress
import struct
import subprocess
from collections import Counter
from pathlib import Path

import outcome
import pytest
import tunnel
from lab import run

both_drivers = pytest.mark.parametrize('driver', ['af_packet', 'af_xdp'])

PROBER, TARGET, TARGET6 = '198.18.0.1', '198.18.0.2', '2001:2::2'
INSIDE, INSIDE_TARGET = '198.18.64.1', '198.18.64.2'  # of a tunnel
HERE = Path(__file__).resolve().parent


def read(path, *fields):
    """Each packet's fields, as tshark sees them; of a field that is there twice, the first."""
    command = ['tshark', '-n', '-r', path, '-T', 'fields', '-E', 'occurrence=f']
    result = subprocess.run([*command, *(word for field in fields for word in ('-e', field))],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return [tuple(line.split('\t')) for line in result.stdout.splitlines()]


def read_pairs(result, *fields):
    """[(stimulus's fields, answer's fields)]"""
    result.frames()  # checks the file's order
    packets = read(result.answered_path, *fields)
    return list(zip(packets[::2], packets[1::2]))


def check_complete(result, n_planned):
    assert sorted(index for index, _, _ in result.frames()) == list(range(n_planned))
    assert result.unanswered() == []
    assert {result.counters[name] for name in ('planned', 'sent', 'answers', 'answered')} == {n_planned}, result.counters
    assert {result.counters[name] for name in ('duplicates', 'late', 'malformed', 'table_full')} == {0}, result.counters


def quotes(stimulus, answer):
    """Whether the answer, an ICMP error without options, quotes what was sent as far as it goes."""
    quote = answer[14 + 20 + 8:] if answer[12:14] == b'\x08\x00' else answer[14 + 40 + 8:]
    return len(quote) >= 28 and stimulus[14:].startswith(quote[:len(stimulus) - 14])


# --- Servers -----------------------------------------------------------------------------------------------------------


def dnsmasq(lab, namespace, *options, sockets):
    command = ('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file=',
               '--user=root', '--group=root', '--log-facility=-', '--interface=t0', '--bind-dynamic', *options)
    return lab.serve(namespace, command, *sockets)


RECORDS = {('a.test', '1'): '198.18.1.1', ('a.test', '28'): '2001:2::a',
           ('b.test', '1'): '198.18.1.2', ('b.test', '28'): '2001:2::b'}


@pytest.mark.parametrize('driver, network', [('af_packet', f'IP(dst="{TARGET}")'), ('af_xdp', f'IPv6(dst="{TARGET6}")')],
                         ids=['ipv4', 'ipv6'])
def test_dns(volley, lab, driver, network):
    """200 questions to one server, four of each id: every answer is to its question."""
    pair = lab.pair()
    dnsmasq(lab, pair.target, '--host-record=a.test,198.18.1.1,2001:2::a', '--host-record=b.test,198.18.1.2,2001:2::b',
            '--local=/test/', sockets=[('-lu', f'src {TARGET} and sport = :53', 1), ('-lu', f'src [{TARGET6}] and sport = :53', 1)])

    result = outcome.sr(volley, pair, f'{network}/UDP()/DNS(id=(1,50),qd=DNSQR(qname=["a.test","b.test"],qtype=["A","AAAA"]))',
                        '--driver', driver)

    check_complete(result, 200)
    questions = set()
    for asked, answered in read_pairs(result, 'dns.id', 'dns.qry.name', 'dns.qry.type', 'dns.flags.response', 'dns.a', 'dns.aaaa'):
        assert answered[:3] == asked[:3] and (asked[3], answered[3]) == ('0', '1')
        assert RECORDS[asked[1:3]] in answered[4:]
        questions.add(asked[:3])
    assert len(questions) == 200


def test_ntp(volley, lab):
    pair = lab.pair()
    config = lab.folder / 'chrony.conf'
    config.write_text(f'local stratum 8\nallow all\ncmdport 0\nbindcmdaddress /\npidfile {lab.folder}/chrony.pid\nuser root\n')
    lab.serve(pair.target, ('chronyd', '-x', '-d', '-f', config), ('-lu', 'sport = :123', 2))  # -x: never sets the clock

    result = outcome.sr(volley, pair, f'[IP(dst="{TARGET}"),IPv6(dst="{TARGET6}")]/UDP(sport=(1024,1033))/NTP(sent=7)')

    check_complete(result, 20)
    for asked, answered in read_pairs(result, 'ntp.flags.mode', 'ntp.stratum', 'udp.srcport', 'udp.dstport'):
        assert (asked[0], answered[0]) == ('3', '4')
        assert answered[1] == '8'
        assert asked[2:] == answered[:1:-1]
    for _, stimulus, answer in result.frames():
        assert answer[-24:-16] == stimulus[-8:] != bytes(8), 'the origin time is not what was sent'


@both_drivers
def test_dhcp(volley, lab, driver):
    """The client has no address: its offers go to the address that is offered, or to everybody."""
    pair = lab.pair()
    dnsmasq(lab, pair.target, '--port=0', '--dhcp-range=198.18.0.100,198.18.0.150', '--no-ping',
            f'--dhcp-leasefile={lab.folder}/leases', sockets=[('-lu', 'sport = :67', 1)])
    client = 'chaddr="02:00:00:00:00:07"'

    result = outcome.sr(volley, pair, 'Ether(dst="ff:ff:ff:ff:ff:ff")/IP(src="0.0.0.0",dst="255.255.255.255")/UDP(sport=68,dport=67)/'
                        f'[BOOTP(xid=(1,5),{client}),BOOTP(xid=(6,10),flags="B",{client})]/'
                        'DHCP(options=[("message-type","discover"),"end"])', '--driver', driver, command='srp')

    check_complete(result, 10)
    for asked, answered in read_pairs(result, 'dhcp.id', 'dhcp.option.dhcp', 'ip.dst', 'dhcp.ip.your'):
        assert asked[0] == answered[0]
        assert (asked[1], answered[1]) == ('1', '2')  # discover, offer
        offered = answered[3]
        assert 100 <= int(offered.removeprefix('198.18.0.')) <= 150
        assert answered[2] == (offered if int(asked[0], 16) <= 5 else '255.255.255.255')


def test_tftp_answers_from_another_port(volley, lab):
    """A TFTP server answers from a port of its own (RFC 1350 section 4): it is the answer all the same."""
    pair = lab.pair()
    served = lab.folder / 'served'
    served.mkdir()
    (served / 'file').write_text('content\n')
    dnsmasq(lab, pair.target, '--port=0', '--enable-tftp', f'--tftp-root={served}', sockets=[('-lu', f'src {TARGET} and sport = :69', 1)])

    result = outcome.sr(volley, pair, f'IP(dst="{TARGET}")/UDP(sport=2000)/TFTP()/TFTP_RRQ(filename="file")', timeout=0.3)

    assert result.unanswered() == [] and result.counters['answers'] == 1
    (_, _, answer), = result.frames()
    assert int.from_bytes(answer[34:36], 'big') not in (69, 2000) and answer[42:46] == b'\0\3\0\1' and answer[46:54] == b'content\n'


def test_snmp(volley, lab):
    pair = lab.pair()
    config = lab.folder / 'snmpd.conf'
    config.write_text('rocommunity public\nsysName probed\nsysLocation somewhere\n')
    lab.serve(pair.target, ('snmpd', '-f', '-Lo', '-C', '-c', config, '-m', '', '-M', lab.folder, 'udp:161'), ('-lu', 'sport = :161', 1))
    variable = 'SNMPvarbind(oid=ASN1_OID("1.3.6.1.2.1.1.{}.0"))'
    asked = ','.join(f'SNMP(PDU=SNMPget(id=({10 * n},{10 * n + 4}),varbindlist=[{variable.format(n)}]))' for n in (5, 6))

    result = outcome.sr(volley, pair, f'IP(dst="{TARGET}")/UDP(sport=3000)/[{asked}]')

    check_complete(result, 10)
    for asked, answered in read_pairs(result, 'snmp.request_id', 'snmp.name', 'snmp.value.octets'):
        assert answered[:2] == asked[:2]
        assert bytes.fromhex(answered[2]) == {'5': b'probed', '6': b'somewhere'}[asked[1].split('.')[7]]


# --- Linux -------------------------------------------------------------------------------------------------------------


def test_sctp(volley, lab):
    """An abort, or that the protocol is unknown, where the kernel has no SCTP."""
    pair = lab.pair()

    result = outcome.sr(volley, pair, f'[IP(dst="{TARGET}"),IPv6(dst="{TARGET6}")]/SCTP(dport=(1,9))/SCTPChunkInit()')

    check_complete(result, 18)
    for (_, stimulus, answer), (_, answered) in zip(result.frames(), read_pairs(result, 'icmp.type', 'icmp.code', 'icmpv6.type', 'icmpv6.code',
                                                                                'sctp.chunk_type')):
        assert answered[:4] in (('3', '2', '', ''), ('', '', '4', '1')) and quotes(stimulus, answer) or answered == ('', '', '', '', '6')


def test_ip_options(volley, lab):
    """Linux adds itself to a recorded route, and says which byte of an option is wrong."""
    pair = lab.pair()
    good = [f'IPOption_RR(routers=["0.0.0.0"]*{n})' for n in (1, 3, 9)]
    bad = ['IPOption_RR(length=[2,41],routers=["0.0.0.0"]*3)', 'IPOption_Timestamp(length=12,flg=3)']
    packets = ','.join(f'IP(dst="{TARGET}",options=[{options}])' for options in good + bad)

    result = outcome.sr(volley, pair, f'[{packets}]/ICMP()')

    check_complete(result, 6)
    for (index, stimulus, answer), (_, said) in zip(result.frames(), read_pairs(result, 'icmp.type', 'ip.rec_rt')):
        assert said == ('0', TARGET) if index < 3 else said[0] == '12'
        assert index < 3 or answer.endswith(stimulus[-8:]), 'another ping is quoted'  # the options as Linux left them


def test_ip_fragments(volley, lab):
    """The first fragment has the flow, so the reply to the whole is its answer; where the rest never comes, the error is."""
    pair = lab.pair()
    for key in ('net.ipv4.ipfrag_time', 'net.ipv6.ip6frag_time'):
        pair.target.sysctl(key, 1)
    message = bytes([8, 0, 0, 0, 0, 3, 0, 4]) + b'a' * 8 + b'b' * 8
    words = sum(struct.unpack('!12H', message))
    checksum = 0xFFFF - (words % 0xFFFF)

    result = outcome.sr(volley, pair, f'[IP(dst="{TARGET}",id=7,frag=2,proto="icmp")/("b"*8),'
                        f'IP(dst="{TARGET}",id=7,flags="MF")/ICMP(id=3,seq=4,chksum={checksum})/("a"*8),'
                        f'IP(dst="{TARGET}",id=(11,13),flags="MF")/ICMP()/("a"*8),'
                        f'IPv6(dst="{TARGET6}")/IPv6ExtHdrFragment(m=1,id=(11,13))/ICMPv6EchoRequest(data="a"*8)]',
                        '--order', 'sequential')

    assert [index for index, _ in result.unanswered()] == [0]
    answers = {index: (answer, quotes(stimulus, answer)) for index, stimulus, answer in result.frames()}
    assert answers.pop(1)[0][14 + 20:].endswith(message[4:])
    assert {index: (answer[34 if index < 5 else 54], quoted) for index, (answer, quoted) in answers.items()} == {
        **{index: (11, True) for index in (2, 3, 4)}, **{index: (3, True) for index in (5, 6, 7)}}


def test_ipv6_extension_headers(volley, lab):
    pair = lab.pair()
    headers = ['IPv6ExtHdrHopByHop(options=[RouterAlert()])', 'IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1e,optdata="ab")])',
               'IPv6ExtHdrFragment()', 'IPv6ExtHdrHopByHop()/IPv6ExtHdrDestOpt()/IPv6ExtHdrFragment()/IPv6ExtHdrDestOpt()',
               'IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x9e,optdata="ab")])',
               'IPv6ExtHdrRouting(type=[0,7],addresses=["2001:2::9"])', 'IPv6ExtHdrFragment(m=1)/IPv6ExtHdrDestOpt()']
    expected = {0: '129', 1: '129', 2: '129', 3: '129', 4: '4', 5: '4', 6: '4', 7: '4'}

    result = outcome.sr(volley, pair, f'IPv6(dst="{TARGET6}")/[{",".join(headers)}]/ICMPv6EchoRequest(data="odd")')

    check_complete(result, 8)
    fields = read_pairs(result, 'icmpv6.type', 'icmpv6.echo.identifier', 'icmpv6.echo.sequence_number')
    for (index, stimulus, answer), (asked, answered) in zip(result.frames(), fields):
        assert answered[0] == expected[index]
        assert asked[1:] == answered[1:] if answered[0] == '129' else quotes(stimulus, answer)


def link_local(namespace, interface):
    return namespace.run('ip', '-6', '-o', 'addr', 'show', 'dev', interface, 'scope', 'link').stdout.split()[3].split('/')[0]


def test_ipv6_groups(volley, lab):
    """What goes to a group is answered by somebody in it: to the asker, or to the group."""
    pair = lab.pair()
    router, group = link_local(pair.prober, 'p0'), 'ff02::1:ff00:2'

    result = outcome.sr(volley, pair, '[IPv6(dst="ff02::1")/ICMPv6EchoRequest()*4,'
                        f'IPv6()/ICMPv6ND_NS(tgt=["{TARGET6}","2001:2::dead"])/ICMPv6NDOptSrcLLAddr(lladdr="{pair.prober.mac("p0")}"),'
                        f'IPv6(src="{router}",dst="{group}",hlim=1)/IPv6ExtHdrHopByHop(options=[RouterAlert()])/'
                        f'ICMPv6MLQuery(mladdr="{group}",mrd=1)]', timeout=0.7)

    assert [index for index, _ in result.unanswered()] == [5]
    kinds = {index: answered for (index, _, _), (_, answered) in
             zip(result.frames(), read_pairs(result, 'icmpv6.type', 'ipv6.src', 'ipv6.dst', 'icmpv6.nd.na.target_address'))}
    somebody = link_local(pair.target, 't0')
    assert kinds == {**{index: ('129', somebody, router, '') for index in range(4)}, 4: ('136', TARGET6, router, TARGET6),
                     6: ('131', somebody, group, '')}


# --- Tunnels and tags --------------------------------------------------------------------------------------------------


def check_inner_pings(result, n_planned):
    """That the innermost packets are pings of the tunnel's ends and their replies; both have come through it."""
    check_complete(result, n_planned)
    for _, stimulus, answer in result.frames():
        at = answer.index(ipaddress.ip_address(INSIDE_TARGET).packed + ipaddress.ip_address(INSIDE).packed)
        inner, sent = answer[at + 8:], stimulus[stimulus.index(ipaddress.ip_address(INSIDE).packed) + 8:]
        assert (sent[0], inner[0]) == (8, 0) and inner[4:8] == sent[4:8]
        assert answer[14 + 9] == stimulus[14 + 9] and answer[26:34] == stimulus[30:34] + stimulus[26:30]


@both_drivers
def test_vxlan(volley, lab, driver):
    pair = lab.pair()
    there, here = '02:00:00:00:00:0a', '02:00:00:00:00:0b'
    pair.target.ip('link', 'add', 'inside', 'address', there, 'type', 'vxlan', 'id', '5', 'remote', PROBER, 'local', TARGET,
                   'dstport', '4789')
    pair.target.ip('addr', 'add', f'{INSIDE_TARGET}/24', 'dev', 'inside')
    pair.target.ip('link', 'set', 'inside', 'up')
    pair.target.ip('neigh', 'add', INSIDE, 'lladdr', here, 'dev', 'inside')

    result = outcome.sr(volley, pair, f'IP(dst="{TARGET}")/UDP()/VXLAN(vni=5,flags=8)/Ether(src="{here}",dst="{there}")/'
                        f'IP(src="{INSIDE}",dst="{INSIDE_TARGET}")/ICMP(seq=(1,20))', '--driver', driver)

    check_inner_pings(result, 20)


TUNNELS = {'gre': (tunnel.GRE, 'GRE()/'), 'ipip': (tunnel.IPIP, '')}


@pytest.mark.parametrize('kind', TUNNELS)
def test_tunnel_of_the_kernel(volley, lab, kind):
    pair = lab.pair()
    added = run('ip', '-n', pair.target.name, 'link', 'add', 'inside', 'type', kind, 'remote', PROBER, 'local', TARGET, check=False)
    if added.returncode != 0:
        pytest.skip(f'this kernel has no {kind}: {added.stderr.strip()}')
    ping_inside(volley, pair, kind)


@pytest.mark.parametrize('driver, kind', [('af_packet', 'gre'), ('af_xdp', 'ipip')])
def test_tunnel(volley, lab, driver, kind):
    pair = lab.pair()
    with tunnel.Tunnel(pair.target, 'inside', TUNNELS[kind][0], PROBER):
        ping_inside(volley, pair, kind, '--driver', driver)


def ping_inside(volley, pair, kind, *options):
    pair.target.ip('addr', 'add', f'{INSIDE_TARGET}/24', 'dev', 'inside')
    pair.target.ip('link', 'set', 'inside', 'up')

    result = outcome.sr(volley, pair, f'IP(dst="{TARGET}")/{TUNNELS[kind][1]}IP(src="{INSIDE}",dst="{INSIDE_TARGET}")/ICMP(seq=(1,20))',
                        *options)

    check_inner_pings(result, 20)


TAGS = {'802.1Q': ('Dot1Q', 0x8100), '802.1ad': ('Dot1AD', 0x88A8)}


def ping_tagged(volley, pair, protocol, *options):
    """Neither end can ask for the other's MAC: questions go without a tag."""
    layer, ethertype = TAGS[protocol]
    ether = f'Ether(src="{pair.prober.mac("p0")}",dst="{pair.target.mac("t0")}")'

    result = outcome.sr(volley, pair, f'{ether}/{layer}(vlan=5)/IP(src="{PROBER}",dst="{TARGET}")/ICMP(seq=(1,20))',
                        *options, command='srp')

    check_complete(result, 20)
    for _, stimulus, answer in result.frames():
        assert stimulus[12:16] == struct.pack('!HH', ethertype, 5)
        assert stimulus[-4:] == answer[42:46]


@pytest.mark.parametrize('protocol', TAGS)
def test_vlan_of_the_kernel(volley, lab, protocol):
    pair = lab.pair()
    added = run('ip', '-n', pair.target.name, 'link', 'add', 'link', 't0', 'name', 'vlan', 'type', 'vlan', 'proto', protocol, 'id', '5', check=False)
    if added.returncode != 0:
        pytest.skip(f'this kernel has no {protocol}: {added.stderr.strip()}')
    pair.target.ip('addr', 'del', f'{TARGET}/24', 'dev', 't0')
    pair.target.ip('addr', 'add', f'{TARGET}/24', 'dev', 'vlan')
    pair.target.ip('link', 'set', 'vlan', 'up')
    pair.target.ip('neigh', 'add', PROBER, 'lladdr', pair.prober.mac('p0'), 'dev', 'vlan')
    untagged_in_memory(pair)
    ping_tagged(volley, pair, protocol)


def untagged_in_memory(pair):
    """veth hands a tag beside the frame, where XDP does not see it, unless it is told not to."""
    pair.target.run('ethtool', '-K', 't0', 'txvlan', 'off', 'tx-vlan-stag-hw-insert', 'off', check=False)


# The kernel takes tags off what AF_PACKET reads, and DPDK 22.11 puts them back as 802.1Q, whatever they were.
retagged = pytest.mark.xfail(reason='AF_PACKET: tags come back as 802.1Q', strict=True)


@pytest.mark.parametrize('protocol, driver', [('802.1Q', 'af_packet'), ('802.1Q', 'af_xdp'), ('802.1ad', 'af_xdp'),
                                              pytest.param('802.1ad', 'af_packet', marks=retagged)])
def test_vlan(volley, lab, driver, protocol):
    pair = lab.pair()
    program = lab.folder / 'access.o'
    multiarch = run('gcc', '-print-multiarch').stdout.strip()
    run('clang', '-O2', '-g', '-target', 'bpf', f'-I/usr/include/{multiarch}', '-Wall', '-Werror', f'-DTAG_PROTOCOL={TAGS[protocol][1]}',
        '-DTAG_ID=5', '-c', str(HERE / 'access.bpf.c'), '-o', str(program))
    pair.target.run('tc', 'qdisc', 'add', 'dev', 't0', 'clsact')
    for direction in ('ingress', 'egress'):
        pair.target.run('tc', 'filter', 'add', 'dev', 't0', direction, 'bpf', 'direct-action', 'obj', program,
                        'sec', direction)
    pair.target.ip('neigh', 'add', PROBER, 'lladdr', pair.prober.mac('p0'), 'dev', 't0')
    untagged_in_memory(pair)

    ping_tagged(volley, pair, protocol, '--driver', driver)


# --- Where packets come from -------------------------------------------------------------------------------------------


def test_captured(volley, lab):
    """Frames of a capture are stimuli like others, those to groups too."""
    pair = lab.pair()
    pair.target.sysctl('net.ipv4.icmp_echo_ignore_broadcasts', 0)
    here, there = pair.prober.mac('p0'), pair.target.mac('t0')
    capture = lab.folder / 'captured.pcap'
    volley.run('show', f'[Ether(src="{here}",dst="{there}")/IP(src="{PROBER}",dst="{TARGET}")/ICMP(id=9,seq=(1,20)),'
               f'Ether(src="{here}",dst="01:00:5e:00:00:01")/IP(src="{PROBER}",dst="224.0.0.1")/ICMP(id=9,seq=21),'
               f'Ether(src="{here}",dst="ff:ff:ff:ff:ff:ff")/ARP(hwsrc="{here}",psrc="{PROBER}",pdst="{TARGET}")]', '--pcap', capture)

    result = outcome.sr(volley, pair, f'pcap("{capture}")', command='srp')

    check_complete(result, 22)
    for asked, answered in read_pairs(result, 'icmp.type', 'icmp.seq', 'arp.opcode', 'ip.src'):
        assert answered in ((('0', asked[1], '', TARGET)), ('', '', '2', ''))


def test_a_retry_sends_what_was_drawn_before(volley, lab):
    """Every attempt is on the wire what the files say of the stimulus, random fields and all."""
    pair = lab.pair()
    pair.target.run('nft', 'add table ip t; add chain ip t in { type filter hook input priority 0; }; '
                           'add rule ip t in ip daddr 198.19.0.0/16 numgen inc mod 2 == 0 drop')
    tap = pair.target.tap('t0')

    result = outcome.sr(volley, pair, 'IP(dst=RandIP("198.19.0.0/16"),id=RandShort())/ICMP(id=RandShort(),seq=(1,30))/Raw(load=RandString(9))',
                        '--retry', 12, timeout=0.2)

    check_complete(result, 30)
    sent = {stimulus for _, stimulus, _ in result.frames()}
    arrived = Counter(data for _, data in tap.frames() if data[12:14] == b'\x08\x00')
    assert set(arrived) == sent and len(sent) == 30
    assert len({stimulus[18:20] for stimulus in sent}) > 20, 'hardly random'
    assert sum(arrived.values()) == result.counters['attempts'] > 40

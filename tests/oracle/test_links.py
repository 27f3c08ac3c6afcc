"""Tunnels and link layers: what Scapy builds is read as Scapy reads it, and answered as Scapy says."""

import subprocess

import pytest
from test_answers import tool, verdicts  # noqa: F401: a fixture

MACS = 'src="02:00:00:00:00:01",dst="02:00:00:00:00:02"'
E, D3 = f'Ether({MACS})', f'Dot3({MACS})'
IP = 'IP(src="198.18.0.1",dst="198.18.0.2")'
IP6 = 'IPv6(src="2001:2::1",dst="2001:2::2")'
INNER = 'IP(src="198.19.0.1",dst="198.19.0.2")/UDP(sport=4000,dport=4001)'
INNER6 = 'IPv6(src="2001:2::5",dst="2001:2::6")/UDP(sport=4000,dport=4001)/"x"'
ARP = 'ARP(hwsrc="02:00:00:00:00:01",psrc="198.18.0.1",pdst="198.18.0.2")'
U = f'{IP}/UDP()/GTP_U_Header'

READ = [
    f'{D3}/LLC()', f'{D3}/LLC()/"abc"', f'{D3}/LLC()/SNAP()/{INNER}', f'{D3}/LLC()/SNAP()/{INNER6}', f'{D3}/LLC()/SNAP()/{ARP}',
    f'{D3}/LLC()/SNAP()/Dot1Q(vlan=7)/{INNER}', f'{D3}/LLC()/SNAP(OUI=0x00000c,code=0x2000)/"abc"',
    f'Ether(bytes({D3}/LLC()/SNAP()/{INNER})+b"\\0"*20)', f'Ether(bytes({D3}/LLC()/"abc")+b"\\0"*20)', f'{E}/LLC()/SNAP()/{INNER}',
    f'{E}/Dot1Q()/LLC()/SNAP()/{INNER}', f'{E}/Dot1Q(type=6)/LLC()/"abc"', f'{E}/Dot1Q(type=4)/LLC()/"abc"', f'{E}/Dot1Q()/"abc"',
    f'{E}/Dot1AD()/Dot1Q()/{INNER}', f'{E}/Dot1AD()/Dot1AD()/{INNER6}', f'{E}/Dot1Q()/Dot1AD()/{ARP}', f'{E}/Dot1AD()/{INNER}',
    f'{E}/Dot1AD()/Dot1Q()/Dot1AD()/Dot1Q()/{INNER}', f'{E}/Dot1AD()/Dot1Q()/MPLS()/{INNER}',
    f'{E}/MPLS()/{INNER}', f'{E}/MPLS(label=16)/MPLS(label=17)/MPLS(label=18)/{INNER6}', f'{E}/MPLS()/"x"', f'{E}/MPLS()',
    f'{E}/MPLS()/EoMCW()/{E}/{INNER}', f'{E}/MPLS()/EoMCW()', f'{E}/MPLS()/{E}/{INNER}', f'{E}/MPLS()/Ether(dst="ff:ff:ff:ff:ff:ff",'
    f'src="02:00:00:00:00:01")/{INNER}', f'{IP}/MPLS()/{INNER}', f'{IP6}/MPLS()/{INNER}', f'{IP}/UDP(sport=9)/MPLS()/{INNER}',
    f'{IP}/GRE()/MPLS()/MPLS()/{INNER}',
    f'{E}/PPPoE(sessionid=5)/PPP()/{INNER}', f'{E}/PPPoE()/PPP()/{INNER6}', f'{E}/PPPoE()/PPP(proto=0x8235)/"abc"', f'{E}/PPPoE()',
    f'{E}/PPPoE()/HDLC()/PPP()/{INNER}', f'{E}/PPPoE()/Raw(b"\\x21"+bytes({INNER}))', f'{E}/PPPoE(code=7)/"abc"',
    f'{E}/PPPoED()/PPPoED_Tags(tag_list=[PPPoETag(tag_type="Service-Name"),PPPoETag(tag_type="Host-Uniq",tag_value="abc")])',
    f'{E}/PPPoED(code=0xa7)', f'{E}/PPPoED()/PPPoED_Tags(tag_list=[PPPoETag(tag_type=0x777,tag_value="x")])/Padding("abc")',
    f'{IP}/GRE()/{INNER}', f'{IP}/GRE()/{INNER6}', f'{IP6}/GRE()/{INNER}', f'{IP}/GRE(chksum_present=1)/{INNER}',
    f'{IP}/GRE(key_present=1,key=7,seqnum_present=1)/{INNER}', f'{IP}/GRE(chksum_present=1,key_present=1)/{INNER6}', f'{IP}/GRE()',
    f'{IP}/GRE()/{E}/{INNER}', f'{IP}/GRE()/{E}/Dot1Q()/{ARP}', f'{IP}/GRE()/Dot1Q()/{INNER}', f'{IP}/GRE()/{ARP}', f'{IP}/GRE()/LLC()/"x"',
    f'{IP}/GRE(proto=0x4242)/"abc"', f'{IP}/GRE()/GRErouting(address_family=2,routing_info="abcd")/GRErouting()/{INNER}',
    f'{IP}/GRE_PPTP()/PPP()/{INNER}', f'{IP}/GRE_PPTP(seqnum_present=1,acknum_present=1)/HDLC()/PPP()/{INNER}', f'{IP}/GRE_PPTP()',
    f'{IP}/UDP()/VXLAN(vni=70000)/{E}/{INNER}', f'{IP}/UDP()/VXLAN(flags=8)/{E}/{ARP}', f'{IP6}/UDP()/VXLAN()/{INNER6}',
    f'{IP}/UDP()/VXLAN()/{INNER}', f'{IP}/UDP()/VXLAN(vni=5)', f'{IP}/UDP()/VXLAN(flags=0x88,gpid=9)/"abc"',
    f'{IP}/UDP(sport=9,dport=8472)/VXLAN()/{E}/{INNER}', f'{IP}/UDP()/VXLAN(flags=12,NextProtocol=4)/"abc"',
    f'{U}()/{INNER}', f'{U}(teid=9,S=1,seq=7)/{INNER6}', f'{U}()/PPP()/{INNER}', f'{U}(gtp_type="end_marker")', f'{U}()/GTPEchoRequest()',
    f'{U}()/GTPEchoResponse(IE_list=[IE_Recovery()])', f'{IP}/UDP()/GTPHeader()/GTPEchoResponse(IE_list=[IE_Recovery()])',
    f'{U}()/GTPPDUSessionContainer(QFI=9)/{INNER}', f'{U}()/GTPPDUSessionContainer(type=1,QMP=1,SNP=1,dlDelayInd=1)/{INNER6}',
    f'{U}()/GTPPDUSessionContainer(PPP=1,QMP=1)/{INNER}', f'{U}()/GTPPDUSessionContainer()',
    f'{U}()/GTPErrorIndication(IE_list=[IE_TEIDI(TEIDI=5),IE_GSNAddress(length=4,ipv4_address="198.18.0.7")])',
    f'{U}()/GTP_PDCP_PDU_ExtensionHeader()', f'{U}()/GTP_UDPPort_ExtensionHeader()/"abc"',
    f'{U}()/GTPSupportedExtensionHeadersNotification(IE_list=[IE_ExtensionHeaderList(length=2)])',
    f'{IP}/{IP}/{INNER}', f'{IP}/{IP6}/{INNER}', f'{IP6}/{IP6}/{INNER6}', f'{IP6}/{IP}/{INNER6}', f'{IP}/{INNER6}',
]
LINKS = {'Ether': 'ether', 'Dot3': 'ether', 'IP': 'ip', 'IPv6': 'ip6'}


@pytest.mark.parametrize('frame', READ)
def test_read(peer, volley, frame):
    first = frame[:frame.index('(')]
    built = peer.scapy(f'[{frame}]')
    assert isinstance(built, list), built
    wanted = peer.scapy(f'[{first}(bytes.fromhex("{built[0]}"))]', 'summary')
    run = subprocess.run([volley.path, 'decode', '-', '--summary', '--link', LINKS[first]], input=built[0] + '\n',
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (run.stdout.splitlines(), run.stderr) == (wanted, '')


@pytest.mark.parametrize('frame', [frame for frame in READ if not frame.startswith('Ether(bytes') and 'bytes(' not in frame])
def test_built(peer, frame):
    wanted = peer.scapy(f'[{frame}]')
    status, out, err = peer.volley('show', frame, '--hex')
    assert (status, err) == (0, '')
    assert out.splitlines() == wanted


# (a stimulus, a response, whether it answers), as Scapy says.
BACK = 'IP(src="198.18.0.2",dst="198.18.0.1")'
INNER_BACK = 'IP(src="198.19.0.2",dst="198.19.0.1")/UDP(sport=4001,dport=4000)'
OTHER_BACK = 'IP(src="198.19.0.2",dst="198.19.0.1")/UDP(sport=4001,dport=4009)'
E_BACK = 'Ether(src="02:00:00:00:00:02",dst="02:00:00:00:00:01")'
TUNNELS = ['GRE()', 'GRE(key_present=1,key=5)', 'MPLS(label=5)', 'MPLS()/MPLS()', f'GRE()/{E}', 'UDP(sport=4789)/VXLAN(vni=5)/' + E,
           'UDP(sport=2152,dport=2152)/GTP_U_Header(teid=3)', 'UDP(sport=2152,dport=2152)/GTP_U_Header(teid=3)/GTPPDUSessionContainer()', IP]
ANSWERED = [(f'{IP}/{t}/{INNER}', f'{BACK}/{BACK if t == IP else t}/{back}', back == INNER_BACK)
            for t in TUNNELS for back in (INNER_BACK, OTHER_BACK)]
GTP = 'UDP(sport=2152,dport=2152)/GTP_U_Header'
ANSWERED += [
    (f'{E}/Dot1AD(vlan=5)/Dot1Q(vlan=6)/{INNER}', f'{E_BACK}/Dot1AD(vlan=5,prio=7)/Dot1Q(vlan=6)/{INNER_BACK}', True),
    (f'{E}/Dot1AD(vlan=5)/Dot1Q(vlan=6)/{INNER}', f'{E_BACK}/Dot1AD(vlan=4)/Dot1Q(vlan=6)/{INNER_BACK}', False),
    (f'{E}/PPPoE(sessionid=5)/PPP()/{INNER}', f'{E_BACK}/PPPoE(sessionid=5)/PPP()/{INNER_BACK}', True),
    (f'{D3}/LLC()/SNAP()/{INNER}', f'{D3}/LLC()/SNAP()/{INNER_BACK}', True),
    (f'{D3}/LLC()/SNAP()/{INNER}', f'{E_BACK}/{INNER_BACK}', False),
    (f'{IP}/{GTP}(seq=7)/GTPEchoRequest()', f'{BACK}/{GTP}(seq=7)/GTPEchoResponse(IE_list=[IE_Recovery()])', True),
    (f'{IP}/{GTP}(seq=7)/GTPEchoRequest()', f'{BACK}/{GTP}(seq=8)/GTPEchoResponse(IE_list=[IE_Recovery()])', False),
    (f'{IP}/GRE()/{INNER}', f'{BACK}/{INNER_BACK}', False),
]


def scapy_says(peer, stimulus, received):
    layer = stimulus[:stimulus.index('(')]
    says = peer.scapy(f'[Raw(str(int(r.hashret() == s.hashret() and bool(r.answers(s)))))'
                      f' for s, r in [({stimulus}, {layer}(bytes.fromhex("{received}")))]]')
    return bytes.fromhex(says[0]) == b'1'


def volley_says(tool, stimulus, sent, received):
    got, same_key = verdicts(tool, [(sent, received, LINKS[stimulus[:stimulus.index('(')]])])[0]
    return got and same_key


@pytest.mark.parametrize('stimulus, response, wanted', ANSWERED)
def test_answers(peer, tool, stimulus, response, wanted):  # noqa: F811
    sent, received = (peer.scapy(f'[{frame}]')[0] for frame in (stimulus, response))
    assert scapy_says(peer, stimulus, received) == wanted
    assert volley_says(tool, stimulus, sent, received) == wanted


def test_quoted_tunnel(peer, tool):  # noqa: F811
    """All that an ICMP error quotes is the stimulus's; Scapy takes what stands in a quoted tunnel for a response."""
    stimulus, response = f'{IP}/GRE()/{INNER}', f'{BACK}/ICMP(type=3,code=1)/{IP}/GRE()/{INNER}'
    sent, received = (peer.scapy(f'[{frame}]')[0] for frame in (stimulus, response))
    assert not scapy_says(peer, stimulus, received)
    assert volley_says(tool, stimulus, sent, received)


def test_provider_tag_summary(peer):
    """Scapy looks for another layer's fields here."""
    frame = f'{E}/Dot1AD(vlan=5)'
    assert peer.scapy(frame, 'summary')[0].endswith('(??) vlan ??')
    assert peer.volley('show', frame, '--summary')[1].endswith('(0x0) vlan 5\n')

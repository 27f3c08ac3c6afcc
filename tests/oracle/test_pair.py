"""`volley pair` beside Scapy's PacketList.sr(), and `pair --template` beside its sr()."""

import csv
import json

import pytest
from scapy.all import ICMP, IP, TCP, UDP, CookedLinux, Ether, IPv6, Raw, rdpcap, wrpcap
from scapy.layers.inet6 import ICMPv6EchoReply

FRAMES, FRAMES_LONG = 250, 600
SEEDS = range(3)


def numbers(text, *fields):
    return [[int(row[field] or 0) for field in fields] for row in csv.DictReader(text.splitlines())]


def run_pair(volley, path, *options, fields='stimulus_frame,answer_frame'):
    done = volley.run('pair', path, '-o', '-', '--format', 'csv', '--fields', fields, *options)
    return numbers(done.stdout, *fields.split(',')), done.stderr


@pytest.mark.parametrize('link', ['ether', 'ip', 'cooked'])
@pytest.mark.parametrize('multi', [False, True], ids=['', 'multi'])
def test_like_scapy(peer, volley, tmp_path, run_long_tests, link, multi):
    for seed in SEEDS:
        path = tmp_path / f'{seed}.pcap'
        n = FRAMES_LONG if run_long_tests else FRAMES
        wanted = peer.ask(traffic=[seed, link, n, multi, str(path)])['traffic']
        assert len(wanted['answered']) > wanted['n'] / 20

        found, _ = run_pair(volley, path, '--match', 'scapy', '--records', 'all', *(['--multi'] if multi else []))
        assert sorted(pair for pair in found if pair[1] > 0) == sorted(wanted['answered'])
        assert [stimulus for stimulus, answer in found if answer == 0] == wanted['rest']


def test_files(volley, tmp_path):
    """Both sets as captures: each stimulus with its answer, every other frame among the unanswered, nothing else."""
    a = IP(src='198.18.0.1', dst='198.18.0.2')
    b = IP(src='198.18.0.2', dst='198.18.0.1')
    packets = [a / UDP(sport=9, dport=7) / 'x', a / ICMP(id=5), b / ICMP(type=0, id=5), a / TCP(dport=80, flags='S'),
               b / UDP(sport=7, dport=9) / 'y', b / UDP(sport=7, dport=9) / 'z']
    for i, packet in enumerate(packets):
        packets[i] = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / packet
        packets[i].time = 1_700_000_000 + i
    wrpcap(str(tmp_path / 'all.pcap'), packets)

    done = volley.run('pair', tmp_path / 'all.pcap', '-w', tmp_path / 'p')
    answered, unanswered = rdpcap(str(tmp_path / 'p.answered.pcapng')), rdpcap(str(tmp_path / 'p.unanswered.pcapng'))
    assert [bytes(p) for p in answered] == [bytes(packets[i]) for i in (1, 2, 0, 4)]
    assert [int(p.time) - 1_700_000_000 for p in answered] == [1, 2, 0, 4]
    assert [bytes(p) for p in unanswered] == [bytes(packets[i]) for i in (3, 5)]
    summary = json.loads((tmp_path / 'p.json').read_text())
    assert summary['frames'] == 6 and summary['counters']['answers'] == 2 and summary['counters']['planned'] == 4
    assert summary['identities'] == {'tx': True, 'rx': True}
    assert 'Read 6 packets, got 2 answers, remaining 2 packets' in done.stderr
    assert summary['rtt']['min_ns'] == 1_000_000_000 and summary['rtt']['max_ns'] == 4_000_000_000


def test_lines(volley, tmp_path):
    a = IP(src='198.18.0.1', dst='198.18.0.2')
    b = IP(src='198.18.0.2', dst='198.18.0.1')
    wrpcap(str(tmp_path / 'all.pcap'), [a / ICMP(id=5), b / ICMP(type=0, id=5)])
    done = volley.run('pair', tmp_path / 'all.pcap')
    assert done.stdout == ('IP / ICMP 198.18.0.1 > 198.18.0.2 echo-request 0 ==> '
                           'IP / ICMP 198.18.0.2 > 198.18.0.1 echo-reply 0\n')


def test_two_captures_are_merged_by_time(volley, tmp_path):
    """What was sent in one file, what came in the other."""
    sent = [IP(src='198.18.0.1', dst='198.18.0.2') / ICMP(seq=i) for i in range(20)]
    came = [IP(src='198.18.0.2', dst='198.18.0.1') / ICMP(type=0, seq=i) for i in range(20)]
    for i in range(20):
        sent[i].time, came[i].time = 1_700_000_000 + i, 1_700_000_000 + i + 0.5
    wrpcap(str(tmp_path / 'tx.pcap'), sent)
    wrpcap(str(tmp_path / 'rx.pcap'), came)
    done = volley.run('pair', tmp_path / 'rx.pcap', tmp_path / 'tx.pcap', '-o', '-', '--format', 'csv',
                      '--fields', 'probe,stimulus_frame,answer_frame,rtt_ns')
    assert numbers(done.stdout, 'probe', 'stimulus_frame', 'answer_frame', 'rtt_ns') == \
        [[i, 2 * i + 1, 2 * i + 2, 500_000_000] for i in range(20)]


@pytest.mark.parametrize('options, status, error', [
    (['--keep', 'late', '-w', 'x'], 2, 'volley: --keep goes with --template: without, every frame that answers nothing is a stimulus itself.'),
    (['--template', 'ICMP()', '--keep', 'late'], 2, 'volley: --keep writes to NAME.other.pcapng: give -w NAME too.'),
    (['--tag', 'any'], 2, 'volley: --tag and --seed go with --template: they say how its stimuli were sent.'),
    (['-w', '/nothing/there'], 5, 'volley: /nothing/there.answered.pcapng could not be written: No such file or directory'),
    (['--template', 'IP(dst="10.0.0.0/8")/TCP(dport=(1,65535))'], 1,
     "volley: the template stands for 1099494850560 packets, more than this machine's memory takes: pair a part of it at a time."),
    (['--where', 'rtt>3', '-o', '-'], 2, "where:1:1: records have no field 'rtt'; did you mean 'rtt_ns'?"),
    (['/nothing/there'], 2, 'volley: /nothing/there: No such file or directory'),
])
def test_wrong_commands(volley, tmp_path, options, status, error):
    wrpcap(str(tmp_path / 'all.pcap'), [IP(src='198.18.0.1', dst='198.18.0.2') / ICMP()])
    done = volley.run('pair', tmp_path / 'all.pcap', *options, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, '')
    assert done.stderr.splitlines()[0] == error


def test_timeout_by_the_frames_times(volley, tmp_path):
    packets = [IP(src='198.18.0.1', dst='198.18.0.2') / ICMP(), IP(src='198.18.0.2', dst='198.18.0.1') / ICMP(type=0)]
    packets[0].time, packets[1].time = 1_700_000_000, 1_700_000_003
    wrpcap(str(tmp_path / 'all.pcap'), packets)
    assert run_pair(volley, tmp_path / 'all.pcap', '--timeout', '4')[0] == [[1, 2]]
    assert run_pair(volley, tmp_path / 'all.pcap', '--timeout', '2')[0] == []


def test_multi_numbers_the_answers(volley, tmp_path):
    ask = IP(src='198.18.0.1', dst='198.18.0.2') / UDP(sport=9, dport=7) / 'x'
    reply = IP(src='198.18.0.2', dst='198.18.0.1') / UDP(sport=7, dport=9) / 'x'
    wrpcap(str(tmp_path / 'all.pcap'), [ask, reply, reply, ask, reply])
    fields = 'stimulus_frame,answer_frame,answer'
    # Who has no answer yet comes first.
    assert run_pair(volley, tmp_path / 'all.pcap', '--multi', fields=fields)[0] == [[1, 2, 1], [1, 3, 2], [4, 5, 1]]


# --- against a template -------------------------------------------------------------------------------------------

TEMPLATES = [
    'IP(src="198.18.0.1",dst="198.18.1.0/28")/TCP(sport=4000,dport=[80,443],seq=77,flags="S")',
    'IP(src="198.18.0.1",dst="198.18.1.0/28",ttl=(1,3))/UDP(sport=9,dport=7)/"abc"',
    'IP(src="198.18.0.1",dst="198.18.1.0/28")/ICMP(id=5,seq=(1,4))',
    'IPv6(src="2001:2::1",dst="2001:2::0/124")/ICMPv6EchoRequest(id=5,seq=(1,4))',
    'IP(src="198.18.0.1",dst="198.18.1.0/28")/[TCP(sport=4000,flags="S"),ICMP(id=1,seq=1)]',
]
# Of a template of Volley that Scapy spells otherwise.
IN_SCAPY = {TEMPLATES[4]: '[p for d in Net("198.18.1.0/28") for p in (IP(src="198.18.0.1",dst=d)/TCP(sport=4000,flags="S"),'
                          'IP(src="198.18.0.1",dst=d)/ICMP(id=1,seq=1))]'}


def responses(stimuli, draw):
    """What a network may send back: answers, some of them twice or altered, and errors."""
    frames = []
    for packet in stimuli:
        kind = draw.randrange(6)
        back = {'src': packet.dst, 'dst': packet.src}
        if kind == 0:
            continue
        if packet.haslayer(TCP):
            flags = draw.choice(['SA', 'RA', 'R', 'S'])
            reply = IP(**back) / TCP(sport=packet.dport, dport=packet.sport, flags=flags,
                                     ack=packet.seq + draw.choice([1, 1, 1, 9]))
        elif packet.haslayer(UDP):
            reply = IP(**back) / UDP(sport=packet.dport, dport=packet.sport) / 'reply'
        elif packet.haslayer(ICMP):
            reply = IP(**back) / ICMP(type=0, id=packet[ICMP].id, seq=packet[ICMP].seq + draw.choice([0, 0, 0, 1]))
        else:
            reply = IPv6(**back) / ICMPv6EchoReply(id=5, seq=packet.seq + draw.choice([0, 0, 0, 9]))
        if kind == 1 and isinstance(packet, IP):
            reply = IP(src='198.18.9.9', dst=packet.src) / ICMP(type=11) / Raw(bytes(packet)[:28])
        frames += [reply] * (2 if kind == 2 else 1)
    draw.shuffle(frames)
    return frames


LINKS = {
    'ether': lambda p: Ether(src='02:00:00:00:00:02', dst='02:00:00:00:00:01') / p,
    'raw': lambda p: p,
    'cooked': lambda p: CookedLinux(lladdrtype=1, proto=0x86dd if isinstance(p, IPv6) else 0x800) / p,
}


@pytest.mark.parametrize('link', LINKS)
@pytest.mark.parametrize('template', TEMPLATES)
def test_template_like_scapy(peer, volley, tmp_path, template, link):
    import random
    in_scapy = IN_SCAPY.get(template, template)
    stimuli = [(IPv6 if template.startswith('IPv6') else IP)(bytes.fromhex(h)) for h in peer.scapy(f'list({in_scapy})')]
    frames = responses(stimuli, random.Random(template + link))
    path = tmp_path / 'rx.pcap'
    wrpcap(str(path), [LINKS[link](frame) for frame in frames])
    wanted = peer.ask(sndrcv=[in_scapy, str(path)])['sndrcv']
    assert len(wanted) > len(stimuli) / 3

    for rules in ('scapy', 'exact'):
        found, told = run_pair(volley, path, '--template', template, '--match', rules, '--records', 'all',
                               '-w', tmp_path / rules, fields='probe,stimulus_frame,answer_frame')
        assert sorted([probe, answer] for probe, _, answer in found if answer > 0) == sorted(wanted)
        assert all(stimulus == 0 for _, stimulus, _ in found)
        silent = sorted(probe for probe, _, answer in found if answer == 0)
        assert silent == sorted(set(range(len(stimuli))) - {probe for probe, _ in wanted})
        written = rdpcap(str(tmp_path / f'{rules}.unanswered.pcapng'))
        cut = 14 if link == 'ether' else 0
        assert [bytes(p)[cut:] for p in written] == [bytes(stimuli[i]) for i in silent]
        counters = json.loads((tmp_path / f'{rules}.json').read_text())['counters']
        assert counters['planned'] == len(stimuli) and counters['received'] == len(frames)


def test_stimuli_of_another_tool(volley, tmp_path):
    """Its ports and sequence numbers are nobody's to know: they are compared unless told otherwise, and then not."""
    path = tmp_path / 'rx.pcap'
    wrpcap(str(path), [IP(src=f'198.18.1.{i}', dst='198.18.0.77') / TCP(sport=80, dport=61000 + i, ack=i * 7919, flags='SA')
                       for i in range(8)])
    template = 'IP(dst="198.18.1.0/28")/TCP(dport=80,flags="S")'
    found, _ = run_pair(volley, path, '--template', template, fields='probe,answer_frame')
    assert found == []
    found, _ = run_pair(volley, path, '--template', template, '--tag', 'any', fields='probe,answer_frame')
    assert found == [[i, i + 1] for i in range(8)]

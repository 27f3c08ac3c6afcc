"""volley table prints what Scapy's make_table() makes of the same file."""

import contextlib
import io
import struct

import pytest

A = 'src="198.18.0.1"'
# (name, Scapy expression of [(stimulus, answer), ...], rows, columns, cell, (x, y, z) of a pair)
ROWS = [
    ('numbers', '''[(IP(src="198.18.0.1",dst=f"198.18.{i // 7}.{i}")/TCP(dport=port),
                     IP(dst="198.18.0.1",src=f"198.18.{i // 7}.{i}")/TCP(sport=port,flags="SA" if (i + port) % 3 else "RA"))
                    for i in (2, 100, 30, 9) for port in (443, 22, 8080, 5) if (i + port) % 5]''',
     'dst', 'dport', 'class', lambda s, r: (s.dport, s.dst, 'synack' if r.payload.flags == 'SA' else 'rst')),
    ('the last stays, the widest counts', '''[(IP(dst="198.18.0.2")/TCP(dport=1), IP(src="198.18.0.2")/TCP(flags=flags))
                    for flags in ("FSRPAU", "SA", "")]''',
     'dst', 'dport', 'flags', lambda s, r: (s.dport, s.dst, r.payload.flags or '-')),
    ('words', '''[(IP(dst="198.18.0.2")/upper, IP(src=a)/ICMP(type=3,code=3)/IP(dst="198.18.0.2")/upper)
                  for upper in (UDP(dport=53),TCP(dport=80),ICMP()) for a in ("198.18.0.9","198.18.0.10")]''',
     'proto', 'responder', 'ttl', lambda s, r: (r.src, {6: 'tcp', 17: 'udp', 1: 'icmp'}[s.proto], r.ttl)),
    ('a route', '''[(IP(dst="198.18.9.9",ttl=t,id=t)/UDP(), IP(src=f"198.18.{t}.1",ttl=255 - t)/ICMP(type=11)/IP()/UDP())
                    for t in range(1, 13)]''',
     'ttl', 'dst', 'responder', lambda s, r: (s.dst, r.ttl, r.src)),
    ('IPv6 is text', '''[(IPv6(dst=f"2001:2::{i:x}")/UDP(dport=p), IPv6(src=f"2001:2::{i:x}")/UDP(sport=p))
                         for i in (1, 16, 2) for p in (53, 123)]''',
     'dst', 'dport', 'responder', lambda s, r: (s.dport, s.dst, r.src)),
    ('numbers that are no addresses', '''[(IP(dst="198.18.0.2")/UDP(sport=p,dport=9), IP(src="198.18.0.2",ttl=t)/UDP())
                         for p, t in ((70000 % 65536, 9), (10, 100), (9, 64))]''',
     'sport', 'ttl', 'len', lambda s, r: (r.ttl, s.sport, r.len)),
]


@pytest.fixture(scope='session')
def scapy():
    from scapy import all as names
    return names


def build(scapy, expression):
    """Both sides again from their bytes, as a reader has them."""
    return [tuple(packet.__class__(bytes(packet)) for packet in pair) for pair in eval(expression, dict(vars(scapy)))]


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)


def packet_block(interface, number, data):
    options = struct.pack('<HHQHH', 5, 8, number, 0, 0)
    return block(6, struct.pack('<IIIII', interface, 0, 0, len(data), len(data)) + data + bytes(-len(data) % 4) + options)


def pcapng(pairs, silent=()):
    file = block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1))
    file += block(1, struct.pack('<HHI', 101, 0, 0))
    for n, (stimulus, answer) in enumerate(pairs):
        file += packet_block(0, 16 * n, bytes(stimulus)) + packet_block(0, 16 * n + 1, bytes(answer))
    for n, stimulus in enumerate(silent, len(pairs)):
        file += packet_block(0, 16 * n, bytes(stimulus))
    return file


def make_table(scapy, pairs, xyz):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        scapy.SndRcvList(pairs).make_table(xyz)
    return out.getvalue()


@pytest.mark.parametrize('form', ['pcapng', 'scapy'])
@pytest.mark.parametrize('expression, rows, columns, cell, xyz', [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_like_scapy(volley, scapy, tmp_path, form, expression, rows, columns, cell, xyz):
    pairs = build(scapy, expression)
    path = tmp_path / 'run.answered.pcapng'
    if form == 'pcapng':
        path.write_bytes(pcapng(pairs))
    else:
        path = tmp_path / 'run.answered.pcap'
        scapy.wrpcap(str(path), scapy.SndRcvList(pairs))
    wanted = make_table(scapy, pairs, xyz)
    for name in (path, tmp_path / 'run'):
        out = volley.run('table', name, '--rows', rows, '--cols', columns, '--cell', cell)
        assert out.stdout == wanted
        assert out.stderr == ''


def test_conditions_and_silence(volley, scapy, tmp_path):
    pairs = build(scapy, '[(IP(dst=f"198.18.0.{i}")/TCP(dport=80), IP(src=f"198.18.0.{i}")/TCP(flags="SA")) for i in (2, 3)]')
    silent = [pair[0] for pair in build(scapy, '[(IP(dst=f"198.18.0.{i}")/TCP(dport=p), IP()) for i in (2, 4) for p in (22, 80)]')]
    (tmp_path / 'run.answered.pcapng').write_bytes(pcapng(pairs))
    (tmp_path / 'run.unanswered.pcapng').write_bytes(pcapng([], silent))

    def table(*options):
        return [line.split() for line in volley.run('table', tmp_path / 'run', *options).stdout.splitlines()]

    assert table() == [['80'], ['198.18.0.2', 'synack'], ['198.18.0.3', 'synack']]
    assert table('--where', 'dst=="198.18.0.3"') == [['80'], ['198.18.0.3', 'synack']]
    # A silent probe's cell: the last stays, as everywhere.
    assert table('--records', 'all', '--cell', 'outcome') == [
        ['22', '80'], ['198.18.0.2', 'unanswered', 'unanswered'], ['198.18.0.3', '-', 'answered'],
        ['198.18.0.4', 'unanswered', 'unanswered']]
    assert table('--records', 'all', '--where', 'class is None and dport == 22') == [
        ['22'], ['198.18.0.2', '-'], ['198.18.0.4', '-']]
    (tmp_path / 'both.pcapng').write_bytes(pcapng(pairs, silent[2:]))
    assert volley.run('table', tmp_path / 'both.pcapng', '--records', 'all', '--cols', 'outcome').stdout.splitlines()[-1].split() \
        == ['198.18.0.4', '-', '-']


def test_of_a_run(volley, scapy, tmp_path):
    volley.run('sr', 'IP(dst="198.18.0.0/28")/TCP(dport=[22,80,443],flags="S")', '-i', 'sim:loss=20%', '--seed', '3', '-q',
               '-w', 'run', cwd=tmp_path)
    packets = list(scapy.rdpcap(str(tmp_path / 'run.answered.pcapng')))
    pairs = list(zip(packets[::2], packets[1::2]))
    assert 20 < len(pairs) < 48
    wanted = make_table(scapy, pairs, lambda s, r: (s[scapy.TCP].dport, s[scapy.IP].dst, r[scapy.TCP].flags))
    assert volley.run('table', 'run', '--cell', 'flags', cwd=tmp_path).stdout == wanted


def test_what_is_not_paired_is_told(volley, scapy, tmp_path):
    (stimulus, answer), = build(scapy, '[(IP(dst="198.18.0.2")/TCP(), IP(src="198.18.0.2")/TCP())]')
    file = pcapng([(stimulus, answer)]) + packet_block(0, 16 * 9 + 1, bytes(answer))
    (tmp_path / 'run.answered.pcapng').write_bytes(file)
    out = volley.run('table', 'run', cwd=tmp_path)
    assert len(out.stdout.splitlines()) == 2
    assert out.stderr == 'volley: answers that are not behind their stimulus, and left out: 1\n'


@pytest.mark.parametrize('arguments, status, error', [
    ((), 2, 'volley: table needs the NAME that a run\'s files have.'),
    (('nothing',), 2, "volley: there is no file 'nothing', and no 'nothing.answered.pcapng'."),
    (('nothing', '--rows', 'dest'), 2, "rows:1:1: records have no field 'dest'; did you mean 'dst'?"),
    (('nothing', '--where', 'class=="synak"'), 2, "where:1:8: class is never 'synak'; did you mean 'synack'?"),
    (('nothing', '--where', 'class && rtt < 5'), 2, "where:1:10: records have no field 'rtt'; did you mean 'rtt_ns'?"),
    (('nothing', '--records', 'some'), 2, "volley: --records takes answered or all, not 'some'."),
])
def test_refused(volley, tmp_path, arguments, status, error):
    out = volley.run('table', *arguments, check=False, cwd=tmp_path)
    assert (out.returncode, out.stdout) == (status, '')
    assert out.stderr.splitlines()[0] == error

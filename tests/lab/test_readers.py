"""The files of a run, read by the programs that people use."""

import subprocess

import outcome
import pcapng
import pytest

TEMPLATE, N_PROBES = 'IP(dst="198.18.0.0/27")/TCP(dport=[22,80,443],flags="S")', 96


def output_of(*command):
    result = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 0, f'{command}: {result.stderr}'
    return result.stdout


@pytest.fixture(scope='module')
def files(volley, tmp_path_factory):
    """The files of a run of which some probes stay silent."""
    name = tmp_path_factory.mktemp('readers') / 'run'
    volley.run('sr', TEMPLATE, '-i', 'sim:loss=20%', '--seed', 7, '--timeout', 0.2, '-w', name)
    return outcome.Outcome(name)


@pytest.fixture(params=['answered', 'unanswered'])
def capture(request, files):
    path = getattr(files, f'{request.param}_path')
    assert pcapng.read(path).packets, 'the run was meant to leave something in both files'
    return path


def test_files_hold_every_probe(files):
    files.check_identities()
    indices = [p.index for p in files.pairs()] + [index for index, _ in files.unanswered()]
    assert sorted(indices) == list(range(N_PROBES))
    assert len(files.pairs()) == files.counters['answers']


def test_structure(capture):
    read = pcapng.read(capture)
    assert read.application.startswith('volley ')
    assert TEMPLATE in read.comment
    assert [i.name.split('=')[0][:6] for i in read.interfaces] == ['tx:sim', 'rx:sim']
    assert {i.link_type for i in read.interfaces} == {1}
    assert {i.ticks_per_second for i in read.interfaces} == {10**9}
    assert read.n_statistics == 2


def test_tshark_dissects_every_packet(capture):
    lines = output_of('tshark', '-n', '-r', capture, '-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE',
                      '-T', 'fields', '-e', 'frame.packet_id', '-e', 'ip.dst', '-e', 'ip.checksum.status',
                      '-e', 'tcp.checksum.status', '-e', '_ws.malformed').splitlines()
    ours = pcapng.read(capture).packets
    assert [int(line.split('\t')[0]) for line in lines] == [p.packet_id for p in ours]
    for line in lines:
        fields = line.split('\t')
        assert fields[1], line
        assert set(fields[2:4]) <= {'1', ''}, f'a checksum is wrong: {line}'  # '': no TCP, but an ICMP error
        assert fields[4] == '', line


def test_tshark_finds_a_pair_by_its_index(files):
    for index in (files.pairs()[0].index, files.pairs()[-1].index):
        lines = output_of('tshark', '-n', '-r', files.answered_path, '-Y', f'frame.packet_id / 16 == {index}',
                          '-T', 'fields', '-e', 'frame.packet_id').split()
        assert [int(x) for x in lines] == [index * 16, index * 16 + 1]


def test_tcpdump_reads_every_packet(capture):
    lines = output_of('tcpdump', '-n', '-r', capture).splitlines()
    assert len(lines) == len(pcapng.read(capture).packets)


def test_capinfos_accepts_it(capture):
    report = output_of('capinfos', '-M', '-c', '-t', '-I', capture)
    assert f'Number of packets:   {len(pcapng.read(capture).packets)}' in report
    assert 'pcapng' in report


def test_scapy_reads_every_packet(capture):
    from scapy.all import rdpcap
    packets = rdpcap(capture)
    assert [bytes(p) for p in packets] == [p.data for p in pcapng.read(capture).packets]


def test_tshark_reads_all_of_a_large_compressed_file(volley, tmp_path):
    """Of several writes: Wireshark 4.0 is wrong where one zstd frame follows another."""
    volley.run('sr', 'IP(dst="198.19.0.0/24")/TCP(dport=(1,128),flags="S")', '-i', 'sim', '--rate', '30k', '--timeout', 0.2,
               '--zst', '-w', tmp_path / 'run')
    path = tmp_path / 'run.answered.pcapng.zst'
    assert '\n     1 ' in output_of('zstd', '-l', path), 'there is one frame'
    lines = output_of('tshark', '-n', '-r', path, '-T', 'fields', '-e', 'frame.packet_id').split()
    assert len(lines) == 2 * 32768
    assert len(set(lines)) == len(lines)
    assert f'Number of packets:   {len(lines)}' in output_of('capinfos', '-M', '-c', path)

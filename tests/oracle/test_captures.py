"""Captures that Scapy, tcpdump and editcap wrote read as Scapy and tshark read them."""

import os
import subprocess
import zlib
from fractions import Fraction
from pathlib import Path

import pytest
from scapy.all import IP, UDP, Ether, IPv6, Raw, rdpcap, wrpcap, wrpcapng

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 150  # more than two strides of the index


@pytest.fixture(scope='module')
def tool():
    path = Path(os.environ.get('VOLLEY_CAPTURES_TOOL', ROOT / 'build' / 'tests' / 'oracle' / 'captures_tool'))
    assert path.exists(), f'{path} is not built: tests/run builds it'

    def run(*arguments, stdin=None, status=0):
        done = subprocess.run([path, *map(str, arguments)], stdin=stdin, stdout=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == status, done.stdout
        return done.stdout.splitlines()
    return run


def packets(first=Ether):
    made = []
    for i in range(FRAMES):
        network = IP(dst='192.0.2.1', id=i) if first != IPv6 else IPv6(dst='2001:db8::1')
        packet = network / UDP(dport=i) / Raw(bytes([i % 256]) * (i * 7 % 1400))
        packet = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / packet if first == Ether else packet
        packet.time = 1600000000 + i / 64  # exact in binary, so that Scapy's floats do not matter
        made.append(packet)
    return made


def expected(read, link, resolution=1):
    lines = []
    for i, packet in enumerate(read, 1):
        ns = int(Fraction(packet.time) * 10**9) // resolution * resolution
        frame = bytes(packet)
        lines.append(f'{i} {len(frame)} {packet.wirelen or len(frame)} {ns} {link} {zlib.adler32(frame)}')
    return lines


def check(tool, path, want):
    assert len(want) == FRAMES
    assert tool(path) == want
    assert tool('-r', path) == want[::-1]
    with open(path, 'rb') as file, subprocess.Popen(['cat', path], stdout=subprocess.PIPE) as cat:
        assert tool('-', stdin=file) == want
        assert tool('-', stdin=cat.stdout) == want


@pytest.mark.parametrize('endianness', ['<', '>'])
@pytest.mark.parametrize('nano', [False, True])
@pytest.mark.parametrize('first, link', [(Ether, 1), (IP, 228), (IPv6, 229)])
def test_pcap_by_scapy(tool, tmp_path, endianness, nano, first, link):
    path = tmp_path / 'it.pcap'
    wrpcap(str(path), packets(first), endianness=endianness, nano=nano)
    check(tool, path, expected(packets(first), link, 1 if nano else 1000))


def test_pcapng_by_scapy(tool, tmp_path):
    path = tmp_path / 'it.pcapng'
    wrpcapng(str(path), packets())
    check(tool, path, expected(packets(), 1, 1000))


@pytest.mark.parametrize('kind', ['pcap', 'nsecpcap', 'pcapng'])
@pytest.mark.parametrize('snaplen', [None, 60])
def test_editcap(tool, tmp_path, kind, snaplen):
    wrpcap(str(tmp_path / 'in'), packets(), nano=True)
    arguments = ['-s', str(snaplen)] if snaplen else []
    subprocess.run(['editcap', '-F', kind, *arguments, tmp_path / 'in', tmp_path / 'out'], check=True)
    check(tool, tmp_path / 'out', expected(rdpcap(str(tmp_path / 'out')), 1, 1000 if kind == 'pcap' else 1))


def test_mergecap_with_several_interfaces(tool, tmp_path):
    wrpcap(str(tmp_path / 'ether'), packets()[:FRAMES // 2], nano=True)
    wrpcap(str(tmp_path / 'raw'), packets(IP)[FRAMES // 2:])
    subprocess.run(['mergecap', '-a', '-F', 'pcapng', '-w', tmp_path / 'out', tmp_path / 'ether', tmp_path / 'raw'],
                   check=True)
    # Appended, sections follow each other.
    (tmp_path / 'twice').write_bytes((tmp_path / 'out').read_bytes() * 2)
    want = expected(packets()[:FRAMES // 2], 1) + expected(packets(IP)[FRAMES // 2:], 228)
    want = [' '.join([str(i), *line.split()[1:]]) for i, line in enumerate(want, 1)]
    check(tool, tmp_path / 'out', want)
    again = [' '.join([str(FRAMES + i), *line.split()[1:]]) for i, line in enumerate(want, 1)]
    assert tool(tmp_path / 'twice') == want + again
    assert tool('-r', tmp_path / 'twice') == (want + again)[::-1]


def test_tcpdump(tool, tmp_path):
    wrpcap(str(tmp_path / 'in'), packets())
    subprocess.run(['tcpdump', '-r', tmp_path / 'in', '-w', tmp_path / 'out'], check=True, stderr=subprocess.DEVNULL)
    check(tool, tmp_path / 'out', expected(packets(), 1, 1000))


def test_torn_file(tool, tmp_path):
    wrpcap(str(tmp_path / 'it'), packets())
    whole = (tmp_path / 'it').read_bytes()
    (tmp_path / 'it').write_bytes(whole[:-1])
    last = len(whole) - 16 - len(bytes(packets()[-1]))
    assert tool(tmp_path / 'it') == expected(packets(), 1, 1000)[:-1] + [f'truncated at {last}']


def test_compressed(tool, tmp_path):
    wrpcap(str(tmp_path / 'it'), packets(), gz=True)
    assert tool(tmp_path / 'it', status=1) == [f'{tmp_path}/it: compressed with gzip']

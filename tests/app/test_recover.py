"""`volley recover`: what is left of files is whole, as other programs and Scapy read it, and holds what it held."""

import random
import subprocess
import time

import pcapng
import pytest
from scapy.utils import RawPcapReader
from simulated import command, sr

SMALL = 'IP(dst="198.19.0.0/30")/TCP(sport=4000,dport=[22,80],flags="S")'
LONG = 'IP(dst="198.19.0.0/16")/TCP(sport=4000,dport=(1,40),flags="S")'
READ_BY_ALL_BELOW = 20000  # bytes: Scapy and tshark are slow
FORMS = {'pcapng': [], 'pcap': ['--pcap'], 'pcapng.zst': ['--zst'], 'pcap.zst': ['--pcap', '--zst']}


def recover(volley, *arguments, status=0):
    done = volley.run('recover', *arguments, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def plain(path):
    """The capture's bytes; strict: a torn frame is an error."""
    if path.suffix != '.zst':
        return path.read_bytes()
    return subprocess.run(['zstd', '-dc', path], check=True, stdout=subprocess.PIPE).stdout


def frames(data, folder):
    """How many packets strict readers find in a capture."""
    path = folder / 'plain'
    path.write_bytes(data)
    report = subprocess.run(['capinfos', '-Mc', path], check=True, stdout=subprocess.PIPE, text=True).stdout
    count = int(report.split('Number of packets:')[1].split()[0])
    if len(data) < READ_BY_ALL_BELOW:
        lines = subprocess.run(['tshark', '-r', path], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        assert lines.count(b'\n') == count
        assert len(list(RawPcapReader(str(path)))) == count
    if data[:4] == b'\x0a\x0d\x0d\x0a':
        assert len(pcapng.read(path).packets) == count
    return count


def whole_packets(data):
    """[(end of a block, packets up to there)] of a capture of this machine's byte order."""
    is_pcapng = data[:4] == b'\x0a\x0d\x0d\x0a'
    at, packets, ends = (0 if is_pcapng else 24), 0, []
    if not is_pcapng:
        ends.append((24, 0))
    while at < len(data):
        if is_pcapng:
            kind, length = (int.from_bytes(data[at + i:at + i + 4], 'little') for i in (0, 4))
            packets += kind == 6
        else:
            length = 16 + int.from_bytes(data[at + 8:at + 12], 'little')
            packets += 1
        at += length
        ends.append((at, packets))
    return ends


@pytest.mark.parametrize('form', ['pcapng', 'pcap'])
def test_every_beginning_of_a_file(volley, tmp_path, form):
    sr(volley, tmp_path, *FORMS[form], template=SMALL)
    data = (tmp_path / f'run.answered.{form}').read_bytes()
    ends = whole_packets(data)
    torn = []
    for length in range(len(data) + 1):
        path = tmp_path / f'{length}.{form}'
        path.write_bytes(data[:length])
        torn.append(path)
    told = {}
    done = volley.run('recover', *torn, check=False)
    for line in done.stdout.splitlines():
        told[int(line.split('/')[-1].split('.')[0])] = line
    for length, path in enumerate(torn):
        whole = [(end, packets) for end, packets in ends if end <= length]
        left = path.read_bytes()
        if length not in told:
            assert left == data[:length], 'what is refused stays as it is'
            assert not whole
            continue
        end, packets = whole[-1]
        assert left == data[:end]
        assert ('; it is whole' in told[length]) == (end == length)
        wanted = f'{packets} packet' if packets else 'nothing but a header'
        assert wanted in told[length]
        assert end == length or f'{length - end} byte' in told[length]
    for end, packets in (ends[0], ends[1], ends[-2], ends[-1]):
        assert frames(data[:end], tmp_path) == packets
    assert done.returncode == 2, 'the shortest beginnings are no captures'


def test_every_beginning_of_a_compressed_file(volley, tmp_path):
    sr(volley, tmp_path, '--zst', template=SMALL)
    packed = (tmp_path / 'run.answered.pcapng.zst').read_bytes()
    whole = plain(tmp_path / 'run.answered.pcapng.zst')
    paths = []
    for length in range(len(packed) + 1):
        paths.append(tmp_path / f'{length}.pcapng.zst')
        paths[-1].write_bytes(packed[:length])
    done = volley.run('recover', *paths, check=False)
    kept = {int(line.split('/')[-1].split('.')[0]) for line in done.stdout.splitlines()}
    assert len(kept) > 10
    ends = dict(whole_packets(whole))
    seen = set()
    for length, path in enumerate(paths):
        left = path.read_bytes()
        if length in kept and left not in seen:
            data = plain(path)
            assert whole.startswith(data) and len(data) in ends
            assert frames(data, tmp_path) == ends[len(data)]
            seen.add(left)
        if length not in kept:
            assert left == packed[:length]
    assert packed in seen


def test_a_whole_file_is_left_alone(volley, tmp_path):
    for form, options in FORMS.items():
        sr(volley, tmp_path, *options, template=SMALL)
        path = tmp_path / f'run.answered.{form}'
        before = path.read_bytes(), path.stat().st_mtime_ns
        assert recover(volley, path) == f'{path}: 16 packets; it is whole\n'
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_dry_run_only_tells(volley, tmp_path):
    sr(volley, tmp_path, template=SMALL)
    path = tmp_path / 'run.answered.pcapng'
    end, packets = [(end, n) for end, n in whole_packets(path.read_bytes()) if n == 15][0]
    path.write_bytes(path.read_bytes()[:end + 56])
    told = f'{path}: {packets} packets, 56 bytes of a torn block '
    assert recover(volley, path, '--dry-run') == told + 'would be cut off\n'
    assert path.stat().st_size == end + 56
    assert recover(volley, path) == told + 'cut off\n'
    assert path.stat().st_size == end


RECORDS = {
    'x.ndjson': (b'{"probe":1}\n{"probe":2}\n{"pro', b'{"probe":1}\n{"probe":2}\n', '2 records, 5 bytes of a torn line'),
    'one.ndjson': (b'{"probe":1}\n', b'{"probe":1}\n', '1 record; it is whole'),
    'x.csv': (b'probe,note\n1,"a\nb"\n2,"a\n', b'probe,note\n1,"a\nb"\n', '1 record, 5 bytes of a torn line'),
    'head.csv': (b'probe\n1', b'probe\n', 'nothing but a header, no whole record, 1 byte of a torn line'),
}


@pytest.mark.parametrize('name', RECORDS)
def test_records(volley, tmp_path, name):
    torn, whole, told = RECORDS[name]
    (tmp_path / name).write_bytes(torn)
    assert told in recover(volley, tmp_path / name)
    assert (tmp_path / name).read_bytes() == whole
    packed = subprocess.run(['zstd', '-c'], input=whole, check=True, stdout=subprocess.PIPE).stdout
    path = tmp_path / f'{name}.zst'
    path.write_bytes(packed + packed[:-3])
    recover(volley, path)
    assert path.read_bytes() == packed


REFUSED = {
    'notes.txt': (b'some text\n', 'neither pcap nor pcapng'),
    'x.ndjson': (b'text\n', 'no records are in it'),
    'x.csv': (b'a,b', 'its header is cut short'),
    'empty': (b'', 'empty'),
    'damaged.pcapng': (b'\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0' + b'\xff' * 8 + b'\x1c\0\0\0' + b'\0' * 64,
                       'cannot have 0 bytes'),
    'torn.zst': (b'\x28\xb5\x2f\xfd\4', 'none of its zstd frames is whole'),
}


@pytest.mark.parametrize('name', REFUSED)
def test_what_is_refused(volley, tmp_path, name):
    data, message = REFUSED[name]
    (tmp_path / name).write_bytes(data)
    assert message in recover(volley, tmp_path / name, status=2)
    assert (tmp_path / name).read_bytes() == data


def test_what_cannot_be_read(volley, tmp_path):
    assert 'No such file' in recover(volley, tmp_path / 'none', status=1)
    assert 'not a file' in recover(volley, tmp_path, status=2)
    assert 'needs a file' in recover(volley, status=2)


@pytest.mark.parametrize('form', FORMS)
def test_killed_at_random_moments(volley, tmp_path, form):
    """Each file is readable, or is so once it has been recovered, and its pairs are whole but for the last one."""
    draw = random.Random(form)
    for i in range(3):
        folder = tmp_path / str(i)
        folder.mkdir()
        with subprocess.Popen(command(volley, folder, *FORMS[form], '--timeout', '300ms', '--rate', '30k',
                                      sim='sim:loss=50%', template=LONG),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while not (folder / f'run.unanswered.{form}').exists():
                assert process.poll() is None
                time.sleep(0.005)
            time.sleep(draw.uniform(0.05, 1))
            process.kill()
        for kind in ('answered', 'unanswered'):
            path = folder / f'run.{kind}.{form}'
            before = path.read_bytes()
            told = recover(volley, path)
            assert before.startswith(path.read_bytes())
            count = frames(plain(path), folder)
            wanted = f'{count:,} packet' if count else 'nothing but a header'
            assert wanted in told
            (folder / 'plain').unlink()

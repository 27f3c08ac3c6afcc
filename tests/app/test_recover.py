"""`volley recover`: what is left of files is whole, as other programs and Scapy read it, and holds what it held."""

import random
import subprocess
import time

import pcapng
import pytest
from scapy.utils import RawPcapReader
from simulated import command, sr, wait_for_size

SMALL = 'IP(dst="198.19.0.0/30")/TCP(sport=4000,dport=[22,80],flags="S")'
LONG = 'IP(dst="198.19.0.0/16")/TCP(sport=4000,dport=(1,40),flags="S")'
CLOSING = b'\1\0\0'  # an empty last zstd block
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
            assert packed.startswith(left.removesuffix(CLOSING))
            data = plain(path)
            assert whole.startswith(data) and len(data) in ends
            assert frames(data, tmp_path) == ends[len(data)]
            seen.add(left)
        if length not in kept:
            assert left == packed[:length]
    assert packed in seen
    assert len(seen) > 2, 'the header, packets, and statistics were written one after the other'
    assert (tmp_path / f'{len(packed) - 3}.pcapng.zst').read_bytes() == packed, 'nothing but the end was missing'


@pytest.mark.parametrize('form', ['ndjson', 'csv'])
def test_beginnings_of_compressed_records(volley, tmp_path, form):
    records = tmp_path / f'all.{form}.zst'
    sr(volley, tmp_path, '-o', records, '--rate', '20k', '--timeout', '100ms')
    packed, whole = records.read_bytes(), plain(records)
    kept = set()
    for length in range(len(packed) // 50, len(packed), len(packed) // 50):
        path = tmp_path / f'{length}.{form}.zst'
        path.write_bytes(packed[:length])
        if volley.run('recover', path, check=False).returncode == 2:
            assert path.read_bytes() == packed[:length]
            continue
        assert packed.startswith(path.read_bytes().removesuffix(CLOSING))
        kept.add(plain(path))
    assert max(map(len, kept)) > len(whole) // 4
    assert all(whole.startswith(data) and data.endswith(b'\n') for data in kept)


# zstd's options, and what of a torn second frame is kept: what of it can't be closed is cut off all of it.
FOREIGN = {'checksum': ([], False), 'bare': (['--no-check'], True), 'size': (['--no-check', '--content-size'], False)}


@pytest.mark.parametrize('kind', FOREIGN)
def test_frames_of_the_zstd_tool(volley, tmp_path, kind):
    options, closable = FOREIGN[kind]
    lines = [b'{"probe":%d,"noise":"%s"}' % (i, random.Random(i).randbytes(500).hex().encode()) for i in range(500)]
    # Lines as long as a zstd block, so that those end between lines.
    first, second = (b''.join(line.ljust((128 << 10) - 1) + b'\n' for line in part) for part in (lines[:3], lines[3:9]))
    source = tmp_path / 'source'
    packed = []
    for content in (first, second):
        source.write_bytes(content)
        with open(source, 'rb') as file:
            packed.append(subprocess.run(['zstd', '-c', *options, *([source] if kind == 'size' else [])], check=True,
                                         stdin=file, stdout=subprocess.PIPE).stdout)
    path = tmp_path / 'x.ndjson.zst'
    path.write_bytes(packed[0] + packed[1][:-len(packed[1]) // 3])
    told = recover(volley, path)
    data = plain(path)
    assert (first + second).startswith(data) and len(data) % (128 << 10) == 0
    assert (len(data) > len(first)) == closable
    assert f'{len(data) >> 17} records' in told


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


def killed(volley, folder, options, wait):
    """A run under load that ends by kill -9 when wait(process) has returned."""
    with subprocess.Popen(command(volley, folder, *options, '--timeout', '300ms', sim='sim:loss=50%', template=LONG),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait(process)
        finally:
            process.kill()


@pytest.mark.parametrize('form', FORMS)
def test_killed_at_random_moments(volley, tmp_path, form, run_long_tests):
    """Each file is readable, or is so once it has been recovered, and its pairs are whole but for the last one."""
    draw = random.Random(form)
    for i in range(5 if run_long_tests else 3):
        folder = tmp_path / str(i)
        folder.mkdir()

        def wait(process):
            wait_for_size(process, folder / f'run.unanswered.{form}', 0)
            time.sleep(draw.uniform(0.05, 1))
        killed(volley, folder, [*FORMS[form], '--rate', '30k'], wait)
        for kind in ('answered', 'unanswered'):
            path = folder / f'run.{kind}.{form}'
            before = path.read_bytes()
            told = recover(volley, path)
            assert before.startswith(path.read_bytes().removesuffix(CLOSING))
            count = frames(plain(path), folder)
            wanted = f'{count:,} packet' if count else 'nothing but a header'
            assert wanted in told
            (folder / 'plain').unlink()


def test_tshark_reads_a_killed_run_compressed(volley, tmp_path):
    """Of 30,000 packets at least, as they are and torn."""
    path = tmp_path / 'run.answered.pcapng.zst'
    killed(volley, tmp_path, ['--zst', '--rate', '50k'], lambda process: wait_for_size(process, path, 1_500_000))
    for torn in (0, 1, 100_000):
        path.write_bytes(path.read_bytes()[:path.stat().st_size - torn])
        recover(volley, path)
        count = frames(plain(path), tmp_path)
        assert count > 30_000
        lines = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', '-e', 'frame.packet_id'], check=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        assert lines.count(b'\n') == count

"""volley sr -o: what is written where, and what is said when it can't be."""

import csv
import json
import subprocess

import pytest

TEMPLATE = 'IP(dst="198.18.0.0/26")/TCP(dport=[22,80],flags="S")'
N = 128
SIM = 'sim:clock=virtual,open=22,loss=20%'


def sr(volley, folder, *options, status=0):
    done = subprocess.run([volley.path, 'sr', TEMPLATE, '-i', SIM, '--seed', '7', '-q', *map(str, options)], cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == status, f'status {done.returncode}\n{done.stdout}{done.stderr}'
    return done


def read_json(text):
    return [json.loads(line) for line in text.splitlines()]


def test_all_ways_lead_to_the_same_records(volley, tmp_path):
    records = read_json(sr(volley, tmp_path, '-o', '-', '--records', 'all').stdout)
    assert sorted(record['probe'] for record in records) == list(range(N))
    for name in ('out.ndjson', 'out', 'out.json.zst'):
        assert sr(volley, tmp_path, '-o', name, '--records', 'all').stdout == ''
    assert read_json((tmp_path / 'out.ndjson').read_text()) == records
    assert read_json((tmp_path / 'out').read_text()) == records
    packed = subprocess.run(['zstd', '-dcq', tmp_path / 'out.json.zst'], stdout=subprocess.PIPE, text=True, check=True)
    assert read_json(packed.stdout) == records

    def as_text(record):
        return {name: '' if value is None else str(value) for name, value in record.items()}

    sr(volley, tmp_path, '-o', 'out.csv', '--records', 'all')
    for text in ((tmp_path / 'out.csv').read_text(), sr(volley, tmp_path, '-o', '-', '--format', 'csv', '--records', 'all').stdout):
        assert list(csv.DictReader(text.splitlines(), strict=True)) == [as_text(record) for record in records]


def test_records_agree_with_the_captures(volley, tmp_path):
    from scapy.all import IP, TCP, rdpcap
    sr(volley, tmp_path, '-w', 'run', '-o', 'out.ndjson', '--records', 'all')
    records = read_json((tmp_path / 'out.ndjson').read_text())
    answered = [record for record in records if record['outcome'] == 'answered']
    silent = [record for record in records if record['outcome'] == 'unanswered']
    packets = list(rdpcap(str(tmp_path / 'run.answered.pcapng')))
    assert len(packets) == 2 * len(answered) and len(silent) == N - len(answered) > 0
    for record, stimulus, answer in zip(answered, packets[::2], packets[1::2]):
        assert (record['dst'], record['sport'], record['dport']) == (stimulus[IP].dst, stimulus[TCP].sport, stimulus[TCP].dport)
        assert (record['responder'], record['flags'], record['ttl'], record['len']) == \
            (answer[IP].src, str(answer[TCP].flags), answer[IP].ttl, answer[IP].len)
        assert record['sent_ns'] == int(stimulus.time * 10**9) and record['received_ns'] == int(answer.time * 10**9)
        assert record['rtt_ns'] == record['received_ns'] - record['sent_ns']
        assert (record['attempt'], record['answer'], record['stimulus_frame'], record['answer_frame']) == (1, 1, 0, 0)
    for record, stimulus in zip(silent, rdpcap(str(tmp_path / 'run.unanswered.pcapng'))):
        assert (record['dst'], record['dport']) == (stimulus[IP].dst, stimulus[TCP].dport)
        assert record['class'] is None and record['received_ns'] is None and record['attempt'] == 1


def test_fields_and_conditions(volley, tmp_path):
    everything = read_json(sr(volley, tmp_path, '-o', '-').stdout)
    chosen = read_json(sr(volley, tmp_path, '-o', '-', '--fields', 'rtt_ns,dst', '--where',
                          'class=="synack" && dst in "198.18.0.16/28" && rtt_ns < 1100000').stdout)
    assert [list(record) for record in chosen] == [['rtt_ns', 'dst']] * len(chosen)
    assert chosen == [{'rtt_ns': record['rtt_ns'], 'dst': record['dst']} for record in everything
                      if record['class'] == 'synack' and 16 <= int(record['dst'].split('.')[3]) < 32 and record['rtt_ns'] < 1100000]
    assert 0 < len(chosen) < len(everything)


def test_a_full_disk(volley, tmp_path):
    done = sr(volley, tmp_path, '-o', '/dev/full', status=5)
    assert '  ! /dev/full: No space left on device. It holds 0 records; ' in done.stderr
    assert sr(volley, tmp_path, '-o', 'no/such/folder', status=5).stderr == \
        'volley: no/such/folder could not be written: No such file or directory\n'


@pytest.mark.parametrize('options, error', [
    (('--where', 'ttl<9'), 'volley: --fields, --where, --records and --format are about records: -o says where they go.'),
    (('-o', 'out', '--where', 'class=="synack" && rtt<9'), "where:1:20: records have no field 'rtt'; did you mean 'rtt_ns'?"),
    (('-o', 'out', '--fields', 'probe,rtt'), "fields:1:7: records have no field 'rtt'; did you mean 'rtt_ns'?"),
    (('-o', 'out', '--fields', 'probe,dst,probe'), "fields:1:11: 'probe' stands here twice"),
    (('-o', 'out', '--records', 'none'), "volley: --records takes answered or all, not 'none'."),
    (('-o', 'out', '--format', 'xml'), "volley: --format takes ndjson or csv, not 'xml'."),
    (('-o', ''), "volley: --output takes a file's name, or -, not ''."),
])
def test_refused_before_anything_is_written(volley, tmp_path, options, error):
    done = sr(volley, tmp_path, *options, status=2)
    assert done.stderr.splitlines()[0] == error
    assert (done.stdout, list(tmp_path.iterdir())) == ('', [])


def test_the_place_is_shown(volley, tmp_path):
    done = sr(volley, tmp_path, '-o', 'out', '--where', 'class=="synack" && rtt<9', status=2)
    assert done.stderr.splitlines()[1:] == ['  class=="synack" && rtt<9', '  ' + ' ' * 19 + '^~~']


def test_fields_are_listed(volley):
    listed = [line.split(None, 2) for line in volley.run('sr', '--list-fields').stdout.splitlines()]
    assert listed == [line.split(None, 2) for line in volley.run('table', '--list-fields').stdout.splitlines()]
    names = [name for name, _, _ in listed]
    assert len(set(names)) == len(names)
    assert {kind for _, kind, _ in listed} == {'number', 'text', 'address', 'flags'}

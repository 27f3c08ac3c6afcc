"""Whole runs on the simulated network: sets, attempts, order, tags, seeds, formats, rates, cores."""

import resource
import subprocess

import pcapng
import pytest
from simulated import N, TEMPLATE, check_sets, index_of, read_log, sr


def test_retries_end_with_each_probe_in_one_file(volley, tmp_path):
    log = tmp_path / 'log'
    run = sr(volley, tmp_path, '--retry', 3, '--timeout', '200ms', sim=f'sim:loss=30%,log={log}')
    outcome = run.outcome
    attempts = [[] for _ in range(N)]
    for line in read_log(log):
        attempts[index_of(line)].append((int(line.seq), line.fate))
    _, unanswered = check_sets(outcome)
    frames = {index: frame for index, frame in outcome.unanswered()}
    for index, tries in enumerate(attempts):
        assert all(fate == 'lost' for _, fate in tries[:-1]), 'sent again though it was answered'
        assert (tries[-1][1] == 'lost') == (index in frames)
        if index in frames:
            assert len(tries) == 4
            assert int.from_bytes(frames[index][38:42], 'big') == tries[-1][0], 'not the last attempt'
    for pair in outcome.pairs():
        assert int.from_bytes(pair.stimulus.payload[4:8], 'big') == attempts[pair.index][-1][0]
    counters = outcome.counters
    assert counters['sent'] == N and counters['not_sent'] == 0
    assert counters['attempts'] == sum(map(len, attempts)) == N + counters['retries']
    assert 0.002 * N < len(unanswered) < 0.02 * N  # 0.3^4 is 0.8 %


def test_a_seed_repeats_a_run(volley, tmp_path):
    """With a clock of its own to the byte, times included; otherwise what is sent, in which order, and its fate."""
    folders = [tmp_path / name for name in 'abc']
    for folder, seed in zip(folders, (7, 7, 8)):
        folder.mkdir()
        sr(volley, folder, '--seed', seed, sim='sim:clock=virtual,loss=20%,dup=10%,jitter=50%')
    for name in ('run.answered.pcapng', 'run.unanswered.pcapng'):
        first, same, other = ((folder / name).read_bytes() for folder in folders)
        assert first == same
        assert first != other

    for folder, seed in zip(folders, (7, 7, 8)):
        sr(volley, folder, '--seed', seed, sim=f'sim:loss=20%,dup=10%,log={folder}/log')
    first, same, other = ((folder / 'log').read_bytes() for folder in folders)
    assert first == same
    assert first != other


def test_sequential_order_is_the_order_of_the_template(volley, tmp_path):
    log = tmp_path / 'log'
    outcome = sr(volley, tmp_path, '--order', 'sequential', sim=f'sim:loss=30%,log={log}').outcome
    assert [index_of(line) for line in read_log(log)] == list(range(N))
    _, unanswered = check_sets(outcome)
    assert unanswered == sorted(unanswered)


def test_random_order_is_another_one(volley, tmp_path):
    log = tmp_path / 'log'
    check_sets(sr(volley, tmp_path, sim=f'sim:loss=30%,log={log}').outcome)
    indices = [index_of(line) for line in read_log(log)]
    assert sorted(indices) == list(range(N))
    assert sum(b == a + 1 for a, b in zip(indices, indices[1:])) < N / 20


def test_without_tags_fields_stay_as_written(volley, tmp_path):
    outcome = sr(volley, tmp_path, '--tag', 'off', sim='sim:loss=10%').outcome
    check_sets(outcome)
    assert all(frame[38:42] == bytes(4) for _, frame in outcome.unanswered())
    assert outcome.summary['tags'] is None


def test_times_make_sense(volley, tmp_path):
    """No answer is older than its probe, no round trip shorter than the network's; positions leave in order."""
    outcome = sr(volley, tmp_path, '--order', 'sequential', sim='sim:loss=30%,rtt=2ms,jitter=50%').outcome
    assert outcome.summary['rtt']['min_ns'] >= 1_000_000
    packets = pcapng.read(outcome.answered_path).packets
    sent = {s.index: s.time_ns for s in packets[::2]}
    for stimulus, answer in zip(packets[::2], packets[1::2]):
        assert answer.time_ns - stimulus.time_ns >= 1_000_000
    sent.update((p.index, p.time_ns) for p in pcapng.read(outcome.unanswered_path).packets)
    times = [sent[index] for index in range(N)]
    assert times == sorted(times)
    assert outcome.summary['start_ns'] <= times[0] <= times[-1] <= outcome.summary['end_ns']


def share_of_core(before, elapsed_ns):
    """Of the worker, which never sleeps; the other threads hardly count."""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return min(1, spent / (elapsed_ns / 1e9))


@pytest.mark.parametrize('rate, n', [('1k', 2000), ('50k', 100_000)])
def test_the_rate_is_kept(volley, tmp_path, rate, n, record_property):
    """By the send times in the files. A worker that gets less than half of a core cannot keep up."""
    template = f'IP(dst="198.19.0.1")/TCP(sport=(1,2),dport=(1,{n // 2}),flags="S")'
    wanted = {'1k': 1000, '50k': 50_000}[rate]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = sr(volley, tmp_path, '--rate', rate, sim='sim:alive=0%', template=template).outcome
    share = share_of_core(before, outcome.summary['end_ns'] - outcome.summary['start_ns'])
    times = [p.time_ns for p in pcapng.read(outcome.unanswered_path).packets]
    assert len(times) == n
    kept = (n - 1) / ((times[-1] - times[0]) / 1e9) / wanted
    record_property('kept', round(kept, 4))
    record_property('share_of_core', round(share, 2))
    assert 0.95 * min(1, 1.5 * share) < kept < 1.01


def test_all_cores_make_the_same_sets(volley, tmp_path):
    sets = []
    for cores in ([], ['--tx-cores', '0,1'], ['--tx-cores', '0', '--rx-cores', '1'], ['--rx-cores', '0,1']):
        outcome = sr(volley, tmp_path, *cores, sim='sim:alive=70%,dup=10%').outcome
        answered, unanswered = check_sets(outcome)
        assert outcome.counters['sent'] == N
        sets.append((sorted(answered), sorted(unanswered)))
    assert sets[0][0] and sets[0][1]
    assert all(each == sets[0] for each in sets)


def test_a_clock_of_its_own_refuses_two_workers(volley, tmp_path):
    done = volley.run('sr', TEMPLATE, '-i', 'sim:clock=virtual', '--tx-cores', '0,1', check=False)
    assert done.returncode not in (0, -11)
    assert 'one worker' in done.stderr


def test_sending_waits_for_receiving(volley, tmp_path):
    """Three frames come back for each one; none may be lost on our side."""
    template = 'IP(dst="198.19.0.0/24")/TCP(sport=(1,50),dport=(1,40),flags="S")'
    counters = sr(volley, tmp_path, sim='sim:dup=100%,stray=100%', template=template).outcome.counters
    assert counters['imissed'] == 0  # of 1.5 million, on a ring for 65,536
    assert counters['answered'] == 50 * N


def test_classic_pcap_has_nanoseconds(volley, tmp_path):
    from scapy.utils import RawPcapReader

    sr(volley, tmp_path, '--pcap', sim='sim:loss=30%')
    n = 0
    for name, packets_a_probe in (('answered', 2), ('unanswered', 1)):
        path = tmp_path / f'run.{name}.pcap'
        reader = RawPcapReader(str(path))
        assert reader.nano
        packets = list(reader)
        reader.close()
        n += len(packets) // packets_a_probe
        assert any(meta.usec % 1000 for _, meta in packets)
        shown = subprocess.run(['tcpdump', '-nr', path], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True).stdout
        assert len(shown.splitlines()) == len(packets)
    assert n == N

"""What becomes of answers: several to a probe, those to an earlier attempt, those that come too late, and all the rest."""

import collections
import json
import re
import signal
import subprocess
import time

import pytest
from outcome import Outcome
from simulated import N, check_sets, command, sr

PING = 'IP(dst="198.19.0.0/26")/ICMP()'


def records(run):
    return [json.loads(line) for line in (run.folder / 'run.ndjson').read_text().splitlines()]


def recorded(volley, folder, *options, **more):
    run = sr(volley, folder, '-o', folder / 'run.ndjson', *options, **more)
    return run, records(run)


def others(volley, run):
    """{reason: packets} of NAME.other.pcapng, by comment."""
    reasons = collections.Counter()
    for _, comment in run.outcome.packets(run.folder / 'run.other.pcapng'):
        reasons[comment.split(':')[0].strip()] += 1
    return reasons


def test_what_is_no_answer_is_kept(volley, tmp_path):
    run = sr(volley, tmp_path, '--keep', 'all', '--timeout', '0.3', sim='sim:dup=5%,stray=3%,corrupt=2%,seed=3')
    counters = run.outcome.counters
    kept = others(volley, run)
    assert kept == {'duplicate': counters['duplicates'], 'unsolicited': counters['unsolicited'],
                    'malformed': counters['malformed']}
    assert min(kept.values()) > N / 100
    for packet_id, comment in run.outcome.packets(run.folder / 'run.other.pcapng'):
        assert (packet_id is None) == (':' not in comment)
        if packet_id is not None:
            assert comment.startswith(f'duplicate: probe {packet_id // 16}, answer 2, rtt ') and packet_id % 16 == 2


def test_only_what_is_asked_for_is_kept(volley, tmp_path):
    run = sr(volley, tmp_path, '--keep', 'duplicates', '--timeout', '0.3', sim='sim:dup=5%,stray=3%,corrupt=2%,seed=3')
    assert others(volley, run) == {'duplicate': run.outcome.counters['duplicates']}


def test_what_is_kept_needs_a_name(volley):
    done = volley.run('sr', PING, '-i', 'sim', '--keep', 'late', check=False)
    assert (done.returncode, done.stderr) == (2, 'volley: --keep writes to NAME.other.pcapng: give -w NAME too.\n')


def test_late_answers_are_kept(volley, tmp_path):
    """Everything comes 0.2 s after it was given up, while a later attempt waits: no answer, but known for what it is."""
    run = sr(volley, tmp_path, '--keep', 'late', '--timeout', '0.1', '--retry', '4', '--rate', '100k',
             sim='sim:rtt=300ms', template=PING)
    counters = run.outcome.counters
    assert counters['answers'] == 0 and counters['late'] == counters['received'] >= 64
    for packet_id, comment in run.outcome.packets(run.folder / 'run.other.pcapng'):
        assert re.fullmatch(rf'late: probe {packet_id // 16}, attempt [123], rtt ([3-9]\d\d\.\d+ ms|\d+\.\d+ s)', comment)


def test_answers_that_waited_for_us_are_not_late(volley, tmp_path):
    """The process is stopped for six timeouts, while answers come to its ring."""
    template = 'IP(dst="198.19.0.0/18")/ICMP()'
    with subprocess.Popen(command(volley, tmp_path, '--timeout', '0.05', '--rate', '20k', sim='sim:rtt=20ms', template=template),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)
        process.send_signal(signal.SIGCONT)
        assert process.wait(30) == 0
    counters = Outcome(tmp_path / 'run').counters
    assert counters['answered'] == counters['planned'] == 1 << 14 and counters['late'] == 0


def test_several_answers_to_a_probe(volley, tmp_path):
    run, lines = recorded(volley, tmp_path, '--multi', '--timeout', '0.2', sim='sim:dup=100%', template=PING)
    counters = run.outcome.counters
    assert counters['answers'] == 128 and counters['answered'] == 64 and counters['duplicates'] == 0
    assert sorted((line['probe'], line['answer']) for line in lines) == [(i, n) for i in range(64) for n in (1, 2)]
    ids = [packet_id for packet_id, _ in run.outcome.packets(run.outcome.answered_path)]
    assert sorted(ids) == sorted(16 * i + n for i in range(64) for n in (0, 1, 2))
    for i in range(64):  # in order
        assert [x for x in ids if x // 16 == i] == [16 * i, 16 * i + 1, 16 * i + 2]
    assert run.outcome.summary['end_ns'] - run.outcome.summary['start_ns'] > 200_000_000  # it waits for more


def test_one_answer_a_probe_without_it(volley, tmp_path):
    run, lines = recorded(volley, tmp_path, '--timeout', '0.2', sim='sim:dup=100%', template=PING)
    assert run.outcome.counters['duplicates'] > 0 and [line['answer'] for line in lines] == [1] * 64


def test_classic_captures_repeat_the_stimulus(volley, tmp_path):
    """They have no ids: whose answer it is, only the packet before it tells."""
    from scapy.all import rdpcap
    sr(volley, tmp_path, '--multi', '--pcap', '--timeout', '0.2', sim='sim:dup=100%', template=PING)
    packets = rdpcap(str(tmp_path / 'run.answered.pcap'))
    assert len(packets) == 256
    for stimulus, answer in zip(packets[::2], packets[1::2]):
        assert answer.payload.answers(stimulus.payload)


# --- further attempts ---------------------------------------------------------------------------------------------


def test_answers_say_to_which_attempt_they_came(volley, tmp_path):
    run, lines = recorded(volley, tmp_path, '--retry', '3', '--timeout', '0.1', '--records', 'all', '--rate', '100k',
                          sim='sim:loss=50%')
    answered, unanswered = check_sets(run.outcome)
    by_attempt = collections.Counter(line['attempt'] for line in lines if line['outcome'] == 'answered')
    assert sorted(by_attempt) == [1, 2, 3, 4] and by_attempt[1] > by_attempt[2] > by_attempt[3] > by_attempt[4]
    assert sorted(line['probe'] for line in lines if line['outcome'] == 'unanswered') == sorted(unanswered)
    assert {line['attempt'] for line in lines if line['outcome'] == 'unanswered'} == {4}
    attempt_of = {line['probe']: line['attempt'] for line in lines}
    for packet_id, comment in run.outcome.packets(run.outcome.answered_path):
        if packet_id % 16 == 1:
            assert f', attempt {attempt_of[packet_id // 16]}, answer 1, ' in comment


@pytest.mark.parametrize('retry, attempts', [(-1, 2), (-3, 4), (0, 1), (2, 3)])
def test_silence_is_asked_so_often(volley, tmp_path, retry, attempts):
    run = sr(volley, tmp_path, '--retry', str(retry), '--timeout', '0.02', sim='sim:alive=0%', template=PING)
    assert run.outcome.counters['attempts'] == attempts * 64
    assert run.outcome.summary['retry'] == retry


def test_until_two_rounds_in_a_row_bring_nothing_new(volley, tmp_path):
    run, lines = recorded(volley, tmp_path, '--retry', '-2', '--timeout', '0.02', sim='sim:loss=70%,alive=90%')
    check_sets(run.outcome)
    last = max(line['attempt'] for line in lines)
    counters = run.outcome.counters
    silent = counters['planned'] - counters['answered']
    assert last > 3 and silent > N / 20
    # Whoever is silent at the end was sent once in each attempt, the others up to their answer.
    assert counters['attempts'] == sum(line['attempt'] for line in lines) + silent * (last + 2)


def test_the_last_attempt_is_what_is_unanswered(volley, tmp_path):
    run, lines = recorded(volley, tmp_path, '--retry', '2', '--timeout', '0.05', '--records', 'all',
                          sim='sim:alive=0%', template=PING)
    start = run.outcome.summary['start_ns']
    assert {line['attempt'] for line in lines} == {3}
    assert all(line['sent_ns'] - start > 100_000_000 for line in lines)


def test_records_of_what_is_kept(volley, tmp_path):
    run, lines = recorded(volley, tmp_path, '--keep', 'all', '--records', 'all', '--timeout', '0.3',
                          sim='sim:dup=5%,stray=3%,corrupt=2%,loss=4%,seed=3')
    counters = run.outcome.counters
    outcomes = collections.Counter(line['outcome'] for line in lines)
    assert outcomes == {'answered': counters['answers'], 'duplicate': counters['duplicates'],
                        'unsolicited': counters['unsolicited'], 'malformed': counters['malformed'],
                        'unanswered': counters['planned'] - counters['answered']}
    for line in lines:
        assert (line['dst'] is None) == (line['outcome'] in ('unsolicited', 'malformed'))
        assert (line['responder'] is None) == (line['outcome'] == 'unanswered') or line['outcome'] == 'malformed'

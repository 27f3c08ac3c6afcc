"""Runs over a simulated network with all its faults at once, by its log: 0 false matches, 0 answers missed, all frames counted."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from simulated import sr

# At a million probes a second answers are reordered over 20,000 packets. The network's own clock makes it the same on any machine.
FAULTS = 'clock=virtual,dup=5%,corrupt=2%,flip=2%,stray=2%,rtt=10ms,jitter=100%'


@pytest.fixture
def folder():
    """In memory where that has room: the files of millions of probes are large."""
    roomy = Path('/dev/shm').is_dir() and shutil.disk_usage('/dev/shm').free > 2 << 30
    with tempfile.TemporaryDirectory(prefix='volley-test-', dir='/dev/shm' if roomy else None) as name:
        yield Path(name)


def template(n):
    return f'IP(dst="198.19.0.0/25")/TCP(sport=(40000,40024),dport=(1,{n // 3200}),flags="S")'


def check(volley, log, outcome, *arguments):
    """Raises if a pair does not belong together, or a probe is in the wrong file; returns the checker's counts."""
    checker = volley.path.parent.parent / 'tests' / 'app' / 'sim_check'
    checked = subprocess.run([checker, log, outcome.answered_path, outcome.unanswered_path, *arguments],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert checked.returncode == 0, checked.stderr
    return {line.split()[0]: int(line.split()[1]) for line in checked.stdout.splitlines()}


def arrived(found):
    """Frames that the network brought."""
    return sum(found[f'fate-{fate}'] for fate in ('answered', 'corrupted', 'flipped', 'stray')) + \
        2 * found['fate-duplicated']


@pytest.mark.parametrize('loss', ['0%', '1%', '10%', '30%'])
def test_faults(volley, folder, loss, run_long_tests, record_property):
    n, log = 2_560_000 if run_long_tests else 256_000, folder / 'log'
    run = sr(volley, folder, '--timeout', '300ms', template=template(n), wait=300,
             sim=f'sim:loss={loss},{FAULTS},seed={len(loss)},log={log}')
    c, found = run.outcome.counters, check(volley, log, run.outcome)
    record_property('arrived', arrived(found))
    assert c['sent'] == found['logged'] == found['answered'] + found['unanswered'] == n
    assert c['answers'] == c['answered'] == found['answered']
    assert c['duplicates'] == found['fate-duplicated'] > 0.03 * n
    assert c['late'] == c['imissed'] == 0
    # A flipped bit in nothing that is compared leaves an answer; in addresses, ports or numbers, none.
    certain = found['fate-answered'] + found['fate-duplicated'] + found['harmless']
    assert certain <= c['answers'] <= certain + 0.4 * found['fate-flipped']
    assert c['unsolicited'] >= found['fate-stray'] > 0.01 * n
    assert c['malformed'] > 0.8 * found['fate-corrupted'] > 0.8 * 0.01 * n
    assert c['received'] == arrived(found)


def test_what_comes_too_late_is_late(volley, folder):
    """Round trips of 0 to 40 ms, 30 ms allowed."""
    n, log = 256_000, folder / 'log'
    run = sr(volley, folder, '--timeout', '30ms', template=template(n), sim=f'sim:clock=virtual,dup=5%,rtt=20ms,jitter=100%,log={log}')
    c, found = run.outcome.counters, check(volley, log, run.outcome, '30000000')
    unread = arrived(found) - c['received']  # came after the end
    assert found['late'] == found['unanswered'] > 0.2 * n
    assert 0 <= unread < 0.2 * n
    assert c['late'] + unread >= found['late']
    assert c['answers'] + c['duplicates'] + c['late'] == c['received']
    assert c['duplicates'] + c['late'] + unread == found['unanswered'] + found['fate-duplicated']

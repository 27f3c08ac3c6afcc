"""Ten million probes: each in exactly one set and in the right one, by the simulated network's log."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from outcome import Outcome

TEMPLATE = 'IP(dst="198.19.0.0/25")/TCP(sport=(40000,40024),dport=(1,3125),flags="S")'
N = 128 * 25 * 3125
ROOM = 5 << 30  # files and log need 3.5 GB
MEMORY_MAX_KB = 300_000


@pytest.fixture
def folder():
    """In memory where that has room, for a disk would be what is measured."""
    places = [place for place in ('/dev/shm', '/tmp') if os.path.isdir(place) and shutil.disk_usage(place).free > ROOM]
    if not places:
        pytest.skip(f'neither /dev/shm nor /tmp has {ROOM >> 30} GiB of room')
    with tempfile.TemporaryDirectory(prefix='volley-test-', dir=places[0]) as name:
        yield Path(name)


def run_measured(command):
    """(exit status, most memory in KB, output)."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        output.seek(0)
        return process.returncode, usage.ru_maxrss, output.read().decode()


def test_ten_million_probes_are_each_in_one_set(volley, folder, record_property):
    log, name = folder / 'fates.txt', folder / 'run'
    status, memory_kb, output = run_measured(
        [str(volley.path), 'sr', TEMPLATE, '-i', f'sim:loss=5%,dup=1%,log={log}', '-w', str(name)])
    assert status == 0, output
    outcome = Outcome(name)
    outcome.check_identities()

    checker = volley.path.parent.parent / 'tests' / 'app' / 'sim_check'
    checked = subprocess.run([checker, log, outcome.answered_path, outcome.unanswered_path], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    assert checked.returncode == 0, checked.stderr
    found = {line.split()[0]: int(line.split()[1]) for line in checked.stdout.splitlines()}

    counters = outcome.counters
    assert found['logged'] == found['answered'] + found['unanswered'] == N
    assert counters['planned'] == counters['sent'] == N
    assert counters['answered'] == counters['answers'] == found['answered']
    assert found['unanswered'] == found['fate-lost']
    assert counters['duplicates'] == found['fate-duplicated']
    assert found['fate-lost'] > N * 0.049 and found['fate-duplicated'] > N * 0.009
    for name in ('late', 'unsolicited', 'malformed', 'filtered', 'imissed', 'table_full'):
        assert counters[name] == 0, name
    assert outcome.summary['rtt']['min_ns'] >= 1_000_000  # the simulated network's
    record_property('seconds', (outcome.summary['end_ns'] - outcome.summary['start_ns']) / 1e9)
    record_property('memory_kb', memory_kb)
    assert memory_kb < MEMORY_MAX_KB

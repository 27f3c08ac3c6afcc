"""Runs that end before their end: by Ctrl-C, by kill -9, on a full disk, or because nobody reads on."""

import json
import re
import signal
import subprocess
import tempfile
import time

import pcapng
import pytest
from outcome import Outcome
from simulated import N, TEMPLATE, check_sets, command

LONG = 'IP(dst="198.19.0.0/16")/TCP(sport=4000,dport=(1,40),flags="S")'
LONG_N = 65536 * 40


class Started:
    """A run in the background that has been sending for some seconds; ended at the latest when the block is left."""

    def __init__(self, arguments, seconds=0.5):
        self.seconds = seconds
        self.log = tempfile.NamedTemporaryFile('r')
        with open(self.log.name, 'w') as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        self.stderr = ''

    def __enter__(self):
        for _ in range(1000):
            self.stderr += self.log.read()
            if 'Begin emission' in self.stderr:
                break
            time.sleep(0.01)
        time.sleep(self.seconds)
        assert self.process.poll() is None, self.stderr
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.stderr += self.log.read()
        self.log.close()


def test_ctrl_c_waits_for_the_last_answers(volley, tmp_path):
    with Started(command(volley, tmp_path, '--rate', '20k', sim='sim:rtt=50ms', template=LONG)) as run:
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(20) == 4
    outcome = Outcome(tmp_path / 'run')
    outcome.check_identities()
    answered, unanswered = check_sets(outcome, LONG_N)
    assert len(answered) > 100
    assert not unanswered, 'the last answers were not waited for'
    assert outcome.summary['exit_reason'] == 'interrupted'
    assert 'stopped sending' in run.stderr


def test_ctrl_c_twice_ends_at_once(volley, tmp_path):
    with Started(command(volley, tmp_path, '--rate', '20k', '--timeout', '60', sim='sim:loss=50%',
                         template=LONG)) as run:
        for _ in range(2):
            run.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert run.process.wait(20) == 4
    outcome = Outcome(tmp_path / 'run')
    outcome.check_identities()
    answered, unanswered = check_sets(outcome, LONG_N)
    assert len(answered) > 100 and len(unanswered) > 100


def test_ctrl_c_in_a_later_attempt(volley, tmp_path):
    """What the second attempt did not reach is unanswered as the first one sent it."""
    with Started(command(volley, tmp_path, '--rate', '40k', '--timeout', '200ms', '--retry', '1000',
                         sim='sim:loss=90%'), seconds=2) as run:
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(20) == 4
    outcome = Outcome(tmp_path / 'run')
    outcome.check_identities()
    check_sets(outcome)
    assert outcome.counters['sent'] == N
    assert outcome.counters['retries'] > 0


def test_a_killed_run_leaves_whole_packets(volley, tmp_path):
    with Started(command(volley, tmp_path, '--rate', '20k', '--timeout', '300ms', sim='sim:loss=50%', template=LONG),
                 seconds=2.5) as run:
        run.process.kill()
        run.process.wait(20)
    assert json.loads((tmp_path / 'run.json').read_text())['exit_reason'] == 'running'
    for kind, packets_a_probe in (('answered', 2), ('unanswered', 1)):
        path = tmp_path / f'run.{kind}.pcapng'
        packets = pcapng.read(path).packets  # strict: a torn block is an error
        assert len(packets) > 100
        indices = [p.index for p in packets[::packets_a_probe]]
        assert len(indices) == len(set(indices))
        for reader in (['capinfos', path], ['tshark', '-r', path, '-c', '1'], ['tcpdump', '-nr', path]):
            subprocess.run(reader, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


FORMS = {'pcapng': [], 'pcap': ['--pcap'], 'pcapng.zst': ['--zst']}


def packets_of(path):
    """How many; strict: torn blocks and frames are errors."""
    if path.suffix == '.zst':
        subprocess.run(['zstd', '-dq', path], check=True)
        path = path.with_suffix('')
    report = subprocess.run(['capinfos', '-Mc', path], check=True, stdout=subprocess.PIPE, text=True).stdout
    return int(report.split('Number of packets:')[1].split()[0])


FULL = 'mount -t tmpfs -o size=256k none "$1" && cd "$1" && "${@:3}"; status=$?; cp "$1"/* "$2"/; exit $status'


@pytest.mark.parametrize('form', FORMS)
def test_a_full_disk_is_told_and_counted(volley, tmp_path, form):
    disk, saved = tmp_path / 'disk', tmp_path / 'saved'
    disk.mkdir()
    saved.mkdir()
    isolated = ['unshare', '--user', '--map-root-user', '--mount']
    if subprocess.run([*isolated, 'mount', '-t', 'tmpfs', 'none', disk], stderr=subprocess.DEVNULL).returncode:
        pytest.skip('no mount of our own')
    done = subprocess.run([*isolated, 'bash', '-c', FULL, 'bash', disk, saved, *command(volley, disk, *FORMS[form], sim='sim:loss=30%')],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 5, done.stderr
    assert 'No space left on device' in done.stderr
    packets = {kind: packets_of(saved / f'run.{kind}.{form}') for kind in ('answered', 'unanswered')}
    assert packets['answered']
    document = json.loads((saved / 'run.json').read_text())
    assert document['exit_reason'] == 'output failed' and document['identities'] == {'tx': True, 'rx': True}
    files, counters = document['files'], document['counters']
    assert [file['stored'] for file in files[:2]] == [packets['answered'], packets['unanswered']]
    assert files[0]['stored'] + files[0]['refused'] == 2 * counters['answered']
    assert files[1]['stored'] + files[1]['refused'] == counters['sent'] - counters['answered']


def test_a_reader_who_leaves_ends_the_run(volley, tmp_path):
    """As `volley sr ... | head -1` does. The timeout is a minute; nobody waits for that."""
    arguments = [str(volley.path), 'sr', LONG, '-i', 'sim:loss=50%', '--timeout', '60']
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        start = time.monotonic()
        assert ' ==> ' in process.stdout.readline()
        process.stdout.close()
        try:
            stderr = process.stderr.read()
            assert process.wait(30) == 5
        finally:
            process.kill()
        assert time.monotonic() - start < 20
    assert re.search(r'  ! [\d,]+ lines? could not be written to standard output', stderr) and 'Broken pipe' not in stderr


def test_dev_full_as_output(volley, tmp_path):
    """Pairs to a device that is always full."""
    with open('/dev/full', 'w') as full:
        done = subprocess.run([str(volley.path), 'sr', TEMPLATE, '-i', 'sim'], stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 5
    assert 'No space left on device' in done.stderr

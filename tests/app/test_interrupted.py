"""Runs that end before their end: by Ctrl-C, by kill -9, on a full disk, or because nobody reads on."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

import pcapng
import pytest
from outcome import Outcome
from simulated import N, TEMPLATE, check_sets, command, wait_for_size

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
    with Started(command(volley, tmp_path, '--rate', '20k', '--timeout', '300ms', sim='sim:loss=50%', template=LONG)) as run:
        for kind in ('answered', 'unanswered'):
            wait_for_size(run.process, tmp_path / f'run.{kind}.pcapng', 100_000)  # some hundred packets
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


def finished(arguments):
    """A run that ends because it can't write."""
    done = subprocess.run(list(map(str, arguments)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 5, done.stderr
    return done


def check_stored(folder, form, kinds):
    """Every packet is told as stored, and is in a whole file if it is one of `kinds`, or as refused."""
    document = json.loads((folder / 'run.json').read_text())
    assert document['exit_reason'] == 'output failed' and document['identities'] == {'tx': True, 'rx': True}
    files, counters = document['files'], document['counters']
    for file, kind in zip(files, ('answered', 'unanswered')):
        assert kind not in kinds or file['stored'] == packets_of(folder / f'run.{kind}.{form}')
    assert files[0]['stored'] + files[0]['refused'] == 2 * counters['answered']
    assert files[1]['stored'] + files[1]['refused'] == counters['sent'] - counters['answered']
    return document


FULL = 'mount -t tmpfs -o size=256k none "$1" && cd "$1" && "${@:3}"; status=$?; cp "$1"/* "$2"/; exit $status'


@pytest.mark.parametrize('form', FORMS)
def test_a_full_disk_is_told_and_counted(volley, tmp_path, form):
    disk, saved = tmp_path / 'disk', tmp_path / 'saved'
    disk.mkdir()
    saved.mkdir()
    isolated = ['unshare', '--user', '--map-root-user', '--mount']
    if subprocess.run([*isolated, 'mount', '-t', 'tmpfs', 'none', disk], stderr=subprocess.DEVNULL).returncode:
        pytest.skip('no mount of our own')
    done = finished([*isolated, 'bash', '-c', FULL, 'bash', disk, saved, *command(volley, disk, *FORMS[form], sim='sim:loss=30%')])
    assert 'No space left on device' in done.stderr
    check_stored(saved, form, ['answered', 'unanswered'])


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('limit', [20_000, 100_001])
def test_a_limit_of_file_sizes_is_told_and_counted(volley, tmp_path, form, limit):
    done = finished(['prlimit', f'--fsize={limit}', *command(volley, tmp_path, *FORMS[form], sim='sim:loss=30%')])
    assert 'File too large' in done.stderr
    check_stored(tmp_path, form, ['answered', 'unanswered'])


@pytest.mark.parametrize('form', FORMS)
def test_a_pipe_closed_early_is_told_and_counted(volley, tmp_path, form):
    """Whoever reads the answered pairs leaves; the other file is whole."""
    pipe = tmp_path / f'run.answered.{form}'
    os.mkfifo(pipe)
    with subprocess.Popen(['head', '-c', '1000', pipe], stdout=subprocess.PIPE) as head:
        done = finished(command(volley, tmp_path, *FORMS[form], '--rate', '20k', sim='sim:loss=30%'))
        assert len(head.stdout.read()) == 1000
    assert 'Broken pipe' in done.stderr
    document = check_stored(tmp_path, form, ['unanswered'])
    assert document['files'][0]['error'] == 'Broken pipe' and document['files'][0]['refused'] > 0


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

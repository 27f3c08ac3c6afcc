"""`volley summary`: the end of a run again, from its document or from its captures; and the document is always there."""

import json
import subprocess
import time

import pytest
from simulated import TEMPLATE, command, sr

RUNS = {
    'plain': ('sim', []),
    'lossy': ('sim:loss=20%,dup=5%,stray=10%', ['--retry', '2', '--timeout', '200ms']),
    'compressed': ('sim:loss=20%', ['--zst', '--timeout', '200ms']),
    'classic': ('sim:loss=20%', ['--pcap', '--timeout', '200ms']),
    'silent': ('sim:loss=100%', ['--timeout', '100ms']),
}


def summary(volley, name, status=0):
    done = volley.run('summary', name, check=False)
    assert done.returncode == status, done.stderr
    return done


def printed(run):
    return run.stderr[run.stderr.index('Received '):]


@pytest.mark.parametrize('name', RUNS)
def test_the_same_text_again(volley, tmp_path, name):
    sim, options = RUNS[name]
    run = sr(volley, tmp_path, *options, sim=sim)
    done = summary(volley, tmp_path / 'run')
    assert (done.stdout, done.stderr) == (printed(run), '')


def lines_of(text):
    """The lines that the captures tell too: classes and times, and files."""
    return [line for line in text.splitlines() if 'rtt min' in line or '.answered.' in line]


@pytest.mark.parametrize('name', ['plain', 'lossy', 'compressed', 'classic'])
def test_from_the_captures(volley, tmp_path, name):
    sim, options = RUNS[name]
    run = sr(volley, tmp_path, *options, sim=sim)
    document = tmp_path / 'run.json'
    counters = json.loads(document.read_text())['counters']
    document.unlink()
    done = summary(volley, tmp_path / 'run')
    assert 'No such file or directory. This is made from the captures.' in done.stderr
    silent = counters['sent'] - counters['answered']
    assert done.stdout.splitlines()[0] == (
        f'Answered {counters["answered"]:,} probes with {counters["answers"]:,} answers, unanswered {silent:,} '
        f'probe{"" if silent == 1 else "s"}')
    files = printed(run).splitlines()[-1].removesuffix(f'  {document}')
    told = [line for line in done.stdout.splitlines() if 'rtt min' in line]
    assert told == [line for line in run.stderr.splitlines() if 'rtt min' in line]
    assert done.stdout.splitlines()[-1] == files


BROKEN = {
    'cut': lambda text: text[:len(text) // 2],
    'empty': lambda text: '',
    'a list': lambda text: '[]',
    'a counter is text': lambda text: text.replace('"sent": 10240', '"sent": "many"'),
    'a counter is negative': lambda text: text.replace('"sent": 10240', '"sent": -1'),
    'a counter is missing': lambda text: text.replace('"sent": 10240,', ''),
    'a key comes twice': lambda text: text.replace('"sent": 10240', '"sent": 10240, "sent": 1'),
    'files are no list': lambda text: text.replace('"files": [', '"files": 1, "other": ['),
    'no counters': lambda text: text.replace('"counters": {', '"others": {'),
    'deep': lambda text: '[' * 100000,
    'running': lambda text: text.replace('"complete"', '"running"'),
}


@pytest.mark.parametrize('name', BROKEN)
def test_a_document_that_was_edited_or_cut(volley, tmp_path, name):
    sr(volley, tmp_path)
    document = tmp_path / 'run.json'
    broken = BROKEN[name](document.read_text())
    assert broken != document.read_text()
    document.write_text(broken)
    done = summary(volley, tmp_path / 'run')
    assert 'This is made from the captures.' in done.stderr
    assert done.stdout.startswith('Answered 10,240 probes')


def test_what_is_unknown_is_passed_over(volley, tmp_path):
    run = sr(volley, tmp_path)
    document = json.loads((tmp_path / 'run.json').read_text())
    document.update(new={'key': [1]}, command=None)
    document['counters']['new'] = 'x'
    (tmp_path / 'run.json').write_text(json.dumps(document))
    assert summary(volley, tmp_path / 'run').stdout == printed(run)


def test_nothing_in_it_steers_a_terminal(volley, tmp_path):
    sr(volley, tmp_path)
    document = json.loads((tmp_path / 'run.json').read_text())
    document['files'][0]['path'] = 'a\x1b[2Jb\u009bc\x7f'
    (tmp_path / 'run.json').write_text(json.dumps(document))
    assert 'a?[2Jb??c?' in summary(volley, tmp_path / 'run').stdout


def test_no_run_of_that_name(volley, tmp_path):
    done = summary(volley, tmp_path / 'none', status=2)
    assert 'and there is no' in done.stderr and done.stdout == ''
    assert 'needs the NAME' in volley.run('summary', check=False).stderr


# --- The document is always there ------------------------------------------------------------------------------------


def reason(folder):
    return json.loads((folder / 'run.json').read_text())['exit_reason']


def test_a_killed_run_says_that_it_was_running(volley, tmp_path):
    with subprocess.Popen(command(volley, tmp_path, '--rate', '1k'), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        answered = tmp_path / 'run.answered.pcapng'
        while not answered.exists() or answered.stat().st_size < 50000:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert reason(tmp_path) == 'running'
    done = summary(volley, tmp_path / 'run')
    assert 'the run goes on, or was killed' in done.stderr
    assert int(done.stdout.split()[1].replace(',', '')) > 100


def test_set_up_fails_behind_an_older_run(volley, tmp_path):
    sr(volley, tmp_path)
    (tmp_path / 'run.unanswered.pcapng').unlink()
    (tmp_path / 'run.unanswered.pcapng').mkdir()
    sr(volley, tmp_path, status=5)
    assert reason(tmp_path) == 'not started'


def test_no_port_leaves_an_older_run_as_it_was(volley, tmp_path):
    sr(volley, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = volley.run('sr', TEMPLATE, '-i', 'nosuchport', '-w', tmp_path / 'run', check=False)
    assert done.returncode in (1, 2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_room_for_the_document_is_found_before_sending(volley, tmp_path):
    (tmp_path / 'run.json').mkdir()
    run = sr(volley, tmp_path / '', status=5)
    assert 'run.json could not be written' in run.stderr and 'Begin emission' not in run.stderr

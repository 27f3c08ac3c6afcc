"""What README shows is what happens."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / 'README.md').read_text()


def shown_runs():
    """The commands of README's code blocks that start with '$', each with the lines shown below it."""
    for block in re.findall(r'^```\n(.*?)^```', README, re.M | re.S):
        for run in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, *lines = run.splitlines()
            yield command, [line for line in lines if line.strip() not in ('', '...')]


def stable(line):
    """A line without what differs from run to run and from machine to machine: times, cores."""
    line = re.sub(r'(rtt min/median/p99/max) .*', r'\1', line)
    return re.sub(r' on cores? [0-9,]+', '', line)


def test_runs_print_what_is_shown(volley, tmp_path):
    runs = list(shown_runs())
    assert len(runs) >= 2
    (tmp_path / 'build' / 'quickstart').mkdir(parents=True)
    for command, expected in runs:
        command = command.replace('build/app/volley', str(volley.path))
        result = subprocess.run(['bash', '-c', command], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        printed = [stable(line) for line in (result.stderr + result.stdout).splitlines()]
        for line in expected:
            assert stable(line) in printed, f'README shows, but {command} does not print:\n{line}'


def test_linked_pages_exist():
    links = re.findall(r'\]\(([^)#]+)\)', README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_commands_are_the_programs(volley):
    help_text = volley.run('--help').stdout
    listed = re.findall(r'^  volley (\w+) +(?:TEMPLATE|\[)', help_text, re.M)
    assert listed
    for name in listed:
        assert f'`{name}' in README or f'volley {name}' in README, f'README does not tell of volley {name}'

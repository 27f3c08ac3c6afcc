"""docs/results.md: its examples print what it shows, its grammar is the parser's, its lists are the program's."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / 'docs' / 'results.md').read_text()
BLOCKS = re.findall(r'^```(\w+)\n(.*?)^```$', PAGE, re.M | re.S)
PRODUCTION = re.compile(r'^(?:// )?(\w+) += (.+)$', re.M)


def blocks(kind):
    return [text for what, text in BLOCKS if what == kind]


def where(volley, condition):
    """What is said of a condition, before the file that is not there."""
    out = volley.run('table', '/nothing/there', '--where', condition, check=False)
    assert (out.returncode, out.stdout) == (2, '')
    return out.stderr.splitlines()[0]


def test_examples(volley, tmp_path):
    """One after another, in one folder: later ones use files of earlier ones."""
    runs = [part.partition('\n') for text in blocks('console') for part in re.split(r'^\$ ', text, flags=re.M)[1:]]
    assert len(runs) >= 5
    for command, _, output in runs:
        script = f'volley() {{ "{volley.path}" "$@"; }}\n{command}'
        done = subprocess.run(['bash', '-c', script], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, output), command


@pytest.mark.parametrize('line', [line for text in blocks('refused') for line in text.splitlines()])
def test_refused(volley, line):
    condition, message = line.split(' :: ')
    assert where(volley, condition) == message


def test_conditions_of_the_table(volley):
    rows = re.findall(r'^\| (`.+?) \|', PAGE, re.M)
    parts = {'!=', '<', '<=', '>', '>=', 'not in', 'is not None', '!= None', '+ - * / %'}
    conditions = [each for row in rows for each in re.findall(r'`([^`]+)`', row) if each not in parts]
    assert len(conditions) > 12
    for condition in conditions:
        assert where(volley, condition).startswith('volley: there is no file'), condition


def test_the_grammar_is_the_parsers():
    parsed = {}
    source = (ROOT / 'lib' / 'expr' / 'filter_parse.c').read_text()
    for comment, function in re.findall(r'^((?://.*\n)+)(?:static )?bool (\w+)\(', source, re.M):
        for name, right in PRODUCTION.findall(comment):
            assert function == f'filter_{name}'
            parsed[name] = right
    (grammar,) = blocks('text')
    assert dict(PRODUCTION.findall(grammar)) == parsed


def test_classes_are_all_named():
    names = re.findall(r'CLASS\(\w+, "([^"]+)"\)', (ROOT / 'lib' / 'result' / 'classes.list').read_text())
    (listed,) = re.findall(r'`class` is one of: (.*?)\. Of silence', PAGE, re.S)
    assert re.findall(r'`([^`]+)`', listed) == names


def test_all_blocks_are_run():
    assert {what for what, _ in BLOCKS} == {'console', 'text', 'refused'}

"""Every example of docs/template-language.md does what the page says."""

import re
import shlex
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent.parent / 'docs' / 'template-language.md'
BLOCKS = re.findall(r'^```(\w+)\n(.*?)^```$', PAGE.read_text(), re.M | re.S)


def blocks(kind):
    return [text for what, text in BLOCKS if what == kind]


def consoles():
    """(command line, what it prints)."""
    for text in blocks('console'):
        for part in re.split(r'^\$ ', text, flags=re.M)[1:]:
            command, _, output = part.partition('\n')
            yield command, output


def templates():
    """One a line; a line that is indented or follows a '/' goes on."""
    for text in blocks('templates'):
        yield from re.sub(r'(,|/)\n', r'\1 ', text).splitlines()


@pytest.mark.parametrize('command, output', consoles())
def test_console(peer, command, output):
    program, *arguments = shlex.split(command)
    assert program == 'volley'
    status, out, err = peer.volley(*arguments)
    assert status == 0
    assert out + err == output


@pytest.mark.parametrize('template', templates())
def test_template(peer, template):
    status, out, err = peer.volley('show', template)
    assert (status, err) == (0, '')
    assert re.match(r'\d+ packets? of ', out)


@pytest.mark.parametrize('line', [line for text in blocks('refused') for line in text.splitlines()])
def test_refused(peer, line):
    template, message = line.split(' :: ')
    status, out, err = peer.volley('show', template)
    assert (status, out) == (2, '')
    assert err.split('\n')[0].endswith(f': {message}')


def test_all_blocks_are_run():
    assert {what for what, _ in BLOCKS} == {'console', 'templates', 'refused', 'text'}
    assert len(blocks('text')) == 1  # the grammar

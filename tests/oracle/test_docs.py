"""Every example of docs/template-language.md does what the page says, and its grammar is the parser's."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / 'docs' / 'template-language.md'
BLOCKS = re.findall(r'^```(\w+)\n(.*?)^```$', PAGE.read_text(), re.M | re.S)
PRODUCTION = re.compile(r'^(?:// )?(\w+) += (.+)$', re.M)


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


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where the page's commands run, one after another: later ones use files that earlier ones made."""
    return tmp_path_factory.mktemp('page')


@pytest.mark.parametrize('command, output', consoles())
def test_console(peer, folder, command, output):
    status, out, err = peer.shell(command, folder)
    assert status == 0, err
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


def productions(text):
    return {name: ' '.join(right.split()) for name, right in PRODUCTION.findall(text)}


def test_the_grammar_is_the_parsers():
    """Every production stands as a comment above the function that parses it, whose name it is."""
    parsed = {}
    for folder in ('expr', 'template'):
        for path in (ROOT / 'lib' / folder).glob('*.c'):
            if path.name == 'filter_parse.c':
                continue  # conditions: tests/docs/test_results.py
            for comment, function in re.findall(r'^((?://.*\n)+)(?:static )?bool (\w+)\(', path.read_text(), re.M):
                for name, right in productions(comment).items():
                    assert name in function, f'{path}: {function} parses {name}?'
                    assert name not in parsed, f'two functions parse {name}'
                    parsed[name] = right
    (grammar,) = blocks('text')
    assert productions(grammar) == parsed


def test_every_layer_is_listed(peer):
    listed = peer.volley('ls')[1]
    section = PAGE.read_text().split('## Layers\n')[1].split('\n## ')[0]
    named = re.findall(r'`(\w+)`', section.split('\n\n', 1)[1])
    assert sorted(named) == sorted(line.split()[0] for line in listed.splitlines())


def test_all_blocks_are_run():
    assert {what for what, _ in BLOCKS} == {'console', 'templates', 'refused', 'text'}

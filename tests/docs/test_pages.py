"""The commands of a page, one after another in one folder, print what the page shows: stdout, then stderr."""

import os
import re
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent.parent / 'docs'


def shown(page):
    for block in re.findall(r'^```console\n(.*?)^```$', (DOCS / page).read_text(), re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, output = part.partition('\n')
            yield command, output


@pytest.mark.parametrize('page, least', [('files.md', 10), ('pair.md', 6)])
def test_commands_print_what_is_shown(volley, tmp_path, page, least):
    environment = {**os.environ, 'PATH': f'{volley.path.parent}:{os.environ["PATH"]}'}
    commands = list(shown(page))
    assert len(commands) > least
    for command, output in commands:
        done = subprocess.run(['bash', '-c', command], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout + done.stderr == output, command

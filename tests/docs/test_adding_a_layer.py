"""docs/adding-a-layer.md is followed to the letter, in a copy of the source."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / 'docs' / 'adding-a-layer.md').read_text()
SOURCE = ['app', 'benchmarks', 'config', 'lib', 'tests', 'meson.build', 'meson_options.txt']


def block(kind):
    (text,) = re.findall(rf'^```{kind}\n(.*?)^```$', PAGE, re.M | re.S)
    return text


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    copy = tmp_path_factory.mktemp('source')
    for name in SOURCE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name)
        else:
            shutil.copy(ROOT / name, copy / name)
    (path,) = re.findall(r'^`(lib/packet/layers/\w+\.c)`:$', PAGE, re.M)
    assert not (copy / path).exists(), 'the page adds a layer that is there already'
    (copy / path).write_text(block('c'))
    (name, behind) = re.search(r'In `([\w/.]+)`, behind `(.*)`:', PAGE).groups()
    layers = copy / name
    assert layers.read_text().count(behind + '\n') == 1
    layers.write_text(layers.read_text().replace(behind + '\n', behind + '\n' + block('list')))
    build = copy / 'build'
    subprocess.run(['meson', 'setup', build, copy, '--buildtype=plain', '-Dwerror=false'], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '-C', build, 'app/volley'], check=True, stdout=subprocess.DEVNULL)
    return build / 'app' / 'volley'


def test_page(program):
    for part in re.split(r'^\$ ', block('console'), flags=re.M)[1:]:
        command, _, shown = part.partition('\n')
        name, *arguments = shlex.split(command)
        assert name == 'volley'
        result = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                timeout=60)
        assert result.returncode == 0
        # Of the list of fields the page shows the first line only.
        assert result.stdout == shown or (arguments[0] == 'ls' and result.stdout.startswith(shown))

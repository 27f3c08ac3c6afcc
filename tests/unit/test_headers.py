"""Each header compiles alone: whoever includes it needs to know nothing else."""

import subprocess
from pathlib import Path

LIB = Path(__file__).resolve().parents[2] / 'lib'


def errors_of(header, flags):
    command = ['gcc', '-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only',
               '-x', 'c', f'-I{LIB}', *flags, '-']
    return subprocess.run(command, input=f'#include "{header}"\n', stderr=subprocess.PIPE, text=True).stderr


def test_every_header_compiles_alone():
    dpdk = subprocess.run(['pkg-config', '--cflags', 'libdpdk'], check=True, stdout=subprocess.PIPE, text=True).stdout
    headers = sorted(str(path.relative_to(LIB)) for path in LIB.rglob('*.h'))
    assert headers
    errors = [errors_of(header, dpdk.split() if header.startswith('port/') else []) for header in headers]
    assert not any(errors), '\n'.join(filter(None, errors))

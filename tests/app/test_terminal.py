"""What goes to the terminal, and what must not go anywhere else."""

import os
import pty
import subprocess
import threading

from simulated import N, TEMPLATE, sr

RATE = '8k'  # so that the run lasts longer than a second


def test_no_terminal_no_escapes(volley, tmp_path):
    run = sr(volley, tmp_path, '--rate', RATE, env={**os.environ, 'TERM': 'xterm'})
    for text in (run.stdout, run.stderr):
        assert '\x1b' not in text and '\r' not in text
    assert f'Finished sending {N} packets' in run.stderr


def test_quiet_says_nothing(volley, tmp_path):
    assert sr(volley, tmp_path, '--quiet').stderr == ''
    done = volley.run('sr', TEMPLATE, '-i', 'sim', '-q')
    assert done.stderr == ''
    lines = done.stdout.splitlines()
    assert len(lines) == N
    assert all(' ==> ' in line for line in lines)


def run_on_terminal(arguments, term):
    """What the program writes to a terminal as its stderr."""
    ours, theirs = pty.openpty()
    parts = []

    def read():
        try:
            while data := os.read(ours, 65536):
                parts.append(data)
        except OSError:  # the other end was closed
            pass

    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                               env={**os.environ, 'TERM': term})
    os.close(theirs)
    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert process.wait(60) == 0
    finally:
        process.kill()
        reader.join()
        os.close(ours)
    return b''.join(parts).decode()


def screen(text):
    """The lines that are left on a terminal that knows \\r, \\n and ESC[K."""
    lines, column = [''], 0
    while text:
        if text.startswith('\x1b[K'):
            lines[-1], text = lines[-1][:column], text[3:]
            continue
        character, text = text[0], text[1:]
        if character == '\r':
            column = 0
        elif character == '\n':
            lines.append('')
        else:
            lines[-1] = lines[-1][:column].ljust(column) + character + lines[-1][column + 1:]
            column += 1
    return lines


def test_a_terminal_has_a_status_line_while_it_runs(volley, tmp_path):
    text = run_on_terminal([str(volley.path), 'sr', TEMPLATE, '-i', 'sim', '--rate', RATE, '-w', str(tmp_path / 'run')],
                           'xterm')
    assert text.count('\x1b[K') > 5
    assert ' waiting ' in text and 'pps' in text
    left = '\n'.join(screen(text))
    assert ' waiting ' not in left, left
    assert f'got {N:,} answers' in left


def test_a_dumb_terminal_has_none(volley, tmp_path):
    text = run_on_terminal([str(volley.path), 'sr', TEMPLATE, '-i', 'sim', '--rate', RATE, '-w', str(tmp_path / 'run')],
                           'dumb')
    assert '\x1b' not in text and ' waiting ' not in text

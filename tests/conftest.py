"""What all Python tests share: the program under test, networks of namespaces, and the record that tests/run reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'lab'))
import lab as lab_module  # noqa: E402


class Volley:
    """The built program."""

    def __init__(self, path):
        self.path = path

    def run(self, *arguments, within=None, timeout=60, check=True, cwd=None, prefix=()):
        """Runs it to its end and returns the CompletedProcess with text; `within` is a lab.Namespace."""
        command = [*prefix, str(self.path), *map(str, arguments)]
        if within is not None:
            command = within.command(*command)
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, timeout=timeout, cwd=cwd)
        if check:
            assert result.returncode == 0, f'status {result.returncode} of {command}\n{result.stdout}{result.stderr}'
        return result


@pytest.fixture(scope='session')
def volley():
    path = Path(os.environ.get('VOLLEY_BINARY', ROOT / 'build' / 'app' / 'volley'))
    assert path.exists(), f'{path} is not built: tests/run builds it'
    return Volley(path)


@pytest.fixture(scope='session')
def tools(volley):
    """The folder of the programs that tests/lab has built beside the program under test."""
    return volley.path.parent.parent / 'tests' / 'lab'


@pytest.fixture
def lab():
    reason = lab_module.why_unavailable()
    if reason:
        pytest.skip(reason)
    with lab_module.Lab() as it:
        yield it


@pytest.fixture(scope='session')
def run_long_tests():
    return os.environ.get('VOLLEY_TESTS_ALL') == '1'


# --- The record: one JSON object a line -----------------------------------------------------------------------------


def record(entry):
    path = os.environ.get('VOLLEY_TESTS_LOG')
    if path:
        with open(path, 'a') as log:
            log.write(json.dumps(entry) + '\n')


def pytest_collection_modifyitems(config, items):
    only = os.environ.get('VOLLEY_TESTS_ONLY', '')
    config.hook.pytest_deselected(items=[i for i in items if only not in i.nodeid])
    items[:] = [i for i in items if only in i.nodeid]


def pytest_collection_finish(session):
    if not session.testsfailed:
        record({'collected': [item.nodeid for item in session.items]})


def pytest_runtest_logreport(report):
    """A test's outcome is that of its call, or of the set-up or clean-up that went wrong."""
    if report.when != 'call' and report.outcome == 'passed':
        return
    why = ', '.join(f'{name} {value}' for name, value in report.user_properties)
    if report.outcome == 'skipped':
        why = report.longrepr[2].removeprefix('Skipped: ') if isinstance(report.longrepr, tuple) else 'expected to fail'
    output = ''
    if report.outcome == 'failed':
        output = '\n'.join([report.longreprtext] + [f'--- {name}\n{text}' for name, text in report.sections])
    record({'id': report.nodeid, 'outcome': report.outcome, 'seconds': report.duration, 'why': why, 'output': output})

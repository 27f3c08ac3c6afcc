"""Builds Volley in every way that tests need, runs every test, and counts. tests/run starts it."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'lab'))
import lab  # noqa: E402

SKIPPED_STATUS = 77  # how a test program says that it was skipped
OUTPUT_LINES = 200   # of a failing test; the beginning is cut

# Each build of the C code: its folder, compiler and options; whether the unit tests run in it.
SANITIZER = ['-Dbuildtype=debugoptimized', '-Db_ndebug=false', '-Dwerror=false', '-Db_lundef=false']
BUILDS = {
    'gcc': ('build', 'gcc', ['-Dbuildtype=release', '-Dwerror=true'], True),
    'clang': ('build-clang', 'clang', ['-Dbuildtype=release', '-Dwerror=true'], False),
    'asan': ('build-asan', 'gcc',
             SANITIZER + ['-Db_sanitize=address,undefined', '-Dc_args=-fno-sanitize-recover=all'], True),
    'tsan': ('build-tsan', 'gcc', SANITIZER + ['-Db_sanitize=thread'], True),
    'fuzz': ('build-fuzz', 'clang', SANITIZER + ['-Dfuzz=true', '-Dtests=false'], False),
}
PYTHON_TESTS = ['tests/unit', 'tests/oracle', 'tests/lab', 'tests/app', 'tests/docs']

# Each fuzz target of tests/fuzz/, with libFuzzer's options for it; a run of all tests gives each that many seconds.
FUZZ_SECONDS = 60
FUZZ_AT_ONCE = 2
FUZZ_FOLDER = ROOT / BUILDS['fuzz'][0]
FUZZ_DICTIONARY = f'-dict={FUZZ_FOLDER}/seeds/template.dict'
FUZZ_TARGETS = {
    'parse': ['-max_len=4096', FUZZ_DICTIONARY],
    'compile': ['-max_len=4096', FUZZ_DICTIONARY],
    'dissect': ['-max_len=2048'],
    'capture': ['-max_len=4096'],
    'filter': ['-max_len=2048'],
}


class Tally:
    """Counts outcomes and prints each as it comes."""

    def __init__(self):
        self.counts = {'passed': 0, 'failed': 0, 'skipped': 0}
        self.failures = []

    def add(self, name, outcome, seconds, why='', output=''):
        self.counts[outcome] += 1
        print(f'{outcome:7} {name}  {seconds:.1f} s' + (f'  ({why})' if why else ''), flush=True)
        if outcome != 'failed':
            return
        self.failures.append(f'{name}  ({why})' if why else name)
        lines = output.rstrip().splitlines()
        if len(lines) > OUTPUT_LINES:
            lines = [f'... {len(lines) - OUTPUT_LINES} lines before'] + lines[-OUTPUT_LINES:]
        for line in lines:
            print('    ' + line)

    def finish(self):
        if self.failures:
            print('\nFailed:')
            for name in self.failures:
                print('  ' + name)
        print('{passed} passed, {failed} failed, {skipped} skipped'.format(**self.counts), flush=True)
        return 1 if self.counts['failed'] else 0


def run_limited(command, seconds, env=None, cwd=ROOT):
    """Returns (exit status, output, seconds taken); a status of None: it ran out of time and was killed."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            kill_group(process)
        output.seek(0)
        text = output.read().decode(errors='replace')
    return status, text, time.monotonic() - start


def kill_group(process):
    """Ends whatever is left of a process's group: it may clean up first, and then must go."""
    for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


# --- C: builds and unit tests -----------------------------------------------------------------------------------


def configure(build):
    folder, compiler, options, _ = BUILDS[build]
    reconfigure = ['--reconfigure'] if (ROOT / folder / 'build.ninja').exists() else []
    return run_limited(['meson', 'setup', *reconfigure, folder, '-Dtests=true', *options], 120, {'CC': compiler})


def unit_programs(build):
    """What `meson test` would run: [{name, cmd, timeout, env, workdir}]."""
    text = subprocess.run(['meson', 'introspect', '--tests', BUILDS[build][0]], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return json.loads(text)


def without_random_addresses():
    """GCC 12's ThreadSanitizer gives up where the kernel randomises more bits than it expects."""
    return ['setarch', '--addr-no-randomize']


def run_unit_programs(build, programs, tally):
    env = {'UBSAN_OPTIONS': 'print_stacktrace=1', 'TSAN_OPTIONS': 'halt_on_error=1', 'MALLOC_PERTURB_': '173'}
    prefix = without_random_addresses() if build == 'tsan' else []
    for program in programs:
        status, output, seconds = run_limited(prefix + program['cmd'], program['timeout'],
                                              {**env, **program['env']}, program['workdir'] or ROOT)
        name = f'{build}:{program["name"]}'
        if status == 0:
            tally.add(name, 'passed', seconds)
        elif status == SKIPPED_STATUS:
            tally.add(name, 'skipped', seconds, output.strip().splitlines()[-1] if output.strip() else 'no reason')
        else:
            why = f'time limit of {program["timeout"]} s' if status is None else f'status {status}'
            tally.add(name, 'failed', seconds, why, output)


def build_and_test(build, only, tally):
    """Whether the build succeeded."""
    name = f'build:{build}'
    status, output, seconds = configure(build)
    if status != 0:
        tally.add(name, 'failed', seconds, 'meson setup', output)
        return False
    programs = unit_programs(build) if BUILDS[build][3] else []
    programs = [p for p in programs if only in f'{build}:{p["name"]}']
    if build != 'gcc' and not programs and only not in name:
        return True

    status, output, seconds = run_limited(['ninja', '--quiet', '-C', BUILDS[build][0]], 600)
    if status != 0 or only in name:
        tally.add(name, 'passed' if status == 0 else 'failed', seconds, '', output)
    if status != 0:
        return False
    run_unit_programs(build, programs, tally)
    return True


# --- Fuzzing -----------------------------------------------------------------------------------------------------


def start_fuzzing(target, seconds):
    """Returns (process, open log file). What it learns is kept in the build's folder; so are findings."""
    findings, corpus = FUZZ_FOLDER / 'findings', FUZZ_FOLDER / 'corpus' / target
    for folder in (findings, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    command = [FUZZ_FOLDER / 'tests' / 'fuzz' / f'fuzz_{target}', f'-max_total_time={seconds}', '-timeout=10',
               '-rss_limit_mb=2048', '-print_final_stats=1', f'-artifact_prefix={findings}/{target}-',
               *FUZZ_TARGETS[target], corpus, FUZZ_FOLDER / 'seeds' / target]
    log = open(FUZZ_FOLDER / f'fuzz_{target}.log', 'w+', errors='replace')
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=FUZZ_FOLDER,
                               env={**os.environ, 'UBSAN_OPTIONS': 'print_stacktrace=1'}, start_new_session=True)
    return process, log


def judge_fuzzing(target, process, log, seconds, tally):
    log.seek(0)
    output = log.read()
    log.close()
    if process.returncode == 0:
        executed = re.search(r'number_of_executed_units: (\d+)', output)
        tally.add(f'fuzz:{target}', 'passed', seconds, f'{executed[1]} inputs' if executed else '')
        return
    finding = re.search(r'Test unit written to (\S+)', output)
    tally.add(f'fuzz:{target}', 'failed', seconds, finding[1] if finding else f'status {process.returncode}', output)


def fuzz_targets_at_once(targets, seconds, tally):
    start = time.monotonic()
    running = []
    try:
        for target in targets:
            running.append((target, *start_fuzzing(target, seconds)))
        for target, process, log in running:
            try:
                process.wait(max(1, seconds + 120 - (time.monotonic() - start)))
            except subprocess.TimeoutExpired:
                kill_group(process)
            judge_fuzzing(target, process, log, time.monotonic() - start, tally)
    finally:
        for _, process, _ in running:
            kill_group(process)


def make_fuzz_targets(tally):
    """Whether they, and the seeds, could be made."""
    steps = [('build:fuzz', lambda: configure('fuzz')),
             ('build:fuzz', lambda: run_limited(['ninja', '--quiet', '-C', FUZZ_FOLDER, 'fuzz'], 600)),
             ('fuzz:seeds', lambda: run_limited(['/usr/bin/python3', '-B', 'tests/fuzz/seeds.py', 'build/app/volley',
                                                 FUZZ_FOLDER / 'seeds'], 300))]
    for name, step in steps:
        status, output, seconds = step()
        if status != 0:
            tally.add(name, 'failed', seconds, '', output)
            return False
    return True


def fuzz(only, seconds, at_once, tally):
    targets = [target for target in FUZZ_TARGETS if only in f'fuzz:{target}']
    if not targets or not make_fuzz_targets(tally):
        return
    for i in range(0, len(targets), at_once):
        fuzz_targets_at_once(targets[i:i + at_once], seconds, tally)


def fuzz_alone(only, seconds, tally):
    """Nothing but that, all targets at once."""
    for step in (lambda: configure('gcc'), lambda: run_limited(['ninja', '--quiet', '-C', 'build', 'app/volley'], 600)):
        status, output, taken = step()
        if status != 0:
            tally.add('build:gcc', 'failed', taken, '', output)
            return
    fuzz(only, seconds, len(FUZZ_TARGETS), tally)


# --- Python ------------------------------------------------------------------------------------------------------


def python_files():
    return [str(p.relative_to(ROOT)) for folder in PYTHON_TESTS for p in sorted((ROOT / folder).glob('test_*.py'))]


def pytest_command(path, *options):
    return ['/usr/bin/python3', '-B', '-m', 'pytest', '-p', 'no:cacheprovider', '-q', '--tb=short', *options, path]


def run_python_file(path, only, seconds_limit, tally):
    """Runs one file's tests; tests/conftest.py writes down what was collected and how each test went."""
    with tempfile.TemporaryDirectory(prefix='volley-tests-') as folder:
        log = Path(folder) / 'log'
        env = {'VOLLEY_TESTS_LOG': str(log), 'VOLLEY_TESTS_ONLY': '' if only in path else only}
        status, output, seconds = run_limited(pytest_command(path), seconds_limit, env)
        records = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    if status is None:
        lab.reap()

    collected = next((r['collected'] for r in records if 'collected' in r), None)
    if collected is None:
        tally.add(path, 'failed', seconds, 'could not be loaded', output)
        return
    results = {r['id']: r for r in records if 'id' in r}
    for name in collected:
        if name in results:
            r = results[name]
            tally.add(name, r['outcome'], r['seconds'], r['why'], r['output'])
        else:
            why = f'time limit of {seconds_limit} s for the file' if status is None else 'did not finish'
            tally.add(name, 'failed', seconds, why, output)
            output = ''  # once is enough


# --- The command -------------------------------------------------------------------------------------------------


def list_tests(only):
    names = []
    for build in BUILDS:
        names.append(f'build:{build}')
        if configure(build)[0] == 0 and BUILDS[build][3]:
            names += [f'{build}:{p["name"]}' for p in unit_programs(build)]
    names += [f'fuzz:{target}' for target in FUZZ_TARGETS]
    for path in python_files():
        names += [line for line in run_limited(pytest_command(path, '--collect-only'), 60)[1].splitlines()
                  if line.startswith(path)]
    for name in names:
        if only in name:
            print(name)


def run_tests(options, tally):
    built = build_and_test('gcc', options.only, tally)
    if built:
        for path in python_files():
            run_python_file(path, options.only, 1800 if options.all else 240, tally)
    for build in ('clang', 'asan', 'tsan'):
        build_and_test(build, options.only, tally)
    if built:
        fuzz(options.only, FUZZ_SECONDS, FUZZ_AT_ONCE, tally)


def main():
    parser = argparse.ArgumentParser(prog='tests/run', description='Builds Volley and runs its tests.')
    parser.add_argument('--all', action='store_true', help='also the long ones (VOLLEY_TESTS_ALL=1)')
    parser.add_argument('--only', metavar='TEXT', default='', help='only tests whose name contains TEXT')
    parser.add_argument('--list', action='store_true', help='print the names of the tests and stop')
    parser.add_argument('--fuzz', metavar='SECONDS', type=int, help='only the fuzz targets, all at once, for so long')
    options = parser.parse_args()
    if options.list:
        list_tests(options.only)
        return 0
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that children are ended too
    if options.all:
        os.environ['VOLLEY_TESTS_ALL'] = '1'

    tally = Tally()
    if options.fuzz:
        fuzz_alone(options.only, options.fuzz, tally)
    else:
        run_tests(options, tally)
    if options.only and not any(tally.counts.values()):
        print(f'no test is named like {options.only!r}; --list prints the names', file=sys.stderr)
        tally.counts['failed'] += 1
    return tally.finish()


if __name__ == '__main__':
    sys.exit(main())

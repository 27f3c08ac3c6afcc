"""A prober and, behind a faulty network, a responder that logs all it does (relay.c); and runs held against that log."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import outcome
from lab import TARGET_V4, TARGET_V6

# What nobody owns: the prober's kernel answers nothing then. One port in 16 is silent (relay.c), so a run lasts until the
# timeout and sees all that comes in that time.
SOURCE_V4, SOURCE_V6 = '198.18.0.9', '2001:2::9'
MARGIN_NS = 200_000_000  # between the relay's clock and Volley's; a busy machine stops either for a while
# A busy machine may stop the prober for longer than a ring lasts. What is lost then must be told; another try loses nothing.
TRIES = 3


def temporary_folder():
    """In memory where there is room, for a disk would be what is measured. Removes what killed tests have left there."""
    for folder in Path('/dev/shm').glob('volley-lab-*-*'):
        if not Path('/proc', folder.name.split('-')[2]).exists():
            shutil.rmtree(folder, ignore_errors=True)
    roomy = Path('/dev/shm').is_dir() and shutil.disk_usage('/dev/shm').free > 2 << 30
    return tempfile.TemporaryDirectory(prefix=f'volley-lab-{os.getpid()}-', dir='/dev/shm' if roomy else None)


class RelayPair:
    """prober.p0 -- target.t0, where only the relay listens: it answers for every address, and for neighbours."""

    def __init__(self, lab, tools):
        self.lab, self.tools = lab, tools
        self.prober, self.target = lab.namespace('prober'), lab.namespace('target')
        self.interface = 'p0'
        self.target.sysctl('net.ipv6.conf.all.disable_ipv6', 1)
        self.target.sysctl('net.ipv6.conf.default.disable_ipv6', 1)
        lab.link(self.prober, 'p0', self.target, 't0')
        lab.address(self.prober, 'p0', '198.18.0.1/24', '2001:2::1/64')
        lab.route(self.prober, (TARGET_V4, '198.18.0.2'), (TARGET_V6, '2001:2::2'))
        self.prober.run('ethtool', '-K', 'p0', 'tx', 'off')

    def _lost_between(self):
        """Frames that the veth pair had no room for on the way to the prober, and those that nobody there could take."""
        return [int(namespace.run('cat', f'/sys/class/net/{interface}/statistics/{name}').stdout)
                for namespace, interface, name in ((self.target, 't0', 'tx_dropped'), (self.prober, 'p0', 'rx_dropped'))]

    def run(self, volley, template, relay, *options, **arguments):
        """One run of `volley sr`. Returns its Outcome, with what the relay says and what the checker found."""
        with temporary_folder() as name:
            return self._run(volley, Path(name), template, relay, options, arguments)

    def _run(self, volley, folder, template, relay, options, arguments):
        log, before = folder / 'relay.log', self._lost_between()
        process = self.target.start(self.tools / 'relay', '--interface', 't0', '--log', log, *relay,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout.readline() == 'ready\n', process.communicate()[1]
            result = outcome.sr(volley, self, template, *options, folder=folder, **arguments)
            process.send_signal(signal.SIGTERM)
            stdout, stderr = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0, stderr
        result.relay = json.loads(stdout)
        assert result.relay['no_room'] == 0, result.relay
        result.veth_dropped, result.interface_dropped = map(int.__sub__, self._lost_between(), before)
        result.found = held_against_log(self.tools / 'relay_check', log, result)
        return result


def held_against_log(checker, log, result):
    """No pair but those that belong together, each probe in one file; returns the checker's counts."""
    checked = subprocess.run([checker, log, result.answered_path, result.unanswered_path,
                              str(result.summary['timeout_ns']), str(MARGIN_NS), str(result.summary['end_ns'])],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    return {line.split()[0]: int(line.split()[1]) for line in checked.stdout.splitlines()}


def dropped(result):
    """Frames that Volley says it did not see."""
    return sum(result.counters[name] or 0 for name in ('imissed', 'rx_nombuf', 'kernel_drops'))


def check_sums(result):
    """Probes and frames of the summary are those of files and log."""
    c, found = result.counters, result.found
    assert c['planned'] == c['sent'] == found['answered'] + found['unanswered'], (c, found)
    assert c['answers'] == c['answered'] == found['answered'], (c, found)
    # What the relay did not see, it had no room for, or the veth pair had not.
    assert found['stimuli'] == c['sent'] - found['unlogged'], (c, found)


def check_exactly(result):
    """Of an undisturbed run: every frame that the relay delivered is counted for what it was."""
    c, found = result.counters, result.found
    check_sums(result)
    assert found['missing'] == 0, (c, found)
    assert found['duplicates'] <= c['duplicates'] <= found['duplicates'] + found['unclear'], (c, found)
    assert found['late'] <= c['late'] <= found['late'] + found['unclear'], (c, found)
    strays = c['unsolicited'] + c['malformed']
    assert found['strays'] <= strays <= found['strays'] + found['unclear'] + found['others'], (c, found)


def disturbance(result):
    """Answers that may have been lost on our side, or read too late by a prober whom nobody let run; 0: all others count."""
    c, found = result.counters, result.found
    read_late = max(0, c['late'] - found['late'] - found['unclear'])
    return max(dropped(result), result.interface_dropped) + result.veth_dropped + read_late


def check(result):
    """Whether the run was undisturbed, and so exact; one that was not must say what it lost."""
    if disturbance(result) == 0:
        assert result.status == 0, result.stderr
        check_exactly(result)
        return True
    check_sums(result)
    assert (result.status == 3) == (dropped(result) > 0), result.counters
    assert result.found['missing'] <= disturbance(result), (result.counters, result.found)
    return False


def run_undisturbed(pair, volley, *arguments, **options):
    for _ in range(TRIES):
        result = pair.run(volley, *arguments, statuses=(0, 3), **options)
        if check(result):
            return result
    raise AssertionError(f'{TRIES} runs were disturbed: {result.counters}')

"""Runs of `volley sr` on the simulated network, and its log."""

import collections
import subprocess
from dataclasses import dataclass

from outcome import Outcome

TEMPLATE = 'IP(dst="198.19.0.0/24")/TCP(sport=4000,dport=(1,40),flags="S")'
N = 256 * 40

Line = collections.namedtuple('Line', 'fate proto source sport destination dport seq answer')


@dataclass
class Run:
    folder: object
    status: int
    stdout: str
    stderr: str

    @property
    def outcome(self):
        outcome = Outcome(self.folder / 'run')
        outcome.check_identities()
        return outcome


def command(volley, folder, *options, sim='sim', template=TEMPLATE):
    return [str(volley.path), 'sr', template, '-i', sim, '-w', str(folder / 'run'), *map(str, options)]


def sr(volley, folder, *options, sim='sim', template=TEMPLATE, status=0, env=None, wait=60):
    done = subprocess.run(command(volley, folder, *options, sim=sim, template=template), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=wait, env=env)
    assert done.returncode == status, f'status {done.returncode}\n{done.stdout}{done.stderr}'
    return Run(folder, done.returncode, done.stdout, done.stderr)


def read_log(path):
    with open(path) as log:
        return [Line(*line.split()) for line in log]


def index_of(line):
    """Of TEMPLATE, in which dst is the slower digit."""
    return int(line.destination.rsplit('.', 1)[1]) * 40 + int(line.dport) - 1


def check_sets(outcome, n=N):
    """Each probe that was sent is in exactly one file. Returns the indices of both files."""
    answered = [pair.index for pair in outcome.pairs()]
    unanswered = [index for index, _ in outcome.unanswered()]
    assert len(set(answered + unanswered)) == len(answered) + len(unanswered), 'a probe is in the files twice'
    counters = outcome.counters
    assert counters['planned'] == n
    assert len(answered) == counters['answered']
    assert len(answered) + len(unanswered) + counters['not_sent'] == n
    assert len(answered) + len(unanswered) == counters['sent']
    return answered, unanswered

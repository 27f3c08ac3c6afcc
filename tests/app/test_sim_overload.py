"""The simulated network's receive ring is too small for what arrives: what is lost is counted to the packet, and told."""

import pytest
from simulated import N, check_sets, read_log, sr


@pytest.mark.parametrize('options', [['clock=virtual', 'ring=4'], ['ring=16', 'rate=4M']])
def test_a_full_ring_is_told(volley, tmp_path, options):
    log = tmp_path / 'log'
    sim = ','.join(['sim:dup=100%,stray=100%,loss=1%', *options, f'log={log}'])
    run = sr(volley, tmp_path, sim=sim, status=3)
    fates = [line.fate for line in read_log(log)]
    arrived = fates.count('answered') + 2 * fates.count('duplicated') + fates.count('stray')
    outcome = run.outcome  # its identities hold
    counters = outcome.counters
    assert counters['received'] + counters['imissed'] == arrived
    assert counters['imissed'] > 0 and counters['kernel_drops'] == counters['rx_nombuf'] == 0
    answered, unanswered = check_sets(outcome, N)
    assert len(unanswered) - fates.count('lost') <= counters['imissed']
    assert f'! {counters["imissed"]:,} frames were dropped before Volley saw them' in run.stderr

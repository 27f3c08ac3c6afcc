"""Runs at full speed, one after the other: each time exactly the answers that were delivered are there."""

import pytest
import relay

N_PROBES = 32 * 256 * 2
TEMPLATE = f'IP(src="{relay.SOURCE_V4}",dst="198.19.0.0/19")/TCP(dport=(1,2),flags="S")'


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
def test_no_run_loses_an_answer(volley, lab, tools, driver, run_long_tests, record_property):
    """What a busy machine makes a run lose is told by that run, to the frame; not all of them may be such."""
    pair = relay.RelayPair(lab, tools)
    n_runs = 100 if run_long_tests else 10
    n_undisturbed = 0
    for seed in range(n_runs):
        result = pair.run(volley, TEMPLATE, ['--duplicate', 0.01, '--seed', seed], '--driver', driver, '--seed', seed,
                          rate='max', timeout=2, statuses=(0, 3))
        c, sent = result.counters, result.relay
        assert c['sent'] == N_PROBES
        assert c['received'] + relay.dropped(result) <= sent['delivered'] + sent['others']
        if relay.check(result):
            n_undisturbed += 1
            assert c['answers'] == sent['delivered'] - sent['duplicated']
    record_property('undisturbed', f'{n_undisturbed} of {n_runs}')
    assert n_undisturbed > 0

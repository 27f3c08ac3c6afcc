"""Answers through a faulty network, by the log of the relay that is it: nothing is paired that does not belong together,
nothing that came in time is missed, and every frame is counted for what it was.

What a flipped bit makes of an answer: Volley does not verify received checksums, as Scapy does not, and because on kernel
interfaces they need not be there yet (a neighbour's offloading leaves them to hardware that does not exist). A frame damaged
in what tells answers apart (addresses, protocol, ports, acknowledged number, id) must never be paired with anything: the
tags see to that. One damaged elsewhere (TTL, window, payload ...) is an answer to its stimulus still. With 15 bits of tag a UDP
answer damaged in its address has a chance of 1 in 32,768 to be another probe's; TCP and ICMP have 32 bits.
"""

import pytest
import relay

SOURCES = f'src="{relay.SOURCE_V4}"', f'src="{relay.SOURCE_V6}"'
LOSSES = [0, 0.01, 0.1, 0.3]
FAULTS = ['--silent', '--duplicate', 0.05, '--reorder', 1000, '--delay', 10_000]


# 110,592 probes: TCP, ICMP and UDP over IPv4, TCP over IPv6.
TEMPLATE = (f'[IP({SOURCES[0]},dst="198.19.0.0/19")/TCP(dport=(1,12),flags="S"),'
            f'IP({SOURCES[0]},dst="198.19.128.0/21")/ICMP(),'
            f'IP({SOURCES[0]},dst="198.19.64.0/22")/UDP(dport=(1001,1004))/"abcd",'
            f'IPv6({SOURCES[1]},dst="2001:2:0:1::/118")/TCP(dport=(10,15),flags="S")]')


def run(pair, volley, driver, faults):
    return relay.run_undisturbed(pair, volley, TEMPLATE, faults, '--driver', driver, timeout=2, rate='80k')


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
@pytest.mark.parametrize('loss', LOSSES)
def test_faults(volley, lab, tools, driver, loss, run_long_tests, record_property):
    """Loss, duplicates, reordering, delay, flipped bits, all at once."""
    pair, n = relay.RelayPair(lab, tools), 0
    for seed in range(12 if run_long_tests else 1):
        result = run(pair, volley, driver, [*FAULTS, '--loss', loss, '--flip', 0.01, '--flip-fixed', 0.01, '--seed', seed])
        sent, delivered = result.counters['sent'], (1 - loss) * result.counters['sent']
        assert result.relay['lost'] >= 0.8 * loss * sent and result.relay['duplicated'] > 0.04 * 0.9 * delivered
        assert result.relay['flipped'] > 0.015 * 0.9 * delivered and result.found['strays'] > 0.005 * delivered
        n += sent
    record_property('probes', n)


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
def test_without_damage_every_count_is_exact(volley, lab, tools, driver):
    result = run(relay.RelayPair(lab, tools), volley, driver, [*FAULTS, '--loss', 0.1, '--seed', 5])
    c, sent = result.counters, result.relay
    assert c['duplicates'] == result.found['duplicates'] == sent['duplicated']
    assert c['answers'] == sent['delivered'] - sent['duplicated']
    assert c['received'] - c['unsolicited'] == sent['delivered']
    assert c['unsolicited'] <= sent['others'] and c['late'] == c['malformed'] == 0


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
def test_stragglers_are_late(volley, lab, tools, driver):
    """Answers that come 1.5 s after their stimulus, when 1 s was allowed: at low rate, most of the run is behind them."""
    pair = relay.RelayPair(lab, tools)
    late = ['--silent', '--delay', 1000, '--straggle', 0.2, '--straggle-delay', 1_500_000, '--duplicate', 0.05]
    result = relay.run_undisturbed(pair, volley, f'IP({SOURCES[0]},dst="198.19.0.0/21")/TCP(dport=(1,15),flags="S")', late,
                                   '--driver', driver, timeout=1, rate='10k')
    assert result.counters['late'] >= result.found['late'] > 1500
    assert result.found['answered'] > 20_000

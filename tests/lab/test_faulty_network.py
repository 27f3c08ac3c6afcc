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


def template(scale):
    """110,592 stimuli times scale (a power of two up to 16): TCP, ICMP and UDP over IPv4, TCP over IPv6, silent ports."""
    shift = scale.bit_length() - 1
    four, six = SOURCES
    return (f'[IP({four},dst="198.19.0.0/19")/TCP(dport=(1,{12 * scale}),flags="S"),'
            f'IP({four},dst="198.19.128.0/{21 - min(shift, 4)}")/ICMP(),'
            f'IP({four},dst="198.19.64.0/22")/UDP(dport=(1001,{1000 + 4 * scale}))/"abcd",'
            f'IPv6({six},dst="2001:2:0:1::/{118 - shift}")/TCP(dport=(10,15),flags="S")]')


def run(volley, lab, tools, driver, faults, scale, **options):
    pair = relay.RelayPair(lab, tools)
    return relay.run_undisturbed(pair, volley, template(scale), faults, '--driver', driver, wait=300, timeout=1, rate='80k',
                                 **options)


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
@pytest.mark.parametrize('loss', LOSSES)
def test_faults(volley, lab, tools, driver, loss, run_long_tests, record_property):
    """Loss, duplicates, reordering, delay, flipped bits, all at once."""
    faults = [*FAULTS, '--loss', loss, '--flip', 0.01, '--flip-fixed', 0.01, '--seed', round(loss * 100)]
    result = run(volley, lab, tools, driver, faults, 16 if run_long_tests else 1)
    n = result.counters['sent']
    assert result.relay['lost'] >= 0.8 * loss * n and result.relay['duplicated'] > 0.04 * 0.9 * (1 - loss) * n
    assert result.relay['flipped'] > 0.015 * 0.9 * (1 - loss) * n
    assert result.found['strays'] > 0.005 * (1 - loss) * n
    record_property('probes', n)
    record_property('flipped', result.relay['flipped'])


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
def test_without_damage_every_count_is_exact(volley, lab, tools, driver):
    result = run(volley, lab, tools, driver, [*FAULTS, '--loss', 0.1, '--seed', 5], 1)
    c, sent = result.counters, result.relay
    assert result.found['unclear'] == 0
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

"""Linux as the target: what is answered, by whom, and that each pair belongs together."""

from collections import Counter

import outcome
import pytest

pytestmark = pytest.mark.parametrize('driver', ['af_packet', 'af_xdp'])

# A whole network of 256 targets: what is sent to it, and what answers.
SWEEPS = {
    'tcp4': ('IP(dst="198.19.0.0/24")/TCP(dport=[80,81],flags="S")', {'SA': 256, 'RA': 256}),
    'tcp6': ('IPv6(dst="2001:2:0:1::/120")/TCP(dport=[80,81],flags="S")', {'SA': 256, 'RA': 256}),
    'icmp4': ('IP(dst="198.19.0.0/24")/ICMP()', {'echo': 256}),
    'icmp6': ('IPv6(dst="2001:2:0:1::/120")/ICMPv6EchoRequest()', {'echo': 256}),
    'udp4': ('IP(dst="198.19.0.0/24")/UDP(dport=9)', {'port-unreachable': 256}),
    'udp6': ('IPv6(dst="2001:2:0:1::/120")/UDP(dport=9)', {'port-unreachable': 256}),
}

# What only differs in its TTL cannot be told apart by its answers: those are sent, and so answered, in order.
TRACES = {
    'tcp4': ('IP(dst="198.19.0.0/28",ttl=(1,4))/TCP(dport=80,flags="S")', 'SA', ()),
    'tcp6': ('IPv6(dst="2001:2:0:1::/124",hlim=(1,4))/TCP(dport=80,flags="S")', 'SA', ()),
    'icmp4': ('IP(dst="198.19.0.0/28",ttl=(1,4))/ICMP()', 'echo', ()),
    'icmp6': ('IPv6(dst="2001:2:0:1::/124",hlim=(1,4))/ICMPv6EchoRequest()', 'echo', ()),
    'udp4': ('IP(dst="198.19.0.0/28",ttl=(1,4))/UDP(dport=9)', 'port-unreachable', ('--order', 'sequential')),
    'udp6': ('IPv6(dst="2001:2:0:1::/124",hlim=(1,4))/UDP(dport=9)', 'port-unreachable', ('--order', 'sequential')),
}


def check_complete(result, n_planned):
    """Everything was answered once: nothing is missing, nothing doubled."""
    pairs = result.pairs()
    assert sorted(p.index for p in pairs) == list(range(n_planned))
    assert result.unanswered() == []
    for name, value in (('planned', n_planned), ('sent', n_planned), ('answers', n_planned),
                        ('tx_failed', 0), ('not_sent', 0), ('malformed', 0)):
        assert result.counters[name] == value, f'{name} in {result.counters}'
    return pairs


@pytest.mark.parametrize('sweep', SWEEPS)
def test_sweep(volley, lab, driver, sweep):
    template, expected = SWEEPS[sweep]
    pair = lab.pair()
    lab.nginx(pair.target)
    tap = pair.target.tap('t0')

    result = outcome.sr(volley, pair, template, '--driver', driver)

    pairs = check_complete(result, sum(expected.values()))
    assert Counter(p.relation for p in pairs) == expected
    assert len({p.frame for p in pairs}) == len(pairs), 'two stimuli are the same'
    for p in pairs:
        if p.stimulus.protocol == outcome.TCP:
            port = int.from_bytes(p.stimulus.payload[2:4], 'big')
            assert p.relation == {80: 'SA', 81: 'RA'}[port]

    # What the target saw is what the file says was sent, no more and no less.
    arrived = Counter(data for _, data in tap.frames())
    for p in pairs:
        seen = sum(count for data, count in arrived.items() if data[:len(p.frame)] == p.frame)
        assert seen == 1, f'index {p.index} arrived {seen} times'


@pytest.mark.parametrize('trace', TRACES)
def test_trace(volley, lab, driver, trace):
    template, last, options = TRACES[trace]
    chain = lab.chain()
    lab.nginx(chain.target)

    result = outcome.sr(volley, chain, template, '--driver', driver, *options)

    for p in check_complete(result, 16 * chain.HOPS):
        where = f'index {p.index}: {p.stimulus} ==> {p.answer}'
        if p.stimulus.ttl < chain.HOPS:
            assert p.relation == 'time-exceeded', where
            assert p.answer.source == chain.hop(p.stimulus.ttl, p.stimulus.version), where
        else:
            assert p.relation == last, where


def test_silence_is_reported(volley, lab, driver):
    """What the target drops is in the unanswered file, as it was sent; the rest is answered."""
    pair = lab.pair()
    pair.target.run('nft', 'add table ip t; add chain ip t in { type filter hook input priority 0; }; '
                           'add rule ip t in ip daddr 198.19.0.64/26 drop')

    result = outcome.sr(volley, pair, 'IP(dst="198.19.0.0/24")/ICMP()', '--driver', driver, timeout=1)

    dropped = {f'198.19.0.{n}' for n in range(64, 128)}
    assert {p.stimulus.destination for p in result.pairs()} == {f'198.19.0.{n}' for n in range(256)} - dropped
    unanswered = result.unanswered()
    assert sorted(outcome.of_frame(frame).destination for _, frame in unanswered) == sorted(dropped)
    assert not {index for index, _ in unanswered} & {p.index for p in result.pairs()}


def test_retries_ask_again_only_what_was_silent(volley, lab, driver):
    """Half of the first frames to each target are lost; with retries, everything is answered in the end."""
    pair = lab.pair()
    pair.target.run('nft', 'add table ip t; add chain ip t in { type filter hook input priority 0; }; '
                           'add rule ip t in ip daddr 198.19.0.0/16 numgen inc mod 2 == 0 drop')

    result = outcome.sr(volley, pair, 'IP(dst="198.19.0.0/28")/ICMP()', '--driver', driver, '--retry', 6, timeout=0.5)

    assert sorted(p.index for p in result.pairs()) == list(range(16))
    assert result.unanswered() == []

"""Forged answers beside a real run: who knows addresses, ports and which probes wait, but not the key, gets nothing accepted
and no real answer lost.

The forger (relay.c, --forge) answers each probe several times before its host does: SYN/ACK, RST/ACK, bare RST, bare ACK, ICMP
errors with quotes, echo replies, each with numbers drawn at random, next to the right one, or right for another probe. The right
number itself is left out: guessing one takes 2^32 frames on average for TCP (acknowledged number) and ICMP (id and
sequence number), which is what tags promise. A tag in a UDP port has 15 bits: 32,768 frames a probe; the test shows that no
other port is accepted.
"""

import pytest
import relay

FOUR, SIX = f'src="{relay.SOURCE_V4}"', f'src="{relay.SOURCE_V6}"'
N_EACH = 10  # forged answers a probe


# 50,176 probes.
TEMPLATE = (f'[IP({FOUR},dst="198.19.0.0/20")/TCP(dport=(1,8),flags="S"),IP({FOUR},dst="198.19.16.0/20")/ICMP(),'
            f'IP({FOUR},dst="198.19.96.0/22")/UDP(dport=(1001,1004))/"abcd",'
            f'IPv6({SIX},dst="2001:2:0:1::/117")/TCP(dport=(10,13),flags="S"),'
            f'IPv6({SIX},dst="2001:2:0:1:1::/118")/ICMPv6EchoRequest()]')
FORGER = ['--silent', '--delay', 5000, '--forge', N_EACH]


@pytest.mark.parametrize('driver', ['af_xdp', 'af_packet'])
def test_no_forged_answer_is_accepted(volley, lab, tools, driver, run_long_tests, record_property):
    pair, forged = relay.RelayPair(lab, tools), 0
    while forged < (10_000_000 if run_long_tests and driver == 'af_xdp' else 300_000):
        result = relay.run_undisturbed(pair, volley, TEMPLATE, [*FORGER, '--seed', forged], '--driver', driver, timeout=2,
                                       rate='10k')
        c, sent = result.counters, result.relay
        assert sent['forged'] == N_EACH * sent['stimuli'] > 100_000
        assert c['answers'] == sent['delivered'], 'a real answer was lost'
        assert sent['forged'] <= c['unsolicited'] <= sent['forged'] + sent['others'], 'a forged answer was accepted'
        assert c['duplicates'] == c['late'] == c['malformed'] == 0
        forged += sent['forged']
    record_property('forged', forged)


def test_without_tags_the_forger_succeeds(volley, lab, tools):
    """So he is one."""
    syn = f'IP({FOUR},dst="198.19.0.0/24")/TCP(dport=(1,12),flags="S")'
    with pytest.raises(AssertionError, match='false match: forged'):
        relay.RelayPair(lab, tools).run(volley, syn, FORGER, '--driver', 'af_packet', '--tag', 'off', timeout=1)

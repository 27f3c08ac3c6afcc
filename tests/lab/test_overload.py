"""More answers than the receiver can take: what it could not see is counted to the packet, printed, and the exit status 3."""

import pytest
import relay

TEMPLATE = f'IP(src="{relay.SOURCE_V4}",dst="198.19.0.0/24")/TCP(dport=(1,16),flags="S")'
N_FLOOD = 3 << 17  # three waves, each eight times what AF_PACKET's ring holds; AF_XDP's is smaller


@pytest.mark.parametrize('driver, drops', [('af_xdp', 'imissed'), ('af_packet', 'kernel_drops')])
def test_answers_at_five_times_the_rate(volley, lab, tools, driver, drops, record_property):
    """Answers come in waves, and the prober is stopped until each has passed: on any machine that is too fast for it."""
    pair = relay.RelayPair(lab, tools)
    pid = lab.folder / 'pid'
    result = pair.run(volley, TEMPLATE, ['--silent', '--flood', N_FLOOD, '--prober', pid], '--driver', driver, rate='5k',
                      timeout=2, statuses=(3,), prefix=('sh', '-c', f'echo $$ > {pid}; exec "$@"', 'sh'))
    c, sent = result.counters, result.relay
    arrived = sent['delivered'] - result.veth_dropped
    record_property('received', f'{c["received"]} of {arrived}')

    assert arrived > N_FLOOD / 2 and arrived >= 5 * c['received'], 'no overload'
    assert arrived <= c['received'] + relay.dropped(result) <= arrived + sent['others'], (c, sent)
    assert c[drops] > 0
    assert (c['imissed'] is None) == (driver == 'af_packet')  # whose driver does not count them
    relay.check_sums(result)  # and the checker found no false match
    assert result.found['missing'] <= relay.dropped(result)
    assert f'! {relay.dropped(result):,} frames were dropped before Volley saw them' in result.stderr

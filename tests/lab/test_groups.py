"""What goes to a group is answered by everybody in it: with --multi all answers are kept, numbered, each from its own host."""

import json

import pytest

HOSTS = 3
CASES = {
    'all hosts': ('IP(src="198.18.0.1",dst="224.0.0.1")/ICMP()', [f'198.18.0.{i + 2}' for i in range(HOSTS)]),
    'broadcast': ('IP(src="198.18.0.1",dst="255.255.255.255")/ICMP()', [f'198.18.0.{i + 2}' for i in range(HOSTS)]),
    'all nodes': ('IPv6(src="2001:2::1",dst="ff02::1")/ICMPv6EchoRequest()', [f'2001:2::{i + 2}' for i in range(HOSTS)]),
}


@pytest.fixture
def network(lab):
    """prober.p0 and three hosts on one bridge."""
    prober, switch = lab.namespace('prober'), lab.namespace('switch')
    switch.ip('link', 'add', 'br0', 'type', 'bridge')
    switch.ip('link', 'set', 'br0', 'up')
    hosts = [lab.namespace(f'host{i}') for i in range(HOSTS)]
    for i, (host, interface) in enumerate([(prober, 'p0')] + [(host, 'h0') for host in hosts]):
        lab.link(host, interface, switch, f's{i}')
        switch.ip('link', 'set', f's{i}', 'master', 'br0')
        lab.address(host, interface, f'198.18.0.{i + 1}/24', f'2001:2::{i + 1}/64')
        host.sysctl('net.ipv4.icmp_echo_ignore_broadcasts', 0)
        host.sysctl(f'net.ipv6.conf.{interface}.addr_gen_mode', 1)
    prober.ip('route', 'add', '224.0.0.0/4', 'dev', 'p0')
    prober.ip('route', 'add', 'broadcast', '255.255.255.255', 'dev', 'p0')
    return lab, prober


@pytest.mark.parametrize('case', CASES)
def test_everybody_answers(volley, network, case):
    template, addresses = CASES[case]
    lab, prober = network
    path = lab.folder / 'out.ndjson'
    done = volley.run('sr', template, '-i', 'p0', '--multi', '--timeout', '1', '-o', path, within=prober)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(r['responder'] for r in records) == sorted(addresses), done.stderr
    assert [r['answer'] for r in records] == list(range(1, HOSTS + 1))
    assert {(r['probe'], r['class']) for r in records} == {(0, 'echo-reply')}


def test_the_first_answers_without(volley, network):
    lab, prober = network
    path = lab.folder / 'out.ndjson'
    done = volley.run('sr', CASES['all hosts'][0], '-i', 'p0', '--timeout', '1', '-o', path, within=prober)
    assert len(path.read_text().splitlines()) == 1 and 'got 1 answer, remaining 0 packets' in done.stderr

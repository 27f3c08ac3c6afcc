"""Records: what their fields say is what Scapy reads in the same bytes, and every line is JSON or CSV to Python's readers."""

import csv
import json
import os
import re
import struct
import subprocess
from pathlib import Path

import pytest
from peer import scapy_names

ROOT = Path(__file__).resolve().parent.parent.parent
PAIRS = 700
SEED = 5
PROTOCOLS = {1: 'icmp', 2: 'igmp', 4: 'ipip', 6: 'tcp', 17: 'udp', 41: 'ipv6', 47: 'gre', 50: 'esp', 51: 'ah', 58: 'icmp6',
             89: 'ospf', 132: 'sctp', 137: 'mpls'}
NUMBERS = {'probe', 'attempt', 'answer', 'sent_ns', 'received_ns', 'rtt_ns', 'sport', 'dport', 'vlan', 'ttl', 'len', 'type',
           'code', 'stimulus_frame', 'answer_frame'}
ALL = ('probe,attempt,answer,outcome,sent_ns,received_ns,rtt_ns,src,dst,sport,dport,proto,vlan,class,responder,ttl,len,flags,'
       'type,code,stimulus_frame,answer_frame,stimulus,response')


@pytest.fixture(scope='session')
def tool():
    path = Path(os.environ.get('VOLLEY_RECORDS_TOOL', ROOT / 'build' / 'tests' / 'oracle' / 'records_tool'))
    assert path.exists(), f'{path} is not built: tests/run builds it'
    return path


@pytest.fixture(scope='session')
def pairs(peer):
    """[(stimulus, response, link)] over all layers; every seventh is silent."""
    rows = [row[:3] for row in peer.ask(pairs=PAIRS, seed=SEED, conf={})['pairs']]
    return [(stimulus, '-' if i % 7 == 3 else response, link) for i, (stimulus, response, link) in enumerate(rows)]


def write(tool, path, pairs, *options):
    lines = ''.join(' '.join(pair) + '\n' for pair in pairs)
    subprocess.run([tool, path, *options], input=lines, text=True, check=True, timeout=60)
    return path


def read_json(path):
    return [json.loads(line, parse_constant=pytest.fail) for line in path.read_text('utf-8').splitlines()]


# --- What Scapy says ---------------------------------------------------------------------------------------------


def layers(packet):
    from scapy.packet import NoPayload
    while not isinstance(packet, NoPayload):
        yield packet
        packet = packet.payload


def network_of(packet):
    """The outermost of IP, IPv6 and ARP that is in no quote, and what it carries."""
    found = list(layers(packet))
    for i, layer in enumerate(found):
        if type(layer).__name__ in ('IP', 'IPv6', 'ARP'):
            above = [each for each in found[i + 1:] if not type(each).__name__.startswith('IPv6Ext')]
            return layer, above[0] if above else None
    return None, None


def protocol_of(network):
    name = type(network).__name__
    if name != 'IPv6':
        return network.proto
    number = network.nh
    for layer in layers(network.payload):
        if not type(layer).__name__.startswith('IPv6Ext'):
            return number
        number = layer.nh
    return number


def is_whole(packet):
    """Not cut short, and of no impossible length: there Scapy reads on where Volley has bytes."""
    network = network_of(packet)[0]
    there = len(network.original) if network is not None else 0
    if type(network).__name__ == 'IP':
        return network.version == 4 and 20 <= 4 * network.ihl <= network.len <= there
    if type(network).__name__ == 'IPv6':
        return network.version == 6 and 40 + network.plen <= there
    return network is None or 8 + 2 * network.hwlen + 2 * network.plen <= there


def of_stimulus(packet):
    network, above = network_of(packet)
    values = dict.fromkeys(('src', 'dst', 'sport', 'dport', 'proto', 'vlan'))
    for layer in layers(packet):
        if type(layer).__name__ in ('IP', 'IPv6', 'ARP'):
            break
        if type(layer).__name__ in ('Dot1Q', 'Dot1AD'):
            values['vlan'] = layer.vlan
            break
    if type(network).__name__ == 'ARP':
        ipv4 = network.ptype == 0x0800 and network.plen == 4
        values.update(src=network.psrc if ipv4 else None, dst=network.pdst if ipv4 else None, proto='arp')
    elif network is not None:
        number = protocol_of(network)
        values.update(src=network.src, dst=network.dst, proto=PROTOCOLS.get(number, str(number)))
        if type(above).__name__ in ('TCP', 'UDP', 'SCTP'):
            values.update(sport=above.sport, dport=above.dport)
    return values


def of_response(packet):
    network, above = network_of(packet)
    values = dict.fromkeys(('responder', 'ttl', 'len', 'flags', 'type', 'code'))
    if type(network).__name__ == 'ARP':
        if network.ptype == 0x0800 and network.plen == 4:
            values['responder'] = network.psrc
        values['len'] = 8 + 2 * network.hwlen + 2 * network.plen
    elif network is not None:
        values.update(responder=network.src, ttl=network.ttl if 'ttl' in network.fields else network.hlim,
                      len=network.len if 'len' in network.fields else 40 + network.plen)
        if type(above).__name__ == 'TCP':
            values['flags'] = str(above.flags)
        if protocol_of(network) in (1, 58) and hasattr(above, 'type') and type(above).__name__ != 'Raw':
            values.update(type=above.type, code=above.original[1])  # MLD calls it reserved
    return values


@pytest.fixture(scope='session')
def scapy_reads():
    names = scapy_names()
    classes = {'ether': names['Ether'], 'ip': names['IP'], 'ip6': names['IPv6']}

    def read(link, text):
        try:
            return classes[link](bytes.fromhex(text))
        except struct.error:
            return None  # Scapy gives up at some frames that were cut short

    return read


def test_values_are_scapys(tool, pairs, scapy_reads, tmp_path):
    records = read_json(write(tool, tmp_path / 'out.ndjson', pairs, ALL))
    assert len(records) == len(pairs)
    compared = dict.fromkeys(ALL.split(','), 0)
    for (stimulus, response, link), record in zip(pairs, records):
        wanted = of_stimulus(scapy_reads(link, stimulus))
        answer = None if response == '-' else scapy_reads(link, response)
        if answer is not None and is_whole(answer):
            wanted |= of_response(answer)
        for name, value in wanted.items():
            compared[name] += value is not None
            assert record[name] == value, f'{name} of\n  {stimulus}\n  {response}\n{record}'
    for name in ('src', 'dst', 'sport', 'dport', 'proto', 'vlan', 'responder', 'ttl', 'len', 'flags', 'type', 'code'):
        assert compared[name] > 10, f'{name} is hardly ever there'


def test_silence_is_null(tool, pairs, tmp_path):
    records = read_json(write(tool, tmp_path / 'out.ndjson', pairs, ALL))
    silent = [record for record in records if record['outcome'] == 'unanswered']
    assert len(silent) == sum(response == '-' for _, response, _ in pairs)
    for record in silent:
        assert record['answer_frame'] == 0
        assert all(record[name] is None for name in ('answer', 'received_ns', 'rtt_ns', 'class', 'responder', 'ttl', 'len',
                                                     'flags', 'type', 'code', 'response'))
    assert all(record['class'] is not None for record in records if record['outcome'] == 'answered')


def test_integers_stay_integers(tool, pairs, tmp_path):
    records = read_json(write(tool, tmp_path / 'out.ndjson', pairs, ALL))
    for n, record in enumerate(records):
        assert list(record) == ALL.split(',')
        assert {name for name, value in record.items() if isinstance(value, int)} <= NUMBERS
        assert all(isinstance(record[name], (int, type(None))) for name in NUMBERS)
        assert record['probe'] == n and record['sent_ns'] == 1764212345000000000 + n
        if record['outcome'] == 'answered':
            assert record['rtt_ns'] == record['received_ns'] - record['sent_ns'] == 1000 + 2 * n


def test_csv_says_the_same(tool, pairs, tmp_path):
    records = read_json(write(tool, tmp_path / 'out.ndjson', pairs, ALL))
    with open(write(tool, tmp_path / 'out.csv', pairs, ALL), newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file, strict=True))
    assert len(rows) == len(records)
    for record, row in zip(records, rows):
        assert row == {name: '' if value is None else str(value) for name, value in record.items()}


def test_compressed_too(tool, pairs, tmp_path):
    for name in ('out.ndjson', 'out.csv'):
        plain = write(tool, tmp_path / name, pairs).read_bytes()
        packed = write(tool, tmp_path / f'{name}.zst', pairs)
        out = subprocess.run(['zstd', '-dcq', packed], stdout=subprocess.PIPE, check=True).stdout
        # What keeps lines within pages of a plain file is not needed there.
        assert re.sub(rb'(?m)^ +', b'', plain) == out


@pytest.mark.parametrize('where, python', [
    ('class=="synack" and rtt_ns<2000', lambda r: r['class'] == 'synack' and r['rtt_ns'] < 2000),
    ('class is None', lambda r: r['class'] is None),
    ('class', lambda r: r['class'] is not None),
    ('ttl', lambda r: r['ttl'] is not None),
    ('not class in ["udp", "synack"]', lambda r: r['class'] not in ('udp', 'synack')),
    ('class not in ["udp", "synack"]', lambda r: r['class'] and r['class'] not in ('udp', 'synack')),
    ('"unreachable" in class', lambda r: r['class'] and 'unreachable' in r['class']),
    ('"SA" in flags || flags == "R"', lambda r: r['flags'] is not None and (set('SA') <= set(r['flags']) or r['flags'] == 'R')),
    ('1024 <= sport < 32768 && !(dport % 2)', None),
    ('1024 <= sport < 32768 and dport % 2 == 1',
     lambda r: r['sport'] is not None and 1024 <= r['sport'] < 32768 and r['dport'] % 2 == 1),
    ('probe % 10 == 3 or probe / 100 == 7', lambda r: r['probe'] % 10 == 3 or r['probe'] // 100 == 7),
    ('dst in "198.18.0.0/15"', lambda r: r['dst'] and r['dst'].startswith(('198.18.', '198.19.'))),
    ('responder == dst', lambda r: r['dst'] and r['responder'] == r['dst']),
    ('rtt_ns - 1000 == 2 * probe', lambda r: r['rtt_ns'] is not None),
])
def test_where(tool, pairs, tmp_path, where, python):
    everything = read_json(write(tool, tmp_path / 'all.ndjson', pairs, ALL))
    chosen = read_json(write(tool, tmp_path / 'out.ndjson', pairs, ALL, where))
    if python is None:  # a value is true if it is there, whatever it is
        assert chosen == []
        return
    assert chosen == [record for record in everything if python(record)]
    assert 0 < len(chosen) < len(everything)

"""Every layer of `volley ls`, field by field: the names, defaults, edges and names of values that Scapy's class has."""

import os
import re
import subprocess
from pathlib import Path

import pytest

BINARY = os.environ.get('VOLLEY_BINARY', Path(__file__).resolve().parents[2] / 'build' / 'app' / 'volley')

# Classes that only newer Scapy has, or has elsewhere: their own tests spell their bytes out.
NEWER = {'RplOption', 'ICMPExtension_Header', 'ICMPExtension_Object', 'ICMPExtension_MPLS',
         'ICMPExtension_InterfaceInformation', 'ICMPv6NDOptCaptivePortal', 'ICMPv6NDOptPREF64', 'DNSRRHINFO', 'DNSRRNAPTR',
         'DNSRRSVCB', 'DNSRRHTTPS', 'SvcParam', 'EDNS0COOKIE', 'EDNS0PADDING', 'EDNS0ExtendedDNSError'}

# Fields by their newer names, in parts, or not there at all: test_differences.py has their bytes.
FIELDS = {
    'Dot1Q': ({'id'}, {'dei'}), 'Dot1AD': ({'id'}, {'dei'}),
    'IPv6ExtHdrSegmentRoutingTLVPad1': ({'len', 'padding'}, set()),
    'DNSQR': (set(), {'unicastresponse'}),
    'LLMNRQuery': (set(), {'t'}), 'LLMNRResponse': (set(), {'t'}),
    'NTPHeader': (set(), {f'{f}_fraction' for f in ('delay', 'dispersion', 'ref', 'orig', 'recv', 'sent')}),
    'NTPControl': ({'status_word'}, set()), 'NTPPrivate': ({'authenticator'}, set()),
    **{f'DNSRR{kind}': (set(), {'cacheflush'}) for kind in
       ('', 'MX', 'SRV', 'RSIG', 'NSEC', 'DNSKEY', 'DS', 'DLV', 'NSEC3', 'NSEC3PARAM')},
}

# What differs on purpose: (layer, field), None standing for the layer as it is; test_differences.py tells why.
OTHERWISE = {
    ('ARP', 'hwtype'), ('ARP', 'ptype'), ('ARP', 'hwlen'), ('ARP', 'plen'),  # they do not stretch the addresses
    ('EDNS0ClientSubnet', 'optcode'), ('EDNS0TLV', 'optcode'),  # newer names
    ('GTPSupportedExtensionHeadersNotification', None),  # right lengths
    ('ICMPv6NDOptUnknown', None), ('ICMPv6NDOptUnknown', 'type'), ('ICMPv6NDOptUnknown', 'len'),  # whole 64-bit words
    ('IGMP', None), ('IGMPv3', None),  # what IP below has
    ('IGMP', 'type'), ('IGMPv3', 'type'), ('IGMPv3', 'mrcode'),  # mrcode is in queries only, and encoded
    ('IPv6ExtHdrSegmentRoutingTLVPad1', None), ('IPv6ExtHdrSegmentRoutingTLVPad1', 'type'),  # one byte
    ('LLMNRQuery', 'tc'), ('LLMNRResponse', 'tc'),  # of one bit
    ('DNSRRDLV', 'type'),  # 0 stands
    ('NoPayload', None),  # a packet of no layers
}
# Whole layers of which only fields and names are compared.
ELSEWHERE = {'NTPControl'}
# Values that do not fit the field, where newer Scapy's is narrower, and NTP's times, whose parts are two fields.
TOO_WIDE = re.compile(r'class=65535|NTPHeader\(\w+=\d{8}')
# Names that newer Scapy spells otherwise, and types of DNS whose default it fills in.
NAMES = {'LoWPAN', 'ANY', 'TXT', 'DNAME'}
NEWER_NAMES = {('EDNS0ClientSubnet', 'optcode'), ('EDNS0TLV', 'optcode')}
PORTS = ('sport', 'dport')  # names of /etc/services


def layers():
    if not Path(BINARY).exists():
        return []
    out = subprocess.run([BINARY, 'ls'], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split()[0] for line in out.splitlines()]


def listed(peer, name):
    """{field: its line, with the line of its values' names} of `volley ls`."""
    status, out, err = peer.volley('ls', name, '--verbose')
    assert (status, err) == (0, '')
    lines = out.splitlines()[1:]
    fields = {}
    for line in lines:
        if re.match(r'\w+ *: ', line):
            field = line.split()[0]
        fields[field] = fields.get(field, '') + line + '\n'
    return fields


def is_compared(name, field, template, fields):
    if name in ELSEWHERE or (name, field) in OTHERWISE or field not in {None, *fields}:
        return False
    if TOO_WIDE.search(template) or re.search(r"SUFFIX='[^A-Z]", template):
        return False
    return not any(f"='{text}'" in template for text in NAMES)


def compare(peer, cases):
    """The cases whose bytes differ, as text."""
    status, out, err = peer.volley('show', '[' + ',\n'.join(text for _, text, _ in cases) + ']', '--hex')
    got = out.split('\n')[:-1]
    if status == 0 and len(got) == len(cases):
        return [f'{text}\n  scapy  {wanted}\n  volley {hex}' for (_, text, wanted), hex in zip(cases, got) if hex != wanted]
    if len(cases) == 1:
        return [f'{cases[0][1]}\n  {out}{err}']
    half = len(cases) // 2
    return compare(peer, cases[:half]) + compare(peer, cases[half:])


@pytest.mark.parametrize('name', layers())
def test_layer(peer, name):
    scapy = peer.ask(layer=name)['layer']
    fields = listed(peer, name)
    if name in NEWER:
        assert scapy is None, 'Scapy has it now'
        return
    gone, new = FIELDS.get(name, (set(), set()))
    assert set(fields) == set(scapy['fields']) - gone | new
    for field in set(fields) - new:
        line = fields[field]
        assert re.match(r'\w+ *: \S.* = \S', line), 'no default'
        for number, text in scapy['names'].get(field, []):
            if text not in NAMES and (name, field) not in NEWER_NAMES and field not in PORTS and field != 'SUFFIX':
                assert re.search(rf'(^ +|, ){number} {re.escape(text)}(,|$)', line, re.M), f'{field}: {number} {text}'
    cases = [case for case in scapy['cases'] if is_compared(name, *case[:2], fields)]
    wrong = compare(peer, cases) if cases else []
    assert not wrong, '\n'.join(wrong[:9])

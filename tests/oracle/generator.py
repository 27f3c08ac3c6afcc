"""Templates drawn at random, each as Volley's text and as the Python expression that means the same to Scapy.

A template is a list of layers, a layer a name and values by field. They are drawn so that no template stands for more
than `PACKETS_MAX` packets, and can be made smaller step by step to find the smallest that still fails. Layers other than
those of this file are in modules fields_*.py: FIELDS (layer -> field -> how to draw it), STACKS (lists of layers), and, if
need be, ALWAYS (fields that are always given: layer -> field -> text) and TAILS.
"""

import importlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from draw import (Value, ip4, ip6, ip_flags, ip_options, list_of, mac, number_only, numbers, only_plain, string, strings,
                  tcp_flags, tcp_options)

PACKETS_MAX = 300



@dataclass(frozen=True)
class Layer:
    name: str
    fields: dict = field(default_factory=dict)

    def text(self, language):
        if self.name == '"':
            text = getattr(self.fields['load'], language)
            return f'({text})' if text[-1] not in '"' or '"+"' in text else text
        renamed = {('Dot1Q', 'dei'): 'id', ('Dot1AD', 'dei'): 'id'} if language == 'python' else {}
        arguments = ','.join(f'{renamed.get((self.name, f), f)}={getattr(v, language)}' for f, v in self.fields.items())
        return f'{self.name}({arguments})'

    def smaller(self):
        for f in self.fields:
            if self.name != '"' and f not in ALWAYS.get(self.name, ()):
                yield replace(self, fields={k: v for k, v in self.fields.items() if k != f})
        for f, value in self.fields.items():
            for less in value.smaller():
                yield replace(self, fields={**self.fields, f: less})


@dataclass(frozen=True)
class Template:
    layers: tuple

    @property
    def n(self):
        n = 1
        for layer in self.layers:
            for value in layer.fields.values():
                n *= value.n
        return n

    def volley(self):
        return '/'.join(layer.text('volley') for layer in self.layers)

    def scapy(self):
        # Scapy makes Raw of a string only where a layer stands beside it.
        texts = [layer.text('python') for layer in self.layers]
        if self.layers[0].name == '"':
            texts[0] = f'Raw({texts[0]})'
        return '/'.join(texts)

    def smaller(self):
        for i in range(len(self.layers)):
            if len(self.layers) > 1:
                yield Template(self.layers[:i] + self.layers[i + 1:])
        for i, layer in enumerate(self.layers):
            for less in layer.smaller():
                yield Template(self.layers[:i] + (less,) + self.layers[i + 1:])


def shrink(template, fails):
    """The smallest template, by single steps, for which fails(template) still holds."""
    again = True
    while again:
        again = False
        for less in template.smaller():
            if fails(less):
                template, again = less, True
                break
    return template


# --- Layers ------------------------------------------------------------------------------------------------------

TCP_PORTS = ['http', 'https', 'domain', 'ssh', 'ftp_data']
UDP_PORTS = ['domain', 'ntp', 'snmp', 'tftp']
ICMP_TYPES = ['echo-request', 'echo-reply', 'dest-unreach', 'time-exceeded', 'redirect', 'parameter-problem',
              'address-mask-request', 'information-request']


def icmpv6(**more):
    return {'type': number_only(8), 'code': numbers(8), 'cksum': numbers(16), **more}


FIELDS = {
    'Ether': {'dst': mac, 'src': mac, 'type': numbers(16, ['IPv4', 'ARP', 'IPv6'])},
    'Dot1Q': {'prio': numbers(3), 'dei': numbers(1), 'vlan': numbers(12), 'type': numbers(16, ['IPv4', 'ARP'])},
    'ARP': {'op': numbers(16, ['who-has', 'is-at', 'InARP-req']), 'hwsrc': mac, 'psrc': only_plain(ip4), 'hwdst': mac,
            'pdst': only_plain(ip4)},
    'IP': {'version': numbers(4), 'ihl': number_only(4), 'tos': numbers(8), 'len': numbers(16), 'id': numbers(16),
           'flags': ip_flags, 'frag': numbers(13), 'ttl': numbers(8), 'proto': numbers(8, ['tcp', 'udp', 'icmp', 'gre']),
           'chksum': numbers(16), 'src': ip4, 'dst': ip4, 'options': ip_options},
    'IPv6': {'version': numbers(4), 'tc': numbers(8), 'fl': numbers(20), 'plen': numbers(16),
             'nh': numbers(8, ['TCP', 'UDP', 'ICMPv6']), 'hlim': numbers(8), 'src': ip6, 'dst': ip6},
    'ICMP': {'type': numbers(8, ICMP_TYPES), 'code': numbers(8), 'chksum': numbers(16), 'id': numbers(16),
             'seq': numbers(16), 'ts_ori': numbers(32), 'ts_rx': numbers(32), 'ts_tx': numbers(32), 'gw': ip4,
             'ptr': numbers(8), 'reserved': numbers(8), 'length': numbers(8), 'addr_mask': ip4, 'nexthopmtu': numbers(16)},
    'ICMPv6EchoRequest': icmpv6(id=numbers(16), seq=numbers(16), data=strings),
    'ICMPv6EchoReply': icmpv6(id=numbers(16), seq=numbers(16), data=strings),
    'ICMPv6DestUnreach': icmpv6(length=numbers(8), unused=number_only(24)),
    'ICMPv6PacketTooBig': icmpv6(mtu=numbers(32)),
    'ICMPv6TimeExceeded': icmpv6(length=numbers(8), unused=number_only(24)),
    'ICMPv6ParamProblem': icmpv6(ptr=numbers(32)),
    'ICMPv6ND_NS': icmpv6(res=numbers(32), tgt=ip6),
    'ICMPv6ND_NA': icmpv6(R=numbers(1), S=numbers(1), O=numbers(1), res=numbers(29), tgt=ip6),
    'TCP': {'sport': numbers(16, TCP_PORTS), 'dport': numbers(16, TCP_PORTS), 'seq': numbers(32), 'ack': numbers(32),
            'dataofs': numbers(4), 'reserved': numbers(3), 'flags': tcp_flags, 'window': numbers(16),
            'chksum': numbers(16), 'urgptr': numbers(16), 'options': tcp_options},
    'UDP': {'sport': numbers(16, UDP_PORTS), 'dport': numbers(16, UDP_PORTS), 'len': numbers(16), 'chksum': numbers(16)},
    'Raw': {'load': strings},
    'Padding': {'load': strings},
    '"': {'load': string},
}
# Fields that a sender seldom sets: they hide what is computed.
SELDOM = {'chksum', 'cksum', 'len', 'plen', 'ihl', 'dataofs', 'version', 'type', 'proto', 'nh'}

# Fields whose automatic values differ (test_differences.py): they are given always.
ALWAYS = {'Ether': {'src': '"02:00:00:00:00:07"'}, 'ARP': {'pdst': '"198.18.0.9"'},
          'ICMP': {'ts_ori': '0', 'ts_rx': '0', 'ts_tx': '0'}}

V6 = [name for name in FIELDS if name.startswith('ICMPv6')]
STACKS = [
    ['IP', 'TCP'], ['IP', 'UDP'], ['IP', 'ICMP'], ['IPv6', 'TCP'], ['IPv6', 'UDP'], ['IPv6', 'ICMPv6'], ['ARP'], ['IP'],
    ['IPv6'], ['IP', 'IP', 'TCP'], ['IP', 'IP', 'UDP'], ['IP', 'IPv6', 'TCP'], ['IPv6', 'IPv6', 'ICMPv6'],
    ['IPv6', 'IP', 'ICMP'], ['IP', 'ICMP', 'IP', 'TCP'], ['IP', 'ICMP', 'IP', 'UDP'], ['IPv6', 'ICMPv6', 'IPv6', 'UDP'],
    ['IP', 'UDP', '"', 'IP', 'TCP'], ['IP', 'UDP', '"', 'IP', 'UDP', '"', 'IP', 'TCP'], ['IPv6', 'UDP', 'Raw', 'IPv6', 'TCP'],
    ['TCP'], ['UDP'], ['ICMP'], ['ICMPv6'], ['Raw'], ['"', '"', 'IP', 'ICMP'], ['IP', 'Raw'], ['IPv6', '"'], ['IP', 'ICMPv6'],
    ['Raw', 'TCP'], ['IP', 'TCP', 'IP', 'UDP'],
]
LINKS = [[], [], ['Ether'], ['Ether', 'Dot1Q'], ['Ether', 'Dot1Q', 'Dot1Q'], ['Dot1Q'], ['Ether', 'Ether']]
# How summaries differ that follow newer Scapy: (a pattern of Debian's, what it is there; None: too different to compare).
SUMMARIES = []
for path in sorted(Path(__file__).parent.glob('fields_*.py')):
    module = importlib.import_module(path.stem)
    SUMMARIES += getattr(module, 'SUMMARIES', [])
    FIELDS.update(module.FIELDS)
    STACKS += module.STACKS
    ALWAYS.update(getattr(module, 'ALWAYS', {}))
    SELDOM |= getattr(module, 'SELDOM', set())

TAILS = [[], [], ['"'], ['Raw'], ['"', '"'], ['Raw', 'Raw'], ['Padding'], ['"', 'Padding']]


def newer_summary(text):
    """The summary as newer Scapy has it; None: it cannot be told from this one."""
    for pattern, newer in SUMMARIES:
        if newer is None and re.search(pattern, text):
            return None
        text = re.sub(pattern, newer, text) if newer is not None else text
    return text


def draw_layer(random, name, busy):
    fields = {}
    for f, draw in FIELDS[name].items():
        chance = busy * (0.15 if f in SELDOM else 1)
        if name == '"' or random.random() < chance:
            fields[f] = draw(random)
    for f, text in ALWAYS.get(name, {}).items():
        fields.setdefault(f, Value(text))
    # Scapy looks up a source for the last hop of a source route, and sums that instead of the one it sends.
    if name == 'IP' and 'SRR' in fields.get('options', Value('')).volley:
        fields.setdefault('src', Value('"198.18.0.1"'))
    order = list(fields)
    random.shuffle(order)  # of the keywords, which must not matter
    return Layer(name, {f: fields[f] for f in order})


def draw_template(random):
    names = random.choice(LINKS) + random.choice(STACKS) + random.choice(TAILS)
    names = [random.choice(V6) if name == 'ICMPv6' else name for name in names]
    busy = random.choice([0.1, 0.25, 0.5])
    layers = [draw_layer(random, name, busy) for name in names]
    template = Template(tuple(layers))
    # Too many packets: the longest value set becomes its first value.
    while template.n > PACKETS_MAX:
        i, f, value = max(((i, f, v) for i, layer in enumerate(template.layers) for f, v in layer.fields.items()),
                          key=lambda entry: entry[2].n)
        fields = {k: v for k, v in template.layers[i].fields.items() if k != f}
        if f in ALWAYS.get(template.layers[i].name, {}):
            fields[f] = Value(ALWAYS[template.layers[i].name][f])
        elif value.items and max(item.n for item in value.items) < value.n:
            fields[f] = list_of(value.items[:len(value.items) // 2] or value.items[:1])
        template = Template(template.layers[:i] + (replace(template.layers[i], fields=fields),) + template.layers[i + 1:])
    return template

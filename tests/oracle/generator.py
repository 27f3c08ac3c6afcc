"""Templates drawn at random, each as Volley's text and as the Python expression that means the same to Scapy.

A template is a list of layers, a layer a name and values by field. They are drawn so that no template stands for more
than `PACKETS_MAX` packets, and can be made smaller step by step to find the smallest that still fails.
"""

from dataclasses import dataclass, field, replace

PACKETS_MAX = 300


@dataclass(frozen=True)
class Value:
    """n values of a field; `items` are those of a list."""
    volley: str
    n: int = 1
    scapy: str = ''
    items: tuple = ()

    @property
    def python(self):
        return self.scapy or self.volley

    def smaller(self):
        for i in range(len(self.items)):
            yield list_of(self.items[:i] + self.items[i + 1:])
        if len(self.items) == 1:
            yield self.items[0]


def list_of(items):
    return Value('[' + ','.join(i.volley for i in items) + ']', sum(i.n for i in items),
                 '[' + ','.join(i.python for i in items) + ']', tuple(items))


@dataclass(frozen=True)
class Layer:
    name: str
    fields: dict = field(default_factory=dict)

    def text(self, language):
        if self.name == '"':
            text = getattr(self.fields['load'], language)
            return f'({text})' if text[-1] not in '"' or '"+"' in text else text
        renamed = {('Dot1Q', 'dei'): 'id'} if language == 'python' else {}
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


# --- Values ------------------------------------------------------------------------------------------------------


def number_text(random, value):
    return random.choice([str, str, hex, lambda v: f'0x{v:X}', bin, oct])(value)


def number(random, bits):
    top = (1 << bits) - 1
    value = random.choice([0, 1, top, top // 2, top - 1, random.randrange(top + 1), random.randrange(min(top, 255) + 1)])
    return Value(number_text(random, max(value, 0)))


def number_range(random, bits):
    top = (1 << bits) - 1
    first = random.randrange(top + 1)
    step = random.choice([1, 1, 2, 3, 7, -1, -2, -5])
    last = min(max(first + step * random.randrange(5) + random.choice([0, 0, 0, 1, -1]), 0), top)
    values = range(first, last + 1, step)
    text = f'({number_text(random, first)},{last}' + (f',{step}' if step != 1 or random.random() < 0.2 else '') + ')'
    return Value(text, len(values))


def numbers(bits, names=()):
    def draw(random):
        def one():
            if names and random.random() < 0.3:
                return Value(f'"{random.choice(names)}"')
            return number(random, bits)
        kind = random.randrange(10)
        if kind < 4:
            return one()
        if kind < 7:
            return number_range(random, bits)
        items = [one() if random.random() < 0.6 else number_range(random, bits) for _ in range(random.randrange(5))]
        return list_of(items)
    return draw


def number_only(bits):
    return lambda random: number(random, bits)


def ip4_text(random):
    return f'198.{random.choice([18, 19])}.{random.randrange(256)}.{random.randrange(256)}'


def ip6_text(random):
    return random.choice(['2001:2::', '2001:2:0:1::', '2001:2:0:ffff::', '::']) + f'{random.randrange(65536):x}'


def addresses(text, width, net):
    def one(random):
        kind = random.randrange(6)
        if kind < 3:
            return Value(f'"{text(random)}"')
        if kind < 5:
            bits = random.randrange(4)
            return Value(f'"{text(random)}/{width - bits}"', 1 << bits)
        first = text(random)
        n = random.randrange(4)
        head, separator, tail = first.rpartition('.' if width == 32 else ':')
        low = min(int(tail, 10 if width == 32 else 16), 255 - n if width == 32 else 0xffff - n)
        written = str if width == 32 else lambda v: f'{v:x}'
        ends = f'"{head}{separator}{written(low)}","{head}{separator}{written(low + n)}"'
        return Value(f'({ends})', n + 1, f'{net}({ends})')

    def draw(random):
        if random.random() < 0.7:
            return one(random)
        return list_of([one(random) for _ in range(random.randrange(1, 4))])
    return draw


ip4 = addresses(ip4_text, 32, 'Net')
ip6 = addresses(ip6_text, 128, 'Net6')


def only_plain(draw):
    """Of a set that Scapy cannot mix in this field: a plain address or network."""
    def again(random):
        value = draw(random)
        while value.items or value.scapy:
            value = draw(random)
        return value
    return again


def mac(random):
    def one():
        return Value('"' + ':'.join(f'{random.randrange(256):02x}' for _ in range(6)) + '"')
    return one() if random.random() < 0.7 else list_of([one() for _ in range(random.randrange(1, 4))])


def tcp_flags(random):
    letters = ''.join(random.sample('FSRPAUECN', random.randrange(5)))
    return random.choice([Value(f'"{letters}"'), Value(f'"{letters}"'), number(random, 9)])


def ip_flags(random):
    names = random.sample(['MF', 'DF', 'evil'], random.randrange(1, 3))
    return random.choice([Value('"' + '+'.join(names) + '"'), number(random, 3)])


def string_text(random):
    pieces = ['a', 'GET /', 'xyz', r'\n', r'\x00', r'\x7f', r'\0', r'\\', r'\t', ' ', '%s', r'\101', r'\xe9', r'\377', "'", r'\"', r'\q']
    return ''.join(random.choice(pieces) for _ in range(random.randrange(9)))


def string(random):
    kind = random.randrange(6)
    text = string_text(random)
    if kind < 3:
        return Value(f'"{text}"')
    if kind == 3:
        return Value(f'b"{text}"')
    if kind == 4:
        return Value(f'"{text}"*{random.randrange(40)}')
    return Value(f'"{text}"+"{string_text(random)}"')


def strings(random):
    return string(random) if random.random() < 0.6 else list_of([string(random) for _ in range(random.randrange(1, 5))])


def tcp_options(random):
    def number_of(bits):
        return number(random, bits).volley
    makers = [
        lambda: f'("MSS",{number_of(16)})', lambda: '("NOP",None)', lambda: '("EOL",None)',
        lambda: f'("WScale",{number_of(8)})', lambda: '("SAckOK","")', lambda: '("SAckOK",b"")',
        lambda: f'("Timestamp",({number_of(32)},{number_of(32)}))', lambda: f'("SAck",({number_of(32)},{number_of(32)}))',
        lambda: f'("UTO",{number_of(16)})', lambda: f'({random.randrange(256)},"{random.choice(["", "ab", "xyz"])}")',
        lambda: f'("TFO",({number_of(32)},{number_of(32)}))', lambda: f'("AltChkSum",({number_of(8)},{number_of(16)}))',
        lambda: '("MD5",b"0123456789abcdef")', lambda: f'("Mood","{random.choice(["", ":)"])}")', lambda: '("AO",b"abcd")',
    ]
    options, room = [], 40
    for _ in range(random.randrange(6)):
        made = random.choice(makers)()
        room -= 18 if 'MD5' in made else 10  # as much as the longest others take
        if room >= 0:
            options.append(made)
    return Value('[' + ','.join(options) + ']')


def ip_options(random):
    text = random.choice([r'\x94\x04\x00\x00', r'\x01\x01', r'\x07\x07\x04\x00\x00\x00\x00', 'abcde'])
    return Value(f'b"{text}"')


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
TAILS = [[], [], ['"'], ['Raw'], ['"', '"'], ['Raw', 'Raw'], ['Padding'], ['"', 'Padding']]


def draw_layer(random, name, busy):
    fields = {}
    for f, draw in FIELDS[name].items():
        chance = busy * (0.15 if f in SELDOM else 1)
        if name == '"' or random.random() < chance:
            fields[f] = draw(random)
    for f, text in ALWAYS.get(name, {}).items():
        fields.setdefault(f, Value(text))
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

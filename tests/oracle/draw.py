"""Values drawn at random: each as Volley's text, and as Python's where Scapy spells it differently.

A function that draws takes the random source and returns a Value. Modules fields_*.py have a table of them for each layer.
"""

from dataclasses import dataclass


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


def packet(random, name, fields, busy=0.5):
    """A packet as a field's value, of single values only: Scapy takes the first of a set there."""
    drawn = {f: draw(random) for f, draw in fields.items() if random.random() < busy}
    single = {f: value for f, value in drawn.items() if value.n == 1 and not value.items and value.volley[0] != '('}
    volley = ','.join(f'{f}={value.volley}' for f, value in single.items())
    python = ','.join(f'{f}={value.python}' for f, value in single.items())
    return Value(f'{name}({volley})', 1, f'{name}({python})')


def address_list(random):
    return Value('[' + ','.join(f'"{ip4_text(random)}"' for _ in range(random.randrange(4))) + ']')


def string_of(n):
    return lambda random: Value(f'b"{"".join(random.choice("xyz.0") for _ in range(n))}"')


IP_OPTION = {'copy_flag': numbers(1), 'optclass': numbers(2, ['control', 'debug'])}
IP_ROUTE = {**IP_OPTION, 'pointer': numbers(8), 'routers': address_list}
IP_OPTIONS = {
    'IPOption': {**IP_OPTION, 'option': numbers(5, ['security', 'quick_start']),
                 'value': lambda random: string_of(random.randrange(20))(random)},
    'IPOption_EOL': IP_OPTION,
    'IPOption_NOP': IP_OPTION,
    'IPOption_Security': {**IP_OPTION, 'security': numbers(16), 'compartment': numbers(16),
                          'handling_restrictions': numbers(16), 'transmission_control_code': string_of(3)},
    'IPOption_RR': IP_ROUTE,
    'IPOption_LSRR': IP_ROUTE,
    'IPOption_SSRR': IP_ROUTE,
    'IPOption_Timestamp': {**IP_OPTION, 'length': numbers(8), 'pointer': numbers(8), 'oflw': numbers(4),
                           'flg': numbers(4, ['timestamp_only']), 'internet_address': ip4, 'timestamp': numbers(32)},
    'IPOption_Stream_Id': {**IP_OPTION, 'security': numbers(16)},
    'IPOption_MTU_Probe': {**IP_OPTION, 'mtu': numbers(16)},
    'IPOption_MTU_Reply': {**IP_OPTION, 'mtu': numbers(16)},
    'IPOption_Traceroute': {**IP_OPTION, 'id': numbers(16), 'outbound_hops': numbers(16), 'return_hops': numbers(16),
                            'originator_ip': ip4},
    'IPOption_Address_Extension': {**IP_OPTION, 'src_ext': ip4, 'dst_ext': ip4},
    'IPOption_Router_Alert': {**IP_OPTION, 'alert': numbers(16, ['router_shall_examine_packet'])},
    'IPOption_SDBM': {**IP_OPTION, 'addresses': address_list},
}


def ip_options(random):
    """Bytes, or packets of less than 40 bytes together."""
    if random.random() < 0.2:
        text = random.choice([r'\x94\x04\x00\x00', r'\x01\x01', r'\x07\x07\x04\x00\x00\x00\x00', 'abcde'])
        return Value(f'b"{text}"')
    names = random.sample(list(IP_OPTIONS), random.randrange(3))
    options = [packet(random, name, IP_OPTIONS[name]) for name in names]
    return Value('[' + ','.join(o.volley for o in options) + ']', 1, '[' + ','.join(o.python for o in options) + ']')

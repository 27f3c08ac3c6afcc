"""What Scapy's class of a layer has: its fields, names of values, and packets that set one field each. Run by peer.py."""

from scapy import fields

# Arguments without which Scapy's packet is a new one each time, or not what newer Scapy makes.
ALWAYS = {
    'DNSRRMX': {'type': 15},
    'DNSRRTSIG': {'mac_len': 0},
    'ICMP': {'ts_ori': 0, 'ts_rx': 0, 'ts_tx': 0},
    'IE_ExtensionHeaderList': {'length': 2},
    'IE_TEIDI': {'TEIDI': 0},
    'NBNSNodeStatusResponse': {'MAC_ADDRESS': '00:00:00:00:00:00'},
    'NTPHeader': {'orig': 0, 'sent': 0},
    'NTPPrivate': {'mode': 7},
    'SCTPChunkParamRandom': {'random': bytes(32)},
    'SNMPtrapv1': {'time_stamp': 0},
}
NONCE = {'nonce': bytes(8)}
SEARCHED = (*range(64), 128, 133, 134, 255)  # values of a field on which another one's presence may depend

# Where X() stands on these, the lower layer's fields follow from it.
LOWER = (
    'Ether(src="02:00:00:00:00:01",dst="02:00:00:00:00:02")',
    'IP(src="198.18.0.1",dst="198.18.0.2")',
    'IPv6(src="2001:2::1",dst="2001:2::2")',
    'IP(src="198.18.0.1",dst="198.18.0.2")/UDP()',
    'IP(src="198.18.0.1",dst="198.18.0.2")/TCP()',
    'IP(src="198.18.0.1",dst="198.18.0.2")/SCTP()',
)


def describe(scapy, name):
    """{'fields', 'names': {field: [[number, name], ...]}, 'cases': [[field, template, hex], ...]}; None: no such class."""
    cls = scapy.get(name)
    if cls is None:
        return None
    seen = {'fields': [f.name for f in cls.fields_desc], 'names': {}, 'cases': []}
    cases = [(None, f'{name}()', {}, '')] + [(None, f'{lower}/{name}()', {}, lower) for lower in LOWER]
    for field in cls.fields_desc:
        given = present(cls, field)
        for kind in unwrapped(field) if given is not None else ():
            if named(kind):
                seen['names'][field.name] = [[k, n] for k, n in sorted(named(kind).items()) if k < 1 << width(kind)]
            for arguments in [{**given, field.name: value} for value in draw(kind)] + draw_by_type(kind):
                text = ','.join(f'{f}={v!r}' for f, v in arguments.items())
                cases.append((field.name, f'{name}({text})', arguments, ''))
    for field, text, arguments, lower in cases:
        try:
            top = cls(**{**always(name), **arguments})
            packet = eval(lower, dict(scapy)) / top if lower else top
            seen['cases'].append([field, text, bytes(packet).hex()])
        except Exception:  # Scapy does not take it: nothing to compare
            pass
    return seen


def always(name):
    return NONCE if name.startswith('ICMPv6NI') else ALWAYS.get(name, {})


def unwrapped(field):
    """The field, or those that it may be."""
    if isinstance(field, (fields.ConditionalField, fields.Emph)):
        return unwrapped(field.fld)
    if isinstance(field, fields.MultipleTypeField):
        return unwrapped(field.dflt)
    return [field]


def present(cls, field):
    """Arguments with which the field is there; None: none were found."""
    if not isinstance(field, fields.ConditionalField):
        return {}
    tries = [{}] + [{other.name: v} for other in cls.fields_desc if other.name != field.name for v in SEARCHED]
    return next((arguments for arguments in tries if is_present(cls, field, arguments)), None)


def is_present(cls, field, arguments):
    try:
        return field._evalcond(cls(**arguments))
    except Exception:  # the value is none for that field
        return False


def draw(field):
    """Values to try: the edges of numbers, all names."""
    bits = width(field)
    if isinstance(field, fields.FlagsField):
        return [n for n in field.names if n and n.strip()] + [0, (1 << bits) - 1]
    numbers = [0, 1, (1 << bits) - 1] if bits else []
    return numbers + [n for k, n in named(field).items() if bits and k < 1 << bits]


def draw_by_type(field):
    """Names of codes, of which each type has its own."""
    if not isinstance(field, fields.MultiEnumField):
        return []
    return [{'type': kind, field.name: name} for kind, names in field.i2s_multi.items() for name in names.values()]


def width(field):
    """Bits of a number's field; 0: it is none."""
    if isinstance(field, fields.BitField):
        return int(field.size)
    number = isinstance(field.default, (int, type(None))) and field.fmt[-1:] in 'BHIQ'
    if isinstance(field, (fields.ThreeBytesField, fields.OUIField)):
        return 24
    return int(8 * field.sz) if number and not isinstance(field, (fields.StrField, fields.IPField)) else 0


def named(field):
    """{number: name} of a field that has such."""
    names = getattr(field, 'i2s', None)
    if not isinstance(field, fields._EnumField) or names is None:
        return {}
    pairs = {k: names[k] for k in names.keys()} if hasattr(names, 'keys') else dict(names)
    return {k: n for k, n in pairs.items() if isinstance(k, int) and isinstance(n, str)}

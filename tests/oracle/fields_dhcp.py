"""BOOTP, DHCP and SNMP."""

from draw import Value, ip4, ip4_text, number, number_only, numbers, packet, string, string_of

NUMBERED = [('boot-size', 16), ('time_zone', 32), ('ip-forwarding', 8), ('lease_time', 32), ('max_dhcp_size', 16), ('tcp_ttl', 8)]
ADDRESSED = ['subnet_mask', 'router', 'name_server', 'requested_addr', 'server_id', 'NTP_server']
WORDED = ['hostname', 'domain', 'vendor_class_id', 'client_id', 'client_FQDN', 'boot-file-name', 'relay_agent_information']
# By number to Scapy: of a name it has no summary before it is built.
KINDS = [('"discover"', '1'), ('"offer"', '2'), ('"nak"', '6'), ('"lease_active"', '13'), ('3', '3'), ('77', '77')]


def option(random):
    kind = random.randrange(9)
    if kind == 0:
        return random.choice(['"pad"', '"end"'])
    if kind == 2:
        return f'("{random.choice(ADDRESSED)}",' + ','.join(f'"{ip4_text(random)}"' for _ in range(random.randrange(1, 4))) + ')'
    if kind == 3:
        name, bits = random.choice(NUMBERED)
        return f'("{name}",{number(random, bits).volley})'
    if kind == 4:
        return '("param_req_list",[' + ','.join(str(random.randrange(256)) for _ in range(random.randrange(8))) + '])'
    if kind == 5:
        return f'({random.randrange(1, 255)},b"{"x" * random.randrange(256)}")'
    if kind == 6:
        return f'("classless_static_routes",["{ip4_text(random)}/{random.randrange(33)}:{ip4_text(random)}"])'
    return f'("{random.choice(WORDED)}","{"".join(random.choice("abc.-") for _ in range(random.randrange(40)))}")'


def options(random):
    before, after = [option(random) for _ in range(random.randrange(5))], [option(random) for _ in range(random.randrange(3))]
    volley, python = random.choice(KINDS)
    of_kind = [[f'("message-type",{spelled})'] for spelled in (volley, python)]
    if random.random() < 0.3:
        of_kind = [[], []]
    return Value('[' + ','.join(before + of_kind[0] + after) + ']', 1, '[' + ','.join(before + of_kind[1] + after) + ']')


def short(most):
    return lambda random: Value(f'b"{"".join(random.choice("xyz.0") for _ in range(random.randrange(most + 1)))}"')


def oid(random):
    arcs = [random.choice(['1.3', '2.5', '1.3.6.1.2.1'])] + [str(random.choice([0, 1, 127, 128, 16384, 2**32 - 1])) for _ in range(random.randrange(5))]
    text = '.'.join(arcs)
    return Value(random.choice([f'"{text}"', f'ASN1_OID("{text}")']))


def value(random):
    size = random.choice([0, 1, 60, 127, 128, 300])
    return Value(random.choice([number(random, 32).volley, f'b"{"v" * size}"', 'ASN1_NULL(0)', f'ASN1_INTEGER({number(random, 16).volley})',
                                f'ASN1_STRING(b"{"s" * size}")', f'ASN1_COUNTER32({number(random, 32).volley})',
                                f'ASN1_GAUGE32({number(random, 8).volley})', f'ASN1_TIME_TICKS({number(random, 32).volley})',
                                f'ASN1_IPADDRESS("{ip4_text(random)}")', oid(random).volley]))


def variables(random):
    return Value('[' + ','.join(packet(random, 'SNMPvarbind', {'oid': oid, 'value': value}).volley for _ in range(random.randrange(4))) + ']')


REQUEST = {'id': number_only(32), 'error': number_only(8), 'error_index': number_only(16), 'varbindlist': variables}
PDUS = {name: REQUEST for name in ('SNMPget', 'SNMPnext', 'SNMPresponse', 'SNMPset', 'SNMPinform', 'SNMPtrapv2')}
PDUS['SNMPbulk'] = {'id': number_only(32), 'non_repeaters': number_only(8), 'max_repetitions': number_only(16), 'varbindlist': variables}
PDUS['SNMPtrapv1'] = {'enterprise': oid, 'agent_addr': lambda random: Value(f'"{ip4_text(random)}"'), 'generic_trap': number_only(8),
                      'specific_trap': number_only(16), 'varbindlist': variables}


def pdu(random):
    name = random.choice(list(PDUS))
    drawn = packet(random, name, PDUS[name])
    if name != 'SNMPtrapv1':
        return drawn
    text = drawn.volley[:-1]  # Scapy's default is the time
    return Value(f'{text}{"" if text[-1] == "(" else ","}time_stamp={number(random, 32).volley})')


FIELDS = {
    'BOOTP': {'op': numbers(8, ['BOOTREQUEST', 'BOOTREPLY']), 'htype': numbers(8, ['Ethernet (10Mb)']), 'hlen': numbers(8),
              'hops': numbers(8), 'xid': numbers(32), 'secs': numbers(16),
              'flags': lambda random: random.choice([Value('"B"'), Value('0x8000'), Value('1')]), 'ciaddr': ip4, 'yiaddr': ip4,
              'siaddr': ip4, 'giaddr': ip4, 'chaddr': short(16), 'sname': short(64), 'file': short(128),
              'options': string_of(7)},
    'DHCP': {'options': options},
    'SNMP': {'version': lambda random: Value(random.choice(['0', '1', '3', '300'])),
             'community': lambda random: string(random), 'PDU': pdu},
}
SELDOM = {'htype', 'hlen'}
STACKS = [['IP', 'UDP', 'BOOTP'], ['IP', 'UDP', 'BOOTP', 'DHCP'], ['IP', 'UDP', 'BOOTP', 'DHCP'], ['DHCP'],
          ['IP', 'UDP', 'SNMP'], ['IP', 'UDP', 'SNMP'], ['IPv6', 'UDP', 'SNMP'], ['SNMP']]

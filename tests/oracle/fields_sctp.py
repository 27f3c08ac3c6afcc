"""SCTP, its chunks and their parameters."""

from draw import Value, ip4_text, ip6_text, number, numbers, packet, string
from draw import strings as any_strings


def several(one):
    """A list that is one value: Scapy takes it whole."""
    return lambda random: Value('[' + ','.join(one(random) for _ in range(random.randrange(5))) + ']')


def strings(random):
    """Of ASCII: in a list, Scapy's lengths count characters, not bytes."""
    value = any_strings(random)
    while any(escape in value.volley for escape in (r'\xe9', r'\377')):
        value = any_strings(random)
    return value


def named_numbers(bits, names):
    return several(lambda random: f'"{random.choice(names)}"' if random.random() < 0.5 else number(random, bits).volley)


CHUNK_NAMES = ['data', 'init-ack', 'sack', 'shutdown', 'cookie-echo', 'authentication', 'address-configuration']
gaps = several(lambda random: f'"{random.randrange(65536)}:{random.randrange(65536)}"')
PARAMS = {
    'HeartbeatInfo': {'data': string}, 'StateCookie': {'cookie': string}, 'UnrocognizedParam': {'param': string},
    'Hostname': {'hostname': string}, 'CookiePreservative': {'sug_cookie_inc': numbers(32)}, 'ECNCapable': {},
    'SupportedAddrTypes': {'addr_type_list': named_numbers(16, ['IPv4', 'IPv6', 'hostname'])},
    'ChunkList': {'chunk_list': named_numbers(8, CHUNK_NAMES)},
    'RequestedHMACFunctions': {'HMAC_functions_list': named_numbers(16, ['SHA-1', 'SHA-256'])},
    'SupportedExtensions': {'supported_extensions': named_numbers(8, CHUNK_NAMES)}, 'FwdTSN': {},
    'ErrorIndication': {'correlation_id': numbers(32), 'error_causes': string},
    'SuccessIndication': {'correlation_id': numbers(32)}, 'AdaptationLayer': {'indication': numbers(32)},
    'IPv4Addr': {'addr': lambda random: Value(f'"{ip4_text(random)}"')},
    'IPv6Addr': {'addr': lambda random: Value(f'"{ip6_text(random)}"')},
}


def address_param(random):
    name = random.choice(['AddIPAddr', 'DelIPAddr', 'SetPrimaryAddr'])
    kind, address = random.choice([('5', ip4_text), ('"IPv4"', ip4_text), ('6', ip6_text), ('"IPv6"', ip6_text)])
    given = f',addr="{address(random)}"' if random.random() < 0.7 else ''
    return Value(f'SCTPChunkParam{name}(correlation_id={number(random, 32).volley},addr_type={kind}{given})')


def param(random):
    kind = random.randrange(8)
    if kind == 0:
        return address_param(random)
    if kind == 1:  # Scapy's default is drawn anew each time
        return Value(f'SCTPChunkParamRandom(random={string(random).volley})')
    name = random.choice(list(PARAMS))
    fields = dict(PARAMS[name])
    if random.random() < 0.1:
        fields.update(type=numbers(16, ['IPv4', 'ecn-capable']), len=numbers(16))
    return packet(random, f'SCTPChunkParam{name}', fields)


def params(random):
    drawn = [param(random) for _ in range(random.randrange(4))]
    return Value('[' + ','.join(p.volley for p in drawn) + ']', 1, '[' + ','.join(p.python for p in drawn) + ']')


def chunk(**fields):
    return {'type': numbers(8, CHUNK_NAMES), 'len': numbers(16), **fields}


init = chunk(flags=numbers(8), init_tag=numbers(32), a_rwnd=numbers(32), n_out_streams=numbers(16),
             n_in_streams=numbers(16), init_tsn=numbers(32), params=params)
with_params = chunk(flags=numbers(8), params=params)
plain = chunk(flags=numbers(8))
address_conf = chunk(flags=numbers(8), seq=numbers(32), params=params)

FIELDS = {
    'SCTP': {'sport': numbers(16), 'dport': numbers(16), 'tag': numbers(32), 'chksum': numbers(32)},
    'SCTPChunkData': chunk(reserved=numbers(4), delay_sack=numbers(1), unordered=numbers(1), beginning=numbers(1),
                           ending=numbers(1), tsn=numbers(32), stream_id=numbers(16), stream_seq=numbers(16),
                           proto_id=numbers(32, ['M3UA', 'S1AP', 'Diameter/SCTP', 'Unassigned']), data=strings),
    'SCTPChunkInit': init,
    'SCTPChunkInitAck': init,
    'SCTPChunkSACK': chunk(flags=numbers(8), cumul_tsn_ack=numbers(32), a_rwnd=numbers(32), n_gap_ack=numbers(16),
                           n_dup_tsn=numbers(16), gap_ack_list=gaps,
                           dup_tsn_list=several(lambda random: number(random, 32).volley)),
    'SCTPChunkHeartbeatReq': with_params,
    'SCTPChunkHeartbeatAck': with_params,
    'SCTPChunkAbort': chunk(reserved=numbers(7), TCB=numbers(1), error_causes=strings),
    'SCTPChunkShutdown': chunk(flags=numbers(8), cumul_tsn_ack=numbers(32)),
    'SCTPChunkShutdownAck': plain,
    'SCTPChunkShutdownComplete': chunk(reserved=numbers(7), TCB=numbers(1)),
    'SCTPChunkError': chunk(flags=numbers(8), error_causes=strings),
    'SCTPChunkCookieEcho': chunk(flags=numbers(8), cookie=strings),
    'SCTPChunkCookieAck': plain,
    'SCTPChunkAuthentication': chunk(flags=numbers(8), shared_key_id=numbers(16), HMAC_function=numbers(16), HMAC=strings),
    'SCTPChunkAddressConf': address_conf,
    'SCTPChunkAddressConfAck': address_conf,
}
SELDOM = {'n_gap_ack', 'n_dup_tsn'}

STACKS = [
    ['IP', 'SCTP', 'SCTPChunkInit'], ['IPv6', 'SCTP', 'SCTPChunkInitAck'], ['IP', 'SCTP', 'SCTPChunkAbort'],
    ['IP', 'SCTP', 'SCTPChunkCookieEcho', 'SCTPChunkData', 'SCTPChunkData'], ['IP', 'ICMP', 'IP', 'SCTP', 'SCTPChunkInit'],
    ['IP', 'SCTP', 'SCTPChunkSACK', 'SCTPChunkCookieAck', 'SCTPChunkError', 'SCTPChunkData'], ['SCTP', 'SCTPChunkShutdown'],
    ['IPv6', 'SCTP', 'SCTPChunkAuthentication', 'SCTPChunkAddressConf'], ['SCTP', 'SCTPChunkHeartbeatReq'],
    ['IP', 'SCTP', 'SCTPChunkShutdownAck', 'SCTPChunkShutdownComplete', 'SCTPChunkAddressConfAck', 'SCTPChunkHeartbeatAck'],
    ['IP', 'IP', 'SCTP', 'SCTPChunkInit'], ['IP', 'SCTP'],
]

"""NTP, TFTP, ISAKMP, RTP and RIP."""

from draw import Value, ip4, number, number_only, numbers, packet, string
from draw import strings as any_strings


def short(n):
    """A string of at most n bytes: Scapy cuts longer ones."""
    def draw(random):
        return Value('"' + ''.join(random.choice('aZ 9.') for _ in range(random.randrange(n + 1))) + '"')
    return draw


def strings(random):
    """ASCII that does not end early: other text is read back otherwise than Scapy prints it before it is built."""
    value = any_strings(random)
    while any(escape in value.volley for escape in (r'\xe9', r'\377', r'\x00', r'\0')):
        value = any_strings(random)
    return value


def numbers_list(random):
    return Value('[' + ','.join(number(random, 32).volley for _ in range(random.randrange(4))) + ']')


def tftp_options(random):
    drawn = [packet(random, 'TFTP_Option', {'oname': string, 'value': string}) for _ in range(random.randrange(4))]
    return Value('[' + ','.join(p.volley for p in drawn) + ']', 1, '[' + ','.join(p.python for p in drawn) + ']')


def isakmp_flags(random):
    names = random.sample(['encryption', 'commit', 'auth_only', 'res3', 'res7'], random.randrange(1, 4))
    return random.choice([Value('"' + '+'.join(names) + '"'), number(random, 8)])


NTP_MODES = ['client', 'server', 'broadcast', 'symmetric active']
# Scapy takes no sets of fixed-point numbers.
NTP = {'leap': numbers(2, ['no warning']), 'version': numbers(3), 'mode': numbers(3, NTP_MODES), 'stratum': numbers(8),
       'poll': numbers(8), 'precision': numbers(8), 'delay': number_only(16), 'dispersion': number_only(16), 'id': ip4,
       'ref_id': short(4), 'ref': number_only(32), 'orig': number_only(32), 'recv': number_only(32), 'sent': number_only(32)}
TFTP_REQUEST = {'filename': strings, 'mode': strings}

FIELDS = {
    'NTP': NTP,
    'NTPHeader': NTP,
    'NTPPrivate': {'response': numbers(1), 'more': numbers(1), 'version': numbers(3), 'mode': numbers(3), 'auth': numbers(1),
                   'seq': numbers(7), 'implementation': numbers(8, ['XNTPD']),
                   'request_code': numbers(8, ['REQ_MON_GETLIST_1', 'REQ_PEER_LIST']), 'err': numbers(4),
                   'nb_items': numbers(12), 'mbz': numbers(4), 'data_item_size': numbers(12)},
    'TFTP': {'op': numbers(16, ['RRQ', 'OACK'])},
    'TFTP_RRQ': TFTP_REQUEST,
    'TFTP_WRQ': TFTP_REQUEST,
    'TFTP_DATA': {'block': numbers(16)},
    'TFTP_ACK': {'block': numbers(16)},
    'TFTP_ERROR': {'errorcode': numbers(16, ['File not found', 'No such user']), 'errormsg': strings},
    'TFTP_OACK': {},
    'TFTP_Options': {'options': tftp_options},
    'ISAKMP': {'init_cookie': short(8), 'resp_cookie': short(8), 'next_payload': numbers(8, ['SA', 'Nonce']),
               'version': numbers(8), 'exch_type': numbers(8, ['identity prot.', 'info']), 'flags': isakmp_flags,
               'id': numbers(32), 'length': numbers(32)},
    'RTP': {'version': numbers(2), 'padding': numbers(1), 'extension': numbers(1), 'numsync': numbers(4),
            'marker': numbers(1), 'payload_type': numbers(7, ['PCMA', 'DVI4', 'L16']), 'sequence': numbers(16),
            'timestamp': numbers(32), 'sourcesync': numbers(32), 'sync': numbers_list},
    'RTPExtension': {'header_id': numbers(16), 'header_len': numbers(16), 'header': numbers_list},
    'RIP': {'cmd': numbers(8, ['req', 'resp', 'updateAck']), 'version': numbers(8), 'null': numbers(16)},
    'RIPEntry': {'AF': numbers(16, ['IP']), 'RouteTag': numbers(16), 'addr': ip4, 'mask': ip4, 'nextHop': ip4,
                 'metric': numbers(32, ['Unreach'])},
    'RIPAuth': {'AF': numbers(16, ['Auth']), 'authtype': numbers(2, ['simple', 'md5', 'md5authdata']), 'password': short(16),
                'digestoffset': numbers(16), 'keyid': numbers(8), 'authdatalen': numbers(8), 'seqnum': numbers(32),
                'zeropad': short(8), 'authdata': strings},
}
SELDOM = {'numsync', 'header_len'}
# Times are 0 by default, where Scapy has the present; mode 7's mode is 7, as in newer Scapy.
ALWAYS = {'NTP': {'orig': '0', 'sent': '0'}, 'NTPHeader': {'orig': '0', 'sent': '0'}, 'NTPPrivate': {'mode': '7'}}

STACKS = [
    ['IP', 'UDP', 'NTP'], ['IPv6', 'UDP', 'NTPHeader'], ['IP', 'UDP', 'NTPPrivate'], ['IP', 'UDP', 'TFTP', 'TFTP_RRQ'],
    ['IPv6', 'UDP', 'TFTP', 'TFTP_WRQ', 'TFTP_Options'], ['IP', 'UDP', 'TFTP', 'TFTP_DATA'], ['IP', 'UDP', 'TFTP', 'TFTP_ACK'],
    ['UDP', 'TFTP', 'TFTP_ERROR'], ['IP', 'UDP', 'TFTP', 'TFTP_OACK', 'TFTP_Options'], ['IP', 'UDP', 'ISAKMP'],
    ['IP', 'UDP', 'RTP'], ['IP', 'UDP', 'RTP', 'RTPExtension'], ['IP', 'UDP', 'RIP', 'RIPEntry', 'RIPEntry'],
    ['IP', 'UDP', 'RIP', 'RIPAuth', 'RIPEntry'],
]

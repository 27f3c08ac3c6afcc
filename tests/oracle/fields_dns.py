"""DNS with its records, LLMNR and NetBIOS's name service.

Debian's Scapy chains records with "/", where newer Scapy and Volley have lists, and has neither the bit above the class nor
all records; test_differences.py has the rest.
"""

from draw import Value, ip4, ip4_text, ip6_text, mac, number, number_only, numbers, packet, string_of

TYPES = ['A', 'AAAA', 'MX', 'TXT', 'ALL', 'HTTPS']


def name_text(random):
    labels = [''.join(random.choice('abcxyz-019') for _ in range(random.choice([1, 3, 8, 63]))) for _ in range(random.randrange(4))]
    return '.'.join(labels) + random.choice(['', '.'] if labels else [''])


def name(random):
    return Value(f'"{name_text(random)}"')


def few(random, one):
    return Value('[' + ','.join(one(random) for _ in range(random.randrange(1, 4))) + ']')


def text(random):
    return Value(f'b"{"".join(random.choice("ab ") for _ in range(random.randrange(30)))}"')


def with_length(length, draw):
    """A string whose length Scapy 2.5.0 does not compute."""
    def draw_both(random):
        value = draw(random)
        return Value(value.volley, 1, f'{value.volley},{length}={len(value.volley) - 3}')
    return draw_both


RECORD = {'rrname': name, 'rclass': numbers(15, ['IN', 'CH']), 'ttl': numbers(32)}
PLAIN = {**RECORD, 'rclass': numbers(16, ['IN', 'CH'])}
SALT = {'hashalg': numbers(8), 'iterations': numbers(16), 'salt': with_length('saltlength', text)}
KEY = {'algorithm': numbers(8, ['RSA/SHA-256', 'Private algorithms - OID'])}
TYPE_MAP = {'typebitmaps': lambda random: few(random, lambda r: str(r.choice([1, 2, 15, 46, 255, 257, 32769, 65535])))}
SIGNER = {**RECORD, **KEY, 'keytag': numbers(16), 'digesttype': numbers(8, ['SHA-256']), 'digest': text}
RECORDS = {
    'DNSRRSOA': {**PLAIN, 'mname': name, 'rname': name, 'serial': numbers(32), 'refresh': numbers(32), 'retry': numbers(32),
                 'expire': numbers(32), 'minimum': numbers(32)},
    'DNSRRMX': {**RECORD, 'preference': numbers(16), 'exchange': name},
    'DNSRRSRV': {**RECORD, 'priority': numbers(16), 'weight': numbers(16), 'port': numbers(16), 'target': name},
    'DNSRRRSIG': {**RECORD, **KEY, 'typecovered': numbers(16, ['MX', 'SOA']), 'labels': numbers(8), 'originalttl': numbers(32),
                  'expiration': numbers(32), 'inception': numbers(32), 'keytag': numbers(16), 'signersname': name,
                  'signature': text},
    'DNSRRNSEC': {**RECORD, **TYPE_MAP, 'nextname': name},
    'DNSRRDNSKEY': {**RECORD, **KEY, 'flags': lambda random: Value(random.choice(['"S"', '"SZ"', '257', '0'])),
                    'protocol': numbers(8), 'publickey': text},
    'DNSRRDS': SIGNER,
    'DNSRRDLV': SIGNER,
    'DNSRRNSEC3': {**RECORD, **SALT, **TYPE_MAP, 'flags': numbers(8, ['Opt-Out']),
                   'nexthashedownername': with_length('hashlength', text)},
    'DNSRRNSEC3PARAM': {**RECORD, **SALT, 'flags': numbers(8)},
    'DNSRRTSIG': {**PLAIN, 'algo_name': name, 'time_signed': numbers(48), 'fudge': numbers(16), 'original_id': numbers(16),
                  'error': numbers(16), 'other_data': with_length('other_len', text)},
}
# What Scapy 2.5.0 gives another default.
MEANT = {'DNSRRMX': ',type=15', 'DNSRRTSIG': ',mac_len=0'}
DATA = [('"A"', lambda random: f'"{ip4_text(random)}"'), ('"AAAA"', lambda random: f'"{ip6_text(random)}"'),
        ('"NS"', lambda random: f'"{name_text(random)}"'), ('12', lambda random: f'"{name_text(random)}"'),
        ('"TXT"', lambda random: few(random, lambda r: 'b"' + 'x' * r.randrange(1, 255) + '"').volley),
        ('"NULL"', lambda random: text(random).volley), ('999', lambda random: text(random).volley)]
OPTIONS = {'EDNS0TLV': {'optcode': number_only(16), 'optdata': text},
           'EDNS0ClientSubnet': {'scope_plen': number_only(8), 'address': lambda random: Value(f'"{ip4_text(random)}"')}}


def plain_record(random):
    given = packet(random, 'DNSRR', RECORD)
    of_type, data = random.choice(DATA)
    return Value(f'{given.volley[:-1]}{"" if given.volley[-2] == "(" else ","}type={of_type},rdata={data(random)})')


def record(random):
    kind = random.randrange(4)
    if kind < 2:
        return plain_record(random)
    if kind == 2:
        options = [packet(random, option, OPTIONS[option]) for option in random.choices(list(OPTIONS), k=random.randrange(3))]
        given = packet(random, 'DNSRROPT', {'rrname': name, 'rclass': number_only(16), 'extrcode': numbers(8),
                                            'version': numbers(8), 'z': numbers(16, ['D0'])}).volley[:-1]
        return Value(f'{given}{"" if given[-1] == "(" else ","}rdata=[' + ','.join(o.volley for o in options) + '])')
    of_kind = random.choice(list(RECORDS))
    given = packet(random, of_kind, RECORDS[of_kind])
    comma = MEANT.get(of_kind, '')
    return Value(given.volley, 1, given.python[:-1] + (comma[1:] if given.python[-2] == '(' else comma) + ')')


def chain(items):
    if len(items) == 1:
        return items[0]
    return Value('[' + ','.join(i.volley for i in items) + ']', 1, '/'.join(i.python for i in items))


def records(random):
    if random.random() < 0.1:
        return Value('None')
    return chain([record(random) for _ in range(random.choice([1, 1, 2, 3]))])


def questions(random):
    fields = {'qname': name, 'qtype': numbers(16, TYPES), 'qclass': numbers(15, ['IN', 'ANY'])}
    if random.random() < 0.2:
        return Value('None')
    if random.random() < 0.2:  # sets in a question make several packets
        kinds, classes = numbers(16, ['A', 'MX', 'NS'])(random), numbers(15)(random)
        return Value(f'DNSQR(qname={name(random).volley},qtype={kinds.volley},qclass={classes.volley})', kinds.n * classes.n)
    return chain([packet(random, 'DNSQR', fields) for _ in range(random.choice([1, 1, 2, 3]))])


def netbios_name(random):
    return Value('"' + ''.join(random.choice('ABCxyz-_') for _ in range(random.randrange(1, 16))) + '"')


def entry(random):
    return packet(random, 'NBNS_ADD_ENTRY', ENTRY)


def of_packets(one):
    """A list that Scapy takes as one, and counts."""
    return lambda random: (lambda drawn: Value('[' + ','.join(drawn) + ']'))([one(random).volley for _ in range(random.randrange(1, 4))])


ENTRY = {'G': number_only(1), 'OWNER_NODE_TYPE': number_only(2), 'UNUSED': number_only(13),
         'NB_ADDRESS': lambda random: Value(f'"{ip4_text(random)}"')}
SERVICE = {'NETBIOS_NAME': string_of(15), 'SUFFIX': number_only(8), 'NAME_FLAGS': number_only(8)}
BITS = {f: numbers(1) for f in ('qr', 'aa', 'tc', 'rd', 'ra', 'z', 'ad', 'cd')}
SECTIONS = {'qd': questions, 'an': records, 'ns': records, 'ar': records, 'nscount': numbers(16), 'arcount': numbers(16)}
NAMED = {'SUFFIX': number_only(16), 'NULL': numbers(8)}
QUESTION = {**NAMED, 'QUESTION_NAME': netbios_name, 'QUESTION_TYPE': numbers(16, ['NB']), 'QUESTION_CLASS': numbers(16, ['INTERNET'])}
ANSWER = {**NAMED, 'RR_NAME': netbios_name, 'RR_TYPE': numbers(16, ['NBSTAT']), 'RR_CLASS': numbers(16), 'TTL': numbers(32),
          'RDLENGTH': numbers(16)}
FIELDS = {
    # A wrong length over TCP hides from Volley's summaries what it hides from who reads the packet: test_templates.py.
    'DNS': {'id': numbers(16), 'opcode': numbers(4, ['QUERY', 'STATUS']), **BITS, **SECTIONS},
    'LLMNRQuery': {'id': numbers(16), 'c': numbers(1), 'z': numbers(4), **SECTIONS, 'an': plain_record},
    'LLMNRResponse': {'id': numbers(16), 'c': numbers(1), 'z': numbers(4), **SECTIONS, 'an': plain_record},
    'NBNSHeader': {'NAME_TRN_ID': numbers(16), 'RESPONSE': numbers(1), 'OPCODE': numbers(4),
                   'NM_FLAGS': lambda random: Value(random.choice(['"B"', '"RD+B"', '"AA+TC"', '0', '127'])),
                   'RCODE': numbers(4), 'QDCOUNT': numbers(16), 'ANCOUNT': numbers(16), 'NSCOUNT': numbers(16),
                   'ARCOUNT': numbers(16)},
    'NBNSQueryRequest': QUESTION,
    'NBNSNodeStatusRequest': QUESTION,
    'NBNSQueryResponse': {**NAMED, 'RR_NAME': netbios_name, 'QUESTION_TYPE': numbers(16), 'QUESTION_CLASS': numbers(16),
                          'TTL': numbers(32), 'RDLENGTH': numbers(16), 'ADDR_ENTRY': of_packets(entry)},
    'NBNSNodeStatusResponse': {**ANSWER, 'NUM_NAMES': numbers(8), 'MAC_ADDRESS': mac, 'STATISTICS': string_of(46),
                               'NODE_NAME': of_packets(lambda random: packet(random, 'NBNSNodeStatusResponseService', SERVICE))},
    'NBNSRegistrationRequest': {**QUESTION, **ENTRY, 'NB_ADDRESS': ip4, 'RR_NAME': numbers(16), 'TTL': numbers(32),
                                'RDLENGTH': numbers(16)},
    'NBNSWackResponse': {**ANSWER, 'RDATA': numbers(16)},
}
ALWAYS = {'NBNSNodeStatusResponse': {'MAC_ADDRESS': '"02:00:00:00:00:09"'},
          'NBNSNodeStatusRequest': {'QUESTION_NAME': '"ANY"'}}
SELDOM = {'length', 'nscount', 'arcount', 'OPCODE', 'NM_FLAGS', 'RDLENGTH', 'NUM_NAMES'}
STACKS = [['IP', 'UDP', 'DNS'], ['IP', 'UDP', 'DNS'], ['IPv6', 'UDP', 'DNS'], ['IP', 'TCP', 'DNS'], ['DNS'],
          ['IP', 'UDP', 'LLMNRQuery'], ['IP', 'UDP', 'LLMNRResponse'], ['LLMNRQuery']]
STACKS += [['IP', 'UDP', 'NBNSHeader', above] for above in FIELDS if above.startswith('NBNS') and above != 'NBNSHeader']
# How summaries of newer Scapy, and Volley's, differ.
SUMMARIES = [(r'DNS (Qry|Ans) "(.*?)" ($| / )', r'DNS \1 \2\3'), (r'DNS (Qry|Ans) ($| / )', r'DNS \1\2'),
             (r'NBNSRegistrationRequest.*', None), (r"LLMNR.*", None)]

"""IGMP (versions 1 to 3)."""

from draw import Value, address_list, ip4, list_of, number_only, numbers, packet

IGMP_TYPES = ['Group Membership Query', 'Leave Group', 'Version 2 - Membership Report']
RECORD = {'rtype': numbers(8, ['Mode Is Include', 'Block Old Sources']), 'auxdlen': numbers(8), 'numsrc': numbers(16),
          'maddr': ip4, 'srcaddrs': address_list}


def records(random):
    items = [packet(random, 'IGMPv3gr', RECORD) for _ in range(random.randrange(4))]
    return Value('[' + ','.join(i.volley for i in items) + ']', 1, '[' + ','.join(i.python for i in items) + ']')


def time(random):
    """What Debian's Scapy does not encode: below 128."""
    return list_of([Value(str(random.randrange(128))) for _ in range(random.randrange(1, 3))])


FIELDS = {
    'IGMP': {'type': numbers(8, IGMP_TYPES), 'mrcode': numbers(8), 'chksum': numbers(16), 'gaddr': ip4},
    'IGMPv3': {'type': number_only(8), 'mrcode': time, 'chksum': numbers(16)},
    'IGMPv3mq': {'gaddr': ip4, 'resv': numbers(4), 's': numbers(1), 'qrv': numbers(3), 'qqic': numbers(8),
                 'numsrc': numbers(16), 'srcaddrs': address_list},
    'IGMPv3mr': {'res2': numbers(16), 'numgrp': numbers(16), 'records': records},
    'IGMPv3mra': {'qryIntvl': numbers(16), 'robust': numbers(16)},
}
# On IP, and where no maximal response time is given, newer Scapy is followed: rows of test_differences.py.
ALWAYS = {'IGMP': {'mrcode': '7'}, 'IGMPv3': {'mrcode': '7'}}
SELDOM = {'numsrc', 'numgrp'}
STACKS = [['IGMP'], ['IGMPv3'], ['IGMPv3', 'IGMPv3mq'], ['IGMPv3', 'IGMPv3mr'], ['IGMPv3', 'IGMPv3mra'], ['IP', 'IP']]

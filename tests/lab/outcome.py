"""What a run of `volley sr` left in its files, judged by the bytes and without anything of Volley's.

A pair belongs together if the answer's addresses, ports, numbers and payload follow from the stimulus, or if the answer
is an ICMP error whose quote is the stimulus (RFC 792, RFC 4443, RFC 9293 section 3.5.1).
"""

import ipaddress
import json
import struct
from dataclasses import dataclass

import pcapng

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
SYN, RST, ACK = 0x02, 0x04, 0x10


@dataclass(frozen=True)
class Datagram:
    """An IPv4 or IPv6 packet without options or extension headers."""

    version: int
    source: str
    destination: str
    protocol: int
    ttl: int
    payload: bytes


def datagram(data, is_quote=False):
    """Raises ValueError if a length is wrong; a quote may be cut short."""
    version = data[0] >> 4
    if version == 4:
        header, total = (data[0] & 15) * 4, struct.unpack_from('!H', data, 2)[0]
        protocol, ttl, addresses = data[9], data[8], (data[12:16], data[16:20])
    elif version == 6:
        header, total = 40, 40 + struct.unpack_from('!H', data, 4)[0]
        protocol, ttl, addresses = data[6], data[7], (data[8:24], data[24:40])
    else:
        raise ValueError(f'IP version {version}')
    if len(data) < total and not is_quote:
        raise ValueError(f'{total} bytes of IP in {len(data)}')
    source, destination = (str(ipaddress.ip_address(a)) for a in addresses)
    return Datagram(version, source, destination, protocol, ttl, data[header:total])


def of_frame(frame):
    kind = struct.unpack_from('!H', frame, 12)[0]
    assert kind in (0x0800, 0x86DD), f'ethertype {kind:#x}'
    return datagram(frame[14:])


def relation(stimulus, answer):
    """'SA', 'RA', 'echo', 'udp', 'time-exceeded' or 'port-unreachable'; AssertionError if they are no pair."""
    assert answer.destination == stimulus.source
    if answer.protocol in (ICMP, ICMPV6) and answer.payload[0] not in (0, 129):
        return error_relation(stimulus, answer)
    assert answer.source == stimulus.destination
    assert answer.protocol == stimulus.protocol
    if answer.protocol in (ICMP, ICMPV6):
        assert (stimulus.payload[0], answer.payload[0]) in ((8, 0), (128, 129))
        assert answer.payload[4:] == stimulus.payload[4:], 'identifier, sequence number or data differ'
        return 'echo'
    assert answer.payload[0:2] == stimulus.payload[2:4] and answer.payload[2:4] == stimulus.payload[0:2], 'ports'
    if answer.protocol == UDP:
        return 'udp'
    sequence = struct.unpack_from('!I', stimulus.payload, 4)[0]
    acknowledged = struct.unpack_from('!I', answer.payload, 8)[0]
    assert acknowledged == (sequence + 1) % 2**32, f'{acknowledged} does not acknowledge {sequence}'
    return {SYN | ACK: 'SA', RST | ACK: 'RA'}[answer.payload[13] & 0x17]


def error_relation(stimulus, answer):
    quote = datagram(answer.payload[8:], is_quote=True)
    for field in ('version', 'source', 'destination', 'protocol'):
        assert getattr(quote, field) == getattr(stimulus, field), f'{field}: {quote} is no quote of {stimulus}'
    assert quote.payload[:8] == stimulus.payload[:8], 'the first eight bytes of the quote are not those of the stimulus'
    kinds = {(4, 11, 0): 'time-exceeded', (4, 3, 3): 'port-unreachable',
             (6, 3, 0): 'time-exceeded', (6, 1, 4): 'port-unreachable'}
    return kinds[(answer.version, answer.payload[0], answer.payload[1])]


@dataclass(frozen=True)
class Pair:
    index: int
    stimulus: Datagram
    answer: Datagram
    relation: str
    frame: bytes


class Outcome:
    def __init__(self, name):
        with open(f'{name}.json') as file:
            self.summary = json.load(file)
        self.counters = self.summary['counters']
        self.answered_path, self.unanswered_path = f'{name}.answered.pcapng', f'{name}.unanswered.pcapng'

    def check_identities(self):
        """Every probe and every frame ended in exactly one counted way."""
        c = self.counters
        assert c['planned'] == c['sent'] + c['tx_failed'] + c['not_sent'], c
        assert c['received'] == sum(c[name] for name in ('answers', 'duplicates', 'late', 'unsolicited', 'malformed',
                                                         'filtered')), c

    def frames(self):
        """The answered file, each stimulus directly followed by its answer: [(index, stimulus's frame, answer's)]."""
        packets = pcapng.read(self.answered_path).packets
        assert len(packets) % 2 == 0
        for stimulus, answer in zip(packets[::2], packets[1::2]):
            assert (stimulus.answer_number, answer.answer_number) == (0, 1)
            assert stimulus.index == answer.index
            assert (stimulus.direction, answer.direction) == (2, 1)
            assert stimulus.interface.name.startswith('tx:') and answer.interface.name.startswith('rx:')
            assert answer.time_ns >= stimulus.time_ns, 'answered before it was sent'
        return [(s.index, s.data, a.data) for s, a in zip(packets[::2], packets[1::2])]

    def pairs(self):
        """The same, dissected and each pair checked."""
        return [self._pair(*pair) for pair in self.frames()]

    @staticmethod
    def _pair(index, stimulus, answer):
        s, a = of_frame(stimulus), of_frame(answer)
        return Pair(index, s, a, relation(s, a), stimulus)

    @staticmethod
    def packets(path):
        """[(packet id, comment)] of any of the files."""
        return [(p.packet_id, p.comment.strip()) for p in pcapng.read(path).packets]

    def unanswered(self):
        """[(index, stimulus's frame)], in the order of the file."""
        packets = pcapng.read(self.unanswered_path).packets
        assert all(p.answer_number == 0 for p in packets)
        return [(p.index, p.data) for p in packets]


def sr(volley, network, template, *options, command='sr', rate='10k', timeout=2, wait=60, statuses=(0,), folder=None,
       prefix=()):
    """Runs `volley sr` inside the network's prober; it must end with one of the statuses and with sums that add up."""
    name = (folder or network.lab.folder) / 'run'
    ran = volley.run(command, template, '-i', network.interface, '-w', name, '--rate', rate, '--timeout', timeout,
                     *options, within=network.prober, timeout=wait, cwd=network.lab.folder, check=False,
                     prefix=prefix)
    assert ran.returncode in statuses, f'status {ran.returncode}\n{ran.stdout}{ran.stderr}'
    outcome = Outcome(name)
    outcome.status, outcome.stderr = ran.returncode, ran.stderr
    outcome.check_identities()
    return outcome

"""Runs Scapy and Volley side by side in a network of their own.

Started as a program, it makes a network namespace (so nothing that Scapy asks or sends ever reaches a real network),
and then answers requests, one JSON object a line. Peer is the test's end of that conversation. Needs root.
"""

import ipaddress
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

# dum1 is the other end of dum0, in the same namespace: nobody reads it.
LINKS = """
link set lo up
link add dum0 address 02:00:00:00:00:01 type veth peer name dum1 address 02:00:00:00:00:02
address add 198.18.0.1/24 dev dum0
address add 2001:2::1/64 dev dum0 nodad
link set dum0 up
link set dum1 up
route add default via 198.18.0.254
-6 route add default via 2001:2::fe
"""


class Peer:
    """Asks the program below. One question at a time."""

    def __init__(self, volley):
        self.process = subprocess.Popen(['unshare', '--net', '/usr/bin/python3', '-B', __file__, str(volley)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'the peer ended with status {self.process.wait()} at {request}')
        return json.loads(line)

    def scapy(self, expression, what='hex'):
        """Of each packet of a Python expression: bytes in hex, the summary, or the tree that it is dissected to.

        A string: Scapy's exception.
        """
        return self.ask(scapy=expression, what=what)['scapy']

    def volley(self, *arguments):
        """(status, stdout, stderr) of a run."""
        return tuple(self.ask(volley=arguments)['volley'])

    def shell(self, command, folder):
        """(status, stdout, stderr) of a shell's command line in that folder; `volley` is the program under test."""
        return tuple(self.ask(shell=command, folder=str(folder))['shell'])

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def scapy_names():
    from scapy import all as scapy
    from scapy.layers import inet, inet6, l2, ntp

    # Nobody is there to be asked: the answer is Scapy's own for an unknown neighbour, at once. Groups are computed.
    for module, name in ((inet, 'getmacbyip'), (l2, 'getmacbyip'), (inet6, 'getmacbyip6')):
        setattr(module, name, known_or_everybody(getattr(module, name)))
    # As newer Scapy has it; in Debian's it is always "NTP v??, ??".
    ntp.NTP.mysummary = lambda self: f'NTP v{self.version}, {ntp._ntp_modes[self.mode]}'
    scapy.conf.verb = 0
    names = vars(scapy)
    for contrib in ('mpls', 'gtp', 'igmp', 'igmpv3'):
        scapy.load_contrib(contrib, globals_dict=names)
    as_newer_scapy()
    return names


def as_newer_scapy():
    """What differs in Debian's Scapy everywhere, so that no expression tells it to do as newer ones do."""
    from scapy.layers.ppp import _PPPProtoField

    # PPP's protocol has two bytes.
    _PPPProtoField.addfield = lambda field, packet, done, value: done + field.i2m(packet, value).to_bytes(2, 'big')


def known_or_everybody(resolve):
    def resolve_quietly(ip, *_, **__):
        return resolve(ip) if ipaddress.ip_address(ip).is_multicast else 'ff:ff:ff:ff:ff:ff'
    return resolve_quietly


def answer_scapy(names, expression, what):
    try:
        packets = eval(expression, dict(names))
        if what == 'hex':
            return [bytes(p).hex() for p in packets]
        if what == 'tree':
            return [p.__class__(bytes(p)).show2(dump=True) for p in packets]
        return [p.summary() for p in packets]
    except Exception as error:  # whatever Scapy says is the test's to judge
        return f'{type(error).__name__}: {error}'


def answer_volley(volley, arguments):
    result = subprocess.run([volley, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=60)
    return result.returncode, result.stdout.decode(errors='replace'), result.stderr.decode(errors='replace')


def answer_shell(volley, command, folder):
    script = f'volley() {{ {shlex.quote(volley)} "$@"; }}\n{command}'
    result = subprocess.run(['bash', '-c', script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=60, cwd=folder)
    return result.returncode, result.stdout.decode(errors='replace'), result.stderr.decode(errors='replace')


def main():
    # No waiting for duplicates of the link-local addresses: Scapy would use them meanwhile, the kernel not.
    Path('/proc/sys/net/ipv6/conf/default/accept_dad').write_text('0')
    for line in LINKS.strip().splitlines():
        subprocess.run(['ip', *line.split()], check=True)
    Path('/proc/sys/net/ipv6/conf/dum1/disable_ipv6').write_text('1')
    sys.stderr = open(os.devnull, 'w')
    names = scapy_names()
    for line in sys.stdin:
        request = json.loads(line)
        reply = {}
        if 'scapy' in request:
            reply['scapy'] = answer_scapy(names, request['scapy'], request['what'])
        if 'pairs' in request:
            import pairs
            reply['pairs'] = pairs.draw_pairs(request['seed'], request['pairs'], request['conf'])
        if 'traffic' in request:
            import traffic
            reply['traffic'] = traffic.draw(*request['traffic'])
        if 'sndrcv' in request:
            import traffic
            reply['sndrcv'] = traffic.hold_against(names, *request['sndrcv'])
        if 'judge' in request:
            import pairs
            reply['judge'] = pairs.judge_texts(names, *request['judge'])
        if 'differences' in request:
            import differences
            reply['differences'] = [row[0] for row in differences.DIFFERENCES]
        if 'layer' in request:
            import classes
            reply['layer'] = classes.describe(names, request['layer'])
        if 'volley' in request:
            reply['volley'] = answer_volley(sys.argv[1], request['volley'])
        if 'shell' in request:
            reply['shell'] = answer_shell(sys.argv[1], request['shell'], request['folder'])
        print(json.dumps(reply), flush=True)


if __name__ == '__main__':
    main()

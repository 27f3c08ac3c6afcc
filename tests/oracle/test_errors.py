"""What is wrong is said in one place, with the place and the next step; nothing sent as text crashes, hangs or fills memory."""

import os
import resource
import subprocess
import time
from pathlib import Path

import pytest

SECONDS_MAX = 20
MEMORY_MAX = 1 << 30
ARGUMENT_MAX = 131_000  # the kernel's limit for one argument is 128 KiB


def records():
    text = Path(__file__).with_name('errors.vec').read_text()
    for record in text.split('\n\n'):
        lines = [line for line in record.split('\n') if line and not line.startswith('#')]
        if lines:
            yield lines[0], lines[1], lines[2:]


@pytest.mark.parametrize('template, message, hint', records(), ids=[r[0] for r in records()])
def test_template(volley, template, message, hint):
    result = volley.run('show', template, '--hex', check=False)
    assert (result.returncode, result.stdout) == (2, '')
    column = int(message.split(':')[1])
    first, line, caret, *rest = result.stderr.split('\n')[:-1]
    assert first == 'template:' + message
    assert line == '  ' + template
    assert caret.rstrip('~') == ' ' * (column + 1) + '^'
    assert rest == hint


def test_there_are_enough():
    assert len(list(records())) >= 150


def test_place_in_a_template_of_several_lines(volley):
    result = volley.run('show', 'IP(dst="198.18.0.1")/\n\tTCP(dport=\n\t80000)', check=False)
    assert result.stderr == 'template:3:2: dport must be 0 to 65535, not 80000\n  \t80000)\n  \t^~~~~\n'


# (arguments, exit status, the first line on stderr)
COMMAND_LINES = [
    ('shwo', 2, "volley: no command 'shwo'; did you mean 'show'? `volley --help` lists them."),
    ('show', 2, "volley: show needs a template, as in: volley show 'IP(dst=\"198.18.0.1\")/ICMP()'"),
    ('show IP() TCP()', 2, "volley: 'TCP()' is one argument too many; a template is one word: put it in quotes."),
    ('show --hxe IP()', 2, "volley: show has no option '--hxe'; did you mean '--hex'? `volley show --help` lists them."),
    ('show IP() --limit', 2, "volley: '--limit' needs a value."),
    ('show IP() --limit x', 2, "volley: --limit takes a whole number, not 'x'."),
    ('show IP() --limit -1', 2, "volley: --limit takes a whole number, not '-1'."),
    ('show IP() --rate 5', 2, "volley: show has no option '--rate'; `volley show --help` lists them."),
    ('show -z IP()', 2, "volley: show has no option '-z'; `volley show --help` lists them."),
    ('ls Ehter', 2, "volley: no layer 'Ehter'; did you mean 'Ether'? `volley ls` lists them."),
    ('sr IP() -r fast', 2, "volley: --rate takes packets a second (10k, 1.5M), or max, not 'fast'."),
    ('sr IP() -t soon', 2, "volley: --timeout takes seconds (2, 0.5), or with a unit: 200ms, not 'soon'."),
    ('sr IP() --retry 5000', 2, "volley: --retry takes how often to send again, -1000 to 1000, not '5000'."),
    ('sr IP() --order up', 2, "volley: --order takes scapy (or sequential) or random, not 'up'."),
    ('sr IP() --src 1.2.3', 2, "volley: --src takes an IP address, not '1.2.3'."),
    ('sr IP() --gateway-mac 02:00', 2, "volley: --gateway-mac takes a MAC address, not '02:00'."),
    ('sr IP() --tx-cores 1-', 2, "volley: --tx-cores takes cores: 1, 0,2 or 1-3, not '1-'."),
]


@pytest.mark.parametrize('arguments, status, line', COMMAND_LINES, ids=[row[0] for row in COMMAND_LINES])
def test_command_line(volley, arguments, status, line):
    result = volley.run(*arguments.split(), check=False)
    assert (result.returncode, result.stdout) == (status, '')
    assert result.stderr.split('\n')[0] == line


def many(item, separator=','):
    return separator.join([item] * (ARGUMENT_MAX // (len(item) + len(separator)) - 10))


# (name, template, exit status)
HOSTILE = [
    ('brackets', '(' * ARGUMENT_MAX, 2),
    ('square brackets', '[' * ARGUMENT_MAX, 2),
    ('minus signs', 'IP(ttl=' + '-' * (ARGUMENT_MAX - 9) + '1)', 2),
    ('brackets in a value', 'IP(ttl=' + '(' * (ARGUMENT_MAX - 9), 2),
    ('calls in calls', 'IP(a=' * (ARGUMENT_MAX // 5), 2),
    ('layers', many('IP()', '/'), 2),
    ('fifteen layers', '/'.join(['IP()'] * 15), 2),
    ('line ends', '\n' * ARGUMENT_MAX, 2),
    ('a long name', 'x' * ARGUMENT_MAX, 2),
    ('a long field', 'IP(' + 'x' * (ARGUMENT_MAX - 9) + '=1)', 2),
    ('a list', 'IP(ttl=[' + many('1') + '])', 0),
    ('a list of ranges', 'IP(ttl=[' + many('(0,255)') + '])', 0),
    ('a list of layouts', 'IP(len=[' + ','.join(['(0,4095)'] * 4096) + '])', 0),
    ('too many layouts', 'IP(len=[' + many('(0,65535)') + '])', 2),
    ('a list of names', 'TCP(dport=[' + many('"dircproxy"') + '])', 0),
    ('a list of long strings', 'Raw(load=[' + ','.join(['"X"*65535'] * 2000) + '])', 0),
    ('a list of many lengths', 'Raw(load=[' + ','.join(f'"X"*{n}' for n in range(4097)) + '])', 2),
    ('strings side by side', many('"a"', ''), 0),
    ('a sum of strings', 'Raw(' + many('"a"', '+') + ')', 2),
    ('a sum', 'IP(ttl=' + many('1', '+') + ')', 2),
    ('ten thousand digits', 'IP(ttl=' + '9' * 10_000 + ')', 2),
    ('ten thousand hex digits', 'IP(ttl=0x' + 'f' * 10_000 + ')', 2),
    ('a product', 'IP(ttl=' + many('99999999999', '*') + ')', 2),
    ('a long string', 'IP()/("X"*1000000000)', 2),
    ('a long string of strings', 'IP()/("X"*65535*65535*65535)', 2),
    ('a longest string', 'Raw("X"*65535)', 0),
    ('a frame one byte too long', 'IP()/("X"*65516)', 2),
    ('all of IPv4', 'IP(dst="0.0.0.0/0")', 0),
    ('all of IPv4 with MACs', 'Ether()/IP(dst="0.0.0.0/0")', 0),
    ('all of IPv6', 'IPv6(dst="::/0")', 2),
    ('2^64 packets', 'IP(dst="0.0.0.0/0",src="0.0.0.0/0")', 2),
    ('2^62 packets', 'IPv6(dst="2001:2::/66",src="2001:2::1")', 0),
    ('2^62 groups with MACs', 'Ether()/IPv6(dst="ff02::/66")', 2),
    ('empty lists of packets', 'DNS(qd=[]*512*512*512*512)', 0),
    ('control bytes', 'IP(\x01\x02\x1b[31mttl=3)', 2),
    ('no UTF-8', b'IP(\xff\xfe\xc3=3)', 2),
    ('no UTF-8 in an address', b'IP(dst="\xff\xfe\xc3")', 2),
    ('NUL in a name', r'TCP(dport="ht\0tp")', 2),
    ('a long address', 'IP(dst="' + '1' * 100_000 + '")', 2),
    ('wrong lengths of ARP', 'ARP(hwlen=(0,255),plen=[0,255])', 0),
]


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))


@pytest.mark.parametrize('template, status', [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
@pytest.mark.parametrize('what', ['--hex', '--summary'])
def test_hostile(volley, template, status, what):
    before = time.monotonic()
    process = subprocess.Popen([volley.path, 'show', template, what, '--limit', '600'], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=limit)
    stderr = process.stderr.read()
    _, raw, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(raw)
    assert process.returncode == status, stderr[:2000]
    assert time.monotonic() - before < SECONDS_MAX
    assert usage.ru_maxrss * 1024 < MEMORY_MAX
    assert all(byte == 0x0a or byte == 0x09 or 0x20 <= byte < 0x7f for byte in stderr), 'bytes that steer a terminal'

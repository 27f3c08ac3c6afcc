"""`volley decode`: what it reads, and what it says of what it cannot read. tests/oracle holds the trees to Scapy's."""

import random
import struct
import subprocess

import pytest

IP = '4500001f00010000401140a8c6120001c612000200010002000b0000616263'
ETHER = '020000000002020000000001 0800'.replace(' ', '') + IP
IPV6 = '60000000000b1140200100020000000000000000000000012001000200000000000000000000000200010002000b0000616263'


def decode(volley, text, *arguments, status=0):
    data = text if isinstance(text, bytes) else text.encode()
    done = subprocess.run([str(volley.path), 'decode', '-', *arguments], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize('link, frame, summary', [
    ('ether', ETHER, 'Ether / IP / UDP 198.18.0.1:tcpmux > 198.18.0.2:2 / Raw'),
    ('ip', IP, 'IP / UDP 198.18.0.1:tcpmux > 198.18.0.2:2 / Raw'),
    ('ip6', IPV6, 'IPv6 / UDP 2001:2::1:tcpmux > 2001:2::2:2 / Raw')])
def test_links(volley, link, frame, summary):
    line = decode(volley, frame, '--link', link, '--summary')
    assert (line[0].replace(':tcpmux', ':1'), line[1]) == (summary.replace(':tcpmux', ':1') + '\n', '')
    assert decode(volley, frame, '--link', link, '--hex') == (frame + '\n', '')


def test_ether_is_the_default(volley):
    assert decode(volley, ETHER) == decode(volley, ETHER, '--link', 'ether')
    assert decode(volley, ETHER)[0].startswith('###[ Ethernet ]### \n  dst       = 02:00:00:00:00:02\n')


@pytest.mark.parametrize('text', [
    f'{ETHER}\r\n', ' '.join(ETHER[i:i + 2] for i in range(0, len(ETHER), 2)), ETHER.upper(), f'0x{ETHER}',
    ':'.join(ETHER[i:i + 2] for i in range(0, len(ETHER), 2)), f'# a frame\n\n   {ETHER}   # behind it\n',
    ''.join(f'\\x{ETHER[i:i + 2]}' for i in range(0, len(ETHER), 2))])
def test_spellings(volley, text):
    assert decode(volley, text, '--hex') == (ETHER + '\n', '')


@pytest.mark.parametrize('text, error', [
    (f'{ETHER}\n\n00g0\n', 'standard input:3:3: expected a hexadecimal digit\n  00g0\n    ^\n'),
    (f'{ETHER}\n00 1\n', 'standard input:2:4: half a byte: digits come in pairs\n  00 1\n     ^\n'),
    (f'{ETHER}\n12 hello', 'standard input:2:4: expected a hexadecimal digit\n  12 hello\n     ^\n')])
def test_bad_lines_end_it(volley, text, error):
    assert decode(volley, text, '--hex', status=2) == (f'{ETHER}\n', error)


def test_files_and_limits(volley, tmp_path):
    path = tmp_path / 'frames'
    path.write_text(f'{ETHER}\n' * 5)
    assert volley.run('decode', str(path), '--hex', '--limit', '3').stdout == f'{ETHER}\n' * 3
    done = volley.run('decode', str(tmp_path / 'none'), check=False)
    assert done.returncode != 0 and 'No such file or directory' in done.stderr
    assert volley.run('decode', check=False).returncode == 2


def test_nothing(volley):
    for text in ('', '\n# nothing\n'):
        assert decode(volley, text) == ('', 'volley: there is no frame in it.\n')


def pcap(link, *frames, magic=0xa1b2c3d4):
    data = struct.pack('<IHHIIII', magic, 2, 4, 0, 0, 65535, link)
    for frame in frames:
        data += struct.pack('<IIII', 1, 0, len(frame), len(frame)) + frame
    return data


@pytest.mark.parametrize('link, frame, layer', [
    (1, ETHER, 'Ether'), (101, IP, 'IP'), (12, IPV6, 'IPv6'), (228, IP, 'IP'), (229, IPV6, 'IPv6')])
def test_captures(volley, tmp_path, link, frame, layer):
    data = pcap(link, bytes.fromhex(frame), bytes.fromhex(frame))
    path = tmp_path / 'capture'
    path.write_bytes(data)
    out = volley.run('decode', str(path), '--summary').stdout
    assert decode(volley, data, '--summary') == (out, '')
    assert len(out.splitlines()) == 2
    assert all(line.startswith(f'{layer} / ') for line in out.splitlines())


def test_unknown_links_are_bytes(volley):
    out, err = decode(volley, pcap(147, b'abc', b'def'), '--summary')
    assert out == 'Raw\nRaw\n'
    assert err == 'volley: frames of link type 147 are shown as bytes: it is not known.\n'


def test_captures_that_are_cut(volley):
    out, err = decode(volley, pcap(1, bytes.fromhex(ETHER), bytes.fromhex(ETHER))[:-3], '--hex')
    assert out == f'{ETHER}\n'
    assert err == 'volley: the capture ends in the middle of a frame, after 1 frames.\n'


def test_what_is_no_capture(volley):
    out, err = decode(volley, b'\x7fELF\x02\x01\x01' + bytes(100), status=2)
    assert (out, err) == ('', 'volley: standard input: neither pcap nor pcapng\n')


def test_noise_is_read_to_its_end(volley):
    state = random.Random(3)
    frames = []
    for _ in range(3000):
        frame = bytearray.fromhex(state.choice([ETHER, ETHER[:-state.randrange(1, 40) * 2 or None]]))
        for _ in range(state.randrange(4)):
            frame[state.randrange(len(frame))] = state.randrange(256)
        frames.append(bytes(frame) if state.random() < 0.9 else state.randbytes(state.randrange(1, 200)))
    text = ''.join(f'{frame.hex()}\n' for frame in frames)
    assert decode(volley, text, '--hex')[0] == text
    out = decode(volley, text)[0]
    assert len(decode(volley, text, '--summary')[0].splitlines()) == len(frames)
    assert out.count('\n\n') == len(frames)
    assert all(c == '\n' or ' ' <= c <= '~' for c in out), 'bytes that steer a terminal'


TEMPLATES = [
    'IP(ttl=9,src="198.18.0.1",dst="198.18.0.2")/TCP(flags=18,options=b\'\\x02\\x04\\x05\\xb4\')',
    'IP(src="198.18.0.1",dst="198.18.0.2")/UDP(sport=9,len=20,dport=9)/Raw(load=b"it\'s\\x00\\n")',
    'IP(src="198.18.0.1",dst="198.18.0.2")/ICMP(type=3,code=3)/IP(src="198.18.0.2",dst="198.18.0.1")/UDP(dport=9)',
]


def again(volley, frames, link):
    templates = decode(volley, '\n'.join(frames), '--link', link, '--template')[0].splitlines()
    assert len(templates) == len(frames)
    for frame, template in zip(frames, templates):
        done = volley.run('show', template, '--hex', check=False)
        assert (done.stdout, done.stderr) == (f'{frame}\n', ''), f'{frame}\n{template}'
    return templates


def test_templates(volley):
    frames = [volley.run('show', template, '--hex').stdout.strip() for template in TEMPLATES]
    templates = again(volley, frames, 'ip')
    assert templates[0] == TEMPLATES[0]
    assert all('Raw' not in template for template in (templates[0], templates[2]))


def test_templates_of_noise(volley):
    state = random.Random(5)
    for link, good in (('ether', ETHER), ('ip', IP), ('ip6', IPV6)):
        frames = []
        for _ in range(60):
            frame = bytearray.fromhex(good)
            for _ in range(state.randrange(1, 5)):
                frame[state.randrange(len(frame))] = state.randrange(256)
            frames.append(frame[:state.randrange(1, len(frame) + 1) if state.random() < 0.3 else None].hex())
        again(volley, frames, link)


def test_readers_may_leave(volley):
    process = subprocess.Popen([str(volley.path), 'decode', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.close()
    try:
        process.stdin.write(f'{ETHER}\n'.encode() * 20000)
        process.stdin.close()
    except BrokenPipeError:
        pass
    assert process.stderr.read() == b''
    process.wait(10)

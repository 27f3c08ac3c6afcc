"""Makes the fuzz targets' seed corpora, and a dictionary for templates, from what the other tests are made of.

    seeds.py VOLLEY FOLDER

writes FOLDER/TARGET/ for each target and FOLDER/template.dict. VOLLEY is the built program: it names layers and fields,
and builds the frames.
"""

import ast
import os
import random
import re
import struct
import subprocess
import sys
from hashlib import sha1
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'oracle'))
import generator  # noqa: E402
import test_docs  # noqa: E402
import test_errors  # noqa: E402
from peer import Peer  # noqa: E402

TEMPLATE_MAX = 4096
FRAME_MAX = 1000
GENERATED = 250
PAIRS = 150
SEED = 7

# What the pages and tests of templates have little of.
TEMPLATES = [
    'IP(dst=file("198.18.0.1\\n198.18.1.0/30\\n# none\\n198.18.2.1-9"))/TCP(dport=file("22\\n80-90\\nhttp"))',
    'IP(dst="xn.example/30")/UDP()', 'IP(ttl=[])', '[IP(),[IPv6()/TCP(),ARP()]*2]*3', 'Raw(load=["a","bc"]*2+["d"])',
    'IP(ttl=range(1,9,2))/UDP(sport=RandShort(),dport=RandChoice(1,2,3))/Raw(load=RandString(8))',
]


class Volley:
    def __init__(self, path):
        self.path = path
        self.layers = [line.split()[0] for line in self.run('ls').splitlines() if line[:1].strip()]

    def run(self, *arguments):
        """What it prints; '' if it refuses."""
        result = subprocess.run([self.path, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, timeout=60)
        return result.stdout if result.returncode == 0 else ''

    def fields(self):
        return {line.split()[0] for layer in self.layers for line in self.run('ls', layer).splitlines()[1:]
                if re.match(r'\w+ *:', line)}

    def number(self, layer):
        """What a frame's seed starts with (fuzz_dissect.c)."""
        return self.layers.index(layer if layer in self.layers else 'Raw')


# --- Templates ---------------------------------------------------------------------------------------------------


def spelled_out(layers):
    """The strings of other tests that start like a template."""
    start = re.compile(r'\[*(' + '|'.join(layers) + r')\(')
    for path in sorted((ROOT / 'tests' / 'oracle').glob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and start.match(node.value):
                yield node.value


def templates(volley):
    draw = random.Random(SEED)
    texts = [*TEMPLATES, *test_docs.templates(), *(text for text, _, _ in test_errors.records()),
             *spelled_out(volley.layers), *(generator.draw_template(draw).volley() for _ in range(GENERATED))]
    return short(text for text in texts if text not in hostile())


def hostile():
    """Some take a second to compile: they are for the parser alone."""
    return [text for _, text, _ in test_errors.HOSTILE if isinstance(text, str)]


def short(texts):
    return [text for text in dict.fromkeys(texts) if len(text.encode()) <= TEMPLATE_MAX]


def dictionary(volley):
    source = (ROOT / 'lib' / 'template' / 'value_call.c').read_text()
    functions = re.findall(r'^ *\{"(\w+)", VALUE_', source, re.M)
    words = [f'{name}(' for name in [*volley.layers, *functions]] + [f'{name}=' for name in sorted(volley.fields())]
    words += [')/', '),', '[', ']', '*', '+', '/24', '::', 'None', '0x', '4294967295', '65535', 'b"', '\\x00', '"', '\n']
    return ''.join('"' + ''.join(f'\\x{byte:02x}' for byte in word.encode()) + '"\n' for word in words)


# --- Frames ------------------------------------------------------------------------------------------------------


def frame_seed(number, first, second):
    return struct.pack('>BH', number, len(first)) + first + second


def built_frames(volley, texts):
    for text in texts:
        frames = [bytes.fromhex(line) for line in volley.run('show', text, '--hex', '--limit', '2').split()]
        layer = re.match(r'\W*(\w+)\(', text)
        if frames and sum(map(len, frames)) <= FRAME_MAX:
            yield frame_seed(volley.number(layer[1] if layer else 'Raw'), frames[0], frames[-1])


def answered_frames(volley):
    """Stimuli and responses by Scapy."""
    if os.geteuid() != 0:
        return  # its network namespace needs root
    peer = Peer(volley.path)
    layers = {'ether': 'Ether', 'ip': 'IP', 'ip6': 'IPv6'}
    for stimulus, response, link, *_ in peer.ask(pairs=PAIRS, seed=SEED, conf={})['pairs']:
        yield frame_seed(volley.number(layers[link]), bytes.fromhex(stimulus), bytes.fromhex(response))
    peer.close()


# --- Captures ----------------------------------------------------------------------------------------------------


def pcap(frames, order, magic):
    file = struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, 65535, 1)
    for i, frame in enumerate(frames):
        file += struct.pack(order + 'IIII', 1_600_000_000 + i, i, len(frame), len(frame) + i) + frame
    return file


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, len(body) + 12) + body + struct.pack(order + 'I', len(body) + 12)


def pcapng(frames, order):
    resolution = struct.pack(order + 'HHB3xHHqHH', 9, 1, 9, 14, 8, 1, 0, 0)
    file = block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
    file += block(order, 1, struct.pack(order + 'HHI', 1, 0, 0))
    file += block(order, 1, struct.pack(order + 'HHI', 228, 0, 96) + resolution)
    for i, frame in enumerate(frames):
        file += block(order, 6, struct.pack(order + 'IIIII', i % 2, 0, i, len(frame), len(frame)) + frame)
    return file + block(order, 3, struct.pack(order + 'I', len(frames[0])) + frames[0]) + block(order, 4, bytes(4))


def compressed(data, *options):
    return subprocess.run(['zstd', '-cq', *options], input=data, check=True, stdout=subprocess.PIPE).stdout


def captures():
    frames = [bytes(range(n)) for n in (60, 61, 0, 14)]
    for order in '<>':
        for magic in (0xa1b2c3d4, 0xa1b23c4d):
            yield pcap(frames, order, magic)
        yield pcapng(frames, order)
        yield pcapng(frames, order) + pcapng(frames[::-1], '>')
        for capture in (pcap(frames, order, 0xa1b23c4d), pcapng(frames, order)):
            yield b''.join(compressed(part) for part in (capture[:40], capture[40:]))
            yield compressed(capture, '--no-check')[:-3]


# --- Conditions ---------------------------------------------------------------------------------------------------


def conditions(volley):
    """Those of the unit test, over the fields of records, with frames behind them."""
    source = (ROOT / 'tests' / 'unit' / 'expr' / 'test_filter.c').read_text()
    names = {'none': 'vlan', 'no_class': 'class', 'no_flags': 'flags', 'no_dst': 'src', 'dst6': 'dst', 'name': 'proto'}
    frames = [bytes.fromhex(volley.run('show', text, '--hex').split()[0]) for text in (
        'Ether()/IP(dst="198.18.0.1")/TCP()', 'Ether()/IPv6(dst="2001:2::1")/UDP()', 'Ether()/Dot1Q(vlan=5)/ARP()')]
    for n, text in enumerate(re.findall(r'^    \{"((?:[^"\\]|\\.)*)", ', source, re.M)):
        text = re.sub(r'\b(' + '|'.join(names) + r')\b', lambda m: names[m[1]], ast.literal_eval(f'"{text}"'))
        yield text.encode() + b'\0' + 2 * frames[n % len(frames)]


def write(folder, seeds):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for seed in seeds:
        (folder / sha1(seed).hexdigest()[:16]).write_bytes(seed)


def main():
    volley, folder = Volley(sys.argv[1]), Path(sys.argv[2])
    texts = templates(volley)
    write(folder / 'parse', (text.encode() for text in texts + short(hostile())))
    write(folder / 'compile', (text.encode() for text in texts))
    write(folder / 'dissect', [*built_frames(volley, texts), *answered_frames(volley)])
    write(folder / 'capture', captures())
    write(folder / 'filter', conditions(volley))
    (folder / 'template.dict').write_text(dictionary(volley))


if __name__ == '__main__':
    main()

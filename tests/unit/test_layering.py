"""Who may include whom, and what no file of lib/ may do: rules that a compiler does not check."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / 'lib'
SOURCES = sorted(p for p in LIB.rglob('*') if p.suffix in ('.c', '.h'))
C_FILES = [p for p in SOURCES if p.suffix == '.c']

# Libraries whose headers one module alone may include.
LIBRARY_HEADERS = {'rte_': 'port', 'libmnl/': 'port', 'jansson.h': 'result', 'zstd.h': 'capture'}

# Calls by which a library would take over its program's output, its life or its arguments.
FORBIDDEN = (r'\b(printf|vprintf|puts|putchar|perror|psignal|exit|_exit|_Exit|quick_exit|abort|errx?|warnx?|'
             r'getopt(_long)?)\s*\(|\b(stdout|stderr)\b')

# A small noun that shares a file with its neighbour. File: the prefixes that it may define besides its own.
SECOND_NOUNS = {
    'base/address.c': {'mac'},
    'packet/layers/icmpv6_nd.c': {'nd'},
    'packet/layers/icmpv6_nd_options.c': {'nd'},
    'packet/names.c': {'name', 'services'},
}

# File-scope data that changes, each with its reason.
MUTABLE_DATA = {
    'packet/layer.c: layer_index': 'what the layers announce, turned round once from their constant tables',
    'port/dpdk.c: dpdk': 'EAL can be started once in a process, and this is what is known about it',
}


def name_of(path):
    return str(path.relative_to(LIB))


def report(wrong):
    assert not wrong, '\n' + '\n'.join(wrong)


def without_comments_and_strings(text):
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  lambda m: re.sub(r'[^\n]', ' ', m[0]), text, flags=re.S)


def module_deps():
    text = (LIB / 'meson.build').read_text()
    return ast.literal_eval(re.search(r'^module_deps = (\{.*?^\})', text, re.S | re.M)[1])


def test_modules_depend_on_what_comes_before():
    text = (LIB / 'meson.build').read_text()
    order = ast.literal_eval(re.search(r'^module_order = (\[.*?\])', text, re.S | re.M)[1])
    for module, depends_on in module_deps().items():
        for other in depends_on:
            assert order.index(other) < order.index(module), f'{module} before {other}'


def wrong_includes(path, deps):
    module = path.relative_to(LIB).parts[0]
    for quoted, angled in re.findall(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', path.read_text(), re.M):
        if quoted and not (LIB / quoted).is_file():
            yield f'{name_of(path)}: "{quoted}" is not written as "module/file"'
        elif quoted and quoted.split('/')[0] not in (module, *deps.get(module, [])):
            yield f'{name_of(path)}: {module} may not include "{quoted}"; see lib/meson.build'
        for prefix, owner in LIBRARY_HEADERS.items():
            if angled.startswith(prefix) and module != owner:
                yield f'{name_of(path)}: <{angled}> belongs to {owner} alone'


def test_includes_point_downwards():
    deps = module_deps()
    report([wrong for path in SOURCES for wrong in wrong_includes(path, deps)])


def test_library_leaves_the_program_alone():
    wrong = []
    for path in SOURCES:
        for number, line in enumerate(without_comments_and_strings(path.read_text()).splitlines(), 1):
            found = re.search(FORBIDDEN, line)
            if found:
                wrong.append(f'{name_of(path)}:{number}: {found[0]}')
    report(wrong)


# --- What is in the object files ---------------------------------------------------------------------------------


def symbols(path):
    """[(is external, section, name)] of a source's object in build/; meson calls it after the path from lib/."""
    name = name_of(path).replace('/', '_') + '.o'
    objects = list((ROOT / 'build' / 'lib').glob(f'*.p/{name}'))
    assert len(objects) == 1, f'build/ has {len(objects)} objects of {name_of(path)}'
    listing = subprocess.run(['objdump', '-t', str(objects[0])], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.findall(r'^[0-9a-f]{16} (.{7}) (\S+)\t[0-9a-f]{16}\s+(?:\.hidden )?(\S+)$', listing, re.M)
    return [(flags[0] in 'gu', section, symbol) for flags, section, symbol in found if flags[6] in 'OF ']


def prefixes(path):
    """x.c defines x_*; x_y.c is part of x and may define x_* too; in packet/layers, tables are called layer_*, as in the list."""
    own = {path.stem, path.stem.split('_')[0], f'{path.parent.name}_{path.stem}'}
    if path.parent.name == 'layers':
        own.add('layer')
    return own | SECOND_NOUNS.get(name_of(path), set())


def test_external_names_begin_with_the_file_name():
    wrong = []
    for path in C_FILES:
        for is_external, section, symbol in symbols(path):
            is_ours = any((symbol + '_').startswith(prefix + '_') for prefix in prefixes(path))
            if is_external and section != '*UND*' and not is_ours:
                wrong.append(f'{name_of(path)} defines {symbol}')
    report(wrong)


def test_no_mutable_data_at_file_scope():
    """.data.rel.ro is constant once the loader is done; everything else that can be written is shared by accident."""
    seen = set()
    for path in C_FILES:
        for _, section, symbol in symbols(path):
            is_writable = re.match(r'\.(data|bss|tdata|tbss)|\*COM\*', section)
            if is_writable and not section.startswith('.data.rel.ro') and not symbol.startswith('.'):
                seen.add(f'{name_of(path)}: {symbol}')
    wrong = [f'{item} can be written' for item in seen - MUTABLE_DATA.keys()]
    report(wrong + [f'{item} is allowed, but is nowhere' for item in MUTABLE_DATA.keys() - seen])

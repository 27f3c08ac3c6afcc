"""Networks of namespaces for tests: made in milliseconds, invisible from outside, gone when the test is.

A namespace is called vly<pid>-<label> after the process that made it. It is removed when its Lab closes, at exit, and
on SIGTERM; what a killed process left behind is removed by reap(), which every first Lab of a process calls.
Needs root. Addresses are of 198.18.0.0/15 and 2001:2::/48, which RFC 2544 and RFC 5180 set aside for this.
"""

import atexit
import contextlib
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLONE_NEWNET = 0x40000000
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
ETH_P_ALL, PACKET_OUTGOING = 3, 4

# What the target answers for, besides its own addresses.
TARGET_V4, TARGET_V6 = '198.19.0.0/16', '2001:2:0:1::/64'

# A test must see what Volley does, not when Linux rations its errors, waits for duplicate addresses, or filters.
QUIET = {
    'net.ipv4.icmp_ratelimit': 0,
    'net.ipv4.icmp_ratemask': 0,
    'net.ipv4.icmp_msgs_per_sec': 10_000_000,
    'net.ipv4.icmp_msgs_burst': 10_000_000,
    'net.ipv4.tcp_challenge_ack_limit': 2**31 - 1,
    'net.ipv4.tcp_invalid_ratelimit': 0,
    'net.ipv4.tcp_max_syn_backlog': 65536,
    'net.ipv4.conf.all.rp_filter': 0,
    'net.ipv4.conf.default.rp_filter': 0,
    'net.ipv6.icmp.ratelimit': 0,
    'net.ipv6.conf.all.disable_ipv6': 0,
    'net.ipv6.conf.default.disable_ipv6': 0,
    'net.ipv6.conf.default.accept_dad': 0,
    'net.ipv6.conf.default.router_solicitations': 0,
}


def run(*command, check=True):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)
    if check and result.returncode != 0:
        raise RuntimeError(f'{" ".join(command)}: status {result.returncode}\n{result.stdout}{result.stderr}')
    return result


def why_unavailable():
    """Why there can be no lab on this machine; '' if there can."""
    if os.geteuid() != 0:
        return 'network namespaces need root'
    name = f'vly{os.getpid()}-try'
    result = run('ip', 'netns', 'add', name, check=False)
    if result.returncode != 0:
        return 'network namespaces do not work here: ' + result.stderr.strip()
    run('ip', 'netns', 'del', name, check=False)
    return ''


def delete_namespace(name):
    """Ends what still runs in a namespace of ours, by pid, and removes it with its interfaces."""
    for pid in run('ip', 'netns', 'pids', name, check=False).stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    run('ip', 'netns', 'del', name, check=False)


def reap():
    """Removes the namespaces of processes that are no more."""
    for line in run('ip', 'netns', 'list', check=False).stdout.splitlines():
        match = re.match(r'(vly(\d+)-\S+)', line)
        if match and not Path('/proc', match[2]).exists():
            delete_namespace(match[1])


class Namespace:
    def __init__(self, label):
        self.name = f'vly{os.getpid()}-{label}'
        run('ip', 'netns', 'add', self.name)
        for key, value in QUIET.items():
            self.sysctl(key, value)
        self.ip('link', 'set', 'lo', 'up')

    def command(self, *command):
        return ['ip', 'netns', 'exec', self.name, *map(str, command)]

    def run(self, *command, check=True):
        return run(*self.command(*command), check=check)

    def ip(self, *arguments):
        return run('ip', '-n', self.name, *arguments)

    def sysctl(self, key, value):
        """Sets what this kernel has; older ones have some of it only outside namespaces, or not at all."""
        self.run('sysctl', '-q', '-w', f'{key}={value}', check=False)

    def start(self, *command, **options):
        """A process inside, which the caller ends (or the Lab does, by pid)."""
        return subprocess.Popen(self.command(*command), stdin=subprocess.DEVNULL, **options)

    def mac(self, interface):
        return self.run('cat', f'/sys/class/net/{interface}/address').stdout.strip()

    def tap(self, interface):
        return Tap(self, interface)


class Tap:
    """Sees every frame that arrives at an interface, with the kernel's time stamp, and nobody else's opinion."""

    def __init__(self, namespace, interface):
        thread = threading.Thread(target=self._open, args=(namespace, interface))  # setns moves one thread only
        thread.start()
        thread.join()

    def _open(self, namespace, interface):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f'/run/netns/{namespace.name}') as where:
            if libc.setns(where.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.socket.bind((interface, 0))

    def frames(self):
        """What has arrived since the last call: [(time in ns since 1970, bytes)]."""
        found = []
        while True:
            try:
                data, control, _, address = self.socket.recvmsg(65536, 128, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            if address[2] != PACKET_OUTGOING:
                seconds, nanoseconds = struct.unpack('qq', control[0][2])
                found.append((seconds * 10**9 + nanoseconds, data))

    def close(self):
        self.socket.close()


class Pair:
    """prober.p0 (198.18.0.1, 2001:2::1) -- target.t0 (.2, ::2), which also answers for TARGET_V4 and TARGET_V6."""

    def __init__(self, lab):
        self.lab = lab
        self.prober, self.target = lab.namespace('prober'), lab.namespace('target')
        self.interface = 'p0'
        lab.link(self.prober, 'p0', self.target, 't0')
        lab.address(self.prober, 'p0', '198.18.0.1/24', '2001:2::1/64')
        lab.address(self.target, 't0', '198.18.0.2/24', '2001:2::2/64')
        lab.route(self.prober, (TARGET_V4, '198.18.0.2'), (TARGET_V6, '2001:2::2'))
        lab.answer_for(self.target, TARGET_V4, TARGET_V6)


class XdpPair(Pair):
    """A Pair whose target answers TARGET_V4 and TARGET_V6 in XDP, several times as fast as a kernel's own stack.

    Answers come back only to an interface with an XDP program: AF_XDP brings one, for AF_PACKET it is put there.
    """

    def __init__(self, lab, driver):
        super().__init__(lab)
        self.program = lab.folder / 'reflect.o'
        multiarch = run('gcc', '-print-multiarch').stdout.strip()
        run('clang', '-O2', '-g', '-target', 'bpf', f'-I/usr/include/{multiarch}', '-Wall', '-Werror',
            '-c', str(HERE / 'reflect.bpf.c'), '-o', str(self.program))
        # Checksums must be in the frame before XDP sees it.
        self.prober.run('ethtool', '-K', 'p0', 'gro', 'on', 'tx', 'off')
        self.target.run('ethtool', '-K', 't0', 'tx', 'off')
        self.attach(self.target, 't0', 'reflect')
        if driver == 'af_packet':
            self.attach(self.prober, 'p0', 'pass')

    def attach(self, namespace, interface, program):
        namespace.ip('link', 'set', interface, 'xdp', 'obj', str(self.program), 'program', program)


class Chain:
    """prober.p0 -- r1 -- r2 -- r3 -- target. Link k is 198.18.k.0/24 and 2001:2:0:f<k>::/64; .1 is the prober's side.

    So the router at hop n has n_v4(n) on the side that its errors leave by, and the target is hop 4.
    """

    HOPS = 4

    def __init__(self, lab):
        self.lab = lab
        nodes = [lab.namespace(label) for label in ('prober', 'r1', 'r2', 'r3', 'target')]
        self.prober, self.routers, self.target = nodes[0], nodes[1:-1], nodes[-1]
        self.interface = 'p0'
        for k, (near, far) in enumerate(zip(nodes, nodes[1:])):
            near_name, far_name = 'p0' if k == 0 else 'down0', 'up0'
            lab.link(near, near_name, far, far_name)
            lab.address(near, near_name, f'198.18.{k}.1/24', f'2001:2:0:f{k}::1/64')
            lab.address(far, far_name, f'198.18.{k}.2/24', f'2001:2:0:f{k}::2/64')
        for router in self.routers:
            router.sysctl('net.ipv4.ip_forward', 1)
            router.sysctl('net.ipv6.conf.all.forwarding', 1)
        for k, node in enumerate(nodes):
            if node is not self.target:
                lab.route(node, (TARGET_V4, f'198.18.{k}.2'), (TARGET_V6, f'2001:2:0:f{k}::2'))
            if k > 1:  # everything else is behind the node before
                lab.route(node, ('default', f'198.18.{k - 1}.1'), ('default', f'2001:2:0:f{k - 1}::1'))
        lab.answer_for(self.target, TARGET_V4, TARGET_V6)

    @staticmethod
    def hop(n, version):
        """The address of the router n hops away from the prober (1..3), as its errors show it."""
        return f'198.18.{n - 1}.2' if version == 4 else f'2001:2:0:f{n - 1}::2'


class Lab:
    """Owns the namespaces of one test and everything in them."""

    _reaped = False

    def __enter__(self):
        if not Lab._reaped:
            Lab._reaped = True
            reap()
            # SIGTERM becomes an exception, so that tests are left through their clean-up.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        self._temporary = tempfile.TemporaryDirectory(prefix='volley-lab-')
        self.folder = Path(self._temporary.name)
        self._namespaces = []
        self._processes = []
        atexit.register(self.close)
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        atexit.unregister(self.close)
        for process in self._processes:
            process.kill()
            process.wait()
        for namespace in self._namespaces:
            delete_namespace(namespace.name)
        self._processes, self._namespaces = [], []
        self._temporary.cleanup()

    def pair(self):
        return Pair(self)

    def xdp_pair(self, driver):
        return XdpPair(self, driver)

    def chain(self):
        return Chain(self)

    def namespace(self, label):
        self._namespaces.append(Namespace(label))
        return self._namespaces[-1]

    @staticmethod
    def link(a, a_interface, b, b_interface):
        run('ip', 'link', 'add', a_interface, 'netns', a.name, 'type', 'veth',
            'peer', 'name', b_interface, 'netns', b.name)
        a.ip('link', 'set', a_interface, 'up')
        b.ip('link', 'set', b_interface, 'up')

    @staticmethod
    def address(namespace, interface, v4, v6):
        namespace.ip('addr', 'add', v4, 'dev', interface)
        namespace.ip('addr', 'add', v6, 'dev', interface, 'nodad')

    @staticmethod
    def route(namespace, *routes):
        for destination, gateway in routes:
            namespace.ip('route', 'add', destination, 'via', gateway)

    @staticmethod
    def answer_for(namespace, *networks):
        for network in networks:
            namespace.ip('route', 'add', 'local', network, 'dev', 'lo')

    def nginx(self, namespace, port=80):
        """Serves HTTP on every address of the namespace; returns when it accepts connections."""
        folder = self.folder / 'nginx'
        folder.mkdir()
        config = folder / 'nginx.conf'
        config.write_text(f'''
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 0.0.0.0:{port} backlog=4096;
        listen [::]:{port} ipv6only=on backlog=4096;
        return 200 "volley\\n";
    }}
}}
''')
        return self.serve(namespace, ('nginx', '-c', config, '-e', folder / 'error.log'), ('-lt', f'sport = :{port}', 2))

    def serve(self, namespace, command, *sockets):
        """Starts a server; returns when the namespace has the sockets: (options of ss, its filter, how many)."""
        process = namespace.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._processes.append(process)
        deadline = time.monotonic() + 10
        while any(len(namespace.run('ss', '-Hn', options, which).stdout.splitlines()) < count
                  for options, which, count in sockets):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f'{command[0]} did not start:\n{process.communicate()[0].decode()}')
            time.sleep(0.02)
        return process

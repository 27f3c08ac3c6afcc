"""The far end of a GRE or IPIP tunnel, for kernels that have none: takes packets off the wire and hands what is inside to a TUN."""

import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import threading

from lab import CLONE_NEWNET

IPIP, GRE = 4, 47
HEADERS = {IPIP: b'', GRE: struct.pack('!HH', 0, 0x0800)}
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


class Tunnel:
    """Runs in a thread of the namespace, until the context is left."""

    def __init__(self, namespace, interface, protocol, peer):
        self._namespace, self._interface, self._protocol, self._peer = namespace, interface, protocol, peer
        self._open, self._stop, self._error = threading.Event(), os.pipe(), None
        self._thread = threading.Thread(target=self._run)  # setns moves one thread only

    def __enter__(self):
        self._thread.start()
        self._open.wait(10)
        if self._error:
            raise self._error
        return self

    def __exit__(self, *exception):
        os.close(self._stop[1])
        self._thread.join()
        os.close(self._stop[0])

    def _run(self):
        with contextlib.ExitStack() as stack:
            try:
                outside, inside = self._open_both(stack)
            except OSError as error:
                self._error = error
                return
            finally:
                self._open.set()
            self._forward(outside, inside)

    def _open_both(self, stack):
        with open(f'/run/netns/{self._namespace.name}') as where:
            if ctypes.CDLL(None, use_errno=True).setns(where.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
        inside = stack.enter_context(open('/dev/net/tun', 'r+b', buffering=0))
        fcntl.ioctl(inside, TUNSETIFF, struct.pack('16sH', self._interface.encode(), IFF_TUN | IFF_NO_PI))
        outside = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_RAW, self._protocol))
        return outside, inside

    def _forward(self, outside, inside):
        header = HEADERS[self._protocol]
        while True:
            ready, _, _ = select.select([outside, inside, self._stop[0]], [], [])
            if self._stop[0] in ready:
                return
            if outside in ready:
                packet = outside.recv(65535)
                payload = packet[(packet[0] & 15) * 4:]
                if payload[:len(header)] == header:
                    with contextlib.suppress(OSError):  # no packet of IP
                        inside.write(payload[len(header):])
            if inside in ready:
                packet = inside.read(65535)
                if packet[0] >> 4 == 4:
                    outside.sendto(header + packet, (self._peer, 0))

"""Datagrams: one bound UDP socket, who is behind which address that it hears, and sending runs.

Knows sockets and addresses.  It refuses to know what the datagrams hold, and keeps none: what the
kernel does not take is dropped and counted.
"""

import errno
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from struct import Struct

from sfu.path import MAX_DATAGRAM_BYTES, Address, Packet, Peer, PortDrop

# A second of 80 viewers at 2.5 Mb/s would be 25 MB: this is a burst, not a second.
SOCKET_BUFFER_BYTES = 4 << 20

# UDP_MAX_SEGMENTS of Linux before 6.9, and what one datagram over the loopback may hold.
MAX_SEGMENTS = 64
MAX_RUN_BYTES = 65_000
_SOL_UDP = 17
_UDP_SEGMENT = 103
_segment_size = Struct("=H")

# When the kernel got a datagram (SO_TIMESTAMPNS of Linux: seconds and nanoseconds of real time).
_STAMPED = 35
_stamp = Struct("@ll")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_stamp.size)
# Our own reading comes no later than this; what says otherwise is a clock that was set.
_MAX_AGE_S = 1.0
# The kernel refuses (EINVAL) a segment that does not fit the path.  A refusal of a smaller one
# means that it cannot segment at all.
_FITS_EVERY_PATH_BYTES = 1232
# UDP_SEGMENT is not there, or the device cannot checksum.
_NO_SEGMENTATION = {errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP}

# Another peer may take an address over after this much silence of the one who had it.
ADDRESS_IS_FREE_AFTER_S = 5.0
# Interfaces times ports of a client; one that comes from more is moving its oldest.
MAX_ADDRESSES_PER_PEER = 16


class UdpSocket:
    """One bound socket, and who is behind which address that it hears."""

    def __init__(self, host: str, number: int, drops: Counter[str]) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.peers: dict[Address, Peer] = {}
        self.drops = drops
        self.segmentation = True
        self._offset_s: float | None = None
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        self.socket.setblocking(False)
        try:
            self.socket.bind((host, number))
        except OSError:
            self.socket.close()
            raise
        self.number: int = self.socket.getsockname()[1]

    def receive(self, clock: Callable[[], float]) -> tuple[bytes, Address, float]:
        """The next datagram, from where, and when it came; BlockingIOError if there is none.

        The time is the kernel's and not that of our reading: a publisher finds its bandwidth by
        the spacing of its packets, and a burst that waited for us would look like none.
        """
        data, ancillary, _, address = self.socket.recvmsg(MAX_DATAGRAM_BYTES + 1, _ANCILLARY_BYTES)
        now = clock()
        if not ancillary:
            return data, address, now
        seconds, nanoseconds = _stamp.unpack(ancillary[0][2])
        arrived_s = seconds + nanoseconds * 1e-9 - self._real_offset_s(now)
        if now - _MAX_AGE_S < arrived_s <= now:
            return data, address, arrived_s
        self._offset_s = None
        return data, address, now

    def _real_offset_s(self, now: float) -> float:
        """Real time less ours, until the former is set."""
        if self._offset_s is None:
            self._offset_s = time.time() - now
        return self._offset_s

    def give(self, address: Address, peer: Peer, now: float) -> bool:
        """Note that the peer is behind the address; False if it is somebody else's."""
        owner = self.peers.get(address)
        if owner is peer:
            return True
        if owner is not None and now - owner.heard_s < ADDRESS_IS_FREE_AFTER_S:
            return False
        own = [known for known, other in self.peers.items() if other is peer]
        if len(own) >= MAX_ADDRESSES_PER_PEER:
            del self.peers[own[0]]
        self.peers[address] = peer
        return True

    def forget(self, peer: Peer) -> None:
        for address in [known for known, other in self.peers.items() if other is peer]:
            del self.peers[address]

    def send(self, data: Packet, address: Address) -> None:
        try:
            self.socket.sendto(data, address)
        except BlockingIOError:
            self.drops[PortDrop.SEND_BUFFER_FULL] += 1
        except OSError:
            self.drops[PortDrop.UNREACHABLE] += 1

    def send_run(self, packets: Sequence[Packet], segment_bytes: int, address: Address) -> bool:
        """Several as one call; False if the kernel would have none of it."""
        ancillary = [(_SOL_UDP, _UDP_SEGMENT, _segment_size.pack(segment_bytes))]
        try:
            self.socket.sendmsg(packets, ancillary, 0, address)
        except BlockingIOError:
            self.drops[PortDrop.SEND_BUFFER_FULL] += len(packets)
        except OSError as error:
            small = error.errno == errno.EINVAL and segment_bytes <= _FITS_EVERY_PATH_BYTES
            if small or error.errno in _NO_SEGMENTATION:
                self.segmentation = False
                return False
            if error.errno == errno.EINVAL:
                return False
            self.drops[PortDrop.UNREACHABLE] += len(packets)
        return True


class UdpPath:
    """From one of our sockets to one address."""

    __slots__ = ("_socket", "address")

    def __init__(self, bound: UdpSocket, address: Address) -> None:
        self._socket = bound
        self.address = address

    def give(self, peer: Peer, now: float) -> bool:
        return self._socket.give(self.address, peer, now)

    def send(self, data: Packet) -> None:
        self._socket.send(data, self.address)

    def send_packets(self, packets: Sequence[Packet]) -> None:
        """A burst to one peer is one system call (UDP_SEGMENT) where sizes allow.

        Measured over the loopback, a packet of 1.1 kB: 3.0 us alone, 0.93 us of eight.
        """
        bound = self._socket
        if len(packets) == 1 or not bound.segmentation:
            self._send_singly(packets)
            return
        for start, end in runs([len(packet) for packet in packets]):
            run = packets[start:end]
            sent = end - start > 1 and bound.send_run(run, len(run[0]), self.address)
            if not sent:
                self._send_singly(run)

    def _send_singly(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            self._socket.send(packet, self.address)


def runs(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of packets that one UDP_SEGMENT call can take, in order.

    All in a run are as long as the first, except the last, which may be shorter.
    """
    start = 0
    count = len(lengths)
    while start < count:
        length = lengths[start]
        longest = min(count, start + MAX_SEGMENTS, start + max(1, MAX_RUN_BYTES // length))
        end = start + 1
        while end < longest and lengths[end] == length:
            end += 1
        if end < longest and lengths[end] < length:
            end += 1
        yield start, end
        start = end

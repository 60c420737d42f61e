"""Connections: ICE over TCP as its passive side (RFC 6544), frames with a length (RFC 4571).

Knows sockets, frames and how many connections there may be.  It refuses to know what the frames
hold: each goes to a `Receiver`, and so does the question who is at the other end.

Everything happens in callbacks of the loop; a connection has no task, and no buffer without an end.
"""

import errno
import socket
from asyncio import AbstractEventLoop, TimerHandle
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from sfu.path import MAX_DATAGRAM_BYTES, Address, Packet, Peer, PortDrop

# RFC 6544 leaves it to us how long a stranger may sit there without a check.
PROVE_WITHIN_S = 10.0
# Consent is renewed every few seconds; a connection that nobody uses goes after twice its life.
IDLE_AFTER_S = 60.0
MAX_UNPROVED = 64
# Leaves room for everything else under the usual limit of 1,024 descriptors.
MAX_CONNECTIONS = 800
# As with addresses: interfaces of a client, and those that it gave up without a word.
MAX_CONNECTIONS_PER_PEER = 8

# Half a second at 4 Mb/s: what waits longer is of no use to a call.
MAX_WAITING_BYTES = 256 << 10
# What the kernel may hold on top of it; left alone it would grow to megabytes.
_KERNEL_BUFFER_BYTES = 128 << 10
_MAX_BYTES_PER_TURN = 16 << 10
_MAX_ACCEPTS_PER_TURN = 16
_LOOK_AFTER_INTERVAL_S = 1.0
_BACKLOG = 128

_LENGTH_BYTES = 2
# What accepting fails with until something else is closed.
_NOTHING_LEFT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class FrameTooLong(Exception):
    """Nobody who sends media has such a frame; what follows it cannot be found either."""


class Frames:
    """Cuts a stream into frames; between calls it keeps less than one."""

    __slots__ = ("_rest", "empty")

    def __init__(self) -> None:
        self._rest = b""
        self.empty = 0
        """Frames without content, which the RFC lets pass."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are complete by now; FrameTooLong ends the stream."""
        data = self._rest + data
        self._rest = b""
        position = 0
        while len(data) - position >= _LENGTH_BYTES:
            start = position + _LENGTH_BYTES
            length = int.from_bytes(data[position:start], "big")
            if length > MAX_DATAGRAM_BYTES:
                raise FrameTooLong
            if start + length > len(data):
                break
            position = start + length
            if length:
                yield data[start:position]
            else:
                self.empty += 1
        self._rest = data[position:]


class Receiver(Protocol):
    """To whom frames go."""

    def receive_frame(self, frame: bytes, connection: "Connection") -> None: ...
    def flush(self) -> None:
        """The end of a turn."""


class Connection:
    """One accepted connection: a path to whoever proved to be at its other end."""

    __slots__ = (
        "_frames",
        "_is_writing",
        "_listener",
        "_socket",
        "_waiting",
        "address",
        "heard_s",
        "is_closed",
        "peer",
    )

    def __init__(
        self, accepted: socket.socket, address: Address, listener: "Listener", now: float
    ) -> None:
        self.address = address
        self.peer: Peer | None = None
        self.heard_s = now
        self.is_closed = False
        self._socket = accepted
        self._listener = listener
        self._frames = Frames()
        self._waiting = bytearray()
        self._is_writing = False

    def give(self, peer: Peer, now: float) -> bool:
        """A connection is the first one's for good."""
        del now
        if self.peer is None:
            self.peer = peer
            self._listener.prove(self)
        return self.peer is peer

    def send(self, data: Packet) -> None:
        self.send_packets((data,))

    def send_packets(self, packets: Sequence[Packet]) -> None:
        """Frames go whole or not at all; those that find the buffer full do not."""
        drops = self._listener.drops
        if self.is_closed:
            drops[PortDrop.UNREACHABLE] += len(packets)
            return
        waiting = self._waiting
        for packet in packets:
            size = len(packet)
            if len(waiting) + _LENGTH_BYTES + size > MAX_WAITING_BYTES:
                drops[PortDrop.SEND_BUFFER_FULL] += 1
                continue
            waiting += size.to_bytes(_LENGTH_BYTES, "big")
            waiting += packet
        if not self._is_writing:
            self._write()

    def receive(self) -> None:
        """Take what came, at most so much of it that others have their turn."""
        listener = self._listener
        try:
            data = self._socket.recv(_MAX_BYTES_PER_TURN)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.heard_s = listener.clock()
        self._pass_on(data, listener.receiver)
        if self._frames.empty:
            listener.drops[PortDrop.EMPTY] += self._frames.empty
            self._frames.empty = 0
        listener.receiver.flush()

    def close(self) -> None:
        """What the kernel has already still leaves."""
        if self.is_closed:
            return
        self.is_closed = True
        loop = self._listener.loop
        loop.remove_reader(self._socket)
        if self._is_writing:
            loop.remove_writer(self._socket)
        self._socket.close()
        self._waiting.clear()
        self._listener.forget(self)

    def _pass_on(self, data: bytes, receiver: Receiver) -> None:
        try:
            for frame in self._frames.feed(data):
                receiver.receive_frame(frame, self)
                if self.is_closed:
                    return
        except FrameTooLong:
            self._listener.drops[PortDrop.TOO_LONG] += 1
            self.close()

    def _write(self) -> None:
        waiting = self._waiting
        try:
            del waiting[: self._socket.send(waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self._listener.drops[PortDrop.UNREACHABLE] += 1
            self.close()
            return
        if bool(waiting) is self._is_writing:
            return
        self._is_writing = bool(waiting)
        if self._is_writing:
            self._listener.loop.add_writer(self._socket, self._write)
        else:
            self._listener.loop.remove_writer(self._socket)


class Listener:
    """One listening socket and the connections that it accepted."""

    loop: AbstractEventLoop
    receiver: Receiver

    def __init__(
        self, host: str, number: int, drops: Counter[str], clock: Callable[[], float]
    ) -> None:
        """Bind; OSError if the port is taken."""
        self.drops = drops
        self.clock = clock
        self.proved: dict[Connection, None] = {}
        self.unproved: dict[Connection, float] = {}
        """When they came, in this order."""
        self._socket = _listening(host, number)
        self._timer: TimerHandle | None = None
        self._is_accepting = False

    def open(self, loop: AbstractEventLoop, receiver: Receiver) -> None:
        self.loop = loop
        self.receiver = receiver
        self._look_after()

    def close(self) -> None:
        """Everything that is open."""
        if self._timer is not None:
            self._timer.cancel()
            self._pause()
        for connection in [*self.unproved, *self.proved]:
            connection.close()
        self._socket.close()

    def hang_up(self, peer: Peer) -> None:
        """Close what is a peer's."""
        for connection in self._of(peer):
            connection.close()

    def prove(self, connection: Connection) -> None:
        """Somebody known is at the other end; of too many, the one silent longest goes."""
        assert connection.peer is not None
        del self.unproved[connection]
        own = self._of(connection.peer)
        if len(own) >= MAX_CONNECTIONS_PER_PEER:
            min(own, key=lambda one: one.heard_s).close()
        self.proved[connection] = None

    def forget(self, connection: Connection) -> None:
        self.proved.pop(connection, None)
        self.unproved.pop(connection, None)

    def poll(self, now: float) -> None:
        """Close what proved nothing in time, and what nobody uses."""
        for connection, came_s in list(self.unproved.items()):
            # What a stranger sends is no sign of life.
            if now - came_s > PROVE_WITHIN_S:
                self._refuse(connection, PortDrop.NEVER_PROVED)
        for connection in list(self.proved):
            if now - connection.heard_s > IDLE_AFTER_S:
                self._refuse(connection, PortDrop.IDLE_CONNECTION)

    def _accept(self) -> None:
        for _ in range(_MAX_ACCEPTS_PER_TURN):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NOTHING_LEFT:
                    # The socket stays readable: without a pause this would be all that we do.
                    self._pause()
                    return
                continue
            self._take(accepted, address)

    def _take(self, accepted: socket.socket, address: Address) -> None:
        if len(self.proved) + len(self.unproved) >= MAX_CONNECTIONS:
            self.drops[PortDrop.TOO_MANY_CONNECTIONS] += 1
            accepted.close()
            return
        if len(self.unproved) >= MAX_UNPROVED:
            self._make_room()
        accepted.setblocking(False)
        with suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
        now = self.clock()
        connection = Connection(accepted, address, self, now)
        self.unproved[connection] = now
        self.loop.add_reader(accepted, connection.receive)

    def _make_room(self) -> None:
        """The oldest stranger goes, of the host that has most of them."""
        hosts = Counter(connection.address[0] for connection in self.unproved)
        ((crowd, _),) = hosts.most_common(1)
        oldest = next(one for one in self.unproved if one.address[0] == crowd)
        self._refuse(oldest, PortDrop.TOO_MANY_CONNECTIONS)

    def _refuse(self, connection: Connection, reason: PortDrop) -> None:
        self.drops[reason] += 1
        connection.close()

    def _of(self, peer: Peer) -> list[Connection]:
        return [connection for connection in self.proved if connection.peer is peer]

    def _pause(self) -> None:
        self.loop.remove_reader(self._socket)
        self._is_accepting = False

    def _look_after(self) -> None:
        self.poll(self.clock())
        if not self._is_accepting:
            self.loop.add_reader(self._socket, self._accept)
            self._is_accepting = True
        self._timer = self.loop.call_later(_LOOK_AFTER_INTERVAL_S, self._look_after)


def _listening(host: str, number: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    # Connections of the process before us may still be ending.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    opened.setblocking(False)
    try:
        opened.bind((host, number))
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened

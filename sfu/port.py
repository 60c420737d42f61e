"""One port number of a media process: what comes to it, told apart by its first byte.

Knows who was proved to be behind what.  It refuses to know what packets hold; sockets and their
buffers are with `sfu.datagrams` and `sfu.streams`.

A way belongs to a peer after a check that was signed with a password of the peer (`sfu.stun`), and
only over such a way does anything reach the peer.
"""

from asyncio import AbstractEventLoop
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from sfu.datagrams import UdpPath, UdpSocket
from sfu.errors import RemoteError
from sfu.path import MAX_DATAGRAM_BYTES, OwnedPath, Peer, PortDrop
from sfu.streams import Connection, Listener
from sfu.stun import answer_binding
from sfu.turns import Drained, Turns

# One turn of the loop; the copies of so many are 10 ms of sending with 80 viewers.
MAX_DATAGRAMS_PER_TURN = 32
# A number that is free for datagrams may be taken for connections.
_BINDING_ATTEMPTS = 20

# First bytes (RFC 7983, 7).
_LAST_STUN = 3
_FIRST_DTLS, _LAST_DTLS = 20, 63
_FIRST_RTP, _LAST_RTP = 128, 191


class Port:
    """The sockets of one port number: for each local address one for datagrams, one for streams."""

    def __init__(self, hosts: Sequence[str], number: int, clock: Callable[[], float]) -> None:
        """Bind them; OSError if the port is taken.  Number 0 picks a free one for all hosts."""
        self.clock = clock
        self._passwords: dict[str, tuple[Peer, bytes]] = {}
        self.drops: Counter[str] = Counter()
        self.dirty: list[Peer] = []
        """Who has something to flush at the end of the turn."""
        self._sockets: list[UdpSocket] = []
        self._listeners: list[Listener] = []
        self._turns: list[Turns] = []
        for left in reversed(range(1 if number else _BINDING_ATTEMPTS)):
            try:
                self.number = self._bind(hosts, number)
                break
            except OSError:
                self._unbind()
                if not left:
                    raise

    def open(self, loop: AbstractEventLoop) -> None:
        """Begin to receive."""
        for bound in self._sockets:
            self._turns.append(Turns(loop, bound.socket, partial(self._drain, bound)))
        for listener in self._listeners:
            listener.open(loop, self)

    def close(self) -> None:
        for turns in self._turns:
            turns.close()
        self._turns.clear()
        self._unbind()

    def add(self, peer: Peer, ufrag: str, password: bytes) -> None:
        """Let a peer in: from now on this password opens ways to it, besides others it has."""
        self._passwords[ufrag] = peer, password

    def withdraw(self, ufrag: str) -> None:
        """A password opens nothing more; the ways that it opened stay."""
        self._passwords.pop(ufrag, None)

    def remove(self, peer: Peer) -> None:
        """Forget a peer, and close its connections."""
        for ufrag in [known for known, (other, _) in self._passwords.items() if other is peer]:
            del self._passwords[ufrag]
        for bound in self._sockets:
            bound.forget(peer)
        for listener in self._listeners:
            listener.hang_up(peer)

    def flush(self) -> None:
        """Send what was collected.  Whoever makes copies outside a turn of the port calls this."""
        if self.dirty:
            dirty, self.dirty = self.dirty, []
            for peer in dirty:
                peer.flush()

    def receive_frame(self, frame: bytes, connection: Connection) -> None:
        """What came over a connection, which ends unless it begins with a check."""
        if frame[0] <= _LAST_STUN:
            answered = self._receive_stun(frame, connection)
        elif connection.peer is not None:
            self._deliver(frame, connection.peer, self.clock())
            return
        else:
            self.drops[PortDrop.UNKNOWN_ADDRESS] += 1
            answered = False
        if connection.peer is None and not answered:
            connection.close()

    def _bind(self, hosts: Sequence[str], number: int) -> int:
        for host in hosts:
            bound = UdpSocket(host, number, self.drops)
            self._sockets.append(bound)
            number = bound.number
            self._listeners.append(Listener(host, number, self.drops, self.clock))
        return number

    def _unbind(self) -> None:
        for bound in self._sockets:
            bound.socket.close()
        for listener in self._listeners:
            listener.close()
        self._sockets.clear()
        self._listeners.clear()

    def _drain(self, bound: UdpSocket) -> Drained:
        """Read what waits, and send the copies of it."""
        receive = bound.receive
        peers = bound.peers
        drained = Drained.NOTHING
        for _ in range(MAX_DATAGRAMS_PER_TURN):
            try:
                data, address, arrived_s = receive(self.clock)
            except BlockingIOError:
                break
            except OSError:
                # What the network says of an earlier datagram; there may be more to read.
                self.drops[PortDrop.UNREACHABLE] += 1
                continue
            drained = Drained.SOME
            if not 0 < len(data) <= MAX_DATAGRAM_BYTES:
                self.drops[PortDrop.TOO_LONG if data else PortDrop.EMPTY] += 1
            elif data[0] <= _LAST_STUN:
                self._receive_stun(data, UdpPath(bound, address))
            elif address not in peers:
                self.drops[PortDrop.UNKNOWN_ADDRESS] += 1
            else:
                self._deliver(data, peers[address], arrived_s)
        else:
            drained = Drained.MORE_WAITS
        self.flush()
        return drained

    def _deliver(self, data: bytes, peer: Peer, arrived_s: float) -> None:
        if _FIRST_RTP <= data[0] <= _LAST_RTP:
            peer.receive_protected(data, arrived_s)
        elif _FIRST_DTLS <= data[0] <= _LAST_DTLS:
            peer.receive_dtls(data)
        else:
            self.drops[PortDrop.UNKNOWN_KIND] += 1

    def _receive_stun(self, data: bytes, path: OwnedPath) -> bool:
        """Answer a check and pass it on; False if nothing went back."""
        try:
            answer = answer_binding(data, path.address[0], path.address[1], self._password_of)
        except RemoteError as error:
            self.drops[error.reason] += 1
            return False
        if answer is None:
            return False
        if answer.check is None:
            path.send(answer.response)
            return True
        now = self.clock()
        peer, _ = self._passwords[answer.check.local_ufrag]
        if not path.give(peer, now):
            self.drops[PortDrop.ADDRESS_TAKEN] += 1
            return False
        path.send(answer.response)
        peer.receive_check(answer.check, path, now)
        return True

    def _password_of(self, ufrag: str) -> bytes | None:
        known = self._passwords.get(ufrag)
        return known[1] if known else None

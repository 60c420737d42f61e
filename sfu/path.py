"""A way to a peer, and the peer as sockets see it: the names that sockets and transports share.

Knows no socket and no packet.  Whoever sends over a path never waits: what cannot leave now is
dropped and counted, or stands in a buffer that has an end.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from sfu.stun import Check

# Ethernet carries no more, and nobody who sends media over the internet tries to.
MAX_DATAGRAM_BYTES = 1500

Address = tuple[str, int] | tuple[str, int, int, int]
Packet = bytes | memoryview


class PortDrop(StrEnum):
    """Why a datagram or a connection was dropped before, or without, being looked into."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_ADDRESS = "unknown_address"
    ADDRESS_TAKEN = "address_taken"
    SEND_BUFFER_FULL = "send_buffer_full"
    UNREACHABLE = "unreachable"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    NEVER_PROVED = "never_proved"
    IDLE_CONNECTION = "idle_connection"


class Path(Protocol):
    """A way to one address."""

    def send(self, data: Packet) -> None:
        """Send or drop, and never wait."""

    def send_packets(self, packets: Sequence[Packet]) -> None:
        """The same for several, in order."""


class Peer(Protocol):
    """What a port has to know of whoever is behind an address."""

    heard_s: float
    """When the last packet came that only the peer can have sent."""

    def receive_check(self, check: Check, path: Path, now: float) -> None: ...
    def receive_dtls(self, data: bytes) -> None: ...
    def receive_protected(self, data: bytes, now: float) -> None: ...
    def flush(self) -> None:
        """Send what was collected during the turn."""


class OwnedPath(Path, Protocol):
    """A path that belongs to the first peer who proved to be at its other end."""

    address: Address

    def give(self, peer: Peer, now: float) -> bool:
        """Note that the peer is there; False if it is somebody else's."""

"""One peer's secured way: DTLS handshake, SRTP both ways, and whether anybody is still there.

The only module that touches private parts of aiortc and pylibsrtp; a test asserts that each of
them still exists.  It refuses to know what the packets carry: decrypted ones go to an `Owner`,
and what is to be sent comes whole.

The handshake runs in a task of its own.  Media does not: a packet is decrypted within the
callback of the socket, and the copies that came together are encrypted and sent at its end.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, Protocol

import msgspec
import pylibsrtp
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

from sfu.nomination import Nomination
from sfu.path import Packet, Path, Peer
from sfu.port import Port
from sfu.rtp import is_rtcp
from sfu.stun import Check

# Whoever asked for an answer and does not come is forgotten.
CONNECT_TIMEOUT_S = 30.0
# `connected` is never claimed for longer than this without a sign of life.
QUIET_AFTER_S = 3.0
# RFC 7675, 5.1: consent expires.
CONSENT_EXPIRES_S = 30.0
CLOSE_TIMEOUT_S = 2.0

# A flight of the handshake is at most five datagrams; more wait for nobody.
MAX_WAITING_DTLS = 32
# Sources of a peer beyond those that it signalled (RTX and probes of simulcast come unannounced).
MAX_UNSIGNALLED_SOURCES = 8

# A packet with its tag (16 bytes) and an MTU of 1,500, on a boundary that suits libsrtp.
_SLOT_BYTES = 2048
_SLOTS = 64
_MAX_PACKET_BYTES = 1456

# Where the first element of a header extension stands if there are no contributing sources.
_ELEMENTS = 16
_EXTENDED = 0x10


class TransportState(StrEnum):
    """Where a transport is in its life; only `connected` carries media."""

    WAITING = "waiting"
    """For a first check."""
    CONNECTING = "connecting"
    CONNECTED = "connected"
    QUIET = "quiet"
    """Connected, and not heard for three seconds."""
    FAILED = "failed"
    CLOSED = "closed"


class TransportDrop(StrEnum):
    """Why a packet was dropped between the port and the router."""

    HANDSHAKE_FLOOD = "handshake_flood"
    NOT_CONNECTED = "not_connected"
    NOT_AUTHENTIC = "not_authentic"
    TOO_MANY_SOURCES = "too_many_sources"
    TOO_LONG_TO_SEND = "too_long_to_send"
    NOT_ENCRYPTED = "not_encrypted"


class Fingerprint(msgspec.Struct, frozen=True):
    """Of a certificate; `value` is colon-separated hexadecimal (RFC 8122, 5)."""

    algorithm: str
    value: str


class Remote(msgspec.Struct, frozen=True):
    """What was signalled of the other side."""

    fingerprints: tuple[Fingerprint, ...]
    dtls_client: bool
    sources: frozenset[int] = frozenset()
    unnamed: int = 0
    """Sources that will come under names (RID) instead of numbers."""


class Owner(Protocol):
    """To whom a transport belongs; called from the loop, must return soon and not raise."""

    def receive_rtp(self, data: bytes, now: float) -> None: ...
    def receive_rtcp(self, data: bytes, now: float) -> None: ...
    def change_state(self, state: TransportState) -> None: ...


class Identity:
    """The certificate that a process shows to all of its peers."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()

    @property
    def fingerprint(self) -> Fingerprint:
        offered = self.certificate.getFingerprints()
        value = next(one.value for one in offered if one.algorithm == "sha-256")
        return Fingerprint("sha-256", value)


class _IceStandIn:
    """What `RTCDtlsTransport` asks of an ICE transport: a role, and datagrams in and out."""

    role = "controlled"

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING_DTLS)
        self.path: Path | None = None

    async def _recv(self) -> bytes:
        data = await self.waiting.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        if self.path is not None:
            self.path.send(data)


class _Slots:
    """Where packets stand while they are encrypted, all of a process in the same place.

    Measured with 1.1 kB: 1.25 us a packet; `pylibsrtp.Session.protect`, which makes a new
    object of each and takes no packet beyond 1,356 bytes, 1.95 us.
    """

    def __init__(self) -> None:
        self._memory = bytearray(_SLOT_BYTES * _SLOTS)
        whole = memoryview(self._memory)
        # Pointers do not keep alive what they point to.
        self._base = base = ffi.from_buffer(self._memory, require_writable=True)
        starts = range(0, len(self._memory), _SLOT_BYTES)
        self.views = [whole[start : start + _SLOT_BYTES] for start in starts]
        self.pointers = [base + start for start in starts]
        self.length = ffi.new("int *")


_slots = _Slots()
_protect = lib.srtp_protect


class Transport:
    """One peer: from `__init__` on it may be checked, from `connected` on it carries media."""

    def __init__(
        self,
        port: Port,
        identity: Identity,
        credentials: tuple[str, str],
        *,
        owner: Owner,
        now: float,
    ) -> None:
        self.heard_s = now
        self.state = TransportState.WAITING
        self.drops: Counter[str] = Counter()
        self.pending: list[bytes] = []
        """Packets that wait for the end of the turn (`collect`)."""
        self._opened_s = now
        self._port = port
        self._ufrag = credentials[0]
        self._next_ufrag: str | None = None
        self._nomination = Nomination(now)
        self._remote: Remote | None = None
        self._owner = owner
        self._ice = _IceStandIn()
        self._dtls = RTCDtlsTransport(self._ice, [identity.certificate])  # type: ignore[arg-type]
        self._handshake: asyncio.Task[None] | None = None
        self._unprotect: Callable[[bytes], bytes] | None = None
        self._rx: pylibsrtp.Session | None = None
        self._tx: pylibsrtp.Session | None = None
        self._tx_pointer: Any = None
        self._sources: set[bytes] = set()
        self._max_sources = 0
        self._number: Callable[[int, float], int] | None = None
        self._number_head = -1
        port.add(self, credentials[0], credentials[1].encode())

    def expect(self, remote: Remote) -> None:
        """The other side was signalled; it may have been here already, before its answer was."""
        if self._remote is None:
            # Ours is the server's role wherever the peer lets us choose: aiortc's client offers
            # ECDSA suites only, and fails with a peer that has an RSA certificate.
            self._dtls._set_role("server" if remote.dtls_client else "client")  # noqa: SLF001
        self._remote = remote
        self._sources.update(ssrc.to_bytes(4, "big") for ssrc in remote.sources)
        self._max_sources = len(self._sources) + remote.unnamed + MAX_UNSIGNALLED_SOURCES
        self._begin()

    def expects(self, remote: Remote) -> bool:
        """Whether it is the same other side: its certificate, and its role in the handshake."""
        known = self._remote
        return (
            known is not None
            and set(known.fingerprints) == set(remote.fingerprints)
            and known.dtls_client is remote.dtls_client
        )

    def restart(self, credentials: tuple[str, str]) -> None:
        """Be found by other credentials, with the same keys (RFC 8445, 9).

        The old ones serve until the peer nominates a path with the new ones.
        """
        if self._next_ufrag is not None:
            self._port.withdraw(self._next_ufrag)
        self._next_ufrag = credentials[0]
        self._port.add(self, credentials[0], credentials[1].encode())

    # --- what the port brings ---

    def receive_check(self, check: Check, path: Path, now: float) -> None:
        """The peer is at the other end of this path, and is sent to there if it wants that."""
        self.heard_s = now
        if check.nominated and check.local_ufrag == self._next_ufrag:
            self._port.withdraw(self._ufrag)
            self._ufrag, self._next_ufrag = self._next_ufrag, None
            self._nomination.begin_again(now)
        if self._nomination.moves_to(check, now):
            self._ice.path = path
        self._begin()

    def receive_dtls(self, data: bytes) -> None:
        try:
            self._ice.waiting.put_nowait(data)
        except asyncio.QueueFull:
            self.drops[TransportDrop.HANDSHAKE_FLOOD] += 1

    def receive_protected(self, data: bytes, now: float) -> None:
        """Decrypt a packet and pass it on, or drop and count it."""
        if self._unprotect is None or self._rx is None:
            self.drops[TransportDrop.NOT_CONNECTED] += 1
            return
        try:
            if is_rtcp(data):
                plain = self._rx.unprotect_rtcp(data)
                self.heard_s = now
                self._owner.receive_rtcp(plain, now)
                return
            plain = self._unprotect(data)
        except (pylibsrtp.Error, ValueError):
            self.drops[TransportDrop.NOT_AUTHENTIC] += 1
            return
        if plain[8:12] in self._sources or self._admit(plain[8:12]):
            self.heard_s = now
            self._owner.receive_rtp(plain, now)

    def _admit(self, source: bytes) -> bool:
        # Only now, as nobody else can have sent it: a forged packet must not use up the places.
        if len(self._sources) >= self._max_sources:
            self.drops[TransportDrop.TOO_MANY_SOURCES] += 1
            if self._rx is not None:
                self._rx.remove_stream(int.from_bytes(source, "big"))
            return False
        self._sources.add(source)
        return True

    # --- what goes out ---

    def number_packets(self, identifier: int, number: Callable[[int, float], int]) -> None:
        """Write a number across all tracks into packets that have this extension first.

        `number` gives it for a size and the moment of sending.
        """
        self._number = number
        # One-byte form: the identifier, and a length of two bytes written as one less.
        self._number_head = identifier << 4 | 1

    def flush(self) -> None:
        pending, self.pending = self.pending, []
        path = self._ice.path
        if self._tx is None or path is None:
            self.drops[TransportDrop.NOT_CONNECTED] += len(pending)
            return
        now = self._port.clock()
        for start in range(0, len(pending), _SLOTS):
            packets = self._encrypt(pending[start : start + _SLOTS], now)
            if packets:
                path.send_packets(packets)

    def _encrypt(self, pending: Sequence[bytes], now: float) -> list[Packet]:
        """As many packets as slots at most; they stand there until the next call."""
        session = self._tx_pointer
        number, head = self._number, self._number_head
        views, pointers, length = _slots.views, _slots.pointers, _slots.length
        packets: list[Packet] = []
        for data in pending:
            size = len(data)
            if size > _MAX_PACKET_BYTES:
                self.drops[TransportDrop.TOO_LONG_TO_SEND] += 1
                continue
            slot = len(packets)
            view = views[slot]
            view[:size] = data
            if number is not None and data[0] & _EXTENDED and data[_ELEMENTS] == head:
                value = number(size, now)
                view[_ELEMENTS + 1], view[_ELEMENTS + 2] = value >> 8, value & 0xFF
            length[0] = size
            if _protect(session, pointers[slot], length):
                self.drops[TransportDrop.NOT_ENCRYPTED] += 1
                continue
            packets.append(view[: length[0]])
        return packets

    def send_rtcp(self, data: bytes) -> None:
        """Send one compound packet now."""
        path = self._ice.path
        if self._tx is None or path is None:
            self.drops[TransportDrop.NOT_CONNECTED] += 1
            return
        try:
            path.send(self._tx.protect_rtcp(data))
        except (pylibsrtp.Error, ValueError):
            self.drops[TransportDrop.NOT_ENCRYPTED] += 1

    def forget_source(self, ssrc: int) -> None:
        """We shall send nothing from this source any more."""
        if self._tx is not None:
            with suppress(pylibsrtp.Error):
                self._tx.remove_stream(ssrc)

    # --- life ---

    def poll(self, now: float) -> None:
        """Notice silence; call this once a second."""
        silent_s = now - self.heard_s
        if self.state in {TransportState.WAITING, TransportState.CONNECTING}:
            if now - self._opened_s > CONNECT_TIMEOUT_S:
                self._change(TransportState.FAILED)
        elif self.state in {TransportState.CONNECTED, TransportState.QUIET}:
            if silent_s > CONSENT_EXPIRES_S:
                self._change(TransportState.FAILED)
            elif silent_s > QUIET_AFTER_S:
                self._change(TransportState.QUIET)
            else:
                self._change(TransportState.CONNECTED)

    def fail(self) -> None:
        """Whoever owns it cannot go on with this peer."""
        self._change(TransportState.FAILED)

    async def close(self) -> None:
        """Say goodbye and let go of everything; takes at most `CLOSE_TIMEOUT_S`."""
        self._unprotect = None
        self._change(TransportState.CLOSED)
        if self._handshake is not None:
            self._handshake.cancel()
            await asyncio.wait({self._handshake}, timeout=CLOSE_TIMEOUT_S)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._dtls.stop(), CLOSE_TIMEOUT_S)
        finally:
            # Only now, as the goodbye may need a connection.
            self._port.remove(self)
        self._dtls.remove_all_listeners()
        self._rx = self._tx = self._tx_pointer = None
        self.pending.clear()

    def _begin(self) -> None:
        """Shake hands as soon as it is known with whom, and where."""
        ready = self._remote is not None and self._ice.path is not None
        if ready and self._handshake is None and self.state is TransportState.WAITING:
            self._handshake = asyncio.create_task(self._shake_hands())

    async def _shake_hands(self) -> None:
        self._change(TransportState.CONNECTING)
        assert self._remote
        fingerprints = [
            RTCDtlsFingerprint(one.algorithm, one.value) for one in self._remote.fingerprints
        ]
        self._dtls.on("statechange", self._follow)
        try:
            await self._dtls.start(RTCDtlsParameters(fingerprints))
        except Exception:
            # Whatever a handshake trips over, it has failed.
            self._change(TransportState.FAILED)
            return
        self._follow()

    def _follow(self) -> None:
        """Take over what the handshake came to."""
        if self._dtls.state == "connected" and self._unprotect is None:
            # Its internals once, here, so that nothing else has to know them.
            self._rx = self._dtls._rx_srtp  # noqa: SLF001
            self._tx = self._dtls._tx_srtp  # noqa: SLF001
            self._tx_pointer = self._tx._srtp[0]  # noqa: SLF001
            self._unprotect = self._rx.unprotect
            self._change(TransportState.CONNECTED)
        elif self._dtls.state in {"failed", "closed"}:
            self._change(TransportState.FAILED)

    def _change(self, state: TransportState) -> None:
        ended = {TransportState.FAILED, TransportState.CLOSED}
        if state is self.state or self.state in ended:
            return
        self.state = state
        self._owner.change_state(state)


def collect(copies: Iterable[tuple[Transport, bytes]], dirty: list[Peer]) -> None:
    """Note what is to be sent at the end of the turn, and to whom."""
    for transport, packet in copies:
        if not transport.pending:
            dirty.append(transport)
        transport.pending.append(packet)

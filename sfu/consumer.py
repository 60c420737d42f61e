"""One track on its way to one viewer: the viewer's numbers, and what the viewer asks for.

Knows when to begin (with a key frame), how to number what goes out, and how to answer for what
was lost.  It refuses to know publishers, transports and encryption; the clock is an argument.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from sfu.errors import DropReason
from sfu.history import PacketHistory, Sent
from sfu.negotiation import MediaKind, Subscription
from sfu.reception import round_trip_s
from sfu.rewriter import StreamRewriter
from sfu.rtcp import CNAME, ReceptionReport, SenderReport, SourceDescription, SourceItems
from sfu.rtp import (
    NO_ELEMENTS,
    SEQUENCE_MASK,
    TIMESTAMP_MASK,
    HeaderWriter,
    RtpPacket,
    forwarded_elements,
    wrap_retransmission,
)

# Until the viewer's first report.
ASSUMED_ROUND_TRIP_S = 0.1


class Wish(StrEnum):
    """What a consumer needs from its producer."""

    NOTHING = "nothing"
    KEY_FRAME = "key_frame"


class ConsumerStatistics(msgspec.Struct, frozen=True):
    """The truth about one track to one viewer since it began."""

    mid: str
    kind: str
    producer: str
    ssrc: int
    packets: int
    bytes: int
    packets_resent: int
    bytes_resent: int
    nacks: int
    key_frame_requests: int
    reported_lost: int
    reported_fraction_lost: float
    round_trip_s: float | None
    estimated_bps: int | None
    drops: dict[str, int]


class Numbers(msgspec.Struct, frozen=True):
    """The random beginnings of an outgoing stream (RFC 3550, 5.1)."""

    ssrc: int
    sequence: int
    timestamp: int


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A packet as it goes out: the whole, and its parts for whoever asks again."""

    data: bytes
    sent: Sent


class Stream:
    """Numbers and headers of what goes out, shared by all viewers who see and number alike.

    Each viewer has a key of its own, so one packet may stand under one number for all of them.
    Measured with 40 viewers: 1.1 us a copy if each has its own numbers, 0.4 us if they share.
    """

    __slots__ = ("_numbers", "_rewriter", "_started", "_write", "identifiers", "payload_type")

    def __init__(self, payload_type: int, identifiers: Mapping[int, int], numbers: Numbers) -> None:
        self.payload_type = payload_type
        self.identifiers = identifiers
        self._numbers = numbers
        self._rewriter = StreamRewriter(numbers.sequence, numbers.timestamp)
        self._write = HeaderWriter(payload_type, numbers.ssrc).write
        self._started = False

    @property
    def ssrc(self) -> int:
        return self._numbers.ssrc

    @property
    def timestamp_offset(self) -> int:
        return self._rewriter.timestamp_offset

    def prepare(self, extended: int, packet: RtpPacket) -> Prepared | None:
        """The packet under our numbers; None if it comes too late to have one."""
        if not self._started:
            self._rewriter.switch(extended, packet.timestamp, 0)
            self._started = True
        mapped = self._rewriter.map(extended, packet.timestamp)
        if mapped is None:
            return None
        sequence_number, timestamp = mapped
        elements = NO_ELEMENTS
        if self.identifiers:
            elements = forwarded_elements(packet.extensions, self.identifiers)
        sent = Sent(sequence_number, timestamp, packet.marker, b"", packet.payload, elements)
        return Prepared(self.packet(sent), sent)

    def skip(self, extended: int) -> Prepared | None:
        """Leave a packet out; an empty one that has to fill its place, if any."""
        sequence_number = self._rewriter.skip(extended) if self._started else None
        if sequence_number is None:
            return None
        sent = Sent(sequence_number, self._rewriter.timestamp, False, b"", b"")
        return Prepared(self.packet(sent), sent)

    def packet(self, sent: Sent) -> bytes:
        """The same bytes for the same numbers, always: AES-GCM allows nothing else."""
        header = self._write(sent.marker, sent.sequence_number, sent.timestamp, 0, sent.elements)
        return header + sent.prefix + sent.body


class Consumer:
    """One track to one viewer; nothing goes out before `open`."""

    __slots__ = (
        "_bytes",
        "_fraction_lost",
        "_history",
        "_key_frame_requests",
        "_nacks",
        "_open",
        "_packets",
        "_packets_lost",
        "_packets_resent",
        "_resend_sequence",
        "_round_trip_s",
        "_started",
        "_write_resent",
        "drops",
        "estimated_bps",
        "retransmission_ssrc",
        "stream",
        "subscription",
    )

    def __init__(
        self, subscription: Subscription, stream: Stream, retransmissions: Numbers
    ) -> None:
        self.subscription = subscription
        self.stream = stream
        self.drops: Counter[str] = Counter()
        self.estimated_bps: int | None = None
        chosen = subscription.format
        resent_as = chosen.retransmission
        self.retransmission_ssrc = None if resent_as is None else retransmissions.ssrc
        self._write_resent = (
            None if resent_as is None else HeaderWriter(resent_as, retransmissions.ssrc).write
        )
        self._resend_sequence = retransmissions.sequence
        video = subscription.kind is MediaKind.VIDEO
        self._history = PacketHistory() if video and "nack" in chosen.feedback else None
        self._open = self._started = False
        self._packets = self._bytes = self._packets_resent = 0
        self._nacks = self._key_frame_requests = self._packets_lost = 0
        self._fraction_lost = 0.0
        self._round_trip_s: float | None = None

    @property
    def ssrc(self) -> int:
        return self.stream.ssrc

    def open(self) -> Wish:
        """The viewer is there; what it needs to begin with."""
        self._open = True
        video = self.subscription.kind is MediaKind.VIDEO
        return Wish.KEY_FRAME if video and not self._started else Wish.NOTHING

    def take(self, sent: Sent, key_frame: bool, now: float) -> bool:
        """Whether the packet goes to the viewer; if so it is remembered and counted."""
        if not self._started and not self._start(key_frame):
            return False
        if self._history is not None:
            self._history.store(sent, now)
        self._packets += 1
        self._bytes += len(sent.body)
        return True

    def answer_nack(self, lost: tuple[int, ...], now: float) -> list[bytes]:
        """The packets that are sent again."""
        self._nacks += len(lost)
        if self._history is None:
            return []
        round_trip = self._round_trip_s or ASSUMED_ROUND_TRIP_S
        answers = self._history.answer(lost, now, round_trip)
        self._packets_resent += len(answers)
        return [self._resend(sent) for sent in answers]

    def receive_key_frame_request(self) -> Wish:
        self._key_frame_requests += 1
        return Wish.KEY_FRAME if self._open else Wish.NOTHING

    def receive_report(self, report: ReceptionReport, now_ntp: int) -> None:
        self._packets_lost = report.packets_lost
        self._fraction_lost = report.fraction_lost / 256
        measured_s = round_trip_s(report, now_ntp)
        if measured_s is not None:
            self._round_trip_s = measured_s

    def report(self, source_timestamp: int, now_ntp: int, name: bytes) -> bytes:
        """What tells the viewer which moment of other tracks belongs to which of this one."""
        if not self._packets:
            return b""
        timestamp = (source_timestamp + self.stream.timestamp_offset) & TIMESTAMP_MASK
        ssrc = self.ssrc
        counts = self._packets & 0xFFFF_FFFF, self._bytes & 0xFFFF_FFFF
        report = SenderReport(ssrc, now_ntp, timestamp, *counts)
        items = SourceItems(ssrc, ((CNAME, name),))
        return bytes(report) + bytes(SourceDescription((items,)))

    def statistics(self) -> ConsumerStatistics:
        history = self._history
        return ConsumerStatistics(
            mid=self.subscription.mid,
            kind=self.subscription.kind,
            producer=self.subscription.producer,
            ssrc=self.ssrc,
            packets=self._packets,
            bytes=self._bytes,
            packets_resent=self._packets_resent,
            bytes_resent=history.resent_bytes if history else 0,
            nacks=self._nacks,
            key_frame_requests=self._key_frame_requests,
            reported_lost=self._packets_lost,
            reported_fraction_lost=self._fraction_lost,
            round_trip_s=self._round_trip_s,
            estimated_bps=self.estimated_bps,
            drops=dict(self.drops),
        )

    def _start(self, key_frame: bool) -> bool:
        if self._open and key_frame:
            self._started = True
            return True
        waits = DropReason.WAITING_FOR_KEY_FRAME if self._open else DropReason.PAUSED
        self.drops[waits] += 1
        return False

    def _resend(self, sent: Sent) -> bytes:
        if self._write_resent is None:
            return self.stream.packet(sent)
        self._resend_sequence = self._resend_sequence + 1 & SEQUENCE_MASK
        header = self._write_resent(
            sent.marker, self._resend_sequence, sent.timestamp, 0, sent.elements
        )
        return header + wrap_retransmission(sent.sequence_number, sent.prefix + sent.body)

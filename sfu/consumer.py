"""One track on its way to one viewer: what went out, what is asked for again, and why not more.

Knows when to begin (with a key frame) and how to answer for what was lost.  It refuses to know
publishers, the viewer's other tracks (`subscriber`), transports and encryption; the clock is an
argument.
"""

from collections import Counter

import msgspec

from sfu.allocation import Reason
from sfu.description import MediaKind
from sfu.encoding import Encoding
from sfu.errors import DropReason
from sfu.history import PacketHistory, Sent
from sfu.layers import EVERYTHING, Layer
from sfu.reception import round_trip_s
from sfu.rtcp import CNAME, ReceptionReport, SenderReport, SourceDescription, SourceItems
from sfu.rtp import (
    NO_ELEMENTS,
    SEQUENCE_MASK,
    TIMESTAMP_MASK,
    Elements,
    HeaderWriter,
    pad,
    wrap_retransmission,
)
from sfu.stream import ChosenStream, Numbers, SharedStream
from sfu.subscription import Subscription

# Until the viewer's first report.
ASSUMED_ROUND_TRIP_S = 0.1
# Of a rate; a second evens out key frames that come now and then.
MEASURE_S = 1.0
# RFC 3550, 5.1: the last byte of the padding counts it.
PADDING_BYTES = 255
_HALF_SEQUENCE = 0x8000


class ConsumerStatistics(msgspec.Struct, frozen=True):
    """The truth about one track to one viewer since it began."""

    mid: str
    kind: str
    producer: str
    ssrc: int
    state: str
    layer: Layer | None
    packets: int
    bytes: int
    bitrate_bps: int
    packets_resent: int
    bytes_resent: int
    bytes_padded: int
    nacks: int
    key_frame_requests: int
    reported_lost: int
    reported_fraction_lost: float
    round_trip_s: float | None
    drops: dict[str, int]


class Consumer:
    """One track to one viewer; nothing goes out before `open`."""

    __slots__ = (
        "_bytes",
        "_bytes_measured",
        "_bytes_padded",
        "_fraction_lost",
        "_history",
        "_key_frame_requests",
        "_measured_s",
        "_nacks",
        "_open",
        "_packets",
        "_packets_lost",
        "_packets_resent",
        "_resend_sequence",
        "_round_trip_s",
        "_started",
        "_write_resent",
        "bitrate_bps",
        "drops",
        "reason",
        "retransmission_ssrc",
        "stream",
        "subscription",
    )

    def __init__(
        self,
        subscription: Subscription,
        stream: SharedStream | ChosenStream,
        retransmissions: Numbers,
    ) -> None:
        self.subscription = subscription
        self.stream = stream
        self.reason = Reason.NO_SOURCE
        self.bitrate_bps = 0
        self._measured_s: float | None = None
        self._bytes_measured = 0
        self.drops: Counter[str] = Counter()
        chosen = subscription.format
        resent_as = chosen.retransmission
        self.retransmission_ssrc = None if resent_as is None else retransmissions.ssrc
        self._write_resent = (
            None
            if resent_as is None
            else HeaderWriter(resent_as, retransmissions.ssrc, stream.form.sequence_id).write
        )
        self._resend_sequence = retransmissions.sequence
        self._history = PacketHistory() if self.is_video and "nack" in chosen.feedback else None
        self._open = self._started = False
        self._packets = self._bytes = self._packets_resent = self._bytes_padded = 0
        self._nacks = self._key_frame_requests = self._packets_lost = 0
        self._fraction_lost = 0.0
        self._round_trip_s: float | None = None

    @property
    def ssrc(self) -> int:
        return self.stream.ssrc

    @property
    def is_video(self) -> bool:
        return self.subscription.kind is MediaKind.VIDEO

    @property
    def layer(self) -> Layer | None:
        """What goes out now."""
        if isinstance(self.stream, ChosenStream):
            return self.stream.selector.current
        return Layer(0, EVERYTHING, EVERYTHING) if self._started else None

    @property
    def key_frame_wanted(self) -> int | None:
        """The encoding that has to send a key frame before the viewer gets what it shall get."""
        if not self._open:
            return None
        if isinstance(self.stream, ChosenStream):
            return self.stream.selector.key_frame_wanted
        return None if self._started or not self.is_video else 0

    def open(self) -> None:
        """The viewer is there."""
        self._open = True

    def take(self, sent: Sent, key_frame: bool, now: float) -> bool:
        """Whether the packet goes to the viewer; if so it is remembered and counted."""
        if not self._started and not self._start(key_frame):
            return False
        if self._history is not None:
            self._history.store(sent, now)
        self._packets += 1
        self._bytes += len(sent.body)
        return True

    def measure(self, now: float) -> None:
        """Find out how much goes out; call this a few times a second."""
        since_s = self._measured_s
        if since_s is not None and now - since_s < MEASURE_S:
            return
        if since_s is not None:
            self.bitrate_bps = round(8 * (self._bytes - self._bytes_measured) / (now - since_s))
        self._measured_s = now
        self._bytes_measured = self._bytes

    def aim(self, layer: Layer | None, encoding: Encoding) -> ChosenStream:
        """Set what goes out from now on, or nothing; the stream is then the viewer's own."""
        if isinstance(self.stream, SharedStream):
            part = self.stream.part()
            if self._started:
                part.go_on(Layer(encoding.index, EVERYTHING, EVERYTHING), encoding)
            self.stream = part
        self.stream.selector.aim(layer)
        return self.stream

    def answer_nack(
        self, lost: tuple[int, ...], now: float, at_most: int | None = None
    ) -> list[bytes]:
        """The packets that are sent again; those that nobody has take no place among them."""
        self._nacks += len(lost)
        if self._history is None:
            return []
        first = self.stream.first_sequence if isinstance(self.stream, ChosenStream) else None
        if first is not None:
            lost = tuple(one for one in lost if (one - first) & SEQUENCE_MASK < _HALF_SEQUENCE)
        round_trip = self._round_trip_s or ASSUMED_ROUND_TRIP_S
        answers = self._history.answer(lost, now, round_trip, at_most)
        self._packets_resent += len(answers)
        return [self._resend(sent) for sent in answers]

    @property
    def can_pad(self) -> bool:
        """Whether it has numbers of its own for packets that hold nothing."""
        return self._write_resent is not None and self._started

    def padding(self, wanted_bytes: int) -> list[bytes]:
        """Packets with nothing in them, to find out what the network takes, if it can."""
        count = -(-wanted_bytes // PADDING_BYTES)
        self._bytes_padded += count * PADDING_BYTES
        timestamp = self.stream.timestamp
        return [
            pad(self._resent_header(False, timestamp, NO_ELEMENTS), PADDING_BYTES)
            for _ in range(count)
        ]

    def receive_key_frame_request(self) -> int | None:
        """The encoding that is asked; None if it would help nobody."""
        self._key_frame_requests += 1
        layer = self.layer
        return layer.encoding if self._open and layer else self.key_frame_wanted

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
            state=self.reason,
            layer=self.layer,
            packets=self._packets,
            bytes=self._bytes,
            bitrate_bps=self.bitrate_bps,
            packets_resent=self._packets_resent,
            bytes_resent=history.resent_bytes if history else 0,
            bytes_padded=self._bytes_padded,
            nacks=self._nacks,
            key_frame_requests=self._key_frame_requests,
            reported_lost=self._packets_lost,
            reported_fraction_lost=self._fraction_lost,
            round_trip_s=self._round_trip_s,
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
        head = self._resent_header(sent.marker, sent.timestamp, sent.elements)
        return head + wrap_retransmission(sent.sequence_number, sent.prefix + sent.body)

    def _resent_header(self, marker: bool, timestamp: int, elements: Elements) -> bytes:
        assert self._write_resent
        if elements.profile != NO_ELEMENTS.profile:
            # The long form has no place for a transport-wide number.
            elements = NO_ELEMENTS
        self._resend_sequence = self._resend_sequence + 1 & SEQUENCE_MASK
        return self._write_resent(marker, self._resend_sequence, timestamp, 0, elements)

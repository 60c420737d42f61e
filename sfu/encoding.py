"""One source of a published track: a whole camera, or one size of it where there are several.

Knows what arrived of it, what is missing, what it is asked for and how much it takes.  It refuses
to know its siblings, viewers and transports; the clock is an argument.
"""

from collections import Counter

import msgspec

from sfu.codecs import PARSERS, Description
from sfu.codecs.opus import Opus, parse_redundancy
from sfu.codecs.vp9 import Vp9
from sfu.description import MediaKind
from sfu.errors import DropReason, RemoteError
from sfu.layers import Layer, LayerOption
from sfu.publication import Track
from sfu.rates import LayerRates
from sfu.reception import LossTracker, ReceptionStatistics
from sfu.rewriter import SourceClock
from sfu.rtcp import Nack, PictureLoss, ReceptionReport, RtcpPacket, SenderReport
from sfu.rtp import TIMESTAMP_MASK, RtpPacket, unwrap_retransmission

# One key frame costs as much as a second of video; ten viewers who ask at once get one.
KEY_FRAME_INTERVAL_S = 1.0
# Nothing tells the round trip to somebody who only sends.
ASSUMED_ROUND_TRIP_S = 0.1
# Without a packet for so long, an encoding is not there to be chosen; a still screen may be
# silent for a second.
ALIVE_S = 2.0

# What an empty payload says of itself.
_NOTHING = Opus(0, True)


class EncodingStatistics(msgspec.Struct, frozen=True):
    """The truth about one source since it began; times are ages."""

    mid: str
    kind: str
    codec: str
    rid: str
    ssrc: int
    packets: int
    bytes: int
    bitrate_bps: int
    packets_lost: int
    jitter_s: float
    width: int
    height: int
    key_frames: int
    last_key_frame_age_s: float | None
    key_frame_requests: int
    nacks: int
    last_packet_age_s: float | None
    drops: dict[str, int]


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A packet to be forwarded; one without a payload only takes its number out of the order.

    `primary` is the payload without what RFC 2198 repeats beside it.
    """

    encoding: "Encoding"
    extended: int
    packet: RtpPacket
    description: Description
    primary: bytes


class Encoding:
    """What comes in under one source."""

    def __init__(self, track: Track, index: int = 0, rid: str = "") -> None:
        self.track = track
        self.index = index
        self.rid = rid
        self.ssrc = 0
        self.width = 0
        self.height = 0
        self.drops: Counter[str] = Counter()
        self.rates = LayerRates()
        self.clock: SourceClock | None = None
        """What its last sender report said."""
        self.heard_s: float | None = None
        self._describe = PARSERS[track.codec]
        self._losses = LossTracker()
        self._statistics = ReceptionStatistics(track.format.clock_rate_hz)
        self._video = track.kind is MediaKind.VIDEO
        self._repairs = "nack" in track.format.feedback and self._video
        self._wants_key_frame = False
        self._key_frame_asked_s: float | None = None
        self._key_frame_seen_s: float | None = None
        self._key_frame_timestamp: int | None = None
        self._reference: tuple[int, float] | None = None
        self._layer_heights: tuple[int, ...] = ()
        self._key_frames = self._key_frame_requests = self._nacks = 0

    def receive(self, packet: RtpPacket, now: float) -> Arrival | None:
        """A packet of the source itself, or None if it is nothing new."""
        if packet.ssrc != self.ssrc:
            self._change_source(packet.ssrc)
        self.heard_s = now
        self._statistics.receive(packet.timestamp, len(packet.payload), now)
        extended = self._losses.receive(packet.sequence_number, now)
        return self._arrive(packet, extended, now)

    def receive_retransmission(self, packet: RtpPacket, now: float) -> Arrival | None:
        """A packet that came again; None too if it was only a probe."""
        original = unwrap_retransmission(packet, self.track.format.payload_type, self.ssrc)
        if original is None:
            return None
        extended = self._losses.recover(original.sequence_number, now)
        return self._arrive(original, extended, now)

    def receive_sender_report(self, report: SenderReport, now: float) -> None:
        self._statistics.receive_sender_report(report.ntp_time, now)
        self._reference = (report.rtp_timestamp, now)
        self.clock = SourceClock(report.ntp_time, report.rtp_timestamp)

    def timestamp_at(self, now: float) -> int | None:
        """What the source's clock shows; None before the first packet."""
        if self._reference is None:
            return None
        timestamp, seen_s = self._reference
        ticks = int((now - seen_s) * self.track.format.clock_rate_hz)
        return (timestamp + ticks) & TIMESTAMP_MASK

    def is_alive(self, now: float) -> bool:
        return self.heard_s is not None and now - self.heard_s < ALIVE_S

    def options(self, now: float) -> list[LayerOption]:
        """Its layers, and what each takes with everything below it."""
        return [
            LayerOption(
                Layer(self.index, spatial, temporal),
                self.rates.bitrate_bps(spatial, temporal, now),
                self._height_of(spatial),
            )
            for spatial, temporal in self.rates.layers()
        ]

    def want_key_frame(self) -> None:
        """Ask for one as soon as the interval allows, and again until it comes."""
        self._wants_key_frame = self._video

    def poll(self, now: float, sender_ssrc: int) -> list[RtcpPacket]:
        """What the publisher has to be asked for now."""
        if not self.ssrc:
            return []
        repair = self._losses.poll(now, ASSUMED_ROUND_TRIP_S)
        if repair.key_frame_needed:
            self.want_key_frame()
        requests: list[RtcpPacket] = []
        if repair.lost and self._repairs:
            self._nacks += len(repair.lost)
            requests.append(Nack(sender_ssrc, self.ssrc, repair.lost))
        if self._wants_key_frame and self._may_ask(now):
            self._key_frame_asked_s = now
            self._key_frame_requests += 1
            requests.append(PictureLoss(sender_ssrc, self.ssrc))
        return requests

    def report(self, now: float) -> ReceptionReport | None:
        if not self.ssrc:
            return None
        return self._statistics.report(self.ssrc, self._losses, now)

    def statistics(self, now: float) -> EncodingStatistics:
        expected = self._losses.extended - self._losses.first + 1 if self.ssrc else 0
        highest = (1 << 3) - 1
        return EncodingStatistics(
            mid=self.track.mid,
            kind=self.track.kind,
            codec=self.track.codec,
            rid=self.rid,
            ssrc=self.ssrc,
            packets=self._statistics.packets,
            bytes=self._statistics.bytes,
            bitrate_bps=self.rates.bitrate_bps(highest, highest, now),
            packets_lost=max(0, expected - self._statistics.packets),
            jitter_s=self._statistics.jitter_s,
            width=self.width,
            height=self.height,
            key_frames=self._key_frames,
            last_key_frame_age_s=_age(self._key_frame_seen_s, now),
            key_frame_requests=self._key_frame_requests,
            nacks=self._nacks,
            last_packet_age_s=_age(self.heard_s, now),
            drops=dict(self.drops),
        )

    def _arrive(self, packet: RtpPacket, extended: int | None, now: float) -> Arrival | None:
        if extended is None:
            self.drops[DropReason.DUPLICATE] += 1
            return None
        if self._reference is None:
            self._reference = (packet.timestamp, now)
        if not packet.payload:
            self.drops[DropReason.PROBE] += 1
            return Arrival(self, extended, packet, _NOTHING, b"")
        try:
            primary = packet.payload
            if packet.payload_type == self.track.redundancy:
                primary = parse_redundancy(primary)[-1].data
            description = self._describe(primary)
        except RemoteError as error:
            # Its number must not be waited for, and its payload must reach nobody.
            self.drops[error.reason] += 1
            return Arrival(self, extended, packet.with_payload(b""), _NOTHING, b"")
        if self._video:
            size = len(packet.payload)
            self.rates.add(description.spatial_id, description.temporal_id, size, now)
            if description.key_frame:
                self._see_key_frame(extended, packet.timestamp, now)
                self._see_size(description)
        else:
            self.rates.add(0, 0, len(packet.payload), now)
        return Arrival(self, extended, packet, description, primary)

    def _see_key_frame(self, extended: int, timestamp: int, now: float) -> None:
        if timestamp == self._key_frame_timestamp:
            return
        self._key_frame_timestamp = timestamp
        self._key_frames += 1
        self._key_frame_seen_s = now
        self._wants_key_frame = False
        self._losses.forget_before(extended)

    def _see_size(self, description: Description) -> None:
        if not description.width:
            return
        self.width, self.height = description.width, description.height
        if isinstance(description, Vp9):
            self._layer_heights = tuple(height for _, height in description.sizes)

    def _height_of(self, spatial: int) -> int:
        heights = self._layer_heights
        return heights[spatial] if spatial < len(heights) else self.height

    def _may_ask(self, now: float) -> bool:
        asked_s = self._key_frame_asked_s
        return asked_s is None or now - asked_s >= KEY_FRAME_INTERVAL_S

    def _change_source(self, ssrc: int) -> None:
        """A publisher that begins anew under another source goes on as the same track."""
        if self.ssrc:
            self.want_key_frame()
            self._losses.change_source()
        self.ssrc = ssrc
        self._reference = self.clock = None


def _age(then_s: float | None, now: float) -> float | None:
    return None if then_s is None else now - then_s

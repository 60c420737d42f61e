"""What one publisher sends: its tracks, what is missing of them, and what it is told.

Knows which track a packet belongs to (by source, MID or payload type), asks again for what is
lost, asks for key frames no more than once a second and track, and reports what arrived.  It
refuses to know viewers and transports; the clock is an argument.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from sfu.codecs import PARSERS
from sfu.errors import DropReason, RemoteError
from sfu.negotiation import MID, TRANSPORT_SEQUENCE, MediaKind, Track
from sfu.reception import ArrivalRecorder, LossTracker, ReceptionStatistics
from sfu.rtcp import (
    Goodbye,
    Nack,
    PictureLoss,
    ReceiverReport,
    RtcpPacket,
    SenderReport,
)
from sfu.rtp import (
    TIMESTAMP_MASK,
    RtpPacket,
    parse_rtp,
    read_identifier,
    read_transport_sequence,
    unwrap_retransmission,
)

# One key frame costs as much as a second of video; ten viewers who ask at once get one.
KEY_FRAME_INTERVAL_S = 1.0
REPORT_INTERVAL_S = 1.0
# Nothing tells the round trip to somebody who only sends.
ASSUMED_ROUND_TRIP_S = 0.1

# A publisher that sends more than any camera needs is policed, so that others do not pay for it.
MAX_PUBLISHER_BPS = 20_000_000
_ALLOWANCE_BYTES = MAX_PUBLISHER_BPS // 8


class MediaDrop(StrEnum):
    """Why a decrypted packet was not forwarded."""

    OVER_RATE = "over_rate"
    UNKNOWN_SOURCE = "unknown_source"
    UNKNOWN_PAYLOAD_TYPE = "unknown_payload_type"
    PROBE = "probe"


class ProducerStatistics(msgspec.Struct, frozen=True):
    """The truth about one published track since it began; times are ages."""

    mid: str
    kind: str
    codec: str
    ssrc: int
    packets: int
    bytes: int
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
    """A packet to be forwarded; one without a payload only takes its number out of the order."""

    producer: "Producer"
    extended: int
    packet: RtpPacket
    key_frame: bool


class Producer:
    """One track, as it comes in."""

    def __init__(self, key: str, track: Track) -> None:
        self.key = key
        self.track = track
        self.ssrc = 0
        self.width = 0
        self.height = 0
        self.drops: Counter[str] = Counter()
        self._describe = PARSERS[track.codec]
        self._losses = LossTracker()
        self._statistics = ReceptionStatistics(track.format.clock_rate_hz)
        self._repairs = "nack" in track.format.feedback and track.kind is MediaKind.VIDEO
        self._wants_key_frame = False
        self._key_frame_asked_s: float | None = None
        self._key_frame_seen_s: float | None = None
        self._key_frame_timestamp: int | None = None
        self._reference: tuple[int, float] | None = None
        self._heard_s: float | None = None
        self._key_frames = self._key_frame_requests = self._nacks = 0

    def receive(self, packet: RtpPacket, now: float) -> Arrival | None:
        """A packet of the track itself, or None if it is nothing new."""
        if packet.ssrc != self.ssrc:
            self._change_source(packet.ssrc)
        self._heard_s = now
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

    def timestamp_at(self, now: float) -> int | None:
        """What the track's clock shows; None before the first packet."""
        if self._reference is None:
            return None
        timestamp, seen_s = self._reference
        ticks = int((now - seen_s) * self.track.format.clock_rate_hz)
        return (timestamp + ticks) & TIMESTAMP_MASK

    def want_key_frame(self) -> None:
        """Ask for one as soon as the interval allows, and again until it comes."""
        self._wants_key_frame = self.track.kind is MediaKind.VIDEO

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

    def report(self, now: float, sender_ssrc: int) -> RtcpPacket | None:
        if not self.ssrc:
            return None
        block = self._statistics.report(self.ssrc, self._losses, now)
        return ReceiverReport(sender_ssrc, (block,))

    def statistics(self, now: float) -> ProducerStatistics:
        expected = self._losses.extended - self._losses.first + 1 if self.ssrc else 0
        return ProducerStatistics(
            mid=self.track.mid,
            kind=self.track.kind,
            codec=self.track.codec,
            ssrc=self.ssrc,
            packets=self._statistics.packets,
            bytes=self._statistics.bytes,
            packets_lost=max(0, expected - self._statistics.packets),
            jitter_s=self._statistics.jitter_s,
            width=self.width,
            height=self.height,
            key_frames=self._key_frames,
            last_key_frame_age_s=_age(self._key_frame_seen_s, now),
            key_frame_requests=self._key_frame_requests,
            nacks=self._nacks,
            last_packet_age_s=_age(self._heard_s, now),
            drops=dict(self.drops),
        )

    def _arrive(self, packet: RtpPacket, extended: int | None, now: float) -> Arrival | None:
        if extended is None:
            self.drops[DropReason.DUPLICATE] += 1
            return None
        if self._reference is None:
            self._reference = (packet.timestamp, now)
        if not packet.payload:
            self.drops[MediaDrop.PROBE] += 1
            return Arrival(self, extended, packet, key_frame=False)
        try:
            description = self._describe(packet.payload)
        except RemoteError as error:
            # Its number must not be waited for, and its payload must reach nobody.
            self.drops[error.reason] += 1
            return Arrival(self, extended, _emptied(packet), key_frame=False)
        key_frame = description.key_frame
        if key_frame and self.track.kind is MediaKind.VIDEO:
            self._see_key_frame(extended, packet.timestamp, now)
            if description.width:
                self.width, self.height = description.width, description.height
        return Arrival(self, extended, packet, key_frame)

    def _see_key_frame(self, extended: int, timestamp: int, now: float) -> None:
        if timestamp == self._key_frame_timestamp:
            return
        self._key_frame_timestamp = timestamp
        self._key_frames += 1
        self._key_frame_seen_s = now
        self._wants_key_frame = False
        self._losses.forget_before(extended)

    def _may_ask(self, now: float) -> bool:
        asked_s = self._key_frame_asked_s
        return asked_s is None or now - asked_s >= KEY_FRAME_INTERVAL_S

    def _change_source(self, ssrc: int) -> None:
        """A publisher that begins anew under another source goes on as the same track."""
        self.ssrc = ssrc
        self._reference = None


class Publisher:
    """All tracks of one publishing transport."""

    def __init__(self, identity: str, producers: Sequence[Producer], sender_ssrc: int) -> None:
        self.identity = identity
        self.producers = tuple(producers)
        self.drops: Counter[str] = Counter()
        self._sender_ssrc = sender_ssrc
        self._streams: dict[int, tuple[Producer, bool]] = {}
        self._allowance_bytes = float(_ALLOWANCE_BYTES)
        self._allowed_s: float | None = None
        self._reported_s = 0.0
        self._mid_id = self._extension_id(MID)
        self._sequence_id = self._extension_id(TRANSPORT_SEQUENCE)
        self._arrivals: ArrivalRecorder | None = None
        self._signalled = {
            ssrc: producer for producer in self.producers for ssrc in producer.track.sources
        }

    def receive_rtp(self, data: bytes, now: float) -> Arrival | None:
        """What is to be forwarded of a packet; the rest is counted, nothing is raised."""
        try:
            return self._receive(data, now)
        except RemoteError as error:
            self.drops[error.reason] += 1
            return None

    def receive_rtcp(self, packets: Sequence[RtcpPacket], now: float) -> None:
        for packet in packets:
            if isinstance(packet, SenderReport):
                known = self._streams.get(packet.ssrc)
                if known and not known[1]:
                    known[0].receive_sender_report(packet, now)
            elif isinstance(packet, Goodbye):
                for ssrc in packet.ssrcs:
                    self._streams.pop(ssrc, None)

    def poll(self, now: float) -> bytes:
        """One compound of what the publisher is told now; empty for nothing."""
        packets: list[RtcpPacket] = []
        if now - self._reported_s >= REPORT_INTERVAL_S:
            self._reported_s = now
            reports = (producer.report(now, self._sender_ssrc) for producer in self.producers)
            packets += [report for report in reports if report is not None]
        for producer in self.producers:
            packets += producer.poll(now, self._sender_ssrc)
        if self._arrivals is not None:
            packets += self._arrivals.poll(now)
        return b"".join(map(bytes, packets))

    def _receive(self, data: bytes, now: float) -> Arrival | None:
        packet = parse_rtp(data)
        if self._sequence_id:
            value = packet.extensions.get(self._sequence_id)
            if value is not None:
                if self._arrivals is None:
                    # Chromium takes no feedback on a source that is not one of its own.
                    self._arrivals = ArrivalRecorder(self._sender_ssrc, packet.ssrc)
                self._arrivals.receive(read_transport_sequence(value), now)
        if not self._may_send(len(data), now):
            self.drops[MediaDrop.OVER_RATE] += 1
            return None
        stream = self._streams.get(packet.ssrc) or self._find(packet)
        if stream is None:
            self.drops[MediaDrop.UNKNOWN_SOURCE] += 1
            return None
        producer, retransmission = stream
        chosen = producer.track.format
        expected = chosen.retransmission if retransmission else chosen.payload_type
        if packet.payload_type != expected:
            self.drops[MediaDrop.UNKNOWN_PAYLOAD_TYPE] += 1
            return None
        if retransmission:
            return producer.receive_retransmission(packet, now)
        return producer.receive(packet, now)

    def _find(self, packet: RtpPacket) -> tuple[Producer, bool] | None:
        """The track of a source that is heard for the first time (RFC 9143, 9.2)."""
        producer = self._signalled.get(packet.ssrc) or self._find_by_mid(packet)
        if producer is None:
            # Whoever named its sources sends from those, or says by MID what another one is.
            unnamed = [one for one in self.producers if not one.track.sources]
            speaking = [one for one in unnamed if _speaks(one, packet.payload_type)]
            producer = speaking[0] if len(speaking) == 1 else None
        if producer is None or not _speaks(producer, packet.payload_type):
            return None
        stream = producer, packet.payload_type != producer.track.format.payload_type
        self._streams[packet.ssrc] = stream
        return stream

    def _find_by_mid(self, packet: RtpPacket) -> Producer | None:
        value = packet.extensions.get(self._mid_id)
        if value is None:
            return None
        mid = read_identifier(value)
        return next((one for one in self.producers if one.track.mid == mid), None)

    def _may_send(self, size: int, now: float) -> bool:
        earned = _ALLOWANCE_BYTES * (now - (now if self._allowed_s is None else self._allowed_s))
        self._allowed_s = now
        self._allowance_bytes = min(self._allowance_bytes + earned, _ALLOWANCE_BYTES)
        if self._allowance_bytes < size:
            return False
        self._allowance_bytes -= size
        return True

    def _extension_id(self, uri: str) -> int:
        found = (producer.track.extensions.get(uri, 0) for producer in self.producers)
        return next((identifier for identifier in found if identifier), 0)


def _speaks(producer: Producer, payload_type: int) -> bool:
    chosen = producer.track.format
    return payload_type in {chosen.payload_type, chosen.retransmission}


def _emptied(packet: RtpPacket) -> RtpPacket:
    return RtpPacket(
        packet.payload_type,
        packet.marker,
        packet.sequence_number,
        packet.timestamp,
        packet.ssrc,
        packet.extensions,
        b"",
    )


def _age(then_s: float | None, now: float) -> float | None:
    return None if then_s is None else now - then_s

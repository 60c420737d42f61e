"""What one publisher sends: its tracks, their encodings, and what it is told.

Knows which encoding of which track a packet belongs to (by source, MID and RID, or payload type),
how much a publisher may send, and which of its encodings anybody watches.  It refuses to know
viewers and transports; the clock is an argument.
"""

from collections import Counter
from collections.abc import Sequence

from sfu.description import AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_SEQUENCE
from sfu.encoding import Arrival, Encoding, EncodingStatistics
from sfu.errors import DropReason, RemoteError
from sfu.layers import LayerOption
from sfu.publication import Track
from sfu.reception import ArrivalRecorder
from sfu.rtcp import Goodbye, ReceiverEstimate, ReceiverReport, RtcpPacket, SenderReport
from sfu.rtp import (
    AudioLevel,
    RtpPacket,
    parse_rtp,
    read_audio_level,
    read_identifier,
    read_transport_sequence,
)

REPORT_INTERVAL_S = 1.0

# A publisher that sends more than any camera needs is policed, so that others do not pay for it.
MAX_PUBLISHER_BPS = 20_000_000
_ALLOWANCE_BYTES = MAX_PUBLISHER_BPS // 8

# An encoding that nobody watched for so long may stop; a viewer who only turned away comes back.
UNWATCHED_AFTER_S = 3.0


class Producer:
    """One track, as it comes in."""

    def __init__(self, key: str, track: Track) -> None:
        self.key = key
        self.track = track
        self.encodings = tuple(
            Encoding(track, index, rid) for index, rid in enumerate(track.rids or ("",))
        )
        self.options: tuple[LayerOption, ...] = ()
        """What can be had now; of encodings that stopped because nobody watched, what was."""
        self.silenced = False
        """Somebody who may do so took the word from it: nothing is forwarded."""
        self._wanted: frozenset[int] = frozenset(one.index for one in self.encodings)
        self._stopped: dict[int, list[LayerOption]] = {}
        self._watched_s: dict[int, float] = {}

    def poll(self, now: float) -> None:
        """Look again at what comes; call this a few times a second."""
        options: list[LayerOption] = []
        for encoding in self.encodings:
            encoding.rates.poll(now)
            if encoding.is_alive(now):
                found = encoding.options(now)
                if encoding.index in self._wanted or found:
                    self._stopped[encoding.index] = found
                options += found
            elif encoding.index not in self._wanted:
                options += self._stopped.get(encoding.index, [])
        self.options = tuple(options)

    def watch(self, indexes: frozenset[int], now: float) -> frozenset[int] | None:
        """Note which encodings viewers have use for; those wanted from now on if that changed.

        More is wanted at once, less only after a while.
        """
        for index in indexes:
            self._watched_s[index] = now
        wanted = frozenset(
            encoding.index
            for encoding in self.encodings
            if now - self._watched_s.setdefault(encoding.index, now) < UNWATCHED_AFTER_S
        )
        if wanted == self._wanted:
            return None
        self._wanted = wanted
        return wanted

    def want_key_frame(self, index: int = 0) -> None:
        self.encodings[index].want_key_frame()

    def statistics(self, now: float) -> list[EncodingStatistics]:
        return [encoding.statistics(now) for encoding in self.encodings]


class Publisher:
    """All tracks of one publishing transport."""

    def __init__(self, identity: str, producers: Sequence[Producer], sender_ssrc: int) -> None:
        self.identity = identity
        self.producers = tuple(producers)
        self.drops: Counter[str] = Counter()
        self._sender_ssrc = sender_ssrc
        self._encodings = tuple(one for producer in producers for one in producer.encodings)
        self._streams: dict[int, tuple[Producer, Encoding, bool]] = {}
        self._retired: set[int] = set()
        self._allowance_bytes = float(_ALLOWANCE_BYTES)
        self._allowed_s: float | None = None
        self._reported_s = 0.0
        self._mid_id = self._extension_id(MID)
        self._rid_id = self._extension_id(RID)
        self._repaired_rid_id = self._extension_id(REPAIRED_RID)
        self._sequence_id = self._extension_id(TRANSPORT_SEQUENCE)
        self._level_id = self._extension_id(AUDIO_LEVEL)
        self._estimate = _OfferedEstimate(producers, self._sequence_id)
        self._arrivals: ArrivalRecorder | None = None
        self._signalled = {
            ssrc: producer
            for producer in self.producers
            if not producer.track.rids
            for ssrc in producer.track.sources
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
                if known and not known[2]:
                    known[1].receive_sender_report(packet, now)
            elif isinstance(packet, Goodbye):
                for ssrc in packet.ssrcs:
                    self._streams.pop(ssrc, None)

    def level_of(self, packet: RtpPacket) -> AudioLevel | None:
        """How loud the talker says that it is."""
        value = packet.extensions.get(self._level_id)
        try:
            return None if value is None else read_audio_level(value)
        except RemoteError as error:
            self.drops[error.reason] += 1
            return None

    def poll(self, now: float) -> bytes:
        """One compound of what the publisher is told now; empty for nothing."""
        packets: list[RtcpPacket] = []
        if now - self._reported_s >= REPORT_INTERVAL_S:
            self._reported_s = now
            packets += self._reports(now)
        for encoding in self._encodings:
            packets += encoding.poll(now, self._sender_ssrc)
        if self._arrivals is not None:
            packets += self._arrivals.poll(now)
        return b"".join(map(bytes, packets))

    def _reports(self, now: float) -> list[RtcpPacket]:
        blocks = [one.report(now) for one in self._encodings]
        known = tuple(block for block in blocks if block is not None)
        if not known:
            return []
        worst = max(block.fraction_lost for block in known)
        sources = tuple(block.ssrc for block in known)
        estimate_bps = self._estimate.poll(worst / 256)
        packets: list[RtcpPacket] = [
            ReceiverReport(self._sender_ssrc, known[start : start + _MAX_REPORTS])
            for start in range(0, len(known), _MAX_REPORTS)
        ]
        if estimate_bps:
            packets.append(ReceiverEstimate(self._sender_ssrc, estimate_bps, sources))
        return packets

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
            self.drops[DropReason.OVER_RATE] += 1
            return None
        stream = self._streams.get(packet.ssrc) or self._find(packet)
        if stream is None:
            self.drops[DropReason.UNKNOWN_SOURCE] += 1
            return None
        producer, encoding, retransmission = stream
        if producer.silenced:
            self.drops[DropReason.SILENCED] += 1
            return None
        if not _speaks(producer.track, packet.payload_type, retransmission):
            self.drops[DropReason.UNKNOWN_PAYLOAD_TYPE] += 1
            return None
        if retransmission:
            return encoding.receive_retransmission(packet, now)
        return encoding.receive(packet, now)

    def _find(self, packet: RtpPacket) -> tuple[Producer, Encoding, bool] | None:
        """The track of a source that is heard for the first time (RFC 9143, 9.2)."""
        if packet.ssrc in self._retired:
            return None
        producer = self._signalled.get(packet.ssrc) or self._find_by_mid(packet)
        if producer is None:
            # Whoever named its sources sends from those, or says by MID what another one is.
            unnamed = [one for one in self.producers if not one.track.sources]
            speaking = [one for one in unnamed if _knows(one.track, packet.payload_type)]
            producer = speaking[0] if len(speaking) == 1 else None
        if producer is None or not _knows(producer.track, packet.payload_type):
            return None
        encoding = self._encoding_of(producer, packet)
        if encoding is None:
            return None
        resent = packet.payload_type == producer.track.format.retransmission
        if not resent and encoding.ssrc:
            self._retire(encoding.ssrc)
        self._streams[packet.ssrc] = producer, encoding, resent
        return self._streams[packet.ssrc]

    def _find_by_mid(self, packet: RtpPacket) -> Producer | None:
        value = packet.extensions.get(self._mid_id)
        if value is None:
            return None
        mid = read_identifier(value)
        return next((one for one in self.producers if one.track.mid == mid), None)

    def _encoding_of(self, producer: Producer, packet: RtpPacket) -> Encoding | None:
        """By RID (RFC 8852), where a track has several."""
        if not producer.track.rids:
            return producer.encodings[0]
        extensions = packet.extensions
        value = extensions.get(self._rid_id) or extensions.get(self._repaired_rid_id)
        if not value:
            return None
        rid = read_identifier(value)
        return next((one for one in producer.encodings if one.rid == rid), None)

    def _retire(self, ssrc: int) -> None:
        """A track that goes on under another source takes nothing more from the old one."""
        self._streams.pop(ssrc, None)
        if len(self._retired) < _MAX_RETIRED:
            self._retired.add(ssrc)

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


# A count of report blocks has five bits (RFC 3550, 6.4.2).
_MAX_REPORTS = 31
# Beyond the sources that a transport may have at all.
_MAX_RETIRED = 64


class _OfferedEstimate:
    """What a publisher may send if it takes REMB and no transport-wide feedback.

    No more than loss tells is known then (draft-ietf-rmcat-gcc-02, 6).
    """

    _START_BPS = 2_000_000
    _LEAST_BPS = 100_000

    def __init__(self, producers: Sequence[Producer], sequence_id: int) -> None:
        takes_it = any("goog-remb" in one.track.format.feedback for one in producers)
        self._bitrate_bps = self._START_BPS if takes_it and not sequence_id else 0

    def poll(self, fraction_lost: float) -> int:
        """Bits a second; 0 for no word about it."""
        if fraction_lost > 0.1:  # noqa: PLR2004 - section 6
            shrunk = round(self._bitrate_bps * (1 - 0.5 * fraction_lost))
            self._bitrate_bps = max(shrunk, self._LEAST_BPS) if self._bitrate_bps else 0
        elif fraction_lost < 0.02:  # noqa: PLR2004
            self._bitrate_bps = min(round(self._bitrate_bps * 1.08), MAX_PUBLISHER_BPS)
        return self._bitrate_bps


def _knows(track: Track, payload_type: int) -> bool:
    chosen = track.format
    return payload_type in {chosen.payload_type, chosen.retransmission, track.redundancy}


def _speaks(track: Track, payload_type: int, retransmission: bool) -> bool:
    chosen = track.format
    if retransmission:
        return payload_type == chosen.retransmission
    return payload_type in (chosen.payload_type, track.redundancy)

"""RTCP on the wire: compound packets to frozen values and back.

Knows SR, RR, SDES and BYE (RFC 3550, 6), NACK and PLI (RFC 4585, 6), FIR (RFC 5104, 4.3.1), REMB
(draft-alvestrand-rmcat-remb-03) and transport-wide feedback.  It refuses to know sessions, timers
and what any report is good for.  Types that it does not know (XR, APP) pass as `UnknownPacket`.

`bytes(value)` is one RTCP packet; a compound one is their concatenation.  RFC 5506 lets any type
stand alone, so no order is asked for.
"""

from collections.abc import Callable, Iterable, Iterator
from struct import Struct

import msgspec

from sfu.errors import DropReason, RemoteError
from sfu.transport_feedback import FORMAT as _TRANSPORT_WIDE
from sfu.transport_feedback import TransportFeedback
from sfu.transport_feedback import parse_body as _parse_transport_wide

_VERSION = 2
_PADDING_BIT = 0x20
_COUNT_MASK = 0x1F
_HEADER_LENGTH = 4

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_SOURCE_DESCRIPTION = 202
_GOODBYE = 203
_TRANSPORT_LAYER_FEEDBACK = 205
_PAYLOAD_FEEDBACK = 206

_GENERIC_NACK = 1
_PICTURE_LOSS = 1
_FULL_INTRA = 4
_APPLICATION_LAYER = 15

CNAME = 1

PACKETS_LOST_MIN = -(1 << 23)
PACKETS_LOST_MAX = (1 << 23) - 1

_header = Struct("!BBH")
_ssrc = Struct("!I")
_two_ssrcs = Struct("!II")
_sender_info = Struct("!IQIII")
_report = Struct("!IIIIII")
_nack_pair = Struct("!HH")
_fir_entry = Struct("!IB3x")
_estimate_head = Struct("!4sBBH")

# RFC 4585, 6.2.1: a pair names one lost packet and, by bits, any of the 16 after it.
_NACK_BITS = 16


class ReceptionReport(msgspec.Struct, frozen=True):
    """A report block.  `fraction_lost` is of 256; delays are in units of 1/65536 s."""

    ssrc: int
    fraction_lost: int = 0
    packets_lost: int = 0
    highest_sequence: int = 0
    jitter: int = 0
    last_sender_report: int = 0
    delay_since_sender_report: int = 0

    def __bytes__(self) -> bytes:
        lost = max(PACKETS_LOST_MIN, min(PACKETS_LOST_MAX, self.packets_lost))
        return _report.pack(
            self.ssrc,
            self.fraction_lost << 24 | lost & 0xFF_FFFF,
            self.highest_sequence,
            self.jitter,
            self.last_sender_report,
            self.delay_since_sender_report,
        )


class SenderReport(msgspec.Struct, frozen=True):
    """`ntp_time` is seconds since 1900 with 32 bits of fraction."""

    ssrc: int
    ntp_time: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: tuple[ReceptionReport, ...] = ()

    def __bytes__(self) -> bytes:
        info = _sender_info.pack(
            self.ssrc, self.ntp_time, self.rtp_timestamp, self.packet_count, self.octet_count
        )
        return _packet(_SENDER_REPORT, len(self.reports), info + b"".join(map(bytes, self.reports)))


class ReceiverReport(msgspec.Struct, frozen=True):
    ssrc: int
    reports: tuple[ReceptionReport, ...] = ()

    def __bytes__(self) -> bytes:
        body = _ssrc.pack(self.ssrc) + b"".join(map(bytes, self.reports))
        return _packet(_RECEIVER_REPORT, len(self.reports), body)


class SourceItems(msgspec.Struct, frozen=True):
    """One chunk of a source description: (type, text) pairs of one source."""

    ssrc: int
    items: tuple[tuple[int, bytes], ...] = ()

    def __bytes__(self) -> bytes:
        data = _ssrc.pack(self.ssrc)
        for item_type, text in self.items:
            data += bytes((item_type, len(text))) + text
        # A zero ends the items, and more of them fill the word (RFC 3550, 6.5).
        return data + bytes(4 - len(data) % 4)


class SourceDescription(msgspec.Struct, frozen=True):
    sources: tuple[SourceItems, ...]

    def __bytes__(self) -> bytes:
        return _packet(_SOURCE_DESCRIPTION, len(self.sources), b"".join(map(bytes, self.sources)))


class Goodbye(msgspec.Struct, frozen=True):
    ssrcs: tuple[int, ...]
    reason: bytes = b""

    def __bytes__(self) -> bytes:
        body = b"".join(map(_ssrc.pack, self.ssrcs))
        if self.reason:
            reason = bytes((len(self.reason),)) + self.reason
            body += reason + bytes(-len(reason) % 4)
        return _packet(_GOODBYE, len(self.ssrcs), body)


class Nack(msgspec.Struct, frozen=True):
    """Packets that a receiver misses.  To be small on the wire they stand in order."""

    sender_ssrc: int
    media_ssrc: int
    lost: tuple[int, ...]

    def __bytes__(self) -> bytes:
        pairs = b"".join(_nack_pair.pack(*pair) for pair in _nack_pairs(self.lost))
        return _feedback(
            _TRANSPORT_LAYER_FEEDBACK, _GENERIC_NACK, self.sender_ssrc, self.media_ssrc, pairs
        )


class PictureLoss(msgspec.Struct, frozen=True):
    """PLI: the receiver cannot go on without a key frame."""

    sender_ssrc: int
    media_ssrc: int

    def __bytes__(self) -> bytes:
        return _feedback(_PAYLOAD_FEEDBACK, _PICTURE_LOSS, self.sender_ssrc, self.media_ssrc, b"")


class FullIntraRequest(msgspec.Struct, frozen=True):
    """FIR: (source, command number) pairs; the same number again is the same request."""

    sender_ssrc: int
    requests: tuple[tuple[int, int], ...]

    def __bytes__(self) -> bytes:
        entries = b"".join(_fir_entry.pack(*request) for request in self.requests)
        return _feedback(_PAYLOAD_FEEDBACK, _FULL_INTRA, self.sender_ssrc, 0, entries)


class ReceiverEstimate(msgspec.Struct, frozen=True):
    """REMB: what the receiver believes that all of `ssrcs` may use together."""

    sender_ssrc: int
    bitrate_bps: int
    ssrcs: tuple[int, ...]

    def __bytes__(self) -> bytes:
        # 18 bits of mantissa; what does not fit them is rounded down.
        exponent = max(0, self.bitrate_bps.bit_length() - 18)
        mantissa = self.bitrate_bps >> exponent
        head = _estimate_head.pack(
            b"REMB", len(self.ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF
        )
        entries = head + b"".join(map(_ssrc.pack, self.ssrcs))
        return _feedback(_PAYLOAD_FEEDBACK, _APPLICATION_LAYER, self.sender_ssrc, 0, entries)


class UnknownPacket(msgspec.Struct, frozen=True):
    """A packet of a type, or a feedback of a format, that means nothing to us."""

    packet_type: int
    count: int
    body: bytes

    def __bytes__(self) -> bytes:
        return _packet(self.packet_type, self.count, self.body)


RtcpPacket = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Goodbye
    | Nack
    | PictureLoss
    | FullIntraRequest
    | ReceiverEstimate
    | TransportFeedback
    | UnknownPacket
)


def parse_rtcp(data: bytes) -> tuple[RtcpPacket, ...]:
    """All packets of a compound; one that is malformed makes the whole a `RemoteError`."""
    packets = []
    position = 0
    while position < len(data):
        first, packet_type, end = _envelope(data, position)
        body = data[position + _HEADER_LENGTH : end]
        if first & _PADDING_BIT:
            body = _without_padding(body)
        count = first & _COUNT_MASK
        parse = _PARSERS.get(packet_type)
        packets.append(parse(count, body) if parse else UnknownPacket(packet_type, count, body))
        position = end
    if not packets:
        raise RemoteError(DropReason.TOO_SHORT, "RTCP packet is empty")
    return tuple(packets)


def middle_bits(ntp_time: int) -> int:
    """The 32 bits of an NTP time that reports carry: 16 of seconds, 16 of fraction."""
    return ntp_time >> 16 & 0xFFFF_FFFF


def _envelope(data: bytes, position: int) -> tuple[int, int, int]:
    if len(data) < position + _HEADER_LENGTH:
        raise RemoteError(DropReason.TOO_SHORT, "RTCP header is cut off")
    first = data[position]
    if first >> 6 != _VERSION:
        raise RemoteError(DropReason.BAD_VERSION, "RTCP version is not 2")
    words = data[position + 2] << 8 | data[position + 3]
    end = position + _HEADER_LENGTH + 4 * words
    if end > len(data):
        raise RemoteError(DropReason.BAD_RTCP, "RTCP packet is cut off")
    return first, data[position + 1], end


def _without_padding(body: bytes) -> bytes:
    if not body or not 0 < body[-1] <= len(body):
        raise RemoteError(DropReason.BAD_PADDING, "RTCP padding does not fit the packet")
    return body[: -body[-1]]


def _need(body: bytes, length: int, what: str) -> None:
    if len(body) < length:
        raise RemoteError(DropReason.BAD_RTCP, f"{what} is cut off")


def _parse_reports(body: bytes, start: int, count: int) -> tuple[ReceptionReport, ...]:
    # What follows the blocks is a profile's extension (RFC 3550, 6.4.3); we know none.
    _need(body, start + count * _report.size, "report block")
    return tuple(_parse_report(body, start + i * _report.size) for i in range(count))


def _parse_report(body: bytes, position: int) -> ReceptionReport:
    ssrc, losses, highest, jitter, last, delay = _report.unpack_from(body, position)
    lost = losses & 0xFF_FFFF
    if lost > PACKETS_LOST_MAX:
        lost -= 1 << 24
    return ReceptionReport(ssrc, losses >> 24, lost, highest, jitter, last, delay)


def _parse_sender_report(count: int, body: bytes) -> SenderReport:
    _need(body, _sender_info.size, "sender report")
    ssrc, ntp_time, rtp_timestamp, packets, octets = _sender_info.unpack_from(body)
    reports = _parse_reports(body, _sender_info.size, count)
    return SenderReport(ssrc, ntp_time, rtp_timestamp, packets, octets, reports)


def _parse_receiver_report(count: int, body: bytes) -> ReceiverReport:
    _need(body, 4, "receiver report")
    (ssrc,) = _ssrc.unpack_from(body)
    return ReceiverReport(ssrc, _parse_reports(body, 4, count))


def _parse_source_description(count: int, body: bytes) -> SourceDescription:
    sources = []
    position = 0
    for _ in range(count):
        source, position = _parse_source_items(body, position)
        sources.append(source)
    return SourceDescription(tuple(sources))


def _parse_source_items(body: bytes, position: int) -> tuple[SourceItems, int]:
    _need(body, position + 4, "source description")
    (ssrc,) = _ssrc.unpack_from(body, position)
    position += 4
    items: list[tuple[int, bytes]] = []
    while True:
        _need(body, position + 1, "source description item")
        if body[position] == 0:
            # The next chunk begins at the next whole word.
            return SourceItems(ssrc, tuple(items)), position + 4 - position % 4
        _need(body, position + 2, "source description item")
        end = position + 2 + body[position + 1]
        _need(body, end, "source description item")
        items.append((body[position], body[position + 2 : end]))
        position = end


def _parse_goodbye(count: int, body: bytes) -> Goodbye:
    end = 4 * count
    _need(body, end, "goodbye")
    ssrcs = tuple(ssrc for (ssrc,) in _ssrc.iter_unpack(body[:end]))
    reason = b""
    if len(body) > end:
        reason = body[end + 1 : end + 1 + body[end]]
        _need(body, end + 1 + body[end], "reason of a goodbye")
    return Goodbye(ssrcs, reason)


def _parse_transport_layer_feedback(count: int, body: bytes) -> RtcpPacket:
    if count == _TRANSPORT_WIDE:
        return _parse_transport_wide(body)
    if count == _GENERIC_NACK:
        return _parse_nack(body)
    return UnknownPacket(_TRANSPORT_LAYER_FEEDBACK, count, body)


def _parse_nack(body: bytes) -> Nack:
    sender, media, entries = _split_feedback(body)
    lost: list[int] = []
    for first, following in _nack_pair.iter_unpack(entries):
        lost.append(first)
        if following:
            lost += [first + 1 + bit & 0xFFFF for bit in range(_NACK_BITS) if following >> bit & 1]
    return Nack(sender, media, tuple(lost))


def _parse_payload_feedback(count: int, body: bytes) -> RtcpPacket:
    sender, media, entries = _split_feedback(body)
    if count == _PICTURE_LOSS:
        return PictureLoss(sender, media)
    if count == _FULL_INTRA:
        if len(entries) % _fir_entry.size:
            raise RemoteError(DropReason.BAD_RTCP, "full intra request is cut off")
        return FullIntraRequest(sender, tuple(_fir_entry.iter_unpack(entries)))
    if count == _APPLICATION_LAYER and entries.startswith(b"REMB"):
        return _parse_estimate(sender, entries)
    return UnknownPacket(_PAYLOAD_FEEDBACK, count, body)


def _parse_estimate(sender: int, entries: bytes) -> ReceiverEstimate:
    _need(entries, _estimate_head.size, "receiver estimate")
    _, count, high, low = _estimate_head.unpack_from(entries)
    end = _estimate_head.size + 4 * count
    _need(entries, end, "list of sources of a receiver estimate")
    ssrcs = tuple(ssrc for (ssrc,) in _ssrc.iter_unpack(entries[_estimate_head.size : end]))
    mantissa = (high & 3) << 16 | low
    return ReceiverEstimate(sender, mantissa << (high >> 2), ssrcs)


def _split_feedback(body: bytes) -> tuple[int, int, bytes]:
    """Sender, media source and control information of RFC 4585, 6.1."""
    _need(body, 8, "feedback")
    if len(body) % 4:
        raise RemoteError(DropReason.BAD_RTCP, "feedback is not in whole words")
    sender, media = _two_ssrcs.unpack_from(body)
    return sender, media, body[8:]


_PARSERS: dict[int, Callable[[int, bytes], RtcpPacket]] = {
    _SENDER_REPORT: _parse_sender_report,
    _RECEIVER_REPORT: _parse_receiver_report,
    _SOURCE_DESCRIPTION: _parse_source_description,
    _GOODBYE: _parse_goodbye,
    _TRANSPORT_LAYER_FEEDBACK: _parse_transport_layer_feedback,
    _PAYLOAD_FEEDBACK: _parse_payload_feedback,
}


def _packet(packet_type: int, count: int, body: bytes) -> bytes:
    return _header.pack(_VERSION << 6 | count, packet_type, len(body) // 4) + body


def _feedback(packet_type: int, count: int, sender: int, media: int, entries: bytes) -> bytes:
    return _packet(packet_type, count, _two_ssrcs.pack(sender, media) + entries)


def _nack_pairs(lost: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = None
    following = 0
    for sequence_number in lost:
        if first is not None:
            bit = (sequence_number - first - 1) & 0xFFFF
            if bit < _NACK_BITS:
                following |= 1 << bit
                continue
            yield first, following
        first, following = sequence_number, 0
    if first is not None:
        yield first, following

"""RTP on the wire (RFC 3550, RFC 8285, RFC 4588): bytes to a frozen packet and back.

Knows headers, header extensions, padding and retransmission wrapping.  It refuses to know
codecs, sessions, clocks and who sends to whom; a contributing source (CSRC) is skipped and never
forwarded, since no browser makes one.

The parse and `HeaderWriter.write` run once for every packet and once for every copy of it.  All
numbers in comments are from one core of the development machine with CPython 3.11.
"""

from collections.abc import Iterable, Mapping
from struct import Struct
from types import MappingProxyType

import msgspec

from sfu.errors import DropReason, RemoteError

HEADER_LENGTH = 12
SEQUENCE_MASK = 0xFFFF
TIMESTAMP_MASK = 0xFFFF_FFFF

NO_EXTENSIONS: Mapping[int, bytes] = MappingProxyType({})

_VERSION = 2
_VERSION_BITS = 0x80
_PADDING_BIT = 0x20
_EXTENSION_BIT = 0x10
_CONTRIBUTOR_COUNT = 0x0F

_ONE_BYTE_PROFILE = 0xBEDE
# RFC 8285, 4.3: the low four bits are for the application and mean nothing to us.
_TWO_BYTE_PROFILE = 0x1000
_TWO_BYTE_MASK = 0xFFF0
_ONE_BYTE_MAX_ID = 14
_ONE_BYTE_FIRST = 0x10
_ONE_BYTE_RESERVED = 0xF0
_ONE_BYTE_MAX_LENGTH = 16
_TWO_BYTE_MAX_ID = 255
_TWO_BYTE_MAX_LENGTH = 255

_fixed = Struct("!BBHII")
_unpack_fixed = _fixed.unpack_from
_pack_fixed = _fixed.pack
_block_head = Struct("!HH")
_unpack_block_head = _block_head.unpack_from

# Packet types of RTCP when it shares a port with RTP (RFC 5761, 4).
_RTCP_FIRST_TYPE = 192
_RTCP_LAST_TYPE = 223


# A frozen dataclass takes 770 ns to make, a NamedTuple 240, this 56; `gc=False` is safe, as no
# field can lead back to the packet.
class RtpPacket(msgspec.Struct, frozen=True, gc=False):
    """One received packet.  `payload` has no padding; an empty one is legal (a probe)."""

    payload_type: int
    marker: bool
    sequence_number: int
    timestamp: int
    ssrc: int
    extensions: Mapping[int, bytes]
    payload: bytes
    padding_length: int = 0

    def __bytes__(self) -> bytes:
        header = pack_header(
            self.marker,
            self.payload_type,
            self.sequence_number,
            self.timestamp,
            ssrc=self.ssrc,
            elements=encode_elements(self.extensions.items()),
        )
        if self.padding_length:
            return pad(header + self.payload, self.padding_length)
        return header + self.payload

    def with_payload(self, payload: bytes) -> "RtpPacket":
        """The same packet with something else in it."""
        return RtpPacket(
            self.payload_type,
            self.marker,
            self.sequence_number,
            self.timestamp,
            self.ssrc,
            self.extensions,
            payload,
        )


class Elements(msgspec.Struct, frozen=True, gc=False):
    """Encoded header extension elements, without the block's head and its filling."""

    profile: int
    data: bytes


class AudioLevel(msgspec.Struct, frozen=True, gc=False):
    """RFC 6464: loudness in dBov, 0 the loudest and -127 silence, and the talker's own guess."""

    level_dbov: int
    voice: bool


NO_ELEMENTS = Elements(_ONE_BYTE_PROFILE, b"")


def is_rtcp(data: bytes) -> bool:
    """True if a packet from a shared port is RTCP (RFC 5761, 4); an empty one is not."""
    return len(data) > 1 and _RTCP_FIRST_TYPE <= data[1] <= _RTCP_LAST_TYPE


def parse_rtp(data: bytes) -> RtpPacket:
    """The packet in `data`; raises `RemoteError` for anything that RFC 3550 or 8285 forbids.

    Measured with 1.1 kB: 0.33 us bare, 0.85 us with one extension, 1.1 us with two.
    """
    if len(data) < HEADER_LENGTH:
        raise RemoteError(DropReason.TOO_SHORT, "RTP header is cut off")
    first, second, sequence_number, timestamp, ssrc = _unpack_fixed(data)
    start = HEADER_LENGTH
    extensions = NO_EXTENSIONS
    padding_length = 0
    if first == _VERSION_BITS | _EXTENSION_BIT:
        start, extensions = _parse_extensions(data, HEADER_LENGTH)
    elif first != _VERSION_BITS:
        if first >> 6 != _VERSION:
            raise RemoteError(DropReason.BAD_VERSION, "RTP version is not 2")
        start += 4 * (first & _CONTRIBUTOR_COUNT)
        if first & _EXTENSION_BIT:
            start, extensions = _parse_extensions(data, start)
        if first & _PADDING_BIT:
            padding_length = _padding_length(data, start)
        elif start > len(data):
            raise RemoteError(DropReason.TOO_SHORT, "RTP contributing sources are cut off")
    return RtpPacket(
        second & 0x7F,
        second > 0x7F,  # noqa: PLR2004 - the marker is the top bit
        sequence_number,
        timestamp,
        ssrc,
        extensions,
        data[start:-padding_length] if padding_length else data[start:],
        padding_length,
    )


def pack_header(
    marker: bool,
    payload_type: int,
    sequence_number: int,
    timestamp: int,
    *,
    ssrc: int,
    elements: Elements = NO_ELEMENTS,
) -> bytes:
    """A whole RTP header.  `HeaderWriter` does the same faster for the common cases."""
    flags = _VERSION_BITS | _EXTENSION_BIT if elements.data else _VERSION_BITS
    fixed = _pack_fixed(flags, marker << 7 | payload_type, sequence_number, timestamp, ssrc)
    if not elements.data:
        return fixed
    filling = -len(elements.data) % 4
    head = _block_head.pack(elements.profile, (len(elements.data) + filling) // 4)
    return fixed + head + elements.data + bytes(filling)


class HeaderWriter:
    """Writes the headers of one outgoing stream: what never changes in it is given once.

    With `transport_sequence_id` each packet carries a transport-wide sequence number
    (draft-holmer-rmcat-transport-wide-cc-extensions-01); with 0 none does.
    """

    __slots__ = ("_marked", "_payload_type", "_plain", "_sequence_head", "_ssrc", "_transport_id")

    def __init__(self, payload_type: int, ssrc: int, transport_sequence_id: int = 0) -> None:
        self._payload_type = payload_type
        self._plain = payload_type
        self._marked = 0x80 | payload_type
        self._ssrc = ssrc
        self._transport_id = transport_sequence_id
        fits = 0 < transport_sequence_id <= _ONE_BYTE_MAX_ID
        # One-byte form: the identifier, and a length of two bytes written as one less.
        self._sequence_head = transport_sequence_id << 4 | 1 if fits else 0

    def write(
        self,
        marker: bool,
        sequence_number: int,
        timestamp: int,
        transport_sequence: int,
        elements: Elements = NO_ELEMENTS,
    ) -> bytes:
        """The header; `elements` follow the transport-wide number.

        Measured: 0.22 us with or without elements; `pack_header` with the same content 0.42 us
        once its elements are encoded, which takes another 1.3 us.
        """
        data = elements.data
        if not (data or self._transport_id):
            second = self._marked if marker else self._plain
            return _pack_fixed(_VERSION_BITS, second, sequence_number, timestamp, self._ssrc)
        if self._sequence_head and elements.profile == _ONE_BYTE_PROFILE:
            layout = _LAYOUTS.get(len(data))
            if layout is not None:
                pack, words = layout
                return pack(
                    _VERSION_BITS | _EXTENSION_BIT,
                    self._marked if marker else self._plain,
                    sequence_number,
                    timestamp,
                    self._ssrc,
                    _ONE_BYTE_PROFILE,
                    words,
                    self._sequence_head,
                    transport_sequence,
                    data,
                )
        return self._write_rare(marker, sequence_number, timestamp, transport_sequence, elements)

    def _write_rare(
        self,
        marker: bool,
        sequence_number: int,
        timestamp: int,
        transport_sequence: int,
        elements: Elements,
    ) -> bytes:
        if self._transport_id:
            number = (self._transport_id, transport_sequence.to_bytes(2, "big"))
            elements = encode_elements((number, *decode_elements(elements).items()))
        return pack_header(
            marker,
            self._payload_type,
            sequence_number,
            timestamp,
            ssrc=self._ssrc,
            elements=elements,
        )


def _layout(length: int) -> tuple[Struct, int]:
    filling = -(length + 3) % 4
    return Struct(f"!BBHIIHHBH{length}s{filling}x"), (length + 3 + filling) // 4


# One compiled layout for each length of elements that fits beside a transport-wide number; 61
# bytes take audio level, video orientation, MID and a short dependency descriptor together.
_LAYOUTS = {length: (_layout(length)[0].pack, _layout(length)[1]) for length in range(62)}


def pad(packet: bytes, length: int) -> bytes:
    """The same packet with `length` (1 to 255) bytes of padding (RFC 3550, 5.1)."""
    first = packet[0] | _PADDING_BIT
    return bytes((first,)) + packet[1:] + bytes(length - 1) + bytes((length,))


# --- header extensions ---


def encode_elements(pairs: Iterable[tuple[int, bytes]]) -> Elements:
    """Elements in the one-byte form if all of them fit it, else in the two-byte form."""
    listed = list(pairs)
    if all(_fits_one_byte(identifier, value) for identifier, value in listed):
        return Elements(
            _ONE_BYTE_PROFILE,
            b"".join(bytes((i << 4 | len(value) - 1,)) + value for i, value in listed),
        )
    if not all(_fits_two_bytes(identifier, value) for identifier, value in listed):
        raise ValueError("a header extension takes an id of 1 to 255 and at most 255 bytes")
    return Elements(
        _TWO_BYTE_PROFILE, b"".join(bytes((i, len(value))) + value for i, value in listed)
    )


def decode_elements(elements: Elements) -> Mapping[int, bytes]:
    """What `encode_elements` was given."""
    data = elements.data
    if elements.profile == _ONE_BYTE_PROFILE:
        return _parse_one_byte(data, 0, len(data))
    return _parse_two_bytes(data, 0, len(data))


def forwarded_elements(extensions: Mapping[int, bytes], identifiers: Mapping[int, int]) -> Elements:
    """The extensions that go on to a viewer, under the identifiers that the viewer negotiated.

    `identifiers` maps an incoming one to an outgoing one; what it does not name is hop-by-hop
    or unknown, and stays here.  It is the same for all viewers with the same identifiers, so
    worth keeping: 0.31 us where nothing goes on, 1.4 us for one element.
    """
    kept = [(identifiers[i], value) for i, value in extensions.items() if i in identifiers]
    return encode_elements(kept) if kept else NO_ELEMENTS


def read_transport_sequence(value: bytes) -> int:
    """A transport-wide sequence number; version 2 of the extension adds bytes, ignored here."""
    if len(value) not in {2, 4}:
        raise RemoteError(DropReason.BAD_EXTENSION, "transport-wide sequence is not 2 bytes")
    return value[0] << 8 | value[1]


def read_audio_level(value: bytes) -> AudioLevel:
    """RFC 6464, 3; one byte, or two when the sender uses the two-byte form."""
    if len(value) not in {1, 2}:
        raise RemoteError(DropReason.BAD_EXTENSION, "audio level is not 1 byte")
    return AudioLevel(-(value[0] & 0x7F), value[0] > 0x7F)  # noqa: PLR2004 - the voice bit


def read_absolute_send_time(value: bytes) -> float:
    """Seconds, modulo 64, at which the sender let the packet go."""
    if len(value) != _SEND_TIME_LENGTH:
        raise RemoteError(DropReason.BAD_EXTENSION, "absolute send time is not 3 bytes")
    return int.from_bytes(value, "big") / (1 << _SEND_TIME_FRACTION_BITS)


def absolute_send_time(now_s: float) -> bytes:
    """The value of an absolute send time: unsigned, 6 bits of seconds and 18 of fraction."""
    return (int(now_s * (1 << _SEND_TIME_FRACTION_BITS)) & 0xFF_FFFF).to_bytes(3, "big")


_SEND_TIME_LENGTH = 3
_SEND_TIME_FRACTION_BITS = 18


def read_identifier(value: bytes) -> str:
    """A MID or a RID (RFC 8843, 15; RFC 8852, 3.1): letters, digits and a few signs.

    Some senders fill the element up with zeros; those are not part of it.
    """
    text = value.rstrip(b"\0")
    if not 0 < len(text) <= _MAX_IDENTIFIER_LENGTH or not _TOKEN.issuperset(text):
        raise RemoteError(DropReason.BAD_EXTENSION, "MID or RID is not a token")
    return text.decode("ascii")


# Browsers use one to three characters; WHIP clients up to a UUID.
_MAX_IDENTIFIER_LENGTH = 64
# `token-char` of RFC 8866, 9.
_TOKEN = frozenset(
    b"!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz{|}~"
)


def _fits_one_byte(identifier: int, value: bytes) -> bool:
    return 0 < identifier <= _ONE_BYTE_MAX_ID and 0 < len(value) <= _ONE_BYTE_MAX_LENGTH


def _fits_two_bytes(identifier: int, value: bytes) -> bool:
    return 0 < identifier <= _TWO_BYTE_MAX_ID and len(value) <= _TWO_BYTE_MAX_LENGTH


def _parse_extensions(data: bytes, start: int) -> tuple[int, Mapping[int, bytes]]:
    position = start + 4
    if position > len(data):
        raise RemoteError(DropReason.BAD_EXTENSION, "header extension is cut off")
    profile, words = _unpack_block_head(data, start)
    end = position + 4 * words
    if end > len(data):
        raise RemoteError(DropReason.BAD_EXTENSION, "header extension is longer than the packet")
    if profile != _ONE_BYTE_PROFILE:
        # RFC 3550, 5.3.1: an extension that one does not know is skipped.
        known = profile & _TWO_BYTE_MASK == _TWO_BYTE_PROFILE
        return end, _parse_two_bytes(data, position, end) if known else NO_EXTENSIONS
    return end, _parse_one_byte(data, position, end)


def _parse_one_byte(data: bytes, position: int, end: int) -> Mapping[int, bytes]:
    elements = {}
    while position < end:
        head = data[position]
        if _ONE_BYTE_FIRST <= head < _ONE_BYTE_RESERVED:
            stop = position + 2 + (head & 0x0F)
            elements[head >> 4] = data[position + 1 : stop]
            position = stop
        elif head == 0:
            position += 1
        else:
            # RFC 8285, 4.2: identifier 15 ends the reading; so does 0 with a length.
            break
    if position > end:
        raise RemoteError(DropReason.BAD_EXTENSION, "one-byte element is cut off")
    return elements


def _parse_two_bytes(data: bytes, position: int, end: int) -> Mapping[int, bytes]:
    elements = {}
    while position < end:
        identifier = data[position]
        position += 1
        if identifier == 0:
            continue
        if position == end:
            raise RemoteError(DropReason.BAD_EXTENSION, "two-byte element has no length")
        stop = position + 1 + data[position]
        if stop > end:
            raise RemoteError(DropReason.BAD_EXTENSION, "two-byte element is cut off")
        elements[identifier] = data[position + 1 : stop]
        position = stop
    return elements


def _padding_length(data: bytes, start: int) -> int:
    length = data[-1]
    if not 0 < length <= len(data) - start:
        raise RemoteError(DropReason.BAD_PADDING, "RTP padding does not fit the packet")
    return length


# --- retransmission (RFC 4588, 4) ---

_ORIGINAL_SEQUENCE_LENGTH = 2


def wrap_retransmission(sequence_number: int, payload: bytes) -> bytes:
    """Payload of a retransmission packet: the original sequence number, then the original."""
    return sequence_number.to_bytes(_ORIGINAL_SEQUENCE_LENGTH, "big") + payload


def unwrap_retransmission(packet: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket | None:
    """The original packet, or None if this one only probes for bandwidth (it is empty)."""
    payload = packet.payload
    if not payload:
        return None
    if len(payload) < _ORIGINAL_SEQUENCE_LENGTH:
        raise RemoteError(DropReason.BAD_RETRANSMISSION, "no original sequence number")
    return RtpPacket(
        payload_type,
        packet.marker,
        payload[0] << 8 | payload[1],
        packet.timestamp,
        ssrc,
        packet.extensions,
        payload[_ORIGINAL_SEQUENCE_LENGTH:],
        packet.padding_length,
    )

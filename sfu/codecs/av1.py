"""What an RTP packet of AV1 says of itself (AV1 RTP payload specification 1.0).

Knows the aggregation header, how decoders want units written, the size in a sequence header, and
the part of a dependency descriptor that every packet has.  It refuses to know the templates of that
descriptor: layers of AV1 are not chosen yet.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from sfu.codecs.bits import BitReader, read_leb128, write_leb128
from sfu.errors import DropReason, RemoteError

_CONTINUES = 0x80
_GOES_ON = 0x40
_NEW_SEQUENCE = 0x08

_SEQUENCE_HEADER = 1
# Temporal delimiter, tile list, padding: no part of a picture (payload specification, 5).
_LEFT_OUT = frozenset({2, 8, 15})
_FORBIDDEN = 0x80
_HAS_EXTENSION = 0x04
_HAS_SIZE = 0x02
# Section 5.5.2 of the bitstream: higher levels have a bit for the tier.
_LAST_LEVEL_WITHOUT_TIER = 7

_DESCRIPTOR_LENGTH = 3

# What a decoder wants before the units of a picture (bitstream, 5.6), with its size of nothing.
TEMPORAL_DELIMITER = b"\x12\x00"


class Av1(msgspec.Struct, frozen=True, gc=False):
    """`key_frame`: here begins a coded video sequence; sizes are 0 except where it says them.

    `continues` and `goes_on`: the first (last) unit began before (ends after) this packet.
    """

    key_frame: bool
    continues: bool
    goes_on: bool
    width: int = 0
    height: int = 0

    temporal_id: ClassVar[int] = 0
    spatial_id: ClassVar[int] = 0
    layer_sync: ClassVar[bool] = False
    switching_up: ClassVar[bool] = False

    @property
    def starts_frame(self) -> bool:
        """True where it is certain; only the dependency descriptor marks the others."""
        return self.key_frame


class DependencyDescriptor(msgspec.Struct, frozen=True, gc=False):
    """The mandatory fields (annex A.8.2); `has_structure` stands in key frames only."""

    starts_frame: bool
    ends_frame: bool
    template_id: int
    frame_number: int
    has_structure: bool


def parse_av1(payload: bytes) -> Av1:
    """What is in a payload; one without a byte of data is a `RemoteError`."""
    if len(payload) < 2:  # noqa: PLR2004 - a header and at least one byte
        raise RemoteError(DropReason.BAD_PAYLOAD, "AV1 payload is empty")
    head = payload[0]
    continues, goes_on = bool(head & _CONTINUES), bool(head & _GOES_ON)
    if not head & _NEW_SEQUENCE:
        return Av1(False, continues, goes_on)
    if continues:
        # Section 4.4: a sequence cannot begin in the middle of a unit.
        raise RemoteError(DropReason.BAD_PAYLOAD, "AV1 sequence begins inside a unit")
    for unit in elements(payload):
        if unit and unit[0] >> 3 & 0x0F == _SEQUENCE_HEADER:
            return Av1(True, False, goes_on, *_parse_size(_unit_body(unit)))
    return Av1(True, False, goes_on)


def parse_dependency_descriptor(value: bytes) -> DependencyDescriptor:
    """The value of the header extension."""
    if len(value) < _DESCRIPTOR_LENGTH:
        raise RemoteError(DropReason.BAD_EXTENSION, "dependency descriptor is cut off")
    return DependencyDescriptor(
        bool(value[0] & 0x80),
        bool(value[0] & 0x40),
        value[0] & 0x3F,
        value[1] << 8 | value[2],
        len(value) > _DESCRIPTOR_LENGTH and bool(value[3] & 0x80),
    )


def elements(payload: bytes) -> Iterator[bytes]:
    """The units of a packet, the first and the last maybe in part (4.4); may raise `RemoteError`.

    If W counts them, the last goes without a length.
    """
    count = payload[0] >> 4 & 3
    position = 1
    index = 0
    while position < len(payload):
        index += 1
        if index == count:
            yield payload[position:]
            return
        size, position = read_leb128(payload, position)
        if position + size > len(payload):
            raise RemoteError(DropReason.BAD_PAYLOAD, "AV1 unit is cut off")
        yield payload[position : position + size]
        position += size


def low_overhead(unit: bytes) -> bytes:
    """A whole unit as decoders read it, with its size (bitstream, 5.3); empty for one left out."""
    if not unit or unit[0] & _FORBIDDEN:
        raise RemoteError(DropReason.BAD_PAYLOAD, "AV1 unit without a header")
    if unit[0] >> 3 & 0x0F in _LEFT_OUT:
        return b""
    head, body = unit[: _head_length(unit)], _unit_body(unit)
    return bytes((head[0] | _HAS_SIZE,)) + head[1:] + write_leb128(len(body)) + body


def _head_length(unit: bytes) -> int:
    return 2 if unit[0] & _HAS_EXTENSION else 1


def _unit_body(unit: bytes) -> bytes:
    position = _head_length(unit)
    if unit[0] & _HAS_SIZE:
        size, position = read_leb128(unit, position)
        return unit[position : position + size]
    return unit[position:]


def _parse_size(body: bytes) -> tuple[int, int]:
    """Largest width and height of a sequence (bitstream, 5.5.1)."""
    reader = BitReader(body)
    reader.bits(4)  # profile, still picture
    if reader.flag():
        reader.bits(5)
    else:
        _skip_operating_points(reader)
    width_bits = reader.bits(4) + 1
    height_bits = reader.bits(4) + 1
    return reader.bits(width_bits) + 1, reader.bits(height_bits) + 1


def _skip_operating_points(reader: BitReader) -> None:
    delay_bits = _skip_timing(reader) if reader.flag() else 0
    has_display_delay = reader.flag()
    for _ in range(reader.bits(5) + 1):
        reader.bits(12)
        if reader.bits(5) > _LAST_LEVEL_WITHOUT_TIER:
            reader.flag()
        if delay_bits and reader.flag():
            reader.bits(2 * delay_bits + 1)
        if has_display_delay and reader.flag():
            reader.bits(4)


def _skip_timing(reader: BitReader) -> int:
    """Bits of a buffer delay in the decoder model, or 0 if there is none (5.5.3, 5.5.4)."""
    reader.bits(64)
    if reader.flag():
        reader.unsigned()
    if not reader.flag():
        return 0
    delay_bits = reader.bits(5) + 1
    reader.bits(42)
    return delay_bits

"""What an RTP packet of VP8 says of itself (RFC 7741).

Knows the payload descriptor and the first bytes of a key frame, and can write the descriptor anew
with other numbers.  It refuses to know which numbers those should be (`rewriter`).
"""

from struct import Struct
from typing import ClassVar

import msgspec

from sfu.errors import DropReason, RemoteError

PICTURE_ID_BITS = 15

_EXTENDED = 0x80
_START = 0x10
_PARTITION = 0x07
_HAS_PICTURE_ID = 0x80
_HAS_LEVEL_ZERO_INDEX = 0x40
_HAS_TEMPORAL_ID = 0x20
_HAS_KEY_INDEX = 0x10
_LONG_PICTURE_ID = 0x80
_INTER_FRAME = 0x01

_START_CODE = b"\x9d\x01\x2a"
_KEY_FRAME_HEADER_LENGTH = 10
_SIZE_MASK = 0x3FFF  # the top two bits ask for scaling

# What browsers send: both flag bytes, 15-bit picture id, TL0PICIDX, TID and KEYIDX.
_full = Struct("!BBHBB")


class Vp8(msgspec.Struct, frozen=True, gc=False):
    """`descriptor` and `body` together are the payload.

    Sizes are 0 except in the first packet of a key frame.  Without temporal layers `temporal_id`
    is 0; without a number the number is None.
    """

    descriptor: bytes
    body: bytes
    starts_frame: bool
    key_frame: bool
    picture_id: int | None
    level_zero_index: int | None
    temporal_id: int
    layer_sync: bool
    picture_id_bits: int = 0
    width: int = 0
    height: int = 0

    spatial_id: ClassVar[int] = 0
    switching_up: ClassVar[bool] = False

    def renumbered(self, picture_id: int, level_zero_index: int) -> bytes:
        """The descriptor with these numbers where it has such; each is cut to its field.

        Measured: 0.21 us.
        """
        old = self.descriptor
        if len(old) == _full.size and self.picture_id_bits == PICTURE_ID_BITS:
            return _full.pack(
                old[0],
                old[1],
                _LONG_PICTURE_ID << 8 | picture_id & 0x7FFF,
                level_zero_index & 0xFF,
                old[5],
            )
        return self._renumbered_slowly(picture_id, level_zero_index)

    def _renumbered_slowly(self, picture_id: int, level_zero_index: int) -> bytes:
        new = bytearray(self.descriptor)
        position = 2
        if self.picture_id_bits == PICTURE_ID_BITS:
            new[2:4] = (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
            position = 4
        elif self.picture_id_bits:
            new[2] = picture_id & 0x7F
            position = 3
        if self.level_zero_index is not None:
            new[position] = level_zero_index & 0xFF
        return bytes(new)


def parse_vp8(payload: bytes) -> Vp8:
    """The descriptor of a payload; a payload with nothing behind it is a `RemoteError`.

    Measured with 1.1 kB: 0.7 us.
    """
    if not payload:
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP8 payload is empty")
    first = payload[0]
    starts_frame = bool(first & _START) and not first & _PARTITION
    try:
        descriptor_length, fields = _parse_extension(payload) if first & _EXTENDED else _NONE
    except IndexError:
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP8 descriptor is cut off") from None
    body = payload[descriptor_length:]
    if not body:
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP8 packet has no data")
    key_frame = starts_frame and not body[0] & _INTER_FRAME
    width, height = _key_frame_size(body) if key_frame else (0, 0)
    picture_id, level_zero_index, temporal_id, layer_sync, picture_id_bits = fields
    return Vp8(
        payload[:descriptor_length],
        body,
        starts_frame,
        key_frame,
        picture_id,
        level_zero_index,
        temporal_id,
        layer_sync,
        picture_id_bits,
        width,
        height,
    )


# Picture id, TL0PICIDX, TID, layer sync, bits of the picture id.
_Fields = tuple[int | None, int | None, int, bool, int]
_NONE: tuple[int, _Fields] = (1, (None, None, 0, False, 0))


def _parse_extension(payload: bytes) -> tuple[int, _Fields]:
    flags = payload[1]
    position = 2
    picture_id = level_zero_index = None
    picture_id_bits = temporal_id = 0
    layer_sync = False
    if flags & _HAS_PICTURE_ID:
        picture_id = payload[position]
        picture_id_bits = 7
        position += 1
        if picture_id & _LONG_PICTURE_ID:
            picture_id = (picture_id & 0x7F) << 8 | payload[position]
            picture_id_bits = PICTURE_ID_BITS
            position += 1
    if flags & _HAS_LEVEL_ZERO_INDEX:
        level_zero_index = payload[position]
        position += 1
    if flags & (_HAS_TEMPORAL_ID | _HAS_KEY_INDEX):
        last = payload[position]
        position += 1
        if flags & _HAS_TEMPORAL_ID:
            temporal_id = last >> 6
            layer_sync = bool(last & 0x20)
    return position, (picture_id, level_zero_index, temporal_id, layer_sync, picture_id_bits)


def _key_frame_size(body: bytes) -> tuple[int, int]:
    """Width and height out of the frame header (RFC 6386, 9.1)."""
    if len(body) < _KEY_FRAME_HEADER_LENGTH or body[3:6] != _START_CODE:
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP8 key frame has no start code")
    width = int.from_bytes(body[6:8], "little") & _SIZE_MASK
    height = int.from_bytes(body[8:10], "little") & _SIZE_MASK
    return width, height

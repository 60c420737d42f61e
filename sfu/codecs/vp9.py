"""What an RTP packet of VP9 says of itself (RFC 9628).

Knows the payload descriptor with its scalability structure.  It refuses to look into the frame:
all that a forwarder needs stands in the descriptor.
"""

from typing import ClassVar

import msgspec

from sfu.errors import DropReason, RemoteError

_HAS_PICTURE_ID = 0x80
_INTER_PREDICTED = 0x40
_HAS_LAYERS = 0x20
_FLEXIBLE = 0x10
_STARTS = 0x08
_ENDS = 0x04
_HAS_STRUCTURE = 0x02
_NOT_A_REFERENCE = 0x01

_LONG_PICTURE_ID = 0x80
# RFC 9628, 4.2: at most three reference indices, the last bit of each says that another follows.
_MAX_REFERENCES = 3

Sizes = tuple[tuple[int, int], ...]


class Vp9(msgspec.Struct, frozen=True, gc=False):
    """`descriptor` and `body` together are the payload.

    `starts_frame` and `ends_frame` are of one spatial layer; the picture ends with the RTP
    marker.  `sizes` lists width and height of each spatial layer where the packet tells them.
    """

    descriptor: bytes
    body: bytes
    starts_frame: bool
    ends_frame: bool
    key_frame: bool
    inter_predicted: bool
    picture_id: int | None
    level_zero_index: int | None
    temporal_id: int
    spatial_id: int
    switching_up: bool
    inter_layer_predicted: bool
    reference_for_upper: bool
    sizes: Sizes

    layer_sync: ClassVar[bool] = False

    @property
    def width(self) -> int:
        return self.sizes[-1][0] if self.sizes else 0

    @property
    def height(self) -> int:
        return self.sizes[-1][1] if self.sizes else 0


class _Layers(msgspec.Struct, frozen=True):
    temporal_id: int = 0
    switching_up: bool = False
    spatial_id: int = 0
    inter_layer_predicted: bool = False


_NO_LAYERS = _Layers()


def parse_vp9(payload: bytes) -> Vp9:
    """The descriptor of a payload; a payload with nothing behind it is a `RemoteError`.

    Measured with 1.1 kB: 0.8 us.
    """
    if not payload:
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP9 payload is empty")
    try:
        return _parse(payload)
    except IndexError:
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP9 descriptor is cut off") from None


def _parse(payload: bytes) -> Vp9:
    flags = payload[0]
    position = 1
    picture_id = level_zero_index = None
    layers = _NO_LAYERS
    sizes: Sizes = ()
    if flags & _HAS_PICTURE_ID:
        picture_id, position = _picture_id(payload, position)
    if flags & _HAS_LAYERS:
        layers = _layers(payload[position])
        position += 1
        if not flags & _FLEXIBLE:
            level_zero_index = payload[position]
            position += 1
    if flags & _FLEXIBLE and flags & _INTER_PREDICTED:
        position = _after_references(payload, position)
    if flags & _HAS_STRUCTURE:
        sizes, position = _structure(payload, position)
    if position >= len(payload):
        raise RemoteError(DropReason.BAD_PAYLOAD, "VP9 packet has no data")
    starts_frame = bool(flags & _STARTS)
    inter_predicted = bool(flags & _INTER_PREDICTED)
    return Vp9(
        payload[:position],
        payload[position:],
        starts_frame,
        bool(flags & _ENDS),
        starts_frame and not inter_predicted and layers.spatial_id == 0,
        inter_predicted,
        picture_id,
        level_zero_index,
        layers.temporal_id,
        layers.spatial_id,
        layers.switching_up,
        layers.inter_layer_predicted,
        not flags & _NOT_A_REFERENCE,
        sizes,
    )


def _picture_id(payload: bytes, position: int) -> tuple[int, int]:
    first = payload[position]
    if first & _LONG_PICTURE_ID:
        return (first & 0x7F) << 8 | payload[position + 1], position + 2
    return first, position + 1


def _layers(byte: int) -> _Layers:
    return _Layers(byte >> 5, bool(byte & 0x10), byte >> 1 & 7, bool(byte & 1))


def _after_references(payload: bytes, position: int) -> int:
    for _ in range(_MAX_REFERENCES):
        position += 1
        if not payload[position - 1] & 1:
            return position
    raise RemoteError(DropReason.BAD_PAYLOAD, "VP9 descriptor has too many references")


def _structure(payload: bytes, position: int) -> tuple[Sizes, int]:
    """Sizes of the spatial layers (RFC 9628, 4.2.1), and the position after the structure."""
    head = payload[position]
    position += 1
    sizes = []
    if head & 0x10:
        for _ in range((head >> 5) + 1):
            width = payload[position] << 8 | payload[position + 1]
            height = payload[position + 2] << 8 | payload[position + 3]
            sizes.append((width, height))
            position += 4
    if head & 0x08:
        pictures = payload[position]
        position += 1
        for _ in range(pictures):
            position += 1 + (payload[position] >> 2 & 3)
    return tuple(sizes), position

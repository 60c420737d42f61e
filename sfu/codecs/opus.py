"""What an RTP packet of Opus says of itself (RFC 6716, 3; RFC 7587), and its redundant form.

Knows the table-of-contents byte, silence, and the blocks of RFC 2198.  It refuses to know whether
there is one channel or two: nothing that we do depends on it.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from sfu.errors import DropReason, RemoteError

MAX_DURATION_SAMPLES = 5_760  # RFC 6716, 3.2.5: no packet lasts longer than 120 ms

# RFC 6716, table 2, in samples at 48 kHz: SILK, hybrid, CELT.
_FRAME_SAMPLES = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
_COUNTED_FRAMES = 3
_FRAMES_BY_CODE = (1, 2, 2)
# An encoder that has nothing to say sends a packet of one or two bytes each 400 ms.
_SILENCE_MAX_LENGTH = 2

_FOLLOWED = 0x80
_BLOCK_HEAD_LENGTH = 4
# Browsers send one or two; the header has no count, so something must end it.
_MAX_BLOCKS = 8


class Opus(msgspec.Struct, frozen=True, gc=False):
    """`silent`: discontinuous transmission; the packet holds comfort noise at most."""

    duration_samples: int
    silent: bool

    starts_frame: ClassVar[bool] = True
    key_frame: ClassVar[bool] = True
    temporal_id: ClassVar[int] = 0
    spatial_id: ClassVar[int] = 0
    layer_sync: ClassVar[bool] = False
    switching_up: ClassVar[bool] = False
    width: ClassVar[int] = 0
    height: ClassVar[int] = 0


class RedundantBlock(msgspec.Struct, frozen=True, gc=False):
    """One block of RFC 2198; the last of a packet is the primary one, with offset 0."""

    payload_type: int
    timestamp_offset: int
    data: bytes


def parse_opus(payload: bytes) -> Opus:
    """What is in a payload; an empty one is a `RemoteError`.  Measured: 0.23 us."""
    if not payload:
        raise RemoteError(DropReason.BAD_PAYLOAD, "Opus payload is empty")
    head = payload[0]
    code = head & 3
    if code == _COUNTED_FRAMES:
        if len(payload) < 2:  # noqa: PLR2004 - the byte with the count
            raise RemoteError(DropReason.BAD_PAYLOAD, "Opus packet has no count of frames")
        frames = payload[1] & 0x3F
    else:
        frames = _FRAMES_BY_CODE[code]
    duration = frames * _FRAME_SAMPLES[head >> 3]
    if not 0 < duration <= MAX_DURATION_SAMPLES:
        raise RemoteError(DropReason.BAD_PAYLOAD, "Opus packet has an impossible duration")
    return Opus(duration, len(payload) <= _SILENCE_MAX_LENGTH)


def parse_redundancy(payload: bytes) -> tuple[RedundantBlock, ...]:
    """The blocks of a payload of `audio/red`, oldest first (RFC 2198, 3)."""
    heads = tuple(_block_heads(payload))
    position = _BLOCK_HEAD_LENGTH * (len(heads) - 1) + 1
    blocks = []
    for payload_type, offset, length in heads:
        end = len(payload) if length is None else position + length
        if end > len(payload):
            raise RemoteError(DropReason.BAD_PAYLOAD, "redundant block is cut off")
        blocks.append(RedundantBlock(payload_type, offset, payload[position:end]))
        position = end
    return tuple(blocks)


def _block_heads(payload: bytes) -> Iterator[tuple[int, int, int | None]]:
    """Payload type, timestamp offset and length of each block; the last has no length."""
    position = 0
    for _ in range(_MAX_BLOCKS):
        head = payload[position : position + _BLOCK_HEAD_LENGTH]
        if not head:
            break
        if not head[0] & _FOLLOWED:
            yield head[0], 0, None
            return
        if len(head) < _BLOCK_HEAD_LENGTH:
            break
        yield head[0] & 0x7F, head[1] << 6 | head[2] >> 2, (head[2] & 3) << 8 | head[3]
        position += _BLOCK_HEAD_LENGTH
    raise RemoteError(DropReason.BAD_PAYLOAD, "redundant blocks have no primary one")

"""What a payload says of itself, for each codec that passes through.

Knows which parser belongs to which codec.  It refuses to know payload types: those are
negotiated.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from sfu.codecs.av1 import parse_av1
from sfu.codecs.h264 import parse_h264
from sfu.codecs.opus import parse_opus
from sfu.codecs.vp8 import parse_vp8
from sfu.codecs.vp9 import parse_vp9


class Codec(StrEnum):
    """The values are the encoding names of SDP."""

    OPUS = "opus"
    VP8 = "VP8"
    VP9 = "VP9"
    H264 = "H264"
    AV1 = "AV1"


class Description(Protocol):
    """What every codec can say of a packet; sizes are 0 where the packet does not tell them.

    `layer_sync` (VP8): the picture builds on the base layer only, so its temporal layer may be
    entered here.  `switching_up` (VP9): nothing after it builds on earlier pictures of higher
    temporal layers, so any of those may be entered.
    """

    @property
    def starts_frame(self) -> bool: ...
    @property
    def key_frame(self) -> bool: ...
    @property
    def temporal_id(self) -> int: ...
    @property
    def spatial_id(self) -> int: ...
    @property
    def layer_sync(self) -> bool: ...
    @property
    def switching_up(self) -> bool: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


# Each takes a payload that is not empty and returns a description or raises `RemoteError`.
PARSERS: dict[Codec, Callable[[bytes], Description]] = {
    Codec.OPUS: parse_opus,
    Codec.VP8: parse_vp8,
    Codec.VP9: parse_vp9,
    Codec.H264: parse_h264,
    Codec.AV1: parse_av1,
}

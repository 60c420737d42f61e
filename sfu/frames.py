"""Packets of one stream to whole encoded frames, for a decoder that must not be misled.

Knows when a frame is complete, when the decoder could no longer follow, and how a decoder wants
its frames written.  It refuses to know decoders, sockets and which frames anybody wants.

A decoder that is given an empty frame takes it for the end of the stream and is blind from then
on, so none is ever made.  Nothing is yielded between a loss and the next key frame.
"""

from collections.abc import Iterator

import msgspec

from sfu.codecs import Codec, Description
from sfu.codecs.av1 import TEMPORAL_DELIMITER, Av1, elements, low_overhead
from sfu.codecs.h264 import H264, annex_b
from sfu.codecs.opus import Opus
from sfu.codecs.vp8 import Vp8
from sfu.codecs.vp9 import Vp9
from sfu.errors import RemoteError
from sfu.rtp import RtpPacket

# A retransmission takes a round trip and the 20 ms before it is asked for.
MAX_WAIT_S = 0.3
# Speech is not asked for again; 60 ms are more than the usual reordering.
MAX_WAIT_SPEECH_S = 0.060
MAX_WAITING_PACKETS = 256
# Five times the largest key frame of a 1080p camera.
MAX_FRAME_BYTES = 2_000_000
_MAX_LAYERS = 8  # spatial layers that VP9 has a number for


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One whole encoded picture, or packet of speech; `data` is never empty.

    Sizes are those that the last key frame announced, 0 for sound and where none is known; who
    decodes should refuse absurd ones first.  `follows_loss`: something before it is missing.
    """

    codec: Codec
    timestamp: int
    key_frame: bool
    follows_loss: bool
    width: int
    height: int
    data: bytes


class FrameAssembler:
    """Puts packets in order and frames together.

    `needs_key_frame` stays true until a key frame is complete; whoever wants frames asks the
    publisher for one.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._max_wait_s = MAX_WAIT_SPEECH_S if codec is Codec.OPUS else MAX_WAIT_S
        self._next: int | None = None
        self._waiting: dict[int, tuple[RtpPacket, Description | None]] = {}
        self._waiting_since_s = 0.0
        self._picture = _Picture()
        # True where the packet before in order is known to have ended a picture.
        self._at_boundary = False
        self._follows_loss = False
        self._size = (0, 0)
        self.needs_key_frame = codec is not Codec.OPUS
        self.lost_packets = 0

    def receive(
        self, extended: int, packet: RtpPacket, description: Description | None, now: float
    ) -> list[Frame]:
        """Frames that this packet completes.

        `description` is what the codec's parser said; None for a packet with no payload, which
        only fills its place in the order.
        """
        if self._next is None:
            self._next = extended
        if extended < self._next or extended in self._waiting:
            return []
        if not self._waiting:
            self._waiting_since_s = now
        self._waiting[extended] = (packet, description)
        expected = self._next
        frames = list(self._take_in_order())
        if self._next != expected:
            self._waiting_since_s = now
        elif self._is_over(now):
            self._give_up_gap()
            self._waiting_since_s = now
            frames += self._take_in_order()
        return frames

    def _is_over(self, now: float) -> bool:
        late = now - self._waiting_since_s > self._max_wait_s
        return late or len(self._waiting) > MAX_WAITING_PACKETS

    def _give_up_gap(self) -> None:
        following = min(self._waiting)
        self.lost_packets += following - (self._next or 0)
        self._next = following
        self._lose()

    def _take_in_order(self) -> Iterator[Frame]:
        while self._next in self._waiting:
            packet, description = self._waiting.pop(self._next)
            self._next += 1
            if self._picture.begun and packet.timestamp != self._picture.timestamp:
                # The sender set no marker; what is complete by order is complete.
                yield from self._finish()
            if description is not None:
                self._add(packet, description)
            if packet.marker or self._codec is Codec.OPUS:
                yield from self._finish()

    def _add(self, packet: RtpPacket, description: Description) -> None:
        picture = self._picture
        if not picture.begun and not _may_begin(description, self._at_boundary):
            picture.broken = True
        self._at_boundary = False
        picture.timestamp = packet.timestamp
        picture.key_frame |= description.key_frame
        if description.width:
            self._size = (description.width, description.height)
        _WRITERS[self._codec](picture, packet, description)
        if picture.size + len(picture.fragment) > MAX_FRAME_BYTES:
            picture.broken = True
            picture.parts.clear()
            picture.fragment.clear()

    def _finish(self) -> Iterator[Frame]:
        picture = self._picture
        self._picture = _Picture()
        # Of AV1: something goes on, and nothing follows.
        picture.broken |= bool(picture.fragment)
        if picture.broken:
            self._lose()
        self._at_boundary = True
        if picture.broken:
            return
        data = picture.data()
        if not data or (self.needs_key_frame and not picture.key_frame):
            return
        self.needs_key_frame = False
        follows_loss, self._follows_loss = self._follows_loss, False
        yield Frame(
            self._codec, picture.timestamp, picture.key_frame, follows_loss, *self._size, data
        )

    def _lose(self) -> None:
        """Something is missing: the picture at hand is spoiled, and so are those built on it."""
        self._picture = _Picture()
        self._at_boundary = False
        self._follows_loss = True
        self.needs_key_frame = self._codec is not Codec.OPUS


class _Picture:
    """The parts of a picture so far.

    `layers` counts the bytes of each spatial layer of VP9; `fragment` is a unit of AV1 that goes
    on.
    """

    __slots__ = ("broken", "fragment", "key_frame", "layers", "parts", "size", "timestamp")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.layers: list[int] = []
        self.fragment = bytearray()
        self.size = 0
        self.timestamp = 0
        self.key_frame = False
        self.broken = False

    @property
    def begun(self) -> bool:
        return bool(self.parts or self.fragment)

    def add(self, part: bytes) -> None:
        self.parts.append(part)
        self.size += len(part)

    def data(self) -> bytes:
        whole = b"".join(self.parts)
        return whole + _superframe_index(self.layers) if len(self.layers) > 1 else whole


def _superframe_index(sizes: list[int]) -> bytes:
    """What tells a decoder of VP9 that several frames stand in a row (bitstream, annex B)."""
    width = max(1, (max(sizes).bit_length() + 7) // 8)
    marker = bytes((0b110_00_000 | width - 1 << 3 | len(sizes) - 1,))
    return marker + b"".join(size.to_bytes(width, "little") for size in sizes) + marker


def _may_begin(description: Description, at_boundary: bool) -> bool:
    """False where a packet continues, or may continue, what began in an earlier one.

    H.264 and AV1 mark only the end of a picture; parameter sets, which tell a size, and key frames
    come first in one.
    """
    if isinstance(description, Av1):
        return not description.continues and (at_boundary or description.key_frame)
    if isinstance(description, H264):
        return description.starts_unit and (at_boundary or description.width > 0)
    return description.starts_frame


def _write_vp8(picture: _Picture, packet: RtpPacket, description: Description) -> None:
    del packet
    if isinstance(description, Vp8):
        picture.add(description.body)


def _write_vp9(picture: _Picture, packet: RtpPacket, description: Description) -> None:
    del packet
    if isinstance(description, Vp9):
        if description.starts_frame:
            picture.layers.append(0)
            picture.broken |= len(picture.layers) > _MAX_LAYERS
        if picture.layers:
            picture.layers[-1] += len(description.body)
        picture.add(description.body)


def _write_h264(picture: _Picture, packet: RtpPacket, description: Description) -> None:
    del description
    picture.add(annex_b(packet.payload))


def _write_av1(picture: _Picture, packet: RtpPacket, description: Description) -> None:
    if not isinstance(description, Av1) or picture.broken:
        return
    if description.continues != bool(picture.fragment):
        picture.broken = True
        return
    try:
        for index, element in enumerate(elements(packet.payload)):
            if index:
                _end_unit(picture)
            picture.fragment += element
        if not description.goes_on:
            _end_unit(picture)
    except RemoteError:
        picture.broken = True


def _end_unit(picture: _Picture) -> None:
    """Nothing follows of the unit at hand; some packets have empty ones."""
    unit = low_overhead(bytes(picture.fragment)) if picture.fragment else b""
    picture.fragment.clear()
    if unit:
        picture.add(unit if picture.parts else TEMPORAL_DELIMITER + unit)


def _write_opus(picture: _Picture, packet: RtpPacket, description: Description) -> None:
    if isinstance(description, Opus) and not description.silent:
        picture.add(packet.payload)


_WRITERS = {
    Codec.VP8: _write_vp8,
    Codec.VP9: _write_vp9,
    Codec.H264: _write_h264,
    Codec.AV1: _write_av1,
    Codec.OPUS: _write_opus,
}

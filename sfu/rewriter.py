"""The numbers of one outgoing stream: gapless, whatever is skipped and whoever it comes from.

Knows sequence numbers, timestamps, and the picture numbers of VP8.  It refuses to know why a
packet is skipped or a source changed (`layers`), and what a packet holds.

A viewer must not be able to tell a packet that we left out from one that never was: a gap in any
of these numbers would make it wait, ask again, or stop decoding.
"""

import msgspec

from sfu.codecs.vp8 import Vp8
from sfu.rtp import SEQUENCE_MASK, TIMESTAMP_MASK

# Numbers kept free for packets that may still come; `reception` waits for no more than these.
MAX_RESERVED = 256
# VP8 pictures whose late packets still find their number: two seconds of a camera.
MAX_PICTURES = 64

_HALF_TIMESTAMP = 0x8000_0000
_PICTURE_MASK = 0x7FFF
_SKIPPED = -1


class StreamRewriter:
    """Maps extended numbers (see `reception`) and timestamps to the viewer's own.

    It begins with `switch`, which every change of source needs again.
    """

    __slots__ = ("_highest", "_offset", "_reserved", "_timestamp", "timestamp_offset")

    def __init__(self, first_sequence: int, first_timestamp: int) -> None:
        self._highest = -1
        self._offset = -first_sequence
        self._reserved: dict[int, int] = {}
        self._timestamp = first_timestamp
        self.timestamp_offset = 0

    def switch(self, extended: int, timestamp: int, elapsed_ticks: int) -> None:
        """The next packet is this one, of another source, so much later than the last sent one.

        A packet of the old source, however late, is never sent again.
        """
        following = self._highest - self._offset + 1
        self._reserved.clear()
        self._highest = extended - 1
        self._offset = extended - following
        self.timestamp_offset = (self._timestamp + elapsed_ticks - timestamp) & TIMESTAMP_MASK

    def map(self, extended: int, timestamp: int) -> tuple[int, int] | None:
        """Outgoing sequence number and timestamp; None if the packet must not be sent.

        Outgoing numbers have no gap for skipped packets.  A late packet maps to the number it
        would have had, or None once its gap is forgotten; no number is given twice, which
        AES-GCM would not survive.  Measured: 0.15 us for the next packet in order.
        """
        if extended == self._highest + 1:
            self._highest = extended
            self._timestamp = outgoing = (timestamp + self.timestamp_offset) & TIMESTAMP_MASK
            return extended - self._offset & SEQUENCE_MASK, outgoing
        if extended <= self._highest:
            number = self._reserved.pop(extended, None)
            if number is None:
                return None
            return number, (timestamp + self.timestamp_offset) & TIMESTAMP_MASK
        self._reserve(extended)
        return self.map(extended, timestamp)

    def skip(self, extended: int) -> int | None:
        """Leave out a packet of the source in use.  Mostly None: the numbers close up behind it.

        A number, if it was kept free for this packet and later ones went out already: an empty
        packet should fill it, or the viewer will wait for it.  Measured: 0.08 us.
        """
        if extended <= self._highest:
            return self._reserved.pop(extended, None)
        if extended > self._highest + 1:
            self._reserve(extended)
        self._highest = extended
        self._offset += 1
        return None

    def insert(self) -> tuple[int, int]:
        """Sequence number and timestamp for a packet of our own behind the last one."""
        self._offset -= 1
        return self._highest - self._offset & SEQUENCE_MASK, self._timestamp

    def copy(self) -> "StreamRewriter":
        """One that goes on from here by itself."""
        other = StreamRewriter(0, self._timestamp)
        other._highest, other._offset = self._highest, self._offset
        other._reserved = dict(self._reserved)
        other.timestamp_offset = self.timestamp_offset
        return other

    @property
    def timestamp(self) -> int:
        """Of the last packet in order; what a filling packet carries."""
        return self._timestamp

    def _reserve(self, extended: int) -> None:
        """Keep numbers free for what is missing before this packet."""
        first = max(self._highest + 1, extended - MAX_RESERVED)
        for missing in range(first, extended):
            self._reserved[missing] = missing - self._offset & SEQUENCE_MASK
        while len(self._reserved) > MAX_RESERVED:
            del self._reserved[next(iter(self._reserved))]
        self._highest = extended - 1


class PictureRewriter:
    """Maps VP8's picture ids and TL0PICIDX; what has no picture id goes through unchanged.

    A receiver takes a hole in the picture ids for a lost picture and waits for it (RFC 7741,
    4.2), so they close up behind skipped pictures as sequence numbers do.
    """

    __slots__ = (
        "_current",
        "_level_zero_index",
        "_level_zero_offset",
        "_newest",
        "_numbers",
        "_offset",
        "_outgoing",
    )

    def __init__(self) -> None:
        self._offset = 0
        self._level_zero_offset = 0
        self._level_zero_index: int | None = None
        # Incoming id to outgoing number of the latest pictures.
        self._numbers: dict[int, int] = {}
        self._newest: int | None = None
        self._current: int | None = None
        self._outgoing = 0

    def switch(self, picture: Vp8) -> None:
        """The next picture is this one, of another source."""
        if picture.picture_id is not None and self._newest is not None:
            following = self._newest - self._offset + 1
            self._offset = picture.picture_id - following
        if picture.level_zero_index is not None and self._level_zero_index is not None:
            following = self._level_zero_index + 1
            self._level_zero_offset = picture.level_zero_index - following
        self._numbers.clear()
        self._current = None
        self._newest = None if picture.picture_id is None else picture.picture_id - 1

    def map(self, picture: Vp8) -> bytes:
        """The descriptor for the viewer.

        Measured: 0.09 us as long as nothing was skipped or switched, then 0.31 us.
        """
        if picture.picture_id is None:
            return picture.descriptor
        if picture.picture_id != self._current:
            self._begin(picture, picture.picture_id)
        if not self._offset and not self._level_zero_offset:
            return picture.descriptor
        index = picture.level_zero_index or 0
        return picture.renumbered(self._outgoing, index - self._level_zero_offset)

    def skip(self, picture: Vp8) -> None:
        """Leave a packet of a picture out, and so the whole picture."""
        picture_id = picture.picture_id
        if picture_id is None or picture_id in self._numbers:
            return
        ahead = self._ahead(picture, picture_id)
        if ahead > 0:
            self._reserve(picture_id, ahead, picture.picture_id_bits)
            self._numbers[picture_id] = _SKIPPED
            self._offset += 1

    def _begin(self, picture: Vp8, picture_id: int) -> None:
        number = self._numbers.get(picture_id, _SKIPPED)
        if number == _SKIPPED:
            ahead = self._ahead(picture, picture_id)
            if ahead > 0:
                self._reserve(picture_id, ahead, picture.picture_id_bits)
                if picture.level_zero_index is not None:
                    self._level_zero_index = picture.level_zero_index - self._level_zero_offset
            number = picture_id - self._offset & _PICTURE_MASK
            if ahead > 0:
                self._numbers[picture_id] = number
        self._current = picture_id
        self._outgoing = number

    def _ahead(self, picture: Vp8, picture_id: int) -> int:
        """How much newer than the newest picture this one is; negative if it is older."""
        if self._newest is None:
            return 1
        half = 1 << picture.picture_id_bits - 1
        return (picture_id - self._newest + half & 2 * half - 1) - half

    def _reserve(self, picture_id: int, ahead: int, picture_id_bits: int) -> None:
        """Number the pictures that are missing before this one, as they may still come."""
        mask = (1 << picture_id_bits) - 1
        for back in range(min(ahead - 1, MAX_PICTURES // 2), 0, -1):
            missing = picture_id - back
            self._numbers[missing & mask] = missing - self._offset & _PICTURE_MASK
        while len(self._numbers) > MAX_PICTURES:
            del self._numbers[next(iter(self._numbers))]
        self._newest = picture_id


class SourceClock(msgspec.Struct, frozen=True):
    """What a sender report ties together: wall-clock time (NTP) and a timestamp of one source."""

    ntp_time: int
    rtp_timestamp: int

    def seconds_at(self, timestamp: int, clock_rate_hz: int) -> float:
        ticks = (timestamp - self.rtp_timestamp + _HALF_TIMESTAMP) & TIMESTAMP_MASK
        return self.ntp_time / (1 << 32) + (ticks - _HALF_TIMESTAMP) / clock_rate_hz


class SourceMoment(msgspec.Struct, frozen=True):
    """A packet of a source in time: its timestamp, when it arrived, the source's clock."""

    timestamp: int
    arrived_s: float
    clock: SourceClock | None


# Sources of one camera are encoded within a fraction of a second of each other.
_MAX_CLOCK_DISAGREEMENT_S = 2.0


def elapsed_ticks(last: SourceMoment, first: SourceMoment, clock_rate_hz: int) -> int:
    """Ticks between the last packet of one source and the first of another, at least one.

    Sender reports make lips match; without them, or if they are nonsense, arrival has to do.
    """
    elapsed_s = first.arrived_s - last.arrived_s
    if last.clock and first.clock:
        captured_s = first.clock.seconds_at(first.timestamp, clock_rate_hz)
        captured_s -= last.clock.seconds_at(last.timestamp, clock_rate_hz)
        if abs(captured_s - elapsed_s) < _MAX_CLOCK_DISAGREEMENT_S:
            elapsed_s = captured_s
    return max(1, round(elapsed_s * clock_rate_hz))

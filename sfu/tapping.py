"""Which frames of a track are worth a look: bursts that begin with a key frame, at a bounded rate.

Knows the policy, when a burst is due and when a key frame is needed for it.  It refuses to know
sockets, listeners and decoders; the clock is an argument.

A decoder needs an unbroken run from a key frame on, so frames are never thinned out: whoever
sends pictures faster than the policy takes them loses the rest of the run.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

from sfu.codecs import Codec, Description
from sfu.description import MediaKind
from sfu.frames import Frame, FrameAssembler
from sfu.rtp import RtpPacket

# As for viewers: one key frame costs as much as a second of video.
KEY_FRAME_INTERVAL_S = 1.0
# The encoding that is listened to changes no more often, for each change takes a key frame.
ENCODING_HOLD_S = 3.0

_DEGREES = (0, 90, 180, 270)


class Untappable(StrEnum):
    """Why nothing of a track can be looked at."""

    NOT_WANTED = "kind_not_wanted"


class Choice(StrEnum):
    """Which encoding of a simulcast track is looked at."""

    LOWEST = "lowest"
    HIGHEST = "highest"
    NEAREST = "nearest"
    """By height."""


class Sampling(msgspec.Struct, frozen=True):
    """How much of a track is looked at; 0 `burst_frames` is all of it."""

    burst_frames: Annotated[int, msgspec.Meta(ge=0)] = 45
    every_s: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    """From the beginning of a burst to the beginning of the next one."""
    max_frames_per_s: Annotated[float, msgspec.Meta(ge=1, le=1000)] = 60.0
    choice: Choice = Choice.HIGHEST
    height: int = 0
    """For `Choice.NEAREST`."""


class View(StrEnum):
    """For what a track is listened to; pictures come for both."""

    LOOK = "look"
    """Now and then, the best that there is."""
    GLANCE = "glance"
    """All the time, and as small as will do."""


class TapPolicy(msgspec.Struct, frozen=True):
    """What a listener wants of each kind; None for nothing."""

    video: Sampling | None = Sampling()
    # Packets of 20 ms; two seconds of speech out of ten.
    audio: Sampling | None = Sampling(burst_frames=100)
    glances: Sampling | None = Sampling(0, every_s=0.0, choice=Choice.NEAREST, height=180)
    """Of pictures."""

    def of(self, kind: MediaKind) -> Iterator[tuple[View, Sampling | None]]:
        """For what a track of this kind is listened to, and how much of it."""
        yield View.LOOK, self.video if kind is MediaKind.VIDEO else self.audio
        if kind is MediaKind.VIDEO and self.glances:
            yield View.GLANCE, self.glances


class TapSource(msgspec.Struct, frozen=True):
    """A published track, and whose it is.

    `orientation_id` is the number of the header extension for video orientation, 0 for none.
    """

    room: str
    session: str
    identity: str
    mid: str
    kind: MediaKind
    codec: Codec
    orientation_id: int = 0


class TapSink(Protocol):
    """What whoever forwards packets holds for a track that may be listened to."""

    @property
    def wanted(self) -> bool: ...
    @property
    def encoding(self) -> int: ...
    def choose(self, heights: Sequence[int | None], now: float) -> int: ...
    def poll(self, now: float) -> bool: ...
    def receive(
        self,
        extended: int,
        packet: RtpPacket,
        description: Description | None,
        now: float,
        primary: bytes | None = None,
    ) -> None: ...
    def receive_clock(self, timestamp: int, ntp_time: int) -> None: ...
    def close(self) -> None: ...


class TappedFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame that the policy wants; `sequence` goes on by one over all bursts of a track.

    `follows_loss`: something is missing since the frame before in the same burst.
    """

    frame: Frame
    follows_loss: bool
    burst: int
    sequence: int
    arrived_s: float
    rotation: int


class TrackTap:
    """Frames out of the packets of one track.

    `poll` says when to ask for a key frame; nothing has to be given to `receive` while `wanted`
    is false, or of encodings other than `encoding`.
    """

    def __init__(
        self,
        codec: Codec,
        sampling: Sampling | None,
        orientation_id: int = 0,
    ) -> None:
        """`orientation_id` is that of the header extension for video orientation, 0 for none."""
        self.wanted = False
        self.encoding = 0
        self._codec = codec
        self._wants_kind = sampling is not None
        self._sampling = sampling or Sampling()
        self._orientation_id = orientation_id
        self._rotation = 0
        self._assembler: FrameAssembler | None = None
        self._listening = False
        self._due_s: float | None = None
        self._burst = self._sequence = 0
        self._left = 0
        self._begun = self._broken = self._heard = False
        self._asked_s: float | None = None
        self._chosen_s: float | None = None
        self._allowance = _Allowance(self._sampling.max_frames_per_s)

    @property
    def reason(self) -> Untappable | None:
        """Why nothing comes of it, if so."""
        return None if self._wants_kind else Untappable.NOT_WANTED

    @property
    def needs_key_frame(self) -> bool:
        """True while a burst waits for the key frame without which it means nothing."""
        return self._assembler is not None and self._assembler.needs_key_frame

    def listen(self, listening: bool) -> None:
        """Somebody is there who takes frames, or nobody any more; both begin anew."""
        self._listening = listening
        self._due_s = None
        self._stop()

    def begin_anew(self) -> None:
        """Frames were lost on the way to the listener: go on with a key frame only."""
        if self._assembler is not None:
            self._assembler = FrameAssembler(self._codec)
            self._broken = self._begun

    def change_sampling(self, sampling: Sampling | None) -> None:
        """Look at more or less of the track from now on."""
        self._wants_kind = sampling is not None
        self._sampling = sampling or self._sampling
        self._allowance = _Allowance(self._sampling.max_frames_per_s)
        self._due_s = None
        self._left = self._sampling.burst_frames
        if self.reason is not None:
            self._stop()

    def choose(self, heights: Sequence[int | None], now: float) -> int:
        """Note which encodings come now (height, 0 if unknown; None if silent); the one to feed.

        The present one stays for a while, unless it is silent.
        """
        best = choose_encoding(self._sampling, heights)
        if best is None or best == self.encoding:
            return self.encoding
        silent = self.encoding >= len(heights) or heights[self.encoding] is None
        settled = self._chosen_s is None or now - self._chosen_s >= ENCODING_HOLD_S
        if silent or settled:
            self.encoding = best
            self._chosen_s = now
            self.begin_anew()
        return self.encoding

    def poll(self, now: float) -> bool:
        """Whether to ask for a key frame now; begins a burst when it is due."""
        if self._assembler is None and self._is_due(now):
            self._start()
        if not self.needs_key_frame or not self._heard:
            return False
        if self._asked_s is not None and now - self._asked_s < KEY_FRAME_INTERVAL_S:
            return False
        self._asked_s = now
        # Whoever sends nothing is not asked again.
        self._heard = False
        return True

    def receive(
        self,
        extended: int,
        packet: RtpPacket,
        description: Description | None,
        now: float,
        primary: bytes | None = None,
    ) -> list[TappedFrame]:
        """Frames that this packet completes and the policy wants.

        `primary` is the payload where the packet's own holds redundancy beside it (RFC 2198).
        """
        assembler = self._assembler
        if assembler is None:
            return []
        self._heard = True
        if self._orientation_id:
            value = packet.extensions.get(self._orientation_id)
            if value:
                self._rotation = _DEGREES[value[0] & 3]
        if not packet.payload:
            description = None
        elif primary is not None and primary is not packet.payload:
            packet = packet.with_payload(primary)
        frames = assembler.receive(extended, packet, description, now)
        return self._take(frames, now) if frames else []

    def _take(self, frames: list[Frame], now: float) -> list[TappedFrame]:
        tapped = []
        for frame in frames:
            if self._allowance.take(now):
                tapped.append(self._number(frame, now))
                if self._is_last():
                    self._stop()
                    break
            elif self._codec is Codec.OPUS:
                self._broken = True
            else:
                self.begin_anew()
                break
        return tapped

    def _number(self, frame: Frame, now: float) -> TappedFrame:
        if not self._begun:
            self._begun = True
            self._burst += 1
            self._due_s = now + self._sampling.every_s
        follows_loss = frame.follows_loss or self._broken
        self._broken = False
        self._sequence += 1
        return TappedFrame(frame, follows_loss, self._burst, self._sequence, now, self._rotation)

    def _is_last(self) -> bool:
        if not self._sampling.burst_frames:
            return False
        self._left -= 1
        return self._left <= 0

    def _is_due(self, now: float) -> bool:
        if not self._listening or self.reason is not None:
            return False
        return self._due_s is None or now >= self._due_s

    def _start(self) -> None:
        self._assembler = FrameAssembler(self._codec)
        self._left = self._sampling.burst_frames
        self._begun = self._broken = self._heard = False
        self.wanted = True

    def _stop(self) -> None:
        self._assembler = None
        self.wanted = False


class _Allowance:
    """At most so many a second, one second's worth at once."""

    __slots__ = ("_left", "_per_s", "_since_s")

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._left = max(1.0, per_s)
        self._since_s: float | None = None

    def take(self, now: float) -> bool:
        earned = 0.0 if self._since_s is None else (now - self._since_s) * self._per_s
        self._since_s = now
        self._left = min(max(1.0, self._per_s), self._left + max(0.0, earned))
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def choose_encoding(sampling: Sampling, heights: Sequence[int | None]) -> int | None:
    """The encoding that the policy wants of those that come now; None if none comes.

    `heights` are by encoding, the smallest encoding first; None where it is silent.
    """
    there = [index for index, height in enumerate(heights) if height is not None]
    if not there:
        return None
    if sampling.choice is Choice.LOWEST:
        return there[0]
    if sampling.choice is Choice.HIGHEST:
        return there[-1]
    # Of two as near, the larger shows more.
    return min(there, key=lambda index: (abs((heights[index] or 0) - sampling.height), -index))

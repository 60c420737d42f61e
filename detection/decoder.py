"""Encoded frames in, pictures and sound out, whatever is in the frames.

Knows libav's decoders and what they do wrong: an empty frame blinds one for good, a frame of a few
bytes may claim a gigabyte.  So nothing empty and nothing too large ever reaches one, what ends a
decoder is answered by a new one, and everything refused is counted by its reason.
"""

import math
from collections import Counter, deque
from enum import StrEnum

import av
import av.error
import msgspec
import numpy as np
from av.audio.resampler import AudioResampler
from av.codec.context import Flags

from detection.headers import BadHeader, announced_sizes
from detection.media import SOUND_RATE_HZ, Picture, Samples, Sound
from detection.scaling import Scaler

# Ultra HD; nobody's camera needs more to show a face.
MAX_PIXELS = 3840 * 2160
MIN_SIDE = 16
# Pictures are looked at no larger than this; it is five times the face that quality asks for.
LARGEST_SIDE = 1280
# Whoever changes size more often than this wears decoders out.
MAX_SIZE_CHANGES_PER_S = 2
OPUS_RATE_HZ = 48_000


class Refused(StrEnum):
    """Why nothing came of a frame."""

    EMPTY = "empty"
    BAD_HEADER = "bad_header"
    TOO_LARGE = "too_large"
    SIZE_CHANGES = "size_changes"
    NO_KEY_FRAME = "no_key_frame"
    """What it builds upon is missing."""
    GARBAGE = "garbage"
    DECODER_ENDED = "decoder_ended"


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """One whole frame; see `detection.media` for the two times."""

    at_s: float
    media_s: float
    key_frame: bool
    follows_loss: bool
    burst: int
    data: bytes
    rotation: int = 0


class PictureDecoder:
    """The decoder of one track.  `needs_key_frame`: nothing comes before the next one."""

    def __init__(self, codec: str) -> None:
        """`codec` is vp8, vp9, h264 or av1; ValueError for another."""
        if codec not in _DECODERS:
            raise ValueError(f"pictures of {codec} cannot be decoded")
        self._codec = codec
        self._context = _video_context(codec)
        self._scaler = Scaler()
        self._size: tuple[int, int] | None = None
        self._changes: deque[float] = deque()
        self.needs_key_frame = True
        self._unshown_bytes = 0
        self.decoded_s = -math.inf
        """When the last frame of which something came had arrived."""
        self.counts: Counter[Refused] = Counter()

    def decode(self, frame: Encoded, *, shown: bool = True) -> list[Picture]:
        """The pictures of a frame, often one; never raises.

        One that is not to be shown is decoded only because others build upon it.
        """
        refused = self._refusal(frame)
        if refused is None:
            try:
                decoded = self._context.decode(av.Packet(frame.data))
            except av.error.EOFError:
                refused = Refused.DECODER_ENDED
            except (av.error.FFmpegError, ValueError):
                refused = Refused.GARBAGE
        if refused is not None:
            self._refuse(refused)
            return []
        self.needs_key_frame = False
        if decoded:
            self.decoded_s = frame.at_s
        self._unshown_bytes += len(frame.data)
        if not (decoded and shown):
            return []
        encoded_bytes, self._unshown_bytes = self._unshown_bytes, 0
        return [_picture(one, frame, encoded_bytes, self._scaler) for one in decoded]

    def _refusal(self, frame: Encoded) -> Refused | None:
        if not frame.data:
            return Refused.EMPTY
        try:
            sizes = announced_sizes(self._codec, frame.data)
        except BadHeader:
            return Refused.BAD_HEADER
        if any(
            width * height > MAX_PIXELS or min(width, height) < MIN_SIDE for width, height in sizes
        ):
            return Refused.TOO_LARGE
        if not sizes and (self.needs_key_frame or frame.follows_loss):
            return Refused.NO_KEY_FRAME
        if sizes and not self._may_change(sizes[-1], frame.at_s):
            return Refused.SIZE_CHANGES
        return None

    def _may_change(self, size: tuple[int, int], now: float) -> bool:
        if size == self._size:
            return True
        while self._changes and now - self._changes[0] >= 1.0:
            self._changes.popleft()
        if len(self._changes) >= MAX_SIZE_CHANGES_PER_S:
            return False
        if self._size is not None:
            self._changes.append(now)
        self._size = size
        return True

    def _refuse(self, reason: Refused) -> None:
        self.counts[reason] += 1
        if reason in _BREAKS:
            self._context = _video_context(self._codec)
        if reason is not Refused.EMPTY:
            self.needs_key_frame = True


class SoundDecoder:
    """The decoder of one track of Opus; see `PictureDecoder`."""

    needs_key_frame = False

    def __init__(self) -> None:
        self._context = _audio_context()
        self._resampler = _resampler()
        self.counts: Counter[Refused] = Counter()

    def decode(self, frame: Encoded) -> list[Sound]:
        """The sound of a packet; never raises."""
        if not frame.data:
            self.counts[Refused.EMPTY] += 1
            return []
        try:
            samples = self._samples(frame.data)
        except av.error.EOFError:
            return self._begin_anew(Refused.DECODER_ENDED)
        except (av.error.FFmpegError, ValueError):
            return self._begin_anew(Refused.GARBAGE)
        if not len(samples):
            return []
        return [Sound(frame.at_s, frame.media_s, samples, frame.burst)]

    def _samples(self, data: bytes) -> Samples:
        pieces = []
        for decoded in self._context.decode(av.Packet(data)):
            # Times of its own would make the resampler fill gaps.
            decoded.pts = None
            pieces += [one.to_ndarray()[0] for one in self._resampler.resample(decoded)]
        if not pieces:
            return np.zeros(0, np.float32)
        return np.concatenate(pieces).astype(np.float32, copy=False)

    def _begin_anew(self, reason: Refused) -> list[Sound]:
        self.counts[reason] += 1
        self._context = _audio_context()
        self._resampler = _resampler()
        return []


_DECODERS = {"vp8": "vp8", "vp9": "vp9", "h264": "h264", "av1": "libdav1d"}
_BREAKS = frozenset({Refused.GARBAGE, Refused.DECODER_ENDED})


def _fits(width: int, height: int) -> bool:
    return width * height <= MAX_PIXELS and min(width, height) >= MIN_SIDE


def _video_context(codec: str) -> av.VideoCodecContext:
    context = av.CodecContext.create(_DECODERS[codec], "r")
    assert isinstance(context, av.VideoCodecContext)
    # A second lock behind our own look at the header.
    context.options = {"max_pixels": str(MAX_PIXELS)}
    context.thread_count = 1
    context.flags |= Flags.low_delay
    return context


def _audio_context() -> av.AudioCodecContext:
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate = OPUS_RATE_HZ
    context.layout = "stereo"
    return context


def _resampler() -> AudioResampler:
    return AudioResampler(format="flt", layout="mono", rate=SOUND_RATE_HZ)


def _picture(decoded: av.VideoFrame, frame: Encoded, encoded_bytes: int, scaler: Scaler) -> Picture:
    shrink = min(1.0, LARGEST_SIDE / max(decoded.width, decoded.height))
    width, height = (max(2, round(side * shrink)) for side in (decoded.width, decoded.height))
    pixels = scaler.pixels(decoded, width, height)
    turns = frame.rotation // 90 % 4
    if turns:
        pixels = np.ascontiguousarray(np.rot90(pixels, -turns))
    return Picture(frame.at_s, frame.media_s, pixels, frame.key_frame, frame.burst, encoded_bytes)

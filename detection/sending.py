"""Files as a call would have sent them: VP8, VP9, H.264 or AV1 and Opus at a call's rates.

Knows encoders and what a browser does with a picture that is too large.  It refuses to know what
becomes of the frames.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import msgspec
import numpy as np
from av.audio.resampler import AudioResampler
from av.video.frame import PictureType

from detection.decoder import OPUS_RATE_HZ, Encoded, PictureDecoder
from detection.media import Picture, Pixels

# Times in a call are those of a machine that has been up for a while.
BEGINS_S = 1000.0
VIDEO, AUDIO = 1, 2
_OPUS_SAMPLES = 960
_OPUS_BPS = 24_000
# Whoever sees a gap asks for a key frame, at most every two seconds: on the average, after so long.
_KEY_FRAME_AFTER_S = 1.0
# An encoder has come to its rate with the third picture.
_SETTLED = 3
_VPX = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
_ENCODERS = {
    "vp8": ("libvpx", _VPX),
    "vp9": ("libvpx-vp9", _VPX),
    "h264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"}),
    "av1": ("libsvtav1", {"preset": "11", "svtav1-params": "rtc=1:pred-struct=1:rc=2:lp=1"}),
}

# What detection can decode.
CODECS = tuple(_ENCODERS)


class Sending(msgspec.Struct, frozen=True):
    """How a file is sent, as a browser would in a call."""

    codec: str = "vp8"
    bitrate_bps: int = 600_000
    longest_side: int = 640
    pictures_per_s: float = 30.0
    seconds: float = 12.0
    light: float = 1.0
    """How bright pictures are, of how they were."""
    loss: float = 0.0
    """Share of pictures of which something is lost on the way for good."""


def shows_something(path: Path) -> bool:
    """Whether a file has pictures; one that cannot be read has none."""
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.video)
    except (av.error.FFmpegError, ValueError):
        return False


def sent(path: Path, sending: Sending) -> Iterator[tuple[int, Encoded]]:
    """The frames that a call would have carried, by track."""
    with av.open(str(path)) as container:
        if container.streams.video:
            yield from ((VIDEO, frame) for frame in _pictures(container, sending))
    with av.open(str(path)) as container:
        if container.streams.audio:
            yield from ((AUDIO, frame) for frame in _sound(container, sending))


def _pictures(container: av.container.InputContainer, sending: Sending) -> Iterator[Encoded]:
    container.streams.video[0].thread_count = 1
    encoder: av.VideoCodecContext | None = None
    sent_s, lost, chance = -1.0, False, np.random.default_rng(1)
    # When the key frame comes that is asked for where something is lost.
    key_s = math.inf
    for picture in container.decode(video=0):
        at_s = float(picture.time or 0.0)
        if at_s > sending.seconds:
            return
        # A little earlier than due, for times of files are rounded.
        if at_s - sent_s < 0.95 / sending.pictures_per_s:
            continue
        sent_s = at_s
        encoder = encoder or _encoder(picture, sending)
        small = picture.reformat(width=encoder.width, height=encoder.height, format="yuv420p")
        small.pts, small.time_base = round(at_s * 1000), Fraction(1, 1000)
        if sending.light != 1:
            small = _dimmed(small, sending.light)
        small.pict_type = PictureType.I if at_s >= key_s else PictureType.NONE
        for packet in encoder.encode(small):
            now = BEGINS_S + at_s
            if packet.is_keyframe:
                key_s = math.inf
            elif chance.random() < sending.loss:
                lost, key_s = True, min(key_s, at_s + _KEY_FRAME_AFTER_S)
                continue
            yield Encoded(now, now, packet.is_keyframe, lost, 1, bytes(packet))
            lost = False


def _dimmed(picture: av.VideoFrame, light: float) -> av.VideoFrame:
    """The same with less light, before the encoder."""
    pixels = picture.to_ndarray(format="rgb24").astype(np.float32)
    dimmed = av.VideoFrame.from_ndarray((pixels * light).clip(0, 255).astype(np.uint8), "rgb24")
    darker = dimmed.reformat(format="yuv420p")
    darker.pts, darker.time_base = picture.pts, picture.time_base
    return darker


def _size(picture: av.VideoFrame, sending: Sending) -> tuple[int, int]:
    """As large as it is sent; both sides even."""
    shrink = min(1.0, sending.longest_side / max(picture.width, picture.height))
    return round(picture.width * shrink / 2) * 2, round(picture.height * shrink / 2) * 2


def _encoder(picture: av.VideoFrame, sending: Sending) -> av.VideoCodecContext:
    name, options = _ENCODERS[sending.codec]
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = _size(picture, sending)
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 1000)
    context.framerate = Fraction(round(sending.pictures_per_s))
    context.bit_rate = sending.bitrate_bps
    context.gop_size = 10_000
    # Threads of an encoder spin while they wait, and others use this machine too.
    context.thread_count = 1
    context.options = dict(options)
    return context


def _sound(container: av.container.InputContainer, sending: Sending) -> Iterator[Encoded]:
    resampler = AudioResampler(
        format="flt", layout="mono", rate=OPUS_RATE_HZ, frame_size=_OPUS_SAMPLES
    )
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.bit_rate = OPUS_RATE_HZ, _OPUS_BPS
    encoder.layout, encoder.format = "mono", "flt"
    encoder.time_base = Fraction(1, OPUS_RATE_HZ)
    count = 0
    for decoded in container.decode(audio=0):
        decoded.pts = None
        for piece in resampler.resample(decoded):
            piece.pts = count * _OPUS_SAMPLES
            count += 1
            now = BEGINS_S + count * _OPUS_SAMPLES / OPUS_RATE_HZ
            if now - BEGINS_S > sending.seconds:
                return
            for packet in encoder.encode(piece):
                yield Encoded(now, now, True, False, 1, bytes(packet))


def shown(path: Path, every_s: float, sending: Sending) -> Iterator[Pixels]:
    """Pictures of a film, so far apart, as small as a call would make them."""
    next_s = 0.0
    with av.open(str(path)) as container:
        container.streams.video[0].thread_count = 1
        for picture in container.decode(video=0):
            if float(picture.time or 0.0) >= next_s:
                next_s += every_s
                width, height = _size(picture, sending)
                small = picture.reformat(width=width, height=height, format="rgb24")
                yield np.asarray(small.to_ndarray(), dtype=np.uint8)


def recoded(pixels: Pixels, sending: Sending) -> Picture:
    """A picture after an encoder that has settled, and a decoder."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    encoder, decoder = _encoder(frame, sending), PictureDecoder(sending.codec)
    pictures: list[Picture] = []
    for number in range(_SETTLED):
        small = frame.reformat(width=encoder.width, height=encoder.height, format="yuv420p")
        small.pts, small.time_base = number * 33, Fraction(1, 1000)
        for packet in encoder.encode(small):
            encoded = Encoded(number / 30, number / 30, packet.is_keyframe, False, 1, bytes(packet))
            pictures += decoder.decode(encoded)
    return pictures[-1]

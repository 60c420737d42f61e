"""Frames from real encoders, for tests that must not believe their own pictures of a codec."""

from fractions import Fraction
from functools import cache

import av
import numpy as np


@cache
def video(
    encoder: str,
    *,
    width: int = 64,
    height: int = 48,
    count: int = 5,
    options: tuple[tuple[str, str], ...] = (),
) -> tuple[bytes, ...]:
    """`count` encoded pictures that move; the first is a key frame and the only one."""
    context = av.CodecContext.create(encoder, "w")
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 30)
    context.gop_size = 1000
    context.options = dict(options)
    encoded = []
    for index in range(count):
        pixels = np.full((height, width, 3), 40 * index % 255, dtype=np.uint8)
        pixels[: height // 2, : width // 2] = 255 - 30 * index % 255
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts = index
        encoded += [bytes(packet) for packet in context.encode(frame)]
    encoded += [bytes(packet) for packet in context.encode(None)]
    return tuple(encoded)


_REAL_TIME = (("deadline", "realtime"), ("lag-in-frames", "0"))


def vp8(**size: int) -> tuple[bytes, ...]:
    return video("libvpx", options=_REAL_TIME, **size)


def vp9(**size: int) -> tuple[bytes, ...]:
    return video("libvpx-vp9", options=_REAL_TIME, **size)


def h264(profile: str = "baseline", **size: int) -> tuple[bytes, ...]:
    return video("libx264", options=(("profile", profile), ("tune", "zerolatency")), **size)


def av1(**size: int) -> tuple[bytes, ...]:
    options = (("preset", "11"), ("svtav1-params", "rtc=1:pred-struct=1:lp=1"))
    return video("libsvtav1", options=options, **size)


def decoded_sizes(decoder: str, frames: list[bytes]) -> list[tuple[int, int]]:
    """Sizes of the pictures that a decoder makes of whole frames; it raises for a broken one."""
    context = av.CodecContext.create(decoder, "r")
    pictures = []
    for frame in frames:
        pictures += context.decode(av.Packet(frame))
    pictures += context.decode(None)
    return [(picture.width, picture.height) for picture in pictures]

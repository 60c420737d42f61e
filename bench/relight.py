"""Rooms, cameras and lines by chance, and films of them that came through an encoder for calls.

How light falls and what attackers do is `signaling.client.lighting`, which headless callers use.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from signaling.client.clips import Clip, Pixels
from signaling.client.lighting import Room, Screen, Sitter


def room(random: np.random.Generator, screen_share: float) -> Room:
    """A room, a camera and a line by chance."""
    warm = random.uniform(-0.25, 0.35)
    return Room(
        screen_share=screen_share,
        background_share=float(random.uniform(0.02, 0.35)),
        ambient=np.array([1 + 0.5 * warm, 1.0, 1 - warm]),
        balance_s=float(random.uniform(0.8, 4.0)),
        balance_strength=float(random.uniform(0.2, 1.0)),
        noise=float(random.uniform(1.0, 3.5)),
        bitrate_bps=int(random.choice([200_000, 400_000, 700_000, 1_000_000])),
        delay_s=float(random.uniform(0.06, 0.30)),
        tint_delay_s=float(random.uniform(0.1, 0.4)),
        frames_per_s=float(random.choice([10.0, 12.0])),
    )


def film(
    clip: Clip, kind: str, screen: Screen, where: Room, random: np.random.Generator
) -> Iterator[tuple[float, Pixels]]:
    """Times of arrival since the page began, and pictures before they are encoded."""
    sitter = Sitter(clip, kind, where, random)
    for number in range(int((screen.duration_s + 0.8) * where.frames_per_s)):
        now_s = number / where.frames_per_s
        picture = sitter.picture(now_s, screen)
        yield now_s + where.delay_s + float(random.uniform(0, 0.02)), picture


def through_vp8(
    pictures: Iterator[tuple[float, Pixels]], bitrate_bps: int, frames_per_s: float
) -> Iterator[tuple[float, Pixels]]:
    """The pictures after an encoder for calls and a decoder."""
    encoder = av.CodecContext.create("libvpx", "w")
    decoder = av.CodecContext.create("vp8", "r")
    encoder.pix_fmt, encoder.bit_rate = "yuv420p", bitrate_bps
    encoder.time_base = Fraction(1, round(frames_per_s))
    encoder.framerate = Fraction(round(frames_per_s))
    # libvpx's own threads wait for each other by spinning: 4 times the CPU for these sizes.
    encoder.thread_count = decoder.thread_count = 1
    rate = str(bitrate_bps)
    encoder.options = {"deadline": "realtime", "cpu-used": "14", "lag-in-frames": "0", "g": "300"}
    encoder.options |= {"minrate": rate, "maxrate": rate, "bufsize": rate}
    for number, (time_s, picture) in enumerate(pictures):
        if number == 0:
            encoder.width, encoder.height = picture.shape[1], picture.shape[0]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = number
        for packet in encoder.encode(frame):
            for shown in decoder.decode(packet):
                yield time_s, shown.to_ndarray(format="rgb24")

"""FFmpeg's own WHIP muxer publishes a white bar that moves and a tone, until it is ended.

usage: python -m tests.interop.ffmpeg_publisher ADDRESS NAME=VALUE...

The names are options of the muxer.  It says a line when FFmpeg says that it is connected.

A process of its own, because FFmpeg asks for its answer without letting go of the interpreter.
What it sends is encoded, packed and encrypted by FFmpeg; nothing here knows our media code.
"""

import sys
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 240, 30
BAR_WIDTH, STEP = 40, 8
AUDIO_RATE_HZ, AUDIO_SAMPLES = 48_000, 960
# Nobody looks for longer; a publisher whose test died must not stay.
LONGEST_S = 60.0
# The muxer refuses profiles with pictures that refer to later ones.
ENCODER = {"profile": "baseline", "preset": "ultrafast", "tune": "zerolatency", "g": "30"}


def publish(address: str, options: dict[str, str]) -> None:
    """Send in real time, as a camera would."""
    with av.open(address, "w", format="whip", options=options) as output:
        video, audio = _add_video(output), _add_audio(output)
        output.start_encoding()
        print("connected", flush=True)
        began_s = time.monotonic()
        frames = samples = 0
        while (now_s := time.monotonic() - began_s) < LONGEST_S:
            while samples / AUDIO_RATE_HZ <= now_s:
                output.mux(audio.encode(_tone(samples)))
                samples += AUDIO_SAMPLES
            while frames / FRAMES_PER_SECOND <= now_s:
                output.mux(video.encode(_picture(frames)))
                frames += 1
            time.sleep(0.005)


def _add_video(output: Any) -> Any:
    stream = output.add_stream("libx264", rate=FRAMES_PER_SECOND, options=ENCODER)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.bit_rate = 500_000
    return stream


def _add_audio(output: Any) -> Any:
    return output.add_stream("libopus", rate=AUDIO_RATE_HZ, layout="stereo", bit_rate=64_000)


def _picture(count: int) -> av.VideoFrame:
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    left = count * STEP % (WIDTH - BAR_WIDTH)
    picture[:, left : left + BAR_WIDTH] = 250
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    frame.pts, frame.time_base = count, Fraction(1, FRAMES_PER_SECOND)
    return frame


def _tone(first: int) -> av.AudioFrame:
    times = (np.arange(AUDIO_SAMPLES) + first) / AUDIO_RATE_HZ
    wave = (np.sin(2 * np.pi * 440 * times) * 8000).astype(np.int16)
    both = np.repeat(wave, 2).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
    frame.sample_rate, frame.pts = AUDIO_RATE_HZ, first
    frame.time_base = Fraction(1, AUDIO_RATE_HZ)
    return frame


if __name__ == "__main__":
    publish(sys.argv[1], dict(word.split("=", maxsplit=1) for word in sys.argv[2:]))

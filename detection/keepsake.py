"""What somebody looked and sounded like just now, small enough to go with an alert.

Holds the last picture and the last seconds of sound of one participant, in memory only, and makes
a JPEG and a WAV of them when asked.  It refuses to know who asks, and why.
"""

import io
import wave
from collections import deque
from fractions import Fraction

import av
import numpy as np

from detection.media import SOUND_RATE_HZ, Picture, Sound

SOUND_KEPT_S = 3.0
# The longer side of a picture; a face that was looked at is still one.
MOST_PIXELS = 640
# A JPEG of that size has a tenth of it.
MOST_PICTURE_BYTES = 256 << 10


class Keepsake:
    """Of one participant."""

    def __init__(self) -> None:
        self._picture: Picture | None = None
        self._sound: deque[Sound] = deque()
        self._sound_s = 0.0

    def look(self, picture: Picture) -> None:
        self._picture = picture

    def hear(self, sound: Sound) -> None:
        self._sound.append(sound)
        self._sound_s += sound.duration_s
        while self._sound_s > SOUND_KEPT_S:
            self._sound_s -= self._sound.popleft().duration_s

    def picture(self) -> bytes:
        """The last picture as JPEG; nothing where there was none, or it would be too large."""
        if self._picture is None:
            return b""
        pixels = np.ascontiguousarray(self._picture.pixels)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        scale = min(Fraction(1), Fraction(MOST_PIXELS, max(frame.width, frame.height)))
        # Colour is kept for two pixels by two.
        width, height = (max(2, int(side * scale) // 2 * 2) for side in (frame.width, frame.height))
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        encoder.options = {"qscale": "4", "flags": "+qscale"}
        packets = [*encoder.encode(frame.reformat(width, height, "yuvj420p"))]
        packets += encoder.encode(None)
        encoded = b"".join(bytes(packet) for packet in packets)
        return encoded if len(encoded) <= MOST_PICTURE_BYTES else b""

    def sound(self) -> bytes:
        """The last seconds of sound as WAV; nothing where there was none."""
        if not self._sound:
            return b""
        samples = np.concatenate([one.samples for one in self._sound])
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(SOUND_RATE_HZ)
            out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return file.getvalue()

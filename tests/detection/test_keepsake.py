"""What goes with an alert: a picture that can be opened, and sound that can be heard."""

import io
import wave

import av
import numpy as np
import pytest

from detection.keepsake import MOST_PIXELS, SOUND_KEPT_S, Keepsake
from detection.media import SOUND_RATE_HZ, Picture, Sound


@pytest.mark.parametrize(
    ("size", "kept"),
    [((320, 240), (320, 240)), ((1280, 720), (640, 360)), ((201, 999), (128, 640))],
)
def test_a_picture_is_a_jpeg_of_what_was_seen_last(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    keepsake = Keepsake()
    assert keepsake.picture() == b""
    width, height = size
    for red in (0, 200):
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[:, :, 0] = red
        keepsake.look(Picture(0.0, 0.0, pixels))
    with av.open(io.BytesIO(keepsake.picture())) as file:
        (frame,) = file.decode(video=0)
    assert (frame.width, frame.height) == kept
    assert max(kept) <= MOST_PIXELS
    red, green, blue = frame.to_ndarray(format="rgb24").mean(axis=(0, 1))
    assert red == pytest.approx(200, abs=8)
    assert max(green, blue) < 12


def test_sound_is_the_last_seconds_of_it() -> None:
    keepsake = Keepsake()
    assert keepsake.sound() == b""
    for number in range(500):
        samples = np.full(SOUND_RATE_HZ // 50, number / 500, np.float32)
        keepsake.hear(Sound(0.0, 0.0, samples))
    with wave.open(io.BytesIO(keepsake.sound())) as file:
        assert file.getframerate() == SOUND_RATE_HZ
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(SOUND_KEPT_S, abs=0.03)
    assert heard[-1] == pytest.approx(32767 * 499 / 500, abs=2)

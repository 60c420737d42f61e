"""An offset of lips and voice is measured, and never weighs anything."""

import numpy as np
import pytest

from detection.lip_timing import timing
from detection.media import SOUND_RATE_HZ, Face, Picture, Sight, Sound
from detection.signals.lips import Lips

SOUND_S = np.arange(0, 12, 0.02) + 0.01
PICTURE_S = np.arange(0, 12, 1 / 15)


def talk(seed: int) -> np.ndarray:
    """Decibels of somebody who talks: syllables of chance length, with pauses."""
    random = np.random.default_rng(seed)
    level = np.full(len(SOUND_S), -60.0)
    at = 0
    while at < len(level):
        length = int(random.integers(5, 14))
        level[at : at + length] = random.uniform(-30, -12)
        at += length + int(random.integers(2, 12))
    return level


def mouth(level: np.ndarray, late_s: float, seed: int, noise: float = 0.3) -> np.ndarray:
    follows = np.interp(PICTURE_S - late_s, SOUND_S, (level + 60) / 60)
    return follows + np.random.default_rng(seed + 99).normal(0, noise, len(follows))


@pytest.mark.parametrize("late_s", [-0.4, 0.0, 0.25, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_an_offset_is_found(late_s: float, seed: int) -> None:
    level = talk(seed)
    found = timing(PICTURE_S, mouth(level, late_s, seed), SOUND_S, level)
    assert found is not None
    assert found.offset_s == pytest.approx(late_s, abs=0.09)
    assert found.correlation > 0.3
    if abs(late_s) > 0.2:
        assert found.together < found.correlation


def test_a_mouth_of_another_voice_does_not_fit() -> None:
    found = timing(PICTURE_S, mouth(talk(1), 0, 1), SOUND_S, talk(2))
    assert found is not None
    assert found.together < 0.3


def test_next_to_nothing_is_not_compared() -> None:
    assert timing(PICTURE_S[:10], np.ones(10), SOUND_S, talk(0)) is None
    assert timing(PICTURE_S, np.full(len(PICTURE_S), np.nan), SOUND_S, talk(0)) is None


def test_the_signal_measures_and_says_nothing() -> None:
    signal, level = Lips(), talk(4)
    loud = np.repeat(10 ** (level / 20), round(0.02 * SOUND_RATE_HZ)).astype(np.float32)
    signal.hear(Sound(0.0, 0.0, loud))
    pixels = np.zeros((240, 320, 3), dtype=np.uint8)
    for at_s, open_by in zip(PICTURE_S, mouth(level, 0.4, 4, 0.1), strict=True):
        mesh = np.zeros((468, 3), dtype=np.float32)
        mesh[[10, 152, 13, 14], 1] = (0, 100, 70, 70 + 20 * max(0.0, open_by))
        face = Face(100, 60, 100, 100, 0.9, ((130, 90), (170, 90)), mesh, 0.9)
        signal.look(Sight(Picture(at_s, at_s, pixels), (face,)))
    (said,) = signal.conclude(20.0)
    assert said.measured["offset_s"] == pytest.approx(0.4, abs=0.09)
    assert (said.speaks, said.log_likelihood_ratio) == (False, 0.0)
    assert signal.conclude(21.0) == ()
    signal.cut()
    assert signal.conclude(40.0) == ()


def test_silence_is_absence() -> None:
    signal = Lips()
    pixels = np.zeros((240, 320, 3), dtype=np.uint8)
    mesh = np.ones((468, 3), dtype=np.float32)
    face = Face(100, 60, 100, 100, 0.9, ((130, 90), (170, 90)), mesh, 0.9)
    for at_s in PICTURE_S:
        signal.look(Sight(Picture(at_s, at_s, pixels), (face,)))
    signal.hear(Sound(0.0, 0.0, np.zeros(1000, dtype=np.float32)))
    (said,) = signal.conclude(20.0)
    assert said.reason == "too_little_speech"

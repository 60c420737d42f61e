"""A voice that we made ourselves, well enough for the networks that listen to voices."""

import numpy as np

from detection.media import SOUND_RATE_HZ, Samples

# The first three resonances of five vowels, in hertz.
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))


def babble(pitch_hz: float = 110.0, tract: float = 1.0, seconds: float = 4.0) -> Samples:
    """Vowels one after the other; a shorter `tract` than 1 is a larger head."""
    random = np.random.default_rng(1)
    pieces: list[Samples] = []
    while sum(len(piece) for piece in pieces) < seconds * SOUND_RATE_HZ:
        times_s = np.arange(random.uniform(0.12, 0.22) * SOUND_RATE_HZ) / SOUND_RATE_HZ
        melody = pitch_hz * (1 + 0.1 * np.sin(19 * times_s + random.uniform(0, 6)))
        phase = 2 * np.pi * np.cumsum(melody) / SOUND_RATE_HZ
        resonances = np.array(_VOWELS[random.integers(len(_VOWELS))]) * tract
        number = np.arange(1, int(4000 / pitch_hz))[:, None]
        away = (number * pitch_hz - resonances) / (90 + 0.06 * resonances)
        loudness = np.exp(-(away**2)).sum(axis=1, keepdims=True) / number
        vowel = (loudness * np.sin(number * phase)).sum(axis=0) * np.hanning(len(phase)) ** 0.5
        pause = random.normal(0, 0.02, int(random.uniform(0.02, 0.07) * SOUND_RATE_HZ))
        pieces += [vowel.astype(np.float32), pause.astype(np.float32)]
    said = np.concatenate(pieces)[: round(seconds * SOUND_RATE_HZ)]
    return np.asarray(said / np.abs(said).max() * 0.3, dtype=np.float32)

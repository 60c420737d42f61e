"""Whether a mouth opens when a voice sounds, and how much sooner or later: correlations, no more.

Knows two series on one clock: how far the lips are apart and how loud the sound is.  It refuses to
know faces, codecs and what an offset means (`detection.signals.lips`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEP_S = 0.04
_FARTHEST_S = 0.8
OFFSETS_S: Floats = np.arange(-_FARTHEST_S, _FARTHEST_S + _STEP_S / 2, _STEP_S)
# Slower changes are poses of head and voice, not syllables.
_SLOW_S = 1.2
_QUICK_S = 0.12
_LEAST_PICTURES, _LEAST_SOUND_S = 25, 2.0
# A gap this long begins another piece of film.
_GAP_S = 0.25
LOUDNESS_STEP_S = 0.02
_RATE_HZ = 16_000
# 30 dB under the loudest twentieth nobody speaks.
_QUIET_DB = 30.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How mouth and voice go together."""

    offset_s: float
    """By how much the picture is late (above zero) where the two fit best."""
    correlation: float
    together: float
    """The correlation as they came, at its best within 120 ms."""
    speech_s: float


def loudness(samples: NDArray[np.float32]) -> Floats:
    """Decibels of each whole 20 ms."""
    step = round(LOUDNESS_STEP_S * _RATE_HZ)
    pieces = samples[: len(samples) // step * step].reshape(-1, step).astype(float)
    decibels: Floats = 10 * np.log10((pieces**2).mean(axis=1) + 1e-9)
    return decibels


def timing(picture_s: Floats, opening: Floats, sound_s: Floats, decibels: Floats) -> Timing | None:
    """How well the mouth follows the voice; None with less than two seconds of either."""
    good = np.isfinite(opening)
    picture_s, opening = picture_s[good], opening[good]
    if len(picture_s) < _LEAST_PICTURES or len(sound_s) * LOUDNESS_STEP_S < _LEAST_SOUND_S:
        return None
    level = np.maximum(decibels - np.quantile(decibels, 0.95), -_QUIET_DB)
    talking = level > -_QUIET_DB * 0.8
    speech_s = float(talking.sum() * LOUDNESS_STEP_S)
    mouth = _syllables(picture_s, opening)
    voice = _smooth(sound_s, level, _QUICK_S) - _smooth(sound_s, level, _SLOW_S)
    heard = np.stack([np.interp(picture_s - offset, sound_s, voice) for offset in OFFSETS_S])
    heard -= heard.mean(axis=1, keepdims=True)
    power = np.sqrt((heard**2).sum(axis=1) * (mouth**2).sum()) + 1e-9
    fits = (heard @ mouth) / power
    best = int(fits.argmax())
    near = np.abs(OFFSETS_S) <= 3.1 * _STEP_S
    return Timing(float(OFFSETS_S[best]), float(fits[best]), float(fits[near].max()), speech_s)


def _syllables(times_s: Floats, values: Floats) -> Floats:
    """The quick part of a series that may have gaps, each piece for itself."""
    quick = np.empty_like(values)
    breaks = np.flatnonzero(np.diff(times_s) > _GAP_S) + 1
    for part in np.split(np.arange(len(values)), breaks):
        quick[part] = _smooth(times_s[part], values[part], _QUICK_S) - _smooth(
            times_s[part], values[part], _SLOW_S
        )
    even: Floats = quick - quick.mean()
    return even


def _smooth(times_s: Floats, values: Floats, width_s: float) -> Floats:
    """The mean of what lies within half a width of each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(times_s, times_s - width_s / 2)
    last = np.searchsorted(times_s, times_s + width_s / 2, side="right")
    mean: Floats = (total[last] - total[first]) / (last - first)
    return mean

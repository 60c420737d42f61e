"""How well each of many sequences of colours explains a series of chroma: regression, nothing else.

Knows series that are high-passed and whitened, and least squares weighed by their own noise.  It
refuses to know what was measured (`detection.light_response`) and what follows from it.

Whatever is taken from the series (noise, weights, shares) is taken without regard to the sequence
that was asked, so that all sequences are treated alike: that is what makes counting them honest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE_HZ = 10.0
STEP_S = 1 / RATE_HZ
# Slower changes are the person moving and the camera's white balance.
_SLOW_S = 2.4
# What is left of a bin's noise in the next, for movement goes on: chosen on relit clips.
_CARRIED = 0.6


@dataclass(frozen=True, slots=True)
class Fit:
    """For each sequence its best score, at which lag, and how strong it would be there."""

    scores: Floats
    lags: NDArray[np.intp]
    slopes: Floats

    def chance(self, number: int) -> float:
        return float((self.scores >= self.scores[number]).mean())


def slots_of(slots: int, slot_s: float) -> NDArray[np.intp]:
    """The slot of each bin."""
    bins = round(slots * slot_s * RATE_HZ)
    slot = ((np.arange(bins) + 0.5) * STEP_S / slot_s).astype(np.intp)
    return np.minimum(slot, slots - 1)


@lru_cache(maxsize=8)
def shape_of(slots: int, slot_s: float) -> Floats:
    """What each slot alone leaves in the bins: bins x slots."""
    return fresh_of(np.eye(slots)[slots_of(slots, slot_s)])


def fresh_of(series: Floats) -> Floats:
    """The series (time is the last axis but one) without what is slow or was there before."""
    quick = without_slow(series)
    new = quick.copy()
    new[..., 1:, :] -= _CARRIED * quick[..., :-1, :]
    return new


def without_slow(series: Floats) -> Floats:
    width = round(_SLOW_S * RATE_HZ)
    before = width // 2
    count = series.shape[-2]
    total = np.concatenate([np.zeros_like(series[..., :1, :]), np.cumsum(series, axis=-2)], axis=-2)
    first = np.maximum(np.arange(count) - before, 0)
    last = np.minimum(np.arange(count) + before + 1, count)
    mean = (total[..., last, :] - total[..., first, :]) / (last - first)[:, None]
    quick: Floats = series - mean
    return quick


def fit(heard: Floats, sequences: Floats, shape: Floats) -> Fit:
    """How well each sequence explains what was heard (lags x bins x 2), at its best lag.

    Both chromas together have one strength, each weighed by its own noise.  A sequence's trace is
    its colours times the slots' traces, so slots are compared and not bins: no loop over either.
    """
    fresh = fresh_of(heard)
    weight = 1 / (fresh.var(axis=1) + 1e-12)
    traces = np.einsum("bk,lbc->lkc", shape, fresh) * weight[:, None]
    overlap = shape.T @ shape
    count = len(sequences)
    along = sequences.reshape(count, -1) @ traces.reshape(len(traces), -1).T
    own = np.stack(
        [(sequences[..., c] @ overlap * sequences[..., c]).sum(axis=1) for c in (0, 1)], axis=1
    )
    power = own @ weight.T
    scores = along / np.sqrt(power)
    best = scores.argmax(axis=1)
    every = np.arange(count)
    return Fit(scores[every, best], best, (along / power)[every, best])


def slope(heard: Floats, asked: Floats) -> float:
    """How much of the sequence is in what was heard."""
    return float((without_slow(heard) * asked).sum() / (asked**2).sum())

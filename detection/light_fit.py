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
# As much of the usual noise is added to each region's, so that none speaks for all.
_EVENING = 0.3
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Fit:
    """For each sequence its best score, at which lag, and how strong it would be there."""

    scores: Floats
    lags: NDArray[np.intp]
    slopes: Floats
    correlations: Floats

    def chance(self, number: int) -> float:
        return float((self.scores >= self.scores[number]).mean())

    def error(self, number: int) -> float:
        """One standard error of a slope: how the others', which were not shown, scatter."""
        return float(np.delete(self.slopes, number).std())


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


def pooled(regions: Floats) -> Floats:
    """One series of several (lags x bins x regions x 2): who is noisy has less to say."""
    noise = fresh_of(regions.swapaxes(1, 2)).var(axis=2).mean(axis=(0, 2))
    weights = 1 / (noise + _EVENING * np.median(noise) + _TINY)
    mean: Floats = (regions * (weights / weights.sum())[:, None]).sum(axis=2)
    return mean


def shared(face: Floats, ground: Floats) -> float:
    """How much of the ground's changes is in the face's, 0 to 1.

    All of a white balance is; of what moves behind somebody nothing is, and to subtract it whole
    would only add it.
    """
    face, ground = fresh_of(face), fresh_of(ground)
    weight = 1 / (face.var(axis=(0, 1)) + _TINY)
    common = float(((face * ground).sum(axis=(0, 1)) * weight).sum())
    return min(1.0, max(0.0, common / float(((ground**2).sum(axis=(0, 1)) * weight).sum() + _TINY)))


def fit(heard: Floats, sequences: Floats, shape: Floats) -> Fit:
    """How well each sequence explains what was heard (lags x bins x 2), at its best lag.

    Both chromas together have one strength, weighed by the noise that they have alone and in
    common.  A sequence's trace is its colours times the slots' traces, so slots are compared and
    not bins: no loop over either.
    """
    fresh = fresh_of(heard)
    centred = fresh - fresh.mean(axis=1, keepdims=True)
    spread = centred.swapaxes(1, 2) @ centred / fresh.shape[1]
    weight = np.linalg.inv(spread + _TINY * np.eye(2))
    traces = np.einsum("bk,lbc,lcd->lkd", shape, fresh, weight)
    count = len(sequences)
    along = sequences.reshape(count, -1) @ traces.reshape(len(traces), -1).T
    own = sequences.swapaxes(1, 2) @ (shape.T @ shape @ sequences)
    power = own.reshape(count, -1) @ weight.reshape(len(weight), -1).T
    scores = along / np.sqrt(power)
    best = scores.argmax(axis=1)
    every = np.arange(count)
    whole = np.sqrt(np.einsum("lbc,lcd,lbd->l", fresh, weight, fresh))
    top = scores[every, best]
    return Fit(top, best, (along / power)[every, best], top / (whole[best] + _TINY))

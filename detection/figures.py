"""How well scores tell fakes from real people, and how sure one may be of that.  Pure sums.

Every figure comes with a bootstrap interval; chance is handed in.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 10
ROUNDS = 500
# 95 percent.
_LOW, _HIGH = 2.5, 97.5
_DEVIATIONS = 1.96

Values = NDArray[np.float64]
Labels = NDArray[np.bool_]
Measure = Callable[[Values, Labels], float]


class Figure(msgspec.Struct, frozen=True):
    """A number with its 95 % interval; None where there is too little to have one."""

    value: float | None
    low: float | None = None
    high: float | None = None


def auc(risks: Values, fake: Labels) -> float:
    """How often a fake is ranked above a real one; ties count half.  0.5 is chance."""
    order = np.argsort(risks, kind="stable")
    ranks = np.empty(len(risks))
    ranks[order] = np.arange(1, len(risks) + 1)
    for risk in np.unique(risks):
        same = risks == risk
        ranks[same] = ranks[same].mean()
    fakes, reals = int(fake.sum()), int((~fake).sum())
    return float((ranks[fake].sum() - fakes * (fakes + 1) / 2) / (fakes * reals))


def roc(risks: Values, fake: Labels) -> list[tuple[float, float]]:
    """(false alarms, fakes found) at every threshold, from the strictest on."""
    points = [(0.0, 0.0)]
    for threshold in sorted(set(risks.tolist()), reverse=True):
        above = risks >= threshold
        points.append((float(above[~fake].mean()), float(above[fake].mean())))
    return points


def equal_error(risks: Values, fake: Labels) -> float:
    """Where as many real ones are called fake as fakes real; between the points of the curve."""
    points = roc(risks, fake)
    for (before_x, before_y), (x, y) in pairwise(points):
        if x >= 1 - y:
            gap, gap_before = x - (1 - y), before_x - (1 - before_y)
            share = -gap_before / (gap - gap_before)
            return before_x + share * (x - before_x)
    return 1.0


def calibration_error(risks: Values, fake: Labels) -> float:
    """How far risks are from the share of fakes among those who have them, on average."""
    bins = np.minimum((risks * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        inside = bins == number
        error += inside.mean() * abs(risks[inside].mean() - fake[inside].mean())
    return float(error)


def best_threshold(risks: Values, fake: Labels) -> float:
    """The risk that parts best, each kind counting alike; above it everything is called fake."""
    choices: list[float] = [*np.unique(risks).tolist(), float("inf")]
    return min(choices, key=lambda one: _balanced_error(risks, fake, one))


def errors_at(risks: Values, fake: Labels, threshold: float) -> tuple[int, int]:
    """(wrong, of how many)."""
    return int(((risks >= threshold) != fake).sum()), len(risks)


def figure(measure: Measure, risks: Values, fake: Labels, chance: np.random.Generator) -> Figure:
    """A measure with its interval, drawn anew within each kind."""
    fakes, reals = np.flatnonzero(fake), np.flatnonzero(~fake)
    if not (len(fakes) and len(reals)):
        return Figure(None)
    drawn = []
    for _ in range(ROUNDS):
        take = np.concatenate((chance.choice(fakes, len(fakes)), chance.choice(reals, len(reals))))
        drawn.append(measure(risks[take], fake[take]))
    low, high = np.percentile(drawn, (_LOW, _HIGH))
    return Figure(measure(risks, fake), float(low), float(high))


def share(happened: Sequence[bool], chance: np.random.Generator) -> Figure:
    """How often something happened."""
    if not happened:
        return Figure(None)
    values = np.array(happened, dtype=float)
    drawn = chance.choice(values, (ROUNDS, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, (_LOW, _HIGH))
    return Figure(float(values.mean()), float(low), float(high))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share: it has a width also where nothing happened."""
    z, share = _DEVIATIONS, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _balanced_error(risks: Values, fake: Labels, threshold: float) -> float:
    above = risks >= threshold
    return float(above[~fake].mean() + (~above[fake]).mean())

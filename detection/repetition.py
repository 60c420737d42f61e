"""Whether a film shows the same again: fingerprints of pictures, compared over time.

People come back to a pose, and never to all of a movement.  So what counts is one distance in time
at which pictures are far more alike than at the others, over seconds of movement; how alike
pictures are in themselves (a calm person, a poor line) does not count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.media import Pixels

Floats = NDArray[np.float32]

SIDE = 24
# Pictures are compared in steps of so much.
STEP_S = 0.125
_SHORTEST_S, _LONGEST_S = 4.0, 64.0
# Of so much film, at least, must each picture have its twin.
_LEAST_PAIRS = 20
# How many times more alike twins are than pictures at other distances (0.02 to 0.14 on looped
# films, 0.55 and more on others: docs/DETECTION.md).
MOST_ALIKE = 0.35
_AS_ALIKE = 0.05
# Under this difference in levels of 255 nothing moved at all.
_STILL = 0.05
# Less movement than this, over many distances, cannot show a repetition.
_LEAST_MOVEMENT = 0.35


@dataclass(frozen=True, slots=True)
class Repetition:
    """The distance in time at which pictures are most alike."""

    period_s: float
    alike: float
    """Difference there as a share of the usual difference: 1 says nothing, 0 the same picture."""
    movement: float
    """The usual difference, in levels of 255."""

    @property
    def repeats(self) -> bool:
        return self.alike <= MOST_ALIKE and self.movement >= _LEAST_MOVEMENT


def fingerprint(pixels: Pixels) -> Floats:
    """Mean brightness of each of 24 x 24 fields, without the whole picture's."""
    rows = np.linspace(0, pixels.shape[0], SIDE + 1).astype(int)[:-1]
    columns = np.linspace(0, pixels.shape[1], SIDE + 1).astype(int)[:-1]
    green = pixels[:, :, 1].astype(np.float32)
    sums = np.add.reduceat(np.add.reduceat(green, rows, axis=0), columns, axis=1)
    heights = np.diff(rows, append=pixels.shape[0])
    widths = np.diff(columns, append=pixels.shape[1])
    fields = sums / (heights[:, None] * widths)
    return np.asarray(fields - fields.mean(), dtype=np.float32).ravel()


def differences(prints: Floats) -> Floats:
    """Root mean square difference of each two fingerprints."""
    squares = (prints**2).sum(axis=1)
    apart = squares[:, None] + squares[None] - 2 * prints @ prints.T
    return np.asarray(np.sqrt(np.maximum(apart, 0) / prints.shape[1]), dtype=np.float32)


def repetition(times_s: NDArray[np.float64], prints: Floats) -> Repetition | None:
    """The best repetition of 4 to 64 s; None with too little film to tell."""
    later, earlier = np.tril_indices(len(times_s), k=-1)
    apart_s = times_s[later] - times_s[earlier]
    within = (apart_s >= _SHORTEST_S - STEP_S) & (apart_s <= _LONGEST_S + STEP_S)
    if within.sum() < 4 * _LEAST_PAIRS:
        return None
    values = differences(prints)[later[within], earlier[within]]
    steps = np.round(apart_s[within] / STEP_S).astype(int)
    order = np.argsort(steps, kind="stable")
    values, steps = values[order], steps[order]
    starts = np.flatnonzero(np.diff(steps, prepend=-1))
    parts = np.split(values, starts[1:])
    enough = [
        (step, float(np.quantile(part, 0.75)))
        for step, part in zip(steps[starts], parts, strict=True)
        if len(part) >= _LEAST_PAIRS
    ]
    if len(enough) < 2 / STEP_S:
        return None
    usual = float(np.median([value for _, value in enough]))
    least = min(value for _, value in enough)
    # Twice the period is as alike; the first that is nearly so is the period itself.
    step = next(step for step, value in enough if value <= least + _AS_ALIKE * usual)
    return Repetition(float(step) * STEP_S, least / usual if usual > 0 else 1.0, usual)


def frozen(times_s: NDArray[np.float64], prints: Floats, least_s: float) -> bool:
    """Whether nothing at all has changed for so long."""
    if len(times_s) == 0 or times_s[-1] - times_s[0] < least_s:
        return False
    recent = prints[times_s >= times_s[-1] - least_s]
    return bool(np.abs(recent - recent[-1]).max() < _STILL)

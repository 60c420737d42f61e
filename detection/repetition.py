"""Whether a film shows the same again: fingerprints of pictures, compared over time.

People come back to a pose, and never to all of a movement.  So what counts is one distance in time
at which pictures are far more alike than a little sooner and a little later, over seconds of
movement; how alike pictures are in themselves (a calm person, a poor line, a camera that was
moved) does not count.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detection.media import Pixels

Floats = NDArray[np.float32]

SIDE = 24
# Pictures are compared in steps of so much.
STEP_S = 0.125
_SHORTEST, _LONGEST = round(4.0 / STEP_S), round(64.0 / STEP_S)
# A distance is held against those from so much to so much beside it.
_NEAR, _FAR = round(0.5 / STEP_S), round(3.0 / STEP_S)
_SLOTS = _LONGEST + _FAR + 1
_DISTANCES = np.arange(_SLOTS)
# Of so much film, at least, must each picture have its twin.
_LEAST_PAIRS = 20
# What was seen so long ago counts a third: whoever begins to loop is found out all the same.
_FADES_S = 30.0
# How many times more alike twins are than pictures a little sooner or later (docs/DETECTION.md).
MOST_ALIKE = 0.45
_AS_ALIKE = 0.05
# Under this difference in levels of 255 nothing moved at all.
_STILL = 0.05
# Less movement than this, over many distances, cannot show a repetition.
LEAST_MOVEMENT = 0.35
# As many pixels of a field, down and across, are enough for its mean.
_OF_A_FIELD = 5


@dataclass(frozen=True, slots=True)
class Repetition:
    """The distance in time at which pictures are most alike."""

    period_s: float
    alike: float
    """Difference there as a share of that beside it: 1 says nothing, 0 the same picture."""
    movement: float
    """The difference beside it, in levels of 255."""

    @property
    def repeats(self) -> bool:
        return self.alike <= MOST_ALIKE and self.movement >= LEAST_MOVEMENT


def fingerprint(pixels: Pixels) -> Floats:
    """Mean brightness of each of 24 x 24 fields, without the whole picture's."""
    down, across = (max(1, side // (SIDE * _OF_A_FIELD)) for side in pixels.shape[:2])
    green = pixels[::down, ::across, 1].astype(np.float32)
    fields = _parts(green.shape[0]) @ green @ _parts(green.shape[1]).T
    return np.asarray(fields - fields.mean(), dtype=np.float32).ravel()


@lru_cache(maxsize=64)
def _parts(length: int) -> Floats:
    """What takes the mean of each of 24 parts of a column of so many."""
    ends = np.linspace(0, length, SIDE + 1).astype(int)
    place = np.arange(length)
    inside = (place >= ends[:-1, None]) & (place < ends[1:, None])
    return np.asarray(inside / inside.sum(axis=1, keepdims=True), dtype=np.float32)


class Memory:
    """The fingerprints of a minute, and how alike they were at each distance in time."""

    def __init__(self) -> None:
        self._prints = np.zeros((_SLOTS, SIDE * SIDE), np.float32)
        # Of each print, by its distance from the newest.
        self._squares = np.full(_SLOTS, np.nan, np.float32)
        # To the one before.
        self._steps = np.full(_SLOTS, np.nan, np.float32)
        self._slot: int | None = None
        # By distance: differences there, differences beside it, and how many they are.
        self._sums = np.zeros((3, _LONGEST + 1 - _SHORTEST))
        self._added_s = self._still_since_s = 0.0
        self._still = np.full(SIDE * SIDE, np.inf, np.float32)

    def wants(self, at_s: float) -> bool:
        """Whether a picture of this moment would be compared with others."""
        return self._slot is None or math.floor(at_s / STEP_S) > self._slot

    def add(self, at_s: float, fresh: Floats) -> None:
        """A picture was seen, in the order of time."""
        slot = math.floor(at_s / STEP_S)
        passed = self._pass_to(slot)
        self._prints[slot % _SLOTS], self._squares[0] = fresh, fresh @ fresh
        alike = (self._prints @ fresh)[(slot - _DISTANCES) % _SLOTS]
        apart = np.maximum(self._squares + self._squares[0] - 2 * alike, 0)
        self._steps[0] = apart[1]
        self._compare(np.sqrt(_to_path(apart, self._steps) / len(fresh)), passed)
        self._added_s = at_s
        if np.abs(fresh - self._still).max() >= _STILL:
            self._still, self._still_since_s = fresh, at_s

    def repetition(self) -> Repetition | None:
        """The best repetition of 4 to 64 s; None with too little film to tell."""
        places = np.flatnonzero(self._sums[2] >= _LEAST_PAIRS)
        if len(places) < 2 / STEP_S:
            return None
        twins, others, pairs = self._sums[:, places]
        alike = twins / np.maximum(others, 1e-6)
        # Twice the period is as alike; the first that is nearly so is the period itself.
        first = int(np.argmax(alike <= alike.min() + _AS_ALIKE))
        period_s = float(_SHORTEST + places[first]) * STEP_S
        return Repetition(period_s, float(alike[first]), float(others[first] / pairs[first]))

    @property
    def is_empty(self) -> bool:
        return self._slot is None

    @property
    def still_s(self) -> float:
        """For how long nothing at all has changed."""
        return self._added_s - self._still_since_s

    def _pass_to(self, slot: int) -> int:
        """Make room at the front; how many steps of time have passed."""
        passed = _SLOTS if self._slot is None else max(1, slot - self._slot)
        self._slot = slot
        room = min(_SLOTS, passed)
        for kept in (self._squares, self._steps):
            kept[room:] = kept[:-room].copy()
            kept[:room] = np.nan
        return passed

    def _compare(self, apart: Floats, passed: int) -> None:
        """Add the newest picture's differences, each with what is usual beside its distance."""
        known = ~np.isnan(apart)
        sums = np.concatenate(([0.0], np.cumsum(np.where(known, apart, 0.0))))
        counts = np.concatenate(([0], np.cumsum(known)))

        def usual(first: int, last: int) -> NDArray[np.float64]:
            """Around each distance, from so much beside it to so much."""
            begin, end = (
                slice(_SHORTEST + first, _LONGEST + first + 1),
                slice(_SHORTEST + last + 1, _LONGEST + last + 2),
            )
            count = counts[end] - counts[begin]
            return np.where(count, (sums[end] - sums[begin]) / np.maximum(count, 1), np.nan)

        # The lesser of both: where a camera was moved, all on the other side is unlike.
        beside = np.minimum(usual(-_FAR, -_NEAR), usual(_NEAR, _FAR))
        of_interest = slice(_SHORTEST, _LONGEST + 1)
        valid = known[of_interest] & ~np.isnan(beside)
        more = np.stack((apart[of_interest], beside, np.ones(len(beside))))
        self._sums *= math.exp(-passed * STEP_S / _FADES_S)
        self._sums[:, valid] += more[:, valid]


def _to_path(apart: Floats, steps: Floats) -> Floats:
    """Squared differences to what was shown between each print and the one before it.

    Pictures of another round were taken at other moments, half a step apart at the most.
    """
    before = np.append(apart[1:], np.float32(np.nan))
    share = (apart + steps - before) / np.maximum(2 * steps, np.float32(1e-6))
    share = np.clip(share, 0, 1)
    between = (1 - share) * apart + share * before - share * (1 - share) * steps
    return np.where(np.isnan(between), apart, np.maximum(between, 0))

"""How often somebody blinks, by how far the eyes of the mesh are open.

Counted over the time in which the eyes were watched.  The mesh moves its lids by an eighth where
eyes close, and not always, so this is a rough count.  It is measured and weighs nothing: fakes
blink as the people do who drive them (docs/DETECTION.md).
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from detection.evidence import Evidence, evidence
from detection.media import Points, Sight
from detection.signals import Signal

# Of each eye: its two corners, the upper and the lower lid.
_EYES = ((33, 133, 159, 145), (362, 263, 386, 374))
_MOST_PICTURES = 400
_SAID_EVERY_S = 10.0
_LEAST_WATCHED_S = 4.0
# What follows later than this was not watched in between.
_MOST_APART_S = 0.25
# An eye is closed that is open so much less than in the pictures around, as many on either side.
_CLOSED, _AROUND = 0.9, 8


class Blinks(Signal):
    """One participant's eyes."""

    name = "blinks"
    version = "1"

    def __init__(self) -> None:
        self._eyes: deque[tuple[float, float]] = deque(maxlen=_MOST_PICTURES)
        self._said_s = -np.inf

    def look(self, sight: Sight) -> None:
        face = sight.face
        if face is not None and face.mesh is not None:
            self._eyes.append((sight.picture.at_s, openness(face.mesh)))

    def cut(self) -> None:
        self._eyes.clear()

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        if now_s - self._said_s < _SAID_EVERY_S:
            return ()
        watched_s, count = blinks(list(self._eyes))
        if watched_s < _LEAST_WATCHED_S:
            return ()
        self._said_s = now_s
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                reason="blinks_counted",
                words="Blinks were counted; that weighs nothing.",
                quality=1.0,
                measured={"a_minute": 60 * count / watched_s, "watched_s": watched_s},
            ),
        )


def openness(mesh: Points) -> float:
    """How far the eyes are open, as a share of their width."""
    shares = []
    for right, left, upper, lower in _EYES:
        width = float(np.linalg.norm(mesh[right] - mesh[left]))
        shares.append(float(np.linalg.norm(mesh[upper] - mesh[lower])) / max(1e-6, width))
    return sum(shares) / len(shares)


def blinks(eyes: Sequence[tuple[float, float]]) -> tuple[float, int]:
    """For how long eyes were watched, and how often they closed meanwhile."""
    if len(eyes) <= _AROUND:
        return 0.0, 0
    far = np.array([far for _, far in eyes])
    around = sliding_window_view(np.pad(far, _AROUND, mode="reflect"), 2 * _AROUND + 1)
    closed = far < _CLOSED * np.median(around, axis=1)
    apart_s = np.diff([at_s for at_s, _ in eyes])
    watched = (apart_s >= 0) & (apart_s <= _MOST_APART_S)
    return float(apart_s[watched].sum()), int((watched & closed[1:] & ~closed[:-1]).sum())

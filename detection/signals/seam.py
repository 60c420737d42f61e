"""How much fine detail lies along the outline of a face, against what is within and around it.

A face that was laid over another ends in a seam, which blending softens and enlarging sharpens.
It is measured and weighs nothing: see docs/DETECTION.md for what it tells of fakes, which is next
to nothing beside what cameras and encoders do.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detection.blending import OVAL
from detection.evidence import Evidence, evidence
from detection.media import Picture, Points, Sight
from detection.sampling import Square, sampled
from detection.signals import Signal

_PICTURES_A_LOOK = 2
_BETWEEN_S = 0.5
# Somebody who is looked at without a pause has one look at the outline in so long.
_SAID_EVERY_S = 5.0
# The face and what is around it, in so many pixels a side.
_SIDE = 96
_ROOM = 1.7
# In shares of the way from the middle of a face to its outline.
_WITHIN, _ALONG, _AROUND = (0.45, 0.85), (0.92, 1.08), (1.15, 1.5)
_LEAST = 0.25  # levels of 255; less is no detail

Floats = NDArray[np.float32]

_DOWN, _ACROSS = np.indices((_SIDE, _SIDE), np.float32) + np.float32(0.5 - _SIDE / 2)
_TURN, _FAR = np.arctan2(_DOWN, _ACROSS), np.hypot(_DOWN, _ACROSS)


class Seam(Signal):
    """One participant's outline, two pictures of each burst."""

    name = "seam"
    version = "1"

    def __init__(self) -> None:
        self._burst = -1
        self._next_s = -math.inf
        self._said_s = -math.inf
        self._measured: list[tuple[float, float]] = []

    def look(self, sight: Sight) -> None:
        picture, face = sight.picture, sight.face
        if picture.burst != self._burst:
            self._burst, self._next_s = picture.burst, -math.inf
        if face is None or face.mesh is None or picture.at_s < self._next_s:
            return
        if len(self._measured) < _PICTURES_A_LOOK:
            self._next_s = picture.at_s + _BETWEEN_S
            self._measured.append(outline_detail(picture, face.mesh))

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        if not self._measured or now_s - self._said_s < _SAID_EVERY_S:
            return ()
        self._said_s = now_s
        along, step = np.mean(self._measured, axis=0)
        self._measured.clear()
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                reason="seam_measured",
                words="The outline of the face was measured; that weighs nothing.",
                quality=1.0,
                measured={"along": float(along), "step": float(step)},
            ),
        )


def outline_detail(picture: Picture, mesh: Points) -> tuple[float, float]:
    """How much finer the outline is than both sides of it, and within than around; logarithms."""
    oval = mesh[list(OVAL), :2]
    middle = oval.mean(axis=0)
    side = _ROOM * float(np.ptp(oval, axis=0).max())
    square = Square(float(middle[0]), float(middle[1]), side)
    fine = _detail(sampled(picture.pixels, square, _SIDE)[..., 1])
    share = _shares((oval - middle) / side * _SIDE)

    def level(part: tuple[float, float]) -> float:
        values = fine[(share >= part[0]) & (share < part[1])]
        return math.log(max(_LEAST, float(values.mean())))

    within, along, around = level(_WITHIN), level(_ALONG), level(_AROUND)
    return along - (within + around) / 2, within - around


def _detail(green: Floats) -> Floats:
    """What each pixel differs from its four neighbours; nothing at the border."""
    fine = np.zeros_like(green)
    beside = green[:-2, 1:-1] + green[2:, 1:-1] + green[1:-1, :-2] + green[1:-1, 2:]
    fine[1:-1, 1:-1] = np.abs(green[1:-1, 1:-1] - beside / 4)
    return fine


def _shares(oval: Floats) -> Floats:
    """How far each pixel lies from the middle: 1 on the outline."""
    turn = np.arctan2(oval[:, 1], oval[:, 0])
    reach = np.interp(_TURN, turn, np.hypot(*oval.T), period=2 * math.pi)
    return np.asarray(_FAR / np.maximum(reach, 1e-3), np.float32)

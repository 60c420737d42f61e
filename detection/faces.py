"""Where the faces of a picture are, and a mesh on the largest.

Knows two networks and how to read what they say.  It refuses to know whose faces they are.
Measured on one core at 640 x 360: see docs/DETECTION.md.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]
from numpy.typing import NDArray

from detection.media import Face, Picture, Points
from detection.models import Models
from detection.sampling import Square, sampled
from detection.scaling import Scaler

DETECTION_MODEL = "face_detection"
MESH_MODEL = "face_mesh"

MIN_SCORE = 0.5
MIN_PRESENCE = 0.5
# Whoever shows fifty faces is asked about the largest.
MAX_FACES = 8
# A mesh that is less sure than this after the next picture is not followed.
MIN_PRESENCE_FOLLOWED = 0.9
# Boxes that share so much are of one face.
SAME_FACE_OVERLAP = 0.3

_INPUT = 192
_CELLS = 48  # the detector's grid: one answer for each 4 x 4 pixels
_MESH_POINTS = 468
# Two corners of each eye, first the one that is left in the picture.
_EYES = ((33, 133), (362, 263))
# The mesh wants the whole head, and the detector's box ends at brow and chin.
_MESH_ROOM = 1.5

Answer = NDArray[np.float32]


class Finder(Protocol):
    """What finds faces; a test may have one of its own."""

    def find(self, picture: Picture) -> tuple[Face, ...]:
        """The faces, the largest first; the first may carry a mesh."""

    def locate(self, picture: Picture) -> tuple[Face, ...]:
        """The same without a mesh, for less."""

    def follow(self, picture: Picture, face: Face) -> Face | None:
        """A face of the picture before, where its mesh lies now; None where it must be found."""
        return None


class FaceFinder:
    """The two networks, one picture at a time; `references` name them in evidence."""

    def __init__(self, models: Models) -> None:
        """Raises `ModelUnusable`."""
        detection, mesh = models.model(DETECTION_MODEL), models.model(MESH_MODEL)
        self.references = (detection.reference, mesh.reference)
        self._detection = _Network(detection.path)
        self._mesh = _Network(mesh.path)
        self._anchors = _anchors()
        self._scaler = Scaler()

    def find(self, picture: Picture) -> tuple[Face, ...]:
        """The faces, the largest first; the first carries a mesh where one fits."""
        faces = self.locate(picture)
        return (self._with_mesh(faces[0], picture), *faces[1:]) if faces else ()

    def locate(self, picture: Picture) -> tuple[Face, ...]:
        """The faces, the largest first, without a mesh."""
        square = Square(picture.width / 2, picture.height / 2, max(picture.width, picture.height))
        answers = self._detection.ask(
            self._scaler.squared(picture.pixels, _INPUT) / np.float32(127.5) - np.float32(1)
        )
        boxes, logits = answers[0].reshape(-1, 8, 2), answers[1].ravel()
        scores = 1 / (1 + np.exp(-logits.clip(-80, 80)))
        likely = np.flatnonzero(scores > MIN_SCORE)
        # Middle, size and six points, the middle and the points around their cell.
        places = boxes[likely] / np.float32(_INPUT)
        places[:, 0] += self._anchors[likely]
        places[:, 2:] += self._anchors[likely, None]
        faces = [
            _face(place, float(score), square)
            for place, score in zip(places, scores[likely], strict=True)
        ]
        largest = sorted(_merged(faces), key=lambda face: -face.width * face.height)
        return tuple(largest[:MAX_FACES])

    def follow(self, picture: Picture, face: Face) -> Face | None:
        if face.mesh is None:
            return None
        points, presence = self._fit(_around(face), picture)
        held = presence >= MIN_PRESENCE_FOLLOWED
        return _moved(face, face.mesh, points, presence) if held else None

    def _with_mesh(self, face: Face, picture: Picture) -> Face:
        points, presence = self._fit(_around(face), picture)
        return replace(face, mesh=points if presence >= MIN_PRESENCE else None, presence=presence)

    def _fit(self, square: Square, picture: Picture) -> tuple[Points, float]:
        answers = self._mesh.ask(sampled(picture.pixels, square, _INPUT) / np.float32(255))
        points, logit = sorted(answers, key=lambda answer: -answer.size)
        shares = points.reshape(_MESH_POINTS, 3) / np.float32(_INPUT)
        presence = 1 / (1 + math.exp(-min(80.0, max(-80.0, float(logit.ravel()[0])))))
        return square.to_picture(shares), presence


class _Network:
    """One network with one input."""

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]

    def ask(self, values: NDArray[np.float32]) -> list[Answer]:
        self._interpreter.set_tensor(self._input, values[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _anchors() -> NDArray[np.float32]:
    middles = (np.arange(_CELLS, dtype=np.float32) + 0.5) / _CELLS
    across, down = np.meshgrid(middles, middles)
    return np.stack((across.ravel(), down.ravel()), axis=1)


def _face(place: NDArray[np.float32], score: float, square: Square) -> Face:
    middle, size = place[0], place[1]
    corner = square.to_picture((middle - size / 2)[None])[0]
    right_eye, left_eye = square.to_picture(place[2:4])
    width, height = size * square.side
    return Face(
        float(corner[0]),
        float(corner[1]),
        float(width),
        float(height),
        score,
        (_pair(right_eye), _pair(left_eye)),
    )


def _around(face: Face) -> Square:
    """Where the mesh network looks for a face."""
    (right_x, right_y), (left_x, left_y) = face.eyes
    return Square(
        face.left + face.width / 2,
        face.top + face.height / 2,
        _MESH_ROOM * max(face.width, face.height),
        math.atan2(left_y - right_y, left_x - right_x),
    )


def _moved(face: Face, before: Points, mesh: Points, presence: float) -> Face:
    """A face whose box and eyes went with its mesh."""
    from_x, from_y = before[:, :2].mean(axis=0)
    to_x, to_y = mesh[:, :2].mean(axis=0)
    growth = float(mesh[:, :2].std() / before[:, :2].std())
    went = mesh[_EYES, :2].mean(axis=1) - before[_EYES, :2].mean(axis=1)
    right, left = np.asarray(face.eyes, np.float32) + went
    return Face(
        float(to_x + growth * (face.left - from_x)),
        float(to_y + growth * (face.top - from_y)),
        growth * face.width,
        growth * face.height,
        face.score,
        (_pair(right), _pair(left)),
        mesh,
        presence,
    )


def _pair(point: NDArray[np.float32]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _merged(faces: Sequence[Face]) -> list[Face]:
    """One face for each, the surest of those that lie on each other."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if (
            face.width > 0
            and face.height > 0
            and all(_overlap(face, one) < SAME_FACE_OVERLAP for one in kept)
        ):
            kept.append(face)
        if len(kept) == 4 * MAX_FACES:
            break
    return kept


def _overlap(one: Face, other: Face) -> float:
    """Intersection over union."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)

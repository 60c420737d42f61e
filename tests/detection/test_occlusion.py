"""Maps of a face: where a detector looks is found by covering it; without one there is none."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detection.detectors import Detector, Floats, Manifest
from detection.mapping import mapped
from detection.media import Face, Picture
from detection.occlusion import FIELDS, occlusion_maps
from tests.detection.drawn import drawn_face

TABLE = ((-1.0, -0.4), (1.0, 1.2))
FACE = Face(100, 60, 100, 120, 0.9, ((130, 100), (170, 100)))


def looks_at(row: int, column: int) -> Detector:
    """A detector for which nothing counts but how bright one field is."""
    manifest = Manifest("field", "1", "field.onnx", "0" * 64, "MIT", "nobody", TABLE, size=70)

    def score(crop: Floats) -> float:
        field = crop[10 * row : 10 * row + 10, 10 * column : 10 * column + 10]
        return float(field.mean()) / 255

    return Detector(manifest, score)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 5), (6, 2)])
def test_what_a_detector_looks_at_moves_its_score(row: int, column: int) -> None:
    pixels = drawn_face()
    (found,) = occlusion_maps(Picture(0, 0, pixels), FACE, [looks_at(row, column)])
    falls = np.array(found.falls)
    assert falls.shape == (FIELDS, FIELDS)
    moved = np.abs(falls) > 1e-6
    assert moved[row, column]
    assert moved.sum() == 1
    assert (found.left, found.top, found.side) == (60.0, 30.0, 180.0)


def test_without_a_detector_there_is_no_map(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(drawn_face()).save(file, "JPEG")
    found = mapped(file.getvalue(), tmp_path)
    assert (found.width, found.height, found.maps, found.why) == (320, 240, (), "no_detector")

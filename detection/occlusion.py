"""Which places of a face moved a learned detector's score, by covering each of them in turn.

Knows one picture, its face and the detectors that are plugged in.  A place counts by how much the
score falls once the mean colour of the crop covers it.  It refuses to know where a picture was
changed: that is not what this finds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detection.detectors import Detector, Floats
from detection.maps import OcclusionMap
from detection.media import Face, Picture

# A face of 224 pixels in fields of 32: smaller ones change a score by less than noise does.
FIELDS = 7


def occlusion_maps(
    picture: Picture, face: Face, detectors: Sequence[Detector]
) -> tuple[OcclusionMap, ...]:
    """One for each detector; 50 looks of it each."""
    return tuple(_map(picture, face, detector) for detector in detectors)


def _map(picture: Picture, face: Face, detector: Detector) -> OcclusionMap:
    crop = detector.crop(picture, face)
    score = detector.score_crop(crop)
    edges = np.linspace(0, len(crop), FIELDS + 1).astype(np.intp)
    falls = tuple(
        tuple(
            score - detector.score_crop(_covered(crop, edges[row : row + 2], edges[at : at + 2]))
            for at in range(FIELDS)
        )
        for row in range(FIELDS)
    )
    square = detector.square(face)
    return OcclusionMap(
        detector.manifest.reference,
        score,
        square.x - square.side / 2,
        square.y - square.side / 2,
        square.side,
        falls,
    )


def _covered(crop: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    covered = crop.copy()
    covered[rows[0] : rows[1], columns[0] : columns[1]] = crop.mean(axis=(0, 1))
    return covered

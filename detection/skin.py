"""Light on a face, region by region, and on what is behind it: means, nothing else.

Knows where in the mesh skin is that seldom hides (forehead, cheeks, nose, chin) and which part of a
picture can only be background.  What the light means is for `detection.light_response`.
"""

import numpy as np
from numpy.typing import NDArray

from detection.challenge import linear
from detection.media import Face, Picture

Floats = NDArray[np.float64]

REGIONS = ("forehead", "right cheek", "left cheek", "nose", "chin")
# One point of MediaPipe's mesh in the middle of each.
_CENTRES = (151, 50, 280, 5, 199)
_TEMPLES = (127, 356)
# Half of a region's side, as a share of the face's width.
_HALF_SIDE = 0.085
# Values that say how bright something is: below is noise, above is clipped.
_DARKEST, _BRIGHTEST = 16, 242
_LEAST_PIXELS = 12
# Background is sampled on a grid of so many pixels a side, and kept by so many fields.
_GRID = 96
FIELDS = (6, 8)
_LEAST_IN_FIELD = 24
_LEAST_BACKGROUND = 150

_LINEAR: Floats = linear(np.arange(256.0))


def regions(picture: Picture, face: Face) -> Floats:
    """Mean linear light of each region, 5 x 3; NaN where it is hidden, outside or clipped."""
    means = np.full((len(REGIONS), 3), np.nan)
    if face.mesh is None:
        return means
    left, right = face.mesh[_TEMPLES[0], :2], face.mesh[_TEMPLES[1], :2]
    half = max(2.0, float(np.hypot(*(right - left))) * _HALF_SIDE)
    for number, point in enumerate(face.mesh[list(_CENTRES), :2]):
        means[number] = _mean(_patch(picture, float(point[0]), float(point[1]), half))
    return means


def background(picture: Picture, face: Face) -> Floats:
    """Mean linear light of each field of what is neither head nor body, 48 x 3.

    NaN where a field shows next to nothing of it, everywhere if the picture does.
    """
    rows = np.linspace(0, picture.height - 1, _GRID).astype(int)
    columns = np.linspace(0, picture.width - 1, _GRID).astype(int)
    pixels = picture.pixels[np.ix_(rows, columns)]
    good = _usable(pixels) & ~_person(rows[:, None], columns[None], face)
    light = np.where(good[..., None], _LINEAR[pixels], 0.0)
    counts = _by_field(good[..., None].astype(float))
    with np.errstate(divide="ignore", invalid="ignore"):
        means = _by_field(light) / counts
    means[(counts[:, 0] < _LEAST_IN_FIELD) | (good.sum() < _LEAST_BACKGROUND)] = np.nan
    return means


def _by_field(values: Floats) -> Floats:
    """Sums over the fields: fields x channels."""
    down, across = FIELDS
    parts = values.reshape(down, _GRID // down, across, _GRID // across, values.shape[2])
    sums: Floats = parts.sum(axis=(1, 3)).reshape(down * across, -1)
    return sums


def _person(rows: NDArray[np.intp], columns: NDArray[np.intp], face: Face) -> NDArray[np.bool_]:
    """Where head, hair and body may be: a wide ellipse, and all that is under it."""
    middle = face.left + face.width / 2
    across = (columns - middle) / (0.95 * face.width)
    down = (rows - (face.top + 0.4 * face.height)) / (1.0 * face.height)
    head = across**2 + down**2 < 1
    body = (rows > face.top + 0.9 * face.height) & (np.abs(columns - middle) < 1.7 * face.width)
    person: NDArray[np.bool_] = head | body
    return person


def _patch(picture: Picture, x: float, y: float, half: float) -> NDArray[np.uint8]:
    top, bottom = max(0, round(y - half)), max(0, round(y + half) + 1)
    left, right = max(0, round(x - half)), max(0, round(x + half) + 1)
    return picture.pixels[top:bottom, left:right].reshape(-1, 3)


def _mean(pixels: NDArray[np.uint8]) -> Floats:
    good = pixels[_usable(pixels)]
    if len(good) < _LEAST_PIXELS:
        return np.full(3, np.nan)
    mean: Floats = _LINEAR[good].mean(axis=0)
    return mean


def _usable(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which are neither black nor clipped in any channel."""
    usable: NDArray[np.bool_] = (pixels[..., 1] >= _DARKEST) & (
        pixels.max(axis=-1, initial=0) <= _BRIGHTEST
    )
    return usable

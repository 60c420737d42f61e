"""Faces blended with themselves: what a swapped face looks like at its seam, made of real ones.

A copy of a face, a little other in colour, sharpness and size, is laid over the face within the
outline of its mesh, drawn smaller or larger and with a soft edge.  Whoever learns to tell such
pictures from untouched ones learns seams, and needs no fakes of any make (Shiohara and Yamasaki,
2022).  Then both go down a bad line: fewer pixels, noise.  Pure: arrays in, arrays out.
"""

import numpy as np
from numpy.typing import NDArray

from detection.media import Pixels, Points

Floats = NDArray[np.float32]

# How often: laid over half transparent, the lower half alone, and made smaller by the line.
_THINNED, _LOWER_HALF, _SMALLER = 0.5, 0.3, 0.6
# Points of MediaPipe's mesh around the face, in order.
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip


def blended(pixels: Pixels, mesh: Points, random: np.random.Generator) -> Pixels:
    """The picture with its face laid over itself."""
    picture = pixels.astype(np.float32)
    mask = _mask(pixels.shape, mesh, random)
    if random.random() < _THINNED:
        mask = mask * np.float32(random.uniform(0.5, 1.0))
    other = _otherwise(picture, random)
    mixed = picture + (other - picture) * mask[..., None]
    return np.asarray(mixed.clip(0, 255), dtype=np.uint8)


def worn(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """The picture as a poor camera and a small window leave it."""
    picture = pixels.astype(np.float32)
    if random.random() < _SMALLER:
        picture = _resampled(picture, float(random.uniform(0.4, 0.9)))
    noise = random.normal(0, random.uniform(0.5, 4.0), picture.shape)
    return np.asarray((picture + noise).clip(0, 255), dtype=np.uint8)


def _otherwise(picture: Floats, random: np.random.Generator) -> Floats:
    """The same picture, a little other in colour, sharpness, size and place."""
    gain = 1 + random.normal(0, 0.06, 3)
    other = np.asarray(picture * gain + random.normal(0, 5, 3), dtype=np.float32)
    kind = random.integers(3)
    if kind == 0:
        other = _resampled(other, float(random.uniform(0.35, 0.8)))
    elif kind == 1:
        soft = _soft(other, float(random.uniform(0.8, 2.5)))
        other = other + (other - soft) * np.float32(random.uniform(0.4, 1.2))
    shift = random.integers(-3, 4, 2)
    return np.roll(other, (int(shift[0]), int(shift[1])), axis=(0, 1))


def _mask(shape: tuple[int, ...], mesh: Points, random: np.random.Generator) -> Floats:
    """One within the face's outline, nothing without, soft between."""
    oval = mesh[list(OVAL), :2].astype(float)
    middle = oval.mean(axis=0)
    uneven = 1 + random.normal(0, 0.02, (len(oval), 1))
    outline = middle + (oval - middle) * random.uniform(0.75, 1.02) * uneven
    if random.random() < _LOWER_HALF:
        # The lower half alone, as lip-sync does.
        outline[:, 1] = np.maximum(outline[:, 1], middle[1] - 0.1 * np.ptp(oval[:, 1]))
    width = float(np.ptp(oval[:, 0]))
    return _soft(_filled(shape, outline), max(0.5, width * float(random.uniform(0.01, 0.06))))


def _filled(shape: tuple[int, ...], outline: NDArray[np.float64]) -> Floats:
    """A polygon, by counting for each row where its sides are crossed."""
    filled = np.zeros(shape[:2], dtype=np.float32)
    ends = np.roll(outline, -1, axis=0)
    for row in range(max(0, int(outline[:, 1].min())), min(shape[0], int(outline[:, 1].max()) + 1)):
        crossed = (outline[:, 1] <= row) != (ends[:, 1] <= row)
        begin, end = outline[crossed], ends[crossed]
        along = (row - begin[:, 1]) / (end[:, 1] - begin[:, 1])
        places = np.sort(begin[:, 0] + along * (end[:, 0] - begin[:, 0])).clip(0, shape[1])
        for left, right in zip(places[::2], places[1::2], strict=False):
            filled[row, round(left) : round(right)] = 1
    return filled


def _soft(values: Floats, width: float) -> Floats:
    """Smoothed by a bell of so many pixels, along both sides."""
    reach = max(1, round(3 * width))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    bell = (bell / bell.sum()).astype(np.float32)
    for axis in (0, 1):
        rooms = [(reach, reach) if one == axis else (0, 0) for one in range(values.ndim)]
        padded = np.pad(values, rooms, mode="edge")
        length = values.shape[axis]
        values = sum(
            (
                np.take(padded, range(at, at + length), axis=axis) * weight
                for at, weight in enumerate(bell)
            ),
            start=np.zeros_like(values),
        )
    return values


def _resampled(picture: Floats, scale: float) -> Floats:
    """Made smaller and large again, which loses what is fine."""
    height, width = picture.shape[:2]
    soft = _soft(picture, 0.5 / scale)
    rows = (np.arange(max(1, int(height * scale))) / scale).astype(int).clip(0, height - 1)
    columns = (np.arange(max(1, int(width * scale))) / scale).astype(int).clip(0, width - 1)
    small = soft[rows][:, columns]
    back_rows = (np.arange(height) * scale).clip(0, len(rows) - 1)
    back_columns = (np.arange(width) * scale).clip(0, len(columns) - 1)
    return _between(_between(small, back_rows, 0), back_columns, 1)


def _between(values: Floats, places: NDArray[np.float64], axis: int) -> Floats:
    low = places.astype(int)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    share = (
        (places - low).astype(np.float32).reshape([-1 if one == axis else 1 for one in range(3)])
    )
    first, second = np.take(values, low, axis=axis), np.take(values, high, axis=axis)
    return np.asarray(first + (second - first) * share, dtype=np.float32)

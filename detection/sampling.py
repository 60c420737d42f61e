"""Squares cut out of pictures, turned and scaled, as networks want them.

Knows bilinear sampling and nothing of what is in a picture.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.media import Pixels, Points

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Square:
    """A square in a picture: its middle, its side in pixels, and its turn (clockwise)."""

    x: float
    y: float
    side: float
    radians: float = 0.0

    def to_picture(self, points: Floats) -> Points:
        """Points given in shares of the square (0 to 1 across and down), in pixels."""
        along = (points[:, :2] - 0.5) * self.side
        cos, sin = math.cos(self.radians), math.sin(self.radians)
        turned = np.empty_like(points)
        turned[:, 0] = self.x + along[:, 0] * cos - along[:, 1] * sin
        turned[:, 1] = self.y + along[:, 0] * sin + along[:, 1] * cos
        if points.shape[1] > 2:  # noqa: PLR2004 - depth is in the scale of x
            turned[:, 2] = points[:, 2] * self.side
        return turned


def sampled(pixels: Pixels, square: Square, size: int) -> Floats:
    """The square as `size` x `size` x 3 of 0 to 255; black where it leaves the picture."""
    # Every other pixel, while two source pixels fall on one: coarse, and half the reading.
    step = max(1, int(square.side / size))
    small = pixels[::step, ::step]
    height, width = small.shape[:2]
    grid = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    x, y = (one / np.float32(step) - np.float32(0.5) for one in _places(square, grid))
    inside = (x > -1) & (x < width) & (y > -1) & (y < height)
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right = np.minimum(left + 1, width - 1)
    row, below = top * width, np.minimum(top + 1, height - 1) * width
    across_share = (x - left.astype(np.float32))[:, None]
    down_share = (y - top.astype(np.float32))[:, None]
    # Taking whole pixels of a flat array is twice as fast as indexing by row and column.
    flat = np.ascontiguousarray(small).reshape(-1, 3)
    upper = _between(flat.take(row + left, 0), flat.take(row + right, 0), across_share)
    lower = _between(flat.take(below + left, 0), flat.take(below + right, 0), across_share)
    mixed: Floats = _between(upper, lower, down_share)
    mixed[~inside] = 0
    return mixed.reshape(size, size, 3)


def _places(square: Square, grid: Floats) -> tuple[Floats, ...]:
    """Where each sample lies in the picture: its x and its y, row by row."""
    along = (grid - np.float32(0.5)) * np.float32(square.side)
    cos, sin = np.float32(math.cos(square.radians)), np.float32(math.sin(square.radians))
    x = np.float32(square.x) + along[None] * cos - along[:, None] * sin
    y = np.float32(square.y) + along[None] * sin + along[:, None] * cos
    return x.ravel(), y.ravel()


def _between(one: NDArray[np.generic], other: NDArray[np.generic], share: Floats) -> Floats:
    start = one.astype(np.float32, copy=False)
    return start + (other.astype(np.float32, copy=False) - start) * share

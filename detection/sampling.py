"""Squares cut out of pictures, turned and scaled, as networks want them.

Knows bilinear sampling and nothing of what is in a picture.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.media import Pixels, Points

Floats = NDArray[np.float32]

# Of a pixel, across and down.
_PARTS = 16


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
    left, top, around = _around(pixels, square, step)
    height, width = around.shape[:2]
    grid = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    x, y = _places(square, grid)
    x, y = (
        (place - np.float32(begin)) / np.float32(step) - np.float32(0.5)
        for place, begin in ((x, left), (y, top))
    )
    outside = (x <= -1) | (x >= width) | (y <= -1) | (y >= height)
    mixed = _mixed(_words(around), x.clip(0, width - 1), y.clip(0, height - 1))
    mixed[outside] = 0
    return mixed.reshape(size, size, 3)


def _around(pixels: Pixels, square: Square, step: int) -> tuple[int, int, Pixels]:
    """The part of a picture that a square touches, and where it begins."""
    turned = abs(math.cos(square.radians)) + abs(math.sin(square.radians))
    reach = square.side * turned / 2 + 2 * step
    height, width = pixels.shape[:2]
    left, right = _within(square.x - reach, square.x + reach, width)
    top, bottom = _within(square.y - reach, square.y + reach, height)
    return left, top, pixels[top:bottom:step, left:right:step]


def _within(first: float, last: float, length: int) -> tuple[int, int]:
    """At least one pixel of a picture, even for a square beside it."""
    begin = min(max(0, math.floor(first)), length - 1)
    return begin, max(begin + 1, min(length, math.ceil(last)))


def _words(pixels: Pixels) -> NDArray[np.uint64]:
    """Each pixel as one number with 16 bits for a colour; the last row and column twice."""
    height, width = pixels.shape[:2]
    colours = np.zeros((height + 1, width + 1, 4), np.uint16)
    colours[:-1, :-1, :3] = pixels
    colours[-1], colours[:, -1] = colours[-2], colours[:, -2]
    return colours.view(np.uint64)[..., 0]


def _mixed(words: NDArray[np.uint64], x: Floats, y: Floats) -> Floats:
    """Between the four pixels around each place, all colours in one multiplication.

    Places count to a sixteenth of a pixel: so 256 parts of 255 stay within a colour's 16 bits.
    """
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = (
        ((place - before) * np.float32(_PARTS) + np.float32(0.5)).astype(np.uint16)
        for place, before in ((x, left), (y, top))
    )
    both = across * down
    aside, below = _PARTS * across - both, _PARTS * down - both
    row, flat = words.shape[1], words.ravel()
    at = top * row + left
    mixed = flat.take(at) * (_PARTS**2 - aside - below - both)
    for further, parts in ((1, aside), (row, below), (row + 1, both)):
        mixed += flat.take(at + further) * parts
    colours: Floats = mixed.view(np.uint16).reshape(-1, 4)[:, :3].astype(np.float32)
    return colours / np.float32(_PARTS**2)


def _places(square: Square, grid: Floats) -> tuple[Floats, ...]:
    """Where each sample lies in the picture: its x and its y, row by row."""
    along = (grid - np.float32(0.5)) * np.float32(square.side)
    cos, sin = np.float32(math.cos(square.radians)), np.float32(math.sin(square.radians))
    x = np.float32(square.x) + along[None] * cos - along[:, None] * sin
    y = np.float32(square.y) + along[None] * sin + along[:, None] * cos
    return x.ravel(), y.ravel()

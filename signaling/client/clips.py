"""Films cut to the person in them, small enough to keep, with the face's place in each frame.

Knows files and sizes.  Where the face is, it is told: whoever reads brings somebody who finds it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
# Left, top, width and height, in pixels.
Box = tuple[float, float, float, float]
FindFace = Callable[[Pixels], Box | None]

# Clips are cut to the person, as a camera before a screen would: so many faces wide, to this size.
FACES_WIDE = 4.0
LONGEST_SIDE = 320
MOST_FRAMES = 150
# Of films with more frames a second, every other one is kept.
_MOST_FRAMES_PER_S = 20.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A film, small enough to keep, and the face's box (left, top, width, height) in each frame."""

    name: str
    frames: list[Pixels]
    boxes: list[Box]
    frames_per_s: float

    def at(self, time_s: float) -> int:
        """The frame at a time; the film is played to and fro."""
        count = len(self.frames)
        there_and_back = max(1, 2 * (count - 1))
        number = int(time_s * self.frames_per_s) % there_and_back
        return min(number, there_and_back - number)


def read(path: Path, find: FindFace) -> Clip | None:
    """The first frames of a film, cut to the person; None if nobody is in it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        step = 2 if rate > _MOST_FRAMES_PER_S else 1
        kept = (frame for number, frame in enumerate(container.decode(stream)) if not number % step)
        cut: tuple[slice, slice] | None = None
        frames: list[Pixels] = []
        boxes: list[Box] = []
        for frame in kept:
            pixels = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            if cut is None:
                face = find(pixels)
                if face is None:
                    return None
                cut = _cut(face, pixels.shape)
            small = _fitted(pixels[cut])
            box = find(small) or (boxes[-1] if boxes else None)
            if box is None:
                return None
            frames.append(small)
            boxes.append(box)
            if len(frames) >= MOST_FRAMES:
                break
    return Clip(path.stem, frames, boxes, rate / step)


def _cut(face: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    left, top, width, height = face
    half = FACES_WIDE / 2 * width
    middle_x, middle_y = left + width / 2, top + height / 2
    first_row, last_row = max(0, middle_y - 0.75 * half), min(shape[0], middle_y + 0.75 * half)
    first_column, last_column = max(0, middle_x - half), min(shape[1], middle_x + half)
    return slice(int(first_row), int(last_row)), slice(int(first_column), int(last_column))


def _fitted(pixels: Pixels) -> Pixels:
    """At most `LONGEST_SIDE` on the longer side; both sides even."""
    scale = min(1.0, LONGEST_SIDE / max(pixels.shape[:2]))
    height, width = (int(side * scale) // 2 * 2 for side in pixels.shape[:2])
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    small = frame.reformat(width=width, height=height, interpolation="AREA")
    return np.asarray(small.to_ndarray(format="rgb24"), dtype=np.uint8)

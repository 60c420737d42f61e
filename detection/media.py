"""Decoded pictures and sound, and the faces in them: what signals look at and listen to.

Knows shapes and units.  Times come in two kinds: `at_s` is when something arrived, on the
machine's monotonic clock; `media_s` is when it was taken, on the publisher's own clock, where
sound and picture of one publisher compare.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]
Samples = NDArray[np.float32]

# What speech is decoded to, in one channel.
SOUND_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded picture: `pixels` is height x width x 3, red, green, blue, upright."""

    at_s: float
    media_s: float
    pixels: Pixels
    key_frame: bool = False
    burst: int = 0
    """Pictures of one burst follow each other without a gap."""
    encoded_bytes: int = 0
    """Of all frames since the picture before it."""

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in pixels of its picture.

    `mesh` is 468 x 3 in MediaPipe's topology (z in the scale of x, nearer is smaller), None where
    no mesh was fitted.
    """

    left: float
    top: float
    width: float
    height: float
    score: float
    eyes: tuple[tuple[float, float], tuple[float, float]]
    """Right and left of the person: first the one that is left in the picture."""
    mesh: Points | None = None
    presence: float = 0.0
    """How sure the mesh is that it lies on a face, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture and the faces in it, the largest first; empty where none was found."""

    picture: Picture
    faces: tuple[Face, ...] = ()

    @property
    def face(self) -> Face | None:
        """The one that the participant shows."""
        return self.faces[0] if self.faces else None


@dataclass(frozen=True, slots=True)
class Glance:
    """One of the small pictures that come all the time; `faces` is None where nobody looked."""

    picture: Picture
    faces: tuple[Face, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of decoded sound: `samples` at `SOUND_RATE_HZ`, one channel, -1 to 1."""

    at_s: float
    media_s: float
    samples: Samples
    burst: int = 0

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SOUND_RATE_HZ

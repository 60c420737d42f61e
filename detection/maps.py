"""Maps of a kept picture, as one process hands them to another."""

import msgspec


class OcclusionMap(msgspec.Struct, frozen=True):
    """Of one detector; the square that it was shown, in pixels of the picture."""

    detector: str
    """Name, version and hash."""
    score: float
    """What it gives the face with nothing covered."""
    left: float
    top: float
    side: float
    falls: tuple[tuple[float, ...], ...]
    """By row and column: how much the score falls where that field is covered."""


class MappedPicture(msgspec.Struct, frozen=True):
    """The size of the picture, and a map for each detector; `why` there is none."""

    width: int
    height: int
    maps: tuple[OcclusionMap, ...] = ()
    why: str = ""
    """`no_detector` or `no_face`, else empty."""

"""Where the largest face is in a picture, for whoever makes films of people and looks at nobody.

Knows the models that it takes.  It refuses to know what is done with the face.
"""

from collections.abc import Callable
from pathlib import Path

from detection.faces import FaceFinder, Finder
from detection.media import Picture, Pixels
from detection.models import Models, ModelUnusable, read_lock

# Left, top, width and height, in pixels; None where nobody is.
Find = Callable[[Pixels], tuple[float, float, float, float] | None]


class CannotFind(Exception):
    """The models are not there."""


def opened(models: Path) -> Find:
    """Raises `CannotFind`."""
    try:
        return largest(FaceFinder(Models(models, read_lock())))
    except ModelUnusable as error:
        raise CannotFind(f"{error}: run `candor models install`") from None


def largest(finder: Finder) -> Find:
    """By a finder that is open."""

    def find(pixels: Pixels) -> tuple[float, float, float, float] | None:
        faces = finder.find(Picture(0, 0, pixels))
        return (faces[0].left, faces[0].top, faces[0].width, faces[0].height) if faces else None

    return find

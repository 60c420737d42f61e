"""What the signals of all participants share: networks and recognisers, each opened once.

Knows which there are and why one is missing; whoever needs it goes without, by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from detection.challenge import CODE_DIGITS
from detection.digits import Digits
from detection.faces import FaceFinder, Finder
from detection.models import Models, ModelUnusable, read_lock

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Tools:
    """What there is; None for what is not."""

    finder: Finder | None = None
    digits: Digits | None = None
    off: Mapping[str, str] = field(default_factory=dict)
    """Why something is missing, by the name of what."""
    references: tuple[str, ...] = ()
    """`name version sha256` of each model that is open."""


def open_tools(folder: Path) -> Tools:
    """Open everything that is there, and right."""
    models = Models(folder, read_lock())
    off: dict[str, str] = {}

    def opened(name: str, make: Callable[[], Opened]) -> Opened | None:
        try:
            return make()
        except ModelUnusable as error:
            off[name] = str(error)
            return None

    finder = opened("faces", lambda: FaceFinder(models))
    return Tools(
        finder=finder,
        digits=Digits(CODE_DIGITS),
        off=off,
        references=(*(finder.references if finder else ()), Digits.name),
    )

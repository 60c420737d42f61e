"""Kinds of evidence, one module each, behind one small interface.

A signal watches one participant from coming to leaving: it is shown pictures with their faces,
hears sound, is told what pages and the server say, and is asked now and then what it makes of it.
It owns what it remembers, bounded; it knows no sockets, no other participant and no score.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from detection.evidence import Evidence
from detection.media import Sight, Sound

__all__ = ["Asked", "CameraSaid", "Note", "Signal", "Withdrawn"]


class CameraSaid(msgspec.Struct, frozen=True, tag=True):
    """What the participant's page tells of its camera.  Advice: whoever cheats can say anything."""

    at_s: float
    label: str = ""
    width: int = 0
    height: int = 0
    frames_per_s: float = 0.0
    capabilities: tuple[str, ...] = ()
    """Names of what the camera says that it can do, as `getCapabilities` lists them."""


class Asked(msgspec.Struct, frozen=True, tag=True):
    """A challenge was put to the participant; `plan` is JSON that its kind's module understands."""

    at_s: float
    challenge: str
    kind: str
    begins_s: float
    ends_s: float
    """On the machine's monotonic clock; answers come later by the way to the page and back."""
    plan: msgspec.Raw
    round_trip_s: float = 0.0


class Withdrawn(msgspec.Struct, frozen=True, tag=True):
    """A challenge was refused or called off: what was seen of it says nothing."""

    at_s: float
    challenge: str


Note = CameraSaid | Asked | Withdrawn


class Signal(Protocol):
    """One kind of evidence about one participant.

    Subclass it and override what the signal needs.  Methods are called in the order of arrival,
    from one thread, and may raise: then the signal is dropped for this participant and said so.
    """

    name: str
    """As in `detection.evidence.RULES`."""
    version: str
    """Changes whenever the same material could give other evidence."""

    def look(self, sight: Sight) -> None:
        """A picture; those of one burst follow each other."""

    def hear(self, sound: Sound) -> None:
        """A piece of sound."""

    def tell(self, note: Note) -> None:
        """Something that is known beside the media."""

    def cut(self) -> None:
        """Continuity ended: camera off and on, track replaced, another face."""

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        """What is new to say, at the end of a burst or when time has passed; often nothing."""
        return ()

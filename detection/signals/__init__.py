"""Kinds of evidence, one module each, behind one small interface.

A signal watches one participant from coming to leaving: it is shown pictures with their faces,
hears sound, is told what pages and the server say, and is asked now and then what it makes of it.
It owns what it remembers, bounded; it knows no sockets, no other participant and no score.
"""

from collections.abc import Sequence
from typing import Protocol

from detection.evidence import Evidence
from detection.media import Glance, Sight, Sound
from detection.notes import Asked, CameraSaid, Enrolled, Note, Template, Withdrawn

__all__ = ["Asked", "CameraSaid", "Enrolled", "Note", "Signal", "Template", "Withdrawn"]


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

    def glance(self, glance: Glance) -> None:
        """A small picture, of those that come all the time."""

    def hear(self, sound: Sound) -> None:
        """A piece of sound."""

    def tell(self, note: Note) -> None:
        """Something that is known beside the media."""

    def trust(self) -> None:
        """A challenge was passed: from now until a cut this is the person who passed it."""

    def cut(self) -> None:
        """Continuity ended: camera off and on, track replaced, another face."""

    def notice(self, now_s: float) -> Sequence[Evidence]:
        """What is new to say after glances; nearly always nothing."""
        return ()

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        """What is new to say, at the end of a burst or when time has passed; often nothing."""
        return ()

    def learned(self) -> Template | None:
        """What is to be remembered of whoever agreed to that, told once."""
        return None

"""Whether somebody is still the same: what they were like so far against what they are like now.

Pure.  Knows embeddings and two limits.  One look that is unlike may be a hand or a cough; two in a
row, unlike what was known and like each other, are somebody else.  It refuses to know faces and
voices, and who anybody is.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from detection.embedding import Embedding, likeness, unit

# So many looks are enough to know somebody, and later ones change little.
_LEARNED_LOOKS = 2
_MOST_LOOKS = 12


class Verdict(StrEnum):
    """What one more look says."""

    NEW = "new"
    """Nobody was known yet."""
    SAME = "same"
    UNCLEAR = "unclear"
    """Neither alike enough nor unlike enough, or unlike for the first time."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Limits:
    """Cosines, from measurement (docs/DETECTION.md)."""

    other_below: float
    same_from: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A verdict, and how like it was; 0 where there was nothing to compare with."""

    verdict: Verdict
    likeness: float = 0.0


class Continuity:
    """Of one face, or one voice, in memory only."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: list[Embedding] = []
        self._stranger: Embedding | None = None

    def take(self, seen: Embedding) -> Compared:
        """One more look.  After another person was found, that one is who is known."""
        if not self._known:
            self._known = [seen]
            return Compared(Verdict.NEW)
        alike = likeness(seen, unit(np.sum(self._known, axis=0)))
        if len(self._known) < _LEARNED_LOOKS:
            return self._learn(seen, alike)
        if alike >= self._limits.other_below:
            self._stranger = None
            if alike < self._limits.same_from:
                return Compared(Verdict.UNCLEAR, alike)
            self._known = [*self._known, seen][-_MOST_LOOKS:]
            return Compared(Verdict.SAME, alike)
        return self._meet(seen, alike)

    def _learn(self, seen: Embedding, alike: float) -> Compared:
        """Who is unlike at once was not known well enough to be missed."""
        kept = self._known if alike >= self._limits.other_below else []
        self._known = [*kept, seen]
        return Compared(Verdict.NEW, alike)

    def _meet(self, seen: Embedding, alike: float) -> Compared:
        before, self._stranger = self._stranger, seen
        if before is None or likeness(before, seen) < self._limits.same_from:
            return Compared(Verdict.UNCLEAR, alike)
        self._known, self._stranger = [before, seen], None
        return Compared(Verdict.OTHER, alike)

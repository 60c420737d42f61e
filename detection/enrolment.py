"""Whether somebody is who they were in earlier calls, and what is to be remembered of them.

Pure.  Compares looks with a template, or makes one of some looks, for whoever agreed to that.  It
refuses to know who agreed, whose the template is and where it is kept.
"""

from collections.abc import Sequence

import numpy as np

from detection.continuity import Compared, Limits, Verdict
from detection.embedding import Embedding, likeness, unit
from detection.notes import Enrolled, Template

# A template is made of so many looks, and so many of the last are what is compared with it.
LEARNED_LOOKS = 4
COMPARED_LOOKS = 2


class Acquaintance:
    """With one face, or one voice."""

    def __init__(self, kind: str, models: tuple[str, ...], limits: Limits) -> None:
        self._kind = kind
        self._models = models
        self._limits = limits
        self._template: Embedding | None = None
        self._last: list[Embedding] = []
        self._learns = False
        self._learning: list[Embedding] = []
        self._made: Template | None = None

    def tell(self, note: Enrolled) -> None:
        """What is remembered from now on, and whether it is to be learned."""
        ours = [one for one in note.templates if one.kind == self._kind]
        usable = [one for one in ours if one.models == self._models]
        self._template = np.frombuffer(usable[0].numbers, "<f4") if usable else None
        self._learns = self._kind in note.learns or (bool(ours) and not usable)
        # What was seen before is not what they agreed to.
        self._learning, self._made = [], None

    def take(self, seen: Embedding, within_call: Verdict) -> Compared | None:
        """One more look; None where there is nothing to compare with."""
        self._learn(seen, within_call)
        if within_call is Verdict.OTHER:
            self._last = []
        self._last = [*self._last, seen][-COMPARED_LOOKS:]
        return None if self._template is None else self._compare(self._template)

    def cut(self) -> None:
        """Whoever is there from now on may not be who agreed: no more is learned in this call."""
        self._learns, self._learning = False, []

    def learned(self) -> Template | None:
        """What was learned, once."""
        made, self._made = self._made, None
        return made

    def _learn(self, seen: Embedding, within_call: Verdict) -> None:
        if within_call is Verdict.OTHER:
            self.cut()
        if not self._learns or within_call is Verdict.UNCLEAR:
            return
        alike = not self._learning or likeness(seen, _common(self._learning))
        self._learning = [*(self._learning if alike >= self._limits.same_from else ()), seen]
        if len(self._learning) == LEARNED_LOOKS:
            numbers = _common(self._learning).astype("<f4")
            self._made = Template(self._kind, self._models, numbers.tobytes())
            self.cut()

    def _compare(self, template: Embedding) -> Compared:
        """One look that is unlike may be a hand or a cough."""
        alike = likeness(_common(self._last), template)
        if alike >= self._limits.same_from:
            return Compared(Verdict.SAME, alike)
        if alike >= self._limits.other_below or len(self._last) < COMPARED_LOOKS:
            return Compared(Verdict.UNCLEAR, alike)
        return Compared(Verdict.OTHER, alike)


def _common(looks: Sequence[Embedding]) -> Embedding:
    return unit(np.sum(looks, axis=0))

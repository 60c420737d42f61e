"""What all signals have in common that speak only when somebody was asked."""

from typing import Generic, TypeVar

import msgspec

from detection.challenge import Plan
from detection.signals import Asked, Note, Signal, Withdrawn

PlanOf = TypeVar("PlanOf", bound=Plan)


class Answers(Signal, Generic[PlanOf]):
    """One participant's answers to challenges of the kind that is the signal's name."""

    def __init__(self, plan: type[PlanOf]) -> None:
        self._type = plan
        self._asked: Asked | None = None
        self._plan: PlanOf | None = None
        self._cut = False

    def tell(self, note: Note) -> None:
        if isinstance(note, Asked) and note.kind == self.name:
            self._forget()
            self._asked = note
            self._plan = msgspec.json.decode(note.plan, type=self._type)
        elif (
            isinstance(note, Withdrawn) and self._asked and note.challenge == self._asked.challenge
        ):
            self._forget()

    def cut(self) -> None:
        self._cut = self._asked is not None

    def _forget(self) -> None:
        """Be as if nobody had been asked."""
        self._asked = self._plan = None
        self._cut = False

"""The rules of a call: what each act makes of a person, and what its people make of the call.

Theory.  A call has no life of its own: it is what the people in it make of it.  Each person stands
in one state (or is absent, as long as the call does not know them), each act moves one person by
`STEPS`, and after every act `outcome` reads the call's state off its people.  So it does not
matter in which order acts arrive, nor on which device or through which process.

- A call rings until the first but the caller is in it; from then on it is active.
- It ends by itself: when the caller goes before anybody came (cancelled), when nobody is left who
  could still come (declined, missed), when the last one leaves (ended).
- Nothing moves a call that is over.

Pure: states in, states out.  It refuses to know rooms, clocks and the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ABSENT = "absent"

# act: what it makes of a person in each state; a state that is missing refuses the act.
STEPS: Mapping[str, Mapping[str, str]] = {
    "ring": {
        ABSENT: "ringing",
        "ringing": "ringing",
        "joined": "joined",
        "left": "ringing",
        "declined": "ringing",
        "missed": "ringing",
        "busy": "ringing",
    },
    # Instead of ringing for somebody who is in another call just now.
    "engage": {
        ABSENT: "busy",
        "ringing": "ringing",
        "joined": "joined",
        "left": "busy",
        "declined": "busy",
        "missed": "busy",
        "busy": "busy",
    },
    # A second device that accepts, or the same once more, changes nothing.
    "accept": {"ringing": "joined", "busy": "joined", "joined": "joined"},
    "decline": {"ringing": "declined", "busy": "declined", "declined": "declined"},
    "join": {
        ABSENT: "joined",
        "ringing": "joined",
        "joined": "joined",
        "left": "joined",
        "declined": "joined",
        "missed": "joined",
        "busy": "joined",
    },
    "leave": {"joined": "left", "left": "left"},
    "expire": {"ringing": "missed"},
    "close": {
        "ringing": "missed",
        "joined": "left",
        "left": "left",
        "declined": "declined",
        "missed": "missed",
        "busy": "busy",
    },
}

OPEN = ("ringing", "active")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a call, and why if it is over."""

    state: str
    reason: str | None = None

    @property
    def over(self) -> bool:
        return self.state not in OPEN


def step(act: str, state: str) -> str | None:
    """What the act makes of a person in this state; None if it makes no sense there."""
    return STEPS[act].get(state)


def outcome(state: str, people: Mapping[str, str], caller: str) -> Outcome:
    """What the people make of an open call."""
    if state == "active":
        return Outcome("active") if "joined" in people.values() else Outcome("ended", "left")
    others = [stands for name, stands in people.items() if name != caller]
    if "joined" in others:
        return Outcome("active")
    if people.get(caller) != "joined":
        return Outcome("cancelled", "cancelled")
    if "ringing" in others:
        return Outcome("ringing")
    return _unanswered(others)


def _unanswered(others: list[str]) -> Outcome:
    """Nobody is left who could come: silence weighs more than a no, and a no more than busy."""
    if "missed" in others:
        return Outcome("missed", "no_answer")
    if "declined" in others:
        return Outcome("declined", "declined")
    if "busy" in others:
        return Outcome("missed", "busy")
    return Outcome("missed", "no_answer")


def first_state(people: Mapping[str, str], caller: str) -> Outcome:
    """Of a new call: it rings where somebody can be rung; with nobody to ring it waits, open."""
    others = [stands for name, stands in people.items() if name != caller]
    return outcome("ringing", people, caller) if others else Outcome("active")

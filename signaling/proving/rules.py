"""The life of a proof of an account.  Pure.

Theory.  Somebody's one device in a room is asked, and answers by something that only the account's
owner has: proved.  Or it is refused, or wrong too often, or nobody answers in time.  What was
proved counts for that device and stay alone: it is over when the device leaves the room, when
another of the same person comes, or when it is asked for anew.
"""

from dataclasses import dataclass
from datetime import datetime

# Time to fetch a phone and unlock it.
ASKED_FOR_S = 120.0
MOST_WRONG = 3

# The one outcome that counts; the others are `refused`, `failed` and `expired`.
PROVED = "proved"


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of asking."""

    outcome: str
    reason: str = ""
    way: str = ""
    since: datetime | None = None
    """Since when the account can be proved in this way."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody's device is asked, or has proved; the time is of the machine's monotonic clock."""

    id: str
    room: str
    call: str
    identity: str
    account: str
    stay: str
    why: str
    asked_by: str
    ways: tuple[str, ...]
    asked_s: float
    at: datetime
    """When it came to be as it is."""
    wrong: int = 0
    ending: Ending | None = None

    @property
    def state(self) -> str:
        return "asked" if self.ending is None else self.ending.outcome


def overdue(asked: Asked, now_s: float) -> bool:
    """Whether nobody answers any more."""
    return asked.ending is None and now_s - asked.asked_s > ASKED_FOR_S

"""A stored score, made again from its stored record and told line by line.  Pure."""

from dataclasses import dataclass

from detection import Record, explain, judge
from signaling.store.risk_scores import StoredScore

# What the store keeps of a number, and what arithmetic on another machine may change.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Explained:
    """The lines, and whether the same came out as was stored."""

    lines: tuple[str, ...]
    same: bool


def explained(stored: StoredScore, record: Record) -> Explained:
    """How the score came about."""
    again = judge(record)
    same = (
        (again.state.value, again.why) == (stored.state, stored.why)
        and abs(again.risk - stored.risk) < TOLERANCE
        and abs(again.confidence - stored.confidence) < TOLERANCE
    )
    head = f"score {stored.id} of {stored.identity} in {stored.room_id}, {stored.at.isoformat()}"
    was = f"stored: {stored.state}, risk {stored.risk:.3f}, confidence {stored.confidence:.3f}"
    now = f"made again by version {record.version}: {'the same' if same else 'ANOTHER score'}"
    return Explained((head, was, now, *explain(record).splitlines()), same)

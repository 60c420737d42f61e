"""What the risk board decides: why somebody cannot be looked at, what is news, who sees it.  Pure.

Whatever keeps people from being looked at makes them `unknown`, with the reason, whatever was
found out before.
"""

from collections.abc import Collection
from typing import Protocol

from detection import Score
from signaling.store.consents import DetectionRules

# Less than this is no news.
LEAST_CHANGE = 0.02


class Sends(Protocol):
    """What somebody sends, and why it may not be seen (`looking.Sending`)."""

    @property
    def sources(self) -> Collection[str]: ...

    @property
    def off(self) -> Collection[str]: ...

    @property
    def silenced(self) -> Collection[str]: ...

    @property
    def why_not(self) -> str: ...


class Viewer(Protocol):
    """Somebody in a room, as far as it matters for what they see."""

    @property
    def observes_risk(self) -> bool: ...

    @property
    def moderates(self) -> bool: ...


def blindness(sends: Sends, rules: DetectionRules) -> str:
    """Why nothing can be known of somebody, or nothing."""
    reasons = {
        "end_to_end_encrypted": rules.encrypted,
        "not_checked": not rules.runs,
        # These rules may be a second old; whoever stopped the look knew better.
        sends.why_not: bool(sends.why_not),
        "muted": "camera" in sends.silenced,
        "camera_off": "camera" in sends.off,
        "no_camera": not {"camera", "microphone"} & set(sends.sources),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def is_news(before: Score, after: Score) -> bool:
    """Whether those who see it have to be told."""
    if (before.state, before.why, before.alert) != (after.state, after.why, after.alert):
        return True
    if (before.verified is None) != (after.verified is None):
        return True
    moved = max(abs(before.risk - after.risk), abs(before.confidence - after.confidence))
    return moved >= LEAST_CHANGE


def sees_all(viewer: Viewer, rules: DetectionRules) -> bool:
    """Whether somebody in the room sees everybody's score."""
    if viewer.observes_risk or rules.seen_by == "everybody":
        return True
    return rules.seen_by == "hosts" and viewer.moderates

"""When a score is an alert, how grave it is, and the life of an alert until it is closed.  Pure.

Theory.  An alert is raised where risk and confidence are high together, and lasts until they have
fallen clearly below: `raises` and `holds` are the two edges of that hysteresis.  Looking alone
reaches a confidence of 0.5 at most, so the confidence that raises an alert is always above it:
something must have been asked of the person.  What is raised again while an alert of the same
person and call is open is merged into that alert; one that was closed stays closed until the score
has fallen and risen again.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

Probability = Annotated[float, Meta(ge=0, le=1)]
# What looking alone can reach (`detection.evidence.MOST_CONFIDENCE`).
MOST_BY_LOOKING = 0.5


class AlertThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where alerts begin and end, and from where on they are graver."""

    raise_risk: Probability = 0.8
    raise_confidence: Probability = 0.6
    hold_risk: Probability = 0.7
    hold_confidence: Probability = 0.45
    medium_risk: Probability = 0.9
    high_risk: Probability = 0.95

    def fault(self) -> str:
        """What is wrong with them, in words; empty for nothing."""
        if self.raise_confidence <= MOST_BY_LOOKING:
            return f"raise_confidence: above {MOST_BY_LOOKING}, which looking alone can reach"
        if self.hold_risk > self.raise_risk or self.hold_confidence > self.raise_confidence:
            return "hold_…: not above what raises an alert"
        if not self.raise_risk <= self.medium_risk <= self.high_risk:
            return "medium_risk, high_risk: each from the one before on"
        return ""


SEVERITIES = ("low", "medium", "high")

# (state, act): the state that follows.  What is not here makes no sense.
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("new", "acknowledge"): "acknowledged",
    ("new", "escalate"): "escalated",
    ("new", "close"): "closed",
    ("acknowledged", "escalate"): "escalated",
    ("acknowledged", "close"): "closed",
    ("escalated", "close"): "closed",
    ("closed", "reopen"): "acknowledged",
}
OUTCOMES = ("true", "false", "inconclusive")


def is_raised(before: bool, risk: float, confidence: float, thresholds: AlertThresholds) -> bool:
    """Whether an alert is on after this score, where it was on before or not."""
    if before:
        return risk >= thresholds.hold_risk and confidence >= thresholds.hold_confidence
    return risk >= thresholds.raise_risk and confidence >= thresholds.raise_confidence


def severity(risk: float, thresholds: AlertThresholds) -> str:
    """How grave a raised alert is."""
    if risk >= thresholds.high_risk:
        return "high"
    return "medium" if risk >= thresholds.medium_risk else "low"


class Episode(msgspec.Struct, frozen=True):
    """From when an alert of somebody was raised until it had fallen; `severity` is the gravest."""

    room: str
    call: str
    identity: str
    at: datetime
    severity: str


def episodes(
    said: Iterable[tuple[tuple[str, str, str], datetime, float, float]],
    thresholds: AlertThresholds,
) -> Iterator[Episode]:
    """What these thresholds make of scores in the order in which they were said.

    Each score is: whose (room, call, identity), when, risk, confidence.
    """
    raised: dict[tuple[str, str, str], Episode] = {}
    for whose, at, risk, confidence in said:
        known = raised.pop(whose, None)
        if is_raised(known is not None, risk, confidence, thresholds):
            episode = known or Episode(*whose, at, SEVERITIES[0])
            grave = graver(episode.severity, severity(risk, thresholds))
            raised[whose] = msgspec.structs.replace(episode, severity=grave)
        elif known is not None:
            yield known
    yield from raised.values()


def graver(one: str, other: str) -> str:
    return max(one, other, key=SEVERITIES.index)


def after(state: str, act: str) -> str | None:
    """The state that follows; None where the act makes no sense."""
    return TRANSITIONS.get((state, act))

"""Challenges as clients are told of them.  Pure: values in, messages out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from detection import NEUTRAL, CodePlan, LightPlan, MotionPlan
from signaling.challenges.rules import LEAD_S, Challenge, Ending
from signaling.protocol import (
    ChallengeBegun,
    ChallengeEnded,
    ChallengeNews,
    ChallengeOffered,
    CodeShown,
    LightShown,
    MotionShown,
    MovementShown,
)


def offered(challenge: Challenge, expires_at: datetime) -> ChallengeOffered:
    """To the person, before anything is known of what will be shown."""
    return ChallengeOffered(
        challenge=challenge.id,
        room=challenge.room,
        kind=challenge.kind,
        why=challenge.why,
        text=f"challenge.{challenge.kind}",
        lasts_s=challenge.plan.duration_s,
        expires_at=expires_at,
    )


def begun(re: int, challenge: Challenge) -> ChallengeBegun:
    """To the person, who has agreed."""
    return ChallengeBegun(
        re=re,
        challenge=challenge.id,
        begins_in_s=LEAD_S,
        lasts_s=challenge.plan.duration_s,
        show=_SHOWN[type(challenge.plan)](challenge.plan),
    )


def ended(challenge: Challenge, ending: Ending) -> ChallengeEnded:
    """To the person."""
    return ChallengeEnded(
        challenge=challenge.id,
        outcome=ending.outcome,
        reason=ending.reason,
        strength=ending.strength,
        chance=ending.chance,
    )


def news(challenge: Challenge, ending: Ending | None = None) -> ChallengeNews:
    """To those who moderate the room."""
    state = challenge.state if ending is None else ending.outcome
    told = Ending(state, "") if ending is None else ending
    return ChallengeNews(
        challenge=challenge.id,
        room=challenge.room,
        identity=challenge.identity,
        kind=challenge.kind,
        why=challenge.why,
        state=state,
        reason=told.reason,
        strength=told.strength,
        chance=told.chance,
    )


def _light(plan: LightPlan) -> LightShown:
    return LightShown(colours=plan.colours, colour_s=plan.slot_s, rest=NEUTRAL)


def _motion(plan: MotionPlan) -> MotionShown:
    return MotionShown(
        movements=tuple(MovementShown(one.act, one.begins_s, one.ends_s) for one in plan.movements)
    )


def _code(plan: CodePlan) -> CodeShown:
    return CodeShown(digits=plan.digits)


_SHOWN: Mapping[type, Callable[[Any], LightShown | MotionShown | CodeShown]] = {
    LightPlan: _light,
    MotionPlan: _motion,
    CodePlan: _code,
}

"""The motion challenge: did this head move as asked, in that order and at those times?

Follows turns, lifts and size of the mesh and whether it is hidden.  The order and the pauses are
the server's (`detection.challenge`), so a film made before has one chance in hundreds.  It refuses
to call anybody false for doing nothing, losing the mesh in profile, or confusing left and right.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detection.challenge import ACTS, MotionPlan, Movement
from detection.evidence import Evidence, Outcome, evidence
from detection.media import Sight
from detection.signals.answers import Answers

# Points of the mesh: tip of the nose, both temples, top and chin.
_NOSE, _RIGHT, _LEFT, _TOP, _CHIN = 1, 127, 356, 10, 152
# What is asked for, as shares of the face's own width or height from where it was at rest.
_THRESHOLDS: Mapping[str, float] = {
    "left": 0.16,
    "right": 0.16,
    "up": 0.06,
    "lean": 0.22,
    "hand": 0.5,
}
_HIDDEN_PRESENCE = 0.6
# A mesh of fewer pixels than this is on nothing.
_LEAST_SIZE = 8.0
# Reading, reacting, and the way of the picture.
_REACTION_S = 0.15
_TRAILING_S = 1.0
_LEAST_SIGHTS_PER_S = 4.0
_SEEN_FIRST = 3
_WRONG = 2

WORDS = {
    "moved_as_asked": "The head moved as asked, in order and in time.",
    "moved_otherwise": "The head moved, and each time otherwise than asked.",
    "moved_too_little": "Not every movement that was asked for could be seen.",
    "too_little_seen": "The face was seen too seldom to follow its movements.",
    "cut_short": "The picture was cut during the movements.",
}
_RATIOS = {"moved_as_asked": -4.5, "moved_otherwise": 0.8}


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is held, without units: only changes are used."""

    at_s: float
    turn: float = 0.0
    lift: float = 0.0
    size: float = 0.0
    hidden: bool = False


def pose(sight: Sight, since_s: float) -> Pose:
    """The pose in one picture; hidden where no mesh lies well on a face."""
    face = sight.face
    if face is None or face.mesh is None or face.presence < _HIDDEN_PRESENCE:
        return Pose(since_s, hidden=True)
    points = face.mesh[[_NOSE, _RIGHT, _LEFT, _TOP, _CHIN]].astype(float)
    nose, right, left, top, chin = points
    # With depth, so that a turned head is as wide as before.
    width = float(np.linalg.norm(left - right))
    height = float(np.linalg.norm(chin - top))
    if min(width, height) < _LEAST_SIZE:
        return Pose(since_s, hidden=True)
    turn = float(nose[0] - (left[0] + right[0]) / 2) / width
    lift = float((top[1] + chin[1]) / 2 - nose[1]) / height
    return Pose(since_s, turn, lift, height)


def acts_of(poses: Sequence[Pose], rest: Pose) -> Counter[str]:
    """What was done in these pictures, and in how many of them."""
    done: Counter[str] = Counter()
    for one in poses:
        if one.hidden:
            done["hand"] += 1
            continue
        changes = {
            "left": one.turn - rest.turn,
            "right": rest.turn - one.turn,
            "up": one.lift - rest.lift,
            "lean": one.size / rest.size - 1,
        }
        # One act a picture: that which goes farthest beyond its threshold.
        act = max(changes, key=lambda name: changes[name] / _THRESHOLDS[name])
        if changes[act] >= _THRESHOLDS[act]:
            done[act] += 1
    return done


def judge(poses: Sequence[Pose], plan: MotionPlan, round_trip_s: float) -> tuple[str, int, int]:
    """A reason, how many movements were right, and how many were others."""
    shown = [one for one in poses if not one.hidden]
    if len(shown) < _SEEN_FIRST or len(poses) < _LEAST_SIGHTS_PER_S * plan.duration_s:
        return "too_little_seen", 0, 0
    right = wrong = 0
    for movement in plan.movements:
        done = acts_of(_during(poses, movement, round_trip_s), _at_rest(shown))
        act = done.most_common(1)[0][0] if done else None
        right += act == movement.act
        wrong += act not in (None, movement.act)
    if right == len(plan.movements):
        return "moved_as_asked", right, wrong
    return (
        ("moved_otherwise" if wrong >= _WRONG and not right else "moved_too_little"),
        right,
        wrong,
    )


def _at_rest(shown: Sequence[Pose]) -> Pose:
    """Medians: most of the time a head is not moving."""
    turns, lifts, sizes = zip(*((one.turn, one.lift, one.size) for one in shown), strict=True)
    return Pose(0, float(np.median(turns)), float(np.median(lifts)), float(np.quantile(sizes, 0.3)))


def _during(poses: Sequence[Pose], movement: Movement, round_trip_s: float) -> list[Pose]:
    first_s = movement.begins_s + _REACTION_S
    return [one for one in poses if first_s <= one.at_s <= movement.ends_s + round_trip_s]


def chance(plan: MotionPlan) -> float:
    """The chance that movements in any other order would have been right."""
    different = sum(a.act != b.act for a, b in pairwise(plan.movements))
    return float(1 / (len(ACTS) * (len(ACTS) - 1) ** different))


class Motion(Answers[MotionPlan]):
    """One participant's answers to motion challenges."""

    name = "motion"
    version = "1"

    def __init__(self) -> None:
        super().__init__(MotionPlan)
        self._poses: list[Pose] = []

    def look(self, sight: Sight) -> None:
        if self._asked is not None and len(self._poses) < _MOST_POSES:
            self._poses.append(pose(sight, sight.picture.at_s - self._asked.begins_s))

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        asked, plan = self._asked, self._plan
        if asked is None or plan is None:
            return ()
        end_s = asked.begins_s + plan.duration_s + _TRAILING_S + asked.round_trip_s
        if now_s < end_s and not self._cut:
            return ()
        cut = ("cut_short", 0, 0)
        reason, right, wrong = cut if self._cut else judge(self._poses, plan, asked.round_trip_s)
        self._forget()
        measured = {"right": right, "wrong": wrong, "of": len(plan.movements)}
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                outcome=_OUTCOMES.get(reason, Outcome.INCONCLUSIVE),
                reason=reason,
                words=WORDS[reason],
                log_likelihood_ratio=_RATIOS.get(reason, 0.0),
                quality=1.0 if reason in _RATIOS else 0.0,
                measured={**measured, "chance": chance(plan)},
                challenge=asked.challenge,
            ),
        )

    def _forget(self) -> None:
        super()._forget()
        self._poses.clear()


_OUTCOMES = {"moved_as_asked": Outcome.PASSED, "moved_otherwise": Outcome.FAILED}
_MOST_POSES = 1000

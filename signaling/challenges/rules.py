"""The life of a challenge, and when a room's policy asks for one by itself.  Pure.

Theory.  A challenge is offered, taken, shown, and over.  Only what detection found can pass or fail
it; whatever else ends it (nobody took it, it was refused, the page or the picture was silent)
counts against nobody, and says so by its outcome.  The clock and a draw by chance are arguments.
"""

from dataclasses import dataclass

from detection import WORTH_ANOTHER, LightPlan, Plan

# Time to read what will happen and to decide.
OFFERED_FOR_S = 60.0
# The screen's rest colour: a key frame can come, and eyes can get used to it.
LEAD_S = 1.0
# A page that does not answer by then is not there to show anything.
READY_WITHIN_S = 3.0
# After the beginning; every kind is judged by then if enough was seen.
ANSWERED_WITHIN_S = 18.0
# Detection looks for the answer within this delay.  Who answers late to win time wins no more.
LONGEST_ROUND_TRIP_S = 1.0
# Nobody is asked again by policy sooner, whatever came of the last one.
REST_AFTER_S = 300.0

# Who asked, where nobody did.
POLICY = "policy"
# Why a second sequence is asked, at most once.
ONCE_MORE = "once_more"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One that is under way; the times are of the machine's monotonic clock."""

    id: str
    room: str
    identity: str
    kind: str
    why: str
    plan: Plan
    offered_s: float
    taken_s: float | None = None
    """When the page was sent what to show."""
    round_trip_s: float | None = None
    """How long the way to the page and back is; None until the page said that it is ready."""

    @property
    def state(self) -> str:
        return "offered" if self.taken_s is None else "begun"


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a challenge."""

    outcome: str
    reason: str
    strength: float = 0.0
    chance: float | None = None


def overdue(challenge: Challenge, now_s: float) -> Ending | None:
    """How a challenge ends of which nothing is to be expected any more; None if something is."""
    if challenge.taken_s is None:
        late = now_s - challenge.offered_s > OFFERED_FOR_S
        return Ending("expired", "not_taken") if late else None
    if challenge.round_trip_s is None and now_s - challenge.taken_s > READY_WITHIN_S:
        return Ending("inconclusive", "page_silent")
    if now_s - challenge.taken_s > LEAD_S + ANSWERED_WITHIN_S:
        return Ending("inconclusive", "no_answer_seen")
    return None


def is_worth_another(challenge: Challenge, ending: Ending) -> bool:
    """Whether more of the same may make the answer clear: asked by nobody, and once only."""
    plan = challenge.plan
    is_first = isinstance(plan, LightPlan) and not plan.continues
    return is_first and ending.outcome == "inconclusive" and ending.reason in WORTH_ANOTHER


@dataclass(frozen=True, slots=True)
class Policy:
    """What a room asks of people by itself: kinds of challenge, or nothing."""

    at_join: str = ""
    on_suspicion: str = "light"
    at_random: str = ""
    every_minutes: int = 15
    """On the average, where it asks at random."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One person who is looked at, as far as a policy needs to know."""

    considered_s: float
    """When it was last thought of asking them."""
    asked_s: float | None = None
    """When they were last asked, for whatever reason."""
    seen: bool = False
    """Whether a face can be seen well enough to answer."""
    suspected: bool = False


def due(policy: Policy, person: Standing, now_s: float, draw: float) -> tuple[str, str] | None:
    """Which kind a policy asks for now, and why; `draw` is by chance, 0 to 1."""
    if not person.seen:
        return None
    if policy.at_join and person.asked_s is None:
        return policy.at_join, "join"
    if person.asked_s is not None and now_s - person.asked_s < REST_AFTER_S:
        return None
    if policy.on_suspicion and person.suspected:
        return policy.on_suspicion, "suspicion"
    passed_s = max(0.0, now_s - person.considered_s)
    if policy.at_random and draw < passed_s / (60 * policy.every_minutes):
        return policy.at_random, "random"
    return None

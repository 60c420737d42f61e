"""What the server tells about challenges, risk and alerts."""

from datetime import datetime

import msgspec

from signaling.protocol.shapes import Telling


class ChallengeOffered(Telling, frozen=True):
    """This person is asked to show that a camera sees them. `text` is the key of words that explain
    what happens, how long it takes, and that it may be refused; nothing is shown before
    `take_challenge`. `kind` is `light`, `motion` or `code`; `why` is `join`, `host`, `operator`,
    `suspicion` or `random`, or `once_more` where the one before ended unclear and this one is
    judged together with it. The page offers to take and to refuse it until `expires_at`, and closes
    it at `challenge_ended`."""

    challenge: str
    room: str
    kind: str
    why: str
    text: str
    lasts_s: float
    expires_at: datetime


class ChallengeEnded(Telling, frozen=True):
    """What became of a challenge of this person's. `outcome` is `passed`, `failed`, `inconclusive`,
    `refused` or `expired`; only `failed` counts against anybody. `reason` is a code for words.
    `strength` is how good the material was that a pass stands on, 0 to 1; `chance` how likely
    somebody who was not there would have done as well, null where nobody knows."""

    challenge: str
    outcome: str
    reason: str
    strength: float
    chance: float | None


class ChallengeNews(Telling, frozen=True):
    """How a challenge of somebody in the room stands, for those who moderate it. `state` is
    `offered`, `begun`, or one of the outcomes of `challenge_ended`."""

    challenge: str
    room: str
    identity: str
    kind: str
    why: str
    state: str
    reason: str = ""
    strength: float = 0.0
    chance: float | None = None


class RiskReason(msgspec.Struct, frozen=True):
    """A piece of evidence: `share` is its part of the log-odds, above zero for synthetic."""

    signal: str
    reason: str
    words: str
    share: float
    age_s: float


class RiskVerified(msgspec.Struct, frozen=True):
    """A challenge was passed; `strength` is what is left of it."""

    signal: str
    challenge: str
    age_s: float
    strength: float


class RiskOverride(msgspec.Struct, frozen=True):
    """An operator judged otherwise."""

    state: str
    by: str
    at: datetime


class PersonRisk(msgspec.Struct, frozen=True):
    """How somebody stands. `why` is the code of why somebody is `unknown`; `score` names what is
    kept of it, and is empty where nothing was kept yet. An `override` is shown beside the score,
    which it does not change."""

    identity: str
    state: str
    why: str
    risk: float
    confidence: float
    age_s: float | None
    at: datetime
    reasons: tuple[RiskReason, ...] = ()
    verified: RiskVerified | None = None
    alert: bool = False
    offer_challenge: bool = False
    score: str = ""
    override: RiskOverride | None = None


class RiskNews(Telling, frozen=True):
    """How people in a room stand from now on, and who sends nothing any more (`gone`). Told to
    those in the room who may see it by its rules, to each person about themselves where the rules
    say so, and to operators who asked by `watch_risk`, of every room. `call` is empty where people
    meet without one."""

    room: str
    call: str
    people: tuple[PersonRisk, ...]
    gone: tuple[str, ...] = ()


class AlertShown(msgspec.Struct, frozen=True):
    """Somebody in a call was probably not real. `state` is `new`, `acknowledged`, `escalated` or
    `closed`, `severity` `low`, `medium` or `high`; a closed one has an `outcome`: `true`, `false`
    or `inconclusive`. `times` is how often it was raised; risk, confidence and score are those of
    the highest risk."""

    id: str
    room: str
    call: str
    identity: str
    severity: str
    state: str
    outcome: str | None
    owner: str | None
    times: int
    risk: float
    confidence: float
    score: str
    raised_at: datetime
    last_at: datetime
    closed_at: datetime | None


class AlertNews(Telling, frozen=True):
    """An alert was raised, or somebody did something with one; told to operators who asked by
    `watch_risk`. `act` is `raise`, `acknowledge`, `escalate`, `close`, `reopen`, `assign` or
    `note`."""

    act: str
    alert: AlertShown

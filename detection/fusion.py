"""From evidence to what people see: a state with risk, confidence and reasons.  Pure.

Knows the thresholds, the states and when one gives way to another.  A `Record` holds everything
that a score follows from; `judge` makes the same score from it now and in a year.  Where there is
nothing to go by the state is `unknown`, says why, is sure of nothing and speaks for nobody.
"""

import math
from enum import StrEnum

import msgspec

from detection.evidence import Evidence, Group, Outcome, rule_of
from detection.weighing import Piece, Weighed, weigh

# Another number means that the same record may give another score.
FUSION_VERSION = 1


class State(StrEnum):
    """What people see."""

    VERIFIED = "verified"
    NO_SIGN = "no_sign"
    SUSPICIOUS = "suspicious"
    LIKELY_SYNTHETIC = "likely_synthetic"
    UNKNOWN = "unknown"


class Thresholds(msgspec.Struct, frozen=True):
    """Where one state ends and the next begins; the lower figures keep what was reached."""

    prior: float = 0.10
    alert_risk: float = 0.8
    alert_confidence: float = 0.6
    alert_holds_risk: float = 0.7
    alert_holds_confidence: float = 0.45
    suspicious_risk: float = 0.6
    suspicious_holds_risk: float = 0.5
    failed_above_risk: float = 0.3
    """A failed challenge that nothing outweighs is suspicious from here on."""
    verified_below_risk: float = 0.3
    least_confidence: float = 0.08
    """With less than this, nothing has been found out."""
    stale_after_s: float = 13.0
    """A check every ten seconds, and three to notice that it did not come."""


class Record(msgspec.Struct, frozen=True):
    """All that a score follows from; keep it, and the score can be made again."""

    at_s: float
    evidence: tuple[Evidence, ...]
    previous: State = State.UNKNOWN
    cut_s: float | None = None
    """When continuity last ended."""
    blind: str = ""
    """Why nothing can be known whatever the evidence: `muted`, `not_consented`, ..."""
    thresholds: Thresholds = Thresholds()
    version: int = FUSION_VERSION


class Reason(msgspec.Struct, frozen=True):
    """A piece of evidence as a reason: `share` is its part of the log-odds."""

    signal: str
    reason: str
    words: str
    share: float
    age_s: float
    piece: int
    """Its place in the record's evidence."""


class Verified(msgspec.Struct, frozen=True):
    """A challenge was passed and nothing was cut since."""

    signal: str
    challenge: str
    age_s: float
    strength: float
    """What is left of it, 0 to 1."""


class Score(msgspec.Struct, frozen=True):
    """What is said about a participant at one moment."""

    at_s: float
    state: State
    risk: float
    confidence: float
    age_s: float | None
    """Of the newest evidence; None where there is none."""
    why: str
    """For `unknown`: a code of why."""
    reasons: tuple[Reason, ...]
    verified: Verified | None
    alert: bool
    offer_challenge: bool


def dump(record: Record) -> bytes:
    """The record as it is stored; see `load`."""
    return msgspec.json.encode(record)


def load(data: bytes) -> Record:
    """Raises `msgspec.MsgspecError` for what is no record."""
    return msgspec.json.decode(data, type=Record)


def judge(record: Record) -> Score:
    """The score that follows from a record."""
    weighed = _weigh(record)
    why = _blindness(record, weighed)
    verified = None if why else _verification(record, weighed)
    state = State.UNKNOWN if why else _state(record, weighed, verified)
    unknown = state is State.UNKNOWN
    prior = record.thresholds.prior
    return Score(
        record.at_s,
        state,
        # What is unknown is no better than anybody.
        max(prior, weighed.risk) if unknown else weighed.risk,
        0.0 if unknown else weighed.confidence,
        _age_s(record),
        (why or "too_little") if unknown else "",
        _reasons(record, weighed),
        verified if state is State.VERIFIED else None,
        state is State.LIKELY_SYNTHETIC,
        not unknown and weighed.risk >= record.thresholds.suspicious_risk,
    )


def explain(record: Record) -> str:
    """How the score came about, line by line, for people."""
    weighed, score = _weigh(record), judge(record)
    prior = record.thresholds.prior
    lines = [f"prior {prior:.3f}, log-odds {math.log(prior / (1 - prior)):+.3f}"]
    for piece in weighed.pieces:
        one = piece.evidence
        age_s = record.at_s - one.at_s
        lines.append(
            f"  {one.signal} v{one.version} {one.outcome.value} {age_s:.1f} s ago: "
            f"{one.log_likelihood_ratio:+.3f} x quality {one.quality:.2f} x fade {piece.fade:.2f}"
            f" = {piece.share:+.3f}{' (ended by a cut)' if piece.ended_by_cut else ''}: {one.words}"
        )
        lines += [f"    by {model}" for model in one.models]
        figures = (f"{name} {value:.4g}" for name, value in one.measured.items())
        lines += [f"    measured {', '.join(figures)}"] if one.measured else []
    lines += [f"  group {name}: {value:+.3f}" for name, value in weighed.groups.items()]
    lines.append(f"log-odds {weighed.log_odds:+.3f}, risk {weighed.risk:.3f}")
    lines += [f"  {name}: sure to {value:.3f}" for name, value in weighed.amounts.items() if value]
    lines.append(f"agreement {weighed.agreement:.2f}, confidence {weighed.confidence:.3f}")
    because = f" ({score.why})" if score.why else ""
    lines.append(f"{record.previous.value} before, {score.state.value} now{because}")
    return "\n".join(lines)


def _weigh(record: Record) -> Weighed:
    cut_s = -math.inf if record.cut_s is None else record.cut_s
    return weigh(record.evidence, record.at_s, prior=record.thresholds.prior, cut_s=cut_s)


def _gate(record: Record) -> Evidence | None:
    """What the quality gate said last."""
    said = [one for one in record.evidence if rule_of(one.signal).group is Group.GATE]
    return max(said, key=lambda one: one.at_s, default=None)


def _blindness(record: Record, weighed: Weighed) -> str:
    """Why nothing may be said, or nothing."""
    if record.blind:
        return record.blind
    gate = _gate(record)
    if gate is None:
        return "not_looked_yet"
    if record.at_s - gate.at_s > record.thresholds.stale_after_s:
        return "stale"
    if gate.outcome is Outcome.ABSENT:
        return gate.reason
    if not any(piece.share or not piece.ended_by_cut for piece in weighed.pieces):
        return "too_little"
    return ""


def _state(record: Record, weighed: Weighed, verified: Verified | None) -> State:
    limits, before = record.thresholds, record.previous
    risk, confidence = weighed.risk, weighed.confidence
    alerted = before is State.LIKELY_SYNTHETIC
    if risk >= limits.alert_risk and confidence >= limits.alert_confidence:
        return State.LIKELY_SYNTHETIC
    if alerted and _holds(weighed, limits):
        return State.LIKELY_SYNTHETIC
    if confidence < limits.least_confidence:
        return State.UNKNOWN
    if risk >= _suspicious_from(record, weighed):
        return State.SUSPICIOUS
    return State.VERIFIED if verified else State.NO_SIGN


def _suspicious_from(record: Record, weighed: Weighed) -> float:
    limits = record.thresholds
    newest = _newest_answer(weighed)
    if newest is not None and newest.evidence.outcome is Outcome.FAILED:
        return limits.failed_above_risk
    if record.previous in (State.SUSPICIOUS, State.LIKELY_SYNTHETIC):
        return limits.suspicious_holds_risk
    return limits.suspicious_risk


def _holds(weighed: Weighed, limits: Thresholds) -> bool:
    return (
        weighed.risk >= limits.alert_holds_risk
        and weighed.confidence >= limits.alert_holds_confidence
    )


def _newest_answer(weighed: Weighed) -> Piece | None:
    """What became of the last challenge that told anything."""
    answers = [one for one in weighed.pieces if one.evidence.outcome is not Outcome.OBSERVED]
    return max(answers, key=lambda one: one.evidence.at_s, default=None)


def _verification(record: Record, weighed: Weighed) -> Verified | None:
    """The last challenge, if it was passed, nothing was cut since and little speaks against it."""
    answer = _newest_answer(weighed)
    if answer is None or weighed.risk >= record.thresholds.verified_below_risk:
        return None
    newest = answer.evidence
    if newest.outcome is not Outcome.PASSED or answer.ended_by_cut:
        return None
    strength = answer.fade * newest.quality
    return Verified(newest.signal, newest.challenge, record.at_s - newest.at_s, strength)


def _age_s(record: Record) -> float | None:
    said = [one.at_s for one in record.evidence if one.speaks]
    return None if not said else max(0.0, record.at_s - max(said))


def _reasons(record: Record, weighed: Weighed) -> tuple[Reason, ...]:
    """The newest of each signal, the weightiest first."""
    places = {id(one): place for place, one in enumerate(record.evidence)}
    newest: dict[str, Reason] = {}
    for piece in sorted(weighed.pieces, key=lambda one: one.evidence.at_s):
        one = piece.evidence
        age_s = record.at_s - one.at_s
        place = places[id(one)]
        key = f"{one.signal} {one.outcome.value}"
        newest[key] = Reason(one.signal, one.reason, one.words, piece.share, age_s, place)
    return tuple(sorted(newest.values(), key=lambda reason: -abs(reason.share)))

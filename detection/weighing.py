"""What pieces of evidence are worth together: a risk and how sure one may be of it.  Pure sums.

Log-odds over a prior.  Evidence fades; repeated looks of one signal are averaged, not added;
signals that err together count half as much each after the strongest; what speaks for a person
ends at a cut, what speaks against stays.  Being sure needs good material, enough of it, of a kind
that can be trusted that far, and no contradiction, and never grows by waiting.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detection.evidence import (
    CHALLENGE_FADES_S,
    MOST_CONFIDENCE,
    RULES,
    Evidence,
    Group,
    Modality,
    Outcome,
    rule_of,
)

# Evidence that has lost so much is not looked at any more.
_FORGOTTEN = 0.02
# No amount of anything is everything.
_MOST_AMOUNT = 0.95
# Two sides as strong as each other leave half of the confidence.
_CONTRADICTION = 0.5


class Piece(msgspec.Struct, frozen=True):
    """One piece of evidence as it counts now: `share` of the log-odds, before grouping."""

    evidence: Evidence
    fade: float
    share: float
    ended_by_cut: bool = False


class Weighed(msgspec.Struct, frozen=True):
    """The sums, step by step."""

    pieces: tuple[Piece, ...]
    signals: Mapping[str, float]
    groups: Mapping[str, float]
    log_odds: float
    risk: float
    amounts: Mapping[str, float]
    agreement: float
    confidence: float


def fade(piece: Evidence, now_s: float) -> float:
    """What is left of it: 1 when new, never more later than sooner."""
    age_s = max(0.0, now_s - piece.at_s)
    rule = rule_of(piece.signal)
    if rule.modality is Modality.CHALLENGE:
        return max(0.0, 1.0 - age_s / CHALLENGE_FADES_S)
    left = 0.5 ** (age_s / rule.half_life_s)
    return float(left) if left > _FORGOTTEN else 0.0


def weigh(
    evidence: Iterable[Evidence], now_s: float, *, prior: float, cut_s: float = -math.inf
) -> Weighed:
    """The risk and the confidence that this evidence gives at `now_s`."""
    spoken = [one for one in evidence if _counts(one) and one.at_s <= now_s]
    pieces = [_piece(one, now_s, cut_s) for one in spoken if fade(one, now_s) > 0]
    signals, groups = _sums(pieces)
    log_odds = math.log(prior / (1 - prior)) + sum(groups.values())
    amounts = {kind.value: _surety(pieces, kind) for kind in Modality if MOST_CONFIDENCE[kind]}
    agreement = _agreement(spoken)
    return Weighed(
        tuple(pieces),
        signals,
        groups,
        log_odds,
        1 / (1 + math.exp(-log_odds)),
        amounts,
        agreement,
        max(amounts.values()) * agreement,
    )


def _counts(piece: Evidence) -> bool:
    return piece.speaks and rule_of(piece.signal).modality is not Modality.TELEMETRY


def _piece(piece: Evidence, now_s: float, cut_s: float) -> Piece:
    left = fade(piece, now_s)
    ended = piece.at_s <= cut_s and piece.log_likelihood_ratio < 0
    share = 0.0 if ended else left * piece.quality * piece.log_likelihood_ratio
    return Piece(piece, left, share, ended)


def _sums(pieces: Sequence[Piece]) -> tuple[dict[str, float], dict[str, float]]:
    """What each signal says, and what each group of signals says together."""
    statements: dict[str, list[Piece]] = {}
    for piece in pieces:
        statements.setdefault(_statement(piece.evidence), []).append(piece)
    signals = {name: _blend(name, said) for name, said in statements.items()}
    grouped: dict[Group, list[float]] = {}
    for name, value in signals.items():
        grouped.setdefault(_rule_of_statement(name), []).append(value)
    return signals, {group.value: _together(group, values) for group, values in grouped.items()}


def _statement(piece: Evidence) -> str:
    """A failed challenge is not undone by a passed one: the two are separate statements."""
    if piece.outcome is Outcome.OBSERVED:
        return piece.signal
    return f"{piece.signal} {piece.outcome.value}"


def _rule_of_statement(name: str) -> Group:
    return rule_of(name.partition(" ")[0]).group


def _blend(name: str, said: Sequence[Piece]) -> float:
    """Of a challenge its newest answer; of what looks again and again the faded mean."""
    if " " in name:
        return max(said, key=lambda piece: piece.evidence.at_s).share
    return sum(piece.share for piece in said) / max(1.0, sum(piece.fade for piece in said))


def _together(group: Group, values: Sequence[float]) -> float:
    """The strongest whole, the next half, the next a quarter, for each side."""
    against = _halving(sorted((value for value in values if value > 0), reverse=True))
    in_favour = _halving(sorted(value for value in values if value < 0))
    least = min(rule.most_for_genuine for rule in RULES.values() if rule.group is group)
    return against + max(least, in_favour)


def _halving(ordered: Sequence[float]) -> float:
    return sum(value * 0.5**place for place, value in enumerate(ordered))


def _surety(pieces: Sequence[Piece], kind: Modality) -> float:
    """Cap of the modality x quality x amount, of what there is now."""
    mine = [piece for piece in pieces if rule_of(piece.evidence.signal).modality is kind]
    if not mine:
        return 0.0
    quality = max(piece.fade * piece.evidence.quality for piece in mine)
    weight = sum(piece.fade * rule_of(piece.evidence.signal).most_for_synthetic for piece in mine)
    return MOST_CONFIDENCE[kind] * quality * _MOST_AMOUNT * (1 - math.exp(-weight))


def _agreement(spoken: Sequence[Evidence]) -> float:
    """1 without contradiction.

    Taken when something was last said: one side fading first is no reason to be surer.
    """
    if not spoken:
        return 1.0
    said_s = max(piece.at_s for piece in spoken)
    _, groups = _sums([_piece(one, said_s, -math.inf) for one in spoken if fade(one, said_s) > 0])
    against = sum(value for value in groups.values() if value > 0)
    in_favour = -sum(value for value in groups.values() if value < 0)
    stronger = max(against, in_favour)
    return 1.0 if stronger <= 0 else 1 - _CONTRADICTION * min(against, in_favour) / stronger

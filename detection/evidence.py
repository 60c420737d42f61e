"""What one signal found out about one participant, and how much it may ever weigh.

Knows the value that every signal makes, the caps of DETECTION and how evidence fades.  It refuses
to know how anything was measured and what becomes of it: see `detection.fusion`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Outcome(StrEnum):
    """What kind of statement a piece of evidence is."""

    OBSERVED = "observed"
    """Something was measured, without asking anybody."""
    PASSED = "passed"
    """A challenge was answered."""
    FAILED = "failed"
    """A challenge was answered as no live face or voice would."""
    INCONCLUSIVE = "inconclusive"
    """A challenge told nothing; it never counts against a person."""
    ABSENT = "absent"
    """Nothing could be measured, and the reason says why."""


SPEAKING = frozenset({Outcome.OBSERVED, Outcome.PASSED, Outcome.FAILED})


class Modality(StrEnum):
    """Where evidence comes from; each has a most that it can ever be sure of."""

    PICTURE = "picture"
    SOUND = "sound"
    VOICE = "voice"
    CHALLENGE = "challenge"
    TELEMETRY = "telemetry"
    """Shown and kept, and never part of a score."""


# What looking or listening alone was measured to be worth, at the very best.
MOST_CONFIDENCE: Mapping[Modality, float] = {
    Modality.PICTURE: 0.5,
    Modality.SOUND: 0.1,
    Modality.VOICE: 0.6,
    Modality.CHALLENGE: 0.8,
    Modality.TELEMETRY: 0.0,
}


class Group(StrEnum):
    """Signals that err together: what they say together is less than what each says alone."""

    GATE = "gate"
    CHALLENGE = "challenge"
    LOOKS = "looks"
    IDENTITY = "identity"
    LIPS = "lips"
    SOURCE = "source"
    """Where the picture comes from: a file, a loop, a program that plays a camera."""


class Rule(msgspec.Struct, frozen=True):
    """How much a signal may say (natural log of a likelihood ratio), and for how long."""

    modality: Modality
    group: Group
    most_for_synthetic: float
    most_for_genuine: float = 0.0
    """As a number of zero or less."""
    half_life_s: float = 45.0


# A passed challenge loses its weight evenly over so long (`detection.fusion.fade`).
CHALLENGE_FADES_S = 300.0

_CHALLENGE = Rule(Modality.CHALLENGE, Group.CHALLENGE, 2.5, -2.0)

# `voice.enrolled` compares with earlier calls, and weighs as much as `voice` within one.
ENROLLED = ".enrolled"

# The signals that there are.  Whatever is not in this table has no weight.
RULES: Mapping[str, Rule] = {
    "quality": Rule(Modality.TELEMETRY, Group.GATE, 0.0),
    "light": _CHALLENGE,
    "motion": _CHALLENGE,
    "code": _CHALLENGE,
    "voice": Rule(Modality.VOICE, Group.IDENTITY, 1.5, half_life_s=60.0),
    "face": Rule(Modality.PICTURE, Group.IDENTITY, 0.8, half_life_s=60.0),
    "learned": Rule(Modality.PICTURE, Group.LOOKS, 1.2, -0.4),
    "baseline": Rule(Modality.PICTURE, Group.LOOKS, 0.8),
    "lips": Rule(Modality.PICTURE, Group.LIPS, 0.5),
    "loop": Rule(Modality.PICTURE, Group.SOURCE, 0.5, half_life_s=60.0),
    "injection": Rule(Modality.PICTURE, Group.SOURCE, 0.5, half_life_s=60.0),
    # Measured to be chance: kept as telemetry.
    "seam": Rule(Modality.TELEMETRY, Group.LOOKS, 0.0),
    "pulse": Rule(Modality.TELEMETRY, Group.LOOKS, 0.0),
    "blinks": Rule(Modality.TELEMETRY, Group.LOOKS, 0.0),
    "spectrum": Rule(Modality.TELEMETRY, Group.LOOKS, 0.0),
    "passive_voice": Rule(Modality.TELEMETRY, Group.IDENTITY, 0.0),
}
_WEIGHTLESS = Rule(Modality.TELEMETRY, Group.LOOKS, 0.0)


class Evidence(msgspec.Struct, frozen=True):
    """One statement of one signal.  Make it with `evidence`, which holds it to its rule."""

    signal: str
    version: str
    at_s: float
    """When what it is about was seen, on the machine's monotonic clock."""
    outcome: Outcome
    log_likelihood_ratio: float
    """Calibrated and capped; above zero where synthetic is likelier.  Zero unless it speaks."""
    quality: Share
    """How good the material was that it stands on; 0 for none."""
    reason: str
    """A code that pages translate: lower case and underscores."""
    words: str
    """The same for people who read logs, as an English sentence."""
    measured: Mapping[str, float] = {}
    models: tuple[str, ...] = ()
    """`name version sha256` of each model that took part."""
    challenge: str = ""
    """Which challenge it answers."""

    @property
    def speaks(self) -> bool:
        """Whether it says anything about the person at all."""
        return self.outcome in SPEAKING and self.quality > 0

    @property
    def is_of_another_person(self) -> bool:
        """Whether it says that somebody else is there now than before, within the call."""
        changed = rule_of(self.signal).group is Group.IDENTITY and self.log_likelihood_ratio > 0
        return changed and not self.signal.endswith(ENROLLED)


def rule_of(signal: str) -> Rule:
    """The rule of a signal; `learned.NAME` is one of several learned detectors, for example."""
    return RULES.get(signal.partition(".")[0], _WEIGHTLESS)


def evidence(
    signal: str,
    version: str,
    at_s: float,
    *,
    reason: str,
    words: str,
    log_likelihood_ratio: float = 0.0,
    quality: float = 0.0,
    outcome: Outcome = Outcome.OBSERVED,
    measured: Mapping[str, float] | None = None,
    models: tuple[str, ...] = (),
    challenge: str = "",
) -> Evidence:
    """A statement, capped by its signal's rule; what is not a number says nothing."""
    rule = rule_of(signal)
    ratio = log_likelihood_ratio if outcome in SPEAKING else 0.0
    ratio = 0.0 if ratio != ratio else ratio  # noqa: PLR0124 - only NaN differs from itself
    quality = 0.0 if quality != quality else quality  # noqa: PLR0124
    return Evidence(
        signal,
        version,
        at_s,
        outcome,
        min(rule.most_for_synthetic, max(rule.most_for_genuine, ratio)),
        min(1.0, max(0.0, quality)),
        reason,
        words,
        measured or {},
        models,
        challenge,
    )


def absent(
    signal: str,
    version: str,
    at_s: float,
    reason: str,
    words: str,
    *,
    measured: Mapping[str, float] | None = None,
) -> Evidence:
    """That a signal had nothing to go by, and why."""
    return evidence(
        signal,
        version,
        at_s,
        reason=reason,
        words=words,
        outcome=Outcome.ABSENT,
        measured=measured,
    )


def bounded(piece: Evidence, quality: float) -> Evidence:
    """The same with no more quality than the material has."""
    return msgspec.structs.replace(piece, quality=min(piece.quality, quality))

"""What the board knows, in the words of the protocol."""

from datetime import datetime

from detection import Score
from signaling.protocol import PersonRisk, RiskOverride, RiskReason, RiskVerified
from signaling.store.alerts import Override


def shown(
    identity: str, score: Score, at: datetime, score_id: str, override: Override | None
) -> PersonRisk:
    """One person's score, and what an operator says."""
    verified = score.verified
    return PersonRisk(
        identity=identity,
        state=score.state.value,
        why=score.why,
        risk=round(score.risk, 3),
        confidence=round(score.confidence, 3),
        age_s=None if score.age_s is None else round(score.age_s, 1),
        at=at,
        reasons=tuple(
            RiskReason(one.signal, one.reason, one.words, round(one.share, 3), round(one.age_s, 1))
            for one in score.reasons
        ),
        verified=None
        if verified is None
        else RiskVerified(verified.signal, verified.challenge, verified.age_s, verified.strength),
        alert=score.alert,
        offer_challenge=score.offer_challenge,
        score=score_id,
        override=None
        if override is None
        else RiskOverride(override.state, override.overridden_by, override.overridden_at),
    )

"""Proofs as clients are told of them.  Pure: values in, messages out."""

from datetime import timedelta

from signaling.protocol import ProofAsked, ProofEnded, ProofNews
from signaling.proving.rules import ASKED_FOR_S, Asked, Ending


def asked(one: Asked) -> ProofAsked:
    """To the device that is asked."""
    return ProofAsked(
        proof=one.id,
        room=one.room,
        why=one.why,
        by=one.asked_by,
        ways=one.ways,
        expires_at=one.at + timedelta(seconds=ASKED_FOR_S),
    )


def ended(one: Asked, ending: Ending) -> ProofEnded:
    """To the device that was asked."""
    return ProofEnded(proof=one.id, outcome=ending.outcome, reason=ending.reason)


def news(one: Asked, *, over: bool = False) -> ProofNews:
    """To those who may see it."""
    ending = one.ending or Ending("")
    return ProofNews(
        proof=one.id,
        room=one.room,
        call=one.call,
        identity=one.identity,
        account=one.account,
        state="over" if over else one.state,
        at=one.at,
        reason=ending.reason,
        way=ending.way,
        since=ending.since,
    )

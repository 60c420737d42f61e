"""Proofs of an account: asked for in a call by moderators and operators."""

from datetime import datetime

import msgspec

from signaling import addresses
from signaling.http import fields
from signaling.http.call import Allow, Answer, Call, Route
from signaling.proving.ordering import ProofOrders
from signaling.store.proofs import Proof


class ProofWanted(fields.Body, frozen=True):
    """Who is to prove their account."""

    user: fields.Id


class ProofMade(msgspec.Struct, frozen=True):
    """Somebody was asked just now; what comes of it is told on the WebSocket."""

    id: str
    user: str
    ways: tuple[str, ...]


class ProofShown(msgspec.Struct, frozen=True):
    """A proof that was asked for; `outcome` is empty until it is over, and what was proved counted
    until `over_at`."""

    id: str
    user: str
    why: str
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    outcome: str
    reason: str
    way: str
    since: datetime | None
    over_at: datetime | None


class ProofPage(msgspec.Struct, frozen=True):
    """Proofs, the newest first; `next` is the cursor of the following page."""

    proofs: list[ProofShown]
    next: str | None


class ProofRoutes:
    """Thin over ProofOrders."""

    def __init__(self, orders: ProofOrders) -> None:
        self._orders = orders

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.API_CALL_PROOFS,
                self.ask,
                "Ask somebody in a call to prove their account",
                Allow.GUEST,
                body=ProofWanted,
                answer=ProofMade,
                status=201,
                refusals=(
                    "not_found",
                    "call_over",
                    "no_account",
                    "no_proof_set_up",
                    "several_devices",
                    "proof_open",
                ),
            ),
            Route(
                "GET",
                addresses.API_CALL_PROOFS,
                self.list,
                "Who was asked in a call to prove their account, and what came of it",
                Allow.GUEST,
                query=fields.Page,
                answer=ProofPage,
                refusals=("not_found",),
            ),
        )

    async def ask(self, call: Call) -> Answer:
        asked = await self._orders.ask(
            call.person, call.path["call"], call.body.user, call.device.address
        )
        return Answer(ProofMade(asked.id, asked.identity, asked.ways), status=201)

    async def list(self, call: Call) -> Answer:
        query: fields.Page = call.query
        found = await self._orders.history(
            call.person, call.path["call"], query.cursor, query.limit + 1
        )
        shown = [_shown(each) for each in found[: query.limit]]
        return Answer(ProofPage(shown, shown[-1].id if len(found) > query.limit else None))


def _shown(proof: Proof) -> ProofShown:
    return ProofShown(
        id=proof.id,
        user=proof.user_id,
        why=proof.why,
        asked_by=proof.asked_by,
        asked_at=proof.asked_at,
        ended_at=proof.ended_at,
        outcome=proof.outcome,
        reason=proof.reason,
        way=proof.way,
        since=proof.since,
        over_at=proof.over_at,
    )

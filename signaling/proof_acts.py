"""What a client's messages about proofs of its account do, and the table of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from signaling import protocol
from signaling.auth.identity import person
from signaling.protocol import Said, Told

if TYPE_CHECKING:
    from signaling.session import Session


async def _answer(session: Session, said: protocol.AnswerProof) -> Told:
    services, who = session.services, person(session.who)
    await services.proving.answer(session.here.id, who, said.proof, said.code, services.address)
    return protocol.Ack(re=said.id)


async def _refuse(session: Session, said: protocol.RefuseProof) -> Told:
    await session.services.proving.refuse(session.here.id, said.proof)
    return protocol.Ack(re=said.id)


HANDLERS: dict[type[Said], Callable[[Session, Any], Awaitable[Told | None]]] = {
    protocol.AnswerProof: _answer,
    protocol.RefuseProof: _refuse,
}

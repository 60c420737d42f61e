"""What a client's messages about proofs of its account do, and the table of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from signaling import protocol
from signaling.auth.identity import person
from signaling.auth.webauthn import Signed, Unacceptable, bytes_of, text_of
from signaling.errors import Refused
from signaling.protocol import Said, Told

if TYPE_CHECKING:
    from signaling.session import Session


async def _answer(session: Session, said: protocol.AnswerProof) -> Told:
    services, who = session.services, person(session.who)
    check = partial(services.authenticators.check, who, said.code, services.address)
    await services.proving.answer(session.here.id, said.proof, check)
    return protocol.Ack(re=said.id)


async def _ask_passkey(session: Session, said: protocol.AskPasskey) -> Told:
    services = session.services
    services.proving.open_of(session.here.id, said.proof)
    asked = await services.passkeys.ask(person(session.who), said.proof)
    return protocol.PasskeyAsked(
        re=said.id,
        proof=said.proof,
        challenge=text_of(asked.challenge),
        rp_id=asked.rp_id,
        credentials=tuple(map(text_of, asked.credentials)),
    )


async def _answer_passkey(session: Session, said: protocol.AnswerPasskey) -> Told:
    services, who = session.services, person(session.who)
    try:
        signed = Signed(*map(bytes_of, (said.client_data, said.authenticator_data, said.signature)))
        answer = bytes_of(said.credential), signed
    except Unacceptable as error:
        raise Refused("invalid", f"{error}.") from None
    check = partial(services.passkeys.check, who, said.proof, answer, services.address)
    await services.proving.answer(session.here.id, said.proof, check)
    return protocol.Ack(re=said.id)


async def _refuse(session: Session, said: protocol.RefuseProof) -> Told:
    await session.services.proving.refuse(session.here.id, said.proof)
    return protocol.Ack(re=said.id)


HANDLERS: dict[type[Said], Callable[[Session, Any], Awaitable[Told | None]]] = {
    protocol.AnswerProof: _answer,
    protocol.AskPasskey: _ask_passkey,
    protocol.AnswerPasskey: _answer_passkey,
    protocol.RefuseProof: _refuse,
}

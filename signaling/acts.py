"""What a client's messages do: one small function for each type, and the table of them.

Thin: a function asks the session, or a service of the house, and makes the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

import sfu
from signaling import chat_acts, offered, proof_acts, protocol
from signaling.audit import Act, detail
from signaling.errors import Refused
from signaling.protocol import Said, Told
from signaling.risk import consent
from signaling.risk.looking import LOOKED_AT

if TYPE_CHECKING:
    from signaling.session import Session


async def _hello(session: Session, said: protocol.Hello) -> Told:
    if said.version != protocol.VERSION:
        raise Refused("invalid", f"version: this server speaks {protocol.VERSION}.")
    resumed = await session.sign_in(said.token, said.resume)
    return protocol.Welcome(
        re=said.id,
        version=protocol.VERSION,
        identity=session.identity,
        name=session.name,
        heartbeat_s=protocol.HEARTBEAT_S,
        resume=session.secret,
        resumed=resumed,
        calls=tuple(await session.services.calls(session.identity)),
    )


async def _enter(session: Session, said: protocol.Enter) -> Told | None:
    await session.enter(said)
    return None


async def _consent(session: Session, said: protocol.Consent) -> Told:
    here = session.here
    standing = await session.services.consents.say(here.who, said.version)
    if standing.keeps_out and not here.reading:
        await session.leave()
    return protocol.Consented(re=said.id, detection=consent.shown(standing))


async def _leave(session: Session, said: protocol.Leave) -> Told:
    await session.leave()
    return protocol.Ack(re=said.id)


async def _publish(session: Session, said: protocol.Publish) -> Told:
    try:
        sources = offered.sources(said.offer, said.sources)
    except ValueError as error:
        raise Refused("invalid", f"sources: {error}.") from None
    opened = await session.here.publish(said.offer, sources)
    await session.services.looking.switch_off(opened.session_id, session.off)
    return protocol.Published(
        re=said.id, media=opened.session_id, answer=opened.answer, notes=opened.notes
    )


async def _stop(session: Session, said: protocol.Unpublish | protocol.Unwatch) -> Told:
    await session.here.stop(said.media)
    return protocol.Ack(re=said.id)


async def _watch(session: Session, said: protocol.Watch) -> Told:
    await session.here.watch(said.publisher)
    return protocol.Ack(re=said.id)


async def _take_answer(session: Session, said: protocol.Answer) -> Told:
    notes = await session.here.answer(said.media, said.sdp)
    return protocol.Answered(re=said.id, notes=notes)


async def _wishes(session: Session, said: protocol.Wishes) -> Told:
    tracks = {
        mid: sfu.TrackWish(**msgspec.structs.asdict(wish)) for mid, wish in said.tracks.items()
    }
    await session.here.set_wishes(said.media, sfu.ViewerWishes(tracks, said.last_speakers))
    return protocol.Ack(re=said.id)


async def _media_state(session: Session, said: protocol.MediaState) -> Told:
    here = session.here
    session.state = said
    state = {
        "microphone": said.microphone,
        "camera": said.camera,
        "screen": said.screen,
        "hand": said.hand,
    }
    session.off = frozenset(source for source in LOOKED_AT if not state[source])
    for media in here.media:
        await session.services.looking.switch_off(media, session.off)
    if here.shown:
        await session.announce("media.state", state)
    return protocol.Ack(re=said.id)


async def _gesture(session: Session, said: protocol.Gesture) -> Told:
    if session.here.shown:
        await session.announce("person.gesture", {"gesture": said.gesture})
    return protocol.Ack(re=said.id)


async def _presence(session: Session, said: protocol.Presence) -> Told:
    await session.note_presence(said.status)
    return protocol.Ack(re=said.id)


async def _system(session: Session, said: protocol.SendSystem) -> Told:
    role = "administrator" if said.to is None else "operator"
    await _record(session, role, "system.message", said.to or "")
    reached = session.services.attendance.tell(protocol.System(text=said.text), said.to)
    if said.to is not None and not reached:
        raise Refused("not_found", "They are not connected.")
    return protocol.Ack(re=said.id)


async def _command(session: Session, said: protocol.SendCommand) -> Told:
    await _record(session, "administrator", "system.command", said.to, command=said.command)
    command = protocol.Command(command=said.command, arguments=dict(said.arguments))
    if not session.services.attendance.tell(command, said.to):
        raise Refused("not_found", "They are not connected.")
    return protocol.Ack(re=said.id)


async def _watch_risk(session: Session, said: protocol.WatchRisk) -> Told | None:
    await _record(session, "operator", "risk.watch", "", on=said.on)
    session.watches_risk = said.on
    session.tell(protocol.Ack(re=said.id))
    if said.on:
        session.services.board.greet(session)
        session.services.proving.greet(session)
    return None


async def _record(
    session: Session, role: str, action: str, subject: str, **more: str | bool
) -> None:
    """What somebody of a role does is in the audit log before it is done; its words are not."""
    actor, address = session.at_least(role).user.id, session.services.address
    await session.services.record(Act(actor, action, subject, address, detail(**more)))


async def _take_challenge(session: Session, said: protocol.TakeChallenge) -> Told:
    return await session.services.challenges.take(session.identity, said.challenge, said.id)


async def _ready_challenge(session: Session, said: protocol.ReadyChallenge) -> Told:
    session.services.challenges.ready(session.identity, said.challenge)
    return protocol.Ack(re=said.id)


async def _refuse_challenge(session: Session, said: protocol.RefuseChallenge) -> Told:
    await session.services.challenges.refuse(session.identity, said.challenge)
    return protocol.Ack(re=said.id)


async def _ping(_: Session, said: protocol.Ping) -> Told:
    return protocol.Pong(re=said.id)


Handler = Callable[["Session", Any], Awaitable[Told | None]]

HANDLERS: dict[type[Said], Handler] = {
    protocol.Hello: _hello,
    protocol.Enter: _enter,
    protocol.Consent: _consent,
    protocol.Leave: _leave,
    protocol.Publish: _publish,
    protocol.Unpublish: _stop,
    protocol.Watch: _watch,
    protocol.Answer: _take_answer,
    protocol.Unwatch: _stop,
    protocol.Wishes: _wishes,
    protocol.MediaState: _media_state,
    protocol.Gesture: _gesture,
    protocol.Presence: _presence,
    protocol.SendSystem: _system,
    protocol.SendCommand: _command,
    protocol.TakeChallenge: _take_challenge,
    protocol.ReadyChallenge: _ready_challenge,
    protocol.RefuseChallenge: _refuse_challenge,
    protocol.WatchRisk: _watch_risk,
    protocol.Ping: _ping,
    **chat_acts.HANDLERS,
    **proof_acts.HANDLERS,
}
"""What each type of message does; None: it has answered itself."""

"""What a client's messages about chat do; `acts` has the table of all.

Thin: a function asks the services of chat and makes the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from signaling import protocol
from signaling.auth.identity import person
from signaling.chat import Draft
from signaling.errors import Refused
from signaling.protocol import Said, Told

if TYPE_CHECKING:
    from signaling.chat.changing import Changed
    from signaling.chat.posting import Posted
    from signaling.session import Session


async def _send(session: Session, said: protocol.SendMessage) -> Told:
    draft = Draft(
        said.client_id, said.kind, said.text, said.file, said.reply_to, tuple(said.mentions)
    )
    posting = session.services.chat.posting
    if not said.to:
        return _posted(said.id, await posting.post(session.who, _room(session, said), draft))
    if said.room:
        raise Refused("invalid", "Name a room or a person, and not both.")
    who = person(session.who)
    if not who.at_least("caller"):
        raise Refused("forbidden", "Guests chat within their room.")
    return _posted(said.id, await posting.post_direct(who, said.to, draft))


async def _forward(session: Session, said: protocol.ForwardMessage) -> Told:
    room = _room(session, said)
    posting = session.services.chat.posting
    return _posted(said.id, await posting.forward(session.who, said.message, room, said.client_id))


async def _edit(session: Session, said: protocol.EditMessage) -> Told:
    changing = session.services.chat.changing
    return _changed(said.id, await changing.edit(session.who, said.message, said.text))


async def _delete(session: Session, said: protocol.DeleteMessage) -> Told:
    changing = session.services.chat.changing
    return _changed(
        said.id, await changing.delete(session.who, said.message, session.services.address)
    )


async def _react(session: Session, said: protocol.ReactToMessage) -> Told:
    changing = session.services.chat.changing
    done = await changing.react(session.who, said.message, said.emoji, on=said.on)
    return _changed(said.id, done)


async def _pin(session: Session, said: protocol.PinMessage) -> Told:
    changing = session.services.chat.changing
    return _changed(said.id, await changing.pin(session.who, said.message, on=said.on))


async def _read(session: Session, said: protocol.MarkMessageRead) -> Told:
    reading = session.services.chat.reading
    await reading.read(session.who, _room(session, said), said.sequence)
    return protocol.Ack(re=said.id)


async def _delivered(session: Session, said: protocol.MarkMessageDelivered) -> Told:
    reading = session.services.chat.reading
    await reading.deliver(session.who, _room(session, said), said.sequence)
    return protocol.Ack(re=said.id)


async def _typing(session: Session, said: protocol.Typing) -> Told:
    here = session.here
    if not here.grants.chat:
        raise Refused("forbidden", "No right to chat in this room.")
    if not here.grants.hidden:
        room = here.who.room
        news = protocol.TypingNews(room=room, identity=session.identity, on=said.on)
        session.services.attendance.tell_room(room, news)
    return protocol.Ack(re=said.id)


def _room(
    session: Session,
    said: protocol.SendMessage
    | protocol.ForwardMessage
    | protocol.MarkMessageRead
    | protocol.MarkMessageDelivered,
) -> str:
    """The room that is named, or the one that this client is in; a bound socket has one only."""
    room = said.room or session.room or session.bound or ""
    if not room or session.bound not in {None, room}:
        raise Refused("not_found")
    return room


def _posted(number: int, posted: Posted) -> protocol.Posted:
    message = posted.message
    return protocol.Posted(
        re=number,
        message=message.id,
        room=message.room_id,
        sequence=message.sequence,
        at=message.posted_at,
        again=posted.again,
    )


def _changed(number: int, changed: Changed) -> protocol.Changed:
    return protocol.Changed(re=number, message=changed.message.id, sequence=changed.sequence)


HANDLERS: Mapping[type[Said], Callable[[Session, Any], Awaitable[Told | None]]] = {
    protocol.SendMessage: _send,
    protocol.ForwardMessage: _forward,
    protocol.EditMessage: _edit,
    protocol.DeleteMessage: _delete,
    protocol.ReactToMessage: _react,
    protocol.PinMessage: _pin,
    protocol.MarkMessageRead: _read,
    protocol.MarkMessageDelivered: _delivered,
    protocol.Typing: _typing,
}
"""What each type of message does."""

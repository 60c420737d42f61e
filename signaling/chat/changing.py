"""What becomes of a message: edited, deleted, reacted to, pinned.

Each act is a transaction with its event.  A deleted message leaves a tombstone: what it said goes
from the store and from the events that told of it, unless the room is under legal hold, when it
stays where only an export for the hold finds it.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Identity
from signaling.chat import drafts
from signaling.chat.posting import Numbers, words_of
from signaling.chat.standing import Standing, living_message
from signaling.errors import Refused
from signaling.store import audit, messages
from signaling.store.conversations import OF_TWO
from signaling.store.messages import Edit, Message
from signaling.streams import Happening, Streams

MOST_PINS = 100
MOST_REACTIONS = 20
"""Different ones to one message."""
MOST_EDITS = 100


@dataclass(frozen=True, slots=True)
class Changed:
    """A message after an act, and the event that told of it; None if nothing was to do."""

    message: Message
    sequence: int | None


class Changing:
    """The service."""

    def __init__(self, streams: Streams, numbers: Numbers) -> None:
        self._streams = streams
        self._numbers = numbers

    async def edit(self, who: Identity, message_id: str, text: str) -> Changed:
        """Let a message of one's own say something else; what it said is kept."""
        drafts.check_text(text)

        def work(happening: Happening) -> Changed:
            message, there = living_message(happening.connection, who, message_id)
            if message.sender != there.identity:
                raise Refused("forbidden", "Only who wrote a message may edit it.")
            drafts.check_edit(message.kind, text)
            if message.text == text:
                return Changed(message, None)
            return _edit(happening, message, there, text, self._numbers)

        return await self._streams.write(work)

    async def delete(self, who: Identity, message_id: str, address: str) -> Changed:
        """Take a message back: one's own, or as a moderator anybody's, which is audited."""

        def work(happening: Happening) -> Changed:
            message, there = living_message(happening.connection, who, message_id)
            own = message.sender == there.identity
            if not (own or there.grants.moderate):
                raise Refused("forbidden", "Only who wrote it or moderates the room may.")
            do = delete if own else partial(delete_by_moderator, address=address)
            return do(happening, message, there.identity, held=_is_held(there))

        return await self._streams.write(work)

    async def react(self, who: Identity, message_id: str, emoji: str, *, on: bool) -> Changed:
        """Answer a message with a symbol, or take that back."""
        drafts.check_emoji(emoji)

        def work(happening: Happening) -> Changed:
            connection = happening.connection
            message, there = living_message(connection, who, message_id)
            me = there.identity
            if on:
                _refuse_too_many(connection, message_id, emoji)
                changed = messages.react(connection, message_id, emoji, me, happening.now)
            else:
                changed = messages.unreact(connection, message_id, emoji, me)
            if not changed:
                return Changed(message, None)
            body = {"message": message_id, "emoji": emoji, "on": on}
            event = happening.append(message.room_id, "message.reacted", me, body)
            return Changed(message, event.sequence)

        return await self._streams.write(work)

    async def pin(self, who: Identity, message_id: str, *, on: bool) -> Changed:
        """Keep a message in sight; for moderators, and for both in a room of two."""

        def work(happening: Happening) -> Changed:
            connection = happening.connection
            message, there = living_message(connection, who, message_id)
            if not (there.grants.moderate or there.place.kind in OF_TWO):
                raise Refused("forbidden", "Only the room's owner and moderators pin.")
            if (message.pinned_at is not None) == on:
                return Changed(message, None)
            if on and len(messages.pinned(connection, message.room_id)) >= MOST_PINS:
                raise Refused("invalid", f"At most {MOST_PINS} pins in a room.")
            return _pin(happening, message, there.identity, on=on)

        return await self._streams.write(work)


def delete(happening: Happening, message: Message, actor: str, *, held: bool) -> Changed:
    """Make a tombstone of a message in a room that is locked."""
    connection, now = happening.connection, happening.now
    event = happening.append(message.room_id, "message.deleted", actor, {"message": message.id})
    if held:
        kept = Edit(event.sequence, message.text, now, actor)
        messages.add_edit(connection, message.id, kept)
    empty_stream(connection, message)
    if not held:
        messages.forget_edits(connection, message.id)
    messages.forget_reactions(connection, message.id)
    messages.set_words(connection, message.id, 0, "")
    gone: dict[str, Any] = {
        "text": "",
        "mentions": [],
        "deleted_at": now,
        "deleted_by": actor,
        "pinned_at": None,
        "pinned_by": None,
    } | ({} if held else {"file": None, "file_id": None})
    messages.change(connection, message.id, **gone)
    return Changed(replace(message, **gone), event.sequence)


def delete_by_moderator(
    happening: Happening, message: Message, actor: str, address: str, *, held: bool
) -> Changed:
    """The same with somebody else's message, on record."""
    more = detail(room=message.room_id, sender=message.sender)
    act = Act(actor, "message.delete", message.id, address, more)
    audit.record(happening.connection, act, happening.now)
    return delete(happening, message, actor, held=held)


def empty_stream(connection: sa.Connection, message: Message) -> None:
    """Take what a message said out of the events that told of it and of its edits."""
    edits = messages.edits_of(connection, [message.id]).get(message.id, [])
    sequences = [message.sequence, *(edit.sequence for edit in edits)]
    body = {"message": message.id, "kind": message.kind, "gone": True}
    messages.empty_events(connection, message.room_id, sequences, body)


def _edit(
    happening: Happening, message: Message, there: Standing, text: str, numbers: Numbers
) -> Changed:
    connection, now = happening.connection, happening.now
    if len(messages.edits_of(connection, [message.id]).get(message.id, [])) >= MOST_EDITS:
        raise Refused("invalid", f"A message can be edited {MOST_EDITS} times.")
    body = {"message": message.id, "text": text}
    event = happening.append(message.room_id, "message.edited", there.identity, body)
    before = Edit(event.sequence, message.text, now, there.identity)
    messages.add_edit(connection, message.id, before)
    messages.change(connection, message.id, text=text, edited_at=now)
    edited = replace(message, text=text, edited_at=now)
    # A caption that there was not before is found as of now.
    number = numbers.next(now)
    messages.set_words(connection, message.id, number, words_of(edited))
    return Changed(edited, event.sequence)


def _pin(happening: Happening, message: Message, actor: str, *, on: bool) -> Changed:
    pin = {"pinned_at": happening.now, "pinned_by": actor} if on else {}
    values: dict[str, Any] = {"pinned_at": None, "pinned_by": None} | pin
    messages.change(happening.connection, message.id, **values)
    body = {"message": message.id, "on": on}
    event = happening.append(message.room_id, "message.pinned", actor, body)
    return Changed(replace(message, **values), event.sequence)


def _refuse_too_many(connection: sa.Connection, message_id: str, emoji: str) -> None:
    reactions = messages.reactions_of(connection, [message_id]).get(message_id, [])
    kinds = {each.emoji for each in reactions} | {emoji}
    if len(kinds) > MOST_REACTIONS:
        raise Refused("invalid", f"emoji: at most {MOST_REACTIONS} different ones.")


def _is_held(there: Standing) -> bool:
    return there.place.rules.held_at is not None

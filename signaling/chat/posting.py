"""Saying something: once, in order, on the disk before anybody is told.

A message and its event are one transaction.  The client's own name for a message makes a retry
harmless: the first result comes back.  It refuses to know sockets, and who listens.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from signaling.auth.identity import Identity, Person
from signaling.chat import drafts, standing, words
from signaling.chat.attachments import Attached, Attachments, Wish
from signaling.chat.drafts import Draft
from signaling.chat.standing import Standing
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.pairs import reachable, room_of_two
from signaling.store import messages, positions
from signaling.store.messages import Message
from signaling.streams import Happening, Streams


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is on the disk; `again` if it was there before."""

    message: Message
    again: bool


class Numbers:
    """Numbers for the index of words: greater for newer messages, unique across processes."""

    def __init__(self) -> None:
        self._last = 0
        self._mine = secrets.randbits(12)

    def next(self, now: datetime) -> int:
        microseconds = int(now.timestamp() * 1_000_000)
        self._last = max(self._last + 1, microseconds)
        return self._last << 12 | self._mine


class Posting:
    """The service."""

    def __init__(self, streams: Streams, attachments: Attachments, numbers: Numbers) -> None:
        self._streams = streams
        self._attachments = attachments
        self._numbers = numbers

    async def post(self, who: Identity, room_id: str, draft: Draft) -> Posted:
        """Say it in a room; it is durable when this returns."""
        drafts.check(draft)
        return await self._streams.write(
            lambda happening: self._post(happening, who, room_id, draft)
        )

    async def post_direct(self, who: Person, user_id: str, draft: Draft) -> Posted:
        """Say it to one person, in the room that the two have for themselves."""
        drafts.check(draft)

        def work(happening: Happening) -> Posted:
            reachable(happening.connection, who, user_id)
            room = room_of_two(happening, who.user.id, user_id)
            return self._post(happening, who, room.id, draft)

        return await self._streams.write(work)

    async def forward(self, who: Identity, message_id: str, room_id: str, client_id: str) -> Posted:
        """Say in another room what was said in one of theirs."""

        def work(happening: Happening) -> Posted:
            message, _ = standing.found_message(happening.connection, who, message_id)
            if message.deleted_at is not None:
                raise Refused("message_gone")
            draft = Draft(client_id, message.kind, message.text, message.file_id)
            return self._post(happening, who, room_id, draft, forwarded=message)

        return await self._streams.write(work)

    def _post(
        self,
        happening: Happening,
        who: Identity,
        room_id: str,
        draft: Draft,
        *,
        forwarded: Message | None = None,
    ) -> Posted:
        connection = happening.connection
        there = standing.writing(connection, who, room_id)
        before = messages.by_client(connection, room_id, there.identity, draft.client_id)
        fingerprint = drafts.fingerprint(draft)
        if before is not None:
            if before.fingerprint != fingerprint:
                raise Refused("message_differs")
            return Posted(before, again=True)
        standing.refuse_speech(connection, there, happening.now)
        _refuse_strangers(happening, there, draft)
        attached = self._attach(happening, there, draft, forwarded)
        message = Message(
            id=new_id(happening.now),
            room_id=room_id,
            sequence=there.place.last_sequence + 1,
            sender=there.identity,
            client_id=draft.client_id,
            fingerprint=fingerprint,
            kind=draft.kind,
            text=draft.text,
            posted_at=happening.now,
            file_id=attached.file_id if attached else None,
            file=dict(attached.shown) if attached else None,
            reply_to=draft.reply_to,
            mentions=sorted(set(draft.mentions)),
            forwarded_from=None if forwarded is None else forwarded.sender,
        )
        self._say(happening, message)
        return Posted(message, again=False)

    def _attach(
        self, happening: Happening, there: Standing, draft: Draft, forwarded: Message | None
    ) -> Attached | None:
        if draft.file_id is None:
            return None
        wish = Wish(
            owner=there.identity,
            room_id=there.room_id,
            file_id=draft.file_id,
            kind=draft.kind,
            from_room=None if forwarded is None else forwarded.room_id,
        )
        return self._attachments.attach(happening.connection, wish)

    def _say(self, happening: Happening, message: Message) -> None:
        event = happening.append(
            message.room_id, "message.posted", message.sender, body_of(message)
        )
        # The room was locked when its last sequence was read.
        assert event.sequence == message.sequence, "somebody wrote to a locked room"
        number = self._numbers.next(happening.now)
        messages.add(happening.connection, message, number, words_of(message))


def body_of(message: Message) -> dict[str, Any]:
    """What the room's stream tells of a new message; what is empty is left out."""
    body = {
        "message": message.id,
        "client_id": message.client_id,
        "kind": message.kind,
        "text": message.text,
        "file": message.file,
        "reply_to": message.reply_to,
        "mentions": message.mentions,
        "forwarded_from": message.forwarded_from,
    }
    kept: dict[str, Any] = msgspec.to_builtins(
        {name: value for name, value in body.items() if value}
    )
    return kept


def words_of(message: Message) -> str:
    """What it is found by: its text, and the name of its file."""
    if message.kind in ("emoji", "sticker"):
        return ""
    name = (message.file or {}).get("name", "")
    found = words.index_words(f"{message.text} {name}")
    return f"{words.room_word(message.room_id)} {found}" if found else ""


def _refuse_strangers(happening: Happening, there: Standing, draft: Draft) -> None:
    """A reply is to a message of this room, a mention of somebody who belongs to it."""
    connection = happening.connection
    if draft.reply_to is not None:
        replied = messages.by_id(connection, draft.reply_to)
        if replied is None or replied.room_id != there.room_id:
            raise Refused("not_found", "reply_to: there is no such message in this room.")
        if replied.deleted_at is not None:
            raise Refused("message_gone", "reply_to: it was deleted.")
    if draft.mentions:
        known = positions.members_among(connection, there.room_id, draft.mentions)
        if set(known) != set(draft.mentions):
            raise Refused("not_found", "mentions: not all of them belong to the room.")

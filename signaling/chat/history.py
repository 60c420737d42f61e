"""Looking back: pages of messages, one message, conversations, and what was said before edits."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signaling.auth.identity import Identity, Person
from signaling.chat import standing
from signaling.errors import Refused
from signaling.pairs import pair_room_id
from signaling.store import Store, conversations, messages, positions
from signaling.store.conversations import Conversation
from signaling.store.messages import Edit, Message, Reaction, Wanted


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with what others made of it."""

    message: Message
    reactions: tuple[Reaction, ...] = ()
    read_by: int = 0
    """How many others have read it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages, oldest first; `more` if there are others in the direction that was asked."""

    messages: list[Shown]
    more: bool = False


class History:
    """The service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, who: Identity, wanted: Wanted, limit: int) -> Page:
        """Messages of one room, or of all of one's rooms; deleted ones as tombstones."""

        def work(connection: sa.Connection) -> Page:
            identity = standing.identity_of(who)
            if wanted.room_id:
                standing.reading(connection, who, wanted.room_id)
            elif not isinstance(who, Person):
                raise Refused("invalid", "room: name the room of your token.")
            if wanted.around is not None:
                found = messages.page(connection, identity, wanted, limit)
                return Page(_dressed(connection, found), more=len(found) == limit)
            found = messages.page(connection, identity, wanted, limit + 1)
            kept = found[:limit] if wanted.after is not None else found[-limit:]
            return Page(_dressed(connection, kept), more=len(found) > limit)

        return await self._store.read(work)

    async def with_person(self, who: Person, user_id: str, wanted: Wanted, limit: int) -> Page:
        """What two people said to each other in the room that they have for themselves."""
        room_id = pair_room_id(who.user.id, user_id)
        try:
            return await self.page(who, replace(wanted, room_id=room_id), limit)
        except Refused as refused:
            if refused.code != "not_found":
                raise
            return Page([])  # they have not talked yet

    async def one(self, who: Identity, message_id: str) -> Shown:
        def work(connection: sa.Connection) -> Shown:
            message, _ = standing.found_message(connection, who, message_id)
            return _dressed(connection, [message])[0]

        return await self._store.read(work)

    async def edits(self, who: Identity, message_id: str) -> list[Edit]:
        """What a message said before, oldest first; nothing of one that was deleted."""

        def work(connection: sa.Connection) -> list[Edit]:
            message, _ = standing.found_message(connection, who, message_id)
            if message.deleted_at is not None:
                raise Refused("message_gone")
            return messages.edits_of(connection, [message_id]).get(message_id, [])

        return await self._store.read(work)

    async def pinned(self, who: Identity, room_id: str) -> list[Shown]:
        """The room's pinned messages, newest pin first."""

        def work(connection: sa.Connection) -> list[Shown]:
            standing.reading(connection, who, room_id)
            return _dressed(connection, messages.pinned(connection, room_id))

        return await self._store.read(work)

    async def conversations(
        self, who: Person, before: tuple[datetime, str] | None, limit: int
    ) -> list[Conversation]:
        """One's rooms with the last message of each and what is unread, newest first."""
        return await self._store.read(
            lambda connection: conversations.of_user(connection, who.user.id, before, limit)
        )


def _dressed(connection: sa.Connection, found: Iterable[Message]) -> list[Shown]:
    """Messages with their reactions and readers: two queries, however many they are."""
    listed = list(found)
    if not listed:
        return []
    reactions = messages.reactions_of(connection, [each.id for each in listed])
    reads = positions.reads_of(connection, {each.room_id for each in listed})
    readers = {room_id: _Readers(each) for room_id, each in reads.items()}
    return [
        Shown(
            each,
            tuple(reactions.get(each.id, ())),
            readers[each.room_id].of(each) if each.room_id in readers else 0,
        )
        for each in listed
    ]


class _Readers:
    """How far everybody in a room has read: a thousand people are not gone through a page long."""

    def __init__(self, reads: Iterable[tuple[str, int]]) -> None:
        self._by_user = dict(reads)
        self._sorted = sorted(self._by_user.values())

    def of(self, message: Message) -> int:
        """How many have read a message, its sender left out."""
        all_of_them = len(self._sorted) - bisect_left(self._sorted, message.sequence)
        return all_of_them - (self._by_user.get(message.sender, -1) >= message.sequence)

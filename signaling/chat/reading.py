"""Reading: how far each person has got, told to their own devices and to the room.

A position only rises, and never beyond what there is.  It is durable before anybody is told; it
is no event of the room's stream, so a thousand readers do not number a thousand events.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from signaling.auth.identity import Identity
from signaling.chat import standing
from signaling.protocol import Receipt, Told, UnreadNews
from signaling.store import Store, positions
from signaling.store.positions import Position, Unread


class Audience(Protocol):
    """Whoever can be told something just now."""

    def tell(self, message: Told, to: str | None = None) -> int: ...

    def tell_room(self, room: str, message: Told) -> None: ...


@dataclass(frozen=True, slots=True)
class Standstill:
    """Where somebody is in a room after they read on, and what is left for them."""

    room_id: str
    position: Position
    unread: Unread | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has read a message, and when."""

    user_id: str
    read_at: datetime


class Reading:
    """The service."""

    def __init__(self, store: Store, audience: Audience, now: Callable[[], datetime]) -> None:
        self._store = store
        self._audience = audience
        self._now = now

    async def read(self, who: Identity, room_id: str, sequence: int) -> Standstill:
        """They have seen everything up to there, or up to the last event if there is less."""
        return await self._rise(who, room_id, sequence, ("delivered", "read"))

    async def deliver(self, who: Identity, room_id: str, sequence: int) -> Standstill:
        """A device of theirs has received everything up to there."""
        return await self._rise(who, room_id, sequence, ("delivered",))

    async def read_message(self, who: Identity, message_id: str) -> Standstill:
        """They have seen everything up to a message."""

        def work(connection: sa.Connection) -> tuple[str, int]:
            message, _ = standing.found_message(connection, who, message_id)
            return message.room_id, message.sequence

        return await self.read(who, *await self._store.read(work))

    async def positions(self, who: Identity, room_id: str) -> list[Position]:
        """How far everybody in the room is."""

        def work(connection: sa.Connection) -> list[Position]:
            standing.reading(connection, who, room_id)
            return positions.of_room(connection, room_id)

        return await self._store.read(work)

    async def readers(self, who: Identity, message_id: str) -> list[Reader]:
        """Who has read a message, first reader first; its sender is none."""

        def work(connection: sa.Connection) -> list[Reader]:
            message, _ = standing.found_message(connection, who, message_id)
            found = positions.readers(connection, message.room_id, message.sequence)
            return [Reader(*each) for each in found if each[0] != message.sender]

        return await self._store.read(work)

    async def _rise(
        self, who: Identity, room_id: str, sequence: int, names: tuple[str, ...]
    ) -> Standstill:
        now = self._now()

        def work(connection: sa.Connection) -> tuple[bool, Standstill]:
            there = standing.reading(connection, who, room_id)
            me, to = there.identity, min(sequence, there.place.last_sequence)
            risen = [
                positions.rise(connection, room_id, me, name=name, value=to, now=now)
                for name in names
            ]
            unread = positions.unread(connection, room_id, [me])
            position = positions.of_user(connection, room_id, me)
            return any(risen), Standstill(room_id, position, unread[0] if unread else None)

        risen, standstill = await self._store.write(work)
        if risen:
            self._tell(standstill)
        return standstill

    def _tell(self, standstill: Standstill) -> None:
        position, room_id = standstill.position, standstill.room_id
        receipt = Receipt(
            room=room_id,
            identity=position.user_id,
            read=position.read,
            read_at=position.read_at,
            delivered=position.delivered,
            delivered_at=position.delivered_at,
        )
        self._audience.tell_room(room_id, receipt)
        if standstill.unread is not None:
            self._audience.tell(news_of(standstill.unread), position.user_id)


def news_of(unread: Unread) -> UnreadNews:
    """What somebody's devices are told of a room."""
    return UnreadNews(
        room=unread.room_id,
        last_sequence=unread.last_sequence,
        read=unread.read,
        unread=unread.messages,
        mentions=unread.mentions,
    )

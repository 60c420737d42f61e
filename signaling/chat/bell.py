"""The bell: tells people who are connected, but elsewhere, that a room of theirs has news.

Rooms are gathered for a moment and then looked up together, so that a busy room costs a few
queries a second and not one a message.  Who is in the room gets its events and needs no bell.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from signaling.chat.reading import news_of
from signaling.protocol import Told
from signaling.store import Store, positions
from signaling.store.events import Event
from signaling.store.positions import Unread

log = structlog.get_logger()

# Unread counts are right on all devices within a second.
GATHER_S = 0.25
# So many people are looked up with one statement.
AT_ONCE = 500
RINGS_FOR = frozenset({"message.posted", "message.deleted"})


class Absent(Protocol):
    """Whoever is connected, and where."""

    def outside(self, room: str) -> set[str]: ...

    def tell_person(self, message: Told, user_id: str, *, outside: str) -> None: ...


class Bell:
    """`hear` each event; `ring` must run."""

    def __init__(self, store: Store, absent: Absent) -> None:
        self._store = store
        self._absent = absent
        self._rooms: set[str] = set()
        self._news = asyncio.Event()

    def hear(self, event: Event) -> None:
        """Something happened in a room."""
        if event.kind in RINGS_FOR:
            self._rooms.add(event.room_id)
            self._news.set()

    async def ring(self) -> None:
        """Tell, until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_S)
            self._news.clear()
            rooms, self._rooms = self._rooms, set()
            for room_id in sorted(rooms):
                try:
                    await self._ring(room_id)
                except Exception:
                    # The next message rings again, and a conversation list is always right.
                    log.exception("bell.failed")

    async def _ring(self, room_id: str) -> None:
        people = sorted(self._absent.outside(room_id))
        for start in range(0, len(people), AT_ONCE):
            for unread in await self._unread(room_id, people[start : start + AT_ONCE]):
                self._absent.tell_person(news_of(unread), unread.user_id, outside=room_id)

    async def _unread(self, room_id: str, people: Sequence[str]) -> list[Unread]:
        return await self._store.read(
            lambda connection: positions.unread(connection, room_id, people)
        )

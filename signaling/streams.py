"""Streams: everything that happens in a room, in one order, for everybody who follows it.

An event is in the store before anybody hears of it.  Knows rooms' streams and who follows them in
this process.  It refuses to know sockets and what events mean.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from signaling.store import Store, events
from signaling.store.events import Event, News

T = TypeVar("T")

PAGE = 200
# Events that wait for a follower in memory; one who is further behind reads from the store.
WAITING_EVENTS = 500


class Happening:
    """Handed to a piece of work: what it appends is announced once it is committed."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.events: list[Event] = []

    def append(self, room_id: str, kind: str, actor: str, body: Mapping[str, Any]) -> Event:
        """The room's next event; LookupError if there is no such room."""
        news = News(room_id, kind, actor, self.now, body)
        event = events.append(self.connection, news)
        self.events.append(event)
        return event


class Follower:
    """One who follows a room from a sequence on: no event twice, none left out, in order."""

    def __init__(self, store: Store, room_id: str, sequence: int) -> None:
        self.room_id = room_id
        self.sequence = sequence
        """Of the last event that was handed out."""
        self._store = store
        self._news = asyncio.Event()
        self._waiting: dict[int, Event] = {}
        self._newest = sequence

    def announce(self, event: Event) -> None:
        """An event was committed; they may be told in any order."""
        self._newest = max(self._newest, event.sequence)
        if event.sequence > self.sequence and len(self._waiting) < WAITING_EVENTS:
            self._waiting[event.sequence] = event
        self._news.set()

    async def next(self) -> Event:
        """The event behind the last one; waits for it."""
        while True:
            found = self._waiting.pop(self.sequence + 1, None)
            if found is None and self._newest > self.sequence:
                found = await self._fetch()
            if found is not None:
                self.sequence = found.sequence
                return found
            self._news.clear()
            await self._news.wait()

    async def _fetch(self) -> Event | None:
        """What is known to be there and was not told, or not yet, or was too much to keep."""
        sequence = self.sequence
        found = await self._store.read(
            lambda connection: events.after(connection, self.room_id, sequence, PAGE)
        )
        for event in found:
            self._waiting.setdefault(event.sequence, event)
        return self._waiting.pop(sequence + 1, None)


class Streams:
    """The service."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._followers: dict[str, set[Follower]] = {}
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call this for every event of every room from now on, once it is committed."""
        self._listeners.append(listener)

    async def write(self, work: Callable[[Happening], T]) -> T:
        """Carry out work that may append events; they are announced after the commit."""
        now = self._now()

        def whole(connection: sa.Connection) -> tuple[T, list[Event]]:
            happening = Happening(connection, now)
            return work(happening), happening.events

        result, happened = await self._store.write(whole)
        self._announce(happened)
        return result

    async def last_sequence(self, room_id: str) -> int:
        """Of the newest event: what a snapshot that is read now holds, or more."""
        return await self._store.read(lambda connection: events.last_sequence(connection, room_id))

    @asynccontextmanager
    async def following(self, room_id: str, sequence: int) -> AsyncIterator[Follower]:
        """Follow a room behind a sequence for as long as the block lasts."""
        follower = Follower(self._store, room_id, sequence)
        self._followers.setdefault(room_id, set()).add(follower)
        try:
            # What was committed before we were in the set is found in the store.
            newest = await self.last_sequence(room_id)
            follower._newest = max(follower._newest, newest)  # noqa: SLF001 - same module
            yield follower
        finally:
            self._followers[room_id].discard(follower)
            if not self._followers[room_id]:
                del self._followers[room_id]

    def _announce(self, happened: Iterable[Event]) -> None:
        for event in happened:
            for listener in self._listeners:
                listener(event)
            for follower in self._followers.get(event.room_id, ()):
                follower.announce(event)

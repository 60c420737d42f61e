"""Who is there and what they are doing: kept in the store, and told when it changes.

Whoever is connected is noted every 25 s and lost after 60 s, so that no crash leaves anybody
online.  Being in a call is read from the calls themselves.  Knows people and those who share a room
with them; it refuses to know sockets.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from signaling.attendance import Attendance
from signaling.auth.identity import Person
from signaling.protocol import PresenceNews
from signaling.store import Store, rooms, users
from signaling.store.events import Event
from signaling.store.users import Seen

log = structlog.get_logger()

# A client is heard of every 30 s; whoever misses two is gone, also after a crash of ours.
GONE_AFTER = timedelta(seconds=60)
# A page that reloads is away for less, and a call changes for all of its people at once.
GATHER_S = 0.5
OFFLINE = "offline"
# After these, somebody is in a call or is not any more.
CALL_CHANGES = ("call.active", "call.accepted", "call.joined", "call.left", "call.ended")


def status(seen: Seen | None, now: datetime) -> str:
    """What somebody is doing; offline for whoever was not heard of lately."""
    if seen is None or now - seen.seen_at > GONE_AFTER:
        return OFFLINE
    return "busy" if seen.in_call and seen.status != OFFLINE else seen.status


class Presence:
    """The service; `watch` must run, or nobody is told."""

    def __init__(self, store: Store, attendance: Attendance, now: Callable[[], datetime]) -> None:
        self._store = store
        self._attendance = attendance
        self._now = now
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    async def note(self, who: Person, wanted: str | None) -> None:
        """Somebody is here; `wanted` is the status they chose, if they did."""
        user_id, now = who.user.id, self._now()

        def work(connection: sa.Connection) -> bool:
            before = status(users.seen(connection, user_id), now)
            users.note_seen(connection, user_id, wanted, now)
            return status(users.seen(connection, user_id), now) != before

        if await self._store.write(work):
            self._tell_soon([user_id])

    async def of(self, user_ids: Collection[str]) -> dict[str, str]:
        """What each of several people is doing."""
        now = self._now()
        seen = await self._store.read(lambda connection: users.seen_of(connection, user_ids))
        return {user_id: status(seen.get(user_id), now) for user_id in user_ids}

    async def leave(self, who: Person) -> None:
        """One of somebody's clients has gone; with the last one they are offline."""
        if not self._attendance.is_here(who.user.id):
            await self.note(who, OFFLINE)

    def hear(self, event: Event) -> None:
        """An event of any room: calls make people busy, and free."""
        if event.kind in CALL_CHANGES:
            self._tell_soon([event.actor, *event.body.get("users", ())])

    async def watch(self) -> None:
        """Tell what has changed, until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_S)
            self._news.clear()
            changed, self._changed = self._changed, set()
            try:
                for user_id in changed:
                    await self._tell(user_id)
            except Exception:
                # The store is away: whoever asks for a profile hears the truth when it is back.
                log.exception("presence.not_told")

    def _tell_soon(self, user_ids: Iterable[str]) -> None:
        self._changed.update(user_ids)
        self._news.set()

    async def _tell(self, user_id: str) -> None:
        now = self._now()

        def work(connection: sa.Connection) -> tuple[Seen | None, set[str]]:
            here = self._attendance.identities()
            return users.seen(connection, user_id), rooms.neighbours(connection, user_id, here)

        seen, audience = await self._store.read(work)
        if seen is None:
            return
        news = PresenceNews(identity=user_id, status=status(seen, now), seen_at=seen.seen_at)
        for identity in audience:
            self._attendance.tell_person(news, identity)

"""What operators look over: everybody's calls and all rooms.

Every look is audited, with what was sought, but for what rooms are called.  It refuses to know
what an operator may change.
"""

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.calls import Snapshot, snapshots
from signaling.store import Store, audit, calls, room_list
from signaling.store.calls import Filter
from signaling.store.room_list import ListedRoom, RoomsWanted


class Overview:
    """The service."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def calls(
        self, who: Person, wanted: Filter, before: str, limit: int, address: str
    ) -> list[Snapshot]:
        """The newest first."""
        now = self._now()
        about = wanted.room_id or wanted.with_user
        act = _look(who, "calls.list", about, wanted.words, address)

        def work(connection: sa.Connection) -> list[Snapshot]:
            audit.record(connection, act, now)
            found = calls.everywhere(connection, wanted, before, limit)
            return snapshots(connection, found, now)

        return await self._store.write(work)

    async def rooms(
        self, who: Person, wanted: RoomsWanted, after: str, limit: int, address: str
    ) -> list[ListedRoom]:
        """By identifier, with what goes on in each just now."""
        act = _look(who, "rooms.list", "", wanted.words, address)

        def work(connection: sa.Connection) -> list[ListedRoom]:
            audit.record(connection, act, self._now())
            return room_list.page(connection, wanted, after, limit)

        return await self._store.write(work)

    async def titles(self, room_ids: Collection[str]) -> dict[str, str]:
        """What rooms are called, as far as there are such rooms."""
        return await self._store.read(lambda connection: room_list.titles(connection, room_ids))


def _look(who: Person, action: str, subject: str, words: str, address: str) -> Act:
    return Act(who.user.id, action, subject, address, detail(role=who.user.role, words=words))

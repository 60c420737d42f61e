"""The waiting room: who asks to be let in, who is moved there, and who lets them in.

Every act is one transaction that holds the change, its event in the room's stream and its entry in
the audit log.  It refuses to know what goes on inside.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.media import Participant
from signaling.room_rights import above, may_moderate, moderating, note, send_out
from signaling.rooms import WAITING, add_member, knock, may_knock
from signaling.store import Store, rooms, waiting
from signaling.store.rooms import Room
from signaling.store.waiting import Knock, Moved, MovedFrom
from signaling.streams import Happening, Streams


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands at the door: `waiting`, `denied` or `admitted`.

    `moved_because` is what they are told who were moved there; None for whoever asked to come in.
    """

    state: str
    moved_because: str | None = None


class WaitingRoom:
    """The service; `expel` ends the media of somebody who is not in a room any more."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        expel: Callable[[Participant], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._streams = streams
        self._expel = expel
        self._now = now

    async def waiting(self, who: Person, room_id: str) -> list[Knock]:
        """Who waits to be let in, longest first."""
        now = self._now()

        def work(connection: sa.Connection) -> list[Knock]:
            may_moderate(connection, who, room_id)
            return waiting.all_in(connection, room_id, now)

        return await self._store.read(work)

    async def moved(self) -> list[MovedFrom]:
        """Who was moved to the waiting room of whichever room, for operators."""
        now = self._now()
        return await self._store.read(lambda connection: waiting.moved_anywhere(connection, now))

    async def move(
        self, who: Person, room_id: str, user_id: str, because: str, address: str
    ) -> None:
        """Take somebody out of the room until they are let in again, as what they were.

        While they wait, no invitation leads past those who decide.
        """

        def work(happening: Happening) -> None:
            role, me = above(happening, who, room_id, user_id), who.user.id
            moved = Moved(user_id, role, me, because)
            waiting.move(happening.connection, room_id, moved, happening.now)
            happening.append(room_id, "member.waiting", me, {"user": user_id, "role": role})
            send_out(happening, room_id, user_id, me, "waiting")
            note(happening, who, "room.wait", room_id, address, user=user_id, because=because)

        await self._streams.write(work)
        await self._expel(Participant(room_id, user_id))

    async def set_waiting_room(self, who: Person, room_id: str, on: bool, address: str) -> None:
        """Make newcomers wait until they are admitted; whoever waits already stays there."""

        def work(happening: Happening) -> None:
            room, _ = moderating(happening, who, room_id)
            if room.waiting_room == on:
                return
            rooms.change(happening.connection, room_id, waiting_room=on)
            happening.append(room_id, "room.waiting_room", who.user.id, {"on": on})
            note(happening, who, "room.waiting_room", room_id, address, on=on)

        await self._streams.write(work)

    async def knock(self, who: Person, room_id: str) -> str:
        """Ask to be let into a room that has a waiting room; how one stands there."""

        def work(happening: Happening) -> str:
            connection, me = happening.connection, who.user.id
            room = rooms.lock_row(connection, room_id)
            if room is not None and rooms.member_role(connection, room_id, me) is not None:
                return "admitted"
            if room is None or not room.waiting_room:
                raise Refused("not_found")
            if may_knock(connection, room, me):
                knock(happening, room, me, "member")
            return WAITING

        return await self._streams.write(work)

    async def standing(self, who: Person, room_id: str) -> Standing:
        """Of somebody who asked to come in, or was moved; Refused("not_found") for others."""

        def work(connection: sa.Connection) -> Standing:
            if rooms.member_role(connection, room_id, who.user.id) is not None:
                return Standing("admitted")
            waits = waiting.find(connection, room_id, who.user.id)
            if waits is None:
                raise Refused("not_found")
            return Standing(waits.state, waits.moved_because)

        return await self._store.read(work)

    async def stop_waiting(self, who: Person, room_id: str) -> None:
        """Go away from the door; whoever was moved there waits until somebody has decided."""

        def work(happening: Happening) -> None:
            waits = waiting.find(happening.connection, room_id, who.user.id)
            if waits is None or waits.state != WAITING:
                raise Refused("not_found")
            if waits.moved_by is not None:
                raise Refused("forbidden", "You were moved here, and wait until you are let in.")
            waiting.forget(happening.connection, room_id, who.user.id)
            happening.append(room_id, "member.gave_up", who.user.id, {"user": who.user.id})

        await self._streams.write(work)

    async def admit(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Let one in who waits, or who was denied before."""

        def work(happening: Happening) -> None:
            room, _ = moderating(happening, who, room_id)
            waits = waiting.find(happening.connection, room_id, user_id)
            if waits is None:
                raise Refused("not_found")
            _admit(happening, room, waits, who, address)

        await self._streams.write(work)

    async def admit_all(self, who: Person, room_id: str, address: str) -> list[str]:
        """Let in whoever waits, longest first, as long as there are places; who they are."""

        def work(happening: Happening) -> list[str]:
            connection, now = happening.connection, happening.now
            room, _ = moderating(happening, who, room_id)
            free = room.capacity - rooms.member_count(connection, room_id, now)
            knocks = waiting.all_in(connection, room_id, now)
            if knocks and free <= 0:
                raise Refused("room_full")
            for each in knocks[:free]:
                _admit(happening, room, each, who, address)
            return [each.user_id for each in knocks[:free]]

        return await self._streams.write(work)

    async def deny(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Do not let one in who waits; they are not asked about again."""

        def work(happening: Happening) -> None:
            connection, now = happening.connection, happening.now
            moderating(happening, who, room_id)
            waits = waiting.find(connection, room_id, user_id)
            if waits is None or waits.state != WAITING:
                raise Refused("not_found")
            waiting.deny(connection, room_id, user_id, waits.role, now)
            happening.append(room_id, "member.denied", who.user.id, {"user": user_id})
            note(happening, who, "room.deny", room_id, address, user=user_id)

        await self._streams.write(work)


def _admit(happening: Happening, room: Room, waits: Knock, who: Person, address: str) -> None:
    waiting.forget(happening.connection, room.id, waits.user_id)
    happening.append(room.id, "member.admitted", who.user.id, {"user": waits.user_id})
    add_member(happening, room, waits.user_id, waits.role, by=who.user.id)
    note(happening, who, "room.admit", room.id, address, user=waits.user_id)

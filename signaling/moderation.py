"""Moderation: who may come in, who must go, who is heard, and who decides about it.

Every act is one transaction that holds the change, its event in the room's stream and its entry in
the audit log.  What has to happen to media is asked of a `Studio` afterwards: the store decides,
and media follow.  It refuses to know sockets and sessions of media.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa

from signaling import call_turn
from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.media import Participant
from signaling.rooms import WAITING, add_member, belonging, grants_of, knock, may_knock
from signaling.store import Store, audit, rooms, sessions, users
from signaling.store.rooms import Ban, Knock, Member, Room
from signaling.streams import Happening, Streams

T = TypeVar("T")

# Nobody does anything to somebody of their own rank or a higher one.
RANKS = {"guest": 0, "member": 1, "moderator": 2, "owner": 3}
ABOVE_ALL = 4


class Studio(Protocol):
    """What moderation asks of media."""

    async def silence(self, who: Participant, sources: frozenset[str]) -> None: ...

    async def expel(self, who: Participant) -> None: ...


class Moderation:
    """The service."""

    def __init__(
        self, store: Store, streams: Streams, studio: Studio, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._streams = streams
        self._studio = studio
        self._now = now

    async def restore(self) -> None:
        """Tell media who was silenced before this process was there."""
        for room_id, user_id, sources in await self._store.read(rooms.silenced_everywhere):
            await self._studio.silence(Participant(room_id, user_id), frozenset(sources.split()))

    # --- who is there ---

    async def members(self, who: Person, room_id: str) -> list[Member]:
        """Everybody who belongs to the room, for each of them."""
        now = self._now()

        def work(connection: sa.Connection) -> list[Member]:
            belonging(connection, who, room_id)
            return rooms.members(connection, room_id, now)

        return await self._store.read(work)

    async def waiting(self, who: Person, room_id: str) -> list[Knock]:
        """Who waits to be let in, longest first."""
        now = self._now()
        return await self._shown(who, room_id, lambda c: rooms.waiting(c, room_id, now))

    async def bans(self, who: Person, room_id: str) -> list[Ban]:
        """Who may not come back, newest first."""
        return await self._shown(who, room_id, lambda c: rooms.bans_of(c, room_id))

    # --- the door ---

    async def set_locked(self, who: Person, room_id: str, locked: bool, address: str) -> None:
        """Let nobody new in, whatever invitation they hold; or let them in again."""

        def work(happening: Happening) -> None:
            room, _ = _moderating(happening, who, room_id)
            if room.locked == locked:
                return
            rooms.change(happening.connection, room_id, locked=locked)
            kind = "room.locked" if locked else "room.unlocked"
            happening.append(room_id, kind, who.user.id, {})
            _note(happening, who, "room.lock" if locked else "room.unlock", room_id, address)

        await self._streams.write(work)

    async def set_waiting_room(self, who: Person, room_id: str, on: bool, address: str) -> None:
        """Make newcomers wait until they are admitted; whoever waits already stays there."""

        def work(happening: Happening) -> None:
            room, _ = _moderating(happening, who, room_id)
            if room.waiting_room == on:
                return
            rooms.change(happening.connection, room_id, waiting_room=on)
            happening.append(room_id, "room.waiting_room", who.user.id, {"on": on})
            _note(happening, who, "room.waiting_room", room_id, address, on=on)

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

    async def standing(self, who: Person, room_id: str) -> str:
        """`waiting`, `denied` or `admitted`; Refused("not_found") for somebody who never asked."""

        def work(connection: sa.Connection) -> str:
            if rooms.member_role(connection, room_id, who.user.id) is not None:
                return "admitted"
            waits = rooms.knock_of(connection, room_id, who.user.id)
            if waits is None:
                raise Refused("not_found")
            return waits.state

        return await self._store.read(work)

    async def stop_waiting(self, who: Person, room_id: str) -> None:
        """Go away from the door."""

        def work(happening: Happening) -> None:
            waits = rooms.knock_of(happening.connection, room_id, who.user.id)
            if waits is None or waits.state != WAITING:
                raise Refused("not_found")
            rooms.forget_knock(happening.connection, room_id, who.user.id)
            happening.append(room_id, "member.gave_up", who.user.id, {"user": who.user.id})

        await self._streams.write(work)

    async def admit(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Let one in who waits, or who was denied before."""

        def work(happening: Happening) -> None:
            room, _ = _moderating(happening, who, room_id)
            waits = rooms.knock_of(happening.connection, room_id, user_id)
            if waits is None:
                raise Refused("not_found")
            _admit(happening, room, waits, who, address)

        await self._streams.write(work)

    async def admit_all(self, who: Person, room_id: str, address: str) -> list[str]:
        """Let in whoever waits, longest first, as long as there are places; who they are."""

        def work(happening: Happening) -> list[str]:
            connection, now = happening.connection, happening.now
            room, _ = _moderating(happening, who, room_id)
            free = room.capacity - rooms.member_count(connection, room_id, now)
            waiting = rooms.waiting(connection, room_id, now)
            if waiting and free <= 0:
                raise Refused("room_full")
            for each in waiting[:free]:
                _admit(happening, room, each, who, address)
            return [each.user_id for each in waiting[:free]]

        return await self._streams.write(work)

    async def deny(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Do not let one in who waits; they are not asked about again."""

        def work(happening: Happening) -> None:
            connection, now = happening.connection, happening.now
            _moderating(happening, who, room_id)
            waits = rooms.knock_of(connection, room_id, user_id)
            if waits is None or waits.state != WAITING:
                raise Refused("not_found")
            rooms.deny(connection, room_id, user_id, waits.role, now)
            happening.append(room_id, "member.denied", who.user.id, {"user": user_id})
            _note(happening, who, "room.deny", room_id, address, user=user_id)

        await self._streams.write(work)

    # --- people ---

    async def leave(self, who: Person, room_id: str, address: str) -> None:
        """Belong to the room no more; an owner hands it over first."""

        def work(happening: Happening) -> None:
            connection = happening.connection
            rooms.lock_row(connection, room_id)
            _, role = belonging(connection, who, room_id)
            if role == "owner" and rooms.member_count(connection, room_id, happening.now) > 1:
                raise Refused("owner_stays")
            _remove(happening, room_id, who.user.id, who.user.id, "left")
            _note(happening, who, "room.leave", room_id, address)

        await self._streams.write(work)
        await self._studio.expel(Participant(room_id, who.user.id))

    async def remove(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Make somebody go; a new invitation may bring them back."""

        def work(happening: Happening) -> None:
            _above(happening, who, room_id, user_id)
            _remove(happening, room_id, user_id, who.user.id, "removed")
            _note(happening, who, "room.remove", room_id, address, user=user_id)

        await self._streams.write(work)
        await self._studio.expel(Participant(room_id, user_id))

    async def ban(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Make somebody go for good: no invitation brings this account or guest back."""

        def work(happening: Happening) -> None:
            connection, me = happening.connection, who.user.id
            _moderating(happening, who, room_id)
            if user_id == me or users.by_id(connection, user_id) is None:
                raise Refused("not_found")
            if rooms.member_role(connection, room_id, user_id) is not None:
                _above(happening, who, room_id, user_id)
            if not rooms.ban(connection, room_id, user_id, me, happening.now):
                return
            rooms.forget_knock(connection, room_id, user_id)
            happening.append(room_id, "member.banned", me, {"user": user_id})
            _remove(happening, room_id, user_id, me, "banned")
            _note(happening, who, "room.ban", room_id, address, user=user_id)

        await self._streams.write(work)
        await self._studio.expel(Participant(room_id, user_id))

    async def unban(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Let an invitation bring somebody back again."""

        def work(happening: Happening) -> None:
            _moderating(happening, who, room_id)
            if not rooms.unban(happening.connection, room_id, user_id):
                raise Refused("not_found")
            happening.append(room_id, "member.unbanned", who.user.id, {"user": user_id})
            _note(happening, who, "room.unban", room_id, address, user=user_id)

        await self._streams.write(work)

    async def set_role(
        self, who: Person, room_id: str, user_id: str, role: str, address: str
    ) -> None:
        """Make a member a moderator, or the reverse; only the owner does."""

        def work(happening: Happening) -> None:
            before = _owned(happening, who, room_id, user_id)
            _set_role(happening, who, room_id, user_id, (before, role))
            _note(happening, who, "room.role", room_id, address, user=user_id, role=role)

        await self._streams.write(work)

    async def hand_over(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Make somebody else the owner; one stays as a moderator."""

        def work(happening: Happening) -> None:
            before = _owned(happening, who, room_id, user_id)
            _set_role(happening, who, room_id, user_id, (before, "owner"))
            _set_role(happening, who, room_id, who.user.id, ("owner", "moderator"))
            _note(happening, who, "room.hand_over", room_id, address, user=user_id)

        await self._streams.write(work)

    async def silence(
        self, who: Person, room_id: str, user_id: str, sources: Collection[str], address: str
    ) -> None:
        """Forward nothing of these sources of somebody, whatever their client says."""
        named = " ".join(sorted(set(sources)))

        def work(happening: Happening) -> None:
            _above(happening, who, room_id, user_id)
            rooms.set_silenced(happening.connection, room_id, user_id, named)
            body = {"user": user_id, "sources": named.split()}
            happening.append(room_id, "member.silenced", who.user.id, body)
            _note(happening, who, "room.silence", room_id, address, user=user_id, sources=named)

        await self._streams.write(work)
        await self._studio.silence(Participant(room_id, user_id), frozenset(named.split()))

    async def _shown(
        self, who: Person, room_id: str, find: Callable[[sa.Connection], list[T]]
    ) -> list[T]:
        def work(connection: sa.Connection) -> list[T]:
            _may_moderate(connection, who, room_id)
            return find(connection)

        return await self._store.read(work)


def _may_moderate(connection: sa.Connection, who: Person, room_id: str) -> tuple[Room, int]:
    """The room, and one's rank in it; operators stand above everybody, in every room."""
    if who.at_least("operator") and who.session.grants is None:
        watched = rooms.by_id(connection, room_id)
        if watched is None:
            raise Refused("not_found")
        return watched, ABOVE_ALL
    room, role = belonging(connection, who, room_id)
    if not grants_of(who, role).moderate:
        raise Refused("forbidden", "Only the room's owner and moderators may.")
    # A guest may have been invited to moderate.
    return room, max(RANKS[role], RANKS["moderator"])


def _moderating(happening: Happening, who: Person, room_id: str) -> tuple[Room, int]:
    """The same, with the room locked: what is decided now still holds at the commit."""
    rooms.lock_row(happening.connection, room_id)
    return _may_moderate(happening.connection, who, room_id)


def _above(happening: Happening, who: Person, room_id: str, user_id: str) -> None:
    """Refused unless one moderates the room and stands above a member of it."""
    _, rank = _moderating(happening, who, room_id)
    role = rooms.member_role(happening.connection, room_id, user_id)
    if role is None:
        raise Refused("not_found")
    if RANKS[role] >= rank:
        raise Refused("forbidden", "They have your role or a higher one.")


def _owned(happening: Happening, who: Person, room_id: str, user_id: str) -> str:
    """The role of another member, asked for by the room's owner; guests keep theirs."""
    connection = happening.connection
    rooms.lock_row(connection, room_id)
    _, own = belonging(connection, who, room_id)
    if own != "owner":
        raise Refused("forbidden", "Only the room's owner may.")
    role = rooms.member_role(connection, room_id, user_id)
    if role is None or user_id == who.user.id:
        raise Refused("not_found")
    if role == "guest":
        raise Refused("forbidden", "Guests have no account, and stay guests.")
    return role


def _set_role(
    happening: Happening, who: Person, room_id: str, user_id: str, change: tuple[str, str]
) -> None:
    before, role = change
    if before != role:
        rooms.set_role(happening.connection, room_id, user_id, role)
        body = {"user": user_id, "role": role, "before": before}
        happening.append(room_id, "member.role", who.user.id, body)


def _admit(happening: Happening, room: Room, waits: Knock, who: Person, address: str) -> None:
    rooms.forget_knock(happening.connection, room.id, waits.user_id)
    happening.append(room.id, "member.admitted", who.user.id, {"user": waits.user_id})
    add_member(happening, room, waits.user_id, waits.role, by=who.user.id)
    _note(happening, who, "room.admit", room.id, address, user=waits.user_id)


def _remove(happening: Happening, room_id: str, user_id: str, actor: str, reason: str) -> None:
    """Out of the room and its call; a guest, who was here for this room only, is signed out."""
    connection = happening.connection
    call_turn.remove(happening, room_id, user_id)
    if rooms.remove_member(connection, room_id, user_id):
        happening.append(room_id, "member.left", actor, {"user": user_id, "reason": reason})
    user = users.by_id(connection, user_id)
    if user is not None and user.role == "guest" and reason != "left":
        sessions.end_of_room(connection, user_id, room_id, reason, happening.now)


def _note(
    happening: Happening,
    who: Person,
    action: str,
    room_id: str,
    address: str,
    **more: str | int | bool | None,
) -> None:
    act = Act(who.user.id, action, room_id, address, detail(**more))
    audit.record(happening.connection, act, happening.now)

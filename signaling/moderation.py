"""Moderation: who must go, who is heard, who decides about it, and whether anybody new gets in.

Every act is one transaction that holds the change, its event in the room's stream and its entry in
the audit log.  What has to happen to media is asked of a `Studio` afterwards: the store decides,
and media follow.  It refuses to know sockets and sessions of media.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.media import Participant
from signaling.room_rights import above, may_moderate, moderating, note, send_out
from signaling.rooms import belonging
from signaling.store import Store, rooms, users, waiting
from signaling.store.rooms import Ban, Member
from signaling.streams import Happening, Streams


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

    async def bans(self, who: Person, room_id: str) -> list[Ban]:
        """Who may not come back, newest first."""

        def work(connection: sa.Connection) -> list[Ban]:
            may_moderate(connection, who, room_id)
            return rooms.bans_of(connection, room_id)

        return await self._store.read(work)

    # --- the door ---

    async def set_locked(self, who: Person, room_id: str, locked: bool, address: str) -> None:
        """Let nobody new in, whatever invitation they hold; or let them in again."""

        def work(happening: Happening) -> None:
            room, _ = moderating(happening, who, room_id)
            if room.locked == locked:
                return
            rooms.change(happening.connection, room_id, locked=locked)
            kind = "room.locked" if locked else "room.unlocked"
            happening.append(room_id, kind, who.user.id, {})
            note(happening, who, "room.lock" if locked else "room.unlock", room_id, address)

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
            send_out(happening, room_id, who.user.id, who.user.id, "left")
            note(happening, who, "room.leave", room_id, address)

        await self._streams.write(work)
        await self._studio.expel(Participant(room_id, who.user.id))

    async def remove(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Make somebody go; a new invitation may bring them back."""

        def work(happening: Happening) -> None:
            above(happening, who, room_id, user_id)
            send_out(happening, room_id, user_id, who.user.id, "removed")
            note(happening, who, "room.remove", room_id, address, user=user_id)

        await self._streams.write(work)
        await self._studio.expel(Participant(room_id, user_id))

    async def ban(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Make somebody go for good: no invitation brings this account or guest back."""

        def work(happening: Happening) -> None:
            connection, me = happening.connection, who.user.id
            moderating(happening, who, room_id)
            if user_id == me or users.by_id(connection, user_id) is None:
                raise Refused("not_found")
            if rooms.member_role(connection, room_id, user_id) is not None:
                above(happening, who, room_id, user_id)
            if not rooms.ban(connection, room_id, user_id, me, happening.now):
                return
            waiting.forget(connection, room_id, user_id)
            happening.append(room_id, "member.banned", me, {"user": user_id})
            send_out(happening, room_id, user_id, me, "banned")
            note(happening, who, "room.ban", room_id, address, user=user_id)

        await self._streams.write(work)
        await self._studio.expel(Participant(room_id, user_id))

    async def unban(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Let an invitation bring somebody back again."""

        def work(happening: Happening) -> None:
            moderating(happening, who, room_id)
            if not rooms.unban(happening.connection, room_id, user_id):
                raise Refused("not_found")
            happening.append(room_id, "member.unbanned", who.user.id, {"user": user_id})
            note(happening, who, "room.unban", room_id, address, user=user_id)

        await self._streams.write(work)

    async def set_role(
        self, who: Person, room_id: str, user_id: str, role: str, address: str
    ) -> None:
        """Make a member a moderator, or the reverse; only the owner does."""

        def work(happening: Happening) -> None:
            before = _owned(happening, who, room_id, user_id)
            _set_role(happening, who, room_id, user_id, (before, role))
            note(happening, who, "room.role", room_id, address, user=user_id, role=role)

        await self._streams.write(work)

    async def hand_over(self, who: Person, room_id: str, user_id: str, address: str) -> None:
        """Make somebody else the owner; one stays as a moderator."""

        def work(happening: Happening) -> None:
            before = _owned(happening, who, room_id, user_id)
            _set_role(happening, who, room_id, user_id, (before, "owner"))
            _set_role(happening, who, room_id, who.user.id, ("owner", "moderator"))
            note(happening, who, "room.hand_over", room_id, address, user=user_id)

        await self._streams.write(work)

    async def silence(
        self, who: Person, room_id: str, user_id: str, sources: Collection[str], address: str
    ) -> None:
        """Forward nothing of these sources of somebody, whatever their client says."""
        named = " ".join(sorted(set(sources)))

        def work(happening: Happening) -> None:
            above(happening, who, room_id, user_id)
            rooms.set_silenced(happening.connection, room_id, user_id, named)
            body = {"user": user_id, "sources": named.split()}
            happening.append(room_id, "member.silenced", who.user.id, body)
            note(happening, who, "room.silence", room_id, address, user=user_id, sources=named)

        await self._streams.write(work)
        await self._studio.silence(Participant(room_id, user_id), frozenset(named.split()))


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

"""Rooms, who belongs to them, and the invitations that lead in."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import invitations, room_members, rooms
from signaling.store.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Room:
    """A place where people meet."""

    id: str
    title: str
    kind: str
    capacity: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way into a room for whoever has the code (and the PIN, if there is one)."""

    id: str
    code: str
    room_id: str
    invited_by: str
    grants: Any
    uses_left: int
    created_at: datetime
    expires_at: datetime
    pin_hash: str | None = None
    revoked_at: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """True while it still lets somebody in."""
        return self.revoked_at is None and self.uses_left > 0 and now < self.expires_at


class RoomTaken(Exception):
    """There is a room with this identifier."""


ROOM_COLUMNS = [rooms.c[item.name] for item in fields(Room)]
INVITATION_COLUMNS = [invitations.c[item.name] for item in fields(Invitation)]


def add(connection: sa.Connection, room: Room, owner_id: str) -> None:
    """Make the room with its owner; raises RoomTaken, also for the loser of a race."""
    values = {column.name: getattr(room, column.name) for column in ROOM_COLUMNS}
    if not insert_if_new(connection, rooms, values):
        raise RoomTaken(room.id)
    add_member(connection, room.id, owner_id, "owner", room.created_at)


def by_id(connection: sa.Connection, room_id: str) -> Room | None:
    row = connection.execute(sa.select(*ROOM_COLUMNS).where(rooms.c.id == room_id)).one_or_none()
    return None if row is None else Room(*row)


def of_user(
    connection: sa.Connection, user_id: str, after: str, limit: int
) -> list[tuple[Room, str]]:
    """Rooms that the user belongs to, with their role, by identifier, those after `after`."""
    query = (
        sa.select(*ROOM_COLUMNS, room_members.c.role)
        .join(room_members, room_members.c.room_id == rooms.c.id)
        .where(room_members.c.user_id == user_id, rooms.c.id > after)
        .order_by(rooms.c.id)
        .limit(limit)
    )
    return [(Room(*row[:-1]), row[-1]) for row in connection.execute(query)]


def member_role(connection: sa.Connection, room_id: str, user_id: str) -> str | None:
    """The user's role in the room; None for somebody who does not belong to it."""
    query = sa.select(room_members.c.role).where(
        room_members.c.room_id == room_id, room_members.c.user_id == user_id
    )
    return connection.execute(query).scalar_one_or_none()


def share_a_room(connection: sa.Connection, one: str, other: str) -> bool:
    """True if both belong to some room."""
    theirs = sa.select(room_members.c.room_id).where(room_members.c.user_id == other)
    query = sa.select(sa.literal(1)).where(
        room_members.c.user_id == one, room_members.c.room_id.in_(theirs)
    )
    return connection.execute(query.limit(1)).first() is not None


def add_member(
    connection: sa.Connection, room_id: str, user_id: str, role: str, now: datetime
) -> None:
    connection.execute(
        room_members.insert(),
        {"room_id": room_id, "user_id": user_id, "role": role, "joined_at": now},
    )


def add_invitation(connection: sa.Connection, invitation: Invitation) -> None:
    values = {column.name: getattr(invitation, column.name) for column in INVITATION_COLUMNS}
    connection.execute(invitations.insert(), values)


def invitation_by_code(connection: sa.Connection, code: str) -> Invitation | None:
    return _invitation(connection, invitations.c.code == code)


def invitation_by_id(connection: sa.Connection, invitation_id: str) -> Invitation | None:
    return _invitation(connection, invitations.c.id == invitation_id)


def invitations_of(connection: sa.Connection, room_id: str) -> list[Invitation]:
    """All that were made for the room, newest first."""
    query = (
        sa.select(*INVITATION_COLUMNS)
        .where(invitations.c.room_id == room_id)
        .order_by(invitations.c.id.desc())
        .limit(200)
    )
    return [Invitation(*row) for row in connection.execute(query)]


def spend(connection: sa.Connection, invitation_id: str) -> bool:
    """Take one use; False if none is left, however many try at once."""
    query = (
        invitations.update()
        .where(invitations.c.id == invitation_id, invitations.c.uses_left > 0)
        .values(uses_left=invitations.c.uses_left - 1)
    )
    return connection.execute(query).rowcount == 1


def revoke(connection: sa.Connection, invitation_id: str, now: datetime) -> None:
    query = invitations.update().where(invitations.c.id == invitation_id)
    connection.execute(query.values(revoked_at=now))


def _invitation(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Invitation | None:
    row = connection.execute(sa.select(*INVITATION_COLUMNS).where(condition)).one_or_none()
    return None if row is None else Invitation(*row)

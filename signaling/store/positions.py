"""How far everybody has got in each room, and what is left for them to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from signaling.store.schema import (
    chat_blocks,
    message_mentions,
    messages,
    read_marks,
    read_positions,
    room_members,
    rooms,
)
from signaling.store.upsert import insert_if_new

# More than so many are not counted: nobody tells 1,000 unread ones from 2,000.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Position:
    """How far somebody has got in a room."""

    user_id: str
    read: int = 0
    read_at: datetime | None = None
    delivered: int = 0
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """What is left for somebody in a room; at most `MOST_COUNTED` of each."""

    room_id: str
    user_id: str
    last_sequence: int
    read: int
    messages: int
    mentions: int


def rise(
    connection: sa.Connection,
    room_id: str,
    user_id: str,
    *,
    name: str,
    value: int,
    now: datetime,
) -> bool:
    """Let `read` or `delivered` become `value`; False if it is as far already, or further."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    column = read_positions.c[name]
    new = {name: value, f"{name}_at": now}
    statement = insert(read_positions).values(room_id=room_id, user_id=user_id, **new)
    statement = statement.on_conflict_do_update(
        index_elements=["room_id", "user_id"], set_=new, where=column < value
    )
    if connection.execute(statement).rowcount != 1:
        return False
    if name == "read":
        row = {"room_id": room_id, "user_id": user_id, "read": value, "read_at": now}
        connection.execute(read_marks.insert(), row)
    return True


def begin(connection: sa.Connection, room_id: str, user_id: str, sequence: int) -> None:
    """Somebody new has nothing to catch up with; whoever comes back goes on where they were."""
    values = {"room_id": room_id, "user_id": user_id, "read": sequence, "delivered": sequence}
    insert_if_new(connection, read_positions, values)


def of_user(connection: sa.Connection, room_id: str, user_id: str) -> Position:
    found = _positions(
        connection, read_positions.c.room_id == room_id, read_positions.c.user_id == user_id
    )
    return found[0] if found else Position(user_id)


def of_room(connection: sa.Connection, room_id: str) -> list[Position]:
    """Of everybody who belongs to the room now."""
    c = read_positions.c
    belongs = sa.exists().where(
        room_members.c.room_id == c.room_id, room_members.c.user_id == c.user_id
    )
    return _positions(connection, c.room_id == room_id, belongs)


def reads_of(
    connection: sa.Connection, room_ids: Iterable[str]
) -> dict[str, list[tuple[str, int]]]:
    """(user, how far they have read) of several rooms."""
    c = read_positions.c
    query = sa.select(c.room_id, c.user_id, c.read).where(c.room_id.in_(list(room_ids)))
    found: dict[str, list[tuple[str, int]]] = {}
    for room_id, user_id, read in connection.execute(query):
        found.setdefault(room_id, []).append((user_id, read))
    return found


def readers(connection: sa.Connection, room_id: str, sequence: int) -> list[tuple[str, datetime]]:
    """Who has read as far as an event, and when each came so far."""
    c = read_marks.c
    query = (
        sa.select(c.user_id, sa.func.min(c.read_at))
        .where(c.room_id == room_id, c.read >= sequence)
        .group_by(c.user_id)
        .order_by(sa.func.min(c.read_at), c.user_id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def unread(connection: sa.Connection, room_id: str, user_ids: Iterable[str]) -> list[Unread]:
    """What is left for some of a room's members, in one query."""
    member = room_members.c
    query = (
        sa.select(
            member.room_id,
            member.user_id,
            rooms.c.last_sequence,
            _read(),
            unread_messages(),
            unread_mentions(),
        )
        .join(rooms, rooms.c.id == member.room_id)
        .outerjoin(read_positions, same_member())
        .where(member.room_id == room_id, member.user_id.in_(list(user_ids)))
    )
    return [Unread(*row) for row in connection.execute(query)]


def members_among(connection: sa.Connection, room_id: str, user_ids: Iterable[str]) -> list[str]:
    """Those of the users who belong to the room."""
    query = sa.select(room_members.c.user_id).where(
        room_members.c.room_id == room_id, room_members.c.user_id.in_(list(user_ids))
    )
    return list(connection.execute(query).scalars())


def same_member() -> sa.ColumnElement[bool]:
    """Joins a member's position to their membership."""
    return sa.and_(
        read_positions.c.room_id == room_members.c.room_id,
        read_positions.c.user_id == room_members.c.user_id,
    )


def unread_messages() -> sa.ScalarSelect[int]:
    """How many messages of others, but not of those whom they blocked, are behind the position."""
    blocked = sa.exists().where(
        chat_blocks.c.user_id == room_members.c.user_id,
        chat_blocks.c.blocked_id == messages.c.sender,
    )
    some = (
        sa.select(sa.literal(1))
        .where(
            messages.c.room_id == room_members.c.room_id,
            messages.c.sequence > _read(),
            messages.c.sender != room_members.c.user_id,
            messages.c.deleted_at.is_(None),
            ~blocked,
        )
        .limit(MOST_COUNTED)
        .correlate(room_members, read_positions)
    )
    return sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery()


def unread_mentions() -> sa.ScalarSelect[int]:
    """How many messages behind the position call them by name."""
    return (
        sa.select(sa.func.count())
        .select_from(message_mentions)
        .where(
            message_mentions.c.room_id == room_members.c.room_id,
            message_mentions.c.user_id == room_members.c.user_id,
            message_mentions.c.sequence > _read(),
        )
        .correlate(room_members, read_positions)
        .scalar_subquery()
    )


def _read() -> sa.ColumnElement[int]:
    return sa.func.coalesce(read_positions.c.read, 0)


def _positions(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Position]:
    c = read_positions.c
    query = (
        sa.select(c.user_id, c.read, c.read_at, c.delivered, c.delivered_at)
        .where(*conditions)
        .order_by(c.user_id)
    )
    return [Position(*row) for row in connection.execute(query)]

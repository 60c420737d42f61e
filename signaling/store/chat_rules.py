"""What a room's chat is under: slow mode, silence, how long it is kept; and who may say what."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import chat_blocks, chat_rules, room_members, rooms, users
from signaling.store.upsert import insert_if_new, upsert


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one room; the default is no rule at all."""

    slow_mode_s: int = 0
    read_only: bool = False
    keep_days: int | None = None
    keep_files_days: int | None = None
    held_at: datetime | None = None
    held_by: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A room as somebody finds it who wants to say something there."""

    kind: str
    last_sequence: int
    rules: Rules
    role: str | None
    known: bool
    """True if they are a user of ours and no robot."""


COLUMNS = [chat_rules.c[item.name] for item in fields(Rules)]

# Built once: it is asked for with every message.
_PLACE = (
    sa.select(
        rooms.c.kind, rooms.c.last_sequence, *COLUMNS, room_members.c.role, users.c.id.is_not(None)
    )
    .select_from(rooms)
    .outerjoin(chat_rules, chat_rules.c.room_id == rooms.c.id)
    .outerjoin(
        room_members,
        sa.and_(
            room_members.c.room_id == rooms.c.id, room_members.c.user_id == sa.bindparam("user")
        ),
    )
    .outerjoin(users, users.c.id == sa.bindparam("user"))
    .where(rooms.c.id == sa.bindparam("room"))
)
_LOCKED_PLACE = _PLACE.with_for_update(of=rooms)


def place(
    connection: sa.Connection, room_id: str, user_id: str, *, locked: bool = False
) -> Place | None:
    """The room as the user finds it; `locked` makes whoever else writes there wait."""
    query = _LOCKED_PLACE if locked else _PLACE
    row = connection.execute(query, {"room": room_id, "user": user_id}).one_or_none()
    if row is None:
        return None
    kind, last_sequence, *rules, role, known = row
    given = zip(fields(Rules), rules, strict=True)
    values = {item.name: value for item, value in given if value is not None}
    return Place(kind, last_sequence, Rules(**values), role, bool(known))


def change(connection: sa.Connection, room_id: str, **values: Any) -> None:
    upsert(connection, chat_rules, {"room_id": room_id}, values)


def kept_for_a_time(connection: sa.Connection) -> list[tuple[str, Rules]]:
    """Rooms whose messages or files are to be forgotten some day, and are not held."""
    query = sa.select(chat_rules.c.room_id, *COLUMNS).where(
        chat_rules.c.held_at.is_(None),
        sa.or_(chat_rules.c.keep_days.is_not(None), chat_rules.c.keep_files_days.is_not(None)),
    )
    return [(row[0], Rules(*row[1:])) for row in connection.execute(query)]


def block(connection: sa.Connection, user_id: str, blocked_id: str, now: datetime) -> bool:
    """False if they were blocked before."""
    values = {"user_id": user_id, "blocked_id": blocked_id, "blocked_at": now}
    return insert_if_new(connection, chat_blocks, values)


def unblock(connection: sa.Connection, user_id: str, blocked_id: str) -> bool:
    """False if they were not blocked."""
    query = chat_blocks.delete().where(
        chat_blocks.c.user_id == user_id, chat_blocks.c.blocked_id == blocked_id
    )
    return connection.execute(query).rowcount == 1


def blocked_by(connection: sa.Connection, user_id: str) -> list[tuple[str, datetime]]:
    """Whom the user has blocked, newest first."""
    query = (
        sa.select(chat_blocks.c.blocked_id, chat_blocks.c.blocked_at)
        .where(chat_blocks.c.user_id == user_id)
        .order_by(chat_blocks.c.blocked_at.desc(), chat_blocks.c.blocked_id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def is_blocked_in(connection: sa.Connection, room_id: str, user_id: str) -> bool:
    """True if another member of the room has blocked the user."""
    members = sa.select(room_members.c.user_id).where(room_members.c.room_id == room_id)
    query = sa.select(sa.literal(1)).where(
        chat_blocks.c.blocked_id == user_id, chat_blocks.c.user_id.in_(members)
    )
    return connection.execute(query.limit(1)).first() is not None

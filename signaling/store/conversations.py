"""A user's conversations: each room with its last message and what is unread, in one query."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store import positions
from signaling.store.messages import COLUMNS, Message
from signaling.store.schema import messages, read_positions, room_members, rooms, users


@dataclass(frozen=True, slots=True)
class Conversation:
    """A room of the user's; in a room of two, `partner` is the other one."""

    room_id: str
    title: str
    kind: str
    role: str
    last_sequence: int
    read: int
    unread: int
    mentions: int
    partner: str | None
    partner_name: str | None
    partner_avatar_version: int | None
    newest_at: datetime
    """By which the list is ordered: of the last message, or of the room's making."""
    last: Message | None


OF_TWO = ("direct", "match", "heart-link")


def of_user(
    connection: sa.Connection, user_id: str, before: tuple[datetime, str] | None, limit: int
) -> list[Conversation]:
    """Those with the newest message first; rooms without any come last, by their making."""
    newest = _newest()
    query = _query(user_id).add_columns(*COLUMNS)
    if before is not None:
        moment, room_id = before
        query = query.where(
            sa.or_(newest < moment, sa.and_(newest == moment, rooms.c.id < room_id))
        )
    query = query.order_by(newest.desc(), rooms.c.id.desc()).limit(limit)
    return [_conversation(row) for row in connection.execute(query)]


def _query(user_id: str) -> sa.Select[Any]:
    member = room_members.c
    last = (
        sa.select(sa.func.max(messages.c.sequence))
        .where(messages.c.room_id == rooms.c.id)
        .correlate(rooms)
        .scalar_subquery()
    )
    return (
        sa.select(
            rooms.c.id,
            rooms.c.title,
            rooms.c.kind,
            member.role,
            rooms.c.last_sequence,
            sa.func.coalesce(read_positions.c.read, 0),
            positions.unread_messages(),
            positions.unread_mentions(),
            _partner(users.c.id),
            _partner(sa.case((users.c.nickname != "", users.c.nickname), else_=users.c.name)),
            _partner(users.c.avatar_version),
            _newest(),
        )
        .select_from(room_members)
        .join(rooms, rooms.c.id == member.room_id)
        .outerjoin(read_positions, positions.same_member())
        .outerjoin(messages, sa.and_(messages.c.room_id == rooms.c.id, messages.c.sequence == last))
        .where(member.user_id == user_id)
    )


def _newest() -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(messages.c.posted_at, rooms.c.created_at)


def _partner(column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """Of the other one in a room of two."""
    other = room_members.alias("other")
    return (
        sa.select(column)
        .select_from(other.join(users, users.c.id == other.c.user_id))
        .where(
            rooms.c.kind.in_(OF_TWO),
            other.c.room_id == rooms.c.id,
            other.c.user_id != room_members.c.user_id,
        )
        .correlate(rooms, room_members)
        .limit(1)
        .scalar_subquery()
    )


def _conversation(row: sa.Row[Any]) -> Conversation:
    """The message, if there is one, is in the last columns."""
    count = len(fields(Conversation)) - 1
    last = None if row[count] is None else Message(*row[count:])
    values: list[Any] = [*row[:count], last]
    return Conversation(*values)

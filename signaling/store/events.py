"""The one stream of a room: appended in the transaction of whatever happened, and read again.

Sequence numbers have no gaps: the number and the row come from one transaction, and writers of a
room wait for each other at the room's own row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import room_events, rooms


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a room; `actor` is whoever did it, or empty for nobody."""

    room_id: str
    sequence: int
    kind: str
    actor: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """An event before it has its number."""

    room_id: str
    kind: str
    actor: str
    at: datetime
    body: Mapping[str, Any]


# Built once: building a statement takes longer than SQLite needs to carry it out.
_NEXT = (
    rooms.update()
    .where(rooms.c.id == sa.bindparam("room"))
    .values(last_sequence=rooms.c.last_sequence + 1)
    .returning(rooms.c.last_sequence)
)
_INSERT = room_events.insert()


def append(connection: sa.Connection, news: News) -> Event:
    """The next event of the room; LookupError if there is no such room."""
    room_id = news.room_id
    sequence = connection.execute(_NEXT, {"room": room_id}).scalar_one_or_none()
    if sequence is None:
        raise LookupError(room_id)
    values = {
        "room_id": room_id,
        "sequence": sequence,
        "kind": news.kind,
        "actor": news.actor,
        "at": news.at,
        "body": dict(news.body),
    }
    connection.execute(_INSERT, values)
    return Event(**values)


def last_sequence(connection: sa.Connection, room_id: str) -> int:
    """Of the newest event; 0 before the first."""
    query = sa.select(rooms.c.last_sequence).where(rooms.c.id == room_id)
    return connection.execute(query).scalar_one_or_none() or 0


def after(connection: sa.Connection, room_id: str, sequence: int, limit: int) -> list[Event]:
    """Events behind a sequence, in order."""
    query = (
        sa.select(room_events)
        .where(room_events.c.room_id == room_id, room_events.c.sequence > sequence)
        .order_by(room_events.c.sequence)
        .limit(limit)
    )
    return [Event(*row) for row in connection.execute(query)]


def before(connection: sa.Connection, room_id: str, sequence: int, limit: int) -> list[Event]:
    """Events in front of a sequence, in order: the latest of them."""
    query = (
        sa.select(room_events)
        .where(room_events.c.room_id == room_id, room_events.c.sequence < sequence)
        .order_by(room_events.c.sequence.desc())
        .limit(limit)
    )
    return [Event(*row) for row in reversed(connection.execute(query).all())]

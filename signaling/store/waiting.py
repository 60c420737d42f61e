"""Who stands at the door of a room: waits to be let in, or was not."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.store.rooms import may_stay
from signaling.store.schema import room_waiting, rooms, users
from signaling.store.upsert import insert_if_new, upsert


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody who wants to come in: `waiting`, or `denied`.

    Whoever was in the room before was moved by somebody; `moved_because` is what they are told.
    """

    user_id: str
    name: str
    nickname: str
    role: str
    state: str
    since: datetime
    moved_by: str | None
    moved_because: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody who was taken out of a room, and waits to be let in again as what they were."""

    user_id: str
    role: str
    by: str
    because: str


@dataclass(frozen=True, slots=True)
class MovedFrom:
    """Where somebody was moved to the waiting room of."""

    room_id: str
    room_title: str
    knock: Knock


# Nobody goes through more of them at once.
MOST_LISTED = 200

KNOCK_COLUMNS = (
    users.c.id,
    users.c.name,
    users.c.nickname,
    room_waiting.c.role,
    room_waiting.c.state,
    room_waiting.c.since,
    room_waiting.c.moved_by,
    room_waiting.c.moved_because,
)


def add(connection: sa.Connection, room_id: str, user_id: str, role: str, now: datetime) -> bool:
    """Wait at the door; False for somebody who waits already or was denied."""
    values = {"room_id": room_id, "user_id": user_id, "role": role}
    return insert_if_new(connection, room_waiting, values | {"state": "waiting", "since": now})


def move(connection: sa.Connection, room_id: str, moved: Moved, now: datetime) -> None:
    """Make somebody wait, who does not belong to the room any more."""
    key = {"room_id": room_id, "user_id": moved.user_id}
    told = {"moved_by": moved.by, "moved_because": moved.because}
    values = {"role": moved.role, "state": "waiting", "since": now}
    upsert(connection, room_waiting, key, values | told)


def find(connection: sa.Connection, room_id: str, user_id: str) -> Knock | None:
    found = _knocks(connection, room_waiting.c.room_id == room_id, users.c.id == user_id)
    return found[0] if found else None


def all_in(connection: sa.Connection, room_id: str, now: datetime) -> list[Knock]:
    """Who waits to be let in, longest first."""
    return _knocks(
        connection,
        room_waiting.c.room_id == room_id,
        room_waiting.c.state == "waiting",
        may_stay(now),
    )


def moved_anywhere(connection: sa.Connection, now: datetime) -> list[MovedFrom]:
    """Who was moved and waits, in whichever room, the newest first."""
    query = (
        sa.select(rooms.c.id, rooms.c.title, *KNOCK_COLUMNS)
        .join(users, users.c.id == room_waiting.c.user_id)
        .join(rooms, rooms.c.id == room_waiting.c.room_id)
        .where(
            room_waiting.c.state == "waiting", room_waiting.c.moved_by.is_not(None), may_stay(now)
        )
        .order_by(room_waiting.c.since.desc(), users.c.id)
        .limit(MOST_LISTED)
    )
    return [MovedFrom(row[0], row[1], Knock(*tuple(row)[2:])) for row in connection.execute(query)]


def deny(connection: sa.Connection, room_id: str, user_id: str, role: str, now: datetime) -> None:
    key = {"room_id": room_id, "user_id": user_id}
    upsert(connection, room_waiting, key, {"role": role, "state": "denied", "since": now})


def forget(connection: sa.Connection, room_id: str, user_id: str) -> None:
    connection.execute(
        room_waiting.delete().where(
            room_waiting.c.room_id == room_id, room_waiting.c.user_id == user_id
        )
    )


def _knocks(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Knock]:
    query = (
        sa.select(*KNOCK_COLUMNS)
        .join(users, users.c.id == room_waiting.c.user_id)
        .where(*conditions)
        .order_by(room_waiting.c.since, users.c.id)
        .limit(1000)
    )
    return [Knock(*row) for row in connection.execute(query)]

"""Who stands at the door of a room: waits to be let in, or was not."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.store.rooms import may_stay
from signaling.store.schema import room_waiting, users
from signaling.store.upsert import insert_if_new, upsert


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody who wants to come in: `waiting`, or `denied`."""

    user_id: str
    name: str
    nickname: str
    role: str
    state: str
    since: datetime


def add(connection: sa.Connection, room_id: str, user_id: str, role: str, now: datetime) -> bool:
    """Wait at the door; False for somebody who waits already or was denied."""
    values = {"room_id": room_id, "user_id": user_id, "role": role}
    return insert_if_new(connection, room_waiting, values | {"state": "waiting", "since": now})


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
        sa.select(
            users.c.id,
            users.c.name,
            users.c.nickname,
            room_waiting.c.role,
            room_waiting.c.state,
            room_waiting.c.since,
        )
        .join(users, users.c.id == room_waiting.c.user_id)
        .where(*conditions)
        .order_by(room_waiting.c.since, users.c.id)
        .limit(1000)
    )
    return [Knock(*row) for row in connection.execute(query)]

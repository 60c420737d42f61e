"""All rooms, with what goes on in each just now; for lists of those who belong to none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.store.naming import people_named, rooms_named
from signaling.store.rooms import ROOM_COLUMNS, Room
from signaling.store.schema import call_members, calls, room_members, rooms


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A room, its call that is under way, and how many are in that."""

    room: Room
    call_id: str | None
    called_at: datetime | None
    people_now: int


@dataclass(frozen=True, slots=True)
class RoomsWanted:
    """Which rooms; `words` are of the room, or of somebody who belongs to it."""

    words: str = ""
    kind: str = ""


def page(
    connection: sa.Connection, wanted: RoomsWanted, after: str, limit: int
) -> list[ListedRoom]:
    """By identifier, those after `after`."""
    inside = (
        sa.select(sa.func.count())
        .where(call_members.c.call_id == calls.c.id, call_members.c.state == "joined")
        .scalar_subquery()
    )
    query = (
        sa.select(*ROOM_COLUMNS, calls.c.id, calls.c.started_at, inside)
        .outerjoin(calls, calls.c.open_in == rooms.c.id)
        .where(rooms.c.id > after, *_conditions(wanted))
        .order_by(rooms.c.id)
        .limit(limit)
    )
    return [ListedRoom(Room(*row[:-3]), *row[-3:]) for row in connection.execute(query)]


def titles(connection: sa.Connection, room_ids: Collection[str]) -> dict[str, str]:
    """What rooms are called, by identifier; nothing of those that are nowhere."""
    query = sa.select(rooms.c.id, rooms.c.title).where(rooms.c.id.in_(room_ids))
    return {row[0]: row[1] for row in connection.execute(query)}


def _conditions(wanted: RoomsWanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.kind:
        found.append(rooms.c.kind == wanted.kind)
    if wanted.words:
        people = room_members.c.user_id.in_(people_named(wanted.words))
        theirs = sa.select(room_members.c.room_id).where(people)
        found.append(rooms.c.id.in_(rooms_named(wanted.words)) | rooms.c.id.in_(theirs))
    return found

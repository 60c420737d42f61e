"""Calls, who was in each, and which are under way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.naming import people_named, rooms_named
from signaling.store.schema import call_members, calls, room_members
from signaling.store.upsert import insert_if_new, upsert


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it stands, or as it ended."""

    id: str
    room_id: str
    medium: str
    state: str
    started_by: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None

    @property
    def open(self) -> bool:
        """True while it is under way."""
        return self.ended_at is None

    def duration_s(self, now: datetime) -> float:
        """How long people have talked, or did; 0 for a call that nobody answered."""
        if self.answered_at is None:
            return 0.0
        return max((self.ended_at or now) - self.answered_at, now - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a call; `joined_at` is of their latest stay."""

    user_id: str
    state: str
    joined_at: datetime | None = None
    left_at: datetime | None = None
    rang_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def last_at(self) -> datetime | None:
        """The latest moment at which they are known to have been in the call."""
        return _later(self.joined_at, self.seen_at)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody who is in an active call, and when that was known last."""

    call_id: str
    room_id: str
    user_id: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls of the past are asked for; what is empty does not matter."""

    room_id: str = ""
    medium: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    with_user: str = ""
    words: str = ""


CALL_COLUMNS = [calls.c[item.name] for item in fields(Call)]
MEMBER_COLUMNS = [call_members.c[item.name] for item in fields(Member)]


def add(connection: sa.Connection, call: Call) -> bool:
    """False if the room has a call under way, also for the loser of a race."""
    values = {column.name: getattr(call, column.name) for column in CALL_COLUMNS}
    return insert_if_new(connection, calls, values | {"open_in": call.room_id})


def by_id(connection: sa.Connection, call_id: str) -> Call | None:
    return _call(connection, calls.c.id == call_id)


def open_in(connection: sa.Connection, room_id: str) -> Call | None:
    """The room's call that is under way."""
    return _call(connection, calls.c.open_in == room_id)


def open_for(connection: sa.Connection, user_id: str) -> list[Call]:
    """Calls that are under way in the user's rooms."""
    mine = sa.select(room_members.c.room_id).where(room_members.c.user_id == user_id)
    return _calls(connection, sa.select(*CALL_COLUMNS).where(calls.c.open_in.in_(mine)))


def standing_of(connection: sa.Connection, user_id: str) -> list[tuple[Call, str]]:
    """Calls under way that ring for the user or that they are in, and how they stand there."""
    query = (
        sa.select(*CALL_COLUMNS, call_members.c.state)
        .join(call_members, call_members.c.call_id == calls.c.id)
        .where(
            calls.c.open_in.is_not(None),
            call_members.c.user_id == user_id,
            call_members.c.state.in_(("ringing", "busy", "joined")),
        )
        .order_by(calls.c.id)
    )
    return [(Call(*row[:-1]), row[-1]) for row in connection.execute(query)]


def ringing_since(connection: sa.Connection, moment: datetime) -> list[str]:
    """Open calls in which somebody's devices ring since `moment` or longer."""
    query = (
        sa.select(calls.c.id)
        .join(call_members, call_members.c.call_id == calls.c.id)
        .where(
            calls.c.open_in.is_not(None),
            call_members.c.state == "ringing",
            call_members.c.rang_at <= moment,
        )
        .distinct()
    )
    return list(connection.execute(query).scalars())


def busy(connection: sa.Connection, user_ids: Iterable[str], call_id: str) -> set[str]:
    """Those of the users who are in another call just now."""
    query = (
        sa.select(call_members.c.user_id)
        .join(calls, calls.c.id == call_members.c.call_id)
        .where(
            call_members.c.user_id.in_(list(user_ids)),
            call_members.c.state == "joined",
            calls.c.open_in.is_not(None),
            calls.c.id != call_id,
        )
    )
    return set(connection.execute(query).scalars())


def change(connection: sa.Connection, call_id: str, values: Mapping[str, Any]) -> None:
    connection.execute(calls.update().where(calls.c.id == call_id).values(**values))


def sightings(connection: sa.Connection) -> list[Sighting]:
    """Everybody who is in an active call."""
    query = (
        sa.select(
            calls.c.id,
            calls.c.room_id,
            call_members.c.user_id,
            call_members.c.joined_at,
            call_members.c.seen_at,
        )
        .join(call_members, call_members.c.call_id == calls.c.id)
        .where(
            calls.c.open_in.is_not(None),
            calls.c.state == "active",
            call_members.c.state == "joined",
        )
    )
    return [
        Sighting(call_id, room_id, user_id, _later(joined_at, seen_at) or joined_at)
        for call_id, room_id, user_id, joined_at, seen_at in connection.execute(query)
    ]


def note_seen(connection: sa.Connection, seen: Iterable[Sighting], now: datetime) -> None:
    """These are in their calls now."""
    query = call_members.update().where(
        call_members.c.call_id == sa.bindparam("call"),
        call_members.c.user_id == sa.bindparam("user"),
    )
    rows = [{"call": each.call_id, "user": each.user_id} for each in seen]
    connection.execute(query.values(seen_at=now), rows)


def members(connection: sa.Connection, call_id: str) -> list[Member]:
    """Everybody the call ever knew, by identifier."""
    query = (
        sa.select(*MEMBER_COLUMNS)
        .where(call_members.c.call_id == call_id)
        .order_by(call_members.c.user_id)
    )
    return [Member(*row) for row in connection.execute(query)]


def members_of(connection: sa.Connection, call_ids: Iterable[str]) -> dict[str, list[Member]]:
    """The members of several calls."""
    wanted = list(call_ids)
    query = (
        sa.select(call_members.c.call_id, *MEMBER_COLUMNS)
        .where(call_members.c.call_id.in_(wanted))
        .order_by(call_members.c.user_id)
    )
    found: dict[str, list[Member]] = {call_id: [] for call_id in wanted}
    for row in connection.execute(query):
        found[row[0]].append(Member(*row[1:]))
    return found


def add_members(connection: sa.Connection, call_id: str, new: Iterable[Member]) -> None:
    """The first people of a call."""
    rows = [
        {"call_id": call_id}
        | {column.name: getattr(each, column.name) for column in MEMBER_COLUMNS}
        for each in new
    ]
    connection.execute(call_members.insert(), rows)


def put_member(
    connection: sa.Connection, call_id: str, user_id: str, values: Mapping[str, Any]
) -> None:
    """Make somebody's place in the call have these values; others stay as they are."""
    key = {"call_id": call_id, "user_id": user_id}
    upsert(connection, call_members, key, dict(values))


def history(
    connection: sa.Connection, user_id: str, wanted: Filter, before: str, limit: int
) -> list[Call]:
    """Calls that the user was in or was rung for, newest first, those before `before`."""
    own = calls.c.id.in_(_calls_of(user_id))
    return _page(connection, [own, *_conditions(wanted)], before, limit)


def everywhere(connection: sa.Connection, wanted: Filter, before: str, limit: int) -> list[Call]:
    """Anybody's calls, newest first, those before `before`."""
    return _page(connection, _conditions(wanted), before, limit)


def _page(
    connection: sa.Connection, conditions: list[sa.ColumnElement[bool]], before: str, limit: int
) -> list[Call]:
    query = sa.select(*CALL_COLUMNS).where(*conditions)
    if before:
        query = query.where(calls.c.id < before)
    query = query.order_by(calls.c.id.desc()).limit(limit)
    return [Call(*row) for row in connection.execute(query)]


def _conditions(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    named = {"room_id": wanted.room_id, "medium": wanted.medium, "state": wanted.state}
    found: list[sa.ColumnElement[bool]] = [
        calls.c[name] == value for name, value in named.items() if value
    ]
    if wanted.since is not None:
        found.append(calls.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(calls.c.started_at < wanted.until)
    if wanted.with_user:
        found.append(calls.c.id.in_(_calls_of(wanted.with_user)))
    if wanted.words:
        people = call_members.c.user_id.in_(people_named(wanted.words))
        called = sa.select(call_members.c.call_id).where(people)
        found.append(calls.c.room_id.in_(rooms_named(wanted.words)) | calls.c.id.in_(called))
    return found


def _calls_of(user_id: str) -> sa.Select[tuple[str]]:
    return sa.select(call_members.c.call_id).where(call_members.c.user_id == user_id)


def _calls(connection: sa.Connection, query: sa.Select[Any]) -> list[Call]:
    return [Call(*row) for row in connection.execute(query.order_by(calls.c.id))]


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


def _call(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Call | None:
    row = connection.execute(sa.select(*CALL_COLUMNS).where(condition)).one_or_none()
    return None if row is None else Call(*row)

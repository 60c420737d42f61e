"""Who waits to be matched, or was; and who does not want to meet whom again for now.

One row a person and kind.  Whether a wait has expired follows from the time, so nothing has to
happen for it to be over.
"""

import zlib
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from signaling.store.schema import chat_blocks, declined_matches, matches, users
from signaling.store.upsert import replace_if, upsert

NUMBER, HEART_LINK = "number", "heart-link"
OPEN = ("waiting", "proposed", "accepted")
# Two of whom one said no are not proposed to each other for so long.
DECLINED_FOR = timedelta(days=1)
# What became of a place is told for so long.
KEPT_FOR = timedelta(hours=1)
# The first half of the name of PostgreSQL's lock; the second is what is matched by.
LOCKS = 20261122


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody's place; a `version` of 0 is not in the store yet."""

    user_id: str
    kind: str
    number: str
    state: str
    since: datetime
    expires_at: datetime
    changed_at: datetime
    version: int = 0
    partner_id: str | None = None
    room_id: str | None = None
    wanted_id: str | None = None

    def open_at(self, now: datetime) -> bool:
        """True while something can still come of it."""
        return self.state in OPEN and now < self.expires_at

    def state_at(self, now: datetime) -> str:
        """`expired` for what ended by itself."""
        return "expired" if self.state in OPEN and now >= self.expires_at else self.state


@dataclass(frozen=True, slots=True)
class Sight:
    """A place as its owner sees it, with the partner's name."""

    match: Match
    partner_name: str


class Overtaken(Exception):
    """The row was changed since it was read."""


COLUMNS = [matches.c[item.name] for item in fields(Match)]


def lock(connection: sa.Connection, kind: str, number: str) -> None:
    """Whoever else matches by the same waits until this transaction has ended."""
    if connection.dialect.name == "postgresql":
        # Two numbers that share a lock cost time and nothing else.  SQLite has one writer.
        name = zlib.crc32(f"{kind}:{number}".encode()) - 2**31
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCKS, name)))


def held(connection: sa.Connection, user_id: str, kind: str) -> Match | None:
    """Somebody's place; whoever else changes it waits until this transaction has ended."""
    query = sa.select(*COLUMNS).where(matches.c.user_id == user_id, matches.c.kind == kind)
    row = connection.execute(query.with_for_update()).one_or_none()
    return None if row is None else Match(*row)


def partner_for(connection: sa.Connection, mine: Match, now: datetime) -> Match | None:
    """Whoever fits and waits longest; their row is locked."""
    query = (
        sa.select(*COLUMNS)
        .join(users, users.c.id == matches.c.user_id)
        .where(
            matches.c.kind == mine.kind,
            matches.c.number == mine.number,
            matches.c.state == "waiting",
            matches.c.expires_at > now,
            *_may_meet(mine, now),
        )
        .order_by(matches.c.since, matches.c.user_id)
        .limit(1)
        .with_for_update(of=matches)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Match(*row)


def put(connection: sa.Connection, match: Match, now: datetime) -> None:
    """Make the row so; Overtaken unless the store still has the version that `match` has."""
    values = asdict(replace(match, version=match.version + 1, changed_at=now))
    key = {name: values.pop(name) for name in ("user_id", "kind")}
    if not replace_if(connection, matches, key, values, matches.c.version == match.version):
        raise Overtaken(match.user_id)


def sight(connection: sa.Connection, user_id: str, kind: str) -> Sight | None:
    found = _sights(connection, matches.c.user_id == user_id, matches.c.kind == kind)
    return found[0] if found else None


def lately(connection: sa.Connection, since: datetime, now: datetime) -> list[Sight]:
    """What changed since a moment, and what ended by itself since then."""
    ended = sa.and_(
        matches.c.state.in_(OPEN), matches.c.expires_at > since, matches.c.expires_at <= now
    )
    return _sights(connection, sa.or_(matches.c.changed_at > since, ended))


def note_declined(connection: sa.Connection, one: str, other: str, now: datetime) -> None:
    """Do not propose the two to each other until the note is forgotten."""
    key = {"one_id": min(one, other), "other_id": max(one, other)}
    upsert(connection, declined_matches, key, {"declined_at": now})


def forget(connection: sa.Connection, now: datetime) -> None:
    """Drop what nobody asks for any more."""
    over = now - KEPT_FOR
    connection.execute(
        matches.delete().where(matches.c.expires_at < over, matches.c.changed_at < over)
    )
    noted = declined_matches.c.declined_at
    connection.execute(declined_matches.delete().where(noted < now - DECLINED_FOR))


def _may_meet(mine: Match, now: datetime) -> list[sa.ColumnElement[bool]]:
    """What must hold of somebody, beyond that they wait for the same: the one place for it."""
    other = matches.c.user_id
    conditions = [
        other != mine.user_id,
        users.c.role != "guest",
        users.c.banned_at.is_(None),
        sa.or_(matches.c.wanted_id.is_(None), matches.c.wanted_id == mine.user_id),
        ~_blocked(mine.user_id, other),
    ]
    if mine.wanted_id is not None:
        conditions.append(other == mine.wanted_id)
    if mine.kind == HEART_LINK:
        conditions.append(~_declined(mine.user_id, other, now))
    return conditions


def _blocked(user_id: str, other: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Either of the two has blocked the other one."""
    table = chat_blocks.c
    return sa.exists().where(
        sa.or_(
            sa.and_(table.user_id == user_id, table.blocked_id == other),
            sa.and_(table.user_id == other, table.blocked_id == user_id),
        )
    )


def _declined(user_id: str, other: sa.ColumnElement[str], now: datetime) -> sa.ColumnElement[bool]:
    table = declined_matches.c
    pair = sa.or_(
        sa.and_(table.one_id == user_id, table.other_id == other),
        sa.and_(table.one_id == other, table.other_id == user_id),
    )
    return sa.exists().where(pair, table.declined_at > now - DECLINED_FOR)


def _sights(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Sight]:
    query = (
        sa.select(*COLUMNS, users.c.nickname, users.c.name)
        .outerjoin(users, users.c.id == matches.c.partner_id)
        .where(*conditions)
        .order_by(matches.c.changed_at, matches.c.user_id)
    )
    return [
        Sight(Match(*row[:-2]), row.nickname or row.name or "") for row in connection.execute(query)
    ]

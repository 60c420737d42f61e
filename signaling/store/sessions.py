"""Sessions of people's devices, and the refresh tokens that belong to each.

A session is a family of refresh tokens: the newest is unused, all others were used once.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import refresh_tokens, user_sessions


@dataclass(frozen=True, slots=True)
class Session:
    """One device that is, or was, signed in."""

    id: str
    user_id: str
    kind: str
    client_id: str
    address: str
    agent: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    room_id: str | None = None
    grants: Any = None
    ended_at: datetime | None = None
    end_reason: str | None = None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One link of a session's chain."""

    session_id: str
    issued_at: datetime
    used_at: datetime | None


COLUMNS = [user_sessions.c[item.name] for item in fields(Session)]


def add(connection: sa.Connection, session: Session, cookie_hash: str | None = None) -> None:
    values = {column.name: getattr(session, column.name) for column in COLUMNS}
    connection.execute(user_sessions.insert(), values | {"cookie_hash": cookie_hash})


def by_id(connection: sa.Connection, session_id: str) -> Session | None:
    return _one(connection, user_sessions.c.id == session_id)


def by_cookie(connection: sa.Connection, cookie_hash: str) -> Session | None:
    return _one(connection, user_sessions.c.cookie_hash == cookie_hash)


def living(connection: sa.Connection, user_id: str, now: datetime) -> list[Session]:
    """The user's sessions that have neither ended nor expired, newest use first."""
    query = (
        sa.select(*COLUMNS)
        .where(
            user_sessions.c.user_id == user_id,
            user_sessions.c.ended_at.is_(None),
            user_sessions.c.expires_at > now,
        )
        .order_by(user_sessions.c.used_at.desc(), user_sessions.c.id)
    )
    return [Session(*row) for row in connection.execute(query)]


def living_among(
    connection: sa.Connection, session_ids: tuple[str, ...], now: datetime
) -> set[str]:
    """Which of these sessions have neither ended nor expired."""
    query = sa.select(user_sessions.c.id).where(
        user_sessions.c.id.in_(session_ids),
        user_sessions.c.ended_at.is_(None),
        user_sessions.c.expires_at > now,
    )
    return set(connection.execute(query).scalars())


def seen_at(connection: sa.Connection, user_id: str, address: str) -> bool:
    """True if the user was ever signed in from the address, as far as the store remembers."""
    query = sa.select(sa.literal(1)).where(
        user_sessions.c.user_id == user_id, user_sessions.c.address == address
    )
    return connection.execute(query.limit(1)).first() is not None


def note_use(
    connection: sa.Connection, session_id: str, now: datetime, expires_at: datetime, address: str
) -> None:
    """The session was used: it lives on from now."""
    query = user_sessions.update().where(user_sessions.c.id == session_id)
    connection.execute(query.values(used_at=now, expires_at=expires_at, address=address))


def end(connection: sa.Connection, session_id: str, reason: str, now: datetime) -> bool:
    """End one session; False if it had ended before."""
    return _end(connection, user_sessions.c.id == session_id, reason, now) == 1


def end_all(
    connection: sa.Connection, user_id: str, reason: str, now: datetime, keep: str | None = None
) -> int:
    """End all of a user's sessions but `keep`; how many."""
    mine = user_sessions.c.user_id == user_id
    if keep is not None:
        mine = mine & (user_sessions.c.id != keep)
    return _end(connection, mine, reason, now)


def end_of_room(
    connection: sa.Connection, user_id: str, room_id: str, reason: str, now: datetime
) -> int:
    """End a guest's sessions that are good for one room only; how many."""
    theirs = (user_sessions.c.user_id == user_id) & (user_sessions.c.room_id == room_id)
    return _end(connection, theirs, reason, now)


def add_refresh(connection: sa.Connection, token_hash: str, session_id: str, now: datetime) -> None:
    connection.execute(
        refresh_tokens.insert(), {"hash": token_hash, "session_id": session_id, "issued_at": now}
    )


def refresh(connection: sa.Connection, token_hash: str) -> RefreshToken | None:
    query = sa.select(
        refresh_tokens.c.session_id, refresh_tokens.c.issued_at, refresh_tokens.c.used_at
    ).where(refresh_tokens.c.hash == token_hash)
    row = connection.execute(query).one_or_none()
    return None if row is None else RefreshToken(*row)


def use_refresh(connection: sa.Connection, token_hash: str, now: datetime) -> bool:
    """Mark the token used; True for exactly one of those who try, however many at once."""
    query = (
        refresh_tokens.update()
        .where(refresh_tokens.c.hash == token_hash, refresh_tokens.c.used_at.is_(None))
        .values(used_at=now)
    )
    return connection.execute(query).rowcount == 1


def forget_before(connection: sa.Connection, moment: datetime) -> int:
    """Delete sessions that ended or expired before `moment`, with their tokens; how many."""
    over = sa.func.coalesce(user_sessions.c.ended_at, user_sessions.c.expires_at)
    gone = sa.select(user_sessions.c.id).where(over < moment)
    connection.execute(refresh_tokens.delete().where(refresh_tokens.c.session_id.in_(gone)))
    return connection.execute(user_sessions.delete().where(over < moment)).rowcount


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Session | None:
    row = connection.execute(sa.select(*COLUMNS).where(condition)).one_or_none()
    return None if row is None else Session(*row)


def _end(
    connection: sa.Connection, which: sa.ColumnElement[bool], reason: str, now: datetime
) -> int:
    query = (
        user_sessions.update()
        .where(which, user_sessions.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
    return connection.execute(query).rowcount

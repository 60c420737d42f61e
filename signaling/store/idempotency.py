"""Answers that were given to requests with an idempotency key."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.store.schema import idempotency
from signaling.store.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an earlier request with the same key."""

    fingerprint: str
    answer: bytes | None
    created_at: datetime


def claim(
    connection: sa.Connection,
    scope: str,
    key: str,
    fingerprint: str,
    *,
    now: datetime,
    abandoned_before: datetime,
) -> Kept | None:
    """None if the key is now ours; otherwise what the one before us left.

    A key without an answer that was claimed before `abandoned_before` belongs to nobody.
    """
    abandoned = idempotency.c.answer.is_(None) & (idempotency.c.created_at < abandoned_before)
    connection.execute(idempotency.delete().where(_is(scope, key), abandoned))
    values = {"scope": scope, "key": key, "fingerprint": fingerprint, "created_at": now}
    while not insert_if_new(connection, idempotency, values):
        # It may be gone again: PostgreSQL shows us what others committed since the insert.
        if (kept := _kept(connection, scope, key)) is not None:
            return kept
    return None


def keep(connection: sa.Connection, scope: str, key: str, answer: bytes) -> None:
    connection.execute(idempotency.update().where(_is(scope, key)).values(answer=answer))


def release(connection: sa.Connection, scope: str, key: str) -> None:
    """Give the key back: the request ended without an answer worth keeping."""
    connection.execute(idempotency.delete().where(_is(scope, key)))


def forget_before(connection: sa.Connection, moment: datetime) -> int:
    return connection.execute(
        idempotency.delete().where(idempotency.c.created_at < moment)
    ).rowcount


def _kept(connection: sa.Connection, scope: str, key: str) -> Kept | None:
    query = sa.select(
        idempotency.c.fingerprint, idempotency.c.answer, idempotency.c.created_at
    ).where(_is(scope, key))
    row = connection.execute(query).one_or_none()
    return None if row is None else Kept(*row)


def _is(scope: str, key: str) -> sa.ColumnElement[bool]:
    return (idempotency.c.scope == scope) & (idempotency.c.key == key)

"""The apps that make people's codes, and codes that do without one: rows, nothing of secrets."""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store.proof_schema import authenticators, recovery_codes
from signaling.store.upsert import replace_if


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One person's app; its secret is sealed."""

    user_id: str
    secret: bytes = field(repr=False)
    begun_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = 0


_COLUMNS = [authenticators.c[item.name] for item in fields(Authenticator)]


def begin(connection: sa.Connection, user_id: str, secret: bytes, now: datetime) -> bool:
    """A new secret that waits to be confirmed; False, and nothing, if there is a confirmed one."""
    unconfirmed = authenticators.c.confirmed_at.is_(None)
    row = {"secret": secret, "begun_at": now}
    return replace_if(connection, authenticators, {"user_id": user_id}, row, unconfirmed)


def by_user(connection: sa.Connection, user_id: str) -> Authenticator | None:
    query = sa.select(*_COLUMNS).where(authenticators.c.user_id == user_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Authenticator(*row)


def confirm(connection: sa.Connection, user_id: str, now: datetime) -> bool:
    """False if it was confirmed before."""
    waiting = (authenticators.c.user_id == user_id) & authenticators.c.confirmed_at.is_(None)
    query = authenticators.update().where(waiting).values(confirmed_at=now)
    return connection.execute(query).rowcount == 1


def spend_step(connection: sa.Connection, user_id: str, step: int) -> bool:
    """Use the code of a step; False if it, or a later one, was used before."""
    newer = (authenticators.c.user_id == user_id) & (authenticators.c.last_step < step)
    query = authenticators.update().where(newer).values(last_step=step)
    return connection.execute(query).rowcount == 1


def remove(connection: sa.Connection, user_id: str) -> bool:
    """The app and the codes that do without it; False if there is none."""
    query = authenticators.delete().where(authenticators.c.user_id == user_id)
    return connection.execute(query).rowcount == 1


def add_recovery(connection: sa.Connection, user_id: str, digests: Collection[str]) -> None:
    rows = [{"user_id": user_id, "digest": digest} for digest in digests]
    connection.execute(recovery_codes.insert(), rows)


def spend_recovery(connection: sa.Connection, user_id: str, digest: str) -> bool:
    """Use a recovery code; False if there is none like this."""
    this = (recovery_codes.c.user_id == user_id) & (recovery_codes.c.digest == digest)
    return connection.execute(recovery_codes.delete().where(this)).rowcount == 1


def recovery_left(connection: sa.Connection, user_id: str) -> int:
    query = sa.select(sa.func.count()).where(recovery_codes.c.user_id == user_id)
    return int(connection.execute(query).scalar_one())

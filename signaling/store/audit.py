"""The audit log's rows; an act is recorded in the transaction that does it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.audit import GENESIS, Act, Entry, first_fault, link
from signaling.store.schema import audit, audit_head


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody who did the same to something, once or again."""

    actor: str
    times: int
    first_at: datetime
    last_at: datetime


def record(connection: sa.Connection, act: Act, now: datetime) -> Entry:
    """Append the act.  Concurrent writers queue on the head's row, so the chain never forks."""
    head = connection.execute(
        sa.select(audit_head.c.sequence, audit_head.c.hash).with_for_update()
    ).one()
    entry = link(head.sequence + 1, now, act, head.hash)
    connection.execute(audit.insert(), _row(entry))
    connection.execute(audit_head.update().values(sequence=entry.sequence, hash=entry.hash))
    return entry


def page(connection: sa.Connection, before: int | None, limit: int) -> list[Entry]:
    """The newest entries first, those before the number `before`."""
    query = sa.select(audit).order_by(audit.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.sequence < before)
    return [_entry(row) for row in connection.execute(query)]


def about(connection: sa.Connection, subject: str, limit: int) -> list[Entry]:
    """What was done to something, oldest first."""
    query = sa.select(audit).where(audit.c.subject == subject).order_by(audit.c.sequence)
    return [_entry(row) for row in connection.execute(query.limit(limit))]


def doers(connection: sa.Connection, action: str, subject: str) -> list[Doer]:
    """Who did this to something, and when; whoever did it last comes first."""
    at = audit.c.at
    query = (
        sa.select(audit.c.actor, sa.func.count(), sa.func.min(at), sa.func.max(at))
        .where(audit.c.subject == subject, audit.c.action == action)
        .group_by(audit.c.actor)
        .order_by(sa.func.max(audit.c.sequence).desc())
    )
    return [Doer(*row) for row in connection.execute(query)]


def chain(connection: sa.Connection) -> Iterator[Entry]:
    """All entries from the first on, read piecemeal."""
    query = sa.select(audit).order_by(audit.c.sequence)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield _entry(row)


def head(connection: sa.Connection) -> tuple[int, str]:
    """(number, hash) that the newest entry should have."""
    row = connection.execute(sa.select(audit_head.c.sequence, audit_head.c.hash)).one_or_none()
    return (0, GENESIS) if row is None else (row.sequence, row.hash)


def first_fault_of(connection: sa.Connection) -> str | None:
    """What is wrong with the whole log, in words; None if it holds."""
    return first_fault(chain(connection), head(connection))


def holds(connection: sa.Connection, hash_: str) -> bool:
    """True if some entry has this hash."""
    query = sa.select(sa.literal(1)).where(audit.c.hash == hash_)
    return connection.execute(query.limit(1)).first() is not None


def _row(entry: Entry) -> dict[str, object]:
    act = entry.act
    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "actor": act.actor,
        "action": act.action,
        "subject": act.subject,
        "address": act.address,
        "detail": act.detail,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    act = Act(row.actor, row.action, row.subject, row.address, row.detail)
    return Entry(row.sequence, row.at, act, row.previous, row.hash)

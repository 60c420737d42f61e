"""What people found wrong with messages, and what came of it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import chat_reports, chat_rules
from signaling.store.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Report:
    """A complaint about a message, with what it said then."""

    id: str
    room_id: str
    message_id: str
    sender: str
    text: str
    reported_by: str
    reason: str
    reported_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    outcome: str | None = None


COLUMNS = [chat_reports.c[item.name] for item in fields(Report)]


def add(connection: sa.Connection, report: Report) -> bool:
    """False if they reported the message before."""
    values = {item.name: getattr(report, item.name) for item in COLUMNS}
    return insert_if_new(connection, chat_reports, values)


def by_id(connection: sa.Connection, report_id: str) -> Report | None:
    query = sa.select(*COLUMNS).where(chat_reports.c.id == report_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Report(*row)


def page(
    connection: sa.Connection, room_id: str, before: str, limit: int, *, is_open: bool
) -> list[Report]:
    """Newest first; of one room, or of all."""
    closed = chat_reports.c.closed_at
    query = sa.select(*COLUMNS).where(closed.is_(None) if is_open else closed.is_not(None))
    if room_id:
        query = query.where(chat_reports.c.room_id == room_id)
    if before:
        query = query.where(chat_reports.c.id < before)
    query = query.order_by(chat_reports.c.id.desc()).limit(limit)
    return [Report(*row) for row in connection.execute(query)]


def close(connection: sa.Connection, report_id: str, **values: Any) -> None:
    connection.execute(chat_reports.update().where(chat_reports.c.id == report_id).values(**values))


def forget(connection: sa.Connection, before: datetime) -> None:
    """Those that were decided before then, of rooms that are under no hold."""
    held = sa.select(chat_rules.c.room_id).where(chat_rules.c.held_at.is_not(None))
    c = chat_reports.c
    connection.execute(chat_reports.delete().where(c.closed_at < before, c.room_id.not_in(held)))

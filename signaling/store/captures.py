"""Sealed pictures and sound of alerts."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store.watching_schema import alert_captures


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture or some sound; `content` is for whoever can open it."""

    id: str
    alert_id: str
    at: datetime
    media_type: str
    content: bytes


_COLUMNS = [alert_captures.c[item.name] for item in fields(Capture)]


def add(connection: sa.Connection, capture: Capture) -> None:
    connection.execute(alert_captures.insert(), asdict(capture))


def of_alert(connection: sa.Connection, alert_id: str) -> list[Capture]:
    """Oldest first."""
    query = sa.select(*_COLUMNS).where(alert_captures.c.alert_id == alert_id)
    return [Capture(*row) for row in connection.execute(query.order_by(alert_captures.c.id))]


def by_id(connection: sa.Connection, capture_id: str) -> Capture | None:
    query = sa.select(*_COLUMNS).where(alert_captures.c.id == capture_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Capture(*row)

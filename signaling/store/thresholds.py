"""Where alerts begin, as it was decided, and the past that it can be tried on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.upsert import upsert
from signaling.store.watching_schema import alert_thresholds, alerts, risk_scores

Said = tuple[tuple[str, str, str], datetime, float, float]


def decided(connection: sa.Connection) -> dict[str, Any] | None:
    """None where nobody decided anything."""
    found: dict[str, Any] | None = connection.execute(
        sa.select(alert_thresholds.c.thresholds)
    ).scalar_one_or_none()
    return found


def decide(connection: sa.Connection, values: dict[str, Any], by: str, now: datetime) -> None:
    row = {"thresholds": values, "decided_by": by, "decided_at": now}
    upsert(connection, alert_thresholds, {"id": 1}, row)


def said_between(
    connection: sa.Connection, since: datetime, until: datetime, limit: int
) -> Iterator[Said]:
    """Whom it is about, when, risk and confidence; in the order in which it was said."""
    table = risk_scores.c
    query = (
        sa.select(
            table.room_id, table.call_id, table.identity, table.at, table.risk, table.confidence
        )
        .where(table.at >= since, table.at < until)
        .order_by(table.id)
        .limit(limit)
    )
    for room, call, identity, *rest in connection.execute(query):
        yield (room, call, identity), *rest


def judged_between(
    connection: sa.Connection, since: datetime, until: datetime
) -> list[tuple[str, float, float]]:
    """What closed alerts turned out to be, with the risk and confidence that they reached."""
    query = sa.select(alerts.c.outcome, alerts.c.risk, alerts.c.confidence).where(
        alerts.c.raised_at >= since, alerts.c.raised_at < until, alerts.c.outcome.is_not(None)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]

"""Sealed pictures and sound of alerts, and how long evidence is kept."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from signaling.store.watching_schema import alert_captures, alerts, risk_scores


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture or some sound; `content` is for whoever can open it."""

    id: str
    alert_id: str
    at: datetime
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went, and how many open alerts kept theirs."""

    scores: int
    alerts: int
    held: int


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


def forget_old(connection: sa.Connection, scores_before: datetime, closed_before: datetime) -> None:
    """Scores, but those that alerts stand on; and alerts that were closed long ago."""
    connection.execute(alerts.delete().where(alerts.c.closed_at < closed_before))
    connection.execute(
        risk_scores.delete().where(risk_scores.c.at < scores_before, ~_is_stood_on())
    )


def forget_person(connection: sa.Connection, identity: str) -> Forgotten:
    """Everything that was found out about somebody, but what open alerts stand on."""
    about = alerts.c.identity == identity
    closed = alerts.delete().where(about, alerts.c.closed_at.is_not(None))
    gone = connection.execute(closed).rowcount
    kept = sa.select(sa.func.count()).select_from(alerts).where(about)
    held = connection.execute(kept).scalar_one()
    said = risk_scores.delete().where(risk_scores.c.identity == identity, ~_is_stood_on())
    return Forgotten(connection.execute(said).rowcount, gone, held)


def _is_stood_on() -> sa.ColumnElement[bool]:
    return sa.exists().where(alerts.c.score_id == risk_scores.c.id)

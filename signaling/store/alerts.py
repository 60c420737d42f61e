"""Alerts, what was done with them, and operators' own judgements: rows, and nothing of why."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store import users
from signaling.store.upsert import upsert
from signaling.store.watching_schema import alert_acts, alerts, risk_overrides


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody in a call was probably not real; one until it is closed, however often raised."""

    id: str
    room_id: str
    call_id: str
    identity: str
    severity: str
    state: str
    raised_at: datetime
    last_at: datetime
    risk: float
    confidence: float
    score_id: str
    times: int = 1
    outcome: str | None = None
    owner: str | None = None
    closed_at: datetime | None = None

    @property
    def about(self) -> str:
        """The same for all alerts of a person in a call."""
        return f"{self.room_id}/{self.call_id}/{self.identity}"


@dataclass(frozen=True, slots=True)
class AlertAct:
    """Somebody did something with an alert."""

    id: str
    alert_id: str
    at: datetime
    actor: str
    act: str
    note: str


@dataclass(frozen=True, slots=True)
class Override:
    """An operator's own judgement."""

    room_id: str
    call_id: str
    identity: str
    state: str
    note: str
    overridden_by: str
    overridden_at: datetime


_ALERT = [alerts.c[item.name] for item in fields(Alert)]
_ACT = [alert_acts.c[item.name] for item in fields(AlertAct)]
_OVERRIDE = [risk_overrides.c[item.name] for item in fields(Override)]


def add(connection: sa.Connection, alert: Alert) -> None:
    more = {"user_id": users.account(connection, alert.identity), "open_for": alert.about}
    connection.execute(alerts.insert(), asdict(alert) | more)


def change(connection: sa.Connection, alert_id: str, **values: Any) -> None:
    connection.execute(alerts.update().where(alerts.c.id == alert_id).values(**values))


def by_id(connection: sa.Connection, alert_id: str, *, locked: bool = False) -> Alert | None:
    return _one(connection, alerts.c.id == alert_id, locked=locked)


def open_about(connection: sa.Connection, about: str) -> Alert | None:
    """The one that is not closed; nobody else changes it meanwhile."""
    return _one(connection, alerts.c.open_for == about, locked=True)


def page(
    connection: sa.Connection, wanted: Mapping[str, str], before: str, limit: int
) -> list[Alert]:
    """The newest first; `wanted` names values of columns."""
    query = sa.select(*_ALERT)
    for name, value in wanted.items():
        query = query.where(alerts.c[name] == value)
    if before:
        query = query.where(alerts.c.id < before)
    query = query.order_by(alerts.c.id.desc()).limit(limit)
    return [Alert(*row) for row in connection.execute(query)]


def unreviewed(connection: sa.Connection) -> dict[str, int]:
    """How many nobody has looked at yet, by severity."""
    return _by_severity(connection, alerts.c.state == "new")


def still_open(connection: sa.Connection) -> dict[str, int]:
    """How many are not closed, by severity."""
    return _by_severity(connection, alerts.c.state != "closed")


def _by_severity(connection: sa.Connection, which: sa.ColumnElement[bool]) -> dict[str, int]:
    query = sa.select(alerts.c.severity, sa.func.count()).where(which)
    rows = connection.execute(query.group_by(alerts.c.severity))
    return {severity: count for severity, count in rows}  # noqa: C416 - rows are no pairs to mypy


def note(connection: sa.Connection, act: AlertAct) -> None:
    connection.execute(alert_acts.insert(), asdict(act))


def acts_of(connection: sa.Connection, alert_id: str) -> list[AlertAct]:
    """Oldest first."""
    query = sa.select(*_ACT).where(alert_acts.c.alert_id == alert_id).order_by(alert_acts.c.id)
    return [AlertAct(*row) for row in connection.execute(query)]


def set_override(connection: sa.Connection, override: Override) -> None:
    values = asdict(override)
    key = {name: values.pop(name) for name in ("room_id", "call_id", "identity")}
    upsert(connection, risk_overrides, key, values)


def end_override(connection: sa.Connection, call_id: str, identity: str) -> bool:
    """False if there was none."""
    query = risk_overrides.delete().where(
        risk_overrides.c.call_id == call_id, risk_overrides.c.identity == identity
    )
    return connection.execute(query).rowcount > 0


def overrides_of(connection: sa.Connection, room_id: str, call_id: str) -> dict[str, Override]:
    """By whom they are about."""
    query = sa.select(*_OVERRIDE).where(
        risk_overrides.c.room_id == room_id, risk_overrides.c.call_id == call_id
    )
    return {row.identity: Override(*row) for row in connection.execute(query)}


def _one(
    connection: sa.Connection, condition: sa.ColumnElement[bool], *, locked: bool
) -> Alert | None:
    query = sa.select(*_ALERT).where(condition)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return None if row is None else Alert(*row)

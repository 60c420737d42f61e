"""Who is told by HTTP, and each delivery until it is taken or given up."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.watching_schema import webhook_deliveries, webhooks


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL; `secret` is sealed."""

    id: str
    url: str
    secret: bytes
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one URL; `fault` says why the last try failed."""

    id: str
    webhook_id: str
    event: str
    body: str
    state: str
    attempts: int
    made_at: datetime
    next_at: datetime
    fault: str = ""


_WEBHOOK = [webhooks.c[item.name] for item in fields(Webhook)]
_DELIVERY = [webhook_deliveries.c[item.name] for item in fields(Delivery)]


def add(connection: sa.Connection, webhook: Webhook) -> None:
    connection.execute(webhooks.insert(), asdict(webhook))


def remove(connection: sa.Connection, webhook_id: str) -> bool:
    """False if there is none; its deliveries go with it."""
    return connection.execute(webhooks.delete().where(webhooks.c.id == webhook_id)).rowcount == 1


def everyone(connection: sa.Connection) -> list[Webhook]:
    query = sa.select(*_WEBHOOK).order_by(webhooks.c.id)
    return [Webhook(*row) for row in connection.execute(query)]


def queue(connection: sa.Connection, delivery: Delivery, most: int) -> None:
    """What would wait behind too much is given up at once, where it can be seen."""
    table = webhook_deliveries.c
    query = sa.select(sa.func.count()).where(
        table.webhook_id == delivery.webhook_id, table.state == "waiting"
    )
    values = asdict(delivery)
    if connection.execute(query).scalar_one() >= most:
        values |= {"state": "dead", "fault": "too many wait"}
    connection.execute(webhook_deliveries.insert(), values)


def due(connection: sa.Connection, now: datetime, limit: int) -> list[tuple[Webhook, Delivery]]:
    """The longest due first."""
    query = (
        sa.select(*_WEBHOOK, *_DELIVERY)
        .join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)
        .where(webhook_deliveries.c.state == "waiting", webhook_deliveries.c.next_at <= now)
        .order_by(webhook_deliveries.c.next_at, webhook_deliveries.c.id)
        .limit(limit)
    )
    count = len(_WEBHOOK)
    return [(Webhook(*row[:count]), Delivery(*row[count:])) for row in connection.execute(query)]


def change(connection: sa.Connection, delivery_id: str, **values: Any) -> bool:
    """False if there is no such delivery any more."""
    table = webhook_deliveries
    query = table.update().where(table.c.id == delivery_id).values(**values)
    return connection.execute(query).rowcount == 1


def page(
    connection: sa.Connection, webhook_id: str, state: str, before: str, limit: int
) -> list[Delivery]:
    """The newest first; of one state, or of all."""
    table = webhook_deliveries.c
    query = sa.select(*_DELIVERY).where(table.webhook_id == webhook_id)
    if state:
        query = query.where(table.state == state)
    if before:
        query = query.where(table.id < before)
    return [
        Delivery(*row) for row in connection.execute(query.order_by(table.id.desc()).limit(limit))
    ]


def revive(connection: sa.Connection, webhook_id: str, delivery_id: str, now: datetime) -> bool:
    """Try one again that was given up; False if it was not."""
    table = webhook_deliveries
    query = table.update().where(
        table.c.id == delivery_id, table.c.webhook_id == webhook_id, table.c.state == "dead"
    )
    fresh = query.values(state="waiting", attempts=0, next_at=now)
    return connection.execute(fresh).rowcount == 1


def forget_before(connection: sa.Connection, moment: datetime) -> None:
    """What was delivered or given up long ago."""
    table = webhook_deliveries
    old = table.delete().where(table.c.made_at < moment, table.c.state != "waiting")
    connection.execute(old)

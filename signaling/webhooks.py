"""Webhooks: alerts told to other systems by HTTP, signed, tried again, and given up in sight.

An event is in the store before it is sent, so that a restart loses none.  It refuses to know HTTP
(`Post` does) and what alerts mean.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
import structlog

from signaling.audit import Act
from signaling.auth.identity import Person
from signaling.chores import over_and_over
from signaling.errors import Refused, Unavailable
from signaling.identifiers import new_id
from signaling.protocol import AlertShown
from signaling.risk.alerts import shown
from signaling.sealing import Seal
from signaling.store import Store, audit, webhooks
from signaling.store.alerts import Alert
from signaling.store.webhooks import Delivery, Webhook
from signaling.webhook_rules import Undelivered, retry_after, signature

log = structlog.get_logger()

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[None]]

LOOK_EVERY_S = 1.0
# At the same time; the slowest takes ten seconds.
AT_ONCE = 8
MOST_QUEUED = 1000
MOST_WEBHOOKS = 20
KEPT = timedelta(days=14)


class Event(msgspec.Struct, frozen=True):
    """What is sent; `id` is the same however often it is tried."""

    id: str
    event: str
    at: datetime
    alert: AlertShown


class Webhooks:
    """The service; `watch` must run for as long as anything is to be delivered."""

    def __init__(self, store: Store, post: Post, secret: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._post = post
        self._seal = Seal(secret, "webhook secrets")
        self._now = now
        self._happened: list[Event] = []

    def hear(self, alert: Alert, act: str) -> None:
        """Something became of an alert."""
        now = self._now()
        if len(self._happened) < MOST_QUEUED:
            self._happened.append(Event(new_id(now), f"alert.{act}", now, shown(alert)))

    async def watch(self) -> None:
        """Until cancelled."""
        await over_and_over(LOOK_EVERY_S, self.look, "webhooks.not_looked")

    async def look(self) -> None:
        """Queue what happened, and deliver what is due."""
        await self._keep()
        now = self._now()
        due = await self._store.read(lambda c: webhooks.due(c, now, AT_ONCE))
        await asyncio.gather(*(self._deliver(*each) for each in due))

    async def _keep(self) -> None:
        happened, self._happened = self._happened, []
        if not happened:
            return
        try:
            await self._store.write(lambda c: self._queue(c, happened))
        except Unavailable:
            self._happened = happened + self._happened
            raise

    # --- what administrators do ---

    async def make(self, who: Person, url: str, address: str) -> tuple[Webhook, str]:
        """A new one, with the secret that signs what it gets: told this once."""
        now = self._now()
        name, secret = new_id(now), secrets.token_urlsafe(32)
        webhook = Webhook(name, url, self._seal.close(secret.encode(), name), who.user.id, now)

        def work(connection: sa.Connection) -> None:
            if len(webhooks.everyone(connection)) >= MOST_WEBHOOKS:
                raise Refused("quota_full", f"At most {MOST_WEBHOOKS} webhooks.")
            webhooks.add(connection, webhook)
            audit.record(connection, Act(who.user.id, "webhook.make", name, address), now)

        await self._store.write(work)
        return webhook, secret

    async def remove(self, who: Person, webhook_id: str, address: str) -> None:
        def work(connection: sa.Connection) -> None:
            if not webhooks.remove(connection, webhook_id):
                raise Refused("not_found")
            act = Act(who.user.id, "webhook.remove", webhook_id, address)
            audit.record(connection, act, self._now())

        await self._store.write(work)

    async def everyone(self) -> list[Webhook]:
        return await self._store.read(webhooks.everyone)

    async def deliveries(
        self, webhook_id: str, state: str, before: str, limit: int
    ) -> list[Delivery]:
        """The newest first; those that were given up are among them."""
        return await self._store.read(lambda c: webhooks.page(c, webhook_id, state, before, limit))

    async def revive(self, who: Person, webhook_id: str, delivery_id: str, address: str) -> None:
        """Try one again that was given up."""

        def work(connection: sa.Connection) -> None:
            now = self._now()
            if not webhooks.revive(connection, webhook_id, delivery_id, now):
                raise Refused("not_found")
            act = Act(who.user.id, "webhook.revive", delivery_id, address)
            audit.record(connection, act, now)

        await self._store.write(work)

    # --- how ---

    def _queue(self, connection: sa.Connection, happened: list[Event]) -> None:
        webhooks.forget_before(connection, self._now() - KEPT)
        for webhook in webhooks.everyone(connection):
            for event in happened:
                body = msgspec.json.encode(event).decode()
                name = new_id(event.at)
                delivery = Delivery(
                    name, webhook.id, event.event, body, "waiting", 0, event.at, event.at
                )
                webhooks.queue(connection, delivery, MOST_QUEUED)

    async def _deliver(self, webhook: Webhook, delivery: Delivery) -> None:
        attempts = delivery.attempts + 1
        try:
            await self._post(webhook.url, delivery.body.encode(), self._signed(webhook, delivery))
        except Undelivered as undelivered:
            fault = str(undelivered)
            wait = retry_after(attempts)
            log.info("webhook.not_taken", webhook=webhook.id, fault=fault, attempts=attempts)
            values = ({"state": "dead"} if wait is None else {"next_at": self._now() + wait}) | {
                "fault": fault
            }
        else:
            values = {"state": "delivered", "fault": ""}
        await self._store.write(
            lambda c: webhooks.change(c, delivery.id, attempts=attempts, **values)
        )

    def _signed(self, webhook: Webhook, delivery: Delivery) -> dict[str, str]:
        secret = self._seal.open(webhook.secret, webhook.id)
        if secret is None:
            raise Undelivered("its secret was sealed with another one")
        timestamp, body = int(self._now().timestamp()), delivery.body.encode()
        return {
            "Content-Type": "application/json",
            "Candor-Event": delivery.event,
            "Candor-Delivery": delivery.id,
            "Candor-Timestamp": str(timestamp),
            "Candor-Signature": signature(secret.decode(), timestamp, body),
        }

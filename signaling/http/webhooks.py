"""Webhooks, for administrators: made, removed, and what became of each delivery."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.store.webhooks import Delivery, Webhook
from signaling.webhooks import Webhooks

Url = Annotated[str, Meta(max_length=2000, pattern=r"^https?://[^\s/?#@]+([/?][^\s#]*)?$")]


class NewWebhook(fields.Body, frozen=True):
    """Where alerts are to be told; networks inside are refused unless the configuration allows."""

    url: Url


class WebhookShown(msgspec.Struct, frozen=True):
    """A webhook; `secret` signs what it gets, and is shown once, when it is made."""

    id: str
    url: str
    made_by: str
    made_at: datetime
    secret: str | None = None


class WebhookList(msgspec.Struct, frozen=True):
    """All of them."""

    webhooks: list[WebhookShown]


class DeliveriesWanted(fields.Page, frozen=True, forbid_unknown_fields=True):
    """Which deliveries; what is left out does not matter."""

    state: Literal["waiting", "delivered", "dead"] | None = None


class DeliveryShown(msgspec.Struct, frozen=True):
    """One event for one webhook; `dead` ones were given up, and `fault` says why."""

    id: str
    event: str
    state: str
    attempts: int
    made_at: datetime
    next_at: datetime
    fault: str


class DeliveryList(msgspec.Struct, frozen=True):
    """The newest first; `next` is the cursor of the following page."""

    deliveries: list[DeliveryShown]
    next: str | None


class WebhookRoutes:
    """Thin over Webhooks."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_WEBHOOKS,
                self.list_webhooks,
                "Who is told of alerts by HTTP",
                Allow.ADMINISTRATOR,
                answer=WebhookList,
            ),
            Route(
                "POST",
                addresses.API_WEBHOOKS,
                self.make,
                "Tell somebody else of alerts, signed",
                Allow.ADMINISTRATOR,
                body=NewWebhook,
                answer=WebhookShown,
                status=201,
                refusals=("quota_full",),
            ),
            Route(
                "DELETE",
                addresses.API_WEBHOOK,
                self.remove,
                "Tell them no more",
                Allow.ADMINISTRATOR,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_WEBHOOK_DELIVERIES,
                self.list_deliveries,
                "What was delivered, waits, or was given up",
                Allow.ADMINISTRATOR,
                query=DeliveriesWanted,
                answer=DeliveryList,
            ),
            Route(
                "POST",
                addresses.API_WEBHOOK_RETRY,
                self.revive,
                "Try a delivery again that was given up",
                Allow.ADMINISTRATOR,
                status=204,
                refusals=("not_found",),
            ),
        )

    async def list_webhooks(self, call: Call) -> Answer:
        return Answer(WebhookList([_shown(one) for one in await self._webhooks.everyone()]))

    async def make(self, call: Call) -> Answer:
        made = await self._webhooks.make(call.person, call.body.url, call.device.address)
        return Answer(_shown(*made), 201)

    async def remove(self, call: Call) -> Answer:
        await self._webhooks.remove(call.person, call.path["webhook"], call.device.address)
        return NOTHING

    async def list_deliveries(self, call: Call) -> Answer:
        query: DeliveriesWanted = call.query
        found = await self._webhooks.deliveries(
            call.path["webhook"], query.state or "", query.cursor, query.limit + 1
        )
        shown = [_delivery(one) for one in found[: query.limit]]
        return Answer(DeliveryList(shown, shown[-1].id if len(found) > query.limit else None))

    async def revive(self, call: Call) -> Answer:
        webhook, delivery = call.path["webhook"], call.path["delivery"]
        await self._webhooks.revive(call.person, webhook, delivery, call.device.address)
        return NOTHING


def _shown(webhook: Webhook, secret: str | None = None) -> WebhookShown:
    return WebhookShown(webhook.id, webhook.url, webhook.made_by, webhook.made_at, secret)


def _delivery(one: Delivery) -> DeliveryShown:
    return DeliveryShown(
        one.id, one.event, one.state, one.attempts, one.made_at, one.next_at, one.fault
    )

"""Alerts, for operators: the queue, one with its history, and what is done with it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.addresses import Address
from signaling.http import fields
from signaling.http.call import Allow, Answer, Call, Handler, Route
from signaling.protocol import AlertShown
from signaling.risk.alerts import Alerts, shown
from signaling.store.alerts import Alert

Note = Annotated[str, Meta(max_length=2000)]


class AlertsWanted(fields.Page, frozen=True, forbid_unknown_fields=True):
    """Which alerts; what is left out does not matter."""

    state: Literal["new", "acknowledged", "escalated", "closed"] | None = None
    severity: Literal["low", "medium", "high"] | None = None
    owner: fields.Id = ""
    call: fields.Id = ""
    user: fields.Id = ""


class AlertList(msgspec.Struct, frozen=True):
    """A page of alerts, the newest first; `unreviewed` counts the new ones by severity."""

    alerts: list[AlertShown]
    unreviewed: dict[str, int]
    next: str | None


class AlertActShown(msgspec.Struct, frozen=True):
    """Somebody did something with an alert; `detection` raises."""

    at: datetime
    actor: str
    act: str
    note: str


class AlertLookShown(msgspec.Struct, frozen=True):
    """Somebody looked at an alert, so often and between these moments."""

    actor: str
    times: int
    first_at: datetime
    last_at: datetime


class AlertDetail(msgspec.Struct, frozen=True):
    """An alert, all that was done with it, oldest first, and who looked at it, the last first."""

    alert: AlertShown
    acts: list[AlertActShown]
    looks: list[AlertLookShown]


class ActWanted(fields.Body, frozen=True):
    """What is to become of an alert; `outcome` belongs to `close`."""

    act: Literal["acknowledge", "escalate", "close", "reopen"]
    outcome: Literal["true", "false", "inconclusive"] | None = None
    note: Note = ""


class OwnerWanted(fields.Body, frozen=True):
    """Who looks after it; null for nobody."""

    user: fields.Id | None


class NoteWanted(fields.Body, frozen=True):
    """Something to be remembered."""

    note: Annotated[str, Meta(min_length=1, max_length=2000)]


class AlertRoutes:
    """Thin over Alerts."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ALERTS,
                self.list_alerts,
                "Alerts, the newest first",
                Allow.OPERATOR,
                query=AlertsWanted,
                answer=AlertList,
            ),
            Route(
                "GET",
                addresses.API_ALERT,
                self.show,
                "One alert, and what was done with it",
                Allow.OPERATOR,
                answer=AlertDetail,
                refusals=("not_found",),
            ),
            _changing(
                "POST",
                addresses.API_ALERT_ACTS,
                self.act,
                "Acknowledge, escalate, close or reopen an alert",
                ActWanted,
            ),
            _changing(
                "PUT",
                addresses.API_ALERT_OWNER,
                self.assign,
                "Give an alert to an operator",
                OwnerWanted,
            ),
            _changing(
                "POST",
                addresses.API_ALERT_NOTES,
                self.comment,
                "Write a note on an alert",
                NoteWanted,
            ),
        )

    async def list_alerts(self, call: Call) -> Answer:
        query: AlertsWanted = call.query
        given = {
            "state": query.state,
            "severity": query.severity,
            "owner": query.owner,
            "call_id": query.call,
            "identity": query.user,
        }
        wanted = {name: value for name, value in given.items() if value}
        found, unreviewed = await self._alerts.page(
            call.person, wanted, query.cursor, query.limit + 1, call.device.address
        )
        listed = [shown(one) for one in found[: query.limit]]
        following = listed[-1].id if len(found) > query.limit else None
        return Answer(AlertList(listed, dict(unreviewed), following))

    async def show(self, call: Call) -> Answer:
        seen = await self._alerts.find(call.person, call.path["alert"], call.device.address)
        acts = [AlertActShown(one.at, one.actor, one.act, one.note) for one in seen.acts]
        looks = [AlertLookShown(o.actor, o.times, o.first_at, o.last_at) for o in seen.looks]
        return Answer(AlertDetail(shown(seen.alert), acts, looks))

    async def act(self, call: Call) -> Answer:
        body: ActWanted = call.body
        return _shown(
            await self._alerts.act(
                call.person,
                call.path["alert"],
                body.act,
                note=body.note,
                outcome=body.outcome,
                address=call.device.address,
            )
        )

    async def assign(self, call: Call) -> Answer:
        return _shown(await self._alerts.assign(call.person, *_what(call, call.body.user)))

    async def comment(self, call: Call) -> Answer:
        return _shown(await self._alerts.comment(call.person, *_what(call, call.body.note)))


def _what(call: Call, said: str) -> tuple[str, str, str]:
    return call.path["alert"], said, call.device.address


def _shown(alert: Alert) -> Answer:
    return Answer(shown(alert))


def _changing(
    method: str, address: Address, handle: Handler, summary: str, body: type[msgspec.Struct]
) -> Route:
    return Route(
        method,
        address,
        handle,
        summary,
        Allow.OPERATOR,
        body=body,
        answer=AlertShown,
        refusals=("not_found", "alert_moment"),
    )

"""Matching over HTTP: by a number, and by a heart link."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.addresses import Address
from signaling.http import fields
from signaling.http.call import Answer, Call, Handler, Route
from signaling.matching import Matching, View
from signaling.store.matches import HEART_LINK, NUMBER

Number = Annotated[
    str,
    Meta(
        min_length=4,
        max_length=4,
        pattern=r"^[0-9]{4}$(?!\n)",
        description="exactly four digits, zeros in front among them",
    ),
]


class NumberAsked(fields.Body, frozen=True):
    """What the other one has to say as well."""

    number: Number


class LinkAsked(fields.Body, frozen=True):
    """With whom; left out: with whoever waits too."""

    user: fields.Id = ""


class PartnerShown(msgspec.Struct, frozen=True):
    """Whom one was matched with, or is proposed to."""

    id: str
    name: str


class MatchShown(msgspec.Struct, frozen=True):
    """How one stands: `none`, `waiting`, `proposed`, `accepted` (and the other one has not yet),
    `matched`, `cancelled` or `expired`; `seconds_left` until it expires."""

    state: str
    seconds_left: float
    number: str | None = None
    wanted: str | None = None
    expires_at: datetime | None = None
    partner: PartnerShown | None = None
    room: str | None = None


class MatchRoutes:
    """Thin over Matching."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching

    def routes(self) -> tuple[Route, ...]:
        number, link = addresses.API_MATCH_NUMBER, addresses.API_HEART_LINK
        return (
            _route("POST", number, self.ask_number, "Wait for the same number", NumberAsked),
            _route("GET", number, self.show_number, "How one's number stands"),
            _route("DELETE", number, self.cancel_number, "Wait for the number no more"),
            _route(
                "POST",
                addresses.API_MATCH_NUMBER_CANCEL,
                self.cancel_number,
                "Wait for the number no more, for clients that cannot send DELETE",
            ),
            _route("POST", link, self.ask_link, "Ask for a heart link", LinkAsked, "not_found"),
            _route("GET", link, self.show_link, "How one's heart link stands"),
            _route("DELETE", link, self.cancel_link, "Wait for a heart link no more"),
            *self._answers(),
        )

    def _answers(self) -> tuple[Route, ...]:
        return tuple(
            Route(
                "POST",
                address,
                handle,
                summary,
                answer=MatchShown,
                refusals=("nothing_proposed",),
            )
            for address, handle, summary in (
                (addresses.API_HEART_LINK_ACCEPT, self.accept, "Say yes to whoever is proposed"),
                (addresses.API_HEART_LINK_DECLINE, self.decline, "Say no to whoever is proposed"),
            )
        )

    async def ask_number(self, call: Call) -> Answer:
        number, address = call.body.number, call.device.address
        return _shown(await self._matching.ask_number(call.person, number, address))

    async def show_number(self, call: Call) -> Answer:
        return _shown(await self._matching.view(call.person, NUMBER))

    async def cancel_number(self, call: Call) -> Answer:
        return _shown(await self._matching.cancel(call.person, NUMBER, call.device.address))

    async def ask_link(self, call: Call) -> Answer:
        wanted, address = call.body.user or None, call.device.address
        return _shown(await self._matching.ask_heart_link(call.person, wanted, address))

    async def show_link(self, call: Call) -> Answer:
        return _shown(await self._matching.view(call.person, HEART_LINK))

    async def cancel_link(self, call: Call) -> Answer:
        return _shown(await self._matching.cancel(call.person, HEART_LINK, call.device.address))

    async def accept(self, call: Call) -> Answer:
        return _shown(await self._matching.accept(call.person, call.device.address))

    async def decline(self, call: Call) -> Answer:
        return _shown(await self._matching.decline(call.person, call.device.address))


def _route(
    method: str,
    address: Address,
    handle: Handler,
    summary: str,
    body: type[msgspec.Struct] | None = None,
    *refusals: str,
) -> Route:
    waits = ("already_waiting",) if body is not None else ()
    return Route(
        method,
        address,
        handle,
        summary,
        body=body,
        answer=MatchShown,
        refusals=(*waits, *refusals),
    )


def _shown(view: View) -> Answer:
    if view.sight is None:
        return Answer(MatchShown(view.state, 0.0))
    match, partner = view.sight.match, None
    if match.partner_id is not None:
        partner = PartnerShown(match.partner_id, view.sight.partner_name)
    return Answer(
        MatchShown(
            state=view.state,
            seconds_left=view.seconds_left,
            number=match.number or None,
            wanted=match.wanted_id,
            expires_at=match.expires_at,
            partner=partner,
            room=match.room_id,
        )
    )

"""WHIP (RFC 9725) and WHEP: media sessions opened by one HTTP request, for encoders and players.

Only a translator: rights come from `Rooms`, sessions from `Media`, and no state is kept here.
The ETag of a session names its last look for a path, so that a candidate which is late for a
restart is not taken for one of the new (4.3.1).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.addresses import Address
from signaling.auth.grants import Grants
from signaling.auth.identity import identity_of
from signaling.errors import Refused
from signaling.http.call import NOTHING, Allow, Answer, Call, Content, Handler, Route
from signaling.media import Media, Opened, Participant
from signaling.protocol import ConsentVersion
from signaling.risk.consent import Consents
from signaling.rooms import Rooms

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
# A description of 64 sections with every codec fits; HOSTILE F8.
SDP_BYTES = 64 << 10


class Watched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to watch; without it, the first who publishes."""

    publisher: Annotated[str, Meta(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class Published(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version of the text on detection to which the sender agrees; empty for no."""

    consent: ConsentVersion | None = None


def taken_at(path: str) -> dict[str, str]:
    """What OPTIONS tells of an address: a session's is below that of its room."""
    if path.count("/") > addresses.WHIP.path.count("/"):
        return {"Allow": "DELETE, OPTIONS, PATCH", "Accept-Patch": FRAGMENT}
    return {"Allow": "OPTIONS, POST", "Accept-Post": SDP}


class WhipRoutes:
    """Thin over Rooms, Consents and Media."""

    def __init__(self, rooms: Rooms, consents: Consents, media: Media) -> None:
        self._rooms = rooms
        self._consents = consents
        self._media = media

    def routes(self) -> tuple[Route, ...]:
        return (
            _opening(addresses.WHIP, self.publish, "Publish into a room (WHIP)", Published),
            _opening(addresses.WHEP, self.watch, "Watch a room (WHEP)", Watched),
            *(
                route
                for address in (addresses.WHIP_SESSION, addresses.WHEP_SESSION)
                for route in self._session_routes(address)
            ),
        )

    def _session_routes(self, address: Address) -> tuple[Route, ...]:
        return (
            Route(
                "PATCH",
                address,
                self.patch,
                "Tell candidates, or look for a path anew",
                Allow.HOLDER,
                body=Content,
                accepts=(FRAGMENT,),
                body_bytes=SDP_BYTES,
                answer=Content,
                returns=FRAGMENT,
                refusals=(
                    "not_found",
                    "precondition_required",
                    "precondition_failed",
                    "bad_sdp",
                    "media_unavailable",
                ),
                from_anywhere=True,
            ),
            Route(
                "DELETE",
                address,
                self.end,
                "End the session",
                Allow.HOLDER,
                status=200,
                refusals=("not_found",),
                from_anywhere=True,
            ),
        )

    async def publish(self, call: Call) -> Answer:
        who, grants = await self._participant(call)
        if not grants.publish:
            raise Refused("forbidden", "The token does not let you publish here.")
        await self._consents.enter(who, call.query.consent)
        session = await self._media.publish(who, _text(call))
        return _created(addresses.WHIP_SESSION, who.room, session)

    async def watch(self, call: Call) -> Answer:
        who, grants = await self._participant(call)
        if not grants.subscribe:
            raise Refused("forbidden", "The token does not let you watch here.")
        session = await self._media.subscribe(who, _text(call), call.query.publisher or None)
        return _created(addresses.WHEP_SESSION, who.room, session)

    async def patch(self, call: Call) -> Answer:
        who, _ = await self._participant(call)
        session_id = call.path["session"]
        _check_precondition(call.if_match, self._media.ice_session(who, session_id))
        restarted = await self._media.tell(who, session_id, _text(call))
        if restarted is None:
            return NOTHING
        headers = {"ETag": _quoted(restarted.ice_session)}
        return Answer(Content(FRAGMENT, restarted.answer.encode()), headers=headers)

    async def end(self, call: Call) -> Answer:
        who, _ = await self._participant(call)
        await self._media.close(who, call.path["session"])
        return Answer()

    async def _participant(self, call: Call) -> tuple[Participant, Grants]:
        room = call.path["room"]
        grants = await self._rooms.grants(call.who, room)
        return Participant(room, identity_of(call.who)), grants


def _opening(address: Address, handle: Handler, summary: str, query: type[msgspec.Struct]) -> Route:
    return Route(
        "POST",
        address,
        handle,
        summary,
        Allow.HOLDER,
        body=Content,
        accepts=(SDP,),
        body_bytes=SDP_BYTES,
        answer=Content,
        returns=SDP,
        status=201,
        refusals=(
            "not_found",
            "bad_sdp",
            "codec_not_supported",
            "media_full",
            "nothing_to_watch",
            "consent_required",
        ),
        query=query,
        from_anywhere=True,
    )


def _text(call: Call) -> str:
    try:
        text: str = call.body.data.decode()
    except UnicodeDecodeError:
        raise Refused("bad_sdp", "The body is not text.") from None
    return text


def _created(address: Address, room: str, session: Opened) -> Answer:
    headers = {
        "Location": address.path.format(room=room, session=session.session_id),
        "ETag": _quoted(session.ice_session),
        "Accept-Patch": FRAGMENT,
    }
    return Answer(Content(SDP, session.answer.encode()), 201, headers)


def _check_precondition(if_match: str | None, ice_session: str) -> None:
    """RFC 9725, 4.3.1: a PATCH says which look for a path it speaks of, or that it begins one."""
    if if_match is None:
        raise Refused("precondition_required")
    # The RFC's own example of `*` has it in quotes.
    if not {each.strip() for each in if_match.split(",")} & {"*", '"*"', _quoted(ice_session)}:
        raise Refused("precondition_failed")


def _quoted(tag: str) -> str:
    return f'"{tag}"'

"""WHIP (RFC 9725) and WHEP: media sessions opened by one HTTP request, for encoders and players.

Only a translator: rights come from `Rooms`, sessions from `Media`, and no state is kept here.
Candidates that trickle in need no answer, because our side never looks for a path (ICE-lite).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.addresses import Address
from signaling.auth.grants import Grants
from signaling.auth.identity import Holder, Identity, person
from signaling.errors import Refused
from signaling.http.call import NOTHING, Allow, Answer, Call, Content, Handler, NoQuery, Route
from signaling.media import Media, Participant
from signaling.rooms import Rooms

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
# A description of 64 sections with every codec fits; HOSTILE F8.
SDP_BYTES = 64 << 10


class Watched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to watch; without it, the first who publishes."""

    publisher: Annotated[str, Meta(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class WhipRoutes:
    """Thin over Rooms and Media."""

    def __init__(self, rooms: Rooms, media: Media) -> None:
        self._rooms = rooms
        self._media = media

    def routes(self) -> tuple[Route, ...]:
        return (
            _opening(addresses.WHIP, self.publish, "Publish into a room (WHIP)"),
            _opening(addresses.WHEP, self.watch, "Watch a room (WHEP)", query=Watched),
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
                self.trickle,
                "Tell a candidate; none is needed",
                Allow.HOLDER,
                body=Content,
                accepts=(FRAGMENT,),
                body_bytes=SDP_BYTES,
                status=204,
                refusals=("not_found", "restart_refused", "bad_sdp"),
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
        session = await self._media.publish(who, _offer(call))
        return _created(addresses.WHIP_SESSION, who.room, session.id, session.answer)

    async def watch(self, call: Call) -> Answer:
        who, grants = await self._participant(call)
        if not grants.subscribe:
            raise Refused("forbidden", "The token does not let you watch here.")
        session = await self._media.subscribe(who, _offer(call), call.query.publisher or None)
        return _created(addresses.WHEP_SESSION, who.room, session.id, session.answer)

    async def trickle(self, call: Call) -> Answer:
        who, _ = await self._participant(call)
        self._media.check_owner(who, call.path["session"])
        try:
            lines = call.body.data.decode("ascii").splitlines()
        except UnicodeDecodeError:
            raise Refused("bad_sdp", "The fragment is not ASCII.") from None
        if not any(line.startswith(("a=candidate:", "a=end-of-candidates")) for line in lines):
            if any(line.startswith("a=ice-ufrag:") for line in lines):
                raise Refused("restart_refused")
            raise Refused("bad_sdp", "The fragment has no candidate.")
        return NOTHING

    async def end(self, call: Call) -> Answer:
        who, _ = await self._participant(call)
        await self._media.close(who, call.path["session"])
        return Answer()

    async def _participant(self, call: Call) -> tuple[Participant, Grants]:
        room = call.path["room"]
        grants = await self._rooms.grants(call.who, room)
        return Participant(room, _identity(call.who)), grants


def _opening(
    address: Address, handle: Handler, summary: str, query: type[msgspec.Struct] = NoQuery
) -> Route:
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
        refusals=("not_found", "bad_sdp", "codec_not_supported", "media_full", "nothing_to_watch"),
        query=query,
        from_anywhere=True,
    )


def _identity(who: Identity) -> str:
    return who.claims.identity if isinstance(who, Holder) else person(who).user.id


def _offer(call: Call) -> str:
    try:
        text: str = call.body.data.decode()
    except UnicodeDecodeError:
        raise Refused("bad_sdp", "The offer is not text.") from None
    return text


def _created(address: Address, room: str, session_id: str, answer: str) -> Answer:
    headers = {
        "Location": address.path.format(room=room, session=session_id),
        "ETag": f'"{session_id}"',
        "Accept-Patch": FRAGMENT,
    }
    return Answer(Content(SDP, answer.encode()), 201, headers)

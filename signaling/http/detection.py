"""What a room decided about looking at people, and the text that they agree to."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from signaling import addresses
from signaling.auth.identity import identity_of
from signaling.http import fields
from signaling.http.call import Allow, Answer, Call, Route
from signaling.media import Participant
from signaling.protocol import DetectionHere
from signaling.risk import consent
from signaling.risk.consent import Consents, Standing
from signaling.rooms import Rooms


class RulesWanted(fields.Body, frozen=True):
    """What shall be otherwise; what is left out stays."""

    runs: bool | UnsetType = UNSET
    seen_by: Literal["operators", "hosts", "everybody"] | UnsetType = UNSET
    own_seen: bool | UnsetType = UNSET
    consent_required: bool | UnsetType = UNSET
    encrypted: bool | UnsetType = UNSET


class DetectionShown(msgspec.Struct, frozen=True):
    """The rules, how one stands, and the text of the version that is asked about, in English."""

    detection: DetectionHere
    text: str


class DetectionRoutes:
    """Thin over Rooms and Consents."""

    def __init__(self, rooms: Rooms, consents: Consents) -> None:
        self._rooms = rooms
        self._consents = consents

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ROOM_DETECTION,
                self.show,
                "Whether people in a room are checked, who sees what, and what they agree to",
                Allow.HOLDER,
                answer=DetectionShown,
                refusals=("not_found",),
            ),
            Route(
                "PUT",
                addresses.API_ROOM_DETECTION,
                self.change,
                "Change a room's rules on detection; for its moderators, and for operators",
                Allow.GUEST,
                body=RulesWanted,
                answer=DetectionShown,
                refusals=("not_found",),
            ),
        )

    async def show(self, call: Call) -> Answer:
        await self._rooms.grants(call.who, call.path["room"])
        return _shown(await self._consents.standing(_who(call)))

    async def change(self, call: Call) -> Answer:
        wanted = msgspec.to_builtins(call.body)
        room, address = call.path["room"], call.device.address
        await self._consents.set_rules(call.person, room, wanted, address)
        return _shown(await self._consents.standing(_who(call)))


def _who(call: Call) -> Participant:
    return Participant(call.path["room"], identity_of(call.who))


def _shown(standing: Standing) -> Answer:
    return Answer(DetectionShown(consent.shown(standing), consent.TEXTS[consent.VERSION]))

"""The waiting room of a room: who asks to be let in, and who lets them in."""

from datetime import datetime

import msgspec

from signaling import addresses
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.http.moderation import whom
from signaling.http.rooms import AT_THE_DOOR
from signaling.waiting_room import WaitingRoom


class KnockShown(msgspec.Struct, frozen=True):
    """Somebody who wants to come in."""

    user: str
    name: str
    nickname: str
    since: datetime


class WaitingList(msgspec.Struct, frozen=True):
    """Who waits to be let in, longest first."""

    waiting: list[KnockShown]


class Standing(msgspec.Struct, frozen=True):
    """How one stands at the door: `waiting`, `denied` or `admitted`."""

    state: str


class Admitted(msgspec.Struct, frozen=True):
    """Who was let in."""

    users: list[str]


class WaitingRoomWanted(fields.Body, frozen=True):
    """Whether newcomers wait until they are admitted."""

    on: bool


class WaitingRoomRoutes:
    """Thin over WaitingRoom."""

    def __init__(self, waiting_room: WaitingRoom) -> None:
        self._waiting_room = waiting_room

    def routes(self) -> tuple[Route, ...]:
        return (*self._asking_routes(), *self._deciding_routes())

    def _asking_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.API_ROOM_KNOCK,
                self.knock,
                "Ask to be let into a room that has a waiting room",
                answer=Standing,
                refusals=("not_found", *AT_THE_DOOR),
            ),
            Route(
                "GET",
                addresses.API_ROOM_KNOCK,
                self.show_standing,
                "How one stands at the door",
                Allow.GUEST,
                answer=Standing,
                refusals=("not_found",),
            ),
            Route(
                "DELETE",
                addresses.API_ROOM_KNOCK,
                self.stop_waiting,
                "Go away from the door",
                Allow.GUEST,
                status=204,
                refusals=("not_found",),
            ),
        )

    def _deciding_routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "PUT",
                addresses.API_ROOM_WAITING_ROOM,
                self.set_waiting_room,
                "Make newcomers wait until they are admitted, or not",
                Allow.GUEST,
                body=WaitingRoomWanted,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_ROOM_WAITING,
                self.list_waiting,
                "Who waits to be let in",
                Allow.GUEST,
                answer=WaitingList,
                refusals=("not_found",),
            ),
            Route(
                "POST",
                addresses.API_ROOM_ADMIT_ALL,
                self.admit_all,
                "Let in whoever waits, as long as there are places",
                Allow.GUEST,
                answer=Admitted,
                refusals=("not_found", "room_full"),
            ),
            Route(
                "POST",
                addresses.API_ROOM_ADMIT,
                self.admit,
                "Let somebody in who waits",
                Allow.GUEST,
                status=204,
                refusals=("not_found", "room_full"),
            ),
            Route(
                "POST",
                addresses.API_ROOM_DENY,
                self.deny,
                "Do not let somebody in who waits",
                Allow.GUEST,
                status=204,
                refusals=("not_found",),
            ),
        )

    async def set_waiting_room(self, call: Call) -> Answer:
        await self._waiting_room.set_waiting_room(
            call.person, call.path["room"], call.body.on, call.device.address
        )
        return NOTHING

    async def knock(self, call: Call) -> Answer:
        return Answer(Standing(await self._waiting_room.knock(call.person, call.path["room"])))

    async def show_standing(self, call: Call) -> Answer:
        return Answer(Standing(await self._waiting_room.standing(call.person, call.path["room"])))

    async def stop_waiting(self, call: Call) -> Answer:
        await self._waiting_room.stop_waiting(call.person, call.path["room"])
        return NOTHING

    async def list_waiting(self, call: Call) -> Answer:
        found = await self._waiting_room.waiting(call.person, call.path["room"])
        shown = [KnockShown(each.user_id, each.name, each.nickname, each.since) for each in found]
        return Answer(WaitingList(shown))

    async def admit_all(self, call: Call) -> Answer:
        admitted = await self._waiting_room.admit_all(
            call.person, call.path["room"], call.device.address
        )
        return Answer(Admitted(admitted))

    async def admit(self, call: Call) -> Answer:
        await self._waiting_room.admit(call.person, *whom(call))
        return NOTHING

    async def deny(self, call: Call) -> Answer:
        await self._waiting_room.deny(call.person, *whom(call))
        return NOTHING

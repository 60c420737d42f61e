"""The waiting room of a room: who asks to be let in, who is moved there, and who lets them in."""

from datetime import datetime

import msgspec

from signaling import addresses
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Route
from signaling.http.moderation import whom
from signaling.http.rooms import AT_THE_DOOR
from signaling.store.waiting import Knock, MovedFrom
from signaling.waiting_room import WaitingRoom


class KnockShown(msgspec.Struct, frozen=True):
    """Somebody who wants to come in; `moved_because` is null for whoever asked to, themselves."""

    user: str
    name: str
    nickname: str
    since: datetime
    moved_because: str | None


class WaitingList(msgspec.Struct, frozen=True):
    """Who waits to be let in, longest first."""

    waiting: list[KnockShown]


class MovedShown(msgspec.Struct, frozen=True):
    """Somebody who was moved from a room to its waiting room, and by whom."""

    room: str
    title: str
    moved_by: str
    knock: KnockShown


class MovedList(msgspec.Struct, frozen=True):
    """Who was moved and waits, in all rooms, the newest first."""

    moved: list[MovedShown]


class MoveWanted(fields.Body, frozen=True):
    """What somebody who has to wait is told."""

    because: fields.Because = ""


class StandingShown(msgspec.Struct, frozen=True):
    """How one stands at the door: `waiting`, `denied` or `admitted`.

    `moved_because` is what one is told who was moved there; null for whoever asked to come in.
    """

    state: str
    moved_because: str | None = None


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
                answer=StandingShown,
                refusals=("not_found", *AT_THE_DOOR),
            ),
            Route(
                "GET",
                addresses.API_ROOM_KNOCK,
                self.show_standing,
                "How one stands at the door",
                Allow.GUEST,
                answer=StandingShown,
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
                "PUT",
                addresses.API_ROOM_MOVE,
                self.move,
                "Take somebody out of the room until they are let in again",
                Allow.GUEST,
                body=MoveWanted,
                status=204,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_ALL_MOVED,
                self.list_moved,
                "Who was moved to a waiting room, anywhere",
                Allow.OPERATOR,
                answer=MovedList,
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
        state = await self._waiting_room.knock(call.person, call.path["room"])
        return Answer(StandingShown(state))

    async def show_standing(self, call: Call) -> Answer:
        found = await self._waiting_room.standing(call.person, call.path["room"])
        return Answer(StandingShown(found.state, found.moved_because))

    async def stop_waiting(self, call: Call) -> Answer:
        await self._waiting_room.stop_waiting(call.person, call.path["room"])
        return NOTHING

    async def list_waiting(self, call: Call) -> Answer:
        found = await self._waiting_room.waiting(call.person, call.path["room"])
        return Answer(WaitingList([_knock(each) for each in found]))

    async def list_moved(self, call: Call) -> Answer:
        found = await self._waiting_room.moved()
        return Answer(MovedList([_moved(each) for each in found]))

    async def move(self, call: Call) -> Answer:
        room, user, address = whom(call)
        await self._waiting_room.move(call.person, room, user, call.body.because, address)
        return NOTHING

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


def _knock(knock: Knock) -> KnockShown:
    return KnockShown(
        knock.user_id, knock.name, knock.nickname, knock.since, moved_because=knock.moved_because
    )


def _moved(moved: MovedFrom) -> MovedShown:
    return MovedShown(
        moved.room_id, moved.room_title, moved.knock.moved_by or "", _knock(moved.knock)
    )

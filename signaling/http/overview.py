"""What operators look over: everybody's calls and all rooms."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.http import fields
from signaling.http.call import Allow, Answer, Call, Route
from signaling.http.calls import CallPage, HistoryWanted, call_page, filter_of
from signaling.overview import Overview
from signaling.store.room_list import ListedRoom, RoomsWanted


class RoomsSought(fields.Page, frozen=True, forbid_unknown_fields=True):
    """Which rooms; `words` are of the room, or of somebody who belongs to it."""

    words: fields.Title = ""
    kind: Literal["direct", "group", "match", "heart-link", "meeting"] | None = None


class ListedRoomShown(msgspec.Struct, frozen=True):
    """A room, as operators see it; `call` is under way since `called_at`, with `people_now`."""

    id: str
    title: str
    kind: str
    capacity: int
    created_at: datetime
    locked: bool
    call: str | None
    called_at: datetime | None
    people_now: int


class ListedRooms(msgspec.Struct, frozen=True):
    """A page of all rooms; `next` is the cursor of the following page, if there is one."""

    rooms: list[ListedRoomShown]
    next: str | None


class TitlesWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which rooms: identifiers with commas between them."""

    rooms: Annotated[str, Meta(max_length=4000, pattern=r"^[a-z0-9,-]*$(?!\n)")] = ""


class RoomTitles(msgspec.Struct, frozen=True):
    """What rooms are called, by identifier."""

    titles: dict[str, str]


class OverviewRoutes:
    """Thin over Overview."""

    def __init__(self, overview: Overview) -> None:
        self._overview = overview

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ALL_CALLS,
                self.list_calls,
                "Everybody's calls, the newest first",
                Allow.OPERATOR,
                query=HistoryWanted,
                answer=CallPage,
            ),
            Route(
                "GET",
                addresses.API_ALL_ROOMS,
                self.list_rooms,
                "All rooms, and what goes on in each",
                Allow.OPERATOR,
                query=RoomsSought,
                answer=ListedRooms,
            ),
            Route(
                "GET",
                addresses.API_ROOM_TITLES,
                self.show_titles,
                "What rooms are called",
                Allow.OPERATOR,
                query=TitlesWanted,
                answer=RoomTitles,
            ),
        )

    async def list_calls(self, call: Call) -> Answer:
        query: HistoryWanted = call.query
        found = await self._overview.calls(
            call.person, filter_of(query), query.cursor, query.limit + 1, call.device.address
        )
        return call_page(found, query.limit)

    async def list_rooms(self, call: Call) -> Answer:
        query: RoomsSought = call.query
        wanted = RoomsWanted(query.words, query.kind or "")
        found = await self._overview.rooms(
            call.person, wanted, query.cursor, query.limit + 1, call.device.address
        )
        shown = [_room(each) for each in found[: query.limit]]
        return Answer(ListedRooms(shown, shown[-1].id if len(found) > query.limit else None))

    async def show_titles(self, call: Call) -> Answer:
        return Answer(RoomTitles(await self._overview.titles(call.query.rooms.split(","))))


def _room(listed: ListedRoom) -> ListedRoomShown:
    room = listed.room
    return ListedRoomShown(
        id=room.id,
        title=room.title,
        kind=room.kind,
        capacity=room.capacity,
        created_at=room.created_at,
        locked=room.locked,
        call=listed.call_id,
        called_at=listed.called_at,
        people_now=listed.people_now,
    )

"""Calls: started, answered, ended, and looked up."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.addresses import Address
from signaling.call_statistics import Connection
from signaling.calls import MOST_INVITED, Calls, Snapshot
from signaling.errors import Refused
from signaling.http import fields
from signaling.http.call import Allow, Answer, Call, Handler, Route
from signaling.media import Media
from signaling.store.calls import Filter

Medium = Literal["audio", "video"]
State = Literal["ringing", "active", "ended", "missed", "declined", "cancelled", "failed"]


class NewCall(fields.Body, frozen=True):
    """Whom to call: the people of a room, or one person."""

    room: fields.RoomId = ""
    user: fields.Id = ""
    medium: Medium = "video"


class CallNamed(fields.Body, frozen=True):
    """Which call."""

    call: fields.Id


class MediumWanted(fields.Body, frozen=True):
    """What the call shall be from now on."""

    medium: Medium


class MorePeople(fields.Body, frozen=True):
    """Who else shall be rung."""

    users: Annotated[list[fields.Id], Meta(min_length=1, max_length=MOST_INVITED)]


class InCall(msgspec.Struct, frozen=True):
    """Somebody in a call, or whom it called; `joined_at` is of their latest stay."""

    user: str
    state: str
    joined_at: datetime | None
    left_at: datetime | None


class CallShown(msgspec.Struct, frozen=True):
    """A call as it stands; `duration_s` counts from the first answer."""

    id: str
    room: str
    medium: str
    state: str
    caller: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    duration_s: float
    members: list[InCall]


class CallList(msgspec.Struct, frozen=True):
    """Calls that are under way."""

    calls: list[CallShown]


class CallMeasured(msgspec.Struct, frozen=True):
    """Everybody who is connected, and how; by user, or by the name in a room token."""

    call: str
    room: str
    people: dict[str, list[Connection]]


class CallPage(msgspec.Struct, frozen=True):
    """A page of past calls; `next` is the cursor of the following page, if there is one."""

    calls: list[CallShown]
    next: str | None


class HistoryWanted(fields.Page, frozen=True, forbid_unknown_fields=True, rename={"user": "with"}):
    """Which calls; what is left out does not matter.  `words` are of the room, or of somebody who
    was called."""

    room: fields.RoomId = ""
    medium: Medium | None = None
    state: State | None = None
    since: fields.UtcMoment | None = None
    until: fields.UtcMoment | None = None
    user: fields.Id = ""
    words: fields.Title = ""


class CallRoutes:
    """Thin over Calls and Media."""

    def __init__(self, calls: Calls, media: Media) -> None:
        self._calls = calls
        self._media = media

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.API_CALLS_START,
                self.start,
                "Call a room or a person, or join the call that is under way there",
                Allow.GUEST,
                body=NewCall,
                answer=CallShown,
                refusals=("not_found", "wrong_moment"),
            ),
            Route(
                "POST",
                addresses.API_CALLS_END,
                self.end,
                "End a call for all",
                Allow.GUEST,
                body=CallNamed,
                answer=CallShown,
                refusals=("not_found", "call_over", "wrong_moment"),
            ),
            Route(
                "GET",
                addresses.API_CALLS_ACTIVE,
                self.list_active,
                "Calls under way in one's rooms",
                Allow.GUEST,
                answer=CallList,
            ),
            Route(
                "GET",
                addresses.API_CALLS_HISTORY,
                self.list_history,
                "Calls that one was in or was rung for",
                Allow.GUEST,
                query=HistoryWanted,
                answer=CallPage,
            ),
            Route(
                "GET",
                addresses.API_CALL,
                self.show,
                "One call",
                Allow.GUEST,
                answer=CallShown,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_CALL_STATS,
                self.measure,
                "How a call's media are just now, person by person",
                Allow.GUEST,
                answer=CallMeasured,
                refusals=("not_found", "call_over", "media_unavailable"),
            ),
            *self._act_routes(),
        )

    def _act_routes(self) -> tuple[Route, ...]:
        return (
            _act(addresses.API_CALL_ACCEPT, self.accept, "Answer a call"),
            _act(addresses.API_CALL_DECLINE, self.decline, "Decline a call"),
            _act(addresses.API_CALL_JOIN, self.join, "Come into a call, or back"),
            _act(addresses.API_CALL_LEAVE, self.leave, "Leave a call; the last one ends it"),
            _act(
                addresses.API_CALL_MEDIUM,
                self.set_medium,
                "Make an audio call a video call, or the reverse",
                MediumWanted,
            ),
            _act(
                addresses.API_CALL_INVITE,
                self.invite,
                "Ring more people; a call of two moves to a new room for that",
                MorePeople,
                Allow.CALLER,
            ),
        )

    async def start(self, call: Call) -> Answer:
        body: NewCall = call.body
        who = call.person
        if bool(body.room) == bool(body.user):
            raise Refused("invalid", "Name a room or a user, and not both.")
        if body.room:
            return _shown(await self._calls.start(who, body.room, body.medium))
        if not who.at_least("caller"):
            raise Refused("forbidden", "Guests call within their room.")
        return _shown(await self._calls.start_direct(who, body.user, body.medium))

    async def end(self, call: Call) -> Answer:
        return _shown(await self._calls.end(call.person, call.body.call, call.device.address))

    async def accept(self, call: Call) -> Answer:
        return _shown(await self._calls.accept(call.person, call.path["call"]))

    async def decline(self, call: Call) -> Answer:
        return _shown(await self._calls.decline(call.person, call.path["call"]))

    async def join(self, call: Call) -> Answer:
        return _shown(await self._calls.join(call.person, call.path["call"]))

    async def leave(self, call: Call) -> Answer:
        return _shown(await self._calls.leave(call.person, call.path["call"]))

    async def set_medium(self, call: Call) -> Answer:
        medium = call.body.medium
        return _shown(await self._calls.set_medium(call.person, call.path["call"], medium))

    async def invite(self, call: Call) -> Answer:
        return _shown(await self._calls.invite(call.person, call.path["call"], call.body.users))

    async def show(self, call: Call) -> Answer:
        return _shown(await self._calls.find(call.person, call.path["call"]))

    async def measure(self, call: Call) -> Answer:
        found = (await self._calls.find(call.person, call.path["call"])).call
        if not found.open:
            raise Refused("call_over")
        people = await self._media.statistics(found.room_id)
        return Answer(CallMeasured(call=found.id, room=found.room_id, people=people))

    async def list_active(self, call: Call) -> Answer:
        found = await self._calls.active(call.person)
        return Answer(CallList([_call(each) for each in found]))

    async def list_history(self, call: Call) -> Answer:
        query: HistoryWanted = call.query
        found = await self._calls.history(
            call.person, filter_of(query), query.cursor, query.limit + 1
        )
        return call_page(found, query.limit)


def filter_of(query: HistoryWanted) -> Filter:
    """What the store is asked for."""
    return Filter(
        room_id=query.room,
        medium=query.medium or "",
        state=query.state or "",
        since=query.since,
        until=query.until,
        with_user=query.user,
        words=query.words,
    )


def call_page(found: list[Snapshot], limit: int) -> Answer:
    """The first `limit` of what was found; another one says that there are more."""
    shown = [_call(each) for each in found[:limit]]
    return Answer(CallPage(shown, shown[-1].id if len(found) > limit else None))


def _act(
    address: Address,
    handle: Handler,
    summary: str,
    body: type[msgspec.Struct] | None = None,
    allow: Allow = Allow.GUEST,
) -> Route:
    return Route(
        "POST",
        address,
        handle,
        summary,
        allow,
        body=body,
        answer=CallShown,
        refusals=("not_found", "call_over", "wrong_moment"),
    )


def _shown(snapshot: Snapshot) -> Answer:
    return Answer(_call(snapshot))


def _call(snapshot: Snapshot) -> CallShown:
    call = snapshot.call
    return CallShown(
        id=call.id,
        room=call.room_id,
        medium=call.medium,
        state=call.state,
        caller=call.started_by,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        end_reason=call.end_reason,
        duration_s=call.duration_s(snapshot.now),
        members=[
            InCall(each.user_id, each.state, each.joined_at, each.left_at)
            for each in snapshot.members
        ],
    )

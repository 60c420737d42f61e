"""Calls: started, rung, answered, left, and closed truthfully whatever becomes of this process.

Knows who may act on a call, when ringing has lasted long enough, and who has been away from it for
too long.  Somebody is in a call as long as media know them there: whoever is not seen any more has
left when they were seen last, also if it was the server that died.  What an act does is for
`call_turn`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import sqlalchemy as sa

from signaling import call_turn
from signaling.audit import Act
from signaling.auth.identity import Person
from signaling.call_rules import Outcome
from signaling.call_turn import Turn
from signaling.chores import over_and_over
from signaling.errors import Refused
from signaling.media import Participant
from signaling.pairs import reachable, room_of_two
from signaling.rooms import belonging, grants_of, readable_id
from signaling.store import Store, audit, calls, rooms
from signaling.store.calls import Call, Filter, Member, Sighting
from signaling.store.rooms import Room
from signaling.streams import Happening, Streams

RINGING = timedelta(seconds=45)
SWEEP_EVERY_S = 1.0
# A crash makes a call's length wrong by this much at most.
SEEN_EVERY = timedelta(seconds=5)
# Nobody can be away for longer and still be in the call: a page that reloads, a network that
# changes, a server that restarts (counted from its start) take less.
GONE_AFTER = timedelta(seconds=30)

# Two people have such a room for themselves: a third gets a new one.
OF_TWO = ("direct", "match", "heart-link")
WIDER_CAPACITY = 50
MOST_INVITED = 50


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A call and everybody it knows."""

    call: Call
    members: list[Member]
    now: datetime


class Presences(Protocol):
    """What calls ask of media."""

    def participants(self) -> Collection[Participant]: ...


class Calls:
    """The service; `watch` must run for as long as there may be calls."""

    def __init__(
        self, store: Store, streams: Streams, media: Presences, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._streams = streams
        self._media = media
        self._now = now
        self._began_at: datetime | None = None

    # --- what people do ---

    async def start(self, who: Person, room_id: str, medium: str) -> Snapshot:
        """Call the people of a room; a call that is under way there is joined instead."""

        def work(happening: Happening) -> Snapshot:
            rooms.lock_row(happening.connection, room_id)
            room, _ = belonging(happening.connection, who, room_id)
            return _begin_or_join(happening, room, who.user.id, medium)

        return await self._streams.write(work)

    async def start_direct(self, who: Person, user_id: str, medium: str) -> Snapshot:
        """Call somebody in the room that the two have for themselves."""

        def work(happening: Happening) -> Snapshot:
            reachable(happening.connection, who, user_id)
            room = room_of_two(happening, who.user.id, user_id)
            return _begin_or_join(happening, room, who.user.id, medium)

        return await self._streams.write(work)

    async def accept(self, who: Person, call_id: str) -> Snapshot:
        """Answer; one's other devices see it in the stream and stop ringing."""
        return await self._act(who, call_id, lambda turn: turn.move("accept", who.user.id))

    async def decline(self, who: Person, call_id: str) -> Snapshot:
        """Say no."""
        return await self._act(who, call_id, lambda turn: turn.move("decline", who.user.id))

    async def join(self, who: Person, call_id: str) -> Snapshot:
        """Come in, or come back: after leaving, after declining, after a server was lost."""
        return await self._act(who, call_id, lambda turn: turn.move("join", who.user.id))

    async def leave(self, who: Person, call_id: str) -> Snapshot:
        """Go; the last one ends the call.  A call that is over has been left."""

        def act(turn: Turn) -> None:
            if turn.call.open:
                turn.move("leave", who.user.id)

        return await self._act(who, call_id, act, also_over=True)

    async def end(self, who: Person, call_id: str, address: str) -> Snapshot:
        """End the call for all: whoever moderates, the caller, and each of two alone."""

        def work(happening: Happening) -> Snapshot:
            turn, room, role = _acting(happening, who, call_id)
            _end(turn, who, moderates=grants_of(who, role).moderate, of_two=room.kind in OF_TWO)
            act = Act(who.user.id, "call.end", call_id, address)
            audit.record(happening.connection, act, happening.now)
            return _snapshot(turn, happening)

        return await self._streams.write(work)

    async def set_medium(self, who: Person, call_id: str, medium: str) -> Snapshot:
        """Make an audio call a video call, or the reverse."""

        def act(turn: Turn) -> None:
            _inside(turn, who)
            turn.set_medium(medium, who.user.id)

        return await self._act(who, call_id, act)

    async def invite(self, who: Person, call_id: str, user_ids: Iterable[str]) -> Snapshot:
        """Ring more people: members of the room, or, from a room of two, anybody.

        A third in a room of two would read what was said there: the call moves to a new room.
        """
        wanted = sorted(set(user_ids))

        def work(happening: Happening) -> Snapshot:
            turn, room, _ = _acting(happening, who, call_id)
            _inside(turn, who)
            _bring_in(happening, turn, room, who, wanted)
            turn.ring(wanted, who.user.id)
            return _snapshot(turn, happening)

        return await self._streams.write(work)

    # --- what people see ---

    async def find(self, who: Person, call_id: str) -> Snapshot:
        """For members of its room, and once it is over, for those who were called."""
        now = self._now()

        def work(connection: sa.Connection) -> Snapshot:
            call = calls.by_id(connection, call_id)
            if call is None:
                raise Refused("not_found")
            members = calls.members(connection, call_id)
            called = any(each.user_id == who.user.id for each in members)
            if call.open or not called:
                belonging(connection, who, call.room_id)
            return Snapshot(call, members, now)

        return await self._store.read(work)

    async def active(self, who: Person) -> list[Snapshot]:
        """Calls under way in one's rooms."""
        return await self._several(lambda connection: calls.open_for(connection, who.user.id))

    async def history(self, who: Person, wanted: Filter, before: str, limit: int) -> list[Snapshot]:
        """Calls that one was in or was rung for, newest first."""
        return await self._several(
            lambda connection: calls.history(connection, who.user.id, wanted, before, limit)
        )

    # --- what time does ---

    async def watch(self) -> None:
        """Let time pass, until cancelled."""
        await over_and_over(SWEEP_EVERY_S, self.sweep, "calls.sweep_failed")

    async def sweep(self) -> None:
        """Whatever is due now, by the times in the store."""
        now = self._now()
        self._began_at = self._began_at or now
        due = await self._store.read(lambda c: calls.ringing_since(c, now - RINGING))
        for call_id in due:
            await self._streams.write(partial(_expire, call_id=call_id))
        await self._look_round(now, self._began_at)

    async def _look_round(self, now: datetime, began_at: datetime) -> None:
        """Note who is seen in the calls of this server, and take out who was not for long."""
        there = self._media.participants()
        overdue: dict[str, dict[str, datetime]] = {}
        seen: list[Sighting] = []
        for each in await self._store.read(calls.sightings):
            if Participant(each.room_id, each.user_id) in there:
                if abs(now - each.last_at) >= SEEN_EVERY:
                    seen.append(each)
            elif max(each.last_at, began_at) + GONE_AFTER <= now:
                overdue.setdefault(each.call_id, {})[each.user_id] = each.last_at
        if seen:
            await self._store.write(lambda connection: calls.note_seen(connection, seen, now))
        for call_id, people in overdue.items():
            await self._streams.write(partial(_take_out, call_id=call_id, people=people))

    # --- how ---

    async def _act(
        self, who: Person, call_id: str, act: Callable[[Turn], None], *, also_over: bool = False
    ) -> Snapshot:
        def work(happening: Happening) -> Snapshot:
            turn, _, _ = _acting(happening, who, call_id, also_over=also_over)
            act(turn)
            return _snapshot(turn, happening)

        return await self._streams.write(work)

    async def _several(self, find: Callable[[sa.Connection], list[Call]]) -> list[Snapshot]:
        now = self._now()

        def work(connection: sa.Connection) -> list[Snapshot]:
            return snapshots(connection, find(connection), now)

        return await self._store.read(work)


def snapshots(connection: sa.Connection, found: list[Call], now: datetime) -> list[Snapshot]:
    """Calls with everybody they know."""
    people = calls.members_of(connection, [call.id for call in found])
    return [Snapshot(call, people[call.id], now) for call in found]


def _snapshot(turn: Turn, happening: Happening) -> Snapshot:
    return Snapshot(turn.call, turn.members, happening.now)


def _acting(
    happening: Happening, who: Person, call_id: str, *, also_over: bool = False
) -> tuple[Turn, Room, str]:
    """The call, its room and one's role there; Refused for whoever does not belong to it."""
    turn = call_turn.locked(happening, call_id)
    if turn is None:
        raise Refused("not_found")
    room, role = belonging(happening.connection, who, turn.call.room_id)
    if not (turn.call.open or also_over):
        raise Refused("call_over")
    return turn, room, role


def _inside(turn: Turn, who: Person) -> None:
    if turn.state_of(who.user.id) != "joined":
        raise Refused("wrong_moment", "Join the call first.")


def _begin_or_join(happening: Happening, room: Room, user_id: str, medium: str) -> Snapshot:
    """A room has one call at most: so two who call each other at once are in the same."""
    connection = happening.connection
    under_way = calls.open_in(connection, room.id)
    if under_way is not None:
        turn = Turn(happening, under_way)
        turn.move("join", user_id)
        return _snapshot(turn, happening)
    # To a meeting people come by themselves.
    others = [] if room.kind == "meeting" else rooms.members(connection, room.id, happening.now)
    names = [each.user_id for each in others]
    turn = call_turn.begin(happening, room.id, user_id, medium, names)
    return _snapshot(turn, happening)


def _end(turn: Turn, who: Person, *, moderates: bool, of_two: bool) -> None:
    me, call = who.user.id, turn.call
    if call.state == "ringing":
        if me == call.started_by or moderates:
            turn.close(Outcome("cancelled", "cancelled"), me)
        else:
            turn.move("decline", me)
        return
    within = of_two and turn.state_of(me) == "joined"
    if not (moderates or within or me == call.started_by):
        raise Refused("forbidden", "Only who started the call or moderates the room may.")
    turn.close(Outcome("ended", "ended"), me)


def _bring_in(
    happening: Happening, turn: Turn, room: Room, who: Person, wanted: Iterable[str]
) -> None:
    """Make sure that everybody who is to be rung belongs where the call is."""
    connection = happening.connection
    belong = {each.user_id for each in rooms.members(connection, room.id, happening.now)}
    strangers = [user_id for user_id in wanted if user_id not in belong]
    if not strangers:
        return
    if room.kind not in OF_TWO:
        raise Refused("not_found", "users: not all of them belong to the room.")
    for user_id in strangers:
        reachable(connection, who, user_id)
    wider = _wider_room(happening, who.user.id, (belong | set(strangers)) - {who.user.id})
    turn.move_to(wider.id, who.user.id)


def _wider_room(happening: Happening, owner: str, others: Iterable[str]) -> Room:
    """A new room for a call that has become one of many."""
    connection, now, chosen = happening.connection, happening.now, readable_id()
    room = Room(chosen, chosen, "group", WIDER_CAPACITY + 2, now)
    rooms.add(connection, room, owner)
    happening.append(room.id, "member.joined", owner, {"user": owner, "role": "owner"})
    for user_id in sorted(others):
        rooms.add_member(connection, room.id, user_id, "member", now)
        happening.append(room.id, "member.joined", owner, {"user": user_id, "role": "member"})
    return room


def _expire(happening: Happening, call_id: str) -> None:
    """Whoever was rung long enough has missed it, as of the moment when it was long enough."""
    turn = call_turn.locked(happening, call_id)
    if turn is None or not turn.call.open:
        return
    due = [
        (each.rang_at + RINGING, each.user_id)
        for each in turn.members
        if each.state == "ringing" and each.rang_at is not None
    ]
    for moment, user_id in sorted(due):
        if moment <= happening.now and turn.call.open:
            turn.move("expire", user_id, moment)


def _take_out(happening: Happening, call_id: str, people: Mapping[str, datetime]) -> None:
    """These went when they were seen last, unless they have come back meanwhile."""
    turn = call_turn.locked(happening, call_id)
    if turn is None or not turn.call.open:
        return
    joined = [each for each in turn.members if each.state == "joined"]
    gone = [each for each in joined if people.get(each.user_id) == each.last_at]
    if gone == joined:
        connected = any(each.seen_at is not None for each in turn.members)
        result = Outcome("ended", "lost") if connected else Outcome("failed", "never_connected")
        turn.close(result, "", max(people.values()))
        return
    for each in gone:
        turn.move("leave", each.user_id, each.last_at)

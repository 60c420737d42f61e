"""Calls and places in rooms when everybody comes at once, and after a server was lost."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.auth.passwords import Passwords
from signaling.auth.tokens import Signer
from signaling.calls import GONE_AFTER, RINGING, Calls, Snapshot
from signaling.errors import Refused
from signaling.media import Participant
from signaling.rooms import Rooms
from signaling.store import Store, calls, events, rooms
from signaling.store.schema import calls as calls_table
from signaling.store.schema import room_members
from signaling.streams import Streams
from tests.clock import Clock
from tests.store.rows import LATER, NOW, count, invitation, put_room, put_user, room, session

GROUP = "r1"


@dataclass
class Connected:
    """Who sends or watches through one server."""

    people: set[Participant] = field(default_factory=set)

    def participants(self) -> set[Participant]:
        return self.people


@dataclass
class House:
    """A store with people in it, and the services of one server after another."""

    store: Store
    people: dict[str, Person] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: Clock(NOW))

    def server(self, *connected: str) -> Calls:
        """A new server, and who of the group is connected to it."""
        there = Connected({Participant(GROUP, name) for name in connected})
        return Calls(self.store, Streams(self.store, self.clock), there, self.clock)

    async def time_passes(self, seconds: int, *servers: Calls) -> None:
        for _ in range(seconds):
            self.clock.forward(timedelta(seconds=1))
            for server in servers:
                await server.sweep()

    async def add(self, *names: str) -> None:
        for name in names:
            self.people[name] = Person(await put_user(self.store, name), session(user_id=name))

    async def open_group(self, *names: str) -> None:
        await self.add(*names)
        await put_room(self.store, GROUP, owner=names[0])
        for name in names[1:]:
            await self.store.write(lambda c, n=name: rooms.add_member(c, GROUP, n, "member", NOW))

    async def kinds(self, room_id: str) -> list[str]:
        found = await self.store.read(lambda c: events.after(c, room_id, 0, 1000))
        assert [event.sequence for event in found] == list(range(1, len(found) + 1))
        return [event.kind for event in found]


@pytest.fixture
async def house(store: Store) -> House:
    return House(store)


def states(snapshot: Snapshot) -> dict[str, str]:
    return {each.user_id: each.state for each in snapshot.members}


async def at_once(*starting: Any) -> list[Any]:
    return await asyncio.gather(*starting, return_exceptions=True)


async def test_of_many_calls_in_one_room_at_once_there_is_one(house: House) -> None:
    names = [f"u{number}" for number in range(8)]
    await house.open_group(*names)
    # Two servers over one store.
    servers = house.server(), house.server()

    made = await at_once(
        *(
            servers[number % 2].start(house.people[name], GROUP, "video")
            for number, name in enumerate(names)
        )
    )

    assert len({each.call.id for each in made}) == 1
    assert await house.store.read(lambda c: count(c, calls_table)) == 1
    seen = await house.server().find(house.people["u0"], made[0].call.id)
    assert set(states(seen).values()) == {"joined"}
    assert seen.call.state == "active"
    kinds = await house.kinds(GROUP)
    assert kinds.count("call.started") == kinds.count("call.active") == 1
    assert kinds.count("call.accepted") == 7


async def test_two_who_call_each_other_at_once_are_in_one_active_call(house: House) -> None:
    await house.add("ann", "bob")
    one, other = house.server(), house.server()

    made = await at_once(
        one.start_direct(house.people["ann"], "bob", "audio"),
        other.start_direct(house.people["bob"], "ann", "audio"),
    )

    assert len({each.call.id for each in made}) == 1
    seen = await one.find(house.people["ann"], made[0].call.id)
    assert seen.call.state == "active"
    assert states(seen) == {"ann": "joined", "bob": "joined"}
    assert await house.store.read(lambda c: count(c, room_members)) == 2


async def test_the_last_two_of_a_call_leave_at_once_and_end_it_once(house: House) -> None:
    await house.open_group("ann", "bob")
    server = house.server()
    call_id = (await server.start(house.people["ann"], GROUP, "video")).call.id
    await server.accept(house.people["bob"], call_id)

    await at_once(
        server.leave(house.people["ann"], call_id), server.leave(house.people["bob"], call_id)
    )

    seen = await server.find(house.people["ann"], call_id)
    assert (seen.call.state, seen.call.end_reason) == ("ended", "left")
    assert (await house.kinds(GROUP)).count("call.ended") == 1


async def test_an_answer_and_the_caller_giving_up_at_once_agree(house: House) -> None:
    await house.open_group("ann", "bob")
    server = house.server()
    call_id = (await server.start(house.people["ann"], GROUP, "video")).call.id

    answered, _ = await at_once(
        server.accept(house.people["bob"], call_id), server.leave(house.people["ann"], call_id)
    )

    seen = await server.find(house.people["ann"], call_id)
    if isinstance(answered, Refused):
        assert answered.code == "call_over"
        assert (seen.call.state, states(seen)["bob"]) == ("cancelled", "missed")
    else:
        assert (seen.call.state, states(seen)["bob"]) == ("active", "joined")


@pytest.mark.parametrize("capacity", [1, 3, 5])
async def test_a_room_holds_as_many_as_it_says_however_many_come_at_once(
    house: House, capacity: int
) -> None:
    await house.add("owner", *(f"u{number}" for number in range(8)))
    full = room("full", capacity=capacity)
    await house.store.write(lambda c: rooms.add(c, full, "owner"))
    made = invitation(room_id="full", invited_by="owner", uses_left=100)
    await house.store.write(lambda c: rooms.add_invitation(c, made))
    async with Passwords(1) as passwords:
        streams = Streams(house.store, house.clock)
        service = Rooms(house.store, streams, Signer("x" * 40), passwords, house.clock)
        came = await at_once(
            *(service.join(house.people[f"u{n}"], made.code, "", "") for n in range(8))
        )

    inside = [each for each in came if not isinstance(each, Exception)]
    assert len(inside) == capacity - 1
    assert {each.code for each in came if isinstance(each, Refused)} == {"room_full"}
    assert await house.store.read(lambda c: rooms.member_count(c, "full", NOW)) == capacity
    left = await house.store.read(lambda c: rooms.invitation_by_id(c, made.id))
    assert left.uses_left == 100 - len(inside)
    assert (await house.kinds("full")).count("member.joined") == len(inside)


async def test_guests_whose_time_is_over_take_no_place(house: House) -> None:
    await house.open_group("ann")
    await put_user(house.store, "gus", role="guest", name_key=None, expires_at=LATER)
    await house.store.write(lambda c: rooms.add_member(c, GROUP, "gus", "guest", NOW))

    def taken(moment: datetime) -> Any:
        return house.store.read(lambda c: rooms.member_count(c, GROUP, moment))

    assert await taken(NOW) == 2
    assert await taken(LATER) == 1


async def test_ringing_ends_at_the_same_moment_whichever_server_looks(house: House) -> None:
    await house.open_group("ann", "bob")
    call_id = (await house.server().start(house.people["ann"], GROUP, "video")).call.id
    first, second = house.server(), house.server()

    house.clock.forward(RINGING - timedelta(microseconds=1))
    await first.sweep()
    assert (await first.find(house.people["ann"], call_id)).call.state == "ringing"

    house.clock.forward(timedelta(hours=3))
    await at_once(first.sweep(), second.sweep())

    seen = await first.find(house.people["bob"], call_id)
    assert (seen.call.state, seen.call.end_reason) == ("missed", "no_answer")
    assert seen.call.ended_at == NOW + RINGING
    assert states(seen) == {"ann": "left", "bob": "missed"}
    assert (await house.kinds(GROUP)).count("call.missed") == 1


async def start_active(house: House, *names: str) -> str:
    """A call that all of them are seen in for 20 s; then, 2 s later, its server dies."""
    await house.open_group(*names)
    server = house.server(*names)
    call_id = (await server.start(house.people[names[0]], GROUP, "video")).call.id
    for name in names[1:]:
        await server.accept(house.people[name], call_id)
    await house.time_passes(20, server)
    house.clock.forward(timedelta(seconds=2))
    return call_id


SEEN_LAST = NOW + timedelta(seconds=20)


async def test_a_call_whose_server_died_ended_when_its_people_were_seen_last(house: House) -> None:
    call_id = await start_active(house, "ann", "bob")
    house.clock.forward(timedelta(hours=7))

    server = house.server()
    await server.sweep()
    assert (await server.find(house.people["ann"], call_id)).call.open
    house.clock.forward(GONE_AFTER)
    await server.sweep()

    seen = await server.find(house.people["ann"], call_id)
    assert (seen.call.state, seen.call.end_reason) == ("ended", "lost")
    assert seen.call.ended_at == SEEN_LAST
    assert seen.call.duration_s(house.clock()) == 20.0
    assert set(states(seen).values()) == {"left"}
    # The next call is not in its way.
    assert (await server.start(house.people["bob"], GROUP, "audio")).call.state == "ringing"


async def test_people_who_come_back_have_their_call_and_the_others_have_left(
    house: House,
) -> None:
    call_id = await start_active(house, "ann", "bob", "cyd")
    server = house.server("ann", "bob")
    await house.time_passes(40, server)

    seen = await server.find(house.people["ann"], call_id)
    assert seen.call.state == "active"
    assert states(seen) == {"ann": "joined", "bob": "joined", "cyd": "left"}
    assert {each.left_at for each in seen.members} == {None, SEEN_LAST}


async def test_who_comes_back_in_the_last_moment_stays(house: House) -> None:
    call_id = await start_active(house, "ann", "bob")
    server = house.server("ann")
    await house.time_passes(29, server)
    # By accepting once more, before media is there.
    await server.leave(house.people["bob"], call_id)
    await server.join(house.people["bob"], call_id)
    await house.time_passes(29, server)
    assert states(await server.find(house.people["ann"], call_id))["bob"] == "joined"
    await house.time_passes(2, server)
    assert states(await server.find(house.people["ann"], call_id))["bob"] == "left"


async def test_a_call_is_seen_by_whichever_server_its_people_are_connected_to(
    house: House,
) -> None:
    call_id = await start_active(house, "ann", "bob", "cyd")
    here, there, newcomer = house.server("ann"), house.server("bob", "cyd"), house.server()
    await house.time_passes(70, here, there, newcomer)

    seen = await newcomer.find(house.people["ann"], call_id)
    assert seen.call.state == "active"
    assert set(states(seen).values()) == {"joined"}


async def test_a_server_that_dies_again_and_again_does_not_make_the_call_longer(
    house: House,
) -> None:
    call_id = await start_active(house, "ann", "bob")
    for _ in range(3):
        await house.time_passes(15, house.server())
    last = house.server()
    await house.time_passes(31, last)

    seen = await last.find(house.people["ann"], call_id)
    assert seen.call.ended_at == SEEN_LAST


async def test_a_call_that_rang_when_its_server_died_was_missed(house: House) -> None:
    await house.open_group("ann", "bob")
    call_id = (await house.server().start(house.people["ann"], GROUP, "video")).call.id
    house.clock.forward(timedelta(hours=1))
    server = house.server()
    await server.sweep()

    seen = await server.find(house.people["bob"], call_id)
    assert (seen.call.state, seen.call.end_reason) == ("missed", "no_answer")
    assert seen.call.ended_at == NOW + RINGING
    assert seen.call.duration_s(house.clock()) == 0.0


async def test_a_call_in_which_media_never_were_has_failed(house: House) -> None:
    await house.open_group("ann", "bob")
    server = house.server()
    call_id = (await server.start(house.people["ann"], GROUP, "video")).call.id
    await server.accept(house.people["bob"], call_id)
    await house.time_passes(31, server)

    seen = await server.find(house.people["bob"], call_id)
    assert (seen.call.state, seen.call.end_reason) == ("failed", "never_connected")


async def test_a_clock_that_leaps_ends_no_call(house: House) -> None:
    call_id = await start_active(house, "ann", "bob")
    server = house.server("ann", "bob")
    for leap in (timedelta(hours=1), timedelta(hours=-2)):
        house.clock.forward(leap)
        await house.time_passes(5, server)
    assert (await server.find(house.people["ann"], call_id)).call.state == "active"


async def test_what_breaks_half_way_leaves_neither_a_call_nor_an_event(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open_group("ann", "bob")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(calls, "add_members", broken)
    with pytest.raises(ZeroDivisionError):
        await house.server().start(house.people["ann"], GROUP, "video")

    assert await house.kinds(GROUP) == []
    assert await house.store.read(lambda c: calls.open_in(c, GROUP)) is None


async def test_not_even_by_hand_has_a_room_two_calls(house: House) -> None:
    await house.open_group("ann", "bob")
    call = (await house.server().start(house.people["ann"], GROUP, "video")).call

    def second(connection: sa.Connection) -> bool:
        return calls.add(connection, replace(call, id="another"))

    assert await house.store.write(second) is False

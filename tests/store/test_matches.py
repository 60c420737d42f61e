"""Matching when everybody comes at once, through several servers over one store."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.match_news import MatchTeller
from signaling.match_turn import Patience
from signaling.matching import Matching, Tries, View
from signaling.protocol import MatchNews
from signaling.store import Store, audit, chat_rules, events, matches, open_store, rooms, users
from signaling.store.matches import DECLINED_FOR, HEART_LINK, KEPT_FOR, NUMBER, Overtaken
from signaling.store.schema import declined_matches, room_members
from signaling.store.schema import matches as matches_table
from signaling.store.schema import rooms as rooms_table
from signaling.streams import Streams
from tests.store.conftest import ENGINES, NewDatabase
from tests.store.rows import NOW, count, put_user, session

WAIT, ANSWER = timedelta(seconds=60), timedelta(seconds=30)
INSTANT = timedelta(microseconds=1)


@dataclass
class Heard:
    """Who is connected to one server, and what each of them was told."""

    connected: set[str] = field(default_factory=set)
    news: list[tuple[str, MatchNews]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.connected)

    def tell_person(self, message: MatchNews, user_id: str) -> None:
        if user_id in self.connected:
            self.news.append((user_id, message))

    def states(self, name: str) -> list[str]:
        return [message.state for who, message in self.news if who == name]


@dataclass
class Server:
    """One signaling process, as far as matching goes."""

    matching: Matching
    teller: MatchTeller
    heard: Heard


@dataclass
class House:
    """One store, a clock that stands still unless it is moved, and people."""

    store: Store
    moment: datetime = NOW
    people: dict[str, Person] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.moment

    def server(self, *connected: str) -> Server:
        heard = Heard(set(connected))
        teller = MatchTeller(self.store, heard, self.now)
        matching = Matching(
            self.store,
            Streams(self.store, self.now),
            teller,
            Tries(lambda: 0.0, per_minute=1000, per_minute_of_all=1000),
            now=self.now,
            patience=Patience(WAIT, ANSWER),
        )
        return Server(matching, teller, heard)

    async def add(self, *names: str) -> None:
        for name in names:
            self.people[name] = Person(await put_user(self.store, name), session(user_id=name))

    async def number(self, server: Server, name: str, number: str = "0421") -> View:
        return await server.matching.ask_number(self.people[name], number, "192.0.2.1")

    async def link(self, server: Server, name: str, wanted: str | None = None) -> View:
        return await server.matching.ask_heart_link(self.people[name], wanted, "192.0.2.1")

    async def state(self, name: str, kind: str = HEART_LINK) -> str:
        return (await self.server().matching.view(self.people[name], kind)).state

    async def rooms(self) -> int:
        return await self.store.read(lambda connection: count(connection, rooms_table))


# Where people come at once, and where what is asked for is written for both engines.
on_both = pytest.mark.parametrize("house", ENGINES, indirect=True)


@pytest.fixture
async def house(request: pytest.FixtureRequest, new_database: NewDatabase) -> AsyncIterator[House]:
    async with open_store(await new_database(getattr(request, "param", "sqlite"))) as store:
        made = House(store)
        await made.add("ann", "bob", "cyd", "dan")
        yield made


async def at_once(*starting: Any) -> list[Any]:
    return await asyncio.gather(*starting, return_exceptions=True)


def room_of(view: View) -> str:
    assert view.sight is not None
    assert view.sight.match.room_id is not None
    return view.sight.match.room_id


def code(result: Any) -> str:
    assert isinstance(result, Refused), result
    return result.code


# --- numbers ---


@on_both
async def test_of_three_with_one_number_in_one_instant_two_meet_and_one_waits_on(
    house: House,
) -> None:
    servers = house.server(), house.server()
    names = ("ann", "bob", "cyd")

    await at_once(*(house.number(servers[n % 2], name) for n, name in enumerate(names)))

    views = {name: await servers[0].matching.view(house.people[name], NUMBER) for name in names}
    assert Counter(view.state for view in views.values()) == {"matched": 2, "waiting": 1}
    pair = {name for name, view in views.items() if view.state == "matched"}
    (room_id,) = {room_of(views[name]) for name in pair}
    members = await house.store.read(lambda c: rooms.members(c, room_id, NOW))
    assert {(one.user_id, one.role) for one in members} == {(name, "member") for name in pair}
    room = await house.store.read(lambda c: rooms.by_id(c, room_id))
    assert room is not None
    assert (room.kind, room.capacity, await house.rooms()) == ("match", 2, 1)
    story = await house.store.read(lambda c: events.after(c, room_id, 0, 100))
    assert [(each.kind, each.body["user"]) for each in story] == [
        ("member.joined", story[0].actor),
        ("member.joined", story[1].actor),
    ]
    assert {each.actor for each in story} == pair
    entries = await house.store.read(lambda c: audit.page(c, None, 10))
    assert [(each.act.action, each.act.subject) for each in entries] == [("match.made", room_id)]


@on_both
async def test_many_who_come_at_once_all_meet_in_pairs(house: House) -> None:
    names = [f"p{n:02}" for n in range(12)]
    await house.add(*names)
    servers = house.server(), house.server()

    # Four numbers, three people each.
    await at_once(
        *(house.number(servers[n % 2], name, f"000{n % 4}") for n, name in enumerate(names))
    )

    states = [await house.state(name, NUMBER) for name in names]
    assert Counter(states) == {"matched": 8, "waiting": 4}
    assert await house.rooms() == 4
    assert await house.store.read(lambda c: count(c, room_members)) == 8


async def test_a_third_does_not_come_between_two_who_have_met(house: House) -> None:
    server = house.server()
    await house.number(server, "ann")
    met = await house.number(server, "bob")

    assert met.state == "matched"
    assert (await house.number(server, "cyd")).state == "waiting"
    # A retry of either gets what they have.
    assert room_of(await house.number(server, "ann")) == room_of(met)
    assert await house.rooms() == 1


@on_both
async def test_one_person_waits_for_one_number_however_they_ask(house: House) -> None:
    one, other = house.server(), house.server()

    asked = await at_once(*(house.number(one, "ann", f"000{n}") for n in range(4)))
    waiting = [each for each in asked if isinstance(each, View)]
    assert len(waiting) == 1
    assert {code(each) for each in asked if each is not waiting[0]} == {"already_waiting"}

    number = waiting[0].sight and waiting[0].sight.match.number
    assert (await house.number(other, "ann", str(number))).state == "waiting"
    with pytest.raises(Refused, match="already_waiting"):
        await house.number(other, "ann", "9999")


async def test_a_place_that_was_changed_meanwhile_is_not_overwritten(house: House) -> None:
    await house.number(house.server(), "ann")
    seen = await house.store.read(lambda c: matches.sight(c, "ann", NUMBER))
    assert seen is not None
    await house.store.write(lambda c: matches.put(c, seen.match, NOW))

    with pytest.raises(Overtaken):
        await house.store.write(lambda c: matches.put(c, seen.match, NOW))


async def test_a_wait_is_over_at_its_moment_without_anybody_looking(house: House) -> None:
    server = house.server()
    await house.number(server, "ann")

    house.moment += WAIT - INSTANT
    assert await house.state("ann", NUMBER) == "waiting"
    house.moment += INSTANT
    assert await house.state("ann", NUMBER) == "expired"
    # Nobody meets somebody who has stopped waiting, and a new wait begins anew.
    assert (await house.number(server, "bob")).state == "waiting"
    assert (await house.number(server, "ann")).state == "matched"


@on_both
async def test_cancelling_and_being_matched_at_once_agree(house: House) -> None:
    one, other = house.server(), house.server()
    await house.number(one, "ann")

    cancelled, asked = await at_once(
        one.matching.cancel(house.people["ann"], NUMBER, ""), house.number(other, "bob")
    )

    assert (cancelled.state, asked.state) in {("cancelled", "waiting"), ("matched", "matched")}
    assert await house.rooms() == (1 if asked.state == "matched" else 0)


@pytest.mark.parametrize("change", [{"banned_at": NOW}, {"role": "guest"}])
async def test_whoever_may_not_match_is_nobodys_partner(
    house: House, change: dict[str, Any]
) -> None:
    server = house.server()
    for ask in (house.number, house.link):
        await ask(server, "ann")
    await house.store.write(lambda c: users.change(c, "ann", change))

    assert (await house.number(server, "bob")).state == "waiting"
    assert (await house.link(server, "bob")).state == "waiting"


@on_both
@pytest.mark.parametrize("pair", [("ann", "bob"), ("bob", "ann")])
async def test_who_blocked_the_other_does_not_meet_them(
    house: House, pair: tuple[str, str]
) -> None:
    server = house.server()
    await house.store.write(lambda c: chat_rules.block(c, *pair, NOW))

    for ask in (house.number, house.link):
        await ask(server, "ann")
        assert (await ask(server, "bob")).state == "waiting"


@on_both
async def test_what_is_over_is_forgotten_and_what_goes_on_is_not(house: House) -> None:
    server = house.server()
    await house.number(server, "ann")
    house.moment += KEPT_FOR
    await house.number(server, "bob")
    house.moment += WAIT + INSTANT

    await house.store.write(lambda c: matches.forget(c, house.moment))

    assert await house.state("ann", NUMBER) == "none"
    assert await house.state("bob", NUMBER) == "expired"


# --- heart links ---


@on_both
async def test_two_who_wait_are_proposed_and_meet_once_both_accept(house: House) -> None:
    one, other = house.server(), house.server()
    assert (await house.link(one, "ann")).state == "waiting"
    proposed = await house.link(other, "bob")
    assert proposed.sight is not None
    assert (proposed.state, proposed.sight.partner_name) == ("proposed", "ann")
    assert proposed.seconds_left == ANSWER.total_seconds()

    await at_once(
        one.matching.accept(house.people["ann"], ""),
        other.matching.accept(house.people["bob"], ""),
    )

    views = [await one.matching.view(house.people[name], HEART_LINK) for name in ("ann", "bob")]
    assert len({room_of(view) for view in views}) == 1
    room = await house.store.read(lambda c: rooms.by_id(c, room_of(views[0])))
    assert room is not None
    assert (room.kind, await house.rooms()) == ("heart-link", 1)


async def test_one_yes_waits_for_the_other_and_is_worth_nothing_too_late(house: House) -> None:
    server = house.server()
    await house.link(server, "ann")
    await house.link(server, "bob")
    ann, bob = house.people["ann"], house.people["bob"]

    assert (await server.matching.accept(ann, "")).state == "accepted"
    assert (await server.matching.accept(ann, "")).state == "accepted"
    assert await house.state("bob") == "proposed"
    house.moment += ANSWER
    with pytest.raises(Refused, match="nothing_proposed"):
        await server.matching.accept(bob, "")
    assert [await house.state(name) for name in ("ann", "bob")] == ["expired", "expired"]
    assert await house.rooms() == 0


@pytest.mark.parametrize("way", ["decline", "cancel"])
async def test_who_is_declined_waits_on_and_for_a_day_not_for_the_same(
    house: House, way: str
) -> None:
    server = house.server()
    await house.link(server, "ann")
    await house.link(server, "bob")
    if way == "decline":
        await server.matching.decline(house.people["ann"], "")
    else:
        await server.matching.cancel(house.people["ann"], HEART_LINK, "")

    assert [await house.state(name) for name in ("ann", "bob")] == ["cancelled", "waiting"]
    house.moment += INSTANT
    assert (await house.link(server, "ann")).state == "waiting"
    # Somebody else may have either: whoever waits longest.
    found = (await house.link(server, "cyd")).sight
    assert found is not None
    assert found.match.partner_id == "bob"
    assert await house.state("ann") == "waiting"

    house.moment += DECLINED_FOR
    await house.link(server, "ann")
    assert (await house.link(server, "bob")).state == "proposed"


@on_both
async def test_who_is_declined_is_proposed_at_once_to_another_who_waits(house: House) -> None:
    server = house.server()
    await house.link(server, "ann")
    await house.link(server, "bob")
    await server.matching.decline(house.people["ann"], "")
    house.moment += INSTANT
    await house.link(server, "ann")
    await house.link(server, "cyd")
    assert [await house.state(name) for name in ("ann", "bob", "cyd")] == [
        "waiting",
        "proposed",
        "proposed",
    ]

    await server.matching.decline(house.people["bob"], "")

    assert [await house.state(name) for name in ("ann", "bob", "cyd")] == [
        "proposed",
        "cancelled",
        "proposed",
    ]


async def test_who_wants_one_person_gets_them_or_nobody(house: House) -> None:
    server = house.server()
    await house.link(server, "ann", wanted="bob")

    assert (await house.link(server, "cyd")).state == "waiting"
    assert (await house.link(server, "dan", wanted="cyd")).state == "proposed"
    assert await house.state("ann") == "waiting"
    assert (await house.link(server, "bob")).state == "proposed"
    assert await house.state("ann") == "proposed"


async def test_a_partner_whose_account_was_closed_is_given_up(house: House) -> None:
    server = house.server()
    await house.link(server, "ann")
    await house.link(server, "bob")
    await server.matching.accept(house.people["ann"], "")
    await house.store.write(lambda c: users.change(c, "ann", {"banned_at": NOW}))

    assert (await server.matching.accept(house.people["bob"], "")).state == "waiting"
    assert await house.rooms() == 0


@on_both
async def test_answers_to_each_other_at_once_agree(house: House) -> None:
    one, other = house.server(), house.server()
    await house.link(one, "ann")
    await house.link(other, "bob")
    await one.matching.accept(house.people["ann"], "")

    await at_once(
        one.matching.decline(house.people["ann"], ""),
        other.matching.accept(house.people["bob"], ""),
    )

    states = [await house.state(name) for name in ("ann", "bob")]
    assert states in (["matched", "matched"], ["cancelled", "waiting"])
    assert await house.rooms() == states.count("matched") // 2


async def test_what_was_declined_is_forgotten_after_a_day(house: House) -> None:
    await house.store.write(lambda c: matches.note_declined(c, "bob", "ann", NOW))

    for later, left in ((DECLINED_FOR, 1), (DECLINED_FOR + INSTANT, 0)):
        await house.store.write(lambda c, at=NOW + later: matches.forget(c, at))
        assert await house.store.read(lambda c: count(c, declined_matches)) == left


# --- news ---


@on_both
async def test_devices_hear_what_happens_through_another_server_once(house: House) -> None:
    one, other = house.server("ann", "cyd"), house.server("ann", "bob")
    await house.number(one, "ann")
    await house.number(other, "bob")

    for server in (one, other, one, other):
        await server.teller.look()

    assert one.heard.states("ann") == ["waiting", "matched"]
    assert other.heard.states("ann") == ["matched"]
    assert other.heard.states("bob") == ["matched"]
    assert one.heard.states("cyd") == []
    (_, news), *_ = other.heard.news
    assert (news.room, news.number) == (one.heard.news[-1][1].room, "0421")
    assert news.partner is not None


async def test_the_end_of_a_wait_is_told_once(house: House) -> None:
    server = house.server("ann")
    await house.link(server, "ann")

    for _ in range(90):
        house.moment += timedelta(seconds=1)
        await server.teller.look()

    assert server.heard.states("ann") == ["waiting", "expired"]


async def test_what_is_older_than_what_was_told_is_not_told(house: House) -> None:
    server = house.server("ann")
    await house.number(server, "ann")
    before = await house.store.read(lambda c: matches.lately(c, NOW - WAIT, NOW))
    await house.number(server, "bob")

    server.teller.tell(before, NOW)

    assert server.heard.states("ann") == ["waiting", "matched"]


async def test_nobody_is_looked_for_where_nobody_is_connected(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = house.server()
    monkeypatch.setattr(house.store, "read", None)
    await server.teller.look()


async def test_places_go_with_their_people(house: House) -> None:
    await house.number(house.server(), "ann")
    await house.store.write(lambda c: c.execute(users.users.delete()))
    assert await house.store.read(lambda c: count(c, matches_table)) == 0

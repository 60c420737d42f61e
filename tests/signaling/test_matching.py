"""Matching through HTTP and the socket: asked, loaded again, told, and over in time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from signaling.app import Candor, open_candor
from signaling.config import Config
from signaling.http.server import listen
from tests.client import Client, Reply
from tests.clock import Clock
from tests.conftest import with_limits
from tests.signaling.test_websocket import connected, signed_in

NUMBER, LINK = "/api/v1/matches/number", "/api/v1/matches/heart-link"
OLD = "/tools/api/number-match/"


@dataclass
class Stage:
    """A Candor whose time stands still unless it is moved, and people."""

    candor: Candor
    client: Client
    clock: Clock
    people: dict[str, Client] = field(default_factory=dict)

    async def add(self, *names: str) -> None:
        for name in names:
            self.people[name] = await self.client.register(name)

    async def id_of(self, name: str) -> str:
        return str((await self.people[name].get("/api/v1/me")).body["id"])

    async def number(self, name: str, number: str = "0421") -> Reply:
        return await self.people[name].post(NUMBER, {"number": number})

    async def link(self, name: str, user: str = "") -> Reply:
        return await self.people[name].post(LINK, {"user": user})

    async def seen(self, name: str, path: str = NUMBER) -> dict[str, Any]:
        reply = await self.people[name].get(path)
        assert reply.status == 200, reply
        shown: dict[str, Any] = reply.body
        return shown


@pytest.fixture
def config(config: Config) -> Config:
    return with_limits(config, matches_per_minute=1000, matches_per_minute_of_all=1000)


@asynccontextmanager
async def on_stage(config: Config, clock: Clock) -> AsyncIterator[Stage]:
    async with (
        open_candor(config) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        yield Stage(candor, client, clock)


@pytest.fixture
async def stage(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    clock = Clock()
    monkeypatch.setattr("signaling.app.utc_now", clock)
    async with on_stage(config, clock) as opened:
        await opened.add("ann", "bob", "eve")
        yield opened


async def test_a_number_brings_two_together_in_a_room_of_their_own(stage: Stage) -> None:
    assert (await stage.seen("ann"))["state"] == "none"
    waiting = await stage.number("ann")
    assert (waiting.status, waiting.body["state"]) == (200, "waiting")
    matched = (await stage.number("bob")).body

    seen = await stage.seen("ann")
    assert (seen["state"], seen["number"], seen["room"]) == ("matched", "0421", matched["room"])
    assert (seen["partner"]["name"], matched["partner"]["name"]) == ("bob", "ann")
    path = f"/api/v1/rooms/{seen['room']}"
    for name in ("ann", "bob"):
        room = (await stage.people[name].get(path)).body
        assert (room["kind"], room["capacity"], room["role"]) == ("match", 2, "member")
    assert (await stage.people["eve"].get(path)).status == 404
    # Nobody else gets in: neither of the two may invite.
    assert (await stage.people["ann"].post(f"{path}/invitations")).code == "forbidden"
    assert (await stage.number("eve")).body["state"] == "waiting"


async def test_a_page_that_is_loaded_again_goes_on_waiting(stage: Stage) -> None:
    first = (await stage.number("ann")).body
    stage.clock.forward(20)

    again = (await stage.number("ann")).body
    assert again == await stage.seen("ann")
    assert (again["expires_at"], again["seconds_left"]) == (first["expires_at"], 40.0)


async def test_nobody_waits_for_two_numbers_at_once(stage: Stage) -> None:
    await stage.number("ann")
    refused = await stage.number("ann", "9999")
    assert (refused.status, refused.code) == (409, "already_waiting")
    assert (await stage.seen("ann"))["number"] == "0421"


async def test_a_wait_ends_by_itself_after_a_minute(stage: Stage) -> None:
    await stage.number("ann")
    stage.clock.forward(59.5)
    assert (await stage.seen("ann"))["seconds_left"] == 0.5
    stage.clock.forward(0.5)
    seen = await stage.seen("ann")
    assert (seen["state"], seen["seconds_left"]) == ("expired", 0.0)
    assert (await stage.number("ann", "9999")).body["state"] == "waiting"


CANCELS = (("DELETE", NUMBER), ("POST", f"{NUMBER}/cancel"), ("POST", f"{OLD}cancel/"))


async def test_a_wait_is_cancelled_and_a_meeting_is_not(stage: Stage) -> None:
    ann = stage.people["ann"]
    for method, path in CANCELS:
        await stage.number("ann")
        for _ in range(2):
            cancelled = await ann.call(method, path)
            assert (cancelled.status, cancelled.body["state"]) == (200, "cancelled")
    assert (await stage.number("bob")).body["state"] == "waiting"
    room = (await stage.number("ann")).body["room"]
    for method, path in CANCELS:
        too_late = (await ann.call(method, path)).body
        assert (too_late["state"], too_late["room"]) == ("matched", room)


async def test_the_old_name_asks_as_well(stage: Stage) -> None:
    assert (await stage.people["ann"].post(OLD, {"number": "0421"})).body["state"] == "waiting"
    assert (await stage.number("bob")).body["state"] == "matched"


NO_NUMBERS = ("", "042", "04211", "04a1", "٠٤٢١", "0421\n", " 421", "-421", 421, 1234, None)


async def test_a_number_is_four_digits(stage: Stage) -> None:
    for number in NO_NUMBERS:
        refused = await stage.people["ann"].post(NUMBER, {"number": number})
        assert (refused.status, refused.code) == (400, "invalid"), number


async def test_guests_and_the_banned_are_not_matched(stage: Stage) -> None:
    ann = stage.people["ann"]
    await ann.post("/api/v1/rooms", {"id": "tea"})
    code = (await ann.post("/api/v1/rooms/tea/invitations")).body["code"]
    entered = await stage.client.post("/api/v1/auth/guest", {"name": "Gus", "invitation": code})
    gus = stage.client.as_(entered.body["access_token"])
    await stage.candor.accounts.create("olga", "correct horse battery", "operator")
    olga = stage.client.as_((await stage.client.login("olga")).body["access_token"])
    for path, body in ((NUMBER, {"number": "0421"}), (LINK, {})):
        assert (await gus.post(path, body)).code == "forbidden"
        assert (await ann.post(path, body)).body["state"] == "waiting"

    ban = f"/api/v1/users/{await stage.id_of('ann')}/ban"
    assert (await olga.post(ban, {"reason": "tested"})).status == 204

    assert (await stage.number("ann")).status == 401
    assert (await stage.number("bob")).body["state"] == "waiting"
    assert (await stage.link("bob")).body["state"] == "waiting"


async def test_a_heart_link_opens_once_both_have_said_yes(stage: Stage) -> None:
    ann, bob = stage.people["ann"], stage.people["bob"]
    assert (await stage.link("ann")).body["state"] == "waiting"
    proposed = (await stage.link("bob")).body
    assert (proposed["state"], proposed["partner"]["name"]) == ("proposed", "ann")
    assert (await stage.seen("ann", LINK))["partner"]["name"] == "bob"

    assert (await ann.post(f"{LINK}/accept")).body["state"] == "accepted"
    matched = (await bob.post(f"{LINK}/accept")).body

    assert matched["state"] == "matched"
    assert (await stage.seen("ann", LINK))["room"] == matched["room"]
    room = (await ann.get(f"/api/v1/rooms/{matched['room']}")).body
    assert (room["kind"], room["capacity"]) == ("heart-link", 2)
    # What is said twice is done once; and it cannot be taken back.
    assert (await bob.post(f"{LINK}/accept")).body["room"] == matched["room"]
    assert (await bob.post(f"{LINK}/decline")).code == "nothing_proposed"


async def test_who_is_declined_waits_on_and_does_not_hear_why(stage: Stage) -> None:
    await stage.link("ann")
    await stage.link("bob")
    declined = await stage.people["ann"].post(f"{LINK}/decline")
    assert (declined.body["state"], declined.body["partner"]) == ("cancelled", None)
    seen = await stage.seen("bob", LINK)
    assert (seen["state"], seen["partner"], seen["seconds_left"]) == ("waiting", None, 60.0)
    for act in ("accept", "decline"):
        refused = await stage.people["bob"].post(f"{LINK}/{act}")
        assert (refused.status, refused.code) == (409, "nothing_proposed")


async def test_a_link_with_one_person_waits_for_that_one(stage: Stage) -> None:
    bob = await stage.id_of("bob")
    assert (await stage.link("ann", bob)).body["wanted"] == bob
    assert (await stage.link("ann", bob)).status == 200
    assert (await stage.link("ann")).code == "already_waiting"
    stage.clock.forward(1)
    assert (await stage.link("eve")).body["state"] == "waiting"
    assert (await stage.link("bob")).body["partner"]["name"] == "ann"


async def test_a_link_with_nobody_or_with_oneself_is_refused(stage: Stage) -> None:
    assert (await stage.link("ann", "nobody")).code == "not_found"
    assert (await stage.link("ann", await stage.id_of("ann"))).code == "invalid"
    assert (await stage.seen("ann", LINK))["state"] == "none"


# --- news ---


async def test_every_device_hears_at_once_and_nobody_else_does(stage: Stage) -> None:
    ann = stage.people["ann"]
    await ann.post("/api/v1/rooms", {"id": "tea"})
    given_away = (await ann.post("/api/v1/rooms/tea/tokens")).body["token"]
    async with (
        signed_in(ann) as phone,
        signed_in(ann) as desk,
        signed_in(stage.people["eve"]) as eve,
        connected(stage.client) as holder,
    ):
        await holder.ask("hello", version=1, token=given_away)
        await stage.number("ann")
        room = (await stage.number("bob")).body["room"]
        for device in (phone, desk):
            waiting = await device.told(type="match_news")
            assert (waiting["kind"], waiting["state"]) == ("number", "waiting")
            matched = await device.told(type="match_news")
            assert (matched["state"], matched["room"]) == ("matched", room)
            assert matched["partner"]["name"] == "bob"
        for other in (eve, holder):
            await other.ask("ping")
            assert not [one for one in other.kept if one["type"] == "match_news"]


async def test_the_end_of_a_wait_is_told(stage: Stage) -> None:
    async with signed_in(stage.people["ann"]) as ann:
        await stage.link("ann")
        stage.clock.forward(60)
        expired = await ann.told(type="match_news", state="expired")
    assert (expired["kind"], expired["partner"]) == ("heart-link", None)


async def test_what_happens_through_another_process_is_told_here(
    stage: Stage, config: Config
) -> None:
    async with on_stage(config, stage.clock) as elsewhere:
        away = {name: elsewhere.client.as_(one.token) for name, one in stage.people.items()}
        async with signed_in(stage.people["ann"]) as ann:
            await away["ann"].post(LINK)
            await away["bob"].post(LINK)
            proposed = await ann.told(type="match_news", state="proposed")
            assert proposed["partner"]["name"] == "bob"
            await stage.people["ann"].post(f"{LINK}/accept")
            matched = (await away["bob"].post(f"{LINK}/accept")).body
            told = await ann.told(type="match_news", state="matched")
    assert told["room"] == matched["room"]

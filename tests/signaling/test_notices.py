"""What reaches people who are not in the room: a telephone that rings, and who is there."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from signaling.app import Candor
from signaling.notices import concerned
from signaling.store.events import Event
from tests.client import Client
from tests.signaling.test_websocket import Caller, connected, signed_in

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("call.ringing", {"caller": "ann", "users": ["bob", "cyd"]}, {"ann", "bob", "cyd"}),
        ("call.declined", {"caller": "ann", "user": "bob"}, {"ann", "bob"}),
        ("member.left", {"user": "bob"}, {"bob"}),
        ("room.locked", {}, set()),
        ("message.posted", {"user": "bob"}, set()),
    ],
)
def test_whom_an_event_names(kind: str, body: dict[str, Any], expected: set[str]) -> None:
    assert concerned(Event("tea", 1, kind, "ann", NOW, body)) == expected


@pytest.fixture
async def people(client: Client) -> dict[str, Client]:
    return {name: await client.register(name) for name in ("ann", "bob", "eve")}


async def id_of(person: Client) -> str:
    found: str = (await person.get("/api/v1/me")).body["id"]
    return found


async def call(people: dict[str, Client]) -> dict[str, Any]:
    """Ann calls Bob."""
    user = await id_of(people["bob"])
    started = await people["ann"].post("/api/v1/calls/start", {"user": user, "medium": "video"})
    assert started.status == 200, started
    shown: dict[str, Any] = started.body
    return shown


async def test_a_call_rings_on_every_device_until_one_answers(people: dict[str, Client]) -> None:
    async with AsyncExitStack() as stack:
        devices = [await stack.enter_async_context(signed_in(people["bob"])) for _ in range(2)]
        others = [await stack.enter_async_context(signed_in(people[n])) for n in ("ann", "eve")]
        started = await call(people)
        for device in devices:
            rings = await device.told(type="notice", kind="call.ringing")
            assert rings["room"] == started["room"]
            assert rings["body"]["call"] == started["id"]
            assert rings["body"]["medium"] == "video"
        assert (await people["bob"].post(f"/api/v1/calls/{started['id']}/accept")).status == 200
        for device in (*devices, others[0]):
            await device.told(type="notice", kind="call.accepted")
        # Nobody else hears of it.
        assert (await others[1].ask("ping"))["type"] == "pong"
        assert [one for one in others[1].kept if one["type"] == "notice"] == []


async def test_whoever_is_in_the_room_hears_it_once(people: dict[str, Client]) -> None:
    async with signed_in(people["bob"]) as bob:
        room = (await call(people))["room"]
        await bob.told(type="notice", kind="call.ringing")
        seen = await bob.ask("enter", room=room, after=0)
        await people["bob"].post(f"/api/v1/calls/{seen['call']['id']}/decline")
        await bob.told(type="event", kind="call.declined")
        assert (await bob.ask("ping"))["type"] == "pong"
        assert [one["kind"] for one in bob.kept if one["type"] == "notice"] == []


async def test_a_page_that_is_opened_while_it_rings_knows(people: dict[str, Client]) -> None:
    started = await call(people)
    ann, bob = await id_of(people["ann"]), people["bob"]
    async with connected(bob) as caller:
        welcome = await caller.ask("hello", version=1, token=bob.token)
    expected = {"call": started["id"], "room": started["room"], "medium": "video", "caller": ann}
    assert welcome["calls"] == [expected | {"state": "ringing"}]
    await bob.post(f"/api/v1/calls/{started['id']}/decline")
    async with connected(bob) as caller:
        assert (await caller.ask("hello", version=1, token=bob.token))["calls"] == []


async def presence_of(caller: Caller, identity: str) -> str:
    news: str = (await caller.told(type="presence_news", identity=identity))["status"]
    return news


async def test_presence_is_told_to_those_who_share_a_room(
    people: dict[str, Client], candor: Candor
) -> None:
    started = await call(people)  # so that Ann and Bob share a room
    bob = await id_of(people["bob"])
    async with signed_in(people["ann"]) as ann, signed_in(people["eve"]) as eve:
        async with signed_in(people["bob"]) as phone:
            assert await presence_of(ann, bob) == "online"
            await phone.ask("presence", status="away")
            assert await presence_of(ann, bob) == "away"
            await people["bob"].post(f"/api/v1/calls/{started['id']}/accept")
            assert await presence_of(ann, bob) == "busy"
            members = (await ann.ask("enter", room=started["room"]))["members"]
            assert {one["identity"]: one["status"] for one in members}[bob] == "busy"
            await people["bob"].post("/api/v1/calls/end", {"call": started["id"]})
            assert await presence_of(ann, bob) == "away"
        assert await presence_of(ann, bob) == "offline"
        assert (await eve.ask("ping"))["type"] == "pong"
        assert {one["identity"] for one in eve.kept if one["type"] == "presence_news"} <= {
            await id_of(people["eve"])
        }
    assert (await people["eve"].get(f"/api/v1/people/{bob}")).body["status"] == "offline"

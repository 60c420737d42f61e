"""The socket over aiohttp's client, on a real app and a real database file."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from signaling.app import Candor
from signaling.http.server import listen
from signaling.risk.consent import VERSION
from tests.client import Client

WITHIN_S = 20.0


class Caller:
    """Somebody at the other end of a socket; numbers messages, keeps what is told meanwhile."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.kept: list[dict[str, Any]] = []
        self._number = 0

    async def ask(self, type_: str, **content: Any) -> dict[str, Any]:
        self._number += 1
        await self.socket.send_json({"type": type_, "id": self._number, **content})
        return await self.told(re=self._number)

    async def told(self, **wanted: Any) -> dict[str, Any]:
        """The first message, kept or new, with these values."""
        for message in self.kept:
            if wanted.items() <= message.items():
                self.kept.remove(message)
                return message
        async with asyncio.timeout(WITHIN_S):
            while True:
                message = json.loads(await self.socket.receive_str())
                if wanted.items() <= message.items():
                    return message
                self.kept.append(message)

    async def closed(self) -> int:
        """The code that the server closes with."""
        async with asyncio.timeout(WITHIN_S):
            while not (message := await self.socket.receive()).type.name.startswith("CLOS"):
                assert message.type is aiohttp.WSMsgType.TEXT, message
                self.kept.append(json.loads(message.data))
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def connected(client: Client, path: str = "/ws", **options: Any) -> AsyncIterator[Caller]:
    """A socket of a page of our own site, nobody signed in."""
    options.setdefault("headers", {"Origin": client.address})
    async with client._http.ws_connect(client.address + path, **options) as socket:
        yield Caller(socket)


@asynccontextmanager
async def signed_in(client: Client, path: str = "/ws") -> AsyncIterator[Caller]:
    async with connected(client, path) as caller:
        welcome = await caller.ask("hello", version=1, token=client.token)
        assert welcome["type"] == "welcome", welcome
        yield caller


@pytest.fixture
async def ada(client: Client) -> Client:
    """An account with a room, `tea`."""
    registered = await client.register("ada")
    assert (await registered.post("/api/v1/rooms", {"id": "tea"})).status == 201
    return registered


async def happen(candor: Candor, count: int, text: str = "") -> None:
    for number in range(count):
        body = {"number": number, "text": text}
        await candor.streams.write(lambda h, body=body: h.append("tea", "test", "ada", body))


def numbers_in(messages: list[dict[str, Any]]) -> list[int]:
    return [one["body"]["number"] for one in messages if one.get("kind") == "test"]


async def test_a_snapshot_says_its_sequence_and_events_follow(ada: Client, candor: Candor) -> None:
    async with signed_in(ada) as caller:
        snapshot = await caller.ask("enter", room="tea")
        arrived = await caller.told(kind="person.arrived")
        await happen(candor, 1)
        told = await caller.told(kind="test")
    assert snapshot["members"][0]["role"] == "owner"
    assert [one["name"] for one in snapshot["present"]] == ["ada"]
    assert snapshot["may"]["moderate"] is True
    assert arrived["sequence"] == snapshot["sequence"] + 1
    assert told["sequence"] == snapshot["sequence"] + 2


async def test_what_was_missed_comes_once_and_in_order(ada: Client, candor: Candor) -> None:
    async with signed_in(ada) as caller:
        seen = (await caller.ask("enter", room="tea"))["sequence"]
    await happen(candor, 450)
    async with signed_in(ada) as caller:
        snapshot = await caller.ask("enter", room="tea", after=seen)
        assert snapshot["sequence"] >= seen + 450
        await caller.told(kind="test", body={"number": 449, "text": ""})
        events = [one for one in caller.kept if one["type"] == "event"]
    assert numbers_in(events) == list(range(449))
    numbers = [one["sequence"] for one in events]
    assert numbers == list(range(seen + 1, seen + 1 + len(numbers)))


async def test_a_future_sequence_is_refused(ada: Client) -> None:
    async with signed_in(ada) as caller:
        reply = await caller.ask("enter", room="tea", after=10_000)
    assert reply["error"]["code"] == "invalid"


async def test_two_devices_hear_the_same_and_are_one_person(ada: Client, candor: Candor) -> None:
    async with signed_in(ada) as one, signed_in(ada) as other:
        await one.ask("enter", room="tea")
        snapshot = await other.ask("enter", room="tea")
        await happen(candor, 3)
        for caller in (one, other):
            await caller.told(kind="test", body={"number": 2, "text": ""})
        kinds = [[message["kind"] for message in caller.kept] for caller in (one, other)]
    assert [person["devices"] for person in snapshot["present"]] == [2]
    assert kinds[0].count("person.arrived") == 1
    assert numbers_in(one.kept) == numbers_in(other.kept) == [0, 1]


async def test_who_leaves_and_what_they_send_is_told(ada: Client) -> None:
    bob = await ada.as_(None).register("bob")
    code = (await ada.post("/api/v1/rooms/tea/invitations")).body["code"]
    assert (await bob.post(f"/api/v1/invitations/{code}/accept")).status == 200
    async with signed_in(ada) as caller:
        await caller.ask("enter", room="tea")
        async with signed_in(bob) as other:
            await other.ask("enter", room="tea")
            state = {"microphone": True, "camera": False, "screen": False, "hand": True}
            assert (await other.ask("media_state", **state))["type"] == "ack"
            assert (await caller.told(kind="media.state"))["body"] == state
            assert (await other.ask("gesture", gesture="clap"))["type"] == "ack"
            assert (await caller.told(kind="person.gesture"))["body"] == {"gesture": "clap"}
        left = await caller.told(kind="person.left")
    assert left["body"] == {"name": "bob"}


async def test_who_only_reads_is_not_in_the_call(ada: Client, candor: Candor) -> None:
    only_who_agrees = {"consent_required": True}
    assert (await ada.call("PUT", "/api/v1/rooms/tea/detection", only_who_agrees)).status == 200
    async with signed_in(ada) as page, signed_in(ada) as call:
        snapshot = await page.ask("enter", room="tea", reading=True)
        assert snapshot["present"] == []
        watched = await page.ask("watch")
        assert watched["error"]["code"] == "forbidden"
        refused = await call.ask("enter", room="tea")
        assert refused["error"]["code"] == "consent_required"
        entered = await call.ask("enter", room="tea", consent=VERSION)
        assert [one["devices"] for one in entered["present"]] == [1]
        # Their page was there before, and yet they come, and go, for all others.
        await page.told(kind="person.arrived")
        await call.ask("leave")
        await page.told(kind="person.left")


async def test_a_room_of_others_is_not_there(ada: Client) -> None:
    eve = await ada.as_(None).register("eve")
    async with signed_in(eve) as caller:
        reply = await caller.ask("enter", room="tea")
        lost = await caller.ask("publish", offer="v=0")
    assert reply["error"]["code"] == "not_found"
    assert lost["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["/ws/chat/tea/", "/ws/call/tea"])
async def test_a_bound_socket_enters_its_room_and_no_other(path: str, ada: Client) -> None:
    async with signed_in(ada, path) as caller:
        refused = await caller.ask("enter", room="milk")
        snapshot = await caller.ask("enter")
    assert refused["error"]["code"] == "not_found"
    assert snapshot["room"] == "tea"


async def test_a_token_may_come_as_a_subprotocol(ada: Client) -> None:
    protocols = ("candor.v1", f"candor.token.{ada.token}")
    async with connected(ada, protocols=protocols) as caller:
        welcome = await caller.ask("hello", version=1)
        assert caller.socket.protocol == "candor.v1"
    assert welcome["name"] == "ada"


async def test_a_wrong_token_closes(ada: Client) -> None:
    async with connected(ada) as caller:
        reply = await caller.ask("hello", version=1, token="not.a.token")
        assert reply["error"]["code"] == "unauthenticated"
        assert await caller.closed() == 4401


async def test_nobody_asks_before_they_say_who_they_are(ada: Client) -> None:
    async with connected(ada) as caller:
        reply = await caller.ask("enter", room="tea")
    assert reply["error"]["code"] == "unauthenticated"


async def test_a_logout_closes_the_socket(ada: Client) -> None:
    async with signed_in(ada) as caller:
        await caller.ask("enter", room="tea")
        assert (await ada.post("/api/v1/auth/logout")).status in {200, 204}
        assert await caller.closed() == 4401


async def test_a_slow_reader_is_closed_and_resumes(
    ada: Client, candor: Candor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.outbox.Outbox.__init__.__defaults__", (1 << 20, 0.5))
    monkeypatch.setattr(candor.returning, "_grace_s", 0.0)
    async with signed_in(ada) as caller:
        seen = (await caller.ask("enter", room="tea"))["sequence"]
        await happen(candor, 400, "x" * 30_000)
        async with asyncio.timeout(WITHIN_S):
            while len(candor.attendance):
                await asyncio.sleep(0.1)
    async with signed_in(ada) as caller:
        await caller.ask("enter", room="tea", after=seen)
        for number in range(400):
            assert (await caller.told(kind="test"))["body"]["number"] == number


async def test_a_server_that_ends_says_when_to_come_back(ada: Client, candor: Candor) -> None:
    async with signed_in(ada) as caller:
        candor.attendance.say_bye()
        bye = await caller.told(type="bye")
        assert bye["seconds"] > 0
        assert await caller.closed() == 1001


async def test_an_administrator_tells_everybody(ada: Client, candor: Candor) -> None:
    await candor.accounts.create("root", "correct horse battery", "administrator")
    login = await ada.as_(None).login("root")
    root = ada.as_(login.body["access_token"])
    await candor.accounts.create("olga", "correct horse battery", "operator")
    login = await ada.as_(None).login("olga")
    olga = ada.as_(login.body["access_token"])
    async with (
        signed_in(ada) as caller,
        signed_in(root) as administrator,
        signed_in(olga) as operator,
    ):
        assert (await operator.ask("send_system", text="no"))["error"]["code"] == "forbidden"
        assert (await caller.ask("send_system", text="no"))["error"]["code"] == "forbidden"
        nobody = await administrator.ask("send_system", text="Hello?", to="nobody")
        assert nobody["error"]["code"] == "not_found"
        assert (await administrator.ask("send_system", text="At eight."))["type"] == "ack"
        assert (await caller.told(type="system"))["text"] == "At eight."
        me = (await ada.get("/api/v1/me")).body["id"]
        assert (await operator.ask("send_system", to=me, text="Camera?"))["type"] == "ack"
        await caller.told(type="system", text="Camera?")
        assert (await administrator.ask("send_command", to=me, command="reload"))["type"] == "ack"
        assert (await caller.told(type="command"))["command"] == "reload"
    entries = (await root.get("/api/v1/audit")).body["entries"]
    acts = [(one["action"], one["subject"]) for one in entries]
    assert acts.count(("system.message", "")) == acts.count(("system.command", me)) == 1
    assert "At eight." not in str(entries)


async def test_a_drain_says_bye_before_the_door_closes(candor: Candor) -> None:
    async with AsyncExitStack() as door:
        listening = await door.enter_async_context(listen(candor, None))
        async with Client(listening.http) as client, signed_in(await client.register("ada")) as ada:
            closing = asyncio.create_task(door.aclose())
            assert (await ada.told(type="bye"))["reason"] == "draining"
            assert await ada.closed() == 1001
            await closing

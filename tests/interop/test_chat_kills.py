"""Chat over sockets while its server is killed again and again (HOSTILE C1, C5, C6).

`make torture` kills it 200 times.
"""

import asyncio
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.client import Client

KILLS = int(os.environ.get("CANDOR_TORTURE_KILLS", "25"))
SENDERS, READERS = 20, 3
PATIENCE_S = 120.0
# A life lasts so long from its first acknowledgement on; some have none.
LONGEST_LIFE_S = 1.5
KILLED_AT_ONCE = 0.1
LOST = (aiohttp.ClientConnectionError, ConnectionError, TimeoutError)


class Gone(Exception):
    """The socket ended."""


@dataclass
class Story:
    """What clients believe; the store is asked in the end."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    """By client_id: at which sequence."""
    again: int = 0
    heard: list[list[tuple[int, str]]] = field(default_factory=lambda: [[] for _ in range(READERS)])
    last: int | None = None
    """Where readers may stop; None while there is more to come."""
    silent: bool = False
    """Nobody says anything new."""


class Server:
    """A process that comes back on the same port with the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"

    @asynccontextmanager
    async def living(self, *habits: str) -> AsyncIterator[None]:
        """From when it answers; killed at the end of the block, unless it was by its own habit."""
        given = (str(self._folder), str(self._port), *habits)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.children.chatting", *given),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert child.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                assert await child.stdout.readline() == b"ready\n", "it did not start"
            yield
        finally:
            if not habits:
                child.kill()
            assert await child.wait() == -signal.SIGKILL


class Talk:
    """One socket, signed in; what is told beside answers goes to `hear`."""

    def __init__(self, wire: aiohttp.ClientWebSocketResponse, hear: Callable[[Any], None]) -> None:
        self._wire = wire
        self._hear = hear
        self._numbers = itertools.count(1)

    async def ask(self, **said: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._wire.send_json(said | {"id": number})
        while (told := await self.told()).get("re") != number:
            self._hear(told)
        assert told["type"] != "error", told
        return told

    async def told(self) -> dict[str, Any]:
        message = await self._wire.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise Gone
        found: dict[str, Any] = json.loads(message.data)
        return found

    async def hear(self) -> None:
        self._hear(await self.told())


async def come_back(
    client: Client,
    use: Callable[[Talk], Awaitable[None]],
    hear: Callable[[Any], None],
    over: Callable[[], bool],
) -> None:
    """Connect again and again until it is over, as a page does."""
    while not over():
        with suppress(Gone, *LOST):
            headers = {"Origin": client.address}
            async with client._http.ws_connect(client.address + "/ws", headers=headers) as wire:
                talk = Talk(wire, hear)
                await talk.ask(type="hello", version=1, token=client.token)
                await use(talk)
        await asyncio.sleep(0.05)


async def send(client: Client, name: int, story: Story) -> None:
    """Say one number after the other; what was not acknowledged is said again."""
    number = 0

    async def use(talk: Talk) -> None:
        nonlocal number
        while not story.silent:
            own = f"{name}-{number}"
            said = {"type": "send_message", "room": "tea", "client_id": own, "text": own}
            posted = await talk.ask(**said)
            story.acknowledged[own] = posted["sequence"]
            story.again += posted["again"]
            number += 1

    await come_back(client, use, lambda _: None, lambda: story.silent)


async def follow(client: Client, name: int, story: Story) -> None:
    """Hear the room from its beginning on, and go on behind what was heard."""
    heard, last = story.heard[name], 0

    def hear(told: dict[str, Any]) -> None:
        nonlocal last
        if told["type"] == "event":
            assert told["sequence"] == last + 1, "a hole, or twice the same"
            last = told["sequence"]
            if told["kind"] == "message.posted":
                heard.append((last, told["body"]["client_id"]))

    def over() -> bool:
        return story.last is not None and last >= story.last

    async def use(talk: Talk) -> None:
        await talk.ask(type="enter", room="tea", after=last)
        while not over():
            await talk.hear()

    await come_back(client, use, hear, over)


async def settled(client: Client) -> list[tuple[int, str]]:
    """(sequence, client_id) of every message, page by page."""
    found: list[tuple[int, str]] = []
    more, after = True, 0
    while more:
        page = await client.get(f"/api/v1/chat/rooms/tea/messages?after={after}&limit=200")
        found += [(each["sequence"], each["client_id"]) for each in page.body["messages"]]
        more, after = page.body["more"], found[-1][0] if found else 0
    return found


async def somebody_is_acknowledged(story: Story) -> None:
    before = len(story.acknowledged)
    async with asyncio.timeout(PATIENCE_S):
        while len(story.acknowledged) == before:
            await asyncio.sleep(0.01)


@pytest.mark.long
async def test_kills_lose_and_double_nothing_and_all_hear_one_order(tmp_path: Path) -> None:
    chance, story, server = random.Random(KILLS), Story(), Server(tmp_path)
    async with Client(server.address) as nobody:
        async with server.living():
            client = await nobody.register("ada")
            assert (await client.post("/api/v1/rooms", {"id": "tea"})).status == 201
        people = [
            *(asyncio.create_task(send(client, name, story)) for name in range(SENDERS)),
            *(asyncio.create_task(follow(client, name, story)) for name in range(READERS)),
        ]
        for _ in range(KILLS):
            async with server.living():
                if chance.random() < KILLED_AT_ONCE:
                    continue
                await somebody_is_acknowledged(story)
                await asyncio.sleep(chance.random() * LONGEST_LIFE_S)
        async with server.living():
            kept = await finish(client, story, people)
    by_client = {own: sequence for sequence, own in kept}
    assert len(by_client) == len(kept), "doubled"
    assert story.acknowledged.items() <= by_client.items(), "lost, or moved"
    assert kept == sorted(kept)
    assert story.heard == [kept] * READERS
    assert len(story.acknowledged) > KILLS
    print(f"{KILLS} kills, {len(story.acknowledged)} acknowledged, {story.again} of them again")


async def finish(
    client: Client, story: Story, people: list[asyncio.Task[None]]
) -> list[tuple[int, str]]:
    """Let everybody come back once more and hear the rest."""
    async with asyncio.timeout(PATIENCE_S):
        story.silent = True
        await asyncio.gather(*people[:SENDERS])
        # One more, so that nobody waits for news for ever.
        said = {"room_id": "tea", "text": "the end", "client_id": "end"}
        end = await client.post("/api/v1/chat/messages", said)
        story.last = end.body["message"]["sequence"]
        await asyncio.gather(*people[SENDERS:])
        return await settled(client)

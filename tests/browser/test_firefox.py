"""The main ways through in Firefox; Playwright cannot drive a stock one, so node does."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from signaling import protocol
from signaling.client import connect
from signaling.client.watching import Watcher
from tests.browser.calls import Cuttable, come_in_as_guest, join, moves
from tests.browser.conftest import NewPage, Served
from tests.client import Client
from tests.interop.media import MovingBar, Tone

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).with_name("firefox.mjs")


class Other:
    """Whom the one in Firefox meets: does what the script's lines say, as a program, and brings
    guests."""

    def __init__(self, client: Client, room: str, line: Cuttable, guests: list[Page]) -> None:
        self.watcher = Watcher()
        self._client = client
        self._room = room
        self._line = line
        self._guests = guests
        self._inside = AsyncExitStack()

    async def act(self, wanted: dict[str, Any]) -> None:
        for name, value in wanted.items():
            await getattr(self, f"_{name}")(value)

    async def leave(self) -> None:
        await self.watcher.close()
        await self._inside.aclose()

    async def _post(self, path: str, body: object = None) -> Any:
        reply = await self._client.post(path, body)
        assert reply.status in (200, 201), (path, reply)
        return reply.body

    async def _number(self, number: str) -> None:
        await self._post("/api/v1/matches/number", {"number": number})

    async def _heart(self, _: bool) -> None:
        await self._post("/api/v1/matches/heart-link", {})
        await self._post("/api/v1/matches/heart-link/accept")

    async def _come(self, _: bool) -> None:
        token = self._client.token
        assert token is not None
        opened = connect(self._client.address, token, self.watcher.take)
        program = await self._inside.enter_async_context(opened)
        await program.enter(self._room)
        await program.watch()
        await program.publish(lambda: (Tone(), MovingBar()))
        await program.ask(protocol.MediaState(id=1000, microphone=True, camera=True))
        for guest in self._guests:
            await join(guest)
            for name in ("Fox", "Bob"):
                await moves(guest, name, frames=3)

    async def _screen(self, name: str) -> None:
        """Whoever has seen it raises a hand."""
        await moves(self._guests[0], name, frames=1)
        await self._guests[0].keyboard.press("r")

    async def _cut(self, _: bool) -> None:
        self._line.cut()

    async def _challenge(self, user: str) -> None:
        """As soon as the other's camera is looked at again."""
        call = (await self._client.get("/api/v1/calls/active")).body["calls"][0]["id"]
        path = f"/api/v1/calls/{call}/challenges"
        while (await self._client.post(path, {"user": user, "kind": "light"})).code:
            await asyncio.sleep(0.2)


async def said_by(run: asyncio.subprocess.Process) -> AsyncIterator[str]:
    assert run.stdout is not None
    async for line in run.stdout:
        yield line.decode()


async def test_the_main_ways_work_in_firefox_with_two_chromium_and_a_program(
    served: Served, device: NewPage
) -> None:
    firefox, node = shutil.which("firefox-esr") or shutil.which("firefox"), shutil.which("node")
    assert firefox, "Firefox is not installed"
    assert node, "node is not installed"
    line = Cuttable(int(served.address.rpartition(":")[2]))
    async with Client(served.address) as stranger, line.listening() as through:
        bob = await stranger.register("fox-friend", nickname="Bob")
        room = (await bob.post("/api/v1/rooms", {"title": "Burrow"})).body["id"]
        path = (await bob.post(f"/api/v1/rooms/{room}/invitations", {"uses": 3})).body["path"]
        guests = [await device(), await device()]
        for name, guest in zip(("Grace", "Hedy"), guests, strict=True):
            await come_in_as_guest(guest, served.address + path, name)
        other = Other(bob, room, line, guests)
        run = await asyncio.create_subprocess_exec(
            *(node, SCRIPT, through, firefox, "fox-main", through + path),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        rest = ""
        try:
            async for said in said_by(run):
                if said.startswith("{"):
                    await other.act(json.loads(said))
                else:
                    rest += said
        finally:
            if run.returncode is None:
                run.terminate()
            await other.leave()
        assert await run.wait() == 0, rest
    assert "all steps passed" in rest
    assert {one.source for one in other.watcher.heard() if one.frames} >= {"camera", "microphone"}

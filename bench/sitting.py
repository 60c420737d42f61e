"""Somebody before a camera in a room of their own, where everything is looked at by default; and
an operator who hears how they stand.

Knows the server, its accounts, and how somebody gets to be verified.  It refuses to know what
happens then.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np

from bench.covers import CoveredCamera
from bench.serving import Serving, serving
from signaling import addresses, protocol
from signaling.client import Caller, connect
from signaling.client.answering import Answering
from signaling.client.clips import Clip
from signaling.client.lighting import OFFICE
from signaling.client.sending import Silence
from signaling.risk.consent import VERSION

# What is told later than this counts as never told.
PATIENCE_S = 30.0
ENDED_WITHIN_S = 90.0
# Of a challenge, which tells nothing where a machine had too much else to do.
MOST_ASKED = 3
LISTEN_EVERY_S = 0.01
LOOKED_AT = "too_little"


class Ear:
    """An operator's, who is told of every room."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def forget(self) -> None:
        """What was told before."""
        self._caller.told.clear()

    async def hear(self, room: str, so: Callable[[protocol.PersonRisk], bool]) -> str | None:
        """Why the first of whoever sits in a room that is so, and was not forgotten, is; None:
        it was not told."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            for news in self._caller.told:
                if isinstance(news, protocol.RiskNews) and news.room == room:
                    for one in filter(so, news.people):
                        return one.why
            await asyncio.sleep(LISTEN_EVERY_S)
        return None


@dataclass(frozen=True, slots=True)
class House:
    """The server, and everybody's HTTP: who owns the rooms, who sits there, who operates."""

    candor: Serving
    host: aiohttp.ClientSession
    sitter: aiohttp.ClientSession
    operator: aiohttp.ClientSession
    ear: Ear
    identity: str

    async def open_call(self, room: str) -> str:
        await self.host.post(addresses.API_ROOMS.path, json={"id": room})
        path = addresses.API_ROOM_INVITATIONS.path.format(room=room)
        async with self.host.post(path, json={}) as answer:
            code = (await answer.json())["code"]
        path = addresses.API_INVITATION_ACCEPT.path.format(code=code)
        await self.sitter.post(path, json={})
        async with self.sitter.post(addresses.API_CALLS_START.path, json={"room": room}) as answer:
            return str((await answer.json())["id"])

    async def let_go(self) -> int:
        """Frames that detection had no time for, since it began."""
        async with self.operator.get(addresses.API_LOAD.path) as answer:
            detection = (await answer.json())["detection"]
        return sum(detection["dropped"].values()) if detection else 0


@dataclass(frozen=True, slots=True)
class Sitting:
    """Somebody before a camera, in a room of their own."""

    house: House
    room: str
    call: str
    clip: Clip
    caller: Caller
    answering: Answering
    camera: CoveredCamera
    ends: AsyncExitStack
    """What has to be undone when it is over."""

    async def is_verified(self) -> bool:
        """Whether they were looked at, were asked, and passed."""
        self.house.ear.forget()
        if await self.house.ear.hear(self.room, lambda one: one.why == LOOKED_AT) is None:
            return False
        path = addresses.API_CALL_CHALLENGES.path.format(call=self.call)
        for _ in range(MOST_ASKED):
            wanted = {"user": self.house.identity, "kind": "light"}
            await self.house.operator.post(path, json=wanted)
            async with asyncio.timeout(ENDED_WITHIN_S):
                ended = await self.answering.ended.get()
            if ended.outcome == "passed":
                return await self.is_seen_again()
        return False

    async def is_seen_again(self) -> bool:
        return await self.house.ear.hear(self.room, lambda one: one.state == "verified") is not None

    def process(self) -> int:
        """Of detection."""
        return self.house.candor.child("detection")


@asynccontextmanager
async def sitting(house: House, room: str, clip: Clip) -> AsyncIterator[Sitting]:
    call = await house.open_call(room)
    token = house.sitter.headers["Authorization"].removeprefix("Bearer ")
    async with connect(house.candor.address, token) as caller, AsyncExitStack() as ends:
        answering = Answering(caller, "honest")
        camera = CoveredCamera(answering.sit(clip, OFFICE, np.random.default_rng()))
        await caller.enter(room, consent=VERSION)
        await caller.publish(lambda: (Silence(), camera))
        yield Sitting(house, room, call, clip, caller, answering, camera, ends)


@asynccontextmanager
async def opened(models: Path) -> AsyncIterator[House]:
    settings = {"DETECTION_MODELS": str(models), "AUTH_ACCESS_MINUTES": "240"}
    with tempfile.TemporaryDirectory() as data:
        async with (
            serving(Path(data) / "data", **settings) as candor,
            candor.owner() as host,
            candor.owner() as sitter,
            candor.operator() as operator,
        ):
            async with sitter.get(addresses.API_ME.path) as answer:
                identity = (await answer.json())["id"]
            token = operator.headers["Authorization"].removeprefix("Bearer ")
            async with connect(candor.address, token) as caller:
                await caller.ask(protocol.WatchRisk(id=caller.next_id()))
                yield House(candor, host, sitter, operator, Ear(caller), identity)

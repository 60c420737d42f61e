"""Challenges over the whole way: offered on the socket, answered by a camera through VP8 and the
media process, judged by the detection process, kept in the store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np

from detection import State
from signaling.auth.grants import OWNER
from signaling.client import connect
from signaling.client.answering import Answer, Answering, LitFace
from signaling.client.clips import Clip
from signaling.client.lighting import Room
from signaling.protocol import ChallengeEnded
from signaling.risk.consent import VERSION
from tests.client import Client
from tests.detection.drawn import drawn_face
from tests.interop.test_detection import PATIENCE_S
from tests.interop.test_watched_calls import House, house  # noqa: F401 - a fixture
from tests.interop.test_whip import token

# A quiet line and a good camera, before a screen that gives a tenth of the room's light.
OFFICE = Room(
    screen_share=0.10,
    background_share=0.1,
    ambient=np.array([1.1, 1.0, 0.8]),
    balance_s=2.0,
    balance_strength=0.5,
    noise=1.5,
    bitrate_bps=700_000,
    delay_s=0.1,
    tint_delay_s=0.0,
    frames_per_s=15.0,
)


def drawn_clip() -> Clip:
    """Somebody whom we drew, who moves a little from side to side."""
    places = 0.5 + 0.01 * np.sin(np.linspace(0, np.pi, 20))
    frames = [drawn_face(size=150, x=float(x)) for x in places]
    boxes = [(320 * x - 57, 42.0, 114.0, 156.0) for x in places]
    return Clip("drawn", frames, boxes, 10.0)


@dataclass
class Seat:
    """A caller before a camera, and the moderator's way to ask them."""

    house: House
    identity: str
    answering: Answering
    call: str
    moderator: Client

    async def asked(self) -> ChallengeEnded:
        """What comes of a light challenge."""
        wanted = {"user": self.identity, "kind": "light"}
        asked = await self.moderator.post(f"/api/v1/calls/{self.call}/challenges", wanted)
        assert asked.status == 201, asked
        async with asyncio.timeout(PATIENCE_S):
            ended = await self.answering.ended.get()
        assert ended.challenge == asked.body["id"]
        return ended

    def state(self) -> State | None:
        mine = [one for one in self.house.detection.now() if one.identity == self.identity]
        return mine[0].score.state if mine and mine[0].record.evidence else None


@asynccontextmanager
async def seated(house: House, identity: str, answer: Answer) -> AsyncIterator[Seat]:  # noqa: F811
    ada = house.client.as_((await house.client.login("ada")).body["access_token"])
    call = (await ada.post("/api/v1/calls/start", {"room": "tea"})).body["id"]
    async with connect(house.client.address, token(identity, OWNER)) as caller:
        face = LitFace(drawn_clip(), OFFICE, np.random.default_rng(1))
        seat = Seat(house, identity, Answering(caller, face, answer), call, ada)
        await caller.enter("tea", consent=VERSION)
        await caller.publish(lambda: (face,))
        await house.until(lambda: seat.state() is not None)
        yield seat


async def test_a_lit_face_is_verified(house: House) -> None:  # noqa: F811
    async with seated(house, "bob", "honest") as bob:
        ended = await bob.asked()
        for _ in range(2):
            if ended.outcome == "inconclusive":
                # A machine with much else to do loses pictures; that counts against nobody.
                ended = await bob.asked()
        assert ended.outcome == "passed", ended
        assert ended.strength > 0.3
        await house.until(lambda: bob.state() is State.VERIFIED)


async def test_a_recording_of_another_sequence_is_not_verified(house: House) -> None:  # noqa: F811
    async with seated(house, "eve", "other") as eve:
        ended = await eve.asked()
        assert ended.outcome in {"inconclusive", "failed"}, ended
        assert ended.strength == 0
        assert eve.state() is not State.VERIFIED

"""Media over a bad network: what is lost comes again, what comes twice goes on once.

The media process, its keys and its sockets are real; the network is `tests.netsim`.  Only counts
are asserted: how long anything takes is for the benches.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from bench.load_camera import Camera, Microphone, Shape
from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_publisher import LoadPublisher
from bench.load_viewer import LoadViewer
from sfu import Sfu
from tests.netsim import CLEAR, Conditions, Proxy

STEP_S = 0.01
QUIET_TURNS = 50
CAMERA = Shape(500_000)
SECTIONS = [Section("audio", "recvonly", "0"), Section("video", "recvonly", "1")]
LOSSY = Conditions(loss=0.05, delay_s=0.02)
# They overtake each other, but not by as much as a retransmission waits for.
UNTIDY = {"duplicates": 0.3, "jitter_s": 0.01}


@dataclass
class Call:
    """A publisher and a viewer, each behind a network of its own."""

    publisher: LoadPublisher
    viewer: LoadViewer
    publishers_way: Proxy
    viewers_way: Proxy

    @property
    def camera(self) -> Camera:
        return self.publisher.cameras[0]

    @property
    def pictures(self) -> int:
        return len(self.viewer.pictures)

    @property
    def missing(self) -> tuple[int, int]:
        """Pictures and packets of speech that were sent and did not come."""
        heard = len(self.viewer.audio)
        return self.camera.frames - self.pictures, self.publisher.microphones[0].packets - heard

    async def settle(self) -> tuple[int, int]:
        """Begin, then wait until nothing is under way; what the beginning has cost."""
        await self.run(lambda: self.pictures >= 5)
        quiet_turns, before = 0, self.missing
        while quiet_turns < QUIET_TURNS:
            await self._receive()
            quiet_turns = quiet_turns + 1 if self.missing == before else 0
            before = self.missing
        return before

    async def run(self, until: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Send and receive as people do, until something is the case."""
        step = 0
        async with asyncio.timeout(timeout_s):
            while not until():
                step += 1
                self._send(step)
                await self._receive()

    async def listen(self, until: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """The same while nothing new is sent."""
        async with asyncio.timeout(timeout_s):
            while not until():
                await self._receive()

    async def _receive(self) -> None:
        self.publisher.receive()
        self.viewer.receive_waiting()
        self.viewer.poll()
        await asyncio.sleep(STEP_S)

    def _send(self, step: int) -> None:
        due: list[Camera | Microphone] = list(self.publisher.microphones) if step % 2 == 0 else []
        due += self.publisher.cameras if step % 3 == 0 else []
        for source in due:
            self.publisher.send(source.packets_at(time.monotonic()))
        if step % 50 == 0:
            self.publisher.report(time.time())


@asynccontextmanager
async def call(
    sfu: Sfu, publishers: Conditions = CLEAR, viewers: Conditions = CLEAR
) -> AsyncIterator[Call]:
    async with AsyncExitStack() as stack:
        ways = [
            await stack.enter_async_context(Proxy(one, one, seed))
            for seed, one in ((10, publishers), (20, viewers))
        ]
        publisher = LoadPublisher([CAMERA])
        client = LoadClient()
        offer = publisher.client.describe(publisher.sections())
        session = await sfu.publish("room", "ada", offer)
        await publisher.client.connect(ways[0].lead(session.answer))
        stack.push_async_callback(publisher.client.stop)
        session = await sfu.subscribe("room", "bob", client.describe(SECTIONS))
        await client.connect(ways[1].lead(session.answer))
        stack.push_async_callback(client.stop)
        yield Call(publisher, LoadViewer(client), *ways)


async def test_what_is_lost_on_both_lines_comes_again(sfu: Sfu) -> None:
    async with call(sfu, LOSSY, LOSSY) as opened:
        await opened.run(lambda: opened.pictures > 0)
        seen, sent = opened.pictures, opened.camera.frames
        await opened.run(lambda: opened.camera.frames - sent >= 90)
        # Packets behind the last one that matters show that it is missing, if it is.
        await opened.run(lambda: opened.pictures - seen >= 90)
        assert opened.camera.resent > 0
        assert opened.viewer.nacked > 0
        assert opened.camera.frames - sent < 120
        assert min(opened.publishers_way.up.lost, opened.viewers_way.down.lost) > 5


async def test_the_picture_comes_back_after_a_silence(sfu: Sfu) -> None:
    async with call(sfu) as opened:
        await opened.run(lambda: opened.pictures >= 10)
        opened.viewers_way.down.change(dark=True)
        sent = opened.camera.frames
        await opened.run(lambda: opened.camera.frames - sent >= 60)
        opened.viewers_way.down.change(dark=False)
        seen = opened.pictures
        await opened.run(lambda: opened.pictures - seen >= 30)
        assert opened.viewers_way.down.lost > 60


@pytest.mark.parametrize("who", ["viewer", "publisher"])
async def test_media_go_on_when_a_nat_gives_somebody_another_port(sfu: Sfu, who: str) -> None:
    async with call(sfu) as opened:
        await opened.run(lambda: opened.pictures >= 10)
        way = opened.viewers_way if who == "viewer" else opened.publishers_way
        before = way.server_sees
        way.rebind()
        seen = opened.pictures
        await opened.run(lambda: opened.pictures - seen >= 30)
        assert way.server_sees != before


async def test_what_comes_twice_or_out_of_order_goes_on_once(sfu: Sfu) -> None:
    async with call(sfu) as opened:
        before = await opened.settle()
        opened.publishers_way.up.change(**UNTIDY)
        await opened.run(lambda: opened.pictures >= 60)
        await opened.listen(lambda: opened.missing == before)
        assert opened.publishers_way.up.duplicated > 20
        assert opened.viewer.repeated == 0
        numbers = [number for _, number in opened.viewer.audio]
        assert len(set(numbers)) == len(numbers)


async def test_what_a_viewers_line_doubles_or_delays_is_no_loss(sfu: Sfu) -> None:
    async with call(sfu) as opened:
        before = await opened.settle()
        key_frames = opened.camera.key_frames
        opened.viewers_way.down.change(**UNTIDY)
        await opened.run(lambda: opened.pictures >= 60)
        await opened.listen(lambda: opened.missing == before)
        assert opened.viewer.repeated > 20
        assert (opened.camera.resent, opened.camera.key_frames) == (0, key_frames)

"""Frames of those who agreed reach a listener, who can decode them; nobody else's do."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np

from sfu import Session, Sfu, SfuConfig
from sfu.tap_messages import TapClock, TapClosed, TapFrame, TapOpened, message_reader
from signaling.supervisor import ChildSpec, Supervisor
from tests.interop.conftest import LOOPBACK
from tests.interop.media import bar_position, frames, publishing, watching


class Listener:
    """What the detection process would be: a unix socket that takes frames."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: dict[int, TapOpened] = {}
        self.frames: dict[int, list[TapFrame]] = defaultdict(list)
        self.clocks: list[TapClock] = []
        self.closed: list[int] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._take, self.path)
        try:
            yield
        finally:
            server.close()
            self.path.unlink(missing_ok=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        messages = message_reader()
        while data := await reader.read(65_536):
            for message in messages.receive(data):
                if isinstance(message, TapOpened):
                    self.opened[message.track] = message
                elif isinstance(message, TapFrame):
                    self.frames[message.track].append(message)
                elif isinstance(message, TapClosed):
                    self.closed.append(message.track)
                else:
                    self.clocks.append(message)
        writer.close()

    def of(self, kind: str, view: str) -> list[TapFrame]:
        numbers = [
            number for number, one in self.opened.items() if (one.kind, one.view) == (kind, view)
        ]
        return [frame for number in numbers for frame in self.frames[number]]

    async def wait_for(self, kind: str, count: int, view: str = "look") -> list[TapFrame]:
        async with asyncio.timeout(20.0):
            while len(self.of(kind, view)) < count:
                await asyncio.sleep(0.05)
        return self.of(kind, view)


@asynccontextmanager
async def tapped_sfu(path: Path) -> AsyncIterator[Sfu]:
    config = SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK, tap_socket=path)
    async with Sfu(config) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children):
            await sfu.wait_ready(10.0)
            yield sfu


class Agreeing:
    """An `Sfu` to whose publishers nothing is hidden."""

    def __init__(self, sfu: Sfu) -> None:
        self.sfu = sfu

    async def publish(self, room: str, identity: str, offer: str) -> Session:
        return await self.sfu.publish(room, identity, offer, tapped=True)


def decoded(taken: list[TapFrame]) -> list[float]:
    decoder = av.CodecContext.create("vp8", "r")
    return [
        bar_position(picture)
        for frame in taken
        for picture in decoder.decode(av.Packet(frame.data))  # type: ignore[attr-defined]
    ]


async def test_frames_of_who_agreed_can_be_decoded(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "tap.sock")
    async with (
        listener.listening(),
        tapped_sfu(listener.path) as sfu,
        publishing(Agreeing(sfu), "tea", "ada"),  # type: ignore[arg-type]
    ):
        pictures = await listener.wait_for("video", 30)
        glances = await listener.wait_for("video", 60, "glance")
        speech = await listener.wait_for("audio", 50)
        statistics = (await sfu.statistics())["sfu-0"].tap
        assert statistics is not None
        assert statistics.listening
    assert pictures[0].key_frame
    assert (pictures[0].width, pictures[0].height) == (320, 240)
    assert [frame.sequence for frame in pictures] == list(range(1, len(pictures) + 1))
    places = [place for place in decoded(pictures) if not np.isnan(place)]
    assert len(places) >= 25
    assert max(places) - min(places) > 40
    assert len([place for place in decoded(glances) if not np.isnan(place)]) >= 50
    assert all(frame.data for frame in speech)
    assert {(one.identity, one.room) for one in listener.opened.values()} == {("ada", "tea")}
    assert {one.codec for one in listener.opened.values()} == {"VP8", "opus"}


async def test_who_did_not_agree_is_not_looked_at(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "tap.sock")
    async with (
        listener.listening(),
        tapped_sfu(listener.path) as sfu,
        publishing(sfu, "tea", "ada") as (session, _),
        watching(sfu, "tea", "bob") as (_, viewer),
    ):
        await frames(viewer, "video", 20)
        assert listener.opened == {}
        await sfu.tap(session.id, {"0"})
        assert await listener.wait_for("audio", 5)
    assert {one.kind for one in listener.opened.values()} == {"audio"}


async def test_a_listener_that_comes_later_begins_with_a_key_frame(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "tap.sock")
    async with (
        tapped_sfu(listener.path) as sfu,
        publishing(Agreeing(sfu), "tea", "ada"),  # type: ignore[arg-type]
        watching(sfu, "tea", "bob") as (_, viewer),
    ):
        await frames(viewer, "video", 10)
        async with listener.listening():
            pictures = await listener.wait_for("video", 10)
            assert pictures[0].key_frame
            await frames(viewer, "video", 10)

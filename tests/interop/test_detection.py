"""The detection process as it is: fed by a media process, watched by a supervisor, held by us."""

import asyncio
import fractions
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import msgspec
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from av import VideoFrame

from detection import Detection, DetectionConfig, Left, Scored
from detection.models import Condition, check, read_lock
from detection.policy import GLANCES, NOW_AND_THEN
from detection.wire import Sampling, TapWish, framed, tap_reader
from sfu import Sfu, SfuConfig, tap_messages
from sfu.description import MediaKind
from sfu.tapping import TapPolicy, View
from signaling.supervisor import ChildSpec, Supervisor
from tests.detection.drawn import drawn_face
from tests.interop.conftest import LOOPBACK
from tests.interop.media import MovingBar, offer, prefer

MODELS = Path(__file__).resolve().parents[2] / "models"
PATIENCE_S = 40.0


def test_what_a_media_process_sends_is_what_we_read() -> None:
    sent = [
        tap_messages.TapOpened(7, "tea", "s1", "ada", "0", "video", "VP8", "kind_not_wanted"),
        tap_messages.TapFrame(7, 2, 3, 90_000, 1.5, True, False, 320, 240, 90, b"frame"),
        tap_messages.TapClock(7, 90_000, 1 << 40),
        tap_messages.TapClosed(7),
    ]
    read = tap_reader().receive(b"".join(map(tap_messages.framed, sent)))
    assert [type(one).__name__ for one in read] == [type(one).__name__ for one in sent]
    for one, other in zip(read, sent, strict=True):
        fields = other.__struct_fields__
        assert one.__struct_fields__ == fields
        assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]


def test_what_we_wish_is_what_a_media_process_reads() -> None:
    wishes = [TapWish(7, Sampling(0, 0.0, 30.0, "nearest", 360)), TapWish(8, None)]
    read = tap_messages.wish_reader().receive(b"".join(map(framed, wishes)))
    assert [one.track for one in read] == [7, 8]
    assert read[1].sampling is None
    sampling = read[0].sampling
    assert sampling is not None
    assert (sampling.burst_frames, sampling.choice, sampling.height) == (0, "nearest", 360)
    assert sampling.max_frames_per_s == 30.0


def test_what_is_sent_without_being_asked_is_what_we_would_ask_for() -> None:
    sent = dict(TapPolicy().of(MediaKind.VIDEO))
    wanted = {View.LOOK: NOW_AND_THEN["video"], View.GLANCE: GLANCES}
    assert msgspec.to_builtins(sent) == msgspec.to_builtins(wanted)


class DrawnFace(MovingBar):
    """Somebody whom we drew."""

    def __init__(self) -> None:
        super().__init__()
        self.going = asyncio.Event()
        self.going.set()
        self._drawn = [drawn_face(size=150, x=0.5 + 0.004 * place) for place in range(5)]

    async def recv(self) -> VideoFrame:
        await self.going.wait()
        timed = await super().recv()
        drawn = self._drawn[self._count % len(self._drawn)]
        frame = VideoFrame.from_ndarray(drawn, format="rgb24")
        frame.pts, frame.time_base = timed.pts, fractions.Fraction(timed.time_base)
        return frame


@asynccontextmanager
async def showing(sfu: Sfu, identity: str, track: MovingBar) -> AsyncIterator[None]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTrack(track)
    prefer(connection, "VP8")
    try:
        await offer(connection, lambda text: sfu.publish("tea", identity, text, tapped=True))
        yield
    finally:
        await connection.close()


class Watching:
    """The scores that came, and the process that made them."""

    def __init__(self, detection: Detection, supervisor: Supervisor) -> None:
        self.detection = detection
        self.supervisor = supervisor
        self.scores = detection.scores()

    async def wait_for(self, identity: str, is_so: Callable[[Scored], bool]) -> Scored:
        async with asyncio.timeout(PATIENCE_S):
            async for one in self.scores:
                if isinstance(one, Scored) and one.identity == identity and is_so(one):
                    return one
        raise AssertionError(identity)

    async def wait_gone(self, identity: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            async for one in self.scores:
                if isinstance(one, Left) and one.identity == identity:
                    return

    def send(self, number: signal.Signals) -> None:
        pid = self.supervisor.state()[0].pid
        assert pid is not None
        os.kill(pid, number)


@pytest.fixture
async def watching() -> AsyncIterator[tuple[Watching, Sfu]]:
    if set(check(read_lock(), MODELS).values()) != {Condition.PRESENT}:
        pytest.skip("not installed by `candor models install`")
    async with AsyncExitStack() as stack:
        detection = await stack.enter_async_context(Detection(DetectionConfig(MODELS)))
        config = SfuConfig(
            bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK, tap_socket=detection.tap_socket
        )
        sfu = await stack.enter_async_context(Sfu(config))
        specs = [*detection.worker_specs(), *sfu.worker_specs()]
        children = [ChildSpec(**asdict(spec)) for spec in specs]  # type: ignore[call-overload]
        supervisor = await stack.enter_async_context(Supervisor(children))
        await sfu.wait_ready(PATIENCE_S)
        yield Watching(detection, supervisor), sfu


def looked(score: Scored) -> bool:
    return score.score.why not in {"not_looked_yet", "scorer_down"}


async def test_a_face_is_seen_until_its_camera_stops_and_a_bar_is_none(
    watching: tuple[Watching, Sfu],
) -> None:
    watched, sfu = watching
    face = DrawnFace()
    async with showing(sfu, "ada", face):
        # A busy machine may send too few pictures at first.
        ada = await watched.wait_for("ada", lambda one: one.score.why == "too_little")
        async with showing(sfu, "bar", MovingBar()):
            bar = await watched.wait_for("bar", looked)
        await watched.wait_gone("bar")
        face.going.clear()
        # Nobody had to look again for that.
        await watched.wait_for("ada", lambda one: one.record.blind == "stale")
        face.going.set()
        await watched.wait_for("ada", lambda one: one.score.why == "too_little")
    (quality,) = [one for one in ada.record.evidence if one.signal == "quality"]
    assert (ada.score.state, ada.score.confidence) == ("unknown", 0.0)
    assert 0 < quality.quality < 1
    assert quality.measured["seen"] == 1.0
    assert quality.measured["size"] == pytest.approx(128, abs=15)
    assert (bar.score.state, bar.score.why) == ("unknown", "no_face")


async def test_a_process_that_dies_or_hangs_is_said_so_and_comes_back(
    watching: tuple[Watching, Sfu],
) -> None:
    watched, sfu = watching
    async with showing(sfu, "ada", DrawnFace()):
        await watched.wait_for("ada", looked)
        for how in (signal.SIGKILL, signal.SIGSTOP):
            watched.send(how)
            down = await watched.wait_for("ada", lambda one: one.score.why == "scorer_down")
            assert (down.score.state, down.score.confidence) == ("unknown", 0.0)
            again = await watched.wait_for("ada", looked)
            assert again.record.evidence
    assert watched.supervisor.state()[0].restarts == 2

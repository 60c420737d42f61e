"""Frames over a real unix socket: to a listener that is quick, slow, absent or dying."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from sfu.codecs import PARSERS, Codec
from sfu.description import MediaKind
from sfu.rtp import NO_EXTENSIONS, RtpPacket
from sfu.tap import MAX_WAITING_BYTES, Fate, Tap, TappedTrack
from sfu.tap_messages import (
    TapClock,
    TapClosed,
    TapFrame,
    TapMessage,
    TapOpened,
    TapWish,
    framed,
    message_reader,
)
from sfu.tapping import Sampling, TapPolicy, TapSource, Untappable
from tests import builders

CAMERA = TapSource("room", "session", "ada", "1", MediaKind.VIDEO, Codec.VP8)
MICROPHONE = TapSource("room", "session", "ada", "0", MediaKind.AUDIO, Codec.OPUS)
EVERYTHING = TapPolicy(
    video=Sampling(burst_frames=0, max_frames_per_s=1000.0),
    audio=Sampling(burst_frames=0, max_frames_per_s=1000.0),
    glances=None,
)


class Listener:
    """The other end: what came, in order; it reads only when asked to."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen()
        self._server.setblocking(False)
        self._reader = message_reader()
        self.connection: socket.socket
        self.received: list[TapMessage] = []

    async def accept(self) -> None:
        loop = asyncio.get_running_loop()
        self.connection, _ = await asyncio.wait_for(loop.sock_accept(self._server), 10.0)
        self.connection.setblocking(False)

    async def read_until(self, fact: Callable[[list[TapMessage]], bool]) -> list[TapMessage]:
        """Everything received so far, as soon as it holds."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10.0):
            while not fact(self.received):
                data = await loop.sock_recv(self.connection, 1 << 20)
                assert data
                self.received += self._reader.receive(data)
        return self.received

    def read_some(self) -> None:
        """As much as a listener that is too slow."""
        self.received += self._reader.receive(self.connection.recv(65_536))

    async def wish(self, wish: TapWish) -> None:
        await asyncio.get_running_loop().sock_sendall(self.connection, framed(wish))

    @property
    def frames(self) -> list[TapFrame]:
        return [one for one in self.received if isinstance(one, TapFrame)]

    @property
    def newest(self) -> int:
        """The latest frame's number."""
        return self.frames[-1].sequence if self.frames else 0

    def hang_up(self) -> None:
        with suppress(AttributeError):
            self.connection.close()

    def close(self) -> None:
        self.hang_up()
        self._server.close()


class Publisher:
    """Sends pictures of one packet to a track's sink, as a router does."""

    def __init__(self, track: TappedTrack, size: int = 1000) -> None:
        self.track = track
        self.asked = 0
        self._number = 0
        self._size = size
        self._key_frame = True

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            self._number += 1
            now = 1000 + self._number / 30
            if self.track.poll(now):
                self.asked += 1
                self._key_frame = True
            if self.track.wanted:
                body = builders.vp8_key_frame(64, 48) if self._key_frame else b"\x01inter"
                self._key_frame = False
                payload = builders.vp8(body + bytes(self._size))
                arrived = RtpPacket(96, True, 0, 3000 * self._number, 1, NO_EXTENSIONS, payload)
                self.track.receive(self._number, arrived, PARSERS[Codec.VP8](payload), now)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tap.sock"


@asynccontextmanager
async def tapping(path: Path, policy: TapPolicy = EVERYTHING) -> AsyncIterator[Tap]:
    tap = Tap(str(path), policy)
    tap.open()
    try:
        yield tap
    finally:
        await tap.close()


@pytest.fixture
async def tap(path: Path) -> AsyncIterator[Tap]:
    async with tapping(path) as opened:
        yield opened


@pytest.fixture
async def listener(path: Path, tap: Tap) -> AsyncIterator[Listener]:
    opened = Listener(path)
    await opened.accept()
    yield opened
    opened.close()


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(10.0):
        while not fact():
            await asyncio.sleep(0.005)


async def test_where_nobody_listens_no_frame_is_even_put_together(tap: Tap) -> None:
    track = tap.open_track(CAMERA)[0]
    Publisher(track).send(100)
    assert not track.wanted
    assert track._track._assembler is None
    assert tap.statistics().frames == 0
    assert tap._socket.waiting_bytes == 0


async def test_frames_come_with_whose_they_are(tap: Tap, listener: Listener) -> None:
    track = tap.open_track(CAMERA)[0]
    track.receive_clock(3000, 1 << 60)
    Publisher(track).send(3)
    track.close()
    received = await listener.read_until(lambda got: any(isinstance(x, TapClosed) for x in got))
    opened, clock, *frames, closed = received
    assert opened == TapOpened(1, "room", "session", "ada", "1", "video", "VP8")
    assert clock == TapClock(1, 3000, 1 << 60)
    assert closed == TapClosed(1)
    assert [(one.sequence, one.key_frame, one.width) for one in listener.frames] == [
        (1, True, 64),
        (2, False, 64),
        (3, False, 64),
    ]
    assert frames == listener.frames
    assert tap.statistics().frames == 3


async def test_pictures_come_for_looks_and_for_glances_under_numbers_of_their_own(
    path: Path,
) -> None:
    async with tapping(path, TapPolicy(video=Sampling(burst_frames=2))) as tap:
        listener = Listener(path)
        await listener.accept()
        publishers = [Publisher(track) for track in tap.open_track(CAMERA)]
        tap.open_track(MICROPHONE)
        for publisher in publishers:
            publisher.send(5)
        await listener.read_until(lambda got: len(got) == 3 + 2 + 5)
        listener.close()
    opened = [(one.track, one.view) for one in listener.received if isinstance(one, TapOpened)]
    assert opened == [(1, "look"), (2, "glance"), (3, "look")]
    assert [one.track for one in listener.frames] == [1] * 2 + [2] * 5


async def test_a_listener_who_comes_later_learns_what_is_there(tap: Tap, path: Path) -> None:
    camera, _ = tap.open_track(CAMERA)[0], tap.open_track(MICROPHONE)[0]
    camera.receive_clock(1, 2)
    tap.open_track(CAMERA)[0].close()
    listener = Listener(path)
    await listener.accept()
    received = await listener.read_until(lambda got: len(got) == 3)
    assert [type(one) for one in received] == [TapOpened, TapClock, TapOpened]
    Publisher(camera).send(1)
    assert len(await listener.read_until(lambda got: len(got) == 4)) == 4
    listener.close()


async def test_a_slow_listener_loses_the_oldest_and_never_more_waits_than_may(
    tap: Tap, listener: Listener
) -> None:
    track = tap.open_track(CAMERA)[0]
    publisher = Publisher(track, size=50_000)
    for number in range(400):
        publisher.send()
        await asyncio.sleep(0)
        assert tap._socket.waiting_bytes <= MAX_WAITING_BYTES
        if number % 10 == 0:
            listener.read_some()
    dropped = tap.statistics().dropped_frames
    assert dropped > 100
    newest = track._track._sequence
    await listener.read_until(lambda _: listener.newest == newest)
    assert listener.received[0] == TapOpened(1, "room", "session", "ada", "1", "video", "VP8")
    sequences = [one.sequence for one in listener.frames]
    assert sequences == sorted(set(sequences))
    assert len(sequences) + dropped == newest
    # What the kernel took while it could, then the newest.
    assert newest - sequences[-10] == 9


async def test_after_a_drop_whatever_comes_can_be_decoded(tap: Tap, listener: Listener) -> None:
    track = tap.open_track(CAMERA)[0]
    publisher = Publisher(track, size=50_000)
    for number in range(600):
        publisher.send()
        await asyncio.sleep(0)
        if number % 10 == 0:
            listener.read_some()
    assert publisher.asked > 0
    newest = track._track._sequence
    await listener.read_until(lambda _: listener.newest == newest)
    previous = 0
    for frame in listener.frames:
        assert frame.key_frame or frame.sequence == previous + 1
        previous = frame.sequence


async def test_for_a_listener_that_hangs_no_key_frames_are_asked_for(
    tap: Tap, listener: Listener
) -> None:
    track = tap.open_track(CAMERA)[0]
    publisher = Publisher(track, size=50_000)
    for _ in range(1500):
        publisher.send()
        await asyncio.sleep(0)
    assert publisher.asked <= 2
    assert not track.wanted
    later = tap.open_track(CAMERA)[0]
    Publisher(later).send(10)
    assert not later.wanted
    # It wakes up.
    held = track._track._sequence
    async with asyncio.timeout(10.0):
        while listener.newest <= held:
            publisher.send()
            await asyncio.sleep(0)
            with suppress(BlockingIOError):
                listener.read_some()
    fresh = next(one for one in listener.frames if one.sequence == held + 1)
    assert fresh.key_frame
    Publisher(later).send(1)
    assert later.wanted


async def test_one_track_s_flood_lets_go_of_the_oldest_of_all_and_of_no_announcement(
    tap: Tap, listener: Listener
) -> None:
    loud = Publisher(tap.open_track(CAMERA)[0], size=50_000)
    others = [tap.open_track(MICROPHONE)[0] for _ in range(50)]
    for _ in range(300):
        loud.send()
        await asyncio.sleep(0)
    for other in others:
        other.close()
    received = await listener.read_until(
        lambda got: sum(isinstance(one, TapClosed) for one in got) == 50
    )
    assert sum(isinstance(one, TapOpened) for one in received) == 51


async def test_what_goes_is_the_oldest_and_what_follows_it_up_to_a_key_frame(
    tap: Tap, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfu.tap.MAX_WAITING_BYTES", 10_000)
    monkeypatch.setattr("sfu.tap._KEPT_BYTES", 7_500)
    begun_anew: list[int] = []
    monkeypatch.setattr(tap._socket, "_on_broken", begun_anew.append)
    # Nothing is written while nothing is waited for.
    tap._socket.send(bytes(100), 1, Fate.STAYS)
    for name in ("1k", "2k", "1f", "2f", "1f", "2f", "1k", "1f", "2f", "2f"):
        fate = Fate.ALONE if name[1] == "k" else Fate.FOLLOWS
        tap._socket.send(name.encode().ljust(850, b"."), int(name[0]), fate)
    left = [one.data[:2].decode() for one in tap._socket._queue if len(one.data) > 100]
    assert left == ["1k", "1f"]
    assert begun_anew == [2]
    assert tap.statistics().dropped_frames == 8
    assert sum(one.fate is Fate.STAYS for one in tap._socket._queue) == 1


async def test_a_listener_that_reads_nothing_at_all_is_let_go_of(
    tap: Tap, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfu.tap.MAX_WAITING_BYTES", 100_000)
    for _ in range(3000):
        tap.open_track(CAMERA)[0].close()
    await until(lambda: not tap.statistics().listening)
    assert tap._socket.waiting_bytes == 0


@pytest.mark.parametrize("how", ["hangs up", "talks nonsense", "is gone"])
async def test_a_listener_that_dies_and_comes_back_goes_on(
    how: str, tap: Tap, listener: Listener, path: Path
) -> None:
    track = tap.open_track(CAMERA)[0]
    publisher = Publisher(track)
    publisher.send(10)
    await listener.read_until(lambda got: len(got) == 11)
    if how == "hangs up":
        listener.hang_up()
    elif how == "talks nonsense":
        listener.connection.send(b"\xff" * 8)
    else:
        listener.close()
    await until(lambda: not tap.statistics().listening)
    assert not track.wanted
    publisher.send(10)
    listener.hang_up()
    if how == "is gone":
        listener = Listener(path)
    await listener.accept()
    listener.received.clear()
    listener._reader = message_reader()
    await until(lambda: tap.statistics().listening)
    publisher.send(40)
    await listener.read_until(lambda got: len(got) >= 5)
    assert isinstance(listener.received[0], TapOpened)
    assert listener.frames[0].key_frame
    assert tap.statistics().connections == 2
    assert tap.statistics().dropped_frames == 0
    listener.close()


async def test_the_listener_can_ask_for_more_of_one_track(path: Path) -> None:
    async with tapping(
        path, TapPolicy(video=Sampling(burst_frames=2, every_s=3600.0), glances=None)
    ) as tap:
        listener = Listener(path)
        await listener.accept()
        track, other = tap.open_track(CAMERA)[0], tap.open_track(CAMERA)[0]
        publishers = Publisher(track), Publisher(other)
        for publisher in publishers:
            publisher.send(100)
        await listener.read_until(lambda got: len(got) == 6)
        await listener.wish(TapWish(2, Sampling(burst_frames=0)))
        await listener.wish(TapWish(77, None))
        await until(lambda: not other._track._sampling.burst_frames)
        for publisher in publishers:
            publisher.send(60)
        await listener.read_until(lambda got: len(got) >= 30)
        assert sum(one.track == 1 for one in listener.frames) == 2
        listener.close()


async def test_a_wish_that_comes_in_pieces_is_understood(tap: Tap, listener: Listener) -> None:
    track = tap.open_track(CAMERA)[0]
    data = framed(TapWish(1, None))
    for piece in (data[:3], data[3:9], data[9:]):
        listener.connection.send(piece)
        await asyncio.sleep(0.01)
    await until(lambda: track._track.reason is Untappable.NOT_WANTED)


async def test_closing_leaves_nothing_behind(path: Path) -> None:
    listener = Listener(path)
    before = asyncio.all_tasks()
    for _ in range(3):
        async with tapping(path) as tap:
            await listener.accept()
            Publisher(tap.open_track(CAMERA)[0]).send(5)
        assert await asyncio.get_running_loop().sock_recv(listener.connection, 65_536) is not None
        listener.hang_up()
    assert asyncio.all_tasks() == before
    listener.close()

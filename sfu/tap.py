"""Encoded frames on their way to the detection process, over a unix socket that it listens on.

Knows sockets and what to let go of when the other side is slow.  It refuses to know what frames
are for, and never waits for anybody: a listener that is slow loses the oldest frames, one that
is not there costs nothing.
"""

import asyncio
import socket
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum

import msgspec

from sfu.codecs import Description
from sfu.description import MediaKind
from sfu.rtp import RtpPacket
from sfu.tap_messages import (
    BadTap,
    TapClock,
    TapClosed,
    TapFrame,
    TapOpened,
    TapWish,
    framed,
    wish_reader,
)
from sfu.tapping import Sampling, TappedFrame, TapPolicy, TapSource, TrackTap, View

# Some seconds of ten cameras.
MAX_WAITING_BYTES = 8 << 20
# When too much waits, so much of it stays: looking through the queue is done once a megabyte.
_KEPT_BYTES = MAX_WAITING_BYTES * 7 // 8
# What a message costs beside its bytes.
_OVERHEAD_BYTES = 150
# A turn of the loop belongs to media first.
_WRITE_PER_TURN_BYTES = 256 << 10

FIRST_RETRY_S = 0.1
# A detection process that was started again is promised back within three seconds.
LAST_RETRY_S = 1.0
# One that held so long was a good connection: the next try is soon.
_GOOD_AFTER_S = 5.0


class TapStatistics(msgspec.Struct, frozen=True):
    """The truth about a tap since it began."""

    listening: bool
    connections: int
    frames: int
    bytes: int
    dropped_frames: int
    dropped_bytes: int


class Fate(Enum):
    """What may become of a message when too much waits."""

    STAYS = "stays"
    ALONE = "alone"
    """May go, and nothing else goes with it."""
    FOLLOWS = "follows"
    """May go, and means nothing once what came before it has gone."""


class _Waiting(msgspec.Struct, frozen=True, gc=False):
    data: bytes
    track: int
    fate: Fate

    @property
    def cost_bytes(self) -> int:
        return len(self.data) + _OVERHEAD_BYTES


class TapSocket:
    """A connection that is made again whenever it breaks, and a bounded queue before it."""

    def __init__(
        self,
        path: str,
        *,
        on_listening: Callable[[bool], None],
        on_reading: Callable[[bool], None],
        on_wish: Callable[[TapWish], None],
        on_broken: Callable[[int], None],
    ) -> None:
        """`on_broken` is told of a track whose latest frames were let go of.

        A listener that is there and takes nothing is not `reading`: to go on asking publishers
        for key frames would cost viewers, and help nobody.
        """
        self._path = path
        self._on_listening = on_listening
        self._on_reading = on_reading
        self._on_wish = on_wish
        self._on_broken = on_broken
        self._loop: asyncio.AbstractEventLoop
        self._keeping: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self._lost = asyncio.Event()
        self._wishes = wish_reader()
        self._queue: deque[_Waiting] = deque()
        self._current = memoryview(b"")
        self._scheduled = False
        self._taken_bytes = 0
        self._taken_at_drop = -1
        self.reading = True
        self.waiting_bytes = 0
        self.connections = 0
        self.counts: Counter[str] = Counter()

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._keeping = self._loop.create_task(self._keep_connected())

    async def close(self) -> None:
        """Let go of everything; what waits is not sent."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        self._let_go()

    def send(self, data: bytes, track: int, fate: Fate) -> None:
        """Queue a framed message; nothing happens where nobody listens."""
        if self._socket is None or self._lost.is_set():
            return
        waiting = _Waiting(data, track, fate)
        self._queue.append(waiting)
        self.waiting_bytes += waiting.cost_bytes
        if self.waiting_bytes > MAX_WAITING_BYTES:
            self._drop_oldest()
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._write)

    # --- the queue ---

    def _drop_oldest(self) -> None:
        """Let go of the oldest, and of whatever nobody can decode without them."""
        kept: deque[_Waiting] = deque()
        broken: set[int] = set()
        for waiting in self._queue:
            follows = waiting.fate is Fate.FOLLOWS
            orphan = follows and waiting.track in broken
            full = self.waiting_bytes > _KEPT_BYTES and waiting.fate is not Fate.STAYS
            if orphan or full:
                self._drop(waiting)
                broken.add(waiting.track)
                continue
            if waiting.fate is Fate.ALONE:
                broken.discard(waiting.track)
            kept.append(waiting)
        self._queue = kept
        if self._taken_bytes == self._taken_at_drop:
            self._change_reading(False)
        self._taken_at_drop = self._taken_bytes
        for track in broken:
            self._on_broken(track)
        if self.waiting_bytes > MAX_WAITING_BYTES:
            # Nothing of it may go, and nobody reads.
            self._lost.set()

    def _change_reading(self, reading: bool) -> None:
        if reading is not self.reading:
            self.reading = reading
            self._on_reading(reading)

    def _drop(self, waiting: _Waiting) -> None:
        self.waiting_bytes -= waiting.cost_bytes
        self.counts["dropped_frames"] += 1
        self.counts["dropped_bytes"] += len(waiting.data)

    # --- the socket ---

    async def _keep_connected(self) -> None:
        delay_s = FIRST_RETRY_S
        while True:
            began_s = self._loop.time()
            if self._connect():
                self._on_listening(True)
                await self._lost.wait()
                self._let_go()
                if self._loop.time() - began_s > _GOOD_AFTER_S:
                    delay_s = FIRST_RETRY_S
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LAST_RETRY_S)

    def _connect(self) -> bool:
        """Whether somebody listens; a unix socket connects at once or not at all."""
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.setblocking(False)
        try:
            opened.connect(self._path)
        except OSError:
            opened.close()
            return False
        self._lost.clear()
        self._wishes = wish_reader()
        self._socket = opened
        self._taken_at_drop = -1
        self.reading = True
        self.connections += 1
        self._loop.add_reader(opened, self._read, opened)
        return True

    def _let_go(self) -> None:
        if self._socket is None:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._socket = None
        self._queue.clear()
        self._current = memoryview(b"")
        self.waiting_bytes = 0
        self._scheduled = False
        self._on_listening(False)

    def _read(self, opened: socket.socket) -> None:
        """Take wishes; the end of the stream is the end of the listener."""
        try:
            data = opened.recv(65_536)
            wishes = self._wishes.receive(data)
        except BlockingIOError:
            return
        except (OSError, BadTap):
            data, wishes = b"", []
        for wish in wishes:
            self._on_wish(wish)
        if not data:
            self._loop.remove_reader(opened)
            self._lost.set()

    def _write(self) -> None:
        if self._socket is None or self._lost.is_set():
            return
        budget = _WRITE_PER_TURN_BYTES
        try:
            while budget > 0:
                if not self._current and not self._take():
                    self._loop.remove_writer(self._socket)
                    self._scheduled = False
                    return
                sent = self._socket.send(self._current)
                self._current = self._current[sent:]
                self._taken_bytes += sent
                budget -= sent
                self._change_reading(True)
        except BlockingIOError:
            pass
        except OSError:
            self._lost.set()
            return
        self._loop.add_writer(self._socket, self._write)

    def _take(self) -> bool:
        """The next message to be written; False if none waits."""
        if not self._queue:
            return False
        waiting = self._queue.popleft()
        self.waiting_bytes -= waiting.cost_bytes
        self._current = memoryview(waiting.data)
        return True


class TappedTrack:
    """One view of a published track: give it the packets of `encoding` while it is `wanted`."""

    __slots__ = ("_clock", "_number", "_source", "_tap", "_track", "_view")

    def __init__(
        self, tap: "Tap", number: int, source: TapSource, view: View, track: TrackTap
    ) -> None:
        self._tap = tap
        self._number = number
        self._source = source
        self._view = view
        self._track = track
        self._clock: TapClock | None = None

    @property
    def wanted(self) -> bool:
        return self._track.wanted

    @property
    def encoding(self) -> int:
        return self._track.encoding

    def choose(self, heights: Sequence[int | None], now: float) -> int:
        """Note which encodings come now; see `TrackTap.choose`."""
        return self._track.choose(heights, now)

    def poll(self, now: float) -> bool:
        """Whether the publisher has to be asked for a key frame of `encoding` now."""
        return self._track.poll(now)

    def receive(
        self,
        extended: int,
        packet: RtpPacket,
        description: Description | None,
        now: float,
        primary: bytes | None = None,
    ) -> None:
        for tapped in self._track.receive(extended, packet, description, now, primary):
            self._tap.send_frame(self._number, self._source.kind, tapped)

    def receive_clock(self, timestamp: int, ntp_time: int) -> None:
        """What a sender report said."""
        self._clock = TapClock(self._number, timestamp, ntp_time)
        self._tap.send_clock(self._clock)

    def close(self) -> None:
        self._track.listen(False)
        self._tap.forget(self._number)

    # --- for the tap ---

    def listen(self, listening: bool) -> None:
        self._track.listen(listening)

    def begin_anew(self) -> None:
        self._track.begin_anew()

    def change_sampling(self, wish: TapWish) -> None:
        self._track.change_sampling(wish.sampling)

    def introduction(self) -> list[TapOpened | TapClock]:
        """What a new listener has to know of it."""
        source = self._source
        opened = TapOpened(
            self._number,
            source.room,
            source.session,
            source.identity,
            source.mid,
            source.kind,
            source.codec,
            self._track.reason or "",
            self._view,
        )
        return [opened] if self._clock is None else [opened, self._clock]


class Tap:
    """All tracks of a media process that may be listened to, and the way to the listener."""

    def __init__(self, path: str, policy: TapPolicy) -> None:
        self._policy = policy
        self._tracks: dict[int, TappedTrack] = {}
        self._number = 0
        self._frames = self._bytes = 0
        self._socket = TapSocket(
            path,
            on_listening=self._listen,
            on_reading=self._read,
            on_wish=self._change_sampling,
            on_broken=self._begin_anew,
        )

    def open(self) -> None:
        """Look for a listener from now on."""
        self._socket.open()

    async def close(self) -> None:
        await self._socket.close()

    def open_track(self, source: TapSource) -> tuple[TappedTrack, ...]:
        """A track that is published from now on, by view, whether or not anybody listens."""
        views = self._policy.of(source.kind)
        return tuple(self._open(source, view, sampling) for view, sampling in views)

    def _open(self, source: TapSource, view: View, sampling: Sampling | None) -> TappedTrack:
        self._number += 1
        frames = TrackTap(source.codec, sampling, source.orientation_id)
        track = TappedTrack(self, self._number, source, view, frames)
        self._tracks[self._number] = track
        if self._socket.connected:
            self._introduce(self._number, track)
        return track

    def statistics(self) -> TapStatistics:
        counts = self._socket.counts
        return TapStatistics(
            self._socket.connected,
            self._socket.connections,
            self._frames,
            self._bytes,
            counts["dropped_frames"],
            counts["dropped_bytes"],
        )

    # --- for its tracks ---

    def send_frame(self, number: int, kind: MediaKind, tapped: TappedFrame) -> None:
        frame = tapped.frame
        message = TapFrame(
            number,
            tapped.burst,
            tapped.sequence,
            frame.timestamp,
            tapped.arrived_s,
            frame.key_frame,
            tapped.follows_loss,
            frame.width,
            frame.height,
            tapped.rotation,
            frame.data,
        )
        alone = frame.key_frame or kind is MediaKind.AUDIO
        self._frames += 1
        self._bytes += len(frame.data)
        self._socket.send(framed(message), number, Fate.ALONE if alone else Fate.FOLLOWS)

    def send_clock(self, clock: TapClock) -> None:
        if self._socket.connected:
            self._socket.send(framed(clock), clock.track, Fate.STAYS)

    def forget(self, number: int) -> None:
        if self._tracks.pop(number, None) is not None:
            self._socket.send(framed(TapClosed(number)), number, Fate.STAYS)

    # --- for its socket ---

    def _listen(self, listening: bool) -> None:
        for number, track in self._tracks.items():
            if listening:
                self._introduce(number, track)
            else:
                track.listen(False)

    def _introduce(self, number: int, track: TappedTrack) -> None:
        for message in track.introduction():
            self._socket.send(framed(message), number, Fate.STAYS)
        track.listen(self._socket.reading)

    def _read(self, reading: bool) -> None:
        for track in self._tracks.values():
            track.listen(reading)

    def _change_sampling(self, wish: TapWish) -> None:
        with suppress(KeyError):
            self._tracks[wish.track].change_sampling(wish)

    def _begin_anew(self, number: int) -> None:
        with suppress(KeyError):
            self._tracks[number].begin_anew()

"""The two people of `bench.reconnect`: one shows a clock, the other reads it off the pictures.

Knows how to tell a picture made before a cut from one made after it, and how to cut: a socket, an
address, a page.  It refuses to know servers and what is measured.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from signaling import protocol
from signaling.client import Caller, connect

WIDTH, HEIGHT, FRAMES_PER_SECOND = 160, 120, 15
VIDEO_CLOCK_HZ = 90_000
# A picture's number is written in columns of black and white.
BITS = 16
COLUMN = WIDTH // BITS
# Pictures may be late; what is older was read wrongly.
SPOILT_S = 30.0


class Clock:
    """Numbers of pictures, and when each was made."""

    def __init__(self) -> None:
        self.made_at: dict[int, float] = {}
        self._numbers = count(1)

    def next(self) -> int:
        number = next(self._numbers) % (1 << BITS)
        self.made_at[number] = time.monotonic()
        return number


class NumberedPictures(MediaStreamTrack):
    """A camera that shows the clock."""

    kind = "video"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._count = 0
        self._began_s = time.monotonic()

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        due_s = self._began_s + self._count / FRAMES_PER_SECOND
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        frame = VideoFrame.from_ndarray(_drawn(self._clock.next()), format="gray")
        frame = frame.reformat(format="yuv420p")
        frame.pts = self._count * VIDEO_CLOCK_HZ // FRAMES_PER_SECOND
        frame.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        self._count += 1
        return frame


def _drawn(number: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    bits = [(number >> bit & 1) * 170 + 40 for bit in range(BITS)]
    return np.tile(np.repeat(np.array(bits, np.uint8), COLUMN), (HEIGHT, 1))


def number_in(frame: VideoFrame) -> int:
    grey = frame.to_ndarray(format="gray")[:HEIGHT, :WIDTH]
    means = grey.reshape(HEIGHT, BITS, COLUMN).mean(axis=(0, 2))
    return sum(1 << bit for bit, mean in enumerate(means) if mean > 125)


class Person:
    """Somebody in the room, with a page that can be loaded again."""

    def __init__(self, server: str, token: str, room: str, clock: Clock, *, shows: bool) -> None:
        self.server, self.token, self.room = server, token, room
        self.sections: Sequence[protocol.Section] = ()
        """Of the last offer: what a page has tiles for."""
        self.seen_at = 0.0
        """When the newest picture that was seen was made."""
        self.gaps_s: list[float] = []
        self._clock, self._shows = clock, shows
        self._news = asyncio.Event()
        self._seen_last = 0.0
        self._page = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self.caller: Caller

    async def open_page(self) -> None:
        self._page = AsyncExitStack()
        self.caller = await self._page.enter_async_context(
            connect(self.server, self.token, self._take)
        )
        self._note_offers(self.caller)
        await self.caller.enter(self.room)
        if self._shows:
            await self.caller.publish(lambda: (NumberedPictures(self._clock),))
        else:
            await self.caller.watch()

    async def close_page(self, *, said: bool) -> None:
        """As a browser does: with a close frame, or without one when it crashed."""
        if not said:
            cut_socket(self.caller)
        self.caller._closing = True  # noqa: SLF001 - a page that has gone does not come back
        await self._page.aclose()

    async def sees(self, made_after: float) -> float:
        """When the first picture came that was made after a time."""
        while self.seen_at <= made_after:
            self._news.clear()
            await self._news.wait()
        return self._seen_last

    def _take(self, section: protocol.Section, track: MediaStreamTrack) -> None:
        if section.source == "camera":
            self._tasks.append(asyncio.create_task(self._look(track)))

    async def _look(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, VideoFrame)
                made_at = self._clock.made_at.get(number_in(frame), 0.0)
                now = time.monotonic()
                # A number that was read wrongly is one that was never shown, or long ago.
                if now - SPOILT_S < made_at < now:
                    self.seen_at, self._seen_last = max(self.seen_at, made_at), now
                    self._news.set()

    def _note_offers(self, caller: Caller) -> None:
        answer = caller._answer  # noqa: SLF001 - offers are nobody else's business otherwise

        async def noting(offer: protocol.Offer) -> None:
            self.sections = offer.sections
            await answer(offer)

        caller._answer = noting  # type: ignore[method-assign]  # noqa: SLF001


def cut_socket(caller: Caller) -> None:
    """As when a cable is pulled: no close frame."""
    response = caller._socket._response  # noqa: SLF001
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()


class _Passing(asyncio.DatagramProtocol):
    """What comes to the new socket is for whom the old one was."""

    def __init__(self, receiver: Any) -> None:
        self.datagram_received: Callable[..., None] = receiver.datagram_received
        self.error_received = receiver.error_received
        self.connection_lost = receiver.connection_lost


async def move(connection: RTCPeerConnection) -> int:
    """Another port for each socket of a connection, which learns nothing of it; how many."""
    moved = 0
    loop = asyncio.get_running_loop()
    for transceiver in connection.getTransceivers()[:1]:
        ice = transceiver.sender.transport.transport._connection  # noqa: SLF001
        for pair in ice._nominated.values():  # noqa: SLF001
            stun, old = pair.protocol, pair.protocol.transport
            host = old.get_extra_info("sockname")[0]
            new, _ = await loop.create_datagram_endpoint(
                lambda stun=stun: _Passing(stun), local_addr=(host, 0)
            )
            old.set_protocol(asyncio.DatagramProtocol())
            old.close()
            stun.transport = new
            moved += 1
    return moved

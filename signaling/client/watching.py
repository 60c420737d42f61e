"""What a headless caller sees and hears: counted, timed, and kept in files if that is wanted.

Knows tracks and their frames.  It refuses to know how they came.
"""

import asyncio
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiortc import MediaStreamTrack, RTCPeerConnection
from aiortc.contrib.media import MediaRecorder, MediaRelay
from aiortc.mediastreams import MediaStreamError

from signaling.protocol import Section

# A picture that stands this long is seen to stand.
FREEZE_S = 0.5


class Heard(msgspec.Struct, frozen=True):
    """A track as it arrived; times from the moment when the room was entered."""

    identity: str
    source: str
    frames: int
    first_s: float | None
    freezes: int
    frozen_s: float


class Lost(msgspec.Struct, frozen=True):
    """All of a caller's connections together."""

    received: int
    lost: int

    @property
    def fraction(self) -> float:
        return self.lost / max(self.received + self.lost, 1)


@dataclass(slots=True)
class _Counted:
    section: Section
    frames: int = 0
    first_at: float | None = None
    last_at: float = 0.0
    freezes: int = 0
    frozen_s: float = 0.0

    def count(self, now: float) -> None:
        gap = now - self.last_at
        if self.first_at is None:
            self.first_at = now
        elif self.section.kind == "video" and gap > FREEZE_S:
            self.freezes += 1
            self.frozen_s += gap
        self.last_at = now
        self.frames += 1


class Watcher:
    """`take` is what a `Caller` calls for each track."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._began_at = time.monotonic()
        self._counted: list[_Counted] = []
        self._relay = MediaRelay()
        self._tasks: list[asyncio.Task[None]] = []
        self._recorders: list[MediaRecorder] = []

    def begin(self) -> None:
        """The room was entered."""
        self._began_at = time.monotonic()

    def take(self, section: Section, track: MediaStreamTrack) -> None:
        counted = _Counted(section)
        self._counted.append(counted)
        self._tasks.append(asyncio.create_task(_count(counted, self._relay.subscribe(track))))
        if self._folder is not None:
            self._tasks.append(asyncio.create_task(self._record(self._folder, section, track)))

    async def _record(self, folder: Path, section: Section, track: MediaStreamTrack) -> None:
        ending = "mp4" if section.kind == "video" else "wav"
        name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{section.identity}-{section.source}")
        recorder = MediaRecorder(str(folder / f"{name}-{len(self._recorders)}.{ending}"))
        self._recorders.append(recorder)
        recorder.addTrack(self._relay.subscribe(track))
        await recorder.start()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for recorder in self._recorders:
            await recorder.stop()

    def heard(self) -> tuple[Heard, ...]:
        return tuple(
            Heard(
                identity=one.section.identity,
                source=one.section.source,
                frames=one.frames,
                first_s=None if one.first_at is None else round(one.first_at - self._began_at, 3),
                freezes=one.freezes,
                frozen_s=round(one.frozen_s, 3),
            )
            for one in self._counted
        )


async def lost_of(connections: list[RTCPeerConnection]) -> Lost:
    """What these connections say of the packets that they received."""
    received = lost = 0
    for connection in connections:
        for one in (await connection.getStats()).values():
            if one.type == "inbound-rtp":
                received += one.packetsReceived
                lost += max(one.packetsLost, 0)
    return Lost(received, lost)


def opinion(loss_fraction: float, delay_s: float) -> float:
    """An estimate of the mean opinion score, 1 to 4.4: the E-model (ITU-T G.107) with its default
    values, for Opus as for a codec that conceals a tenth of loss as half of its impairment."""
    loss_percent = loss_fraction * 100
    impairment = 95 * loss_percent / (loss_percent + 10)
    delay_ms = delay_s * 1000
    late = 0.024 * delay_ms + (0.11 * (delay_ms - 177.3) if delay_ms > 177.3 else 0.0)  # noqa: PLR2004
    rating = min(max(93.2 - impairment - late, 0.0), 100.0)
    return round(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 2)


async def _count(counted: _Counted, track: MediaStreamTrack) -> None:
    with suppress(MediaStreamError):
        while True:
            await track.recv()
            counted.count(time.monotonic())

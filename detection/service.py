"""Detection as signaling holds it: processes to start, things to tell them, scores that come.

Knows who is watched and how long ago anything was heard of them.  It starts nothing itself, and
never waits for a process: where one is silent, everybody it watched is `unknown` within three
seconds.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from detection.control import (
    Attended,
    Capture,
    Captured,
    Channel,
    Command,
    Described,
    Learned,
    Left,
    Load,
    Ready,
    Report,
    Scored,
    Told,
    WorkerConfig,
    reports,
)
from detection.fusion import Record, State, judge
from detection.notes import Note

# A process says how it goes every second; with this, "unknown" is there within three.
SILENT_AFTER_S = 2.5
_LOOK_EVERY_S = 0.25
MAX_WAITING_SCORES = 5000
# Each is half a megabyte at the most.
MAX_WAITING_CAPTURES = 50
MAX_WAITING_TEMPLATES = 1000
Waits = TypeVar("Waits")
_SOCKET_NAME = "detection.sock"
_TAP_NAME = "tap.sock"


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    """What the operator decides."""

    models: Path
    runtime_directory: Path | None = None
    """Where the sockets lie; None: a directory of its own, gone afterwards."""
    memory_bytes: int | None = 3 << 30
    """Limit on the address space of the process, most of which is never used."""


@dataclass(frozen=True, slots=True)
class DetectionWorkerSpec:
    """A child process to start, to watch and to start again; the contract is in `__main__`."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    heartbeat_timeout_s: float = 3.0
    stop_grace_s: float = 3.0
    memory_bytes: int | None = None


class Detection:
    """`async with Detection(config) as detection:`; the process of `worker_specs` lives within."""

    def __init__(
        self, config: DetectionConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._clock = clock
        self._directory = config.runtime_directory
        self._server: asyncio.Server | None = None
        self._channel: Channel[Report] | None = None
        self._heard_s = clock()
        self._scores: asyncio.Queue[Scored | Left] = asyncio.Queue(MAX_WAITING_SCORES)
        self._captured: asyncio.Queue[Captured] = asyncio.Queue(MAX_WAITING_CAPTURES)
        self._learned: asyncio.Queue[Learned] = asyncio.Queue(MAX_WAITING_TEMPLATES)
        self._last: dict[tuple[str, str], Scored] = {}
        self._described: dict[str, Described] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.ready: Ready | None = None
        """What the process said of itself; None while none is there."""
        self.load: Load | None = None

    async def __aenter__(self) -> Self:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="candor-detection-"))
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / _SOCKET_NAME
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._welcome, path)
        path.chmod(0o600)
        self._tasks.add(asyncio.create_task(self._watch()))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._server.wait_closed()
        if self._config.runtime_directory is None and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def tap_socket(self) -> Path:
        """Where media processes are to send frames of those who agreed."""
        assert self._directory
        return self._directory / _TAP_NAME

    def worker_specs(self) -> tuple[DetectionWorkerSpec, ...]:
        """The process to start, and to start again when it ends."""
        assert self._directory
        told = WorkerConfig(
            name="detection-0",
            control=str(self._directory / _SOCKET_NAME),
            tap_socket=str(self.tap_socket),
            models=str(self._config.models.absolute()),
        )
        argv = (sys.executable, "-m", "detection", msgspec.json.encode(told).decode())
        return (DetectionWorkerSpec(told.name, argv, memory_bytes=self._config.memory_bytes),)

    # --- what may be told ---

    def tell(self, room: str, identity: str, note: Note) -> None:
        """Something is known of a participant; nobody hears it while no process is there."""
        self._send(Told(room, identity, note))

    def describe(self, session: str, sources: Mapping[str, str]) -> None:
        """What the sections of a publishing session show: `camera`, `screen`, ..."""
        self._described[session] = Described(session, dict(sources))
        self._send(self._described[session])

    def forget(self, session: str) -> None:
        """A session that was described has ended."""
        if self._described.pop(session, None) is not None:
            self._send(Described(session, {}))

    def attend(self, room: str, identity: str, duration_s: float) -> None:
        """Look at a participant without a pause for so long from now on, and not for longer."""
        self._send(Attended(room, identity, self._clock() + duration_s))

    def capture(self, room: str, identity: str, name: str) -> None:
        """Ask what a participant looks and sounds like; `captures` answers, if they are there."""
        self._send(Capture(room, identity, name))

    # --- what comes ---

    async def scores(self) -> AsyncIterator[Scored | Left]:
        """Every score as it is made, for one reader; only cancellation ends it."""
        while True:
            yield await self._scores.get()

    async def captures(self) -> AsyncIterator[Captured]:
        """What was asked for, for one reader; only cancellation ends it."""
        while True:
            yield await self._captured.get()

    async def learned(self) -> AsyncIterator[Learned]:
        """What people are to be remembered by, for one reader; only cancellation ends it."""
        while True:
            yield await self._learned.get()

    def now(self) -> tuple[Scored, ...]:
        """The last score of everybody who is watched."""
        return tuple(self._last.values())

    def _send(self, command: Command) -> None:
        if self._channel is not None:
            self._channel.send(command)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        channel = Channel((reader, writer), reports)
        self._channel = channel
        try:
            while (received := await channel.receive()) is not None:
                self._heard_s = self._clock()
                for report in received:
                    self._receive(report)
        except asyncio.CancelledError:
            # Only `__aexit__` cancels; the task of a server's connection must not say so.
            return
        finally:
            self._tasks.discard(task)
            if self._channel is channel:
                self._lose()
            await channel.close()

    def _receive(self, report: Report) -> None:
        match report:
            case Ready():
                self.ready = report
                for described in self._described.values():
                    self._send(described)
            case Load():
                self.load = report
            case Captured():
                _put(self._captured, report)
            case Learned():
                _put(self._learned, report)
            case Scored(room, identity):
                self._last[room, identity] = report
                _put(self._scores, report)
            case Left(room, identity):
                self._last.pop((room, identity), None)
                _put(self._scores, report)

    def _lose(self) -> None:
        self._channel = self.ready = self.load = None
        self._blind()

    async def _watch(self) -> None:
        """A process that says nothing may hang: nothing is known until it speaks again."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._clock() - self._heard_s > SILENT_AFTER_S:
                self._blind()

    def _blind(self) -> None:
        """Nobody is anything while nobody looks; each hears so once."""
        now = self._clock()
        for (room, identity), last in list(self._last.items()):
            if last.record.blind == "scorer_down":
                continue
            record = Record(now, (), State.UNKNOWN, blind="scorer_down")
            told = Scored(room, identity, judge(record), record)
            self._last[room, identity] = told
            _put(self._scores, told)


def _put(queue: asyncio.Queue[Waits], one: Waits) -> None:
    """Let it wait; the oldest goes where too many do."""
    if queue.full():
        with suppress(asyncio.QueueEmpty):
            queue.get_nowait()
    queue.put_nowait(one)

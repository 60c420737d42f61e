"""Starts child processes, watches them, starts them again, and lets none outlive us.

The contract with a child is two pipes.  `CANDOR_HEARTBEAT_FD` names one that it writes a byte to
every second: silence means that it hangs.  Its standard input stays open as long as we live: end
of file means that it has to go, so `kill -9` of the parent leaves no orphan.  SIGTERM asks it to
finish within its grace.  What it says on standard error goes to our log, bounded.
"""

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import structlog

from signaling.limits import Buckets, Rate
from signaling.restarts import Restarts

HEARTBEAT_VARIABLE = "CANDOR_HEARTBEAT_FD"
OUTPUT_CHUNK_BYTES = 64 << 10
LONGEST_LINE = 2000
# A child that shouts is heard a hundred times in ten seconds; the rest is counted.
OUTPUT_RATE = Rate(100, 10.0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run, and how patient to be with it."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    heartbeat_timeout_s: float = 5.0
    """Silence after which it counts as hung; also the time that it has for its first beat."""
    stop_grace_s: float = 10.0
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ChildState:
    """What is known of a child now; `state` is one of starting, running, restarting, degraded
    and stopping."""

    name: str
    state: str
    pid: int | None
    restarts: int


class Supervisor:
    """`async with Supervisor(specs) as supervisor`: the children live as long as the block."""

    def __init__(self, specs: Sequence[ChildSpec]) -> None:
        self._children = [_Child(spec) for spec in specs]
        self._tasks = asyncio.TaskGroup()
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._keepers = [self._tasks.create_task(child.keep()) for child in self._children]
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Every child is asked to go, then made to; none is left when this returns."""
        for keeper in self._keepers:
            keeper.cancel()
        await self._tasks.__aexit__(None, None, None)

    def state(self) -> tuple[ChildState, ...]:
        """Every child, in the order of the specs."""
        return tuple(child.state() for child in self._children)


class _Child:
    """One child through all its lives."""

    def __init__(self, spec: ChildSpec) -> None:
        self._spec = spec
        self._state = "starting"
        self._pid: int | None = None
        self._starts = 0
        self._output = Buckets(OUTPUT_RATE)
        self._unheard = 0

    def state(self) -> ChildState:
        return ChildState(self._spec.name, self._state, self._pid, max(self._starts - 1, 0))

    async def keep(self) -> None:
        """Run it again and again until cancelled."""
        clock = asyncio.get_running_loop().time
        restarts = Restarts()
        while True:
            began = clock()
            reason = await self._live()
            restarts = restarts.after(clock() - began)
            self._become("degraded" if restarts.degraded else "restarting", reason)
            await asyncio.sleep(restarts.delay_s)

    async def _live(self) -> str:
        """One life; why it ended."""
        self._starts += 1
        self._become("starting")
        try:
            async with self._process() as (process, heart):
                return await self._watch(process, heart)
        except OSError as error:
            return f"cannot be started: {error.strerror}"

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[tuple[asyncio.subprocess.Process, "_Heart"]]:
        """The running process; gone, with its pipes, at the end of the block."""
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._spec.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(writing,),
                env={**os.environ, **self._spec.environment, HEARTBEAT_VARIABLE: str(writing)},
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._pid = process.pid
        if self._spec.memory_bytes is not None:
            limit = (self._spec.memory_bytes, self._spec.memory_bytes)
            resource.prlimit(process.pid, resource.RLIMIT_AS, limit)
        try:
            with _Heart(reading) as heart:
                yield process, heart
        finally:
            await self._end(process)
            self._pid = None

    async def _watch(self, process: asyncio.subprocess.Process, heart: "_Heart") -> str:
        ended = asyncio.create_task(process.wait())
        silent = asyncio.create_task(self._wait_for_silence(heart))
        relayed = asyncio.create_task(self._relay(process))
        watchers = (ended, silent, relayed)
        try:
            await asyncio.wait((ended, silent), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return _in_words(ended.result())
            return f"silent for {self._spec.heartbeat_timeout_s:.1f} s"
        except asyncio.CancelledError:
            self._become("stopping")
            await self._ask_to_go(process)
            raise
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    async def _wait_for_silence(self, heart: "_Heart") -> None:
        timeout = self._spec.heartbeat_timeout_s
        while await heart.beats_within(timeout):
            if self._state == "starting":
                self._become("running")

    async def _relay(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        clock = asyncio.get_running_loop().time
        while chunk := await process.stderr.read(OUTPUT_CHUNK_BYTES):
            for line in chunk.decode(errors="replace").splitlines():
                if self._output.take("", clock()):
                    self._unheard += 1
                else:
                    self._say(line[:LONGEST_LINE])

    def _say(self, line: str) -> None:
        log.info("child.said", child=self._spec.name, line=line, unheard_before=self._unheard)
        self._unheard = 0

    async def _ask_to_go(self, process: asyncio.subprocess.Process) -> None:
        """SIGTERM, and the grace; whatever is left then is killed by `_end`."""
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._spec.stop_grace_s):
                await process.wait()

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """No process and no zombie is left."""
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()
        assert process.stdin is not None
        process.stdin.close()

    def _become(self, state: str, reason: str = "") -> None:
        if state == self._state and not reason:
            return
        self._state = state
        level = log.warning if state in ("restarting", "degraded") else log.info
        level(f"child.{state}", child=self._spec.name, pid=self._pid, reason=reason)


class _Heart:
    """The reading end of a child's heartbeat."""

    def __init__(self, reading: int) -> None:
        self._reading = reading
        self._beat = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        os.set_blocking(self._reading, False)
        self._loop.add_reader(self._reading, self._on_readable)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.remove_reader(self._reading)
        os.close(self._reading)

    async def beats_within(self, seconds: float) -> bool:
        """True at the next beat, False if none comes in time."""
        self._beat.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._beat.wait()
        except TimeoutError:
            return False
        return True

    def _on_readable(self) -> None:
        if os.read(self._reading, 4096):
            self._beat.set()
        else:
            # The child closed its end: no more beats, which the timeout will notice.
            self._loop.remove_reader(self._reading)


def _in_words(returncode: int) -> str:
    if returncode < 0:
        return f"ended by {signal.Signals(-returncode).name}"
    return f"exited with {returncode}"

"""One child process: its pipes, its pulse and its end.

The contract with a child is three lines, and whoever keeps it need not import anything of ours:

- `CANDOR_HEARTBEAT_FD` is the number of an open pipe.  Write a byte to it once a second or more
  often, from the loop that does the work; the first one says "ready".  Silence means hung.
- Standard input never has anything to read.  End of file there means that the parent is gone,
  also by `kill -9`: leave.  A child whose loop may block watches it from a thread.
- SIGTERM means: finish what you have and leave.  What is left after the grace is killed.

What a child prints goes to our log, a few short lines of it.  A child leads a session of its
own, so that Ctrl-C in a terminal is ours to handle, and what it started ends when it ends.
"""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Self

import structlog

from signaling.lines import Lines
from signaling.restarts import Pulse

HEARTBEAT_VARIABLE = "CANDOR_HEARTBEAT_FD"
# What it wrote before it ended is in the pipe already; only a stranger can hold that open.
LAST_WORDS_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run, and how patient to be with it."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to our own."""
    heartbeat_timeout_s: float = 5.0
    start_timeout_s: float = 30.0
    """Until the first heartbeat; to load a model may take long."""
    stop_grace_s: float = 10.0
    memory_bytes: int | None = None
    """Limit on its address space (RLIMIT_AS), which is more than what it uses; Linux only."""
    needed: bool = True
    """False for one without which the rest does its work."""


class Child:
    """A process that runs, from `start` to `close`."""

    def __init__(
        self,
        spec: ChildSpec,
        process: asyncio.subprocess.Process,
        heart: "_Heart",
        output: "_Output",
        pipes: ExitStack,
    ) -> None:
        self._spec = spec
        self._process = process
        self._heart = heart
        self._output = output
        self._pipes = pipes
        self._ended = asyncio.ensure_future(_wait(process))
        self._fault: str | None = None

    @classmethod
    async def start(cls, spec: ChildSpec, clock: Callable[[], float]) -> Self:
        """Start it; OSError or ValueError, and nothing is left behind, if that cannot be done."""
        heart = _Heart(spec, clock)
        output = _Output(spec.name, clock)
        with ExitStack() as ours, ExitStack() as theirs:
            stdin, living = _pipe()
            theirs.enter_context(stdin)
            ours.enter_context(living)
            beats = theirs.enter_context(await _inlet(heart, ours))
            words = theirs.enter_context(await _inlet(output, ours))
            # The last thing awaited: when we are cancelled in it, it kills and reaps by itself.
            process = await asyncio.create_subprocess_exec(
                *spec.argv,
                stdin=stdin,
                stdout=words,
                stderr=words,
                pass_fds=(beats.fileno(),),
                env={**os.environ, **spec.environment, HEARTBEAT_VARIABLE: str(beats.fileno())},
                start_new_session=True,
            )
            _limit_memory(process.pid, spec)
            return cls(spec, process, heart, output, ours.pop_all())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def beating_since(self) -> float | None:
        """When its first heartbeat came."""
        return self._heart.beating_since

    async def wait_for_first_beat(self) -> bool:
        """True when it beats; False if it ended before, or was killed because it never did."""
        await self._watch_until(self._heart.beating)
        return self._heart.beating.done()

    async def wait_for_end(self) -> None:
        """Return when it has ended, by itself or because it fell silent and was killed for that."""
        await self._watch_until(self._ended)

    async def close(self) -> None:
        """Ask it to leave, kill it after its grace, and whatever it started with it.

        When this returns, the process is reaped and its pipes are closed.  Whoever cancels this
        cuts the grace short.
        """
        with self._pipes:
            try:
                await self._ask_to_leave()
            finally:
                await self._kill()
                await self._hear_out()

    def end_in_words(self) -> str:
        """How it ended, for people."""
        return self._fault or _in_words(self._process.returncode)

    async def _watch_until(self, event: asyncio.Future[None]) -> None:
        while not (event.done() or self._ended.done()):
            now = self._heart.clock()
            if self._heart.pulse.is_hung(now):
                self._fault = self._heart.fault()
                await self._kill()
                return
            due_in_s = self._heart.pulse.due - now
            await asyncio.wait(
                {event, self._ended}, timeout=due_in_s, return_when=asyncio.FIRST_COMPLETED
            )

    async def _ask_to_leave(self) -> None:
        if not self._ended.done():
            with suppress(ProcessLookupError):
                self._process.terminate()
            await asyncio.wait({self._ended}, timeout=self._spec.stop_grace_s)

    async def _kill(self) -> None:
        """Returns when it is reaped; at once if it is already."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.wait({self._ended})

    async def _hear_out(self) -> None:
        # The number of its session stays taken for as long as anybody is left in it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await asyncio.wait({self._output.ended}, timeout=LAST_WORDS_S)


class _Heart(asyncio.Protocol):
    """Our end of the heartbeat."""

    def __init__(self, spec: ChildSpec, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.pulse = Pulse(clock(), spec.start_timeout_s, spec.heartbeat_timeout_s)
        self.beating: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.beating_since: float | None = None
        self._spec = spec

    def data_received(self, data: bytes) -> None:
        now = self.clock()
        self.pulse.beat(now)
        if not self.beating.done():
            self.beating_since = now
            self.beating.set_result(None)

    def fault(self) -> str:
        """What a silent one is killed for."""
        if self.beating_since is None:
            return f"no heartbeat in the first {self._spec.start_timeout_s:g} s"
        return f"no heartbeat for {self._spec.heartbeat_timeout_s:g} s"


class _Output(asyncio.Protocol):
    """Our end of what it prints."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._name = name
        self._clock = clock
        self._lines = Lines()

    def data_received(self, data: bytes) -> None:
        self._say(self._lines.feed(data, self._clock()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._say(self._lines.close(self._clock()))
        self.ended.set_result(None)

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            log.info("child.said", child=self._name, line=line)


async def _wait(process: asyncio.subprocess.Process) -> None:
    await process.wait()


async def _inlet(protocol: asyncio.Protocol, ours: ExitStack) -> BinaryIO:
    """A pipe that the protocol reads from; the other end."""
    reader, writer = _pipe()
    try:
        # Before its transport closes it, if that is never made.
        ours.enter_context(reader)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: protocol, reader)
    except BaseException:
        writer.close()
        raise
    ours.callback(transport.close)
    return writer


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    """The reading and the writing end; no other child inherits them."""
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", 0), os.fdopen(writing, "wb", 0)


def _limit_memory(pid: int, spec: ChildSpec) -> None:
    # From outside and just after the start: code between fork and exec may deadlock with threads.
    if spec.memory_bytes is None or sys.platform != "linux":
        return
    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (spec.memory_bytes, spec.memory_bytes))
    except (OSError, ValueError) as error:
        log.warning("child.memory_not_limited", child=spec.name, reason=str(error))


def _in_words(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"

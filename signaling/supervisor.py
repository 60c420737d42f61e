"""Starts child processes, watches them, starts them again, and lets none outlive us.

What a child has to do for this is written in `signaling.child`; how soon it is started again is
decided by `signaling.restarts`.  Nothing that a child does is an exception here: it is a state
with a reason, and a line in the log.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import TracebackType
from typing import Self

import structlog

from signaling.child import Child, ChildSpec
from signaling.restarts import Budget, History, decide

__all__ = ["ChildSpec", "ChildState", "State", "Supervisor"]

log = structlog.get_logger()


class State(StrEnum):
    """Where a child is in its life."""

    STARTING = "starting"
    """No heartbeat yet."""
    RUNNING = "running"
    RESTARTING = "restarting"
    """It ended and will be started again shortly."""
    DEGRADED = "degraded"
    """It keeps ending, so it is tried seldom; this lasts until the next heartbeat."""
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class ChildState:
    """What is known of a child now."""

    name: str
    state: State
    pid: int | None
    restarts: int
    since: float
    """When it came into this state, on the supervisor's clock."""
    reason: str
    """How its last life ended; empty during the first."""
    needed: bool = True


class Supervisor:
    """`async with Supervisor(specs) as supervisor`: the children live as long as the block.

    `on_change` is called with each new state, from the loop; it must return soon and not raise.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        *,
        on_change: Callable[[ChildState], None] = lambda state: None,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if len({spec.name for spec in specs}) < len(specs):
            raise ValueError("two children have the same name")
        self._on_change = on_change
        self._changed = asyncio.Event()
        self._keepers = [
            _Keeper(spec, self._note_change, budget or Budget(), clock, jitter) for spec in specs
        ]
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Returns at once; the children are `starting`."""
        await self._group.__aenter__()
        self._tasks = [self._group.create_task(keeper.keep()) for keeper in self._keepers]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Every child is asked to leave, all at the same time; none is left when this returns."""
        for keeper in self._keepers:
            keeper.change(State.STOPPING)
        for task in self._tasks:
            task.cancel()
        # The group must know that we were cancelled, but would wrap any other exception.
        if isinstance(exc, asyncio.CancelledError):
            await self._group.__aexit__(exc_type, exc, traceback)
        else:
            await self._group.__aexit__(None, None, None)

    async def wait_running(self) -> None:
        """Return as soon as every child runs that is needed; never, if one never does."""
        while any(child.needed and child.state is not State.RUNNING for child in self.state()):
            self._changed.clear()
            await self._changed.wait()

    def _note_change(self, state: ChildState) -> None:
        self._changed.set()
        self._on_change(state)

    def state(self) -> tuple[ChildState, ...]:
        """Every child, in the order of the specs."""
        return tuple(keeper.state for keeper in self._keepers)


class _Keeper:
    """Keeps one child alive, through all its lives."""

    def __init__(
        self,
        spec: ChildSpec,
        on_change: Callable[[ChildState], None],
        budget: Budget,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._on_change = on_change
        self._budget = budget
        self._clock = clock
        self._jitter = jitter
        self.state = ChildState(spec.name, State.STARTING, None, 0, clock(), "", spec.needed)

    async def keep(self) -> None:
        """Start it, and again whenever it ended; only cancellation stops this."""
        history = History()
        try:
            while True:
                history = history.after(await self._live(), self._budget)
                restart = decide(history, self._budget, self._jitter())
                self.change(State.DEGRADED if restart.degraded else State.RESTARTING)
                await asyncio.sleep(restart.delay_s)
                self.state = replace(self.state, restarts=self.state.restarts + 1)
        finally:
            log.info("child.stopped", child=self._spec.name, reason=self.state.reason)

    async def _live(self) -> float:
        """One life; how long it ran, counted from its first heartbeat."""
        try:
            child = await Child.start(self._spec, self._clock)
        except (OSError, ValueError) as error:
            self.state = replace(self.state, reason=f"cannot be started: {error}")
            return 0.0
        try:
            await self._watch(child)
        finally:
            await child.close()
            self.state = replace(self.state, pid=None, reason=child.end_in_words())
        return 0.0 if child.beating_since is None else self._clock() - child.beating_since

    async def _watch(self, child: Child) -> None:
        self.state = replace(self.state, pid=child.pid)
        if self.state.state is not State.DEGRADED:
            self.change(State.STARTING)
        if await child.wait_for_first_beat():
            self.change(State.RUNNING)
            await child.wait_for_end()

    def change(self, state: State) -> None:
        """Note the new state, tell whoever asked to be told, and say it in the log."""
        self.state = replace(self.state, state=state, since=self._clock())
        say = log.warning if state is State.DEGRADED else log.info
        say(
            f"child.{state}",
            child=self._spec.name,
            pid=self.state.pid,
            restarts=self.state.restarts,
            reason=self.state.reason,
        )
        self._on_change(self.state)

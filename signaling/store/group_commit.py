"""Many writers, one commit: a thread that owns SQLite's writing connection.

Whatever work has queued up while the disk was busy with the last commit goes into the next one.
Each piece sits in a savepoint of its own, so that one that fails takes nobody else with it, and
each caller wakes only after the commit.  This module knows threads and futures; what the work
does is not its business.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Self, TypeVar, cast

import sqlalchemy as sa

from signaling.errors import Unavailable

T = TypeVar("T")

# One fsync for at most so many; past 256 the time in Python dominates and callers only wait longer.
BATCH_LIMIT = 256
# Callers beyond this are refused at once instead of waiting for seconds.
QUEUE_LIMIT = 20_000


class _Unit:
    """One caller's work and, later, what became of it."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Callable[[sa.Connection], Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class GroupCommit:
    """`async with GroupCommit(engine) as writer: await writer.submit(work)`."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        batch_limit: int = BATCH_LIMIT,
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        self._engine = engine
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._waiting = 0
        self._closed = True

    async def __aenter__(self) -> Self:
        """Raises DBAPIError if the database cannot be opened."""
        self._loop = asyncio.get_running_loop()
        self._connection = await asyncio.to_thread(self._engine.connect)
        self._thread = threading.Thread(target=self._run, name="store-write")
        self._thread.start()
        self._closed = False
        return self

    async def __aexit__(self, *_: object) -> None:
        """Everything that was submitted is committed first."""
        self._closed = True
        self._units.put(None)
        await asyncio.to_thread(self._thread.join)

    def pending(self) -> int:
        """Units whose commit has not ended."""
        return self._waiting

    async def submit(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` returned, once it is on the disk; a cancelled caller's work still counts."""
        if self._closed:
            raise Unavailable("draining", "the store is closed")
        if self._waiting >= self._queue_limit:
            raise Unavailable("busy", f"{self._queue_limit} writes wait already")
        future: asyncio.Future[T] = self._loop.create_future()
        self._units.put(_Unit(work, future))
        self._waiting += 1
        return await future

    def _wake(self, batch: list[_Unit]) -> None:
        self._waiting -= len(batch)
        for unit in batch:
            if unit.future.done():
                continue  # its caller was cancelled meanwhile
            if unit.error is not None:
                unit.future.set_exception(unit.error)
            else:
                unit.future.set_result(unit.result)

    # What follows runs in the thread.

    def _run(self) -> None:
        with self._connection:
            while batch := self._next_batch():
                _commit(self._connection, batch)
                self._loop.call_soon_threadsafe(self._wake, batch)

    def _next_batch(self) -> list[_Unit]:
        """What waits now, at least one; empty when it is time to go."""
        first = self._units.get()
        if first is None:
            return []
        batch = [first]
        with contextlib.suppress(queue.Empty):
            while len(batch) < self._batch_limit:
                unit = self._units.get_nowait()
                if unit is None:
                    self._units.put(None)
                    break
                batch.append(unit)
        return batch


def _commit(connection: sa.Connection, batch: list[_Unit]) -> None:
    """One transaction for all; if it fails as a whole, every unit carries the error."""
    raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    try:
        raw.execute("BEGIN IMMEDIATE")
        for unit in batch:
            _attempt(connection, raw, unit)
        raw.execute("COMMIT")
    except sqlite3.Error as error:
        with contextlib.suppress(sqlite3.Error):  # it may have undone everything by itself
            raw.execute("ROLLBACK")
        for unit in batch:
            unit.error = sa.exc.OperationalError("COMMIT", None, error)


def _attempt(connection: sa.Connection, raw: sqlite3.Connection, unit: _Unit) -> None:
    # Straight to the driver: through SQLAlchemy the two statements cost more than the insert.
    raw.execute("SAVEPOINT unit")
    try:
        unit.result = unit.work(connection)
    except BaseException as error:  # the caller gets it, whatever it is
        unit.error = _for_a_future(error)
        if not raw.in_transaction:
            # A full disk or an I/O error made SQLite undo the whole transaction by itself.
            raise _origin(error) from error
        raw.execute("ROLLBACK TO unit")
    raw.execute("RELEASE unit")


def _for_a_future(error: BaseException) -> BaseException:
    """The error, or one in its place: a future accepts no StopIteration."""
    if isinstance(error, StopIteration):
        return RuntimeError("the work raised StopIteration")
    return error


def _origin(error: BaseException) -> sqlite3.Error:
    """SQLite's own error, with its code."""
    origin = getattr(error, "orig", error)
    return origin if isinstance(origin, sqlite3.Error) else sqlite3.OperationalError(str(error))

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

    def __init__(self, engine: sa.Engine, *, batch_limit: int = BATCH_LIMIT) -> None:
        self._engine = engine
        self._batch_limit = batch_limit
        self._units: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-write")
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Everything that was submitted is committed first."""
        self._units.put(None)
        await asyncio.to_thread(self._thread.join)

    def pending(self) -> int:
        return self._units.qsize()

    async def submit(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` returned, once it is on the disk; a cancelled caller's work still counts."""
        if self._units.qsize() >= QUEUE_LIMIT:
            raise Unavailable("busy", f"{QUEUE_LIMIT} writes wait already")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._units.put(_Unit(work, future))
        return await future

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while batch := self._next_batch():
                self._commit(connection, batch)
                assert self._loop is not None
                self._loop.call_soon_threadsafe(_wake, batch)

    def _next_batch(self) -> list[_Unit]:
        """What waits now, at least one; empty when it is time to go."""
        first = self._units.get()
        if first is None:
            return []
        batch = [first]
        try:
            while len(batch) < self._batch_limit:
                unit = self._units.get_nowait()
                if unit is None:
                    self._units.put(None)
                    break
                batch.append(unit)
        except queue.Empty:
            pass
        return batch

    def _commit(self, connection: sa.Connection, batch: list[_Unit]) -> None:
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
            wrapped = sa.exc.OperationalError("COMMIT", None, error)
            for unit in batch:
                unit.error = wrapped


def _attempt(connection: sa.Connection, raw: sqlite3.Connection, unit: _Unit) -> None:
    # Straight to the driver: through SQLAlchemy the two statements cost more than the insert.
    raw.execute("SAVEPOINT unit")
    try:
        unit.result = unit.work(connection)
    except Exception as error:  # the caller gets it, whatever it is
        unit.error = error
        if not raw.in_transaction:
            # A full disk or an I/O error made SQLite undo the whole transaction by itself.
            raise sqlite3.OperationalError(str(error)) from error
        raw.execute("ROLLBACK TO unit")
    raw.execute("RELEASE unit")


def _wake(batch: list[_Unit]) -> None:
    for unit in batch:
        if unit.future.done():
            continue  # its caller was cancelled meanwhile
        if unit.error is not None:
            unit.future.set_exception(unit.error)
        else:
            unit.future.set_result(unit.result)

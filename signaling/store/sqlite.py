"""The store on SQLite: one thread writes for everybody, a few threads read.

Readers see the last commit through connections of their own and never wait for the writer (WAL).
SQLite is driven from our own threads instead of through aiosqlite, which crosses threads once
for each statement: see "Store" in docs/BENCHMARKS.md for what that costs.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from signaling.errors import Unavailable
from signaling.store import migrate
from signaling.store.face import Store, T, Work
from signaling.store.group_commit import BATCH_LIMIT, GroupCommit

# A writer that finds the file locked by another process waits this long (HOSTILE P5).
BUSY_TIMEOUT_MS = 5000
READERS = 4

# SQLite's result codes that are the world's doing, whole or in their lower byte; all else is ours.
WORLDS_FAULTS = {
    sqlite3.SQLITE_FULL: "storage_full",
    # The file that readers and the writer share in memory could not grow.
    sqlite3.SQLITE_IOERR_SHMSIZE: "storage_full",
    sqlite3.SQLITE_BUSY: "store_unavailable",
    sqlite3.SQLITE_CANTOPEN: "store_unavailable",
    sqlite3.SQLITE_CORRUPT: "store_unavailable",
    sqlite3.SQLITE_IOERR: "store_unavailable",
    sqlite3.SQLITE_NOMEM: "store_unavailable",
    sqlite3.SQLITE_NOTADB: "store_unavailable",
    sqlite3.SQLITE_PERM: "store_unavailable",
    sqlite3.SQLITE_PROTOCOL: "store_unavailable",
    sqlite3.SQLITE_READONLY: "store_unavailable",
}


def _engine(url: str, *, read_only: bool = False) -> sa.Engine:
    """An engine with our pragmas; transactions are begun and ended by whoever uses it."""
    path = sa.make_url(url).database or ""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=sa.QueuePool,
        pool_size=READERS,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: the commit is on the disk before anybody is told (HOSTILE C1).
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16000")
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    return engine


class _SqliteStore(Store):
    def __init__(self, readers: sa.Engine, writer: GroupCommit) -> None:
        self._readers = readers
        self._writer = writer
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")

    async def read(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, work)

    async def write(self, work: Work[T]) -> T:
        with _worlds_faults():
            return await self._writer.submit(work)

    def pending(self) -> int:
        return self._writer.pending()

    def _read(self, work: Work[T]) -> T:
        with _worlds_faults(), self._readers.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                return work(connection)
            finally:
                # An I/O error may have ended the transaction by itself; that is the one to tell.
                with contextlib.suppress(DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        self._threads.shutdown()
        self._readers.dispose()


@contextlib.contextmanager
def _worlds_faults() -> Iterator[None]:
    """Raises Unavailable in place of a database error that is the world's."""
    try:
        yield
    except DBAPIError as error:
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        fault = WORLDS_FAULTS.get(code) or WORLDS_FAULTS.get(code & 0xFF)
        if fault is None:
            raise
        raise Unavailable(fault, str(error.orig)) from error


@asynccontextmanager
async def open_sqlite(url: str, *, batch_limit: int = BATCH_LIMIT) -> AsyncIterator[Store]:
    writing = _engine(url)
    readers = _engine(url, read_only=True)
    try:
        await asyncio.to_thread(_migrate_sqlite, writing)
        async with GroupCommit(writing, batch_limit=batch_limit) as writer:
            store = _SqliteStore(readers, writer)
            try:
                yield store
            finally:
                await asyncio.to_thread(store.close)
    finally:
        writing.dispose()


def inspect_sqlite(url: str, work: Work[T]) -> T:
    """What `work` sees in an existing file, opened so that it cannot change."""
    path = Path(sa.make_url(url).database or "")
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        with _worlds_faults(), engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


def _migrate_sqlite(engine: sa.Engine) -> None:
    """All steps in one transaction: a process killed half-way leaves the old schema whole."""
    with _worlds_faults(), engine.connect() as connection:
        # A step that rebuilds a table drops the old one, and with it whatever points there:
        # foreign keys are off meanwhile, as SQLite's "ALTER TABLE", section 7, wants it.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            migrate.upgrade(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with contextlib.suppress(DBAPIError):
                connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")

"""The store on PostgreSQL, through asyncpg.

PostgreSQL groups commits by itself, so every piece of work is a transaction of a pooled
connection.  A transaction that lost a race runs again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from signaling.errors import Unavailable
from signaling.store import migrate
from signaling.store.face import Store, T, Work

CONNECTIONS = 16
WAIT_S = 10.0
# Serialisation failure and deadlock: the loser of a race may simply run again.
RETRY_STATES = frozenset({"40001", "40P01"})
TRIES = 5
# SQLSTATE, whole or its class: the world's doing.  Everything else is ours.
WORLDS_FAULTS = {
    "53100": "storage_full",
    "40001": "busy",
    "40P01": "busy",
    "25006": "store_unavailable",  # a standby, which takes no writes
    "08": "store_unavailable",  # connection
    "53": "store_unavailable",  # resources
    "57": "store_unavailable",  # an operator stopped it
    "58": "store_unavailable",  # input and output
}
# Two processes that start together must not both migrate; any number serves as the lock's name.
MIGRATION_LOCK = 20261121


class _PostgresStore(Store):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._writing = 0

    async def read(self, work: Work[T]) -> T:
        async with self._turn() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            return await connection.run_sync(work)

    async def write(self, work: Work[T]) -> T:
        self._writing += 1
        try:
            async with self._turn() as connection:
                return await _attempts(connection, work)
        finally:
            self._writing -= 1

    def pending(self) -> int:
        return self._writing

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[AsyncConnection]:
        """A connection, first come, first served.

        SQLAlchemy's pool alone gives one back to whoever just returned it, if they ask at once;
        with fifty busy writers the others starved until they timed out.
        """
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("busy", f"all {CONNECTIONS} connections are at work") from None
        try:
            async with _connected(self._engine) as connection:
                yield connection
        finally:
            self._turns.release()


async def _attempts(connection: AsyncConnection, work: Work[T]) -> T:
    for _ in range(TRIES - 1):
        try:
            async with connection.begin():
                return await connection.run_sync(work)
        except DBAPIError as error:
            if _state(error) not in RETRY_STATES:
                raise
    async with connection.begin():
        return await connection.run_sync(work)


@asynccontextmanager
async def _connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection; raises Unavailable for what the world does to it, also within the block."""
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(engine.connect())
        except (DBAPIError, OSError) as error:
            reason = str(getattr(error, "orig", error)) or type(error).__name__
            raise Unavailable("store_unavailable", reason) from error
        with _worlds_faults():
            yield connection


@contextmanager
def _worlds_faults() -> Iterator[None]:
    """Raises Unavailable in place of a database error that is the world's."""
    try:
        yield
    except DBAPIError as error:
        fault = _fault(error)
        if fault is None:
            raise
        raise Unavailable(fault, str(error.orig)) from error
    except (ConnectionError, TimeoutError) as error:
        raise Unavailable("store_unavailable", str(error)) from error


def _fault(error: DBAPIError) -> str | None:
    """Our code for the world's fault in a database error, or None if it is ours."""
    state = _state(error)
    if (fault := WORLDS_FAULTS.get(state) or WORLDS_FAULTS.get(state[:2])) is not None:
        return fault
    # What asyncpg itself refuses, before the server sees it, is a value of ours.
    values_fault = isinstance(getattr(error.orig, "__cause__", None), ValueError)
    if error.connection_invalidated or (isinstance(error, InterfaceError) and not values_fault):
        return "store_unavailable"
    return None


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


@asynccontextmanager
async def open_postgres(url: str) -> AsyncIterator[Store]:
    """The store on an existing database, migrated by whichever process comes first."""
    engine = _engine(url)
    try:
        await _migrate(engine)
        yield _PostgresStore(engine)
    finally:
        await engine.dispose()


async def inspect_postgres(url: str, work: Work[T]) -> T:
    """What `work` sees in the database as it is."""
    engine = _engine(url)
    try:
        return await _PostgresStore(engine).read(work)
    finally:
        await engine.dispose()


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(
        sa.make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_pre_ping=True,
        connect_args={"timeout": WAIT_S},
    )


async def _migrate(engine: AsyncEngine) -> None:
    async with _connected(engine) as connection, connection.begin():
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        await connection.run_sync(migrate.upgrade)

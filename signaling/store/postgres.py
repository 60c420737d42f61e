"""The store on PostgreSQL, through asyncpg.

PostgreSQL groups commits by itself, so every piece of work is a transaction of a pooled
connection.  A transaction that lost a race runs again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from signaling.errors import Unavailable
from signaling.store import migrate
from signaling.store.face import Store, T, Work, unavailable

CONNECTIONS = 16
WAIT_S = 10.0
# Serialisation failure and deadlock: the loser of a race may simply run again.
RETRY_STATES = frozenset({"40001", "40P01"})
TRIES = 5
# Two processes that start together must not both migrate; any number serves as the lock's name.
MIGRATION_LOCK = 20261121


class _PostgresStore(Store):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = 0

    async def read(self, work: Work[T]) -> T:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ")
                return await connection.run_sync(work)
        except (DBAPIError, OSError, TimeoutError) as error:
            raise _fault(error) from error

    async def write(self, work: Work[T]) -> T:
        self._writing += 1
        try:
            return await self._attempts(work)
        except (DBAPIError, OSError, TimeoutError) as error:
            raise _fault(error) from error
        finally:
            self._writing -= 1

    def pending(self) -> int:
        return self._writing

    async def _attempts(self, work: Work[T]) -> T:
        for attempt in range(TRIES):
            try:
                async with self._engine.begin() as connection:
                    return await connection.run_sync(work)
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                if state not in RETRY_STATES or attempt == TRIES - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")


def _fault(error: DBAPIError | OSError | TimeoutError) -> Exception:
    if isinstance(error, DBAPIError):
        return unavailable(error) or error
    return Unavailable("store_unavailable", str(error))


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
    )


async def _migrate(engine: AsyncEngine) -> None:
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            await connection.run_sync(migrate.upgrade)
    except (DBAPIError, OSError, TimeoutError) as error:
        raise _fault(error) from error

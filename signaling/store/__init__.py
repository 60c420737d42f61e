"""Everything durable: the only package that knows SQL.

`open_store(url)` gives the `Store`; each module named after a noun holds that noun's queries,
plain functions of a connection for `Store.read` and `Store.write`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signaling.store import (  # their tables are in the one schema
    challenge_schema,  # noqa: F401
    enrolment_schema,  # noqa: F401
    proof_schema,  # noqa: F401
    watching_schema,  # noqa: F401
)
from signaling.store.face import Store, T, Work

SQLITE = "sqlite"

__all__ = ["Store", "inspect_store", "open_store"]


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """The store at `url`, brought up to the newest schema; closed at the end of the block."""
    if url.startswith(SQLITE):
        from signaling.store.sqlite import open_sqlite

        opened = open_sqlite(url)
    else:
        # asyncpg is an extra, `candor[postgres]`.
        from signaling.store.postgres import open_postgres

        opened = open_postgres(url)
    async with opened as store:
        yield store


async def inspect_store(url: str, work: Work[T]) -> T:
    """What `work` sees in the database as it is: nothing is made or migrated."""
    if url.startswith(SQLITE):
        from signaling.store.sqlite import inspect_sqlite

        return await asyncio.to_thread(inspect_sqlite, url, work)
    from signaling.store.postgres import inspect_postgres

    return await inspect_postgres(url, work)

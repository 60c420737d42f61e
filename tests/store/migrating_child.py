"""A process that dies in the middle of a migration.

`python -m tests.store.migrating_child URL COUNT`: SIGKILL to itself before the COUNT-th statement
that changes the schema or its data.
"""

import asyncio
import itertools
import os
import signal
import sys

import sqlalchemy as sa

from signaling.store import open_store

CHANGES = ("CREATE", "ALTER", "INSERT", "UPDATE", "DROP")


def main(url: str, fatal: str) -> None:
    numbers = itertools.count(1)

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def die_in_time(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(CHANGES) and next(numbers) == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

    async def run() -> None:
        async with open_store(url):
            pass

    asyncio.run(run())


if __name__ == "__main__":
    main(*sys.argv[1:])

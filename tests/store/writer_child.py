"""A process that writes until it is killed.

`python -m tests.store.writer_child URL FIRST`: fifty writers share the numbers from FIRST on.
Each number claims its key and records one act in the same transaction, so that a number that is
sent again, because nobody knew what became of it, counts once.  A number is printed when its
write was acknowledged.
"""

import asyncio
import itertools
import os
import sys
from datetime import timedelta

import sqlalchemy as sa

from signaling.store import audit, idempotency, open_store
from tests.store.rows import NOW, act

WRITERS = 50


def once(connection: sa.Connection, number: str) -> None:
    kept = idempotency.claim(
        connection, "child", number, "", now=NOW, abandoned_before=NOW - timedelta(days=1)
    )
    if kept is None:
        audit.record(connection, act(number), NOW)


async def write(url: str, first: int) -> None:
    numbers = itertools.count(first)

    async def writer() -> None:
        for number in numbers:
            await store.write(lambda connection, number=str(number): once(connection, number))
            os.write(1, b"%d\n" % number)

    async with open_store(url) as store, asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(writer())


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], int(sys.argv[2])))

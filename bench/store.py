"""What group commit is worth: `python -m bench.store [--seconds 0.5] [--rounds 15]` prints JSON.

Each contender gets the same piece of work, an insert of one idempotency key with a small answer,
from 1, 10 and 100 writers that each wait for their acknowledgement before they send the next.
The contenders take short turns one after the other, and each ratio is the median over the rounds
of what two of them did in the same round: a shared disk is not the same a minute later.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.store import Store, open_store
from signaling.store.schema import idempotency
from signaling.store.sqlite import open_sqlite

WRITERS = (1, 10, 100)
ANSWER = b"x" * 200
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16000")
NOW = datetime(2026, 11, 21, tzinfo=UTC)

Write = Callable[[Callable[[sa.Connection], Any]], Awaitable[Any]]


@dataclass
class Tally:
    """What one contender did at one number of writers, round by round."""

    rates: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, float]:
        ordered = sorted(self.latencies_ms)
        return {
            "writes_per_second": round(statistics.median(self.rates)),
            "p50_ms": round(ordered[len(ordered) // 2], 2),
            "p99_ms": round(ordered[len(ordered) * 99 // 100], 2),
        }


async def load(write: Write, writers: int, seconds: float, tally: Tally) -> None:
    """One round: all writers at once until the time is over."""
    acknowledged = 0
    started = time.perf_counter()

    async def writer() -> None:
        nonlocal acknowledged
        scope = uuid.uuid4().hex
        for number in itertools.count():
            begun = time.perf_counter()
            if begun - started >= seconds:
                return
            values = {"scope": scope, "key": str(number), "fingerprint": "f" * 64}
            row = values | {"answer": ANSWER, "created_at": NOW}
            await write(lambda connection, row=row: connection.execute(idempotency.insert(), row))
            tally.latencies_ms.append((time.perf_counter() - begun) * 1000)
            acknowledged += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(writers):
            group.create_task(writer())
    tally.rates.append(acknowledged / (time.perf_counter() - started))


@asynccontextmanager
async def plain_way(folder: Path) -> AsyncIterator[Write]:
    """SQLAlchemy's async engine on aiosqlite, one transaction for each write."""
    url = f"sqlite:///{folder / 'plain.db'}"
    async with open_store(url):
        pass  # makes the tables
    # A commit waits for the one before it; with more connections they would only wait for the lock.
    engine = create_async_engine(
        url.replace("sqlite:", "sqlite+aiosqlite:"), pool_size=1, max_overflow=0, pool_timeout=60
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    async def write(work: Callable[[sa.Connection], Any]) -> None:
        async with engine.begin() as connection:
            await connection.run_sync(work)

    try:
        yield write
    finally:
        await engine.dispose()


async def race(folder: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """All contenders in turn, several rounds; the tallies."""
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context

        def sqlite(name: str, **more: int) -> Awaitable[Store]:
            return opened(open_sqlite(f"sqlite:///{folder / name}.db", **more))

        contenders: dict[str, Write] = {
            "group_commit": (await sqlite("grouped")).write,
            "one_commit_each": (await sqlite("single", batch_limit=1)).write,
            "aiosqlite": await opened(plain_way(folder)),
        }
        if postgres := os.environ.get("CANDOR_TEST_POSTGRES"):
            contenders["postgresql"] = (await opened(open_store(postgres))).write
        tallies = {(name, writers): Tally() for writers in WRITERS for name in contenders}
        for write in contenders.values():
            await load(write, 10, 0.2, Tally())  # warm
        for _ in range(rounds):
            for (name, writers), tally in tallies.items():
                await load(contenders[name], writers, seconds, tally)
    return results(tallies, tuple(contenders))


def results(
    tallies: dict[tuple[str, int], Tally], contenders: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Figures of each contender, and how many times the others group commit does."""
    found: dict[str, dict[str, Any]] = {}
    for writers in WRITERS:
        grouped = tallies["group_commit", writers].rates
        figures = {name: tallies[name, writers].as_json() for name in contenders}
        ratios = {
            f"group_commit/{name}": ratio(grouped, tallies[name, writers].rates)
            for name in ("one_commit_each", "aiosqlite")
        }
        found[f"{writers} writers"] = figures | {"ratios": ratios}
    return found


def ratio(rates: list[float], others: list[float]) -> dict[str, float]:
    """Round by round: the median, and the worst and the best round."""
    ordered = sorted(one / other for one, other in zip(rates, others, strict=True))
    return {
        "median": round(statistics.median(ordered), 1),
        "least": round(ordered[0], 1),
        "most": round(ordered[-1], 1),
    }


def sync_ms(folder: Path) -> list[float]:
    """What one fsync of 4 KB takes on this disk now: median and 90th of a hundred."""
    taken = []
    with (folder / "probe").open("wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - begun) * 1000)
    ordered = sorted(taken)
    return [round(ordered[50], 2), round(ordered[90], 2)]


def machine(folder: Path) -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "file_system": file_system(folder),
        "fsync_ms": sync_ms(folder),
        "busy_cores": round(os.getloadavg()[0], 1),
    }


def file_system(folder: Path) -> str:
    """The kind of file system that holds the folder; the longest mount point wins."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    held = [(len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(held)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of one round")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="where to put the databases")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        described = {"machine": machine(folder)}
        found = asyncio.run(race(folder, given.seconds, given.rounds))
        print(json.dumps(described | found, indent=2))


if __name__ == "__main__":
    main()

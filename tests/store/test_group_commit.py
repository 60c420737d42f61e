"""One commit for many: who shares it, who does not, and who hears of it when."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from signaling.errors import Unavailable
from signaling.store.group_commit import GroupCommit

Work = Callable[[sa.Connection], Any]


class Bench:
    """A table of one column, and a writer whose thread can be held up."""

    def __init__(self, file: Path, **limits: int) -> None:
        self.engine = sa.create_engine(
            f"sqlite:///{file}",
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False},
        )
        self.file = file
        with self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        self.writer = GroupCommit(self.engine, **limits)
        self.statements: list[str] = []

    def committed(self) -> list[int]:
        """What another process would see."""
        connection = sqlite3.connect(self.file)
        try:
            return [row[0] for row in connection.execute("SELECT number FROM numbers ORDER BY 1")]
        finally:
            connection.close()

    def submit(self, work: Work) -> asyncio.Task[Any]:
        return asyncio.create_task(self.writer.submit(work))

    def insert(self, number: int) -> asyncio.Task[int]:
        return self.submit(lambda connection: insert(connection, number))

    @asynccontextmanager
    async def held_up(self) -> AsyncIterator[asyncio.Task[None]]:
        """The thread stands inside a piece of work until the block ends."""
        entered, go = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def hold(connection: sa.Connection) -> None:
            raw = connection.connection.dbapi_connection
            raw.set_trace_callback(self.statements.append)
            loop.call_soon_threadsafe(entered.set)
            go.wait()

        holding = self.submit(hold)
        await entered.wait()
        try:
            yield holding
        finally:
            go.set()

    def batches(self) -> list[int]:
        """How many pieces each commit held, since the thread was held up first."""
        sizes = [1]
        for statement in self.statements:
            if statement.startswith("BEGIN"):
                sizes.append(0)
            sizes[-1] += statement == "SAVEPOINT unit"
        return sizes


def insert(connection: sa.Connection, number: int) -> int:
    connection.exec_driver_sql("INSERT INTO numbers VALUES (?)", (number,))
    return number


async def all_submitted(tasks: list[asyncio.Task[Any]], bench: Bench) -> None:
    """Every task has put its work into the queue, behind the one that holds the thread."""
    while bench.writer.pending() <= len(tasks):
        await asyncio.sleep(0)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "numbers.db", batch_limit=8, queue_limit=30)
    async with made.writer:
        yield made
    made.engine.dispose()


async def test_work_that_waits_together_is_committed_together(bench: Bench) -> None:
    async with bench.held_up() as holding:
        tasks = [bench.insert(number) for number in range(20)]
        await all_submitted(tasks, bench)
    assert await asyncio.gather(*tasks) == list(range(20))
    await holding
    assert bench.batches() == [1, 8, 8, 4]


async def test_work_runs_in_the_order_in_which_it_came(bench: Bench) -> None:
    order: list[int] = []
    async with bench.held_up():
        tasks = [bench.submit(lambda _, n=n: order.append(n)) for n in range(20)]
        await all_submitted(tasks, bench)
    await asyncio.gather(*tasks)
    assert order == list(range(20))


async def test_nobody_hears_of_a_result_before_it_is_committed(bench: Bench) -> None:
    entered, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(_: sa.Connection) -> None:
        loop.call_soon_threadsafe(entered.set)
        go.wait()

    async with bench.held_up():
        first = bench.insert(1)
        last = bench.submit(hold)  # in the same batch, after it
        await all_submitted([first, last], bench)
    await entered.wait()
    assert not first.done()
    assert bench.committed() == []
    go.set()
    assert await first == 1
    assert bench.committed() == [1]
    await last


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no"), ValueError),
        (StopIteration(), RuntimeError),
        (SystemExit(1), SystemExit),
        (asyncio.CancelledError(), asyncio.CancelledError),
        (sa.exc.IntegrityError("INSERT", None, sqlite3.IntegrityError()), sa.exc.IntegrityError),
    ],
)
async def test_work_that_raises_takes_nobody_else_with_it(
    bench: Bench, error: BaseException, told: type[BaseException]
) -> None:
    outcomes: list[BaseException] = []

    async def call(work: Work) -> None:
        # In the task itself: asyncio lets SystemExit end the whole loop otherwise.
        try:
            await bench.writer.submit(work)
        except BaseException as caught:
            outcomes.append(caught)

    def fail(connection: sa.Connection) -> None:
        insert(connection, 99)
        raise error

    async with bench.held_up():
        before, after = bench.insert(1), bench.insert(2)
        failing = asyncio.create_task(call(fail))
        behind = bench.insert(3)
        await all_submitted([before, after, failing, behind], bench)
    assert await asyncio.gather(before, after, behind) == [1, 2, 3]
    await failing
    assert [type(outcome) for outcome in outcomes] == [told]
    assert bench.committed() == [1, 2, 3]
    assert bench.batches() == [1, 4]


async def test_work_that_breaks_a_constraint_takes_nobody_else_with_it(bench: Bench) -> None:
    async with bench.held_up():
        tasks = [bench.insert(number) for number in (1, 1, 2)]
        await all_submitted(tasks, bench)
    first, again, other = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, other) == (1, 2)
    assert isinstance(again, sa.exc.IntegrityError)
    assert bench.committed() == [1, 2]


async def test_work_that_undoes_the_whole_transaction_fails_all_and_lies_to_none(
    bench: Bench,
) -> None:
    """What SQLite itself does when the disk is full in the middle of a statement."""

    def undo_everything(connection: sa.Connection) -> None:
        connection.exec_driver_sql("INSERT OR ROLLBACK INTO numbers VALUES (1)")

    async with bench.held_up():
        tasks = [bench.insert(1), bench.submit(undo_everything), bench.insert(2)]
        await all_submitted(tasks, bench)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {sa.exc.OperationalError}
    assert len(set(map(id, outcomes))) == 3
    assert bench.committed() == []
    assert await bench.insert(3) == 3


async def test_a_cancelled_callers_work_is_still_done(bench: Bench) -> None:
    async with bench.held_up():
        tasks = [bench.insert(number) for number in (1, 2, 3)]
        await all_submitted(tasks, bench)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
    assert await asyncio.gather(tasks[0], tasks[2]) == [1, 3]
    assert bench.committed() == [1, 2, 3]
    assert bench.writer.pending() == 0


async def test_a_full_queue_refuses_at_once(bench: Bench) -> None:
    async with bench.held_up() as holding:
        tasks = [bench.insert(number) for number in range(29)]
        await all_submitted(tasks, bench)
        with pytest.raises(Unavailable) as caught:
            await bench.writer.submit(lambda c: insert(c, 99))
        assert caught.value.code == "busy"
    await asyncio.gather(holding, *tasks)
    assert await bench.insert(99) == 99
    assert bench.committed() == [*range(29), 99]


async def test_closing_commits_what_was_submitted(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "numbers.db", batch_limit=3)
    async with bench.writer, bench.held_up():
        tasks = [bench.insert(number) for number in range(10)]
        await all_submitted(tasks, bench)
    assert bench.committed() == list(range(10))
    assert await asyncio.gather(*tasks) == list(range(10))
    bench.engine.dispose()


async def test_a_closed_writer_refuses_instead_of_waiting_for_ever(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "numbers.db")
    async with bench.writer:
        pass
    with pytest.raises(Unavailable) as caught:
        await bench.writer.submit(lambda c: insert(c, 1))
    assert caught.value.code == "draining"
    bench.engine.dispose()


async def test_work_that_comes_while_the_writer_closes_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "numbers.db")
    await bench.writer.__aenter__()
    async with bench.held_up() as holding:
        closing = asyncio.create_task(bench.writer.__aexit__(None, None, None))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await bench.writer.submit(lambda c: insert(c, 1))
    await asyncio.gather(holding, closing)
    assert bench.committed() == []
    bench.engine.dispose()


async def test_a_database_that_cannot_be_opened_fails_the_opening(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'no such folder' / 'x.db'}")
    with pytest.raises(sa.exc.OperationalError):
        async with GroupCommit(engine):
            pass
    engine.dispose()

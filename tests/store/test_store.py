"""What `Store` promises, whichever database stands behind it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from signaling.errors import Refused, Unavailable
from signaling.store import Store, inspect_store, open_store, users
from tests.store.rows import put_user, user


def names(connection: sa.Connection) -> list[str]:
    return [one.name for one in users.page(connection, "", 1000)]


async def test_what_a_write_returned_others_see(store: Store, url: str) -> None:
    for number in range(10):
        await put_user(store, f"u{number}")
        assert f"u{number}" in await inspect_store(url, names)


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), Refused("forbidden"), Unavailable("busy", "x"), OSError("a file"), KeyError],
)
async def test_the_error_of_a_piece_of_work_reaches_its_caller_as_it_is(
    store: Store, error: Exception
) -> None:
    def fail(connection: sa.Connection) -> None:
        users.add(connection, user("undone"))
        raise error

    def look(connection: sa.Connection) -> None:
        raise error

    kind = error if isinstance(error, type) else type(error)
    for call in (store.write(fail), store.read(look)):
        with pytest.raises(kind) as caught:
            await call
        assert isinstance(error, type) or caught.value is error
        assert caught.value.__cause__ is None
    assert await store.read(names) == []


async def test_a_piece_of_work_that_fails_takes_nobody_with_it(store: Store) -> None:
    def add(connection: sa.Connection, number: int) -> int:
        users.add(connection, user(f"u{number}"))
        if number % 3 == 0:
            raise LookupError(number)
        if number % 3 == 1:
            users.change(connection, f"u{number}", {"role": "no such role"})
        return number

    calls = (store.write(lambda c, n=n: add(c, n)) for n in range(60))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [result for result in results if isinstance(result, int)] == list(range(2, 60, 3))
    assert {type(result) for result in results} == {int, LookupError, IntegrityError}
    assert sorted(await store.read(names)) == sorted(f"u{n}" for n in range(2, 60, 3))


async def test_our_own_mistakes_in_sql_are_not_called_the_worlds(store: Store) -> None:
    for call in (store.write, store.read):
        with pytest.raises(DBAPIError) as caught:
            await call(lambda c: c.execute(sa.text("SELECT * FROM nowhere")))
        assert caught.value.__cause__ is not caught.value
        with pytest.raises((DBAPIError, OverflowError)):
            await call(lambda c: c.execute(sa.select(sa.literal(2**63, sa.BigInteger))))


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(Unavailable, match=r"read-?only"):
        await store.read(lambda c: users.add(c, user()))
    assert await store.read(names) == []
    await put_user(store)


async def test_a_reader_sees_one_snapshot_and_waits_for_no_writer(store: Store, url: str) -> None:
    await put_user(store, "u1")

    def look_twice(connection: sa.Connection) -> tuple[list[str], list[str]]:
        before = names(connection)
        add_from_outside(url, "u2")
        return before, names(connection)

    before, after = await store.read(look_twice)
    assert before == after == ["u1"]
    assert await store.read(names) == ["u1", "u2"]


def add_from_outside(url: str, id_: str) -> None:
    """Through another store, as another process would; waits for it."""

    async def add() -> None:
        async with open_store(url) as other:
            await put_user(other, id_)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(add())).result()


async def test_pending_writes_are_counted_until_they_end(store: Store) -> None:
    assert store.pending() == 0
    calls = [asyncio.create_task(put_user(store, f"u{n}")) for n in range(7)]
    await asyncio.gather(*(asyncio.sleep(0) for _ in calls))
    assert store.pending() == 7
    await asyncio.gather(*calls)
    assert store.pending() == 0


async def test_looking_into_a_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "absent.db"
    with pytest.raises(FileNotFoundError, match=r"absent\.db"):
        await inspect_store(f"sqlite:///{file}", names)
    assert not file.exists()

"""What only PostgreSQL does to us; skipped unless CANDOR_TEST_POSTGRES says where one is."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
import sqlalchemy as sa

from signaling.errors import Unavailable
from signaling.store import Store, audit, inspect_store, open_store, postgres, users
from tests.store.conftest import POSTGRES
from tests.store.rows import put_user, user
from tests.store.writer_child import once

pytestmark = pytest.mark.skipif(not POSTGRES, reason="CANDOR_TEST_POSTGRES is not set")

# Enough to have met every connection of the pool several times.
MANY_FAULTS = 100

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '{}'; END $$"


@pytest.fixture
def url(migrated_postgres: str) -> str:
    return migrated_postgres


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


class Racing:
    """A piece of work that loses the race so many times."""

    def __init__(self, losses: int, state: str) -> None:
        self.losses = losses
        self.state = state
        self.runs = 0

    def __call__(self, connection: sa.Connection) -> str:
        self.runs += 1
        users.add(connection, user())
        if self.runs <= self.losses:
            connection.exec_driver_sql(RAISE.format(self.state))
        return "done"


@pytest.mark.parametrize("state", sorted(postgres.RETRY_STATES))
@pytest.mark.parametrize("losses", [0, 1, postgres.TRIES - 1])
async def test_work_that_lost_a_race_runs_again(store: Store, state: str, losses: int) -> None:
    work = Racing(losses, state)
    assert await store.write(work) == "done"
    assert work.runs == losses + 1
    assert len(await store.read(lambda c: users.page(c, "", 10))) == 1


async def test_work_that_always_loses_is_told_to_come_later(store: Store) -> None:
    work = Racing(100, "40001")
    with pytest.raises(Unavailable, match="busy"):
        await store.write(work)
    assert work.runs == postgres.TRIES
    assert await store.read(lambda c: users.page(c, "", 10)) == []


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "storage_full"),
        ("53300", "store_unavailable"),
        ("57P01", "store_unavailable"),
        ("58030", "store_unavailable"),
        ("25006", "store_unavailable"),
        ("08006", "store_unavailable"),
    ],
)
async def test_the_worlds_faults_have_a_name(store: Store, state: str, code: str) -> None:
    with pytest.raises(Unavailable) as caught:
        await store.write(Racing(1, state))
    assert caught.value.code == code
    await put_user(store)


@pytest.mark.parametrize("call", ["read", "write"])
async def test_a_connection_that_breaks_fails_one_caller_and_is_replaced(
    store: Store, call: str
) -> None:
    def break_off(connection: sa.Connection) -> None:
        if call == "write":
            users.add(connection, user("undone"))
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable) as caught:
        await getattr(store, call)(break_off)
    assert caught.value.code == "store_unavailable"
    await put_user(store)
    assert [one.id for one in await store.read(lambda c: users.page(c, "", 10))] == ["u1"]


def break_all_others(connection: sa.Connection) -> None:
    """What a restart of the server does to connections, idle ones and working ones."""
    connection.exec_driver_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND usename = current_user"  # not the server's own vacuum
    )


async def test_idle_connections_that_broke_are_replaced_before_anybody_notices(
    store: Store, url: str
) -> None:
    await asyncio.gather(*(put_user(store, f"u{number}") for number in range(16)))
    await inspect_store(url, break_all_others)
    await asyncio.gather(*(put_user(store, f"later{number}") for number in range(16)))
    assert len(await store.read(lambda c: users.page(c, "", 100))) == 32


async def test_what_is_sent_again_after_a_break_counts_once(store: Store, url: str) -> None:
    """P13: whoever hears no acknowledgement sends the same key again until one comes."""
    faults: list[Unavailable] = []

    async def insist(number: int) -> None:
        while True:
            try:
                return await store.write(lambda c: once(c, str(number)))
            except Unavailable as fault:
                faults.append(fault)

    writers = asyncio.gather(*(insist(number) for number in range(300)))
    while not writers.done() and len(faults) < MANY_FAULTS:
        await inspect_store(url, break_all_others)
    await writers
    assert faults
    written = await store.read(lambda c: [entry.act.subject for entry in audit.chain(c)])
    assert sorted(written, key=int) == [str(number) for number in range(300)]
    assert await store.read(audit.first_fault_of) is None


@pytest.mark.parametrize(
    "changes", [{"database": "there_is_no_such_database"}, {"port": 1}, {"username": "nobody"}]
)
async def test_a_server_that_is_away_is_refused_in_words(url: str, changes: dict) -> None:
    away = sa.make_url(url).set(**changes).render_as_string(hide_password=False)
    with pytest.raises(Unavailable) as caught:
        async with open_store(away):
            pytest.fail("it opened")
    assert caught.value.code == "store_unavailable"
    assert caught.value.reason


async def test_more_callers_than_connections_can_serve_are_told_to_come_later(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncpg

    async with open_store(url) as store:
        await put_user(store)
    monkeypatch.setattr(postgres, "CONNECTIONS", 1)
    monkeypatch.setattr(postgres, "WAIT_S", 0.3)
    holder = await asyncpg.connect(url)
    try:
        async with open_store(url) as store:
            async with holder.transaction():
                await holder.execute("LOCK TABLE users")
                waiting = asyncio.create_task(put_user(store, "u2"))
                with pytest.raises(Unavailable) as caught:
                    await asyncio.gather(*(put_user(store, f"u{n}") for n in range(3, 5)))
                assert caught.value.code == "busy"
            await waiting
            assert await store.read(lambda c: users.by_id(c, "u2")) is not None
    finally:
        await holder.close()


async def test_connections_are_given_first_come_first_served(url: str) -> None:
    people, begun = 50, 0
    overtaken: list[int] = []

    async def busy(store: Store) -> None:
        for _ in range(20):
            await store.write(partial(begin, begun))

    def begin(asked: int, connection: sa.Connection) -> None:
        nonlocal begun
        overtaken.append(begun - asked)
        begun += 1
        connection.execute(sa.select(sa.literal(1))).all()

    async with open_store(url) as store:
        await asyncio.gather(*(busy(store) for _ in range(people)))
    # Nobody jumps the queue, however slow the machine: but for one in ten, the first and the last,
    # all wait for 35 others or more with turns; with SQLAlchemy's pool alone for 5 to 7.
    assert sorted(overtaken)[len(overtaken) // 10] > 20


async def test_a_value_that_the_driver_refuses_is_our_mistake(store: Store) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        await store.write(lambda c: users.change(c, "u1", {"avatar_version": 2**40}))

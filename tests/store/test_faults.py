"""What the world does to a database: kills, full disks, locks, damaged and read-only files."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from signaling.errors import Unavailable
from signaling.store import Store, audit, idempotency, open_store, sqlite, users
from signaling.store.schema import audit as audit_table
from tests.store.rows import NOW, at_once, put_user, user

PATIENCE_S = 120.0


# Killed while it writes (C1)


async def acknowledged_before_the_kill(url: str, first: int, patience: int) -> set[int]:
    """Numbers that a writer acknowledged until it was killed, `patience` of them or a few more."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.store.writer_child", url, str(first)),
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    seen: set[int] = set()
    async with asyncio.timeout(PATIENCE_S):
        while len(seen) < patience:
            line = await child.stdout.readline()
            assert line, "the writer ended by itself"
            seen.add(int(line))
        child.kill()
        rest = await child.stdout.read()
        assert await child.wait() == -signal.SIGKILL
    # A line that was cut off was not an acknowledgement that anybody could read.
    return seen | {int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")}


async def survive_kills(url: str, kills: int) -> None:
    chance = random.Random(kills)
    # PostgreSQL commits each act by itself and in turn, so it is several times slower here.
    most = 1500 if url.startswith("sqlite") else 300
    acknowledged: set[int] = set()
    for _ in range(kills):
        unknown = min(set(range(len(acknowledged) + 1)) - acknowledged)
        acknowledged |= await acknowledged_before_the_kill(url, unknown, chance.randint(0, most))
        async with open_store(url) as store:
            written = await store.read(subjects)
            assert acknowledged - set(written) == set(), "lost"
            assert len(written) == len(set(written)), "doubled"
            assert await store.read(audit.first_fault_of) is None
            assert await store.read(integrity) in ("ok", None)
    assert len(acknowledged) > kills * most / 10


def subjects(connection: sa.Connection) -> list[int]:
    return [int(subject) for subject in connection.scalars(sa.select(audit_table.c.subject))]


def integrity(connection: sa.Connection) -> str | None:
    if connection.dialect.name == "sqlite":
        return connection.execute(sa.text("PRAGMA integrity_check")).scalar_one()
    return None


async def test_three_kills_lose_and_double_nothing_acknowledged(url: str) -> None:
    await survive_kills(url, 3)


@pytest.mark.long
async def test_twenty_five_kills_lose_and_double_nothing_acknowledged(url: str) -> None:
    await survive_kills(url, 25)


async def test_the_writer_waits_for_the_disk_and_not_for_the_cache(sqlite_url: str) -> None:
    """No kill shows the difference; a power cut does."""
    pragmas = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}

    def values(connection: sa.Connection) -> dict[str, object]:
        ask = connection.exec_driver_sql
        return {name: ask(f"PRAGMA {name}").scalar_one() for name in pragmas}

    async with open_store(sqlite_url) as store:
        assert await store.write(values) == pragmas


# Disk full (P4)


def keep(connection: sa.Connection, key: str) -> str:
    idempotency.claim(connection, "u1", key, "", now=NOW, abandoned_before=NOW)
    idempotency.keep(connection, "u1", key, bytes(100_000))
    return key


def keys(connection: sa.Connection) -> set[str]:
    return set(connection.scalars(sa.text("SELECT key FROM idempotency")))


async def until_full(store: Store) -> tuple[set[str], set[str]]:
    """Keys that were acknowledged and keys that were refused, ten at a time until some are."""
    acknowledged, refused = set[str](), set[str]()
    for round_ in range(100):
        tried = [f"{round_}.{number}" for number in range(10)]
        calls = (store.write(lambda c, key=key: keep(c, key)) for key in tried)
        results = await asyncio.gather(*calls, return_exceptions=True)
        for key, result in zip(tried, results, strict=True):
            if result == key:
                acknowledged.add(key)
            else:
                assert isinstance(result, Unavailable), result
                assert result.code == "storage_full"
                refused.add(key)
        if refused:
            break
    return acknowledged, refused


async def test_a_full_disk_acknowledges_nothing_and_works_again_with_room(
    small_disk: Path,
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(3_000_000))
    url = f"sqlite:///{small_disk / 'candor.db'}"
    async with open_store(url) as store:
        acknowledged, refused = await until_full(store)
        assert acknowledged
        assert refused
        assert await store.read(keys) == acknowledged
        with pytest.raises(Unavailable, match="storage_full"):
            await store.write(lambda c: keep(c, "still full"))
        ballast.unlink()
        assert await store.write(lambda c: keep(c, "room again")) == "room again"
        assert await store.read(keys) == acknowledged | {"room again"}
    async with open_store(url) as store:
        assert await store.read(keys) == acknowledged | {"room again"}
        assert await store.read(integrity) == "ok"


async def test_a_disk_that_is_full_at_the_start_is_named(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(8 << 20))
    with pytest.raises(Unavailable, match="storage_full"):
        async with open_store(f"sqlite:///{small_disk / 'candor.db'}"):
            pytest.fail("it opened")


# Locked by another process (P5)

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    """Another process holds the database for itself."""
    pipe = subprocess.PIPE
    command = (sys.executable, "-c", LOCK, str(file))
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        await child.communicate(b"")


async def test_a_lock_longer_than_our_patience_refuses_writers_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    async with open_store(f"sqlite:///{tmp_path / 'candor.db'}") as store:
        await put_user(store, "before")
        async with locked(tmp_path / "candor.db"):
            results = await at_once(store, 5, lambda c: users.add(c, user("refused")))
            assert {getattr(result, "code", None) for result in results} == {"store_unavailable"}
            assert len(await store.read(lambda c: users.page(c, "", 10))) == 1
        await put_user(store, "later")
        everybody = await store.read(lambda c: users.page(c, "", 10))
        assert [one.id for one in everybody] == ["before", "later"]


async def test_a_lock_shorter_than_our_patience_only_delays(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'candor.db'}") as store:
        async with locked(tmp_path / "candor.db"):
            waiting = asyncio.create_task(put_user(store))
            assert len(await store.read(lambda c: users.page(c, "", 10))) == 0
            assert not waiting.done()
        await waiting
        assert len(await store.read(lambda c: users.page(c, "", 10))) == 1


async def test_a_locked_database_is_named_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'candor.db'}"
    async with open_store(url) as store:
        await put_user(store)
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    async with locked(tmp_path / "candor.db"):
        with pytest.raises(Unavailable, match=r"store_unavailable.*locked"):
            async with open_store(url):
                pytest.fail("it opened")


# Damaged and read-only (P6)

EVERYBODY = [f"u{number:03}" for number in range(300)]
PAGE_BYTES = 4096


@pytest.fixture
async def populated(tmp_path: Path) -> Path:
    """A closed database file with many pages of users."""
    file = tmp_path / "populated.db"

    def add_all(connection: sa.Connection) -> None:
        for id_ in EVERYBODY:
            users.add(connection, user(id_, bio="x" * 200))

    async with open_store(f"sqlite:///{file}") as store:
        await store.write(add_all)
    assert not file.with_name("populated.db-wal").exists()
    return file


async def read_everybody(file: Path) -> list[str] | str:
    """Everybody's names, or the code with which the store refused."""
    try:
        async with open_store(f"sqlite:///{file}") as store:
            return [one.id for one in await store.read(lambda c: users.page(c, "", 1000))]
    except Unavailable as error:
        return error.code


@pytest.mark.parametrize("garbage", [b"\x00", b"\xff", b"\x0d"])
async def test_a_corrupt_page_is_told_and_never_shown_as_an_empty_table(
    populated: Path, tmp_path: Path, garbage: bytes
) -> None:
    content = populated.read_bytes()
    damaged = tmp_path / "damaged.db"
    outcomes = []
    for start in range(0, len(content), PAGE_BYTES):
        damaged.write_bytes(content[:start] + garbage * PAGE_BYTES + content[start + PAGE_BYTES :])
        found = await read_everybody(damaged)
        assert found in (EVERYBODY, "store_unavailable"), f"page at {start}"
        outcomes.append(found)
    assert outcomes[0] == "store_unavailable"
    assert outcomes.count("store_unavailable") > 10
    assert EVERYBODY in outcomes  # pages of other tables


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[: len(content) // 2], "malformed"),
        (lambda content: b"this is a text file\n" * 1000, "not a database"),
        (lambda content: content[:100], "not a database|malformed"),
    ],
)
async def test_a_file_that_is_no_database_is_refused_in_words(
    populated: Path, damage: object, words: str
) -> None:
    damaged = damage(populated.read_bytes())
    populated.write_bytes(damaged)
    with pytest.raises(Unavailable, match=words):
        async with open_store(f"sqlite:///{populated}") as store:
            await store.read(lambda c: users.page(c, "", 1000))
    assert populated.read_bytes() == damaged


async def test_a_read_only_disk_is_refused_in_words(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk / 'candor.db'}"
    async with open_store(url) as store:
        await put_user(store)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(Unavailable, match=r"store_unavailable.*(readonly|unable to open)"):
        async with open_store(url):
            pytest.fail("it opened")

"""Backups: everything there and back, between engines, and nothing from a damaged file."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.store import audit, migrate, open_store
from signaling.store.archive import DamagedArchive, restore_into, write_archive
from tests.store.conftest import ENGINES, NewDatabase
from tests.store.rows import NOW, act, everything, fill, put_user

SECRET = "the installation's secret"
ROUTES = [("sqlite", "sqlite")]
if "postgres" in ENGINES:
    ROUTES += [("postgres", "postgres"), ("sqlite", "postgres", "sqlite")]

Lines = list[dict[str, Any]]


async def backup_of_filled(url: str, file: Path) -> dict[str, list[tuple[Any, ...]]]:
    async with open_store(url) as store:
        await fill(store)
        await store.read(lambda c: write_archive(c, file, SECRET))
        return await store.read(everything)


async def test_what_is_saved_here_has_rows_in_every_table(sqlite_url: str, tmp_path: Path) -> None:
    filled = await backup_of_filled(sqlite_url, tmp_path / "backup")
    assert [table for table, rows in filled.items() if not rows] == []


@pytest.mark.parametrize("route", ROUTES, ids="-".join)
async def test_everything_comes_back_also_on_another_engine(
    route: tuple[str, ...], new_database: NewDatabase, tmp_path: Path
) -> None:
    archive = tmp_path / "0.candor"
    before = await backup_of_filled(await new_database(route[0]), archive)
    for number, kind in enumerate(route[1:], 1):
        async with open_store(await new_database(kind)) as store:
            rows, secret = await store.write(lambda c, a=archive: restore_into(c, a))
            assert (rows, secret) == (sum(map(len, before.values())), SECRET)
            assert await store.read(everything) == before
            archive = tmp_path / f"{number}.candor"
            await store.read(lambda c, a=archive: write_archive(c, a, SECRET))
            assert await store.read(audit.first_fault_of) is None
            await store.write(lambda c: audit.record(c, act("goes on"), NOW))
            assert await store.read(audit.first_fault_of) is None


@pytest.mark.parametrize("route", ROUTES, ids="-".join)
async def test_the_same_rows_make_the_same_lines_on_each_engine(
    route: tuple[str, ...], new_database: NewDatabase, tmp_path: Path
) -> None:
    first, last = tmp_path / "first", tmp_path / "last"
    await backup_of_filled(await new_database(route[0]), first)
    async with open_store(await new_database(route[-1])) as store:
        await store.write(lambda c: restore_into(c, first))
        await store.read(lambda c: write_archive(c, last, SECRET))
    assert sorted(gzip.decompress(last.read_bytes()).splitlines()[:-1]) == sorted(
        gzip.decompress(first.read_bytes()).splitlines()[:-1]
    )


async def test_a_backup_is_for_its_owners_eyes_only(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    await backup_of_filled(sqlite_url, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.glob("backup*")] == ["backup"]


async def test_a_backup_that_fails_leaves_no_file(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"

    def fail(connection: sa.Connection) -> int:
        connection.exec_driver_sql("ROLLBACK")
        connection.close()
        return write_archive(connection, file, SECRET)

    async with open_store(sqlite_url) as store:
        with pytest.raises(sa.exc.ResourceClosedError):
            await store.read(fail)
    assert list(tmp_path.glob("backup*")) == []


async def test_a_file_that_cannot_be_written_is_not_called_the_databases_fault(
    url: str, tmp_path: Path
) -> None:
    async with open_store(url) as store:
        with pytest.raises(FileNotFoundError):
            await store.read(lambda c: write_archive(c, tmp_path / "no" / "folder", SECRET))


async def test_a_database_that_is_not_empty_is_not_restored_into(url: str, tmp_path: Path) -> None:
    archive = tmp_path / "backup"
    async with open_store(url) as store:
        await store.read(lambda c: write_archive(c, archive, SECRET))
        await put_user(store, "here first")
        before = await store.read(everything)
        with pytest.raises(DamagedArchive, match="not empty"):
            await store.write(lambda c: restore_into(c, archive))
        assert await store.read(everything) == before


@pytest.fixture(scope="module")
def content() -> bytes:
    """A backup's bytes."""
    import asyncio
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "backup"
        asyncio.run(backup_of_filled(f"sqlite:///{folder}/candor.db", file))
        return file.read_bytes()


def lines_of(content: bytes) -> Lines:
    return [json.loads(line) for line in gzip.decompress(content).splitlines()]


def signed(lines: Lines) -> bytes:
    """The lines as an archive whose last line is right about them."""
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines[:-1])
    rows = sum(line["type"] == "row" for line in lines)
    end = {"type": "end", "rows": rows, "sha256": hashlib.sha256(body).hexdigest()}
    return gzip.compress(body + json.dumps(end).encode() + b"\n")


def other_schema(lines: Lines) -> None:
    lines[0]["schema"] = "0000"


def without_head(lines: Lines) -> None:
    del lines[0]


def two_heads(lines: Lines) -> None:
    lines.insert(3, lines[0])


def foreign_table(lines: Lines) -> None:
    lines[2]["table"] = "sqlite_master"


def missing_column(lines: Lines) -> None:
    lines[2]["values"].popitem()


def foreign_column(lines: Lines) -> None:
    lines[2]["values"]["is_administrator"] = True


def orphan(lines: Lines) -> None:
    avatar = next(line for line in lines if line.get("table") == "avatars")
    avatar["values"]["user_id"] = "nobody"


def no_base64(lines: Lines) -> None:
    avatar = next(line for line in lines if line.get("table") == "avatars")
    avatar["values"]["content"] = "a"


def twice(lines: Lines) -> None:
    lines.insert(3, lines[2])


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (other_schema, "schema 0000"),
        (without_head, "beginning is missing"),
        (two_heads, "two backups"),
        (foreign_table, "a table that nobody knows"),
        (missing_column, "other columns"),
        (foreign_column, "other columns"),
        (orphan, "contradicts itself"),
        (no_base64, "contradicts itself"),
        (twice, "contradicts itself"),
    ],
)
async def test_a_foreign_archive_is_refused_in_words(
    url: str, content: bytes, tmp_path: Path, forge: Callable[[Lines], None], words: str
) -> None:
    lines = lines_of(content)
    forge(lines)
    file = tmp_path / "forged"
    file.write_bytes(signed(lines))
    async with open_store(url) as store:
        empty = await store.read(everything)
        with pytest.raises(DamagedArchive, match=words):
            await store.write(lambda c: restore_into(c, file))
        assert await store.read(everything) == empty
        file.write_bytes(content)
        await store.write(lambda c: restore_into(c, file))


def reordered(content: bytes) -> bytes:
    lines = gzip.decompress(content).splitlines(keepends=True)
    lines[1], lines[2] = lines[2], lines[1]
    return gzip.compress(b"".join(lines))


def cut_line(content: bytes) -> bytes:
    lines = gzip.decompress(content).splitlines(keepends=True)
    del lines[4]
    return gzip.compress(b"".join(lines))


def without_end(content: bytes) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(content).splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda _: b"", "end is missing"),
        (lambda _: b"PK\x03\x04 something else", "not a backup"),
        (lambda _: gzip.compress(b'{"hello": "world"}\n'), "not a backup"),
        (lambda _: gzip.compress(b"\xff\xfe\n"), "not a backup"),
        (lambda content: content[: len(content) // 2], "damaged"),
        (lambda content: content[:-1], "damaged"),
        (lambda content: content + gzip.compress(b"more"), "something follows"),
        (reordered, "changed after"),
        (cut_line, "changed after"),
        (without_end, "end is missing"),
    ],
)
def test_a_damaged_archive_is_refused_in_words(
    connection: sa.Connection,
    content: bytes,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    words: str,
) -> None:
    file = tmp_path / "damaged"
    file.write_bytes(damage(content))
    empty = everything(connection)
    with pytest.raises(DamagedArchive, match=words):
        restore_into(connection, file)
    assert everything(connection) == empty


@pytest.fixture(scope="module")
def connection() -> Iterator[sa.Connection]:
    """An empty database in memory; whoever fills it undoes that."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connected:
        migrate.upgrade(connected)
        connected.commit()
        yield connected
    engine.dispose()


@given(st.data())
def test_a_file_with_one_changed_byte_is_refused_or_means_the_same(
    connection: sa.Connection,
    content: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[at] ^= data.draw(st.integers(1, 255))
    file = tmp_path_factory.getbasetemp() / "flipped"
    file.write_bytes(flipped)
    empty = everything(connection)
    try:
        rows, secret = restore_into(connection, file)
    except DamagedArchive:
        assert everything(connection) == empty
    else:
        assert (rows, secret) == (len(lines_of(content)) - 2, SECRET)
    finally:
        connection.rollback()


@given(st.binary(max_size=300))
@example(gzip.compress(b'{"type":"row","table":"users","values":{"id":' + b"[" * 100_000))
@example(gzip.compress(base64.b64encode(bytes(range(256)))))
def test_foreign_bytes_are_refused_and_nothing_else_happens(
    connection: sa.Connection, tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "foreign"
    file.write_bytes(content)
    with pytest.raises(DamagedArchive):
        restore_into(connection, file)
    connection.rollback()

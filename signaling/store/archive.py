"""Backups: every row of every table as JSON lines in one compressed file, for either database.

The first line says which schema; the last one how many rows, with a hash over all lines before
it, so a file that was cut or changed is refused as a whole, before the first row is restored.
"""

import base64
import binascii
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from signaling.store import migrate
from signaling.store.schema import Moment, audit_head, metadata

BATCH = 500
LONGEST_LINE = 64 << 20
# What reading the bytes of a file that is no archive may raise.
DAMAGES = (
    OSError,
    EOFError,
    zlib.error,
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
)


class DamagedArchive(Exception):
    """The file is no backup, or not whole, or of another version."""


class _Head(msgspec.Struct, frozen=True, tag="head"):
    schema: str
    secret: str


class _Row(msgspec.Struct, frozen=True, tag="row"):
    table: str
    values: dict[str, Any]


class _End(msgspec.Struct, frozen=True, tag="end"):
    rows: int
    sha256: str


_DECODER = msgspec.json.Decoder(_Head | _Row | _End)


def write_archive(connection: sa.Connection, file: Path, secret: str) -> int:
    """Everything that this snapshot holds; how many rows.  The file appears whole or not at all."""
    draft = file.with_name(file.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb") as out:
            count = _write_rows(connection, out, secret)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return count


def restore_into(connection: sa.Connection, file: Path) -> tuple[int, str]:
    """Fill an empty database; (rows, the secret that the backup was made with)."""
    if any(connection.execute(sa.select(table).limit(1)).first() for table in _user_tables()):
        raise DamagedArchive("the database is not empty; restore into a new data folder")
    head, count = _check(file)
    connection.execute(audit_head.delete())
    for batch in _batches(file):
        _insert(connection, batch)
    return count, head.secret


def _user_tables() -> Iterator[sa.Table]:
    return (table for table in metadata.sorted_tables if table is not audit_head)


def _write_rows(connection: sa.Connection, out: gzip.GzipFile, secret: str) -> int:
    digest, count = hashlib.sha256(), 0

    def line(value: _Head | _Row | _End) -> None:
        encoded = msgspec.json.encode(value) + b"\n"
        digest.update(encoded)
        out.write(encoded)

    line(_Head(migrate.newest(), secret))
    for table in metadata.sorted_tables:
        query = sa.select(*_plain(table).c)
        # SQLAlchemy's names are a subclass of str that msgspec does not take.
        names = [str(column.name) for column in table.c]
        for row in connection.execute(query.execution_options(yield_per=BATCH)):
            line(_Row(str(table.name), dict(zip(names, map(_encoded, row), strict=True))))
            count += 1
    line(_End(count, digest.hexdigest()))
    return count


def _check(file: Path) -> tuple[_Head, int]:
    """The first line and the number of rows of a whole, unchanged archive of our schema."""
    lines = _checked_lines(file)
    head = next(lines)
    if not isinstance(head, _Head):
        raise DamagedArchive("it is not a backup: its beginning is missing")
    _refuse_other_schema(head.schema)
    count = 0
    for line in lines:
        if not isinstance(line, _Row):
            raise DamagedArchive("it is two backups in one")
        _refuse_other_columns(line)
        count += 1
    return head, count


def _batches(file: Path) -> Iterator[list[_Row]]:
    """Rows of one table each, so many that they go in with one statement."""
    batch = list[_Row]()
    for line in _checked_lines(file):
        if isinstance(line, _Head):
            continue
        if batch and (batch[0].table != line.table or len(batch) == BATCH):
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch


def _checked_lines(file: Path) -> Iterator[_Head | _Row]:
    """All lines but the last, which is compared with what came before it."""
    digest, count = hashlib.sha256(), 0
    try:
        with gzip.open(file) as lines:
            while raw := lines.readline(LONGEST_LINE):
                value = _DECODER.decode(raw)
                if isinstance(value, _End):
                    if (value.rows, value.sha256) != (count, digest.hexdigest()):
                        raise DamagedArchive("it was changed after it was written")
                    if lines.read(1):  # reading on also has gzip check its own sum
                        raise DamagedArchive("something follows its end")
                    return
                digest.update(raw)
                count += isinstance(value, _Row)
                yield value
    except DAMAGES as error:
        raise DamagedArchive(f"it is not a backup, or damaged ({error})") from None
    raise DamagedArchive("its end is missing")


def _refuse_other_schema(schema: str) -> None:
    if schema != migrate.newest():
        raise DamagedArchive(
            f"it has schema {schema} and this version {migrate.newest()}: "
            "restore it with the version that wrote it, then upgrade"
        )


def _refuse_other_columns(row: _Row) -> None:
    table = metadata.tables.get(row.table)
    if table is None:
        raise DamagedArchive(f"it has a table that nobody knows ({row.table})")
    if row.values.keys() != set(table.c.keys()):
        raise DamagedArchive(f"its table {row.table} has other columns than this version's")


def _insert(connection: sa.Connection, batch: list[_Row]) -> None:
    table = metadata.tables[batch[0].table]
    try:
        connection.execute(_plain(table).insert(), [_decoded(table, row.values) for row in batch])
    except (sa.exc.IntegrityError, binascii.Error) as error:
        raise DamagedArchive(f"its table {table.name} contradicts itself ({error})") from error


def _plain(table: sa.Table) -> sa.TableClause:
    """The table with its values as they are stored: moments stay whole microseconds."""
    return sa.table(
        table.name,
        *(
            sa.column(
                column.name, sa.BigInteger() if isinstance(column.type, Moment) else column.type
            )
            for column in table.c
        ),
    )


def _encoded(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _decoded(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    """The values as the database takes them: JSON has no bytes."""
    return values | {
        column.name: base64.b64decode(values[column.name])
        for column in table.c
        if isinstance(column.type, sa.LargeBinary) and values[column.name] is not None
    }

"""Files, what they consist of, and the contents that several may share."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import contents, file_parts, files, messages, users
from signaling.store.upsert import upsert

# What a statement names at once.
BATCH = 500


@dataclass(frozen=True, slots=True)
class File:
    """Something that somebody sends, or sent, to a room."""

    id: str
    room_id: str
    user_id: str
    state: str
    name: str
    charged: int
    size: int
    unopened: bool
    created_at: datetime
    attached: bool = False
    kind: str = ""
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: Any = None
    ready_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a file consists of: `content`, `thumbnail` or `poster`."""

    part: str
    digest: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What somebody, or a room, has already."""

    size: int
    count: int


COLUMNS = [files.c[item.name] for item in fields(File)]


def add(connection: sa.Connection, file: File) -> None:
    values = {column.name: getattr(file, column.name) for column in COLUMNS}
    connection.execute(files.insert(), values)


def by_id(connection: sa.Connection, file_id: str) -> File | None:
    row = connection.execute(sa.select(*COLUMNS).where(files.c.id == file_id)).one_or_none()
    return None if row is None else File(*row)


def page(connection: sa.Connection, room_id: str, before: str, limit: int) -> list[File]:
    """Files that a room was shown, newest first; those older than `before`, if that is given."""
    query = sa.select(*COLUMNS).where(files.c.room_id == room_id, files.c.attached)
    if before:
        query = query.where(files.c.id < before)
    return [
        File(*row) for row in connection.execute(query.order_by(files.c.id.desc()).limit(limit))
    ]


def usage_of_person(connection: sa.Connection, user_id: str) -> Usage:
    """Exact until the transaction ends: others who ask for the same person wait."""
    connection.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())
    return _usage(connection, files.c.user_id == user_id)


def usage_of_room(connection: sa.Connection, room_id: str) -> Usage:
    """Exact as long as the room's row is locked."""
    return _usage(connection, files.c.room_id == room_id)


def make_ready(
    connection: sa.Connection, file_id: str, values: dict[str, Any], parts: Iterable[Part]
) -> bool:
    """What an upload turned out to be; False if it was taken back meanwhile."""
    query = files.update().where(files.c.id == file_id, files.c.state == "uploading")
    if connection.execute(query.values(state="ready", **values)).rowcount != 1:
        return False
    add_parts(connection, file_id, parts)
    return True


def add_parts(connection: sa.Connection, file_id: str, parts: Iterable[Part]) -> None:
    """What a file consists of; contents that several files have are there once."""
    # In one order, or two files of the same contents would wait for each other.
    for part in sorted(parts, key=lambda part: part.digest):
        # Holds the row, so that a sweep which wants to take it waits and then sees this part.
        upsert(connection, contents, {"digest": part.digest}, {"size": part.size})
        row = {"file_id": file_id, "part": part.part, "digest": part.digest}
        connection.execute(file_parts.insert(), row | {"media_type": part.media_type})


def resize(connection: sa.Connection, file_id: str, size: int) -> None:
    """An upload whose length is known only now."""
    query = files.update().where(files.c.id == file_id, files.c.state == "uploading")
    connection.execute(query.values(size=size, charged=size))


def parts_of(connection: sa.Connection, file_ids: Iterable[str]) -> dict[str, dict[str, Part]]:
    """What each of the files consists of."""
    query = (
        sa.select(
            file_parts.c.file_id,
            file_parts.c.part,
            contents.c.digest,
            contents.c.size,
            file_parts.c.media_type,
        )
        .join(contents, contents.c.digest == file_parts.c.digest)
        .where(file_parts.c.file_id.in_(list(file_ids)))
    )
    found: dict[str, dict[str, Part]] = {}
    for row in connection.execute(query):
        found.setdefault(row[0], {})[row[1]] = Part(*row[1:])
    return found


def attach(connection: sa.Connection, file_id: str) -> None:
    connection.execute(files.update().where(files.c.id == file_id).values(attached=True))


def remove(connection: sa.Connection, file_ids: Iterable[str]) -> None:
    """The files; their contents stay until `take_unreferenced`."""
    ids = list(file_ids)
    for start in range(0, len(ids), BATCH):
        connection.execute(files.delete().where(files.c.id.in_(ids[start : start + BATCH])))


def uploading(connection: sa.Connection) -> list[File]:
    """Uploads that are not finished."""
    query = sa.select(*COLUMNS).where(files.c.state == "uploading")
    return [File(*row) for row in connection.execute(query)]


def remove_unsent(connection: sa.Connection, before: datetime) -> int:
    """Ready before then, and never shown to anybody; how many there were."""
    query = files.delete().where(
        files.c.state == "ready", sa.not_(files.c.attached), files.c.ready_at < before
    )
    return connection.execute(query).rowcount


def shown_no_more(connection: sa.Connection) -> list[str]:
    """Files whose message was deleted or forgotten; none that comes later can show them."""
    shown = sa.exists().where(messages.c.file_id == files.c.id)
    query = sa.select(files.c.id).where(files.c.state == "ready", files.c.attached, ~shown)
    return list(connection.execute(query).scalars())


def unreferenced(connection: sa.Connection, limit: int = BATCH) -> list[str]:
    """Contents that no file has any more."""
    query = sa.select(contents.c.digest).where(_unreferenced()).limit(limit)
    return list(connection.execute(query).scalars())


def take_unreferenced(connection: sa.Connection, digests: Iterable[str]) -> list[str]:
    """Forget those of the contents that still no file has; which they were."""
    these = contents.c.digest.in_(list(digests))
    # Whoever makes a file of one of them now is waited for, and then seen.
    connection.execute(sa.select(contents.c.digest).where(these).with_for_update())
    query = contents.delete().where(these, _unreferenced()).returning(contents.c.digest)
    return list(connection.execute(query).scalars())


def known(connection: sa.Connection, digests: Iterable[str]) -> set[str]:
    """Those of the digests that the store knows."""
    query = sa.select(contents.c.digest).where(contents.c.digest.in_(list(digests)))
    return set(connection.execute(query).scalars())


def every_digest(connection: sa.Connection) -> list[str]:
    """Of everything that the vault has to hold."""
    return list(connection.execute(sa.select(contents.c.digest)).scalars())


def _usage(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Usage:
    query = sa.select(sa.func.coalesce(sa.func.sum(files.c.charged), 0), sa.func.count())
    size, count = connection.execute(query.where(condition)).one()
    return Usage(int(size), count)


def _unreferenced() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(file_parts.c.digest == contents.c.digest)

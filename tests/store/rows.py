"""Rows for tests of the store: valid ones, with only what a test is about spelled out."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.store import Store, audit, files, rooms, sessions, users
from signaling.store.files import File, Part
from signaling.store.rooms import Invitation, Room
from signaling.store.schema import metadata
from signaling.store.sessions import Session
from signaling.store.users import User

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def user(id_: str = "u1", **more: Any) -> User:
    given = {"role": "caller", "name": id_, "name_key": id_, "created_at": NOW} | more
    return User(id=id_, **given)


def session(id_: str = "s1", **more: Any) -> Session:
    given = {
        "user_id": "u1",
        "kind": "bearer",
        "client_id": "",
        "address": "192.0.2.1",
        "agent": "test",
        "created_at": NOW,
        "used_at": NOW,
        "expires_at": LATER,
    }
    return Session(id=id_, **(given | more))


def room(id_: str = "r1", **more: Any) -> Room:
    given = {"title": "Room", "kind": "group", "capacity": 10, "created_at": NOW} | more
    return Room(id=id_, **given)


def invitation(id_: str = "i1", **more: Any) -> Invitation:
    given = {
        "code": f"code-{id_}",
        "room_id": "r1",
        "invited_by": "u1",
        "grants": ["speak", "see"],
        "uses_left": 1,
        "created_at": NOW,
        "expires_at": LATER,
    }
    return Invitation(id=id_, **(given | more))


def file(id_: str = "f1", **more: Any) -> File:
    given = {
        "room_id": "r1",
        "user_id": "u1",
        "state": "uploading",
        "name": "notes.txt",
        "charged": 10,
        "size": 10,
        "unopened": False,
        "created_at": NOW,
    }
    return File(id=id_, **(given | more))


def part(name: str, digest: str = "a" * 64, size: int = 10) -> Part:
    return Part(name, digest, size, "application/octet-stream")


def act(subject: str = "", **values: str | int | bool | None) -> Act:
    return Act("u1", "test.done", subject, "192.0.2.1", detail(**values))


async def put(store: Store, *works: Callable[[sa.Connection], Any]) -> None:
    """All in one transaction."""
    await store.write(lambda connection: [work(connection) for work in works])


async def put_user(store: Store, id_: str = "u1", **more: Any) -> User:
    made = user(id_, **more)
    await store.write(lambda connection: users.add(connection, made))
    return made


async def put_room(store: Store, id_: str = "r1", owner: str = "u1") -> Room:
    made = room(id_)
    await store.write(lambda connection: rooms.add(connection, made, owner))
    return made


async def at_once(store: Store, times: int, work: Callable[[sa.Connection], Any]) -> list[Any]:
    """What `work` returned to each of many callers that came together; errors as values."""
    calls = (store.write(work) for _ in range(times))
    return await asyncio.gather(*calls, return_exceptions=True)


async def fill(store: Store) -> None:
    """One row of every kind at least, with values that are hard to carry."""
    await put_user(store, name="Ünïcødé 👩‍👩‍👧 \u202e", bio='"\\\n', ban_reason=None)
    await put_user(store, "u2", role="guest", name_key=None, password_hash="$argon2id$x")
    await put_room(store)
    await put(
        store,
        lambda c: users.set_avatar(c, "u1", "image/webp", bytes(range(256))),
        lambda c: users.note_seen(c, "u1", "busy", NOW),
        lambda c: sessions.add(c, session(grants={"base64": "not bytes"}), cookie_hash="c" * 64),
        lambda c: sessions.add(c, session("s2", user_id="u2", kind="cookie")),
        lambda c: sessions.add_refresh(c, "hash", "s1", NOW),
        lambda c: rooms.add_invitation(c, invitation()),
        lambda c: files.add(c, file(waveform=[1, 100])),
        lambda c: files.make_ready(c, "f1", {"kind": "voice"}, [part("content")]),
    )
    for number in range(5):
        await store.write(lambda c, n=number: audit.record(c, act(str(n), number=n), NOW))


def everything(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, in the order of their keys."""
    return {
        table.name: [
            tuple(row)
            for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        ]
        for table in metadata.sorted_tables
    }


def count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

"""Insert or update, in one statement."""

from typing import Any

import sqlalchemy as sa

from signaling.store import Store
from signaling.store.schema import avatars, presence
from signaling.store.upsert import insert_if_new, upsert
from tests.store.rows import LATER, NOW, at_once, put_user


def statuses(connection: sa.Connection) -> list[Any]:
    return [tuple(row) for row in connection.execute(sa.select(presence))]


async def test_an_upsert_makes_the_row_and_then_changes_it(store: Store) -> None:
    await put_user(store)
    for seen_at in (NOW, LATER):
        await store.write(
            lambda c, at=seen_at: upsert(
                c, presence, {"user_id": "u1"}, {"seen_at": at}, only_new={"status": "away"}
            )
        )
    await store.write(
        lambda c: upsert(c, presence, {"user_id": "u1"}, {"seen_at": NOW, "status": "busy"})
    )
    assert await store.read(statuses) == [("u1", "busy", NOW)]


async def test_what_counts_only_for_new_rows_changes_no_old_one(store: Store) -> None:
    await put_user(store)
    key = {"user_id": "u1"}
    await store.write(lambda c: upsert(c, presence, key, {"seen_at": NOW, "status": "busy"}))
    await store.write(
        lambda c: upsert(c, presence, key, {"seen_at": LATER}, only_new={"status": "online"})
    )
    assert await store.read(statuses) == [("u1", "busy", LATER)]


async def test_many_upserts_of_one_row_make_one_row(store: Store) -> None:
    await put_user(store)
    values = {"seen_at": NOW, "status": "online"}
    results = await at_once(store, 30, lambda c: upsert(c, presence, {"user_id": "u1"}, values))
    assert results == [None] * 30
    assert await store.read(statuses) == [("u1", "online", NOW)]


async def test_an_insert_of_a_known_row_changes_nothing(store: Store) -> None:
    await put_user(store)
    first = {"user_id": "u1", "media_type": "image/a", "content": b"a"}
    assert await store.write(lambda c: insert_if_new(c, avatars, first))
    assert not await store.write(lambda c: insert_if_new(c, avatars, first | {"content": b"b"}))
    assert await store.read(lambda c: c.execute(sa.select(avatars.c.content)).scalars().all()) == [
        b"a"
    ]

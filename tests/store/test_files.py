"""Files, quotas, and contents that several files share."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from signaling.store import Store, files
from signaling.store.files import File, Part
from tests.store.rows import LATER, NOW, file, part, put_room, put_user


@pytest.fixture
async def housed(store: Store) -> Store:
    """Two users, one room."""
    await put_user(store, "u1")
    await put_user(store, "u2")
    await put_room(store)
    return store


async def ready(store: Store, made: File, *parts: Part) -> None:
    def work(connection: sa.Connection) -> None:
        files.add(connection, made)
        values: dict[str, Any] = {"kind": "file", "ready_at": NOW, "charged": made.charged}
        assert files.make_ready(connection, made.id, values, parts)

    await store.write(work)


async def test_a_file_is_ready_once_with_all_that_it_consists_of(housed: Store) -> None:
    await ready(housed, file("f1"), part("content"), part("thumbnail", "b" * 64, size=3))

    found = await housed.read(lambda c: files.by_id(c, "f1"))
    parts = await housed.read(lambda c: files.parts_of(c, ["f1", "none"]))

    assert found is not None
    assert (found.state, found.kind, found.ready_at) == ("ready", "file", NOW)
    assert {name: each.size for name, each in parts["f1"].items()} == {
        "content": 10,
        "thumbnail": 3,
    }
    assert not await housed.write(lambda c: files.make_ready(c, "f1", {}, []))
    assert not await housed.write(lambda c: files.make_ready(c, "none", {}, []))


async def test_usage_is_what_is_charged(housed: Store) -> None:
    for id_, user, charged in (("f1", "u1", 5), ("f2", "u1", 2**40), ("f3", "u2", 7)):
        await housed.write(
            lambda c, i=id_, u=user, n=charged: files.add(c, file(i, user_id=u, charged=n))
        )

    assert await housed.write(lambda c: files.usage_of_person(c, "u1")) == files.Usage(2**40 + 5, 2)
    assert await housed.write(lambda c: files.usage_of_room(c, "r1")) == files.Usage(2**40 + 12, 3)
    assert await housed.write(lambda c: files.usage_of_person(c, "none")) == files.Usage(0, 0)


async def test_a_content_stays_until_its_last_file_goes(housed: Store) -> None:
    await ready(housed, file("f1"), part("content"))
    await ready(housed, file("f2", user_id="u2"), part("content"))
    digest = "a" * 64

    await housed.write(lambda c: files.remove(c, ["f1"]))
    assert await housed.read(files.unreferenced) == []
    assert await housed.write(lambda c: files.take_unreferenced(c, [digest])) == []
    await housed.write(lambda c: files.remove(c, ["f2"]))
    assert await housed.read(files.unreferenced) == [digest]
    assert await housed.write(lambda c: files.take_unreferenced(c, [digest])) == [digest]
    assert await housed.read(files.every_digest) == []


async def test_a_content_that_goes_while_another_file_of_it_comes_breaks_neither(
    housed: Store,
) -> None:
    for number in range(10):
        await ready(housed, file(f"old{number}"), part("content"))
        await housed.write(lambda c, n=number: files.remove(c, [f"old{n}"]))
        await asyncio.gather(
            housed.write(lambda c: files.take_unreferenced(c, ["a" * 64])),
            ready(housed, file(f"new{number}"), part("content")),
        )
        assert await housed.read(lambda c: files.known(c, ["a" * 64])) == {"a" * 64}
        await housed.write(lambda c, n=number: files.remove(c, [f"new{n}"]))


async def test_what_nobody_was_shown_goes_and_what_was_stays(housed: Store) -> None:
    for id_ in ("shown", "unsent"):
        await ready(housed, file(id_), part("content"))
    await housed.write(lambda c: files.add(c, file("coming")))
    await housed.write(lambda c: files.attach(c, "shown"))

    assert await housed.write(lambda c: files.remove_unsent(c, NOW)) == 0
    assert await housed.write(lambda c: files.remove_unsent(c, LATER)) == 1
    assert [one.id for one in await housed.read(lambda c: files.page(c, "r1", "", 9))] == ["shown"]
    assert [one.id for one in await housed.read(files.uploading)] == ["coming"]


async def test_files_of_a_room_come_in_pages_newest_first(housed: Store) -> None:
    for number in range(5):
        made = file(f"f{number}", created_at=NOW + timedelta(seconds=number), attached=True)
        await ready(housed, made, part("content"))

    first = await housed.read(lambda c: files.page(c, "r1", "", 3))
    rest = await housed.read(lambda c: files.page(c, "r1", first[-1].id, 3))

    assert [one.id for one in first + rest] == ["f4", "f3", "f2", "f1", "f0"]

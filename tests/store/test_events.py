"""The one stream of a room: no gap, no double, one order for all, on both engines."""

import asyncio

import pytest
import sqlalchemy as sa

from signaling.store import Store, events
from signaling.store.events import Event, News
from signaling.streams import Follower, Streams
from tests.store.rows import NOW, put_room, put_user


def news(text: str, room: str = "r1") -> News:
    return News(room, "test", "u1", NOW, {"text": text})


async def make_room(store: Store) -> None:
    await put_user(store)
    await put_room(store)


def streams(store: Store) -> Streams:
    return Streams(store, lambda: NOW)


async def say(opened: Streams, text: str) -> Event:
    return await opened.write(lambda happening: happening.append("r1", "test", "u1", {"t": text}))


async def test_many_at_once_are_numbered_without_a_gap(store: Store) -> None:
    await make_room(store)
    made = await asyncio.gather(
        *(store.write(lambda c, i=i: events.append(c, news(str(i)))) for i in range(60))
    )
    assert sorted(event.sequence for event in made) == list(range(1, 61))
    read = await store.read(lambda c: events.after(c, "r1", 0, 100))
    assert [event.sequence for event in read] == list(range(1, 61))
    assert {event.body["text"] for event in read} == {str(i) for i in range(60)}


async def test_what_is_undone_takes_no_number(store: Store) -> None:
    await make_room(store)

    def broken(connection: sa.Connection) -> None:
        events.append(connection, news("lost"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(broken)
    event = await store.write(lambda c: events.append(c, news("kept")))
    assert event.sequence == 1


async def test_a_room_that_is_not_there_takes_none(store: Store) -> None:
    with pytest.raises(LookupError):
        await store.write(lambda c: events.append(c, news("nowhere", "nowhere")))


async def test_pages_go_both_ways(store: Store) -> None:
    await make_room(store)
    for number in range(10):
        await store.write(lambda c, i=number: events.append(c, news(str(i))))
    forward = await store.read(lambda c: events.after(c, "r1", 3, 3))
    backward = await store.read(lambda c: events.before(c, "r1", 8, 3))
    assert [event.sequence for event in forward] == [4, 5, 6]
    assert [event.sequence for event in backward] == [5, 6, 7]
    assert await store.read(lambda c: events.last_sequence(c, "r1")) == 10


async def take(follower: Follower, count: int) -> list[int]:
    return [(await asyncio.wait_for(follower.next(), 10.0)).sequence for _ in range(count)]


async def test_a_follower_gets_what_was_and_what_comes_once_and_in_order(store: Store) -> None:
    await make_room(store)
    opened = streams(store)
    for number in range(5):
        await say(opened, str(number))
    async with opened.following("r1", 2) as follower:
        assert await take(follower, 3) == [3, 4, 5]
        many = asyncio.gather(*(say(opened, str(number)) for number in range(40)))
        assert await take(follower, 40) == list(range(6, 46))
        await many


async def test_a_follower_far_behind_misses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.streams.WAITING_EVENTS", 5)
    monkeypatch.setattr("signaling.streams.PAGE", 7)
    await make_room(store)
    opened = streams(store)
    async with opened.following("r1", 0) as follower:
        for number in range(30):
            await say(opened, str(number))
        assert await take(follower, 30) == list(range(1, 31))


async def test_what_is_undone_is_not_announced(store: Store) -> None:
    await make_room(store)
    opened = streams(store)
    async with opened.following("r1", 0) as follower:
        with pytest.raises(ZeroDivisionError):
            await opened.write(lambda happening: (happening.append("r1", "x", "", {}), 1 / 0))
        await say(opened, "kept")
        assert (await asyncio.wait_for(follower.next(), 5.0)).body == {"t": "kept"}


async def test_nobody_who_left_is_kept(store: Store) -> None:
    await make_room(store)
    opened = streams(store)
    async with opened.following("r1", 0):
        pass
    assert opened._followers == {}

"""Messages in the store: found by place and by word, counted as unread, on both engines."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from signaling.chat import words
from signaling.store import (
    Store,
    chat_rules,
    conversations,
    events,
    messages,
    open_store,
    positions,
    rooms,
    search,
)
from signaling.store.events import News
from signaling.store.messages import Edit, Message, Wanted
from signaling.store.search import Terms
from tests.store.rows import NOW, put, put_room, put_user


def say(connection: sa.Connection, text: str, room: str = "r1", **more: Any) -> Message:
    """One of u1's, a second after the one before it."""
    sequence = events.last_sequence(connection, room) + 1
    given: dict[str, Any] = {
        "id": f"{room}-{sequence}",
        "room_id": room,
        "sequence": sequence,
        "sender": "u1",
        "client_id": str(sequence),
        "fingerprint": "",
        "kind": "text",
        "text": text,
        "posted_at": NOW + timedelta(seconds=sequence),
        "mentions": [],
    }
    message = Message(**(given | more))
    events.append(connection, News(room, "message.posted", message.sender, NOW, {"text": text}))
    held = text and f"{words.room_word(room)} {words.index_words(text)}"
    messages.add(connection, message, sequence + 100 * (room != "r1"), held)
    return message


async def fill(store: Store, *texts: str) -> None:
    for user in ("u1", "u2", "u3"):
        await put_user(store, user)
    await put_room(store)
    await put(
        store,
        lambda c: rooms.add_member(c, "r1", "u2", "member", NOW),
        *(lambda c, text=text: say(c, text) for text in texts),
    )


async def texts(store: Store, **wanted: Any) -> list[str]:
    given = Wanted(**({"room_id": "r1"} | wanted))
    found = await store.read(lambda c: messages.page(c, "u2", given, 3))
    return [each.text for each in found]


async def test_pages_are_by_sequence_whatever_the_clock_says(store: Store) -> None:
    await fill(store, *"abcdefg")
    await put(store, lambda c: say(c, "h", posted_at=NOW - timedelta(days=1)))
    assert await texts(store) == ["f", "g", "h"]
    assert await texts(store, offset=3) == ["c", "d", "e"]
    assert await texts(store, before=4) == ["a", "b", "c"]
    assert await texts(store, after=4) == ["e", "f", "g"]
    assert await texts(store, around=4) == ["c", "d", "e"]
    assert await texts(store, until=NOW) == ["h"]
    assert await texts(store, sender="u2") == []
    assert await texts(store, room_id="") == ["h", "f", "g"]


async def test_pages_of_all_rooms_hold_the_newest_of_what_is_asked(store: Store) -> None:
    await fill(store, *"abcd")
    await put(
        store,
        lambda c: rooms.add(c, rooms.Room("r2", "r2", "group", 10, NOW), "u2"),
        lambda c: rooms.add(c, rooms.Room("theirs", "theirs", "group", 10, NOW), "u3"),
        lambda c: say(c, "e", "r2", sender="u3", posted_at=NOW + timedelta(seconds=2.5)),
        lambda c: say(c, "f", "r2", kind="image", posted_at=NOW + timedelta(seconds=9)),
        lambda c: say(c, "", "theirs"),
    )
    everywhere = {"room_id": ""}
    assert await texts(store, **everywhere) == ["c", "d", "f"]
    assert await texts(store, **everywhere, offset=3) == ["a", "b", "e"]
    assert await texts(store, **everywhere, sender="u3") == ["e"]
    assert await texts(store, **everywhere, kind="image") == ["f"]
    assert await texts(store, **everywhere, until=NOW + timedelta(seconds=3)) == ["a", "b", "e"]


# What must be looked at, of each question, and nothing but that: an index that fits it.
LOOKED_AT = {
    "a page": (Wanted("r1", before=9), " (room_id=? AND sequence<?)"),
    "a sender": (Wanted("r1", sender="u1"), "ix_messages_sender (room_id=? AND sender=?)"),
    "a kind": (Wanted("r1", kind="image"), "ix_messages_kind (room_id=? AND kind=?)"),
    "a kind anywhere": (Wanted(kind="image"), "ix_messages_kind (room_id=? AND kind=?)"),
    "anywhere": (Wanted(), " (room_id=?)"),
    "a time anywhere": (
        Wanted(since=NOW),
        "ix_messages_room_id_posted_at (room_id=? AND posted_at",
    ),
}


def plan(connection: sa.Connection, ask: Callable[[sa.Connection], object]) -> str:
    """How SQLite carries out what is asked."""
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )
    ask(connection)
    explained = [
        connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        for statement, values in list(asked)
    ]
    return "\n".join(row[3] for rows in explained for row in rows)


@pytest.mark.parametrize("what", LOOKED_AT)
async def test_no_page_walks_through_more_than_it_shows(sqlite_url: str, what: str) -> None:
    wanted, index = LOOKED_AT[what]
    async with open_store(sqlite_url) as store:
        steps = await store.read(lambda c: plan(c, lambda c: messages.page(c, "u2", wanted, 3)))
        assert index in steps
        assert "SCAN" not in steps


async def test_what_is_unread_is_counted_without_a_look_at_messages(sqlite_url: str) -> None:
    async with open_store(sqlite_url) as store:
        steps = await store.read(
            lambda c: plan(c, lambda c: conversations.of_user(c, "u2", None, 9))
        )
        assert (
            "messages USING COVERING INDEX ix_messages_unread (room_id=? AND sequence>?)" in steps
        )


async def found(store: Store, query: str, *, limit: int = 10, before: int | None = None) -> Any:
    asked = [(each.words, each.open_ended) for each in words.asked(query)]
    terms = Terms(asked, [words.room_word("r1")])
    hits = await store.read(
        lambda c: search.find(c, terms, ["r1"], Wanted(), before=before, limit=limit)
    )
    return [(number, each.text) for number, each in hits]


async def test_words_are_found_changed_and_forgotten(store: Store) -> None:
    await fill(store, "明天在会议室见", "the meeting", "Meeting again")
    assert await found(store, "会议") == [(1, "明天在会议室见")]
    assert await found(store, "议会") == []
    assert await found(store, "meet") == [(3, "Meeting again"), (2, "the meeting")]
    assert await found(store, "meet", limit=1, before=3) == [(2, "the meeting")]
    assert await found(store, "again meeting") == [(3, "Meeting again")]
    await put(
        store,
        lambda c: messages.set_words(c, "r1-2", 9, words.index_words("elsewhere")),
        lambda c: messages.set_words(c, "r1-3", 0, ""),
    )
    assert await found(store, "meet") == []
    await put(store, lambda c: messages.set_words(c, "r1-3", 10, words.room_word("r1") + " wback"))
    assert await found(store, "back") == [(10, "Meeting again")]


async def test_positions_rise_and_what_is_behind_them_counts(store: Store) -> None:
    await fill(store, "a", "b")
    await put(store, lambda c: say(c, "c", mentions=["u2"]))

    async def left() -> tuple[int, int]:
        one = (await store.read(lambda c: positions.unread(c, "r1", ["u2"])))[0]
        return one.messages, one.mentions

    async def rise(to: int, seconds: int) -> bool:
        now = NOW + timedelta(seconds=seconds)
        return await store.write(
            lambda c: positions.rise(c, "r1", "u2", name="read", value=to, now=now)
        )

    assert await left() == (3, 1)
    assert [await rise(1, 1), await rise(1, 2), await rise(0, 3), await rise(2, 4)] == [
        True,
        False,
        False,
        True,
    ]
    assert await left() == (1, 1)
    readers = await store.read(lambda c: positions.readers(c, "r1", 1))
    assert readers == [("u2", NOW + timedelta(seconds=1))]
    await put(store, lambda c: chat_rules.block(c, "u2", "u1", NOW))
    assert (await left())[0] == 0


async def test_conversations_are_one_query_with_all_that_is_shown(store: Store) -> None:
    await fill(store, "a", "b")
    made = rooms.Room("d1", "d1", "direct", 2, NOW)
    await put(
        store,
        lambda c: rooms.add_pair(c, made, ("u2", "u3")),
        lambda c: say(c, "psst", "d1", sender="u3", posted_at=NOW + timedelta(hours=1)),
    )
    queries: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        queries.extend([statement] if statement.startswith("SELECT") else [])

    def work(connection: sa.Connection) -> list[conversations.Conversation]:
        sa.event.listen(connection, "before_cursor_execute", note)
        return conversations.of_user(connection, "u2", None, 10)

    first, second = await store.read(work)
    assert len(queries) == 1
    assert (first.partner, first.unread, first.last and first.last.text) == ("u3", 1, "psst")
    assert (second.room_id, second.unread, second.last and second.last.text) == ("r1", 2, "b")
    place = (first.newest_at, first.room_id)
    rest = await store.read(lambda c: conversations.of_user(c, "u2", place, 10))
    assert [each.room_id for each in rest] == ["r1"]


async def test_reactions_edits_and_rules_are_kept(store: Store) -> None:
    await fill(store, "a")
    edit = Edit(2, "before", NOW, "u1")
    reacted = await store.write(
        lambda c: [messages.react(c, "r1-1", "👍", "u2", NOW) for _ in range(2)]
    )
    await put(
        store,
        lambda c: messages.add_edit(c, "r1-1", edit),
        lambda c: chat_rules.change(c, "r1", slow_mode_s=5),
        lambda c: chat_rules.change(c, "r1", read_only=True),
    )
    assert reacted == [True, False]
    assert await store.read(lambda c: messages.edits_of(c, ["r1-1"])) == {"r1-1": [edit]}
    place = await store.read(lambda c: chat_rules.place(c, "r1", "u2"))
    assert place is not None
    assert (place.rules.slow_mode_s, place.rules.read_only, place.role) == (5, True, "member")
    nobody = await store.read(lambda c: chat_rules.place(c, "r1", "robot"))
    assert nobody is not None
    assert (nobody.role, nobody.known) == (None, False)

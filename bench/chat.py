"""Chat in numbers, as JSON: `python -m bench.chat [--seconds 5] [--million 1000000] [--folder .]`.

Posting: 1, 10 and 100 senders in one process with the store on disk, each waiting for its
acknowledgement, which is durable, before the next.  Fan-out: one sender, 1,000 followers of the
room, from the call to the last of them.  History and search: over a million messages in 1,000
rooms, asked for through the services that HTTP asks.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.figures import percentile
from signaling.attendance import Attendance
from signaling.auth.identity import Person
from signaling.chat import Chat, Draft, NoAttachments, open_chat, words
from signaling.store import Store, open_store, rooms, schema, users
from signaling.store.messages import Wanted
from signaling.store.rooms import Room
from signaling.store.sessions import Session
from signaling.store.users import User
from signaling.streams import Streams

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SENDERS = (1, 10, 100)
FOLLOWERS = 1000
ROOMS = 1000
ROOMS_OF_READER = 50
BATCH = 5000
VOCABULARY = 20_000
# So many different sentences are said over and over, or making them would take most of the time.
SENTENCES = 50_000
TEXT = "See you at eight in the meeting room, 三楼会议室. Bring the plan."


def person(name: str) -> Person:
    user = User(id=name, role="caller", name=name, name_key=name, created_at=NOW)
    session = Session(
        id=name,
        user_id=name,
        kind="bearer",
        client_id="",
        address="",
        agent="",
        created_at=NOW,
        used_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )
    return Person(user, session)


async def people(store: Store, count: int) -> list[Person]:
    """Members of the room `tea`; the first owns it."""
    made = [person(f"u{number}") for number in range(count)]

    def work(connection: sa.Connection) -> None:
        for one in made:
            users.add(connection, one.user)
        rooms.add(connection, Room("tea", "tea", "group", 1000, NOW), made[0].user.id)
        for one in made[1:]:
            rooms.add_member(connection, "tea", one.user.id, "member", NOW)

    await store.write(work)
    return made


def milliseconds(latencies: list[float]) -> dict[str, float]:
    return {
        f"p{percent}_ms": round(percentile(latencies, percent) * 1000, 2) for percent in (50, 99)
    }


async def posting(chat: Chat, made: list[Person], seconds: float) -> dict[str, Any]:
    """Everybody says one thing after the other."""
    latencies: list[float] = []
    started, cpu_s = time.perf_counter(), time.process_time()

    async def sender(who: Person) -> None:
        number = 0
        while (begun := time.perf_counter()) - started < seconds:
            draft = Draft(f"{started}-{number}", text=TEXT)
            await chat.posting.post(who, "tea", draft)
            latencies.append(time.perf_counter() - begun)
            number += 1

    async with asyncio.TaskGroup() as group:
        for who in made:
            group.create_task(sender(who))
    rate = len(latencies) / (time.perf_counter() - started)
    cpu_ms = (time.process_time() - cpu_s) * 1000 / len(latencies)
    each = {"messages_per_second": round(rate), "cpu_ms_each": round(cpu_ms, 2)}
    return each | milliseconds(latencies)


async def fanout(chat: Chat, streams: Streams, who: Person, times: int) -> dict[str, Any]:
    """From the call to the last of all followers, and to the sender's acknowledgement."""
    last: list[float] = []
    acknowledged: list[float] = []
    async with AsyncExitStack() as stack:
        begin = await streams.last_sequence("tea")
        followers = [
            await stack.enter_async_context(streams.following("tea", begin))
            for _ in range(FOLLOWERS)
        ]
        for number in range(times):
            waiting = [asyncio.create_task(follower.next()) for follower in followers]
            await asyncio.sleep(0)
            begun = time.perf_counter()
            await chat.posting.post(who, "tea", Draft(f"fan-{number}", text=TEXT))
            acknowledged.append(time.perf_counter() - begun)
            await asyncio.gather(*waiting)
            last.append(time.perf_counter() - begun)
    return {"last_follower": milliseconds(last), "acknowledged": milliseconds(acknowledged)}


def sentence(chance: random.Random) -> str:
    """Words as unevenly frequent as people's, some of them Chinese."""
    ranks = (int(VOCABULARY ** chance.random()) for _ in range(10))
    return " ".join(f"word{rank}" if rank % 5 else f"会议{chr(0x4E00 + rank)}" for rank in ranks)


async def fill(store: Store, count: int) -> None:
    """Messages without their events: what history and search read."""
    chance = random.Random(5)
    said = [sentence(chance) for _ in range(SENTENCES)]
    found_by = [words.index_words(text) for text in said]

    def make_rooms(connection: sa.Connection) -> None:
        users.add(connection, person("reader").user)
        users.add(connection, person("other").user)
        for number in range(ROOMS):
            room = Room(f"r{number}", f"r{number}", "group", 10, NOW)
            rooms.add(connection, room, "other")
            if number < ROOMS_OF_READER:
                rooms.add_member(connection, room.id, "reader", "member", NOW)
        connection.execute(schema.rooms.update().values(last_sequence=count // ROOMS + 1))

    def insert(connection: sa.Connection, start: int) -> None:
        numbers = range(start, start + BATCH)
        which = [chance.randrange(SENTENCES) for _ in numbers]
        rows = [_row(number, said[one]) for number, one in zip(numbers, which, strict=True)]
        held = [_held(number, found_by[one]) for number, one in zip(numbers, which, strict=True)]
        connection.execute(schema.messages.insert(), rows)
        connection.execute(schema.message_words.insert(), held)

    await store.write(make_rooms)
    for start in range(0, count, BATCH):
        await store.write(partial(insert, start=start))


def _row(number: int, text: str) -> dict[str, Any]:
    """Rooms of the reader have as many as others: 1,000 each if there are a million."""
    return {
        "id": f"m{number:09d}",
        "room_id": f"r{number % ROOMS}",
        "sequence": number // ROOMS + 1,
        "sender": "other",
        "client_id": str(number),
        "fingerprint": "0" * 64,
        "kind": "text",
        "text": text,
        "mentions": [],
        "posted_at": NOW + timedelta(seconds=number),
    }


def _held(number: int, found_by: str) -> dict[str, Any]:
    return {
        "number": number + 1,
        "message_id": f"m{number:09d}",
        "words": f"{words.room_word(f'r{number % ROOMS}')} {found_by}",
    }


async def timed(ask: Callable[[random.Random], Awaitable[Any]], times: int) -> dict[str, float]:
    """How long it takes, and how long a core works for it: nobody else asks meanwhile."""
    chance, latencies, worked = random.Random(7), [], []
    for _ in range(times):
        begun, cpu_s = time.perf_counter(), time.process_time()
        await ask(chance)
        latencies.append(time.perf_counter() - begun)
        worked.append(time.process_time() - cpu_s)
    return milliseconds(latencies) | {"cpu_p99_ms": round(percentile(worked, 99) * 1000, 2)}


async def reading(chat: Chat, count: int, times: int) -> dict[str, Any]:
    """Each of the things that a page asks for."""
    reader, depth = person("reader"), count // ROOMS

    def room(chance: random.Random) -> str:
        return f"r{chance.randrange(ROOMS_OF_READER)}"

    async def page(chance: random.Random) -> None:
        wanted = Wanted(room(chance), before=chance.randrange(2, depth + 2))
        await chat.history.page(reader, wanted, 50)

    async def everywhere(_: random.Random) -> None:
        await chat.history.page(reader, Wanted(), 50)

    async def conversations(_: random.Random) -> None:
        await chat.history.conversations(reader, None, 50)

    async def search(chance: random.Random) -> None:
        rank = int(VOCABULARY ** chance.random())
        query = f"word{rank}" if rank % 5 else f"会议{chr(0x4E00 + rank)}"
        await chat.search.find(reader, query, Wanted(), None, 20)

    async def frequent(_: random.Random) -> None:
        await chat.search.find(reader, "word1 ", Wanted(), None, 20)

    async def chinese(_: random.Random) -> None:
        await chat.search.find(reader, "会议", Wanted(), None, 20)

    asked = (page, everywhere, conversations, search, frequent, chinese)
    return {each.__name__: await timed(each, times) for each in asked}


async def run(seconds: float, count: int, where: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()}
    }
    with tempfile.TemporaryDirectory(dir=where) as folder:
        if seconds:
            async with opened(Path(folder) / "posting.db") as (store, streams, chat):
                made = await people(store, max(SENDERS))
                for senders in SENDERS:
                    found[f"{senders} senders"] = await posting(chat, made[:senders], seconds)
                found[f"{FOLLOWERS} followers"] = await fanout(chat, streams, made[0], 50)
        if count:
            async with opened(Path(folder) / "reading.db") as (store, _, chat):
                await fill(store, count)
                found[f"{count} messages"] = await reading(chat, count, 200)
    return found


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[tuple[Store, Streams, Chat]]:
    async with open_store(f"sqlite:///{path}") as store:
        streams = Streams(store, lambda: datetime.now(UTC))
        yield (
            store,
            streams,
            open_chat(
                store,
                streams,
                Attendance(),
                NoAttachments(),
                lambda: NOW,
                reports_kept=timedelta(days=1),
            ),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of posting; 0 for none")
    parser.add_argument(
        "--million", type=int, default=1_000_000, help="messages to read among; 0 for none"
    )
    parser.add_argument("--folder", help="on the disk that is to be measured")
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(run(asked.seconds, asked.million, asked.folder)), indent=1))


if __name__ == "__main__":
    main()

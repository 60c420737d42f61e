"""A conversation to take away: as JSON, which names its files, or as one page that holds them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.chat import export_page, standing
from signaling.chat.attachments import Attachments
from signaling.errors import Refused
from signaling.store import Store, audit, chat_rules, messages, rooms, users
from signaling.store.messages import Edit, Message, Reaction, Wanted

# More are exported in parts, by time.
MOST_MESSAGES = 50_000
PIECE = 500


class Saying(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message in an export; `edits` is what it said before."""

    id: str
    sequence: int
    at: datetime
    sender: str
    name: str
    kind: str
    text: str
    file: dict[str, Any] | None = None
    reply_to: str | None = None
    forwarded_from: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    edits: list[dict[str, Any]] = []
    reactions: list[dict[str, Any]] = []


class Exported(msgspec.Struct, frozen=True):
    """A conversation; `complete` is false if there was more than fits."""

    room: str
    title: str
    exported_at: datetime
    exported_by: str
    complete: bool
    held: bool
    messages: list[Saying]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when; an open end is None."""

    since: datetime | None = None
    until: datetime | None = None


class Export:
    """The service."""

    def __init__(self, store: Store, attachments: Attachments, now: Callable[[], datetime]) -> None:
        self._store = store
        self._attachments = attachments
        self._now = now

    async def conversation(
        self, who: Person, room_id: str, span: Span, address: str, *, held: bool
    ) -> Exported:
        """What was said in a room, for whoever belongs to it.

        `held`, for operators and of rooms under legal hold: with what was deleted since.
        """
        now = self._now()

        def read(connection: sa.Connection) -> Exported:
            _refuse(connection, who, room_id, held=held)
            return _read(connection, who, room_id, span, now, held=held)

        exported = await self._store.read(read)
        more = detail(messages=len(exported.messages), held=held)
        act = Act(who.user.id, "chat.export", room_id, address, more)
        await self._store.write(lambda connection: audit.record(connection, act, now))
        return exported

    async def as_json(self, exported: Exported) -> AsyncIterator[bytes]:
        # In a thread of its own, as a long one takes a while.
        yield await asyncio.to_thread(msgspec.json.encode, exported)

    async def as_page(self, exported: Exported) -> AsyncIterator[bytes]:
        ids = [
            str(each.file["id"]) for each in exported.messages if each.file and "id" in each.file
        ]
        held = await self._attachments.contents(ids)
        async for piece in export_page.pieces(exported, held):
            yield piece


def _refuse(connection: sa.Connection, who: Person, room_id: str, *, held: bool) -> None:
    if not held:
        standing.reading(connection, who, room_id)
        return
    if not who.at_least("operator"):
        raise Refused("forbidden")
    place = chat_rules.place(connection, room_id, who.user.id)
    if place is None or place.rules.held_at is None:
        raise Refused("not_found", "This room is not held.")


def _read(
    connection: sa.Connection,
    who: Person,
    room_id: str,
    span: Span,
    now: datetime,
    *,
    held: bool,
) -> Exported:
    room = rooms.by_id(connection, room_id)
    assert room is not None, "somebody belongs to it"
    sayings: list[Saying] = []
    last, complete = 0, False
    while len(sayings) < MOST_MESSAGES and not complete:
        wanted = Wanted(room_id, after=last, since=span.since, until=span.until)
        found = messages.page(connection, who.user.id, wanted, PIECE)
        sayings += _sayings(connection, found, held=held)
        complete = len(found) < PIECE
        last = found[-1].sequence if found else last
    return Exported(room.id, room.title, now, who.user.id, complete, held, sayings)


def _sayings(connection: sa.Connection, found: list[Message], *, held: bool) -> Iterator[Saying]:
    ids = [each.id for each in found]
    edits = messages.edits_of(connection, ids)
    reactions = messages.reactions_of(connection, ids)
    names = users.names_of(connection, {each.sender for each in found})
    for each in found:
        shown = held or each.deleted_at is None
        yield Saying(
            id=each.id,
            sequence=each.sequence,
            at=each.posted_at,
            sender=each.sender,
            name=names.get(each.sender, each.sender),
            kind=each.kind,
            text=each.text,
            file=dict(each.file) if shown and each.file else None,
            reply_to=each.reply_to,
            forwarded_from=each.forwarded_from,
            edited_at=each.edited_at,
            deleted_at=each.deleted_at,
            edits=_edits(edits.get(each.id, ()) if shown else ()),
            reactions=_reactions(reactions.get(each.id, ())),
        )


def _edits(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    return [{"text": each.text, "until": each.edited_at} for each in edits]


def _reactions(reactions: Iterable[Reaction]) -> list[dict[str, Any]]:
    return [{"emoji": each.emoji, "user": each.user_id} for each in reactions]

"""A conversation to take away: as JSON, or as one page that needs nothing and does nothing.

The page holds no script, no link and no address that a browser would fetch; every text is only
text.  Built in a thread of its own, as a long one takes a while.
"""

import asyncio
import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.chat import standing
from signaling.errors import Refused
from signaling.store import Store, audit, chat_rules, messages, rooms, users
from signaling.store.messages import Edit, Message, Reaction, Wanted

# More are exported in parts, by time.
MOST_MESSAGES = 50_000
PIECE = 500

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1d1b26;background:#fff}article{border-bottom:1px solid #ddd;padding:.6rem 0}"
    "header{color:#5b5768;font-size:.85rem}b{color:#1d1b26}p{margin:.2rem 0;white-space:pre-wrap;"
    "overflow-wrap:anywhere;unicode-bidi:isolate}.gone{color:#8a8696;font-style:italic}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


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

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
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

    async def as_json(self, exported: Exported) -> bytes:
        return await asyncio.to_thread(msgspec.json.encode, exported)

    async def as_page(self, exported: Exported) -> bytes:
        return await asyncio.to_thread(page, exported)


def page(exported: Exported) -> bytes:
    """One inert HTML file."""
    return "\n".join(_lines(exported)).encode()


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


def _lines(exported: Exported) -> Iterator[str]:
    title = html.escape(exported.title)
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{title}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{title}</h1><p>{exported.exported_at:%Y-%m-%d %H:%M} UTC</p>"
    for each in exported.messages:
        yield _article(each)
    if not exported.complete:
        yield '<p class="gone">There is more; export it by time.</p>'
    yield "</body></html>"


def _article(saying: Saying) -> str:
    name, at = html.escape(saying.name), f"{saying.at:%Y-%m-%d %H:%M:%S}"
    notes = [f"#{saying.sequence}", saying.kind] + (["edited"] if saying.edited_at else [])
    head = f"<header><b><bdi>{name}</bdi></b> {at} {' '.join(notes)}</header>"
    if saying.deleted_at and not saying.edits:
        return f'<article>{head}<p class="gone">deleted</p></article>'
    parts = [f"<p>{html.escape(saying.text)}</p>"] if saying.text else []
    if saying.file:
        parts.append(f"<p>{html.escape(str(saying.file.get('name', 'file')))}</p>")
    parts += [f'<p class="gone">{html.escape(edit["text"])}</p>' for edit in saying.edits]
    symbols = " ".join(html.escape(each["emoji"]) for each in saying.reactions)
    return f"<article>{head}{''.join(parts)}{f'<p>{symbols}</p>' if symbols else ''}</article>"

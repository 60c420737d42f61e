"""Messages, how they were edited, who reacted, and how they are found by sequence.

A message is announced by an event of its room's stream; what is said here of a message is also in
the body of that event, and goes from both when it is deleted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.store.schema import (
    message_edits,
    message_mentions,
    message_reactions,
    message_words,
    messages,
    room_events,
    room_members,
)
from signaling.store.upsert import insert_if_new, upsert


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands; without text and file once it is deleted."""

    id: str
    room_id: str
    sequence: int
    sender: str
    client_id: str
    fingerprint: str
    kind: str
    text: str
    posted_at: datetime
    file_id: str | None = None
    file: Mapping[str, Any] | None = None
    reply_to: str | None = None
    mentions: Any = ()
    forwarded_from: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    pinned_at: datetime | None = None
    pinned_by: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What a message said until it was edited."""

    sequence: int
    text: str
    edited_at: datetime
    edited_by: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody's reaction to a message."""

    emoji: str
    user_id: str
    reacted_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; what is empty does not matter.  At most one of the three places is given."""

    room_id: str = ""
    before: int | None = None
    after: int | None = None
    around: int | None = None
    sender: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    offset: int = 0


COLUMNS = [messages.c[item.name] for item in fields(Message)]
EDIT_COLUMNS = [message_edits.c[item.name] for item in fields(Edit)]

# Built once: building a statement takes longer than SQLite needs to carry it out.
_INSERT = messages.insert()
_INSERT_WORDS = message_words.insert()
_BY_CLIENT = sa.select(*COLUMNS).where(
    messages.c.room_id == sa.bindparam("room"),
    messages.c.sender == sa.bindparam("sender"),
    messages.c.client_id == sa.bindparam("client"),
)
_BY_ID = sa.select(*COLUMNS).where(messages.c.id == sa.bindparam("message"))
_NEWEST_OF = (
    sa.select(messages.c.posted_at)
    .where(messages.c.room_id == sa.bindparam("room"), messages.c.sender == sa.bindparam("sender"))
    .order_by(messages.c.sequence.desc())
    .limit(1)
)


def add(connection: sa.Connection, message: Message, number: int, words: str) -> None:
    """A new message with its words; `number` is greater for newer ones."""
    values = {item.name: getattr(message, item.name) for item in COLUMNS}
    connection.execute(_INSERT, values)
    if words:
        row = {"number": number, "message_id": message.id, "words": words}
        connection.execute(_INSERT_WORDS, row)
    if message.mentions:
        place = {"room_id": message.room_id, "sequence": message.sequence}
        rows = [place | {"user_id": user_id} for user_id in message.mentions]
        connection.execute(message_mentions.insert(), rows)


def by_client(
    connection: sa.Connection, room_id: str, sender: str, client_id: str
) -> Message | None:
    """What the sender's client has sent to the room under this identifier before."""
    values = {"room": room_id, "sender": sender, "client": client_id}
    row = connection.execute(_BY_CLIENT, values).one_or_none()
    return None if row is None else Message(*row)


def by_id(connection: sa.Connection, message_id: str) -> Message | None:
    row = connection.execute(_BY_ID, {"message": message_id}).one_or_none()
    return None if row is None else Message(*row)


def newest_of(connection: sa.Connection, room_id: str, sender: str) -> datetime | None:
    """When somebody spoke last in a room."""
    values = {"room": room_id, "sender": sender}
    found: datetime | None = connection.execute(_NEWEST_OF, values).scalar_one_or_none()
    return found


def page(connection: sa.Connection, user_id: str, wanted: Wanted, limit: int) -> list[Message]:
    """Messages of one room, or of all rooms of a user, oldest of them first.

    Without a place, the newest ones; `offset` counts back from there.
    """
    if wanted.around is not None:
        return _around(connection, wanted, wanted.around, limit)
    if not wanted.room_id:
        sqlite = connection.dialect.name == "sqlite"
        query = _newest_of_rooms(user_id, wanted, limit, in_lists=sqlite)
        # Across rooms there is no order but the clock's.
        newest = (messages.c.posted_at.desc(), messages.c.id.desc())
        return _messages(connection, query.order_by(*newest), wanted.offset, limit)[::-1]
    query = sa.select(*COLUMNS).where(*_conditions(wanted))
    if wanted.after is not None:
        return _messages(connection, query.order_by(messages.c.sequence), 0, limit)
    query = query.order_by(messages.c.sequence.desc())
    return _messages(connection, query, wanted.offset, limit)[::-1]


def pinned(connection: sa.Connection, room_id: str) -> list[Message]:
    """Newest pin first."""
    query = (
        sa.select(*COLUMNS)
        .where(messages.c.room_id == room_id, messages.c.pinned_at.is_not(None))
        .order_by(messages.c.pinned_at.desc(), messages.c.id)
    )
    return _messages(connection, query, 0, 200)


def change(connection: sa.Connection, message_id: str, **values: Any) -> None:
    connection.execute(messages.update().where(messages.c.id == message_id).values(**values))


def set_words(connection: sa.Connection, message_id: str, number: int, words: str) -> None:
    """What the message is found by from now on; nothing if it is empty."""
    if not words:
        where = message_words.c.message_id == message_id
        connection.execute(message_words.delete().where(where))
        return
    key, new = {"message_id": message_id}, {"number": number}
    upsert(connection, message_words, key, {"words": words}, only_new=new)


def add_edit(connection: sa.Connection, message_id: str, edit: Edit) -> None:
    values = {item.name: getattr(edit, item.name) for item in EDIT_COLUMNS}
    connection.execute(message_edits.insert(), values | {"message_id": message_id})


def edits_of(connection: sa.Connection, message_ids: Iterable[str]) -> dict[str, list[Edit]]:
    """What messages said before, oldest first."""
    query = (
        sa.select(message_edits.c.message_id, *EDIT_COLUMNS)
        .where(message_edits.c.message_id.in_(list(message_ids)))
        .order_by(message_edits.c.message_id, message_edits.c.sequence)
    )
    found: dict[str, list[Edit]] = {}
    for row in connection.execute(query):
        found.setdefault(row[0], []).append(Edit(*row[1:]))
    return found


def forget_edits(connection: sa.Connection, message_id: str) -> None:
    connection.execute(message_edits.delete().where(message_edits.c.message_id == message_id))


def react(
    connection: sa.Connection, message_id: str, emoji: str, user_id: str, now: datetime
) -> bool:
    """False if they reacted so before."""
    values = {"message_id": message_id, "emoji": emoji, "user_id": user_id, "reacted_at": now}
    return insert_if_new(connection, message_reactions, values)


def unreact(connection: sa.Connection, message_id: str, emoji: str, user_id: str) -> bool:
    """False if they had not reacted so."""
    query = message_reactions.delete().where(
        message_reactions.c.message_id == message_id,
        message_reactions.c.emoji == emoji,
        message_reactions.c.user_id == user_id,
    )
    return connection.execute(query).rowcount == 1


def reactions_of(
    connection: sa.Connection, message_ids: Iterable[str]
) -> dict[str, list[Reaction]]:
    """Reactions to several messages, each in the order of their coming."""
    c = message_reactions.c
    query = (
        sa.select(c.message_id, c.emoji, c.user_id, c.reacted_at)
        .where(c.message_id.in_(list(message_ids)))
        .order_by(c.message_id, c.reacted_at, c.user_id)
    )
    found: dict[str, list[Reaction]] = {}
    for row in connection.execute(query):
        found.setdefault(row[0], []).append(Reaction(*row[1:]))
    return found


def forget_reactions(connection: sa.Connection, message_id: str) -> None:
    query = message_reactions.delete().where(message_reactions.c.message_id == message_id)
    connection.execute(query)


def empty_events(
    connection: sa.Connection, room_id: str, sequences: Iterable[int], body: Mapping[str, Any]
) -> None:
    """Take what was said out of the room's stream; the events stay, so it keeps its numbers."""
    query = room_events.update().where(
        room_events.c.room_id == room_id, room_events.c.sequence.in_(list(sequences))
    )
    connection.execute(query.values(body=dict(body)))


def _around(connection: sa.Connection, wanted: Wanted, place: int, limit: int) -> list[Message]:
    """The message at a place, or behind it, in the middle of a page."""
    query = sa.select(*COLUMNS).where(*_conditions(wanted))
    before = query.where(messages.c.sequence < place).order_by(messages.c.sequence.desc())
    older = _messages(connection, before, 0, limit // 2)[::-1]
    from_here = query.where(messages.c.sequence >= place).order_by(messages.c.sequence)
    return older + _messages(connection, from_here, 0, limit - len(older))


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [messages.c.room_id == wanted.room_id]
    if wanted.before is not None:
        found.append(messages.c.sequence < wanted.before)
    if wanted.after is not None:
        found.append(messages.c.sequence > wanted.after)
    return found + matching(wanted)


def matching(wanted: Wanted, of: sa.FromClause = messages) -> list[sa.ColumnElement[bool]]:
    """What does not depend on a place: by whom, of which kind, when."""
    found: list[sa.ColumnElement[bool]] = []
    if wanted.sender:
        found.append(of.c.sender == wanted.sender)
    if wanted.kind:
        found.append(of.c.kind == wanted.kind)
        if wanted.kind != "text":  # in these words, which the index of all other kinds has
            found.append(of.c.kind != sa.literal_column("'text'"))
    if wanted.since is not None:
        found.append(of.c.posted_at >= wanted.since)
    if wanted.until is not None:
        found.append(of.c.posted_at < wanted.until)
    return found


def _newest_of_rooms(user_id: str, wanted: Wanted, limit: int, *, in_lists: bool) -> sa.Select[Any]:
    """Of each of the user's rooms so many as the page can hold: otherwise all would be sorted.

    SQLite knows no LATERAL, but goes through the rooms one by one for IN (`in_lists`) as well.
    """
    newest = _newest_of_room(wanted, limit)
    if in_lists:
        found = room_members.join(messages, messages.c.id.in_(newest))
    else:
        ids = newest.lateral("newest")
        found = room_members.join(ids, sa.true()).join(messages, messages.c.id == ids.c.id)
    query = sa.select(*COLUMNS).select_from(found)
    return query.where(room_members.c.user_id == user_id)


def _newest_of_room(wanted: Wanted, limit: int) -> sa.Select[tuple[str]]:
    newer = messages.alias("newer")
    timed = wanted.since is not None or wanted.until is not None
    order = newer.c.posted_at if timed else newer.c.sequence
    return (
        sa.select(newer.c.id)
        .where(newer.c.room_id == room_members.c.room_id, *matching(wanted, newer))
        .order_by(order.desc())
        .limit(wanted.offset + limit)
        .correlate(room_members)
    )


def _messages(
    connection: sa.Connection, query: sa.Select[Any], offset: int, limit: int
) -> list[Message]:
    return [Message(*row) for row in connection.execute(query.offset(offset).limit(limit))]

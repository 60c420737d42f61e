"""Messages found by their words, in a user's rooms only, newest first.

Both engines hold the same words (`message_words`): FTS5 on SQLite, a GIN index on PostgreSQL.
The room is a word among them, so that a rare room costs no walk through a frequent word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from signaling.store.messages import COLUMNS, Message, Wanted, matching
from signaling.store.schema import message_words, messages, room_members

# Somebody with more rooms than this searches all of them, and is shown their own.
MOST_ROOMS_NAMED = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What is looked for: phrases that must all be there, and words of rooms, any of them."""

    phrases: Sequence[tuple[Sequence[str], bool]]
    """Neighbouring words, and whether the last may go on."""
    rooms: Sequence[str]


def rooms_of(connection: sa.Connection, user_id: str) -> list[str]:
    query = sa.select(room_members.c.room_id).where(room_members.c.user_id == user_id)
    return list(connection.execute(query).scalars())


def find(
    connection: sa.Connection,
    terms: Terms,
    room_ids: Iterable[str],
    wanted: Wanted,
    *,
    before: int | None,
    limit: int,
) -> list[tuple[int, Message]]:
    """(number, message), newest first; `before` is the number of the last of another page."""
    number = message_words.c.number
    query = (
        sa.select(number, *COLUMNS)
        .select_from(message_words)
        .join(messages, messages.c.id == message_words.c.message_id)
        .where(messages.c.room_id.in_(list(room_ids)), *matching(wanted))
        .order_by(number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(number < before)
    if connection.dialect.name == "sqlite":
        query = _in_fts5(query, terms, before)
    else:
        query = query.where(_in_gin(terms))
    return [(row[0], Message(*row[1:])) for row in connection.execute(query)]


def _in_fts5(
    query: sa.Select[tuple[int]], terms: Terms, before: int | None
) -> sa.Select[tuple[int]]:
    """The index walks from its newest entry on, and stops when the page is full."""
    index = sa.table("message_index", sa.column("rowid"), sa.column("message_index"))
    query = query.join(index, index.c.rowid == message_words.c.number)
    query = query.where(index.c.message_index.op("MATCH")(_fts5(terms)))
    if before is not None:
        query = query.where(index.c.rowid < before)
    return query.order_by(None).order_by(index.c.rowid.desc())


def _in_gin(terms: Terms) -> sa.ColumnElement[bool]:
    simple: sa.ColumnElement[str] = sa.literal_column("'simple'::regconfig")
    held: sa.ColumnElement[str] = sa.column("message_index_words", _selectable=message_words)
    return held.op("@@")(sa.func.to_tsquery(simple, _tsquery(terms)))


def _fts5(terms: Terms) -> str:
    """Words are letters and digits only, so nothing in them has to be escaped."""
    parts = [
        f'"{" ".join(words)}"' + ("*" if open_ended else "") for words, open_ended in terms.phrases
    ]
    if terms.rooms:
        parts.append("(" + " OR ".join(f'"{word}"' for word in terms.rooms) + ")")
    return " AND ".join(parts)


def _tsquery(terms: Terms) -> str:
    parts = [
        "(" + " <-> ".join(words) + (":*" if open_ended else "") + ")"
        for words, open_ended in terms.phrases
    ]
    if terms.rooms:
        parts.append("(" + " | ".join(terms.rooms) + ")")
    return " & ".join(parts)

"""Which messages have been kept for long enough."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signaling.store.messages import COLUMNS, Message
from signaling.store.schema import (
    chat_rules,
    message_edits,
    message_mentions,
    messages,
    read_marks,
    read_positions,
)


def older(
    connection: sa.Connection, room_id: str, before: datetime, limit: int, *, with_file: bool
) -> list[Message]:
    """A room's messages of that age, oldest first; or only those that have a file still."""
    query = sa.select(*COLUMNS).where(messages.c.room_id == room_id, messages.c.posted_at < before)
    if with_file:
        query = query.where(messages.c.file_id.is_not(None))
    query = query.order_by(messages.c.sequence).limit(limit)
    return [Message(*row) for row in connection.execute(query)]


def remove(connection: sa.Connection, room_id: str, gone: Sequence[Message]) -> None:
    """The messages with all that belongs to them."""
    sequences = [each.sequence for each in gone]
    mentions = message_mentions.c
    connection.execute(
        message_mentions.delete().where(
            mentions.room_id == room_id, mentions.sequence.in_(sequences)
        )
    )
    connection.execute(messages.delete().where(messages.c.id.in_([each.id for each in gone])))


def withheld(connection: sa.Connection, limit: int) -> list[Message]:
    """Deleted messages that a hold kept, in rooms that are not held any more."""
    held = sa.select(chat_rules.c.room_id).where(chat_rules.c.held_at.is_not(None))
    kept = sa.exists().where(message_edits.c.message_id == messages.c.id)
    query = (
        sa.select(*COLUMNS)
        .where(
            messages.c.deleted_at.is_not(None),
            sa.or_(kept, messages.c.file_id.is_not(None)),
            messages.c.room_id.not_in(held),
        )
        .limit(limit)
    )
    return [Message(*row) for row in connection.execute(query)]


def thin_marks(connection: sa.Connection, before: datetime) -> None:
    """Forget when exactly somebody read old messages; how far they are stays."""
    newest = sa.exists().where(
        read_positions.c.room_id == read_marks.c.room_id,
        read_positions.c.user_id == read_marks.c.user_id,
        read_positions.c.read == read_marks.c.read,
    )
    connection.execute(read_marks.delete().where(read_marks.c.read_at < before, ~newest))

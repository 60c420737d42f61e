"""Forgetting: messages or their files that a room keeps for a time only, and decided reports.

Under legal hold nothing of a room is forgotten.

A message that is forgotten leaves its events, empty, so that the room's numbers have no gap.  It
goes in small pieces, so that nobody waits for the sweep.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from signaling.chat.changing import empty_stream
from signaling.store import Store, chat_rules, keeping, messages, reports
from signaling.store.messages import Message

PIECE = 200
# Who read what when is exact for so long; afterwards only how far they are.
MARKS_KEPT = timedelta(days=90)
FILE_GONE = {"gone": True}


class Keeping:
    """The service."""

    def __init__(self, store: Store, now: Callable[[], datetime], reports_kept: timedelta) -> None:
        self._store = store
        self._now = now
        self._reports_kept = reports_kept

    async def sweep(self) -> int:
        """Forget what is due; how many messages were touched."""
        touched, now = 0, self._now()
        for room_id, rules in await self._store.read(chat_rules.kept_for_a_time):
            if rules.keep_days is not None:
                touched += await self._forget(room_id, now - timedelta(days=rules.keep_days))
            if rules.keep_files_days is not None:
                before = now - timedelta(days=rules.keep_files_days)
                touched += await self._forget_files(room_id, before)
        touched += await self._repeat(_release)
        await self._store.write(lambda c: keeping.thin_marks(c, now - MARKS_KEPT))
        await self._store.write(lambda c: reports.forget(c, now - self._reports_kept))
        return touched

    async def _forget(self, room_id: str, before: datetime) -> int:
        def piece(connection: sa.Connection) -> int:
            if _is_held(connection, room_id):
                return 0
            gone = keeping.older(connection, room_id, before, PIECE, with_file=False)
            for message in gone:
                empty_stream(connection, message)
            if gone:
                keeping.remove(connection, room_id, gone)
            return len(gone)

        return await self._repeat(piece)

    async def _forget_files(self, room_id: str, before: datetime) -> int:
        def piece(connection: sa.Connection) -> int:
            if _is_held(connection, room_id):
                return 0
            found = keeping.older(connection, room_id, before, PIECE, with_file=True)
            for message in found:
                _take_file(connection, message)
            return len(found)

        return await self._repeat(piece)

    async def _repeat(self, piece: Callable[[sa.Connection], int]) -> int:
        touched = 0
        while done := await self._store.write(piece):
            touched += done
        return touched


def _is_held(connection: sa.Connection, room_id: str) -> bool:
    """A hold may begin in the middle of a sweep."""
    place = chat_rules.place(connection, room_id, "", locked=True)
    return place is None or place.rules.held_at is not None


def _take_file(connection: sa.Connection, message: Message) -> None:
    """The caption stays; the file, and what was shown of it, go."""
    body = {"message": message.id, "kind": message.kind, "text": message.text, "file": FILE_GONE}
    messages.empty_events(connection, message.room_id, [message.sequence], body)
    messages.change(connection, message.id, file_id=None, file=FILE_GONE)


def _release(connection: sa.Connection) -> int:
    """What was deleted under a hold goes when the hold has ended."""
    found = keeping.withheld(connection, PIECE)
    for message in found:
        messages.forget_edits(connection, message.id)
        messages.change(connection, message.id, file_id=None, file=None)
    return len(found)

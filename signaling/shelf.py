"""The shelf: files as chat asks for them, to be shown by a message or to be taken away."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec
import sqlalchemy as sa

from signaling import config
from signaling.chat import Attached, Held, Wish
from signaling.errors import Refused
from signaling.files import Attachment, Files, attach, pass_on
from signaling.quotas import refuse_beyond
from signaling.store import files, users


class Shelf:
    """What `signaling.chat.Attachments` asks for."""

    def __init__(self, files_: Files, settings: config.Files, now: Callable[[], datetime]) -> None:
        self._files = files_
        self._settings = settings
        self._now = now

    def attach(self, connection: sa.Connection, wish: Wish) -> Attached:
        """One's own file, or one that is passed on from another room; Refused for all others."""
        if wish.from_room is None:
            shown = attach(connection, wish.file_id, wish.owner, wish.room_id)
        else:
            shown = self._passed_on(connection, wish, wish.from_room)
        if shown.kind != wish.kind:
            raise Refused("invalid", f"kind: the file is of another, {shown.kind}.")
        return Attached(shown.id, msgspec.to_builtins(shown))

    async def contents(self, file_ids: Sequence[str]) -> Mapping[str, Held]:
        """Those that are there; each is opened when it is read."""
        found = await self._files.contents(file_ids)
        return {
            file_id: Held(part.media_type, part.size, partial(self._files.read, part, 0, part.size))
            for file_id, part in found.items()
        }

    def _passed_on(self, connection: sa.Connection, wish: Wish, there: str) -> Attachment:
        if users.by_id(connection, wish.owner) is None:
            raise Refused("forbidden", "Only people pass files on.")
        file = files.by_id(connection, wish.file_id)
        size = 0 if file is None else file.charged
        refuse_beyond(connection, self._settings, (wish.owner, wish.room_id), size)
        rooms = (there, wish.room_id)
        return pass_on(connection, wish.file_id, rooms, wish.owner, self._now())

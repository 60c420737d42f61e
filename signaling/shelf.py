"""The shelf: files as chat asks for them, within the transaction of the message that shows one."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import sqlalchemy as sa

from signaling import config
from signaling.chat import Attached, Wish
from signaling.errors import Refused
from signaling.files import Attachment, attach, pass_on
from signaling.quotas import refuse_beyond
from signaling.store import files, users


class Shelf:
    """What `signaling.chat.Attachments` asks for."""

    def __init__(self, settings: config.Files, now: Callable[[], datetime]) -> None:
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

    def _passed_on(self, connection: sa.Connection, wish: Wish, there: str) -> Attachment:
        if users.by_id(connection, wish.owner) is None:
            raise Refused("forbidden", "Only people pass files on.")
        file = files.by_id(connection, wish.file_id)
        size = 0 if file is None else file.charged
        refuse_beyond(connection, self._settings, (wish.owner, wish.room_id), size)
        rooms = (there, wish.room_id)
        return pass_on(connection, wish.file_id, rooms, wish.owner, self._now())

"""The seam between chat and files: what chat asks about a file that a message names."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from signaling.errors import Refused


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants to show a file in a room; `from_room` if it was shown there before."""

    owner: str
    room_id: str
    file_id: str
    kind: str
    from_room: str | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """The file as the room has it, and what people are shown of it."""

    file_id: str
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """The content of a file: `open` gives it piece by piece."""

    media_type: str
    size: int
    open: Callable[[], AsyncIterator[bytes]]


class Attachments(Protocol):
    """Files, as far as chat knows them."""

    def attach(self, connection: sa.Connection, wish: Wish) -> Attached:
        """Within the message's transaction; Refused unless the file is the owner's and ready.

        A file that is passed on from another room gets an identifier of its own there.
        """

    async def contents(self, file_ids: Sequence[str]) -> Mapping[str, Held]:
        """Those of the files that there are; whether somebody may have them is for the caller."""


class NoAttachments:
    """Where nobody keeps files."""

    def attach(self, connection: sa.Connection, wish: Wish) -> Attached:
        raise Refused("not_found", f"There is no file {wish.file_id}.")

    async def contents(self, file_ids: Sequence[str]) -> Mapping[str, Held]:
        return {}

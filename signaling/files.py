"""Files as people have them: shown, fetched and taken back.

A file is its sender's alone until a message shows it; then it is the room's.  Knows who may have
what.  How it came in is for `uploads`; where its bytes are is for the vault.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import msgspec
import sqlalchemy as sa
import structlog

from signaling import addresses
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.rooms import belonging
from signaling.store import Store, files
from signaling.store.files import File, Part
from signaling.vault import Vault

log = structlog.get_logger()


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as a message shows it; addresses are good for everybody in the room."""

    id: str
    kind: str
    """image, voice, video, or file: the last is only to be saved."""
    name: str
    media_type: str
    size: int
    url: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: list[int] | None = None
    """Loudness over time, 0 to 100."""
    thumbnail: str | None = None
    poster: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A part of a file that somebody may have."""

    file: File
    part: Part


def attach(connection: sa.Connection, file_id: str, user_id: str, room_id: str) -> Attachment:
    """Show a file to its room, in the transaction of the message that does.

    Refused("not_found") unless it is ready, the sender's own, and was sent to this room.
    """
    file = files.by_id(connection, file_id)
    if file is None or (file.state, file.user_id, file.room_id) != ("ready", user_id, room_id):
        raise Refused("not_found", f"There is no file {file_id} to show here.")
    files.attach(connection, file_id)
    return attachment(file, files.parts_of(connection, [file_id])[file_id])


def pass_on(
    connection: sa.Connection,
    file_id: str,
    rooms: tuple[str, str],
    user_id: str,
    now: datetime,
) -> Attachment:
    """Show what one room was shown to another: a file of its own over the same content.

    `rooms` is from where and to where; whether somebody may is for the caller.
    """
    there, here = rooms
    file = files.by_id(connection, file_id)
    if file is None or (file.state, file.room_id, file.attached) != ("ready", there, True):
        raise Refused("not_found", f"There is no file {file_id} to pass on.")
    copy = replace(file, id=new_id(now), room_id=here, user_id=user_id, created_at=now)
    parts = files.parts_of(connection, [file_id])[file_id]
    files.add(connection, copy)
    files.add_parts(connection, copy.id, parts.values())
    return attachment(copy, parts)


def attachment(file: File, parts: dict[str, Part]) -> Attachment:
    """What is shown of a file that is ready."""
    content = parts["content"]

    def address_of(part: str, address: addresses.Address) -> str | None:
        return address.path.format(file=file.id) if part in parts else None

    return Attachment(
        id=file.id,
        kind=file.kind,
        name=file.name,
        media_type=content.media_type,
        size=content.size,
        url=addresses.API_FILE_CONTENT.path.format(file=file.id),
        width=file.width,
        height=file.height,
        duration_ms=file.duration_ms,
        waveform=file.waveform,
        thumbnail=address_of("thumbnail", addresses.API_FILE_THUMBNAIL),
        poster=address_of("poster", addresses.API_FILE_POSTER),
    )


def within_reach(connection: sa.Connection, who: Person, file_id: str) -> File:
    """A file that somebody may see; Refused("not_found") for all others."""
    file = files.by_id(connection, file_id)
    if file is None:
        raise Refused("not_found")
    belonging(connection, who, file.room_id)
    if not file.attached and file.user_id != who.user.id:
        raise Refused("not_found")
    return file


class Files:
    """The service."""

    def __init__(self, store: Store, vault: Vault, now: Callable[[], datetime]) -> None:
        self._store = store
        self._vault = vault
        self._now = now

    async def page(
        self, who: Person, room_id: str, before: str, limit: int
    ) -> list[tuple[File, Attachment]]:
        """What the room was shown, newest first."""

        def work(connection: sa.Connection) -> list[tuple[File, Attachment]]:
            belonging(connection, who, room_id)
            found = files.page(connection, room_id, before, limit)
            parts = files.parts_of(connection, [file.id for file in found])
            return [(file, attachment(file, parts[file.id])) for file in found]

        return await self._store.read(work)

    async def find(self, who: Person, file_id: str, part: str) -> Stored:
        """A part of a file; Refused("not_found") for whoever may not, or if it has none such."""

        def work(connection: sa.Connection) -> Stored:
            file = within_reach(connection, who, file_id)
            found = files.parts_of(connection, [file_id]).get(file_id, {}).get(part)
            if found is None:
                raise Refused("not_found")
            return Stored(file, found)

        stored = await self._store.read(work)
        if not await self._vault.holds(stored.part.digest):
            log.error("files.content_missing", file=file_id, digest=stored.part.digest)
            raise Refused("not_found", "Its content is missing. Tell an administrator.")
        return stored

    async def waveform(self, who: Person, file_id: str) -> File:
        """A recording of sound; Refused("not_found") for anything else."""
        file = await self._store.read(lambda connection: within_reach(connection, who, file_id))
        if file.waveform is None:
            raise Refused("not_found")
        return file

    async def contents(self, file_ids: Sequence[str]) -> dict[str, Part]:
        """The content of each of the files that has one; who may have it is for the caller."""
        found: dict[str, Part] = {}
        for start in range(0, len(file_ids), files.BATCH):
            some = file_ids[start : start + files.BATCH]
            all_parts = await self._store.read(partial(files.parts_of, file_ids=some))
            for file_id, parts in all_parts.items():
                if await self._vault.holds(parts["content"].digest):
                    found[file_id] = parts["content"]
        return found

    def read(self, part: Part, start: int, length: int) -> AsyncIterator[bytes]:
        """A stretch of it, piece by piece."""
        return self._vault.read(part.digest, start, length)

    async def remove(self, who: Person, file_id: str) -> None:
        """Take a file back that no message shows; one that is shown goes with its message."""

        def work(connection: sa.Connection) -> list[str]:
            file = within_reach(connection, who, file_id)
            if file.attached:
                raise Refused("forbidden", "A message shows it. Delete that one.")
            parts = files.parts_of(connection, [file_id]).get(file_id, {})
            files.remove(connection, [file_id])
            return files.take_unreferenced(connection, [p.digest for p in parts.values()])

        await self.drop(await self._store.write(work))

    async def drop(self, digests: Iterable[str]) -> None:
        """Give back the room of contents that no file has any more."""
        for digest in digests:
            await self._vault.drop(digest)

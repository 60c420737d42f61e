"""Uploads: how files come in, piece by piece, and what becomes of those that do not come whole.

First the row, which holds the room that was asked for; then the draft, which grows; then, once
what came was opened by the inspector, the content in the vault; and with one commit the file is
ready.  Whatever a crash leaves of this, `sweep` finds.
"""

import asyncio
import shutil
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from signaling import config, health
from signaling.auth.identity import Person
from signaling.chores import over_and_over
from signaling.drafts import Drafts, Elsewhere, Held, TooMuch
from signaling.errors import Refused, Unavailable
from signaling.file_names import renamed, safe_name
from signaling.files import Attachment, Files, attachment, within_reach
from signaling.identifiers import new_id
from signaling.inspection import Inspector, Report
from signaling.quotas import refuse_beyond
from signaling.rooms import belonging, grants_of
from signaling.store import Store, files, rooms
from signaling.store.files import File, Part
from signaling.vault import Vault

log = structlog.get_logger()

# Half of the shortest time within which somebody expects a dead upload to be gone.
SWEEP_EVERY_S = 10.0
# Contents without a file are looked for less often, those without a row (a crash) least.
SHORT_SWEEPS_A_LONG_ONE = 360
# A content without a row may be one whose row is being written.
ORPHAN_AFTER_S = 600.0
SAVED_ONLY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to send; `unopened` leaves it as it is, only to be saved."""

    name: str
    size: int
    unopened: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a file is: bytes that came, and what it is once it is ready."""

    file: File
    received: int
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class _Content:
    """A part before and after it is in the vault."""

    part: str
    media_type: str
    content: Path | bytes


class Uploads:
    """The service."""

    def __init__(
        self,
        store: Store,
        files_: Files,
        *,
        vault: Vault,
        drafts: Drafts,
        inspector: Inspector,
        settings: config.Files,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._files = files_
        self._vault = vault
        self._drafts = drafts
        self._inspector = inspector
        self._settings = settings
        self._folder = folder
        self._now = now

    async def begin(self, who: Person, room_id: str, wish: Wish) -> File:
        """Announce a file; Refused if there is no room for it."""
        if wish.size > self._settings.largest_bytes:
            raise Refused("too_large", f"At most {self._settings.largest_bytes} bytes in a file.")
        await asyncio.to_thread(self._refuse_full_disk, wish.size)
        now = self._now()
        file = File(
            id=new_id(now),
            room_id=room_id,
            user_id=who.user.id,
            state="uploading",
            name=safe_name(wish.name),
            charged=wish.size,
            size=wish.size,
            unopened=wish.unopened,
            created_at=now,
        )

        def work(connection: sa.Connection) -> None:
            rooms.lock_row(connection, room_id)
            _, role = belonging(connection, who, room_id)
            if not grants_of(who, role).chat:
                raise Refused("forbidden", "Only those who may write send files.")
            refuse_beyond(connection, self._settings, (who.user.id, room_id), wish.size)
            files.add(connection, file)

        await self._store.write(work)
        return file

    async def standing(self, who: Person, file_id: str) -> Standing:
        """How far a file is, for those who may see it."""

        def work(connection: sa.Connection) -> Standing:
            file = within_reach(connection, who, file_id)
            parts = files.parts_of(connection, [file_id]).get(file_id)
            return Standing(file, file.size, attachment(file, parts) if parts else None)

        standing = await self._store.read(work)
        if standing.attachment is not None:
            return standing
        return Standing(standing.file, await self._drafts.size(file_id))

    async def receive(
        self, who: Person, file_id: str, start: int, pieces: AsyncIterable[bytes]
    ) -> Standing:
        """More of a file; what came before an interruption is kept, and the next goes on there."""
        file = await self._own(who, file_id)
        if file.state != "uploading":
            raise Refused("upload_conflict", "It is whole already.")
        try:
            return Standing(file, await self._drafts.append(file_id, start, pieces, file.size))
        except Held:
            raise Refused("upload_conflict", "Somebody else is sending it now.") from None
        except Elsewhere as error:
            raise Refused("upload_conflict", f"{error.size} bytes came so far.") from None
        except TooMuch:
            await self._give_up(file_id)
            raise Refused("upload_overrun", f"{file.size} bytes were announced.") from None

    async def finish(self, who: Person, file_id: str) -> Attachment:
        """Look at what came and make a file of it; once more is the same as once."""
        file = await self._own(who, file_id)
        if file.state == "ready":
            standing = await self.standing(who, file_id)
            assert standing.attachment is not None, "what is ready has a content"
            return standing.attachment
        try:
            async with self._drafts.whole(file_id) as draft:
                ready = await self._finish(file, draft)
        except Held:
            raise Refused("upload_conflict", "It is being sent or looked at.") from None
        await self._drafts.drop(file_id)
        return ready

    async def take(
        self, who: Person, room_id: str, wish: Wish, pieces: AsyncIterable[bytes]
    ) -> Attachment:
        """A file in one go; `wish.size` is the most that may come."""
        file = await self.begin(who, room_id, wish)
        try:
            came = await self.receive(who, file.id, 0, pieces)
            if came.received == 0:
                raise Refused("invalid", "The file is empty.")
            await self._store.write(partial(files.resize, file_id=file.id, size=came.received))
            return await self.finish(who, file.id)
        except BaseException:
            await self._give_up(file.id)
            raise

    async def remove(self, who: Person, file_id: str) -> None:
        """Take a file back, whole or half-way in."""
        await self._files.remove(who, file_id)
        await self._drafts.drop(file_id)

    async def watch(self) -> None:
        """Sweep for as long as Candor runs."""
        turns = count()

        async def turn() -> None:
            await self.sweep(thorough=next(turns) % SHORT_SWEEPS_A_LONG_ONE == 0)

        await over_and_over(SWEEP_EVERY_S, turn, "uploads.not_swept")

    async def sweep(self, *, thorough: bool, orphan_after_s: float = ORPHAN_AFTER_S) -> None:
        """Remove what nobody will finish, show or ask for; `thorough` also what a crash left."""
        await self._sweep_uploads()
        before = self._now() - timedelta(hours=self._settings.unsent_hours)
        await self._store.write(lambda connection: files.remove_unsent(connection, before))
        if gone := await self._store.read(files.shown_no_more):
            await self._store.write(lambda connection: files.remove(connection, gone))
        while digests := await self._store.read(files.unreferenced):
            await self._files.drop(
                await self._store.write(partial(files.take_unreferenced, digests=digests))
            )
        if thorough:
            await self._sweep_vault(orphan_after_s)

    async def _sweep_uploads(self) -> None:
        seconds = self._settings.resume_seconds
        idle = set(await self._drafts.left_for(seconds))
        busy = set(await self._drafts.names()) - idle
        limit = self._now() - timedelta(seconds=seconds)
        begun = await self._store.read(files.uploading)
        dead = [file.id for file in begun if file.created_at < limit and file.id not in busy]
        if dead:
            await self._store.write(lambda connection: files.remove(connection, dead))
            log.info("uploads.given_up", count=len(dead))
        alive = {file.id for file in begun} - set(dead)
        for name in idle - alive:
            await self._drafts.drop(name)

    async def _sweep_vault(self, orphan_after_s: float) -> None:
        kept = await self._vault.older_than(orphan_after_s)
        for start in range(0, len(kept), files.BATCH):
            some = kept[start : start + files.BATCH]
            known = await self._store.read(partial(files.known, digests=some))
            await self._files.drop(digest for digest in some if digest not in known)

    async def _own(self, who: Person, file_id: str) -> File:
        """One's own file; Refused("not_found") for somebody else's."""

        def work(connection: sa.Connection) -> File:
            file = within_reach(connection, who, file_id)
            if file.user_id != who.user.id:
                raise Refused("not_found")
            return file

        return await self._store.read(work)

    async def _finish(self, file: File, draft: Path) -> Attachment:
        came = await self._drafts.size(file.id)
        if came != file.size:
            raise Refused("upload_conflict", f"{came} of {file.size} bytes came so far.")
        try:
            bare, report = self._drafts.beside(file.id), None
            if not file.unopened:
                await asyncio.to_thread(self._refuse_full_disk, file.size)
                report = await self._inspector.inspect(draft, bare)
            kind = report.kind if report else "file"
            if kind not in self._settings.kinds:
                raise Refused("file_refused", f"Here nobody sends files of this kind: {kind}.")
        except Refused:
            await self._give_up(file.id)
            raise
        return await self._make_ready(file, report, list(_contents(draft, bare, report)))

    async def _make_ready(
        self, file: File, report: Report | None, contents: list[_Content]
    ) -> Attachment:
        parts = [await self._keep(content) for content in contents]
        ready = await self._make_ready_row(file, _values(file, report, parts, self._now()), parts)
        for part, content in zip(parts, contents, strict=True):
            # Somebody may have removed the last other file of it just before our commit.
            if not await self._vault.holds(part.digest):
                await self._keep(content)
        return attachment(ready, {part.part: part for part in parts})

    async def _make_ready_row(self, file: File, values: dict[str, Any], parts: list[Part]) -> File:
        def work(connection: sa.Connection) -> File | None:
            if not files.make_ready(connection, file.id, values, parts):
                return None
            return files.by_id(connection, file.id)

        ready = await self._store.write(work)
        if ready is None:
            raise Refused("not_found", "It was taken back meanwhile.")
        return ready

    async def _keep(self, content: _Content) -> Part:
        kept = await self._vault.keep(content.content)
        return Part(content.part, kept.digest, kept.size, content.media_type)

    async def _give_up(self, file_id: str) -> None:
        await self._store.write(lambda connection: files.remove(connection, [file_id]))
        await self._drafts.drop(file_id)

    def _refuse_full_disk(self, size: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < health.LEAST_DISK_BYTES + size:
            raise Unavailable("storage_full", f"{free} bytes free for a file of {size}")


def _contents(draft: Path, bare: Path, report: Report | None) -> Iterable[_Content]:
    """What a file will consist of; `bare` is a recording without what else its file said."""
    if report is None:
        yield _Content("content", SAVED_ONLY, draft)
        return
    yield _Content("content", report.media_type, report.content or bare)
    for part, preview in (("thumbnail", report.thumbnail), ("poster", report.poster)):
        if preview is not None:
            yield _Content(part, "image/webp", preview)


def _values(file: File, report: Report | None, parts: list[Part], now: datetime) -> dict[str, Any]:
    """What the row says of a file that is ready."""
    values: dict[str, Any] = {
        "kind": "file",
        "size": parts[0].size,
        "charged": sum(part.size for part in parts),
        "ready_at": now,
    }
    if report is None:
        return values
    if report.kind == "image":
        values["name"] = renamed(file.name, ".webp")
    return values | {
        "kind": report.kind,
        "width": report.width,
        "height": report.height,
        "duration_ms": report.duration_ms,
        "waveform": report.waveform,
    }

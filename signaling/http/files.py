"""Files over HTTP: announced, sent in pieces, finished, fetched whole or in part."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.errors import Refused
from signaling.file_names import disposition
from signaling.files import Attachment, Files, Stored
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Incoming, Outgoing, Route
from signaling.http.ranges import Span, Unsatisfiable, span_of
from signaling.http.responses import error_body
from signaling.uploads import Standing, Uploads, Wish

PIECES = ("application/offset+octet-stream", "application/octet-stream")
# Whoever is sent away from a room, or a file that is taken back, is noticed at once.
OF_CONTENT = "private, no-cache"
OF_PREVIEW = "private, max-age=600"
LARGEST = 2**53


class FileWish(fields.Body, frozen=True):
    """What somebody wants to send."""

    name: Annotated[str, Meta(max_length=20_000, description="only its last part is kept")]
    size: Annotated[int, Meta(ge=1, le=LARGEST, description="in bytes, exactly")]
    unopened: bool = False
    """Leave it as it is: it can only be saved, and no preview is made."""


class FileShown(msgspec.Struct, frozen=True):
    """A file on its way in, or ready."""

    id: str
    room: str
    sender: str
    state: Literal["uploading", "ready"]
    name: str
    size: int
    received: int
    """How many bytes came: the next go behind them."""
    created_at: datetime
    attachment: Attachment | None
    """What a message will show; null until it is ready."""


class FilesPage(msgspec.Struct, frozen=True):
    """Files that a room was shown, newest first."""

    files: list[FileShown]
    next: str | None


class Offset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the piece goes: how many bytes the server has."""

    offset: Annotated[int, Meta(ge=0, le=LARGEST)]


class Saved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`download=1` has a browser save what it could show."""

    download: Literal["", "0", "1"] = ""


class Waveform(msgspec.Struct, frozen=True):
    """Loudness over time, from 0 to 100."""

    peaks: list[int]
    duration_ms: int


class FileRoutes:
    """Thin over Uploads and Files."""

    def __init__(self, uploads: Uploads, files: Files) -> None:
        self._uploads = uploads
        self._files = files

    def routes(self) -> tuple[Route, ...]:
        return (*self._of_uploads(), *self._of_contents())

    def _of_uploads(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.API_ROOM_FILES,
                self.begin,
                "Announce a file for a room; its bytes follow",
                Allow.GUEST,
                body=FileWish,
                answer=FileShown,
                status=201,
                refusals=("not_found", "forbidden", "quota_full"),
            ),
            Route(
                "GET",
                addresses.API_ROOM_FILES,
                self.page,
                "Files that the room was shown, newest first",
                Allow.GUEST,
                query=fields.Page,
                answer=FilesPage,
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_FILE,
                self.show,
                "How far a file is, also by HEAD, and what it is once it is ready",
                Allow.GUEST,
                answer=FileShown,
                refusals=("not_found",),
            ),
            Route(
                "PATCH",
                addresses.API_FILE,
                self.receive,
                "Send the next piece of a file, as large as one likes",
                Allow.GUEST,
                body=Incoming,
                query=Offset,
                accepts=PIECES,
                answer=FileShown,
                refusals=("not_found", "upload_conflict", "upload_overrun"),
            ),
            Route(
                "POST",
                addresses.API_FILE_FINISH,
                self.finish,
                "Have a file looked at once all of it came",
                Allow.GUEST,
                answer=Attachment,
                refusals=("not_found", "upload_conflict", "file_refused"),
            ),
            Route(
                "DELETE",
                addresses.API_FILE,
                self.remove,
                "Cancel an upload, or take a file back",
                Allow.GUEST,
                status=204,
                refusals=("not_found", "forbidden"),
            ),
        )

    def _of_contents(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_FILE_CONTENT,
                self.content,
                "A file's content, whole or a range of it",
                Allow.GUEST,
                query=Saved,
                answer=Outgoing,
                returns="application/octet-stream",
                refusals=("not_found", "bad_range"),
            ),
            Route(
                "GET",
                addresses.API_FILE_THUMBNAIL,
                self.thumbnail,
                "A small picture of an image or video",
                Allow.GUEST,
                answer=Outgoing,
                returns="image/webp",
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_FILE_POSTER,
                self.poster,
                "A video's picture, to be shown until it plays",
                Allow.GUEST,
                answer=Outgoing,
                returns="image/webp",
                refusals=("not_found",),
            ),
            Route(
                "GET",
                addresses.API_FILE_WAVEFORM,
                self.waveform,
                "A recording's loudness over time",
                Allow.GUEST,
                answer=Waveform,
                refusals=("not_found",),
            ),
        )

    async def begin(self, call: Call) -> Answer:
        wish = Wish(call.body.name, call.body.size, call.body.unopened)
        file = await self._uploads.begin(call.person, call.path["room"], wish)
        return Answer(_shown(Standing(file, 0)), 201)

    async def page(self, call: Call) -> Answer:
        found = await self._files.page(
            call.person, call.path["room"], call.query.cursor, call.query.limit
        )
        shown = [_shown(Standing(file, file.size, attached)) for file, attached in found]
        more = len(found) == call.query.limit
        return Answer(FilesPage(shown, found[-1][0].id if more else None))

    async def show(self, call: Call) -> Answer:
        return _standing(await self._uploads.standing(call.person, call.path["file"]))

    async def receive(self, call: Call) -> Answer:
        return _standing(
            await self._uploads.receive(
                call.person, call.path["file"], call.query.offset, call.body.pieces
            )
        )

    async def finish(self, call: Call) -> Answer:
        return Answer(await self._uploads.finish(call.person, call.path["file"]))

    async def remove(self, call: Call) -> Answer:
        await self._uploads.remove(call.person, call.path["file"])
        return NOTHING

    async def content(self, call: Call) -> Answer:
        stored = await self._files.find(call.person, call.path["file"], "content")
        inline = stored.file.kind != "file" and call.query.download != "1"
        named = disposition(stored.file.name, inline=inline)
        headers = {"Content-Disposition": named, "Cache-Control": OF_CONTENT}
        return self._sent(call, stored, headers | {"Accept-Ranges": "bytes"})

    async def thumbnail(self, call: Call) -> Answer:
        return await self._preview(call, "thumbnail")

    async def poster(self, call: Call) -> Answer:
        return await self._preview(call, "poster")

    async def waveform(self, call: Call) -> Answer:
        file = await self._files.waveform(call.person, call.path["file"])
        return Answer(Waveform(file.waveform, file.duration_ms or 0))

    async def _preview(self, call: Call, part: str) -> Answer:
        stored = await self._files.find(call.person, call.path["file"], part)
        return self._sent(call, stored, {"Cache-Control": OF_PREVIEW})

    def _sent(self, call: Call, stored: Stored, headers: dict[str, str]) -> Answer:
        """The part of it that is asked for; a file never changes, so its name is its version."""
        size, tag = stored.part.size, f'"{stored.file.id}"'
        headers["ETag"] = tag
        if tag in call.wanted.if_none_match.split(", "):
            return Answer(status=304, headers=headers)
        ranged = headers.get("Accept-Ranges") and call.wanted.if_range in ("", tag)
        try:
            span = span_of(call.wanted.range, size) if ranged else None
        except Unsatisfiable:
            refused = error_body(Refused("bad_range"))
            return Answer(refused, 416, {"Content-Range": f"bytes */{size}"})
        if span is not None:
            headers["Content-Range"] = span.content_range()
        return self._outgoing(stored, span or Span(0, size, size), headers, partial=bool(span))

    def _outgoing(
        self, stored: Stored, span: Span, headers: dict[str, str], *, partial: bool
    ) -> Answer:
        pieces = self._files.read(stored.part, span.start, span.length)
        body = Outgoing(stored.part.media_type, span.length, pieces)
        return Answer(body, 206 if partial else 200, headers)


def _standing(standing: Standing) -> Answer:
    """What a client that was cut off asks with HEAD stands in the headers, too."""
    headers = {
        "Upload-Offset": str(standing.received),
        "Upload-Length": str(standing.file.size),
    }
    return Answer(_shown(standing), headers=headers)


def _shown(standing: Standing) -> FileShown:
    file = standing.file
    return FileShown(
        id=file.id,
        room=file.room_id,
        sender=file.user_id,
        state="ready" if file.state == "ready" else "uploading",
        name=file.name,
        size=file.size,
        received=standing.received,
        created_at=file.created_at,
        attachment=standing.attachment,
    )

"""A file and its message in one form: how older clients send images, voice, video and files."""

import hashlib
from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec

from signaling import addresses
from signaling.addresses import Address
from signaling.chat import Chat, Draft
from signaling.chat.posting import Posted
from signaling.errors import Refused
from signaling.files import Attachment
from signaling.http import chat_shown
from signaling.http.call import Allow, Answer, Call, Filled, Form, Handler, Route
from signaling.http.chat import SAYING, PostedShown
from signaling.http.chat_shown import ClientId, MessageId, Text
from signaling.rooms import Rooms
from signaling.uploads import Uploads, Wish

FORM = ("multipart/form-data",)


class FileMessage(msgspec.Struct, frozen=True):
    """The fields in front of the file; `content` is an older name of text."""

    text: Text = ""
    content: Text = ""
    client_id: ClientId = ""
    reply_to: MessageId | None = None


class SendingRoutes:
    """Thin over Uploads and Chat."""

    def __init__(self, rooms: Rooms, uploads: Uploads, chat: Chat) -> None:
        self._rooms = rooms
        self._uploads = uploads
        self._chat = chat

    def routes(self) -> tuple[Route, ...]:
        return (
            self._route(addresses.API_CHAT_ROOM_SEND_IMAGE, "image", "Send an image"),
            self._route(addresses.API_CHAT_ROOM_SEND_AUDIO, "voice", "Send a recording"),
            self._route(addresses.API_CHAT_ROOM_SEND_VIDEO, "video", "Send a video"),
            self._route(addresses.API_CHAT_ROOM_SEND_FILE, "file", "Send a file, only to be saved"),
        )

    def _route(self, address: Address, kind: str, summary: str) -> Route:
        return Route(
            "POST",
            address,
            self._handler(kind),
            f"{summary} with a form: its file last",
            Allow.GUEST,
            body=Form,
            accepts=FORM,
            answer=PostedShown,
            status=201,
            refusals=(*SAYING, "file_refused", "quota_full", "upload_overrun", "upload_conflict"),
            replayable=False,
        )

    def _handler(self, kind: str) -> Handler:
        async def send(call: Call) -> Answer:
            return await self._send(call, kind)

        return send

    async def _send(self, call: Call, kind: str) -> Answer:
        who, room_id = call.person, call.path["room"]
        await self._rooms.find(who, room_id)
        form: Form = call.body
        filled = await form.open()
        said = _said(filled)
        wish = Wish(filled.name, form.most_bytes, unopened=kind == "file")
        digest = hashlib.sha256(filled.name.encode())
        pieces = _digested(filled.pieces, digest)
        attached = await self._uploads.take(who, room_id, wish, pieces)
        try:
            posted = await self._post(call, said, attached, kind, digest.hexdigest())
        except Refused:
            await self._uploads.remove(who, attached.id)
            raise
        if posted.again:
            await self._uploads.remove(who, attached.id)
        return Answer(PostedShown(chat_shown.message(posted.message), posted.again), 201)

    async def _post(
        self, call: Call, said: FileMessage, attached: Attachment, kind: str, digest: str
    ) -> Posted:
        if attached.kind != kind:
            raise Refused("file_refused", f"It is of another kind: {attached.kind}.")
        draft = Draft(
            client_id=said.client_id or uuid4().hex,
            kind=kind,
            text=said.text or said.content,
            file_id=attached.id,
            reply_to=said.reply_to,
            file_digest=digest,
        )
        return await self._chat.posting.post(call.who, call.path["room"], draft)


async def _digested(pieces: AsyncIterator[bytes], digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    """The same pieces; what they hold together is in `digest` once they came."""
    async for piece in pieces:
        digest.update(piece)
        yield piece


def _said(filled: Filled) -> FileMessage:
    try:
        return msgspec.convert(dict(filled.fields), FileMessage, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("invalid", str(error)[:300]) from None

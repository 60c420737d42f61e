"""Messages: sent, read page by page, edited, deleted, reacted to, pinned, passed on."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.addresses import Address
from signaling.auth.identity import person
from signaling.chat import Chat, Draft
from signaling.chat.posting import Posted
from signaling.errors import Refused
from signaling.http import chat_shown, fields
from signaling.http.call import Allow, Answer, Call, Handler, Route
from signaling.http.chat_shown import ClientId, Kind, MessageId, MessagesWanted, Text
from signaling.store.messages import Wanted

Mentions = Annotated[tuple[fields.Id, ...], Meta(max_length=50)]
SAYING = (
    "not_found",
    "forbidden",
    "message_too_long",
    "message_differs",
    "message_gone",
    "room_read_only",
    "slow_mode",
    "blocked",
)
CHANGING = ("not_found", "forbidden", "message_gone")


class RoomMessage(fields.Body, frozen=True):
    """What to say in a room; `content` and `message_type` are older names of text and kind."""

    text: Text = ""
    content: Text = ""
    kind: Kind = "text"
    message_type: Kind | None = None
    client_id: ClientId = ""
    file: fields.Id | None = None
    reply_to: MessageId | None = None
    mentions: Mentions = ()


class NewMessage(RoomMessage, frozen=True, rename={"user": "user_id", "room": "room_id"}):
    """What to say, and where: in a room, or to one person."""

    room: fields.RoomId = ""
    user: fields.Id = ""


class NewText(fields.Body, frozen=True):
    """What the message shall say."""

    text: Text


class ReactionWanted(fields.Body, frozen=True):
    """One symbol; `on` false takes it back."""

    emoji: Annotated[str, Meta(min_length=1, max_length=64)]
    on: bool = True


class ForwardWanted(fields.Body, frozen=True):
    """Where to say it again."""

    room_id: fields.RoomId
    client_id: ClientId = ""


class PostedShown(msgspec.Struct, frozen=True):
    """The message, on the disk; `again` if it was there before, under the same client_id."""

    message: chat_shown.MessageShown
    again: bool


class EditShown(msgspec.Struct, frozen=True):
    """What a message said until then."""

    text: str
    edited_at: datetime
    edited_by: str


class EditList(msgspec.Struct, frozen=True):
    """What a message said before, oldest first."""

    edits: list[EditShown]


class MessageList(msgspec.Struct, frozen=True):
    """Messages."""

    messages: list[chat_shown.MessageShown]


class ChatRoutes:
    """Thin over Chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def routes(self) -> tuple[Route, ...]:
        return (
            _say(addresses.API_CHAT_MESSAGES, self.send, "Say something", NewMessage),
            _say(addresses.API_CHAT_ROOM_SEND, self.send_in_room, "Say it in a room", RoomMessage),
            _say(
                addresses.API_CHAT_MESSAGE_FORWARD,
                self.forward,
                "Pass a message on to another room",
                ForwardWanted,
            ),
            _list("GET", addresses.API_CHAT_MESSAGES, self.list_all, "Messages of one's rooms"),
            _list("GET", addresses.API_CHAT_ROOM_MESSAGES, self.list_room, "Messages of a room"),
            # Older clients ask for a page by POST.
            _list("POST", addresses.API_CHAT_ROOM_MESSAGES, self.list_room, "The same by POST"),
            Route(
                "GET",
                addresses.API_CHAT_MESSAGE,
                self.show,
                "One message",
                Allow.HOLDER,
                answer=chat_shown.MessageShown,
                refusals=("not_found", "forbidden"),
            ),
            Route(
                "GET",
                addresses.API_CHAT_MESSAGE_EDITS,
                self.list_edits,
                "What a message said before",
                Allow.HOLDER,
                answer=EditList,
                refusals=CHANGING,
            ),
            Route(
                "GET",
                addresses.API_CHAT_ROOM_PINS,
                self.list_pins,
                "The room's pinned messages",
                Allow.HOLDER,
                answer=MessageList,
                refusals=("not_found", "forbidden"),
            ),
            *self._changing_routes(),
        )

    def _changing_routes(self) -> tuple[Route, ...]:
        message = addresses.API_CHAT_MESSAGE
        pin = addresses.API_CHAT_MESSAGE_PIN
        return (
            _change("PATCH", message, self.edit, "Edit one's message", NewText),
            _change("DELETE", message, self.delete, "Delete a message"),
            _change(
                "POST", addresses.API_CHAT_ROOM_DELETE, self.delete, "Delete a message of a room"
            ),
            _change(
                "PUT",
                addresses.API_CHAT_MESSAGE_REACTION,
                self.react,
                "Answer with a symbol",
                ReactionWanted,
            ),
            _change("PUT", pin, self.pin, "Pin a message"),
            _change("DELETE", pin, self.unpin, "Unpin a message"),
        )

    async def send(self, call: Call) -> Answer:
        body: NewMessage = call.body
        if bool(body.room) == bool(body.user):
            raise Refused("invalid", "Name a room or a user, and not both.")
        if body.room:
            return _posted(await self._chat.posting.post(call.who, body.room, _draft(body)))
        who = person(call.who)
        if not who.at_least("caller"):
            raise Refused("forbidden", "Guests chat within their room.")
        return _posted(await self._chat.posting.post_direct(who, body.user, _draft(body)))

    async def send_in_room(self, call: Call) -> Answer:
        room = call.path["room"]
        return _posted(await self._chat.posting.post(call.who, room, _draft(call.body)))

    async def forward(self, call: Call) -> Answer:
        body: ForwardWanted = call.body
        client_id = body.client_id or uuid4().hex
        return _posted(
            await self._chat.posting.forward(
                call.who, call.path["message"], body.room_id, client_id
            )
        )

    async def list_all(self, call: Call) -> Answer:
        return await self._list(call, call.query.room_id)

    async def list_room(self, call: Call) -> Answer:
        if call.query.room_id or call.query.user_id:
            raise Refused("invalid", "The room is in the address already.")
        return await self._list(call, call.path["room"])

    async def _list(self, call: Call, room_id: str) -> Answer:
        query: MessagesWanted = call.query
        wanted, history = _wanted(query, room_id), self._chat.history
        if query.user_id:
            who = person(call.who)
            found = await history.with_person(who, query.user_id, wanted, query.limit)
        else:
            found = await history.page(call.who, wanted, query.limit)
        return Answer(chat_shown.page(found))

    async def show(self, call: Call) -> Answer:
        return Answer(
            chat_shown.shown(await self._chat.history.one(call.who, call.path["message"]))
        )

    async def list_edits(self, call: Call) -> Answer:
        found = await self._chat.history.edits(call.who, call.path["message"])
        edits = [EditShown(e.text, e.edited_at, e.edited_by) for e in found]
        return Answer(EditList(edits))

    async def list_pins(self, call: Call) -> Answer:
        found = await self._chat.history.pinned(call.who, call.path["room"])
        return Answer(MessageList([chat_shown.shown(each) for each in found]))

    async def edit(self, call: Call) -> Answer:
        message = call.path["message"]
        await self._chat.changing.edit(call.who, message, call.body.text)
        return await self.show(call)

    async def delete(self, call: Call) -> Answer:
        await self._refuse_other_room(call)
        address = call.device.address
        await self._chat.changing.delete(call.who, call.path["message"], address)
        return await self.show(call)

    async def react(self, call: Call) -> Answer:
        body: ReactionWanted = call.body
        message = call.path["message"]
        await self._chat.changing.react(call.who, message, body.emoji, on=body.on)
        return await self.show(call)

    async def pin(self, call: Call) -> Answer:
        await self._chat.changing.pin(call.who, call.path["message"], on=True)
        return await self.show(call)

    async def unpin(self, call: Call) -> Answer:
        await self._chat.changing.pin(call.who, call.path["message"], on=False)
        return await self.show(call)

    async def _refuse_other_room(self, call: Call) -> None:
        """An address that names the room as well leads to messages of that room only."""
        if "room" in call.path:
            found = await self._chat.history.one(call.who, call.path["message"])
            if found.message.room_id != call.path["room"]:
                raise Refused("not_found")


def _say(address: Address, handle: Handler, summary: str, body: type[msgspec.Struct]) -> Route:
    return Route(
        "POST",
        address,
        handle,
        summary,
        Allow.HOLDER,
        body=body,
        answer=PostedShown,
        status=201,
        refusals=SAYING,
        # client_id does what a key would do, and does it for good.
        replayable=False,
    )


def _list(method: str, address: Address, handle: Handler, summary: str) -> Route:
    return Route(
        method,
        address,
        handle,
        summary,
        Allow.HOLDER,
        query=MessagesWanted,
        answer=chat_shown.MessagePage,
        refusals=("not_found", "forbidden"),
    )


def _change(
    method: str,
    address: Address,
    handle: Handler,
    summary: str,
    body: type[msgspec.Struct] | None = None,
) -> Route:
    return Route(
        method,
        address,
        handle,
        summary,
        Allow.HOLDER,
        body=body,
        answer=chat_shown.MessageShown,
        refusals=(*CHANGING, "message_too_long"),
    )


def _draft(body: RoomMessage) -> Draft:
    if body.text and body.content:
        raise Refused("invalid", "text and content are the same; send one of them.")
    return Draft(
        # Without a name of the client's own, each request is a message of its own.
        client_id=body.client_id or uuid4().hex,
        kind=body.message_type or body.kind,
        text=body.text or body.content,
        file_id=body.file,
        reply_to=body.reply_to,
        mentions=body.mentions,
    )


def _wanted(query: MessagesWanted, room_id: str) -> Wanted:
    places = [each for each in (query.before, query.after, query.around) if each is not None]
    if len(places) > 1:
        raise Refused("invalid", "Of before, after and around, name one.")
    if places and not (room_id or query.user_id):
        raise Refused("invalid", "before, after and around are places of a room; name it.")
    if room_id and query.user_id:
        raise Refused("invalid", "Name a room or a user, and not both.")
    return Wanted(
        room_id=room_id,
        before=query.before,
        after=query.after,
        around=query.around,
        sender=query.sender,
        kind=query.kind or "",
        since=query.since,
        until=query.until,
        offset=(query.page - 1) * query.limit,
    )


def _posted(posted: Posted) -> Answer:
    return Answer(PostedShown(chat_shown.message(posted.message), posted.again), 201)

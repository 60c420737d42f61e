"""What is left to read: conversations, positions, and who has read what."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.chat import Chat
from signaling.chat.reading import Standstill
from signaling.errors import Refused
from signaling.http import chat_shown, fields
from signaling.http.call import Allow, Answer, Call, Route
from signaling.http.people import picture_of
from signaling.presence import Presence
from signaling.store.conversations import Conversation
from signaling.store.positions import Position

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ConversationShown(msgspec.Struct, frozen=True):
    """A room with its last message; `unread` and `mentions` count up to 1,000."""

    room: str
    title: str
    kind: str
    role: str
    last_sequence: int
    read: int
    unread: int
    mentions: int
    partner: str | None
    partner_name: str | None
    partner_avatar: str | None
    partner_status: str | None
    last: chat_shown.MessageShown | None


class ConversationPage(msgspec.Struct, frozen=True):
    """Rooms with the newest message first; `next` is the cursor of the following page."""

    conversations: list[ConversationShown]
    next: str | None


class ConversationsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the list."""

    cursor: Annotated[str, Meta(max_length=128, pattern=r"^[A-Za-z0-9._-]*$(?!\n)")] = ""
    limit: fields.Limit = 50


class ReadUpTo(fields.Body, frozen=True):
    """How far; left out, to the end."""

    sequence: chat_shown.Sequence | None = None


class PositionShown(msgspec.Struct, frozen=True):
    """How far somebody has got in a room."""

    user: str
    read: int
    read_at: datetime | None
    delivered: int
    delivered_at: datetime | None


class PositionList(msgspec.Struct, frozen=True):
    """How far everybody in the room has got."""

    positions: list[PositionShown]


class ReadShown(msgspec.Struct, frozen=True):
    """Where one is after reading, and what is left."""

    room: str
    read: int
    read_at: datetime | None
    unread: int
    mentions: int


class ReaderShown(msgspec.Struct, frozen=True):
    """Who has read a message, and when."""

    user: str
    read_at: datetime


class ReaderList(msgspec.Struct, frozen=True):
    """Who has read a message, first reader first."""

    readers: list[ReaderShown]


class ConversationRoutes:
    """Thin over Chat; who is there is asked of Presence."""

    def __init__(self, chat: Chat, presence: Presence) -> None:
        self._chat = chat
        self._presence = presence

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_CHAT_CONVERSATIONS,
                self.list_conversations,
                "One's rooms with last message and unread count",
                Allow.GUEST,
                query=ConversationsWanted,
                answer=ConversationPage,
            ),
            Route(
                "PUT",
                addresses.API_CHAT_MESSAGE_READ,
                self.read_message,
                "Have read everything up to a message",
                Allow.HOLDER,
                answer=ReadShown,
                refusals=("not_found", "forbidden"),
            ),
            *(
                Route(
                    method,
                    addresses.API_CHAT_ROOM_READ,
                    self.read,
                    "Have read a room" if method == "PUT" else "Have read a room (by POST)",
                    Allow.HOLDER,
                    body=ReadUpTo,
                    answer=ReadShown,
                    refusals=("not_found", "forbidden"),
                )
                for method in ("PUT", "POST")
            ),
            Route(
                "GET",
                addresses.API_CHAT_MESSAGE_READERS,
                self.list_readers,
                "Who has read a message",
                Allow.HOLDER,
                answer=ReaderList,
                refusals=("not_found", "forbidden"),
            ),
            Route(
                "GET",
                addresses.API_CHAT_ROOM_POSITIONS,
                self.list_positions,
                "How far everybody in the room has got",
                Allow.HOLDER,
                answer=PositionList,
                refusals=("not_found", "forbidden"),
            ),
        )

    async def list_conversations(self, call: Call) -> Answer:
        query: ConversationsWanted = call.query
        found = await self._chat.history.conversations(
            call.person, _place(query.cursor), query.limit + 1
        )
        kept = found[: query.limit]
        following = _cursor(kept[-1]) if len(found) > query.limit else None
        statuses = await self._presence.of([each.partner for each in kept if each.partner])
        shown = [_conversation(each, statuses.get(each.partner or "")) for each in kept]
        return Answer(ConversationPage(shown, following))

    async def read_message(self, call: Call) -> Answer:
        return _read(await self._chat.reading.read_message(call.who, call.path["message"]))

    async def read(self, call: Call) -> Answer:
        wanted: ReadUpTo = call.body
        sequence = 2**53 if wanted.sequence is None else wanted.sequence
        return _read(await self._chat.reading.read(call.who, call.path["room"], sequence))

    async def list_readers(self, call: Call) -> Answer:
        found = await self._chat.reading.readers(call.who, call.path["message"])
        return Answer(ReaderList([ReaderShown(each.user_id, each.read_at) for each in found]))

    async def list_positions(self, call: Call) -> Answer:
        found = await self._chat.reading.positions(call.who, call.path["room"])
        return Answer(PositionList([_position(each) for each in found]))


def _read(standstill: Standstill) -> Answer:
    position, unread = standstill.position, standstill.unread
    return Answer(
        ReadShown(
            room=standstill.room_id,
            read=position.read,
            read_at=position.read_at,
            unread=unread.messages if unread else 0,
            mentions=unread.mentions if unread else 0,
        )
    )


def _position(position: Position) -> PositionShown:
    return PositionShown(
        position.user_id,
        position.read,
        position.read_at,
        position.delivered,
        position.delivered_at,
    )


def _conversation(found: Conversation, partner_status: str | None) -> ConversationShown:
    partner, version = found.partner, found.partner_avatar_version
    return ConversationShown(
        room=found.room_id,
        title=found.title,
        kind=found.kind,
        role=found.role,
        last_sequence=found.last_sequence,
        read=found.read,
        unread=found.unread,
        mentions=found.mentions,
        partner=partner,
        partner_name=found.partner_name,
        partner_avatar=picture_of(partner, version) if partner and version else None,
        partner_status=partner_status,
        last=None if found.last is None else chat_shown.message(found.last),
    )


def _cursor(found: Conversation) -> str:
    """Where the list goes on: the moment by which it is ordered, and the room."""
    return f"{(found.newest_at - EPOCH) // timedelta(microseconds=1)}.{found.room_id}"


def _place(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    microseconds, _, room_id = cursor.partition(".")
    if not microseconds.isdecimal() or len(microseconds) > 17:  # noqa: PLR2004 (about the year 5000)
        raise Refused("invalid", "cursor: it is none of ours.")
    return EPOCH + timedelta(microseconds=int(microseconds)), room_id

"""How chat's values look to clients: the shapes that its addresses share."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from signaling.chat.history import Page, Shown
from signaling.http import fields
from signaling.store.messages import Message, Reaction

Kind = Literal["text", "emoji", "sticker", "image", "voice", "video", "file"]
# Measured in bytes and in characters as people count them where it is taken.
Text = Annotated[str, Meta(max_length=20_000, description="kept exactly as it comes")]
MessageId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]*$(?!\n)")]
ClientId = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]*$(?!\n)",
        description="the client's own name for the message: a retry with it changes nothing",
    ),
]
Sequence = Annotated[int, Meta(ge=0, le=2**53)]


class ReactionShown(msgspec.Struct, frozen=True):
    """One symbol, and who answered with it, first one first."""

    emoji: str
    users: list[str]


class MessageShown(msgspec.Struct, frozen=True):
    """A message; a deleted one has no text and no file."""

    id: str
    room: str
    sequence: int
    sender: str
    client_id: str
    kind: str
    text: str
    posted_at: datetime
    file: dict[str, Any] | None
    reply_to: str | None
    mentions: list[str]
    forwarded_from: str | None
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by: str | None
    pinned_at: datetime | None
    pinned_by: str | None
    reactions: list[ReactionShown]
    read_by: int


class MessagePage(msgspec.Struct, frozen=True):
    """Messages, oldest first; `more` says whether there are others in the direction asked for."""

    messages: list[MessageShown]
    more: bool


class MessagesWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages; what is left out does not matter.  `before`, `after` and `around` are
    sequences of a room; without one of them the newest come, and `page` counts back from there."""

    room_id: fields.RoomId = ""
    user_id: fields.Id = ""
    sender: fields.Id = ""
    kind: Kind | None = None
    before: Sequence | None = None
    after: Sequence | None = None
    around: Sequence | None = None
    since: fields.UtcMoment | None = None
    until: fields.UtcMoment | None = None
    page: Annotated[int, Meta(ge=1, le=1000)] = 1
    limit: fields.Limit = 50


def message(message: Message, reactions: Iterable[Reaction] = (), read_by: int = 0) -> MessageShown:
    """As a client sees it."""
    gone = message.deleted_at is not None
    return MessageShown(
        id=message.id,
        room=message.room_id,
        sequence=message.sequence,
        sender=message.sender,
        client_id=message.client_id,
        kind=message.kind,
        text="" if gone else message.text,
        posted_at=message.posted_at,
        file=None if gone or message.file is None else dict(message.file),
        reply_to=message.reply_to,
        mentions=list(message.mentions),
        forwarded_from=message.forwarded_from,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        deleted_by=message.deleted_by,
        pinned_at=message.pinned_at,
        pinned_by=message.pinned_by,
        reactions=_gathered(reactions),
        read_by=read_by,
    )


def shown(found: Shown) -> MessageShown:
    return message(found.message, found.reactions, found.read_by)


def page(found: Page) -> MessagePage:
    return MessagePage([shown(each) for each in found.messages], found.more)


def _gathered(reactions: Iterable[Reaction]) -> list[ReactionShown]:
    by_emoji: dict[str, list[str]] = {}
    for each in reactions:
        by_emoji.setdefault(each.emoji, []).append(each.user_id)
    return [ReactionShown(emoji, users) for emoji, users in by_emoji.items()]

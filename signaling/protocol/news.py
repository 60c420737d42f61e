"""What the server tells of its own accord: rooms, media, chat, matches, and itself."""

from datetime import datetime
from typing import Any

import msgspec

from signaling.protocol.shapes import Telling


class Happened(Telling, frozen=True):
    """What is said of any event: where, which in its room's stream, what, by whom and when."""

    room: str
    sequence: int
    kind: str
    actor: str
    at: datetime
    body: dict[str, Any]


class Event(Happened, frozen=True):
    """Something happened in the room. `sequence` has no gaps; whoever was away says the last one
    that they saw in `enter.after`."""


class Section(msgspec.Struct, frozen=True):
    """What a section of an offer carries: whose, and which of theirs."""

    mid: str
    identity: str
    source: str
    kind: str
    codec: str


class Notice(Happened, frozen=True):
    """An event of a room in which this client is not, because it names this person: a call that
    rings, was answered on another device or is over (`call.…`), being let in, made a moderator or
    sent away (`member.…`). Notices have gaps; the room's stream has them all."""


class PresenceNews(Telling, frozen=True):
    """Somebody of a common room is `online`, `busy`, `away` or `offline` from now on."""

    identity: str
    status: str
    seen_at: datetime


class Offer(Telling, frozen=True):
    """An SDP offer that has to be answered by `answer` before the next one comes."""

    media: str
    sdp: str
    sections: tuple[Section, ...]


class TrackNews(Telling, frozen=True):
    """Why a track is shown as it is; the reasons are those of the page on media."""

    media: str
    mid: str
    reason: str
    height: int


class SpeakerNews(Telling, frozen=True):
    """Who is heard most; null for nobody."""

    identity: str | None


class EncodingsWanted(Telling, frozen=True):
    """Which encodings of a track that this client sends anybody has use for."""

    media: str
    mid: str
    rids: tuple[str, ...]


class Quality(Telling, frozen=True):
    """How a connection is: `connecting`, `connected`, `quiet`, `failed` or `closed`."""

    media: str
    state: str


class MediaLost(Telling, frozen=True):
    """The media process of a connection has died. Publish or watch again at once."""

    media: str


class Receipt(Telling, frozen=True):
    """How far somebody in the room has got; told while it happens, and found again at the address
    of the room's positions."""

    room: str
    identity: str
    read: int
    read_at: datetime | None
    delivered: int
    delivered_at: datetime | None


class UnreadNews(Telling, frozen=True):
    """What is left to read in a room of this person's, up to 1,000 messages; told within a second
    to devices that are elsewhere, and to all when something was read."""

    room: str
    last_sequence: int
    read: int
    unread: int
    mentions: int


class TypingNews(Telling, frozen=True):
    """Somebody in the room writes something; forget it after a few seconds."""

    room: str
    identity: str
    on: bool


class Partner(msgspec.Struct, frozen=True):
    """Whom one was matched with, or is proposed to."""

    identity: str
    name: str


class MatchNews(Telling, frozen=True):
    """What became of one's wait to be matched, on all of one's devices. `kind` is `number` or
    `heart-link`; `state` is `waiting`, `proposed`, `accepted`, `matched` (`room` says where the two
    meet), `cancelled` or `expired`. It expires at `expires_at` if nothing comes of it."""

    kind: str
    state: str
    number: str | None
    expires_at: datetime
    room: str | None
    partner: Partner | None


class System(Telling, frozen=True):
    """A message from those who run this server; pages show it until it is closed."""

    text: str


class Command(Telling, frozen=True):
    """A command from an administrator."""

    command: str
    arguments: dict[str, Any]


class Bye(Telling, frozen=True):
    """The server closes this socket, and is back after so many seconds."""

    seconds: float
    reason: str

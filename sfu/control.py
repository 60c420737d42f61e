"""The seam between whoever manages calls and a media process: typed messages over a unix socket.

Commands go down, events and replies come up; no packet, key or socket crosses.  Knows messages
and framing.  It refuses to know what a command does.
"""

import asyncio
from typing import Generic, TypeVar

import msgspec

from sfu.router import RoomStatistics
from sfu.subscriber import ViewerWishes
from sfu.tap import TapStatistics

MAX_MESSAGE_BYTES = 16 << 20
# What may wait to be written; a reader this far behind is not reading.
MAX_WAITING_BYTES = 32 << 20
_LENGTH_BYTES = 4


# --- down ---


class Publish(msgspec.Struct, frozen=True, tag=True):
    """Take a publisher into a room, which opens with its first session.

    `tapped`: whoever listens to the tap may have its frames.
    """

    request: int
    room: str
    session: str
    identity: str
    offer: str
    tapped: bool = False


class Subscribe(msgspec.Struct, frozen=True, tag=True):
    """Take a viewer of one publisher, or of all of a room, newest first."""

    request: int
    room: str
    session: str
    identity: str
    offer: str
    publisher: str | None


class Close(msgspec.Struct, frozen=True, tag=True):
    """End a session; one that is not there has ended already."""

    request: int
    session: str


class Watch(msgspec.Struct, frozen=True, tag=True):
    """Take a viewer to whom we offer: what one publisher sends, or all of a room."""

    request: int
    room: str
    session: str
    identity: str
    publisher: str | None


class Renew(msgspec.Struct, frozen=True, tag=True):
    """Offer anew what a viewer can watch by now; with `restart`, under new ICE credentials."""

    request: int
    session: str
    restart: bool = False


class Accept(msgspec.Struct, frozen=True, tag=True):
    """A viewer's answer to the last offer."""

    request: int
    session: str
    answer: str


class Restart(msgspec.Struct, frozen=True, tag=True):
    """New ICE credentials for a client that asks by an offer, or by a fragment of one.

    The reply answers in kind.  Keys and tracks stay as they are.
    """

    request: int
    session: str
    description: str


class SetWishes(msgspec.Struct, frozen=True, tag=True):
    """What a viewer has use for from now on."""

    request: int
    session: str
    wishes: ViewerWishes


class Silence(msgspec.Struct, frozen=True, tag=True):
    """Forward nothing of these tracks of a publisher, and all of its others."""

    request: int
    session: str
    mids: tuple[str, ...]


class SetTapped(msgspec.Struct, frozen=True, tag=True):
    """Whoever listens to the tap may have these tracks of a publisher, and none of its others."""

    request: int
    session: str
    mids: tuple[str, ...]


class TakeStatistics(msgspec.Struct, frozen=True, tag=True):
    """Of one room, or of all."""

    request: int
    room: str | None = None


Command = (
    Publish
    | Subscribe
    | Watch
    | Renew
    | Accept
    | Restart
    | SetWishes
    | Silence
    | SetTapped
    | Close
    | TakeStatistics
)


# --- up: replies ---


class Answered(msgspec.Struct, frozen=True, tag=True):
    """`notes` says in words what of an offer could not be served."""

    request: int
    answer: str
    notes: tuple[str, ...] = ()


class OfferedSource(msgspec.Struct, frozen=True):
    """What a section of an offer carries: whose track, and which of theirs."""

    mid: str
    session: str
    identity: str
    source: str
    """The MID of the publisher's own connection."""
    kind: str
    codec: str


class Offered(msgspec.Struct, frozen=True, tag=True):
    """`sources` are those that the offer carries."""

    request: int
    offer: str
    sources: tuple[OfferedSource, ...]


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """`notes` says in words what the viewer cannot take."""

    request: int
    notes: tuple[str, ...]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """`code` is a key of `engine`'s table of errors."""

    request: int
    code: str
    message: str


class Done(msgspec.Struct, frozen=True, tag=True):
    request: int


class TransportStatistics(msgspec.Struct, frozen=True):
    room: str
    identity: str
    state: str
    heard_age_s: float
    drops: dict[str, int]


class WorkerStatistics(msgspec.Struct, frozen=True):
    """The truth about one process; transports are by session, rooms by name."""

    drops: dict[str, int]
    transports: dict[str, TransportStatistics]
    rooms: dict[str, RoomStatistics]
    tap: TapStatistics | None = None


class StatisticsTaken(msgspec.Struct, frozen=True, tag=True):
    request: int
    statistics: WorkerStatistics


Reply = Answered | Offered | Accepted | Refused | Done | StatisticsTaken


# --- up: events ---


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The first message of a process: it listens."""

    worker: str
    process_id: int
    hosts: tuple[str, ...]
    port: int


class SessionChanged(msgspec.Struct, frozen=True, tag=True):
    """`failed` and `closed` are the last that is heard of a session."""

    room: str
    session: str
    identity: str
    state: str


class PublisherCame(msgspec.Struct, frozen=True, tag=True):
    """Its media can be watched."""

    room: str
    session: str
    identity: str


class PublisherLeft(msgspec.Struct, frozen=True, tag=True):
    room: str
    session: str
    identity: str


class PictureSize(msgspec.Struct, frozen=True, tag=True):
    """A key frame was seen, the first or one of another size; `rid` names one of several."""

    room: str
    session: str
    mid: str
    rid: str
    width: int
    height: int


class SpeakerChanged(msgspec.Struct, frozen=True, tag=True):
    """Who is heard most; None: nobody who is still here."""

    room: str
    session: str | None
    identity: str | None


class EncodingsWanted(msgspec.Struct, frozen=True, tag=True):
    """Which encodings of a publisher's track anybody has use for; the others may stop."""

    room: str
    session: str
    identity: str
    mid: str
    rids: tuple[str, ...]


class TrackChanged(msgspec.Struct, frozen=True, tag=True):
    """Why a viewer gets what it gets of a track; `height` is of the picture that it gets."""

    room: str
    session: str
    identity: str
    mid: str
    reason: str
    height: int


Event = (
    Ready
    | SessionChanged
    | PublisherCame
    | PublisherLeft
    | PictureSize
    | SpeakerChanged
    | EncodingsWanted
    | TrackChanged
)
Report = Reply | Event

Received = TypeVar("Received")

commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
reports: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


class Channel(Generic[Received]):
    """One end of the socket; it receives what its decoder knows."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        decoder: msgspec.msgpack.Decoder[Received],
    ) -> None:
        self._reader, self._writer = streams
        self._decoder = decoder

    async def receive(self) -> Received | None:
        """The next message; None at the end, whichever way it came."""
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "big")
            if length > MAX_MESSAGE_BYTES:
                return None
            return self._decoder.decode(await self._reader.readexactly(length))
        except (
            asyncio.IncompleteReadError,
            ConnectionError,
            msgspec.MsgspecError,
            UnicodeDecodeError,
        ):
            return None

    def send(self, message: Command | Report) -> None:
        """Send without waiting; the channel ends if the other side does not read."""
        if self._writer.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self._writer.transport.abort()
            return
        data = msgspec.msgpack.encode(message)
        self._writer.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)

    async def close(self) -> None:
        """Send what waits, then close; an end that is gone already is no error."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (ConnectionError, BrokenPipeError):
            return

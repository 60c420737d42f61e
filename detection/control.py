"""What signaling and a detection process say to each other, over a unix socket.

Typed messages in the framing of `detection.wire`: commands down, reports up.  No frame crosses.
"""

import asyncio
from typing import Generic, TypeVar

import msgspec

from detection.fusion import Record, Score
from detection.notes import Note, Template
from detection.wire import BadMessage, MessageReader, framed

# A record of some hundred pieces of evidence is 60 kB.
MAX_CONTROL_BYTES = 4 << 20
MAX_UNSENT_BYTES = 16 << 20


class WorkerConfig(msgspec.Struct, frozen=True):
    """What a process is told on its command line, as JSON; nothing in it is secret."""

    name: str
    control: str
    tap_socket: str
    models: str


class Told(msgspec.Struct, frozen=True, tag=True):
    """Something is known of a participant beside the media."""

    room: str
    identity: str
    note: Note


class Described(msgspec.Struct, frozen=True, tag=True):
    """What the tracks of a publishing session show, by MID; screens are not looked at.

    With no track at all, the session has ended.
    """

    session: str
    sources: dict[str, str]


class Attended(msgspec.Struct, frozen=True, tag=True):
    """Look at a participant without a pause until then (monotonic clock), and not for longer."""

    room: str
    identity: str
    until_s: float


class Capture(msgspec.Struct, frozen=True, tag=True):
    """Hand on what a participant looks and sounds like, under a name of whoever asks."""

    room: str
    identity: str
    name: str


Command = Told | Described | Attended | Capture


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The first word of a process: which signals are off, and why."""

    worker: str
    off: dict[str, str]


class Scored(msgspec.Struct, frozen=True, tag=True):
    """What is said about a participant now, and the record that it follows from."""

    room: str
    identity: str
    score: Score
    record: Record


class Left(msgspec.Struct, frozen=True, tag=True):
    """Nothing of a participant is tapped any more."""

    room: str
    identity: str


class Captured(msgspec.Struct, frozen=True, tag=True):
    """A picture (JPEG) and some seconds of sound (WAV), each empty where there was none."""

    name: str
    picture: bytes
    sound: bytes


class Learned(msgspec.Struct, frozen=True, tag=True):
    """What a participant is to be remembered by, who agreed to that."""

    room: str
    identity: str
    template: Template


class Load(msgspec.Struct, frozen=True, tag=True):
    """Every second: how it goes; silence means that nothing is known any more."""

    participants: int
    waiting_frames: int
    looked: int
    oldest_look_s: float
    busy_share: float
    dropped: dict[str, int]
    """Frames that were let go of, by why; like all that is counted here, since the beginning."""
    refused: dict[str, int]
    checks: dict[str, int]
    """Conclusions, by the state that followed."""
    spent_s: dict[str, float]
    """CPU of the thread that looks, by stage."""


Report = Ready | Scored | Left | Captured | Learned | Load

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
        self._messages = MessageReader(decoder, MAX_CONTROL_BYTES)

    async def receive(self) -> list[Received] | None:
        """The next messages; None at the end, whichever way it came."""
        while True:
            try:
                data = await self._reader.read(65_536)
                messages = self._messages.receive(data)
            except (ConnectionError, BadMessage):
                return None
            if messages or not data:
                return messages or None

    def send(self, message: Command | Report) -> None:
        """Send without waiting; the channel ends if the other side does not read."""
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._writer.transport.abort()
            return
        self._writer.write(framed(message))

    async def close(self) -> None:
        """An end that is gone already is no error."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (ConnectionError, BrokenPipeError):
            return

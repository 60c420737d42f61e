"""What media processes say to us over the tap, and what we may answer; typed anew on this side.

Knows messages and framing (four bytes of length, big-endian, then MessagePack; docs/MEDIA.md).
It refuses to know sockets.  `tests/interop/test_detection.py` holds it to what is really sent.
"""

from typing import Annotated, Generic, TypeVar

import msgspec

LENGTH_BYTES = 4
# The largest frame that the other side makes, and a little for the fields around it.
MAX_MESSAGE_BYTES = 2_000_000 + 4096


class TapOpened(msgspec.Struct, frozen=True, tag=True):
    """A track can be listened to; where `unavailable` is not empty it says why it cannot be."""

    track: int
    room: str
    session: str
    identity: str
    mid: str
    kind: str
    codec: str
    unavailable: str = ""
    view: str = "look"
    """`glance` where pictures come all the time and small, under a number of their own."""


class TapFrame(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One whole encoded picture or packet of speech; times are of the machine's monotonic clock."""

    track: int
    burst: int
    sequence: int
    timestamp: int
    arrived_s: float
    key_frame: bool
    follows_loss: bool
    width: int
    height: int
    rotation: int
    data: bytes


class TapClock(msgspec.Struct, frozen=True, tag=True):
    """What the publisher's own clock showed at a timestamp, as NTP writes it (32.32 bits)."""

    track: int
    timestamp: int
    ntp_time: int


class TapClosed(msgspec.Struct, frozen=True, tag=True):
    """Nothing more comes of the track."""

    track: int


class Sampling(msgspec.Struct, frozen=True):
    """How much of a track is looked at; 0 `burst_frames` is all of it."""

    burst_frames: Annotated[int, msgspec.Meta(ge=0)]
    every_s: Annotated[float, msgspec.Meta(ge=0)]
    max_frames_per_s: Annotated[float, msgspec.Meta(ge=1, le=1000)] = 60.0
    choice: str = "highest"
    height: int = 0


class TapWish(msgspec.Struct, frozen=True, tag=True):
    """How much of a track we want from now on; None for nothing."""

    track: int
    sampling: Sampling | None


TapMessage = TapOpened | TapFrame | TapClock | TapClosed
Received = TypeVar("Received")

_messages: msgspec.msgpack.Decoder[TapMessage] = msgspec.msgpack.Decoder(TapMessage)


class BadMessage(Exception):
    """The bytes are none of ours; the connection is of no more use."""


def framed(message: msgspec.Struct) -> bytes:
    """The message as it goes over a socket."""
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


class MessageReader(Generic[Received]):
    """Bytes as they come, to messages."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[Received], max_bytes: int) -> None:
        self._decoder = decoder
        self._max_bytes = max_bytes
        self._waiting = bytearray()

    def receive(self, data: bytes) -> list[Received]:
        """The messages that these bytes complete; raises `BadMessage` and nothing else."""
        self._waiting += data
        messages = []
        while (message := self._take()) is not None:
            messages.append(message)
        return messages

    def _take(self) -> Received | None:
        waiting = self._waiting
        if len(waiting) < LENGTH_BYTES:
            return None
        length = int.from_bytes(waiting[:LENGTH_BYTES], "big")
        if length > self._max_bytes:
            raise BadMessage("message is too long")
        end = LENGTH_BYTES + length
        if len(waiting) < end:
            return None
        data = bytes(waiting[LENGTH_BYTES:end])
        del waiting[:end]
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadMessage(str(error)) from None


def tap_reader() -> MessageReader[TapMessage]:
    """For what a media process sends."""
    return MessageReader(_messages, MAX_MESSAGE_BYTES)

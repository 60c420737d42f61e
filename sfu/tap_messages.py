"""What a media process tells the detection process (frames, and whose) and what it is told.

Knows messages and framing (four bytes of length, big-endian, then MessagePack).  It refuses to
know sockets and policies.  The reader here is the reference for whoever listens.

A track is a number that means something within one connection only.  Times are seconds of the
machine's monotonic clock, so they compare with the listener's own.
"""

from typing import Generic, TypeVar

import msgspec

from sfu.frames import MAX_FRAME_BYTES
from sfu.tapping import Sampling, View

# A frame and a little for the fields around it.
MAX_MESSAGE_BYTES = MAX_FRAME_BYTES + 4096
MAX_WISH_BYTES = 4096
LENGTH_BYTES = 4


class TapOpened(msgspec.Struct, frozen=True, tag=True):
    """A track can be listened to; where `unavailable` is not empty it says why it cannot be.

    Pictures are opened once for each `view`, under numbers of their own.
    """

    track: int
    room: str
    session: str
    identity: str
    mid: str
    kind: str
    codec: str
    unavailable: str = ""
    view: str = View.LOOK


class TapFrame(msgspec.Struct, frozen=True, tag=True, gc=False):
    """One whole encoded picture or packet of speech, as a decoder takes it.

    `sequence` counts the frames of the track; where it jumps, frames were dropped on this way and
    only a key frame helps.  `follows_loss`: something is missing since the frame before, unless
    this begins a burst, which always follows a pause.  H.264 is in Annex B.  `rotation` is
    clockwise, in degrees.
    """

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
    """What the publisher's own clock showed at a timestamp: sound and picture meet by it."""

    track: int
    timestamp: int
    ntp_time: int


class TapClosed(msgspec.Struct, frozen=True, tag=True):
    """Nothing more comes of the track."""

    track: int


class TapWish(msgspec.Struct, frozen=True, tag=True):
    """The way back: how much of a track the listener wants from now on; None for nothing."""

    track: int
    sampling: Sampling | None


TapMessage = TapOpened | TapFrame | TapClock | TapClosed
Received = TypeVar("Received")

_encode = msgspec.msgpack.Encoder().encode
_messages: msgspec.msgpack.Decoder[TapMessage] = msgspec.msgpack.Decoder(TapMessage)
_wishes: msgspec.msgpack.Decoder[TapWish] = msgspec.msgpack.Decoder(TapWish)


class BadTap(Exception):
    """The bytes are no messages of a tap; the connection is of no more use."""


def framed(message: TapMessage | TapWish) -> bytes:
    """The message as it goes over the socket."""
    data = _encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


class MessageReader(Generic[Received]):
    """Bytes as they come, to messages."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[Received], max_bytes: int) -> None:
        self._decoder = decoder
        self._max_bytes = max_bytes
        self._waiting = bytearray()

    def receive(self, data: bytes) -> list[Received]:
        """The messages that these bytes complete; raises `BadTap` and nothing else."""
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
            raise BadTap("message is too long")
        end = LENGTH_BYTES + length
        if len(waiting) < end:
            return None
        data = bytes(waiting[LENGTH_BYTES:end])
        del waiting[:end]
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadTap(str(error)) from None


def message_reader() -> MessageReader[TapMessage]:
    """For the listener."""
    return MessageReader(_messages, MAX_MESSAGE_BYTES)


def wish_reader() -> MessageReader[TapWish]:
    """For the media process."""
    return MessageReader(_wishes, MAX_WISH_BYTES)

"""The seam's messages: each goes through whole, and nothing else does."""

import asyncio
from typing import get_args

import msgspec
import pytest

from sfu import control
from sfu.control import MAX_MESSAGE_BYTES, Channel, commands, reports
from sfu.router import RoomStatistics
from sfu.subscriber import TrackWish, ViewerWishes

TRANSPORT = control.TransportStatistics("room", "ada", "connected", 0.1, {"not_authentic": 2})
STATISTICS = control.WorkerStatistics(
    {"empty": 1}, {"s": TRANSPORT}, {"r": RoomStatistics({}, {}, {}, {})}
)

COMMANDS = [
    control.Publish(1, "room", "session", "ada", "v=0"),
    control.Subscribe(2, "room", "session", "bob", "v=0", None),
    control.Watch(5, "room", "session", "bob", None),
    control.Renew(6, "session"),
    control.Accept(7, "session", "v=0"),
    control.SetWishes(8, "session", ViewerWishes({"0": TrackWish(360)}, 4)),
    control.Silence(9, "session", ("0",)),
    control.SetTapped(11, "session", ("0", "1")),
    control.Restart(10, "session", "a=ice-ufrag:abcd"),
    control.Close(3, "session"),
    control.TakeStatistics(4),
]
REPORTS = [
    control.Answered(1, "v=0", ("a note",)),
    control.Refused(2, "bad_sdp", "in words"),
    control.Done(3),
    control.StatisticsTaken(4, STATISTICS),
    control.Ready("sfu-0", 77, ("192.0.2.1",), 5000),
    control.SessionChanged("room", "session", "ada", "connected"),
    control.PublisherCame("room", "session", "ada"),
    control.PublisherLeft("room", "session", "ada"),
    control.PictureSize("room", "session", "0", "h", 640, 360),
    control.Offered(5, "v=0", (control.OfferedSource("0", "s", "ada", "1", "video", "VP8"),)),
    control.Accepted(6, ("codec not supported",)),
    control.SpeakerChanged("room", None, None),
    control.EncodingsWanted("room", "session", "ada", "1", ("q", "h")),
    control.TrackChanged("room", "session", "bob", "0", "no_bandwidth", 0),
]


def test_every_message_of_the_seam_is_tried_here() -> None:
    assert {type(one) for one in COMMANDS} == set(get_args(control.Command))
    assert {type(one) for one in REPORTS} == set(get_args(control.Report))


def channel(data: bytes, decoder: msgspec.msgpack.Decoder) -> Channel:  # type: ignore[type-arg]
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return Channel((reader, None), decoder)  # type: ignore[arg-type]


def framed(message: object) -> bytes:
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(4, "big") + data


@pytest.mark.parametrize("message", [*COMMANDS, *REPORTS], ids=lambda one: type(one).__name__)
async def test_a_message_arrives_as_it_was_sent(message: object) -> None:
    decoder = commands if isinstance(message, control.Command) else reports
    opened = channel(framed(message) * 2, decoder)  # type: ignore[arg-type]
    assert await opened.receive() == message
    assert await opened.receive() == message
    assert await opened.receive() is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00",
        b"\x00\x00\x00\x05ab",
        (MAX_MESSAGE_BYTES + 1).to_bytes(4, "big") + b"x",
        b"\x00\x00\x00\x01\xc1",
        framed({"type": "Nonsense"}),
        framed(control.Done(1)),
    ],
)
async def test_what_is_no_command_ends_the_channel(data: bytes) -> None:
    assert await channel(data, commands).receive() is None

"""The tap's messages: whole ones come out of any pieces, and nothing else does."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.frames import MAX_FRAME_BYTES
from sfu.tap_messages import (
    MAX_MESSAGE_BYTES,
    BadTap,
    TapClock,
    TapClosed,
    TapFrame,
    TapMessage,
    TapOpened,
    TapWish,
    framed,
    message_reader,
    wish_reader,
)
from sfu.tapping import Sampling

FRAME = TapFrame(1, 2, 3, 4, 5.5, True, False, 640, 360, 90, b"data")
MESSAGES: list[TapMessage] = [
    TapOpened(1, "room", "session", "ada", "0", "video", "VP8"),
    FRAME,
    TapClock(1, 3000, 1 << 63),
    TapClosed(1),
]


@given(st.lists(st.sampled_from(MESSAGES), max_size=8), st.integers(1, 300))
def test_messages_come_out_as_they_went_in_whatever_the_pieces(
    messages: list[TapMessage], size: int
) -> None:
    stream = b"".join(map(framed, messages))
    reader = message_reader()
    received: list[TapMessage] = []
    for start in range(0, len(stream), size):
        received += reader.receive(stream[start : start + size])
    assert received == messages


def test_the_largest_frame_fits() -> None:
    largest = msgspec.structs.replace(FRAME, data=bytes(MAX_FRAME_BYTES))
    assert message_reader().receive(framed(largest)) == [largest]


@pytest.mark.parametrize("sampling", [None, Sampling(), Sampling(0, 0.0, 30.0)])
def test_wishes_come_back(sampling: Sampling | None) -> None:
    assert wish_reader().receive(framed(TapWish(7, sampling))) == [TapWish(7, sampling)]


@pytest.mark.parametrize(
    "data",
    [
        (MAX_MESSAGE_BYTES + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\xc1",
        framed(MESSAGES[0]),
        framed(TapWish(1, None)).replace(b"track", b"tr\xffck"),
        framed(TapWish(1, Sampling(max_frames_per_s=-1.0))),
        framed(TapWish(1, Sampling(max_frames_per_s=float("inf")))),
        framed(TapWish(1, Sampling(burst_frames=-1))),
    ],
)
def test_what_is_no_wish_is_refused(data: bytes) -> None:
    with pytest.raises(BadTap):
        wish_reader().receive(data)


@given(st.binary(max_size=60))
def test_readers_return_or_refuse(data: bytes) -> None:
    for reader in (message_reader(), wish_reader()):
        try:
            reader.receive(len(data).to_bytes(4, "big") + data)
        except BadTap:
            continue

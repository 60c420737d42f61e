"""Frames of a client, in whatever pieces they come; `tests/hostile` shows the same on the wire."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.frames import Frames
from tests.hostile.test_websocket import CLOSE, PING, frame

TEXTS = st.lists(st.text(max_size=200), min_size=1, max_size=5)
CUTS = st.lists(st.integers(0, 2000), max_size=10)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = [*sorted(cut for cut in cuts if cut < len(data)), len(data)]
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def message(text: str) -> bytes:
    """In two fragments, wherever that cuts a character, and a ping between them."""
    content = text.encode()
    half = len(content) // 2
    return frame(content[:half], final=0) + frame(b"?", PING) + frame(content[half:], 0)


@given(TEXTS, CUTS)
def test_good_frames_are_good_in_any_pieces(texts: list[str], cuts: list[int]) -> None:
    frames = Frames()
    sent = b"".join(map(message, texts))
    assert {frames.receive(piece) for piece in pieces(sent, cuts)} == {None}
    assert frames.receive(frame(b"", CLOSE)) is None


@given(TEXTS, CUTS, st.sampled_from([b"\xff", b"\xed\xa0", b"\xc0\x80"]))
def test_bad_text_is_found_where_its_frame_begins(
    texts: list[str], cuts: list[int], bad: bytes
) -> None:
    before = b"".join(map(message, texts))
    frames, told = Frames(), 0
    for piece in pieces(before + frame(bad), cuts):
        fault = frames.receive(piece)
        if fault is not None:
            assert fault.code == 1007
            assert told + fault.position == max(len(before), told)
            return
        told += len(piece)
    raise AssertionError("not found")


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    Frames().receive(data)

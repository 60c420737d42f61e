"""Transport-wide congestion feedback on the wire."""

from itertools import accumulate
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import DropReason, RemoteError
from sfu.rtcp import parse_rtcp
from sfu.transport_feedback import TransportFeedback
from tests import builders


@st.composite
def feedbacks(draw: st.DrawFn) -> TransportFeedback:
    base = draw(st.integers(0, 0xFFFF))
    deltas = draw(
        st.lists(
            st.none()
            | st.integers(0, 255)
            | st.just(0)
            | st.sampled_from([-0x8000, -1, 256, 0x7FFF]),
            min_size=1,
            max_size=80,
        )
    )
    arrivals = []
    ticks = 0
    for offset, delta in enumerate(deltas):
        if delta is not None:
            ticks += delta
            arrivals.append(((base + offset) & 0xFFFF, ticks))
    return TransportFeedback(
        sender_ssrc=draw(st.integers(0, 0xFFFF_FFFF)),
        media_ssrc=draw(st.integers(0, 0xFFFF_FFFF)),
        base_sequence=base,
        status_count=len(deltas),
        reference_time=draw(st.integers(-(1 << 23), (1 << 23) - 1)),
        feedback_count=draw(st.integers(0, 255)),
        arrivals=tuple(arrivals),
    )


@given(feedbacks())
def test_feedback_survives_building_and_parsing(feedback: TransportFeedback) -> None:
    assert parse_rtcp(bytes(feedback)) == (feedback,)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9000)), min_size=1, max_size=6))
def test_long_runs_survive(runs: list[tuple[bool, int]]) -> None:
    offsets: list[int] = []
    count = 0
    for received, length in runs:
        if received:
            offsets += range(count, count + length)
        count += length
    arrivals = tuple((offset, index) for index, offset in enumerate(offsets))
    feedback = TransportFeedback(1, 2, 0, count, 0, 0, arrivals)
    assert parse_rtcp(bytes(feedback)) == (feedback,)


@given(st.integers(0, 0xFFFF), st.lists(st.integers(0, 255), min_size=1, max_size=100))
def test_what_arrived_without_a_gap_survives_wherever_numbers_wrap(
    base: int, deltas: list[int]
) -> None:
    arrivals = tuple(
        ((base + offset) & 0xFFFF, ticks) for offset, ticks in enumerate(accumulate(deltas))
    )
    feedback = TransportFeedback(1, 2, base, len(deltas), 0, 0, arrivals)
    assert parse_rtcp(bytes(feedback)) == (feedback,)


def _wire(count: int, chunks: tuple[int, ...], deltas: bytes, *, reference_time: int = 0) -> bytes:
    body = pack("!IIHHI", 1, 2, 65534, count, reference_time << 8 | 7)
    body += b"".join(pack("!H", chunk) for chunk in chunks) + deltas
    filling = -len(body) % 4
    padding = bytes(filling - 1) + bytes((filling,)) if filling else b""
    return builders.rtcp(205, 15, body, padding=padding)


@pytest.mark.parametrize(
    ("wire", "arrivals"),
    [
        # Run length: 0, then the symbol in two bits, then 13 bits of length.
        (_wire(3, (0b001_0000000000011,), b"\1\2\3"), ((65534, 1), (65535, 3), (0, 6))),
        (_wire(9, (0b000_0000000001001,), b""), ()),
        # One-bit vector: 1, 0, then 14 symbols; those beyond the count mean nothing.
        (_wire(4, (0b10_10010000000000,), b"\4\5"), ((65534, 4), (1, 9))),
        # Two-bit vector: 1, 1, then seven symbols of small, large or none.
        (_wire(3, (0b11_01_10_00_00_00_00_00,), b"\xff\xff\xfe"), ((65534, 255), (65535, 253))),
        # Whatever stands beyond the count, in a later chunk too.
        (_wire(15, (0b000_0000000001110, 0b10_11111111111111), b"\7"), ((12, 7),)),
        (_wire(16, (0b000_0000000001110, 0b001_0000000000010), b"\0\1"), ((12, 0), (13, 1))),
    ],
)
def test_chunks_of_every_kind(wire: bytes, arrivals: tuple[tuple[int, int], ...]) -> None:
    (feedback,) = parse_rtcp(wire)
    assert isinstance(feedback, TransportFeedback)
    assert feedback.arrivals == arrivals
    assert (feedback.base_sequence, feedback.feedback_count) == (65534, 7)


def test_the_reference_time_is_signed() -> None:
    (feedback,) = parse_rtcp(_wire(1, (1,), b"", reference_time=0xFF_FFFF))
    assert isinstance(feedback, TransportFeedback)
    assert feedback.reference_time == -1


@pytest.mark.parametrize(
    "wire",
    [
        builders.rtcp(205, 15, bytes(12)),
        _wire(1, (), b""),
        _wire(15, (0b10_11111111111111,), bytes(14)),
        _wire(2, (0b001_0000000000010,), b"\1"),
        _wire(1, (0b010_0000000000001,), b"\1"),
        _wire(1, (0b011_0000000000001,), b"\1\1\1"),
        _wire(65535, (0b001_1111111111111,) * 8, b""),
        # Each run fits the packet, all of them together do not.
        _wire(65535, (0b001_0000001000000,) * 600, b""),
    ],
)
def test_malformed_feedback_is_refused(wire: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        parse_rtcp(wire)
    assert caught.value.reason is DropReason.BAD_RTCP


def test_a_claim_of_65535_lost_packets_is_cheap_to_read() -> None:
    (feedback,) = parse_rtcp(_wire(65535, (0b000_1111111111111,) * 9, b""))
    assert isinstance(feedback, TransportFeedback)
    assert (feedback.status_count, feedback.arrivals) == (65535, ())


@pytest.mark.parametrize(("count", "most_bytes"), [(14, 40), (200, 224), (1000, 1024)])
def test_packets_that_all_arrived_cost_a_byte_each(count: int, most_bytes: int) -> None:
    arrivals = tuple((number, number) for number in range(count))
    assert len(bytes(TransportFeedback(1, 2, 0, count, 0, 0, arrivals))) <= most_bytes


def test_an_arrival_more_than_8_s_later_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        bytes(TransportFeedback(1, 2, 0, 2, 0, 0, ((0, 0), (1, 40_000))))

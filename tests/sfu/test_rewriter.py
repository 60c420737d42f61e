"""Gapless numbers for viewers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs.vp8 import Vp8, parse_vp8
from sfu.rewriter import (
    MAX_PICTURES,
    MAX_RESERVED,
    PictureRewriter,
    SourceClock,
    SourceMoment,
    StreamRewriter,
    elapsed_ticks,
)
from tests import builders

FIRST = 65500
TICKS = 3000


def rewriter(extended: int = 1000, first: int = FIRST) -> StreamRewriter:
    made = StreamRewriter(first, 90_000)
    made.switch(extended, 5 * TICKS, 0)
    return made


def numbers(made: StreamRewriter, *extended: int) -> list[int | None]:
    outgoing = [made.map(number, 0) for number in extended]
    return [None if pair is None else pair[0] for pair in outgoing]


def test_the_first_packet_gets_the_first_number_and_timestamp() -> None:
    assert rewriter(1000).map(1000, 5 * TICKS) == (FIRST, 90_000)


def test_skipped_packets_leave_no_gap() -> None:
    made = rewriter(0, first=10)
    assert numbers(made, 0, 1) == [10, 11]
    assert made.skip(2) is None
    assert made.skip(3) is None
    assert numbers(made, 4, 5) == [12, 13]


def test_a_late_packet_gets_the_number_it_would_have_had() -> None:
    made = rewriter(0, first=10)
    assert numbers(made, 0, 3) == [10, 13]
    assert made.skip(4) is None
    assert numbers(made, 5, 2, 1) == [14, 12, 11]


def test_no_number_is_given_twice() -> None:
    assert numbers(rewriter(0, first=10), 0, 0, 2, 1, 1, 2) == [10, None, 12, 11, None, None]


def test_a_lost_packet_that_turns_out_unwanted_leaves_its_number_to_be_filled() -> None:
    made = rewriter(0, first=10)
    assert numbers(made, 0, 2) == [10, 12]
    assert made.skip(1) == 11
    assert made.skip(1) is None
    assert numbers(made, 3) == [13]


def test_a_gap_before_a_skipped_packet_is_kept_free() -> None:
    made = rewriter(0, first=10)
    assert numbers(made, 0) == [10]
    assert made.skip(3) is None
    assert numbers(made, 4, 2, 1) == [13, 12, 11]


def test_a_gap_is_forgotten_at_last() -> None:
    made = rewriter(0, first=10)
    numbers(made, 0, MAX_RESERVED + 2)
    assert numbers(made, 1, 2) == [None, 12]
    numbers(made, 2 * MAX_RESERVED + 2)
    assert numbers(made, 3) == [None]


def test_nothing_of_the_old_source_follows_a_switch() -> None:
    made = rewriter(0, first=10)
    assert numbers(made, 0, 3) == [10, 13]
    made.switch(7000, 0, TICKS)
    assert numbers(made, 2, 7000, 7001) == [None, 14, 15]


def test_a_packet_of_our_own_takes_the_next_number() -> None:
    made = rewriter(0, first=10)
    assert made.map(0, 5 * TICKS) == (10, 90_000)
    assert made.insert() == (11, 90_000)
    assert made.map(1, 6 * TICKS) == (12, 93_000)


def test_timestamps_go_on_after_a_switch() -> None:
    made = rewriter(0, first=10)
    assert made.map(0, 5 * TICKS) == (10, 90_000)
    made.switch(50, 0xFFFF_FFFF, TICKS)
    assert made.map(50, 0xFFFF_FFFF) == (11, 93_000)
    assert made.map(51, TICKS - 1) == (12, 96_000)
    assert (2 * TICKS - 1 + made.timestamp_offset) & 0xFFFF_FFFF == 99_000


def test_a_late_packet_keeps_its_own_timestamp() -> None:
    made = rewriter(0)
    made.map(0, 5 * TICKS)
    made.map(2, 7 * TICKS)
    assert made.map(1, 6 * TICKS) == ((FIRST + 1) & 0xFFFF, 93_000)
    assert made.timestamp == 96_000


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[int, int, bool]]:
    """(source, extended number, wanted) as they arrive: lost, late and from several sources."""
    arrivals = []
    for source in range(draw(st.integers(1, 4))):
        count = draw(st.integers(1, 60))
        fates = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
        delays = draw(st.lists(st.integers(0, 12), min_size=count, max_size=count))
        order = sorted((index + delays[index] * (index > 0), index) for index in range(count))
        arrivals += [
            (source, 10_000 * source + index, fates[index] not in {1, 2})
            for _, index in order
            if fates[index] != 0 or index == 0
        ]
    return arrivals


@given(streams(), st.integers(0, 0xFFFF))
def test_any_loss_order_skipping_and_switching_gives_ordered_numbers_without_repeats(
    arrivals: list[tuple[int, int, bool]], first: int
) -> None:
    made = StreamRewriter(first, 0)
    source = -1
    sent: dict[tuple[int, int], int] = {}
    for arrived_from, extended, wanted in arrivals:
        if arrived_from != source:
            source = arrived_from
            made.switch(extended, 0, 1)
        if wanted:
            mapped = made.map(extended, 0)
            assert mapped is not None
            sent[source, extended] = (mapped[0] - first) & 0xFFFF
        else:
            made.skip(extended)
    in_order = [number for _, number in sorted(sent.items())]
    assert all(a < b for a, b in pairwise(in_order))


@given(streams(), st.integers(0, 0xFFFF))
def test_what_is_not_lost_has_no_gap_at_all(
    arrivals: list[tuple[int, int, bool]], first: int
) -> None:
    made = StreamRewriter(first, 0)
    outgoing = []
    source = -1
    for index, (arrived_from, _, wanted) in enumerate(arrivals):
        extended = 100_000 * arrived_from + index
        if arrived_from != source:
            source = arrived_from
            made.switch(extended, 0, 1)
        if wanted:
            outgoing.append(made.map(extended, 0))
        else:
            assert made.skip(extended) is None
    assert [pair and pair[0] for pair in outgoing] == [
        (first + index) & 0xFFFF for index in range(len(outgoing))
    ]


@given(
    st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.integers(1, 90_000), st.integers(1, 9))),
    st.integers(0, 0xFFFF_FFFF),
)
def test_timestamps_only_grow_over_any_switches(
    sources: list[tuple[int, int, int]], first_timestamp: int
) -> None:
    made = StreamRewriter(0, first_timestamp)
    last = first_timestamp
    extended = 0
    for start, elapsed, count in sources:
        made.switch(extended, start, elapsed)
        for index in range(count):
            mapped = made.map(extended, (start + index * TICKS) & 0xFFFF_FFFF)
            assert mapped is not None
            assert 0 < (mapped[1] - last) & 0xFFFF_FFFF <= 90_000
            last = mapped[1]
            extended += 1


# --- VP8's pictures ---


def picture(
    picture_id: int, level_zero_index: int = 0, temporal_id: int = 0, *, long: bool = True
) -> Vp8:
    return parse_vp8(
        builders.vp8(
            picture_id=picture_id & (0x7FFF if long else 0x7F),
            long_picture_id=long,
            level_zero_index=level_zero_index & 0xFF,
            temporal=(temporal_id, False),
        )
    )


def mapped(made: PictureRewriter, incoming: Vp8) -> tuple[int | None, int | None]:
    outgoing = parse_vp8(made.map(incoming) + incoming.body)
    return outgoing.picture_id, outgoing.level_zero_index


def test_pictures_go_through_unchanged_until_something_is_left_out() -> None:
    made = PictureRewriter()
    first = picture(5, 7)
    made.switch(first)
    assert made.map(first) is first.descriptor


def test_skipped_pictures_leave_no_gap_whatever_their_number_of_packets() -> None:
    made = PictureRewriter()
    made.switch(picture(32766))
    assert mapped(made, picture(32766, 254)) == (32766, 254)
    for _ in range(3):
        made.skip(picture(32767, 254, 1))
    assert [mapped(made, picture(0, 255)) for _ in range(2)] == [(32767, 255)] * 2
    made.skip(picture(1, 255, 1))
    assert mapped(made, picture(2, 0)) == (0, 0)


def test_a_late_packet_finds_the_number_of_its_picture() -> None:
    made = PictureRewriter()
    made.switch(picture(10))
    mapped(made, picture(10))
    made.skip(picture(12))
    assert mapped(made, picture(13)) == (12, 0)
    # Picture 11 was wholly lost, so its number was kept free.
    assert mapped(made, picture(11)) == (11, 0)
    assert mapped(made, picture(10)) == (10, 0)
    assert mapped(made, picture(13)) == (12, 0)


def test_a_switch_goes_on_with_the_next_picture_and_level_zero_index() -> None:
    made = PictureRewriter()
    made.switch(picture(10, 200))
    mapped(made, picture(10, 200))
    made.skip(picture(11, 200, 1))
    made.switch(picture(7000, 3))
    assert mapped(made, picture(7000, 3)) == (11, 201)
    assert mapped(made, picture(7001, 3, 1)) == (12, 201)
    assert mapped(made, picture(7002, 4)) == (13, 202)
    made.switch(picture(10, 255))
    assert mapped(made, picture(10, 255)) == (14, 203)


def test_pictures_without_numbers_go_through() -> None:
    made = PictureRewriter()
    plain = parse_vp8(builders.vp8())
    made.switch(plain)
    made.skip(plain)
    assert made.map(plain) == plain.descriptor


def test_short_picture_ids_wrap_at_128() -> None:
    made = PictureRewriter()
    made.switch(picture(126, long=False))
    outgoing = []
    for picture_id in range(126, 400):
        incoming = picture(picture_id, long=False)
        if picture_id % 3:
            outgoing.append(mapped(made, incoming)[0])
        else:
            made.skip(incoming)
    start = outgoing[0] or 0
    assert outgoing == [(start + index) & 0x7F for index in range(len(outgoing))]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0x7FFF),
            st.integers(0, 255),
            st.lists(st.tuples(st.booleans(), st.integers(1, 3)), min_size=1, max_size=80),
        ),
        max_size=4,
    )
)
def test_any_skipping_and_switching_leaves_the_pictures_gapless(
    sources: list[tuple[int, int, list[tuple[bool, int]]]],
) -> None:
    made = PictureRewriter()
    outgoing: list[tuple[int, int]] = []
    for first_id, first_index, pictures in sources:
        made.switch(picture(first_id, first_index))
        index = first_index - 1
        for offset, (wanted, packets) in enumerate(pictures):
            # As in a stream of two temporal layers: the base is always wanted.
            base = wanted or offset == 0
            index += base
            incoming = picture(first_id + offset, index, 0 if base else 1)
            for _ in range(packets):
                if base:
                    outgoing.append(mapped(made, incoming))  # type: ignore[arg-type]
                else:
                    made.skip(incoming)
    for (old_id, old_index), (new_id, new_index) in pairwise(outgoing):
        step = (new_id - old_id) & 0x7FFF
        assert step in {0, 1}
        assert (new_index - old_index) & 0xFF == step


@given(st.lists(st.tuples(st.integers(0, 0x7FFF), st.booleans()), max_size=300))
def test_hostile_picture_ids_keep_little(pictures: list[tuple[int, bool]]) -> None:
    made = PictureRewriter()
    made.switch(picture(0))
    for picture_id, wanted in pictures:
        if wanted:
            made.map(picture(picture_id))
        else:
            made.skip(picture(picture_id))
        assert len(made._numbers) <= MAX_PICTURES + 1


# --- time between sources ---


def moment(timestamp: int, arrived_s: float, clock: SourceClock | None = None) -> SourceMoment:
    return SourceMoment(timestamp, arrived_s, clock)


@pytest.mark.parametrize(
    ("last", "first", "ticks"),
    [
        (moment(0, 10.0), moment(0, 10.5), 45_000),
        (moment(0, 10.0), moment(0, 10.0), 1),
        (moment(0, 10.5), moment(0, 10.0), 1),
        # Captured 0.25 s apart, whatever the network did to their arrival.
        (
            moment(90_000, 10.0, SourceClock(100 << 32, 0)),
            moment(0xFFFF_FFFF, 10.9, SourceClock(101 << 32, 0xFFFF_FFFF - 22_500)),
            22_500,
        ),
        (
            moment(0, 10.0, SourceClock(100 << 32, 0)),
            moment(0, 11.0, SourceClock(101 << 32, 0xFFFF_FFFF - 44_999)),
            135_000,
        ),
        # Captured before the last packet that was sent: the least step, never backwards.
        (
            moment(90_000, 10.0, SourceClock(100 << 32, 0)),
            moment(0, 10.1, SourceClock(100 << 32, 0)),
            1,
        ),
        # A clock that disagrees with all we saw is not believed.
        (
            moment(0, 10.0, SourceClock(100 << 32, 0)),
            moment(0, 10.1, SourceClock(5000 << 32, 0)),
            9000,
        ),
        (moment(0, 10.0, SourceClock(100 << 32, 0)), moment(0, 10.1), 9000),
    ],
)
def test_time_between_sources(last: SourceMoment, first: SourceMoment, ticks: int) -> None:
    assert elapsed_ticks(last, first, 90_000) == ticks

"""Packets that a viewer may ask for again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.history import BUDGET_LIMIT_BYTES, PacketHistory, Sent

ROUND_TRIP_S = 0.05


def sent(number: int, size: int = 100) -> Sent:
    return Sent(number & 0xFFFF, 3000 * number & 0xFFFF_FFFF, False, b"prefix", bytes(size))


def filled(numbers: range, capacity: int = 64, size: int = 100) -> PacketHistory:
    history = PacketHistory(capacity)
    for number in numbers:
        history.store(sent(number, size), 0.0)
    return history


@pytest.mark.parametrize(
    ("numbers", "lost", "found"),
    [
        (range(10), [3, 5], [3, 5]),
        (range(10), [5, 3], [5, 3]),
        (range(10), [10, 65535], []),
        (range(100), [35, 36, 99], [36, 99]),
        (range(65530, 65545), [65535, 0, 8, 9], [65535, 0, 8]),
        (range(0), [0], []),
    ],
)
def test_what_is_remembered_is_sent_again(numbers: range, lost: list, found: list) -> None:
    history = filled(numbers)
    answer = history.answer(lost, 1.0, ROUND_TRIP_S)
    assert [packet.sequence_number for packet in answer] == found
    assert history.missed == len(lost) - len(found)


def test_a_packet_comes_back_with_all_its_parts() -> None:
    history = PacketHistory(4)
    packet = Sent(7, 90_000, True, b"descriptor", b"body")
    history.store(packet, 0.0)
    assert history.answer([7], 1.0, ROUND_TRIP_S) == [packet]


@pytest.mark.parametrize(
    ("round_trip_s", "again_after_s", "granted"),
    [(0.05, 0.049, False), (0.05, 0.051, True), (0.0, 0.009, False), (0.0, 0.011, True)],
)
def test_asking_again_within_a_round_trip_gets_nothing(
    round_trip_s: float, again_after_s: float, granted: bool
) -> None:
    history = filled(range(10))
    assert history.answer([3], 1.0, round_trip_s)
    assert bool(history.answer([3], 1.0 + again_after_s, round_trip_s)) is granted
    assert history.refused == (not granted)


def test_what_nobody_has_takes_no_place_among_what_is_sent_again() -> None:
    history = filled(range(100, 104))
    found = history.answer([*range(100), 100, 101, 102, 103], 1.0, 0.1, 2)
    assert [packet.sequence_number for packet in found] == [100, 101]
    assert history.answer([102], 1.0, 0.1, 0) == []


def test_a_packet_that_was_only_just_sent_is_not_sent_again() -> None:
    history = PacketHistory(4)
    history.store(sent(1), 1.0)
    assert not history.answer([1], 1.02, ROUND_TRIP_S)


def test_asking_for_everything_for_ever_gets_twice_the_media() -> None:
    history = filled(range(10))
    for second in range(1, 100):
        history.answer(range(10), float(second), ROUND_TRIP_S)
    assert history.resent_bytes == 2 * 10 * 100


def test_the_budget_of_a_long_quiet_time_is_limited() -> None:
    history = filled(range(1000), 1024, size=1200)
    answer = history.answer(range(1000), 100.0, ROUND_TRIP_S)
    assert sum(len(packet.body) for packet in answer) <= BUDGET_LIMIT_BYTES
    assert history.answer(range(1000), 101.0, ROUND_TRIP_S) == []


@given(
    st.lists(
        st.tuples(st.integers(1, 1500), st.lists(st.integers(0, 0xFFFF), max_size=30)),
        max_size=200,
    )
)
def test_nothing_costs_more_than_twice_the_media(steps: list[tuple[int, list[int]]]) -> None:
    history = PacketHistory(32)
    number = 65500
    for index, (size, lost) in enumerate(steps):
        history.store(sent(number, size), index / 10)
        number = number + 1 & 0xFFFF
        near = [(number - offset) & 0xFFFF for offset in lost]
        for packet in history.answer(near, index / 10 + 0.09, ROUND_TRIP_S):
            assert packet.sequence_number in near
        assert history.resent_bytes <= 2 * history.media_bytes


@pytest.mark.parametrize("capacity", [0, 3, 1000, 65536])
def test_the_capacity_is_a_power_of_two(capacity: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        PacketHistory(capacity)

"""Bursts that find out what a line takes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.probing import (
    FIRST_FACTOR,
    INTERVAL_S,
    MAX_INTERVAL_S,
    MIN_BYTES,
    NEXT_FACTOR,
    POLL_S,
    TIMEOUT_S,
    WANTED_HEADROOM,
    Prober,
)

PACKET_BYTES = 300
WANTED_BPS = 100_000_000


def burst(
    prober: Prober, now: float, estimate_bps: int = 1_000_000, wanted_bps: int = WANTED_BPS
) -> list[tuple[int, float, int]]:
    """(sequence, sent, size) of the packets that a burst at `now` asks for."""
    packets: list[tuple[int, float, int]] = []
    sequence = 65530
    for tick in range(30):
        at_s = now + tick * POLL_S
        due = prober.poll(at_s, estimate_bps, wanted_bps, sequence)
        while due > 0:
            packets.append((sequence, at_s, min(due, PACKET_BYTES)))
            sequence = (sequence + 1) & 0xFFFF
            due -= PACKET_BYTES
    return packets


def told(prober: Prober, packets: list[tuple[int, float, int]], line_bps: float) -> float | None:
    """What a burst through a line of this rate proves."""
    free_s = 0.0
    for sequence, sent_s, size in packets:
        free_s = max(free_s, sent_s) + 8 * size / line_bps
        prober.receive(sequence, size, sent_s, free_s + 0.02)
    return prober.result(packets[-1][1] + 0.1)


def rate(packets: list[tuple[int, float, int]]) -> float:
    return 8 * sum(size for _, _, size in packets) / 0.015


def test_nothing_is_sent_while_nothing_more_is_wanted() -> None:
    assert burst(Prober(), 10.0, 1_000_000, 1_000_000) == []


def test_the_first_burst_goes_at_three_times_the_estimate() -> None:
    packets = burst(Prober(), 10.0)
    assert rate(packets) == pytest.approx(FIRST_FACTOR * 1_000_000, rel=0.05)
    assert 0.009 < packets[-1][1] - packets[0][1] < 0.016


def test_no_burst_goes_faster_than_what_is_wanted_asks_for() -> None:
    packets = burst(Prober(), 10.0, wanted_bps=1_500_000)
    assert rate(packets) == pytest.approx(WANTED_HEADROOM * 1_500_000, rel=0.05)


def test_a_slow_burst_still_has_enough_packets() -> None:
    packets = burst(Prober(), 10.0, estimate_bps=50_000)
    assert sum(size for _, _, size in packets) == MIN_BYTES


def test_a_wide_line_proves_the_rate_of_the_burst_and_gets_the_next_at_once() -> None:
    prober = Prober()
    assert told(prober, burst(prober, 10.0), 100_000_000) == pytest.approx(3_000_000, rel=0.1)
    again = burst(prober, 10.2, estimate_bps=3_000_000)
    assert rate(again) == pytest.approx(NEXT_FACTOR * 3_000_000, rel=0.05)


@pytest.mark.parametrize("line_bps", [400_000, 1_000_000, 2_000_000])
def test_a_narrow_line_shows_its_own_rate(line_bps: int) -> None:
    prober = Prober()
    assert told(prober, burst(prober, 10.0), line_bps) == pytest.approx(line_bps, rel=0.25)


def test_failures_are_repeated_ever_more_rarely_but_never_given_up() -> None:
    prober = Prober()
    now, starts = 10.0, []
    while len(starts) < 6:
        packets = burst(prober, now)
        if packets:
            starts.append(now)
            told(prober, packets, 300_000)
        now += 0.2
    pauses = [after - before for before, after in pairwise(starts)]
    assert pauses[0] == pytest.approx(INTERVAL_S, abs=0.5)
    assert pauses[-1] == pytest.approx(MAX_INTERVAL_S, abs=0.5)
    assert all(b > a - 0.3 for a, b in pairwise(pauses))


def test_a_burst_without_an_answer_is_given_up() -> None:
    prober = Prober()
    assert burst(prober, 10.0)
    assert prober.is_waiting
    prober.poll(10.0 + TIMEOUT_S + 0.1, 1_000_000, WANTED_BPS, 0)
    assert not prober.is_waiting
    assert prober.result(11.2) is None


def test_a_burst_that_was_mostly_lost_proves_nothing() -> None:
    prober = Prober()
    packets = burst(prober, 10.0)
    assert told(prober, [*packets[:2], packets[-1]], 100_000_000) is None
    assert not prober.is_waiting


def test_the_answer_is_complete_even_if_the_last_packet_was_lost() -> None:
    prober = Prober()
    packets = burst(prober, 10.0)
    sequence, sent_s, size = packets[-1]
    media = ((sequence + 1) & 0xFFFF, sent_s + 0.01, size)
    assert told(prober, [*packets[:-1], media], 100_000_000) == pytest.approx(3e6, rel=0.1)


def test_a_growing_queue_puts_bursts_off() -> None:
    prober = Prober()
    prober.back_off(10.0)
    assert burst(prober, 10.0 + INTERVAL_S - 0.2) == []
    assert burst(prober, 10.0 + INTERVAL_S + 0.01)


def test_a_success_that_a_queue_belies_makes_bursts_rarer() -> None:
    prober = Prober()
    told(prober, burst(prober, 10.0), 100_000_000)
    prober.back_off(11.0)
    assert burst(prober, 11.0 + INTERVAL_S + 0.1) == []
    assert burst(prober, 11.0 + 2 * INTERVAL_S + 0.1)


def test_its_own_queue_disturbs_for_half_a_second() -> None:
    prober = Prober()
    assert not prober.disturbs(10.0)
    burst(prober, 10.0)
    assert prober.disturbs(10.4)
    assert not prober.disturbs(10.6)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.integers(1, 1500),
            st.floats(0, 100),
            st.floats(-1000, 1000),
        ),
        max_size=60,
    )
)
def test_no_answer_proves_more_than_was_sent(answers: list) -> None:
    prober = Prober()
    packets = burst(prober, 10.0)
    sizes = {sequence: (sent_s, size) for sequence, sent_s, size in packets}
    for sequence, _, _, arrived_s in answers:
        sent_s, size = sizes.pop(sequence, (0.0, 0))
        if size:
            prober.receive(sequence, size, sent_s, arrived_s)
    for sequence, (sent_s, size) in sizes.items():
        prober.receive(sequence, size, sent_s, 11.0)
    found_bps = prober.result(11.0)
    assert found_bps is None or 0 < found_bps <= 1.5 * rate(packets)

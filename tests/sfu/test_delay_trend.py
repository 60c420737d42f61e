"""Whether a queue grows, from departures and arrivals."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.delay_trend import WINDOW_GROUPS, DelayTrend, Usage, _Line

SPACING_S = 0.010


def judged(delays_s: list[float], spacing_s: float = SPACING_S) -> list[Usage]:
    """What is said after each packet of an evenly spaced stream with these delays."""
    trend = DelayTrend()
    said = []
    for index, delay_s in enumerate(delays_s):
        sent_s = 100 + index * spacing_s
        trend.add(sent_s, sent_s + delay_s)
        said.append(trend.take())
    return said


@pytest.mark.parametrize("base_s", [0.0, 5.0, -50.0])
def test_a_steady_delay_is_normal_whatever_the_clocks(base_s: float) -> None:
    assert set(judged([base_s] * 200)) == {Usage.NORMAL}


def test_a_growing_queue_is_overuse_and_a_draining_one_underuse() -> None:
    growing = [0.02 + 0.002 * index for index in range(100)]
    draining = [growing[-1] - 0.002 * index for index in range(100)]
    said = judged([0.02] * 50 + growing + draining)
    assert Usage.OVERUSE not in said[:50]
    assert Usage.OVERUSE in said[50:75]
    assert Usage.UNDERUSE in said[150:]


@pytest.mark.parametrize("jitter_s", [0.002, 0.010, 0.030])
def test_jitter_is_no_overuse(jitter_s: float) -> None:
    random = Random(1)
    said = judged([jitter_s * random.random() for _ in range(3000)])
    assert said.count(Usage.OVERUSE) <= 3


def test_one_late_packet_is_no_overuse() -> None:
    assert Usage.OVERUSE not in judged([0.02] * 100 + [0.06] + [0.02] * 100)


def test_overuse_is_told_even_if_it_is_over() -> None:
    trend = DelayTrend()
    delays = [0.02] * 50 + [0.02 + 0.004 * index for index in range(40)] + [0.02] * 40
    for index, delay_s in enumerate(delays):
        trend.add(100 + index * SPACING_S, 100 + index * SPACING_S + delay_s)
    assert trend.take() is Usage.OVERUSE
    assert trend.take() is not Usage.OVERUSE


def test_a_burst_that_a_slow_line_spreads_is_judged_by_its_end() -> None:
    trend = DelayTrend()
    for frame in range(300):
        sent_s = 100 + frame / 30
        for index in range(8):
            trend.add(sent_s, sent_s + 0.02 + 0.003 * index)
    assert trend.take() is Usage.NORMAL


def test_after_a_long_pause_nothing_is_concluded() -> None:
    trend = DelayTrend()
    for index in range(100):
        start_s = 100 if index < 50 else 4000
        trend.add(start_s + index * SPACING_S, start_s + index * SPACING_S + 0.02)
    assert trend.take() is Usage.NORMAL


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(-1e9, 1e9)), max_size=100))
def test_any_times_are_survived(arrivals: list[tuple[float, float]]) -> None:
    trend = DelayTrend()
    for sent_s, arrived_s in arrivals:
        trend.add(sent_s, arrived_s)
    assert trend.take() in Usage


@given(
    st.lists(
        st.tuples(st.floats(1, 100), st.floats(-50, 50)),
        min_size=WINDOW_GROUPS,
        max_size=5 * WINDOW_GROUPS,
    ),
    st.floats(0, 1e9),
)
def test_the_line_carried_along_is_the_line_taken_anew(
    steps: list[tuple[float, float]], start: float
) -> None:
    line = _Line()
    points = []
    x = start
    for step, y in steps:
        x += step
        points.append((x, y))
        slope = line.add(x, y)
    last = points[-WINDOW_GROUPS:]
    mean_x = sum(x for x, _ in last) / WINDOW_GROUPS
    mean_y = sum(y for _, y in last) / WINDOW_GROUPS
    spread = sum((x - mean_x) ** 2 for x, _ in last)
    expected = sum((x - mean_x) * (y - mean_y) for x, y in last) / spread
    assert slope == pytest.approx(expected, rel=1e-6, abs=1e-6)

"""Leaky buckets: never more than the rate, never less than what is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.limits import Buckets, Rate, neighbourhood

RATE = Rate(10, 60.0)


def test_a_burst_of_the_whole_rate_passes_and_the_next_waits_its_share() -> None:
    buckets = Buckets(RATE)
    assert [buckets.take("a", 0.0) for _ in range(10)] == [0.0] * 10
    assert buckets.take("a", 0.0) == pytest.approx(6.0)
    assert buckets.take("b", 0.0) == 0.0


def test_whoever_waits_as_long_as_told_passes() -> None:
    buckets = Buckets(RATE)
    for _ in range(10):
        buckets.take("a", 0.0)
    wait = buckets.take("a", 0.0)
    assert buckets.take("a", wait) == pytest.approx(0.0)


def test_what_was_charged_beyond_the_rate_is_waited_for() -> None:
    buckets = Buckets(RATE)
    for _ in range(15):
        buckets.charge("a", 0.0)
    assert buckets.wait("a", 0.0) == pytest.approx(36.0)
    assert buckets.wait("a", 36.0) == pytest.approx(0.0)


def test_a_flood_of_keys_pushes_out_the_one_that_was_quiet_longest() -> None:
    buckets = Buckets(Rate(1, 1000.0), keys=2)
    for key in ("quiet", "a", "b"):
        buckets.take(key, 0.0)
    assert buckets.take("b", 0.0) > 0.0
    assert buckets.take("quiet", 0.0) == 0.0


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_no_window_holds_more_than_twice_the_rate(gaps: list[float]) -> None:
    """GCRA allows a full burst at any moment, so a window of one period holds at most two."""
    buckets, now, passed = Buckets(RATE), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if buckets.take("a", now) == 0.0:
            passed.append(now)
    for start in passed:
        assert sum(start <= moment < start + RATE.seconds for moment in passed) <= 2 * RATE.count


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unknown", "unknown", True),
    ],
)
def test_what_one_person_can_change_at_will_counts_as_one(one: str, other: str, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) == same

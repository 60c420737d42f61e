"""When to start a child again: the arithmetic alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.restarts import (
    BUDGET,
    DEGRADED_DELAY_S,
    HEALTHY_AFTER_S,
    LONGEST_DELAY_S,
    Restarts,
)

SHORT, LONG = 1.0, HEALTHY_AFTER_S


@pytest.mark.parametrize(
    ("lives", "delay_s", "degraded"),
    [
        ([SHORT], 0.0, False),
        ([LONG], 0.0, False),
        ([SHORT] * 2, 0.5, False),
        ([SHORT] * 3, 1.0, False),
        ([SHORT] * BUDGET, 4.0, False),
        ([SHORT] * (BUDGET + 1), DEGRADED_DELAY_S, True),
        ([SHORT] * (BUDGET + 1) + [LONG], 0.0, False),
    ],
)
def test_the_delay_grows_with_short_lives_only(
    lives: list[float], delay_s: float, degraded: bool
) -> None:
    restarts = Restarts()
    for ran_s in lives:
        restarts = restarts.after(ran_s)
    assert (restarts.delay_s, restarts.degraded) == (delay_s, degraded)


@given(st.lists(st.floats(0, 1000), max_size=50))
def test_a_crash_loop_never_spins_and_a_well_child_never_waits(lives: list[float]) -> None:
    restarts = Restarts()
    for ran_s in lives:
        before, restarts = restarts, restarts.after(ran_s)
        if ran_s >= HEALTHY_AFTER_S:
            assert restarts.delay_s == 0.0
        else:
            assert restarts.delay_s >= min(before.delay_s, LONGEST_DELAY_S)
        assert 0.0 <= restarts.delay_s <= DEGRADED_DELAY_S

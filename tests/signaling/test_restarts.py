import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.restarts import HELD_UP_S, Budget, History, Pulse, Restart, decide

BUDGET = Budget(
    restarts=3, running_s=60.0, second_delay_s=0.5, longest_delay_s=0.8, degraded_delay_s=30.0
)

lives = st.lists(st.floats(0.0, 200.0), min_size=1, max_size=40)
jitters = st.floats(0.0, 1.0, exclude_max=True)
budgets = st.builds(Budget, restarts=st.integers(1, 8), longest_delay_s=st.floats(0.5, 20.0))


def restarts(lives_s: list[float], budget: Budget = BUDGET, jitter: float = 0.0) -> list[Restart]:
    history = History()
    decided = []
    for ran_s in lives_s:
        history = history.after(ran_s, budget)
        decided.append(decide(history, budget, jitter))
    return decided


@pytest.mark.parametrize(
    ("lives_s", "delay_s", "degraded"),
    [
        ([0.0], 0.0, False),
        ([1000.0], 0.0, False),
        ([0.0, 0.0], 0.5, False),
        ([0.0, 0.0, 0.0], 0.8, False),
        ([0.0, 0.0, 0.0, 0.0], 30.0, True),
        ([0.0] * 400, 30.0, True),
        ([0.0, 60.0], 0.0, False),
        ([0.0, 59.9], 0.5, False),
        # Three lives of 25 s: by the fourth end the first two are forgotten.
        ([0.0, 25.0, 25.0, 25.0], 0.8, False),
        # A minute of health in one piece or in two ends the degraded state.
        ([0.0, 0.0, 0.0, 0.0, 60.0], 0.0, False),
        ([0.0, 0.0, 0.0, 0.0, 30.0, 30.0], 0.5, False),
    ],
)
def test_restart_after_these_lives(lives_s: list[float], delay_s: float, degraded: bool) -> None:
    assert restarts(lives_s)[-1] == Restart(delay_s, degraded)


@given(budgets, st.lists(jitters, min_size=8, max_size=8))
def test_delays_of_a_crash_loop_grow_up_to_the_longest(budget: Budget, noise: list[float]) -> None:
    delays = [restarts([0.0] * (n + 1), budget, noise[n])[-1].delay_s for n in range(8)]
    within = delays[: budget.restarts]
    below_cap = [delay for delay in within if delay < budget.longest_delay_s / 2]
    assert delays[0] == 0.0
    assert below_cap == sorted(below_cap)
    assert all(delay <= budget.longest_delay_s for delay in within)
    assert delays[budget.restarts :] == [30.0] * (8 - budget.restarts)


@given(lives, budgets, jitters)
def test_a_healthy_minute_makes_the_next_restart_immediate(
    lives_s: list[float], budget: Budget, jitter: float
) -> None:
    assert restarts([*lives_s, budget.running_s], budget, jitter)[-1] == Restart(0.0, False)


@given(lives, budgets)
def test_history_stays_short(lives_s: list[float], budget: Budget) -> None:
    history = History()
    for ran_s in lives_s:
        history = history.after(ran_s, budget)
        assert len(history.ages_s) <= budget.restarts + 1
        assert list(history.ages_s) == sorted(history.ages_s, reverse=True)


def test_silence_before_the_first_beat_may_be_longer() -> None:
    pulse = Pulse(100.0, first_timeout_s=30.0, timeout_s=5.0)
    assert not pulse.is_hung(129.9)
    pulse.beat(129.9)
    assert not pulse.is_hung(134.8)
    assert pulse.is_hung(134.9)


def test_never_a_beat_is_hung() -> None:
    assert Pulse(100.0, first_timeout_s=30.0, timeout_s=5.0).is_hung(130.0)


def test_silence_while_we_were_held_up_proves_nothing() -> None:
    pulse = Pulse(100.0, first_timeout_s=30.0, timeout_s=5.0)
    pulse.beat(101.0)
    woken = 106.0 + HELD_UP_S + 0.1
    assert not pulse.is_hung(woken)
    assert not pulse.is_hung(woken + 4.9)
    assert pulse.is_hung(woken + 5.0)

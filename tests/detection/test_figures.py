"""Figures that say how good scores are: known cases, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection import figures
from detection.figures import Labels, Values


def of(*pairs: tuple[float, int]) -> tuple[Values, Labels]:
    return np.array([one for one, _ in pairs]), np.array([bool(other) for _, other in pairs])


PERFECT = of((0.1, 0), (0.2, 0), (0.8, 1), (0.9, 1))
INVERTED = of((0.1, 1), (0.2, 1), (0.8, 0), (0.9, 0))
NOTHING = of((0.1, 0), (0.1, 1), (0.1, 0), (0.1, 1))


@pytest.mark.parametrize(
    ("case", "auc", "equal_error"),
    [(PERFECT, 1.0, 0.0), (INVERTED, 0.0, 1.0), (NOTHING, 0.5, 0.5)],
)
def test_known_cases(case: tuple[Values, Labels], auc: float, equal_error: float) -> None:
    assert figures.auc(*case) == auc
    assert figures.equal_error(*case) == pytest.approx(equal_error)


def test_calibration_is_the_distance_from_what_happened() -> None:
    assert figures.calibration_error(*NOTHING) == pytest.approx(0.4)
    assert figures.calibration_error(*of((0.0, 0), (1.0, 1))) == 0.0


labelled = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=2, max_size=40).filter(
    lambda pairs: len({label for _, label in pairs}) == 2
)


@given(labelled)
def test_the_area_is_the_share_of_pairs_in_order(pairs: list[tuple[float, int]]) -> None:
    risks, fake = of(*pairs)
    wins = [
        1.0 if one > other else 0.5 if one == other else 0.0
        for one in risks[fake]
        for other in risks[~fake]
    ]
    assert figures.auc(risks, fake) == pytest.approx(np.mean(wins))
    assert figures.auc(1 - risks, ~fake) == pytest.approx(np.mean(wins), abs=0.5)
    assert 0 <= figures.equal_error(risks, fake) <= 1


@given(labelled)
def test_the_best_threshold_is_no_worse_than_calling_everybody_the_same(
    pairs: list[tuple[float, int]],
) -> None:
    risks, fake = of(*pairs)
    above = risks >= figures.best_threshold(risks, fake)
    assert above[~fake].mean() + (~above[fake]).mean() <= 1.0 + 1e-12


def test_an_interval_holds_its_figure_and_is_the_same_again() -> None:
    rng = np.random.default_rng(3)
    risks = np.concatenate((rng.normal(0.4, 0.2, 40), rng.normal(0.6, 0.2, 40)))
    fake = np.arange(80) >= 40
    one, again = (
        figures.figure(figures.auc, risks, fake, np.random.default_rng(1)) for _ in range(2)
    )
    assert one == again
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    assert one.low < one.value < one.high


def test_with_one_kind_alone_there_is_no_figure() -> None:
    alone = figures.figure(figures.auc, *of((0.5, 1)), np.random.default_rng(1))
    assert alone.value is None


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(0, 60, 0.0, 0.0602), (5, 10, 0.2366, 0.7634), (16, 16, 0.8064, 1.0)],
)
def test_a_share_has_an_interval_also_where_nothing_happened(
    hits: int, count: int, low: float, high: float
) -> None:
    assert figures.wilson(hits, count) == pytest.approx((low, high), abs=1e-3)

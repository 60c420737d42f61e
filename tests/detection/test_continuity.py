"""Somebody who stays is known, and somebody else is found, by numbers alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.continuity import Continuity, Limits, Verdict
from detection.embedding import Embedding, likeness, unit

LIMITS = Limits(other_below=0.6, same_from=0.7)
WIDTH = 64
NEW, SAME, UNCLEAR, OTHER = Verdict.NEW, Verdict.SAME, Verdict.UNCLEAR, Verdict.OTHER


def person(number: int, look: int = 0, alike: float = 0.9) -> Embedding:
    """One look at somebody, so like the others of the same person; strangers are at angles."""
    aside = np.random.default_rng(1000 * number + look + 1).normal(size=WIDTH)
    middle = np.eye(WIDTH)[number]
    aside[number] = 0
    turned = np.sqrt(alike) * middle + np.sqrt(1 - alike) * aside / np.linalg.norm(aside)
    return unit(turned.astype(np.float32))


@pytest.mark.parametrize(
    ("people", "verdicts"),
    [
        ([1, 1, 1, 1], [NEW, NEW, SAME, SAME]),
        ([1, 1, 1, 2, 2, 2], [NEW, NEW, SAME, UNCLEAR, OTHER, SAME]),
        # A hand before the face, a cough, two people by turns: unlike, and not somebody else.
        ([1, 1, 2, 1, 2, 1], [NEW, NEW, UNCLEAR, SAME, UNCLEAR, SAME]),
        ([1, 1, 2, 3, 4, 1], [NEW, NEW, UNCLEAR, UNCLEAR, UNCLEAR, SAME]),
        ([1, 1, 2, 2, 1, 1], [NEW, NEW, UNCLEAR, OTHER, UNCLEAR, OTHER]),
        # Who was seen once is not known.
        ([1, 2, 2, 2], [NEW, NEW, NEW, SAME]),
    ],
)
def test_two_strange_looks_that_are_alike_are_another_person(
    people: list[int], verdicts: list[Verdict]
) -> None:
    continuity = Continuity(LIMITS)
    found = [
        continuity.take(person(number, look)).verdict for look, number in enumerate(people)
    ]  # fmt: skip
    assert found == verdicts


@settings(max_examples=30)
@given(st.integers(1, 10), st.integers(1, 10), st.floats(0.85, 1.0))
def test_whoever_comes_is_found_and_whoever_stays_is_not(
    before: int, after: int, alike: float
) -> None:
    continuity = Continuity(LIMITS)
    stayed = [continuity.take(person(1, look, alike)).verdict for look in range(before + 2)]
    came = [continuity.take(person(2, look, alike)).verdict for look in range(after + 1)]
    assert OTHER not in stayed
    assert came.count(OTHER) == 1


def test_somebody_who_changes_slowly_is_followed() -> None:
    continuity = Continuity(LIMITS)
    for step in range(100):
        turn = step / 100 * np.pi / 2
        seen = np.cos(turn) * np.eye(WIDTH)[0] + np.sin(turn) * np.eye(WIDTH)[1]
        found = continuity.take(seen.astype(np.float32))
    assert found.verdict is SAME
    assert likeness(unit(seen.astype(np.float32)), person(0)) < LIMITS.other_below

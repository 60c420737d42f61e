"""Challenges are safe for eyes, unforeseeable, and used once."""

import secrets
from itertools import pairwise

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.challenge import (
    CHROMA,
    CODE_DIGITS,
    LEAST_STEP,
    LIGHT,
    LOOKS,
    MOST_CHANGES_PER_S,
    PALETTE,
    SATURATED_RED,
    LightPlan,
    ask_code,
    ask_light,
    ask_motion,
    family,
)


def test_no_colour_of_the_screen_is_a_saturated_red() -> None:
    for srgb, light in zip(PALETTE, LIGHT, strict=True):
        assert srgb[0] / sum(srgb) < SATURATED_RED
        assert light[0] / light.sum() < SATURATED_RED


def test_neighbours_differ_and_change_slowly_enough() -> None:
    rows = family("00" * 16)
    steps = np.linalg.norm(CHROMA[rows[:, 1:]] - CHROMA[rows[:, :-1]], axis=2)
    assert steps.min() >= LEAST_STEP
    assert 1 / LightPlan("", 0).slot_s <= MOST_CHANGES_PER_S


def test_sequences_of_a_family_are_far_from_each_other() -> None:
    first = family("11" * 16)[:300, : LOOKS[0]]
    agreeing = (first[:, None] == first[None]).sum(axis=2)
    np.fill_diagonal(agreeing, 0)
    assert agreeing.max() <= LOOKS[0] // 2


def test_every_sequence_and_colour_is_asked_about_as_often() -> None:
    shares = np.bincount(family("22" * 16).ravel(), minlength=len(PALETTE)) / family("22" * 16).size
    assert shares.min() > 0.5 / len(PALETTE)
    assert shares.max() < 2.0 / len(PALETTE)


@settings(max_examples=8, deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_a_family_grows_from_its_seed_alone(seed: bytes) -> None:
    family.cache_clear()
    again = family(seed.hex()).copy()
    family.cache_clear()
    assert (family(seed.hex()) == again).all()
    assert len(again) > 1000


def test_a_plan_survives_the_wire_and_shows_its_own_row() -> None:
    plan = ask_light(secrets.token_bytes)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=LightPlan) == plan
    assert plan.colours == tuple(PALETTE[one] for one in family(plan.seed)[plan.number])
    assert plan.duration_s < 15
    assert ask_light(secrets.token_bytes).colours != plan.colours


def test_movements_never_repeat_at_once() -> None:
    for _ in range(50):
        motion = ask_motion(secrets.token_bytes)
        assert all(a.act != b.act and a.ends_s <= b.begins_s for a, b in pairwise(motion.movements))
        assert motion.duration_s < 15


def test_a_code_is_unforeseeable_and_no_digit_follows_itself() -> None:
    codes = {ask_code(secrets.token_bytes).digits for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert len(code) == CODE_DIGITS
        assert all(a != b for a, b in pairwise(code))

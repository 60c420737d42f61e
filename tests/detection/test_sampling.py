"""Squares come out of pictures where they were."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.media import Pixels
from detection.sampling import Square, sampled
from detection.scaling import Scaler


def ramp(width: int = 64, height: int = 48) -> Pixels:
    """Red grows to the right and green downwards."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack((across * 2, down * 2, np.full_like(across, 9)), axis=2).astype(np.uint8)


@settings(max_examples=25)
@given(
    st.floats(15, 48), st.floats(15, 32), st.floats(8, 20), st.floats(-3.1, 3.1), st.integers(8, 40)
)
def test_a_sample_is_the_colour_of_its_place(
    x: float, y: float, side: float, radians: float, size: int
) -> None:
    square = Square(x, y, side, radians)
    cut = sampled(ramp(), square, size)
    shares = (np.indices((size, size), dtype=np.float32)[::-1] + 0.5) / size
    places = square.to_picture(shares.reshape(2, -1).T)
    step = max(1, int(side / size))
    assert cut.reshape(-1, 3)[:, :2] == pytest.approx(2 * (places - 0.5), abs=1.0 + 2 * step)
    assert cut[..., 2] == pytest.approx(9.0, abs=0.01)


def test_outside_of_the_picture_it_is_black() -> None:
    cut = sampled(ramp(), Square(32, 24, 64), 32)
    assert not cut[:4].any()
    assert cut[8:24].any(axis=2).all()


@pytest.mark.parametrize("shape", [(640, 360), (360, 640), (100, 100), (37, 640)])
def test_a_whole_picture_lies_where_its_square_says(shape: tuple[int, int]) -> None:
    width, height = shape
    shares = np.indices((height, width)) * 250 // max(shape)
    pixels = np.stack((shares[1], shares[0], shares.sum(axis=0) // 2), axis=2).astype(np.uint8)
    square = Square(width / 2, height / 2, max(shape))
    inside = slice(48 - 96 * min(shape) // max(shape) // 2 + 1, 48)
    cut, wanted = (
        one[inside] if width > height else one[:, inside]
        for one in (Scaler().squared(pixels, 96), sampled(pixels, square, 96))
    )
    assert cut == pytest.approx(wanted, abs=6.0)


def test_a_turned_square_turns_with_what_is_in_it() -> None:
    level, turned = (sampled(ramp(), Square(32, 24, 20, turn), 16) for turn in (0.0, math.pi / 2))
    assert np.rot90(level) == pytest.approx(turned, abs=0.05)

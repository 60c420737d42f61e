"""Films that repeat or stand still are told from people who sit still."""

from collections.abc import Iterable
from itertools import count

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.evidence import Outcome
from detection.media import Face, Glance, Picture, Sight
from detection.repetition import SIDE, Memory, fingerprint
from detection.signals import CameraSaid
from detection.signals.replay import Injection, Loop

FACE = Face(30, 20, 40, 50, 0.9, ((40, 40), (60, 40)))
Prints = NDArray[np.float32]


def film(seconds: float, *, period_s: float = 0.0, moves: float = 3.0, seed: int = 0) -> Prints:
    """Fingerprints at 8 a second of somebody who moves and comes back, with noise of a codec."""
    random = np.random.default_rng(seed)
    steps = int(seconds * 8)
    shapes = random.normal(0, 1, (6, SIDE * SIDE))
    position = np.zeros((steps, 6))
    for step in range(1, steps):
        position[step] = 0.97 * position[step - 1] + random.normal(0, 0.25, 6)
    if period_s:
        position = position[np.arange(steps) % round(period_s * 8)]
    noise = random.normal(0, 0.2, (steps, SIDE * SIDE))
    return np.asarray(moves * position @ shapes / 3 + noise, dtype=np.float32)


def remembered(prints: Prints, times_s: Iterable[float] = ()) -> Memory:
    memory = Memory()
    for at_s, one in zip(times_s or count(0.0, 1 / 8), prints, strict=False):
        memory.add(at_s, one)
    return memory


def found(prints: Prints) -> tuple[bool, float]:
    one = remembered(prints).repetition()
    assert one is not None
    return one.repeats, one.period_s


@pytest.mark.parametrize("period_s", [5.0, 7.5, 13.0, 30.0, 60.0])
@pytest.mark.parametrize("seed", range(2))
def test_a_loop_is_found_within_two_rounds(period_s: float, seed: int) -> None:
    repeats, at_s = found(film(2 * period_s, period_s=period_s, seed=seed))
    assert repeats
    assert at_s == pytest.approx(period_s, abs=0.26)


@pytest.mark.parametrize("moves", [0.0, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("seed", range(2))
def test_people_who_come_back_or_sit_still_do_not_loop(moves: float, seed: int) -> None:
    assert not found(film(100, moves=moves, seed=seed))[0]


def test_a_camera_that_was_moved_shows_no_loop() -> None:
    calm = film(60, moves=0.5)
    calm[240:] += 30 * np.random.default_rng(1).normal(0, 1, SIDE * SIDE).astype(np.float32)
    assert not any(found(calm[:end])[0] for end in range(200, len(calm), 16))


def test_rounds_that_are_no_whole_number_of_steps_are_found_too() -> None:

    fast = film(5, moves=8.0).repeat(2, axis=0)
    between = (fast[:-1] + fast[1:]) / 2
    assert found(np.concatenate((between[::2], between[1::2], between[::2])))[0]


def test_a_pause_within_a_film_hides_no_loop() -> None:
    prints, times_s = film(40, period_s=7.0), np.arange(320) / 8
    seen = (times_s < 15) | (times_s > 18)
    one = remembered(prints[seen], list(times_s[seen])).repetition()
    assert one is not None
    assert one.repeats


def test_after_a_long_pause_nothing_is_compared() -> None:
    memory = remembered(film(20, period_s=5.0))
    memory.add(1000.0, film(1)[0])
    assert memory.repetition() is None


def test_too_little_film_tells_nothing() -> None:
    assert remembered(film(2.5)).repetition() is None


def picture(at_s: float, seed: int, faces: tuple[Face, ...] = (FACE,)) -> Glance:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    return Glance(Picture(at_s, at_s, pixels), faces)


def test_a_fingerprint_ignores_brightness_and_sees_movement() -> None:
    pixels = picture(0, 1).picture.pixels // 2
    assert np.abs(fingerprint(pixels) - fingerprint(pixels + 40)).max() < 1e-2
    assert np.abs(fingerprint(pixels) - fingerprint(np.roll(pixels, 9, axis=1))).max() > 1


def test_the_signal_tells_loops_across_cuts_once_in_a_while() -> None:
    signal = Loop()
    for step in range(8 * 16):
        signal.glance(picture(step / 8, step % 48))
        if step == 60:
            signal.cut()
    (said,) = signal.notice(16.0)
    assert (said.reason, said.log_likelihood_ratio) == ("film_repeats", 0.5)
    assert said.measured["period_s"] == pytest.approx(6.0, abs=0.13)
    assert signal.notice(17.0) == ()
    assert signal.notice(30.0)


@pytest.mark.parametrize(("face", "reason"), [(True, "frozen_picture"), (False, "no_repetition")])
def test_a_frozen_picture_needs_a_face_to_be_suspicious(face: bool, reason: str) -> None:
    signal = Loop()
    for step in range(8 * 12):
        signal.glance(picture(step / 8, 0, (FACE,) if face else ()))
    (said,) = signal.notice(12.0)
    assert said.reason == reason
    assert (said.log_likelihood_ratio > 0) is face


def test_pictures_of_a_few_pixels_are_passed_over() -> None:
    signal = Loop()
    for step in range(60):
        signal.glance(Glance(Picture(step / 8, 0.0, np.zeros((2, 16, 3), dtype=np.uint8)), (FACE,)))
    assert signal.notice(20.0) == ()


CAMERA = CameraSaid(0.0, "Integrated Camera", 640, 480, 30.0)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (CAMERA, "camera_plausible"),
        (CameraSaid(0.0, "OBS Virtual Camera", 640, 480, 30.0), "virtual_camera"),
        (CameraSaid(0.0, "Camera", 640, 480, 900.0), "implausible_camera"),
        (CameraSaid(0.0, "Camera", 640, 640, 30.0), "implausible_camera"),
        (CameraSaid(0.0, "Phone", 480, 640, 30.0), "camera_plausible"),
    ],
)
def test_what_the_page_says_of_its_camera_is_advice(said: CameraSaid, reason: str) -> None:
    signal = Injection()
    signal.tell(said)
    assert signal.conclude(0.0) == ()
    signal.look(Sight(Picture(1.0, 1.0, np.zeros((120, 160, 3), dtype=np.uint8))))
    (one,) = signal.conclude(1.0)
    assert one.reason == reason
    assert one.speaks is (reason != "camera_plausible")
    assert 0 <= one.log_likelihood_ratio <= 0.5
    assert one.outcome is Outcome.OBSERVED

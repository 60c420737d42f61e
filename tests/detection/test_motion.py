"""A head that moves as asked passes; another film, or none, does not."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from detection.challenge import MotionPlan, Movement
from detection.evidence import Evidence, Outcome
from detection.media import Face, Picture, Points, Sight
from detection.signals import Asked
from detection.signals.motion import WORDS, Motion, pose

ORDER = ("left", "hand", "up", "lean", "right")


def plan(acts: Sequence[str]) -> MotionPlan:
    movements = [Movement(act, 0.5 + 2.8 * at, 2.7 + 2.8 * at) for at, act in enumerate(acts)]  # type: ignore[arg-type]
    return MotionPlan(tuple(movements))


def head(act: str | None, random: np.random.Generator) -> Points:
    """A round head turned by so many degrees, seen from the front."""
    yaw = {"left": 30, "right": -30}.get(act or "", 0) + random.normal(0, 2)
    pitch = {"up": 20}.get(act or "", 0) + random.normal(0, 1.5)
    points = np.zeros((468, 3))
    # Temples, top, chin and the nose before the middle of a head; nearer is smaller.
    points[[1, 127, 356, 10, 152]] = [
        (0, 5, -60), (-50, -10, 0), (50, -10, 0), (0, -60, -15), (0, 60, -15),
    ]  # fmt: skip
    a, b = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    points = points @ turn.T @ nod.T * (1.35 if act == "lean" else 1.0)
    return np.asarray(points + np.array([160, 120, 0]), dtype=np.float32)


def answer(asked: MotionPlan, done: MotionPlan, *, delay_s: float = 0.6) -> Evidence:
    random = np.random.default_rng(5)
    signal = Motion()
    raw = msgspec.json.encode(asked).decode()
    signal.tell(Asked(50.0, "m1", "motion", 50.0, 70.0, raw, 0.1))
    said: list[Evidence] = []
    for step in range(int((asked.duration_s + 2) * 10)):
        now_s = step / 10
        act = next(
            (
                one.act
                for one in done.movements
                if one.begins_s + delay_s <= now_s <= one.ends_s - 0.3
            ),
            None,
        )
        pixels = np.zeros((240, 320, 3), dtype=np.uint8)
        face = Face(110, 60, 100, 120, 0.9, ((140, 100), (180, 100)), head(act, random), 0.98)
        sight = Sight(Picture(50 + now_s, now_s, pixels), () if act == "hand" else (face,))
        signal.look(sight)
        said += signal.conclude(50 + now_s)
    (one,) = said
    return one


def test_movements_as_asked_pass() -> None:
    said = answer(plan(ORDER), plan(ORDER))
    assert (said.outcome, said.reason) == (Outcome.PASSED, "moved_as_asked")
    assert said.log_likelihood_ratio == -2.0
    assert said.measured["chance"] < 0.01


@pytest.mark.parametrize(
    ("done", "outcome", "reason"),
    [
        (("right", "lean", "hand", "left", "up"), Outcome.FAILED, "moved_otherwise"),
        (("left", "hand", "up", "right", "lean"), Outcome.INCONCLUSIVE, "moved_too_little"),
        ((), Outcome.INCONCLUSIVE, "moved_too_little"),
    ],
)
def test_other_movements_do_not(done: tuple[str, ...], outcome: Outcome, reason: str) -> None:
    said = answer(plan(ORDER), plan(done))
    assert (said.outcome, said.reason) == (outcome, reason)
    assert reason in WORDS


def test_movements_that_come_too_late_are_not_answers() -> None:
    late = answer(plan(ORDER), plan(ORDER), delay_s=5.0)
    assert late.outcome is Outcome.INCONCLUSIVE


def test_a_cut_or_an_absent_face_says_nothing() -> None:
    signal = Motion()
    raw = msgspec.json.encode(plan(ORDER)).decode()
    signal.tell(Asked(50.0, "m1", "motion", 50.0, 70.0, raw, 0.1))
    assert signal.conclude(60.0) == ()
    (said,) = signal.conclude(80.0)
    assert (said.outcome, said.reason) == (Outcome.INCONCLUSIVE, "too_little_seen")
    signal.tell(Asked(50.0, "m2", "motion", 50.0, 70.0, raw, 0.1))
    signal.cut()
    (said,) = signal.conclude(51.0)
    assert (said.challenge, said.reason, said.quality) == ("m2", "cut_short", 0.0)


def test_a_mesh_on_a_point_is_no_pose() -> None:
    pixels = np.zeros((240, 320, 3), dtype=np.uint8)
    mesh: Points = np.ones((468, 3), dtype=np.float32)
    face = Face(110, 60, 100, 120, 0.9, ((140, 100), (180, 100)), mesh, 0.98)
    assert pose(Sight(Picture(0, 0, pixels), (face,)), 0.0).hidden

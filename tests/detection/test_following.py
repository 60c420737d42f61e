"""Faces are followed between pictures that are searched, and found all the same."""

from dataclasses import replace

import numpy as np
import pytest

from detection.faces import FaceFinder, Finder
from detection.following import Follower
from detection.media import Face, Picture
from tests.detection.drawn import drawn_face

HERE = Face(4, 4, 100, 100, 0.9, ((30, 30), (70, 30)), np.zeros((468, 3), np.float32), 0.99)


class Counts(Finder):
    """Follows whatever there is, as long as it is told to."""

    def __init__(self) -> None:
        self.holds = True
        self.searched: list[float] = []

    def find(self, picture: Picture) -> tuple[Face, ...]:
        self.searched.append(picture.at_s)
        return (HERE, replace(HERE, mesh=None))

    locate = find

    def follow(self, picture: Picture, face: Face) -> Face | None:
        return face if self.holds else None


def seen(at_s: float, *, burst: int = 1, width: int = 32) -> Picture:
    return Picture(at_s, at_s, np.zeros((24, width, 3), np.uint8), burst=burst)


def test_every_third_picture_is_searched_and_all_have_the_same_faces() -> None:
    finder = Counts()
    follower = Follower(finder)
    assert {len(follower.find(seen(tick / 10))) for tick in range(7)} == {2}
    assert finder.searched == [0.0, 0.3, 0.6]


@pytest.mark.parametrize(
    "then", [seen(0.1, burst=2), seen(0.1, width=48), seen(0.9), seen(-5.0)], ids=str
)
def test_what_does_not_continue_is_searched(then: Picture) -> None:
    finder = Counts()
    follower = Follower(finder)
    follower.find(seen(0.0))
    follower.find(then)
    assert finder.searched == [0.0, then.at_s]


def test_a_mesh_that_does_not_hold_is_searched() -> None:
    finder = Counts()
    follower = Follower(finder)
    follower.find(seen(0.0))
    finder.holds = False
    follower.find(seen(0.1))
    assert finder.searched == [0.0, 0.1]


def test_a_face_that_moves_and_comes_nearer_is_where_it_would_be_found(finder: FaceFinder) -> None:
    steps = [drawn_face(size=110 + 3 * step, x=0.45 + 0.02 * step) for step in range(3)]
    follower = Follower(finder)
    for step, pixels in enumerate(steps):
        picture = Picture(step / 10, step / 10, pixels)
        (followed,), (found,) = follower.find(picture), finder.find(picture)
        assert followed.left == pytest.approx(found.left, abs=0.12 * found.width)
        assert followed.width == pytest.approx(found.width, rel=0.12)
        assert followed.mesh is not None
        assert found.mesh is not None
        assert followed.mesh[1, 0] == pytest.approx(found.mesh[1, 0], abs=0.06 * found.width)


def test_whoever_leaves_is_gone_and_whoever_comes_in_is_counted(finder: FaceFinder) -> None:
    one = drawn_face(320, 240, size=110)
    nobody = np.full_like(one, 90)
    scenes = [(one, nobody), (one, one), (one, one), (one, one), (nobody, nobody)]
    follower = Follower(finder)
    counts = [
        len(follower.find(Picture(tick / 10, tick / 10, np.concatenate(scene, axis=1))))
        for tick, scene in enumerate(scenes)
    ]
    assert counts == [1, 1, 1, 2, 0]

"""Which path is used, by the checks that came and when."""

import pytest

from sfu.nomination import Nomination
from sfu.stun import Check


def check(priority: int, *, nominated: bool) -> Check:
    return Check("local", "remote", priority, nominated)


# (seconds, priority, nominated, whether it is the path from then on)
Seen = tuple[float, int, bool, bool]
STORIES: dict[str, list[Seen]] = {
    "the first that is checked will do": [(0.0, 1, False, True)],
    "a better one": [(0.0, 5, True, True), (0.1, 9, True, True)],
    "a worse one has to wait": [(0.0, 9, True, True), (0.1, 5, True, False), (1.3, 5, True, True)],
    "not nominated is only looked at": [(0.0, 5, True, True), (0.5, 9, False, False)],
    "a browser goes on nominating": [
        (0.0, 5, True, True),
        *((2.5 * turn, 5, True, True) for turn in range(1, 5)),
        (10.5, 9, False, False),
    ],
    "who nominates once has moved": [
        (0.0, 5, True, True),
        (5.0, 5, False, False),
        (9.0, 5, False, True),
        (14.0, 5, False, True),
    ],
}


@pytest.mark.parametrize("story", STORIES)
def test_the_path_is_the_one_that_the_peer_means(story: str) -> None:
    nomination = Nomination(0.0)
    for now, priority, nominated, moves in STORIES[story]:
        found = nomination.moves_to(check(priority, nominated=nominated), now)
        assert found is moves, now


def test_a_restart_takes_any_nomination() -> None:
    nomination = Nomination(0.0)
    nomination.moves_to(check(9, nominated=True), 0.0)
    nomination.begin_again(0.1)
    assert nomination.moves_to(check(1, nominated=True), 0.2)

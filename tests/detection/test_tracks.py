"""Key frames are asked for soon where one is missing, and not again and again."""

from typing import cast

import pytest

from detection.clocks import MediaClock
from detection.tap import TapConnection
from detection.tracks import TappedTrack
from detection.wire import TapOpened, TapWish


class Connection:
    """A media process that is told what is wished."""

    def __init__(self) -> None:
        self.wishes: list[TapWish] = []

    def send(self, wish: TapWish) -> None:
        self.wishes.append(wish)


@pytest.mark.parametrize(
    ("view", "kind", "wanted_s", "asked_s"),
    [
        ("look", "video", [0, 1, 2, 3, 4, 5, 6], [0, 2, 4, 6]),
        ("glance", "video", [0, 1, 2, 4, 6, 20, 29, 30, 31, 32, 34, 40], [0, 2, 4, 30, 32, 34]),
        ("look", "audio", [0, 2], []),
    ],
)
def test_key_frames_are_asked_for_at_a_pace(
    view: str, kind: str, wanted_s: list[float], asked_s: list[float]
) -> None:
    connection, asked = Connection(), list[float]()
    opened = TapOpened(1, "tea", "s1", "ada", "0", kind, "vp8", view=view)
    track = TappedTrack(cast(TapConnection, connection), opened, 1, MediaClock(kind))
    for now in wanted_s:
        connection.wishes.clear()
        track.want_key_frame(now)
        if connection.wishes:
            # What is wished anew begins with a key frame.
            assert [one.sampling is None for one in connection.wishes] == [True, False]
            asked.append(now)
    assert asked == asked_s

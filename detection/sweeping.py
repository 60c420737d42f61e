"""One evaluation after the other, each with one thing changed about how films are sent.

Knows what is changed and by how much.  How films are judged is in `evaluate`; it refuses to know
how the results are shown.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from detection.evaluate import Evaluation
from detection.sending import CODECS, Sending

# What is changed, and the settings in the order in which they are shown.
AXES: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "bitrate": {
        f"{rate} kb/s": {"bitrate_bps": 1000 * rate} for rate in (100, 300, 600, 1000, 2000)
    },
    "codec": {codec: {"codec": codec} for codec in CODECS},
    "size": {f"{side} pixels": {"longest_side": side} for side in (160, 320, 640, 1280)},
    "light": {f"{light:g} times": {"light": light} for light in (0.1, 0.3, 1.0)},
    "loss": {f"{100 * loss:g} %": {"loss": loss} for loss in (0.0, 0.02, 0.1, 0.3)},
}


class Point(msgspec.Struct, frozen=True):
    """What came of one setting."""

    axis: str
    setting: str
    evaluation: Evaluation


class Sweep(msgspec.Struct, frozen=True):
    """All settings, those of one axis together."""

    base: Sending
    points: tuple[Point, ...]

    def axis(self, name: str) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.axis == name)


def settings(base: Sending) -> Iterator[tuple[str, str, Sending]]:
    """Axis, setting, and how files are sent with it; everything else is as in `base`."""
    for axis, changes in AXES.items():
        for setting, change in changes.items():
            yield axis, setting, replace(base, **change)


def swept(base: Sending, evaluate: Callable[[Sending], Evaluation]) -> Sweep:
    """Every setting; those that are the same on two axes are evaluated once."""
    known: dict[Sending, Evaluation] = {}
    points: list[Point] = []
    for axis, setting, sending in settings(base):
        if sending not in known:
            known[sending] = evaluate(sending)
        points.append(Point(axis, setting, known[sending]))
    return Sweep(base, tuple(points))

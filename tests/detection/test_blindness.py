"""However Candor is blinded, what was known ends, and it says so: timed by a clock of our own."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from detection.evidence import Evidence, Outcome, evidence
from detection.fusion import State
from detection.media import Face, Picture
from detection.participant import Participant
from detection.policy import NOW_AND_THEN
from detection.signals import Signal
from detection.signals.quality import Quality
from detection.worker import BURST_ENDS_S, CONCLUDE_ATTENDED_EVERY_S, JUDGE_EVERY_S

BLIND_FROM_S = 21.0
PICTURES_PER_S = 15
EVERY_S = NOW_AND_THEN["video"].every_s
BURST_S = 1.5


class Scene:
    """Somebody before a camera, until something comes between."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        self.blind = False

    def find(self, picture: Picture) -> tuple[Face, ...]:
        if self.blind and self.cause in {"no_face", "covered"}:
            return ()
        size = 30.0 if self.blind and self.cause == "too_small" else 170.0
        face = Face(4.0, 4.0, size, size, 0.9, ((20.0, 20.0), (60.0, 20.0)))
        return (face,) * (9 if self.blind and self.cause == "many_faces" else 1)

    def picture(self, at_s: float) -> Picture | None:
        if self.blind and self.cause == "stale":
            return None
        dark = self.blind and self.cause in {"too_dark", "covered"}
        level = 0 if dark else 255 if self.blind and self.cause == "too_bright" else 120
        pixels = np.full((180, 180, 3), level, dtype=np.uint8)
        if level == 120:
            pixels[:, ::2] += 10
        return Picture(at_s, at_s, pixels, encoded_bytes=5000)


class Verified(Signal):
    """A challenge that was passed at the beginning."""

    name = "light"
    version = "1"
    said = False

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        # After the first look, which says how much may be claimed.
        if self.said or now_s < 2:
            return []
        self.said = True
        passed = Outcome.PASSED
        return [
            evidence(
                "light",
                "1",
                now_s,
                reason="",
                words="",
                log_likelihood_ratio=-2.0,
                quality=1.0,
                outcome=passed,
            )
        ]


def seconds_until_unknown(cause: str, looked_at: Callable[[float], bool], every_s: float) -> float:
    """From when something came between to when people see `unknown`."""
    scene = Scene(cause)
    person = Participant(scene, [Quality(), Verified()])
    came_s = concluded_s = judged_s = 0.0
    was: State | None = None
    for tick in range(60 * PICTURES_PER_S):
        now_s = tick / PICTURES_PER_S
        scene.blind = now_s >= BLIND_FROM_S
        person.blind = "muted" if scene.blind and cause == "muted" else ""
        shown = scene.picture(now_s) if looked_at(now_s) else None
        if shown is not None:
            person.look(shown)
            came_s = now_s
        if (
            person.fresh
            and now_s - concluded_s >= every_s
            and (every_s == CONCLUDE_ATTENDED_EVERY_S or now_s - came_s > BURST_ENDS_S)
        ):
            person.conclude(now_s)
            concluded_s = now_s
            judged_s = -np.inf
        if now_s - judged_s >= JUDGE_EVERY_S:
            judged_s, was = now_s, person.judge(now_s).score.state
        if scene.blind and was is State.UNKNOWN:
            return now_s - BLIND_FROM_S
        assert scene.blind or now_s < 5 or was is State.VERIFIED
    raise AssertionError(f"{cause}: still {was}")


CAUSES = ("no_face", "covered", "too_dark", "too_bright", "too_small", "many_faces", "muted")


@pytest.mark.parametrize("cause", CAUSES)
def test_whoever_is_looked_at_without_a_pause_is_unknown_within_three_seconds(cause: str) -> None:
    assert seconds_until_unknown(cause, lambda _: True, CONCLUDE_ATTENDED_EVERY_S) <= 3.0


@pytest.mark.parametrize("cause", [*CAUSES, "stale"])
def test_everybody_else_is_unknown_after_the_next_look(cause: str) -> None:
    waited_s = seconds_until_unknown(cause, lambda now_s: now_s % EVERY_S < BURST_S, 2.0)
    assert waited_s <= (1.0 if cause == "muted" else EVERY_S + 5.0)

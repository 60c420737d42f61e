"""However Candor is blinded, what was known ends, and it says so: timed by a clock of our own."""

from collections.abc import Sequence

import numpy as np
import pytest

from detection.evidence import Evidence, Outcome, evidence
from detection.faces import Finder
from detection.fusion import State
from detection.media import Face, Picture
from detection.participant import Participant
from detection.policy import GLANCES_GATHER_S, NOW_AND_THEN
from detection.presence import Presence
from detection.signals import Signal
from detection.signals.quality import Quality
from detection.worker import BURST_ENDS_S, JUDGE_EVERY_S

PICTURES_PER_S = 15
# Of the three seconds, for waiting and telling.
RESERVED_S = 0.5
EVERY_S = NOW_AND_THEN["video"].every_s
BURST_S = 1.5


class Scene(Finder):
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

    locate = find

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


class Watch:
    """One participant at the default policy, on a clock of our own."""

    def __init__(self, cause: str) -> None:
        self.scene = Scene(cause)
        self.person = Participant(self.scene, [Quality(), Verified()])
        self.presence = Presence()
        self.came_s = self.noticed_s = self.judged_s = 0.0
        self.gone = ""

    def state(self, now_s: float) -> State | None:
        """The state if it is judged now."""
        person, shown = self.person, self.scene.picture(now_s)
        if shown is not None:
            person.glance(shown)
            self.presence.come(now_s)
            if now_s % EVERY_S < BURST_S:
                person.look(shown)
                self.came_s = now_s
        news = False
        if now_s - self.noticed_s >= GLANCES_GATHER_S:
            self.noticed_s, news = now_s, person.notice(now_s)
        if person.fresh and now_s - self.came_s > BURST_ENDS_S:
            person.conclude(now_s)
            news = True
        before, self.gone = self.gone, self.presence.gone(now_s, now_s)
        if not (news or self.gone != before or now_s - self.judged_s >= JUDGE_EVERY_S):
            return None
        self.judged_s = now_s
        return person.judge(now_s, self.gone).score.state


def seconds_until_unknown(cause: str, blind_from_s: float) -> float:
    """From when something came between to when it is known."""
    watch = Watch(cause)
    for tick in range(60 * PICTURES_PER_S):
        now_s = tick / PICTURES_PER_S
        watch.scene.blind = now_s >= blind_from_s
        watch.person.blind = "muted" if watch.scene.blind and cause == "muted" else ""
        state = watch.state(now_s)
        if watch.scene.blind and state is State.UNKNOWN:
            return now_s - blind_from_s
        assert watch.scene.blind or state in {None, State.VERIFIED} or now_s < 5
    raise AssertionError(cause)


CAUSES = (
    "no_face",
    "covered",
    "too_dark",
    "too_bright",
    "too_small",
    "many_faces",
    "muted",
    "stale",
)


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("blind_from_s", [20.1, 21.4, 21.6, 25.3, 29.9])
def test_everybody_is_unknown_within_three_seconds(cause: str, blind_from_s: float) -> None:
    assert seconds_until_unknown(cause, blind_from_s) <= 3.0 - RESERVED_S


def test_one_glance_without_a_face_blinds_nobody_and_whoever_is_back_is_known_again() -> None:
    watch = Watch("no_face")
    states = []
    for tick in range(40 * PICTURES_PER_S):
        now_s = tick / PICTURES_PER_S
        watch.scene.blind = 23.0 <= now_s < 23.7 or 26.0 <= now_s < 28.0
        states.append((now_s, watch.state(now_s)))
    unknown_s = [now_s for now_s, state in states if state is State.UNKNOWN and now_s > 5]
    assert 27.0 <= min(unknown_s) < max(unknown_s) < 30.0


def test_pictures_that_nobody_can_decode_are_none() -> None:
    presence = Presence()
    seen_s = 10.0
    for tick in range(100):
        presence.come(10 + tick / 10)
        presence.tried(10 + tick / 10)
    assert presence.gone(20.0, 19.9) == ""
    assert presence.gone(20.0, seen_s) == "stale"


def test_what_was_let_go_of_here_is_no_fault_of_theirs() -> None:
    presence = Presence()
    presence.tried(10.0)
    for tick in range(100):
        presence.come(10 + tick / 10)
    assert presence.gone(20.0, 10.0) == ""
    assert presence.gone(30.0, 10.0) == "stale"
    presence.leave()
    assert presence.gone(30.0, 10.0) == ""

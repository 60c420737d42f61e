"""The spoken code: were these digits said, just now, by a mouth that moved?

Collects speech while the digits are shown, and compares what a recogniser hears with what was
asked.  How likely chance would have done as well is counted: the share of all codes that are as
near to what was heard.  It refuses to call anybody false: accents, noise and a recogniser's errors
are no answer, and a voice that is made by a machine can say digits too.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from detection.challenge import CodePlan
from detection.digits import Digits
from detection.evidence import Evidence, Outcome, evidence
from detection.media import Sight, Sound
from detection.signals.answers import Answers
from detection.signals.lips import opening
from detection.speech import Heard, Speech

# The last digit may be said when they are hidden, and comes by the way of the sound.
_TRAILING_S = 1.5
# Fewer digits right than this could be by chance (`chance`).
MOST_WRONG = 2
_LEAST_SPEECH_S = 1.5
# Lips that speak open and close by more of the face's height: 15 of 16 films of people who talk or
# move reached 0.013 to 0.07, their first pictures alone with a camera's noise 0.0008 to 0.0095.
_LEAST_MOVEMENT = 0.01
_LEAST_SIGHTS = 20

WORDS = {
    "code_said": "The digits were said, and the lips moved.",
    "code_not_heard": "Not all of the digits could be made out.",
    "lips_still": "The digits were said, and the lips did not move.",
    "too_little_speech": "Too little was said.",
    "too_little_seen": "The face was seen too seldom to watch its lips.",
    "cut_short": "The picture was cut while the digits were said.",
}
_PASSED = -4.5


class Code(Answers[CodePlan]):
    """One participant's answers to spoken codes."""

    name = "code"
    version = "2"

    def __init__(self, digits: Digits, speech: Speech) -> None:
        super().__init__(CodePlan)
        self._digits = digits
        self._speech = speech
        self._heard = Heard()
        self._lips: list[float] = []

    def look(self, sight: Sight) -> None:
        face = sight.face
        if self._asked is None or sight.picture.at_s < self._asked.begins_s:
            return
        if face is not None and face.mesh is not None:
            self._lips.append(opening(face.mesh))

    def hear(self, sound: Sound) -> None:
        if self._asked is None or sound.at_s < self._asked.begins_s:
            return
        self._heard.hear(sound.samples)

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        asked, plan = self._asked, self._plan
        if asked is None or plan is None:
            return ()
        if not self._cut and now_s < asked.ends_s + _TRAILING_S + asked.round_trip_s:
            return ()
        reason, measured = self._judged(plan.digits)
        self._forget()
        passed = reason == "code_said"
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                outcome=Outcome.PASSED if passed else Outcome.INCONCLUSIVE,
                reason=reason,
                words=WORDS[reason],
                log_likelihood_ratio=_PASSED if passed else 0.0,
                quality=1.0 if passed else 0.0,
                measured=measured,
                models=(self._digits.name, *self._speech.references),
                challenge=asked.challenge,
            ),
        )

    def _judged(self, digits: str) -> tuple[str, dict[str, float]]:
        if self._cut:
            return "cut_short", {}
        samples = self._heard.take()
        speech_s, movement = self._speech.seconds(samples), _movement(self._lips)
        measured = {"speech_s": speech_s, "lip_movement": movement}
        if speech_s < _LEAST_SPEECH_S:
            return "too_little_speech", measured
        heard = self._digits.hear(samples)
        wrong = differing(heard, digits)
        measured |= {"wrong": float(wrong), "chance": chance(heard, wrong)}
        if wrong > MOST_WRONG:
            return "code_not_heard", measured
        if len(self._lips) < _LEAST_SIGHTS:
            return "too_little_seen", measured
        return ("code_said" if movement >= _LEAST_MOVEMENT else "lips_still"), measured

    def _forget(self) -> None:
        super()._forget()
        self._heard.take()
        self._lips.clear()


def differing(heard: str, asked: str) -> int:
    """How many digits are not what was asked for in their place."""
    if len(heard) != len(asked):
        return len(asked)
    return sum(one != other for one, other in zip(heard, asked, strict=True))


def chance(heard: str, wrong: int) -> float:
    """The share of all codes that differ from what was heard in at most so many digits."""
    if not heard or wrong >= len(heard):
        return 1.0
    # By last digit and number of differences: how many codes begin so.
    counts = {(digit, int(digit != heard[0])): 1 for digit in "0123456789"}
    for expected in heard[1:]:
        further: dict[tuple[str, int], int] = {}
        for (last, differences), count in counts.items():
            for digit in "0123456789":
                if digit != last:
                    key = (digit, differences + int(digit != expected))
                    further[key] = further.get(key, 0) + count
        counts = further
    near = sum(count for (_, differences), count in counts.items() if differences <= wrong)
    return float(near / sum(counts.values()))


def _movement(lips: Sequence[float]) -> float:
    """How much the lips open and close from one picture to the next but one."""
    good = [one for one in lips if one == one]  # noqa: PLR0124 - only NaN differs from itself
    steps = [abs(after - before) for before, after in pairwise(good[::2])]
    return float(np.quantile(steps, 0.75)) if steps else 0.0

"""Digits said aloud by a mouth that moves: heard, counted, and never held against anybody."""

from itertools import pairwise, product

import msgspec
import numpy as np
import pytest

from detection.challenge import CodePlan
from detection.digits import Digits
from detection.evidence import Evidence, Outcome
from detection.media import SOUND_RATE_HZ, Face, Picture, Sight, Sound
from detection.signals import Asked, Withdrawn
from detection.signals.code import WORDS, Code, chance, differing
from detection.speech import LoudSpeech

PLAN = msgspec.json.encode(CodePlan("481516")).decode()
ASKED = Asked(99.0, "c1", "code", 100.0, 109.0, PLAN, 0.1)


class Hears(Digits):
    """Whatever is said, it hears the same."""

    def __init__(self, heard: str) -> None:
        self.heard = heard

    def hear(self, samples: object) -> str:
        return self.heard


def face(opening: float) -> Face:
    mesh = np.zeros((468, 3), dtype=np.float32)
    mesh[10], mesh[152] = (0, 0, 0), (0, 100, 0)
    mesh[13], mesh[14] = (0, 60, 0), (0, 60 + 100 * opening, 0)
    return Face(0, 0, 100, 100, 0.9, ((30, 30), (70, 30)), mesh, 0.99)


def answer(
    heard: str, *, loud: float = 0.2, lips: float = 0.05, seen: bool = True, cut: bool = False
) -> Evidence:
    """What is said of somebody who speaks for four seconds, with lips that open so far."""
    random = np.random.default_rng(3)
    signal = Code(Hears(heard), LoudSpeech())
    signal.tell(ASKED)
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    for number in range(100):
        at_s = 100 + number / 10
        speech = loud if 20 <= number < 60 else 0.0
        noise = random.normal(0, 1, SOUND_RATE_HZ // 10) * (speech + 1e-4)
        signal.hear(Sound(at_s, at_s, noise.astype(np.float32)))
        picture = Picture(at_s, at_s, pixels)
        signal.look(Sight(picture, (face(lips * (number // 2 % 2)),) if seen else ()))
    if cut:
        signal.cut()
    else:
        assert signal.conclude(109.0) == ()
    (said,) = signal.conclude(111.0)
    assert signal.conclude(112.0) == ()
    return said


def test_digits_that_were_asked_for_pass_with_lips_that_move() -> None:
    said = answer("481516")
    assert (said.outcome, said.reason, said.challenge) == (Outcome.PASSED, "code_said", "c1")
    assert said.measured["chance"] < 1e-5
    assert said.log_likelihood_ratio == -2.0


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer("481599"), "code_said"),
        (answer("480999"), "code_not_heard"),
        (answer("4815"), "code_not_heard"),
        (answer(""), "code_not_heard"),
        (answer("481516", lips=0.002), "lips_still"),
        (answer("481516", seen=False), "too_little_seen"),
        (answer("481516", loud=0.0), "too_little_speech"),
        (answer("481516", cut=True), "cut_short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_else_was_said_counts_against_nobody(said: Evidence, reason: str) -> None:
    assert said.reason == reason
    assert said.words == WORDS[reason]
    passed = reason == "code_said"
    assert said.outcome is (Outcome.PASSED if passed else Outcome.INCONCLUSIVE)
    assert said.log_likelihood_ratio <= 0


def test_a_code_that_was_withdrawn_is_forgotten() -> None:
    signal = Code(Hears("481516"), LoudSpeech())
    signal.tell(ASKED)
    signal.tell(Withdrawn(101.0, "c1"))
    assert signal.conclude(120.0) == ()


def test_chance_is_the_share_of_codes_that_are_as_near() -> None:
    codes = ["".join(one) for one in product("0123456789", repeat=3)]
    codes = [one for one in codes if all(a != b for a, b in pairwise(one))]
    for heard, wrong in (("123", 0), ("123", 1), ("122", 1), ("555", 2)):
        near = sum(differing(one, heard) <= wrong for one in codes)
        assert chance(heard, wrong) == pytest.approx(near / len(codes))
    assert chance("481516", 2) < 0.003
    assert chance("", 0) == chance("481516", 6) == 1.0


def test_the_recogniser_hears_as_many_digits_as_it_was_made_for_or_none() -> None:
    digits = Digits(6)
    assert digits.hear(np.zeros(SOUND_RATE_HZ, dtype=np.float32)) == ""
    hum = 0.1 * np.sin(np.arange(4 * SOUND_RATE_HZ) / 9).astype(np.float32)
    assert len(digits.hear(hum)) in {0, 6}

"""What a face or a voice is remembered by, and who is not who was there in earlier calls."""

from collections.abc import Sequence

import numpy as np
import pytest

from detection.continuity import Limits, Verdict
from detection.enrolment import LEARNED_LOOKS, Acquaintance
from detection.evidence import Evidence
from detection.notes import Enrolled, Template
from detection.signals.identity import FaceIdentity
from tests.detection.test_continuity import person
from tests.detection.test_identity import Knows, burst

NEW, SAME, UNCLEAR, OTHER = Verdict.NEW, Verdict.SAME, Verdict.UNCLEAR, Verdict.OTHER
ADA, EVE = 1, 2
AGREED = Enrolled(0.0, learns=("face", "voice"))


def acquaintance(kind: str = "face", model: str = "net 1 0") -> Acquaintance:
    return Acquaintance(kind, (model,), Limits(other_below=0.6, same_from=0.7))


def shown(
    one: Acquaintance, looks: Sequence[tuple[int, Verdict]], first: int = 0
) -> list[Verdict | None]:
    """What is said after each look: at whom, and what continuity said of it."""
    found = [one.take(person(who, first + look), said) for look, (who, said) in enumerate(looks)]
    return [None if each is None else each.verdict for each in found]


def template_of(who: int) -> Template:
    one = acquaintance()
    one.tell(AGREED)
    shown(one, [(who, SAME)] * LEARNED_LOOKS, 100)
    made = one.learned()
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("looks", "verdicts"),
    [
        ([(ADA, NEW), (ADA, NEW), (ADA, SAME)], [SAME, SAME, SAME]),
        # One look that is unlike may be a hand.
        ([(EVE, NEW), (EVE, NEW), (EVE, SAME)], [UNCLEAR, OTHER, OTHER]),
        ([(ADA, NEW), (ADA, NEW), (EVE, UNCLEAR), (EVE, OTHER), (EVE, SAME)],
         [SAME, SAME, UNCLEAR, UNCLEAR, OTHER]),
    ],
    ids=["who it is", "another from the beginning", "another later"],
)  # fmt: skip
def test_whoever_is_not_who_was_there_in_earlier_calls_is_noticed(
    looks: list[tuple[int, Verdict]], verdicts: list[Verdict]
) -> None:
    one = acquaintance()
    assert shown(one, looks) == [None] * len(looks)
    one = acquaintance()
    one.tell(Enrolled(0.0, (template_of(ADA),)))
    assert shown(one, looks) == verdicts


@pytest.mark.parametrize(
    ("looks", "learns"),
    [
        ([(ADA, SAME)] * 4, True),
        ([(ADA, SAME)] * 3, False),
        ([(ADA, SAME), (EVE, UNCLEAR)] * 3 + [(ADA, SAME)], True),
        ([(ADA, NEW), *[(EVE, SAME)] * 3], False),
        ([*[(ADA, SAME)] * 3, (EVE, OTHER), *[(EVE, SAME)] * 9], False),
    ],
    ids=["enough", "too little", "with a hand before it", "of two people", "and then another"],
)
def test_a_template_is_made_once_of_looks_at_one_person(
    looks: list[tuple[int, Verdict]], learns: bool
) -> None:
    one = acquaintance()
    shown(one, [(EVE, SAME)] * 9)
    assert one.learned() is None
    one.tell(AGREED)
    shown(one, looks)
    made = one.learned()
    assert (made is not None) is learns
    if made is not None:
        assert np.frombuffer(made.numbers, "<f4") @ person(ADA) > 0.9
    shown(one, [(ADA, SAME)] * (9 if learns else 0))
    assert one.learned() is None


def test_nothing_is_learned_across_a_cut_nor_after_it_was_taken_back() -> None:
    for end in (lambda one: one.cut(), lambda one: one.tell(Enrolled(1.0))):
        one = acquaintance()
        one.tell(AGREED)
        shown(one, [(ADA, SAME)] * 3)
        end(one)
        shown(one, [(ADA, SAME)] * 9)
        assert one.learned() is None


def test_what_another_network_made_is_not_compared_and_learned_anew() -> None:
    one = acquaintance(model="net 2 0")
    one.tell(Enrolled(0.0, (template_of(ADA),)))
    assert shown(one, [(ADA, SAME)] * LEARNED_LOOKS) == [None] * LEARNED_LOOKS
    made = one.learned()
    assert made is not None
    assert made.models == ("net 2 0",)


def test_a_face_of_another_account_is_evidence_and_ends_nothing() -> None:
    learner = FaceIdentity(Knows())
    learner.tell(AGREED)
    for look in range(LEARNED_LOOKS):
        burst(learner, ADA, 10.0 * look)
    template = learner.learned()
    assert template is not None
    said: dict[int, list[Evidence]] = {}
    for who in (ADA, EVE):
        signal = FaceIdentity(Knows())
        signal.tell(Enrolled(0.0, (template,)))
        pieces = [piece for look in range(3) for piece in burst(signal, who, 10.0 * look)]
        said[who] = [piece for piece in pieces if piece.signal == "face.enrolled"]
    assert [one.reason for one in said[ADA]] == ["enrolled_face"] * 3
    assert not any(one.speaks for one in said[ADA])
    unclear, other, again = said[EVE]
    assert (unclear.reason, unclear.speaks) == ("face_unclear", False)
    assert (other.reason, other.log_likelihood_ratio) == ("not_enrolled_face", 0.8)
    assert again.reason == other.reason
    assert not other.is_of_another_person

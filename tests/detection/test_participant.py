"""One participant: frames in, scores out, whatever a signal does."""

from collections.abc import Sequence
from itertools import count

import msgspec
import pytest

from detection.costs import Costs
from detection.decoder import Encoded
from detection.evidence import Evidence, Outcome, evidence
from detection.faces import Finder
from detection.fusion import State, dump, judge, load
from detection.media import Face, Picture, Sight
from detection.participant import Participant
from detection.scaling import Scaler
from detection.signals import Signal
from detection.signals.quality import Quality
from tests.sfu import encoded


class Always(Finder):
    """Finds the same face everywhere."""

    def __init__(self, count: int = 1) -> None:
        self.count = count

    def find(self, picture: Picture) -> tuple[Face, ...]:
        eyes = ((20.0, 20.0), (60.0, 20.0))
        return (Face(4.0, 4.0, 170.0, 170.0, 0.9, eyes),) * self.count

    locate = find


class Says(Signal):
    """What it was made to say, at each conclusion."""

    name = "light"
    version = "1"

    def __init__(self, outcome: Outcome, ratio: float) -> None:
        self.outcome = outcome
        self.ratio = ratio
        self.sights: list[Sight] = []
        self.cuts = 0

    def look(self, sight: Sight) -> None:
        self.sights.append(sight)

    def cut(self) -> None:
        self.cuts += 1

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                reason="said",
                words="So it is.",
                log_likelihood_ratio=self.ratio,
                quality=1.0,
                outcome=self.outcome,
            ),
        )


class Breaks(Signal):
    name = "lips"
    version = "1"

    def look(self, sight: Sight) -> None:
        raise ZeroDivisionError


def show(participant: Participant, at_s: float, *, burst: int = 1) -> None:
    """A burst of a second."""
    for index, data in enumerate(encoded.vp8(width=256, height=240, count=30)):
        now = at_s + index / 30
        participant.receive(1, Encoded(now, now, index == 0, False, burst, data))
    participant.conclude(at_s + 1)


def watched(*signals: Signal, finder: Finder | None = None) -> Participant:
    participant = Participant(finder or Always(), [Quality(), *signals])
    participant.open_track(1, "VP8")
    return participant


def test_a_passed_challenge_verifies_until_a_cut() -> None:
    says = Says(Outcome.PASSED, -2.0)
    participant = watched(says)
    show(participant, 10.0)
    assert participant.judge(11.0).score.state is State.VERIFIED
    participant.close_track(1, 11.5)
    assert participant.judge(11.6).score.state is not State.VERIFIED
    assert says.cuts == 1


def test_a_failed_challenge_ends_what_was_proved_before_it() -> None:
    says = Says(Outcome.PASSED, -2.0)
    participant = watched(says)
    show(participant, 10.0)
    says.outcome, says.ratio = Outcome.FAILED, 2.5
    show(participant, 20.0, burst=2)
    judged = participant.judge(21.0)
    alone = msgspec.structs.replace(
        judged.record,
        evidence=tuple(one for one in judged.record.evidence if one.outcome is not Outcome.PASSED),
    )
    assert judged.score.risk == pytest.approx(judge(alone).risk)
    assert says.cuts == 0
    says.outcome, says.ratio = Outcome.PASSED, -2.0
    show(participant, 30.0, burst=3)
    assert participant.judge(31.0).score.risk < judged.score.risk


def test_no_signal_claims_more_quality_than_the_material_has() -> None:
    participant = watched(Says(Outcome.PASSED, -2.0))
    show(participant, 10.0)
    pieces = {piece.signal: piece for piece in participant.judge(11.0).record.evidence}
    assert 0 < pieces["light"].quality == pieces["quality"].quality < 1


def test_without_a_face_nothing_is_said_of_anybody() -> None:
    participant = watched(Says(Outcome.PASSED, -2.0), finder=Always(0))
    show(participant, 10.0)
    score = participant.judge(11.0).score
    assert (score.state, score.why) == (State.UNKNOWN, "no_face")


def test_who_is_not_looked_at_any_more_is_unknown() -> None:
    participant = watched(Says(Outcome.PASSED, -2.0))
    show(participant, 10.0)
    score = participant.judge(30.0).score
    assert (score.state, score.why) == (State.UNKNOWN, "stale")


def test_a_signal_that_breaks_is_out_and_the_others_go_on() -> None:
    faults: list[str] = []
    says = Says(Outcome.OBSERVED, 0.0)
    participant = Participant(Always(), [Quality(), Breaks(), says], on_fault=faults.append)
    participant.open_track(1, "VP8")
    show(participant, 10.0)
    assert faults == ["lips"]
    assert says.sights


@pytest.mark.parametrize(("closely", "looked_at"), [(False, 10), (True, 15)])
def test_pictures_that_come_too_fast_are_not_all_looked_at(closely: bool, looked_at: int) -> None:
    says = Says(Outcome.OBSERVED, 0.0)
    participant = watched(says)
    participant.attend(closely)
    show(participant, 10.0)
    assert len(says.sights) == looked_at


def test_what_is_passed_over_counts_in_what_the_next_picture_cost() -> None:
    says = Says(Outcome.OBSERVED, 0.0)
    show(watched(says), 10.0)
    sent = [len(data) for data in encoded.vp8(width=256, height=240, count=30)]
    shown = [says.sights[0].picture.encoded_bytes, says.sights[1].picture.encoded_bytes]
    assert shown == [sent[0], sum(sent[1:4])]


def test_without_a_finder_no_picture_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scaler, "pixels", lambda *_: pytest.fail("a picture was made"))
    participant = Participant(None, [Quality()])
    participant.open_track(1, "VP8")
    participant.open_track(2, "VP8", glances=True)
    for index, data in enumerate(encoded.vp8(count=10)):
        frame = Encoded(index / 10, index / 10, index == 0, False, 1, data)
        assert participant.receive(1, frame)
        assert participant.receive(2, frame)
    assert participant.glanced_s == pytest.approx(0.9)


def test_evidence_does_not_pile_up() -> None:
    participant = watched(Says(Outcome.PASSED, -2.0))
    for check in range(40):
        show(participant, 10.0 * check, burst=check)
    record = participant.judge(392.0).record
    assert len(record.evidence) <= 31 + 1
    assert judge(load(dump(record))) == judge(record)


def test_each_stage_of_a_look_is_counted() -> None:
    clock = count()
    costs = Costs(lambda: float(next(clock)))
    participant = Participant(Always(), [Quality()], costs=costs)
    participant.open_track(1, "VP8")
    show(participant, 10.0)
    assert costs.spent_s["decoding"] == 30
    assert costs.spent_s["faces"] == costs.spent_s["signals"] > 1
    assert costs.spent_s["conclusions"] == 1


def test_a_codec_that_nobody_decodes_is_said_so() -> None:
    with pytest.raises(ValueError, match="hevc"):
        watched().open_track(2, "HEVC")

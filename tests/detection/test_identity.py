"""Another face or voice within a call is noticed; the same one proves nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.embedding import Embedding
from detection.evidence import Evidence, Outcome
from detection.face_embedding import FaceEmbedder
from detection.fusion import State
from detection.media import SOUND_RATE_HZ, Face, Picture, Points, Samples, Sight, Sound
from detection.models import Models
from detection.panel import panel
from detection.participant import Participant
from detection.signals.identity import FaceIdentity, VoiceIdentity
from detection.signals.quality import Quality
from detection.speech import LoudSpeech, SpeechFinder
from detection.tools import open_tools
from detection.voice_embedding import VoiceEmbedder
from tests.detection.test_continuity import person
from tests.detection.test_participant import Always, Says

LIGHT = 80


class Knows(FaceEmbedder):
    """Takes the brightness of a picture for who is in it."""

    references = ("known 1 0",)

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, picture: Picture, mesh: Points) -> Embedding:
        self.asked += 1
        return person(int(picture.pixels[0, 0, 0]) // LIGHT, self.asked)


def mesh(turned: float = 0.0) -> Points:
    points = np.zeros((468, 3), np.float32)
    points[234, 0], points[454, 0], points[1, 0] = 0, 170, 85 * (1 + turned)
    return points


def face(size: float = 170.0, turned: float = 0.0) -> Face:
    return Face(4, 4, size, size, 0.9, ((20, 20), (60, 20)), mesh(turned), 0.99)


def burst(signal: FaceIdentity, who: int, at_s: float, *faces: Face) -> Sequence[Evidence]:
    """A second and a half of somebody, and what is said of it."""
    for number in range(24):
        now_s = at_s + number / 16
        pixels = np.full((8, 8, 3), LIGHT * who, np.uint8)
        signal.look(Sight(Picture(now_s, now_s, pixels, burst=int(at_s)), faces or (face(),)))
    return signal.conclude(at_s + 2)


def test_another_face_is_evidence_and_the_same_says_nothing() -> None:
    embedder = Knows()
    signal = FaceIdentity(embedder)
    said = [burst(signal, who, 10.0 * look) for look, who in enumerate((1, 1, 1, 2, 2, 2))]
    assert embedder.asked == 3 * len(said)
    assert said[:2] == [(), ()]
    same, unclear, other, again = (pieces[0] for pieces in said[2:])
    assert [one.reason for one in (same, unclear, other, again)] == [
        "same_face",
        "face_unclear",
        "other_face",
        "same_face",
    ]
    assert (other.log_likelihood_ratio, other.quality) == (0.8, 1.0)
    assert other.measured["likeness"] < 0.65
    assert other.models == Knows.references
    assert not any(one.speaks or one.log_likelihood_ratio for one in (same, unclear, again))


@pytest.mark.parametrize(
    "faces",
    [
        (face(60.0),),
        (face(turned=0.7),),
        (face(), face(150.0)),
        (Face(4, 4, 170, 170, 0.9, ((20, 20), (60, 20))),),
    ],
    ids=["small", "turned", "two of a size", "no mesh"],
)
def test_a_face_that_cannot_be_compared_is_not(faces: tuple[Face, ...]) -> None:
    embedder = Knows()
    assert burst(FaceIdentity(embedder), 1, 10.0, *faces) == ()
    assert embedder.asked == 0
    assert burst(FaceIdentity(embedder), 1, 20.0, face(), face(64.0)) == ()
    assert embedder.asked == 3


class Shows(Always):
    """The same place for whoever is there."""

    def find(self, picture: Picture) -> tuple[Face, ...]:
        return (face(),)


def test_another_person_ends_what_was_proved() -> None:
    passed = Says(Outcome.PASSED, -2.0)
    participant = Participant(Shows(), [Quality(), passed, FaceIdentity(Knows())])
    states = []
    for look, who in enumerate((1, 1, 1, 2, 2)):
        at_s = 10.0 * look
        for number in range(30):
            now_s = at_s + number / 20
            pixels = np.full((8, 8, 3), LIGHT * who, np.uint8)
            participant.look(Picture(now_s, now_s, pixels, number == 0, look, 5000))
        participant.conclude(at_s + 2)
        passed.outcome = Outcome.ABSENT
        states.append(participant.judge(at_s + 2).score.state)
    assert states[:4] == [State.VERIFIED] * 4
    assert states[4] is not State.VERIFIED
    assert passed.cuts == 1


class Hears(VoiceEmbedder):
    """Takes how loud the loudest is for who speaks."""

    references = ("heard 1 0",)

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, speech: Samples) -> Embedding:
        self.asked += 1
        return person(round(float(speech.max()) * 10), self.asked)


def test_another_voice_is_evidence_after_some_seconds_of_speech() -> None:
    signal = VoiceIdentity(Hears(), LoudSpeech())
    said: list[Evidence] = []
    for number, who in enumerate((1, 1, 1, 1, 1, 2, 2, 2, 2)):
        at_s = 10.0 * number
        two_s = np.full(2 * SOUND_RATE_HZ, who / 10, np.float32)
        signal.hear(Sound(at_s, at_s, two_s))
        said += signal.conclude(at_s + 2)
        assert signal.conclude(at_s + 3) == ()
    assert [one.reason for one in said] == ["voice_unclear", "other_voice"]
    assert (said[-1].log_likelihood_ratio, said[-1].quality) == (1.5, 1.0)
    assert said[-1].measured["likeness"] < 0.65


class Listens(LoudSpeech):
    """Keeps how much it was asked about at once."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []

    def spoken(self, samples: Samples) -> NDArray[np.bool_]:
        self.asked_s.append(len(samples) / SOUND_RATE_HZ)
        return super().spoken(samples)


def test_sound_is_listened_to_by_whole_seconds_however_often_somebody_asks() -> None:
    speech = Listens()
    signal = VoiceIdentity(Hears(), speech)
    quarter = np.full(SOUND_RATE_HZ // 4, 0.1, np.float32)
    for number in range(12):
        signal.hear(Sound(number / 4, number / 4, quarter))
        signal.conclude(number / 4)
    assert speech.asked_s == [1.0] * 3


def test_what_is_not_speech_is_nobodys_voice(models: Models) -> None:
    hears = Hears()
    signal = VoiceIdentity(hears, SpeechFinder(models))
    noise = np.random.default_rng(1).normal(0, 0.1, 10 * SOUND_RATE_HZ).astype(np.float32)
    signal.hear(Sound(0.0, 0.0, noise))
    assert signal.conclude(10.0) == ()
    assert hears.asked == 0


def test_without_its_model_a_signal_is_off_by_name(tmp_path: Path) -> None:
    tools = open_tools(tmp_path)
    assert {"face", "voice", "speech", "faces"} <= set(tools.off)
    names = {signal.name for signal in panel(tools)}
    assert not names & {"face", "voice"}
    assert {"quality", "code"} <= names

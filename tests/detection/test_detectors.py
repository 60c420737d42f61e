"""Detectors that an operator plugs in: known for what they are, or not used at all."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from detection.backbone import BACKBONE_MODEL, WIDTH, Backbone, Floats, drawn, is_known
from detection.detectors import (
    FOLDER,
    BadManifest,
    Detector,
    Head,
    Manifest,
    add,
    open_detectors,
    read_manifest,
)
from detection.evidence import Evidence, Outcome, evidence
from detection.media import Face, Picture, Sight
from detection.models import Condition, Models
from detection.participant import Participant
from detection.signals import Signal
from detection.signals.learned import Learned

WEIGHTS = msgspec.json.encode(Head((0.0,) * WIDTH, 0.5))


def plugged(folder: Path, content: bytes = WEIGHTS, **other: str) -> Path:
    """A manifest with its weights; `other` are lines in place of the usual ones."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "probe.json").write_bytes(content)
    lines = {
        "name": '"probe"',
        "version": '"1"',
        "weights": '"probe.json"',
        "sha256": f'"{hashlib.sha256(content).hexdigest()}"',
        "licence": '"MIT"',
        "trained_on": '"nobody"',
        "calibration": "[[-1.0, -0.4], [1.0, 1.2]]",
        "usual_change": "0.1",
    } | other
    path = folder / "probe.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in lines.items() if value))
    return path


def test_a_detector_is_copied_with_its_weights_and_listed(tmp_path: Path) -> None:
    manifest = add(plugged(tmp_path / "mine"), tmp_path / "models")
    assert manifest == read_manifest(tmp_path / "models" / FOLDER / "probe.toml")
    assert manifest.worth(-9) == -0.4
    assert manifest.worth(0) == pytest.approx(0.4)
    assert manifest.worth(9) == 1.2


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"sha256": f'"{"0" * 64}"'}, "is not what the manifest names"),
        ({"licence": ""}, "licence"),
        ({"trained_on": ""}, "trained_on"),
        ({"calibration": "[[1.0, 0.0], [0.0, 1.0]]"}, "rise"),
        ({"calibration": "[[0.0, 0.0], [1.0, 9.0]]"}, "nobody is as sure"),
        ({"calibration": "[[0.0, 0.0]]"}, "calibration"),
        ({"weights": '"../probe.json"'}, "weights"),
        ({"surprise": "1"}, "surprise"),
        ({"name": "1"}, "name"),
    ],
)
def test_a_manifest_that_says_too_little_is_refused(
    tmp_path: Path, other: dict[str, str], words: str
) -> None:
    path = plugged(tmp_path, **other)
    with pytest.raises(BadManifest, match=words):
        read_manifest(path)


@pytest.mark.parametrize(
    ("weights", "name"), [(b"{}", "probe.json"), (b"no network", "probe.onnx")]
)
def test_weights_that_are_none_are_off_by_name(tmp_path: Path, weights: bytes, name: str) -> None:
    path = plugged(tmp_path / FOLDER, weights, weights=f'"{name}"')
    path.with_name(name).write_bytes(weights)
    opened, off = open_detectors(tmp_path)
    assert opened == []
    assert off.keys() == {"probe"}


def test_the_backbone_gives_the_numbers_that_heads_were_made_for(models: Models) -> None:
    if models.conditions[BACKBONE_MODEL] is not Condition.PRESENT:
        pytest.skip("not installed by `candor models install`")
    found = Backbone(models).embed(drawn())
    assert found.shape == (WIDTH,)
    assert float(found @ found) == pytest.approx(1.0, abs=1e-3)
    for cosine, known in ((0.984, True), (0.55, False)):
        assert is_known(turned(found, cosine)) is known


def turned(embedding: Floats, cosine: float) -> Floats:
    """One that is only so like it in the numbers that are compared."""
    compared = embedding[:24] / np.linalg.norm(embedding[:24])
    aside = np.roll(compared, 1) - (np.roll(compared, 1) @ compared) * compared
    aside /= np.linalg.norm(aside)
    other: Floats = cosine * compared + np.sqrt(1 - cosine**2) * aside
    return other


class Scripted(Detector):
    """Gives one score after the other."""

    def __init__(self, scores: Sequence[float], usual_change: float = 0.1) -> None:
        table = ((-1.0, -0.4), (1.0, 1.2))
        kept = ("probe", "1", "probe.json", "0" * 64, "MIT", "nobody", table, usual_change)
        self.manifest = Manifest(*kept)
        self.scores = list(scores)

    def score(self, picture: Picture, face: Face) -> float:
        return self.scores.pop(0)


def sight(at_s: float, size: float = 170.0) -> Sight:
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    face = Face(4, 4, size, size, 0.9, ((20, 20), (60, 20)))
    return Sight(Picture(at_s, at_s, pixels), (face,))


def said_of(scores: Sequence[float], *, trusted: bool = True) -> list[Evidence]:
    """What is said of somebody whose looks, ten seconds apart, are given these scores."""
    signal = Learned([Scripted(scores)])
    if trusted:
        signal.trust()
    said: list[Evidence] = []
    for number in range(len(scores)):
        signal.look(sight(10.0 * number))
        said += signal.conclude(10.0 * number + 1)
    return said


def test_a_score_says_what_its_calibration_says_and_no_more() -> None:
    made, real = said_of([3.0, -3.0], trusted=False)
    assert (made.signal, made.log_likelihood_ratio) == ("learned.probe", 1.2)
    assert (real.reason, real.log_likelihood_ratio) == ("looks_real", -0.4)
    assert made.models == ("probe 1 " + "0" * 64,)


def test_a_person_who_changes_after_a_challenge_is_seen_to() -> None:
    steady = [0.0, 0.1, -0.1, 0.0]
    calm = [one for one in said_of([*steady, 0.1, 0.0, 0.1]) if one.signal == "baseline.probe"]
    changed = [one for one in said_of([*steady, 1.0, 1.1, 0.9]) if one.signal == "baseline.probe"]
    assert [one.log_likelihood_ratio for one in calm] == [0.0]
    assert [one.log_likelihood_ratio for one in changed] == [0.8]
    assert changed[0].measured["change"] == pytest.approx(10.0, rel=0.1)
    assert not any("baseline" in one.signal for one in said_of([*steady, 1, 1, 1], trusted=False))


def test_small_faces_are_not_shown_and_a_burst_is_shown_twice_at_the_most() -> None:
    detector = Scripted([0.0] * 9)
    signal = Learned([detector])
    for number in range(30):
        signal.look(sight(number / 16, size=40.0))
    assert len(detector.scores) == 9
    for number in range(30):
        signal.look(sight(number / 16))
    assert len(detector.scores) == 7


def test_without_a_detector_nothing_is_said() -> None:
    signal = Learned([])
    signal.look(sight(0.0))
    signal.trust()
    assert signal.conclude(1.0) == []


class Passes(Signal):
    name = "light"
    version = "1"

    def __init__(self) -> None:
        self.trusted = 0

    def trust(self) -> None:
        self.trusted += 1

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        passed = Outcome.PASSED
        return (evidence("light", "1", now_s, reason="", words="", outcome=passed, quality=1.0),)


def test_all_signals_hear_of_a_challenge_that_was_passed() -> None:
    signal = Passes()
    Participant(None, [signal]).conclude(1.0)
    assert signal.trusted == 1

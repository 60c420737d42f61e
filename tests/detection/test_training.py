"""A head that is made of real faces and the same blended with themselves."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from detection import training
from detection.backbone import WIDTH
from detection.blending import blended, worn
from detection.detectors import read_manifest
from detection.sending import Sending, recoded
from detection.training import CannotTrain, Faces, Trained, calibrated, fitted
from tests.detection.drawn import drawn_face


def person(name: str, seam: float, seed: int) -> Faces:
    """Embeddings that differ from person to person, and by a seam along one direction."""
    random = np.random.default_rng(seed)
    own = random.normal(0, 1, WIDTH)
    real = own + random.normal(0, 0.1, (6, WIDTH))
    made = own + random.normal(0, 0.1, (6, WIDTH))
    made[:, 7] += seam
    return Faces(name, real, made)


@pytest.mark.parametrize(("seam", "low", "high"), [(3.0, 0.9, 1.0), (0.0, 0.2, 0.8)])
def test_what_is_promised_is_of_people_who_were_left_out(
    seam: float, low: float, high: float
) -> None:
    trained = training.judged([person(str(seed), seam, seed) for seed in range(6)])
    assert low <= trained.left_out_auc <= high
    assert (trained.people, trained.faces) == (6, 36)
    assert all(abs(ratio) <= 1.2 for _, ratio in trained.calibration)


def test_a_score_that_tells_nothing_is_worth_nothing() -> None:
    random = np.random.default_rng(2)
    scores = random.normal(0, 1, 400)
    table = calibrated(scores, np.arange(400) % 2 == 0)
    assert max(abs(ratio) for _, ratio in table) < 0.4


def test_a_head_and_its_manifest_are_plugged_in_as_they_are(tmp_path: Path) -> None:
    people = [person(str(seed), 3.0, seed) for seed in range(5)]
    head = fitted(people)
    table = ((-1.0, -1.0), (1.0, 1.0))
    trained = Trained(head, 5, 30, 0.9, (), table, 0.2)
    manifest = read_manifest(training.write(trained, tmp_path / "ours", date(2026, 1, 2)))
    assert (manifest.name, manifest.version, manifest.usual_change) == ("ours", "2026-01-02", 0.2)
    assert manifest.calibration == table
    assert "5 people" in manifest.trained_on


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    for name in ("ada/1.mp4", "ada/2.mp4", "bob.mp4", "notes.txt"):
        (tmp_path / name).touch()
    assert training.people_in(tmp_path).keys() == {"ada", "bob"}
    with pytest.raises(CannotTrain, match="2 people are too few"):
        training.train(tmp_path, tmp_path, on_person=print)


def test_a_blended_face_is_other_within_its_outline_only() -> None:
    picture = drawn_face(size=150)
    mesh = np.zeros((468, 3), dtype=np.float32)
    angles = np.linspace(0, 2 * np.pi, 468)
    mesh[:, 0], mesh[:, 1] = 160 + 50 * np.sin(angles), 120 + 60 * np.cos(angles)
    changed = np.abs(blended(picture, mesh, np.random.default_rng(4)).astype(int) - picture)
    assert changed[110:130, 150:170].max() > 3
    assert changed[:, :60].max() == changed[:, 260:].max() == 0


def test_wear_and_encoders_keep_the_size() -> None:
    picture = drawn_face()
    assert worn(picture, np.random.default_rng(1)).shape == picture.shape
    assert recoded(picture, Sending()).pixels.shape == picture.shape

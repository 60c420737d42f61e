"""Seams, a pulse and blinks are measured where they are, and never weigh anything."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from detection.blending import OVAL
from detection.evidence import MOST_CONFIDENCE, Evidence, Outcome, evidence, rule_of
from detection.faces import FaceFinder
from detection.fusion import Record, State, Thresholds, judge
from detection.media import Face, Picture, Pixels, Points, Sight
from detection.signals import Signal
from detection.signals.blinks import Blinks
from detection.signals.pulse import Pulse
from detection.signals.seam import Seam, outline_detail
from tests.detection.drawn import drawn_face

SIDE, PICTURES_PER_S = 200, 15


def mesh(eyes_open: float = 0.3) -> Points:
    """A face that fills most of a picture: its outline, its temples, its regions and its eyes."""
    points = np.full((468, 3), SIDE / 2, np.float32)
    around = np.linspace(-np.pi / 2, 1.5 * np.pi, len(OVAL), endpoint=False)
    points[list(OVAL), 0] = SIDE * (0.5 + 0.3 * np.cos(around))
    points[list(OVAL), 1] = SIDE * (0.5 + 0.35 * np.sin(around))
    points[[151, 50, 280, 199], :2] += SIDE * np.array(
        [(0, -0.2), (-0.15, 0.05), (0.15, 0.05), (0, 0.2)], np.float32
    )
    for (right, left, upper, lower), x in (((33, 133, 159, 145), 70), ((362, 263, 386, 374), 110)):
        points[[right, left], :2] = (x, 80), (x + 20, 80)
        points[[upper, lower], :2] = (x + 10, 80 - 10 * eyes_open), (x + 10, 80 + 10 * eyes_open)
    return points


def sight(at_s: float, pixels: Pixels, points: Points, burst: int = 1) -> Sight:
    face = Face(40, 30, 120, 140, 0.9, ((80, 80), (120, 80)), points, 0.99)
    return Sight(Picture(at_s, at_s, pixels, burst=burst), (face,))


def flushing(beats_per_s: float, seed: int) -> Iterator[tuple[float, Pixels]]:
    """Skin whose colour goes with a heart by one part in a hundred, under a camera's noise."""
    random = np.random.default_rng(seed)
    for number in range(14 * PICTURES_PER_S):
        at_s = number / PICTURES_PER_S
        light = 1 + 0.02 * np.sin(at_s) + random.normal(0, 0.002)
        beat = 0.01 * np.sin(2 * np.pi * beats_per_s * at_s) * np.array([0.33, 0.77, 0.53])
        skin = np.array([190, 140, 115]) * light * (1 + (beat if beats_per_s else 0))
        noise = random.normal(0, 2, (SIDE, SIDE, 3))
        yield at_s, (skin + noise).clip(0, 255).astype(np.uint8)


def said(signal: Signal, sights: Iterator[Sight]) -> Evidence:
    now = 0.0
    for one in sights:
        now = one.picture.at_s
        signal.look(one)
    (piece,) = signal.conclude(now)
    return piece


@pytest.mark.parametrize("beats_per_s", [1.2, 1.8])
def test_a_pulse_is_found_where_there_is_one(beats_per_s: float) -> None:
    points = mesh()
    with_pulse, without = (
        said(Pulse(), (sight(at_s, pixels, points) for at_s, pixels in flushing(rate, 1))).measured
        for rate in (beats_per_s, 0)
    )
    assert with_pulse["a_minute"] == pytest.approx(60 * beats_per_s, abs=4)
    assert with_pulse["clearness_db"] > without["clearness_db"] + 15


def test_a_look_of_everybodys_is_too_short_for_a_pulse() -> None:
    signal, points, pixels = Pulse(), mesh(), np.full((SIDE, SIDE, 3), 120, np.uint8)
    for burst in range(6):
        for number in range(30):
            signal.look(sight(10 * burst + number / 20, pixels, points, burst))
        assert signal.conclude(10 * burst + 2) == ()


@pytest.mark.parametrize("closed", [0, 3])
def test_eyes_that_close_are_blinks(closed: int) -> None:
    def eyes() -> Iterator[Sight]:
        for number in range(10 * PICTURES_PER_S):
            shut = closed and number % (3 * PICTURES_PER_S) in {20, 21}
            points = mesh(0.05 if shut else 0.3)
            yield sight(number / PICTURES_PER_S, np.zeros((SIDE, SIDE, 3), np.uint8), points)

    measured = said(Blinks(), eyes()).measured
    assert measured["watched_s"] == pytest.approx(10, abs=0.1)
    assert measured["a_minute"] == pytest.approx(6 * closed, abs=0.3)


def test_time_between_looks_is_not_watched() -> None:
    signal = Blinks()
    for burst in range(3):
        for number in range(15):
            at_s = 10 * burst + number / 10
            signal.look(sight(at_s, np.zeros((SIDE, SIDE, 3), np.uint8), mesh(), burst))
    (piece,) = signal.conclude(25)
    assert piece.measured["watched_s"] == pytest.approx(4.2)


def noisy(seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(90, 150, (SIDE, SIDE, 3)).astype(np.uint8)


def patched(seed: int) -> Pixels:
    """The face without what is fine, pasted within its outline, whose edge is hard."""
    pixels = noisy(seed)
    down, across = np.indices((SIDE, SIDE)) / SIDE - 0.5
    within = (across / 0.3) ** 2 + (down / 0.35) ** 2 < 1
    pixels[within] = 150
    return pixels


def test_a_patch_of_other_sharpness_is_told_from_a_face_without_one() -> None:
    whole, pasted = (
        said(Seam(), iter([sight(0.0, make(1), mesh()), sight(0.6, make(2), mesh())])).measured
        for make in (noisy, patched)
    )
    assert abs(whole["along"]) < 0.2
    assert abs(whole["step"]) < 0.2
    assert pasted["along"] > 0.5
    assert pasted["step"] < -2


def test_an_outline_is_not_told_again_and_again() -> None:
    signal, pixels, points = Seam(), noisy(1), mesh()
    told = []
    for number in range(12 * PICTURES_PER_S):
        at_s = number / PICTURES_PER_S
        signal.look(sight(at_s, pixels, points))
        told += [piece.at_s for piece in signal.conclude(at_s)]
    assert told == [0.0, 5.0, 10.0]


def test_a_real_mesh_has_an_outline(finder: FaceFinder) -> None:
    picture = Picture(0.0, 0.0, drawn_face())
    (face,) = finder.find(picture)
    assert face.mesh is not None
    assert np.isfinite(outline_detail(picture, face.mesh)).all()


@pytest.mark.parametrize("signal", ["seam", "pulse", "blinks"])
def test_what_they_say_changes_no_score(signal: str) -> None:
    assert MOST_CONFIDENCE[rule_of(signal).modality] == 0
    passed = evidence(
        "light", "1", 10.0, outcome=Outcome.PASSED, reason="r", words="w",
        log_likelihood_ratio=-2.0, quality=1.0,
    )  # fmt: skip
    accused = accusing(signal)
    before = Record(11.0, (passed,), State.UNKNOWN, None, "", Thresholds())
    after = msgspec.structs.replace(before, evidence=(passed, *[accused] * 20))
    assert (judge(before).risk, judge(before).confidence, judge(before).state) == (
        judge(after).risk,
        judge(after).confidence,
        judge(after).state,
    )


def accusing(signal: str) -> Evidence:
    """As sure as a signal can be that all is made up."""
    return evidence(signal, "1", 10.0, reason="r", words="w", log_likelihood_ratio=9.0, quality=1.0)

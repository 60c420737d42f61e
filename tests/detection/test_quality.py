"""What the material allows, and why it sometimes allows nothing."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.evidence import Evidence, Outcome
from detection.media import Face, Picture, Sight, Sound
from detection.signals.quality import Quality


@dataclass(frozen=True)
class Scene:
    """A burst of one second and a half."""

    faces: int = 1
    size: float = 200.0
    light: int = 140
    grain: int = 20
    pictures_per_s: float = 30.0
    bitrate_bps: int = 1_000_000
    loudness: float = 0.1
    pictures: int = 45

    def sights(self) -> list[Sight]:
        spread = self.grain * (np.indices((240, 320)).sum(0) % 2)
        gray = np.clip(spread + self.light - self.grain // 2, 0, 255).astype(np.uint8)
        pixels = np.repeat(gray[:, :, None], 3, axis=2)
        eyes = ((30.0, 30.0), (60.0, 30.0))
        faces = (Face(10.0, 10.0, self.size, self.size, 0.9, eyes),) * self.faces
        size_bytes = int(self.bitrate_bps / self.pictures_per_s / 8)
        return [
            Sight(Picture(9.0, n / self.pictures_per_s, pixels, n == 0, 1, size_bytes), faces)
            for n in range(self.pictures)
        ]

    def judged(self) -> Evidence:
        quality = Quality()
        for sight in self.sights():
            quality.look(sight)
        quality.hear(Sound(9.0, 0.0, np.full(16_000, self.loudness, np.float32)))
        (piece,) = quality.conclude(10.0)
        return piece


GOOD = Scene()


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (replace(GOOD, faces=0), "no_face"),
        (replace(GOOD, faces=50), "many_faces"),
        (replace(GOOD, light=10, grain=4), "too_dark"),
        (replace(GOOD, light=10, grain=4, faces=0), "too_dark"),
        (replace(GOOD, light=255, grain=2), "too_bright"),
        (replace(GOOD, size=8.0), "too_small"),
        (replace(GOOD, size=60.0), "too_small"),
        (replace(GOOD, pictures_per_s=1.0, pictures=3), "too_few_pictures"),
        (replace(GOOD, pictures=0), "no_picture"),
        (replace(GOOD, pictures=0, loudness=0.0), "silent"),
    ],
)
def test_where_nothing_can_be_said_it_says_why(scene: Scene, reason: str) -> None:
    piece = scene.judged()
    assert (piece.outcome, piece.reason, piece.quality) == (Outcome.ABSENT, reason, 0.0)


def test_a_light_that_goes_out_within_a_burst_leaves_the_dark() -> None:
    quality = Quality()
    dark = replace(GOOD, light=10, grain=4, faces=0)
    for sight in [*GOOD.sights()[:4], *dark.sights()[4:]]:
        quality.look(sight)
    (piece,) = quality.conclude(10.0)
    assert piece.reason == "too_dark"


def test_a_good_picture_allows_all_and_says_nothing_of_the_person() -> None:
    piece = GOOD.judged()
    assert piece.quality == pytest.approx(1.0)
    assert piece.log_likelihood_ratio == 0.0


def test_a_bad_uplink_allows_less() -> None:
    assert replace(GOOD, bitrate_bps=100_000).judged().quality == pytest.approx(0.4)


worse = st.sampled_from(["size", "pictures_per_s", "bitrate_bps", "light"])


@settings(max_examples=20)
@given(worse, st.floats(0.2, 1.0), st.floats(0.2, 1.0))
def test_worse_material_never_allows_more(name: str, one: float, other: float) -> None:
    lesser, greater = sorted((one, other))
    kind = type(getattr(GOOD, name))
    scenes = [
        replace(GOOD, pictures=30, **{name: kind(getattr(GOOD, name) * share)})
        for share in (lesser, greater)
    ]
    qualities = [scene.judged().quality for scene in scenes]
    assert qualities[0] <= qualities[1] + 1e-6


def test_a_beginning_waits_for_the_rest_and_nothing_is_judged_twice() -> None:
    quality = Quality()
    sights = GOOD.sights()
    for sight in sights[:10]:
        quality.look(sight)
    assert quality.conclude(1.0) == ()
    for sight in sights[10:]:
        quality.look(sight)
    (piece,) = quality.conclude(2.0)
    assert piece.measured["pictures"] == len(sights)
    assert quality.conclude(3.0) == ()


def test_sound_after_the_pictures_of_a_burst_hides_no_face() -> None:
    quality = Quality()
    for sight in GOOD.sights():
        quality.look(sight)
    assert quality.conclude(10.0)
    sound = Sound(10.0, 2.0, np.full(16_000, 0.1, np.float32))
    quality.hear(sound)
    assert quality.conclude(11.0) == ()
    quality.hear(sound)
    (piece,) = quality.conclude(23.0)
    assert piece.reason == "no_picture"

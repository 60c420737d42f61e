"""How good the material is: whether anything can be said at all, and how much at the most.

Looks say how much; glances between them, whether a face is still to be seen.  Knows faces' size,
light, sharpness and turn, how many pictures came and at what rate, and whether there is sound.  It
says nothing about anybody; where it has nothing to go by it says why.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import msgspec
import numpy as np

from detection.evidence import Evidence, absent, evidence
from detection.media import Face, Glance, Picture, Sight, Sound
from detection.signals import Signal
from detection.speech import Heard, LoudSpeech, Speech

# Measured: under 64 pixels learned detectors are at chance; from 160 on nothing is gained.
SMALLEST_FACE = 64.0
GOOD_FACE = 160.0
FEWEST_PICTURES_PER_S = 5.0
GOOD_PICTURES_PER_S = 8.0
# The probe fell from 0.78 to 0.60 on pictures of a bad uplink.
LOW_BITRATE_BPS = 150_000
LOW_BITRATE_QUALITY = 0.4
GOOD_BITRATE_BPS = 500_000
# The beginning or the end of a burst alone says nothing of rates: wait for the rest.
LEAST_SPAN_S = 0.8
# With a look every ten seconds, pictures have stopped when none came for so long.
PICTURES_MISSED_AFTER_S = 13.0
# One glance without a face may have fallen upon a hand or a nod.
_GLANCES_AGREE = 2
# For how light a picture is, each eighth pixel of each eighth row is enough.
_SPARSE = 8
# Of 255; skin below the first is noise.
DARKEST = 20.0
GOOD_LIGHT = 60.0
BRIGHTEST = 250.0
# More people than can be told apart by whose camera it is.
MOST_FACES = 4
# The share of pictures with a face below which nobody is there.
LEAST_SEEN = 0.5
# Nose beyond so much of the half width: a profile.
FULL_TURN = 0.9
SOME_TURN = 0.45
# Blurred so that not even eyes have edges; mean of squared differences of neighbours.
BLURRED = 2.0
SHARP = 12.0
# -60 dB: what a muted microphone or digital silence is under.
SILENCE = 0.001
# Less than a word: struck notes may be taken for that much speech.
LEAST_SPEECH_S = 0.3


@dataclass(frozen=True, slots=True)
class _Look:
    """What counts of one picture."""

    media_s: float
    encoded_bytes: int
    burst: int
    faces: int
    size: float = 0.0
    light: float = 0.0
    """Of the face, or of the whole picture where there is none."""
    sharpness: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Material:
    """What was measured of a burst, in medians."""

    pictures: int
    pictures_per_s: float
    bitrate_bps: float
    seen: float
    faces: float
    size: float
    light: float
    sharpness: float
    turn: float
    loudness: float
    speech_s: float

    @property
    def is_silent(self) -> bool:
        return self.loudness < SILENCE

    @property
    def is_slow(self) -> bool:
        return self.pictures_per_s < FEWEST_PICTURES_PER_S

    def as_measured(self) -> dict[str, float]:
        return {name: round(float(getattr(self, name)), 4) for name in self.__slots__}


# A code, words, and whether it is so.
_Fault = tuple[str, str, Callable[[Material], bool]]


class Quality(Signal):
    """Of one participant's last burst."""

    name = "quality"
    version = "4"

    def __init__(self, speech: Speech | None = None) -> None:
        """Without a network that tells speech, loudness has to do."""
        self._speech = speech or LoudSpeech()
        self._heard = Heard()
        self._looks: list[_Look] = []
        self._width = 0
        self._glances: deque[_Fault | None] = deque(maxlen=_GLANCES_AGREE)
        self._hidden: _Fault | None = None
        self._last: Evidence | None = None
        self._loudness: list[float] = []
        self._seen_s = -math.inf

    def look(self, sight: Sight) -> None:
        self._seen_s = sight.picture.at_s
        self._width = sight.picture.width
        picture, face = sight.picture, sight.face
        of_picture = (picture.media_s, picture.encoded_bytes, picture.burst, len(sight.faces))
        measured = _of_face(picture, face) if face else (0.0, _light(picture))
        self._looks.append(_Look(*of_picture, *measured))

    def glance(self, glance: Glance) -> None:
        if glance.faces is not None:
            scale = self._width / glance.picture.width if self._width else math.inf
            self._glances.append(_fault(_of_glance(glance.picture, glance.faces, scale)))

    def notice(self, now_s: float) -> Sequence[Evidence]:
        if len(self._glances) < _GLANCES_AGREE:
            return ()
        before, newest = self._hidden, self._glances[-1]
        if all(self._glances):
            self._hidden = newest
        elif not any(self._glances):
            self._hidden = None
        if self._hidden is not None and before is None:
            return (self._absent(now_s, self._hidden),)
        if self._hidden is None and before is not None and self._last is not None:
            # The face is back, and allows what it allowed at the last look.
            return (msgspec.structs.replace(self._last, at_s=now_s),)
        return ()

    def hear(self, sound: Sound) -> None:
        if len(sound.samples):
            self._loudness.append(float(np.sqrt(np.mean(np.square(sound.samples)))))
            self._heard.hear(sound.samples)

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        looks, loudness = self._looks, self._loudness
        if not looks and now_s - self._seen_s < PICTURES_MISSED_AFTER_S:
            # Sound goes on for a moment after a burst of pictures.
            return ()
        if looks and 0 <= looks[-1].media_s - looks[0].media_s < LEAST_SPAN_S:
            return ()
        self._looks, self._loudness = [], []
        if not looks and not loudness:
            return ()
        speech_s = self._speech.seconds(self._heard.take())
        material = _material(looks, max(loudness, default=0.0), speech_s)
        good, fault = self._good(now_s, material), _fault(material)
        self._last = None if fault else good
        hiding = fault or self._hidden
        return (good,) if hiding is None else (self._absent(now_s, hiding, material),)

    def _good(self, now_s: float, material: Material) -> Evidence:
        quality = _quality(material)
        return evidence(
            self.name,
            self.version,
            now_s,
            reason="good" if quality >= 0.5 else "poor",  # noqa: PLR2004
            words=f"A face of {material.size:.0f} pixels; quality {quality:.2f}.",
            quality=quality,
            measured=material.as_measured(),
        )

    def _absent(self, now_s: float, fault: _Fault, material: Material | None = None) -> Evidence:
        measured = {} if material is None else material.as_measured()
        return absent(self.name, self.version, now_s, *fault[:2], measured=measured)


def _of_glance(picture: Picture, faces: Sequence[Face], scale: float) -> Material:
    """Of one picture; its size is that in a look, where pictures are `scale` times as large."""
    measured = _of_face(picture, faces[0]) if faces else (0.0, _light(picture))
    seen = _Look(0.0, 0, 0, len(faces), *measured)
    material = _material([seen], 0.0, 0.0)
    return replace(material, size=material.size * scale, pictures_per_s=FEWEST_PICTURES_PER_S)


def _of_face(picture: Picture, face: Face) -> tuple[float, float, float, float]:
    left, top = max(0, int(face.left)), max(0, int(face.top))
    right, bottom = int(face.left + face.width), int(face.top + face.height)
    cut = picture.pixels[top:bottom, left:right, 1].astype(np.float32)
    if min(cut.shape) < 3:  # noqa: PLR2004 - too little to have edges
        return min(face.width, face.height), 0.0, 0.0, 0.0
    edges = float(np.mean(np.square(np.diff(cut, axis=1))))
    return min(face.width, face.height), float(cut.mean()), edges, turn(face)


def _light(picture: Picture) -> float:
    """Of a picture with nobody in it."""
    return float(picture.pixels[::_SPARSE, ::_SPARSE, 1].mean())


def turn(face: Face) -> float:
    """How far the nose lies off the middle: 0 to the front, 1 in profile."""
    if face.mesh is None:
        return 0.0
    right, nose, left = face.mesh[234, :2], face.mesh[1, :2], face.mesh[454, :2]
    across = left - right
    along = float(np.dot(nose - right, across) / max(1e-6, float(np.dot(across, across))))
    return min(1.0, abs(2 * along - 1))


def _material(looks: Sequence[_Look], loudness: float, speech_s: float) -> Material:
    seen = [look for look in looks if look.faces]

    def median(values: Sequence[float]) -> float:
        return float(np.median(values)) if values else 0.0

    per_s, bitrate_bps = _rates(looks)
    share = len(seen) / max(1, len(looks))
    is_there = share >= LEAST_SEEN
    return Material(
        len(looks),
        per_s,
        bitrate_bps,
        share,
        median([look.faces for look in seen]),
        median([look.size for look in seen]),
        median([look.light for look in (seen if is_there else looks)]),
        median([look.sharpness for look in seen]),
        median([look.turn for look in seen]),
        loudness,
        speech_s,
    )


def _rates(looks: Sequence[_Look]) -> tuple[float, float]:
    """Pictures and bits a second, within bursts: between them nothing was asked for."""
    intervals, passed_s, carried = 0, 0.0, 0
    for before, after in pairwise(looks):
        step_s = after.media_s - before.media_s
        if before.burst == after.burst and step_s > 0:
            intervals, passed_s, carried = (
                intervals + 1,
                passed_s + step_s,
                carried + after.encoded_bytes,
            )
    return (intervals / passed_s, 8 * carried / passed_s) if passed_s else (0.0, 0.0)


def _ramp(value: float, low: float, high: float, least: float = 0.0) -> float:
    """`least` up to `low`, 1 from `high` on."""
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return least + (1 - least) * share


def _quality(material: Material) -> float:
    factors = (
        _ramp(material.size, SMALLEST_FACE, GOOD_FACE),
        _ramp(material.pictures_per_s, FEWEST_PICTURES_PER_S, GOOD_PICTURES_PER_S),
        _ramp(material.bitrate_bps, LOW_BITRATE_BPS, GOOD_BITRATE_BPS, LOW_BITRATE_QUALITY),
        _ramp(material.light, DARKEST, GOOD_LIGHT),
        _ramp(material.sharpness, BLURRED, SHARP, 0.3),
        1 - _ramp(material.turn, SOME_TURN, FULL_TURN) * 0.7,
        material.seen,
    )
    return float(np.prod(factors))


# In the order in which one hides the others.
_FAULTS: Sequence[_Fault] = (
    ("silent", "There is neither picture nor sound.", lambda of: not of.pictures and of.is_silent),
    (
        "no_speech",
        "There is no picture, and nobody speaks.",
        lambda of: not of.pictures and of.speech_s < LEAST_SPEECH_S,
    ),
    (
        "no_picture",
        "There is no picture, and a voice is too little.",
        lambda of: not of.pictures,
    ),
    # Before a face that is not found: in the dark none can be.
    ("too_dark", "It is too dark.", lambda of: of.light < DARKEST),
    ("no_face", "No face is in the picture.", lambda of: of.seen < LEAST_SEEN),
    ("many_faces", "Too many faces are in the picture.", lambda of: of.faces > MOST_FACES),
    ("too_bright", "The face is washed out.", lambda of: of.light > BRIGHTEST),
    ("too_small", "The face is too small.", lambda of: of.size < SMALLEST_FACE),
    ("too_few_pictures", "Too few pictures come.", lambda of: of.is_slow),
)


def _fault(material: Material) -> _Fault | None:
    """What hides the face, if anything does."""
    return next((fault for fault in _FAULTS if fault[2](material)), None)

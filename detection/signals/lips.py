"""Whether the lips move with the voice: measured and kept, and not allowed to speak.

On real films of 5 to 15 s the correlation of mouth and loudness is about 0.3, and half of them seem
to be 250 ms off although nothing was moved (docs/DETECTION.md).  A signal that accuses every second
honest caller stays telemetry: its figures go with the evidence, its weight is nothing.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from detection.evidence import Evidence, absent, evidence
from detection.lip_timing import LOUDNESS_STEP_S, loudness, timing
from detection.media import Points, Sight, Sound
from detection.signals import Signal

# Inner lips, top and chin of the mesh.
_UPPER, _LOWER, _TOP, _CHIN = 13, 14, 10, 152
_REMEMBERED_S = 40.0
_MOST_PICTURES = 1000
_SAID_EVERY_S = 10.0
_LEAST_SPEECH_S = 5.0


class Lips(Signal):
    """How one participant's mouth and voice go together."""

    name = "lips"
    version = "1"

    def __init__(self) -> None:
        self._mouth: deque[tuple[float, float]] = deque(maxlen=_MOST_PICTURES)
        self._voice: deque[tuple[float, float]] = deque(maxlen=round(_REMEMBERED_S / 0.02))
        self._said_s = -np.inf

    def look(self, sight: Sight) -> None:
        face = sight.face
        if face is not None and face.mesh is not None:
            self._mouth.append((sight.picture.media_s, opening(face.mesh)))

    def hear(self, sound: Sound) -> None:
        for number, decibels in enumerate(loudness(sound.samples)):
            at_s = sound.media_s + (number + 0.5) * LOUDNESS_STEP_S
            self._voice.append((at_s, float(decibels)))

    def cut(self) -> None:
        self._mouth.clear()
        self._voice.clear()

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        if now_s - self._said_s < _SAID_EVERY_S or not self._mouth or not self._voice:
            return ()
        self._said_s = now_s
        mouth = np.array(sorted(self._mouth))
        voice = np.array(sorted(self._voice))
        found = timing(mouth[:, 0], mouth[:, 1], voice[:, 0], voice[:, 1])
        if found is None or found.speech_s < _LEAST_SPEECH_S:
            words = "Too little speech with a mouth in sight."
            return (absent(self.name, self.version, now_s, "too_little_speech", words),)
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                reason="lips_measured",
                words="Lips and voice were compared; that weighs nothing yet.",
                measured={
                    "offset_s": found.offset_s,
                    "correlation": found.correlation,
                    "together": found.together,
                    "speech_s": found.speech_s,
                },
            ),
        )


def opening(mesh: Points) -> float:
    """How far the lips are apart, as a share of the face's height."""
    height = float(np.linalg.norm(mesh[_TOP] - mesh[_CHIN]))
    return float(np.linalg.norm(mesh[_UPPER] - mesh[_LOWER])) / height if height else np.nan

"""What learned detectors say of the face, and how that changed since the person was verified.

Shows a few faces of each burst to every detector that is plugged in: one costs a tenth of a
second, and pictures of one second say nearly the same.  A calibration table says what a score is
worth.  The `baseline` is the same scores compared with those of the time after a passed challenge:
a person's own change says more than any threshold for all.  Without a detector it says nothing.
"""

from collections import defaultdict, deque
from collections.abc import Sequence

import numpy as np

from detection.detectors import Detector
from detection.evidence import Evidence, evidence
from detection.media import Sight
from detection.signals import Signal

# Of each burst, and at the most so often while somebody is looked at without a pause.
_FACES_A_BURST = 2
_LOOK_EVERY_S = 2.5
_SMALLEST_FACE = 64.0
# Scores of so many looks are a baseline, and the last few are compared with them.
_BASELINE_LOOKS = 4
_COMPARED = 3
# A change by this many times the usual one is one.
_CHANGED = 3.0
_CHANGE_RATIO = 0.8


class Learned(Signal):
    """One participant under all detectors."""

    name = "learned"
    version = "1"

    def __init__(self, detectors: Sequence[Detector]) -> None:
        """More detectors may come into the sequence while it is used."""
        self._detectors = detectors
        self._scores: defaultdict[str, list[float]] = defaultdict(list)
        self._looks = 0
        self._looked_s = -np.inf
        self._burst = -1
        self._baselines: dict[str, _Baseline] = {}

    def look(self, sight: Sight) -> None:
        picture, face = sight.picture, sight.face
        if picture.burst != self._burst:
            self._burst, self._looks = picture.burst, 0
        if face is None or min(face.width, face.height) < _SMALLEST_FACE:
            return
        late = picture.at_s - self._looked_s >= _LOOK_EVERY_S
        if not late and self._looks >= _FACES_A_BURST:
            return
        self._looks += 1
        self._looked_s = picture.at_s
        for detector in self._detectors:
            self._scores[detector.manifest.name].append(detector.score(picture, face))

    def trust(self) -> None:
        usual = {one.manifest.name: one.manifest.usual_change for one in self._detectors}
        self._baselines = {name: _Baseline(change) for name, change in usual.items() if change}

    def cut(self) -> None:
        self._baselines.clear()

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        said: list[Evidence] = []
        for detector in self._detectors:
            scores = self._scores[detector.manifest.name]
            if scores:
                score = float(np.median(scores))
                scores.clear()
                said.append(self._found(detector, score, now_s))
                said += self._changed(detector, score, now_s)
        return said

    def _found(self, detector: Detector, score: float, now_s: float) -> Evidence:
        manifest = detector.manifest
        ratio = manifest.worth(score)
        return evidence(
            f"learned.{manifest.name}",
            self.version,
            now_s,
            reason="looks_made" if ratio > 0 else "looks_real",
            words=f"{manifest.name} gives the face {score:+.2f}.",
            log_likelihood_ratio=ratio,
            quality=1.0,
            measured={"score": score},
            models=(manifest.reference,),
        )

    def _changed(self, detector: Detector, score: float, now_s: float) -> list[Evidence]:
        baseline = self._baselines.get(detector.manifest.name)
        change = baseline.change(score) if baseline is not None else None
        if change is None:
            return []
        changed = change >= _CHANGED
        return [
            evidence(
                f"baseline.{detector.manifest.name}",
                self.version,
                now_s,
                reason="looks_changed" if changed else "looks_as_before",
                words=f"{detector.manifest.name} changed by {change:+.1f} since the challenge.",
                log_likelihood_ratio=_CHANGE_RATIO if changed else 0.0,
                quality=1.0,
                measured={"change": change},
                models=(detector.manifest.reference,),
            )
        ]


class _Baseline:
    """Scores of somebody who had just been verified, and the last few since."""

    def __init__(self, usual_change: float) -> None:
        self._usual = usual_change
        self._trusted: list[float] = []
        self._recent: deque[float] = deque(maxlen=_COMPARED)

    def change(self, score: float) -> float | None:
        """By how many times the usual change the last scores rose; None while nobody knows."""
        if len(self._trusted) < _BASELINE_LOOKS:
            self._trusted.append(score)
            return None
        self._recent.append(score)
        if len(self._recent) < _COMPARED:
            return None
        usual = max(self._usual, float(np.std(self._trusted)))
        return float((np.median(self._recent) - np.median(self._trusted)) / usual)

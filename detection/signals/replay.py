"""Pictures that are played and not taken: loops, a frozen picture, cameras that are programs.

Knows fingerprints of a minute of one participant and what the page says of its camera.  A loop
must be seen twice.  Labels are advice: whoever cheats writes another, and honest people use OBS.
How even the frames' times are is kept and weighs nothing: it was not measured on real cameras.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from detection.evidence import Evidence, Outcome, absent, evidence
from detection.media import Glance, Sight
from detection.repetition import SIDE, Memory, Repetition, fingerprint
from detection.signals import CameraSaid, Note, Signal

# As often as everybody is looked at; something else at once.
_SAID_EVERY_S = 10.0
# A head that does not move by a twentieth of a level of brightness for so long is no head.
_FROZEN_S = 4.0
_LEAST_INTERVALS = 40

# Log-likelihood ratios before the caps of `detection.evidence`.
_LOOPS, _FROZEN, _PROGRAM, _IMPLAUSIBLE = 3.0, 1.5, 0.4, 0.3

_PROGRAMS = (
    "obs virtual",
    "obs-camera",
    "manycam",
    "snap camera",
    "xsplit",
    "v4l2loopback",
    "dummy video",
    "deepfacelive",
    "avatarify",
    "virtual cam",
    "unity video",
    "akvirtualcamera",
    "e2esoft",
    "splitcam",
)
_FASTEST_FRAMES_PER_S = 120.0
_WIDEST = 7680


class Loop(Signal):
    """The same film again, or a picture that stands still."""

    name = "loop"
    version = "2"

    def __init__(self) -> None:
        self._memory = Memory()
        self._media: deque[tuple[int, float]] = deque(maxlen=400)
        self._face = False
        self._said_s, self._reason = -np.inf, ""

    def look(self, sight: Sight) -> None:
        self._media.append((sight.picture.burst, sight.picture.media_s))

    def glance(self, glance: Glance) -> None:
        picture = glance.picture
        if glance.faces is not None:
            self._face = bool(glance.faces)
        if min(picture.width, picture.height) >= SIDE and self._memory.wants(picture.at_s):
            self._memory.add(picture.at_s, fingerprint(picture.pixels))

    def cut(self) -> None:
        # What was shown before a cut and is shown again behind it is a film all the same.
        self._media.clear()

    def notice(self, now_s: float) -> Sequence[Evidence]:
        if self._memory.is_empty:
            return ()
        still = self._face and self._memory.still_s >= _FROZEN_S
        found = self._memory.repetition()
        said = self._frozen(now_s) if still else self._looped(now_s, found)
        if said.reason == self._reason and now_s - self._said_s < _SAID_EVERY_S:
            return ()
        self._said_s, self._reason = now_s, said.reason
        return (said,)

    def _frozen(self, now_s: float) -> Evidence:
        return evidence(
            self.name,
            self.version,
            now_s,
            reason="frozen_picture",
            words="A face is shown, and nothing in the picture moves at all.",
            log_likelihood_ratio=_FROZEN,
            quality=1.0,
        )

    def _looped(self, now_s: float, found: Repetition | None) -> Evidence:
        if found is None:
            words = "Too little has been seen to tell whether it repeats."
            return absent(self.name, self.version, now_s, "too_short_to_repeat", words)
        words = f"The film repeats every {found.period_s:.1f} seconds."
        return evidence(
            self.name,
            self.version,
            now_s,
            reason="film_repeats" if found.repeats else "no_repetition",
            words=words if found.repeats else "The film does not repeat.",
            log_likelihood_ratio=_LOOPS if found.repeats else 0.0,
            outcome=Outcome.OBSERVED,
            quality=1.0,
            measured={
                "period_s": found.period_s,
                "alike": found.alike,
                "movement": found.movement,
                "interval_variation": variation(self._media),
            },
        )


class Injection(Signal):
    """What the page says of its camera, where it is that of a program or cannot be."""

    name = "injection"
    version = "1"

    def __init__(self) -> None:
        self._said: CameraSaid | None = None
        self._shape = (0, 0)
        self._new = False

    def tell(self, note: Note) -> None:
        if isinstance(note, CameraSaid):
            self._said, self._new = note, True

    def look(self, sight: Sight) -> None:
        self._shape = (sight.picture.width, sight.picture.height)

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        if self._said is None or not self._new or self._shape == (0, 0):
            return ()
        self._new = False
        ratio, reason, words = _of_camera(self._said, self._shape)
        return (
            evidence(
                self.name,
                self.version,
                now_s,
                reason=reason,
                words=words,
                log_likelihood_ratio=ratio,
                quality=1.0 if ratio else 0.0,
            ),
        )


def _of_camera(said: CameraSaid, shape: tuple[int, int]) -> tuple[float, str, str]:
    label = said.label.casefold()
    if any(program in label for program in _PROGRAMS):
        return _PROGRAM, "virtual_camera", "The page names a camera that is a program."
    if _impossible(said) or _other_shape(said, shape):
        return _IMPLAUSIBLE, "implausible_camera", "The camera cannot be what the page says it is."
    return 0.0, "camera_plausible", "The page names a camera; that proves nothing."


def _impossible(said: CameraSaid) -> bool:
    return said.frames_per_s > _FASTEST_FRAMES_PER_S or max(said.width, said.height) > _WIDEST


def _other_shape(said: CameraSaid, shape: tuple[int, int]) -> bool:
    """Whether the picture has neither the shape that was said nor that shape turned."""
    if not (said.width and said.height):
        return False
    wanted, came = said.width / said.height, shape[0] / shape[1]
    close = 0.1
    return min(abs(came / wanted - 1), abs(came * wanted - 1)) > close


def variation(media: Sequence[tuple[int, float]] | deque[tuple[int, float]]) -> float:
    """How uneven frames follow each other inside bursts: deviation by mean; -1 if too few did."""
    pairs = zip(list(media), list(media)[1:], strict=False)
    steps = np.array([b[1] - a[1] for a, b in pairs if a[0] == b[0]])
    steps = steps[steps > 0]
    if len(steps) < _LEAST_INTERVALS:
        return -1.0
    return float(steps.std() / steps.mean())

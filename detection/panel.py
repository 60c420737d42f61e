"""The signals that watch each participant.  A new kind of evidence is one line here."""

from collections.abc import Callable, Sequence

from detection.detectors import Detector
from detection.digits import Digits
from detection.face_embedding import FaceEmbedder
from detection.signals import Signal
from detection.signals.blinks import Blinks
from detection.signals.code import Code
from detection.signals.identity import FaceIdentity, VoiceIdentity
from detection.signals.learned import Learned
from detection.signals.light import Light
from detection.signals.lips import Lips
from detection.signals.motion import Motion
from detection.signals.pulse import Pulse
from detection.signals.quality import Quality
from detection.signals.replay import Injection, Loop
from detection.signals.seam import Seam
from detection.speech import Speech
from detection.tools import Tools
from detection.voice_embedding import VoiceEmbedder

ALWAYS: Sequence[Callable[[], Signal]] = (
    Light,
    Motion,
    Loop,
    Injection,
    Lips,
    Seam,
    Pulse,
    Blinks,
)
# Those that need something that may be missing.
_quality: Callable[[Speech], Signal] = Quality
_face: Callable[[FaceEmbedder], Signal] = FaceIdentity
_voice: Callable[[VoiceEmbedder, Speech], Signal] = VoiceIdentity
_learned: Callable[[Sequence[Detector]], Signal] = Learned
_code: Callable[[Digits, Speech], Signal] = Code


def panel(tools: Tools) -> list[Signal]:
    """A fresh one of each that can do its work."""
    # The quality gate is always the first: it says what the others may claim.
    signals: list[Signal] = [_quality(tools.speech), *(make() for make in ALWAYS)]
    # Before whatever compares with a time when another may have been there.
    if tools.faces is not None:
        signals.append(_face(tools.faces))
    if tools.voices is not None:
        signals.append(_voice(tools.voices, tools.speech))
    signals.append(_learned(tools.detectors))
    if tools.digits is not None:
        signals.append(_code(tools.digits, tools.speech))
    return signals

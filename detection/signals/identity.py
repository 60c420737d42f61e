"""Whether face and voice stay those of one person within a call, and are those of earlier calls.

Compares what somebody looks and sounds like with what they were like since they came; what it
remembers of that is in memory only, and gone with them.  Of whoever agreed to it, also with what
their account was like before.  Another face or another voice is evidence, and within a call ends
what was proved before; the same face or voice says nothing, for a good fake keeps both.  It refuses
to know who anybody is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detection.continuity import Compared, Continuity, Limits, Verdict
from detection.embedding import Embedding, unit
from detection.enrolment import Acquaintance
from detection.evidence import ENROLLED, Evidence, evidence
from detection.face_embedding import FaceEmbedder
from detection.media import SOUND_RATE_HZ, Face, Samples, Sight, Sound
from detection.signals import Enrolled, Note, Signal, Template
from detection.signals.quality import SMALLEST_FACE, SOME_TURN, turn
from detection.speech import Heard, Speech
from detection.voice_embedding import VoiceEmbedder

# Two embeddings of one person are less alike than these as seldom as docs/DETECTION.md says.
FACE_LIMITS = Limits(other_below=0.65, same_from=0.72)
VOICE_LIMITS = Limits(other_below=0.65, same_from=0.7)
# On another day there is another light.
FACE_LIMITS_BETWEEN_CALLS = Limits(other_below=0.55, same_from=0.65)
VOICE_LIMITS_BETWEEN_CALLS = VOICE_LIMITS
# Cosines of faces that follow each other at once are as of one picture.
_FACES_A_LOOK = 3
_BETWEEN_FACES_S = 0.4
_BETWEEN_LOOKS_S = 2.5
# A face beside the largest may have so much of its size.
_BESIDE = 0.5
# So much speech, gathered over some bursts, is a look at a voice.
SPEECH_A_LOOK_S = 3.0
# Where speech is in sound is told worse the shorter the sound is.
_LEAST_SOUND_S = 1.0
# More than their rules allow: a change is what it is.
_CHANGED = 3.0

Said = Mapping[Verdict, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How faces, or voices, are compared, and what is said of it."""

    name: str
    within_call: Limits
    of_this_call: Said
    between_calls: Limits
    of_earlier_calls: Said


_FACE = _Kind(
    "face",
    FACE_LIMITS,
    {
        Verdict.SAME: ("same_face", "It is the same face as before."),
        Verdict.UNCLEAR: ("face_unclear", "Whether it is the same face cannot be told."),
        Verdict.OTHER: ("other_face", "It is another face than before."),
    },
    FACE_LIMITS_BETWEEN_CALLS,
    {
        Verdict.SAME: ("enrolled_face", "It is the face of the account's past calls."),
        Verdict.UNCLEAR: ("face_unclear", "Whether it is the same face cannot be told."),
        Verdict.OTHER: ("not_enrolled_face", "It is not the face of the account's past calls."),
    },
)
_VOICE = _Kind(
    "voice",
    VOICE_LIMITS,
    {
        Verdict.SAME: ("same_voice", "It is the same voice as before."),
        Verdict.UNCLEAR: ("voice_unclear", "Whether it is the same voice cannot be told."),
        Verdict.OTHER: ("other_voice", "It is another voice than before."),
    },
    VOICE_LIMITS_BETWEEN_CALLS,
    {
        Verdict.SAME: ("enrolled_voice", "It is the voice of the account's past calls."),
        Verdict.UNCLEAR: ("voice_unclear", "Whether it is the same voice cannot be told."),
        Verdict.OTHER: (
            "not_enrolled_voice",
            "It is not the voice of the account's past calls.",
        ),
    },
)


class _Identity(Signal):
    """One look after the other beside those before it, and beside those of earlier calls."""

    version = "2"

    def __init__(self, kind: _Kind, network: tuple[str, ...], others: tuple[str, ...] = ()) -> None:
        """`network` made the numbers, `others` took part."""
        self.name = kind.name
        self._kind = kind
        self._models = (*network, *others)
        self._continuity = Continuity(kind.within_call)
        self._acquaintance = Acquaintance(kind.name, network, kind.between_calls)

    def tell(self, note: Note) -> None:
        if isinstance(note, Enrolled):
            self._acquaintance.tell(note)

    def cut(self) -> None:
        self._acquaintance.cut()

    def learned(self) -> Template | None:
        return self._acquaintance.learned()

    def _compare(self, now_s: float, seen: Embedding) -> Sequence[Evidence]:
        before = self._continuity.take(seen)
        earlier = self._acquaintance.take(seen, before.verdict)
        of_this_call = () if before.verdict is Verdict.NEW else (self._said(now_s, before),)
        of_earlier = () if earlier is None else (self._said(now_s, earlier, ENROLLED),)
        return (*of_this_call, *of_earlier)

    def _said(self, now_s: float, found: Compared, of: str = "") -> Evidence:
        words = self._kind.of_earlier_calls if of else self._kind.of_this_call
        reason, sentence = words[found.verdict]
        other = found.verdict is Verdict.OTHER
        return evidence(
            self.name + of,
            self.version,
            now_s,
            reason=reason,
            words=sentence,
            log_likelihood_ratio=_CHANGED if other else 0.0,
            # The same says nothing, and must not make anybody surer.
            quality=1.0 if other else 0.0,
            measured={"likeness": found.likeness},
            models=self._models,
        )


class FaceIdentity(_Identity):
    """One participant's face, three pictures a look."""

    def __init__(self, embedder: FaceEmbedder) -> None:
        super().__init__(_FACE, embedder.references)
        self._looks = FaceLooks(embedder)

    def look(self, sight: Sight) -> None:
        self._looks.look(sight)

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        seen = self._looks.take()
        return () if seen is None else self._compare(now_s, seen)


class FaceLooks:
    """Gathers what a face is like from some pictures of one burst, and not of every burst alike."""

    def __init__(self, embedder: FaceEmbedder) -> None:
        self._embedder = embedder
        self._seen: list[Embedding] = []
        self._burst = -1
        self._next_s = -math.inf

    def look(self, sight: Sight) -> None:
        picture, face = sight.picture, sight.face
        if picture.burst != self._burst:
            self._burst, self._next_s = picture.burst, -math.inf
            self._seen.clear()
        if face is None or face.mesh is None or not _can_be_compared(sight.faces):
            return
        if picture.at_s >= self._next_s and len(self._seen) < _FACES_A_LOOK:
            self._next_s = picture.at_s + _BETWEEN_FACES_S
            self._seen.append(self._embedder.embed(picture, face.mesh))

    def take(self) -> Embedding | None:
        """What is common to all pictures of a look; None until there are enough."""
        if len(self._seen) < _FACES_A_LOOK:
            return None
        seen = unit(np.sum(self._seen, axis=0))
        self._seen.clear()
        self._next_s += _BETWEEN_LOOKS_S
        return seen


class VoiceIdentity(_Identity):
    """One participant's voice, by some seconds of speech."""

    def __init__(self, embedder: VoiceEmbedder, speech: Speech) -> None:
        super().__init__(_VOICE, embedder.references, speech.references)
        self._embedder = embedder
        self._speech = speech
        self._heard = Heard()
        self._spoken: Samples = np.zeros(0, np.float32)

    def hear(self, sound: Sound) -> None:
        self._heard.hear(sound.samples)

    def conclude(self, now_s: float) -> Sequence[Evidence]:
        if self._heard.seconds < _LEAST_SOUND_S:
            return ()
        self._spoken = np.concatenate([self._spoken, self._speech.only(self._heard.take())])
        if len(self._spoken) < SPEECH_A_LOOK_S * SOUND_RATE_HZ:
            return ()
        seen = self._embedder.embed(self._spoken)
        self._spoken = self._spoken[:0]
        return () if seen is None else self._compare(now_s, seen)


def _can_be_compared(faces: Sequence[Face]) -> bool:
    """In profile everybody is somebody else, and of two faces either may be the larger."""
    face, others = faces[0], faces[1:]
    others_size = max((_size(one) for one in others), default=0.0)
    return (
        min(face.width, face.height) >= SMALLEST_FACE
        and turn(face) <= SOME_TURN
        and others_size < _BESIDE * _size(face)
    )


def _size(face: Face) -> float:
    return face.width * face.height

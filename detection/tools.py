"""What the signals of all participants share: networks and recognisers, each opened once.

Knows which there are and why one is missing; whoever needs it goes without, by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from detection.challenge import CODE_DIGITS
from detection.detectors import Detector, open_detectors
from detection.digits import Digits
from detection.face_embedding import FaceEmbedder
from detection.faces import FaceFinder, Finder
from detection.models import Models, ModelUnusable, read_lock
from detection.speech import LoudSpeech, Speech, SpeechFinder
from detection.voice_embedding import VoiceEmbedder

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Tools:
    """What there is; None for what is not."""

    finder: Finder | None = None
    digits: Digits | None = None
    speech: Speech = field(default_factory=LoudSpeech)
    faces: FaceEmbedder | None = None
    voices: VoiceEmbedder | None = None
    detectors: list[Detector] = field(default_factory=list)
    """Those that are plugged in; they come last, for to open one may take seconds."""
    off: Mapping[str, str] = field(default_factory=dict)
    """Why something is missing, by the name of what."""
    references: tuple[str, ...] = ()
    """`name version sha256` of each model that is open."""


def open_tools(folder: Path) -> Tools:
    """Open everything that is there, and right."""
    models = Models(folder, read_lock())
    off: dict[str, str] = {}

    def opened(name: str, make: Callable[[], Opened]) -> Opened | None:
        try:
            return make()
        except ModelUnusable as error:
            off[name] = str(error)
            return None

    finder = opened("faces", lambda: FaceFinder(models))
    speech = opened("speech", lambda: SpeechFinder(models)) or LoudSpeech()
    faces = opened("face", lambda: FaceEmbedder(models))
    voices = opened("voice", lambda: VoiceEmbedder(models))
    open_models = [one for one in (finder, speech, faces, voices) if one is not None]
    return Tools(
        finder=finder,
        digits=Digits(CODE_DIGITS),
        speech=speech,
        faces=faces,
        voices=voices,
        off=off,
        references=(Digits.name, *(name for one in open_models for name in one.references)),
    )


def plug_in(tools: Tools, folder: Path) -> dict[str, str]:
    """Open the detectors that an operator plugged in; by name, why some cannot be used."""
    found, off = open_detectors(folder)
    tools.detectors.extend(found)
    return off

"""How often somebody who stays is taken for another, and how often another is noticed.

    python -m bench.identity DIR [--person REGEX] [--seconds 12] [--clones DIR]

Films (`DIR/**/*.mp4`) and recordings of speech (`.flac`, `.wav`, `.mp3`) are sent as calls send
them (VP8 at 600 and 150 kb/s, Opus), and looked at as the two signals look: three pictures, three
seconds of speech.  Who stays is a file's own looks one after the other, for films also its first
half at 600 and its second at 150 kb/s; another is a file's first looks followed by those of another
person's.  REGEX says by its first group who is in a file, where several are of one person; files
of the same person are compared as two calls only: what is remembered of one file, and another.
Clones are recordings that were made to sound like the people in DIR.
"""

import argparse
import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.figures import percentile
from detection.challenge import LIGHT, linear
from detection.continuity import Continuity, Limits, Verdict
from detection.decoder import PictureDecoder, SoundDecoder
from detection.embedding import Embedding, unit
from detection.enrolment import COMPARED_LOOKS, LEARNED_LOOKS, Acquaintance
from detection.face_embedding import FaceEmbedder
from detection.faces import FaceFinder
from detection.figures import wilson
from detection.media import SOUND_RATE_HZ, Picture, Pixels, Sight
from detection.models import Models, read_lock
from detection.notes import Enrolled, Template
from detection.sending import AUDIO, VIDEO, Sending, sent
from detection.signals.identity import (
    FACE_LIMITS,
    FACE_LIMITS_BETWEEN_CALLS,
    SPEECH_A_LOOK_S,
    VOICE_LIMITS,
    VOICE_LIMITS_BETWEEN_CALLS,
    FaceLooks,
)
from detection.speech import SpeechFinder
from detection.voice_embedding import VoiceEmbedder

Looks = dict[str, list[Embedding]]
RECORDINGS = frozenset({".flac", ".wav", ".mp3"})
GOOD_BPS, BAD_BPS = 600_000, 150_000
# Looks at somebody before another comes.
BEFORE = 3
LOOKED_EVERY_S = 0.4
SCREEN = 0.6


class Faces:
    """Looks at the faces of films."""

    def __init__(self, models: Models) -> None:
        self._finder = FaceFinder(models)
        self._embedder = FaceEmbedder(models)

    def looks(self, film: Path, sending: Sending, screen: float = 0.0) -> list[Embedding]:
        """`screen` is what colours of a challenge add, of the light that there is."""
        found, gathered, decoder, next_s = [], FaceLooks(self._embedder), PictureDecoder("vp8"), 0.0
        for track, frame in sent(film, sending):
            for picture in decoder.decode(frame) if track == VIDEO else ():
                if picture.media_s < next_s:
                    continue
                next_s = picture.media_s + LOOKED_EVERY_S
                # Looks follow each other, as bursts do.
                pixels = lit(picture.pixels, screen * LIGHT[len(found) % len(LIGHT)])
                moved = Picture(picture.at_s, picture.media_s, pixels, burst=len(found))
                gathered.look(Sight(moved, self._finder.find(picture)))
                if (seen := gathered.take()) is not None:
                    found.append(seen)
        return found


def lit(pixels: Pixels, light: NDArray[np.float64]) -> Pixels:
    """The picture with so much more light by colour, as shares of what there is."""
    brighter = (linear(pixels.astype(float)) * (1 + light)).clip(0, 1)
    return np.asarray(255 * np.interp(brighter, _LINEAR, _SRGB), dtype=np.uint8)


_SRGB = np.linspace(0, 1, 1024)
_LINEAR = linear(255 * _SRGB)


class Voices:
    """Looks at the voices of recordings."""

    def __init__(self, models: Models) -> None:
        self._speech = SpeechFinder(models)
        self._embedder = VoiceEmbedder(models)

    def looks(self, recording: Path, sending: Sending) -> list[Embedding]:
        decoder = SoundDecoder()
        frames = [frame for track, frame in sent(recording, sending) if track == AUDIO]
        sounds = [sound.samples for frame in frames for sound in decoder.decode(frame)]
        spoken = self._speech.only(np.concatenate([np.zeros(0, np.float32), *sounds]))
        piece = round(SPEECH_A_LOOK_S * SOUND_RATE_HZ)
        begins = range(0, len(spoken) - piece + 1, piece)
        each = (self._embedder.embed(spoken[first : first + piece]) for first in begins)
        return [one for one in each if one is not None]


def verdicts(looks: Sequence[Embedding], limits: Limits) -> list[tuple[Verdict, float]]:
    continuity = Continuity(limits)
    compared = [continuity.take(one) for one in looks]
    return [(one.verdict, one.likeness) for one in compared]


def stayed(name: str, looks: Looks, limits: Limits) -> None:
    """What is said of those who stay: a row, and how like themselves they were."""
    told = [verdicts(one, limits) for one in looks.values() if len(one) >= BEFORE]
    likenesses = [like for one in told for verdict, like in one if verdict is not Verdict.NEW]
    wrong = [any(verdict is Verdict.OTHER for verdict, _ in one) for one in told]
    below = sum(like < limits.other_below for like in likenesses)
    least = percentile(likenesses, 1) if likenesses else 0.0
    row(
        name, sum(wrong), len(wrong), f"{below} of {len(likenesses)} looks unlike, 1 %: {least:.2f}"
    )


def replaced(
    name: str, before: Looks, after: Looks, limits: Limits, who: Callable[[str], str]
) -> None:
    """What is said where another person comes: a row."""
    noticed, unlike, alike = [], [], []
    for one, other in itertools.permutations(sorted(before), 2):
        if who(one) == who(other) or len(before[one]) < BEFORE or len(after[other]) < 2:
            continue
        told = verdicts([*before[one][:BEFORE], *after[other]], limits)[BEFORE:]
        noticed.append(any(verdict is Verdict.OTHER for verdict, _ in told))
        unlike.append(told[0][1] < limits.other_below)
        alike.append(told[0][1])
    most = percentile(alike, 99) if alike else 0.0
    row(name, sum(noticed), len(noticed), f"{sum(unlike)} first looks unlike, 99 %: {most:.2f}")


def remembered(
    name: str, before: Looks, now: Looks, limits: Limits, who: Callable[[str], str]
) -> None:
    """What is said of a file by what is remembered of another: two rows, the same person first."""
    found: dict[bool, list[tuple[bool, float]]] = {True: [], False: []}
    for one, other in itertools.product(sorted(before), sorted(now)):
        if one != other and min(len(before[one]), len(now[other])) >= COMPARED_LOOKS:
            told = compared(before[one][:LEARNED_LOOKS], now[other], limits)
            found[who(one) == who(other)].append(told)
    for same, whose, edge in ((True, "the same person", 1), (False, "another", 99)):
        likenesses = [like for _, like in found[same]]
        least_or_most = percentile(likenesses, edge) if likenesses else 0.0
        words = f"the last likeness, {edge} %: {least_or_most:.2f}"
        row(f"{name} of {whose}", sum(hit for hit, _ in found[same]), len(likenesses), words)


def compared(
    before: Sequence[Embedding], now: Sequence[Embedding], limits: Limits
) -> tuple[bool, float]:
    """Whether somebody is taken for another than who is remembered, and the last likeness."""
    known = Acquaintance("", (), limits)
    numbers = unit(np.sum(before, axis=0)).astype("<f4").tobytes()
    known.tell(Enrolled(0.0, (Template("", (), numbers),)))
    said = [found for one in now if (found := known.take(one, Verdict.SAME)) is not None]
    return any(one.verdict is Verdict.OTHER for one in said), said[-1].likeness


def row(name: str, hits: int, count: int, words: str) -> None:
    if count:
        low, high = wilson(hits, count)
        share = f"{100 * hits / count:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        print(f"| {name} | {hits} of {count} | {share} | {words} |")


def halves(good: Looks, bad: Looks) -> Looks:
    """The first half of each as it was, the second at less."""
    return {
        name: [*one[: len(one) // 2], *bad[name][len(one) // 2 :]] for name, one in good.items()
    }


def of_files(paths: Sequence[Path], looks: Callable[[Path], list[Embedding]]) -> Looks:
    return {path.stem: looks(path) for path in paths}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--person", type=re.compile, default=re.compile("(.*)"))
    parser.add_argument("--clones", type=Path)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    models = Models(arguments.models, read_lock())
    faces, voices = Faces(models), Voices(models)
    files = sorted(arguments.folder.rglob("*"))
    films = [path for path in files if path.suffix == ".mp4"]
    spoken = [path for path in files if path.suffix in RECORDINGS]
    cloned = sorted(arguments.clones.rglob("*")) if arguments.clones else []

    def who(name: str) -> str:
        found = arguments.person.match(name)
        return str(found.group(1)) if found else name

    def sending(bitrate_bps: int) -> Sending:
        return Sending(bitrate_bps=bitrate_bps, seconds=arguments.seconds)

    at = {
        bitrate_bps: of_files(films, lambda path: faces.looks(path, sending(bitrate_bps)))  # noqa: B023
        for bitrate_bps in (GOOD_BPS, BAD_BPS)
    }
    in_light = of_files(films, lambda path: faces.looks(path, sending(GOOD_BPS), SCREEN))
    said = of_files(spoken, lambda path: voices.looks(path, sending(GOOD_BPS)))
    print("| who | taken for another | share (95 %) | looks |\n|---|---|---|---|")
    for name, looks in (("600 kb/s", at[GOOD_BPS]), ("150 kb/s", at[BAD_BPS])):
        stayed(f"a face that stays, {name}", looks, FACE_LIMITS)
    stayed("a face, 600 and then 150 kb/s", halves(at[GOOD_BPS], at[BAD_BPS]), FACE_LIMITS)
    stayed("a face, and then in a screen's light", halves(at[GOOD_BPS], in_light), FACE_LIMITS)
    for name, bitrate_bps in (("600 kb/s", GOOD_BPS), ("150 kb/s", BAD_BPS)):
        replaced(f"another's face, {name}", at[bitrate_bps], at[bitrate_bps], FACE_LIMITS, who)
    faces_now = at[GOOD_BPS]
    remembered("a remembered face, now", faces_now, faces_now, FACE_LIMITS_BETWEEN_CALLS, who)
    stayed("a voice that stays", said, VOICE_LIMITS)
    replaced("another's voice", said, said, VOICE_LIMITS, who)
    remembered("a remembered voice, now", said, said, VOICE_LIMITS_BETWEEN_CALLS, who)
    clones = [path for path in cloned if path.suffix in RECORDINGS]
    sounding = of_files(clones, lambda path: voices.looks(path, sending(GOOD_BPS)))
    remembered("a remembered voice, now a clone", said, sounding, VOICE_LIMITS_BETWEEN_CALLS, who)


if __name__ == "__main__":
    main()

"""What a check costs: milliseconds of CPU of each stage, on one core.

    python -m bench.detection FILM [--models models]

FILM is any film with a face.  Stages that look at one picture are given for each picture, those
that conclude for each conclusion.  CPU time and not the clock: a busy machine does not change it
much, though shared caches do.  Prints a table.
"""

import argparse
import itertools
import math
import secrets
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import numpy as np

from bench.figures import median
from detection import skin
from detection.challenge import ask_light, family
from detection.face_embedding import FaceEmbedder
from detection.faces import FaceFinder
from detection.light_response import Seen, respond
from detection.lip_timing import loudness, timing
from detection.media import SOUND_RATE_HZ, Picture, Sight
from detection.models import Models, read_lock
from detection.repetition import STEP_S, Memory, fingerprint
from detection.signals.blinks import openness
from detection.signals.lips import opening
from detection.signals.motion import pose
from detection.signals.seam import outline_detail
from detection.speech import SpeechFinder
from detection.voice_embedding import VoiceEmbedder

WIDTH, HEIGHT = 640, 360
PICTURES = 45


def cpu_ms(stage: Callable[[], object]) -> float:
    begun = time.process_time()
    stage()
    return 1000 * (time.process_time() - begun)


def pictures(path: Path) -> list[Picture]:
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        small = (frame.reformat(WIDTH, HEIGHT) for frame in islice(frames, PICTURES))
        return [
            Picture(number / 15, number / 15, frame.to_ndarray(format="rgb24"))
            for number, frame in enumerate(small)
        ]


def of_pictures(
    shown: list[Picture], finder: FaceFinder, embedder: FaceEmbedder
) -> dict[str, list[float]]:
    """Stages that every picture passes, where a face with a mesh is in it."""
    costs: dict[str, list[float]] = {}
    for picture in shown:
        faces = finder.find(picture)
        if not faces or faces[0].mesh is None:
            continue
        face, mesh, sight = faces[0], faces[0].mesh, Sight(picture, faces)
        stages: dict[str, Callable[[], object]] = {
            "face and mesh found": lambda: finder.find(picture),  # noqa: B023 - called at once
            "face and mesh followed": lambda: finder.follow(picture, face),  # noqa: B023
            "light on skin": lambda: skin.regions(picture, face),  # noqa: B023
            "light behind": lambda: skin.background(picture, face),  # noqa: B023
            "fingerprint": lambda: fingerprint(picture.pixels),  # noqa: B023
            "pose": lambda: pose(sight, 0.0),  # noqa: B023
            "lips": lambda: opening(mesh),  # noqa: B023
            "blinks": lambda: openness(mesh),  # noqa: B023
            "seam, two a check": lambda: outline_detail(picture, mesh),  # noqa: B023
            "face as numbers, three a check": lambda: embedder.embed(picture, mesh),  # noqa: B023
        }
        for name, stage in stages.items():
            costs.setdefault(name, []).append(cpu_ms(stage))
    return costs


def of_conclusions(speech: SpeechFinder, voices: VoiceEmbedder) -> dict[str, list[float]]:
    """Stages at the end of a burst or of a look."""
    random = np.random.default_rng(1)
    memory, moments = Memory(), itertools.count()
    prints = random.normal(0, 5, (800, 576)).astype(np.float32)

    def remember() -> None:
        moment = next(moments)
        memory.add(moment * STEP_S, prints[moment])

    asked = ask_light(secrets.token_bytes)
    taken_s = np.arange(0, 15, 1 / 15)
    light = random.uniform(0.3, 0.31, (len(taken_s), 5, 3))
    behind = random.uniform(0.3, 0.31, (len(taken_s), math.prod(skin.FIELDS), 3))
    seen, begins = Seen(taken_s, light, behind), itertools.count()
    sound = random.normal(0, 0.1, 40 * SOUND_RATE_HZ).astype(np.float32)
    talk = loudness(sound)
    heard_s = np.arange(len(talk)) / 50
    mouth = random.random(len(taken_s))
    stages: dict[str, Callable[[], object]] = {
        "a light challenge is made": lambda: family(secrets.token_hex(16)),
        "a look at its answer": lambda: respond(seen, asked, asked.looks[-1], 0.1),
        "a fingerprint among those of a minute": remember,
        "loops in that minute": memory.repetition,
        "speech in 2 s of sound": lambda: speech.seconds(
            # What was asked about last is remembered.
            sound[next(begins) :][: 2 * SOUND_RATE_HZ]
        ),
        "voice as numbers, of 3 s": lambda: voices.embed(sound[: 3 * SOUND_RATE_HZ]),
        "lips and voice in 40 s": lambda: timing(taken_s, mouth, heard_s, talk),
    }
    for _ in range(600):
        remember()
    return {name: [cpu_ms(stage) for _ in range(5)] for name, stage in stages.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    models = Models(arguments.models, read_lock())
    finder, embedder = FaceFinder(models), FaceEmbedder(models)
    speech, voices = SpeechFinder(models), VoiceEmbedder(models)
    print("| stage | median, ms of CPU | times |\n|---|---|---|")
    for costs in (
        of_pictures(pictures(arguments.film), finder, embedder),
        of_conclusions(speech, voices),
    ):
        for name, values in costs.items():
            print(f"| {name} | {median(values):.2f} | {len(values)} |")


if __name__ == "__main__":
    main()

"""`candor train-probe`: a head on the backbone, made of an operator's own films of real people.

No fake is seen: real faces are told from the same faces blended with themselves, after an encoder
for calls.  Prints how well people are judged whom it was not trained on (leave one out), which is
all that may be expected of it, and for seams only: a face that is generated whole has none.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from detection import figures
from detection.backbone import SIDE, WIDTH, Backbone
from detection.blending import blended, worn
from detection.detectors import Head, cut
from detection.faces import FaceFinder
from detection.media import Face, Picture, Pixels
from detection.models import Models, ModelUnusable, read_lock
from detection.sending import Sending, recoded, shown

Floats = NDArray[np.float64]

FILMS = (".mp4", ".mkv", ".webm", ".mov", ".avi")
FACES_A_FILM = 16
ROUNDS = 2
LEAST_PEOPLE = 5
_RIDGE = 0.02
_STEPS = 300
_ROOM = 1.5
_APART_S = 0.7
# Blended faces are not the fakes that will come: nothing learned of them is worth more.
_MOST_RATIO = 1.2
_FLAT = 1e-3
_SMALL = 1e-6
_BITRATES_BPS = (150_000, 300_000, 600_000, 1_200_000)


class CannotTrain(Exception):
    """Too little to train on; the words say what."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Embeddings of one person's films: rows of real faces, and the same blended."""

    person: str
    real: Floats
    made: Floats


@dataclass(frozen=True, slots=True)
class Trained:
    """A head, and what it does to people whom it was not trained on."""

    head: Head
    people: int
    faces: int
    left_out_auc: float
    by_person: tuple[tuple[str, float], ...]
    calibration: tuple[tuple[float, float], ...]
    usual_change: float


def people_in(folder: Path) -> dict[str, list[Path]]:
    """Films by person: those of a folder are one person's, others are one person each."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in FILMS:
            person = path.stem if path.parent == folder else path.parent.name
            found.setdefault(person, []).append(path)
    return found


def train(folder: Path, models: Path, *, on_person: Callable[[str], None]) -> Trained:
    """Raises `CannotTrain`."""
    people = people_in(folder)
    if len(people) < LEAST_PEOPLE:
        raise CannotTrain(f"{len(people)} people are too few; {LEAST_PEOPLE} are the least")
    there = Models(models, read_lock())
    try:
        finder, backbone = FaceFinder(there), Backbone(there)
    except ModelUnusable as error:
        raise CannotTrain(f"{error}: run `candor models install`") from None
    seen = []
    for number, (person, paths) in enumerate(people.items()):
        one = _faces_of(person, paths, finder, backbone, np.random.default_rng(number))
        if len(one.real):
            seen.append(one)
            on_person(f"{person}: {len(one.real)} faces")
    if len(seen) < LEAST_PEOPLE:
        raise CannotTrain(f"in only {len(seen)} people's films a face was found")
    return judged(seen)


def write(trained: Trained, path: Path, on: date) -> Path:
    """The head and its manifest, ready for `candor models add`; the manifest's path."""
    weights = msgspec.json.encode(trained.head)
    path.with_suffix(".json").write_bytes(weights)
    table = ", ".join(f"[{score:.3f}, {ratio:.3f}]" for score, ratio in trained.calibration)
    trained_on = (
        f"{trained.people} people, {trained.faces} faces of theirs and as many blended with "
        f"themselves; AUC for people left out {trained.left_out_auc:.2f}"
    )
    lines = {
        "name": path.stem,
        "version": on.isoformat(),
        "weights": path.with_suffix(".json").name,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "licence": "your own",
        "trained_on": trained_on,
    }
    text = "".join(f'{key} = "{value}"\n' for key, value in lines.items())
    text += f"calibration = [{table}]\nusual_change = {trained.usual_change:.3f}\n"
    manifest = path.with_suffix(".toml")
    manifest.write_text(text, encoding="utf-8")
    return manifest


def _faces_of(
    person: str,
    paths: Sequence[Path],
    finder: FaceFinder,
    backbone: Backbone,
    random: np.random.Generator,
) -> Faces:
    rows: dict[bool, list[NDArray[np.float32]]] = {False: [], True: []}
    for path in paths:
        for pixels, face in _shown(path, finder, random):
            assert face.mesh is not None
            for made in (False, True):
                picture = blended(pixels, face.mesh, random) if made else pixels
                rate = int(random.choice(_BITRATES_BPS))
                codec = str(random.choice(["vp8", "h264"]))
                sent = recoded(worn(picture, random), Sending(codec=codec, bitrate_bps=rate))
                rows[made].append(backbone.embed(cut(sent, face, _ROOM, SIDE)))
    real, made_ = (np.array(rows[kind], dtype=float).reshape(-1, WIDTH) for kind in (False, True))
    return Faces(person, real, made_)


def _shown(
    path: Path, finder: FaceFinder, random: np.random.Generator
) -> Iterator[tuple[Pixels, Face]]:
    """Some pictures of a film in which a face has a mesh, each used more than once."""
    found = []
    for pixels in shown(path, _APART_S, Sending()):
        faces = finder.find(Picture(0.0, 0.0, pixels))
        if faces and faces[0].mesh is not None:
            found.append((pixels, faces[0]))
        if len(found) >= FACES_A_FILM:
            break
    yield from found * ROUNDS


def judged(seen: Sequence[Faces]) -> Trained:
    """The head of all, and what heads of all others say of each."""
    by_person, scores, labels = [], [], []
    for left_out in seen:
        head = fitted([one for one in seen if one is not left_out])
        real, made = (_scores(head, rows) for rows in (left_out.real, left_out.made))
        both = np.concatenate([real, made])
        kinds = np.arange(len(both)) >= len(real)
        by_person.append((left_out.person, figures.auc(both, kinds)))
        scores.append(both)
        labels.append(kinds)
    every, kinds = np.concatenate(scores), np.concatenate(labels)
    head = fitted(seen)
    changes = [float(np.std(_scores(head, one.real))) for one in seen]
    return Trained(
        head=head,
        people=len(seen),
        faces=sum(len(one.real) for one in seen),
        left_out_auc=figures.auc(every, kinds),
        by_person=tuple(by_person),
        calibration=calibrated(every, kinds),
        usual_change=float(np.median(changes)),
    )


def fitted(seen: Sequence[Faces]) -> Head:
    """Logistic regression with a ridge, by Newton's steps."""
    rows = np.concatenate([np.concatenate([one.real, one.made]) for one in seen])
    made = np.concatenate([np.repeat([0.0, 1.0], [len(one.real), len(one.made)]) for one in seen])
    middle = rows.mean(axis=0)
    # Within the span of the rows, which are fewer than a face's numbers where people are few.
    along, strength, axes = np.linalg.svd(rows - middle, full_matrices=False)
    inputs = np.concatenate([along * strength, np.ones((len(rows), 1))], axis=1)
    ridge = np.full(inputs.shape[1], _RIDGE * len(rows) / WIDTH)
    ridge[-1] = 0.0
    weights = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(inputs @ weights).clip(-30, 30)))
        slope = inputs.T @ (chance - made) + ridge * weights
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + np.diag(ridge + 1e-9)
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < _SMALL:
            break
    turned = weights[:-1] @ axes
    return Head(tuple(map(float, turned)), float(weights[-1] - middle @ turned))


def calibrated(scores: Floats, made: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """What scores are worth: a line through the log-odds of equally many of both, held in."""
    weight = np.where(made, 0.5 / made.sum(), 0.5 / (~made).sum())
    slope, offset = 0.0, 0.0
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(slope * scores + offset).clip(-30, 30)))
        miss, bend = weight * (chance - made), weight * chance * (1 - chance)
        first = np.array([(miss * scores).sum() + _FLAT * slope, miss.sum()])
        second = np.array(
            [
                [(bend * scores**2).sum() + _FLAT, (bend * scores).sum()],
                [(bend * scores).sum(), bend.sum() + 1e-9],
            ]
        )
        change = np.linalg.solve(second, first)
        slope, offset = slope - change[0], offset - change[1]
    points = np.quantile(scores, [0.02, 0.25, 0.5, 0.75, 0.98])
    ratios = (slope * points + offset).clip(-_MOST_RATIO, _MOST_RATIO)
    return tuple((float(score), float(ratio)) for score, ratio in zip(points, ratios, strict=True))


def _scores(head: Head, rows: Floats) -> Floats:
    found: Floats = rows @ np.array(head.weights) + head.bias
    return found

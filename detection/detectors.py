"""Learned detectors that an operator plugs in: a manifest in TOML, and the weights beside it.

Knows what a manifest must say (what it looks at, how a face is cut and scaled, what comes out, what
that is worth, on what it was trained, by whom and under which licence) and that the weights are the
ones it names.  A detector is either a whole network (ONNX) or a head of some kilobytes on the
packaged backbone.  It refuses to know whether any of them is good: the calibration table says so.
"""

import hashlib
import shutil
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, cast

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detection.backbone import BACKBONE_MODEL, SIDE, WIDTH, Backbone
from detection.media import Face, Picture
from detection.models import Models, ModelUnusable, Name, Sha256, read_lock
from detection.networks import open_network
from detection.sampling import Square, sampled

FOLDER = "detectors"
_MOST_RATIO = 3.0

Floats = NDArray[np.float32]


class BadManifest(Exception):
    """What is plugged in cannot be used; the words say why."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that must be known of a detector before it may say anything."""

    name: Name
    version: str
    weights: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$")]
    """A file beside the manifest: `.onnx`, or `.json` for a head on the backbone."""
    sha256: Sha256
    licence: Annotated[str, Meta(min_length=2)]
    trained_on: Annotated[str, Meta(min_length=2)]
    calibration: Annotated[tuple[tuple[float, float], ...], Meta(min_length=2)]
    """Scores, rising, and the natural log of the likelihood ratio (synthetic by real) of each."""
    usual_change: Annotated[float, Meta(ge=0)] = 0.0
    """By how much the score of one person changes within a call; 0 where nobody measured it."""
    modality: Literal["face"] = "face"
    room: Annotated[float, Meta(ge=1, le=4)] = 1.5
    """Side of what is cut out, in sizes of the face."""
    size: Annotated[int, Meta(ge=32, le=1024)] = SIDE
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Of values from 0 to 1, red, green and blue."""
    output: Literal["logit", "probability"] = "logit"
    column: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Which of the numbers that come out."""

    def __post_init__(self) -> None:
        scores = [score for score, _ in self.calibration]
        if scores != sorted(set(scores)):
            raise ValueError("calibration: scores must rise")
        if any(abs(ratio) > _MOST_RATIO for _, ratio in self.calibration):
            raise ValueError(f"calibration: nobody is as sure as {_MOST_RATIO}")

    @property
    def is_head(self) -> bool:
        return self.weights.endswith(".json")

    @property
    def reference(self) -> str:
        """As it goes with the evidence that it helped make."""
        return f"{self.name} {self.version} {self.sha256}"

    def worth(self, score: float) -> float:
        """Log-likelihood ratio of a score."""
        scores, ratios = zip(*self.calibration, strict=True)
        return float(np.interp(score, scores, ratios))


class Head(msgspec.Struct, frozen=True):
    """Weights of a head on the backbone's embedding of length one."""

    weights: tuple[float, ...]
    bias: float


class Detector:
    """One that is open: scores for faces, above the middle of its table where synthetic."""

    def __init__(self, manifest: Manifest, score: Callable[[Floats], float]) -> None:
        self.manifest = manifest
        self._score = score

    def score(self, picture: Picture, face: Face) -> float:
        return self.score_crop(self.crop(picture, face))

    def square(self, face: Face) -> Square:
        """What of a picture it is shown."""
        return around(face, self.manifest.room)

    def crop(self, picture: Picture, face: Face) -> Floats:
        return cut(picture, face, self.manifest.room, self.manifest.size)

    def score_crop(self, crop: Floats) -> float:
        """The same for what was cut out already, and perhaps changed."""
        return self._score(crop)


def around(face: Face, room: float) -> Square:
    """A square with the face in its middle, by so many sizes of the face."""
    middle = (face.left + face.width / 2, face.top + face.height / 2)
    return Square(*middle, room * max(face.width, face.height))


def cut(picture: Picture, face: Face, room: float, size: int) -> Floats:
    """A face with so much room around it, as `size` x `size` x 3 of 0 to 255."""
    return sampled(picture.pixels, around(face, room), size)


def read_manifest(path: Path) -> Manifest:
    """Raises `BadManifest`, also where the weights are not those that it names."""
    try:
        manifest = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Manifest)
        weights = path.with_name(manifest.weights).read_bytes()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise BadManifest(f"{path.name}: {error}") from None
    if hashlib.sha256(weights).hexdigest() != manifest.sha256:
        raise BadManifest(f"{path.name}: {manifest.weights} is not what the manifest names")
    return manifest


def add(path: Path, models: Path) -> Manifest:
    """Plug in a detector: its manifest and weights are copied.  Raises `BadManifest`."""
    manifest = read_manifest(path)
    folder = models / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for source in (path.with_name(manifest.weights), path):
        if source.resolve() != (folder / source.name).resolve():
            shutil.copyfile(source, folder / source.name)
    return manifest


def plugged_in(models: Path) -> tuple[Path, ...]:
    """The manifests of all detectors."""
    return tuple(sorted((models / FOLDER).glob("*.toml")))


def open_detectors(folder: Path) -> tuple[list[Detector], dict[str, str]]:
    """All that can be used, and by name why others cannot."""
    opened: list[Detector] = []
    off: dict[str, str] = {}
    backbone: Backbone | None = None
    for path in plugged_in(folder):
        try:
            manifest = read_manifest(path)
            if manifest.is_head:
                backbone = backbone or Backbone(Models(folder, read_lock()))
                opened.append(Detector(manifest, _head(path, manifest, backbone)))
            else:
                opened.append(Detector(manifest, _network(path, manifest)))
        except (BadManifest, ModelUnusable) as error:
            off[path.stem] = str(error)
    return opened, off


def _head(path: Path, manifest: Manifest, backbone: Backbone) -> Callable[[Floats], float]:
    try:
        head = msgspec.json.decode(path.with_name(manifest.weights).read_bytes(), type=Head)
    except msgspec.MsgspecError as error:
        raise BadManifest(f"{manifest.weights}: {error}") from None
    weights = np.array(head.weights, dtype=np.float32)
    if manifest.size != SIDE or weights.shape != (WIDTH,):
        raise BadManifest(f"{manifest.weights} does not fit {BACKBONE_MODEL}")
    return lambda crop: float(backbone.embed(crop) @ weights) + head.bias


def _network(path: Path, manifest: Manifest) -> Callable[[Floats], float]:
    try:
        session = open_network(path.with_name(manifest.weights))
    # Whatever it raises for a file that somebody made: its exceptions have no common class.
    except Exception as error:
        raise BadManifest(f"{manifest.weights}: {error}") from None
    name = session.get_inputs()[0].name
    mean, deviation = (np.array(one, np.float32) for one in (manifest.mean, manifest.deviation))

    def score(crop: Floats) -> float:
        values = ((crop / np.float32(255) - mean) / deviation).transpose(2, 0, 1)[None]
        answers = cast(Sequence[Floats], session.run(None, {name: values.astype(np.float32)}))
        found = float(answers[0].ravel()[manifest.column])
        return found if manifest.output == "logit" else _logit(found)

    return score


def _logit(probability: float) -> float:
    inside = min(1 - 1e-6, max(1e-6, probability))
    return float(np.log(inside / (1 - inside)))

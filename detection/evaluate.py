"""`candor evaluate`: the very pipeline of the server over labelled files, and what came of it.

Knows labelled files and what was said of each.  How a call would have sent them is in `sending`,
figures are made in `figures`, pages in `report`.  No number here comes from training.
"""

import csv
import time
from collections.abc import Sequence
from pathlib import Path

import av.error
import msgspec
import numpy as np

from detection import figures
from detection.figures import Figure
from detection.fusion import FUSION_VERSION, State
from detection.panel import panel
from detection.participant import Participant
from detection.sending import AUDIO, BEGINS_S, VIDEO, Sending, sent
from detection.tools import Tools

REAL, FAKE = "real", "fake"
_CONCLUDE_EVERY_S = 2.0
# What is left of a file may be a word too short to be one.
_LEAST_LOOK_S = 1.0
_ACCUSED = frozenset({State.SUSPICIOUS.value, State.LIKELY_SYNTHETIC.value})
# A file has one size: the same frames are looked at and glanced at.
_GLANCES = 3
_WORSE = (State.UNKNOWN, State.VERIFIED, State.NO_SIGN, State.SUSPICIOUS, State.LIKELY_SYNTHETIC)


class Labelled(msgspec.Struct, frozen=True):
    """A file of which it is known what it is; `source` is where it came from."""

    path: Path
    name: str
    fake: bool
    source: str


class Said(msgspec.Struct, frozen=True):
    """What was said of a file; `risk` is that of the last look."""

    name: str
    fake: bool
    source: str
    pictured: bool
    risk: float
    confidence: float
    state: str
    worst: str
    why: str
    reasons: tuple[str, ...]
    media_s: float
    cpu_s: float
    fault: str = ""

    @property
    def accused(self) -> bool:
        """Whether anybody saw it as suspicious or worse, at any time."""
        return self.worst in _ACCUSED


class Group(msgspec.Struct, frozen=True):
    """Figures of some of the files."""

    name: str
    reals: int
    fakes: int
    unanswered: Figure
    reals_accused: Figure
    fakes_accused: Figure
    auc: Figure
    equal_error: Figure
    calibration_error: Figure
    curve: tuple[tuple[float, float], ...] = ()


class LeftOut(msgspec.Struct, frozen=True):
    """One source, judged by the threshold that parts all others best."""

    source: str
    files: int
    wrong: int


class Evaluation(msgspec.Struct, frozen=True):
    """All that came of it."""

    fusion_version: int
    models: tuple[str, ...]
    sending: Sending
    groups: tuple[Group, ...]
    left_out: tuple[LeftOut, ...]
    cpu_per_media_s: float
    files: tuple[Said, ...]


class NoSuchSet(Exception):
    """The folder holds no labelled files."""


def read_set(folder: Path) -> list[Labelled]:
    """By `index.csv` (path, label, origin) or by the folders `real` and `fake`."""
    index = folder / "index.csv"
    try:
        found = _by_index(folder, index) if index.exists() else _by_folder(folder)
    except (KeyError, csv.Error, UnicodeDecodeError) as error:
        raise NoSuchSet(f"index.csv cannot be read: {error}") from None
    if not found:
        raise NoSuchSet("there is neither an index.csv nor a file in real/ or fake/")
    return found


def judge_file(file: Labelled, tools: Tools, sending: Sending) -> Said:
    """Send one file through the pipeline; a file that cannot be read says so."""
    try:
        frames = sorted(sent(file.path, sending), key=lambda pair: pair[1].at_s)
    except (av.error.FFmpegError, ValueError) as error:
        return _unreadable(file, str(error))
    participant = Participant(tools.finder, panel(tools))
    participant.open_track(VIDEO, sending.codec)
    participant.open_track(_GLANCES, sending.codec, glances=True)
    participant.open_track(AUDIO, "opus")
    worst, began_s = State.UNKNOWN, time.thread_time()
    next_s = first_s = BEGINS_S + _CONCLUDE_EVERY_S
    for track, frame in frames:
        if frame.at_s >= next_s:
            worst = max(worst, _judge(participant, next_s), key=_WORSE.index)
            next_s += _CONCLUDE_EVERY_S
        participant.receive(track, frame)
        if track == VIDEO:
            participant.receive(_GLANCES, frame)
    ends_s = frames[-1][1].at_s + 0.02 if frames else BEGINS_S
    if next_s - ends_s <= _CONCLUDE_EVERY_S - _LEAST_LOOK_S or next_s == first_s:
        worst = max(worst, _judge(participant, ends_s), key=_WORSE.index)
    score = participant.judge(ends_s).score
    return Said(
        file.name,
        file.fake,
        file.source,
        any(track == VIDEO for track, _ in frames),
        score.risk,
        score.confidence,
        score.state.value,
        worst.value,
        score.why,
        tuple(f"{one.signal}: {one.reason}" for one in score.reasons),
        ends_s - BEGINS_S,
        time.thread_time() - began_s,
    )


def summary(said: Sequence[Said], models: tuple[str, ...], sending: Sending) -> Evaluation:
    """Figures over all files, over pictures and sound apart, and by source."""
    chance = np.random.default_rng(1)
    parts: dict[str, list[Said]] = {
        "all": list(said),
        "pictures": [one for one in said if one.pictured],
        "sound alone": [one for one in said if not one.pictured],
    }
    sources = sorted({one.source for one in said})
    by_source = {name: [one for one in said if one.source == name] for name in sources}
    groups = [_group(name, files, chance) for name, files in (parts | by_source).items() if files]
    media_s = sum(one.media_s for one in said)
    return Evaluation(
        FUSION_VERSION,
        models,
        sending,
        tuple(groups),
        tuple(_left_out(said, name) for name in sources),
        sum(one.cpu_s for one in said) / max(1e-9, media_s),
        tuple(said),
    )


def _judge(participant: Participant, now: float) -> State:
    participant.conclude(now)
    participant.notice(now)
    return participant.judge(now).score.state


def _unreadable(file: Labelled, fault: str) -> Said:
    """What is said of somebody who sends nothing."""
    score = Participant(None, ()).judge(BEGINS_S).score
    said = (score.risk, score.confidence, score.state.value, score.state.value, "cannot_be_read")
    return Said(file.name, file.fake, file.source, False, *said, (), 0.0, 0.0, fault)


def _by_index(folder: Path, index: Path) -> list[Labelled]:
    with index.open(encoding="utf-8", newline="") as file:
        return [
            Labelled(
                folder / row["path"],
                row["path"],
                row["label"] == FAKE,
                row.get("origin_repository") or row.get("source") or row["path"].split("__")[0],
            )
            for row in csv.DictReader(file)
        ]


def _by_folder(folder: Path) -> list[Labelled]:
    found = []
    for label in (REAL, FAKE):
        for path in sorted((folder / label).rglob("*")):
            if path.is_file():
                inner = path.relative_to(folder / label)
                source = inner.parts[0] if len(inner.parts) > 1 else label
                name = str(path.relative_to(folder))
                found.append(Labelled(path, name, label == FAKE, source))
    return found


def _group(name: str, said: Sequence[Said], chance: np.random.Generator) -> Group:
    risks = np.array([one.risk for one in said])
    fake = np.array([one.fake for one in said], dtype=bool)
    both = fake.any() and not fake.all()

    def accused(of_fakes: bool) -> Figure:
        return figures.share([one.accused for one in said if one.fake is of_fakes], chance)

    return Group(
        name,
        int((~fake).sum()),
        int(fake.sum()),
        figures.share([one.state == State.UNKNOWN.value for one in said], chance),
        accused(False),
        accused(True),
        figures.figure(figures.auc, risks, fake, chance),
        figures.figure(figures.equal_error, risks, fake, chance),
        figures.figure(figures.calibration_error, risks, fake, chance),
        tuple(figures.roc(risks, fake)) if both else (),
    )


def _left_out(said: Sequence[Said], source: str) -> LeftOut:
    others = [one for one in said if one.source != source]
    mine = [one for one in said if one.source == source]
    kinds = {one.fake for one in others}
    if len(kinds) == 1 or not others:
        return LeftOut(source, len(mine), len(mine))
    threshold = figures.best_threshold(*_arrays(others))
    wrong, count = figures.errors_at(*_arrays(mine), threshold)
    return LeftOut(source, count, wrong)


def _arrays(said: Sequence[Said]) -> tuple[figures.Values, figures.Labels]:
    return np.array([one.risk for one in said]), np.array([one.fake for one in said], dtype=bool)

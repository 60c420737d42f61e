"""`candor evaluate`: the very pipeline of the server over labelled files, and what came of it.

Knows files, how a call would have sent them (VP8 and Opus at a call's rates), and what was said of
each.  Figures are made in `figures`, pages in `report`.  No number here comes from training.
"""

import csv
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error
import msgspec
import numpy as np
from av.audio.resampler import AudioResampler

from detection import figures
from detection.decoder import OPUS_RATE_HZ, Encoded
from detection.figures import Figure
from detection.fusion import FUSION_VERSION, State
from detection.panel import panel
from detection.participant import Participant
from detection.tools import Tools

REAL, FAKE = "real", "fake"
# Times in a call are those of a machine that has been up for a while.
_BEGINS_S = 1000.0
_CONCLUDE_EVERY_S = 2.0
_OPUS_SAMPLES = 960
_OPUS_BPS = 24_000
_VIDEO, _AUDIO = 1, 2
_WORSE = (State.UNKNOWN, State.VERIFIED, State.NO_SIGN, State.SUSPICIOUS, State.LIKELY_SYNTHETIC)
_ENCODERS = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "h264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"}),
}


class Sending(msgspec.Struct, frozen=True):
    """How a file is sent, as a browser would in a call."""

    codec: str = "vp8"
    bitrate_bps: int = 600_000
    longest_side: int = 640
    pictures_per_s: float = 30.0
    seconds: float = 12.0


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
    participant.open_track(_VIDEO, sending.codec)
    participant.open_track(_AUDIO, "opus")
    worst, began_s, next_s = State.UNKNOWN, time.thread_time(), _BEGINS_S + _CONCLUDE_EVERY_S
    for track, frame in frames:
        if frame.at_s >= next_s:
            worst = max(worst, _judge(participant, next_s), key=_WORSE.index)
            next_s += _CONCLUDE_EVERY_S
        participant.receive(track, frame)
    ends_s = frames[-1][1].at_s + 0.02 if frames else _BEGINS_S
    worst = max(worst, _judge(participant, ends_s), key=_WORSE.index)
    score = participant.judge(ends_s).score
    return Said(
        file.name,
        file.fake,
        file.source,
        any(track == _VIDEO for track, _ in frames),
        score.risk,
        score.confidence,
        score.state.value,
        worst.value,
        score.why,
        tuple(f"{one.signal}: {one.reason}" for one in score.reasons),
        ends_s - _BEGINS_S,
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
    return participant.judge(now).score.state


def _unreadable(file: Labelled, fault: str) -> Said:
    """What is said of somebody who sends nothing."""
    score = Participant(None, ()).judge(_BEGINS_S).score
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


def sent(path: Path, sending: Sending) -> Iterator[tuple[int, Encoded]]:
    """The frames that a call would have carried, by track."""
    with av.open(str(path)) as container:
        if container.streams.video:
            yield from ((_VIDEO, frame) for frame in _pictures(container, sending))
    with av.open(str(path)) as container:
        if container.streams.audio:
            yield from ((_AUDIO, frame) for frame in _sound(container, sending))


def _pictures(container: av.container.InputContainer, sending: Sending) -> Iterator[Encoded]:
    container.streams.video[0].thread_count = 1
    encoder: av.VideoCodecContext | None = None
    sent_s = -1.0
    for picture in container.decode(video=0):
        at_s = float(picture.time or 0.0)
        if at_s > sending.seconds:
            return
        # A little earlier than due, for times of files are rounded.
        if at_s - sent_s < 0.95 / sending.pictures_per_s:
            continue
        sent_s = at_s
        encoder = encoder or _encoder(picture, sending)
        small = picture.reformat(width=encoder.width, height=encoder.height, format="yuv420p")
        small.pts, small.time_base = round(at_s * 1000), Fraction(1, 1000)
        small.pict_type = av.video.frame.PictureType.NONE
        for packet in encoder.encode(small):
            now = _BEGINS_S + at_s
            yield Encoded(now, now, packet.is_keyframe, False, 1, bytes(packet))


def _encoder(picture: av.VideoFrame, sending: Sending) -> av.VideoCodecContext:
    name, options = _ENCODERS[sending.codec]
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, av.VideoCodecContext)
    shrink = min(1.0, sending.longest_side / max(picture.width, picture.height))
    context.width = round(picture.width * shrink / 2) * 2
    context.height = round(picture.height * shrink / 2) * 2
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 1000)
    context.framerate = Fraction(round(sending.pictures_per_s))
    context.bit_rate = sending.bitrate_bps
    context.gop_size = 10_000
    # Threads of an encoder spin while they wait, and others use this machine too.
    context.thread_count = 1
    context.options = dict(options)
    return context


def _sound(container: av.container.InputContainer, sending: Sending) -> Iterator[Encoded]:
    resampler = AudioResampler(
        format="flt", layout="mono", rate=OPUS_RATE_HZ, frame_size=_OPUS_SAMPLES
    )
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.bit_rate = OPUS_RATE_HZ, _OPUS_BPS
    encoder.layout, encoder.format = "mono", "flt"
    encoder.time_base = Fraction(1, OPUS_RATE_HZ)
    count = 0
    for decoded in container.decode(audio=0):
        decoded.pts = None
        for piece in resampler.resample(decoded):
            piece.pts = count * _OPUS_SAMPLES
            count += 1
            now = _BEGINS_S + count * _OPUS_SAMPLES / OPUS_RATE_HZ
            if now - _BEGINS_S > sending.seconds:
                return
            for packet in encoder.encode(piece):
                yield Encoded(now, now, True, False, 1, bytes(packet))


def _group(name: str, said: Sequence[Said], chance: np.random.Generator) -> Group:
    risks = np.array([one.risk for one in said])
    fake = np.array([one.fake for one in said], dtype=bool)
    both = fake.any() and not fake.all()

    def accused(of_fakes: bool) -> Figure:
        bad = {State.SUSPICIOUS.value, State.LIKELY_SYNTHETIC.value}
        return figures.share([one.worst in bad for one in said if one.fake is of_fakes], chance)

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

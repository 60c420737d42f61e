"""`candor call` and `candor load` as a tester types them: real processes, real files."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av import AudioFrame, VideoFrame
from click.testing import CliRunner

from detection.faces import FaceFinder
from signaling.commands import main
from tests.detection.conftest import finder, models  # noqa: F401 - fixtures
from tests.signaling.test_commands import CLEAN, PROGRAM, Served, serving

PATIENCE_S = 90
WIDTH, HEIGHT, FRAMES_PER_SECOND, SECONDS = 320, 240, 15, 2
RATE_HZ = 48_000
# Luma of the left and the right half: which file is seen is seen at once.
CLIPS = {
    "clip.webm": ("libvpx", "libopus", (200, 40)),
    "clip.mp4": ("libx264", "aac", (40, 200)),
}


def make_clip(path: Path) -> Path:
    """Two seconds of two halves and a tone."""
    video_codec, audio_codec, (left, right) = CLIPS[path.name]
    with av.open(str(path), "w") as file:
        video = file.add_stream(video_codec, rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = file.add_stream(audio_codec, rate=RATE_HZ, layout="mono")
        for number in range(SECONDS * FRAMES_PER_SECOND):
            picture = np.full((HEIGHT, WIDTH), left, np.uint8)
            picture[:, WIDTH // 2 :] = right
            picture[number % HEIGHT] = 128
            frame = VideoFrame.from_ndarray(np.stack([picture] * 3, axis=2), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        wave = np.sin(np.arange(SECONDS * RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000
        sound = AudioFrame.from_ndarray(wave.astype(np.int16).reshape(1, -1), "s16", "mono")
        sound.sample_rate, sound.pts = RATE_HZ, 0
        resampler = av.AudioResampler("s16" if audio_codec == "libopus" else "fltp", "mono")
        for part in resampler.resample(sound):
            file.mux(audio.encode(part))
        file.mux(audio.encode(None))
    return path


@dataclass(frozen=True, slots=True)
class Server:
    served: Served
    data: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("served") / "data"
    with serving(data) as served:
        yield Server(served, data)


def run(server: Server, *arguments: str) -> "subprocess.Popen[str]":
    """A command against this server, with its secret."""
    there = ("--server", server.served.ready["http"], "--data", str(server.data))
    return subprocess.Popen(
        [*PROGRAM, *arguments, *there],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=CLEAN,
    )


def ended(process: "subprocess.Popen[str]") -> tuple[Any, str]:
    """The report, and what stood on standard error."""
    out, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return json.loads(out), said


def halves(path: Path) -> list[tuple[float, float]]:
    """How bright the halves of the pictures are, later ones only: the first may be blurred."""
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray(format="gray") for frame in file.decode(video=0)]
    kept = pictures[len(pictures) // 2 :]
    return [(one[:, : WIDTH // 2].mean(), one[:, WIDTH // 2 :].mean()) for one in kept]


def is_heard(path: Path) -> bool:
    with av.open(str(path)) as file:
        sound = [frame.to_ndarray().astype(np.float64) for frame in file.decode(audio=0)]
    return float(np.abs(np.concatenate(sound, axis=1)).mean()) > 500


def test_two_callers_show_each_other_files_and_keep_what_arrives(
    server: Server, tmp_path: Path
) -> None:
    running = {}
    for name, clip in (("ada", "clip.webm"), ("bob", "clip.mp4")):
        kept = tmp_path / name
        kept.mkdir()
        # Long enough that both are there at once, however long a busy machine takes to start one.
        send = ("--publish", str(make_clip(tmp_path / clip)), "--subscribe", "--for", "9s")
        who = ("--identity", name, "--record", str(kept))
        running[name] = run(server, "call", "tea", *send, *who)
    reports = {name: ended(process) for name, process in running.items()}
    for name, other, clip in (("ada", "bob", "clip.mp4"), ("bob", "ada", "clip.webm")):
        report, said = reports[name]
        tracks = {(one["identity"], one["source"]): one for one in report["tracks"]}
        assert set(tracks) == {(other, "microphone"), (other, "camera")}
        assert tracks[other, "camera"]["frames"] > 0
        assert report["joined_s"] > 0
        assert report["packets"] > 0
        assert 1 <= report["opinion"] <= 4.5
        assert "in tea" in said
        files = {one.name.split("-")[1]: one for one in (tmp_path / name).iterdir()}
        left, right = CLIPS[clip][2]
        assert all(
            abs(seen[0] - left) < 30 and abs(seen[1] - right) < 30
            for seen in halves(files["camera"])
        )
        assert is_heard(files["microphone"])


def test_load_fills_rooms_and_sums_up(server: Server, tmp_path: Path) -> None:
    clip = str(make_clip(tmp_path / "clip.webm"))
    began_s = time.monotonic()
    rooms = ("--rooms", "2", "--people", "2", "--for", "5s", "--publish", clip)
    report, said = ended(run(server, "load", *rooms))
    took_s = time.monotonic() - began_s
    summary = report["summary"]
    assert (summary["callers"], summary["failed"]) == (4, 0)
    assert (summary["tracks"], summary["silent_tracks"]) == (8, 0)
    assert 0 < summary["joined_p50_s"] <= summary["joined_p95_s"] < took_s
    assert summary["frames"] == sum(t["frames"] for v in report["visits"] for t in v["tracks"])
    assert summary["packets"] == sum(one["packets"] for one in report["visits"])
    assert 1 <= summary["opinion_worst"] <= summary["opinion_median"] <= 4.5
    assert summary["opinion_by"].startswith("E-model (ITU-T G.107)")
    assert {one["room"] for one in report["visits"]} == {"load-0", "load-1"}
    assert "4/4" in said


def test_only_a_film_of_somebody_answers_challenges(
    finder: FaceFinder,  # noqa: F811
    tmp_path: Path,
) -> None:
    assert finder
    halves_of_grey = str(make_clip(tmp_path / "clip.webm"))
    for film, words in (
        ("pattern", "--publish a film of somebody"),
        (halves_of_grey, "No face was found"),
    ):
        asked = ["call", "tea", "--token", "x", "--answer", "honest", "--publish", film]
        done = CliRunner().invoke(main, asked)
        assert (done.exit_code, words in done.output) == (1, True), done.output


def test_a_load_that_nobody_answers_says_so(tmp_path: Path) -> None:
    nowhere = ("--server", "http://127.0.0.1:9", "--data", str(tmp_path))
    done = subprocess.run(
        [*PROGRAM, "load", "--for", "1s", "--publish", "silence", *nowhere],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=CLEAN | {"CANDOR_AUTH_SECRET": "0123456789abcdefghijklmnopqrstuvwxyzABCDEF"},
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["failed"] == report["summary"]["callers"] == 2
    assert report["summary"]["joined_p50_s"] is None
    assert all(isinstance(one, str) for one in report["visits"])

"""Labelled files through the very pipeline, and a page of what came of it."""

import json
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from detection.evaluate import Labelled, NoSuchSet, judge_file, read_set, summary
from detection.faces import FaceFinder
from detection.fusion import State
from detection.media import Pixels
from detection.report import lines, page
from detection.sending import Sending, sent
from detection.tools import Tools
from signaling.commands import main
from tests.detection.conftest import FOLDER
from tests.detection.drawn import drawn_face


def write_film(path: Path, pictures: list[Pixels], pictures_per_s: int = 15) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=pictures_per_s)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, pictures_per_s)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A face, a film of nothing, and a file that is none."""
    place = tmp_path / "set"
    for label in ("real/here", "fake/there"):
        (place / label).mkdir(parents=True)
    faces = [drawn_face(size=150, x=0.48 + 0.003 * number) for number in range(8)]
    write_film(place / "real/here/face.mp4", faces + faces[::-1] + faces)
    write_film(place / "fake/there/gray.mp4", [np.full((240, 320, 3), 90, np.uint8)] * 40)
    (place / "fake/there/broken.mp4").write_bytes(b"no film at all")
    return place


def test_each_file_is_judged_as_a_call_would_be(labelled: Path, finder: FaceFinder) -> None:
    said = {
        one.name: judge_file(one, Tools(finder), Sending(seconds=3.0)) for one in read_set(labelled)
    }
    assert {name: one.why for name, one in said.items()} == {
        "real/here/face.mp4": "too_little",
        "fake/there/gray.mp4": "no_face",
        "fake/there/broken.mp4": "cannot_be_read",
    }
    assert all(one.state == State.UNKNOWN and one.confidence == 0 for one in said.values())
    found = summary(list(said.values()), finder.references, Sending())
    assert [group.name for group in found.groups] == [
        "all",
        "pictures",
        "sound alone",
        "here",
        "there",
    ]
    assert found.groups[0].unanswered.value == 1.0
    assert found.groups[0].auc.value == 0.5
    assert "face.mp4" in page(found)
    assert lines(found).count("\n") >= 6
    assert "0 of 1 real ones shown as suspicious or worse" in lines(found)


def test_the_rest_of_a_sound_does_not_speak_for_all_of_it(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        loud = 8000 * np.sin(np.arange(5 * 16_000) / 10)
        file.writeframes(loud.astype("<i2").tobytes())
    heard = Labelled(tmp_path / "voice.wav", "voice.wav", fake=False, source="here")
    assert judge_file(heard, Tools(), Sending(seconds=4.1)).why == "no_picture"


def test_an_index_says_where_files_came_from(tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    index.write_text("path,label,origin_repository\na.mp4,real,one/two\nb.wav,fake,\n")
    assert [(one.name, one.fake, one.source) for one in read_set(tmp_path)] == [
        ("a.mp4", False, "one/two"),
        ("b.wav", True, "b.wav"),
    ]


@pytest.mark.parametrize("index", [None, "path,label\n", "name\nx\n"])
def test_what_is_no_set_is_said_so(index: str | None, tmp_path: Path) -> None:
    if index is not None:
        (tmp_path / "index.csv").write_text(index)
    with pytest.raises(NoSuchSet):
        read_set(tmp_path)


def test_what_is_lost_is_answered_with_a_key_frame(labelled: Path) -> None:
    film = labelled / "real/here/face.mp4"
    whole = [frame for _, frame in sent(film, Sending())]
    broken = [frame for _, frame in sent(film, Sending(loss=0.5))]
    assert [frame.key_frame for frame in whole].count(True) == 1
    assert len(broken) < len(whole)
    (again,) = (frame for frame in broken[1:] if frame.key_frame)
    assert 0.9 < again.at_s - broken[0].at_s < 1.6


def test_names_of_files_are_text_on_the_page(finder: FaceFinder, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "<img src=x>").write_bytes(b"")
    (file,) = read_set(tmp_path)
    found = summary([judge_file(file, Tools(finder), Sending())], (), Sending())
    assert "<img" not in page(found)


def test_the_command_writes_what_it_found(
    labelled: Path, finder: FaceFinder, tmp_path: Path
) -> None:
    assert finder
    out, html = tmp_path / "out.json", tmp_path / "out.html"
    options = ["--models", str(FOLDER), "--seconds", "1", "--json", str(out), "--html", str(html)]
    result = CliRunner().invoke(main, ["evaluate", str(labelled), *options])
    assert result.exit_code == 0, result.output
    assert len(json.loads(out.read_text())["files"]) == 3
    assert html.read_text().startswith("<!doctype html>")
    missing = CliRunner().invoke(main, ["evaluate", str(labelled), "--models", str(tmp_path / "x")])
    assert missing.exit_code == 1
    assert "candor models install" in missing.output

"""What a child finds in files, and what is believed of it."""

import asyncio
import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from signaling.errors import Refused
from signaling.inspection import Inspector, Report, children
from signaling.inspection.natures import HEAD_BYTES, SIGNATURES, nature_of
from tests.recordings import sound, video


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


async def inspected(file: Path, content: bytes, *, longest_minutes: int = 10) -> Report | None:
    file.write_bytes(content)
    return await Inspector(longest_minutes).inspect(file, file.with_suffix(".bare"))


async def test_a_picture_is_kept_small_and_with_a_smaller_one(file: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (3000, 1500), "teal").save(out, "PNG")

    report = await inspected(file, out.getvalue())

    assert report is not None
    assert (report.kind, report.media_type) == ("image", "image/webp")
    assert (report.width, report.height) == (2560, 1280)
    assert report.content is not None
    assert report.thumbnail is not None
    assert Image.open(io.BytesIO(report.content)).size == (2560, 1280)
    assert Image.open(io.BytesIO(report.thumbnail)).size == (320, 160)


@pytest.mark.parametrize(
    ("form", "codec", "media_type"),
    [("webm", "libopus", "audio/webm"), ("wav", "pcm_s16le", "audio/wav")],
)
async def test_a_voice_note_has_a_length_and_a_waveform(
    file: Path, form: str, codec: str, media_type: str
) -> None:
    report = await inspected(file, sound(form, codec, 4.0))

    assert report is not None
    assert (report.kind, report.media_type) == ("voice", media_type)
    assert 3900 <= (report.duration_ms or 0) <= 4100
    peaks = report.waveform or []
    assert len(peaks) == 64
    assert max(peaks) == 100
    # It gets louder: each quarter more than the one before.
    quarters = [sum(peaks[start : start + 16]) for start in (0, 16, 32, 48)]
    assert quarters == sorted(set(quarters))
    assert report.content is None


@pytest.mark.parametrize(
    ("form", "codec", "media_type"),
    [("webm", "libvpx", "video/webm"), ("mp4", "libx264", "video/mp4")],
)
async def test_a_video_has_a_length_and_a_poster_that_is_not_black(
    file: Path, form: str, codec: str, media_type: str
) -> None:
    report = await inspected(file, video(form, codec))

    assert report is not None
    assert (report.kind, report.media_type) == ("video", media_type)
    assert (report.width, report.height) == (320, 180)
    assert 500 <= (report.duration_ms or 0) <= 700
    assert report.poster is not None
    red, _, blue = Image.open(io.BytesIO(report.poster)).convert("RGB").getpixel((20, 90))
    assert (red > 150, blue < 100) == (True, True)


def test_a_file_is_what_its_first_bytes_say() -> None:
    table = {
        b"\x89PNG\r\n\x1a\n": "PNG",
        b"RIFF\x00\x00\x00\x00WEBP": "WEBP",
        b"RIFF\x00\x00\x00\x00WAVE": "wav",
        b"\x00\x00\x00\x20ftypisom": "mov",
        b"\x00\x00\x00\x20ftypavif": "",
        b"RIFF\x00\x00\x00\x00AVI ": "",
        b"<svg xmlns": "",
        b"#EXTM3U\n": "",
        b"ffconcat version 1.0": "",
        b"%PDF-1.7": "",
        b"PK\x03\x04": "",
        b"MZ\x90\x00": "",
        b"": "",
    }
    assert {head: nature_of(head).format for head in table} == table


@given(st.binary(max_size=HEAD_BYTES))
def test_what_has_no_signature_is_never_opened(head: bytes) -> None:
    starts = tuple(signature for _, signature, _ in SIGNATURES)
    if not head.startswith((*starts, b"RIFF")) and head[4:8] != b"ftyp":
        assert not nature_of(head).is_opened


LIES = {
    "another type": {"kind": "image", "media_type": "text/html"},
    "a type of another kind": {"kind": "program", "media_type": "image/webp"},
    "endless peaks": {"kind": "voice", "media_type": "audio/ogg", "waveform": [1] * 65},
    "a huge size": {"kind": "image", "media_type": "image/webp", "width": 2**40},
    "too large a thumbnail": {
        "kind": "image",
        "media_type": "image/webp",
        "thumbnail": bytes((2 << 20) + 1),
    },
    "something else": {"kind": "image", "media_type": "image/webp", "path": "/etc/passwd"},
    "nothing": None,
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_child_that_was_taken_over_is_not_believed(
    file: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    async def lying(*_: object) -> bytes:
        return msgspec.msgpack.encode(LIES[lie])

    monkeypatch.setattr(children, "in_child", lying)

    with pytest.raises(Refused, match=r"file_refused: It cannot be opened\."):
        await inspected(file, b"\x89PNG\r\n\x1a\n")


async def test_a_child_that_never_stops_talking_is_cut_off(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn = asyncio.create_subprocess_exec
    started: list[asyncio.subprocess.Process] = []

    async def talking(*_: str, **streams: object) -> asyncio.subprocess.Process:
        started.append(await spawn("yes", **streams))
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", talking)
    monkeypatch.setattr(children, "SAID_BYTES", 1 << 20)

    with pytest.raises(Refused, match="file_refused"):
        await inspected(file, b"\x89PNG\r\n\x1a\n")
    assert started[0].returncode is not None

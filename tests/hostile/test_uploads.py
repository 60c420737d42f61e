"""Uploads as no client of ours sends them: a test for each line of the list of hostile inputs."""

import io
import json
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from signaling.auth.names import invisible
from signaling.config import Config
from signaling.errors import Refused
from signaling.file_names import LONGEST, disposition, safe_name
from signaling.inspection import Inspector, Report, children, inspector
from signaling.inspection.natures import Nature
from signaling.store import files as store_files
from tests.builders import vp8_key_frame
from tests.client import Client, Reply
from tests.hostile.conftest import House, open_house, with_http
from tests.hostile.wire import first_answer, request, say
from tests.pictures import png
from tests.recordings import sound, talkative, video, webm_of

BYTES = {"Content-Type": "application/octet-stream"}
SCRIPT = b"<script>alert(1)</script>"


async def begun(client: Client, size: int, name: str = "x.png", **more: Any) -> Reply:
    return await client.post("/api/v1/rooms/tea/files", {"name": name, "size": size, **more})


async def sent(client: Client, content: bytes, name: str = "x.png", **more: Any) -> Reply:
    reply = await begun(client, len(content), name, **more)
    assert reply.status == 201, reply
    path = f"/api/v1/files/{reply.body['id']}"
    put = await client.call("PATCH", f"{path}?offset=0", content, headers=BYTES)
    assert put.status == 200, put
    return await client.post(f"{path}/finish")


def on_disk(house: House, under: str) -> list[Path]:
    folder = house.candor.config.files_folder / under
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
async def alice(house: House) -> Client:
    return await guest_of(house)


async def guest_of(house: House) -> Client:
    client = await house.client.register("alice")
    await client.post("/api/v1/rooms", {"id": "tea"})
    return client


async def inspected(tmp_path: Path, content: bytes) -> Report | None:
    file = tmp_path / "file"
    file.write_bytes(content)
    return await Inspector(10).inspect(file, file.with_suffix(".bare"))


NAMES = {
    "../../x": "x",
    "C:\\x": "x",
    "a\0.png": "a.png",
    "x" * 10_000 + ".png": "x" * 116 + ".png",
    "\r\nSet-Cookie: a=b": "Set-Cookie_ a=b",
    '"; filename="evil.html': "__ filename=_evil.html",
    "\u202egnp.exe": "gnp.exe",
    "..": "file",
    "": "file",
    "con": "file-con",
    "con.txt": "file-con.txt",
    "résumé 简历.pdf": "résumé 简历.pdf",
}


async def test_u1_a_name_is_shown_and_no_more(house: House, alice: Client) -> None:
    for given_name, kept in NAMES.items():
        reply = await sent(alice, b"words", given_name)
        assert reply.body["name"] == kept, given_name
        fetched = await alice.get(reply.body["url"])
        said = fetched.headers["Content-Disposition"]
        assert said == disposition(kept, inline=False)
        assert "Set-Cookie" not in fetched.headers
        assert said.isascii()
    # One content, and its name is its hash: nothing of what was given is a path.
    [path] = on_disk(house, "kept")
    assert len(path.name) == 64


@given(st.text(max_size=300) | st.text(st.sampled_from("./\\:%\0\r\n\"'\u202e aé."), max_size=40))
def test_u1_whatever_a_name_is_it_becomes_a_harmless_one(name: str) -> None:
    kept = safe_name(name)

    assert 0 < len(kept) <= LONGEST
    assert not set(kept) & set('/\\:<>"|?*%;')
    assert not any(map(invisible, kept))
    assert not kept.startswith((".", " "))
    assert not kept.endswith((".", " "))
    assert safe_name(kept) == kept
    header = disposition(kept, inline=False)
    assert header.isascii()
    assert header.count('"') == 2
    assert not set(header) & set("\r\n\0")


MARKUP = {
    "HTML": b"<!doctype html>" + SCRIPT,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
}


def _never(monkeypatch: pytest.MonkeyPatch) -> None:
    async def opened(*_: object) -> bytes:
        raise AssertionError("it was given to a decoder")

    monkeypatch.setattr(children, "in_child", opened)


@pytest.mark.parametrize("what", MARKUP)
async def test_u2_markup_is_saved_and_never_shown(
    alice: Client, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    _never(monkeypatch)
    ready = (await sent(alice, MARKUP[what])).body
    assert (ready["kind"], "thumbnail" in ready) == ("file", False)

    headers = (await alice.get(ready["url"])).headers

    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_u3_of_a_picture_that_is_more_only_the_picture_is_kept(
    house: House, alice: Client
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.js", SCRIPT)

    ready = (await sent(alice, png(64, 64) + out.getvalue() + SCRIPT, "both.png.zip")).body

    content = await alice.get(ready["url"])
    assert ready["kind"] == "image"
    assert content.headers["Content-Type"] == "image/webp"
    assert content.headers["Content-Disposition"].startswith('inline; filename="both.png.webp"')
    assert "sandbox" in content.headers["Content-Security-Policy"]
    for path in on_disk(house, "kept"):
        assert SCRIPT not in path.read_bytes()
        assert b"PK" not in path.read_bytes()


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def _huge_png(side: int) -> bytes:
    pack = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join([*(pack.compress(row) for _ in range(side)), pack.flush()])
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


async def test_u4_a_picture_of_400_megapixels_is_refused_by_its_header(
    house: House, alice: Client
) -> None:
    bomb = _huge_png(20_000)
    assert len(bomb) < 100_000

    refused = await sent(alice, bomb)

    assert (refused.status, refused.code) == (415, "file_refused")
    assert "40 megapixels" in refused.body["error"]["detail"]
    assert on_disk(house, "") == []
    # Nobody opens it where it is only to be saved.
    assert (await sent(alice, bomb, unopened=True)).body["kind"] == "file"


def _gif(frames: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + b"\x00\x00\x00\xff\x00\x00"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def _apng() -> bytes:
    out = io.BytesIO()
    pictures = [Image.new("RGB", (40, 30), (shade, 0, 0)) for shade in range(0, 250, 2)]
    pictures[0].save(out, "PNG", save_all=True, append_images=pictures[1:], duration=40)
    return out.getvalue()


@pytest.mark.parametrize("what", ["GIF", "APNG"])
async def test_u6_of_many_frames_some_are_kept(tmp_path: Path, what: str) -> None:
    content = _gif(100_000) if what == "GIF" else _apng()

    report = await inspected(tmp_path, content)

    assert report is not None
    assert report.content is not None
    with Image.open(io.BytesIO(report.content)) as moving:
        # Frames that are all the same are one.
        assert (1 if what == "GIF" else 2) <= moving.n_frames <= 100


async def test_u6_a_picture_stands_upright_and_tells_no_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    picture = Image.new("RGB", (400, 200), "white")
    picture.paste("red", (0, 0, 100, 100))
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=SCRIPT)

    report = await inspected(tmp_path, out.getvalue())

    assert report is not None
    assert report.content is not None
    for part in (report.content, report.thumbnail or b""):
        with Image.open(io.BytesIO(part)) as upright:
            assert upright.height == 2 * upright.width
            red, green, _ = upright.convert("RGB").getpixel((upright.width - 9, 9))
            assert (red > 200, green < 80) == (True, True)
            assert not dict(upright.getexif())
        assert b"EXIF" not in part
        assert SCRIPT not in part


TALKATIVE = {
    "mov": lambda: video("mov", "libx264"),
    "mp4": lambda: sound("mp4", "aac", 0.5),
    "webm": lambda: video("webm", "libvpx"),
    "matroska": lambda: video("matroska", "libx264"),
    "ogg": lambda: sound("ogg", "libopus", 0.5),
    "mp3": lambda: sound("mp3", "libmp3lame", 0.5),
    "flac": lambda: sound("flac", "flac", 0.5),
    "wav": lambda: sound("wav", "pcm_s16le", 0.5),
}


def packets(content: bytes) -> list[tuple[int | None, bytes]]:
    """Every picture, or every piece of sound, as it is encoded, and when it is shown."""
    with av.open(io.BytesIO(content)) as container:
        found = container.demux(container.streams[0])
        return [(packet.pts, bytes(packet)) for packet in found if packet.size]


@pytest.mark.parametrize("form", TALKATIVE)
async def test_u6_a_recording_tells_no_place_and_no_device(
    house: House, alice: Client, form: str
) -> None:
    plain = TALKATIVE[form]()
    told = talkative(plain, form)
    assert b"Secret" in told
    ready = await sent(alice, told, f"holiday.{form}")
    kept = (await alice.get(ready.body["url"])).body
    assert b"Secret" not in kept
    assert b"48.8577" not in kept
    assert packets(kept) == packets(plain)
    with av.open(io.BytesIO(kept)) as container:
        assert not {"make", "title", "artist", "creation_time"} & set(container.metadata)
    assert [path.name for path in on_disk(house, "drafts")] == []


async def test_u6_a_recording_stands_upright_as_it_was_taken(house: House, alice: Client) -> None:
    plain = video("mp4", "libx264")
    begin = plain.index(b"tkhd") + len("tkhd") + 40
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 180 << 16, 0, 1 << 30)
    ready = await sent(alice, plain[:begin] + turned + plain[begin + 36 :], "upright.mp4")
    assert turned in (await alice.get(ready.body["url"])).body


HUGE_VIDEOS = {
    # A few bytes of VP8 that say they are 268 megapixels, in a container that says so too, or not.
    "honest": lambda: webm_of(vp8_key_frame(16383, 16383), (16383, 16383)),
    "liar": lambda: webm_of(vp8_key_frame(16383, 16383), (320, 180)),
    "real": lambda: video("mp4", "libx264", (4112, 2320), frames=1),
}


@pytest.mark.parametrize("what", HUGE_VIDEOS)
async def test_u7_a_video_of_too_many_pixels_is_refused_undecoded(
    tmp_path: Path, what: str
) -> None:
    with pytest.raises(Refused, match="4096 by 2304" if what != "liar" else "cannot be opened"):
        await inspected(tmp_path, HUGE_VIDEOS[what]())


async def test_u7_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(video("webm", "libvpx", (32, 32), frames=70, rate=1))

    with pytest.raises(Refused, match="longer than 1 minute"):
        await Inspector(1).inspect(file, file.with_suffix(".bare"))


async def test_u7_a_child_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "WALL_SECONDS", 0.01)

    with pytest.raises(Refused, match="takes too long"):
        await inspected(tmp_path, sound("wav", "pcm_s16le", 1.0))


PLAYLISTS = {
    "addresses": b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/\n#EXT-X-ENDLIST\n",
    "files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a session": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=audio 9 RTP/AVP 0\r\n",
    "DASH": b'<?xml version="1.0"?><MPD><Period><BaseURL>file:///etc/</BaseURL></Period></MPD>',
}


@pytest.mark.parametrize("what", PLAYLISTS)
async def test_u8_a_playlist_is_nobodys_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with monkeypatch.context() as patched:
        _never(patched)
        assert await inspected(tmp_path, PLAYLISTS[what]) is None

    # And if it were given to the decoder in spite of that, it is not read as one.
    monkeypatch.setattr(inspector, "nature_of", lambda head: Nature("media", "mov"))
    with pytest.raises(Refused, match="cannot be opened"):
        await inspected(tmp_path, PLAYLISTS[what])


async def test_u10_more_than_was_announced_is_refused(config: Config) -> None:
    async with open_house(config) as house:
        alice = await guest_of(house)
        file_id = (await begun(alice, 10)).body["id"]
        path = f"/api/v1/files/{file_id}"
        token = f"Authorization: Bearer {alice.token}"
        kind = "Content-Type: application/octet-stream"
        head = request("PATCH", f"{path}?offset=0", token, kind, "Content-Length: 10")

        # What follows the ten bytes is the next request, and none.
        heard = await say(house.port, head + b"x" * 1000)
        answers = [line.split(b" ")[1] for line in heard.raw.split(b"HTTP/1.")[1:]]
        assert answers[-1] == b"400"
        received = (await alice.get(path)).body["received"]
        assert received <= 10
        chunked = request(
            "PATCH", f"{path}?offset={received}", token, kind, "Transfer-Encoding: chunked"
        )
        flood = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        heard = await first_answer(house.port, chunked + flood * 16)
        assert (heard.status, json.loads(heard.body)["error"]["code"]) == (400, "upload_overrun")
        assert on_disk(house, "") == []
        assert (await alice.get(path)).status == 404


async def test_u10_who_stops_half_way_is_told_and_leaves_nothing(config: Config) -> None:
    slow = with_http(config, body_seconds=1)
    slow = replace(slow, files=replace(slow.files, resume_seconds=0))
    async with open_house(slow) as house:
        alice = await guest_of(house)
        file_id = (await begun(alice, 100_000)).body["id"]
        head = request(
            "PATCH",
            f"/api/v1/files/{file_id}?offset=0",
            f"Authorization: Bearer {alice.token}",
            "Content-Type: application/octet-stream",
            "Content-Length: 100000",
        )

        heard = await first_answer(house.port, head + bytes(50_000))

        assert (heard.status, json.loads(heard.body)["error"]["code"]) == (408, "too_slow")
        await house.candor.uploads.sweep(thorough=False)
        assert on_disk(house, "") == []
        assert (await alice.get(f"/api/v1/files/{file_id}")).status == 404


def test_u10_a_dead_upload_is_gone_within_a_minute(config: Config) -> None:
    from signaling.uploads import SWEEP_EVERY_S

    assert config.files.resume_seconds + SWEEP_EVERY_S < 60


LIMITS = {
    "files of a person": ({"person_files": 2}, "You have 2 files"),
    "bytes of a person": ({"person_bytes": 25}, "Yours take 20"),
    "bytes of a room": ({"room_bytes": 25}, "The room's take 20"),
}


@pytest.mark.parametrize("limit", LIMITS)
async def test_u11_beyond_the_quota_nothing_comes_in_and_the_room_goes_on(
    config: Config, limit: str
) -> None:
    settings, words = LIMITS[limit]
    async with open_house(replace(config, files=replace(config.files, **settings))) as house:
        alice = await guest_of(house)
        kept = [await sent(alice, b"ten bytes!", "x.txt") for _ in range(2)]

        refused = await begun(alice, 10)

        assert (refused.status, refused.code) == (413, "quota_full")
        assert words in refused.body["error"]["detail"]
        assert (await alice.get(kept[0].body["url"])).status == 200
        assert (await alice.get("/api/v1/rooms/tea")).status == 200


async def test_u11_a_full_disk_is_said_before_anything_comes(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.health.LEAST_DISK_BYTES", 1 << 60)

    assert (await begun(alice, 10)).code == "storage_full"
    assert (await begun(alice, 2**40)).code == "too_large"


SAVED_ONLY = {
    "ZIP": b"PK\x03\x04" + bytes(40),
    "document with macros": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40),
    "program for Windows": b"MZ\x90\x00" + bytes(40),
    "program for Linux": b"\x7fELF" + bytes(40),
    "PDF": b"%PDF-1.7\n",
}


@pytest.mark.parametrize("what", SAVED_ONLY)
async def test_u12_what_may_do_something_is_only_saved(
    alice: Client, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    _never(monkeypatch)

    ready = (await sent(alice, SAVED_ONLY[what], "holiday.jpg")).body

    fetched = await alice.get(ready["url"])
    assert (ready["kind"], ready["media_type"]) == ("file", "application/octet-stream")
    assert fetched.headers["Content-Disposition"].startswith("attachment;")
    assert fetched.body == SAVED_ONLY[what]


async def test_kinds_that_are_not_allowed_are_refused(config: Config) -> None:
    only = replace(config, files=replace(config.files, kinds=("image",)))
    async with open_house(only) as house:
        alice = await guest_of(house)

        refused = await sent(alice, b"words", "x.txt")

        assert (refused.status, refused.code) == (415, "file_refused")
        assert on_disk(house, "") == []
        assert (await sent(alice, png(8, 8))).body["kind"] == "image"


class Crash(Exception):
    """As good as kill -9: whatever should have followed does not."""


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
async def test_u15_a_crash_while_a_file_is_made_leaves_no_half_of_one(
    house: House, alice: Client, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    file_id = (await begun(alice, 5, "x.txt")).body["id"]
    path = f"/api/v1/files/{file_id}"
    await alice.call("PATCH", f"{path}?offset=0", b"words", headers=BYTES)

    async def dies(*_: object) -> None:
        raise Crash

    what = {
        "before the commit": (house.candor.uploads, "_make_ready_row"),
        "after the commit": (house.candor.uploads._drafts, "drop"),
    }[moment]
    with monkeypatch.context() as patched:
        patched.setattr(*what, dies)
        assert (await alice.post(f"{path}/finish")).code == "internal"
    assert len(on_disk(house, "drafts")) == len(on_disk(house, "kept")) == 1

    await house.candor.uploads.sweep(thorough=True, orphan_after_s=-1)

    # What had no row is gone, and what was announced can still be finished.
    assert len(on_disk(house, "kept")) == (0 if moment == "before the commit" else 1)
    again = await alice.post(f"{path}/finish")
    assert (again.status, (await alice.get(again.body["url"])).body) == (200, b"words")
    await _rows_and_files_agree(house)


async def _rows_and_files_agree(house: House) -> None:
    known = await house.candor.store.read(store_files.every_digest)
    assert sorted(known) == sorted(path.name for path in on_disk(house, "kept"))


async def test_u15_a_content_that_goes_as_another_comes_is_there_afterwards(
    house: House, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last file of a content is removed between keeping it once more and the commit."""
    first = (await sent(alice, b"words", "x.txt")).body
    write = house.candor.store.write
    uploads = house.candor.uploads

    async def just_before(work: Any) -> Any:
        monkeypatch.setattr(house.candor.store, "write", write)
        assert (await alice.call("DELETE", f"/api/v1/files/{first['id']}")).status == 204
        assert on_disk(house, "kept") == []
        return await write(work)

    make_ready = uploads._make_ready_row

    async def racing(*arguments: Any) -> Any:
        monkeypatch.setattr(house.candor.store, "write", just_before)
        return await make_ready(*arguments)

    monkeypatch.setattr(uploads, "_make_ready_row", racing)
    second = (await sent(alice, b"words", "y.txt")).body

    assert (await alice.get(second["url"])).body == b"words"
    await _rows_and_files_agree(house)


async def test_a_disk_that_fills_up_half_way_is_said_and_nothing_is_lost(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = (await begun(alice, 5, "x.txt")).body["id"]
    path = f"/api/v1/files/{file_id}"

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("signaling.drafts._write", full)
        assert (await alice.call("PATCH", f"{path}?offset=0", b"words", headers=BYTES)).code == (
            "storage_full"
        )
    await alice.call("PATCH", f"{path}?offset=0", b"words", headers=BYTES)
    assert (await alice.post(f"{path}/finish")).status == 200

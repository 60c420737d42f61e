"""Pictures that are too large, or no pictures, or more than a picture."""

import asyncio
import io
import resource
import struct
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from signaling.inspection import __main__ as child
from signaling.inspection import children
from tests.client import Client, Reply
from tests.hostile.conftest import House
from tests.pictures import png

AVATAR = "/api/v1/me/avatar"
SECRET = b"<script>alert('polyglot')</script>"


async def _send(client: Client, content: bytes, kind: str = "image/png") -> Reply:
    return await client.call("PUT", AVATAR, content, headers={"Content-Type": kind})


async def _stored(client: Client, content: bytes, kind: str = "image/png") -> bytes:
    """What others get for the picture."""
    reply = await _send(client, content, kind)
    assert reply.status == 200, reply
    shown = await client.get(reply.body["avatar"])
    assert shown.headers["Content-Type"] == "image/webp"
    return bytes(shown.body)


def _encoded(form: str, size: tuple[int, int] = (64, 64), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, form, **options)
    return out.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def _png_of_zeros(width: int, height: int, *, depth: int = 1, colour: int = 0) -> bytes:
    """A picture of one colour that is tiny in the file, however large it says it is."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    row = bytes(1 + (width * depth * channels + 7) // 8)
    pack = zlib.compressobj(9)
    packed = b"".join([*(pack.compress(row) for _ in range(height)), pack.flush()])
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


@pytest.fixture
async def alice(house: House) -> Client:
    return await house.client.register("alice")


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        # What it is counts, and not what it is called.
        ("GIF", "image/png"),
    ],
)
async def test_a_picture_comes_back_as_a_small_webp(alice: Client, form: str, kind: str) -> None:
    stored = await _stored(alice, _encoded(form, (640, 480)), kind)

    with Image.open(io.BytesIO(stored)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (256, 256))


async def test_a_picture_is_served_as_nothing_but_a_picture(alice: Client) -> None:
    address = (await _send(alice, png(8, 8))).body["avatar"]

    headers = (await alice.get(address)).headers

    assert headers["Content-Type"] == "image/webp"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"].startswith("private")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"

NO_PICTURES = {
    "SVG": SVG,
    "SVG with a declaration": b'<?xml version="1.0"?>' + SVG,
    "HTML": HTML,
    "XML with an entity": b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
    "playlist of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "playlist of addresses": b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/\n",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "PDF": b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n",
    "ZIP": b"PK\x05\x06" + bytes(18),
    "program": b"\x7fELF" + bytes(60),
    "video": b"\x00\x00\x00\x20ftypisom" + bytes(64),
    "script": b"GIF89a/*" + SECRET,
    "nothing": b"",
    "zeros": bytes(1000),
    "PNG signature alone": b"\x89PNG\r\n\x1a\n",
    "half a PNG": png(64, 64)[:40],
    "PNG with a broken checksum": png(64, 64).replace(b"IDAT", b"IDAT\x00", 1),
    "TIFF": _encoded("TIFF"),
    "BMP": _encoded("BMP"),
    "ICO": _encoded("ICO"),
    "PPM": _encoded("PPM"),
    "PCX": _encoded("PCX"),
    "TGA": _encoded("TGA"),
}


@pytest.mark.parametrize("kind", ["image/png", "image/gif"])
@pytest.mark.parametrize("what", NO_PICTURES)
async def test_what_is_no_picture_is_refused_whatever_it_is_called(
    alice: Client, what: str, kind: str
) -> None:
    reply = await _send(alice, NO_PICTURES[what], kind)

    assert (reply.status, reply.code) == (415, "picture_refused")
    assert "PIL" not in str(reply.body)
    assert (await alice.get("/api/v1/me")).body["avatar"] is None


@pytest.mark.parametrize(
    "kind",
    [
        "image/svg+xml",
        "text/html",
        "application/octet-stream",
        "application/json",
        "image/*",
        "image/tiff",
        "multipart/form-data; boundary=x",
    ],
)
async def test_other_types_are_refused_before_they_are_opened(
    alice: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async def never(*_: object) -> bytes:
        raise AssertionError("it was opened")

    monkeypatch.setattr(children, "in_child", never)
    reply = await _send(alice, png(8, 8), kind)

    assert (reply.status, reply.code) == (415, "unsupported_type")


NAMES = (
    "../../x.png",
    "C:\\x.png",
    "a\0.png",
    "x" * 5000,
    "x%0d%0aSet-Cookie: a=b",
    '"; filename="evil.html',
)


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_that_comes_with_a_picture_is_not_used(house: House, name: str) -> None:
    alice = await house.client.register("alice")
    headers = {
        "Content-Type": "image/png",
        "Content-Disposition": f'attachment; filename="{name}"'.replace("\0", "%00"),
    }
    before = set(house.candor.config.data.rglob("*"))

    reply = await alice.call("PUT", AVATAR, png(8, 8), headers=headers)

    assert reply.status == 200
    user = (await alice.get("/api/v1/me")).body["id"]
    assert reply.body["avatar"].startswith(f"/api/v1/people/{user}/avatar?v=")
    shown = await alice.get(reply.body["avatar"])
    assert "Content-Disposition" not in shown.headers
    assert "Set-Cookie" not in shown.headers
    assert set(house.candor.config.data.rglob("*")) == before


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.js", SECRET)
    return out.getvalue()


def _png_with(**options: object) -> bytes:
    return _encoded("PNG", **options)


def _text() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return info


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    return exif.tobytes()


MORE_THAN_A_PICTURE: dict[str, tuple[bytes, str]] = {
    "PNG and ZIP": (png(64, 64) + _zip(), "image/png"),
    "PNG and script": (png(64, 64) + SECRET, "image/png"),
    "GIF and script": (_encoded("GIF") + SECRET, "image/gif"),
    "JPEG and script": (_encoded("JPEG") + SECRET, "image/jpeg"),
    "JPEG with a comment": (_encoded("JPEG", comment=SECRET), "image/jpeg"),
    "GIF with a comment": (_encoded("GIF", comment=SECRET), "image/gif"),
    "PNG with text": (_png_with(pnginfo=_text()), "image/png"),
    "PNG with a colour profile": (_png_with(icc_profile=SECRET * 9), "image/png"),
    "JPEG with a colour profile": (_encoded("JPEG", icc_profile=SECRET * 9), "image/jpeg"),
    "WebP with a colour profile": (_encoded("WEBP", icc_profile=SECRET * 9), "image/webp"),
    "PNG with Exif": (_png_with(exif=_exif()), "image/png"),
    "JPEG with Exif": (_encoded("JPEG", exif=_exif()), "image/jpeg"),
    "WebP with Exif": (_encoded("WEBP", exif=_exif()), "image/webp"),
    "WebP with XMP": (_encoded("WEBP", xmp=SECRET), "image/webp"),
    "JPEG with XMP": (_encoded("JPEG", xmp=SECRET), "image/jpeg"),
}


@pytest.mark.parametrize("what", MORE_THAN_A_PICTURE)
async def test_only_the_picture_comes_back(alice: Client, what: str) -> None:
    content, kind = MORE_THAN_A_PICTURE[what]
    assert SECRET in content or b"PK" in content or what == "PNG with a colour profile"

    stored = await _stored(alice, content, kind)

    assert SECRET not in stored
    for chunk in (b"PK\x03\x04", b"EXIF", b"XMP ", b"ICCP", b"ANIM"):
        assert chunk not in stored
    with Image.open(io.BytesIO(stored)) as opened:
        assert not dict(opened.getexif())
        assert set(opened.info) <= {"loop", "background", "timestamp", "duration"}


@pytest.mark.parametrize(("orientation", "corner"), [(1, (8, 8)), (3, (248, 248)), (6, (248, 8))])
async def test_a_turned_picture_stands_upright_without_its_note(
    alice: Client, orientation: int, corner: tuple[int, int]
) -> None:
    picture = Image.new("RGB", (256, 256), "white")
    picture.paste("red", (0, 0, 64, 64))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)

    stored = await _stored(alice, out.getvalue(), "image/jpeg")

    with Image.open(io.BytesIO(stored)) as opened:
        red, green, _ = opened.convert("RGB").getpixel(corner)
        assert (red > 200, green < 60) == (True, True)
        assert 0x0112 not in opened.getexif()


def _gif(frames: int) -> bytes:
    """A GIF whose frames are one dot each, so that many fit."""
    head = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + b"\x00\x00\x00\xff\x00\x00"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def _apng(frames: int) -> bytes:
    still = png(64, 64)
    control = _chunk(b"acTL", struct.pack(">II", frames, 0))
    frame = b"".join(
        _chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, 1, 1, 0, 0, 1, 100, 0, 0)) for n in range(1)
    )
    end = still.index(b"IDAT") - 4
    return still[:end] + control + frame + still[end:]


@pytest.mark.parametrize(
    ("what", "content", "kind"),
    [
        ("60,000 frames", _gif(60_000), "image/gif"),
        ("a million frames, it says", _apng(1_000_000), "image/png"),
    ],
)
async def test_of_many_frames_one_is_taken(
    alice: Client, what: str, content: bytes, kind: str
) -> None:
    assert len(content) < 1 << 20, what

    stored = await _stored(alice, content, kind)

    assert b"ANIM" not in stored
    with Image.open(io.BytesIO(stored)) as opened:
        assert getattr(opened, "n_frames", 1) == 1


BOMBS = {
    "400 megapixels": _png_of_zeros(20_000, 20_000),
    "a very long line": _png_of_zeros(2_000_000, 21),
    "65,535 squared in the header alone": png(8, 8).replace(
        struct.pack(">II", 8, 8), struct.pack(">II", 65_535, 65_535)
    ),
}


@pytest.mark.parametrize("what", BOMBS)
async def test_a_picture_of_more_than_40_megapixels_is_refused_unopened(
    alice: Client, what: str
) -> None:
    assert len(BOMBS[what]) < 100_000
    loop = asyncio.get_running_loop()
    started = loop.time()

    reply = await _send(alice, BOMBS[what])

    assert (reply.status, reply.code) == (415, "picture_refused")
    # Decoded, the first takes seconds; starting the child takes most of this.
    assert loop.time() - started < 5


# The peak of this program alone: `ru_maxrss` remembers the process that started it.
CHILD = """
import contextlib, os, sys
from pathlib import Path
from signaling.inspection import __main__ as child
os._exit = lambda code: None
with contextlib.suppress(BaseException):
    child.main()
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0], file=sys.stderr)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("what", [*BOMBS, "the largest that is opened"])
async def test_the_child_never_takes_more_memory_than_it_may(what: str) -> None:
    content = BOMBS.get(what) or _png_of_zeros(8000, 5000, depth=8, colour=2)
    with tempfile.TemporaryFile() as source:
        source.write(content)
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-c", CHILD, "0", "square", "256"),
            stdin=source,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            picture, told = await program.communicate()

    assert (b"WEBP" in picture) == (what not in BOMBS)
    assert int(told) < child.MEMORY_BYTES >> 10


class _Numbered(io.BytesIO):
    def fileno(self) -> int:
        return 0


def test_the_child_is_limited_before_it_reads_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, limit: done.append((what, limit)))
    monkeypatch.setattr(io, "FileIO", lambda *_, **__: done.append("opened") or io.BytesIO())
    monkeypatch.setattr(sys, "argv", ["child", "0", "nothing"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(_Numbered()))

    with pytest.raises(KeyError):
        child.main()

    assert child.MEMORY_BYTES <= 256 << 20
    assert (resource.RLIMIT_AS, (child.MEMORY_BYTES, child.MEMORY_BYTES)) in done
    assert (resource.RLIMIT_FSIZE, (0, 0)) in done
    assert any(entry[0] == resource.RLIMIT_CPU for entry in done[:-1])
    assert done[-1] == "opened"


async def test_a_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_AUTH_SECRET", "as good as gold")
    told: list[dict[str, str]] = []

    async def spawn(*_: str, env: dict[str, str], **__: object) -> asyncio.subprocess.Process:
        told.append(env)
        raise FileNotFoundError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spawn)
    with pytest.raises(FileNotFoundError), tempfile.TemporaryFile() as source:
        await children.Children().ask(source, "square", "8")

    assert told
    assert not any("as good as gold" in value for value in told[0].values())


async def test_a_child_that_hangs_is_ended(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[asyncio.subprocess.Process] = []
    spawn = asyncio.create_subprocess_exec

    async def hanging(*_: str, **streams: Any) -> asyncio.subprocess.Process:
        child = await spawn(sys.executable, "-c", "import time; time.sleep(60)", **streams)
        started.append(child)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", hanging)
    monkeypatch.setattr(children, "WALL_SECONDS", 0.2)

    reply = await _send(alice, png(8, 8))

    assert (reply.status, reply.code) == (415, "picture_refused")
    assert [child.returncode is not None for child in started] == [True]


async def test_a_crowd_of_pictures_is_told_to_come_again(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()
    at_once, most = 0, 0

    async def slow(*_: object) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await go_on.wait()
        at_once -= 1
        return msgspec.msgpack.encode(b"webp")

    monkeypatch.setattr(children, "in_child", slow)
    sent = [asyncio.create_task(_send(alice, png(8, 8))) for _ in range(30)]
    async with asyncio.timeout(10):
        while sum(task.done() for task in sent) < 30 - children.WAITING_LIMIT:
            await asyncio.sleep(0.001)
    go_on.set()
    statuses = sorted([(await task).status for task in sent])

    assert statuses == [200] * children.WAITING_LIMIT + [503] * 10
    assert most == children.CHILDREN

"""Files: announced, sent in pieces, looked at, shown, fetched and taken back."""

import asyncio
import base64
import hashlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from signaling.app import Candor, open_candor
from signaling.auth.identity import Device
from signaling.chat import export_page
from signaling.config import Config
from signaling.errors import Refused
from signaling.files import attach
from signaling.http.server import listen
from signaling.store import files as store_files
from tests.client import Client, Reply
from tests.pictures import png
from tests.recordings import sound, video

DEVICE = Device("127.0.0.1", "test")
BYTES = {"Content-Type": "application/octet-stream"}
NOTES = b"anything at all\n" * 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A room with alice and bob in it, and carol outside."""

    candor: Candor
    alice: Client
    bob: Client
    carol: Client
    alice_id: str

    @property
    def folder(self) -> Path:
        return self.candor.config.files_folder

    def on_disk(self, under: str) -> list[Path]:
        return sorted(path for path in (self.folder / under).rglob("*") if path.is_file())

    async def attach(self, file_id: str) -> None:
        """Show the file with a message."""
        file = (await self.alice.get(f"/api/v1/files/{file_id}")).body["attachment"]
        say = {"room_id": "tea", "kind": file["kind"], "file": file_id}
        assert (await self.alice.post("/api/v1/chat/messages", say)).status == 201


async def begun(client: Client, size: int, **wish: Any) -> str:
    wish = {"name": "notes.txt", "size": size} | wish
    reply = await client.post("/api/v1/rooms/tea/files", wish)
    assert reply.status == 201, reply
    return str(reply.body["id"])


async def send(client: Client, file_id: str, piece: bytes, offset: int = 0) -> Reply:
    path = f"/api/v1/files/{file_id}?offset={offset}"
    return await client.call("PATCH", path, piece, headers=BYTES)


async def finish(client: Client, file_id: str) -> Reply:
    return await client.post(f"/api/v1/files/{file_id}/finish")


async def sent(client: Client, content: bytes, **wish: Any) -> Reply:
    """All of it: announced, sent and finished."""
    file_id = await begun(client, len(content), **wish)
    assert (await send(client, file_id, content)).status == 200
    return await finish(client, file_id)


@asynccontextmanager
async def open_place(config: Config) -> AsyncIterator[Place]:
    async with (
        open_candor(config) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        alice, bob, carol = [await client.register(name) for name in ("alice", "bob", "carol")]
        assert (await alice.post("/api/v1/rooms", {"id": "tea"})).status == 201
        code = (await alice.post("/api/v1/rooms/tea/invitations")).body["code"]
        assert (await bob.post(f"/api/v1/invitations/{code}/accept")).status == 200
        me = (await alice.get("/api/v1/me")).body["id"]
        yield Place(candor, alice, bob, carol, me)


@pytest.fixture
async def place(config: Config) -> AsyncIterator[Place]:
    async with open_place(config) as opened:
        yield opened


def with_files(config: Config, **files: Any) -> Config:
    return replace(config, files=replace(config.files, **files))


async def test_a_file_cut_at_half_goes_on_where_it_was(place: Place) -> None:
    file_id = await begun(place.alice, len(NOTES))
    path = f"/api/v1/files/{file_id}"

    assert (await send(place.alice, file_id, NOTES[:7000])).body["received"] == 7000
    asked = await place.alice.call("HEAD", path)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("7000", "16000")
    again = await send(place.alice, file_id, NOTES[:7000])
    early = await finish(place.alice, file_id)
    assert (again.status, again.code) == (early.status, early.code) == (409, "upload_conflict")
    assert (await send(place.alice, file_id, NOTES[7000:], 7000)).body["received"] == 16000
    ready = await finish(place.alice, file_id)

    assert ready.body["kind"] == "file"
    assert (ready.body["name"], ready.body["size"]) == ("notes.txt", 16000)
    assert (await place.alice.get(ready.body["url"])).body == NOTES
    assert place.on_disk("drafts") == []
    # Whoever did not hear the answer asks once more.
    assert (await finish(place.alice, file_id)).body == ready.body
    assert (await send(place.alice, file_id, b"more", 16000)).code == "upload_conflict"


async def test_what_came_before_a_cut_is_kept(place: Place) -> None:
    file_id = await begun(place.alice, 100_000)

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(40_000)
        raise ConnectionResetError

    who = await place.candor.sessions.by_bearer(place.alice.token, DEVICE)
    with pytest.raises(ConnectionResetError):
        await place.candor.uploads.receive(who, file_id, 0, pieces())

    shown = await place.alice.get(f"/api/v1/files/{file_id}")
    assert shown.body["received"] == 40_000


async def test_two_who_send_one_upload_at_once_do_not_mix(place: Place) -> None:
    file_id = await begun(place.alice, 20)
    who = await place.candor.sessions.by_bearer(place.alice.token, DEVICE)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        began.set()
        await go_on.wait()
        yield b"first first"

    first = asyncio.create_task(place.candor.uploads.receive(who, file_id, 0, slow()))
    await began.wait()
    second = await send(place.alice, file_id, b"second")
    half_way = await finish(place.alice, file_id)
    go_on.set()

    assert (second.code, half_way.code) == ("upload_conflict", "upload_conflict")
    assert (await first).received == 11


async def test_a_file_is_its_senders_until_a_message_shows_it(place: Place) -> None:
    ready = (await sent(place.alice, png(600, 400), name="dot.png")).body
    addresses = [f"/api/v1/files/{ready['id']}", ready["url"], ready["thumbnail"]]

    for path in addresses:
        assert (await place.alice.get(path)).status == 200, path
        assert (await place.bob.get(path)).status == 404, path
    assert (await place.bob.get("/api/v1/rooms/tea/files")).body["files"] == []
    await place.attach(ready["id"])

    for path in addresses:
        assert (await place.bob.get(path)).status == 200, path
        assert (await place.carol.get(path)).status == 404, path
    [listed] = (await place.bob.get("/api/v1/rooms/tea/files")).body["files"]
    assert listed["attachment"] == ready
    assert (await place.carol.get("/api/v1/rooms/tea/files")).status == 404
    # Whoever is sent away has it no longer.
    bob = (await place.bob.get("/api/v1/me")).body["id"]
    await place.alice.call("DELETE", f"/api/v1/rooms/tea/members/{bob}")
    assert (await place.bob.get(ready["url"])).status == 404


@pytest.mark.parametrize("wrong", ["sender", "room", "state", "file"])
async def test_a_message_shows_only_what_is_ready_and_its_senders(place: Place, wrong: str) -> None:
    ready = (await sent(place.alice, NOTES)).body["id"]
    given = {"file": ready, "sender": place.alice_id, "room": "tea"}
    given |= {
        "sender": {"sender": "bob"},
        "room": {"room": "milk"},
        "state": {"file": await begun(place.alice, 5)},
        "file": {"file": "none"},
    }[wrong]

    with pytest.raises(Refused, match="not_found"):
        await place.candor.store.write(
            lambda c: attach(c, given["file"], given["sender"], given["room"])
        )


async def test_a_file_that_is_shown_goes_with_its_message(place: Place) -> None:
    hers = (await sent(place.alice, NOTES)).body
    say = {"room_id": "tea", "kind": "file", "file": hers["id"], "text": "read this"}
    told = (await place.alice.post("/api/v1/chat/messages", say)).body["message"]
    assert told["file"] == hers
    path = f"/api/v1/files/{hers['id']}"

    for client in (place.alice, place.bob):
        assert (await client.get(hers["url"])).body == NOTES
        assert (await client.call("DELETE", path)).code == "forbidden"
    await place.candor.uploads.sweep(thorough=True)
    assert (await place.bob.get(hers["url"])).body == NOTES
    await place.alice.call("DELETE", f"/api/v1/chat/messages/{told['id']}")
    await place.candor.uploads.sweep(thorough=True)

    assert (await place.bob.get(hers["url"])).status == 404
    assert place.on_disk("kept") == []


PICTURE = r'<img alt="[^"<>]*script[^"<>]*" src="data:image/webp;base64,[A-Za-z0-9+/=]+">'


async def test_an_exported_page_holds_the_files_and_opens_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_page, "MOST_OF_A_FILE", 100_000)
    for content, name in (
        (png(40, 30), '"><script>.png'),
        (sound("ogg", "libopus", 0.5), "note.ogg"),
        (NOTES[:10_001], "notes.txt"),
        (NOTES * 10, "large.txt"),
    ):
        await place.attach((await sent(place.alice, content, name=name)).body["id"])
    reply = await place.bob.get("/api/v1/chat/rooms/tea/export?format=html")
    page = reply.body.decode()
    assert re.search(PICTURE, page)
    assert '<audio controls src="data:audio/ogg;base64,' in page
    assert "large.txt (not in this page, 160000 bytes)" in page
    taken = re.search(r'<a download="notes.txt" href="data:[a-z/-]+;base64,([^"]+)">', page)
    assert taken
    assert base64.b64decode(taken[1]) == NOTES[:10_001]
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', page)) == {"data:"}
    assert "<script" not in page
    named = (await place.bob.get("/api/v1/chat/rooms/tea/export")).body["messages"]
    assert [each["file"]["name"] for each in named][2:] == ["notes.txt", "large.txt"]


async def test_a_file_is_passed_on_with_its_message(place: Place) -> None:
    hers = (await sent(place.alice, NOTES)).body
    say = {"room_id": "tea", "kind": "file", "file": hers["id"]}
    wrong = await place.alice.post("/api/v1/chat/messages", say | {"kind": "image"})
    foreign = await place.bob.post("/api/v1/chat/messages", say)
    assert (wrong.code, foreign.code) == ("invalid", "not_found")
    told = (await place.alice.post("/api/v1/chat/messages", say)).body["message"]
    await place.bob.post("/api/v1/rooms", {"id": "milk"})

    forward = f"/api/v1/chat/messages/{told['id']}/forward"
    passed = (await place.bob.post(forward, {"room_id": "milk"})).body["message"]
    await place.alice.call("DELETE", f"/api/v1/chat/messages/{told['id']}")
    await place.candor.uploads.sweep(thorough=True)

    assert passed["file"]["id"] != hers["id"]
    assert (await place.bob.get(passed["file"]["url"])).body == NOTES
    assert (await place.alice.get(passed["file"]["url"])).status == 404


async def test_u13_two_uploads_of_one_content_are_two_files(place: Place) -> None:
    first = (await sent(place.alice, NOTES)).body
    second = (await sent(place.bob, NOTES, name="same.txt")).body

    assert first["id"] != second["id"]
    [kept] = place.on_disk("kept")
    assert kept.name == hashlib.sha256(NOTES).hexdigest()
    assert (await place.alice.call("DELETE", f"/api/v1/files/{first['id']}")).status == 204
    assert (await place.bob.get(second["url"])).body == NOTES
    assert (await place.bob.call("DELETE", f"/api/v1/files/{second['id']}")).status == 204
    assert place.on_disk("kept") == []


RANGES = {
    "bytes=0-3": (206, NOTES[:4], "bytes 0-3/16000"),
    "bytes=15990-": (206, NOTES[15990:], "bytes 15990-15999/16000"),
    "bytes=-5": (206, NOTES[-5:], "bytes 15995-15999/16000"),
    "bytes=5-99999": (206, NOTES[5:], "bytes 5-15999/16000"),
    "bytes=0-1,5-6": (200, NOTES, None),
    "bytes=9-3": (200, NOTES, None),
    "lines=1-2": (200, NOTES, None),
}


async def test_parts_of_a_content_are_had_by_range(place: Place) -> None:
    url = (await sent(place.alice, NOTES)).body["url"]

    for header, (status, content, said) in RANGES.items():
        reply = await place.alice.get(url, headers={"Range": header})
        assert (reply.status, reply.body) == (status, content), header
        assert reply.headers.get("Content-Range") == said
        assert reply.headers["Content-Length"] == str(len(content))
    for header in ("bytes=16000-", "bytes=-0", "bytes=99999-100000"):
        reply = await place.alice.get(url, headers={"Range": header})
        assert (reply.status, reply.code) == (416, "bad_range")
        assert reply.headers["Content-Range"] == "bytes */16000"
    tag = reply_tag = (await place.alice.get(url)).headers["ETag"]
    other = {"Range": "bytes=0-3", "If-Range": '"other"'}
    assert (await place.alice.get(url, headers=other)).body == NOTES
    assert (await place.alice.get(url, headers=other | {"If-Range": tag})).status == 206
    fresh = await place.alice.get(url, headers={"If-None-Match": reply_tag})
    assert (fresh.status, fresh.body) == (304, b"")
    head = await place.alice.call("HEAD", url)
    assert (head.body, head.headers["Content-Length"]) == (b"", "16000")


async def test_dead_uploads_and_unsent_files_are_swept_and_others_are_not(config: Config) -> None:
    settings = with_files(config, resume_seconds=0, unsent_hours=0)
    async with open_place(settings) as place:
        shown = (await sent(place.alice, NOTES)).body
        await place.attach(shown["id"])
        unsent = (await sent(place.alice, b"never shown")).body
        dead = await begun(place.alice, 10)
        await send(place.alice, dead, b"half")
        never_begun = await begun(place.alice, 10)

        await place.candor.uploads.sweep(thorough=False)

        for file_id in (unsent["id"], dead, never_begun):
            assert (await place.alice.get(f"/api/v1/files/{file_id}")).status == 404
        assert place.on_disk("drafts") == []
        assert [path.read_bytes() for path in place.on_disk("kept")] == [NOTES]
        assert (await place.alice.get(shown["url"])).body == NOTES


async def test_an_upload_that_lives_is_not_swept(config: Config) -> None:
    async with open_place(with_files(config, resume_seconds=40)) as place:
        file_id = await begun(place.alice, 10)
        await send(place.alice, file_id, b"half")
        await place.candor.uploads.sweep(thorough=True)
        assert (await send(place.alice, file_id, b"way in", 4)).body["received"] == 10

        [draft] = place.on_disk("drafts")
        os.utime(draft, (draft.stat().st_mtime - 41, draft.stat().st_mtime - 41))
        # The row is young still; what counts is when the last piece came, and when it began.
        await place.candor.uploads.sweep(thorough=True)
        assert place.on_disk("drafts") == [draft]


async def test_a_quota_is_kept_by_many_who_ask_at_once(config: Config) -> None:
    async with open_place(with_files(config, person_bytes=1000)) as place:
        wish = {"name": "x", "size": 300}
        asked = [place.alice.post("/api/v1/rooms/tea/files", wish) for _ in range(8)]
        replies = await asyncio.gather(*asked)

        assert sorted(reply.status for reply in replies) == [201] * 3 + [413] * 5
        assert {reply.code for reply in replies if reply.status == 413} == {"quota_full"}
        given_back = next(reply.body["id"] for reply in replies if reply.status == 201)
        await place.alice.call("DELETE", f"/api/v1/files/{given_back}")
        assert (await place.alice.post("/api/v1/rooms/tea/files", wish)).status == 201
        used = await place.candor.store.read(
            lambda c: store_files.usage_of_person(c, place.alice_id)
        )
        assert used.size == 900


SENT_BY_FORM = {
    "send-image": ("image", lambda: png(40, 30), "dot.webp"),
    "send-audio": ("voice", lambda: sound("wav", "pcm_s16le", 0.5), "dot.png"),
    "send-video": ("video", lambda: video("webm", "libvpx"), "dot.png"),
    "send-file": ("file", lambda: png(40, 30), "dot.png"),
}


def form(file: bytes, **fields: str) -> tuple[bytes, dict[str, str]]:
    """A form as browsers write it: (body, headers)."""
    heads = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="dot.png"\r\n\r\n'
    body = heads.encode() + head.encode() + file + b"\r\n--x--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize("how", SENT_BY_FORM)
async def test_older_clients_send_a_file_and_its_message_in_one_form(
    place: Place, how: str
) -> None:
    kind, content, name = SENT_BY_FORM[how]
    body, headers = form(content(), content="look")

    reply = await place.alice.call("POST", f"/tools/api/chat/tea/{how}/", body, headers=headers)

    assert reply.status == 201, reply
    message = reply.body["message"]
    assert (message["kind"], message["text"], message["file"]["kind"]) == (kind, "look", kind)
    assert message["file"]["name"] == name
    assert (await place.bob.get(message["file"]["url"])).status == 200
    assert place.on_disk("drafts") == []


async def test_a_form_that_is_sent_again_says_nothing_twice(place: Place) -> None:
    path = "/tools/api/chat/tea/send-image/"

    async def again(picture: bytes, **fields: str) -> Reply:
        body, headers = form(picture, client_id="mine", **fields)
        return await place.alice.call("POST", path, body, headers=headers)

    first = await again(png(40, 30), text="look")
    kept = place.on_disk("kept")
    second = await again(png(40, 30), text="look")
    assert (second.status, second.body["again"]) == (201, True)
    assert second.body["message"] == first.body["message"]
    assert place.on_disk("kept") == kept
    assert (await again(png(40, 31), text="look")).code == "message_differs"
    assert (await again(png(40, 30), text="see")).code == "message_differs"
    used = await place.candor.store.read(lambda c: store_files.usage_of_person(c, place.alice_id))
    assert used.count == 1


async def test_a_form_that_cannot_be_sent_leaves_nothing(place: Place) -> None:
    tries = {
        "of another kind": ("send-video", form(png(40, 30)), 415, "file_refused"),
        "no file": ("send-image", (b"--x--\r\n", form(b"")[1]), 400, "bad_request"),
        "no form": ("send-image", (b"words", form(b"")[1]), 400, "bad_request"),
        "an empty file": ("send-file", form(b""), 400, "invalid"),
        "a long field": ("send-file", form(b"x", text="y" * 70_000), 413, "too_large"),
        "a wrong field": ("send-file", form(b"x", reply_to="\u202e" * 90), 400, "invalid"),
        "no picture": ("send-image", form(b"words"), 415, "file_refused"),
    }
    for what, (how, (body, headers), status, code) in tries.items():
        reply = await place.alice.call("POST", f"/tools/api/chat/tea/{how}/", body, headers=headers)
        assert (reply.status, reply.code) == (status, code), what
    assert place.on_disk("") == []
    used = await place.candor.store.read(lambda c: store_files.usage_of_person(c, place.alice_id))
    assert used.count == 0

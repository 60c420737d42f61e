"""Uploads while their server is killed (HOSTILE U15): the process dies, not a stand-in."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.app import open_candor
from signaling.store import files
from tests.children.chatting import configured
from tests.client import Client
from tests.interop.test_chat_kills import LOST, Server
from tests.signaling.test_uploads import BYTES, begun, finish, send

CONTENT = os.urandom(1_500_000)
FIRST = 500_000


async def cut_short(client: Client, file_id: str, came: asyncio.Event) -> None:
    """A piece whose end never comes."""

    async def pieces() -> AsyncIterator[bytes]:
        yield CONTENT[FIRST : FIRST + 300_000]
        came.set()
        await asyncio.Event().wait()

    url = f"{client.address}/api/v1/files/{file_id}?offset={FIRST}"
    headers = BYTES | {"Authorization": f"Bearer {client.token}"}
    with pytest.raises(LOST):
        await client._http.patch(url, data=pieces(), headers=headers)


@pytest.mark.long
async def test_u15_an_upload_outlives_its_server(tmp_path: Path) -> None:
    server = Server(tmp_path)
    async with Client(server.address) as nobody:
        async with server.living():
            ada = await nobody.register("ada")
            await ada.post("/api/v1/rooms", {"id": "tea"})
            file_id = await begun(ada, len(CONTENT))
            given_up = await begun(ada, 5)
            await send(ada, given_up, b"words")
            assert (await send(ada, file_id, CONTENT[:FIRST])).status == 200
            came = asyncio.Event()
            cut = asyncio.create_task(cut_short(ada, file_id, came))
            await came.wait()
        await cut
        async with server.living("unfinished"):
            there = (await ada.get(f"/api/v1/files/{file_id}")).body["received"]
            assert FIRST <= there <= FIRST + 300_000
            assert (await send(ada, file_id, CONTENT[there:], there)).status == 200
            ends = await asyncio.gather(
                finish(ada, file_id), finish(ada, given_up), return_exceptions=True
            )
            assert all(isinstance(end, LOST) for end in ends)
        assert len(kept(tmp_path)) == 2, "in the vault, and in no row"
        async with server.living():
            assert (await ada.get(f"/api/v1/files/{file_id}")).body["state"] == "uploading"
            ready = (await finish(ada, file_id)).body
            assert (await ada.get(ready["url"])).body == CONTENT
            await ada.call("DELETE", f"/api/v1/files/{given_up}")
    async with open_candor(configured(tmp_path, 0)) as candor:
        await candor.uploads.sweep(thorough=True, orphan_after_s=-1)
        known = await candor.store.read(files.every_digest)
    assert kept(tmp_path) == sorted(known)
    assert len(known) == 1
    assert list((tmp_path / "files" / "drafts").iterdir()) == []


def kept(folder: Path) -> list[str]:
    """Everything in the vault, by its hash."""
    return sorted(path.name for path in (folder / "files" / "kept").rglob("*") if path.is_file())

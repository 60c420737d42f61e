"""What tests of calls do in pages: come in, look at tiles, and wait until pictures move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import make_invitation, make_room, register
from tests.client import Client

# Frames that a page has decoded of somebody's picture, as the element itself counts them.
DECODED = "(video) => video.getVideoPlaybackQuality().totalVideoFrames"


async def make_host(page: Page, name: str, nickname: str, title: str) -> tuple[str, str]:
    """An account with a room; the room's address, and a link that leads into it."""
    await register(page, name, nickname)
    await make_room(page, title)
    link = await make_invitation(page)
    rooms: Any = await (await page.request.get("/api/v1/rooms")).json()
    return rooms["rooms"][0]["id"], link


async def come_in_as_guest(page: Page, link: str, name: str) -> None:
    """Take an invitation as a guest, and arrive in the room's lobby."""
    await page.goto(link)
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Come in as a guest").click()
    await page.get_by_role("link", name="Join the call").click()


async def join(page: Page, room: str = "") -> None:
    """From the lobby into the call."""
    if room:
        await page.goto(f"/call/{room}")
    await page.get_by_role("button", name="Join the call").click()
    await expect(page.locator(".stage")).to_have_attribute("data-state", "in")


def tile(page: Page, name: str) -> Locator:
    """The tile of somebody, or of their screen."""
    return page.get_by_role("region", name=name, exact=True)


async def moves(page: Page, name: str, frames: int = 10) -> None:
    """Return when so many more pictures of somebody have been decoded; the test fails if not."""
    video = tile(page, name).locator("video")
    await video.wait_for()
    before = await video.evaluate(DECODED)
    handle = await video.element_handle()
    await page.wait_for_function(
        f"([video, least]) => ({DECODED})(video) >= least", arg=[handle, before + frames]
    )


async def token_of_friend(address: str, link: str, name: str) -> str:
    """Somebody else with an account, who took the invitation; a program comes in as them."""
    async with Client(address) as client:
        friend = await client.register(name, nickname=name.title())
        accepted = await friend.post(f"/api/v1/invitations/{link.rpartition('/')[2]}/accept")
        assert accepted.status == 200, accepted
        assert friend.token is not None
        return friend.token


class Cuttable:
    """A line between a browser and a server that can be cut, as a cable is pulled."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The address at which the server answers through it."""
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """End every connection in the middle of whatever it carries."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, back]
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(_pump(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    target.transport.abort()

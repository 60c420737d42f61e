"""What tests of calls do in pages: come in, look at tiles, and wait until pictures move."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import make_invitation, make_room, register

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

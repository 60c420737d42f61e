"""Other people's WHIP and WHEP clients in a real Chromium, from another site than the server's."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Error, Page, async_playwright

from signaling.config import Config
from tests.client import Client
from tests.interop.candor import EVERYWHERE, real_candor
from tests.interop.pages import packages, page, serving
from tests.interop.test_browsers import FLAGS, until
from tests.interop.test_whip import token

pytestmark = pytest.mark.browser


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield browser
        await browser.close()


@pytest.fixture
async def client(config: Config) -> AsyncIterator[Client]:
    async with real_candor(config, EVERYWHERE) as opened:
        yield opened


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """The page with the clients; its port makes it another site than Candor's."""
    async with serving([*page(), *packages()]) as address:
        yield address


async def run(page: Page, call: str, *arguments: str) -> None:
    """One of the page's functions, called with a client's name, an address and a token."""
    await page.evaluate(f"([name, ...rest]) => {call}[name](...rest)", arguments)


async def picture_moves(page: Page) -> None:
    first = await page.evaluate("picture()")
    await asyncio.sleep(0.7)
    second = await page.evaluate("picture()")
    # The fake camera turns a pie and counts; a frozen or a black picture does neither.
    assert max(first) - min(first[0::4]) > 100
    assert sum(abs(one - other) > 20 for one, other in zip(first, second, strict=True)) > 50


@pytest.mark.parametrize("library", ["whip-whep", "@eyevinn/whip-web-client"])
async def test_what_a_client_publishes_another_plays(
    library: str, chromium: Browser, client: Client, site: str
) -> None:
    publisher, viewer = await chromium.new_page(), await chromium.new_page()
    await publisher.goto(site)
    await viewer.goto(site)
    watch = "whip-whep", f"{client.address}/whep/tea", token("bob")

    await run(publisher, "publishBy", library, f"{client.address}/whip/tea", token("ada"))
    await until(publisher, "framesSent", 1)
    await run(viewer, "playBy", *watch)

    numbers = await until(viewer, "framesDecoded", 60)
    assert (numbers["frameWidth"], numbers["frameHeight"]) == (640, 480)
    assert numbers["samples"] > 24_000
    await picture_moves(viewer)

    # Their goodbyes are heard: nobody is left to watch.
    await viewer.evaluate("stop()")
    await publisher.evaluate("stop()")
    with pytest.raises(Error, match="status 404"):
        await run(viewer, "playBy", *watch)

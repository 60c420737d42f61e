"""A real Chromium publishes its fake camera, and another page of it plays what is forwarded."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from sfu import Sfu, SfuConfig
from signaling.supervisor import ChildSpec, Supervisor

pytestmark = pytest.mark.browser

FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)

PAGE = Path(__file__).with_name("media.html").read_text()


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """The page and two paths for offers, over one media process."""
    # Not the loopback alone: some browsers gather no candidate for it.
    config = SfuConfig(bind_hosts=("0.0.0.0",))
    async with Sfu(config) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children):
            await sfu.wait_ready(10.0)
            async for opened in _serve(sfu):
                yield opened


async def _serve(sfu: Sfu) -> AsyncIterator[str]:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def publish(request: web.Request) -> web.Response:
        return web.Response(text=(await sfu.publish("room", "ada", await request.text())).answer)

    async def play(request: web.Request) -> web.Response:
        return web.Response(text=(await sfu.subscribe("room", "bob", await request.text())).answer)

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/publish", publish), web.post("/play", play)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def until(page: Page, name: str, least: float) -> dict[str, float]:
    """The numbers of the page once one of them has grown so far."""
    numbers: dict[str, float] = {}
    for _ in range(100):
        numbers = await page.evaluate("numbers()")
        if (numbers.get(name) or 0) >= least:
            return numbers
        await asyncio.sleep(0.2)
    raise AssertionError(f"{name} stays at {numbers.get(name)}")


@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264", "AV1"])
async def test_chromium_plays_what_chromium_publishes(codec: str, address: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        publisher, viewer = await browser.new_page(), await browser.new_page()
        await publisher.goto(address)
        await viewer.goto(address)
        offered = await publisher.evaluate(
            "RTCRtpSender.getCapabilities('video').codecs.map((one) => one.mimeType)"
        )
        if f"video/{codec}" not in offered:
            await browser.close()
            pytest.skip(f"this Chromium does not encode {codec}")
        await publisher.evaluate(f"publish('{codec}')")
        await asyncio.sleep(1.0)
        await viewer.evaluate("play()")
        numbers = await until(viewer, "framesDecoded", 60)
        first = await viewer.evaluate("picture()")
        await asyncio.sleep(0.7)
        second = await viewer.evaluate("picture()")
        # Without feedback that it believes, its estimate begins at 300 kb/s and falls from there.
        await until(publisher, "available", 1_000_000)
        await browser.close()
    assert (numbers["frameWidth"], numbers["frameHeight"]) == (640, 480)
    assert numbers["samples"] > 24_000
    # The fake camera turns a pie and counts; a frozen or a black picture does neither.
    assert max(first) - min(first[0::4]) > 100
    assert sum(abs(one - other) > 20 for one, other in zip(first, second, strict=True)) > 50

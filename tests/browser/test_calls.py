"""Calls in real browsers: people see and hear each other, and what they do is seen by all."""

import pytest
from playwright.async_api import expect

from signaling import protocol
from signaling.client import connect
from tests.browser.calls import come_in_as_guest, join, make_host, moves, tile
from tests.browser.conftest import NewPage
from tests.interop.media import MovingBar, Tone

pytestmark = pytest.mark.browser


async def test_two_pages_and_a_program_meet(device: NewPage, address: str) -> None:
    ada, grace = await device(), await device()
    room, link = await make_host(ada, "meet-ada", "Ada", "Tea")
    await come_in_as_guest(grace, link, "Grace")
    await join(grace)
    await expect(grace.get_by_text("You are alone here.")).to_be_visible()
    await join(ada, room)

    await moves(ada, "Grace")
    await moves(grace, "Ada")
    # The fake microphone beeps: what arrives is loud enough to be taken for speech.
    await expect(tile(ada, "Grace")).to_have_attribute("data-speaking", "true")

    issued = await ada.request.post(f"/api/v1/rooms/{room}/tokens", data={})
    token = (await issued.json())["token"]
    async with connect(address, token) as program:
        await program.enter(room)
        await program.publish(lambda: (Tone(), MovingBar()))
        said = protocol.MediaState(id=1000, microphone=True, camera=True)
        await program.ask(said)
        await moves(grace, "Ada")

    # What one does is seen by the other.
    await ada.get_by_role("button", name="Mute microphone").click()
    await expect(tile(grace, "Ada").get_by_text("Muted:")).to_be_attached()
    await ada.keyboard.press("v")
    await expect(tile(grace, "Ada").get_by_text("Camera is off")).to_be_visible()
    await ada.keyboard.press("v")
    await moves(grace, "Ada")
    await ada.keyboard.press("r")
    await expect(tile(grace, "Ada").get_by_text("Hand raised")).to_be_attached()

    await grace.get_by_role("button", name="Leave the call").click()
    await expect(grace.get_by_role("heading", name="You have left the call")).to_be_visible()
    await expect(tile(ada, "Grace")).to_have_count(0)
    await expect(ada.get_by_text("You are alone here.")).to_be_visible()

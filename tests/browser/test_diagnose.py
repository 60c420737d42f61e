"""The self-test passes where all is well, and names what is not."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage, Witness, register

pytestmark = pytest.mark.browser

LONG_MS = 90_000
# What a browser sees of a network without UDP: no such way is ever tried.
NO_UDP = """
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const lines = description.sdp.split("\\r\\n");
    const sdp = lines.filter((line) => !/^a=candidate:\\S+ \\d+ udp /i.test(line)).join("\\r\\n");
    return set.call(this, { type: description.type, sdp });
  };
"""
NO_CAMERA = """
  const refuse = async () => { throw new DOMException("", "NotAllowedError"); };
  Object.defineProperty(MediaDevices.prototype, "getUserMedia", { value: refuse });
"""


async def test_each_step_says_what_it_found(device: NewPage, witness: Witness) -> None:
    page = await device()
    await register(page, "well-ada")
    state = await page.context.storage_state()
    assert await states_of(page) == {}
    ill = await device(storage_state=state)
    await ill.add_init_script(NO_UDP + NO_CAMERA)
    assert (await states_of(ill)).keys() == {"camera", "microphone", "udp"}
    await expect(ill.get_by_text("It is blocked, and calls take the way by TCP.")).to_be_visible()


async def states_of(page: Page) -> dict[str, str]:
    """Run it; what did not pass."""
    await page.goto("/diagnose")
    await page.get_by_role("button", name="Begin the test").click()
    await page.get_by_role("button", name="Copy the report").wait_for(timeout=LONG_MS)
    steps = page.locator("[data-check]")
    return {
        str(await one.get_attribute("data-check")): str(await one.get_attribute("data-state"))
        for one in await steps.all()
        if await one.get_attribute("data-state") != "pass"
    }

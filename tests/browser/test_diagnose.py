"""The self-test passes where all is well, and says of each seeded fault what it is."""

import shutil

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.browser.calls import make_host
from tests.browser.conftest import PATIENCE_MS, NewPage, Served, Witness, register, serving

pytestmark = pytest.mark.browser

LONG_MS = 90_000
# Neither a fake permission nor UDP: a browser as it is behind a strict firewall.  Only the whole
# Chromium has such a policy.
STRICT = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
NOBODYS_ADDRESS = "203.0.113.7"


async def test_all_steps_pass_where_all_is_well(device: NewPage) -> None:
    page = await device()
    await register(page, "well-ada")
    assert await troubles(page) == {}


async def test_no_udp_no_permission_and_no_trusted_certificate_are_named(served: Served) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(STRICT)
        )
        page = await browser.new_page(
            base_url=served.encrypted_address, ignore_https_errors=True, locale="en-US"
        )
        page.set_default_timeout(PATIENCE_MS)
        await register(page, "strict-ada")
        found = await troubles(page)
        await browser.close()
    assert found.keys() == {"certificate", "microphone", "camera", "udp"}
    assert "The browser does not trust it" in found["certificate"]
    assert "It is not allowed." in found["camera"]
    assert "It is blocked. Calls take the way by TCP" in found["udp"]


async def test_a_wrong_address_and_a_scorer_that_is_down_are_named(
    device: NewPage, witness: Witness
) -> None:
    # With so little memory the scorer cannot even begin.
    with serving("--advertise-ip", NOBODYS_ADDRESS, CANDOR_DETECTION_MEMORY_MIB="64") as served:
        witness.address = served.address
        page = await device(base_url=served.address)
        await register(page, "lost-ada")
        found = await troubles(page)
    assert found.keys() == {"detection", "udp", "tcp", "address", "media"}
    assert "Its process does not run." in found["detection"]
    assert f"media sent to {NOBODYS_ADDRESS}:" in found["address"]
    assert "set advertise_ip" in found["address"]


async def test_the_way_into_a_room_is_shown_frame_by_frame(
    device: NewPage, witness: Witness
) -> None:
    witness.forgive("/api/v1/rooms/")
    ada, stranger, nobody = await device(), await device(), await device()
    room, _ = await make_host(ada, "way-ada", "Ada", "Tea")
    await register(stranger, "way-bob")
    for page in (ada, stranger, nobody):
        await page.goto(f"/tools/chat/debug/{room}/")
        await page.get_by_role("button", name="Begin the test").click()

    await expect(step(ada, "address")).to_have_attribute("data-state", "pass", timeout=LONG_MS)
    await expect(step(ada, "room")).to_contain_text("You belong to Tea.")
    assert await failed(ada) == {}
    await ada.get_by_text("snapshot", exact=True).click()
    await expect(ada.locator("pre", has_text='"sequence"').first).to_be_visible()
    assert '"resume": "…"' in str(await ada.locator("pre", has_text="heartbeat_s").text_content())

    await expect(step(stranger, "room")).to_contain_text("no such room, or you are no participant")
    await expect(step(stranger, "enter")).to_contain_text("The server refuses.")
    await expect(step(nobody, "session")).to_contain_text("You are not signed in.")

    await ada.route_web_socket("**/ws", lambda socket: socket.close())
    await ada.get_by_role("button", name="Begin the test").click()
    await expect(step(ada, "line")).to_contain_text("has to let WebSockets through")


def step(page: Page, name: str) -> Locator:
    return page.locator(f"[data-check={name}]")


async def troubles(page: Page) -> dict[str, str]:
    """Run the self-test; what did not pass, and what is said of it."""
    await page.goto("/diagnose")
    await page.get_by_role("button", name="Begin the test").click()
    await page.get_by_role("button", name="Copy the report").wait_for(timeout=LONG_MS)
    return await failed(page)


async def failed(page: Page) -> dict[str, str]:
    steps = await page.locator("[data-check]:not([data-state=pass])").all()
    return {str(await one.get_attribute("data-check")): await one.inner_text() for one in steps}

"""How a call looks, at three sizes and in both schemes; what axe says of it."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.calls import come_in_as_guest, join, make_host, moves
from tests.browser.conftest import NewPage
from tests.browser.test_everywhere import SCHEMES, SIZES, keep_picture, serious
from tests.browser.test_everywhere import small_targets as targets_too_small

pytestmark = pytest.mark.browser

BEYOND = "document.documentElement.scrollWidth - innerWidth"
PUSHED_ASIDE = """
  [...document.querySelectorAll(".table-frame")].filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => one.getAttribute("aria-label"))
"""


async def test_a_call_looks_right_at_every_size(device: NewPage) -> None:
    ada, grace = await device(), await device()
    room, link = await make_host(ada, "look-ada", "Ada Lovelace", "Monday planning")
    await come_in_as_guest(grace, link, "Grace Hopper")
    await join(grace)
    await ada.goto(f"/call/{room}")
    await ada.locator(".mirror video").wait_for()
    await everywhere(ada, "lobby")
    await join(ada)
    await moves(ada, "Grace Hopper", frames=2)
    await everywhere(ada, "call")

    await ada.keyboard.press("p")
    await ada.get_by_role("button", name="Moderate Grace Hopper").click()
    await everywhere(ada, "call-people")
    await ada.keyboard.press("p")

    await ada.get_by_role("button", name="Show a gesture").click()
    await ada.get_by_role("button", name="Pin Grace Hopper").click()
    await everywhere(ada, "call-pinned")
    await ada.get_by_role("button", name="Show a gesture").click()

    await ada.keyboard.press("?")
    await expect(ada.get_by_role("dialog", name="Keys")).to_be_visible()
    await everywhere(ada, "call-keys")


async def everywhere(page: Page, name: str) -> None:
    """The same page at each size and in each scheme; axe looks at each scheme once."""
    for size, (width, height, _) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await keep_picture(page, f"{name}-{size}-{scheme}")
        assert await page.evaluate(BEYOND) <= 0, f"{name}, {size}: wider than the screen"
        # Phones have no room for columns; lists of rows are cards there.
        assert size != "phone" or await page.evaluate(PUSHED_ASIDE) == [], name
        assert await targets_too_small(page) == [], f"{name}, {size}"
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        assert await serious(page) == [], f"{name}, {scheme}"

"""What holds on every page: accessible, quiet, still, within its width; and how it looks."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from signaling.http.pages import WEB
from tests.browser.chats import post
from tests.browser.conftest import (
    NewPage,
    Witness,
    make_invitation,
    make_room,
    register,
)

pytestmark = pytest.mark.browser

# Pictures for people to look at; no test does, and each takes half a second, so they are asked for.
SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"
KEEPS_SCREENS = "CANDOR_KEEP_SCREENS" in os.environ
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
# With `preload`, axe would fetch style sheets, which the API page's policy forbids.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "preload": False,
}
# name: (width, height, whether it is held in the hand)
SIZES = {"phone": (390, 844, True), "tablet": (820, 1180, True), "desk": (1280, 800, False)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# What counts as shifted less than anybody notices (web.dev calls 0.1 good).
STILL = 0.02
COUNT_SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""
WEAR = "(mode) => (document.documentElement.dataset.themeMode = mode)"
# Nobody looks at a longer one.
TALLEST_PICTURE = 8000
BEYOND = "Math.max(innerWidth, document.documentElement.scrollWidth) - screen.width"


class World:
    """People and rooms that the pages show; made once."""

    def __init__(self) -> None:
        self.member: Any = None
        self.guest: Any = None
        self.invitation = ""
        self.room = ""


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest_asyncio.fixture(loop_scope="session")
async def settled(world: World, device: NewPage, witness: Witness) -> World:
    """The world, made by whichever test comes first."""
    if world.invitation:
        return world
    member, guest = await device(), await device()
    await register(member, "world-member", "Ada Lovelace")
    await make_room(member, "Family")
    await make_room(member, "Monday planning")
    link = await make_invitation(member, pin="4711")
    await guest.goto(link)
    await guest.get_by_label("Your name").fill("Grace")
    await guest.get_by_label("PIN").fill("4711")
    await guest.get_by_role("button", name="Come in as a guest").click()
    await expect(guest.get_by_text("You belong to this room now.")).to_be_visible()
    world.room = await converse(member, guest)
    world.member = await member.context.storage_state()
    world.guest = await guest.context.storage_state()
    world.invitation = link
    return world


async def converse(member: Page, guest: Page) -> str:
    """Something of each kind is said; the room where it is."""
    rooms: Any = await (await guest.request.get("/api/v1/rooms")).json()
    room: str = rooms["rooms"][0]["id"]
    said = f"/api/v1/chat/rooms/{room}/send"
    first = await post(member, said, {"text": "Shall we begin on Monday at nine, 会议室 2?"})
    asked = first["message"]["id"]
    await post(guest, said, {"text": "Yes, at nine.", "reply_to": asked})
    await post(guest, said, {"text": "party", "kind": "sticker"})
    await post(member, said, {"text": "👍", "kind": "emoji"})
    return room


# name: (who sees it, address, what has to be on it before it is looked at)
VIEWS: dict[str, tuple[str | None, str, str]] = {
    "welcome": (None, "/", ".hero-title"),
    "login": (None, "/login", ".form"),
    "register": (None, "/register", ".form"),
    "invitation": (None, "{invitation}", ".form"),
    "invitation-nowhere": (None, "/i/nobodymade2this", ".page-title"),
    "not-found": (None, "/no-such-page", ".wrong-address"),
    "home": ("member", "/", ".room"),
    "invite": ("member", "/", ".share"),
    "me": ("member", "/me", ".device"),
    "match": ("member", "/match", ".digits"),
    "heart-link": ("member", "/heart-link", ".heart-sign"),
    "chat": ("member", "/chat/{room}", ".sticker"),
    "invitation-member": ("member", "{invitation}", ".notice-success"),
    "guest-home": ("guest", "/", ".room"),
    "guest-me": ("guest", "/me", ".device"),
    "guest-inside": ("guest", "{invitation}", ".notice-success"),
    "diagnose": ("member", "/diagnose", ".check-step"),
    "diagnose-room": ("member", "/diagnose/nowhere", ".check-step"),
    "api": (None, "/api/v1/docs", "table"),
}
EXPECTED_REFUSALS = ("/api/v1/invitations/nobodymade2this", "/no-such-page")


async def look_at(device: NewPage, world: World, name: str, **options: Any) -> Page:
    """Open the view and wait until it is complete."""
    who, path, complete = VIEWS[name]
    state = None if who is None else getattr(world, who)
    page = await device(storage_state=state, **options)
    await page.add_init_script(COUNT_SHIFTS)
    await page.goto(path.format(invitation=world.invitation, room=world.room))
    if name == "invite":
        await page.locator(".room", has_text="Monday planning").get_by_role("button").click()
        await page.locator(".invitation .button-soft").first.click()
    await page.locator(complete).first.wait_for()
    await page.locator(".skeleton").first.wait_for(state="detached")
    return page


@pytest.mark.parametrize("name", VIEWS)
async def test_a_page_fits_stays_still_and_is_accessible(
    device: NewPage, settled: World, witness: Witness, name: str
) -> None:
    witness.forgive(*EXPECTED_REFUSALS)
    for size, (width, height, held) in SIZES.items():
        page = await look_at(device, settled, name, **screen(width, height, held=held))
        assert await page.evaluate("window.shifts") <= STILL, size
        assert await page.evaluate(BEYOND) <= 0, f"{size}: wider than the screen"
        assert await small_targets(page) == [], size
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await keep_picture(page, f"{name}-{size}-{scheme}")
            if size == "desk":
                assert await serious(page) == [], scheme
        await page.context.close()


@pytest.mark.parametrize("name", VIEWS)
async def test_a_chinese_page_fits_a_small_phone_and_is_accessible(
    device: NewPage, settled: World, witness: Witness, name: str
) -> None:
    witness.forgive(*EXPECTED_REFUSALS)
    page = await look_at(device, settled, name, locale="zh-CN", **screen(320, 640, held=True))
    await keep_picture(page, f"{name}-narrow-zh")
    assert await page.evaluate(BEYOND) <= 0
    assert await serious(page) == []


@pytest.mark.parametrize("name", ["me", "invite", "chat"])
async def test_every_theme_can_be_read(device: NewPage, settled: World, name: str) -> None:
    page = await look_at(device, settled, name)
    for mode in ("geek", "life", "fury", "emo"):
        await page.evaluate(WEAR, mode)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            assert await serious(page) == [], (mode, scheme)
            await keep_picture(page, f"theme-{mode}-{name}-{scheme}")


async def test_nothing_on_a_page_leads_nowhere(
    device: NewPage, settled: World, witness: Witness
) -> None:
    witness.forgive(*EXPECTED_REFUSALS)
    asked: set[tuple[str | None, str]] = set()
    for name, (who, _, _) in VIEWS.items():
        page = await look_at(device, settled, name)
        for lead in {(who, address) for address in await leads(page)} - asked:
            response = await page.request.get(lead[1])
            assert response.status == 200, (name, lead)
            asked.add(lead)
        await page.context.close()


async def test_pages_are_useful_within_a_second(device: NewPage, settled: World) -> None:
    page = await look_at(device, settled, "home")
    painted = await page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    assert painted < 1000


async def test_motion_rests_where_it_is_not_wanted(device: NewPage, settled: World) -> None:
    page = await look_at(device, settled, "home", reduced_motion="reduce")
    assert await page.evaluate(
        "getComputedStyle(document.querySelector('.button')).transitionDuration"
    ) in ("0s", "0s, 0s, 0s")


def screen(width: int, height: int, *, held: bool) -> dict[str, Any]:
    """A new device of this size; one that is held is touched, too."""
    return {
        "viewport": {"width": width, "height": height},
        "is_mobile": held,
        "has_touch": held,
    }


async def leads(page: Page) -> set[str]:
    """Where the page's links lead and what it loads, but itself."""
    found = await page.evaluate(
        "[...document.querySelectorAll('[href], [src]')].map((each) => each.href || each.src)"
    )
    return {each.partition("#")[0] for each in found if isinstance(each, str)} - {page.url}


async def keep_picture(page: Page, name: str) -> None:
    if not KEEPS_SCREENS:
        return
    SCREENS.mkdir(parents=True, exist_ok=True)
    has_dialog = await page.locator("dialog[open]").count() > 0
    long = await page.evaluate("document.documentElement.scrollHeight") > TALLEST_PICTURE
    # What sticks to the window would stand in the middle of the page.
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot(path=SCREENS / f"{name}.png", full_page=not (has_dialog or long))


async def serious(page: Page) -> list[str]:
    """What axe calls serious or critical, in words."""
    # The policy forbids script tags; what a debugger evaluates is not bound by it.
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("(rules) => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


async def small_targets(page: Page) -> list[str]:
    """What can be pressed and is smaller than 24 px (WCAG 2.2, 2.5.8); links in a text may be."""
    found: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, summary, .button, nav a")]
          .filter((element) => element.checkVisibility() && !element.closest(".copy, section ul"))
          .filter((element) => {
            const box = element.getBoundingClientRect();
            return box.width > 1 && (box.width < 24 || box.height < 24);
          })
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    return found

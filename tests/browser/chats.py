"""What tests of chats do in pages: two people in a room, and what they see of each other."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.calls import make_host
from tests.browser.conftest import NewPage, register


async def two_people(device: NewPage, name: str) -> tuple[Page, Page, str]:
    """Ada and Grace, each on a device of their own, and the room that both belong to."""
    ada, grace = await device(), await device()
    room, link = await make_host(ada, f"{name}-ada", "Ada", "Tea")
    await register(grace, f"{name}-grace", "Grace")
    code = link.rpartition("/")[2]
    accepted = await post(grace, f"/api/v1/invitations/{code}/accept")
    assert accepted["id"] == room
    return ada, grace, room


async def post(page: Page, path: str, body: object = None) -> Any:
    """Ask the server as the page would."""
    origin = page.url.split("/", 3)
    headers = {"Origin": "/".join(origin[:3])}
    reply = await page.request.post(path, data=body or {}, headers=headers)
    assert reply.ok, await reply.text()
    return await reply.json()


async def open_chat(page: Page, room: str) -> None:
    await page.goto(f"/chat/{room}")
    await expect(page.get_by_label("Write a message")).to_be_visible()


async def say(page: Page, words: str) -> None:
    field = page.get_by_label("Write a message")
    await field.fill(words)
    await field.press("Enter")


def message(page: Page, words: str) -> Locator:
    """The message that says this."""
    return page.locator(".message").filter(has_text=words)


async def act(page: Page, words: str, name: str) -> None:
    """Choose from the menu of a message."""
    await message(page, words).get_by_role("button", name="more").click()
    await page.get_by_role("menuitem", name=name).click()

"""Two people who do not know each other's names meet, each in a browser of their own."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage, register

pytestmark = pytest.mark.browser


async def test_two_meet_by_name_by_a_number_and_by_a_heart_link(device: NewPage) -> None:
    ada, grace = await device(), await device()
    await register(ada, "match-ada", "Ada")
    await register(grace, "match-grace", "Grace")
    await find(ada, "nobody-is-called")
    await expect(ada.get_by_text("Nobody was found")).to_be_visible()
    await find(ada, "MATCH-GR")
    await ada.get_by_role("button", name="Grace").click()
    await ada.get_by_label("Message to Grace").fill("Is this you?")
    await ada.get_by_role("button", name="Send").click()
    await expect(ada.get_by_role("heading", name="Grace")).to_be_visible()
    row = ada.get_by_role("navigation", name="Conversations").get_by_role("listitem")
    await expect(row).to_contain_text("Is this you?")
    await expect(row.get_by_text("Online")).to_be_attached()

    await say_number(ada, "0412")
    await ada.get_by_role("button", name="Stop waiting").click()
    await say_number(ada, "0421")
    await ada.reload()
    await expect(ada.get_by_text("0421")).to_be_visible()
    await expect(ada.get_by_role("timer")).to_be_visible()
    await grace.goto("/match")
    await fill_number(grace, "0421")
    await expect(grace.get_by_role("heading", name="You have found Ada")).to_be_visible()
    await expect(ada.get_by_role("heading", name="You have found Grace")).to_be_visible()
    await ada.get_by_role("link", name="Open the chat").click()
    await expect(ada.get_by_role("heading", name="Grace")).to_be_visible()

    for page in (ada, grace):
        await page.goto("/heart-link")
        await page.get_by_role("button", name="Find somebody who waits too").click()
    await ada.get_by_role("button", name="Yes").click()
    await expect(ada.get_by_text("You said yes. Waiting for Grace.")).to_be_visible()
    await grace.get_by_role("button", name="Yes").click()
    await expect(ada.get_by_role("link", name="Call")).to_be_visible()


async def find(page: Page, name: str) -> None:
    """Look for somebody to write to, of whom one knows nothing but the name."""
    await page.goto("/")
    await page.get_by_role("button", name="Write to somebody").click()
    await page.get_by_label("Name of somebody here").fill(name)


async def say_number(page: Page, number: str) -> None:
    await page.goto("/match")
    await fill_number(page, number)
    await expect(page.get_by_role("timer")).to_be_visible()


async def fill_number(page: Page, number: str) -> None:
    await page.get_by_label("Your four digits").fill(number)
    await page.get_by_role("button", name="Wait for the same number").click()

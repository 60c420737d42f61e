"""Finding, keeping and passing on what was said, and order in a chat, with two people on screen."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.chats import act, message, open_chat, post, say, two_people
from tests.browser.conftest import NewPage, Witness

pytestmark = pytest.mark.browser

# More than two pages of history.
EARLIER = 120


async def test_what_was_said_is_found_kept_and_passed_on(device: NewPage) -> None:
    ada, grace, room = await two_people(device, "find")
    said = f"/api/v1/chat/rooms/{room}/send"
    await post(grace, said, {"text": "The teapot stands in 会议室 2."})
    for number in range(EARLIER):
        await post(grace, said, {"text": f"Number {number}."})
    await open_chat(ada, room)
    await ada.get_by_role("button", name="To the newest message").click()
    await expect(message(ada, f"Number {EARLIER - 1}.")).to_be_in_viewport()
    await ada.get_by_role("button", name="Search in this chat").click()
    await ada.get_by_label("Words to look for").fill("会议")
    await ada.get_by_role("dialog").get_by_role("button", name="teapot").click()
    await expect(message(ada, "teapot")).to_be_in_viewport()
    await scroll_to_end(ada)
    await expect(message(ada, f"Number {EARLIER - 1}.")).to_be_in_viewport()
    await ada.get_by_role("button", name="Search in this chat").click()
    await ada.get_by_label("Words to look for").fill("teapot")
    await ada.get_by_role("dialog").get_by_role("button", name="teapot").click()

    await act(ada, "teapot", "Pin")
    await expect(message(ada, "teapot").get_by_text("Pinned")).to_be_attached()
    await act(ada, "teapot", "Forward")
    await ada.get_by_role("dialog").get_by_role("button", name="Tea").click()
    await open_chat(grace, room)
    await expect(message(grace, "Forwarded from Grace")).to_have_count(1)
    await choose(grace, "Pinned messages")
    await grace.get_by_role("dialog").get_by_role("button", name="teapot").click()
    await expect(message(grace, "teapot").first).to_be_in_viewport()

    async with grace.expect_download() as download:
        await choose(grace, "Take it away as JSON")
    taken = json.loads(Path(await (await download.value).path()).read_text("utf-8"))
    assert len(taken["messages"]) == EARLIER + 2


async def test_order_is_set_by_one_and_seen_by_the_other(device: NewPage, witness: Witness) -> None:
    ada, grace, room = await two_people(device, "order")
    await open_chat(ada, room)
    await open_chat(grace, room)
    await say(grace, "Something rude")
    await act(ada, "rude", "Report")
    await ada.get_by_label("What is wrong with it").fill("It is rude.")
    await ada.get_by_role("dialog").get_by_role("button", name="Report").click()
    await expect(ada.get_by_text("It was reported.")).to_be_visible()

    await choose(ada, "Order of this chat")
    await ada.get_by_label("Seconds between messages").fill("30")
    await ada.get_by_role("button", name="Save").click()
    await expect(grace.get_by_text("one message each 30 seconds")).to_be_visible()
    await choose(ada, "Order of this chat")
    await ada.get_by_label("Who writes here").select_option("moderators")
    await ada.get_by_role("button", name="Save").click()
    await expect(grace.get_by_text("Only moderators write here.")).to_be_visible()
    await expect(grace.get_by_label("Write a message")).to_have_count(0)

    await say(ada, "Nothing personal")
    await open_card(ada, "Grace")
    await ada.get_by_role("button", name="Block").click()
    await expect(ada.get_by_text("You take no direct messages")).to_be_visible()
    witness.forgive("/api/v1/chat/messages")
    await open_card(grace, "Ada")
    await grace.get_by_role("button", name="Write to them").click()
    await grace.get_by_label("Message to Ada").fill("Please hear me")
    await grace.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(grace.get_by_text("does not take messages from you")).to_be_visible()
    await ada.goto("/me")
    await ada.get_by_role("button", name="Unblock Grace").click()
    await expect(ada.get_by_role("region", name="Blocked people")).to_have_count(0)
    await grace.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(grace.get_by_role("heading", name="Ada")).to_be_visible()


async def choose(page: Page, name: str) -> None:
    """Choose from the menu of the chat."""
    await page.get_by_role("button", name="More about this chat").click()
    await page.get_by_role("menuitem", name=name).click()


async def open_card(page: Page, name: str) -> None:
    await page.get_by_role("button", name=f"About {name}").first.click()


async def scroll_to_end(page: Page) -> None:
    """As somebody does with a wheel: what comes below is there before they are."""
    await page.locator(".log").hover()
    end = page.get_by_role("button", name="To the newest message")
    while await end.count():
        await page.mouse.wheel(0, 2000)
        await page.evaluate("new Promise(requestAnimationFrame)")

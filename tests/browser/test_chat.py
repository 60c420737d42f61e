"""Two people chat, each in a browser of their own: what one does, the other sees."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.calls import join, make_host
from tests.browser.chats import act, message, open_chat, say, two_people
from tests.browser.conftest import NewPage

pytestmark = pytest.mark.browser


async def test_two_people_talk_and_see_what_the_other_does(device: NewPage) -> None:
    ada, grace, room = await two_people(device, "talk")
    await say_unseen(ada, room)
    await open_chat(grace, room)
    await expect(grace.locator(".unread-line")).to_be_visible()
    await expect(message(ada, "Is anybody there?").get_by_label("Read", exact=True)).to_be_visible()

    await grace.get_by_label("Write a message").press_sequentially("@A")
    await expect(ada.get_by_text("Grace is writing")).to_be_visible()
    await grace.keyboard.press("Enter")
    await grace.keyboard.type("I am.")
    await grace.keyboard.press("Enter")
    await expect(message(ada, "I am.").locator(".mention-mine")).to_have_text("@Ada")
    await expect(ada.locator(".log-frame [aria-live]")).to_have_text("Grace: @Ada I am.")

    await act(ada, "I am.", "React with 👍")
    reaction = message(grace, "I am.").get_by_role("button", name="👍, by Ada")
    await expect(reaction).to_have_attribute("aria-pressed", "false")
    await act(ada, "I am.", "Reply")
    await say(ada, "Then come in.")
    await message(grace, "Then come in.").locator(".quote").click()
    await expect(message(grace, "I am.").first).to_be_in_viewport()

    await act(ada, "Then come in.", "Edit")
    await say(ada, "Then come in at eight.")
    await expect(message(grace, "at eight").get_by_role("button", name="edited")).to_be_visible()
    await act(ada, "at eight", "Delete")
    await ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(message(grace, "This message was deleted.")).to_be_visible()


async def say_unseen(page: Page, room: str) -> None:
    await open_chat(page, room)
    await say(page, "Is anybody there?")
    await expect(message(page, "Is anybody there?").get_by_label("Sent")).to_be_visible()


async def test_the_same_chat_stands_beside_a_call(device: NewPage) -> None:
    ada, grace, room = await two_people(device, "beside")
    await open_chat(grace, room)
    await join(ada, room)
    await expect_unread(grace, ada, "Are you there?")
    # Read on another device, it is read here, too.
    elsewhere = await ada.context.new_page()
    await open_chat(elsewhere, room)
    await expect(ada.get_by_role("button", name="Chat", exact=True)).to_be_visible()
    await elsewhere.close()
    await expect_unread(grace, ada, "Hello?")
    await ada.keyboard.press("c")
    await expect(ada.get_by_role("button", name="Chat", exact=True)).to_be_visible()
    await say(ada, "Can you hear me?")
    await say(grace, "I only write.")
    await expect(message(ada, "I only write.")).to_be_visible()
    await expect(message(ada, "Can you hear me?").get_by_label("Read", exact=True)).to_be_visible()


async def expect_unread(writer: Page, caller: Page, words: str) -> None:
    await say(writer, words)
    badge = caller.get_by_role("button", name="Chat. 1 unread message.")
    await expect(badge).to_be_visible()


async def test_what_is_written_survives_an_outage_and_a_reload(device: NewPage) -> None:
    ada, grace, room = await two_people(device, "outage")
    await open_chat(grace, room)
    cut = await ada.context.new_page()
    await cut.route_web_socket("**/ws", lambda socket: socket.close())
    await open_chat(cut, room)
    await say(cut, "First, in the tunnel")
    await say(cut, "Second, in the tunnel")
    await expect(cut.get_by_text("Waits for the connection")).to_have_count(2)
    await cut.get_by_label("Write a message").fill("Half a th")
    await cut.close()

    await open_chat(ada, room)
    await expect(message(grace, "Second, in the tunnel")).to_have_count(1)
    await expect(message(grace, "First, in the tunnel")).to_have_count(1)
    await expect(message(ada, "in the tunnel")).to_have_count(2)
    await expect(ada.get_by_label("Write a message")).to_have_value("Half a th")


async def test_enter_that_ends_a_composition_sends_nothing(device: NewPage) -> None:
    ada = await device()
    room, _ = await make_host(ada, "compose-ada", "Ada", "Tea")
    await open_chat(ada, room)
    session = await ada.context.new_cdp_session(ada)
    field = ada.get_by_label("Write a message")
    await field.focus()
    composing = {"selectionStart": 2, "selectionEnd": 2, "text": "ni"}
    await session.send("Input.imeSetComposition", composing)
    await field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await session.send("Input.insertText", {"text": "你"})
    await expect(field).to_have_value("你")
    await expect(ada.locator(".message")).to_have_count(0)
    await field.press("Enter")
    await expect(message(ada, "你")).to_have_count(1)

"""Files and notes in a chat: chosen or recorded by one, looked at and listened to by the other."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.chats import message, open_chat, two_people
from tests.browser.conftest import NewPage, Witness

pytestmark = pytest.mark.browser

# Three pieces of 512 KiB, the last of them short.
LARGE = b"\x07" * 1_300_000

# A file from elsewhere, as a browser hands it over with a key or a pointer.
HAND_OVER = """
  (field, [event, name]) => {
    const held = new DataTransfer();
    held.items.add(new File(["from elsewhere"], name, { type: "text/plain" }));
    const how = { bubbles: true, cancelable: true, clipboardData: held, dataTransfer: held };
    const Handed = event === "paste" ? ClipboardEvent : DragEvent;
    field.dispatchEvent(new Handed(event, how));
  }
"""


async def test_an_upload_that_was_cut_at_half_goes_on_after_a_reload(
    device: NewPage, witness: Witness
) -> None:
    ada, grace, room = await two_people(device, "upload")
    await open_chat(grace, room)
    pieces = 0

    async def cut(route: Route) -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 1:
            await route.continue_()
        else:
            await route.fulfill(status=503, json={"error": {"code": "busy", "message": ""}})

    witness.forgive("/api/v1/files/")
    await ada.route("**/api/v1/files/*?offset=*", cut)
    await open_chat(ada, room)
    plan = {"name": "plan.bin", "mimeType": "application/octet-stream", "buffer": LARGE}
    await ada.locator("input[type=file]").set_input_files(plan)
    await ada.get_by_role("button", name="Send", exact=True).click()
    await expect(ada.get_by_text("524 kB / 1.3 MB")).to_be_visible()
    await ada.unroute_all()
    await ada.reload()
    card = message(grace, "plan.bin").get_by_role("link")
    await expect(card).to_have_count(1)
    whole = await grace.request.get(str(await card.get_attribute("href")))
    assert await whole.body() == LARGE
    await expect(message(ada, "plan.bin")).to_have_count(1)


async def test_notes_pictures_and_stickers_reach_the_other(device: NewPage) -> None:
    ada, grace, room = await two_people(device, "notes")
    await open_chat(grace, room)
    await open_chat(ada, room)
    picture = {"name": "plan.png", "mimeType": "image/png", "buffer": await ada.screenshot()}
    await ada.locator("input[type=file]").set_input_files(picture)
    await ada.get_by_label("Words below").fill("How it looks")
    await ada.get_by_role("button", name="Send", exact=True).click()
    await message(grace, "How it looks").get_by_role("button", name="Look at plan").click()
    shown = grace.get_by_role("dialog").get_by_role("img")
    await expect(shown).to_have_js_property("naturalWidth", 1280)
    await grace.keyboard.press("Escape")

    for event, name in (("paste", "pasted.txt"), ("drop", "dropped.txt")):
        await ada.get_by_label("Write a message").evaluate(HAND_OVER, [event, name])
        await ada.get_by_role("dialog").get_by_text(name).wait_for()
        await ada.get_by_role("button", name="Send", exact=True).click()
        await expect(message(grace, name)).to_be_visible()

    await ada.get_by_role("button", name="Record a voice note").click()
    await expect(ada.get_by_role("timer")).to_have_text("0:01")
    await ada.get_by_role("button", name="Send the note").click()
    await grace.get_by_role("button", name="Play").click()
    await expect(grace.get_by_role("button", name="Pause")).to_be_visible()
    peaks = "(wave) => Math.max(...[...wave.children].map((bar) => bar.height.baseVal.value))"
    assert await grace.locator(".voice .wave").evaluate(peaks) > 3

    await ada.get_by_role("button", name="Record a video note").click()
    await expect(ada.get_by_role("timer")).to_have_text("0:01")
    await ada.get_by_role("button", name="Send the note").click()
    video = grace.locator("video.video")
    await video.evaluate("(video) => void ((video.muted = true), video.play())")
    await expect(video).to_have_js_property("videoWidth", 1280)

    await ada.get_by_role("button", name="Emoji and stickers").click()
    await ada.get_by_role("button", name="Party").click()
    await expect(grace.get_by_role("img", name="Party")).to_be_visible()
    await ada.get_by_role("button", name="Emoji and stickers").click()
    await ada.get_by_label("Search emoji").fill("teapot")
    await ada.get_by_role("button", name="teapot").click()
    await expect(ada.get_by_label("Write a message")).to_have_value("🫖")

"""Calls in real browsers: people see and hear each other, and what they do is seen by all."""

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from signaling import protocol
from signaling.client import connect
from signaling.client.watching import Watcher
from tests.browser.calls import (
    Cuttable,
    come_in_as_guest,
    join,
    make_host,
    moves,
    tile,
    token_of_friend,
)
from tests.browser.conftest import NewPage, Served, Witness, make_invitation, register
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

    watcher = Watcher()
    token = await token_of_friend(address, link, "meet-bob")
    async with connect(address, token, watcher.take) as program:
        await program.enter(room)
        await program.watch()
        await program.publish(lambda: (Tone(), MovingBar()))
        await program.ask(protocol.MediaState(id=1000, microphone=True, camera=True))
        await moves(grace, "Meet-Bob")
        await moves(ada, "Meet-Bob")
        await expect(tile(ada, "Meet-Bob")).to_have_attribute("data-speaking", "true")
        async with asyncio.timeout(60):
            while {one.source for one in watcher.heard() if one.frames} < {"microphone", "camera"}:
                await asyncio.sleep(0.2)
        await watcher.close()

    # What one does is seen by the other.
    await ada.get_by_role("button", name="Mute microphone").click()
    await expect(tile(grace, "Ada").get_by_text("Muted:")).to_be_attached()
    await ada.keyboard.press("v")
    await expect(tile(grace, "Ada").get_by_text("Camera is off")).to_be_visible()
    await ada.keyboard.press("v")
    await moves(grace, "Ada")
    await ada.keyboard.press("r")
    await expect(tile(grace, "Ada").get_by_text("Hand raised")).to_be_attached()

    await ada.get_by_role("button", name="Show a gesture").click()
    await ada.get_by_role("button", name="Claps").click()
    await expect(grace.get_by_text("Ada: Claps")).to_be_visible()
    await ada.keyboard.press("d")
    await expect(ada.get_by_text("You are sharing your screen.")).to_be_visible()
    await moves(grace, "Screen of Ada", frames=1)
    await ada.keyboard.press("d")
    await expect(tile(grace, "Screen of Ada")).to_have_count(0)
    await grace.get_by_role("button", name="Pin Ada").click()
    await expect(grace.locator(".on-stage-main")).to_contain_text("Ada")
    await expect(ada.locator(".grid")).to_be_visible()
    await ada.keyboard.press("w")
    await expect(ada.locator(".on-stage-main")).to_contain_text("Grace")
    await ada.keyboard.press("w")
    await expect(ada.locator(".grid")).to_be_visible()

    await grace.get_by_role("button", name="Leave the call").click()
    await expect(grace.get_by_role("heading", name="You have left the call")).to_be_visible()
    await expect(tile(ada, "Grace")).to_have_count(0)
    await expect(ada.get_by_text("You are alone here.")).to_be_visible()


CHANGES = """
  window.changes = [];
  const set = CSSStyleDeclaration.prototype.setProperty;
  CSSStyleDeclaration.prototype.setProperty = function (name, value) {
    const last = window.changes.at(-1)?.value;
    if (name === "background-color" && value !== last) {
      window.changes.push({ value, at: performance.now() });
    }
    return set.call(this, name, value);
  };
"""
MOST_IN_A_SECOND = """
  Math.max(...window.changes.map(({ at }) =>
    window.changes.filter((one) => one.at > at && one.at <= at + 990).length))
"""


NOT_SAID = re.compile("Nothing could be told|Not passed")


async def test_a_challenge_is_explained_shown_and_may_be_refused(device: NewPage) -> None:
    ada, grace = await device(), await device()
    room, link = await make_host(ada, "dare-ada", "Ada", "Dare")
    await grace.add_init_script(CHANGES)
    await come_in_as_guest(grace, link, "Grace")
    await grace.get_by_label("I agree to be checked").check()
    await join(grace)
    await join(ada, room)
    await moves(ada, "Grace")
    await ada.keyboard.press("p")
    await ada.get_by_role("button", name="Moderate Grace").click()

    await ada.get_by_role("button", name="Check by movements").click()
    asked = grace.get_by_role("dialog", name="Show that a camera sees you")
    await expect(asked.get_by_text("A host of this call asks you for it.")).to_be_visible()
    await asked.get_by_role("button", name="Begin").click()
    await expect(asked.locator("[data-act]:not([data-act=ahead])")).to_be_visible()
    await grace.keyboard.press("Escape")
    await expect(asked).to_have_count(0)
    await expect(ada.get_by_text("Grace refused the challenge.")).to_be_visible()

    await ada.get_by_role("button", name="Check by light").click()
    await expect(asked.get_by_text("Your device asks for little motion.")).to_be_visible()
    await asked.get_by_role("button", name="Begin").click()
    # Nobody is in the fake picture, so nothing can be told from it; and nothing counts against her.
    await expect(asked.get_by_text("Nothing could be told")).to_be_visible()
    assert await grace.evaluate("window.changes.length") > 3
    assert await grace.evaluate(MOST_IN_A_SECOND) <= 3
    await asked.get_by_role("button", name="Close").click()
    await expect(ada.get_by_text("The challenge of Grace showed nothing")).to_be_visible()

    await ada.get_by_role("button", name="Check by a spoken code").click()
    await expect(asked.get_by_text("Some digits appear. Say them aloud")).to_be_visible()
    await asked.get_by_role("button", name="Refuse").click()
    await expect(asked).to_have_count(0)
    await ada.get_by_role("button", name="Check by a spoken code").click()
    await asked.get_by_role("button", name="Begin").click()
    await expect(asked.locator(".challenge-digits")).to_have_text(re.compile(r"^\d( \d)+$"))
    # The fake microphone beeps, which is no word.
    await expect(asked).to_have_attribute("data-at", "ended")
    await expect(asked.get_by_role("heading", name=NOT_SAID)).to_be_visible()


LABELS = "(video) => video.srcObject.getTracks().map((track) => track.label).join()"

# A beep is no speech; from now on, this microphone hums without a pause.
HUM = """
  MediaDevices.prototype.getUserMedia = async () => {
    const audio = new AudioContext();
    const end = audio.createMediaStreamDestination();
    const tone = new OscillatorNode(audio);
    tone.connect(end);
    tone.start();
    return end.stream;
  };
"""


async def test_who_is_looked_at_is_asked_before_and_may_take_it_back(device: NewPage) -> None:
    ada = await device()
    room, _ = await make_host(ada, "ask-ada", "Ada", "Ask")
    rules = {"consent_required": True, "seen_by": "everybody"}
    answer = await ada.request.put(f"/api/v1/rooms/{room}/detection", data=rules)
    assert answer.ok, await answer.text()
    await ada.goto(f"/call/{room}")
    await expect(ada.get_by_text("everybody in it can see the score")).to_be_visible()
    await expect(ada.get_by_role("button", name="Join the call")).to_be_disabled()
    await ada.get_by_label("I agree to be checked").check()
    await join(ada)
    standing = (await (await ada.request.get(f"/api/v1/rooms/{room}/detection")).json())[
        "detection"
    ]
    assert standing["consented"]
    # The fake camera shows a clock and a bar, and nobody.
    await expect(tile(ada, "Ada (you)").get_by_text("Unknown: no face")).to_be_visible()
    await ada.keyboard.press("s")
    await ada.get_by_label("I agree to be checked").click()
    await expect(ada.get_by_role("heading", name="You cannot join this call")).to_be_visible()


async def test_devices_are_changed_in_mid_call(device: NewPage) -> None:
    ada, grace = await device(), await device()
    room, link = await make_host(ada, "swap-ada", "Ada", "Swap")
    await come_in_as_guest(grace, link, "Grace")
    await join(grace)
    await join(ada, room)
    await moves(grace, "Ada")

    own = tile(ada, "Ada (you)").locator("video")
    assert await own.evaluate(LABELS) == "fake_device_0"
    await ada.keyboard.press("s")
    settings = ada.get_by_role("dialog", name="Settings")
    await settings.get_by_label("Camera", exact=True).select_option(label="fake_device_2")
    await settings.get_by_label("Microphone", exact=True).select_option(label="Fake Audio Input 2")
    await settings.get_by_label("Show my own picture").press("m")
    await settings.get_by_role("button", name="Close").click()
    await ada.wait_for_function(
        f"(video) => ({LABELS})(video) === 'fake_device_2'", arg=await own.element_handle()
    )
    await moves(grace, "Ada")
    await expect(tile(grace, "Ada")).to_have_attribute("data-speaking", "true")
    await expect(tile(grace, "Ada").get_by_text("Muted:")).to_have_count(0)

    await ada.keyboard.press("m")
    await ada.evaluate(HUM)
    await ada.keyboard.press("s")
    await settings.get_by_label("Microphone", exact=True).select_option(label="Fake Audio Input 1")
    await expect(ada.get_by_text("You are muted but speaking.")).to_be_visible()
    await settings.get_by_role("button", name="Close").click()
    await ada.get_by_role("button", name="Grace in a window of its own").click()
    await ada.wait_for_function("() => document.pictureInPictureElement !== null")


async def test_a_call_goes_on_after_a_cut_and_after_the_death_of_media(
    device: NewPage, served: Served, witness: Witness
) -> None:
    line = Cuttable(int(served.address.rpartition(":")[2]))
    async with line.listening() as through:
        witness.address = "http://127.0.0.1:"
        witness.forgiven += ["/api/"]
        ada, grace = await device(base_url=through), await device()
        room, link = await make_host(ada, "cut-ada", "Ada", "Cut")
        await come_in_as_guest(grace, link.replace(through, served.address), "Grace")
        await join(grace)
        await join(ada, room)
        await moves(ada, "Grace")

        line.cut()
        await expect(ada.get_by_text("The connection is cut.")).to_be_visible()
        await expect(ada.locator(".stage")).to_have_attribute("data-state", "in")
        await moves(ada, "Grace")
        await moves(grace, "Ada")

        os.kill(media_process_of(served.process_id), signal.SIGKILL)
        await expect(ada.get_by_text("are coming back")).to_be_visible()
        await expect(ada.get_by_text("are coming back")).to_have_count(0, timeout=60_000)
        await moves(ada, "Grace")
        await moves(grace, "Ada")

        await grace.reload()
        await join(grace)
        await moves(grace, "Ada")
        await moves(ada, "Grace")
        await ada.keyboard.press("p")
        await ada.get_by_role("button", name="End the call for all").click()
        for page in (ada, grace):
            await expect(page.get_by_role("heading", name="The call has ended")).to_be_visible()


def media_process_of(parent: int) -> int:
    """The process that forwards media for a Candor."""
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in children.read_text().split():
            if b"sfu" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise AssertionError("it has no media process")


async def test_who_waits_is_let_in_and_who_is_removed_is_out(
    device: NewPage, witness: Witness
) -> None:
    witness.forgive("/api/v1/")
    ada, grace = await device(), await device()
    room, link = await make_host(ada, "door-ada", "Ada", "Door")
    await join(ada, room)
    await ada.keyboard.press("p")
    await ada.get_by_label("Newcomers wait until they are let in").check()

    await grace.goto(link)
    await grace.get_by_label("Your name").fill("Grace")
    await grace.get_by_role("button", name="Come in as a guest").click()
    await expect(grace.get_by_role("heading", name="You are at the door")).to_be_visible()
    await expect(ada.get_by_role("heading", name="1 person waits at the door")).to_be_visible()
    await ada.get_by_role("button", name="Let in").click()
    await join(grace)
    await moves(ada, "Grace")

    await ada.get_by_role("button", name="Moderate Grace").click()
    await ada.get_by_role("button", name="Mute", exact=True).click()
    await expect(grace.get_by_text("A moderator has muted you.")).to_be_visible()
    await ada.get_by_role("button", name="Move to the waiting room").click()
    moved = grace.get_by_role("heading", name="You were moved to the waiting room")
    await expect(moved).to_be_visible()
    await expect(tile(ada, "Grace")).to_have_count(0)
    await grace.reload()
    await expect(moved).to_be_visible()
    await ada.get_by_role("button", name="Let in").click()
    await join(grace)
    await moves(ada, "Grace")

    await ada.get_by_role("button", name="Moderate Grace").click()
    await ada.get_by_role("button", name="Remove", exact=True).click()
    await expect(
        grace.get_by_role("heading", name="You were removed from the room")
    ).to_be_visible()
    await expect(tile(ada, "Grace")).to_have_count(0)


COUNT_TONES = """
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) {
    window.tones += 1;
    return start.call(this, at);
  };
"""


async def test_a_call_rings_on_every_page_until_it_is_answered(device: NewPage) -> None:
    ada, bob = await device(), await device()
    await register(ada, "ring-ada", "Ada")
    await make_room_of_kind(ada, "Ring", "group")
    link = await make_invitation(ada)
    rooms = await (await ada.request.get("/api/v1/rooms")).json()
    await register(bob, "ring-bob", "Bob")
    await bob.goto(link)
    await bob.get_by_role("button", name="Come in as Bob").click()
    await expect(bob.get_by_text("You belong to this room now.")).to_be_visible()
    other = await bob.context.new_page()
    await other.add_init_script(COUNT_TONES)
    await other.goto("/me")
    await other.get_by_role("heading", name="Profile", exact=True).click()
    await bob.goto("/")

    await join(ada, rooms["rooms"][0]["id"])
    await expect(ada.get_by_text("Ringing")).to_be_visible()
    await expect(other.get_by_text("Ada calls you")).to_be_visible()
    await other.wait_for_function("() => window.tones > 0")
    await bob.get_by_role("button", name="Answer").click()
    await expect(bob.locator(".stage")).to_have_attribute("data-state", "in")
    await expect(other.get_by_text("Ada calls you")).to_have_count(0)
    await moves(bob, "Ada")
    await moves(ada, "Bob")


async def make_room_of_kind(page: Page, title: str, kind: str) -> None:
    await page.get_by_label("Kind").select_option(kind)
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Make room").click()
    await expect(page.get_by_role("dialog", name=f"Invite to {title}")).to_be_visible()


REFUSE = """
  const refuse = async () => { throw new DOMException("", "%s"); };
  Object.defineProperty(MediaDevices.prototype, "getUserMedia", { value: refuse });
"""
HIDE = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"


async def test_the_lobby_says_what_is_missing_and_lets_in_all_the_same(device: NewPage) -> None:
    first = await device()
    room, _ = await make_host(first, "bare-ada", "Ada", "Bare")
    state = await first.context.storage_state()
    for script, words in (
        (REFUSE % "NotAllowedError", "not allowed. Press the sign on the left of the address"),
        (REFUSE % "NotFoundError", "There is no camera and no microphone."),
        (REFUSE % "NotReadableError", "Camera and microphone are in use elsewhere."),
        (HIDE, "Open Candor by an address that begins with https."),
    ):
        page = await device(storage_state=state)
        await page.add_init_script(script)
        await page.goto(f"/call/{room}")
        await expect(page.get_by_role("alert").get_by_text(words)).to_be_visible()
    await join(page)
    await expect(tile(page, "Ada (you)").get_by_text("Your camera is off")).to_be_visible()


async def test_the_pages_own_script_is_small_and_old_names_lead_here(device: NewPage) -> None:
    page = await device()
    room, _ = await make_host(page, "light-ada", "Ada", "Light")
    await page.goto(f"/tools/video-chat/{room}/")
    await join(page)
    assert page.url.endswith(f"/call/{room}")
    # What the browser kept from an earlier page counts as nothing in its own figures.
    loaded = await page.evaluate(
        "Promise.all(performance.getEntriesByType('resource').map((one) => one.name)"
        ".filter((name) => name.endsWith('.js') && !name.includes('/packages/'))"
        ".map((name) => fetch(name).then((got) => got.blob()).then((file) => file.size)))"
    )
    assert len(loaded) > 40
    assert 0 < sum(loaded) < 250_000

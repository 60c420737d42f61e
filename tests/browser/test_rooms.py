"""Rooms and invitations in a real browser: made, handed on, and entered by others."""

import re

import pytest
import segno
from playwright.async_api import expect

from tests.browser.conftest import (
    NewPage,
    Witness,
    make_invitation,
    make_room,
    register,
)

pytestmark = pytest.mark.browser

NOWHERE = "This invitation leads nowhere"


async def test_a_guest_comes_in_by_name_and_pin(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/auth/guest")
    host, guest = await device(), await device()
    await register(host, "host-of-guest")
    await make_room(host, "Monday planning")
    link = await make_invitation(host, pin="4711")
    await guest.goto(link)
    await expect(guest.get_by_role("heading", name="Monday planning")).to_be_visible()
    await guest.get_by_label("Your name").fill("Grace")
    await guest.get_by_label("PIN").fill("1234")
    await guest.get_by_role("button", name="Come in as a guest").click()
    await expect(guest.get_by_role("alert")).to_contain_text("The PIN is wrong.")
    await expect(guest.get_by_label("PIN")).to_be_focused()

    await guest.get_by_label("PIN").fill("4711")
    await guest.get_by_role("button", name="Come in as a guest").click()

    await expect(guest.get_by_text("You are here as Grace")).to_be_visible()
    await expect(guest.get_by_text("You belong to this room now.")).to_be_visible()
    await expect(guest.get_by_role("link", name="Join the call")).to_be_visible()
    await guest.reload()
    await expect(guest.get_by_text("You are here as Grace")).to_be_visible()
    await guest.get_by_role("link", name="To my rooms").click()
    await expect(guest.get_by_role("heading", name="Monday planning")).to_be_visible()
    await expect(guest.get_by_role("button", name="Make room")).to_have_count(0)
    await guest.get_by_role("link", name="My profile").click()
    await expect(guest.get_by_role("list", name="Tags")).to_contain_text("Guest")
    await expect(guest.get_by_role("button", name="Save")).to_have_count(0)


async def test_an_account_joins_and_finds_the_room_again(device: NewPage) -> None:
    host, friend = await device(), await device()
    await register(host, "host-of-friend")
    await make_room(host, "Book club")
    link = await make_invitation(host)
    await register(friend, "friend-joins", "Friend")
    await friend.get_by_label("Invitation link or code").fill(link.rpartition("/")[2].upper())
    await friend.get_by_role("button", name="Open the invitation").click()
    await friend.get_by_role("button", name="Come in as Friend").click()
    await expect(friend.get_by_text("You belong to this room now.")).to_be_visible()
    await friend.goto("/")
    await expect(friend.get_by_role("heading", name="Book club")).to_be_visible()
    # Only the owner and the moderators invite.
    await expect(friend.get_by_role("button", name="Invite to Book club")).to_have_count(0)


async def test_signing_in_on_the_way_leads_back_to_the_invitation(device: NewPage) -> None:
    host, friend = await device(), await device()
    await register(host, "host-on-way")
    await make_room(host, "Detour")
    link = await make_invitation(host)
    await friend.goto(link)
    await friend.get_by_role("link", name="Make an account").click()
    await friend.get_by_label("Name", exact=True).fill("friend-on-way")
    await friend.get_by_label("Password", exact=True).fill("correct horse battery")
    await friend.get_by_role("button", name="Make an account").click()
    await expect(friend.get_by_role("button", name="Come in as friend-on-way")).to_be_visible()
    assert friend.url == link


async def test_an_invitation_that_was_used_up_says_so(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/invitations/")
    host, first, second = await device(), await device(), await device()
    await register(host, "host-of-one")
    await make_room(host, "Tête-à-tête")
    link = await make_invitation(host, uses=1)
    await first.goto(link)
    await first.get_by_label("Your name").fill("First")
    await first.get_by_role("button", name="Come in as a guest").click()
    await expect(first.get_by_text("You belong to this room now.")).to_be_visible()
    await second.goto(link)
    await expect(second.get_by_role("heading", name=NOWHERE)).to_be_visible()
    await expect(second.get_by_text("has expired or was used up")).to_be_visible()


async def test_a_closed_invitation_leads_nowhere(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/invitations/")
    host, late = await device(), await device()
    await register(host, "host-closes")
    await make_room(host, "Closed")
    link = await make_invitation(host)
    dialog = host.get_by_role("dialog")
    rows = dialog.get_by_role("listitem")
    await expect(rows).to_have_count(1)
    await dialog.get_by_role("button", name="Close invitation").click()
    await expect(dialog.get_by_text("No invitation is open.")).to_be_visible()
    await late.goto(link)
    await expect(late.get_by_role("heading", name=NOWHERE)).to_be_visible()


async def test_a_code_that_nobody_made_leads_nowhere(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/invitations/")
    page = await device()
    await page.goto("/")
    field = page.get_by_label("Invitation link or code")
    await field.fill("???")
    await page.get_by_role("button", name="Open the invitation").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is no code in this.")
    await field.fill("nobodymade2this")
    await page.get_by_role("button", name="Open the invitation").click()
    await expect(page.get_by_text("There is no such invitation.")).to_be_visible()


async def test_invitations_survive_a_reload_and_escape_gives_the_focus_back(
    device: NewPage,
) -> None:
    page = await device()
    await register(page, "host-reloads")
    await make_room(page, "Kept")
    link = await make_invitation(page, pin="99")
    await page.reload()
    button = page.get_by_role("button", name="Invite to Kept")
    await button.focus()
    await page.keyboard.press("Enter")
    row = page.get_by_role("dialog").get_by_role("listitem")
    await expect(row).to_contain_text(link.rpartition("/")[2])
    await expect(row).to_contain_text("for 10 more people")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()


async def test_the_link_is_copied(device: NewPage) -> None:
    page = await device(permissions=["clipboard-read", "clipboard-write"])
    await register(page, "host-copies")
    await make_room(page, "Copied")
    link = await make_invitation(page)
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("dialog").get_by_text("The link is copied.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == link
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/i/[a-z0-9]{10}", link)


@pytest.mark.parametrize("length", [1, 14, 15, 38, 84, 106, 107, 152, 180, 213])
async def test_qr_codes_are_those_of_another_encoder(
    device: NewPage, address: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # segno adds eight bits of padding where none are missing; readers do not mind, equality does.
    monkeypatch.setattr(
        "segno.encoder.write_padding_bits",
        lambda buffer, _version, bits: buffer.extend([0] * (-bits % 8)),
    )
    text = (address + "/i/" + "abcdefgh23456789" * 14)[:length]
    page = await device()
    await page.goto("/login")
    drawn = await page.evaluate(
        "async (text) => (await import('/static/js/qr.js')).qrMatrix(text)", text
    )
    candidates = [
        segno.make_qr(text, error="m", mode="byte", mask=mask, boost_error=False).matrix
        for mask in range(8)
    ]
    assert drawn in [[[bool(cell) for cell in row] for row in one] for one in candidates]


async def test_a_text_too_long_for_a_qr_code_is_an_error(device: NewPage) -> None:
    page = await device()
    await page.goto("/login")
    refused = await page.evaluate(
        "async () => { const { qrMatrix } = await import('/static/js/qr.js');"
        "try { qrMatrix('a'.repeat(214)); return null; } catch (error) { return error.name; } }"
    )
    assert refused == "RangeError"


async def test_the_room_of_an_invitation_is_text_and_never_markup(device: NewPage) -> None:
    host, guest = await device(), await device()
    await register(host, "host-markup")
    title = "<img src=x onerror=alert(1)>"
    await make_room(host, title)
    await guest.goto(await make_invitation(host))
    await expect(guest.get_by_role("heading", name=title)).to_be_visible()
    await expect(guest.locator("main img")).to_have_count(0)

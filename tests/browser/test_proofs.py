"""Somebody proves in mid-call that an account is theirs, by what they set up before."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from signaling.auth import totp
from tests.browser.calls import join, make_host, moves, tile
from tests.browser.conftest import PASSWORD, NewPage, Witness, register
from tests.browser.test_everywhere import serious

pytestmark = pytest.mark.browser


async def set_up_app(page: Page) -> bytes:
    """Under one's profile, as people do; the secret that the app has now."""
    await page.goto("/me")
    card = page.get_by_role("region", name="Authenticator app")
    await card.get_by_label("Your password").fill(PASSWORD)
    await card.get_by_role("button", name="Set up an app").click()
    await expect(card.get_by_role("img", name="The key as a QR code")).to_be_visible()
    written = await card.locator("[data-secret]").get_attribute("data-secret")
    assert written is not None
    secret = base64.b32decode(written)
    await card.get_by_label("Code that the app shows").fill(code_of(secret))
    await card.get_by_role("button", name="Confirm").click()
    await expect(card.get_by_role("listitem")).to_have_count(10)
    assert await serious(page) == []
    await card.get_by_role("button", name="I have kept them").click()
    await expect(card.get_by_text("10 recovery codes are left.")).to_be_visible()
    return secret


async def make_passkey(page: Page) -> None:
    """With an authenticator of the browser's own, whose owner is always there."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": True}
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    card = page.get_by_role("region", name="Passkeys")
    await card.get_by_label("Name of this passkey").fill("laptop")
    await card.get_by_label("Your password").fill(PASSWORD)
    await card.get_by_role("button", name="Make a passkey").click()
    await expect(card.get_by_role("listitem").filter(has_text="laptop")).to_be_visible()


def code_of(secret: bytes, later: timedelta = timedelta()) -> str:
    return totp.code_of(secret, totp.step_at(datetime.now(UTC) + later))


async def test_an_account_is_proved_in_mid_call(
    device: NewPage, address: str, witness: Witness
) -> None:
    # Browsers have passkeys for names, and not for addresses.
    witness.address = address.replace("127.0.0.1", "localhost")
    ada, grace = [await device(base_url=witness.address) for _ in range(2)]
    room, link = await make_host(ada, "proof-ada", "Ada", "Proof")
    await register(grace, "proof-grace", "Grace")
    secret = await set_up_app(grace)
    await make_passkey(grace)
    await grace.goto(link)
    await grace.get_by_role("button", name="Come in as Grace").click()
    await join(grace, room)
    await join(ada, room)
    await moves(ada, "Grace")
    await ada.keyboard.press("p")
    await ada.get_by_role("button", name="Moderate Grace").click()
    ask = ada.get_by_role("button", name="Ask to prove the account")
    asked = grace.get_by_role("dialog", name="Prove that this account is yours")
    mark = tile(ada, "Grace").locator(".proof")

    await ask.click()
    await expect(asked.get_by_text("Ada, a host of this call, asks you for it.")).to_be_visible()
    await expect(mark).to_have_text("Asked")
    assert await serious(grace) == []
    await asked.get_by_label("Code of your authenticator app").fill("000")
    await asked.get_by_role("button", name="Prove it").click()
    await expect(asked.get_by_text("The code is wrong")).to_be_visible()
    # That of this moment was used to set the app up.
    next_code = code_of(secret, totp.STEP)
    await asked.get_by_label("Code of your authenticator app").fill(next_code)
    await asked.get_by_role("button", name="Prove it").click()
    await expect(asked.get_by_text("Your account is proved")).to_be_visible()
    await expect(mark).to_have_text("Account proved")
    words = ada.get_by_text("Proved account proof-grace by authenticator app at")
    await expect(words).to_be_visible()
    await asked.get_by_role("button", name="Close", exact=True).last.click()

    await ask.click()
    await asked.get_by_role("button", name="Use a passkey").click()
    await expect(asked.get_by_text("Your account is proved")).to_be_visible()
    await expect(ada.get_by_text("Proved account proof-grace by passkey at")).to_be_visible()
    await asked.get_by_role("button", name="Close", exact=True).last.click()

    await ask.click()
    await asked.get_by_role("button", name="Refuse").click()
    await expect(mark).to_have_text("Refused")
    await grace.goto("/me")
    await expect(words).to_have_count(0)
    await expect(mark).to_have_count(0)

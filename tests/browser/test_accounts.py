"""Accounts in a real browser: made, changed, used on two devices, left."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import PASSWORD, NewPage, Witness, register, sign_in
from tests.browser.test_everywhere import serious
from tests.pictures import png

pytestmark = pytest.mark.browser

BIO = "First line\nand <b>"


async def save_profile(page: Page, **values: str) -> None:
    for label, value in values.items():
        await page.get_by_label(label.replace("_", " ")).fill(value)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your profile is saved.")).to_be_visible()


async def test_a_profile_is_kept(device: NewPage) -> None:
    page = await device()
    await register(page, "ada-keeps", "Ada")
    await page.get_by_role("link", name="My profile").click()
    await save_profile(page, Shown_name="Countess", Real_name="Ada King", About_me=BIO)
    await expect(page.get_by_role("heading", name="Countess")).to_be_visible()
    async with page.expect_response("**/api/v1/me"):
        await page.get_by_label("Others find me").uncheck()

    await page.reload()

    await expect(page.get_by_label("Others find me")).not_to_be_checked()

    await expect(page.get_by_label("Shown name")).to_have_value("Countess")
    await expect(page.get_by_label("Real name")).to_have_value("Ada King")
    await expect(page.get_by_label("About me")).to_have_value(BIO)
    await expect(page.get_by_text("Signs in as ada-keeps")).to_be_visible()
    await expect(page.get_by_role("list", name="Tags")).to_contain_text("New here")


async def test_a_large_picture_becomes_an_avatar_and_can_be_removed(
    device: NewPage, tmp_path: Path
) -> None:
    picture = tmp_path / "me.png"
    picture.write_bytes(png(3000, 2000))
    page = await device()
    await register(page, "ada-picture")
    await page.goto("/me")
    own = page.get_by_role("region", name="Who you are here").locator("img")
    await expect(own).to_have_count(0)

    await page.get_by_label("Choose a picture").set_input_files(picture)

    await expect(page.get_by_text("Your new picture is here.")).to_be_visible()
    await page.reload()
    await expect(own).to_have_js_property("naturalWidth", 256)
    await expect(page.get_by_role("banner").locator("img")).to_have_js_property("naturalWidth", 256)
    await page.get_by_role("button", name="Remove picture").click()
    await expect(page.get_by_text("Your picture is gone.")).to_be_visible()
    await expect(own).to_have_count(0)


async def test_what_is_no_picture_is_refused_in_words(
    device: NewPage, witness: Witness, tmp_path: Path
) -> None:
    witness.forgive("/api/v1/me/avatar")
    fake = tmp_path / "fake.png"
    fake.write_bytes(b"this is no picture")
    page = await device()
    await register(page, "ada-fake")
    await page.goto("/me")
    await page.get_by_label("Choose a picture").set_input_files(fake)
    await expect(page.get_by_role("alert")).to_contain_text("Choose a PNG, JPEG, WebP or GIF.")


async def test_a_session_that_another_device_ends_is_out(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/me")
    first, second = await device(), await device()
    await register(first, "ada-twice")
    await sign_in(second, "ada-twice")
    await expect(second.get_by_role("heading", name="Hello, ada-twice")).to_be_visible()
    await second.goto("/me")
    rows = second.get_by_role("region", name="Devices and sessions").get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(rows.filter(has_text="This device")).to_have_count(1)
    await expect(rows.filter(has_text="127.0.0.1")).to_have_count(2)

    await second.get_by_role("button", name="End the session of Chrome on Linux").click()

    await expect(second.get_by_text("That device is signed out.")).to_be_visible()
    await expect(rows).to_have_count(1)
    await first.reload()
    await expect(first.get_by_text("Your session has ended. Sign in again.")).to_be_visible()
    await expect(first.get_by_role("link", name="My profile")).to_have_count(0)
    await second.reload()
    await expect(rows).to_have_count(1)


async def test_another_password_ends_all_other_sessions(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/")
    first, second = await device(), await device()
    await register(first, "ada-password")
    await sign_in(second, "ada-password")
    await expect(second.get_by_role("heading", name="Hello, ada-password")).to_be_visible()
    await second.goto("/me")
    card = second.get_by_role("region", name="Password")
    await card.get_by_label("Password now").fill("not my password")
    await card.get_by_label("New password", exact=True).fill("another horse battery")
    await card.get_by_role("button", name="Change password").click()
    await expect(card.get_by_role("alert")).to_contain_text("Name or password is wrong.")
    await expect(card.get_by_label("Password now")).to_be_focused()

    await card.get_by_label("Password now").fill(PASSWORD)
    await card.get_by_role("button", name="Change password").click()

    await expect(second.get_by_text("The password is changed.")).to_be_visible()
    await first.reload()
    await expect(first.get_by_text("Your session has ended.")).to_be_visible()
    await sign_in(first, "ada-password", "another horse battery")
    await expect(first.get_by_role("heading", name="Hello, ada-password")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("en-US", "Name or password is wrong. Try again."), ("zh-CN", "用户名或密码错误，请重试。")],
)
async def test_a_wrong_password_is_said_in_ones_language(
    device: NewPage, witness: Witness, locale: str, sentence: str
) -> None:
    witness.forgive("/api/v1/auth/login")
    page = await device(locale=locale)
    await page.goto("/login")
    await page.locator("input[name=name]").fill("nobody-at-all")
    await page.locator("input[name=password]").fill("wrong horse battery")
    await page.locator("form button[type=submit]").click()
    await expect(page.get_by_role("alert")).to_have_text(sentence)
    assert page.url.endswith("/login")


async def test_a_taken_name_is_blamed_on_its_field(device: NewPage, witness: Witness) -> None:
    witness.forgive("/api/v1/auth/register")
    first, second = await device(), await device()
    await register(first, "ada-only")
    await second.goto("/register")
    name = second.get_by_label("Name", exact=True)
    await name.fill("Ada-Only")
    await second.get_by_label("Password", exact=True).fill(PASSWORD)
    await second.get_by_role("button", name="Make an account").click()
    await expect(second.get_by_role("alert")).to_contain_text("This name is taken")
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(name).to_be_focused()
    await expect(name).to_have_value("Ada-Only")


async def test_a_theme_goes_with_the_person_to_every_device(device: NewPage) -> None:
    first, second = await device(), await device()
    await register(first, "ada-theme")
    await first.goto("/me")
    await first.get_by_role("radio", name="Fury").check()
    html = first.locator("html")
    await expect(html).to_have_attribute("data-theme-mode", "fury")
    fury = await first.evaluate("getComputedStyle(document.body).color")

    await sign_in(second, "ada-theme")

    await expect(second.locator("html")).to_have_attribute("data-theme-mode", "fury")
    assert await second.evaluate("getComputedStyle(document.body).color") == fury
    await second.goto("/me")
    await expect(second.get_by_role("radio", name="Fury")).to_be_checked()


async def test_being_remembered_from_call_to_call_takes_the_password_and_one_press_to_end(
    device: NewPage,
) -> None:
    page = await device()
    await register(page, "ada-kept")
    await page.goto("/me")
    card = page.get_by_role("region", name="Face and voice from call to call")
    await card.get_by_label("Your password").fill(PASSWORD)
    await card.get_by_role("button", name="Agree to be remembered").click()
    await expect(card.get_by_text("Your face is learned in your next call")).to_be_visible()
    assert await serious(page) == []
    await card.get_by_role("button", name="Forget my face and voice").click()
    await expect(card.get_by_role("button", name="Agree to be remembered")).to_be_visible()


async def test_a_language_is_remembered(device: NewPage) -> None:
    page = await device()
    await page.goto("/login")
    await page.get_by_label("Language").select_option("中文")
    await expect(page.get_by_role("heading", name="登录")).to_be_visible()
    await page.goto("/register")
    await expect(page.get_by_role("heading", name="注册账号")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page).to_have_title("注册账号 · Candor")


async def test_signing_out_leaves_nothing_open(device: NewPage) -> None:
    page = await device()
    await register(page, "ada-leaves")
    await page.goto("/me")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="A place of your own to meet")).to_be_visible()
    assert await page.context.cookies() == []
    await page.goto("/me")
    await expect(page).to_have_url(re.compile(r"/login\?next=%2Fme$"))
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_after_signing_in_one_is_where_one_wanted_to_be(device: NewPage) -> None:
    page = await device()
    await register(page, "ada-next")
    await forget(page)
    for wanted, reached in (("%2Fme", "/me"), ("%2F%2Fexample.org%2F", "/"), ("javascript:1", "/")):
        await page.goto(f"/login?next={wanted}")
        await page.get_by_label("Name", exact=True).fill("ada-next")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="My profile").wait_for()
        assert await page.evaluate("location.pathname") == reached
        await forget(page)


async def forget(page: Page) -> None:
    """Be a stranger again; the page is left first, or it would ask on without its cookie."""
    await page.evaluate("localStorage.clear()")
    await page.goto("about:blank")
    await page.context.clear_cookies()


async def test_scripts_see_no_token(device: NewPage) -> None:
    page = await device()
    bodies: list[str] = []

    async def keep(route: Route) -> None:
        response = await route.fetch()
        bodies.append(await response.text())
        await route.fulfill(response=response)

    await page.route("**/api/v1/auth/register", keep)
    await register(page, "ada-secret")
    assert "user_id" in bodies[0]
    assert "token" not in bodies[0].replace('"token_type":"Bearer"', "")
    assert await page.evaluate("document.cookie") == ""
    assert "token" not in await page.evaluate("JSON.stringify(localStorage)")


async def test_an_account_is_made_with_the_keyboard_alone(device: NewPage) -> None:
    page = await device()
    await page.goto("/")
    await page.get_by_role("heading", name="A place of your own to meet").wait_for()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Make an account")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Make an account").wait_for()
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.name") == "name":
            break
    await page.keyboard.type("ada-keys")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Hello, ada-keys")).to_be_visible()


async def test_a_server_that_does_not_answer_is_said_and_nothing_typed_is_lost(
    device: NewPage, witness: Witness
) -> None:
    page = await device()
    await page.goto("/login")
    await page.get_by_label("Name", exact=True).fill("ada-offline")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("ada-offline")
    assert witness.problems
    assert all("ERR_INTERNET_DISCONNECTED" in problem for problem in witness.problems)
    witness.problems.clear()


async def test_an_open_page_tells_that_its_session_was_ended_and_keeps_what_was_typed(
    device: NewPage, witness: Witness
) -> None:
    witness.forgive("/api/v1/me/presence")
    first, second = await device(), await device()
    await first.clock.install()
    await register(first, "ada-open")
    await first.goto("/me")
    await first.get_by_label("About me").fill("half a sentence")
    await sign_in(second, "ada-open")
    await expect(second.get_by_role("heading", name="Hello, ada-open")).to_be_visible()
    await second.goto("/me")
    await second.get_by_role("button", name="End all others").click()
    await expect(second.get_by_text("All other sessions have ended.")).to_be_visible()

    await first.clock.fast_forward("00:31")

    await expect(first.get_by_role("alert")).to_contain_text("Your session has ended.")
    await expect(first.get_by_label("About me")).to_have_value("half a sentence")


async def test_a_page_whose_server_is_away_says_so_and_opens_later(
    device: NewPage, witness: Witness
) -> None:
    page = await device()
    await page.route("**/api/v1/who-am-i", lambda route: route.abort())
    await page.goto("/")
    await expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    await page.unroute("**/api/v1/who-am-i")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="A place of your own to meet")).to_be_visible()
    assert witness.problems
    assert all("ERR_FAILED" in problem for problem in witness.problems)
    witness.problems.clear()

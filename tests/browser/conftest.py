"""A Candor as people start it, and browsers that witness everything that goes wrong on a page."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

# Chromium without a desk to put windows on, where it is installed: a new device costs it a fifth.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
PASSWORD = "correct horse battery"
CLOSES_WITHIN_S = 30
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    # Cameras that show a clock (the second one only depths) ten times a second, which is half the
    # work of their own twenty; microphones that beep; and nobody who has to allow them.
    "--use-fake-device-for-media-stream=device-count=3,fps=10",
    "--use-fake-ui-for-media-stream",
)
STOP_S = 15

NewPage = Callable[..., Awaitable[Page]]

# Shared machines stand still now and then: what is waited for is a condition, and never a time.
PATIENCE_MS = 45_000

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing in this folder may run where no browser was asked for."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            assert item.get_closest_marker("browser"), f"{item.nodeid} is not marked as browser"
            # A browser belongs to the loop that started it, and one serves them all.
            if isinstance(item, pytest.Function) and iscoroutinefunction(item.function):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass(frozen=True)
class Served:
    """A Candor that runs, and its process."""

    address: str
    encrypted_address: str
    process_id: int


@pytest.fixture(scope="session")
def address(served: Served) -> str:
    """Where a Candor of our own answers, on an empty data folder."""
    return served.address


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A Candor as people start it."""
    with serving() as served:
        yield served


@contextmanager
def serving(*settings: str, **environment: str) -> Iterator[Served]:
    """A Candor on an empty data folder, with settings as on its command line."""
    command = Path(sys.executable).with_name("candor")
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryFile() as log:
        ports = ["--port", "0", "--https-port", "0", "--media-port", "0"]
        process = subprocess.Popen(
            [command, "serve", "--dev", *ports, *settings, "--data", data, "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **environment},
        )
        try:
            ready = _ready(process, log)
            yield Served(ready["http"], ready["https"], process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=STOP_S)
            assert process.returncode == 0, "Candor did not stop as it should"


def _ready(process: subprocess.Popen[bytes], log: Any) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event.get("event") == "ready":
            return event
    log.seek(0)
    raise AssertionError(f"Candor did not start: {log.read().decode()}")


@dataclass
class Witness:
    """Notes what must not happen on any page; `forgive` names the refusals that a test provokes."""

    address: str
    problems: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def forgive(self, *paths: str) -> None:
        """A refused request to one of these paths is what the test is about."""
        self.forgiven += paths

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"thrown: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        source = message.location.get("url", "")
        refused = message.text.startswith("Failed to load resource: the server responded")
        if refused and any(path in source for path in self.forgiven):
            return
        self.problems.append(f"{message.type}: {message.text} ({source})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"another host: {request.url}")


@pytest.fixture
def witness(address: str) -> Iterator[Witness]:
    """Fails the test at its end if a page complained or called another host."""
    found = Witness(address)
    yield found
    assert found.problems == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSES_WITHIN_S):
                await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def device(chromium: Browser, address: str, witness: Witness) -> AsyncIterator[NewPage]:
    """Makes somebody's device: a page with cookies and memory of its own."""
    contexts = []

    async def made(**options: Any) -> Page:
        context = await chromium.new_context(
            **{"base_url": address, "locale": "en-US", "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        witness.watch(context)
        return await context.new_page()

    yield made
    for context in contexts:
        # Chromium once never said that a context had closed; it goes with the browser, too.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSES_WITHIN_S):
                await context.close()


async def register(page: Page, name: str, nickname: str = "") -> None:
    """Make an account the way people do, and arrive at one's rooms."""
    await page.goto("/register")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Shown name").fill(nickname)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Make an account").click()
    await expect(page.get_by_role("heading", name=f"Hello, {nickname or name}")).to_be_visible()


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the door's form and press its button."""
    await page.goto("/login")
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def make_room(page: Page, title: str) -> None:
    """Make a room; its invitations are open afterwards."""
    await page.goto("/")
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Make room").click()
    await expect(page.get_by_role("dialog", name=f"Invite to {title}")).to_be_visible()


async def make_invitation(page: Page, pin: str = "", uses: int = 10) -> str:
    """Make an invitation in the open dialog; its link."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("For how many people").fill(str(uses))
    await dialog.get_by_label("PIN").fill(pin)
    await dialog.get_by_role("button", name="Make the invitation").click()
    return await dialog.get_by_label("Link to send").input_value()

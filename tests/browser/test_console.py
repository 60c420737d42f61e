"""The operators' console: live with ten people, an alert through its life, and files opened again.

The people are simulated where detection hands over its scores; everything behind that is as it is.
"""

import asyncio
import csv
import io
import json
import wave
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
import pytest_asyncio
from click.testing import CliRunner
from PIL import Image
from playwright.async_api import Page, expect

from detection import Captured, Evidence, Outcome, Record, Scored, State, judge
from detection.fusion import Reason
from signaling import calls
from signaling.app import Candor, open_candor
from signaling.commands import main
from signaling.config import Config
from signaling.http.server import listen
from signaling.media import Participant
from signaling.risk.consent import VERSION
from signaling.store import events
from tests.browser.conftest import PATIENCE_MS, NewPage, sign_in
from tests.browser.test_call_screens import everywhere
from tests.client import PASSWORD, Client

pytestmark = pytest.mark.browser

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal", "Ida", "Jon")
SOURCES = {"0": "microphone", "1": "camera"}


@pytest_asyncio.fixture(loop_scope="session")
async def candor(config: Config, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Candor]:
    """A Candor of the test's own, in its process and beside its browser."""
    # Nobody answers the call that people are in here, however long a test takes.
    monkeypatch.setattr(calls, "RINGING", timedelta(hours=1))
    async with open_candor(config) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def address(candor: Candor) -> AsyncIterator[str]:
    async with listen(candor, None) as listening:
        yield listening.http


class Cast:
    """Ten people in a call, whose scores are what the test says."""

    def __init__(self, candor: Candor, room: str, identities: dict[str, str]) -> None:
        self._candor = candor
        self.room = room
        self.identities = identities

    def say(self, name: str, risk: float, confidence: float = 0.7) -> None:
        """What detection finds out about somebody."""
        record = Record(100.0, (), State.UNKNOWN)
        state = State.LIKELY_SYNTHETIC if risk >= 0.8 else State.SUSPICIOUS
        why = (Reason("light", "whole_picture_follows", "", 1.5, 2.0, 0),)
        score = msgspec.structs.replace(
            judge(record),
            state=state if risk >= 0.6 else State.NO_SIGN,
            why="",
            risk=risk,
            confidence=confidence,
            age_s=2.0,
            reasons=why if risk >= 0.6 else (),
        )
        self._candor.watching.board.hear(Scored(self.room, self.identities[name], score, record))

    async def connected(self, name: str) -> None:
        """Return once a page of theirs has said hello: nobody else can be told anything."""
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not self._candor.attendance.is_here(self.identities[name]):
                await asyncio.sleep(0.05)

    def convict(self, name: str) -> None:
        """What detection says of somebody against whom three signals speak."""
        record = Record(100.0, AGAINST)
        told = Scored(self.room, self.identities[name], judge(record), record)
        self._candor.watching.board.hear(told)


FOLLOWED = {
    "chance": 0.62,
    "forehead amplitude": 0.012,
    "forehead correlation": 0.31,
    "nose amplitude": 0.034,
    "nose correlation": 0.86,
    "background amplitude": 0.001,
    "background correlation": 0.05,
}
AGAINST = tuple(
    Evidence(signal, "1", 98.0, outcome, ratio, 1.0, reason, reason, measured, models, "")
    for signal, outcome, ratio, reason, measured, models in (
        ("quality", Outcome.OBSERVED, 0.0, "good", {}, ()),
        ("light", Outcome.FAILED, 2.5, "light_no_longer_followed", FOLLOWED, ()),
        ("learned.probe", Outcome.OBSERVED, 1.2, "looks_made", {}, ("probe 1 " + "ab" * 32,)),
        ("voice", Outcome.OBSERVED, 1.5, "another_voice", {}, ()),
        ("face", Outcome.OBSERVED, 0.8, "another_face", {}, ()),
    )
)


@pytest_asyncio.fixture(loop_scope="session")
async def cast(candor: Candor, address: str) -> AsyncIterator[Cast]:
    await candor.accounts.create("olga", PASSWORD, "administrator")
    async with Client(address) as client:
        people = {name: await client.register(name.lower(), nickname=name) for name in NAMES}
        made = await people["Ada"].post("/api/v1/rooms", {"title": "Board", "kind": "meeting"})
        room = made.body["id"]
        invited = await people["Ada"].post(f"/api/v1/rooms/{room}/invitations", {"uses": 10})
        for person in people.values():
            await person.post(f"/api/v1/invitations/{invited.body['code']}/accept")
        started = await people["Ada"].post("/api/v1/calls/start", {"room": room, "medium": "video"})
        assert started.status == 200, started
        identities = {}
        for name, person in people.items():
            me = (await person.get("/api/v1/me")).body["id"]
            identities[name] = me
            who = Participant(room, me)
            await candor.watching.consents.say(who, VERSION)
            await candor.watching.looking.published(f"session-{name}", who, SOURCES)
        said = {"room_id": room, "text": "Buy my coins", "client_id": "k1"}
        message = (await people["Ada"].post("/api/v1/chat/messages", said)).body["message"]["id"]
        await people["Ada"].post(f"/api/v1/chat/messages/{message}/report", {"reason": "A test."})
        # The board knows which call goes on where; it looks every second.
        await candor.watching.board.look()
        yield Cast(candor, room, identities)


def tone_wav() -> bytes:
    """A second of a tone of 1 kHz, as detection hands sound on."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((np.sin(np.arange(16_000) * np.pi / 8) * 9000).astype("<i2").tobytes())
    return file.getvalue()


def grey_jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (128, 128, 128)).save(file, "JPEG")
    return file.getvalue()


async def order(page: Page, first: list[str]) -> None:
    """Wait until these stand first on the wall, in this order."""
    await page.wait_for_function(
        "(first) => [...document.querySelectorAll('.wall-name')].slice(0, first.length)"
        ".every((one, index) => one.textContent === first[index])",
        arg=first,
    )


async def console(device: NewPage) -> Page:
    """Olga's console."""
    page = await device()
    await sign_in(page, "olga")
    await page.wait_for_url("**/")
    await page.goto("/console")
    await expect(page.get_by_text("Connected")).to_be_visible()
    return page


async def test_the_wall_is_live_and_shows_the_riskiest_first(device: NewPage, cast: Cast) -> None:
    for number, name in enumerate(NAMES):
        cast.say(name, 0.05 + number / 100, confidence=0.3)
    page = await console(device)
    await expect(page.get_by_text("10 people")).to_be_visible()
    await order(page, ["Jon", "Ida"])
    cast.say("Cleo", 0.71, confidence=0.45)
    await order(page, ["Cleo", "Jon"])
    cast.say("Hal", 0.97)
    await order(page, ["Hal", "Cleo", "Jon"])
    hal = page.locator(f"[data-identity='{cast.identities['Hal']}']")
    await expect(hal.get_by_text("Likely synthetic 0.97")).to_be_visible()
    await hal.get_by_text("Why", exact=True).click()
    await expect(hal.get_by_text("The whole picture changed colour alike")).to_be_visible()
    await hal.get_by_text("Judge otherwise").click()
    await hal.get_by_label("Note").fill("I know him.")
    await hal.get_by_role("button", name="Say so").click()
    await expect(hal.get_by_text("Judged by olga: No sign")).to_be_visible()
    jon = page.locator(f"[data-identity='{cast.identities['Jon']}']")
    await jon.get_by_text("Move to the waiting room").click()
    await jon.get_by_label("Why; they are told").fill("One moment, please.")
    await jon.get_by_role("button", name="Move", exact=True).click()
    waits = page.locator(".moved-row")
    await expect(waits).to_contain_text("One moment, please.")
    await everywhere(page, "console-wall")
    await waits.get_by_role("button", name="Let in Jon").click()
    await expect(waits).to_have_count(0)
    told = await device()
    await sign_in(told, "hal")
    await told.wait_for_url("**/")
    await cast.connected("Hal")
    await hal.get_by_text("Notify", exact=True).click()
    await hal.get_by_label("What they are told").fill("Please look into your camera.")
    await hal.get_by_role("button", name="Send").click()
    await expect(told.get_by_text("Please look into your camera.")).to_be_visible()
    await told.get_by_role("button", name="Close").click()
    await expect(told.get_by_text("Please look into your camera.")).to_have_count(0)
    await page.get_by_label("Show").select_option("suspicious")
    await expect(page.locator(".wall-card")).to_have_count(1)


async def test_an_alert_is_taken_through_its_life_and_saved(
    device: NewPage, candor: Candor, cast: Cast, tmp_path: Path
) -> None:
    cast.convict("Hal")
    cast.say("Ida", 0.85)
    page = await console(device)
    await page.get_by_role("link", name="Alerts").click()
    await expect(page.get_by_role("button", name="High")).to_contain_text("1")
    await expect(page.locator(".alert-row")).to_have_count(2)
    await everywhere(page, "console-alerts")
    await page.get_by_role("button", name="High").click()
    await expect(page.locator(".alert-row")).to_have_count(1)
    alert = await page.locator(".alert-row").get_attribute("data-alert")
    await candor.watching.evidence.keep(Captured(str(alert), grey_jpeg(), tone_wav()))
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    loaded = "(image) => image.decode().then(() => image.naturalWidth)"
    assert await page.get_by_alt_text("Hal as the alert was raised").evaluate(loaded) == 64
    await page.keyboard.press("a")
    await expect(page.locator(".alert-row[data-state=acknowledged]")).to_be_visible()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Alert about Hal")).to_be_visible()
    await expect(page.locator(".timeline canvas")).to_be_visible()
    looked = page.locator(".card", has_text="Who looked")
    await expect(looked.get_by_text("olga")).to_be_visible()
    await expect(page.get_by_text("Made again from what was kept")).to_be_visible()
    await expect(page.locator("canvas.spectrogram")).to_be_visible()
    drawn = page.locator(".lit:has(.lit-hidden)")
    await expect(drawn).to_contain_text("Nose3.4 % of the light, correlation 0.86")
    await page.get_by_role("button", name="Picture of").click()
    assert await page.locator(".capture-large").evaluate(loaded) == 64
    await page.get_by_role("button", name="Find what moved the detectors").click()
    await expect(page.get_by_text("No learned detector is plugged in")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Escalate").click()
    await page.get_by_label("Note").fill("=HYPERLINK(1) Called them.")
    await page.get_by_role("button", name="Keep the note").click()
    await expect(page.locator(".act-note")).to_have_text("=HYPERLINK(1) Called them.")
    await everywhere(page, "console-alert")
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Take the signed case").click()
    case = tmp_path / "case.zip"
    await (await saving.value).save_as(case)
    done = CliRunner().invoke(main, ["verify", str(case)])
    assert (done.exit_code, str(alert) in done.output) == (0, True), done.output
    await page.get_by_role("button", name="True").click()
    await expect(page.locator("dd[data-state=closed]")).to_have_text("True")

    acts = [row["act"] for row in await exported(page, "JSON", tmp_path)]
    assert acts == ["raise", "acknowledge", "escalate", "note", "close"]
    notes = [row["note"] for row in await exported(page, "CSV", tmp_path)]
    assert "'=HYPERLINK(1) Called them." in notes


async def test_thresholds_are_tried_on_the_past_before_they_count(
    device: NewPage, candor: Candor, cast: Cast
) -> None:
    cast.say("Hal", 0.97)
    page = await console(device)
    await page.get_by_role("link", name="Thresholds").click()
    for limit in ("Begins from this", "Medium from this", "High from this"):
        await page.get_by_label(f"{limit} risk on").fill("0.98")
    await page.get_by_role("button", name="Try on the past").click()
    await expect(page.get_by_role("row", name="High")).to_have_text("High10")
    await everywhere(page, "console-thresholds")
    await page.get_by_role("button", name="Let it count").click()
    await expect(page.get_by_text("Alerts begin there from now on.")).to_be_visible()
    assert candor.watching.alerts.thresholds.raise_risk == pytest.approx(0.98)


async def test_a_report_is_decided_and_stays_to_be_seen(
    device: NewPage, candor: Candor, cast: Cast
) -> None:
    page = await console(device)
    await page.get_by_role("link", name="Reports").click()
    await expect(page.get_by_role("row", name="Buy my coins")).to_contain_text("A test.")
    await everywhere(page, "console-reports")
    await page.get_by_role("button", name="Uphold and delete").click()
    await expect(page.get_by_text("No reports.")).to_be_visible()
    said = await candor.store.read(lambda c: events.after(c, cast.room, 0, 100))
    assert "message.deleted" in [event.kind for event in said]
    await page.get_by_label("Decided ones").check()
    await expect(page.get_by_role("row", name="Buy my coins")).to_contain_text("Upheld")


async def test_calls_of_others_are_found_by_their_people(device: NewPage, cast: Cast) -> None:
    page = await console(device)
    await page.get_by_role("link", name="Calls").click()
    row = page.get_by_role("row", name=cast.room)
    await expect(row).to_contain_text("Ada")
    await expect(row).to_contain_text("Board")
    await everywhere(page, "console-calls")
    search = page.get_by_label("Name or room")
    await search.fill("Nemo")
    await search.press("Enter")
    await expect(page.get_by_text("No calls.")).to_be_visible()
    await search.fill("ada")
    await search.press("Enter")
    await expect(row).to_be_visible()
    await page.get_by_label("Until").fill("2001-01-01")
    await expect(page.get_by_text("No calls.")).to_be_visible()


LOAD = {
    "processes": [{"name": "detection-0", "state": "running", "restarts": 1, "needed": False}],
    "media": ["127.0.0.1:40000"],
    "detection": {
        "participants": 10,
        "waiting_frames": 3,
        "looked": 4000,
        "oldest_look_s": 7.5,
        "busy_share": 0.42,
        "dropped": {"late": 5},
        "checks": {"no_sign": 300, "unknown": 100},
        "spent_s": {"faces": 5.0, "decode": 2.0},
    },
}


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("Rooms", "1 person"),
        ("Users", "Cleo"),
        ("Audit", "risk.watch"),
        ("Health", "12.5 ms a check"),
    ],
)
async def test_every_other_part_is_there(
    device: NewPage, cast: Cast, part: str, shown: str
) -> None:
    page = await console(device)
    # Nobody is looked at in this Candor; what detection says is another test's matter.
    await page.route("**/api/v1/operators/load", lambda route: route.fulfill(json=LOAD))
    await page.get_by_role("link", name=part, exact=True).click()
    await expect(page.get_by_text(shown).first).to_be_visible()
    await everywhere(page, f"console-{part.lower()}")


async def exported(page: Page, kind: str, folder: Path) -> list[dict[str, str]]:
    """Save what is shown, and open the file again."""
    async with page.expect_download() as saving:
        await page.get_by_role("button", name=kind, exact=True).click()
    saved = await saving.value
    file = folder / saved.suggested_filename
    await saved.save_as(file)
    with file.open(encoding="utf-8", newline="") as opened:
        rows: list[dict[str, str]] = (
            json.load(opened) if kind == "JSON" else list(csv.DictReader(opened))
        )
    return rows

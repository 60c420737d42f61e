"""The main way through in Firefox; Playwright cannot drive a stock one, so node does."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from signaling import protocol
from signaling.client import connect
from signaling.client.watching import Watcher
from tests.browser.calls import token_of_friend
from tests.interop.media import MovingBar, Tone

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).with_name("firefox.mjs")
CALL = Path(__file__).with_name("firefox-call.mjs")
LONGEST_S = 120


def test_the_main_way_through_works_in_firefox(address: str) -> None:
    firefox, node = shutil.which("firefox-esr") or shutil.which("firefox"), shutil.which("node")
    assert firefox, "Firefox is not installed"
    assert node, "node is not installed"
    run = subprocess.run(
        [node, SCRIPT, address, firefox, "fox-main"],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "all steps passed" in run.stdout


async def test_a_call_works_in_firefox(address: str) -> None:
    firefox, node = shutil.which("firefox-esr") or shutil.which("firefox"), shutil.which("node")
    assert firefox, "Firefox is not installed"
    assert node, "node is not installed"
    run = await asyncio.create_subprocess_exec(
        *(node, CALL, address, firefox, "fox-calls"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert run.stdout is not None
    watcher = Watcher()
    said = await run.stdout.readline()
    try:
        where = json.loads(said)
        token = await token_of_friend(address, where["path"], "fox-friend")
        async with connect(address, token, watcher.take) as program:
            await program.enter(where["room"])
            await program.watch()
            await program.publish(lambda: (Tone(), MovingBar()))
            await program.ask(protocol.MediaState(id=1000, microphone=True, camera=True))
            said = await run.stdout.read()
            await watcher.close()
    except ValueError:
        said += await run.stdout.read()
    assert await run.wait() == 0, said.decode()
    assert b"all steps passed" in said
    assert {one.source for one in watcher.heard() if one.frames} >= {"camera", "microphone"}

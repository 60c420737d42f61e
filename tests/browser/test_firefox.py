"""The main way through in Firefox; Playwright cannot drive a stock one, so node does."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).with_name("firefox.mjs")
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

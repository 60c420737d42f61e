"""The pages' modules that know no page, tested where there is none: in node."""

import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
LONGEST_S = 120


def test_modules_without_a_page_do_what_they_say() -> None:
    node = shutil.which("node")
    assert node, "node is not installed"
    files = sorted(FOLDER.glob("*.test.mjs"))
    assert files
    run = subprocess.run(
        [node, "--test", *files], capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr

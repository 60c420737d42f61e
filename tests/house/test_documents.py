"""What documents say exists, exists."""

import importlib
import json
import re
from pathlib import Path

import pytest

from sfu.allocation import Reason

ROOT = Path(__file__).resolve().parents[2]
MEDIA = (ROOT / "docs" / "MEDIA.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`(sfu(?:\.\w+)+)`", MEDIA)))
SHORT = sorted(set(re.findall(r"`(Port|Transport|Sfu)\.(\w+)`", MEDIA)))
HOMES = {"Port": "sfu.port", "Transport": "sfu.transport", "Sfu": "sfu.engine"}
# Set where an instance is made.
OF_INSTANCES = {("Transport", "pending")}

DETECTION = (ROOT / "docs" / "DETECTION.md").read_text(encoding="utf-8")
TEXTS = json.loads((ROOT / "web" / "i18n" / "en.json").read_text(encoding="utf-8"))
ERRORS = {key: words for key, words in TEXTS.items() if key.startswith("known.")}


def resolve(name: str) -> object:
    """The module, class or method under a dotted name."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_on_the_page_of_media_exists(name: str) -> None:
    assert resolve(name)


@pytest.mark.parametrize(("owner", "name"), [one for one in SHORT if one not in OF_INSTANCES])
def test_a_method_on_the_page_of_media_exists(owner: str, name: str) -> None:
    assert hasattr(resolve(f"{HOMES[owner]}.{owner}"), name)


def test_every_reason_has_its_words() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", MEDIA, re.MULTILINE))
    assert {reason.value for reason in Reason} <= rows


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("key", ERRORS)
def test_errors_that_the_console_tells_of_stand_in_the_documents(key: str) -> None:
    figures = re.findall(r"\d+(?:\.\d+)?", ERRORS[key])
    assert [one for one in figures if not re.search(rf"(?<![\d.]){one}(?![\d])", DETECTION)] == []

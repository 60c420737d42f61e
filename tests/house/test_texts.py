"""Every text is there in both languages, has the same gaps, and is used."""

import json
import re
from pathlib import Path

from signaling.errors import CODES
from signaling.http.pages import INLINE, NOT_FOUND, PAGES, WEB

ROOT = WEB.parent
LANGUAGES = ("en", "zh-CN")
SOURCES = sorted((WEB / "js").rglob("*.js"))
PAGE_TEXTS = {page.script: page.text() for page in (*PAGES.values(), NOT_FOUND)}
FORBIDDEN = r"\bstyle=|innerHTML|dangerouslySet|eval\("
# Keys that are put together: what stands before the gap.
BUILT = (
    "alert.",
    "audit.",
    "calls.",
    "challenge.",
    "check.",
    "consent.",
    "console.",
    "device.",
    "ended.",
    "error.",
    "export.",
    "frames.",
    "known.",
    "lit.",
    "map.",
    "gesture.",
    "invite.life.",
    "keys.",
    "kind.",
    "message.act.",
    "moderate.challenge_",
    "panel.",
    "picker.group.",
    "proof.",
    "quality.bars.",
    "reason.",
    "reports.",
    "risk.",
    "role.",
    "room.kind.",
    "rooms.",
    "sign.",
    "signal.",
    "status.",
    "sticker.",
    "tag.",
    "theme.",
    "thresholds.",
    "trouble.",
    "users.",
    "welcome.",
)


def texts(language: str) -> dict[str, str]:
    parsed: dict[str, str] = json.loads((WEB / "i18n" / f"{language}.json").read_text("utf-8"))
    return parsed


def source() -> str:
    return "\n".join(path.read_text("utf-8") for path in SOURCES)


def kinds_of_events() -> set[str]:
    """What the server's stream calls its events; they look like keys, and are none."""
    told = "\n".join(path.read_text("utf-8") for path in (ROOT / "signaling").rglob("*.py"))
    return set(re.findall(r'"((?:call|chat|media|member|message|person|room)\.[a-z_]+)"', told))


def used_keys() -> set[str]:
    """Keys that the modules name: a quoted word with a dot, or an argument of `text`."""
    plain = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', source()))
    plain |= set(re.findall(r'\btext\("([a-z_.]+)"', source()))
    counted = re.findall(r'\bcounted\("([a-z_.]+)"', source())
    plain -= {key for key in plain if key.startswith("candor.")} | kinds_of_events()
    return (plain - set(counted)) | {
        f"{key}.{form}" for key in counted for form in ("one", "other")
    }


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    english, chinese = map(texts, LANGUAGES)
    assert list(english) == list(chinese) == sorted(english)
    gap = re.compile(r"\{\w+\}")
    for key, words in english.items():
        assert words.strip(), key
        assert chinese[key].strip(), key
        assert set(gap.findall(words)) == set(gap.findall(chinese[key])), key


def test_chinese_is_chinese() -> None:
    same = {key for key, words in texts("zh-CN").items() if not re.search(r"[一-鿿]", words)}
    assert same <= {"tag.vip", "invite.with_pin"}


def test_every_error_has_a_sentence() -> None:
    for language in LANGUAGES:
        missing = {f"error.{code}" for code in (*CODES, "unreachable")} - set(texts(language))
        assert missing == set(), language


def test_every_used_text_exists_and_every_text_is_used() -> None:
    known = set(texts("en"))
    used = used_keys()
    assert used - known == set()
    unused = {key for key in known - used if not key.startswith(BUILT)}
    assert unused == set()


def test_no_page_has_words_of_its_own() -> None:
    sources = {str(path): path.read_text("utf-8") for path in SOURCES}
    for path, whole in (sources | PAGE_TEXTS).items():
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", whole, flags=re.DOTALL)
        found = re.findall(r">\s*([A-Z][a-z]+[^<>{}$`]*)\s*<", text)
        assert all(words.startswith("Candor") for words in found), path


def test_pages_have_no_inline_script_or_style_but_the_import_map() -> None:
    maps = set()
    for name, page in PAGE_TEXTS.items():
        maps |= set(INLINE.findall(page))
        assert len(re.findall(r"<script(?![^>]*\bsrc=)", page)) == 1, name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|https?://", page), name
    assert len(maps) == 1
    for path in SOURCES:
        assert not re.search(
            r"\bstyle=|innerHTML|dangerouslySet|eval\(", path.read_text("utf-8")
        ), path


def test_nothing_names_another_host() -> None:
    for path in (*SOURCES, *sorted((WEB / "css").glob("*.css"))):
        assert not re.search(r"https?://(?!www\.w3\.org)", path.read_text("utf-8")), path


def test_a_file_for_every_import() -> None:
    for path in SOURCES:
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8")):
            assert (Path(path).parent / name).resolve().is_file(), f"{path}: {name}"

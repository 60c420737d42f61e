"""What is said, before it is said: counted as people count, cut into words, known again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.chat import drafts, graphemes, words
from signaling.chat.drafts import Draft

WEB = Path(__file__).resolve().parents[2] / "web"

# Extended grapheme clusters, after the kinds of rules in Unicode UAX 29.
COUNTED = {
    "": 0,
    "abc": 3,
    "a\r\nb": 3,
    "\r\n\n": 2,
    "e\u0301": 1,
    "\u0301": 1,
    "a" + "\u0316\u0301" * 500: 1,
    "👍🏽": 1,
    "👩‍👩‍👧‍👦": 1,
    "👩‍👩‍👧‍👦👍": 2,
    "🇨🇳🇩🇪": 2,
    "🇨🇳🇩": 2,
    "🏴\U000e0067\U000e0062\U000e007f": 1,
    "❤️": 1,
    "한국": 2,
    "\u1112\u1161\u11ab": 1,
    "\uac00\u11a8": 1,
    "\uac01\u1161": 2,
    "会议室": 3,
    "a\u200db": 2,
}


@pytest.mark.parametrize("text", COUNTED, ids=ascii)
def test_characters_are_counted_as_people_see_them(text: str) -> None:
    assert graphemes.count(text) == COUNTED[text]


@given(st.text())
def test_there_are_never_more_characters_than_code_points(text: str) -> None:
    assert 0 <= graphemes.count(text) <= len(text)


def found(text: str, query: str) -> bool:
    """What both engines do: every phrase has to be there, its words side by side."""
    held = words.index_words(text).split()
    phrases = words.asked(query)
    return bool(phrases) and all(_holds(held, phrase) for phrase in phrases)


def _holds(held: list[str], phrase: words.Phrase) -> bool:
    size = len(phrase.words)
    return any(
        held[at : at + size - 1] == list(phrase.words[:-1])
        and (
            held[at + size - 1 : at + size] == [phrase.words[-1]]
            or (
                phrase.open_ended
                and "".join(held[at + size - 1 : at + size]).startswith(phrase.words[-1])
            )
        )
        for at in range(len(held))
    )


FOUND = {
    ("明天在会议室见", "会议"): True,
    ("明天在会议室见", "议会"): False,
    ("明天在会议室见", "会 见"): True,
    ("今天OK吗", "ok"): True,
    ("今天ok吗", "天ok"): True,
    ("Straße", "STRASSE"): True,
    ("ＡＢＣ", "abc"): True,
    ("We meet in the Meeting Room", "meet"): True,
    ("the meeting", "meet"): True,
    ("the meeting", "meet "): False,
    ("the meeting", "eet"): False,
    ("me", "m"): False,
    ("e\u0301te\u0301", "été"): True,
    ("привет мир", "прив"): True,
    ("カタカナ", "カナ"): True,
    ("plan B_2", "b 2"): True,
    ("<img src=x>", "img"): True,
    ("anything", " .,!"): False,
    ("OR NEAR NOT", "or near not"): True,
}


@pytest.mark.parametrize(("text", "query"), FOUND)
def test_a_word_is_found_whatever_it_is_written_in(text: str, query: str) -> None:
    assert found(text, query) is FOUND[text, query]


@given(st.text())
def test_words_are_plain_whatever_the_text(text: str) -> None:
    held = words.index_words(text)
    assert held.isascii()
    assert all(word.isalnum() and len(word) <= 8 * words.LONGEST_WORD + 1 for word in held.split())


@given(st.text(st.sampled_from("会议室 hello é-_"), min_size=1))
def test_a_text_is_found_by_itself(text: str) -> None:
    if words.index_words(text) and len(text.split()) < words.MOST_WORDS_ASKED:
        assert found(text, text)


def test_a_snippet_is_around_what_was_found() -> None:
    text = "x " * 200 + "the\nneedle here" + " y" * 200
    cut = words.snippet(text, "NEEDLE")
    assert "the needle here" in cut
    assert cut[0] == cut[-1] == "…"
    assert len(cut) < 140
    assert words.snippet("short", "short") == "short"


def test_each_field_of_a_message_changes_its_fingerprint() -> None:
    drafts_ = [
        Draft("k", "text", "a"),
        Draft("k", "text", "b"),
        Draft("k", "emoji", "a"),
        Draft("k", "text", "a", reply_to="m"),
        Draft("k", "text", "a", mentions=("u",)),
        Draft("k", "image", "a", file_id="f"),
    ]
    assert len({drafts.fingerprint(each) for each in drafts_}) == len(drafts_)
    two = Draft("k", "text", "a", mentions=("u", "v")), Draft("l", "text", "a", mentions=("v", "u"))
    assert drafts.fingerprint(two[0]) == drafts.fingerprint(two[1])


def test_each_sticker_has_its_picture() -> None:
    pictures = {path.stem for path in (WEB / "images" / "stickers").glob("*.svg")}
    assert pictures == drafts.STICKERS

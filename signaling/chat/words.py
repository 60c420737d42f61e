"""Words to find a message by: what the full-text indexes hold, and what is asked of them.

Chinese, Japanese and Korean are written without spaces, so each of their characters is a word of
its own and a search for several is a search for neighbours.  Everything is spelled in ASCII: both
engines take such a word whole, whatever their locale.  Pure: it refuses to know the store.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# A word that is longer is cut, on both sides of a search alike.
LONGEST_WORD = 40
MOST_WORDS_ASKED = 12
# A last word of at least so many letters finds longer ones that begin with it.
SHORTEST_BEGINNING = 3
SNIPPET_BEFORE = 30
SNIPPET_AFTER = 90

# Ideographs with their extensions and the iteration mark, kana, and Hangul syllables.
_ALONE = (
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_RUN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Neighbouring words; `open_ended` if the last may go on."""

    words: tuple[str, ...]
    open_ended: bool = False


def index_words(text: str) -> str:
    """Every word of a text, in order."""
    return " ".join(_spelled(word) for run in _runs(text) for word in _split(run))


def room_word(room_id: str) -> str:
    """A word that the messages of one room have in common, and no text holds."""
    return "r" + room_id.encode().hex()


def asked(query: str) -> list[Phrase]:
    """What somebody who types this looks for; all of it has to be found."""
    runs = list(_runs(query))
    phrases = [Phrase(tuple(map(_spelled, _split(run)))) for run in runs[:MOST_WORDS_ASKED]]
    if runs and len(phrases) == len(runs) and _may_go_on(query, runs[-1]):
        phrases[-1] = Phrase(phrases[-1].words, open_ended=True)
    return phrases


def snippet(text: str, query: str) -> str:
    """The part of a text around the first thing that was looked for, on one line."""
    flat = " ".join(text.split())
    place = _first_place(flat, query)
    begin = max(0, place - SNIPPET_BEFORE)
    end = min(len(flat), place + SNIPPET_AFTER)
    return ("…" if begin else "") + flat[begin:end] + ("…" if end < len(flat) else "")


def _first_place(text: str, query: str) -> int:
    # Folding may change how long a text is; then the place is a little off, and no more.
    folded = _folded(text)
    places = [folded.find(run) for run in _runs(query)]
    return min((place for place in places if place >= 0), default=0)


def _may_go_on(query: str, run: str) -> bool:
    return query[-1:].isalnum() and len(run) >= SHORTEST_BEGINNING and not _alone(run[-1])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _runs(text: str) -> Iterator[str]:
    return (found[0] for found in _RUN.finditer(_folded(text)))


def _split(run: str) -> Iterator[str]:
    """A run of letters as words: each character that stands alone, and what is between them."""
    if run.isascii():  # most are, and there is nothing to look for in them
        yield run
        return
    begin = 0
    for place, character in enumerate(run):
        if _alone(character):
            if begin < place:
                yield run[begin:place]
            yield character
            begin = place + 1
    if begin < len(run):
        yield run[begin:]


def _alone(character: str) -> bool:
    point = ord(character)
    return point > 0x3000 and any(first <= point <= last for first, last in _ALONE)  # noqa: PLR2004


def _spelled(word: str) -> str:
    cut = word[:LONGEST_WORD]
    return "w" + cut if cut.isascii() else "x" + cut.encode().hex()

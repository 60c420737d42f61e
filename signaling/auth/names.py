"""Names that people sign in with: what is accepted, and when two are the same.

A name is shown as it was written and compared by its key, so that `Admin`, the same in full-width
letters and the same with a Cyrillic a cannot live side by side (Unicode TR 39: one script in a
name, and a skeleton for the letters that are drawn alike).
"""

import unicodedata
from dataclasses import dataclass

from signaling.errors import Refused

SHORTEST = 2
LONGEST = 32
LONGEST_SHOWN = 64
PUNCTUATION = frozenset("._-")

# Words that make other people believe that Candor itself is speaking.
RESERVED = frozenset(
    {"admin", "administrator", "candor", "guest", "me", "moderator", "operator", "root", "system"}
)

# Cyrillic and Greek letters that most typefaces draw like a Latin one.
LOOK_ALIKES = str.maketrans(
    "авекмнорстухіѕјһԛԝгԁӏаαβεικνορτυχγ",
    "abekmhopctyxisjhqwrdlaabeiknoptuxy",
)

SCRIPTS = (
    "LATIN",
    "CYRILLIC",
    "GREEK",
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "ARABIC",
    "HEBREW",
)
# Written together by everybody who writes Japanese or Korean.
TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is shown, and what it shares with every name that looks like it."""

    shown: str
    key: str


def account_name(text: str, *, reserved: bool = False) -> Name:
    """The name in `text`; raises Refused("name_refused") with the reason.

    `reserved` lets an administrator make an account with one of the reserved names.
    """
    shown = unicodedata.normalize("NFKC", text.strip())
    if not SHORTEST <= len(shown) <= LONGEST:
        raise Refused("name_refused", f"Use {SHORTEST} to {LONGEST} characters.")
    for character in shown:
        if not (character.isalpha() or character.isdecimal() or character in PUNCTUATION):
            raise Refused("name_refused", "Use letters, digits and . _ - only.")
    scripts = {_script(character) for character in shown if character.isalpha()}
    if len(scripts) > 1 and not any(scripts <= group for group in TOGETHER):
        raise Refused("name_refused", "It mixes alphabets, which lets names imitate others.")
    key = look(shown)
    if key in RESERVED and not reserved:
        raise Refused("name_refused", "It is reserved.")
    return Name(shown, key)


def shown_name(text: str) -> str:
    """A guest's or a profile's name: any script, one line, no invisible characters."""
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(shown) <= LONGEST_SHOWN:
        raise Refused("name_refused", f"Use 1 to {LONGEST_SHOWN} characters.")
    if look(shown) in RESERVED:
        raise Refused("name_refused", "It is reserved.")
    if any(invisible(character) for character in shown):
        raise Refused("name_refused", "It holds characters that cannot be seen.")
    return shown


def look(name: str) -> str:
    """What two names share that look alike."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFC", folded).translate(LOOK_ALIKES)


def invisible(character: str) -> bool:
    """True for controls, surrogates, zero-width and direction-changing characters."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _script(character: str) -> str:
    name = unicodedata.name(character, "UNKNOWN")
    return next((script for script in SCRIPTS if name.startswith(script)), "OTHER")

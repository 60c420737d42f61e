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

# Letters that most typefaces draw like a plain Latin one, or like another of their own script.
LOOK_ALIKES = (
    str.maketrans("авекмнорстухіѕјһԛԝгԁӏа", "abekmhopctyxisjhqwrdla")  # Cyrillic
    | str.maketrans("αβεικνορτυχγ", "abeiknoptuxy")  # Greek
    | str.maketrans("օսհոցյ", "ouhngj")  # Armenian
    | str.maketrans("ɑɡıɩȷᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "agiijabcdefghijklmnoprstuvwyz")  # phonetic
    | str.maketrans("يىك", "ییک")  # Arabic and Persian
)

# Not seen, although Unicode counts them as letters, marks or symbols.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Choose the drawing of the character before them, as in many emoji.
VARIATION_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))

# Scripts in everyday use (Unicode UAX 31, table 5), by how their letters' names begin.  Others,
# such as Lisu or Cherokee, write a whole `ADMIN` in letters of their own.
SCRIPTS = (
    *("ARABIC", "ARMENIAN", "BENGALI", "BOPOMOFO", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC"),
    *("GEORGIAN", "GREEK", "GUJARATI", "GURMUKHI", "HANGUL", "HEBREW", "HIRAGANA", "KANNADA"),
    *("KATAKANA", "KHMER", "LAO", "LATIN", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL"),
    *("TELUGU", "THAANA", "THAI", "TIBETAN"),
    "IDEOGRAPHIC",  # the mark that repeats a character, as in 佐々木
)
# Written together by everybody who writes Japanese or Korean.
TOGETHER = ({"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"})

WORD_LIKE = {"CJK", "HANGUL", "HIRAGANA", "KATAKANA"}


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
        if not _is_for_names(character):
            raise Refused("name_refused", "Use letters, digits and . _ - only.")
    scripts = {_script(character) for character in shown if character.isalpha()}
    if "OTHER" in scripts:
        raise Refused("name_refused", "It is in letters that few can tell from others.")
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
    """What two names share that look alike; what cannot be seen does not count."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    seen = (each for each in unicodedata.normalize("NFC", folded) if not _is_unseen(each))
    plain = (str(unicodedata.decimal(each)) if each.isdecimal() else each for each in seen)
    return "".join(plain).translate(LOOK_ALIKES)


def tells_much(text: str) -> bool:
    """True if it holds a character that says as much as several letters of an alphabet."""
    return any(_script(character) in WORD_LIKE for character in text)


def invisible(character: str) -> bool:
    """True for controls, surrogates, blanks, zero-width and direction-changing characters."""
    category = unicodedata.category(character)
    return category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or character in BLANK


def _is_unseen(character: str) -> bool:
    return invisible(character) or character in VARIATION_SELECTORS


def _is_for_names(character: str) -> bool:
    if invisible(character):
        return False
    return character.isalpha() or character.isdecimal() or character in PUNCTUATION


def _script(character: str) -> str:
    name = unicodedata.name(character, "UNKNOWN")
    return next((script for script in SCRIPTS if name.startswith(script)), "OTHER")

"""How many characters a text has as people count them (Unicode UAX 29, extended clusters).

Joined emoji, flags, Hangul and letters with any number of marks count once.  Conjuncts of Indic
scripts count by syllable sign, which is a little more than UAX 29 says.  Pure.
"""

import unicodedata

ZERO_WIDTH_JOINER = 0x200D
_MODIFIERS = range(0x1F3FB, 0x1F400)  # skin tones
_INDICATORS = range(0x1F1E6, 0x1F200)  # two make a flag
_TAGS = range(0xE0020, 0xE0080)  # flags of regions
_LEADING, _VOWEL, _TRAILING = range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200)
_SYLLABLES = range(0xAC00, 0xD7A4)


def count(text: str) -> int:
    """Characters as people see them."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    found, before, flag_open = 0, -1, False
    for character in text:
        point = ord(character)
        if point in _INDICATORS and flag_open:
            flag_open = False
        else:
            flag_open = point in _INDICATORS
            found += not _goes_on(before, point, character)
        before = point
    return found


def _goes_on(before: int, point: int, character: str) -> bool:
    """True if the character belongs to the one before it."""
    if before < 0 or before in (0x0A, 0x0D):
        return before == 0x0D and point == 0x0A  # noqa: PLR2004
    if _extends(point, character):
        return True
    if before == ZERO_WIDTH_JOINER:
        return unicodedata.category(character) == "So"
    return _joins_hangul(before, point)


def _extends(point: int, character: str) -> bool:
    if point < 0x300:  # noqa: PLR2004 (the first mark)
        return False
    marks = unicodedata.category(character) in ("Mn", "Me", "Mc")
    return marks or point == ZERO_WIDTH_JOINER or point in _MODIFIERS or point in _TAGS


def _joins_hangul(before: int, point: int) -> bool:
    if before in _LEADING:
        return point in _LEADING or point in _VOWEL or point in _SYLLABLES
    if before in _VOWEL:
        return point in _VOWEL or point in _TRAILING
    if before in _SYLLABLES:
        without_end = (before - _SYLLABLES.start) % 28 == 0
        return point in _TRAILING or (without_end and point in _VOWEL)
    return before in _TRAILING and point in _TRAILING

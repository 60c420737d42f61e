"""Names of files: made harmless when they come in, and written down so that all clients read
them the same when they go out (RFC 6266).  Pure.

A name is only ever shown and suggested; no path is made of it.
"""

import unicodedata
from urllib.parse import quote

from signaling.auth.names import invisible

LONGEST = 120
LONGEST_EXTENSION = 12
UNNAMED = "file"
# What some system or other takes for more than a letter.
UNUSABLE = frozenset('<>:"|?*\\/;%')
SPECIAL = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in "123456789"}
)


def safe_name(given: str) -> str:
    """The last part of what was given, in characters that are harmless everywhere."""
    last = given.replace("\\", "/").rpartition("/")[2]
    normal = unicodedata.normalize("NFC", last)
    shown = "".join("_" if c in UNUSABLE else c for c in normal if not invisible(c))
    stem, extension = _split(" ".join(shown.split()).strip(". "))
    stem = stem[: LONGEST - len(extension)].rstrip(". ")
    if not stem or stem.lower() in SPECIAL:
        stem = f"{UNNAMED}-{stem}" if stem else UNNAMED
    return stem + extension


def renamed(name: str, extension: str) -> str:
    """The name with another extension: the content is of another type now."""
    return _split(name)[0] + extension


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition: plain ASCII for old clients, and the name as it is for all others."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    how = "inline" if inline else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _split(name: str) -> tuple[str, str]:
    """(stem, extension with its dot, or nothing)."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not 0 < len(extension) <= LONGEST_EXTENSION:
        return name, ""
    return stem, dot + extension

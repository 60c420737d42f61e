"""What somebody wants to say, before it is said: checked, and known again when it comes twice.

Text is kept exactly as it came; it is only measured.  Pure: it refuses to know the store.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from signaling.chat import graphemes
from signaling.errors import Refused

# A page of text is about 2,000 characters; the second bound is for characters of many marks.
MOST_GRAPHEMES = 4_000
MOST_BYTES = 16_384
MOST_EMOJI = 12
MOST_MENTIONS = 50
# Such a one carries a file, and its text is what stands below it.
OF_FILES = frozenset({"image", "voice", "video", "file"})
# The pictures in web/images/stickers.
STICKERS = frozenset(
    {"hello", "thanks", "yes", "no", "love", "laugh", "cry", "wow", "sleepy", "party"}
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants to send; `client_id` is their own name for it.

    `file_digest` is of a file that came with it: such a one is another file at each retry.
    """

    client_id: str
    kind: str = "text"
    text: str = ""
    file_id: str | None = None
    reply_to: str | None = None
    mentions: tuple[str, ...] = ()
    file_digest: str = ""


def check(draft: Draft) -> None:
    """Refused, in words, for what nobody can send."""
    check_text(draft.text)
    if (draft.kind in OF_FILES) != (draft.file_id is not None):
        raise Refused("invalid", "file: images, voice, video and files have one, others none.")
    if draft.kind not in OF_FILES and not draft.text.strip():
        raise Refused("invalid", "text: there is none.")
    if draft.kind == "sticker" and draft.text not in STICKERS:
        raise Refused("invalid", "text: there is no such sticker.")
    if draft.kind == "emoji" and graphemes.count(draft.text) > MOST_EMOJI:
        raise Refused("invalid", f"text: at most {MOST_EMOJI} emoji; more are a text.")
    if len(draft.mentions) > MOST_MENTIONS:
        raise Refused("invalid", f"mentions: at most {MOST_MENTIONS} people.")


def check_edit(kind: str, text: str) -> None:
    """Refused for what a message of this kind cannot say after an edit."""
    if kind in ("emoji", "sticker"):
        raise Refused("invalid", "An emoji or a sticker cannot be edited.")
    if kind not in OF_FILES and not text.strip():
        raise Refused("invalid", "text: there is none; delete the message instead.")


def check_text(text: str) -> None:
    """Refused for a text that is too long, or that no database takes."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Refused("invalid", "text: it is not Unicode.") from None
    if "\0" in text:
        raise Refused("invalid", "text: it holds a NUL.")
    if size > MOST_BYTES:
        raise Refused("message_too_long", f"At most {MOST_BYTES} bytes; this is {size}.")
    # Never more than its code points, and those are counted at once.
    if len(text) > MOST_GRAPHEMES and (count := graphemes.count(text)) > MOST_GRAPHEMES:
        raise Refused("message_too_long", f"At most {MOST_GRAPHEMES} characters; this is {count}.")


def check_emoji(emoji: str) -> None:
    """Refused for a reaction that is not one symbol."""
    first = unicodedata.category(emoji[0]) if emoji else ""
    if graphemes.count(emoji) != 1 or len(emoji.encode()) > 64 or first[:1] not in ("S", "N"):  # noqa: PLR2004
        raise Refused("invalid", "emoji: one symbol.")


def fingerprint(draft: Draft) -> str:
    """The same for the same message sent again, and for no other."""
    content: Mapping[str, object] = {
        "kind": draft.kind,
        "text": draft.text,
        "file": draft.file_digest or draft.file_id,
        "reply_to": draft.reply_to,
        "mentions": sorted(draft.mentions),
    }
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()

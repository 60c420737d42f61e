"""What a child says of a file: written by it, checked by us."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PEAKS = 64
PREVIEW_BYTES = 2 << 20
CONTENT_BYTES = 24 << 20

MediaType = Literal[
    "image/webp",
    "audio/ogg",
    "audio/webm",
    "audio/mp4",
    "audio/mpeg",
    "audio/aac",
    "audio/wav",
    "audio/flac",
    "video/mp4",
    "video/webm",
    "video/ogg",
]
Side = Annotated[int, Meta(ge=1, le=1 << 16)]
Preview = Annotated[bytes, Meta(min_length=1, max_length=PREVIEW_BYTES)]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was opened whole; `content` takes the place of what was sent, if it is given."""

    kind: Literal["image", "voice", "video"]
    media_type: MediaType
    width: Side | None = None
    height: Side | None = None
    duration_ms: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    waveform: Annotated[list[Annotated[int, Meta(ge=0, le=100)]], Meta(max_length=PEAKS)] | None = (
        None
    )
    """Loudness over time, from silence to the loudest moment."""
    content: Annotated[bytes, Meta(min_length=1, max_length=CONTENT_BYTES)] | None = None
    thumbnail: Preview | None = None
    poster: Preview | None = None


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a file was not opened to its end, in words for whoever sent it."""

    reason: Annotated[str, Meta(max_length=200)]


class Unfit(Exception):
    """Raised in the child: the file is more than it may be; the words are for its sender."""

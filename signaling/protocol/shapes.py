"""What all messages have in common: what a field may hold, and how a type is named on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
RoomName = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._~-]*$")]
Name = Annotated[str, Meta(max_length=128)]
Sdp = Annotated[str, Meta(max_length=60_000)]
Text = Annotated[str, Meta(max_length=4_000)]
Source = Literal["microphone", "camera", "screen", "screen_audio"]
ConsentVersion = Annotated[str, Meta(max_length=16, pattern=r"^[A-Za-z0-9.-]*$")]
ClientId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
MessageKind = Literal["text", "emoji", "sticker", "image", "voice", "video", "file"]
# Measured in bytes and in characters as people count them where it is taken.
MessageText = Annotated[str, Meta(max_length=20_000)]
Octets = Annotated[str, Meta(max_length=8192, pattern=r"^[A-Za-z0-9_-]*$")]
Scalar = str | int | float | bool | None


def _wire_name(name: str) -> str:
    """`TrackNews` is `track_news` on the wire."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Saying(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag=_wire_name,
    kw_only=True,
):
    id: Id


class Telling(msgspec.Struct, frozen=True, tag_field="type", tag=_wire_name, kw_only=True):
    pass

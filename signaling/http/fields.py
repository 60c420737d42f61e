"""Field types that the API's bodies and queries share, and the limits that they state."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

# In Python `$` stands before a last line break as well, in JavaScript it does not: `$(?!\n)` is
# the end in both.
# No controls, no lone surrogates: PostgreSQL refuses NUL, and a log line must stay one line.
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$(?!\n)"
_TEXT = r"^[^\x00]*$"

AccountName = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=_ONE_LINE, description="name to sign in with")
]
Password = Annotated[
    str, Meta(min_length=1, max_length=1024, pattern=_TEXT, description="at least 8 characters")
]
ShownName = Annotated[
    str, Meta(max_length=64, pattern=_ONE_LINE, description="a name that others see")
]
Bio = Annotated[str, Meta(max_length=2000, pattern=_TEXT)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=_ONE_LINE)]
Because = Annotated[
    str, Meta(max_length=500, pattern=_ONE_LINE, description="what they are told; may be empty")
]
ClientId = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]*$(?!\n)",
        description="made by the client and kept: tells its own retries from a thief's",
    ),
]
Opaque = Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[!-~]*$(?!\n)")]
Pin = Annotated[
    str, Meta(max_length=12, pattern=r"^[0-9]*$(?!\n)", description="digits, may be empty")
]
RoomId = Annotated[
    str, Meta(max_length=64, pattern=r"^([a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)?$(?!\n)")
]
Id = Annotated[
    str, Meta(max_length=64, pattern=r"^[A-Za-z0-9-]*$(?!\n)", description="as the server gave it")
]
Title = Annotated[str, Meta(max_length=120, pattern=_ONE_LINE)]
UtcMoment = Annotated[datetime, Meta(tz=True, description="with its time zone")]
Limit = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[
    str,
    Meta(
        max_length=128,
        pattern=r"^[A-Za-z0-9-]*$(?!\n)",
        description="`next` of the last page",
    ),
]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every JSON body has in common: a field that we do not know is a mistake."""


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of a list: start after `cursor`, give `limit`."""

    cursor: Cursor = ""
    limit: Limit = 50

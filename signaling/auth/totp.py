"""Codes by the clock, as authenticator apps make them (RFC 6238).  Pure: the time is an argument.

Knows secrets, codes and how both are written down.  Whose they are, and that a code is good once,
is for `authenticators`.
"""

import base64
import hmac
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

# As long as the hash (RFC 4226, 4): apps know no other.
SECRET_BYTES = 20
STEP = timedelta(seconds=30)
DIGITS = 6
ISSUER = "Candor"
# The pages draw at most 213 bytes.
LONGEST_LABEL = 120
# A clock may be off, and typing takes time (RFC 6238, 5.2).
NEAR_STEPS = (-1, 0, 1)


def step_at(moment: datetime) -> int:
    """The number of the step that a moment lies in."""
    return int(moment.timestamp() // STEP.total_seconds())


def code_of(secret: bytes, step: int) -> str:
    """The digits that an app shows during a step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    value = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(value % 10**DIGITS).zfill(DIGITS)


def step_of(secret: bytes, code: str, moment: datetime) -> int | None:
    """The step near a moment whose code this is; None takes as long as any."""
    given, now, found = code.encode(), step_at(moment), None
    for step in (now + near for near in NEAR_STEPS):
        if hmac.compare_digest(code_of(secret, step).encode(), given):
            found = step
    return found


def written(secret: bytes) -> str:
    """The secret as people type it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")


def address_of(secret: bytes, account: str) -> str:
    """The secret as an app reads it from a picture; six digits in 30 s are what it takes for so."""
    query = urlencode({"secret": written(secret), "issuer": ISSUER})
    return f"otpauth://totp/{ISSUER}:{_label(account)}?{query}"


def _label(account: str) -> str:
    """A name as it may stand in an address, without its end if it is too long for a picture."""
    while len(quote(account, safe="")) > LONGEST_LABEL:
        account = account[:-1]
    return quote(account, safe="")

"""How a webhook is signed, and when one that was not taken is tried again.  Pure."""

import hmac
from datetime import timedelta

# From the first try to the last it is a day and a bit.
TRIES = 10
FIRST_RETRY_S = 10.0
LONGEST_RETRY_S = 6 * 3600.0
GROWTH = 4.0


class Undelivered(Exception):
    """It was not taken, in words."""


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Over time and body: who keeps one cannot send it again later, or with another content."""
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.digest(secret.encode(), signed, "sha256").hex()


def retry_after(attempts: int) -> timedelta | None:
    """How long to wait after so many tries; None: it is given up."""
    if attempts >= TRIES:
        return None
    return timedelta(seconds=min(LONGEST_RETRY_S, FIRST_RETRY_S * GROWTH ** (attempts - 1)))

"""Identifiers: UUIDs whose order is that of their making (RFC 9562, version 7), names, codes."""

import secrets
from datetime import datetime

# Letters that nobody confuses when they are read aloud or written by hand.
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH = 10


def new_id(now: datetime) -> str:
    """A fresh identifier; one made a millisecond later sorts after it."""
    milliseconds = int(now.timestamp() * 1000)
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_name() -> str:
    """A name that nobody else has, for something that is soon gone."""
    return secrets.token_hex(16)


def new_code() -> str:
    """A code that people pass on, and that nobody guesses: 49 random bits."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))

"""Passwords: Argon2id, off the event loop, and as slow for nobody as for somebody."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from signaling.errors import Refused, Unavailable

T = TypeVar("T")

SHORTEST = 8
LONGEST_BYTES = 1024

# OWASP's first choice for Argon2id: 19 MiB, two passes, one lane; 25 ms on the bench machine.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)

# A hundred wait 2 s on one core; whoever comes after them is told to come again.
WAITING_LIMIT = 100

# The first that every guesser tries; a test proves that none is accepted.
COMMONEST = frozenset(
    [
        "password",
        "passw0rd",
        "password1",
        "12345678",
        "123456789",
        "1234567890",
        "qwertyui",
        "qwertyuiop",
        "qwerty123",
        "11111111",
        "00000000",
        "abcd1234",
        "abc12345",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "superman",
        "letmein1",
        "welcome1",
        "trustno1",
        "1q2w3e4r",
        "1qaz2wsx",
        "zaq12wsx",
        "asdfghjk",
        "q1w2e3r4",
        "computer",
        "internet",
        "administrator",
        "changeme",
        "admin123",
    ]
)


class Passwords:
    """Hashes and checks; `async with` bounds the threads it uses."""

    def __init__(self, hashers: int) -> None:
        self._threads = ThreadPoolExecutor(hashers, thread_name_prefix="password")
        self._waiting = 0
        # What an unknown name is checked against, so that it takes as long as a known one.
        self._nobody = HASHER.hash("nobody has this password")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._threads.shutdown()

    async def hash(self, password: str) -> str:
        return await self._in_thread(HASHER.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """True if the password is the stored one's; None takes as long and is False."""
        right = await self._in_thread(_verify, stored or self._nobody, password)
        return right and stored is not None

    async def _in_thread(self, function: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= WAITING_LIMIT:
            raise Unavailable("busy", f"{WAITING_LIMIT} passwords wait already")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, function, *arguments)
        finally:
            self._waiting -= 1


def refuse_weak(password: str, name: str) -> None:
    """Raise Refused("weak_password") for one that a guesser tries first."""
    if len(password) < SHORTEST:
        raise Refused("weak_password", f"Use at least {SHORTEST} characters.")
    if len(password.encode()) > LONGEST_BYTES:
        raise Refused("weak_password", f"Use at most {LONGEST_BYTES} bytes.")
    if password.casefold() in COMMONEST or len(set(password)) == 1:
        raise Refused("weak_password", "It is among the first that a guesser tries.")
    if password.casefold() == name.casefold():
        raise Refused("weak_password", "It is your name.")


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False

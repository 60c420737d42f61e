"""Whoever changes how an account is proved shows first that it is theirs.

A session alone is not enough: with one that was stolen, a thief would prove the account from then
on.
"""

from signaling.auth.door import Door
from signaling.auth.identity import Person
from signaling.auth.passwords import Passwords
from signaling.errors import Refused


class Confirming:
    """The service."""

    def __init__(self, door: Door, passwords: Passwords) -> None:
        self._door = door
        self._passwords = passwords

    async def by_password(self, who: Person, password: str, address: str) -> None:
        """Refused("wrong_credentials") for any password but theirs; guesses are bounded."""
        async with self._door.login(who.user.name, address):
            if not await self._passwords.matches(who.user.password_hash, password):
                raise Refused("wrong_credentials")

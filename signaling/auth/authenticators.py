"""Authenticator apps: set up, confirmed, asked for a code, and removed.

The secret is told once and kept sealed; a code is good once; recovery codes do without the app, and
each of them is good once too.  It refuses to know what a code is asked for.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth import totp
from signaling.auth.confirming import Confirming
from signaling.auth.door import Door
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.identifiers import CODE_LENGTH, new_code
from signaling.sealing import Seal
from signaling.store import Store, audit, authenticators
from signaling.store.authenticators import Authenticator

RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app has to be told, once."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether there is an app, since when, and how many recovery codes are left."""

    set_up_at: datetime | None
    recovery_left: int


@dataclass(frozen=True, slots=True)
class Shown:
    """By what somebody has shown that an account is theirs, and since when there is that."""

    way: str
    since: datetime


class Authenticators:
    """The service."""

    def __init__(
        self,
        store: Store,
        door: Door,
        confirming: Confirming,
        secret: str,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._door = door
        self._confirming = confirming
        self._seal = Seal(secret, "authenticators")
        self._now = now

    async def standing(self, who: Person) -> Standing:
        def work(connection: sa.Connection) -> Standing:
            found = authenticators.by_user(connection, who.user.id)
            left = authenticators.recovery_left(connection, who.user.id)
            return Standing(None if found is None else found.confirmed_at, left)

        return await self._store.read(work)

    async def begin(self, who: Person, password: str, address: str) -> Enrolment:
        """A new secret, of use once it is confirmed; Refused while an app is set up."""
        await self._confirming.by_password(who, password, address)
        secret, user = secrets.token_bytes(totp.SECRET_BYTES), who.user
        sealed, now = self._seal.close(secret, user.id), self._now()
        if not await self._store.write(lambda c: authenticators.begin(c, user.id, sealed, now)):
            raise Refused("authenticator_set")
        return Enrolment(totp.written(secret), totp.address_of(secret, user.name))

    async def confirm(self, who: Person, code: str, address: str) -> list[str]:
        """The app shows the right codes: recovery codes, which nobody will be told again."""
        user_id, now = who.user.id, self._now()
        codes = [new_code() for _ in range(RECOVERY_CODES)]
        digests = [self._digest(user_id, each) for each in codes]

        def work(connection: sa.Connection) -> None:
            found = authenticators.by_user(connection, user_id)
            if found is None:
                raise Refused("not_found", "No authenticator app is being set up.")
            if found.confirmed_at is not None:
                raise Refused("authenticator_set")
            self._spend_step(connection, found, code)
            authenticators.confirm(connection, user_id, now)
            authenticators.add_recovery(connection, user_id, digests)
            audit.record(connection, Act(user_id, "authenticator.set", user_id, address), now)

        with self._door.code(user_id, address):
            await self._store.write(work)
        return codes

    async def check(self, who: Person, code: str, address: str) -> Shown:
        """Use a code of the app, or a recovery code; Refused("wrong_code") for any other."""
        with self._door.code(who.user.id, address):
            return await self._store.write(lambda c: self._spend(c, who.user.id, code, address))

    async def remove_by_password(self, who: Person, password: str, address: str) -> None:
        await self._confirming.by_password(who, password, address)
        await self._store.write(lambda c: self._remove(c, who.user.id, "password", address))

    async def remove_by_code(self, who: Person, code: str, address: str) -> None:
        def work(connection: sa.Connection) -> None:
            shown = self._spend(connection, who.user.id, code, address)
            self._remove(connection, who.user.id, shown.way, address)

        with self._door.code(who.user.id, address):
            await self._store.write(work)

    def _remove(self, connection: sa.Connection, user_id: str, by: str, address: str) -> None:
        if not authenticators.remove(connection, user_id):
            raise Refused("not_found", "There is no authenticator app.")
        act = Act(user_id, "authenticator.remove", user_id, address, detail(by=by))
        audit.record(connection, act, self._now())

    def _spend(self, connection: sa.Connection, user_id: str, code: str, address: str) -> Shown:
        found = authenticators.by_user(connection, user_id)
        if found is None or found.confirmed_at is None:
            raise Refused("not_found", "There is no authenticator app.")
        code = _bare(code)
        if len(code) != CODE_LENGTH:
            self._spend_step(connection, found, code)
            return Shown("authenticator", found.confirmed_at)
        if not authenticators.spend_recovery(connection, user_id, self._digest(user_id, code)):
            raise Refused("wrong_code")
        act = Act(user_id, "authenticator.recovery_used", user_id, address)
        audit.record(connection, act, self._now())
        return Shown("recovery_code", found.confirmed_at)

    def _spend_step(self, connection: sa.Connection, found: Authenticator, code: str) -> None:
        secret = self._seal.open(found.secret, found.user_id)
        if secret is None:
            raise Refused("not_found", "The app was set up under another secret. Remove it.")
        step = totp.step_of(secret, _bare(code), self._now())
        if step is None or not authenticators.spend_step(connection, found.user_id, step):
            raise Refused("wrong_code")

    def _digest(self, user_id: str, code: str) -> str:
        return self._seal.digest(f"{user_id}:{code}".encode())


def _bare(code: str) -> str:
    """A code as it was made, however it was written down."""
    return code.replace(" ", "").replace("-", "").lower()

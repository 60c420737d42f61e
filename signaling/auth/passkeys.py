"""Passkeys of accounts: made, listed, removed, and asked to sign.

A challenge is good for two minutes and for one answer, whether that is right or wrong.  It refuses
to know bytes (`webauthn`), and what a signature is asked for.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth import webauthn
from signaling.auth.authenticators import Shown
from signaling.auth.confirming import Confirming
from signaling.auth.door import Door
from signaling.auth.identity import Person
from signaling.auth.webauthn import Signed, Site, Unacceptable
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.store import Store, audit, passkeys
from signaling.store.passkeys import Passkey

CHALLENGE_BYTES = 32
ANSWERED_WITHIN_S = 120.0
MOST_OF_ACCOUNT = 20


@dataclass(frozen=True, slots=True)
class Request:
    """What a browser is asked to have made or signed."""

    challenge: bytes
    rp_id: str
    credentials: tuple[bytes, ...]
    """Keys of the account: those that are not to be made again, or one of which is to sign."""


class Passkeys:
    """The service; challenges live in this process."""

    def __init__(
        self,
        store: Store,
        door: Door,
        confirming: Confirming,
        site: Site,
        now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._door = door
        self._confirming = confirming
        self._site = site
        self._now = now
        self._monotonic = monotonic
        self._issued: dict[str, tuple[bytes, float]] = {}

    async def listed(self, who: Person) -> list[Passkey]:
        return await self._store.read(lambda c: passkeys.of_user(c, who.user.id))

    async def begin(self, who: Person, password: str, address: str) -> Request:
        """Ask for a new key, of whoever has the password."""
        await self._confirming.by_password(who, password, address)
        return await self._request(f"make {who.user.id}", who)

    async def finish(
        self, who: Person, name: str, made: tuple[bytes, bytes], address: str
    ) -> Passkey:
        """Keep a key that was made: `made` is what the authenticator and the browser say of it."""
        challenge, now = self._take(f"make {who.user.id}"), self._now()
        try:
            credential = webauthn.registered(*made, challenge, self._site)
        except Unacceptable as error:
            raise Refused("passkey_refused", f"{error}.") from None
        passkey = Passkey(
            id=new_id(now),
            user_id=who.user.id,
            credential_id=credential.id,
            public_key=credential.public_key,
            sign_count=credential.sign_count,
            name=name,
            made_at=now,
        )

        def work(connection: sa.Connection) -> None:
            if len(passkeys.of_user(connection, who.user.id)) >= MOST_OF_ACCOUNT:
                raise Refused("passkey_refused", f"At most {MOST_OF_ACCOUNT} of one account.")
            if not passkeys.add(connection, passkey):
                raise Refused("passkey_refused", "This passkey is known already.")
            act = Act(who.user.id, "passkey.add", passkey.id, address, detail(name=name))
            audit.record(connection, act, now)

        await self._store.write(work)
        return passkey

    async def remove(self, who: Person, passkey_id: str, address: str) -> None:
        def work(connection: sa.Connection) -> None:
            if not passkeys.remove(connection, who.user.id, passkey_id):
                raise Refused("not_found")
            act = Act(who.user.id, "passkey.remove", passkey_id, address)
            audit.record(connection, act, self._now())

        await self._store.write(work)

    async def ask(self, who: Person, purpose: str) -> Request:
        """Ask one of the account's keys to sign; an earlier challenge for this is void."""
        return await self._request(f"sign {purpose}", who)

    async def check(
        self, who: Person, purpose: str, answer: tuple[bytes, Signed], address: str
    ) -> Shown:
        """`answer` is which key has signed, and what; Refused("passkey_refused") if it is wrong."""
        with self._door.code(who.user.id, address, "passkey_refused"):
            challenge = self._take(f"sign {purpose}")
            known = await self._known(who, answer[0])
            try:
                count = webauthn.checked(
                    known.public_key, known.sign_count, answer[1], challenge, self._site
                )
            except Unacceptable as error:
                raise Refused("passkey_refused", f"{error}.") from None
            now = self._now()
            if not await self._store.write(lambda c: passkeys.note_used(c, known, count, now)):
                raise Refused("passkey_refused", "It was used elsewhere just now.")
        return Shown("passkey", known.made_at)

    async def _known(self, who: Person, credential_id: bytes) -> Passkey:
        for passkey in await self.listed(who):
            if passkey.credential_id == credential_id:
                return passkey
        raise Refused("passkey_refused", "It is none of this account's.")

    async def _request(self, purpose: str, who: Person) -> Request:
        known = await self.listed(who)
        challenge, now_s = secrets.token_bytes(CHALLENGE_BYTES), self._monotonic()
        self._issued = {one: issued for one, issued in self._issued.items() if issued[1] > now_s}
        self._issued[purpose] = challenge, now_s + ANSWERED_WITHIN_S
        return Request(
            challenge, self._site.rp_id, tuple(passkey.credential_id for passkey in known)
        )

    def _take(self, purpose: str) -> bytes:
        """The challenge that was told last, for the only time."""
        challenge, until_s = self._issued.pop(purpose, (b"", 0.0))
        if not challenge or until_s <= self._monotonic():
            raise Refused("passkey_refused", "Nothing was asked, or too long ago.")
        return challenge

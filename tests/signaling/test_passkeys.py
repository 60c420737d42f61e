"""Passkeys of an account: made by whoever has the password, used once for each challenge."""

from collections.abc import Callable
from typing import Any

import pytest

from signaling.app import Candor
from signaling.auth import webauthn
from signaling.auth.authenticators import Shown
from signaling.auth.confirming import Confirming
from signaling.auth.passkeys import ANSWERED_WITHIN_S, MOST_OF_ACCOUNT, Passkeys
from signaling.errors import Refused
from signaling.store import audit
from tests.client import PASSWORD, Client
from tests.signaling.owner import HERE, Owner, owner_of
from tests.signaling.security_key import SecurityKey

KEYS = "/api/v1/me/passkeys"


class Holder:
    """Ada with one software key; time is moved by hand."""

    def __init__(self, candor: Candor, owner: Owner) -> None:
        self.store, self.who, self.clock = candor.store, owner.who, owner.clock
        self.now_s = 100.0
        self.key = SecurityKey()
        self.service = Passkeys(
            candor.store,
            candor.door,
            Confirming(candor.door, candor.passwords),
            webauthn.site_of(""),
            owner.clock,
            monotonic=lambda: self.now_s,
        )

    async def make(self, key: SecurityKey | None = None) -> None:
        made = key or self.key
        asked = await self.service.begin(self.who, PASSWORD, HERE)
        client_data = made.client_data("webauthn.create", asked.challenge)
        await self.service.finish(self.who, "laptop", (made.attestation(), client_data), HERE)

    async def sign(self, meanwhile: Callable[[], None] = lambda: None) -> Shown:
        asked = await self.service.ask(self.who, "p1")
        meanwhile()
        return await self.answer(asked.challenge)

    async def answer(self, challenge: bytes) -> Shown:
        signed = self.key.id, self.key.signed(challenge)
        return await self.service.check(self.who, "p1", signed, HERE)


@pytest.fixture
async def holder(candor: Candor) -> Holder:
    return Holder(candor, await owner_of(candor, "ada"))


async def refused(work: Any) -> str:
    with pytest.raises(Refused) as error:
        await work
    return error.value.code


async def test_a_key_is_made_and_signs_and_both_are_written_down(holder: Holder) -> None:
    await holder.make()
    made_at = holder.clock()
    holder.clock.forward(60)
    assert await holder.sign() == Shown("passkey", made_at)
    (kept,) = await holder.service.listed(holder.who)
    assert (kept.name, kept.made_at, kept.used_at) == ("laptop", made_at, holder.clock())
    await holder.service.remove(holder.who, kept.id, HERE)
    assert await refused(holder.sign()) == "passkey_refused"
    entries = await holder.store.read(lambda c: audit.page(c, None, 2))
    assert [one.act.action for one in entries] == ["passkey.remove", "passkey.add"]


async def test_a_challenge_is_good_once_and_not_for_long(holder: Holder) -> None:
    await holder.make()
    asked = await holder.service.ask(holder.who, "p1")
    await holder.answer(asked.challenge)
    assert await refused(holder.answer(asked.challenge)) == "passkey_refused"

    def wait() -> None:
        holder.now_s += ANSWERED_WITHIN_S

    assert await refused(holder.sign(wait)) == "passkey_refused"
    first = await holder.service.ask(holder.who, "p1")
    await holder.service.ask(holder.who, "p1")
    assert await refused(holder.answer(first.challenge)) == "passkey_refused"


async def test_a_copied_key_is_refused_when_its_counter_falls_back(holder: Holder) -> None:
    holder.key.count = 5
    await holder.make()
    holder.key.count = 6
    await holder.sign()
    assert await refused(holder.sign()) == "passkey_refused"


async def test_nobody_makes_one_without_the_password_or_one_that_is_known(holder: Holder) -> None:
    assert await refused(holder.service.begin(holder.who, "not it", HERE)) == "wrong_credentials"
    await holder.make()
    assert await refused(holder.make()) == "passkey_refused"
    for number in range(MOST_OF_ACCOUNT - 1):
        await holder.make(SecurityKey(id=bytes([number])))
    assert await refused(holder.make(SecurityKey(id=b"more"))) == "passkey_refused"


async def test_another_accounts_key_proves_nothing(holder: Holder, candor: Candor) -> None:
    await holder.make()
    eve = Holder(candor, await owner_of(candor, "eve"))
    eve.key = holder.key
    assert await refused(eve.sign()) == "passkey_refused"


async def test_it_is_made_listed_and_removed_by_http(client: Client) -> None:
    ada, key = await client.register("ada"), SecurityKey()
    asked = (await ada.post(f"{KEYS}/begin", {"password": PASSWORD})).body
    assert (asked["rp_id"], asked["algorithms"], asked["exclude"]) == (
        "localhost",
        [-7, -8, -257],
        [],
    )
    client_data = key.client_data("webauthn.create", webauthn.bytes_of(asked["challenge"]))
    made = {"name": "laptop", "attestation": webauthn.text_of(key.attestation())}
    assert (await ada.post(KEYS, made | {"client_data": "A"})).code == "invalid"
    reply = await ada.post(KEYS, made | {"client_data": webauthn.text_of(client_data)})
    assert reply.status == 201, reply
    assert (await ada.get(KEYS)).body["passkeys"] == [reply.body]
    assert (await ada.call("DELETE", f"{KEYS}/{reply.body['id']}")).status == 204
    assert (await ada.call("DELETE", f"{KEYS}/{reply.body['id']}")).code == "not_found"

"""An authenticator app: set up by whoever has the password, asked for codes, and removed."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from signaling.app import Candor
from signaling.auth import totp
from signaling.auth.authenticators import RECOVERY_CODES, Shown
from signaling.auth.door import CODE_FAILURES
from signaling.errors import Refused
from signaling.store import audit
from signaling.store.proof_schema import authenticators, recovery_codes
from tests.client import PASSWORD, Client
from tests.signaling.owner import HERE, Owner, owner_of, shown_by_app

APP = "/api/v1/me/authenticator"


@pytest.fixture
async def owner(candor: Candor) -> Owner:
    return await owner_of(candor, "ada")


async def code_of_refusal(owner: Owner, code: str) -> str:
    with pytest.raises(Refused) as refused:
        await owner.check(code)
    return refused.value.code


async def test_a_code_of_the_app_is_good_once_and_no_older_one_after_it(owner: Owner) -> None:
    await owner.set_up()
    code, since = owner.code(), owner.clock() - totp.STEP
    assert await owner.check(f"{code[:3]} {code[3:]}") == Shown("authenticator", since)
    assert await code_of_refusal(owner, code) == "wrong_code"
    owner.clock.forward(totp.STEP)
    later = owner.code()
    owner.clock.forward(totp.STEP)
    await owner.check(owner.code())
    assert await code_of_refusal(owner, later) == "wrong_code"


async def test_an_app_counts_once_it_has_shown_a_code(owner: Owner) -> None:
    owner.app = await owner.service.begin(owner.who, PASSWORD, HERE)
    assert await code_of_refusal(owner, owner.code()) == "not_found"
    with pytest.raises(Refused, match="wrong_code"):
        await owner.service.confirm(owner.who, "000000", HERE)
    assert (await owner.service.standing(owner.who)).set_up_at is None


async def test_the_first_secret_is_forgotten_when_another_is_made(owner: Owner) -> None:
    first = await owner.service.begin(owner.who, PASSWORD, HERE)
    await owner.service.begin(owner.who, PASSWORD, HERE)
    with pytest.raises(Refused, match="wrong_code"):
        await owner.service.confirm(owner.who, shown_by_app(first.secret, owner.clock()), HERE)


async def test_a_recovery_code_does_without_the_app_once(owner: Owner) -> None:
    await owner.set_up()
    written = owner.recovery[0].upper()
    shown = await owner.check(f"{written[:5]}-{written[5:]}")
    assert shown.way == "recovery_code"
    assert await code_of_refusal(owner, owner.recovery[0]) == "wrong_code"
    assert (await owner.service.standing(owner.who)).recovery_left == RECOVERY_CODES - 1


async def test_guessing_ends_before_it_gets_anywhere_and_costs_the_right_one_too(
    owner: Owner,
) -> None:
    await owner.set_up()
    wrong = "000000" if owner.code() != "000000" else "000001"
    refusals = [await code_of_refusal(owner, wrong) for _ in range(CODE_FAILURES.count + 1)]
    assert refusals == ["wrong_code"] * CODE_FAILURES.count + ["rate_limited"]
    assert await code_of_refusal(owner, owner.code()) == "rate_limited"


async def test_nothing_in_the_store_makes_or_is_a_code(owner: Owner) -> None:
    await owner.set_up()

    def kept(connection: sa.Connection) -> str:
        tables = (authenticators, recovery_codes)
        return repr([list(connection.execute(sa.select(table))) for table in tables])

    found = await owner.store.read(kept)
    secret = base64.b32decode(owner.app.secret)
    written = (repr(secret)[2:-1], owner.app.secret, *owner.recovery)
    assert not [one for one in written if one in found]


async def test_a_session_without_the_password_sets_up_and_removes_nothing(owner: Owner) -> None:
    with pytest.raises(Refused, match="wrong_credentials"):
        await owner.service.begin(owner.who, "not it", HERE)
    await owner.set_up()
    with pytest.raises(Refused, match="authenticator_set"):
        await owner.service.begin(owner.who, PASSWORD, HERE)
    with pytest.raises(Refused, match="wrong_credentials"):
        await owner.service.remove_by_password(owner.who, "not it", HERE)
    await owner.service.remove_by_code(owner.who, owner.code(), HERE)
    assert await code_of_refusal(owner, owner.recovery[0]) == "not_found"
    entries = await owner.store.read(lambda c: audit.page(c, None, 2))
    removed, set_ = [(one.act.action, one.act.actor, one.act.address) for one in entries]
    assert (set_, removed) == (
        ("authenticator.set", owner.who.user.id, HERE),
        ("authenticator.remove", owner.who.user.id, HERE),
    )


async def test_another_accounts_code_is_no_code(owner: Owner, candor: Candor) -> None:
    await owner.set_up()
    other = replace(owner.who, user=await candor.accounts.create("eve", PASSWORD, "caller"))
    for code in (owner.code(), owner.recovery[0]):
        with pytest.raises(Refused, match="not_found"):
            await owner.service.check(other, code, HERE)


async def test_it_is_set_up_and_removed_by_http(client: Client) -> None:
    ada = await client.register("ada")
    assert (await ada.get(APP)).body == {"set_up_at": None, "recovery_codes_left": 0}
    told = (await ada.post(APP, {"password": PASSWORD})).body
    assert told["address"] == totp.address_of(base64.b32decode(told["secret"]), "ada")
    code = shown_by_app(told["secret"], datetime.now(UTC))
    confirmed = await ada.post(f"{APP}/confirm", {"code": code})
    assert len(set(confirmed.body["codes"])) == RECOVERY_CODES
    since = datetime.fromisoformat((await ada.get(APP)).body["set_up_at"])
    assert abs(datetime.now(UTC) - since) < timedelta(hours=1)
    for body in ({}, {"password": PASSWORD, "code": confirmed.body["codes"][0]}):
        assert (await ada.post(f"{APP}/remove", body)).code == "invalid"
    assert (await ada.post(f"{APP}/remove", {"code": confirmed.body["codes"][0]})).status == 204
    assert (await ada.post(f"{APP}/remove", {"password": PASSWORD})).code == "not_found"

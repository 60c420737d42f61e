"""Guessers: of passwords, from one address or from many, and of PINs."""

import asyncio
from itertools import count

import pytest

from signaling.auth.door import PINS_AT_ONCE
from signaling.config import Config
from tests.client import PASSWORD, Client, Reply
from tests.conftest import with_limits
from tests.hostile.conftest import House, client_at, open_house

LOGIN = "/api/v1/auth/login"
GUEST = "/api/v1/auth/guest"
# As a server has it that nobody configured.
LOGINS_PER_MINUTE = Config().limits.logins_per_minute
ACCOUNT_BUDGET = 100


@pytest.fixture
def config(config: Config) -> Config:
    return with_limits(config, logins_per_minute=LOGINS_PER_MINUTE)


async def _guess(client: Client, name: str, password: str) -> Reply:
    return await client.post(LOGIN, {"name": name, "password": password})


def _is_told_to_wait(reply: Reply) -> bool:
    return (reply.status, reply.code) == (429, "rate_limited") and (
        1 <= int(reply.headers["Retry-After"]) <= 3600
    )


async def test_a_thousand_guesses_at_one_account_are_ten_and_the_owner_gets_in(
    house: House,
) -> None:
    await house.client.register("alice")

    replies = [await _guess(house.client, "alice", f"wrong {n}") for n in range(1000)]

    tried = [reply for reply in replies if reply.status == 401]
    # A few more than ten, for the seconds that the test itself takes.
    assert LOGINS_PER_MINUTE <= len(tried) <= LOGINS_PER_MINUTE + 10
    assert all(_is_told_to_wait(reply) for reply in replies if reply.status != 401)
    async with client_at(house, "127.0.0.2") as owner:
        assert (await owner.login("alice")).status == 200


async def test_guesses_at_many_accounts_from_one_address_share_its_budget(house: House) -> None:
    names = [f"victim{n}" for n in range(10)]
    for name in names:
        await house.client.register(name)
    async with client_at(house, "127.0.0.3") as guesser:
        replies = [await _guess(guesser, names[n % 10], f"wrong {n}") for n in range(100)] + [
            await _guess(guesser, f"nobody{n}", "wrong") for n in range(100)
        ]

    assert sum(reply.status == 401 for reply in replies) <= LOGINS_PER_MINUTE + 5
    assert all(reply.status == 401 or _is_told_to_wait(reply) for reply in replies)
    for name in names:
        assert (await house.client.login(name)).status == 200


async def test_a_burst_of_guesses_costs_what_it_got_wrong(house: House) -> None:
    await house.client.register("alice")

    burst = await asyncio.gather(*(_guess(house.client, "alice", f"wrong {n}") for n in range(80)))

    assert {reply.status for reply in burst} <= {401, 429, 503}
    wrong = sum(reply.status == 401 for reply in burst)
    after = await _guess(house.client, "alice", "wrong")
    assert _is_told_to_wait(after)
    # Six seconds for each beyond ten: nobody gains by being in a hurry.
    assert int(after.headers["Retry-After"]) >= (wrong - LOGINS_PER_MINUTE) * 5


async def _spend_the_account(house: House, name: str) -> None:
    """Wrong guesses from many addresses, until the account itself is closed to strangers."""
    for last in count(10):
        async with client_at(house, f"127.0.1.{last}") as guesser:
            for _ in range(LOGINS_PER_MINUTE):
                reply = await _guess(guesser, name, "wrong")
                if reply.status == 429:
                    return
                assert reply.status == 401
        assert last < 10 + ACCOUNT_BUDGET // LOGINS_PER_MINUTE + 1


@pytest.mark.parametrize("spelled", ["alice", "ALICE", "ａlice"])
async def test_many_addresses_do_not_lock_out_whoever_was_there_before(
    house: House, spelled: str
) -> None:
    async with client_at(house, "127.0.0.2") as owner:
        await owner.register("alice")
        await _spend_the_account(house, spelled)

        # The right password from a new address has to wait, from the owner's it does not.
        async with client_at(house, "127.0.2.1") as stranger:
            assert _is_told_to_wait(await stranger.login("alice"))
            assert _is_told_to_wait(await stranger.login("ALICE"))
        assert (await owner.login("alice")).status == 200
        assert (await owner.login("ALICE")).status == 200
        # Other people notice nothing.
        await house.client.register("bob")
        assert (await house.client.login("bob")).status == 200


async def test_an_account_that_does_not_exist_is_closed_just_the_same(house: House) -> None:
    await _spend_the_account(house, "nobody")

    async with client_at(house, "127.0.2.1") as stranger:
        assert _is_told_to_wait(await _guess(stranger, "nobody", "wrong"))


async def test_right_passwords_cost_nothing(house: House) -> None:
    await house.client.register("alice")

    replies = [await house.client.login("alice") for _ in range(LOGINS_PER_MINUTE * 3)]

    assert {reply.status for reply in replies} == {200}


async def test_whoever_has_to_wait_costs_no_hash(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(LOGINS_PER_MINUTE + 3):
        await _guess(house.client, "alice", f"wrong {n}")

    async def never(*_: object) -> bool:
        raise AssertionError("a password was looked at")

    monkeypatch.setattr(type(house.candor.passwords), "matches", never)
    assert _is_told_to_wait(await _guess(house.client, "alice", PASSWORD))


async def test_the_current_password_is_no_easier_to_guess(house: House) -> None:
    alice = await house.client.register("alice")

    replies = [
        await alice.post("/api/v1/auth/password", {"current": f"wrong {n}", "new": "a fine one 7"})
        for n in range(30)
    ]

    assert sum(reply.status == 401 for reply in replies) <= LOGINS_PER_MINUTE + 2
    assert _is_told_to_wait(replies[-1])


async def _invitation(house: House, pin: str) -> str:
    owner = await house.client.register("owner")
    await owner.post("/api/v1/rooms", {"id": "tea"})
    made = await owner.post("/api/v1/rooms/tea/invitations", {"pin": pin, "uses": 100})
    assert made.status == 201
    return str(made.body["code"])


async def test_a_pin_is_guessed_a_few_times_a_minute_from_wherever(house: House) -> None:
    code = await _invitation(house, "4711")
    statuses: list[int] = []
    for last in range(1, 11):
        async with client_at(house, f"127.0.3.{last}") as guesser:
            for pin in range(5):
                body = {"name": "Gus", "invitation": code, "pin": f"{last:02}{pin:02}"}
                statuses.append((await guesser.post(GUEST, body)).status)

    assert statuses.count(403) <= 7
    assert statuses.count(429) == len(statuses) - statuses.count(403)


async def test_pins_guessed_side_by_side_by_two_doors_are_paid_for_in_full(house: House) -> None:
    code = await _invitation(house, "4711")
    members = [await house.client.register(f"member{n}") for n in range(4)]

    entering = [
        house.client.post(GUEST, {"name": "Gus", "invitation": code, "pin": f"{n:04}"})
        for n in range(40)
    ]
    accepting = [
        members[n % 4].post(f"/api/v1/invitations/{code}/accept", {"pin": f"1{n:03}"})
        for n in range(40)
    ]
    replies = await asyncio.gather(*entering, *accepting)

    assert {reply.code for reply in replies} <= {"wrong_pin", "rate_limited"}
    wrong = sum(reply.status == 403 for reply in replies)
    assert wrong <= PINS_AT_ONCE + 5
    after = await house.client.post(GUEST, {"name": "Gus", "invitation": code, "pin": "4711"})
    assert _is_told_to_wait(after)
    # Twelve seconds for each beyond five: a burst gains nothing on the long run.
    assert int(after.headers["Retry-After"]) >= (wrong - 5) * 12 - 10


async def test_the_right_pin_opens_and_another_invitation_is_not_touched(house: House) -> None:
    code = await _invitation(house, "4711")
    owner = house.client.as_((await house.client.login("owner")).body["access_token"])
    other = (await owner.post("/api/v1/rooms/tea/invitations", {"pin": "1234"})).body["code"]
    for n in range(10):
        body = {"name": "Gus", "invitation": code, "pin": f"{n:04}"}
        await house.client.post(GUEST, body)

    locked = await house.client.post(GUEST, {"name": "Gus", "invitation": code, "pin": "4711"})
    opened = await house.client.post(GUEST, {"name": "Gus", "invitation": other, "pin": "1234"})

    assert _is_told_to_wait(locked)
    assert opened.status == 201


async def test_accounts_are_made_so_often_from_one_address(config: Config) -> None:
    async with open_house(with_limits(config, registrations_per_hour=5)) as house:
        statuses = [
            (
                await house.client.post(
                    "/api/v1/auth/register", {"name": f"name{n}", "password": PASSWORD}
                )
            ).status
            for n in range(8)
        ]
        async with client_at(house, "127.0.0.2") as elsewhere:
            await elsewhere.register("somebody")

    assert statuses == [201] * 5 + [429] * 3

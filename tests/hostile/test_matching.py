"""Guessers of numbers: with one account, with many, from many addresses, all together."""

from dataclasses import dataclass
from itertools import cycle

import pytest

from signaling.auth.identity import Person
from signaling.config import Config
from signaling.errors import Refused
from signaling.matching import Tries
from tests.client import Client, Reply
from tests.conftest import with_limits
from tests.hostile.conftest import House, client_at, open_house
from tests.store.rows import session, user

NUMBER, LINK = "/api/v1/matches/number", "/api/v1/matches/heart-link"
# As a server has them that nobody configured.
LIMITS = Config().limits
ONE, ALL = LIMITS.matches_per_minute, LIMITS.matches_per_minute_of_all
NUMBERS = 10_000
# Of an attack on one wait of a minute.
MINUTE_S = 60.0


@dataclass
class Seconds:
    """A clock for limits, moved by hand."""

    moment: float = 0.0

    def __call__(self) -> float:
        return self.moment


def _taken(tries: Tries, who: Person, address: str) -> bool:
    try:
        tries.take("number", who, address)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("accounts", "addresses", "most"),
    [(1, 1, ONE), (1, 500, ONE), (500, 1, ONE), (20, 20, 20 * ONE), (500, 500, ALL)],
)
def test_of_all_numbers_in_one_minute_few_are_tried(
    accounts: int, addresses: int, most: int
) -> None:
    clock = Seconds()
    tries = Tries(clock, per_minute=ONE, per_minute_of_all=ALL)
    people = [Person(user(f"u{n}"), session()) for n in range(accounts)]
    # An IPv6 site is one address, however many it has; IPv4 and IPv6 in turn.
    sites = [
        f"10.0.{n >> 8}.{n & 255}" if n % 2 else f"2001:db8:{n:x}::1" for n in range(addresses)
    ]
    guessers = zip(cycle(people), cycle(sites), strict=False)

    tried = 0
    for _, (who, site) in zip(range(NUMBERS), guessers, strict=False):
        tried += _taken(tries, who, site)
        clock.moment += MINUTE_S / NUMBERS

    assert most // 2 <= tried <= most


@pytest.mark.parametrize("per_minute", [1, 2, 5, 300])
def test_no_minute_has_more_tries_than_it_may(per_minute: int) -> None:
    """Whoever comes as soon as they may, for ten minutes: every window of a minute is counted."""
    clock, taken = Seconds(), list[float]()
    tries = Tries(clock, per_minute=per_minute, per_minute_of_all=100_000)
    who = Person(user(), session())
    while clock.moment < 10 * MINUTE_S:
        if _taken(tries, who, "192.0.2.1"):
            taken.append(clock.moment)
        else:
            clock.moment += 0.1

    windows = [sum(start <= at < start + MINUTE_S for at in taken) for start in taken]
    assert max(windows) <= per_minute
    assert len(taken) >= 5 * per_minute


def test_addresses_of_one_site_are_one() -> None:
    tries = Tries(Seconds(), per_minute=1, per_minute_of_all=ALL)
    assert _taken(tries, Person(user("u1"), session()), "2001:db8:1:2::1")
    assert not _taken(tries, Person(user("u2"), session()), "2001:db8:1:2:ffff::1")


def test_what_is_refused_costs_nobody_else_anything() -> None:
    tries = Tries(Seconds(), per_minute=1, per_minute_of_all=5)
    mallory = Person(user("mallory"), session())
    for n in range(100):
        _taken(tries, mallory, f"10.0.0.{n}")
    # The addresses are as they were, and so is what is left for all.
    assert _taken(tries, Person(user("ann"), session()), "10.0.0.99")


async def _guess(client: Client, number: int) -> Reply:
    reply = await client.post(NUMBER, {"number": f"{number:04}"})
    if reply.status == 200 and reply.body["state"] == "waiting":
        await client.call("DELETE", NUMBER)
    return reply


def _is_told_to_wait(reply: Reply) -> bool:
    return (reply.status, reply.code) == (429, "rate_limited") and (
        1 <= int(reply.headers["Retry-After"]) <= MINUTE_S
    )


async def test_a_guesser_is_told_to_wait_and_new_accounts_do_not_help(house: House) -> None:
    ann = await house.client.register("ann")
    await ann.post(NUMBER, {"number": "9999"})
    async with client_at(house, "127.0.0.2") as somewhere:
        guessers = [await somewhere.register(f"mallory{n}") for n in range(3)]
        replies = [await _guess(guessers[n % 3], n) for n in range(60)]
        # The other kind of matching has a budget of its own.
        assert (await guessers[0].post(LINK)).status == 200

    assert 1 <= sum(reply.status == 200 for reply in replies) <= ONE
    assert all(reply.status == 200 or _is_told_to_wait(reply) for reply in replies)
    assert (await ann.get(NUMBER)).body["state"] == "waiting"
    # People elsewhere notice nothing.
    bob = await house.client.register("bob")
    async with client_at(house, "127.0.0.3") as elsewhere:
        assert (await _guess(elsewhere.as_(bob.token), 9999)).body["state"] == "matched"


async def test_all_together_have_a_ceiling_and_whoever_waits_is_not_asked_to(
    config: Config,
) -> None:
    async with open_house(with_limits(config, matches_per_minute_of_all=5)) as house:
        ann = await house.client.register("ann")
        await ann.post(NUMBER, {"number": "9999"})
        replies = []
        for n in range(6):
            mallory = await house.client.register(f"mallory{n}")
            async with client_at(house, f"127.0.0.{n + 10}") as somewhere:
                replies.append(await _guess(somewhere.as_(mallory.token), n))
        again = [await ann.post(NUMBER, {"number": "9999"}) for _ in range(10)]

    assert sum(reply.status == 200 for reply in replies) <= 4
    assert _is_told_to_wait(replies[-1])
    assert {reply.body["state"] for reply in again} == {"waiting"}

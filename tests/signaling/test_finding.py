"""People are found by how their names begin; never everybody, and nobody who does not want it."""

from urllib.parse import quote

import pytest

from signaling.app import Candor, open_candor
from signaling.config import Config
from signaling.http.server import listen
from tests.client import PASSWORD, Client, Reply
from tests.conftest import with_limits


async def search(asker: Client, words: str) -> Reply:
    return await asker.get(f"/api/v1/people?q={quote(words)}")


async def found(asker: Client, words: str) -> list[str]:
    reply = await search(asker, words)
    assert reply.status == 200, reply
    return [each["name"] for each in reply.body["people"]]


async def id_of(client: Client) -> str:
    me: str = (await client.get("/api/v1/me")).body["id"]
    return me


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gr", ["grace", "Greta"]),
        ("GRE", ["Greta"]),
        ("count", ["ada-l"]),
        ("王", ["王小明"]),
        ("ｇｒ", ["grace", "Greta"]),
        ("race", []),
        ("%r", []),
        ("g_", []),
        ("as", []),
    ],
)
async def test_a_name_or_a_nickname_is_found_by_its_beginning(
    client: Client, words: str, expected: list[str]
) -> None:
    asker = await client.register("asker")
    for name, nickname in (("grace", ""), ("Greta", ""), ("ada-l", "Countess"), ("王小明", "")):
        await client.register(name, nickname=nickname)
    assert await found(asker, words) == expected


@pytest.mark.parametrize("words", ["g", " g ", "\u200bg", "", "%"])
async def test_too_few_letters_find_nobody(client: Client, words: str) -> None:
    asker = await client.register("asker")
    reply = await search(asker, words)
    assert (reply.status, reply.code) == (400, "invalid")


async def test_never_more_than_a_few_are_named(client: Client) -> None:
    asker = await client.register("asker")
    for number in range(12):
        await client.register(f"many-{number:02}")
    assert await found(asker, "many") == [f"many-{number:02}" for number in range(10)]


async def test_who_is_hidden_banned_blocked_or_a_guest_is_not_found(
    client: Client, candor: Candor
) -> None:
    people = {name: await client.register(name) for name in ("asker", "pal-b", "pal-c", "pal-d")}
    asker = people["asker"]
    room = (await asker.post("/api/v1/rooms")).body["id"]
    code = (await asker.post(f"/api/v1/rooms/{room}/invitations")).body["code"]
    await client.post("/api/v1/auth/guest", {"name": "Pal guest", "invitation": code})
    await candor.accounts.create("olga", PASSWORD, "operator")
    olga = client.as_((await client.login("olga")).body["access_token"])
    assert await found(asker, "pal") == ["pal-b", "pal-c", "pal-d"]

    me = (await people["pal-b"].call("PATCH", "/api/v1/me", {"findable": False})).body
    await people["pal-c"].call("PUT", f"/api/v1/chat/blocks/{await id_of(asker)}")
    banned = f"/api/v1/users/{await id_of(people['pal-d'])}/ban"
    await olga.post(banned, {"reason": "spam"})

    assert await found(asker, "pal") == []
    assert await found(people["pal-c"], "ask") == []
    assert await found(people["pal-b"], "ask") == ["asker"]
    assert me["findable"] is False
    assert (await asker.get(f"/api/v1/people/{me['id']}")).body["findable"] is None


async def test_who_searches_too_often_waits(config: Config) -> None:
    async with (
        open_candor(with_limits(config, searches_per_minute=2)) as candor,
        listen(candor, None) as listening,
        Client(listening.http) as client,
    ):
        asker, other = await client.register("asker"), await client.register("other")
        assert await found(asker, "ot") == await found(asker, "oth") == ["other"]
        reply = await search(asker, "othe")
        assert (reply.status, reply.code) == (429, "rate_limited")
        assert int(reply.headers["Retry-After"]) > 0
        assert await found(other, "as") == ["asker"]

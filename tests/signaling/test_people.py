"""Profiles, tags, presence and avatars."""

from datetime import UTC, datetime, timedelta

import pytest

from signaling.app import Candor
from signaling.people import tags
from signaling.presence import GONE_AFTER, status
from signaling.store.users import Seen, User
from tests.client import PASSWORD, Client
from tests.pictures import png

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def user(**more: object) -> User:
    values = {"id": "u", "role": "caller", "name": "ann", "created_at": NOW - timedelta(days=30)}
    return User(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("someone", "seen_ago", "expected"),
    [
        (user(), None, ("life",)),
        (user(created_at=NOW), None, ("new", "life")),
        (user(created_at=NOW - timedelta(days=800)), None, ("veteran", "life")),
        (user(), timedelta(days=1), ("active", "life")),
        (user(), timedelta(days=8), ("life",)),
        (user(role="administrator", membership="vip"), None, ("administrator", "vip", "life")),
        (user(role="guest", theme_mode="emo"), None, ("guest",)),
    ],
)
def test_tags_say_what_is_known(
    someone: User, seen_ago: timedelta | None, expected: tuple[str, ...]
) -> None:
    seen = None if seen_ago is None else Seen("online", NOW - seen_ago)
    assert tags(someone, seen, NOW) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (None, "offline"),
        (Seen("busy", NOW), "busy"),
        (Seen("busy", NOW - GONE_AFTER), "busy"),
        (Seen("online", NOW, in_call=True), "busy"),
        (Seen("offline", NOW, in_call=True), "offline"),
        (Seen("busy", NOW - GONE_AFTER - timedelta(seconds=1)), "offline"),
    ],
)
def test_whoever_was_not_heard_of_is_offline(seen: Seen | None, expected: str) -> None:
    assert status(seen, NOW) == expected


async def test_a_profile_is_changed_and_seen_by_another(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")
    change = {"nickname": "Al", "real_name": "Alice A.", "bio": "你好", "theme_mode": "geek"}

    changed = await alice.call("PATCH", "/api/v1/me", change)

    assert changed.status == 200
    seen = (await bob.get(f"/api/v1/people/{changed.body['id']}")).body
    assert (seen["nickname"], seen["bio"], seen["theme_mode"]) == ("Al", "你好", "geek")
    assert seen["real_name"] == ""  # a stranger's eyes
    assert (await alice.get("/api/v1/me")).body["real_name"] == "Alice A."


async def test_a_page_learns_who_is_signed_in_without_a_refusal(client: Client) -> None:
    alice = await client.register("alice")
    nobody, stale = await client.get("/api/v1/who-am-i"), {"Cookie": "candor=ended-long-ago"}
    assert (nobody.status, nobody.body) == (200, {"me": None})
    assert (await client.get("/api/v1/who-am-i", headers=stale)).body == {"me": None}
    assert (await alice.get("/api/v1/who-am-i")).body["me"]["name"] == "alice"


async def test_the_old_address_of_a_profile_answers_too(client: Client) -> None:
    alice = await client.register("alice")
    me = (await alice.get("/api/v1/me")).body
    assert (await alice.get(f"/tools/api/user/{me['id']}/profile/")).body == me


async def test_a_real_name_is_for_people_of_a_common_room(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")
    me = (await alice.call("PATCH", "/api/v1/me", {"real_name": "Alice A."})).body
    room = (await alice.post("/api/v1/rooms")).body["id"]
    code = (await alice.post(f"/api/v1/rooms/{room}/invitations")).body["code"]

    await bob.post(f"/api/v1/invitations/{code}/accept")

    assert (await bob.get(f"/api/v1/people/{me['id']}")).body["real_name"] == "Alice A."


async def test_presence_is_what_was_said_last(client: Client) -> None:
    alice = await client.register("alice")
    for said, shown in ((None, "online"), ("busy", "busy"), (None, "busy"), ("away", "away")):
        assert (await alice.call("PUT", "/api/v1/me/presence", {"status": said})).status == 204
        assert (await alice.get("/api/v1/me")).body["status"] == shown


async def test_an_avatar_is_stored_small_and_seen_by_others(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")
    kind = {"Content-Type": "image/png"}

    first = await alice.call("PUT", "/api/v1/me/avatar", png(900, 600), headers=kind)
    second = await alice.call("PUT", "/api/v1/me/avatar", png(20, 20), headers=kind)

    assert first.status == second.status == 200
    assert first.body["avatar"] != second.body["avatar"]
    picture = await bob.get(second.body["avatar"])
    assert picture.body[8:12] == b"WEBP"
    assert picture.headers["Content-Type"] == "image/webp"
    assert (await alice.call("DELETE", "/api/v1/me/avatar")).status == 204
    assert (await bob.get(second.body["avatar"])).status == 404
    assert (await alice.get("/api/v1/me")).body["avatar"] is None


async def test_membership_and_role_are_given_by_administrators_only(
    client: Client, candor: Candor
) -> None:
    alice = await client.register("alice")
    me = (await alice.get("/api/v1/me")).body["id"]
    await candor.accounts.create("ada", PASSWORD, "administrator")
    ada = client.as_((await client.login("ada")).body["access_token"])
    membership, role = f"/api/v1/users/{me}/membership", f"/api/v1/users/{me}/role"

    assert (await alice.call("PUT", membership, {"membership": "vip"})).status == 403
    assert (await ada.call("PUT", membership, {"membership": "vip"})).status == 204
    assert (await ada.call("PUT", role, {"role": "operator"})).status == 204

    assert (await alice.get("/api/v1/me")).body["tags"][:2] == ["operator", "vip"]
    acts = [entry["action"] for entry in (await ada.get("/api/v1/audit")).body["entries"]]
    assert acts[:2] == ["account.role", "account.membership"]

"""Signing in, refreshing, ending: through HTTP, on a real database."""

import asyncio

from signaling.app import Candor
from tests.client import PASSWORD, Client

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
SESSIONS = "/api/v1/auth/sessions"


async def _login(client: Client, **more: str) -> dict[str, str]:
    reply = await client.login("alice", **more)
    assert reply.status == 200, reply
    body: dict[str, str] = reply.body
    return body


async def test_a_registered_person_is_signed_in_and_known(client: Client) -> None:
    alice = await client.register("alice")

    me = await alice.get("/api/v1/me")

    assert (me.status, me.body["name"], me.body["role"]) == (200, "alice", "caller")


async def test_a_refresh_gives_a_new_pair_and_the_old_access_token_goes_on(client: Client) -> None:
    await client.register("alice")
    first = await _login(client)

    second = await client.post(REFRESH, {"refresh_token": first["refresh_token"]})

    assert second.status == 200
    assert second.body["refresh_token"] != first["refresh_token"]
    assert second.body["session_id"] == first["session_id"]
    assert (await client.as_(first["access_token"]).get("/api/v1/me")).status == 200


async def test_a_refresh_token_that_comes_twice_ends_its_session(client: Client) -> None:
    await client.register("alice")
    first = await _login(client)
    second = await client.post(REFRESH, {"refresh_token": first["refresh_token"]})

    again = await client.post(REFRESH, {"refresh_token": first["refresh_token"]})

    assert (again.status, again.code) == (401, "refresh_reused")
    after = await client.as_(second.body["access_token"]).get("/api/v1/me")
    assert (after.status, after.code) == (401, "session_ended")
    newest = await client.post(REFRESH, {"refresh_token": second.body["refresh_token"]})
    assert (newest.status, newest.code) == (401, "session_ended")


async def test_two_refreshes_in_one_instant_have_one_winner(client: Client) -> None:
    await client.register("alice")
    first = await _login(client, client_id="tab-1")
    body = {"refresh_token": first["refresh_token"], "client_id": "tab-1"}

    replies = await asyncio.gather(client.post(REFRESH, body), client.post(REFRESH, body))

    assert sorted(reply.status for reply in replies) == [200, 401]
    winner = next(reply for reply in replies if reply.status == 200)
    loser = next(reply for reply in replies if reply.status == 401)
    assert loser.code == "refresh_raced"
    # The same client raced with itself: its session lives on.
    assert (await client.as_(winner.body["access_token"]).get("/api/v1/me")).status == 200


async def test_the_grace_is_for_the_same_client_only(client: Client) -> None:
    await client.register("alice")
    first = await _login(client, client_id="tab-1")
    body = {"refresh_token": first["refresh_token"]}
    won = await client.post(REFRESH, {**body, "client_id": "tab-1"})

    stolen = await client.post(REFRESH, {**body, "client_id": "thief"})

    assert stolen.code == "refresh_reused"
    assert (await client.as_(won.body["access_token"]).get("/api/v1/me")).status == 401


async def test_logout_ends_the_session_at_once(client: Client) -> None:
    await client.register("alice")
    opened = await _login(client)
    alice = client.as_(opened["access_token"])

    assert (await alice.post("/api/v1/auth/logout")).status == 204

    assert (await alice.get("/api/v1/me")).code == "session_ended"
    refreshed = await client.post(REFRESH, {"refresh_token": opened["refresh_token"]})
    assert refreshed.status == 401


async def test_sessions_are_listed_with_address_and_agent_and_ended_one_by_one(
    client: Client,
) -> None:
    first = await client.register("alice")
    second = await client.login("alice")

    listed = (await first.get(SESSIONS)).body["sessions"]

    assert {item["id"] for item in listed} >= {second.body["session_id"]}
    assert len(listed) == 2
    assert sum(item["this"] for item in listed) == 1
    assert all(item["address"] == "127.0.0.1" and "aiohttp" in item["agent"] for item in listed)
    gone = await first.call("DELETE", f"{SESSIONS}/{second.body['session_id']}")
    assert gone.status == 204
    assert (await client.as_(second.body["access_token"]).get("/api/v1/me")).status == 401


async def test_nobody_ends_anothers_session(client: Client) -> None:
    alice = await client.register("alice")
    bob = await client.register("bob")
    session = (await alice.get(SESSIONS)).body["sessions"][0]["id"]

    refused = await bob.call("DELETE", f"{SESSIONS}/{session}")

    assert refused.status == 404
    assert (await alice.get("/api/v1/me")).status == 200


async def test_ending_the_others_keeps_this(client: Client) -> None:
    alice = await client.register("alice")
    other = await client.login("alice")

    assert (await alice.call("DELETE", SESSIONS)).status == 204

    assert (await alice.get("/api/v1/me")).status == 200
    assert (await client.as_(other.body["access_token"]).get("/api/v1/me")).status == 401


async def test_a_changed_password_ends_every_other_session(client: Client) -> None:
    alice = await client.register("alice")
    other = await client.login("alice")

    changed = await alice.post(
        "/api/v1/auth/password", {"current": PASSWORD, "new": "another good one"}
    )

    assert changed.status == 204
    assert (await alice.get("/api/v1/me")).status == 200
    assert (await client.as_(other.body["access_token"]).get("/api/v1/me")).status == 401
    assert (await client.login("alice")).code == "wrong_credentials"
    again = await client.post(LOGIN, {"name": "alice", "password": "another good one"})
    assert again.status == 200


async def test_the_wrong_current_password_changes_nothing(client: Client) -> None:
    alice = await client.register("alice")

    refused = await alice.post(
        "/api/v1/auth/password", {"current": "not this one", "new": "another good one"}
    )

    assert refused.code == "wrong_credentials"
    assert (await client.login("alice")).status == 200


async def test_a_banned_account_is_out_at_once_and_stays_out(
    client: Client, candor: Candor
) -> None:
    alice = await client.register("alice")
    await candor.accounts.create("olga", PASSWORD, "operator")
    olga = client.as_((await client.login("olga")).body["access_token"])
    user_id = (await alice.get("/api/v1/me")).body["id"]

    banned = await olga.post(f"/api/v1/users/{user_id}/ban", {"reason": "spam"})

    assert banned.status == 204
    assert (await alice.get("/api/v1/me")).code == "session_ended"
    assert (await client.login("alice")).code == "banned"
    assert (await olga.call("DELETE", f"/api/v1/users/{user_id}/ban")).status == 204
    assert (await client.login("alice")).status == 200


async def test_an_operator_cannot_ban_one_of_the_same_rank(client: Client, candor: Candor) -> None:
    other = await candor.accounts.create("otto", PASSWORD, "operator")
    await candor.accounts.create("olga", PASSWORD, "operator")
    olga = client.as_((await client.login("olga")).body["access_token"])

    refused = await olga.post(f"/api/v1/users/{other.id}/ban", {"reason": "envy"})

    assert refused.code == "forbidden"
    assert (await client.login("otto")).status == 200

"""Idempotency keys: repeated, raced, borrowed and stolen."""

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from signaling.app import ANSWERS_KEPT
from signaling.http.replays import ABANDONED
from signaling.store import idempotency, schema
from tests.client import PASSWORD, Client
from tests.hostile.conftest import House
from tests.hostile.wire import Heard, first_answer, request

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
ROOMS = "/api/v1/rooms"
KEY = "7f8a1c9e-4b7d-4f0a-9a52-0c1d2e3f4a5b"
AGAIN = {"Idempotency-Key": KEY}


async def _raw(house: House, path: str, body: Any, key: str = KEY, **more: str) -> Heard:
    """The exact bytes of an answer."""
    content = json.dumps(body).encode()
    headers = [f"{name}: {value}" for name, value in more.items()]
    head = request(
        "POST",
        path,
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        f"Idempotency-Key: {key}",
        *headers,
    )
    return await first_answer(house.port, head + content)


def _without_date(heard: Heard) -> list[bytes]:
    return [line for line in heard.raw.split(b"\r\n") if not line.startswith(b"Date:")]


async def _kept(house: House) -> list[Any]:
    """The rows of the table, as they stand on the disk."""

    def work(connection: sa.Connection) -> list[Any]:
        return list(connection.execute(sa.select(schema.idempotency)))

    return await house.candor.store.read(work)


@pytest.mark.parametrize("kind", ["bearer", "cookie"])
async def test_a_repeated_sign_in_is_answered_with_the_same_bytes(house: House, kind: str) -> None:
    alice = await house.client.register("alice")
    body = {"name": "alice", "password": PASSWORD, "session": kind}

    first = await _raw(house, LOGIN, body)
    second = await _raw(house, LOGIN, body)

    assert first.status == 200
    assert _without_date(first) == _without_date(second)
    assert (b"Set-Cookie" in first.raw) == (kind == "cookie")
    # One sign-in besides the registration: the repetition opened no session of its own.
    assert len((await alice.get("/api/v1/auth/sessions")).body["sessions"]) == 2


async def test_a_repeated_registration_makes_one_account(client: Client) -> None:
    body = {"name": "alice", "password": PASSWORD}

    first = await client.call("POST", REGISTER, body, headers=AGAIN)
    second = await client.call("POST", REGISTER, body, headers=AGAIN)
    without = await client.call("POST", REGISTER, body)

    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert without.code == "name_taken"


OTHERS = {
    "other body": (ROOMS, {"id": "milk"}),
    "same meaning, other bytes": (ROOMS, {"id": "tea", "title": ""}),
    "other address": ("/api/v1/auth/logout", {"id": "tea"}),
}


@pytest.mark.parametrize("what", OTHERS)
async def test_a_key_stands_for_one_request(client: Client, what: str) -> None:
    path, body = OTHERS[what]
    alice = await client.register("alice")
    assert (await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)).status == 201

    reply = await alice.call("POST", path, body, headers=AGAIN)

    assert (reply.status, reply.code) == (409, "idempotency_mismatch")
    # It was not carried out.
    listed = await alice.get(ROOMS)
    assert [room["id"] for room in listed.body["rooms"]] == ["tea"]


async def test_the_same_key_twice_at_once_is_carried_out_once(client: Client) -> None:
    alice = await client.register("alice")

    replies = await asyncio.gather(
        *(alice.call("POST", ROOMS, {"title": "tea"}, headers=AGAIN) for _ in range(20))
    )

    assert {reply.status for reply in replies} <= {201, 409}
    made = {reply.body["id"] for reply in replies if reply.status == 201}
    assert len(made) == 1
    assert {reply.code for reply in replies if reply.status == 409} <= {"idempotency_in_progress"}
    assert len((await alice.get(ROOMS)).body["rooms"]) == 1
    later = await alice.call("POST", ROOMS, {"title": "tea"}, headers=AGAIN)
    assert {later.body["id"]} == made


async def test_while_the_first_is_under_way_the_second_is_told_to_ask_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await house.client.register("alice")
    begun, go_on = asyncio.Event(), asyncio.Event()
    carried_out = 0
    create = type(house.candor.rooms).create

    async def slow(*arguments: Any) -> Any:
        nonlocal carried_out
        carried_out += 1
        begun.set()
        await go_on.wait()
        return await create(*arguments)

    monkeypatch.setattr(type(house.candor.rooms), "create", slow)
    first = asyncio.create_task(alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN))
    await begun.wait()

    second = await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)
    go_on.set()

    assert (second.status, second.code) == (409, "idempotency_in_progress")
    assert int(second.headers["Retry-After"]) >= 1
    assert (await first).status == 201
    assert carried_out == 1


async def test_a_refused_request_frees_its_key(client: Client) -> None:
    alice = await client.register("alice")
    bob = await client.register("bob")
    await bob.post(ROOMS, {"id": "tea"})

    refused = await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)
    invalid = await alice.call("POST", ROOMS, {"id": "-"}, headers=AGAIN)
    made = await alice.call("POST", ROOMS, {"id": "milk"}, headers=AGAIN)

    assert (refused.code, invalid.code, made.status) == ("room_taken", "invalid", 201)


async def test_a_request_that_broke_on_our_side_frees_its_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await house.client.register("alice")

    async def broken(*_: Any) -> Any:
        raise RuntimeError("a secret of the house")

    with monkeypatch.context() as patch:
        patch.setattr(type(house.candor.rooms), "create", broken)
        failed = await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)
    again = await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)

    assert (failed.status, failed.code, again.status) == (500, "internal", 201)
    assert "secret" not in str(failed.body)


async def test_a_wrong_password_is_not_kept_for_the_right_one(client: Client) -> None:
    await client.register("alice")
    wrong = {"name": "alice", "password": "wrong password"}

    first = await client.call("POST", LOGIN, wrong, headers=AGAIN)
    second = await client.call(
        "POST", LOGIN, {"name": "alice", "password": PASSWORD}, headers=AGAIN
    )

    assert (first.status, second.status) == (401, 200)


async def test_somebody_elses_key_is_another_key(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")

    hers = await alice.call("POST", ROOMS, {"title": "tea"}, headers=AGAIN)
    his = await bob.call("POST", ROOMS, {"title": "tea"}, headers=AGAIN)
    other = await bob.call("POST", ROOMS, {"title": "milk"}, headers=AGAIN)

    assert (hers.status, his.status) == (201, 201)
    assert hers.body["id"] != his.body["id"]
    # And bob's own is his.
    assert other.code == "idempotency_mismatch"


async def test_a_stranger_with_the_key_gets_nothing_of_hers(client: Client) -> None:
    alice = await client.register("alice")
    await alice.post(ROOMS, {"id": "tea"})
    path = f"{ROOMS}/tea/tokens"
    assert (await alice.call("POST", path, {}, headers=AGAIN)).status == 201

    bob = await client.register("bob")
    his = await bob.call("POST", path, {}, headers=AGAIN)
    nobodys = await client.call("POST", path, {}, headers=AGAIN)

    assert (his.status, nobodys.status) == (404, 401)


async def test_what_is_kept_tells_a_thief_of_the_database_nothing(house: House) -> None:
    await house.client.register("alice")
    secrets = [PASSWORD.encode(), b"access_token", b"refresh_token", b"Set-Cookie", b"candor="]
    bodies = []
    for kind in ("bearer", "cookie"):
        body = {"name": "alice", "password": PASSWORD, "session": kind}
        heard = await _raw(house, LOGIN, body, key=kind)
        assert heard.status == 200
        bodies.append(json.dumps(body).encode())
        answer = json.loads(heard.body)
        secrets += [answer[name].encode() for name in answer if name.endswith("token")]
        secrets += [
            line.partition(b"=")[2].partition(b";")[0]
            for line in heard.raw.split(b"\r\n")
            if line.startswith(b"Set-Cookie")
        ]
    assert len(secrets) == 5 + 3

    rows = await _kept(house)
    files = b"".join(path.read_bytes() for path in house.candor.config.data.glob("candor.db*"))

    assert len(rows) == 2
    assert b"alice" in files
    for secret in secrets[:1] + secrets[5:]:
        assert secret not in files
    for row in rows:
        assert not any(secret in row.answer for secret in secrets)
    # A plain digest of a request that holds a password is as good as a fast password hash.
    digests = {hashlib.sha256(b"\n".join((b"POST", LOGIN.encode(), body))) for body in bodies}
    digests |= {hashlib.sha256(body) for body in bodies}
    assert not {digest.hexdigest() for digest in digests} & {row.fingerprint for row in rows}


async def test_an_answer_that_was_moved_to_another_person_does_not_open(house: House) -> None:
    alice, bob = await house.client.register("alice"), await house.client.register("bob")
    await alice.post(ROOMS, {"id": "tea"})
    path = f"{ROOMS}/tea/invitations"
    made = await alice.call("POST", path, {}, headers=AGAIN)
    assert made.status == 201
    bobs = f"user:{(await bob.get('/api/v1/me')).body['id']}"

    def move(connection: sa.Connection) -> None:
        connection.execute(schema.idempotency.update().values(scope=bobs))

    await house.candor.store.write(move)
    reply = await bob.call("POST", path, {}, headers=AGAIN)

    assert reply.status == 409
    assert made.body["code"] not in str(reply.body)


async def test_a_key_whose_request_died_is_free_after_a_minute(house: House) -> None:
    alice = await house.client.register("alice")
    scope = f"user:{(await alice.get('/api/v1/me')).body['id']}"
    now = house.candor.now()

    async def claimed(age: timedelta) -> None:
        def work(connection: sa.Connection) -> None:
            idempotency.release(connection, scope, KEY)
            idempotency.claim(
                connection, scope, KEY, "other", now=now - age, abandoned_before=now - age
            )

        await house.candor.store.write(work)

    await claimed(ABANDONED / 2)
    early = await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)
    await claimed(ABANDONED * 2)
    late = await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)

    assert early.status == 409
    assert late.status == 201


async def test_answers_are_forgotten_after_their_day(house: House) -> None:
    alice = await house.client.register("alice")
    await alice.call("POST", ROOMS, {"id": "tea"}, headers=AGAIN)
    tomorrow = house.candor.now() + ANSWERS_KEPT

    forgotten = await house.candor.store.write(
        lambda connection: idempotency.forget_before(connection, tomorrow - ANSWERS_KEPT)
    )

    assert forgotten == 1
    assert await _kept(house) == []


@pytest.mark.parametrize("key", ["", " ", "a" * 129, "schlüssel", "a\tb"])
async def test_a_key_that_is_none_is_refused_and_nothing_done(house: House, key: str) -> None:
    alice = await house.client.register("alice")

    heard = await _raw(house, ROOMS, {"id": "tea"}, key=key, Authorization=f"Bearer {alice.token}")

    assert heard.status == 400, heard.raw
    assert (await alice.get(ROOMS)).body["rooms"] == []


async def test_a_refresh_is_never_replayed(client: Client) -> None:
    await client.register("alice")
    token = (await client.login("alice")).body["refresh_token"]
    path, body = "/api/v1/auth/refresh", {"refresh_token": token}

    first = await client.call("POST", path, body, headers=AGAIN)
    second = await client.call("POST", path, body, headers=AGAIN)

    assert (first.status, second.code) == (200, "refresh_reused")

"""Sessions and their chains of refresh tokens."""

from datetime import timedelta

import pytest

from signaling.store import Store, sessions
from signaling.store.schema import refresh_tokens, user_sessions
from signaling.store.sessions import RefreshToken
from tests.store.rows import LATER, NOW, at_once, count, put, put_user, session

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def signed_in(store: Store) -> Store:
    await put_user(store)
    await put(
        store,
        lambda c: sessions.add(c, session(), cookie_hash="cookie"),
        lambda c: sessions.add_refresh(c, "token", "s1", NOW),
    )
    return store


@pytest.mark.parametrize("grants", [None, [], {"speak": True}, ["a", {"base64": "x"}]])
async def test_a_session_is_read_as_it_was_written(store: Store, grants: object) -> None:
    await put_user(store)
    made = session(room_id="r1", grants=grants)
    await store.write(lambda c: sessions.add(c, made, "cookie"))
    assert await store.read(lambda c: sessions.by_id(c, "s1")) == made
    assert await store.read(lambda c: sessions.by_cookie(c, "cookie")) == made
    assert await store.read(lambda c: sessions.by_cookie(c, "another")) is None


async def test_a_session_without_grants_has_none_in_the_database_either(store: Store) -> None:
    await put_user(store)
    await store.write(lambda c: sessions.add(c, session(grants=None)))
    condition = user_sessions.c.grants.is_(None)
    found = await store.read(lambda c: c.execute(user_sessions.select().where(condition)).all())
    assert len(found) == 1


async def test_of_many_who_use_a_refresh_token_exactly_one_wins(signed_in: Store) -> None:
    results = await at_once(signed_in, 50, lambda c: sessions.use_refresh(c, "token", LATER))
    assert sorted(results) == [False] * 49 + [True]
    token = await signed_in.read(lambda c: sessions.refresh(c, "token"))
    assert token == RefreshToken("s1", NOW, LATER)


async def test_an_unknown_refresh_token_is_nobodys(signed_in: Store) -> None:
    assert await signed_in.read(lambda c: sessions.refresh(c, "unknown")) is None
    assert not await signed_in.write(lambda c: sessions.use_refresh(c, "unknown", NOW))


async def test_a_session_ends_once(signed_in: Store) -> None:
    results = await at_once(signed_in, 20, lambda c: sessions.end(c, "s1", "logout", LATER))
    assert sorted(results) == [False] * 19 + [True]
    ended = await signed_in.read(lambda c: sessions.by_id(c, "s1"))
    assert (ended.ended_at, ended.end_reason) == (LATER, "logout")


async def test_all_sessions_but_the_kept_one_end(signed_in: Store) -> None:
    await put_user(signed_in, "u2")
    await put(
        signed_in,
        lambda c: sessions.add(c, session("s2")),
        lambda c: sessions.add(c, session("s3")),
        lambda c: sessions.add(c, session("other", user_id="u2")),
    )
    ended = await signed_in.write(lambda c: sessions.end_all(c, "u1", "password", NOW, keep="s2"))
    assert ended == 2
    alive = [
        one.id
        for user_id in ("u1", "u2")
        for one in await signed_in.read(lambda c, u=user_id: sessions.living(c, u, NOW))
    ]
    assert alive == ["s2", "other"]


async def test_living_sessions_are_those_in_use_newest_use_first(signed_in: Store) -> None:
    await put(
        signed_in,
        lambda c: sessions.add(c, session("newer", used_at=NOW + MINUTE)),
        lambda c: sessions.add(c, session("expired", expires_at=NOW)),
        lambda c: sessions.add(c, session("ended", ended_at=NOW)),
    )
    found = await signed_in.read(lambda c: sessions.living(c, "u1", NOW))
    assert [one.id for one in found] == ["newer", "s1"]


async def test_a_use_prolongs_the_session_and_notes_the_address(signed_in: Store) -> None:
    assert not await signed_in.read(lambda c: sessions.seen_at(c, "u1", "198.51.100.7"))
    await signed_in.write(
        lambda c: sessions.note_use(c, "s1", NOW + MINUTE, LATER + MINUTE, "198.51.100.7")
    )
    used = await signed_in.read(lambda c: sessions.by_id(c, "s1"))
    assert (used.used_at, used.expires_at) == (NOW + MINUTE, LATER + MINUTE)
    assert await signed_in.read(lambda c: sessions.seen_at(c, "u1", "198.51.100.7"))


async def test_old_sessions_are_forgotten_with_their_tokens(signed_in: Store) -> None:
    await put(
        signed_in,
        lambda c: sessions.add(c, session("s2", expires_at=LATER + MINUTE)),
        lambda c: sessions.add_refresh(c, "kept", "s2", NOW),
        lambda c: sessions.add(c, session("ended", expires_at=LATER + MINUTE, ended_at=NOW)),
    )
    assert await signed_in.write(lambda c: sessions.forget_before(c, LATER + MINUTE)) == 2
    assert await signed_in.read(lambda c: sessions.refresh(c, "token")) is None
    assert await signed_in.read(lambda c: sessions.refresh(c, "kept")) is not None
    assert await signed_in.read(lambda c: count(c, refresh_tokens)) == 1

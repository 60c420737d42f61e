"""Keys of requests that may be sent twice."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from signaling.store import Store, idempotency
from signaling.store.idempotency import Kept
from tests.store.rows import LATER, NOW, at_once

LONG_AGO = NOW - timedelta(days=1)


def claim(
    connection: sa.Connection,
    scope: str = "u1",
    now: datetime = NOW,
    abandoned_before: datetime = LONG_AGO,
) -> Kept | None:
    return idempotency.claim(
        connection, scope, "key", "print", now=now, abandoned_before=abandoned_before
    )


async def test_of_many_who_claim_a_key_exactly_one_gets_it(store: Store) -> None:
    results = await at_once(store, 50, claim)
    assert results.count(None) == 1
    assert results.count(Kept("print", None, NOW)) == 49


async def test_the_same_key_of_somebody_else_is_another_key(store: Store) -> None:
    assert await store.write(claim) is None
    assert await store.write(lambda c: claim(c, scope="u2")) is None


async def test_the_kept_answer_is_given_again(store: Store) -> None:
    await store.write(claim)
    await store.write(lambda c: idempotency.keep(c, "u1", "key", b"\x00answer\xff"))
    assert await store.write(claim) == Kept("print", b"\x00answer\xff", NOW)


async def test_a_released_key_is_free(store: Store) -> None:
    await store.write(claim)
    await store.write(lambda c: idempotency.release(c, "u1", "key"))
    assert await store.write(claim) is None


async def test_a_key_that_is_released_while_it_is_claimed_is_free(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.write(claim)
    look = idempotency._kept

    def look_too_late(connection: sa.Connection, scope: str, key: str) -> Kept | None:
        idempotency.release(connection, scope, key)
        return look(connection, scope, key)

    monkeypatch.setattr(idempotency, "_kept", look_too_late)
    assert await store.write(lambda c: claim(c, now=LATER)) is None
    assert await store.read(lambda c: look(c, "u1", "key")) == Kept("print", None, LATER)


@pytest.mark.parametrize(
    ("abandoned_before", "is_free"), [(NOW, False), (NOW + timedelta(microseconds=1), True)]
)
async def test_a_key_without_an_answer_is_free_once_it_is_abandoned(
    store: Store, abandoned_before: datetime, is_free: bool
) -> None:
    await store.write(claim)
    kept = await store.write(lambda c: claim(c, now=LATER, abandoned_before=abandoned_before))
    assert (kept is None) is is_free


async def test_an_answer_is_never_abandoned(store: Store) -> None:
    await store.write(claim)
    await store.write(lambda c: idempotency.keep(c, "u1", "key", b"answer"))
    kept = await store.write(lambda c: claim(c, now=LATER, abandoned_before=LATER))
    assert kept == Kept("print", b"answer", NOW)


async def test_old_keys_are_forgotten(store: Store) -> None:
    await store.write(claim)
    await store.write(lambda c: claim(c, scope="u2", now=LATER))
    assert await store.write(lambda c: idempotency.forget_before(c, LATER)) == 1
    assert await store.write(claim) is None

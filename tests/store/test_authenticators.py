"""Apps that make codes, as both engines keep them: confirmed once, each code spent once."""

from signaling.store import Store, authenticators, users
from signaling.store.authenticators import Authenticator
from signaling.store.proof_schema import recovery_codes
from signaling.store.schema import users as users_table
from tests.store.rows import LATER, NOW, at_once, count, put, put_user


async def test_a_new_secret_replaces_one_that_waits_and_none_that_is_confirmed(
    store: Store,
) -> None:
    await put_user(store)
    for secret in (b"first", b"second"):
        assert await store.write(lambda c, s=secret: authenticators.begin(c, "u1", s, NOW))
    assert await store.write(lambda c: authenticators.confirm(c, "u1", LATER))
    assert not await store.write(lambda c: authenticators.confirm(c, "u1", LATER))
    assert not await store.write(lambda c: authenticators.begin(c, "u1", b"third", LATER))
    found = await store.read(lambda c: authenticators.by_user(c, "u1"))
    assert found == Authenticator("u1", b"second", NOW, LATER)


async def test_a_step_and_a_recovery_code_are_spent_by_one_of_many(store: Store) -> None:
    await put_user(store)
    await put(
        store,
        lambda c: authenticators.begin(c, "u1", b"secret", NOW),
        lambda c: authenticators.add_recovery(c, "u1", ["one", "two"]),
    )
    for spend in (
        lambda c: authenticators.spend_step(c, "u1", 50),
        lambda c: authenticators.spend_recovery(c, "u1", "one"),
    ):
        assert sorted(await at_once(store, 4, spend)) == [False, False, False, True]
    assert not await store.write(lambda c: authenticators.spend_step(c, "u1", 49))
    assert not await store.write(lambda c: authenticators.spend_recovery(c, "u2", "two"))
    assert await store.read(lambda c: authenticators.recovery_left(c, "u1")) == 1


async def test_all_of_it_goes_with_the_app_and_with_the_account(store: Store) -> None:
    for name in ("u1", "u2"):
        await put_user(store, name)
        await put(
            store,
            lambda c, n=name: authenticators.begin(c, n, b"secret", NOW),
            lambda c, n=name: authenticators.add_recovery(c, n, ["one"]),
        )
    assert await store.write(lambda c: authenticators.remove(c, "u1"))
    assert not await store.write(lambda c: authenticators.remove(c, "u1"))
    assert await store.read(lambda c: users.by_id(c, "u1")) is not None
    await put(store, lambda c: c.execute(users_table.delete().where(users_table.c.id == "u2")))
    assert await store.read(lambda c: count(c, recovery_codes)) == 0

"""Proofs of accounts and passkeys, as both engines keep them."""

from dataclasses import replace

from signaling.proving.rules import PROVED, Ending
from signaling.store import Store, authenticators, passkeys, proofs
from signaling.store.passkeys import Passkey
from signaling.store.proofs import Proof
from tests.store.rows import LATER, NOW, at_once, put, put_user

KEY = Passkey("y1", "u1", b"\0id", b"key", 5, "laptop", NOW)
ASKED = Proof("x1", "r1", "c1", "u1", "host", "u2", NOW)


async def test_an_account_is_provable_by_what_is_there_and_confirmed(store: Store) -> None:
    await put_user(store)
    found = []
    for work in (
        lambda c: authenticators.begin(c, "u1", b"secret", NOW),
        lambda c: authenticators.confirm(c, "u1", NOW),
        lambda c: passkeys.add(c, KEY),
        lambda c: authenticators.remove(c, "u1"),
    ):
        await store.write(work)
        found.append(await store.read(lambda c: proofs.ways_of(c, "u1")))
    assert found == [(), ("authenticator",), ("passkey", "authenticator"), ("passkey",)]
    assert await store.read(lambda c: proofs.ways_of(c, "u2")) == ()


async def test_a_passkey_is_one_accounts_and_each_signature_counts_once(store: Store) -> None:
    for name in ("u1", "u2"):
        await put_user(store, name)
    assert await store.write(lambda c: passkeys.add(c, KEY))
    other = replace(KEY, id="y2", user_id="u2")
    assert not await store.write(lambda c: passkeys.add(c, other))
    used = await at_once(store, 4, lambda c: passkeys.note_used(c, KEY, 6, LATER))
    assert sorted(used) == [False, False, False, True]
    assert not await store.write(lambda c: passkeys.remove(c, "u2", "y1"))
    assert await store.write(lambda c: passkeys.remove(c, "u1", "y1"))


async def test_only_what_was_proved_stands_until_it_is_over(store: Store) -> None:
    await put_user(store)
    for number, outcome in enumerate((PROVED, "refused", "")):
        one = replace(ASKED, id=f"x{number}")
        await put(store, lambda c, one=one: proofs.add(c, one))
        if outcome:
            ending = Ending(outcome, way="passkey")
            await store.write(lambda c, o=one, e=ending: proofs.end(c, o.id, e, NOW))
    await store.write(lambda c: proofs.end_forgotten(c, LATER))
    kept = await store.read(lambda c: proofs.of_call(c, "c1", "", 10))
    assert [(one.outcome, one.reason, one.over_at) for one in kept] == [
        ("expired", "restarted", LATER),
        ("refused", "", NOW),
        (PROVED, "", LATER),
    ]

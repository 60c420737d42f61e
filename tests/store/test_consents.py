"""Consent and rules as both engines keep them."""

from signaling.store import Store, consents
from signaling.store.consents import DetectionRules
from tests.store.rows import LATER, NOW, consent, put, put_room, put_user


async def test_the_newest_consent_stands_until_it_is_taken_back(store: Store) -> None:
    await put(
        store,
        lambda c: consents.give(c, consent("k1")),
        lambda c: consents.give(c, consent("k2", version="2", given_at=LATER)),
        lambda c: consents.give(c, consent("k3", identity="u2")),
    )
    found = await store.read(lambda c: consents.standing(c, "r1", "u1"))
    assert found == consent("k2", version="2", given_at=LATER)
    assert await store.write(lambda c: consents.withdraw(c, "r1", "u1", NOW))
    assert not await store.write(lambda c: consents.withdraw(c, "r1", "u1", NOW))
    assert await store.read(lambda c: consents.standing(c, "r1", "u1")) is None
    assert await store.read(lambda c: consents.standing(c, "r1", "u2")) is not None
    assert await store.read(lambda c: consents.standing(c, "r2", "u2")) is None


async def test_a_room_has_the_rules_that_it_was_given_last(store: Store) -> None:
    await put_user(store)
    await put_room(store)
    assert await store.read(lambda c: consents.rules_of(c, "r1")) is None
    for rules in (DetectionRules(runs=False), DetectionRules(seen_by="everybody", encrypted=True)):
        await store.write(lambda c, given=rules: consents.set_rules(c, "r1", given))
        assert await store.read(lambda c: consents.rules_of(c, "r1")) == rules

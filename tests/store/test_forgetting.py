"""What evidence stands in the store, and when it goes."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from signaling.store import Store, alerts, captures, challenges, consents, forgetting, risk_scores
from signaling.store.captures import Capture
from signaling.store.forgetting import Forgotten
from signaling.store.risk_scores import Wanted
from signaling.store.schema import chat_rules, metadata, users
from tests.store.rows import (
    LATER,
    NOW,
    alert,
    challenge,
    consent,
    put,
    put_room,
    put_user,
    score,
)

OLD = NOW - timedelta(days=40)
CLOSED = {"state": "closed", "outcome": "true", "closed_at": OLD}


async def left(store: Store) -> tuple[set[str], set[str], int]:
    """Scores, alerts and captures that are there."""

    def work(connection):  # type: ignore[no-untyped-def]
        scores = risk_scores.page(connection, Wanted("c1"), "", 99)
        found = alerts.page(connection, {}, "", 99)
        kept = [one for each in found for one in captures.of_alert(connection, each.id)]
        return {one.id for one in scores}, {one.id for one in found}, len(kept)

    return await store.read(work)


async def fill(store: Store) -> None:
    """An old open alert, one that was closed long ago, and scores of which two are stood on."""
    await put(
        store,
        lambda c: risk_scores.add(
            c, [score("old", at=OLD), score("open", at=OLD), score("shut", at=OLD), score("new")]
        ),
        lambda c: alerts.add(c, alert("a1", score_id="open", raised_at=OLD)),
        lambda c: captures.add(c, Capture("p1", "a1", NOW, "image/jpeg", b"sealed")),
        lambda c: alerts.add(c, alert("a2", score_id="shut", call_id="c2")),
        lambda c: captures.add(c, Capture("p2", "a2", NOW, "audio/wav", b"sealed")),
        lambda c: alerts.change(c, "a2", open_for=None, **CLOSED),
    )


async def test_what_is_old_goes_but_what_alerts_stand_on(store: Store) -> None:
    await fill(store)
    days = timedelta(days=30)
    await store.write(lambda c: forgetting.forget_old(c, NOW - days, NOW - timedelta(days=365)))
    assert await left(store) == ({"open", "shut", "new"}, {"a1", "a2"}, 2)
    await store.write(lambda c: forgetting.forget_old(c, NOW - days, NOW - days))
    assert await left(store) == ({"open", "new"}, {"a1"}, 1)


async def test_a_person_is_forgotten_but_for_what_is_still_open(store: Store) -> None:
    await fill(store)
    await store.write(lambda c: risk_scores.add(c, [score("eve", identity="eve", at=LATER)]))
    gone = await store.write(lambda c: forgetting.forget_person(c, "u1"))
    assert gone == Forgotten(scores=3, alerts=1, held=1)
    assert await left(store) == ({"open", "eve"}, {"a1"}, 1)


async def hold(store: Store) -> None:
    """Legal hold on the room of all of it."""
    await put_user(store)
    await put_room(store)
    held = {"room_id": "r1", "held_at": NOW, "held_by": "olga"}
    await store.write(lambda c: c.execute(chat_rules.insert(), held))


async def test_under_legal_hold_no_alert_goes_and_nothing_that_it_stands_on(store: Store) -> None:
    await hold(store)
    await fill(store)
    await store.write(lambda c: forgetting.forget_old(c, LATER, LATER))
    gone = await store.write(lambda c: forgetting.forget_person(c, "u1"))
    assert gone == Forgotten(scores=0, alerts=0, held=2)
    assert await left(store) == ({"open", "shut"}, {"a1", "a2"}, 2)


async def named(store: Store, identity: str) -> dict[str, int]:
    """How many rows say a name, by table."""

    def work(connection: sa.Connection) -> dict[str, int]:
        found = {}
        for table in metadata.sorted_tables:
            text = [c for c in table.c if isinstance(c.type, sa.Text)]
            said = [c == identity for c in text if c.name in {"identity", "user_id", "id"}]
            said += [c.contains(identity) for c in text if c.name == "open_for"]
            query = sa.select(sa.func.count()).select_from(table).where(sa.or_(sa.false(), *said))
            if count := connection.execute(query).scalar_one():
                found[table.name] = count
        return found

    return await store.read(work)


@pytest.mark.parametrize("held", [False, True])
async def test_evidence_goes_with_an_account_and_what_is_held_loses_its_name(
    store: Store, held: bool
) -> None:
    await put_user(store)
    about = [score("s1"), score("s2"), score("s3", identity="robot")]
    await put(
        store,
        lambda c: risk_scores.add(c, about),
        lambda c: consents.give(c, consent()),
        lambda c: challenges.add(c, challenge(ended_at=NOW)),
        lambda c: consents.give(c, consent("k2", identity="robot")),
    )
    if held:
        await store.write(lambda c: alerts.add(c, alert(score_id="s2")))
        await store.write(lambda c: captures.add(c, Capture("p1", "a1", NOW, "image/jpeg", b"x")))
    await store.write(forgetting.forget_accounts_that_are_gone)
    before = await named(store, "u1")
    assert before["consents"] == before["challenges"] == 1
    await store.write(lambda c: c.execute(sa.delete(users)))
    await store.write(forgetting.forget_accounts_that_are_gone)
    assert await named(store, "u1") == {}
    assert await named(store, "robot") == {"risk_scores": 1, "consents": 1}
    assert await left(store) == (({"s2", "s3"}, {"a1"}, 1) if held else ({"s3"}, set(), 0))
    kept = {"risk_scores": 1, "alerts": 1, "challenges": 1} if held else {}
    assert await named(store, "gone-a1") == kept

"""What evidence stands in the store, and when it goes."""

from datetime import timedelta

from signaling.store import Store, alerts, captures, risk_scores
from signaling.store.captures import Capture, Forgotten
from signaling.store.risk_scores import Wanted
from tests.store.rows import LATER, NOW, alert, put, score

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
    await store.write(lambda c: captures.forget_old(c, NOW - days, NOW - timedelta(days=365)))
    assert await left(store) == ({"open", "shut", "new"}, {"a1", "a2"}, 2)
    await store.write(lambda c: captures.forget_old(c, NOW - days, NOW - days))
    assert await left(store) == ({"open", "new"}, {"a1"}, 1)


async def test_a_person_is_forgotten_but_for_what_is_still_open(store: Store) -> None:
    await fill(store)
    await store.write(lambda c: risk_scores.add(c, [score("eve", identity="eve", at=LATER)]))
    gone = await store.write(lambda c: captures.forget_person(c, "u1"))
    assert gone == Forgotten(scores=3, alerts=1, held=1)
    assert await left(store) == ({"open", "eve"}, {"a1"}, 1)

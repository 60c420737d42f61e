"""Scores as both engines keep them."""

from datetime import timedelta

from signaling.store import Store, alerts, calls, risk_scores
from signaling.store.alerts import Override
from signaling.store.calls import Call
from signaling.store.consents import DetectionRules
from signaling.store.risk_scores import Place, Wanted
from tests.store.rows import NOW, put, put_room, put_user, score


async def test_scores_of_a_call_come_newest_first_by_whose_and_when(store: Store) -> None:
    await put(
        store,
        lambda c: risk_scores.add(
            c,
            [
                score(f"s{number}", identity=f"u{number % 2}", at=NOW + timedelta(seconds=number))
                for number in range(4)
            ],
        ),
        lambda c: risk_scores.add(c, [score("s9", call_id="c2")]),
    )

    async def found(wanted: Wanted, before: str = "") -> list[str]:
        page = await store.read(lambda c: risk_scores.page(c, wanted, before, 10))
        return [one.id for one in page]

    assert await found(Wanted("c1")) == ["s3", "s2", "s1", "s0"]
    assert await found(Wanted("c1"), "s2") == ["s1", "s0"]
    assert await found(Wanted("c1", "u1")) == ["s3", "s1"]
    since, until = NOW + timedelta(seconds=1), NOW + timedelta(seconds=3)
    assert await found(Wanted("c1", "", since, until)) == ["s2", "s1"]
    assert await store.read(lambda c: risk_scores.by_id(c, "s9")) == score("s9", call_id="c2")


async def test_a_place_is_what_the_room_decided_and_its_call(store: Store) -> None:
    await put_user(store)
    await put_room(store)
    call = Call("c1", "r1", "video", "active", "u1", NOW)
    said = Override("r1", "c1", "u1", "no_sign", "known to us", "u2", NOW)
    await put(store, lambda c: calls.add(c, call), lambda c: alerts.set_override(c, said))
    rules = DetectionRules(seen_by="hosts")
    found = await store.read(lambda c: risk_scores.places(c, ["r1", "nowhere"], rules))
    assert found == {"r1": Place(rules, "c1", {"u1": said}), "nowhere": Place(rules, "", {})}

"""Evidence: asked for when an alert is raised, sealed, shown on record, forgotten on request."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from detection import Captured
from signaling.app import Candor
from signaling.risk.evidence import MOST_TIMES_CAPTURED, EvidenceStore, Lifetimes
from signaling.store import alerts, audit, captures, risk_scores
from signaling.store.watching_schema import alert_captures
from tests.client import Client
from tests.conftest import SECRET
from tests.signaling.test_challenges import score as said
from tests.signaling.test_explaining import stored
from tests.signaling.test_risk import operator
from tests.store.rows import alert, put


@dataclass
class Eyes:
    asked: list[str] = field(default_factory=list)

    def capture(self, room: str, identity: str, name: str) -> None:
        self.asked.append(f"{room}/{identity}/{name}")


def evidence_of(candor: Candor, eyes: Eyes | None = None) -> EvidenceStore:
    days = timedelta(days=30)
    return EvidenceStore(
        candor.store, eyes, secret=SECRET, lifetimes=Lifetimes(days, days), now=candor.now
    )


@pytest.mark.parametrize(
    ("act", "times", "asks"),
    [
        ("raise", 1, True),
        ("raise", MOST_TIMES_CAPTURED, True),
        ("raise", MOST_TIMES_CAPTURED + 1, False),
        ("close", 1, False),
    ],
)
async def test_a_raised_alert_is_looked_at(
    act: str, times: int, asks: bool, candor: Candor
) -> None:
    eyes = Eyes()
    evidence_of(candor, eyes).hear(alert(times=times), act)
    assert eyes.asked == ["r1/u1/a1"] * asks


async def test_what_was_captured_is_sealed_and_every_look_is_noted(
    candor: Candor, client: Client
) -> None:
    olga = await operator(candor, client)
    await candor.store.write(lambda c: alerts.add(c, alert()))
    evidence = evidence_of(candor)
    await evidence.keep(Captured("a1", b"a jpeg", b"a wav"))
    await evidence.keep(Captured("a1", b"another jpeg", b""))
    await evidence.keep(Captured("none", b"a jpeg", b""))
    raw = await candor.store.read(lambda c: captures.of_alert(c, "a1"))
    assert sorted(one.media_type for one in raw) == ["audio/wav", "image/jpeg", "image/jpeg"]
    assert not any(b"jpeg" in one.content or b"wav" in one.content for one in raw)
    listed = (await olga.get("/api/v1/alerts/a1/captures")).body["captures"]
    picture = next(one["id"] for one in listed if one["media_type"] == "image/jpeg")
    first = await olga.get(f"/api/v1/captures/{picture}")
    assert first.headers["Content-Type"] == "image/jpeg"
    assert first.body in {b"a jpeg", b"another jpeg"}
    assert first.headers["Cache-Control"] == "no-store"
    swapped = {"content": next(one.content for one in raw if one.id != picture)}
    await candor.store.write(
        lambda c: c.execute(
            alert_captures.update().where(alert_captures.c.id == picture).values(**swapped)
        )
    )
    assert (await olga.get(f"/api/v1/captures/{picture}")).code == "evidence_unreadable"
    log = await candor.store.read(lambda c: audit.page(c, None, 9))
    looks = [one.act.subject for one in log if one.act.action == "capture.look"]
    assert looks == [picture, picture]


async def test_a_score_is_shown_with_what_it_stands_on(candor: Candor, client: Client) -> None:
    olga = await operator(candor, client)
    await candor.store.write(lambda c: risk_scores.add(c, [stored(said().record)]))
    shown = (await olga.get("/api/v1/scores/s1")).body
    assert (shown["same"], shown["evidence"][0]["signal"]) == (True, "quality")
    assert shown["lines"][-1] == "unknown before, unknown now (too_little)"
    assert (await olga.get("/api/v1/scores/none")).code == "not_found"


async def test_somebody_is_forgotten_on_request(candor: Candor, client: Client) -> None:
    olga = await operator(candor, client)
    await put(
        candor.store,
        lambda c: risk_scores.add(c, [stored(said().record)]),
        lambda c: alerts.add(c, alert(identity="ada")),
    )
    reply = await olga.call("DELETE", "/api/v1/users/ada/evidence")
    assert reply.body == {"scores": 0, "alerts": 0, "held": 1}
    await candor.store.write(lambda c: alerts.change(c, "a1", closed_at=candor.now()))
    reply = await olga.call("DELETE", "/api/v1/users/ada/evidence")
    assert reply.body == {"scores": 1, "alerts": 1, "held": 0}
    log = await candor.store.read(lambda c: audit.page(c, None, 1))
    assert (log[0].act.action, log[0].act.subject) == ("evidence.forget", "ada")

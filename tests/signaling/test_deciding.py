"""Where alerts begin: decided by operators, and tried on the past first."""

from datetime import timedelta
from typing import Any

import pytest

from signaling.app import Candor, open_candor
from signaling.config import Config
from signaling.risk.alert_rules import AlertThresholds, episodes
from signaling.store import alerts, audit, risk_scores
from tests.client import Client
from tests.signaling.test_risk import operator
from tests.store.rows import NOW, alert, put, score

ADA, BOB = ("tea", "c1", "ada"), ("tea", "c1", "bob")
RISKS = [(ADA, 0.5), (ADA, 0.85), (BOB, 0.96), (ADA, 0.92), (ADA, 0.2), (ADA, 0.8), (BOB, 0.75)]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, [("ada", "medium"), ("ada", "low"), ("bob", "high")]),
        ({"raise_risk": 0.9}, [("ada", "medium"), ("bob", "high")]),
        ({"raise_risk": 0.97, "medium_risk": 0.98, "high_risk": 0.99}, []),
        ({"raise_confidence": 0.8}, []),
    ],
)
def test_the_past_is_told_in_episodes(
    limits: dict[str, float], expected: list[tuple[str, str]]
) -> None:
    said = [(whose, NOW, risk, 0.7) for whose, risk in RISKS]
    found = episodes(said, AlertThresholds(**limits))
    assert sorted((one.identity, one.severity) for one in found) == sorted(expected)


@pytest.fixture
async def olga(candor: Candor, client: Client) -> Client:
    return await operator(candor, client)


async def fill(candor: Candor) -> None:
    """The risks above as stored scores, and three alerts that were judged."""
    scores = [
        score(f"s{n}", identity=who[2], at=NOW + timedelta(seconds=n), risk=risk, confidence=0.7)
        for n, (who, risk) in enumerate(RISKS)
    ]
    await put(candor.store, lambda c: risk_scores.add(c, scores))
    for name, outcome, risk in (("a1", "true", 0.95), ("a2", "false", 0.82), ("a3", "true", 0.85)):
        one = alert(name, call_id=name, risk=risk, outcome=outcome, state="closed")
        await candor.store.write(lambda c, made=one: alerts.add(c, made))


def wanted(**limits: float) -> dict[str, Any]:
    since, until = (NOW - timedelta(days=1)).isoformat(), (NOW + timedelta(days=1)).isoformat()
    return {"thresholds": limits, "since": since, "until": until}


async def test_thresholds_are_tried_on_the_past_beside_those_that_count(
    candor: Candor, olga: Client
) -> None:
    await fill(candor)
    reply = await olga.post("/api/v1/detection/thresholds/preview", wanted(raise_risk=0.9))
    assert reply.status == 200
    assert (reply.body["scores"], reply.body["complete"]) == (len(RISKS), True)
    now, then = reply.body["now"], reply.body["then"]
    assert now["by_severity"] == {"low": 1, "medium": 1, "high": 1}
    assert then["by_severity"] == {"medium": 1, "high": 1}
    assert (now["judged"], then["judged"]) == ({"true": 2, "false": 1}, {"true": 1})
    backwards = wanted() | {"until": wanted()["since"]}
    for body in (wanted(raise_confidence=0.5), backwards, wanted(raise_risk=2)):
        reply = await olga.post("/api/v1/detection/thresholds/preview", body)
        assert reply.code == "invalid"


async def test_what_is_decided_counts_is_noted_and_outlives_the_process(
    candor: Candor, olga: Client, client: Client, config: Config
) -> None:
    address = "/api/v1/detection/thresholds"
    assert (await olga.get(address)).body["raise_risk"] == 0.8
    assert (await olga.call("PUT", address, {"raise_confidence": 0.4})).code == "invalid"
    decided = await olga.call("PUT", address, {"raise_risk": 0.85})
    assert decided.body["raise_risk"] == candor.watching.alerts.thresholds.raise_risk == 0.85
    log = await candor.store.read(lambda c: audit.page(c, None, 1))
    assert log[0].act.action == "thresholds.set"
    assert "0.85" in log[0].act.detail
    async with open_candor(config) as again:
        assert again.watching.alerts.thresholds.raise_risk == 0.85
    ada = await client.register("ada")
    assert (await ada.get(address)).code == "forbidden"

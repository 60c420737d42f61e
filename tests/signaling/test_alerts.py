"""Alerts: when they are raised, how they are merged, and what operators do with them."""

from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection import Record, State, judge
from signaling.app import Candor, utc_now
from signaling.media import Participant
from signaling.protocol import AlertNews
from signaling.risk.alert_rules import (
    SEVERITIES,
    TRANSITIONS,
    AlertThresholds,
    after,
    graver,
    is_raised,
    severity,
)
from signaling.risk.alerts import Alerts
from signaling.risk.board import Standing
from signaling.store import audit
from tests.client import PASSWORD, Client
from tests.signaling.test_challenges import ClientStandIn
from tests.store.rows import put_user

USUAL = AlertThresholds()
STATES = ("new", "acknowledged", "escalated", "closed")
ACTS = ("acknowledge", "escalate", "close", "reopen")


@pytest.mark.parametrize(
    ("before", "risk", "confidence", "on"),
    [
        (False, 0.8, 0.6, True),
        (False, 0.79, 0.9, False),
        (False, 1.0, 0.5, False),
        (True, 0.7, 0.45, True),
        (True, 0.69, 0.8, False),
        (True, 0.9, 0.44, False),
    ],
)
def test_an_alert_is_raised_where_both_are_high_and_held_a_little_below(
    before: bool, risk: float, confidence: float, on: bool
) -> None:
    assert is_raised(before, risk, confidence, USUAL) is on


@given(st.booleans(), st.floats(0, 1), st.floats(0, 0.5))
def test_looking_alone_never_raises_an_alert(before: bool, risk: float, confidence: float) -> None:
    lowest = AlertThresholds(raise_risk=0.0, raise_confidence=0.51, hold_risk=0.0)
    assert lowest.fault() == ""
    assert not is_raised(False, risk, confidence, lowest)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, ""),
        ({"raise_confidence": 0.5, "hold_confidence": 0.4}, "raise_confidence"),
        ({"hold_risk": 0.81}, "hold_"),
        ({"hold_confidence": 0.61}, "hold_"),
        ({"medium_risk": 0.79}, "medium_risk"),
        ({"high_risk": 0.89}, "medium_risk"),
    ],
)
def test_thresholds_that_contradict_themselves_are_named(
    changes: dict[str, float], field: str
) -> None:
    fault = AlertThresholds(**changes).fault()
    assert fault.startswith(field)
    assert bool(fault) == bool(field)


@pytest.mark.parametrize(("risk", "grave"), [(0.8, "low"), (0.9, "medium"), (0.95, "high")])
def test_the_higher_the_risk_the_graver(risk: float, grave: str) -> None:
    assert severity(risk, USUAL) == grave
    assert graver(grave, "low") == grave == graver("low", grave)


def test_the_table_of_transitions_is_whole() -> None:
    assert set(TRANSITIONS) <= set(product(STATES, ACTS))
    assert set(TRANSITIONS.values()) < set(STATES)
    assert {state for state, act in TRANSITIONS if act == "close"} == {*STATES} - {"closed"}
    assert after("closed", "acknowledge") is None
    assert len(SEVERITIES) == 3


def standing(risk: float, confidence: float = 0.7, identity: str = "ada") -> Standing:
    record = Record(100.0, (), State.UNKNOWN)
    score = judge(record)
    said = msgspec.structs.replace(score, risk=risk, confidence=confidence)
    return Standing(Participant("tea", identity), "c1", said, record, utc_now(), f"score-{risk}")


@pytest.fixture
async def olga(candor: Candor) -> ClientStandIn:
    await put_user(candor.store, "olga", role="operator")
    client = ClientStandIn("olga", watches_risk=True)
    candor.attendance.add(client)
    return client


def own(candor: Candor) -> Alerts:
    """A service of the same store, beside the one that runs."""
    return Alerts(candor.store, candor.attendance, candor.now)


async def settle(alerts: Alerts, *standings: Standing) -> None:
    """What scores say, and what waits because of it."""
    for one in standings:
        alerts.hear(one)
    while not alerts._waiting.empty():
        await alerts.keep(alerts._waiting.get_nowait())


async def test_what_is_raised_again_is_merged_and_told(candor: Candor, olga: ClientStandIn) -> None:
    alerts = own(candor)
    heard: list[tuple[str, str]] = []
    alerts.listen(lambda alert, act: heard.append((alert.severity, act)))
    await settle(alerts, standing(0.5), standing(0.82), standing(0.81))
    await settle(alerts, standing(0.96))
    await settle(alerts, standing(0.3), standing(0.85), standing(0.85, identity="bob"))
    news = [one.alert for one in olga.told if isinstance(one, AlertNews)]
    assert [(one.identity, one.severity, one.times) for one in news] == [
        ("ada", "low", 1),
        ("ada", "high", 2),
        ("ada", "high", 3),
        ("bob", "low", 1),
    ]
    assert (news[2].risk, news[2].score) == (0.96, "score-0.96")
    assert heard == [("low", "raise"), ("high", "raise"), ("high", "raise"), ("low", "raise")]


@pytest.fixture
async def operator(candor: Candor, client: Client) -> Client:
    await candor.accounts.create("otto", PASSWORD, "operator")
    return client.as_((await client.login("otto")).body["access_token"])


async def act(who: Client, alert: str, act: str, **more: Any) -> Any:
    return await who.post(f"/api/v1/alerts/{alert}/acts", {"act": act, **more})


async def test_an_alert_goes_through_its_life(candor: Candor, operator: Client) -> None:
    await settle(own(candor), standing(0.92))
    listed = (await operator.get("/api/v1/alerts?state=new")).body
    assert listed["unreviewed"] == {"medium": 1}
    (alert,) = [one["id"] for one in listed["alerts"]]
    me = (await operator.get("/api/v1/me")).body["id"]
    done = await act(operator, alert, "acknowledge", note="I look at it.")
    assert (done.body["state"], done.body["owner"]) == ("acknowledged", me)
    assert (await act(operator, alert, "acknowledge")).code == "alert_moment"
    assert (await act(operator, alert, "close")).code == "invalid"
    assert (await act(operator, alert, "escalate", outcome="true")).code == "invalid"
    assert (await act(operator, alert, "escalate")).body["state"] == "escalated"
    note = await operator.post(f"/api/v1/alerts/{alert}/notes", {"note": "Called them."})
    assert note.status == 200
    away = await operator.call("PUT", f"/api/v1/alerts/{alert}/owner", {"user": None})
    assert away.body["owner"] is None
    stranger = await operator.call("PUT", f"/api/v1/alerts/{alert}/owner", {"user": "ada"})
    assert stranger.code == "invalid"
    closed = await act(operator, alert, "close", outcome="true", note="A puppet.")
    assert (closed.body["state"], closed.body["outcome"]) == ("closed", "true")
    acts = (await operator.get(f"/api/v1/alerts/{alert}")).body["acts"]
    assert [one["act"] for one in acts] == [
        "raise",
        "acknowledge",
        "escalate",
        "note",
        "assign",
        "close",
    ]
    log = await candor.store.read(lambda c: audit.page(c, None, 50))
    audited = {one.act.action for one in log}
    assert {f"alert.{one['act']}" for one in acts} | {"alert.list", "alert.look"} <= audited


async def test_an_alert_tells_who_looked_at_it(candor: Candor, client: Client) -> None:
    await settle(own(candor), standing(0.92))
    shown: dict[str, Any] = {}
    for name in ("otto", "olaf", "otto"):
        if name not in shown:
            await candor.accounts.create(name, PASSWORD, "operator")
        who = client.as_((await client.login(name)).body["access_token"])
        (alert,) = [one["id"] for one in (await who.get("/api/v1/alerts")).body["alerts"]]
        shown[name] = (await who.get("/api/v1/me")).body["id"]
        seen = (await who.get(f"/api/v1/alerts/{alert}")).body
    looks = seen["looks"]
    assert [(one["actor"], one["times"]) for one in looks] == [
        (shown["otto"], 2),
        (shown["olaf"], 1),
    ]
    assert looks[0]["first_at"] < looks[1]["first_at"] < looks[0]["last_at"]


async def test_a_closed_one_stays_closed_until_it_is_raised_anew_or_reopened(
    candor: Candor, operator: Client
) -> None:
    alerts = own(candor)
    await settle(alerts, standing(0.9))
    (first,) = [one["id"] for one in (await operator.get("/api/v1/alerts")).body["alerts"]]
    await act(operator, first, "close", outcome="inconclusive")
    await settle(alerts, standing(0.9))
    assert len((await operator.get("/api/v1/alerts")).body["alerts"]) == 1
    await settle(alerts, standing(0.1), standing(0.9))
    both = [one["id"] for one in (await operator.get("/api/v1/alerts")).body["alerts"]]
    assert len(both) == 2
    assert (await act(operator, first, "reopen")).code == "alert_moment"
    await act(operator, both[0], "close", outcome="false")
    assert (await act(operator, first, "reopen")).body["state"] == "acknowledged"


async def test_alerts_are_operators_alone(candor: Candor, client: Client) -> None:
    ada = await client.register("ada")
    for method, path in (("GET", ""), ("GET", "/x"), ("POST", "/x/acts"), ("PUT", "/x/owner")):
        body = {"act": "close", "outcome": "true"} if method == "POST" else {"user": None}
        reply = await ada.call(method, "/api/v1/alerts" + path, body)
        assert reply.code == "forbidden"

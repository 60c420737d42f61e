"""The risk board: how everybody stands, who is told, and who looked."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from detection import Left, State
from signaling.app import Candor
from signaling.errors import Unavailable
from signaling.media import Participant
from signaling.protocol import RiskNews
from signaling.risk.board import Board, Standing
from signaling.risk.looking import Looking, Sending
from signaling.risk.records import Records, Unreadable
from signaling.risk.rules import blindness
from signaling.store import audit, consents, risk_scores
from signaling.store.consents import DetectionRules
from signaling.store.risk_scores import Wanted
from tests.client import PASSWORD, Client
from tests.signaling.test_challenges import ClientStandIn, score
from tests.store.rows import put_user

ADA = Participant("tea", "ada")
CAMERA = {"0": "microphone", "1": "camera"}
SEEN = Sending(frozenset(CAMERA.values()), frozenset(), frozenset(), "")


@pytest.mark.parametrize(
    ("changes", "rules", "why"),
    [
        ({}, {}, ""),
        ({}, {"encrypted": True}, "end_to_end_encrypted"),
        ({}, {"runs": False}, "not_checked"),
        ({"why_not": "not_consented"}, {}, "not_consented"),
        ({"why_not": "not_consented"}, {"encrypted": True}, "end_to_end_encrypted"),
        ({"why_not": "not_checked"}, {}, "not_checked"),
        ({"silenced": frozenset({"camera"})}, {}, "muted"),
        ({"silenced": frozenset({"microphone"})}, {}, ""),
        ({"off": frozenset({"camera"})}, {}, "camera_off"),
        ({"off": frozenset({"microphone"})}, {}, ""),
        ({"sources": frozenset({"screen"})}, {}, "no_camera"),
        ({"sources": frozenset({"microphone"})}, {}, ""),
    ],
)
def test_what_keeps_somebody_from_being_looked_at_has_a_name(
    changes: dict[str, Any], rules: dict[str, bool], why: str
) -> None:
    values = {name: getattr(SEEN, name) for name in ("sources", "off", "silenced", "why_not")}
    sends = Sending(**(values | changes))
    assert blindness(sends, DetectionRules(**rules)) == why


@dataclass
class Engine:
    async def tap(self, session: str, mids: Collection[str]) -> None: ...

    def describe(self, session: str, sources: Mapping[str, str]) -> None: ...

    def forget(self, session: str) -> None: ...


@dataclass
class Stage:
    """Ada sends; who hears of it is up to the test."""

    candor: Candor
    agreed: set[str] = field(default_factory=lambda: {"ada", "bob"})
    rules: DetectionRules = DetectionRules()
    now_s: float = 100.0

    def __post_init__(self) -> None:
        self.records = Records("a secret")
        self.looking = Looking(Engine(), Engine(), self._why_not)
        self.eyes = SimpleNamespace(ready=None)
        self.board = Board(
            self.candor.store,
            self.looking,
            self.candor.attendance,
            self.eyes,
            records=self.records,
            defaults=self.rules,
            now=self.candor.now,
            monotonic=lambda: self.now_s,
        )

    async def _why_not(self, who: Participant) -> str:
        return "" if who.identity in self.agreed else "not_consented"

    def comes(self, identity: str, **more: bool) -> ClientStandIn:
        client = ClientStandIn(identity, **more)  # type: ignore[arg-type]
        self.candor.attendance.add(client)
        return client

    async def look(self) -> None:
        await self.board.look()
        self.board.tell()

    def shown(self) -> list[tuple[str, str]]:
        return [(one.score.state.value, one.score.why) for one in self.board.now()]


async def test_everybody_who_sends_stands_somehow(candor: Candor) -> None:
    stage = Stage(candor)
    await stage.looking.published("s1", ADA, CAMERA)
    await stage.look()
    assert stage.shown() == [("unknown", "scorer_down")]
    stage.eyes.ready = object()
    await stage.look()
    assert stage.shown() == [("unknown", "not_looked_yet")]
    said = score()
    stage.board.hear(said)
    assert stage.board.now()[0].score == said.score
    stage.agreed.clear()
    await stage.looking.ask_again("tea")
    await stage.look()
    assert stage.shown() == [("unknown", "not_consented")]
    stage.board.hear(Left("tea", "ada"))
    stage.looking.ended("s1")
    await stage.look()
    assert stage.shown() == []


async def test_what_is_said_of_nobody_who_sends_is_not_shown(candor: Candor) -> None:
    stage = Stage(candor)
    stage.board.hear(score())
    assert stage.shown() == []


async def test_nobody_stands_anywhere_before_their_call_is_known(candor: Candor) -> None:
    stage = Stage(candor)
    heard: list[Standing] = []
    stage.board.listen(heard.append)
    await stage.looking.published("s1", ADA, CAMERA)
    stage.board.hear(score())
    assert heard == []
    await stage.look()
    assert [one.score for one in heard] == [score().score]


WHO_SEES = [
    ({}, {"observes_risk": True}, 2),
    ({}, {"moderates": True}, 0),
    ({}, {}, 0),
    ({}, {"watches_risk": True}, 2),
    ({"seen_by": "hosts"}, {"moderates": True}, 2),
    ({"seen_by": "hosts"}, {}, 0),
    ({"seen_by": "hosts", "own_seen": True}, {}, 1),
    ({"seen_by": "everybody"}, {}, 2),
]


@pytest.mark.parametrize(("rules", "viewer", "count"), WHO_SEES)
async def test_only_those_are_told_who_may_see_it(
    rules: dict[str, Any], viewer: dict[str, bool], count: int, candor: Candor
) -> None:
    stage = Stage(candor, rules=DetectionRules(**rules))
    await put_user(candor.store, "bob", role="operator" if "watches_risk" in viewer else "caller")
    bob, late = stage.comes("bob", **viewer), stage.comes("bob", **viewer)
    elsewhere = stage.comes("eve")
    elsewhere.room = "milk"
    await stage.looking.published("s1", ADA, CAMERA)
    await stage.looking.published("s2", Participant("tea", "bob"), CAMERA)
    late.room = "" if count < 2 else late.room
    await stage.look()
    people = [one for news in bob.told if isinstance(news, RiskNews) for one in news.people]
    assert len(people) == count
    assert elsewhere.told == []
    bob.told.clear()
    stage.board.greet(bob)
    assert sum(len(news.people) for news in bob.told if isinstance(news, RiskNews)) == count


async def test_nothing_is_told_twice_and_going_is_told(candor: Candor) -> None:
    stage = Stage(candor)
    await put_user(candor.store, "olga", role="operator")
    olga = stage.comes("olga", watches_risk=True)
    await stage.looking.published("s1", ADA, CAMERA)
    for _ in range(3):
        await stage.look()
    stage.looking.ended("s1")
    await stage.look()
    told = [(len(one.people), one.gone) for one in olga.told if isinstance(one, RiskNews)]
    assert told == [(1, ()), (0, ("ada",))]


async def test_who_is_an_operator_no_more_hears_no_more(candor: Candor) -> None:
    stage = Stage(candor)
    await put_user(candor.store, "olga", role="operator")
    olga = stage.comes("olga", watches_risk=True)
    await stage.look()
    assert olga.watches_risk
    await candor.standing.set_role("root", "olga", "caller", "")
    await stage.looking.published("s1", ADA, CAMERA)
    await stage.look()
    assert not olga.watches_risk
    assert olga.told == []


async def test_what_was_said_is_kept_with_its_record_and_only_what_is_worth_it(
    candor: Candor,
) -> None:
    stage = Stage(candor)
    await stage.looking.published("s1", ADA, CAMERA)
    for _ in range(4):
        stage.now_s += 3.0
        stage.board.hear(score(at_s=stage.now_s))
        await stage.look()
    kept = await candor.store.read(lambda c: risk_scores.page(c, Wanted(""), "", 10))
    assert [one.identity for one in kept] == ["ada"]
    shown = stage.board.now()[0].shown
    assert shown.score == kept[0].id
    assert stage.records.open(kept[0]).evidence[0].signal == "quality"
    with pytest.raises(Unreadable):
        Records("another").open(kept[0])
    assert kept[0].state == State.UNKNOWN == shown.state


async def test_nothing_is_kept_twice_nor_lost_while_the_store_is_away(
    candor: Candor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(candor)
    await stage.looking.published("s1", ADA, CAMERA)
    write, away = candor.store.write, [True]

    async def sometimes(work: Any) -> Any:
        if away:
            away.pop()
            raise Unavailable("store_unavailable", "away")
        return await write(work)

    # Of this board only: the services that run write as well.
    mine = SimpleNamespace(read=candor.store.read, write=sometimes)
    monkeypatch.setattr(stage.board, "_store", mine)
    with pytest.raises(Unavailable):
        await stage.look()
    await asyncio.gather(*(stage.look() for _ in range(5)))
    kept = await candor.store.read(lambda c: risk_scores.page(c, Wanted(""), "", 10))
    assert len(kept) == 1


async def operator(candor: Candor, client: Client) -> Client:
    await candor.accounts.create("olga", PASSWORD, "operator")
    return client.as_((await client.login("olga")).body["access_token"])


@pytest.mark.parametrize(
    ("rules", "bob_sees", "host_sees"),
    [
        (DetectionRules(), 403, 403),
        (DetectionRules(seen_by="hosts"), 403, 200),
        (DetectionRules(seen_by="hosts", own_seen=True), ["bob"], 200),
        (DetectionRules(seen_by="everybody"), 200, 200),
    ],
)
async def test_a_call_shows_its_risk_to_those_who_may_see_it_and_notes_who_looked(
    rules: DetectionRules, bob_sees: Any, host_sees: int, candor: Candor, client: Client
) -> None:
    ada, bob = await client.register("ada"), await client.register("bob")
    olga, eve = await operator(candor, client), await client.register("eve")
    await ada.post("/api/v1/rooms", {"id": "tea"})
    code = (await ada.post("/api/v1/rooms/tea/invitations")).body["code"]
    await bob.post(f"/api/v1/invitations/{code}/accept")
    call = (await ada.post("/api/v1/calls/start", {"room": "tea"})).body["id"]
    await candor.store.write(lambda c: consents.set_rules(c, "tea", rules))
    names = {(await one.get("/api/v1/me")).body["id"]: name for one, name in ((bob, "bob"),)}
    for number, identity in enumerate(("ada", *names)):
        await candor.watching.looking.published(f"s{number}", Participant("tea", identity), CAMERA)
    await candor.watching.board.look()
    for path in ("risk", "risk/history"):
        address = f"/api/v1/calls/{call}/{path}"
        replies = {who: await who.get(address) for who in (ada, bob, olga, eve)}
        assert replies[eve].status == 404
        assert replies[ada].status == host_sees
        assert replies[bob].status == (200 if isinstance(bob_sees, list) else bob_sees)
        seen = replies[olga].body
        people = seen["people"] if path == "risk" else seen["scores"]
        assert len(people) == 2
        if isinstance(bob_sees, list):
            own = replies[bob].body
            listed = own["people"] if path == "risk" else own["scores"]
            key = "identity" if path == "risk" else "user"
            assert [names[one[key]] for one in listed] == bob_sees
    everywhere = (await olga.get("/api/v1/risk")).body["rooms"]
    assert [(one["room"], one["call"], len(one["people"])) for one in everywhere] == [
        ("tea", call, 2)
    ]
    assert (await bob.get("/api/v1/risk")).status == 403
    log = await candor.store.read(lambda c: audit.page(c, None, 50))
    actions = [one.act.action for one in log if one.act.action.startswith("risk.")]
    looks = 1 + (host_sees == 200) + (bob_sees == 200 or isinstance(bob_sees, list))
    assert actions.count("risk.history") == looks
    assert actions.count("risk.look") == looks + 1


async def test_an_operator_may_judge_otherwise_with_a_note(candor: Candor, client: Client) -> None:
    ada, olga = await client.register("ada"), await operator(candor, client)
    await ada.post("/api/v1/rooms", {"id": "tea"})
    call = (await ada.post("/api/v1/calls/start", {"room": "tea"})).body["id"]
    await put_user(candor.store, "otto", role="operator")
    watching = ClientStandIn("otto", watches_risk=True)
    candor.attendance.add(watching)
    await candor.watching.looking.published("s1", ADA, CAMERA)
    address = f"/api/v1/calls/{call}/risk/ada/override"
    unsaid = await olga.call("PUT", address, {"state": "no_sign", "note": ""})
    assert unsaid.code == "invalid"
    said = {"state": "no_sign", "note": "Known to us."}
    assert (await olga.call("PUT", address, said)).status == 204
    await candor.watching.board.look()
    candor.watching.board.tell()
    (shown,) = (await olga.get(f"/api/v1/calls/{call}/risk")).body["people"]
    assert (shown["state"], shown["override"]["state"]) == ("unknown", "no_sign")
    assert (await olga.call("DELETE", address)).status == 204
    assert (await olga.call("DELETE", address)).status == 404
    await candor.watching.board.look()
    candor.watching.board.tell()
    told = [one for news in watching.told if isinstance(news, RiskNews) for one in news.people]
    assert [one.override is None for one in told][-2:] == [False, True]
    log = await candor.store.read(lambda c: audit.page(c, None, 9))
    assert [one.act.action for one in log if "judge" in one.act.action] == [
        "risk.unjudge",
        "risk.judge",
    ]
    assert "Known to us." in next(one for one in log if one.act.action == "risk.judge").act.detail
